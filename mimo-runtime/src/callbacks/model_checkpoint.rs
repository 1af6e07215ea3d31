//! Weights in files while a training goes on.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use crate::callback::{BatchLogs, Callback, CallbackState, FitPlan};
use crate::callbacks::monitor::{Monitor, not_nan};
use crate::callbacks::pattern::Pattern;
use crate::callbacks::{CallbackFault, Mode, create_folder_of};
use crate::error::Error;
use crate::file::{self, replace};
use crate::history::EpochLogs;
use crate::model::Trainable;
use crate::trainer::Trainer;

/// Writes the weights to a file after each epoch, after some epochs or steps, or whenever a value is the best so far.
///
/// Files are written by [`file::save`](crate::file::save): each appears as a whole or not at all. The name may have placeholders for
/// `epoch` and, if files are written after steps, `batch`, both counted from 1, and for values by Keras's keys, written as in
/// [`format!`]: `"{epoch:03}-{val_loss:.2}.safetensors"`. Folders are created.
///
/// ```ignore
/// options.callback(ModelCheckpoint::new("best.safetensors").best("val_risk_auc"))
/// ```
///
/// Keras: [`ModelCheckpoint`](https://keras.io/api/callbacks/model_checkpoint/) with `save_weights_only = True`
#[derive(Clone, Debug)]
pub struct ModelCheckpoint {
    path: PathBuf,
    /// What `path` says; known from [`Callback::prepare`] on.
    pattern: Option<Pattern>,
    monitor: Option<Monitor>,
    mode: Mode,
    threshold: Option<f64>,
    frequency: Frequency,
    keep: Option<usize>,
    epoch: usize,
    /// Epochs or steps since the last time that the frequency was reached.
    since: usize,
    written: VecDeque<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Frequency {
    Epochs(usize),
    Batches(usize),
}

const NAME: &str = "ModelCheckpoint";

impl ModelCheckpoint {
    /// Writes to a file, whose name may have placeholders, after each epoch.
    pub fn new(path: impl AsRef<Path>) -> Self {
        ModelCheckpoint {
            path: path.as_ref().into(),
            pattern: None,
            monitor: None,
            mode: Mode::Auto,
            threshold: None,
            frequency: Frequency::Epochs(1),
            keep: None,
            epoch: 0,
            since: 0,
            written: VecDeque::new(),
        }
    }

    /// Writes only if this value is better than it ever was: Keras's `save_best_only`.
    #[must_use]
    #[doc(alias = "save_best_only")]
    pub fn best(mut self, monitor: impl Into<String>) -> Self {
        self.monitor = Some(Monitor::new(monitor));
        self
    }

    /// Whether more or less of the monitored value is better; by default as is known from the metric.
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// A value that the monitored value has to beat before the first file is written.
    #[must_use]
    pub fn initial_value_threshold(mut self, value: f64) -> Self {
        self.threshold = Some(value);
        self
    }

    /// Writes after every so many epochs, at least 1.
    #[must_use]
    pub fn every_epochs(mut self, epochs: usize) -> Self {
        self.frequency = Frequency::Epochs(epochs);
        self
    }

    /// Writes after every so many steps, at least 1, counted through all epochs. Values are then the means of the epoch so far, and those
    /// of a validation are not known.
    #[must_use]
    pub fn every_batches(mut self, batches: usize) -> Self {
        self.frequency = Frequency::Batches(batches);
        self
    }

    /// Keeps the last files of this training, at least 1, and removes earlier ones.
    #[must_use]
    pub fn keep_last(mut self, files: usize) -> Self {
        self.keep = Some(files);
        self
    }

    /// The file that was written last in this training.
    pub fn last(&self) -> Option<&Path> {
        self.written.back().map(PathBuf::as_path)
    }

    /// Whether the frequency is reached at one more epoch or step.
    fn is_due(&mut self, every: usize) -> bool {
        self.since += 1;
        let due = self.since >= every;
        if due {
            self.since = 0;
        }
        due
    }

    /// Writes a file, unless a better one is to be waited for.
    fn write<M: Trainable>(
        &mut self,
        trainer: &mut Trainer<'_, M>,
        batch: Option<usize>,
        value: impl Fn(&str) -> Option<f64>,
    ) -> Result<(), Error> {
        if let Some(monitor) = &mut self.monitor {
            // Without a validation nothing is known to be better.
            let Some(value) = value(&monitor.key) else { return Ok(()) };
            if !monitor.improve(value, 0.0) {
                return Ok(());
            }
        }
        let Some(pattern) = &self.pattern else { return Ok(()) };
        let name = pattern.fill(|name| match name {
            "epoch" => Some(self.epoch as f64 + 1.0),
            "batch" => batch.map(|batch| batch as f64 + 1.0),
            key => value(key),
        });
        let path = PathBuf::from(name);
        create_folder_of(&path)?;
        file::save(trainer.model(), &path)?;
        self.written.retain(|written| *written != path);
        self.written.push_back(path);
        while self.keep.is_some_and(|keep| self.written.len() > keep.max(1)) {
            let Some(old) = self.written.pop_front() else { break };
            match fs::remove_file(&old) {
                Err(source) if source.kind() != io::ErrorKind::NotFound => {
                    return Err(Error::File { path: old, source });
                }
                // Somebody else may have removed it.
                _ => {}
            }
        }
        Ok(())
    }

    /// Makes the folder and checks that a file can be written to it: an epoch may take a day. A folder whose name has placeholders
    /// is not known yet.
    fn check_folder(&self) -> Result<(), Error> {
        let Some(pattern) = &self.pattern else { return Ok(()) };
        let folder = self.path.parent().map(Path::as_os_str).unwrap_or_default();
        if folder.as_encoded_bytes().contains(&b'{') {
            return Ok(());
        }
        let path = PathBuf::from(pattern.fill(|_| None));
        create_folder_of(&path)?;
        replace::check(&path).map_err(|source| Error::File { path, source })
    }

    /// Checks that a number of epochs, steps or files is not 0.
    fn check_counts(&self) -> Result<(), CallbackFault> {
        let (name, every) = match self.frequency {
            Frequency::Epochs(epochs) => ("every_epochs", epochs),
            Frequency::Batches(batches) => ("every_batches", batches),
        };
        for (name, count) in [(name, every), ("keep_last", self.keep.unwrap_or(1))] {
            if count == 0 {
                return Err(CallbackFault::Setting { name, value: "0".into(), valid: "at least 1" });
            }
        }
        Ok(())
    }

    /// Checks that a key is known when files are written.
    fn check_key(&self, key: &str, plan: &FitPlan<'_>) -> Result<(), CallbackFault> {
        plan.check_key(key)?;
        if matches!(self.frequency, Frequency::Batches(_)) && plan.is_validation(key) {
            let valid = "a value of the training where files are written after steps";
            return Err(CallbackFault::Setting { name: "best", value: format!("`{key}`"), valid });
        }
        Ok(())
    }

    fn check(&mut self, plan: &FitPlan<'_>) -> Result<(), CallbackFault> {
        self.check_counts()?;
        let path = self.path.to_str().ok_or_else(|| CallbackFault::Pattern {
            pattern: self.path.to_string_lossy().into(),
            what: "it is not valid UTF-8".into(),
        })?;
        let pattern = Pattern::parse(path)?;
        for name in pattern.names() {
            match (name, self.frequency) {
                ("epoch", _) | ("batch", Frequency::Batches(_)) => {}
                ("batch", Frequency::Epochs(_)) => {
                    let what = "`{batch}` is known only where files are written after steps; add `.every_batches(100)`";
                    return Err(CallbackFault::Pattern { pattern: path.into(), what: what.into() });
                }
                (key, _) => self.check_key(key, plan)?,
            }
        }
        self.pattern = Some(pattern);
        not_nan("initial_value_threshold", self.threshold)?;
        if let Some(mut monitor) = self.monitor.take() {
            let checked = self.check_key(&monitor.key, plan);
            let checked = checked.and_then(|()| monitor.prepare(plan, self.mode));
            self.monitor = Some(monitor);
            checked?;
        }
        Ok(())
    }
}

impl<M: Trainable> Callback<M> for ModelCheckpoint {
    fn prepare(&mut self, plan: &mut FitPlan<'_>) -> Result<(), Error> {
        self.check(plan).map_err(|fault| fault.of(NAME))
    }

    fn on_train_begin(&mut self, _: &mut Trainer<'_, M>) -> Result<(), Error> {
        self.check_folder()?;
        self.since = 0;
        self.written.clear();
        if let Some(monitor) = &mut self.monitor {
            monitor.best = self.threshold;
        }
        Ok(())
    }

    fn on_epoch_begin(&mut self, _: &mut Trainer<'_, M>, epoch: usize) -> Result<(), Error> {
        self.epoch = epoch;
        Ok(())
    }

    fn on_train_batch_end(
        &mut self,
        trainer: &mut Trainer<'_, M>,
        logs: &BatchLogs<'_, M>,
    ) -> Result<ControlFlow<()>, Error> {
        if let Frequency::Batches(every) = self.frequency
            && self.is_due(every)
        {
            self.write(trainer, Some(logs.step), |key| logs.get(key))?;
        }
        Ok(ControlFlow::Continue(()))
    }

    fn on_epoch_end(
        &mut self,
        trainer: &mut Trainer<'_, M>,
        logs: &EpochLogs<M>,
    ) -> Result<ControlFlow<()>, Error> {
        if let Frequency::Epochs(every) = self.frequency
            && self.is_due(every)
        {
            self.write(trainer, None, |key| logs.get(key))?;
        }
        Ok(ControlFlow::Continue(()))
    }

    fn state(&self) -> Option<CallbackState> {
        let mut state = CallbackState::new(NAME)
            .with_number("epoch", self.epoch as f64)
            .with_number("since", self.since as f64)
            .with_number("best", self.monitor.as_ref().and_then(|monitor| monitor.best));
        for (place, path) in self.written.iter().filter_map(|path| path.to_str()).enumerate() {
            state = state.with_text(&format!("written/{place}"), path);
        }
        Some(state)
    }

    fn restore_state(&mut self, state: &CallbackState) -> Result<(), Error> {
        (self.epoch, self.since) = (state.count("epoch"), state.count("since"));
        if let Some(monitor) = &mut self.monitor {
            monitor.best = state.number("best");
        }
        let written = (0..).map_while(|place: usize| state.text(&format!("written/{place}")));
        self.written = written.map(PathBuf::from).collect();
        Ok(())
    }
}
