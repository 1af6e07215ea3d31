//! Epochs.

use std::sync::Arc;

use super::checkpoint::{Fit, Interrupted, Place};
use super::{FitOptions, Trainer, check_batches, numbers};
use crate::batch::BatchRows;
use crate::callback::{Callback, CallbackStates, Moment};
use crate::data::{Dataset, IntoDataset, trust};
use crate::engine::Source;
use crate::error::Error;
use crate::history::{EpochLogs, History};
use crate::model::Trainable;
use crate::progress::Progress;

type Callbacks<'a, M> = [Box<dyn Callback<M> + 'a>];

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
    /// [`StatefulShuffle`](Error::StatefulShuffle), [`NoCustomLoss`](Error::NoCustomLoss), [`Memory`](Error::Memory), and for a training that
    /// goes on from a checkpoint [`ResumedSamples`](Error::ResumedSamples), [`ResumedBatchSize`](Error::ResumedBatchSize),
    /// [`ResumedLosses`](Error::ResumedLosses), [`ResumedCallback`](Error::ResumedCallback). Options
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
        let samples = numbers(0..first_validated)?;
        let (validation_data, validation_rows): (&dyn Dataset<M>, _) = match &validation_data {
            Some(validation) => (&**validation, numbers(0..validation.rows())?),
            None => (data, numbers(first_validated..rows)?),
        };
        // What is in memory is checked as a whole before the first step.
        trust(data)?;
        trust(validation_data)?;

        let table = self.table.clone();
        let mut history = History::new(&table);
        let mut progress = Progress::new(options.verbose, epochs, first_validated.div_ceil(batch_size));
        if let Fit::Running(_) = self.fit {
            // An earlier `fit` has ended with a panic.
            self.fit = Fit::None;
        }
        for callback in &mut callbacks {
            callback.on_train_begin(self)?;
        }
        let place = Place {
            epoch: initial_epoch,
            steps: 0,
            batch_size,
            order: Arc::new(samples),
            not_finite: None,
            stopped: false,
        };
        let (place, resumed) = match std::mem::replace(&mut self.fit, Fit::None) {
            Fit::Loaded(interrupted) => (self.go_on(*interrupted, place, &mut callbacks)?, true),
            Fit::None | Fit::Running(_) => (place, false),
        };
        let (first_epoch, stopped) = (place.epoch, place.stopped);
        self.fit = Fit::Running(place);
        for epoch in first_epoch..if stopped { first_epoch } else { epochs } {
            let train = self.train_epoch(data, shuffle, &mut callbacks, &mut progress);
            let not_finite = train.inspect_err(|_| self.fit = Fit::None)?;
            let train = table.values(&self.totals).collect();
            let validation = if validated && (epoch + 1).is_multiple_of(validation_freq) {
                let found = self.evaluate_rows(validation_data, &validation_rows, validation_batch_size);
                Some(found.inspect_err(|_| self.fit = Fit::None)?)
            } else {
                None
            };
            let mut logs = EpochLogs::new(epoch, train, validation, &table);
            logs.learning_rate = self.learning_rate();
            logs.not_finite = not_finite;
            logs.seconds = progress.end_epoch(&logs.pairs(), not_finite).as_secs_f64();
            let ended = self.end_epoch(&logs, &mut callbacks);
            let stop = ended.inspect_err(|_| self.fit = Fit::None)?;
            history.push(logs);
            if stop {
                break;
            }
        }
        self.fit = Fit::None;
        if initial_epoch < epochs || resumed {
            self.use_averages();
        }
        for callback in &mut callbacks {
            callback.on_train_end(self)?;
        }
        Ok(history)
    }

    /// Begins where an interrupted `fit` was saved. `fresh` is where this one would begin.
    fn go_on(
        &mut self,
        interrupted: Interrupted,
        fresh: Place,
        callbacks: &mut Callbacks<'_, M>,
    ) -> Result<Place, Error> {
        let Interrupted { place, totals, callbacks: states } = interrupted;
        for (index, state) in states {
            let callback = callbacks.get_mut(index);
            let found = callback.as_ref().and_then(|callback| callback.state());
            match callback {
                Some(callback) if found.as_ref().is_some_and(|found| found.name() == state.name()) => {
                    callback.restore_state(&state)?;
                }
                _ => {
                    let found = found.map(|found| found.name().to_owned());
                    return Err(Error::ResumedCallback { index, wanted: state.name().to_owned(), found });
                }
            }
        }
        let (rows, wanted) = (fresh.order.len(), place.order.len());
        if place.steps == 0 {
            // A new epoch may have other data.
            let order = if rows == wanted { place.order } else { fresh.order };
            return Ok(Place { order, batch_size: fresh.batch_size, ..place });
        }
        if rows != wanted {
            return Err(Error::ResumedSamples { rows, wanted });
        }
        if place.batch_size != fresh.batch_size {
            return Err(Error::ResumedBatchSize { batch_size: fresh.batch_size, wanted: place.batch_size });
        }
        let [losses, wanted] = [&self.totals, &totals].map(|totals| totals.joint.len());
        if losses != wanted {
            return Err(Error::ResumedLosses { losses, wanted });
        }
        if totals.statistics.len() != self.totals.statistics.len() {
            return Err(Error::Inconsistent { what: "the number of statistics" });
        }
        self.totals = totals;
        Ok(place)
    }

    /// The steps of an epoch, from the place of the `fit` on; returns the first after which the total or a weight was not finite.
    fn train_epoch(
        &mut self,
        data: &dyn Dataset<M>,
        shuffle: bool,
        callbacks: &mut Callbacks<'_, M>,
        progress: &mut Progress,
    ) -> Result<Option<usize>, Error> {
        const PLACE: Error = Error::Inconsistent { what: "the place of `fit`" };
        let Place { epoch, steps: first, batch_size, mut not_finite, .. } = *self.place().ok_or(PLACE)?;
        if first == 0 {
            for callback in callbacks.iter_mut() {
                callback.on_epoch_begin(self, epoch)?;
            }
        }
        progress.begin_epoch(epoch);
        let Trainer { fit: Fit::Running(place), shuffle: orders, .. } = self else { return Err(PLACE) };
        if first == 0 && shuffle {
            orders.shuffle(Arc::<Vec<usize>>::make_mut(&mut place.order));
        }
        let order = Arc::clone(&place.order);
        if first == 0 {
            self.totals.clear();
        }
        let gather = |rows: &[usize], into: &mut BatchRows<'_, '_, M::Float>| data.gather(rows, into);
        let source = Source { gather: &gather, weighted: data.weighted(), trust: trust(data)? };
        for (step, rows) in order.chunks(batch_size).enumerate().skip(first) {
            self.step(rows, source)?;
            if not_finite.is_none() && !self.totals.total.is_finite() {
                not_finite = Some(step);
            }
            if let Some(place) = self.place() {
                place.steps = step + 1;
                place.not_finite = not_finite;
            }
            self.save_points(Moment::Step { epoch, step }, callbacks)?;
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

    /// Has the callbacks see the end of an epoch; returns whether one of them stops the training.
    fn end_epoch(&mut self, logs: &EpochLogs<M>, callbacks: &mut Callbacks<'_, M>) -> Result<bool, Error> {
        if let Some(place) = self.place() {
            // A checkpoint that a callback saves here goes on with the next epoch.
            (place.epoch, place.steps, place.not_finite) = (logs.epoch + 1, 0, None);
        }
        let mut stop = false;
        for callback in callbacks.iter_mut() {
            stop |= callback.on_epoch_end(self, logs)?.is_break();
        }
        if let Some(place) = self.place() {
            place.stopped = stop;
        }
        self.save_points(Moment::Epoch { epoch: logs.epoch }, callbacks)?;
        Ok(stop)
    }

    /// Lets callbacks save a checkpoint, each of which sees the states of the others.
    fn save_points(&mut self, moment: Moment, callbacks: &mut Callbacks<'_, M>) -> Result<(), Error> {
        for index in 0..callbacks.len() {
            let (before, rest) = callbacks.split_at_mut(index);
            if let Some((callback, after)) = rest.split_first_mut() {
                callback.on_checkpoint(self, moment, &CallbackStates { before, after })?;
            }
        }
        Ok(())
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
