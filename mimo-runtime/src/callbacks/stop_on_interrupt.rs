//! The end of a training by Ctrl-C.

use std::io::Write;
use std::ops::ControlFlow;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::callback::{BatchLogs, Callback};
use crate::error::Error;
use crate::model::Trainable;
use crate::trainer::Trainer;

/// Ends the training when the user presses Ctrl-C: after the current step the epoch is validated and ended, as by any callback that
/// stops a training, and `fit` returns its history. A second Ctrl-C ends the process.
///
/// The first training with this callback installs a handler of the process, which stays; while no such training runs, Ctrl-C ends the
/// process with code 130, as it does by default. Feature `ctrlc`.
#[derive(Debug, Default)]
pub struct StopOnInterrupt {
    running: Option<Running>,
    interrupted: bool,
}

/// Exit code of processes that Ctrl-C ended: 128 and the number of the signal.
const EXIT: i32 = 130;

/// Trainings that run with this callback.
static RUNNING: AtomicUsize = AtomicUsize::new(0);
/// How often Ctrl-C was pressed since the first of them has begun.
static PRESSED: AtomicUsize = AtomicUsize::new(0);

/// A training that runs with this callback; it ends with this value, also after an error.
#[derive(Debug)]
struct Running;

impl Running {
    fn begin() -> Self {
        if RUNNING.fetch_add(1, Ordering::SeqCst) == 0 {
            PRESSED.store(0, Ordering::SeqCst);
        }
        Running
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Installs the handler once in a process; the error of the first attempt is that of all.
fn install() -> Result<(), Error> {
    static INSTALLED: OnceLock<Option<String>> = OnceLock::new();
    let handler = || {
        if RUNNING.load(Ordering::SeqCst) == 0 || PRESSED.fetch_add(1, Ordering::SeqCst) > 0 {
            std::process::exit(EXIT);
        }
        // That nobody reads it is no reason not to stop.
        let _ =
            writeln!(std::io::stderr(), "\nstopping after this step; press Ctrl-C again to end the process");
    };
    match INSTALLED.get_or_init(|| ctrlc::set_handler(handler).err().map(|error| error.to_string())) {
        None => Ok(()),
        Some(error) => {
            Err(Error::other(format!("StopOnInterrupt: no handler of Ctrl-C can be installed: {error}")))
        }
    }
}

impl StopOnInterrupt {
    /// Ends trainings at Ctrl-C.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the last training was ended by Ctrl-C.
    pub fn interrupted(&self) -> bool {
        self.interrupted
    }
}

impl<M: Trainable> Callback<M> for StopOnInterrupt {
    fn on_train_begin(&mut self, _: &mut Trainer<'_, M>) -> Result<(), Error> {
        install()?;
        self.interrupted = false;
        self.running = Some(Running::begin());
        Ok(())
    }

    fn on_train_batch_end(
        &mut self,
        trainer: &mut Trainer<'_, M>,
        _: &BatchLogs<'_, M>,
    ) -> Result<ControlFlow<()>, Error> {
        if PRESSED.load(Ordering::Relaxed) == 0 {
            return Ok(ControlFlow::Continue(()));
        }
        self.interrupted = true;
        // With a `BackupAndRestore` the next start of the program goes on here.
        trainer.interrupt();
        Ok(ControlFlow::Break(()))
    }

    fn on_train_end(&mut self, _: &mut Trainer<'_, M>) -> Result<(), Error> {
        self.running = None;
        Ok(())
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::progress::Verbose;
    use crate::testing::{Lines, LinesInputs, LinesOutputs, rows};
    use crate::trainer::FitOptions;

    /// Sends the process the signal of Ctrl-C in the third step of the first epoch.
    struct Presses;

    impl Callback<Lines> for Presses {
        fn on_train_batch_begin(
            &mut self,
            trainer: &mut Trainer<'_, Lines>,
            step: usize,
        ) -> Result<(), Error> {
            if step == 2 && trainer.steps() == 2 {
                let sent = Command::new("kill").args(["-INT", &std::process::id().to_string()]).status();
                assert!(sent.expect("a command").success());
                // The handler runs on a thread of its own.
                while PRESSED.load(Ordering::SeqCst) == 0 {
                    std::thread::yield_now();
                }
            }
            Ok(())
        }
    }

    #[test]
    fn an_interrupt_ends_the_epoch_and_not_the_process() {
        let inputs = LinesInputs { x: rows(&[[0.5, 1.0]; 12]) };
        let targets = LinesOutputs { slope: rows(&[[1.0]; 12]), pair: rows(&[[1.0, 0.0]; 12]) };
        let mut model = Lines::default();
        let mut trainer = Trainer::new(&mut model).expect("a trainer");
        let mut stop = StopOnInterrupt::new();
        let options =
            FitOptions::new().verbose(Verbose::Silent).epochs(5).batch_size(2).validation_split(0.2);
        let history = trainer
            .fit((&inputs, &targets), options.callback(&mut stop).callback(Presses))
            .expect("a training");
        assert!(stop.interrupted());
        assert_eq!((history.epochs().len(), trainer.steps()), (1, 3));
        assert!(history.epochs()[0].validation.is_some());
        // The next training is another.
        let options = FitOptions::new().verbose(Verbose::Silent).epochs(2).batch_size(2);
        trainer.fit((&inputs, &targets), options.callback(&mut stop)).expect("a training");
        assert!(!stop.interrupted());
        assert_eq!(trainer.steps(), 3 + 12);
    }
}
