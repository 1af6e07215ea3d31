//! Options of `fit`.

use std::ops::ControlFlow;

use super::Trainer;
use crate::callback::{Callback, EpochEnd, OnEpochEnd};
use crate::data::{Dataset, IntoDataset};
use crate::error::Error;
use crate::history::EpochLogs;
use crate::model::Trainable;
use crate::progress::Verbose;

/// Options of [`Trainer::fit`], with Keras's names and defaults.
pub struct FitOptions<'a, M: Trainable> {
    pub(super) epochs: usize,
    pub(super) initial_epoch: usize,
    pub(super) batch_size: usize,
    pub(super) shuffle: bool,
    pub(super) validation_split: f64,
    /// An error in the data is kept for `fit`, so that building options needs no `?`.
    pub(super) validation_data: Option<Result<Box<dyn Dataset<M> + 'a>, Error>>,
    pub(super) validation_batch_size: Option<usize>,
    pub(super) validation_freq: usize,
    pub(super) verbose: Verbose,
    pub(super) callbacks: Vec<Box<dyn Callback<M> + 'a>>,
    /// Type names of the callbacks.
    pub(super) names: Vec<&'static str>,
}

impl<'a, M: Trainable> FitOptions<'a, M> {
    /// Creates the default options: one epoch in shuffled batches of 32, no validation, progress on a terminal.
    pub fn new() -> Self {
        FitOptions {
            epochs: 1,
            initial_epoch: 0,
            batch_size: 32,
            shuffle: true,
            validation_split: 0.0,
            validation_data: None,
            validation_batch_size: None,
            validation_freq: 1,
            verbose: Verbose::Auto,
            callbacks: Vec::new(),
            names: Vec::new(),
        }
    }

    /// Sets the number of the last epoch, from 1: with an [`initial_epoch`](Self::initial_epoch) that many fewer are
    /// run.
    #[must_use]
    pub fn epochs(mut self, epochs: usize) -> Self {
        self.epochs = epochs;
        self
    }

    /// Sets the first epoch, from 0, for training in several parts. A loaded checkpoint takes precedence.
    #[must_use]
    pub fn initial_epoch(mut self, epoch: usize) -> Self {
        self.initial_epoch = epoch;
        self
    }

    /// Sets the number of samples per step. The last step of an epoch has the remainder.
    #[must_use]
    pub fn batch_size(mut self, samples: usize) -> Self {
        self.batch_size = samples;
        self
    }

    /// Sets whether every epoch visits the samples in a new random order.
    #[must_use]
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.shuffle = shuffle;
        self
    }

    /// Validates with this fraction of the samples, the last ones before shuffling, and does not train with them: of
    /// `n` samples, those from `⌊n · (1 − fraction)⌋`. [`validation_data`](Self::validation_data) takes precedence.
    #[must_use]
    pub fn validation_split(mut self, fraction: f64) -> Self {
        self.validation_split = fraction;
        self
    }

    /// Validates with other data. See [`IntoDataset`] for the accepted types.
    #[must_use]
    pub fn validation_data(mut self, data: impl IntoDataset<'a, M>) -> Self {
        self.validation_data = Some(data.into_dataset());
        self
    }

    /// Sets the number of samples per validation batch; by default that of training.
    #[must_use]
    pub fn validation_batch_size(mut self, samples: usize) -> Self {
        self.validation_batch_size = Some(samples);
        self
    }

    /// Validates after every `n` epochs, counted from 1; 0 means 1.
    #[must_use]
    pub fn validation_freq(mut self, epochs: usize) -> Self {
        self.validation_freq = epochs.max(1);
        self
    }

    /// Sets the output while `fit` runs.
    #[must_use]
    pub fn verbose(mut self, verbose: Verbose) -> Self {
        self.verbose = verbose;
        self
    }

    /// Adds a callback, from [`callbacks`](crate::callbacks) or a custom one; they run in the order in which they
    /// were added. `&mut callback` is a callback too.
    #[doc(alias = "callbacks")]
    #[must_use]
    pub fn callback(mut self, callback: impl Callback<M> + 'a) -> Self {
        self.names.push(std::any::type_name_of_val(&callback));
        self.callbacks.push(Box::new(callback));
        self
    }

    /// Appends the epochs to a list as they end, so that they are available even if the `fit` ends with an error,
    /// which returns no [`History`](crate::history::History).
    #[must_use]
    pub fn record(self, epochs: &'a mut Vec<EpochLogs<M>>) -> Self {
        self.on_epoch_end(|_, logs| {
            epochs.push(logs.clone());
            ControlFlow::Continue(())
        })
    }

    /// Calls a closure at the end of every epoch; `ControlFlow::Break(())` stops training. The closure may return a
    /// `Result` of that, to use `?`; an error ends the `fit`.
    #[doc(alias = "early_stopping")]
    #[must_use]
    pub fn on_epoch_end<F, R>(self, closure: F) -> Self
    where
        F: FnMut(&mut Trainer<'_, M>, &EpochLogs<M>) -> R + 'a,
        R: EpochEnd,
    {
        self.callback(OnEpochEnd(closure))
    }
}

impl<M: Trainable> Default for FitOptions<'_, M> {
    fn default() -> Self {
        Self::new()
    }
}

impl<M: Trainable> std::fmt::Debug for FitOptions<'_, M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FitOptions")
            .field("epochs", &self.epochs)
            .field("initial_epoch", &self.initial_epoch)
            .field("batch_size", &self.batch_size)
            .field("shuffle", &self.shuffle)
            .field("validation_split", &self.validation_split)
            .field("validation_batch_size", &self.validation_batch_size)
            .field("validation_freq", &self.validation_freq)
            .field("verbose", &self.verbose)
            .field("callbacks", &self.callbacks.len())
            .finish_non_exhaustive()
    }
}
