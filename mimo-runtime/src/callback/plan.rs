//! The planned training, as callbacks see it before its first step.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use mimo_graph::diag::nearest;

use crate::callbacks::{CallbackFault, Mode};
use crate::logs::LogTable;

/// A training before its first step.
#[derive(Debug)]
pub struct FitPlan<'a> {
    /// Number of the last epoch, from 1.
    pub epochs: usize,
    /// The first epoch, from 0.
    pub initial_epoch: usize,
    /// Samples per step.
    pub batch_size: usize,
    /// Steps per epoch.
    pub steps: usize,
    /// Samples to train with.
    pub samples: usize,
    /// Samples to validate with; 0 without a validation.
    pub validation_samples: usize,
    pub(crate) table: &'a LogTable,
    pub(crate) clock: Option<Arc<Clock>>,
}

impl FitPlan<'_> {
    /// Keras's keys of the values that this training run logs, in declared order, those of its validation last.
    pub fn keys(&self) -> Vec<String> {
        let keys = self.table.keys().map(|(key, _)| key.to_owned());
        let validation = self.table.keys().map(|(key, _)| format!("val_{key}"));
        keys.chain(validation.filter(|_| self.validation_samples > 0)).collect()
    }

    /// Checks that this training run logs a value of this key.
    ///
    /// # Errors
    /// [`CallbackFault::UnknownKey`], and [`CallbackFault::NoValidation`] for `val_…` if there is no validation.
    pub fn check_key(&self, key: &str) -> Result<(), CallbackFault> {
        match self.table.resolve(key) {
            Some((true, _)) if self.validation_samples == 0 => {
                Err(CallbackFault::NoValidation { key: key.into() })
            }
            Some(_) => Ok(()),
            None => {
                let mut keys = self.keys();
                if key.starts_with("val_") && self.validation_samples == 0 {
                    keys.extend(self.table.keys().map(|(key, _)| format!("val_{key}")));
                }
                let near = nearest(key, keys.iter().map(String::as_str));
                Err(CallbackFault::UnknownKey { key: key.into(), near, keys })
            }
        }
    }

    /// Checks a key, and returns whether a larger value of it is better: by `mode`, or by the metric.
    ///
    /// # Errors
    /// Those of [`check_key`](Self::check_key), and [`CallbackFault::NoDirection`] for a metric that is neither better when larger nor
    /// when smaller.
    pub fn higher_is_better(&self, key: &str, mode: Mode) -> Result<bool, CallbackFault> {
        self.check_key(key)?;
        match mode {
            Mode::Min => Ok(false),
            Mode::Max => Ok(true),
            Mode::Auto => {
                self.table.higher_is_better(key).ok_or_else(|| CallbackFault::NoDirection { key: key.into() })
            }
        }
    }

    /// Whether a key is one of validation.
    pub(crate) fn is_validation(&self, key: &str) -> bool {
        self.table.resolve(key).is_some_and(|(validation, _)| validation)
    }

    /// Turns on the measurement of the time of the parts of training, which is off by default.
    pub(crate) fn measure_time(&mut self) -> Arc<Clock> {
        Arc::clone(self.clock.get_or_insert_default())
    }
}

/// Time spent in the parts of training, in nanoseconds.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    pub training: Part,
    pub validation: Part,
    pub data: Part,
    pub callbacks: Part,
}

/// Time spent in one part, by all threads.
#[derive(Debug, Default)]
pub(crate) struct Part(AtomicU64);

impl Part {
    pub(crate) fn add(&self, time: Duration) {
        self.0.fetch_add(time.as_nanos() as u64, Ordering::Relaxed);
    }

    pub(crate) fn total(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::Relaxed))
    }

    /// Returns the time since the last call.
    pub(crate) fn take(&self) -> Duration {
        Duration::from_nanos(self.0.swap(0, Ordering::Relaxed))
    }
}
