//! Callbacks: code of the user that runs between the epochs of a training.

mod averaging;
mod backup;
pub(crate) mod state;

pub use averaging::StochasticWeightAveraging;
pub use backup::{BackupAndRestore, SaveFrequency};
pub use state::{CallbackState, CallbackStates};

use std::ops::ControlFlow;

use crate::error::Error;
use crate::history::EpochLogs;
use crate::model::Trainable;
use crate::trainer::Trainer;

/// Code that observes a training and steers it. Every method does nothing by default.
///
/// A callback gets the trainer itself, so it can read and set the learning rate, the loss weights and the weights, and
/// write the model to a file. For a single closure there is
/// [`FitOptions::on_epoch_end`](crate::trainer::FitOptions::on_epoch_end).
pub trait Callback<M: Trainable> {
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

    /// The moment to save a checkpoint: after every step, and after every epoch when all callbacks have seen its end.
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

    /// The state that a checkpoint has to hold so that the training goes on as if it had not been interrupted; `None` for a
    /// callback without any, whose settings are those of the program.
    fn state(&self) -> Option<CallbackState> {
        None
    }

    /// Takes the [`state`](Self::state) of the same callback from a checkpoint. It is called after
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

impl<M: Trainable, C: Callback<M> + ?Sized> Callback<M> for &mut C {
    fn on_train_begin(&mut self, trainer: &mut Trainer<'_, M>) -> Result<(), Error> {
        (**self).on_train_begin(trainer)
    }

    fn on_epoch_begin(&mut self, trainer: &mut Trainer<'_, M>, epoch: usize) -> Result<(), Error> {
        (**self).on_epoch_begin(trainer, epoch)
    }

    fn on_epoch_end(
        &mut self,
        trainer: &mut Trainer<'_, M>,
        logs: &EpochLogs<M>,
    ) -> Result<ControlFlow<()>, Error> {
        (**self).on_epoch_end(trainer, logs)
    }

    fn on_train_end(&mut self, trainer: &mut Trainer<'_, M>) -> Result<(), Error> {
        (**self).on_train_end(trainer)
    }

    fn on_checkpoint(
        &mut self,
        trainer: &mut Trainer<'_, M>,
        moment: Moment,
        others: &CallbackStates<'_, '_, M>,
    ) -> Result<(), Error> {
        (**self).on_checkpoint(trainer, moment, others)
    }

    fn state(&self) -> Option<CallbackState> {
        (**self).state()
    }

    fn restore_state(&mut self, state: &CallbackState) -> Result<(), Error> {
        (**self).restore_state(state)
    }
}

/// The moments at which a training can be saved and resumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Moment {
    /// A step was made.
    Step {
        /// The epoch, from 0.
        epoch: usize,
        /// The step of the epoch, from 0.
        step: usize,
    },
    /// An epoch has ended, with its validation and the callbacks.
    Epoch {
        /// The epoch, from 0.
        epoch: usize,
    },
}

/// Results of a closure that runs at the end of epochs: `ControlFlow<()>`, or a [`Result`] of it for one that uses `?`.
pub trait EpochEnd {
    /// Whether the training goes on.
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
