//! Smaller steps for a training that does not get better.

use std::ops::ControlFlow;

use crate::callback::{Callback, CallbackState, FitPlan};
use crate::callbacks::monitor::{Monitor, not_negative};
use crate::callbacks::{CallbackFault, Mode, settable_optimizers};
use crate::error::Error;
use crate::history::EpochLogs;
use crate::model::Trainable;
use crate::trainer::Trainer;

/// Multiplies the learning rate by a factor when a monitored value has not got better for some epochs. Of several optimizers, that of
/// each.
///
/// Keras: [`ReduceLROnPlateau`](https://keras.io/api/callbacks/reduce_lr_on_plateau/)
#[derive(Clone, Debug)]
pub struct ReduceLROnPlateau {
    monitor: Monitor,
    mode: Mode,
    factor: f64,
    patience: usize,
    min_delta: f64,
    cooldown: usize,
    min_lr: f64,
    wait: usize,
    /// Epochs of the cooldown that are left.
    cooling: usize,
}

const NAME: &str = "ReduceLROnPlateau";

impl ReduceLROnPlateau {
    /// Monitors a value: `"val_loss"`. Without other settings the learning rate becomes a tenth of it after 10 epochs without an
    /// improvement of more than 1e-4.
    pub fn new(monitor: impl Into<String>) -> Self {
        ReduceLROnPlateau {
            monitor: Monitor::new(monitor),
            mode: Mode::Auto,
            factor: 0.1,
            patience: 10,
            min_delta: 1e-4,
            cooldown: 0,
            min_lr: 0.0,
            wait: 0,
            cooling: 0,
        }
    }

    /// Factor of the learning rate, at least 0 and below 1; 0.1 by default.
    #[must_use]
    pub fn factor(mut self, factor: f64) -> Self {
        self.factor = factor;
        self
    }

    /// Number of epochs without an improvement after which the learning rate is lowered; 10 by default.
    #[must_use]
    pub fn patience(mut self, epochs: usize) -> Self {
        self.patience = epochs;
        self
    }

    /// Whether more or less is better; by default as is known from the metric.
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// Difference from the best value up to which a value is not an improvement; 1e-4 by default. Its sign does not matter.
    #[must_use]
    pub fn min_delta(mut self, difference: f64) -> Self {
        self.min_delta = difference.abs();
        self
    }

    /// Number of epochs after a change that do not count; 0 by default.
    #[must_use]
    pub fn cooldown(mut self, epochs: usize) -> Self {
        self.cooldown = epochs;
        self
    }

    /// The lowest learning rate; 0 by default.
    #[must_use]
    pub fn min_lr(mut self, rate: f64) -> Self {
        self.min_lr = rate;
        self
    }

    /// Lowers the learning rates, and returns whether one was above the lowest.
    fn reduce<M: Trainable>(&self, trainer: &mut Trainer<'_, M>) -> Result<bool, Error> {
        let mut reduced = false;
        for key in settable_optimizers::<M>()? {
            let rate = trainer.rate_of(key)?;
            if rate > self.min_lr {
                trainer.set_rate_of(key, (rate * self.factor).max(self.min_lr))?;
                reduced = true;
            }
        }
        Ok(reduced)
    }
}

impl<M: Trainable> Callback<M> for ReduceLROnPlateau {
    fn prepare(&mut self, plan: &mut FitPlan<'_>) -> Result<(), Error> {
        settable_optimizers::<M>()?;
        if !(0.0..1.0).contains(&self.factor) {
            let value = self.factor.to_string();
            let fault =
                CallbackFault::Setting { name: "factor", value, valid: "a number of at least 0 and below 1" };
            return Err(fault.of(NAME));
        }
        not_negative("min_lr", self.min_lr)
            .and_then(|()| not_negative("min_delta", self.min_delta))
            .and_then(|()| self.monitor.prepare(plan, self.mode))
            .map_err(|fault| fault.of(NAME))
    }

    fn on_train_begin(&mut self, _: &mut Trainer<'_, M>) -> Result<(), Error> {
        (self.monitor.best, self.wait, self.cooling) = (None, 0, 0);
        Ok(())
    }

    fn on_epoch_end(
        &mut self,
        trainer: &mut Trainer<'_, M>,
        logs: &EpochLogs<M>,
    ) -> Result<ControlFlow<()>, Error> {
        let Some(value) = logs.get(&self.monitor.key) else { return Ok(ControlFlow::Continue(())) };
        if self.cooling > 0 {
            self.cooling -= 1;
            self.wait = 0;
        }
        if self.monitor.improve(value, self.min_delta) {
            self.wait = 0;
        } else if self.cooling == 0 {
            self.wait += 1;
            if self.wait >= self.patience && self.reduce(trainer)? {
                self.cooling = self.cooldown;
                self.wait = 0;
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn state(&self) -> Option<CallbackState> {
        let state = CallbackState::new(NAME)
            .with_number("best", self.monitor.best)
            .with_number("wait", self.wait as f64)
            .with_number("cooling", self.cooling as f64);
        Some(state)
    }

    fn restore_state(&mut self, state: &CallbackState) -> Result<(), Error> {
        self.monitor.best = state.number("best");
        (self.wait, self.cooling) = (state.count("wait"), state.count("cooling"));
        Ok(())
    }
}
