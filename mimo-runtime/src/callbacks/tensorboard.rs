//! Event files for TensorBoard.

mod event;
mod graph;
mod record;
#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::callback::{BatchLogs, Callback, FitPlan};
use crate::data::spec;
use crate::error::Error;
use crate::history::EpochLogs;
use crate::kernels::Element;
use crate::model::Trainable;
use crate::trainer::Trainer;
use event::{Event, Summary};

/// Writes event files that TensorBoard shows (`tensorboard --logdir logs`): values of epochs and steps, distributions of weights, and the
/// graph of layers.
///
/// As Keras does, it writes to two folders, `train` and `validation`, so that both lines of a value are in one chart: `epoch_loss`,
/// `epoch_risk_auc`, `epoch_learning_rate`, …; after steps `batch_loss`, … Feature `tensorboard`.
///
/// ```ignore
/// options.callback(TensorBoard::new("logs/run-1").histogram_freq(1))
/// ```
///
/// Keras: [`TensorBoard`](https://keras.io/api/callbacks/tensorboard/)
#[derive(Debug)]
pub struct TensorBoard {
    folder: PathBuf,
    histogram_freq: usize,
    write_graph: bool,
    batches: usize,
    train: Option<Writer>,
    validation: Option<Writer>,
    validated: bool,
}

impl TensorBoard {
    /// Writes to a folder, which is created: each training adds files of its own. A folder per training keeps them apart.
    pub fn new(folder: impl AsRef<Path>) -> Self {
        TensorBoard {
            folder: folder.as_ref().into(),
            histogram_freq: 0,
            write_graph: true,
            batches: 0,
            train: None,
            validation: None,
            validated: false,
        }
    }

    /// Writes distributions of all weights after every so many epochs; 0, the default, writes none.
    #[must_use]
    pub fn histogram_freq(mut self, epochs: usize) -> Self {
        self.histogram_freq = epochs;
        self
    }

    /// Whether the graph of the layers is written; it is by default.
    #[must_use]
    pub fn write_graph(mut self, write: bool) -> Self {
        self.write_graph = write;
        self
    }

    /// Also writes values after every so many steps, as means of the epoch so far; 0, the default, writes none.
    #[must_use]
    pub fn update_freq(mut self, batches: usize) -> Self {
        self.batches = batches;
        self
    }
}

impl<M: Trainable> Callback<M> for TensorBoard {
    fn prepare(&mut self, plan: &mut FitPlan<'_>) -> Result<(), Error> {
        self.validated = plan.validation_samples > 0;
        Ok(())
    }

    fn on_train_begin(&mut self, _: &mut Trainer<'_, M>) -> Result<(), Error> {
        let mut train = Writer::create(&self.folder.join("train"))?;
        if self.write_graph {
            train.write(&Event::Graph(graph::encode(spec::<M>().layers)), 0)?;
        }
        self.train = Some(train);
        self.validation =
            if self.validated { Some(Writer::create(&self.folder.join("validation"))?) } else { None };
        Ok(())
    }

    fn on_train_batch_end(
        &mut self,
        trainer: &mut Trainer<'_, M>,
        logs: &BatchLogs<'_, M>,
    ) -> Result<ControlFlow<()>, Error> {
        if let Some(train) = &mut self.train
            && self.batches > 0
            && trainer.steps().is_multiple_of(self.batches as u64)
        {
            let values = logs.pairs().into_iter().chain([("learning_rate", logs.learning_rate)]);
            let summaries =
                values.map(|(key, value)| Summary::Scalar(format!("batch_{key}"), value as f32)).collect();
            train.write(&Event::Summaries(summaries), trainer.steps())?;
        }
        Ok(ControlFlow::Continue(()))
    }

    fn on_epoch_end(
        &mut self,
        trainer: &mut Trainer<'_, M>,
        logs: &EpochLogs<M>,
    ) -> Result<ControlFlow<()>, Error> {
        let epoch = logs.epoch as u64;
        let (mut train, mut validation) = (vec![], vec![]);
        for (validated, key, value) in logs.values() {
            let to = if validated { &mut validation } else { &mut train };
            to.push(Summary::Scalar(format!("epoch_{key}"), value as f32));
        }
        train.push(Summary::Scalar("epoch_learning_rate".into(), logs.learning_rate as f32));
        if self.histogram_freq > 0 && epoch.is_multiple_of(self.histogram_freq as u64) {
            for (weight, values) in spec::<M>().weights.iter().zip(trainer.weights()) {
                let values: Vec<f64> = values.iter().map(|value| value.f64()).collect();
                train.push(Summary::histogram(weight.name, &values));
            }
        }
        for (writer, summaries) in [(&mut self.train, train), (&mut self.validation, validation)] {
            if let (Some(writer), false) = (writer, summaries.is_empty()) {
                writer.write(&Event::Summaries(summaries), epoch)?;
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn on_train_end(&mut self, _: &mut Trainer<'_, M>) -> Result<(), Error> {
        (self.train, self.validation) = (None, None);
        Ok(())
    }
}

/// An event file that is being written.
#[derive(Debug)]
struct Writer {
    path: PathBuf,
    file: File,
}

impl Writer {
    /// A new file in a folder, which is created, too.
    fn create(folder: &Path) -> Result<Self, Error> {
        let failed = |path: &Path, source| Error::File { path: path.into(), source };
        fs::create_dir_all(folder).map_err(|source| failed(folder, source))?;
        let (process, mut attempt) = (std::process::id(), 0);
        let (path, file) = loop {
            // TensorBoard reads files with `tfevents` in their names, in the order of the seconds.
            let seconds = now() as u64;
            let path = folder.join(format!("events.out.tfevents.{seconds:010}.mimo.{process}.{attempt}.v2"));
            match File::create_new(&path) {
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && attempt < 1000 => {
                    attempt += 1
                }
                created => break (path.clone(), created.map_err(|source| failed(&path, source))?),
            }
        };
        let mut writer = Writer { path, file };
        writer.write(&Event::Version, 0)?;
        Ok(writer)
    }

    /// Writes an event as a whole.
    fn write(&mut self, event: &Event, step: u64) -> Result<(), Error> {
        let record = record::encode(&event.encode(now(), step));
        self.file.write_all(&record).map_err(|source| Error::File { path: self.path.clone(), source })
    }
}

/// Seconds since 1970; 0 on a machine whose clock is before that.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64())
}
