//! Learning rates by a function of the epoch.

use crate::callback::{Callback, FitPlan};
use crate::callbacks::settable_optimizers;
use crate::error::Error;
use crate::model::Trainable;
use crate::trainer::Trainer;

/// Sets the learning rate before each epoch to what a function of the epoch, from 0, and of the current learning rate returns. Of several
/// optimizers, that of each.
///
/// A function of the step is a schedule in the model instead, `Adam(learning_rate = CosineDecay(1e-3, 1000))`.
///
/// ```ignore
/// options.callback(LearningRateScheduler::new(|epoch, rate| {
///     if epoch < 10 { rate } else { rate * 0.9 }
/// }))
/// ```
///
/// Keras: [`LearningRateScheduler`](https://keras.io/api/callbacks/learning_rate_scheduler/)
#[derive(Clone, Copy, Debug)]
pub struct LearningRateScheduler<F> {
    schedule: F,
}

impl<F: FnMut(usize, f64) -> f64> LearningRateScheduler<F> {
    /// Sets learning rates by `schedule(epoch, rate)`. A rate that is negative, NaN or infinite ends the `fit` with
    /// [`Error::LearningRate`].
    pub fn new(schedule: F) -> Self {
        LearningRateScheduler { schedule }
    }
}

impl<M: Trainable, F: FnMut(usize, f64) -> f64> Callback<M> for LearningRateScheduler<F> {
    fn prepare(&mut self, _: &mut FitPlan<'_>) -> Result<(), Error> {
        settable_optimizers::<M>().map(drop)
    }

    fn on_epoch_begin(&mut self, trainer: &mut Trainer<'_, M>, epoch: usize) -> Result<(), Error> {
        for key in settable_optimizers::<M>()? {
            let rate = (self.schedule)(epoch, trainer.rate_of(key)?);
            trainer.set_rate_of(key, rate)?;
        }
        Ok(())
    }
}
