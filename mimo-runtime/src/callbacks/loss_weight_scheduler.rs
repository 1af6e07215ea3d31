//! Weights of losses by a function of epoch and step.

use crate::callback::{Callback, CallbackState, FitPlan};
use crate::callbacks::CallbackFault;
use crate::error::Error;
use crate::model::{Model, Trainable};
use crate::trainer::{Trainer, check_loss_weights};

/// Sets the weights of the losses of outputs before each step, by a function or by a list with the weights of each epoch.
///
/// ```ignore
/// options.callback(LossWeightScheduler::new(|epoch, _step| DiagnosisPerOutput {
///     diagnosis: 1.0,
///     risk: if epoch < 5 { 0.0 } else { 0.5 },
/// }))
/// ```
#[derive(Clone, Debug)]
pub struct LossWeightScheduler<W, F = fn(usize, usize) -> W> {
    weights: Weights<W, F>,
    epoch: usize,
}

#[derive(Clone, Debug)]
enum Weights<W, F> {
    Function(F),
    Epochs(Vec<W>),
}

impl<W, F: FnMut(usize, usize) -> W> LossWeightScheduler<W, F> {
    /// Sets the weights by `weights(epoch, step)`, both counted from 0, the step within its epoch. A weight that is NaN or infinite ends
    /// the `fit` with [`Error::LossWeight`].
    pub fn new(weights: F) -> Self {
        LossWeightScheduler { weights: Weights::Function(weights), epoch: 0 }
    }
}

impl<W> LossWeightScheduler<W> {
    /// Sets the weights of epoch 0, 1, …; those of the last entry stay. [`Error::LossWeight`] ends the `fit` before its first step if a
    /// weight is NaN or infinite.
    pub fn by_epoch(weights: impl Into<Vec<W>>) -> Self {
        LossWeightScheduler { weights: Weights::Epochs(weights.into()), epoch: 0 }
    }
}

impl<M, W, F> Callback<M> for LossWeightScheduler<W, F>
where
    M: Trainable + Model<PerOutput<f64> = W>,
    F: FnMut(usize, usize) -> W,
{
    fn prepare(&mut self, _: &mut FitPlan<'_>) -> Result<(), Error> {
        match &self.weights {
            Weights::Epochs(weights) if weights.is_empty() => {
                let valid = "a list of the weights of at least one epoch";
                let fault = CallbackFault::Setting { name: "weights", value: "an empty list".into(), valid };
                Err(fault.of("LossWeightScheduler"))
            }
            // All of them now, not in the epoch that they are for.
            Weights::Epochs(weights) => {
                weights.iter().try_for_each(|weights| check_loss_weights::<M>(weights))
            }
            Weights::Function(_) => Ok(()),
        }
    }

    fn on_epoch_begin(&mut self, trainer: &mut Trainer<'_, M>, epoch: usize) -> Result<(), Error> {
        self.epoch = epoch;
        match &self.weights {
            Weights::Epochs(weights) => match weights.get(epoch).or(weights.last()) {
                Some(weights) => trainer.set_loss_weights(weights),
                None => Ok(()),
            },
            Weights::Function(_) => Ok(()),
        }
    }

    fn on_train_batch_begin(&mut self, trainer: &mut Trainer<'_, M>, step: usize) -> Result<(), Error> {
        match &mut self.weights {
            Weights::Function(weights) => trainer.set_loss_weights(&weights(self.epoch, step)),
            Weights::Epochs(_) => Ok(()),
        }
    }

    fn state(&self) -> Option<CallbackState> {
        Some(CallbackState::new("LossWeightScheduler").with_number("epoch", self.epoch as f64))
    }

    fn restore_state(&mut self, state: &CallbackState) -> Result<(), Error> {
        self.epoch = state.count("epoch");
        Ok(())
    }
}
