//! Progress of training on the terminal.

pub(crate) mod format;

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

use crate::warning::Warnings;

/// Output of `fit` on standard error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verbose {
    /// A bar on a terminal, else nothing. Warnings are shown in both cases.
    #[default]
    Auto,
    /// Nothing, warnings included. Keras's `verbose=0`.
    Silent,
    /// A bar per epoch, with the remaining time and the values measured so far. Keras's `verbose=1`. Without the
    /// feature `progress`, [`Lines`](Self::Lines).
    Bar,
    /// One line per epoch. Keras's `verbose=2`.
    Lines,
}

/// Interval between two drawings of a bar. Faster ones cannot be read, and each costs as much as several small steps.
#[cfg(feature = "progress")]
const REDRAW: Duration = Duration::from_millis(100);

/// Progress of one `fit`.
#[derive(Debug)]
pub(crate) struct Progress {
    show: Show,
    silent: bool,
    /// Number of warnings shown, or present before.
    warned: usize,
    epochs: usize,
    steps: usize,
    begin: Instant,
    #[cfg(feature = "progress")]
    drawn: Instant,
}

#[derive(Debug)]
enum Show {
    Nothing,
    Lines,
    #[cfg(feature = "progress")]
    Bar(indicatif::ProgressBar),
}

impl Progress {
    /// Creates the progress for epochs of `steps` steps each; `epochs` is the number of the last one, from 1.
    /// `warned` warnings were present before.
    pub(crate) fn new(verbose: Verbose, epochs: usize, steps: usize, warned: usize) -> Self {
        let terminal = stderr().is_terminal();
        let show = match verbose {
            Verbose::Silent => Show::Nothing,
            Verbose::Auto if !terminal => Show::Nothing,
            Verbose::Lines => Show::Lines,
            // A bar cannot be drawn where lines cannot be overwritten.
            Verbose::Bar if !terminal => Show::Lines,
            Verbose::Auto | Verbose::Bar => Show::bar(steps),
        };
        let now = Instant::now();
        Progress {
            show,
            silent: verbose == Verbose::Silent,
            warned,
            epochs,
            steps,
            begin: now,
            #[cfg(feature = "progress")]
            drawn: now,
        }
    }

    /// Writes the new warnings.
    #[inline]
    pub(crate) fn warn(&mut self, warnings: &Warnings) {
        let count = warnings.count();
        if count > self.warned {
            if !self.silent {
                let all = warnings.all();
                all.iter().skip(self.warned).for_each(|warning| say(&format!("warning: {warning}")));
            }
            self.warned = count;
        }
    }

    pub(crate) fn begin_epoch(&mut self, epoch: usize) {
        self.begin = Instant::now();
        if self.epochs > 1 && !matches!(self.show, Show::Nothing) {
            say(&format!("Epoch {}/{}", epoch + 1, self.epochs));
        }
        #[cfg(feature = "progress")]
        if let Show::Bar(bar) = &self.show {
            bar.set_message("");
            bar.reset();
            self.drawn = self.begin;
        }
    }

    /// Called after step `done` of the epoch, from 1. `pairs` is called only if a bar is drawn now.
    #[inline]
    pub(crate) fn step<'k, I>(&mut self, done: usize, pairs: impl FnOnce() -> I)
    where
        I: Iterator<Item = (&'k str, f64)>,
    {
        #[cfg(feature = "progress")]
        if let Show::Bar(bar) = &self.show {
            let now = Instant::now();
            if now - self.drawn >= REDRAW {
                self.drawn = now;
                let elapsed = now - self.begin;
                let mut message = format::eta(elapsed, done, self.steps);
                message.push(' ');
                message.push_str(&format::per_step(elapsed, done));
                message.push_str(&format::values(pairs()));
                bar.set_position(done as u64);
                bar.set_message(message);
            }
        }
        #[cfg(not(feature = "progress"))]
        let _ = (done, pairs);
    }

    /// Called after an epoch and its validation; returns the time of both.
    pub(crate) fn end_epoch(&mut self, pairs: &[(String, f64)], not_finite: Option<usize>) -> Duration {
        let elapsed = self.begin.elapsed();
        if matches!(self.show, Show::Nothing) {
            return elapsed;
        }
        let Progress { steps, .. } = *self;
        let measured = format::values(pairs.iter().map(|(key, value)| (key, *value)));
        let measured = format!("{measured}{}", format::not_finite(not_finite));
        let time = format::per_step(elapsed, steps);
        match &self.show {
            Show::Nothing => {}
            Show::Lines => {
                say(&format!("{steps}/{steps} - {:.0}s - {time}{measured}", elapsed.as_secs_f64()))
            }
            // The last line is written without regard to the terminal's width: it stays, and nothing of it may be
            // cut.
            #[cfg(feature = "progress")]
            Show::Bar(bar) => {
                bar.finish_and_clear();
                // indicatif reads the same variable for the bar.
                let colored = std::env::var_os("NO_COLOR").is_none();
                say(&format::full_bar(steps, elapsed, &time, &measured, colored));
            }
        }
        elapsed
    }
}

impl Show {
    #[cfg(feature = "progress")]
    fn bar(steps: usize) -> Self {
        use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
        let bar = ProgressBar::with_draw_target(Some(steps as u64), ProgressDrawTarget::stderr());
        let digits = steps.to_string().len();
        let template = format!("{{pos:>{digits}.bold}}/{{len:.bold}} {{bar:20.green/white}} {{wide_msg}}");
        // The template is constant except for a number, so this does not fail; otherwise the default is used.
        let style = ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style.progress_chars("━━━"));
        Show::Bar(bar)
    }

    #[cfg(not(feature = "progress"))]
    fn bar(_: usize) -> Self {
        Show::Lines
    }
}

/// Writes a line. A closed standard error does not stop training.
fn say(line: &str) {
    let _ = writeln!(stderr().lock(), "{line}");
}
