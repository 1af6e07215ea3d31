//! Checkpoints of training: everything that its next steps depend on.

use std::path::Path;
use std::sync::Arc;

use super::{Trainer, TrainerOptions, check_loss_weight};
use crate::callback::state;
use crate::callback::{CallbackState, CallbackStates};
use crate::data::spec;
use crate::engine::Totals;
use crate::error::Error;
use crate::file;
use crate::file::checkpoint::{MOST, Transfer, name};
use crate::model::{Model, Trainable};

/// Position of a `fit`.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// Epoch, from 0.
    pub epoch: usize,
    /// Number of steps made in the epoch.
    pub steps: usize,
    pub batch_size: usize,
    /// Order of the samples in the epoch; before its first step, that of the previous epoch.
    pub order: Arc<Vec<usize>>,
    /// First step of the epoch after which a loss or weight was not finite.
    pub not_finite: Option<usize>,
    /// Whether a callback has stopped the training: the epoch has no more steps.
    pub stopped: bool,
    /// Sums of the values measured in the epoch so far.
    pub totals: Totals,
    /// Values measured in the previous epochs, from [`EpochLogs::to_numbers`](crate::history::EpochLogs).
    pub history: Vec<f64>,
}

/// The `fit` in which a checkpoint was saved.
#[derive(Debug)]
pub(super) struct Interrupted {
    pub place: Place,
    pub callbacks: Vec<(usize, CallbackState)>,
}

/// The `fit` of a trainer.
#[derive(Debug)]
pub(super) enum Fit {
    /// There is none.
    None,
    Running(Place),
    /// Resumed by the next one.
    Loaded(Box<Interrupted>),
}

impl<'m, M: Trainable> Trainer<'m, M> {
    /// Saves everything that the next steps depend on to a file, which is created or replaced as by [`file::save`].
    ///
    /// These are the weights with their moving statistics, the optimizers' slots, averages, iterations and learning
    /// rates, the frozen weights, the loss weights, the state of all random numbers (shuffling, dropout, noise), the
    /// states of `stateful` layers, and in a `fit` its position: epoch, step, the order of the samples, the values
    /// measured so far and the history. So training resumed from a checkpoint is bit-identical to uninterrupted
    /// training. Data, options, custom losses and the state of closures belong to the program and are not included.
    ///
    /// The file is a safetensors file with the weights by their names, which [`load_weights`](crate::file::load) reads too; the names of
    /// everything else begin with `@`.
    ///
    /// # Errors
    /// [`File`](Error::File) if the file cannot be written, and then the path is unchanged; [`Memory`](Error::Memory). Training can continue.
    pub fn save_checkpoint(&mut self, path: impl AsRef<Path>) -> Result<(), Error> {
        self.save_states(path.as_ref(), vec![])
    }

    /// Same as [`save_checkpoint`](Self::save_checkpoint), with the states of the other callbacks of a `fit`, from
    /// [`on_checkpoint`](crate::callback::Callback::on_checkpoint).
    ///
    /// # Errors
    /// Those of [`save_checkpoint`](Self::save_checkpoint).
    pub fn save_checkpoint_with(
        &mut self,
        path: impl AsRef<Path>,
        others: &CallbackStates<'_, '_, M>,
    ) -> Result<(), Error> {
        self.save_states(path.as_ref(), others.states())
    }

    /// Returns a checkpoint as bytes, for [`restore`](Self::restore).
    ///
    /// # Errors
    /// [`Memory`](Error::Memory).
    pub fn checkpoint(&mut self) -> Result<Vec<u8>, Error> {
        self.checkpoint_with(vec![])
    }

    /// Loads a checkpoint of the same model. If it was saved in a `fit`, the next `fit` resumes it, regardless of its
    /// [`initial_epoch`](super::FitOptions::initial_epoch), with the same data and options.
    ///
    /// # Errors
    /// The trainer is unchanged after an error: [`File`](Error::File) if the file cannot be read,
    /// [`CheckpointFile`](Error::CheckpointFile) with all differences if it does not fit the model and its optimizers.
    pub fn load_checkpoint(&mut self, path: impl AsRef<Path>) -> Result<(), Error> {
        self.load_from(Ok(path.as_ref()))
    }

    /// Same as [`load_checkpoint`](Self::load_checkpoint), from the bytes of a file.
    ///
    /// # Errors
    /// The trainer is unchanged after an error: [`CheckpointFile`](Error::CheckpointFile).
    pub fn restore(&mut self, checkpoint: &[u8]) -> Result<(), Error> {
        self.load_from(Err(checkpoint))
    }

    /// Creates a trainer that resumes from a checkpoint.
    ///
    /// # Errors
    /// Those of [`new`](Self::new) and of [`load_checkpoint`](Self::load_checkpoint).
    pub fn resume(model: &'m mut M, path: impl AsRef<Path>) -> Result<Self, Error> {
        let mut trainer = Self::with_options(model, TrainerOptions::new())?;
        trainer.load_checkpoint(path)?;
        Ok(trainer)
    }

    /// Marks the running `fit` as stopped in order to be resumed later from a checkpoint, and not ended. For
    /// callbacks that stop it: `BackupAndRestore` saves a checkpoint then, and keeps it.
    pub fn interrupt(&mut self) {
        self.interrupted = true;
    }

    /// Whether the running or last `fit` was [interrupted](Self::interrupt).
    pub fn is_interrupted(&self) -> bool {
        self.interrupted
    }

    fn save_states(&mut self, path: &Path, callbacks: Vec<(usize, CallbackState)>) -> Result<(), Error> {
        let bytes = self.checkpoint_with(callbacks)?;
        file::replace::replace(path, &bytes).map_err(|source| Error::File { path: path.into(), source })
    }

    fn checkpoint_with(&mut self, mut callbacks: Vec<(usize, CallbackState)>) -> Result<Vec<u8>, Error> {
        let place = match &self.fit {
            Fit::None => None,
            Fit::Running(place) => Some(place),
            Fit::Loaded(loaded) => {
                callbacks.extend(loaded.callbacks.iter().cloned());
                Some(&loaded.place)
            }
        };
        let mut interrupted = place.map(|place| Interrupted { place: place.clone(), callbacks: vec![] });
        file::to_checkpoint::<M>(|transfer| {
            self.carry(&mut interrupted, transfer)?;
            state::save(callbacks, transfer)
        })
    }

    fn load_from(&mut self, from: Result<&Path, &[u8]>) -> Result<(), Error> {
        let stored = file::read_checkpoint::<M>(from)?;
        let mut interrupted = None;
        file::compare_checkpoint::<M>(&stored, from.ok(), &[&state::prefix()], |transfer| {
            self.carry(&mut interrupted, transfer)
        })?;
        self.carry(&mut interrupted, &mut Transfer::load(&stored))?;
        self.engine.weights_loaded();
        self.ahead = true;
        if !matches!(self.fit, Fit::Running(_)) {
            self.fit = interrupted.map_or(Fit::None, |mut interrupted| {
                interrupted.callbacks = state::load(&stored);
                Fit::Loaded(Box::new(interrupted))
            });
        }
        Ok(())
    }

    /// Saves or loads everything that the next steps depend on.
    fn carry(
        &mut self,
        interrupted: &mut Option<Interrupted>,
        transfer: &mut Transfer<'_>,
    ) -> Result<(), Error> {
        let Trainer {
            engine,
            loss_weights,
            shuffle,
            // Belongs to the program.
            model: _,
            custom: _,
            table: _,
            ahead: _,
            interrupted: _,
            running: _,
            // In `interrupted`.
            fit: _,
            // Reused memory only.
            totals: _,
            columns: _,
            batch: _,
            numbers: _,
        } = self;
        engine.carry(spec::<M>(), transfer)?;
        transfer.numbers(&name(&["random", "shuffle"]), std::slice::from_mut(&mut shuffle.state))?;
        let valid = ("a finite weight for each loss", check_loss_weight::<M>);
        transfer.valid(&name(&["loss_weights"]), loss_weights, valid)?;
        carry_fit(interrupted, transfer)
    }
}

impl<M: Model> Trainer<'_, M> {
    /// Returns the position of the running `fit`.
    pub(super) fn place(&mut self) -> Option<&mut Place> {
        match &mut self.fit {
            Fit::Running(place) => Some(place),
            Fit::None | Fit::Loaded(_) => None,
        }
    }
}

/// Saves or loads the interrupted `fit`, if there is one.
fn carry_fit(interrupted: &mut Option<Interrupted>, transfer: &mut Transfer<'_>) -> Result<(), Error> {
    let [place_name, order_name, statistics_name, present_name, joint_name, history_name] =
        ["place", "order", "statistics", "present", "joint", "history"].map(|part| name(&["fit", part]));
    let whole = |number: usize| number as u64;
    let mut place = None;
    let (mut order, mut statistics, mut present, mut joint, mut history) = (None, None, None, None, None);
    if let Some(Interrupted { place: at, callbacks: _ }) = interrupted {
        let Place { epoch, steps, batch_size, order: samples, not_finite, stopped, totals, history: epochs } =
            at;
        let Totals { samples: measured, statistics: sums, present: of_outputs, total, joint: joints } =
            totals;
        place = Some(vec![
            whole(*epoch),
            whole(*steps),
            whole(*batch_size),
            not_finite.map_or(0, |step| whole(step) + 1),
            u64::from(*stopped),
            whole(*measured),
            total.to_bits(),
        ]);
        order = Some(samples.iter().copied().map(whole).collect());
        statistics = Some(std::mem::take(sums));
        present = Some(std::mem::take(of_outputs));
        joint = Some(std::mem::take(joints));
        history = Some(std::mem::take(epochs));
    }
    transfer.optional::<u64>(&place_name, &mut place)?;
    transfer.optional::<u64>(&order_name, &mut order)?;
    transfer.optional::<f64>(&statistics_name, &mut statistics)?;
    transfer.optional::<f64>(&present_name, &mut present)?;
    transfer.optional::<f64>(&joint_name, &mut joint)?;
    transfer.optional::<f64>(&history_name, &mut history)?;
    transfer.expect::<u64>(&place_name, "the place of a `fit`", |place| {
        place.len() == 7 && place.iter().take(6).all(|number| *number < MOST)
    });
    transfer.expect::<u64>(&order_name, "an order of samples", |order| {
        let mut sorted = order.to_vec();
        sorted.sort_unstable();
        sorted.iter().zip(0..).all(|(sample, index)| *sample == index)
    });
    let found = (place.as_deref(), order, statistics, present, joint);
    *interrupted = match found {
        (
            Some(&[epoch, steps, batch_size, not_finite, stopped, samples, total]),
            Some(order),
            Some(statistics),
            Some(present),
            Some(joint),
        ) => {
            let whole = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
            let order = Arc::new(order.into_iter().map(whole).collect());
            let not_finite = not_finite.checked_sub(1).map(whole);
            let [epoch, steps, batch_size] = [epoch, steps, batch_size].map(whole);
            let total = f64::from_bits(total);
            // In a file without a history it is empty.
            let history = history.unwrap_or_default();
            let totals = Totals { samples: whole(samples), statistics, present, total, joint };
            let stopped = stopped != 0;
            let place = Place { epoch, steps, batch_size, order, not_finite, stopped, totals, history };
            Some(Interrupted { place, callbacks: vec![] })
        }
        _ => None,
    };
    Ok(())
}
