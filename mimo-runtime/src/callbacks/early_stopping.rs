//! The end of a training that does not get better.

use std::any::Any;
use std::ops::ControlFlow;

use crate::callback::{Callback, CallbackState, FitPlan};
use crate::callbacks::monitor::{Monitor, not_nan, not_negative};
use crate::callbacks::{CallbackFault, Mode, Monitors};
use crate::error::Error;
use crate::history::EpochLogs;
use crate::kernels::Element;
use crate::model::Trainable;
use crate::trainer::Trainer;

/// Ends the training when a monitored value has not got better for some epochs.
///
/// Of several monitored values one that gets better is enough to go on; the best epoch, whose weights are restored, is that of the
/// first value. Epochs without a value, because they were not validated, do not count. A NaN is never better than a number, where
/// Keras takes one as the best value if it comes first.
///
/// ```ignore
/// options.callback(EarlyStopping::new("val_loss").patience(5).restore_best_weights(true))
/// ```
///
/// Keras: [`EarlyStopping`](https://keras.io/api/callbacks/early_stopping/)
#[derive(Debug)]
pub struct EarlyStopping {
    monitors: Vec<Monitor>,
    mode: Mode,
    patience: usize,
    min_delta: f64,
    baseline: Option<f64>,
    start_from_epoch: usize,
    restore_best_weights: bool,
    wait: usize,
    best_epoch: Option<usize>,
    stopped_epoch: Option<usize>,
    /// Of the type `Vec<Vec<M::Float>>`.
    best_weights: Option<Box<dyn Any + Send>>,
}

const NAME: &str = "EarlyStopping";

impl EarlyStopping {
    /// Monitors a value, `"val_loss"`, or several, `["val_loss", "val_risk_auc"]`. Without other settings the first epoch that is not
    /// better is the last.
    pub fn new(monitors: impl Into<Monitors>) -> Self {
        EarlyStopping {
            monitors: monitors.into().0.into_iter().map(Monitor::new).collect(),
            mode: Mode::Auto,
            patience: 0,
            min_delta: 0.0,
            baseline: None,
            start_from_epoch: 0,
            restore_best_weights: false,
            wait: 0,
            best_epoch: None,
            stopped_epoch: None,
            best_weights: None,
        }
    }

    /// Number of epochs without an improvement after which the training ends; 0 by default.
    #[must_use]
    pub fn patience(mut self, epochs: usize) -> Self {
        self.patience = epochs;
        self
    }

    /// Difference from the best value up to which a value is not an improvement; 0 by default. Its sign does not matter.
    #[must_use]
    pub fn min_delta(mut self, difference: f64) -> Self {
        self.min_delta = difference.abs();
        self
    }

    /// Whether more or less is better, for all monitored values; by default as is known from their metrics.
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// A value that the first monitored value has to beat: as long as it does not, the epochs count as without an improvement.
    #[must_use]
    pub fn baseline(mut self, value: f64) -> Self {
        self.baseline = Some(value);
        self
    }

    /// The first epoch that counts, from 0.
    #[must_use]
    pub fn start_from_epoch(mut self, epoch: usize) -> Self {
        self.start_from_epoch = epoch;
        self
    }

    /// Whether all weights of the best epoch, trained ones and moving statistics, are set at the end of the training, also if it was not
    /// stopped early. The optimizer's state stays.
    #[must_use]
    pub fn restore_best_weights(mut self, restore: bool) -> Self {
        self.restore_best_weights = restore;
        self
    }

    /// The epoch, from 0, after which the last training was stopped; `None` if it was not.
    pub fn stopped_epoch(&self) -> Option<usize> {
        self.stopped_epoch
    }

    /// The epoch, from 0, in which the first monitored value was best.
    pub fn best_epoch(&self) -> Option<usize> {
        self.best_epoch
    }

    /// The best value of the first monitored value.
    pub fn best(&self) -> Option<f64> {
        self.monitors.first()?.best
    }
}

impl<M: Trainable> Callback<M> for EarlyStopping {
    fn prepare(&mut self, plan: &mut FitPlan<'_>) -> Result<(), Error> {
        not_negative("min_delta", self.min_delta)
            .and_then(|()| not_nan("baseline", self.baseline))
            .map_err(|fault| fault.of(NAME))?;
        if self.monitors.is_empty() {
            let fault =
                CallbackFault::Setting { name: "monitors", value: "empty".into(), valid: "at least one key" };
            return Err(fault.of(NAME));
        }
        for monitor in &mut self.monitors {
            monitor.prepare(plan, self.mode).map_err(|fault| fault.of(NAME))?;
        }
        Ok(())
    }

    fn on_train_begin(&mut self, _: &mut Trainer<'_, M>) -> Result<(), Error> {
        self.monitors.iter_mut().for_each(|monitor| monitor.best = None);
        self.wait = 0;
        (self.best_epoch, self.stopped_epoch, self.best_weights) = (None, None, None);
        Ok(())
    }

    fn on_epoch_end(
        &mut self,
        trainer: &mut Trainer<'_, M>,
        logs: &EpochLogs<M>,
    ) -> Result<ControlFlow<()>, Error> {
        if logs.epoch < self.start_from_epoch {
            return Ok(ControlFlow::Continue(()));
        }
        let (mut measured, mut better, mut first_is_better) = (false, false, false);
        for (place, monitor) in self.monitors.iter_mut().enumerate() {
            let Some(value) = logs.get(&monitor.key) else { continue };
            measured = true;
            if monitor.improve(value, self.min_delta) {
                let beaten = |baseline| monitor.is_better(value, baseline, self.min_delta);
                better |= place > 0 || self.baseline.is_none_or(beaten);
                first_is_better |= place == 0;
            }
        }
        if !measured {
            return Ok(ControlFlow::Continue(()));
        }
        // The weights of the first epoch are the best until there are better ones.
        if first_is_better || self.best_epoch.is_none() {
            self.best_epoch = Some(logs.epoch);
            if self.restore_best_weights {
                self.best_weights = Some(Box::new(trainer.weights()));
            }
        }
        self.wait = if better { 0 } else { self.wait + 1 };
        // Neither an improvement that does not beat the baseline nor the first epoch ends a training, as in Keras.
        if !better && !first_is_better && self.wait >= self.patience && logs.epoch > 0 {
            self.stopped_epoch = Some(logs.epoch);
            return Ok(ControlFlow::Break(()));
        }
        Ok(ControlFlow::Continue(()))
    }

    fn state(&self) -> Option<CallbackState> {
        let epoch = |epoch: Option<usize>| epoch.map(|epoch| epoch as f64);
        let mut state = CallbackState::new(NAME)
            .with_number("wait", self.wait as f64)
            .with_number("best_epoch", epoch(self.best_epoch))
            .with_number("stopped_epoch", epoch(self.stopped_epoch));
        for (place, monitor) in self.monitors.iter().enumerate() {
            state = state.with_number(&format!("best/{place}"), monitor.best);
        }
        let weights = self.best_weights.as_deref();
        let weights = weights.and_then(<dyn Any + Send>::downcast_ref::<Vec<Vec<M::Float>>>);
        for (place, values) in weights.into_iter().flatten().enumerate() {
            let values: Vec<f64> = values.iter().map(|value| value.f64()).collect();
            state = state.with(&format!("weights/{place}"), values);
        }
        Some(state)
    }

    fn restore_state(&mut self, state: &CallbackState) -> Result<(), Error> {
        let epoch = |key: &str| state.number(key).map(|_| state.count(key));
        self.wait = state.count("wait");
        (self.best_epoch, self.stopped_epoch) = (epoch("best_epoch"), epoch("stopped_epoch"));
        for (place, monitor) in self.monitors.iter_mut().enumerate() {
            monitor.best = state.number(&format!("best/{place}"));
        }
        let weights: Vec<Vec<M::Float>> = (0..)
            .map_while(|place: usize| state.numbers(&format!("weights/{place}")))
            .map(|values| values.iter().map(|value| M::Float::of(*value)).collect())
            .collect();
        self.best_weights = if weights.is_empty() { None } else { Some(Box::new(weights)) };
        Ok(())
    }

    fn on_train_end(&mut self, trainer: &mut Trainer<'_, M>) -> Result<(), Error> {
        let weights = self.best_weights.take();
        match weights.as_deref().and_then(<dyn Any + Send>::downcast_ref::<Vec<Vec<M::Float>>>) {
            Some(weights) => trainer.set_weights(weights),
            None => Ok(()),
        }
    }
}
