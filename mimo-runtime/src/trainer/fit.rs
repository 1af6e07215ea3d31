//! `fit`: training for a number of epochs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::called::Callbacks;
use super::checkpoint::{Fit, Interrupted, Place};
use super::{FitOptions, Trainer, check_batches, numbers};
use crate::batch::BatchRows;
use crate::callback::{BatchLogs, FitPlan, Moment};
use crate::data::{Dataset, Feed, IntoDataset, PassPlan, trust, weighting};
use crate::engine::{Gather, Source, Totals};
use crate::error::Error;
use crate::history::{EpochLogs, Evaluation, FitSettings, History};
use crate::model::Trainable;
use crate::progress::Progress;

impl<M: Trainable> Trainer<'_, M> {
    /// Trains for a number of epochs, like Keras's `fit`.
    ///
    /// The values of an epoch are means over its samples while the weights change. (For the losses of outputs, not
    /// for the total, Keras on TensorFlow takes the mean of the batches' means: its numbers differ from these if the
    /// last batch is smaller.) A total loss or a weight that becomes NaN or infinite does not stop training, but the
    /// progress and the [`EpochLogs`] report the step at which it did.
    ///
    /// # Errors
    /// Those of [`ArrayDataset::new`](crate::data::ArrayDataset::new), of the data set, of its
    /// [checks](Dataset#what-is-checked) and of callbacks, [`NoData`](Error::NoData),
    /// [`NoValidationData`](Error::NoValidationData), [`BatchSize`](Error::BatchSize),
    /// [`ValidationSplit`](Error::ValidationSplit), [`NestedFit`](Error::NestedFit), [`StatefulRows`](Error::StatefulRows),
    /// [`StatefulShuffle`](Error::StatefulShuffle), [`NoCustomLoss`](Error::NoCustomLoss), [`Memory`](Error::Memory), and for training resumed from a checkpoint [`ResumedSamples`](Error::ResumedSamples), [`ResumedBatchSize`](Error::ResumedBatchSize),
    /// [`ResumedLosses`](Error::ResumedLosses), [`ResumedCallback`](Error::ResumedCallback). Options
    /// and arrays are checked before the first step. After an error in the middle the trainer has the weights and the optimizer's state after the last successful step, and [`FitOptions::record`] has the completed epochs.
    pub fn fit<'d>(
        &mut self,
        data: impl IntoDataset<'d, M>,
        options: FitOptions<'_, M>,
    ) -> Result<History<M>, Error> {
        let data = data.into_dataset()?;
        self.fit_dataset(&*data, options)
    }

    /// Same as [`fit`](Self::fit), with options that a closure sets. The trainer knows the model, so the closures in
    /// the options need no types:
    ///
    /// ```ignore
    /// trainer.fit_with((&inputs, &targets), |options| {
    ///     options.epochs(20).on_epoch_end(|_, logs| {
    ///         if logs.train.risk.auc > 0.99 {
    ///             ControlFlow::Break(())
    ///         } else {
    ///             ControlFlow::Continue(())
    ///         }
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
        // Before anything changes: a trainer holds the position of only one `fit`.
        let _running = Running::begin(&self.running).ok_or(Error::NestedFit)?;
        let FitOptions { epochs, initial_epoch, batch_size, shuffle, validation_freq, callbacks, .. } =
            options;
        let names = options.names;
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
        if shuffle && !data.sequential() && self.engine.is_stateful() {
            return Err(Error::StatefulShuffle);
        }
        check_batches(&self.engine, first_validated, batch_size)?;
        if validated && self.engine.is_stateful() {
            // The first validation batch continues from the states after the last batch of the epoch.
            let rows =
                validation_data.as_ref().map_or(rows - first_validated, |validation| validation.rows());
            let [trained, validated] = [first_validated.min(batch_size), rows.min(validation_batch_size)];
            if trained != validated {
                return Err(Error::StatefulRows { rows: validated, wanted: trained });
            }
            check_batches(&self.engine, rows, validation_batch_size)?;
        }
        let warned = self.engine.warnings.count();
        let samples = numbers(0..first_validated)?;
        let (validation_data, validation_rows): (&dyn Dataset<M>, _) = match &validation_data {
            Some(validation) => (&**validation, numbers(0..validation.rows())?),
            None => (data, numbers(first_validated..rows)?),
        };
        let table = self.table.clone();
        let steps = first_validated.div_ceil(batch_size);
        let mut callbacks = Callbacks::new(callbacks);
        callbacks.prepare(FitPlan {
            epochs,
            initial_epoch,
            batch_size,
            steps,
            samples: first_validated,
            validation_samples: validation_rows.len(),
            table: &table,
            clock: None,
        })?;
        // Data in memory is checked completely before the first step.
        trust(data, &self.engine.warnings)?;
        trust(validation_data, &self.engine.warnings)?;

        let mut history = History::new(&table);
        history.settings = FitSettings {
            epochs,
            initial_epoch,
            batch_size,
            steps,
            shuffle,
            samples: first_validated,
            validation_samples: if validated { validation_rows.len() } else { 0 },
            validation_batch_size,
            validation_freq,
            callbacks: names,
        };
        let mut progress = Progress::new(options.verbose, epochs, steps, warned);
        if let Fit::Running(_) = self.fit {
            // An earlier `fit` has panicked.
            self.fit = Fit::None;
        }
        self.interrupted = false;
        callbacks.each(|callback| callback.on_train_begin(self))?;
        progress.warn(&self.engine.warnings);
        let place = Place {
            epoch: initial_epoch,
            steps: 0,
            batch_size,
            order: Arc::new(samples),
            not_finite: None,
            stopped: false,
            totals: Totals::default(),
            history: vec![],
        };
        let (mut place, resumed) = match std::mem::replace(&mut self.fit, Fit::None) {
            Fit::Loaded(interrupted) => (self.go_on(*interrupted, place, &mut callbacks)?, true),
            Fit::None | Fit::Running(_) => (place, false),
        };
        // Training that was stopped in the middle of an epoch ends it.
        let ended = place.stopped && place.steps == 0;
        let first_epoch = place.epoch;
        let epochs_before = EpochLogs::from_numbers(&place.history, &table);
        if epochs_before.is_empty() {
            // The earlier epochs measured other values.
            place.history.clear();
        }
        epochs_before.into_iter().for_each(|epoch| history.push(epoch));
        self.fit = Fit::Running(place);
        for epoch in first_epoch..if ended { first_epoch } else { epochs } {
            callbacks.epoch = epoch;
            let trained = self.train_epoch(data, shuffle, &mut progress, &mut callbacks);
            let trained = trained.inspect_err(|_| self.fit = Fit::None)?;
            let validation = if validated && (epoch + 1).is_multiple_of(validation_freq) {
                let found =
                    self.validate(validation_data, &validation_rows, validation_batch_size, &mut callbacks);
                Some(found.inspect_err(|_| self.fit = Fit::None)?)
            } else {
                None
            };
            progress.warn(&self.engine.warnings);
            let mut logs = EpochLogs::new(epoch, trained.values, validation, &table);
            logs.learning_rate = self.engine.last_learning_rate();
            logs.not_finite = trained.not_finite;
            logs.seconds = progress.end_epoch(&logs.pairs(), trained.not_finite).as_secs_f64();
            if let Some(place) = self.place().filter(|_| !callbacks.is_empty()) {
                place.history.extend(logs.to_numbers());
            }
            let stop = self.end_epoch(&logs, trained.stop, &mut callbacks);
            let stop = stop.inspect_err(|_| self.fit = Fit::None)?;
            history.push(logs);
            if stop {
                break;
            }
        }
        self.fit = Fit::None;
        if initial_epoch < epochs || resumed {
            self.use_averages();
        }
        callbacks.each(|callback| callback.on_train_end(self))?;
        history.warnings = self.warnings();
        Ok(history)
    }

    /// Returns the position to resume from: that of an interrupted `fit`, otherwise `fresh`.
    fn go_on(
        &mut self,
        interrupted: Interrupted,
        fresh: Place,
        callbacks: &mut Callbacks<'_, M>,
    ) -> Result<Place, Error> {
        let Interrupted { place, callbacks: states } = interrupted;
        callbacks.restore(states)?;
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
        let [losses, wanted] = [&self.totals, &place.totals].map(|totals| totals.joint.len());
        if losses != wanted {
            return Err(Error::ResumedLosses { losses, wanted });
        }
        let lengths = |totals: &Totals| [totals.statistics.len(), totals.present.len()];
        if lengths(&place.totals) != lengths(&self.totals) {
            return Err(Error::Inconsistent { what: "the number of statistics" });
        }
        Ok(place)
    }

    /// Runs the steps of an epoch, from the position of the `fit`.
    fn train_epoch(
        &mut self,
        data: &dyn Dataset<M>,
        shuffle: bool,
        progress: &mut Progress,
        callbacks: &mut Callbacks<'_, M>,
    ) -> Result<TrainedEpoch, Error> {
        const PLACE: Error = Error::Inconsistent { what: "the place of `fit`" };
        let Place { epoch, steps: first, batch_size, mut not_finite, stopped, .. } =
            *self.place().ok_or(PLACE)?;
        if first == 0 {
            callbacks.each(|callback| callback.on_epoch_begin(self, epoch))?;
        }
        progress.begin_epoch(epoch);
        // Callbacks may evaluate, which uses the trainer's own totals.
        let mut totals = std::mem::take(&mut callbacks.totals);
        totals.resize(&self.totals);
        let shuffle = shuffle && !data.sequential();
        let Trainer { fit: Fit::Running(place), shuffle: orders, .. } = self else { return Err(PLACE) };
        if first > 0 {
            totals.copy_from(&place.totals);
        } else if shuffle {
            let order = Arc::<Vec<usize>>::make_mut(&mut place.order);
            // Not a shuffle of the last order: a second `fit` continues the sequence of shuffles of the first.
            order.iter_mut().enumerate().for_each(|(place, row)| *row = place);
            orders.shuffle(order);
        }
        let order = Arc::clone(&place.order);
        let clock = callbacks.clock.clone();
        let (weighting, trust) = (weighting(data), trust(data, &self.engine.warnings)?);
        let number = self.engine.steps().saturating_sub(first as u64);
        let plan = PassPlan { rows: &order, batch_size, first_batch: first, training: true, number };
        let mut feed = if stopped { None } else { Some(Feed::new(data, &plan)?) };
        let (mut stop, mut last) = (stopped, first.saturating_sub(1));
        let left = if stopped { &[] } else { &order[..] };
        for (step, rows) in left.chunks(batch_size).enumerate().skip(first) {
            last = step;
            callbacks.each(|callback| callback.on_train_batch_begin(self, step))?;
            let before = totals.total;
            let begin = clock.as_ref().map(|_| Instant::now());
            let Some(feed) = &mut feed else { return Err(PLACE) };
            feed.begin_batch(rows)?;
            if let (Some(clock), Some(begin)) = (&clock, begin) {
                clock.data.add(begin.elapsed());
            }
            let feed = &*feed;
            let gather = |rows: &[usize], into: &mut BatchRows<'_, '_, M::Float>| feed.gather(rows, into);
            let timed = |rows: &[usize], into: &mut BatchRows<'_, '_, M::Float>| {
                let begin = Instant::now();
                let gathered = feed.gather(rows, into);
                if let Some(clock) = &clock {
                    clock.data.add(begin.elapsed());
                }
                gathered
            };
            let gather: &Gather<'_, M::Float> = if clock.is_some() { &timed } else { &gather };
            self.step(rows, Source { gather, weighting, trust }, &mut totals)?;
            progress.warn(&self.engine.warnings);
            if let (Some(clock), Some(begin)) = (&clock, begin) {
                clock.training.add(begin.elapsed());
            }
            if not_finite.is_none() && !totals.total.is_finite() {
                not_finite = Some(step);
            }
            progress.step(step + 1, || {
                let values: Vec<f64> = self.table.values(&totals).collect();
                self.table.keys().map(move |(key, place)| (key, values[place]))
            });
            // Without callbacks nothing can be saved before the end.
            if !callbacks.is_empty() {
                if let Some(place) = self.place() {
                    (place.steps, place.not_finite) = (step + 1, not_finite);
                    place.totals.copy_from(&totals);
                }
                let loss = (totals.total - before) / rows.len() as f64;
                let (table, rate) = (self.table.clone(), self.engine.last_learning_rate());
                let logs = BatchLogs::new((callbacks.epoch, step), loss, rate, &table, &totals);
                callbacks.each(|callback| {
                    stop |= callback.on_train_batch_end(self, &logs)?.is_break();
                    Ok(())
                })?;
                let ended = stop && !self.interrupted;
                if let Some(place) = self.place() {
                    place.stopped = ended;
                }
                callbacks.save_points(self, Moment::Step { epoch, step })?;
                if stop {
                    break;
                }
            }
        }
        // The total loss is that before the update, so it does not show the last update.
        if not_finite.is_none() && !self.engine.weights_are_finite() {
            not_finite = Some(last);
        }
        let values = self.table.values(&totals).collect();
        callbacks.totals = totals;
        Ok(TrainedEpoch { values, not_finite, stop })
    }

    /// Calls the callbacks at the end of an epoch; returns whether training stops.
    fn end_epoch(
        &mut self,
        logs: &EpochLogs<M>,
        mut stop: bool,
        callbacks: &mut Callbacks<'_, M>,
    ) -> Result<bool, Error> {
        if let Some(place) = self.place() {
            // A checkpoint that a callback saves here resumes with the next epoch.
            (place.epoch, place.steps, place.not_finite) = (logs.epoch + 1, 0, None);
        }
        callbacks.each(|callback| {
            stop |= callback.on_epoch_end(self, logs)?.is_break();
            Ok(())
        })?;
        let ended = stop && !self.interrupted;
        if let Some(place) = self.place() {
            place.stopped = ended;
        }
        callbacks.save_points(self, Moment::Epoch { epoch: logs.epoch })?;
        Ok(stop)
    }

    /// Runs the validation of an epoch.
    fn validate(
        &mut self,
        data: &dyn Dataset<M>,
        rows: &[usize],
        batch_size: usize,
        callbacks: &mut Callbacks<'_, M>,
    ) -> Result<Evaluation<M>, Error> {
        let clock = callbacks.clock.clone();
        let before = clock.as_ref().map(|clock| (Instant::now(), clock.callbacks.total()));
        let evaluation = self.evaluate_rows(data, rows, batch_size, callbacks)?;
        if let (Some(clock), Some((begin, callbacks))) = (clock, before) {
            let of_callbacks = clock.callbacks.total().saturating_sub(callbacks);
            clock.validation.add(begin.elapsed().saturating_sub(of_callbacks));
        }
        Ok(evaluation)
    }
}

/// Marks a running `fit`; dropped at its end, also by a panic of the user's code.
struct Running(Arc<AtomicBool>);

impl Running {
    /// Returns `None` if one is already running.
    fn begin(flag: &Arc<AtomicBool>) -> Option<Self> {
        if flag.swap(true, Ordering::Relaxed) { None } else { Some(Running(Arc::clone(flag))) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// Results of an epoch before its validation.
struct TrainedEpoch {
    values: Vec<f64>,
    /// First step after which the total or a weight was not finite.
    not_finite: Option<usize>,
    /// Whether a callback stopped training.
    stop: bool,
}

/// Index of the first sample of the validation part, as in Keras.
fn split(rows: usize, fraction: f64) -> Result<usize, Error> {
    if fraction == 0.0 {
        return Ok(rows);
    }
    let first = (rows as f64 * (1.0 - fraction)).floor();
    // NaN and fractions outside of 0 to 1 fail here too.
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
