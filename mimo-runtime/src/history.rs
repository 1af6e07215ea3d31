//! Measurements of a training run, epoch by epoch: typed, and by Keras's keys.

pub(crate) mod csv;
#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::logs::LogTable;
use crate::model::Trainable;
use crate::progress::format;
use crate::warning::Warning;

/// Measurements of an evaluation: the model's logs by name (`evaluation.risk.auc`), and the same by Keras's keys.
pub struct Evaluation<M: Trainable> {
    /// The total loss, and losses and metrics by output. Losses are not weighted; the total is, and
    /// includes regularisation.
    pub logs: M::Logs,
    values: Vec<f64>,
    table: Arc<LogTable>,
}

/// Measurements of an epoch.
pub struct EpochLogs<M: Trainable> {
    /// The epoch, from 0.
    pub epoch: usize,
    /// Means over the epoch *while* it changed the weights, as in Keras.
    pub train: M::Logs,
    /// Measurements of the validation after the epoch, if there was one.
    pub validation: Option<M::Logs>,
    /// Duration of the epoch and its validation, in seconds.
    pub seconds: f64,
    /// Learning rate of the last step of the epoch; with several optimizers, that of the first.
    pub learning_rate: f64,
    /// The first step of the epoch, from 0, after which the total loss was NaN or infinite; the last step, if only
    /// the weights are after the epoch.
    pub not_finite: Option<usize>,
    values: Vec<f64>,
    validation_values: Option<Vec<f64>>,
    table: Arc<LogTable>,
}

/// The options of a [`fit`](crate::trainer::Trainer::fit), and the sizes of its data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FitSettings {
    /// Number of the last requested epoch, from 1; callbacks may have ended the training earlier.
    pub epochs: usize,
    /// The first epoch, from 0.
    pub initial_epoch: usize,
    /// Samples per step.
    pub batch_size: usize,
    /// Steps per epoch.
    pub steps: usize,
    /// Whether every epoch used the samples in a new random order.
    pub shuffle: bool,
    /// Number of training samples.
    pub samples: usize,
    /// Number of validation samples; 0 without a validation.
    pub validation_samples: usize,
    /// Samples per batch of validation.
    pub validation_batch_size: usize,
    /// The validation ran after every so many epochs.
    pub validation_freq: usize,
    /// The types of the callbacks, in order, as formatted by [`std::any::type_name`].
    pub callbacks: Vec<&'static str>,
}

/// Measurements of a training run.
pub struct History<M: Trainable> {
    epochs: Vec<EpochLogs<M>>,
    pub(crate) settings: FitSettings,
    pub(crate) warnings: Vec<Warning>,
    table: Arc<LogTable>,
}

impl<M: Trainable> Evaluation<M> {
    pub(crate) fn new(values: Vec<f64>, table: &Arc<LogTable>) -> Self {
        Evaluation { logs: logs::<M>(&values), values, table: Arc::clone(table) }
    }

    /// The values by Keras's keys, in declared order: `("loss", …)`, `("risk_loss", …)`, `("risk_auc", …)`.
    pub fn pairs(&self) -> Vec<(&str, f64)> {
        self.table.keys().map(|(key, place)| (key, self.values[place])).collect()
    }

    /// The value of a Keras key: `evaluation.get("risk_auc")`.
    pub fn get(&self, key: &str) -> Option<f64> {
        Some(self.values[self.table.place(key)?])
    }
}

impl<M: Trainable> Deref for Evaluation<M> {
    type Target = M::Logs;

    fn deref(&self) -> &M::Logs {
        &self.logs
    }
}

/// As Keras's bar shows it: `loss: 0.1234 - risk_auc: 0.9876`.
impl<M: Trainable> fmt::Display for Evaluation<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(format::values(self.pairs()).trim_start_matches(" - "))
    }
}

impl<M: Trainable> EpochLogs<M> {
    pub(crate) fn new(
        epoch: usize,
        train: Vec<f64>,
        validation: Option<Evaluation<M>>,
        table: &Arc<LogTable>,
    ) -> Self {
        let (validation, validation_values) = match validation {
            Some(Evaluation { logs, values, .. }) => (Some(logs), Some(values)),
            None => (None, None),
        };
        EpochLogs {
            epoch,
            train: logs::<M>(&train),
            validation,
            seconds: 0.0,
            learning_rate: 0.0,
            not_finite: None,
            values: train,
            validation_values,
            table: Arc::clone(table),
        }
    }

    /// The measurements as numbers, for a checkpoint.
    pub(crate) fn to_numbers(&self) -> Vec<f64> {
        let EpochLogs { epoch, seconds, learning_rate, not_finite, values, validation_values, .. } = self;
        let not_finite = not_finite.map_or(0.0, |step| step as f64 + 1.0);
        let validated = f64::from(u8::from(validation_values.is_some()));
        let mut numbers = vec![*epoch as f64, *seconds, *learning_rate, not_finite, validated];
        numbers.extend_from_slice(values);
        match validation_values {
            Some(values) => numbers.extend_from_slice(values),
            None => numbers.resize(numbers.len() + values.len(), 0.0),
        }
        numbers
    }

    /// The epochs from [`to_numbers`](Self::to_numbers), one after another; empty if they have other values.
    pub(crate) fn from_numbers(numbers: &[f64], table: &Arc<LogTable>) -> Vec<Self> {
        let values = table.len();
        let epochs = numbers.chunks_exact(5 + 2 * values);
        if !epochs.remainder().is_empty() {
            return vec![];
        }
        let epoch = |numbers: &[f64]| {
            let (&[epoch, seconds, learning_rate, not_finite, validated], measured) =
                numbers.split_first_chunk()?;
            let (train, validation) = measured.split_at_checked(values)?;
            let validation = (validated != 0.0).then(|| Evaluation::new(validation.to_vec(), table));
            let mut logs = EpochLogs::new(epoch as usize, train.to_vec(), validation, table);
            (logs.seconds, logs.learning_rate) = (seconds, learning_rate);
            logs.not_finite = (not_finite as usize).checked_sub(1);
            Some(logs)
        };
        epochs.filter_map(epoch).collect()
    }

    /// The value of a Keras key: `logs.get("val_risk_auc")`.
    ///
    /// `None` for an unknown key, or if the epoch was not validated. If an output is named `val_…` and a key could
    /// mean two values, it is that of the validation.
    pub fn get(&self, key: &str) -> Option<f64> {
        let (validation, place) = self.table.resolve(key)?;
        let values = if validation { self.validation_values.as_ref()? } else { &self.values };
        Some(values[place])
    }

    /// Whether a value belongs to the validation, its key without `val_`, and the value.
    #[cfg(feature = "tensorboard")]
    pub(crate) fn values(&self) -> impl Iterator<Item = (bool, &str, f64)> {
        let of = |validated, values: &[f64]| {
            let keys = self.table.keys();
            keys.map(|(key, place)| (validated, key, values[place])).collect::<Vec<_>>()
        };
        let validation = self.validation_values.as_ref().map(|values| of(true, values));
        of(false, &self.values).into_iter().chain(validation.into_iter().flatten())
    }

    /// The values by Keras's keys, in declared order, those of the validation last.
    pub fn pairs(&self) -> Vec<(String, f64)> {
        let train = self.table.keys().map(|(key, place)| (key.to_owned(), self.values[place]));
        let validation = self
            .validation_values
            .iter()
            .flat_map(|values| self.table.keys().map(|(key, place)| (format!("val_{key}"), values[place])));
        train.chain(validation).collect()
    }

    /// Whether larger values of a key are better: known from the metric, independent of the output's name.
    pub fn higher_is_better(&self, key: &str) -> Option<bool> {
        self.table.higher_is_better(key)
    }
}

impl<M: Trainable> History<M> {
    pub(crate) fn new(table: &Arc<LogTable>) -> Self {
        History {
            epochs: Vec::new(),
            settings: FitSettings::default(),
            warnings: Vec::new(),
            table: Arc::clone(table),
        }
    }

    pub(crate) fn push(&mut self, epoch: EpochLogs<M>) {
        self.epochs.push(epoch);
    }

    /// The options of the `fit` that returned this history.
    pub fn settings(&self) -> &FitSettings {
        &self.settings
    }

    /// The epochs, in order.
    pub fn epochs(&self) -> &[EpochLogs<M>] {
        &self.epochs
    }

    /// Warnings of the trainer so far; see [`Trainer::warnings`](crate::trainer::Trainer::warnings).
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The last epoch; `None` if there was none.
    pub fn last(&self) -> Option<&EpochLogs<M>> {
        self.epochs.last()
    }

    /// The epoch with the best value of a key, the first of several: the largest value of a metric that is better
    /// when larger, else the smallest. NaN is never best.
    pub fn best(&self, key: &str) -> Option<&EpochLogs<M>> {
        let higher_is_better = self.table.higher_is_better(key)?;
        let mut best: Option<(&EpochLogs<M>, f64)> = None;
        for epoch in &self.epochs {
            let Some(value) = epoch.get(key).filter(|value| !value.is_nan()) else { continue };
            let better =
                best.is_none_or(|(_, best)| if higher_is_better { value > best } else { value < best });
            if better {
                best = Some((epoch, value));
            }
        }
        best.map(|(epoch, _)| epoch)
    }

    /// Keras's keys in declared order, those of the validation last.
    pub fn keys(&self) -> Vec<String> {
        let mut keys: Vec<String> = self.table.keys().map(|(key, _)| key.to_owned()).collect();
        if self.epochs.iter().any(|epoch| epoch.validation.is_some()) {
            keys.extend(self.table.keys().map(|(key, _)| format!("val_{key}")));
        }
        keys
    }

    /// The values of a Keras key, epoch by epoch: `history.get("val_risk_auc")`. Epochs that were not validated
    /// have no value of a `val_` key, so the list can be shorter than the epochs.
    ///
    /// `None` for an unknown key.
    pub fn get(&self, key: &str) -> Option<Vec<f64>> {
        let (validation, _) = self.table.resolve(key)?;
        if validation && self.epochs.iter().all(|epoch| epoch.validation.is_none()) {
            return None;
        }
        Some(self.epochs.iter().filter_map(|epoch| epoch.get(key)).collect())
    }

    /// Whether a key belongs to the validation.
    #[cfg(feature = "plot")]
    pub(crate) fn is_validation(&self, key: &str) -> bool {
        self.table.resolve(key).is_some_and(|(validation, _)| validation)
    }

    /// CSV text: a header `epoch,loss,…,val_loss,…` in declared order and one line per epoch. Missing values are
    /// `NA`, as in Keras; numbers are read back as the same `f64`.
    pub fn to_csv(&self) -> String {
        let keys = self.keys();
        let mut text = csv::header(&keys, ',');
        text.push('\n');
        for epoch in &self.epochs {
            text.push_str(&csv::line(epoch, &keys, ','));
            text.push('\n');
        }
        text
    }
}

/// Formats a small table: a line of keys, then one line per epoch.
impl<M: Trainable> fmt::Display for History<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.keys();
        write!(f, "{:>5}", "epoch")?;
        for key in &keys {
            write!(f, "  {key:>10}")?;
        }
        for epoch in &self.epochs {
            // Counted from 1, as the progress does.
            write!(f, "\n{:>5}", epoch.epoch + 1)?;
            for key in &keys {
                let value = epoch.get(key).map_or_else(|| "-".into(), format::value);
                write!(f, "  {value:>width$}", width = key.chars().count().max(10))?;
            }
        }
        Ok(())
    }
}

/// The typed logs of values in declared order.
pub(crate) fn logs<M: Trainable>(values: &[f64]) -> M::Logs {
    use crate::model::Logs;
    M::Logs::from_values(&mut values.iter().copied())
}

// Written out, because derived impls would require `Clone` and `Debug` of the model instead of its logs.
impl<M: Trainable> Clone for Evaluation<M> {
    fn clone(&self) -> Self {
        Evaluation { logs: self.logs.clone(), values: self.values.clone(), table: Arc::clone(&self.table) }
    }
}

impl<M: Trainable> fmt::Debug for Evaluation<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Evaluation").field("logs", &self.logs).finish_non_exhaustive()
    }
}

impl<M: Trainable> Clone for EpochLogs<M> {
    fn clone(&self) -> Self {
        EpochLogs {
            epoch: self.epoch,
            train: self.train.clone(),
            validation: self.validation.clone(),
            seconds: self.seconds,
            learning_rate: self.learning_rate,
            not_finite: self.not_finite,
            values: self.values.clone(),
            validation_values: self.validation_values.clone(),
            table: Arc::clone(&self.table),
        }
    }
}

impl<M: Trainable> fmt::Debug for EpochLogs<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EpochLogs")
            .field("epoch", &self.epoch)
            .field("train", &self.train)
            .field("validation", &self.validation)
            .field("seconds", &self.seconds)
            .finish_non_exhaustive()
    }
}

impl<M: Trainable> Clone for History<M> {
    fn clone(&self) -> Self {
        History {
            epochs: self.epochs.clone(),
            settings: self.settings.clone(),
            warnings: self.warnings.clone(),
            table: Arc::clone(&self.table),
        }
    }
}

impl<M: Trainable> fmt::Debug for History<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("History").field("epochs", &self.epochs).finish_non_exhaustive()
    }
}
