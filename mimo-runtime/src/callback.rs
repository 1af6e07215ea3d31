//! Callbacks: code that runs between the epochs and steps of training. [`callbacks`](crate::callbacks) has Keras's
//! and a few more.

mod plan;
pub(crate) mod state;

use std::fmt;
use std::marker::PhantomData;
use std::ops::ControlFlow;

pub(crate) use plan::Clock;
pub use plan::FitPlan;
pub use state::{CallbackState, CallbackStates};

use crate::data::spec;
use crate::engine::Totals;
use crate::error::Error;
use crate::history::{EpochLogs, Evaluation, logs};
use crate::logs::LogTable;
use crate::model::Trainable;
use crate::trainer::Trainer;

/// Code that observes and controls training. Every method does nothing by default.
///
/// A callback gets the trainer itself, so it can read and set the learning rate, the loss weights and the weights, and
/// write the model to a file. For a single closure there is
/// [`FitOptions::on_epoch_end`](crate::trainer::FitOptions::on_epoch_end).
///
/// An error of a callback ends `fit` with that error. The trainer stays usable, with the weights after the last step.
///
/// ```ignore
/// /// Prints a value after each epoch.
/// struct Announce(&'static str);
///
/// impl<M: Trainable> Callback<M> for Announce {
///     fn prepare(&mut self, plan: &mut FitPlan<'_>) -> Result<()> {
///         plan.check_key(self.0).map_err(|fault| fault.of("Announce"))
///     }
///
///     fn on_epoch_end(
///         &mut self,
///         _: &mut Trainer<'_, M>,
///         logs: &EpochLogs<M>,
///     ) -> Result<ControlFlow<()>> {
///         println!("{} = {:?}", self.0, logs.get(self.0));
///         Ok(ControlFlow::Continue(()))
///     }
/// }
/// ```
///
/// Keras: [`Callback`](https://keras.io/api/callbacks/base_callback/)
pub trait Callback<M: Trainable> {
    /// Called before anything else in `fit`, to check the settings of the callback, such as the keys that it
    /// monitors. No callback has changed or written anything yet.
    ///
    /// # Errors
    /// Any error of the callback; it ends the `fit`.
    fn prepare(&mut self, plan: &mut FitPlan<'_>) -> Result<(), Error> {
        let _ = plan;
        Ok(())
    }

    /// Before the first epoch.
    ///
    /// # Errors
    /// Any error of the callback; it ends the `fit`.
    fn on_train_begin(&mut self, trainer: &mut Trainer<'_, M>) -> Result<(), Error> {
        let _ = trainer;
        Ok(())
    }

    /// Before epoch `epoch`, counted from 0.
    ///
    /// # Errors
    /// Any error of the callback; it ends the `fit`.
    fn on_epoch_begin(&mut self, trainer: &mut Trainer<'_, M>, epoch: usize) -> Result<(), Error> {
        let _ = (trainer, epoch);
        Ok(())
    }

    /// Before step `step` of an epoch, counted from 0.
    ///
    /// # Errors
    /// Any error of the callback; it ends the `fit`.
    fn on_train_batch_begin(&mut self, trainer: &mut Trainer<'_, M>, step: usize) -> Result<(), Error> {
        let _ = (trainer, step);
        Ok(())
    }

    /// After a step. `Break` ends the epoch here, and the training after the validation of that epoch and
    /// [`on_epoch_end`](Self::on_epoch_end), as Keras's `stop_training` does; the other callbacks of this step still run.
    ///
    /// # Errors
    /// Any error of the callback; it ends the `fit`.
    fn on_train_batch_end(
        &mut self,
        trainer: &mut Trainer<'_, M>,
        logs: &BatchLogs<'_, M>,
    ) -> Result<ControlFlow<()>, Error> {
        let _ = (trainer, logs);
        Ok(ControlFlow::Continue(()))
    }

    /// Before a validation or an [evaluation](Trainer::evaluate_with_callback).
    ///
    /// # Errors
    /// Any error of the callback; it ends the `fit` or the evaluation.
    fn on_test_begin(&mut self, trainer: &mut Trainer<'_, M>) -> Result<(), Error> {
        let _ = trainer;
        Ok(())
    }

    /// Before batch `step` of a validation or an evaluation, counted from 0.
    ///
    /// # Errors
    /// Any error of the callback; it ends the `fit` or the evaluation.
    fn on_test_batch_begin(&mut self, trainer: &mut Trainer<'_, M>, step: usize) -> Result<(), Error> {
        let _ = (trainer, step);
        Ok(())
    }

    /// After a batch of a validation or an evaluation.
    ///
    /// # Errors
    /// Any error of the callback; it ends the `fit` or the evaluation.
    fn on_test_batch_end(
        &mut self,
        trainer: &mut Trainer<'_, M>,
        logs: &BatchLogs<'_, M>,
    ) -> Result<(), Error> {
        let _ = (trainer, logs);
        Ok(())
    }

    /// After a validation or an evaluation.
    ///
    /// # Errors
    /// Any error of the callback; it ends the `fit` or the evaluation.
    fn on_test_end(&mut self, trainer: &mut Trainer<'_, M>, evaluation: &Evaluation<M>) -> Result<(), Error> {
        let _ = (trainer, evaluation);
        Ok(())
    }

    /// Before a [prediction](Trainer::predict_with_callback).
    ///
    /// # Errors
    /// Any error of the callback; it ends the prediction.
    fn on_predict_begin(&mut self, trainer: &mut Trainer<'_, M>) -> Result<(), Error> {
        let _ = trainer;
        Ok(())
    }

    /// Before batch `step` of a prediction, counted from 0.
    ///
    /// # Errors
    /// Any error of the callback; it ends the prediction.
    fn on_predict_batch_begin(&mut self, trainer: &mut Trainer<'_, M>, step: usize) -> Result<(), Error> {
        let _ = (trainer, step);
        Ok(())
    }

    /// After batch `step` of a prediction.
    ///
    /// # Errors
    /// Any error of the callback; it ends the prediction.
    fn on_predict_batch_end(&mut self, trainer: &mut Trainer<'_, M>, step: usize) -> Result<(), Error> {
        let _ = (trainer, step);
        Ok(())
    }

    /// After a prediction.
    ///
    /// # Errors
    /// Any error of the callback; it ends the prediction.
    fn on_predict_end(&mut self, trainer: &mut Trainer<'_, M>) -> Result<(), Error> {
        let _ = trainer;
        Ok(())
    }

    /// After an epoch and its validation. `Break` stops the training; the other callbacks of this epoch still run.
    ///
    /// # Errors
    /// Any error of the callback; it ends the `fit`.
    fn on_epoch_end(
        &mut self,
        trainer: &mut Trainer<'_, M>,
        logs: &EpochLogs<M>,
    ) -> Result<ControlFlow<()>, Error> {
        let _ = (trainer, logs);
        Ok(ControlFlow::Continue(()))
    }

    /// Called when a checkpoint may be saved: after every step, and after every epoch when all callbacks have seen
    /// its end.
    ///
    /// `others` are the states of the other callbacks, for [`save_checkpoint_with`](Trainer::save_checkpoint_with).
    ///
    /// # Errors
    /// Any error of the callback; it ends the `fit`.
    fn on_checkpoint(
        &mut self,
        trainer: &mut Trainer<'_, M>,
        moment: Moment,
        others: &CallbackStates<'_, '_, M>,
    ) -> Result<(), Error> {
        let _ = (trainer, moment, others);
        Ok(())
    }

    /// State to store in a checkpoint, so that a resumed training continues as if it had not been interrupted; `None`
    /// for a callback without state, whose settings are those of the program.
    fn state(&self) -> Option<CallbackState> {
        None
    }

    /// Restores the [`state`](Self::state) of the same callback from a checkpoint. Called after
    /// [`on_train_begin`](Self::on_train_begin).
    ///
    /// # Errors
    /// Any error of the callback; it ends the `fit`.
    fn restore_state(&mut self, state: &CallbackState) -> Result<(), Error> {
        let _ = state;
        Ok(())
    }

    /// After the last epoch, also if a callback stopped the training; not after an error.
    ///
    /// # Errors
    /// Any error of the callback.
    fn on_train_end(&mut self, trainer: &mut Trainer<'_, M>) -> Result<(), Error> {
        let _ = trainer;
        Ok(())
    }
}

/// Forwards every hook. A missing hook would be skipped silently, so the list is written once.
macro_rules! pass_on {
    ($($hook:ident($($argument:ident: $ty:ty),*) -> $result:ty;)*) => {
        $(fn $hook(&mut self, $($argument: $ty),*) -> Result<$result, Error> {
            (**self).$hook($($argument),*)
        })*
    };
}

/// Implements [`Callback`] for a reference to a callback.
macro_rules! callback_by {
    ($pointer:ty) => {
        impl<M: Trainable, C: Callback<M> + ?Sized> Callback<M> for $pointer {
            pass_on! {
                prepare(plan: &mut FitPlan<'_>) -> ();
                on_train_begin(trainer: &mut Trainer<'_, M>) -> ();
                on_epoch_begin(trainer: &mut Trainer<'_, M>, epoch: usize) -> ();
                on_train_batch_begin(trainer: &mut Trainer<'_, M>, step: usize) -> ();
                on_train_batch_end(trainer: &mut Trainer<'_, M>, logs: &BatchLogs<'_, M>) -> ControlFlow<()>;
                on_test_begin(trainer: &mut Trainer<'_, M>) -> ();
                on_test_batch_begin(trainer: &mut Trainer<'_, M>, step: usize) -> ();
                on_test_batch_end(trainer: &mut Trainer<'_, M>, logs: &BatchLogs<'_, M>) -> ();
                on_test_end(trainer: &mut Trainer<'_, M>, evaluation: &Evaluation<M>) -> ();
                on_predict_begin(trainer: &mut Trainer<'_, M>) -> ();
                on_predict_batch_begin(trainer: &mut Trainer<'_, M>, step: usize) -> ();
                on_predict_batch_end(trainer: &mut Trainer<'_, M>, step: usize) -> ();
                on_predict_end(trainer: &mut Trainer<'_, M>) -> ();
                on_epoch_end(trainer: &mut Trainer<'_, M>, logs: &EpochLogs<M>) -> ControlFlow<()>;
                on_checkpoint(
                    trainer: &mut Trainer<'_, M>,
                    moment: Moment,
                    others: &CallbackStates<'_, '_, M>
                ) -> ();
                restore_state(state: &CallbackState) -> ();
                on_train_end(trainer: &mut Trainer<'_, M>) -> ();
            }

            fn state(&self) -> Option<CallbackState> {
                (**self).state()
            }
        }
    };
}
callback_by!(&mut C);
callback_by!(Box<C>);

/// Measurements of a step, or of a batch of a validation. Values are computed only if they are read.
pub struct BatchLogs<'a, M: Trainable> {
    /// The epoch, from 0; 0 in an evaluation outside of `fit`.
    pub epoch: usize,
    /// The step of the epoch, or the batch of the validation, from 0.
    pub step: usize,
    /// Total loss of this batch alone.
    pub loss: f64,
    /// The learning rate of the step; with several optimizers, that of the first.
    pub learning_rate: f64,
    table: &'a LogTable,
    totals: &'a Totals,
    model: PhantomData<fn() -> M>,
}

impl<'a, M: Trainable> BatchLogs<'a, M> {
    pub(crate) fn new(
        (epoch, step): (usize, usize),
        loss: f64,
        learning_rate: f64,
        table: &'a LogTable,
        totals: &'a Totals,
    ) -> Self {
        BatchLogs { epoch, step, loss, learning_rate, table, totals, model: PhantomData }
    }

    /// The losses and metrics by name, as means over the samples since the beginning of the epoch or validation, as Keras passes
    /// them to `on_train_batch_end`.
    pub fn logs(&self) -> M::Logs {
        logs::<M>(&self.values())
    }

    /// The value of a Keras key without `val_`: `logs.get("risk_auc")`. `None` for an unknown key.
    pub fn get(&self, key: &str) -> Option<f64> {
        self.values().get(self.table.place(key)?).copied()
    }

    /// The values by Keras's keys, in declared order.
    pub fn pairs(&self) -> Vec<(&'a str, f64)> {
        let values = self.values();
        self.table.keys().filter_map(|(key, place)| Some((key, *values.get(place)?))).collect()
    }

    /// The outputs whose losses are NaN or infinite since the beginning of the epoch, in declared order.
    pub(crate) fn not_finite_outputs(&self) -> Vec<&'static str> {
        let losses = spec::<M>().outputs.iter().zip(&self.totals.statistics);
        let not_finite = losses.filter(|(output, sum)| output.loss.is_some() && !sum.is_finite());
        not_finite.map(|(output, _)| output.name).collect()
    }

    fn values(&self) -> Vec<f64> {
        self.table.values(self.totals).collect()
    }
}

impl<M: Trainable> fmt::Debug for BatchLogs<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchLogs")
            .field("epoch", &self.epoch)
            .field("step", &self.step)
            .field("loss", &self.loss)
            .field("learning_rate", &self.learning_rate)
            .finish_non_exhaustive()
    }
}

/// The points at which training can be saved and resumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Moment {
    /// After a step.
    Step {
        /// The epoch, from 0.
        epoch: usize,
        /// The step of the epoch, from 0.
        step: usize,
    },
    /// After an epoch, its validation and the callbacks.
    Epoch {
        /// The epoch, from 0.
        epoch: usize,
    },
}

/// Result of a closure that runs at the end of epochs: `ControlFlow<()>`, or a [`Result`] of it for closures that use
/// `?`.
pub trait EpochEnd {
    /// Returns whether the training continues.
    ///
    /// # Errors
    /// The closure's error; it ends the `fit`.
    fn into_flow(self) -> Result<ControlFlow<()>, Error>;
}

impl EpochEnd for ControlFlow<()> {
    fn into_flow(self) -> Result<ControlFlow<()>, Error> {
        Ok(self)
    }
}

impl EpochEnd for Result<ControlFlow<()>, Error> {
    fn into_flow(self) -> Result<ControlFlow<()>, Error> {
        self
    }
}

/// A closure that runs at the end of epochs.
pub(crate) struct OnEpochEnd<F>(pub(crate) F);

impl<M: Trainable, F, R> Callback<M> for OnEpochEnd<F>
where
    F: FnMut(&mut Trainer<'_, M>, &EpochLogs<M>) -> R,
    R: EpochEnd,
{
    fn on_epoch_end(
        &mut self,
        trainer: &mut Trainer<'_, M>,
        logs: &EpochLogs<M>,
    ) -> Result<ControlFlow<()>, Error> {
        (self.0)(trainer, logs).into_flow()
    }
}
