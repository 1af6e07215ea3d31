//! Epochs.

use super::{FitOptions, Trainer, check_batches, numbers};
use crate::batch::BatchRows;
use crate::data::{Dataset, IntoDataset, trust, weighting};
use crate::engine::Source;
use crate::error::Error;
use crate::history::{EpochLogs, History};
use crate::model::Trainable;
use crate::progress::Progress;

impl<M: Trainable> Trainer<'_, M> {
    /// Trains for a number of epochs, as Keras's `fit`.
    ///
    /// The values of an epoch are means over its samples while the weights change. (For the losses of outputs, not
    /// for the total, Keras on TensorFlow takes the mean of the batches' means: its numbers differ from these if the
    /// last batch is smaller.) A total loss or a weight that becomes
    /// NaN or infinite does not stop the training, but the progress and
    /// the [`EpochLogs`] say since which step.
    ///
    /// # Errors
    /// Those of [`ArrayDataset::new`](crate::data::ArrayDataset::new), of the data set, of its
    /// [checks](Dataset#what-is-checked) and of callbacks, [`NoData`](Error::NoData),
    /// [`NoValidationData`](Error::NoValidationData), [`BatchSize`](Error::BatchSize),
    /// [`ValidationSplit`](Error::ValidationSplit), [`StatefulRows`](Error::StatefulRows),
    /// [`StatefulShuffle`](Error::StatefulShuffle), [`NoCustomLoss`](Error::NoCustomLoss), [`Memory`](Error::Memory). Options
    /// and arrays are checked before the first step. The weights are those after the last step that went well.
    pub fn fit<'d>(
        &mut self,
        data: impl IntoDataset<'d, M>,
        options: FitOptions<'_, M>,
    ) -> Result<History<M>, Error> {
        let data = data.into_dataset()?;
        self.fit_dataset(&*data, options)
    }

    /// The same as [`fit`](Self::fit), with options that a closure sets. The trainer knows the model, so the closures in
    /// the options need no types:
    ///
    /// ```ignore
    /// trainer.fit_with((&inputs, &targets), |options| {
    ///     options.epochs(20).on_epoch_end(|_, logs| {
    ///         if logs.train.risk.auc > 0.99 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    ///     })
    /// })?;
    /// ```
    ///
    /// # Errors
    /// Those of [`fit`](Self::fit).
    pub fn fit_with<'d, 'o>(
        &mut self,
        data: impl IntoDataset<'d, M>,
        options: impl FnOnce(FitOptions<'o, M>) -> FitOptions<'o, M>,
    ) -> Result<History<M>, Error>
    where
        M: 'o,
    {
        self.fit(data, options(FitOptions::new()))
    }

    fn fit_dataset(
        &mut self,
        data: &dyn Dataset<M>,
        options: FitOptions<'_, M>,
    ) -> Result<History<M>, Error> {
        let FitOptions { epochs, initial_epoch, batch_size, shuffle, validation_freq, mut callbacks, .. } =
            options;
        let validation_batch_size = options.validation_batch_size.unwrap_or(batch_size);
        self.check_losses()?;
        if batch_size == 0 || validation_batch_size == 0 {
            return Err(Error::BatchSize);
        }
        let rows = data.rows();
        if rows == 0 {
            return Err(Error::NoData);
        }
        let validation_data = options.validation_data.transpose().map_err(|error| match error {
            Error::NoData => Error::NoValidationData,
            error => error,
        })?;
        if validation_data.as_ref().is_some_and(|validation| validation.rows() == 0) {
            return Err(Error::NoValidationData);
        }
        let first_validated = match &validation_data {
            Some(_) => rows,
            None => split(rows, options.validation_split)?,
        };
        let validated = validation_data.is_some() || first_validated < rows;
        if shuffle && self.engine.is_stateful() {
            return Err(Error::StatefulShuffle);
        }
        check_batches(&self.engine, first_validated, batch_size)?;
        if validated && self.engine.is_stateful() {
            // The first batch of the validation goes on where the last one of the epoch has ended.
            let rows =
                validation_data.as_ref().map_or(rows - first_validated, |validation| validation.rows());
            let [trained, validated] = [first_validated.min(batch_size), rows.min(validation_batch_size)];
            if trained != validated {
                return Err(Error::StatefulRows { rows: validated, wanted: trained });
            }
            check_batches(&self.engine, rows, validation_batch_size)?;
        }
        let warned = self.engine.warnings.count();
        let mut order = numbers(0..first_validated)?;
        let (validation_data, validation_rows): (&dyn Dataset<M>, _) = match &validation_data {
            Some(validation) => (&**validation, numbers(0..validation.rows())?),
            None => (data, numbers(first_validated..rows)?),
        };
        // What is in memory is checked as a whole before the first step.
        trust(data, &self.engine.warnings)?;
        trust(validation_data, &self.engine.warnings)?;

        let table = self.table.clone();
        let mut history = History::new(&table);
        let mut progress =
            Progress::new(options.verbose, epochs, first_validated.div_ceil(batch_size), warned);
        for callback in &mut callbacks {
            callback.on_train_begin(self)?;
        }
        progress.warn(&self.engine.warnings);
        for epoch in initial_epoch..epochs {
            for callback in &mut callbacks {
                callback.on_epoch_begin(self, epoch)?;
            }
            progress.begin_epoch(epoch);
            if shuffle {
                self.shuffle.shuffle(&mut order);
            }
            let not_finite = self.train_epoch(data, &order, batch_size, &mut progress)?;
            let train = table.values(&self.totals).collect();
            let validation = if validated && (epoch + 1).is_multiple_of(validation_freq) {
                Some(self.evaluate_rows(validation_data, &validation_rows, validation_batch_size)?)
            } else {
                None
            };
            progress.warn(&self.engine.warnings);
            let mut logs = EpochLogs::new(epoch, train, validation, &table);
            logs.learning_rate = self.learning_rate();
            logs.not_finite = not_finite;
            logs.seconds = progress.end_epoch(&logs.pairs(), not_finite).as_secs_f64();
            let mut stop = false;
            for callback in &mut callbacks {
                stop |= callback.on_epoch_end(self, &logs)?.is_break();
            }
            history.push(logs);
            if stop {
                break;
            }
        }
        if initial_epoch < epochs {
            self.use_averages();
        }
        for callback in &mut callbacks {
            callback.on_train_end(self)?;
        }
        history.warnings = self.warnings();
        Ok(history)
    }

    /// The steps of one epoch, in the order given; returns the first after which the total or a weight was not finite.
    fn train_epoch(
        &mut self,
        data: &dyn Dataset<M>,
        order: &[usize],
        batch_size: usize,
        progress: &mut Progress,
    ) -> Result<Option<usize>, Error> {
        let gather = |rows: &[usize], into: &mut BatchRows<'_, '_, M::Float>| data.gather(rows, into);
        let source = Source {
            gather: &gather,
            weighting: weighting(data),
            trust: trust(data, &self.engine.warnings)?,
        };
        let mut not_finite = None;
        self.totals.clear();
        for (step, rows) in order.chunks(batch_size).enumerate() {
            self.step(rows, source)?;
            progress.warn(&self.engine.warnings);
            if not_finite.is_none() && !self.totals.total.is_finite() {
                not_finite = Some(step);
            }
            let (table, totals) = (&self.table, &self.totals);
            progress.step(step + 1, || {
                let values: Vec<f64> = table.values(totals).collect();
                table.keys().map(move |(key, place)| (key, values[place]))
            });
        }
        // The total is that before the update, so it does not show what the last one did.
        if not_finite.is_none() && !self.engine.weights_are_finite() {
            not_finite = Some(order.len().div_ceil(batch_size).saturating_sub(1));
        }
        Ok(not_finite)
    }
}

/// The first sample of the validation part, as Keras finds it.
fn split(rows: usize, fraction: f64) -> Result<usize, Error> {
    if fraction == 0.0 {
        return Ok(rows);
    }
    let first = (rows as f64 * (1.0 - fraction)).floor();
    // NaN and what lies outside of 0 to 1 fail here too.
    if fraction > 0.0 && fraction < 1.0 && first >= 1.0 && first < rows as f64 {
        Ok(first as usize)
    } else {
        Err(Error::ValidationSplit { fraction, rows })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_is_where_keras_makes_it() {
        // int(math.floor(n * (1.0 - fraction))) in Python.
        for (rows, fraction, first) in
            [(10, 0.2, 8), (10, 0.25, 7), (7, 0.5, 3), (100, 0.01, 99), (3, 0.4, 1)]
        {
            assert!(matches!(split(rows, fraction), Ok(found) if found == first), "{rows} {fraction}");
        }
        assert!(matches!(split(10, 0.0), Ok(10)));
    }

    #[test]
    fn a_split_with_an_empty_part_is_an_error() {
        for (rows, fraction) in
            [(1, 0.5), (3, 0.9), (10, 1.0), (10, -0.1), (10, f64::NAN), (10, 1e-20), (0, 0.5)]
        {
            assert!(matches!(split(rows, fraction), Err(Error::ValidationSplit { .. })), "{rows} {fraction}");
        }
    }
}
