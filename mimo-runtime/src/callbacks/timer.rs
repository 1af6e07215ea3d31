//! Where the time of a training goes.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use crate::callback::{Callback, Clock, FitPlan};
use crate::error::Error;
use crate::history::EpochLogs;
use crate::model::Trainable;
use crate::trainer::Trainer;

/// Measures where the time of each epoch goes. A training without a timer does not measure it.
///
/// ```ignore
/// let mut timer = Timer::new();
/// trainer.fit(&data, FitOptions::new().epochs(3).callback(&mut timer))?;
/// println!("{timer}");
/// ```
#[derive(Debug, Default)]
pub struct Timer {
    epochs: Vec<EpochTimes>,
    clock: Option<Arc<Clock>>,
}

/// Times of one epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EpochTimes {
    /// The epoch, from 0.
    pub epoch: usize,
    /// Steps, with their data.
    pub training: Duration,
    /// Validation, with its data.
    pub validation: Duration,
    /// Gathering samples for steps, added up over all threads that did it.
    pub data: Duration,
    /// Callbacks, from the end of the epoch before to the end of this one; hooks after the timer's own in the order of callbacks count in
    /// the next epoch.
    pub callbacks: Duration,
}

impl Timer {
    /// A timer without epochs.
    pub fn new() -> Self {
        Self::default()
    }

    /// The times of the epochs of the last `fit`.
    pub fn epochs(&self) -> &[EpochTimes] {
        &self.epochs
    }
}

impl<M: Trainable> Callback<M> for Timer {
    fn prepare(&mut self, plan: &mut FitPlan<'_>) -> Result<(), Error> {
        self.epochs.clear();
        self.clock = Some(plan.measure_time());
        Ok(())
    }

    fn on_epoch_end(
        &mut self,
        _: &mut Trainer<'_, M>,
        logs: &EpochLogs<M>,
    ) -> Result<ControlFlow<()>, Error> {
        if let Some(clock) = &self.clock {
            self.epochs.push(EpochTimes {
                epoch: logs.epoch,
                training: clock.training.take(),
                validation: clock.validation.take(),
                data: clock.data.take(),
                callbacks: clock.callbacks.take(),
            });
        }
        Ok(ControlFlow::Continue(()))
    }
}

/// A table in milliseconds: a line of names, then one line per epoch.
impl fmt::Display for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>5}", "epoch")?;
        for name in ["training", "of it data", "validation", "callbacks"] {
            write!(f, "  {name:>12}")?;
        }
        for it in &self.epochs {
            // Counted from 1, as the progress does.
            write!(f, "\n{:>5}", it.epoch + 1)?;
            for time in [it.training, it.data, it.validation, it.callbacks] {
                write!(f, "  {:>9.2} ms", time.as_secs_f64() * 1e3)?;
            }
        }
        Ok(())
    }
}
