//! Warnings of training: what runs and is probably wrong.
//!
//! A trainer reports each output once. [`Trainer::warnings`](crate::trainer::Trainer::warnings) and
//! [`History::warnings`](crate::history::History::warnings) return them; `fit` also writes them to standard error,
//! unless it is [silent](crate::progress::Verbose::Silent).

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use mimo_graph::spec::OutputSpec;

/// A condition that runs and is probably wrong.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Warning {
    /// A target that the output cannot reach, such as 3 for a sigmoid.
    TargetOutOfRange {
        /// Name of the output.
        output: &'static str,
        /// Index of the first sample with such a target.
        row: usize,
        /// The target.
        value: f64,
        /// Smallest and largest value of the output.
        range: [f64; 2],
    },
    /// The targets of a position do not sum up to 1, as the outputs of a softmax do.
    TargetSum {
        /// Name of the output.
        output: &'static str,
        /// Index of the first sample with such targets.
        row: usize,
        /// Their sum.
        sum: f64,
    },
}

impl Warning {
    fn output(&self) -> &'static str {
        match self {
            Warning::TargetOutOfRange { output, .. } | Warning::TargetSum { output, .. } => output,
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::TargetOutOfRange { output, row, value, range: [least, most] } => {
                write!(f, "target {value} of `{output}` in sample {row} is out of reach: the output is ")?;
                match (least.is_finite(), most.is_finite()) {
                    (true, true) => write!(f, "between {least} and {most}")?,
                    (true, false) => write!(f, "{least} or greater")?,
                    _ => write!(f, "{most} or less")?,
                }
            }
            Warning::TargetSum { output, row, sum } => write!(
                f,
                "the targets of `{output}` in sample {row} have the sum {sum}, but those of a softmax have the sum 1"
            )?,
        }
        write!(
            f,
            "; if this is meant, write `check_targets = {{ {}: false }}` in `.compile(…)`",
            self.output()
        )
    }
}

/// The warnings of a trainer. Threads that check a batch add to them.
#[derive(Debug, Default)]
pub(crate) struct Warnings {
    /// Whether each output has a warning.
    seen: Vec<AtomicBool>,
    /// Number of warnings, to detect a new one without a lock.
    count: AtomicUsize,
    list: Mutex<Vec<Warning>>,
}

impl Warnings {
    pub(crate) fn new(outputs: &[OutputSpec]) -> Self {
        Warnings { seen: outputs.iter().map(|_| AtomicBool::new(false)).collect(), ..Self::default() }
    }

    /// Whether an output has no warning yet.
    pub(crate) fn waits_for(&self, output: usize) -> bool {
        self.seen.get(output).is_some_and(|seen| !seen.load(Ordering::Relaxed))
    }

    /// Adds a warning of an output, unless there is one.
    pub(crate) fn add(&self, output: usize, warning: Warning) {
        if self.seen.get(output).is_some_and(|seen| !seen.swap(true, Ordering::Relaxed)) {
            self.list.lock().unwrap_or_else(PoisonError::into_inner).push(warning);
            self.count.fetch_add(1, Ordering::Release);
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    pub(crate) fn all(&self) -> Vec<Warning> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
