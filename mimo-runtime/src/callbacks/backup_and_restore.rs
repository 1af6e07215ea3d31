//! Trainings that go on after the process was killed.

use std::fmt;
use std::io;
use std::ops::ControlFlow;
use std::path::PathBuf;

use crate::callback::{Callback, CallbackStates, Moment};
use crate::error::Error;
use crate::file::replace;
use crate::model::Trainable;
use crate::trainer::Trainer;

/// How often a [`BackupAndRestore`] saves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SaveFrequency {
    /// At the end of every epoch.
    #[default]
    Epoch,
    /// After every so many steps, counted over all epochs, and at the end of every epoch; 0 is taken as 1.
    Steps(u64),
}

/// Saves a checkpoint of the training, and resumes from it when `fit` begins. Keras's `BackupAndRestore`.
///
/// The program is the same at every start: if the file exists, `fit` goes on where it was saved, else it begins with the first epoch. A
/// training that was killed at any time and resumed gives the same bits as one that was not. At the end of the
/// training the file is deleted.
///
/// The file is replaced as a whole, so that a process which is killed while it saves leaves the last checkpoint
/// ([`file::save`](crate::file::save)). See [`Trainer::save_checkpoint`] for what is in it.
///
/// A process that is killed after the end of `fit`, before the program has saved the model, has neither. Where that matters, write
/// [`delete_checkpoint(false)`](Self::delete_checkpoint), and remove the file when the model is saved: from the checkpoint of a training that
/// has ended, `fit` returns at once with its weights.
///
/// ```ignore
/// let backup = BackupAndRestore::new("training.checkpoint");
/// let options = FitOptions::new().epochs(100).callback(backup);
/// trainer.fit((&inputs, &targets), options)?;
/// ```
///
/// # Errors
/// `fit` ends with [`File`](Error::File) if the checkpoint cannot be written, before the first step where that is known, unless [`on_error`](Self::on_error) says otherwise, and if
/// it cannot be read; with [`CheckpointFile`](Error::CheckpointFile) if it is of another model.
pub struct BackupAndRestore<'f> {
    path: PathBuf,
    save_freq: SaveFrequency,
    delete_checkpoint: bool,
    on_error: Option<Box<OnError<'f>>>,
    /// Whether it has saved the step at which the training was interrupted.
    saved_interrupted: bool,
}

type OnError<'f> = dyn FnMut(Error) -> ControlFlow<Error> + 'f;

impl<'f> BackupAndRestore<'f> {
    /// Saves to this file at the end of every epoch, and deletes it at the end of the training.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        BackupAndRestore {
            path: path.into(),
            save_freq: SaveFrequency::Epoch,
            delete_checkpoint: true,
            on_error: None,
            saved_interrupted: false,
        }
    }

    /// How often it saves. Saving takes as long as writing weights, optimizer state and the order of the samples to the disk.
    #[must_use]
    pub fn save_freq(mut self, save_freq: SaveFrequency) -> Self {
        self.save_freq = save_freq;
        self
    }

    /// Whether the file is deleted at the end of a training that was ended neither by an error nor by Ctrl-C
    /// ([`Trainer::interrupt`]); `true` by default.
    #[must_use]
    pub fn delete_checkpoint(mut self, delete: bool) -> Self {
        self.delete_checkpoint = delete;
        self
    }

    /// Decides what happens if a checkpoint cannot be written, e.g. because the disk is full: `Continue(())` trains on, with the last checkpoint
    /// that could be written, and `Break(error)` ends the `fit` with an error, as without this closure.
    #[must_use]
    pub fn on_error(mut self, decide: impl FnMut(Error) -> ControlFlow<Error> + 'f) -> Self {
        self.on_error = Some(Box::new(decide));
        self
    }

    /// Decides about an error.
    fn decide(&mut self, saved: Result<(), Error>) -> Result<(), Error> {
        match (saved, &mut self.on_error) {
            (Err(error), Some(decide)) => match decide(error) {
                ControlFlow::Continue(()) => Ok(()),
                ControlFlow::Break(error) => Err(error),
            },
            (saved, _) => saved,
        }
    }
}

impl fmt::Debug for BackupAndRestore<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackupAndRestore")
            .field("path", &self.path)
            .field("save_freq", &self.save_freq)
            .field("delete_checkpoint", &self.delete_checkpoint)
            .finish_non_exhaustive()
    }
}

impl<M: Trainable> Callback<M> for BackupAndRestore<'_> {
    fn on_train_begin(&mut self, trainer: &mut Trainer<'_, M>) -> Result<(), Error> {
        self.saved_interrupted = false;
        match trainer.load_checkpoint(&self.path) {
            Err(Error::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
            loaded => return loaded,
        }
        // An epoch may take a day: what is wrong with the path is reported now.
        let checked = replace::check(&self.path);
        self.decide(checked.map_err(|source| Error::File { path: self.path.clone(), source }))
    }

    fn on_checkpoint(
        &mut self,
        trainer: &mut Trainer<'_, M>,
        moment: Moment,
        others: &CallbackStates<'_, '_, M>,
    ) -> Result<(), Error> {
        let interrupted = trainer.is_interrupted();
        let due = match (moment, self.save_freq) {
            // The epoch has not ended, if it was interrupted before its last step.
            (Moment::Epoch { .. }, _) => !self.saved_interrupted,
            (Moment::Step { .. }, _) if interrupted => {
                self.saved_interrupted = true;
                true
            }
            (Moment::Step { .. }, SaveFrequency::Epoch) => false,
            (Moment::Step { .. }, SaveFrequency::Steps(steps)) => {
                trainer.steps().is_multiple_of(steps.max(1))
            }
        };
        if !due {
            return Ok(());
        }
        let saved = trainer.save_checkpoint_with(&self.path, others);
        self.decide(saved)
    }

    fn on_train_end(&mut self, trainer: &mut Trainer<'_, M>) -> Result<(), Error> {
        if !self.delete_checkpoint || trainer.is_interrupted() {
            return Ok(());
        }
        match std::fs::remove_file(&self.path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(Error::File { path: self.path.clone(), source })
            }
            _ => Ok(()),
        }
    }
}
