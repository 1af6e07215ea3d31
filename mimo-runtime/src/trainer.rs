//! Training: minimizes the weighted sum of the losses of all outputs, step by step.

mod called;
mod checkpoint;
mod confusion;
mod custom;
mod find;
mod fit;
mod options;

mod steer;
#[cfg(test)]
mod tests;
mod weights;

pub use confusion::{ConfusionOptions, Output};
pub use custom::{CustomTargets, LossTensor, LossTensorOf, SampleWeights};
pub use find::{FindOptions, LearningRateCurve};
pub use options::FitOptions;

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::batch::BatchRows;
use crate::callback::{BatchLogs, Callback};
use crate::callbacks::Origin;
use crate::columns::PredictionColumns;
use crate::data::{
    Arrays, BatchTargets, Dataset, Feed, IntoDataset, PassPlan, Random, program, spec, trust, weighting,
};
use crate::engine::{CustomBatch, Engine, Source, Totals, Trust};
use crate::error::Error;
use crate::float::Float;
use crate::history::Evaluation;
use crate::kernels::Element;
use crate::logs::LogTable;
use crate::model::{Model, PerOutput, Trainable};
use crate::warning::Warning;
use crate::watch::{FirstNotFinite, Watch};
use called::Callbacks;
use checkpoint::Fit;
use custom::CustomLosses;

/// Trains a model. The total loss is `Σ weightᵢ · lossᵢ`, plus those of regularizers and `add_loss`.
///
/// A trainer borrows the model and holds its weights, their gradients and the optimizer's state in a form that is
/// fast to train. The weights are copied to the model's own tensors when the trainer is dropped, or by
/// [`sync`](Self::sync); the optimizer's state is dropped with the trainer, unless it is saved by
/// [`save_checkpoint`](Self::save_checkpoint).
///
/// A panic in the user's code (a data set, a loss, a callback) propagates to the caller of the trainer, also from
/// another thread. If it is caught, the trainer is as if the failed step had not been made, as after an error.
///
/// ```ignore
/// let mut trainer = Trainer::new(&mut model)?;
/// let options = FitOptions::new().epochs(20).validation_split(0.2);
/// let history = trainer.fit((&inputs, &targets), options)?;
/// println!("{}", history.epochs()[19].train.risk.auc);
/// ```
// Without a bound, so that a model that cannot be trained is reported once, at `Trainer::new`, and not where the type
// is named.
pub struct Trainer<'m, M: Model> {
    model: &'m mut M,
    engine: Engine<M::Float>,
    /// Weight in the total loss of each output.
    loss_weights: Vec<f64>,
    custom: CustomLosses<'m, M>,
    shuffle: Random,
    fit: Fit,
    /// Whether a `fit` runs; its callbacks cannot start another.
    running: Arc<AtomicBool>,
    /// Whether the running or last `fit` was stopped to be resumed later.
    interrupted: bool,
    /// Whether the engine's weights are newer than the model's.
    ahead: bool,
    table: Arc<LogTable>,
    // Memory reused from call to call.
    totals: Totals,
    columns: PredictionColumns<M::Float>,
    batch: Arrays<M::Float>,
    /// 0, 1, 2, …
    numbers: Vec<usize>,
}

/// Options of a [`Trainer`].
#[derive(Clone, Copy, Debug, Default)]
pub struct TrainerOptions {
    threads: usize,
    seed: u64,
    check_gradients: Option<bool>,
}

impl TrainerOptions {
    /// Creates the default options: all threads of the machine and seed 0.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the number of threads, the caller's included; 0, the default, means as many as the machine has cores.
    /// More than [`MAX_THREADS`](crate::engine::MAX_THREADS) are started only if the machine has more. Results are
    /// bit-identical for any number.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// Sets the seed of shuffling, dropout, noise and random operations; 0 by default.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets whether the first training step compares the gradients of custom losses, `loss = crate::pinball`, with
    /// differences of their values. A gradient that differs is an error ([`OwnLoss`](Error::OwnLoss)). By default it
    /// does in debug builds of mimo.
    ///
    /// Turn it off for a loss whose gradient differs on purpose.
    #[must_use]
    pub fn check_gradients(mut self, check: bool) -> Self {
        self.check_gradients = Some(check);
        self
    }
}

impl<'m, M: Trainable> Trainer<'m, M> {
    /// Creates a trainer with the optimizer and the loss weights of the model's `.compile(…)`.
    ///
    /// # Errors
    /// [`NoOptimizer`](Error::NoOptimizer), [`Memory`](Error::Memory), [`LearningRate`](Error::LearningRate) and
    /// [`LossWeight`](Error::LossWeight) if the model was compiled with a number that is not valid.
    pub fn new(model: &'m mut M) -> Result<Self, Error> {
        Self::with_options(model, TrainerOptions::new())
    }

    /// Same as [`new`](Self::new), with a number of threads or a seed.
    ///
    /// # Errors
    /// Those of [`new`](Self::new).
    pub fn with_options(model: &'m mut M, options: TrainerOptions) -> Result<Self, Error> {
        let (spec, program) = (spec::<M>(), program::<M>());
        if spec.optimizers.is_empty() {
            return Err(Error::NoOptimizer);
        }
        let table = LogTable::new(spec, M::ADDED_LOSSES, M::OWN_METRICS);
        if table.statistics(spec) != program.statistics {
            return Err(Error::Inconsistent { what: "the number of statistics" });
        }
        let mut engine = engine::<M>(options.threads)?;
        engine.set_own(spec, M::OWN_METRICS, options.check_gradients.unwrap_or(cfg!(debug_assertions)));
        engine.set_seed(options.seed);
        model.read_weights(&mut |index, values| engine.load_weight(index, &values));
        engine.weights_loaded();
        let loss_weights: Vec<f64> = spec.outputs.iter().map(|output| output.weight).collect();
        check_weights_of_losses::<M>(loss_weights.iter().copied())?;
        Ok(Trainer {
            model,
            engine,
            loss_weights,
            custom: CustomLosses::default(),
            shuffle: Random::new(options.seed),
            fit: Fit::None,
            running: Arc::default(),
            interrupted: false,
            ahead: false,
            table: Arc::new(table),
            totals: Totals::new(program),
            columns: PredictionColumns::new::<M>(),
            batch: Arrays::empty::<M>(),
            numbers: Vec::new(),
        })
    }

    /// Resets the states of `stateful` layers to zeros for the next batch, which may then have another number of
    /// samples.
    ///
    /// Until then every batch of [`fit`](Self::fit), `evaluate`, `predict` and of single steps begins with the final
    /// states of the previous one, sample by sample, as in Keras: also the first batch of the next epoch, and of a
    /// validation. To begin every epoch with zeros, call this from a callback at its start.
    pub fn reset_state(&mut self) {
        self.engine.reset_state();
    }

    /// Returns the optimizer's learning rate: that of the next step, if a schedule computes it. With several
    /// optimizers it is that of the first; [`learning_rate_of`](Self::learning_rate_of) returns each.
    pub fn learning_rate(&self) -> f64 {
        self.engine.learning_rate()
    }

    /// Returns the learning rate of one of several optimizers, by its key in `.compile(optimizer = { encoder: …,
    /// rest: … })`.
    ///
    /// # Errors
    /// [`NoSuchOptimizer`](Error::NoSuchOptimizer).
    pub fn learning_rate_of(&self, key: &str) -> Result<f64, Error> {
        self.engine.learning_rate_of(key)
    }

    /// Sets the optimizer's learning rate, from the next step on. With 0 a step only measures, except that it updates
    /// the moving averages of `BatchNormalization` and the kernels of `SpectralNormalization`.
    ///
    /// # Errors
    /// [`LearningRate`](Error::LearningRate) if it is negative, NaN or infinite; [`SeveralOptimizers`](Error::SeveralOptimizers) if
    /// the model has several, each with its own learning rate; [`ScheduledLearningRate`](Error::ScheduledLearningRate) if a schedule of the
    /// model computes it, as in Keras. The old rate is then kept.
    pub fn set_learning_rate(&mut self, rate: f64) -> Result<(), Error> {
        self.engine.set_learning_rate(rate)
    }

    /// Sets the learning rate of one of several optimizers, by its key in `.compile(optimizer = { encoder: …, rest: …
    /// })`.
    ///
    /// # Errors
    /// [`LearningRate`](Error::LearningRate), [`NoSuchOptimizer`](Error::NoSuchOptimizer),
    /// [`ScheduledLearningRate`](Error::ScheduledLearningRate); the old rate is then kept.
    pub fn set_learning_rate_of(&mut self, key: &str, rate: f64) -> Result<(), Error> {
        self.engine.set_learning_rate_of(key, rate)
    }

    /// Returns the learning rate of an optimizer by its key, or of the only one.
    pub(crate) fn rate_of(&self, key: Option<&str>) -> Result<f64, Error> {
        key.map_or_else(|| Ok(self.learning_rate()), |key| self.learning_rate_of(key))
    }

    /// Sets the learning rate of an optimizer by its key, or of the only one.
    pub(crate) fn set_rate_of(&mut self, key: Option<&str>, rate: f64) -> Result<(), Error> {
        match key {
            Some(key) => self.set_learning_rate_of(key, rate),
            None => self.set_learning_rate(rate),
        }
    }

    /// Sets whether a step whose loss is not finite searches for the origin.
    pub(crate) fn search_not_finite(&mut self, on: bool) {
        self.engine.search_with(on.then(|| Watch::new(M::PLAN)));
    }

    /// Returns where the last step's loss became NaN or infinite, if it did and [searching](Self::search_not_finite)
    /// is on.
    pub(crate) fn not_finite_origin(&self) -> Option<Origin> {
        let FirstNotFinite { nan, infinite } = self.engine.first_not_finite()?;
        let Some(operation) = nan.or(infinite) else { return Some(Origin::Loss) };
        // Inputs are checked.
        let name = M::PLAN.operations.get(operation)?.name;
        Some(Origin::Layer { name, is_nan: nan.is_some() })
    }

    /// Whether every weight is finite.
    pub(crate) fn weights_are_finite(&self) -> bool {
        self.engine.weights_are_finite()
    }

    /// Returns the seed of random numbers and the number of threads.
    #[cfg(feature = "report")]
    pub(crate) fn seed_and_threads(&self) -> (u64, usize) {
        (self.engine.seed(), self.engine.threads())
    }

    /// Returns the number of steps so far, over all calls.
    pub fn steps(&self) -> u64 {
        self.engine.steps()
    }

    /// Sets the seed of shuffling, dropout, noise and random operations, from here on.
    pub fn set_seed(&mut self, seed: u64) {
        self.engine.set_seed(seed);
        self.shuffle = Random::new(seed);
    }

    /// Returns the factor of each output's loss in the total.
    pub fn loss_weights(&self) -> M::PerOutput<f64> {
        M::PerOutput::from_fn(|output| self.loss_weights.get(output).copied().unwrap_or(1.0))
    }

    /// Sets the factor of each output's loss in the total, from the next step on. The optimizer's state does not
    /// change. A loss with a negative weight is maximized, as in adversarial training.
    ///
    /// # Errors
    /// [`LossWeight`](Error::LossWeight) if one is NaN or infinite; then no weight is changed.
    pub fn set_loss_weights(&mut self, weights: &M::PerOutput<f64>) -> Result<(), Error> {
        check_loss_weights::<M>(weights)?;
        for (to, weight) in self.loss_weights.iter_mut().zip(weights.values()) {
            *to = *weight;
        }
        Ok(())
    }

    /// Returns warnings about data that is probably wrong: the first of each kind for each output.
    pub fn warnings(&self) -> Vec<Warning> {
        self.engine.warnings.all()
    }

    /// Computes losses and metrics on a data set, in batches of `batch_size` samples; the last may be smaller.
    /// Dropout and noise are off.
    ///
    /// # Errors
    /// Those of [`ArrayDataset::new`](crate::data::ArrayDataset::new), of the data set and of its
    /// [checks](Dataset#what-is-checked), [`BatchSize`](Error::BatchSize), [`NoCustomLoss`](Error::NoCustomLoss), [`Memory`](Error::Memory).
    pub fn evaluate<'d>(
        &mut self,
        data: impl IntoDataset<'d, M>,
        batch_size: usize,
    ) -> Result<Evaluation<M>, Error> {
        let data = data.into_dataset()?;
        self.evaluate_rows(&*data, &numbers(0..data.rows())?, batch_size, &mut Callbacks::new(Vec::new()))
    }

    /// Same as [`evaluate`](Self::evaluate), with a callback whose `on_test_…` hooks are called.
    ///
    /// # Errors
    /// Those of [`evaluate`](Self::evaluate) and of the callback.
    pub fn evaluate_with_callback<'d>(
        &mut self,
        data: impl IntoDataset<'d, M>,
        batch_size: usize,
        callback: &mut dyn Callback<M>,
    ) -> Result<Evaluation<M>, Error> {
        let data = data.into_dataset()?;
        let mut callbacks = Callbacks::new(vec![Box::new(callback)]);
        self.evaluate_rows(&*data, &numbers(0..data.rows())?, batch_size, &mut callbacks)
    }

    /// Returns the outputs for `inputs`, any number of samples at once. Dropout and noise are off.
    ///
    /// # Errors
    /// [`NoData`](Error::NoData) if there are no samples, [`Vocabulary`](Error::Vocabulary), [`RowsDiffer`](Error::RowsDiffer) if two inputs hold different numbers of samples,
    /// [`Memory`](Error::Memory).
    pub fn predict(&mut self, inputs: &M::Inputs) -> Result<M::Outputs, Error> {
        self.columns.predict::<M>(&mut self.engine, inputs)
    }

    /// Same as [`predict`](Self::predict), in batches of `batch_size` samples, with a callback whose `on_predict_…`
    /// hooks are called: for long predictions whose progress is shown.
    ///
    /// # Errors
    /// Those of [`predict`](Self::predict) and of the callback, [`BatchSize`](Error::BatchSize), [`StatefulRows`](Error::StatefulRows).
    pub fn predict_with_callback(
        &mut self,
        inputs: &M::Inputs,
        batch_size: usize,
        callback: &mut dyn Callback<M>,
    ) -> Result<M::Outputs, Error> {
        if batch_size == 0 {
            return Err(Error::BatchSize);
        }
        // Callbacks may predict too, which uses the trainer's own columns.
        let mut columns = PredictionColumns::new::<M>();
        let rows = columns.read::<M>(inputs)?;
        check_batches(&self.engine, rows, batch_size)?;
        callback.on_predict_begin(self)?;
        for (step, first) in (0..rows).step_by(batch_size).enumerate() {
            callback.on_predict_batch_begin(self, step)?;
            columns.run(&mut self.engine, rows, first..rows.min(first + batch_size))?;
            callback.on_predict_batch_end(self, step)?;
        }
        let outputs = columns.outputs::<M>(rows)?;
        callback.on_predict_end(self)?;
        Ok(outputs)
    }

    /// Trains one step on all of `inputs` as one batch; returns the losses and metrics before the update.
    ///
    /// After the first call with as many samples nothing is allocated.
    ///
    /// # Errors
    /// [`RowsDiffer`](Error::RowsDiffer), [`NoData`](Error::NoData), those of the [checks](Dataset#what-is-checked) of data,
    /// [`NoCustomLoss`](Error::NoCustomLoss), [`Memory`](Error::Memory); the weights are then unchanged.
    pub fn train_on_batch(&mut self, inputs: &M::Inputs, targets: &M::Targets) -> Result<M::Logs, Error> {
        self.train_on_batch_with(inputs, targets, |_| Ok(()))
    }

    /// Same as [`train_on_batch`](Self::train_on_batch), with weights of samples or positions or missing targets,
    /// which a closure sets:
    ///
    /// ```ignore
    /// trainer.train_on_batch_with(&inputs, &targets, |batch| batch.target_mask(&mask))?;
    /// ```
    ///
    /// # Errors
    /// Those of [`train_on_batch`](Self::train_on_batch) and of the closure.
    pub fn train_on_batch_with(
        &mut self,
        inputs: &M::Inputs,
        targets: &M::Targets,
        set: impl FnOnce(&mut BatchTargets<'_, M>) -> Result<(), Error>,
    ) -> Result<M::Logs, Error> {
        self.check_losses()?;
        self.batch.read::<M>(inputs, targets)?;
        set(&mut BatchTargets::new(&mut self.batch))?;
        let rows = self.batch.rows;
        self.numbers.extend(self.numbers.len()..rows);
        self.totals.clear();
        self.ahead = true;
        // Nothing is moved out of the trainer while the user's loss runs: a panic would lose it.
        let Trainer { engine, custom, loss_weights, totals, batch, numbers, .. } = self;
        let gather = |rows: &[usize], into: &mut BatchRows<'_, '_, M::Float>| {
            batch.gather(spec::<M>(), rows, Ok, into)
        };
        let (weighting, trust) = (batch.weighting(), Trust::Filled(spec::<M>()));
        let source = Source { gather: &gather, weighting, trust };
        step(engine, custom, loss_weights, totals, &numbers[..rows], source)?;
        Ok(self.logs())
    }

    /// Trains one step on some samples of a data set as one batch, for custom loops; returns the losses and metrics
    /// before the update.
    ///
    /// # Errors
    /// Those of the data set and of its [checks](Dataset#what-is-checked), [`NoData`](Error::NoData) if `rows` is empty,
    /// [`NoSuchRow`](Error::NoSuchRow), [`NoCustomLoss`](Error::NoCustomLoss), [`Memory`](Error::Memory); the weights are then unchanged.
    pub fn train_on_rows(&mut self, data: &dyn Dataset<M>, rows: &[usize]) -> Result<M::Logs, Error> {
        self.check_losses()?;
        if rows.is_empty() {
            return Err(Error::NoData);
        }
        if let Some(&row) = rows.iter().find(|row| **row >= data.rows()) {
            return Err(Error::NoSuchRow { row, rows: data.rows() });
        }
        let trust = trust(data, &self.engine.warnings)?;
        let number = self.engine.steps();
        let plan = PassPlan { rows, batch_size: rows.len(), first_batch: 0, training: true, number };
        let mut feed = Feed::new(data, &plan)?;
        feed.begin_batch(rows)?;
        let gather = |rows: &[usize], into: &mut BatchRows<'_, '_, M::Float>| feed.gather(rows, into);
        let source = Source { gather: &gather, weighting: weighting(data), trust };
        let Trainer { engine, custom, loss_weights, totals, .. } = self;
        totals.clear();
        self.ahead = true;
        step(engine, custom, loss_weights, totals, rows, source)?;
        Ok(self.logs())
    }

    /// Computes losses and metrics on some samples.
    fn evaluate_rows(
        &mut self,
        data: &dyn Dataset<M>,
        rows: &[usize],
        batch_size: usize,
        callbacks: &mut Callbacks<'_, M>,
    ) -> Result<Evaluation<M>, Error> {
        self.check_losses()?;
        if rows.is_empty() {
            return Err(Error::NoData);
        }
        if batch_size == 0 {
            return Err(Error::BatchSize);
        }
        let (weighting, trust) = (weighting(data), trust(data, &self.engine.warnings)?);
        check_batches(&self.engine, rows.len(), batch_size)?;
        let mut feed = Feed::new(data, &PassPlan::evaluation(rows, batch_size))?;
        if callbacks.is_empty() {
            self.totals.clear();
            for batch in rows.chunks(batch_size) {
                feed.begin_batch(batch)?;
                let gather = |rows: &[usize], into: &mut BatchRows<'_, '_, M::Float>| feed.gather(rows, into);
                let source = Source { gather: &gather, weighting, trust };
                let Trainer { engine, custom, loss_weights, totals, .. } = self;
                evaluate(engine, custom, loss_weights, totals, batch, source)?;
            }
            return Ok(Evaluation::new(self.table.values(&self.totals).collect(), &self.table));
        }
        // Callbacks may evaluate too, which uses the trainer's own totals.
        let mut totals = Totals::default();
        totals.resize(&self.totals);
        let table = self.table.clone();
        callbacks.each(|callback| callback.on_test_begin(self))?;
        for (step, batch) in rows.chunks(batch_size).enumerate() {
            callbacks.each(|callback| callback.on_test_batch_begin(self, step))?;
            let before = totals.total;
            feed.begin_batch(batch)?;
            let gather = |rows: &[usize], into: &mut BatchRows<'_, '_, M::Float>| feed.gather(rows, into);
            let source = Source { gather: &gather, weighting, trust };
            let Trainer { engine, custom, loss_weights, .. } = self;
            evaluate(engine, custom, loss_weights, &mut totals, batch, source)?;
            let loss = (totals.total - before) / batch.len() as f64;
            let rate = self.engine.learning_rate();
            let logs = BatchLogs::new((callbacks.epoch, step), loss, rate, &table, &totals);
            callbacks.each(|callback| callback.on_test_batch_end(self, &logs))?;
        }
        let evaluation = Evaluation::new(table.values(&totals).collect(), &table);
        callbacks.each(|callback| callback.on_test_end(self, &evaluation))?;
        Ok(evaluation)
    }

    /// Trains one step; adds its losses and metrics to the totals.
    fn step(
        &mut self,
        rows: &[usize],
        source: Source<'_, M::Float>,
        totals: &mut Totals,
    ) -> Result<(), Error> {
        self.ahead = true;
        let Trainer { engine, custom, loss_weights, .. } = self;
        step(engine, custom, loss_weights, totals, rows, source)
    }

    /// Returns the losses and metrics of the totals.
    fn logs(&self) -> M::Logs {
        use crate::model::Logs;
        M::Logs::from_values(&mut self.table.values(&self.totals))
    }
}

/// Creates an engine that trains, with parameters 0.
fn engine<M: Trainable>(threads: usize) -> Result<Engine<M::Float>, Error> {
    let (spec, program) = (spec::<M>(), program::<M>());
    let mut engine = Engine::new(program, M::forward_pass, M::STAGES, Some((spec, M::RULES)), threads)?;
    engine.set_states(M::STATES);
    engine.set_outputs(spec, M::MASKS, M::LABELLED_BY)?;
    engine.set_spectral(M::SPECTRAL)?;
    Ok(engine)
}

/// Trains one step with the needed parts of a trainer, while the batch is borrowed from another part.
fn step<M: Trainable>(
    engine: &mut Engine<M::Float>,
    custom: &mut CustomLosses<'_, M>,
    loss_weights: &[f64],
    totals: &mut Totals,
    rows: &[usize],
    source: Source<'_, M::Float>,
) -> Result<(), Error> {
    if custom.is_empty() {
        return engine.train(rows, source, loss_weights, totals);
    }
    let mut loss = |batch: &mut CustomBatch<'_, M::Float>| custom.compute(batch, loss_weights, true);
    engine.train_custom(rows, source, loss_weights, &mut loss, totals)?;
    custom.total_up(rows.len(), engine.present(), totals);
    Ok(())
}

/// Evaluates one batch, in the same way.
fn evaluate<M: Trainable>(
    engine: &mut Engine<M::Float>,
    custom: &mut CustomLosses<'_, M>,
    loss_weights: &[f64],
    totals: &mut Totals,
    rows: &[usize],
    source: Source<'_, M::Float>,
) -> Result<(), Error> {
    if custom.is_empty() {
        return engine.evaluate(rows, source, loss_weights, totals);
    }
    let mut loss = |batch: &mut CustomBatch<'_, M::Float>| custom.compute(batch, loss_weights, false);
    engine.evaluate_custom(rows, source, loss_weights, &mut loss, totals)?;
    custom.total_up(rows.len(), engine.present(), totals);
    Ok(())
}

/// Checks that all batches of this many samples have equal size, if states continue from batch to batch.
fn check_batches<E: Float>(engine: &Engine<E>, rows: usize, batch_size: usize) -> Result<(), Error> {
    match rows % batch_size {
        rest if rest > 0 && rows > batch_size && engine.is_stateful() => {
            Err(Error::StatefulRows { rows: rest, wanted: batch_size })
        }
        _ => Ok(()),
    }
}

/// Returns the indices of the samples, as a list.
fn numbers(rows: Range<usize>) -> Result<Vec<usize>, Error> {
    let mut numbers = Vec::new();
    numbers.try_reserve_exact(rows.len()).map_err(|_| Error::Memory { values: rows.len() })?;
    numbers.extend(rows);
    Ok(numbers)
}

/// Whether a loss weight is finite, also in the precision of the model.
fn check_loss_weight<M: Trainable>(weight: f64) -> bool {
    M::Float::of(weight).f64().is_finite()
}

/// Checks that loss weights are finite, also in the precision of the model.
pub(crate) fn check_loss_weights<M: Trainable>(weights: &M::PerOutput<f64>) -> Result<(), Error> {
    check_weights_of_losses::<M>(weights.values().into_iter().copied())
}

/// The same for a list, in the order of the outputs.
fn check_weights_of_losses<M: Trainable>(weights: impl Iterator<Item = f64>) -> Result<(), Error> {
    let mut outputs = spec::<M>().outputs.iter().zip(weights);
    match outputs.find(|(_, weight)| !check_loss_weight::<M>(*weight)) {
        Some((output, weight)) => Err(Error::LossWeight { output: output.name, weight }),
        None => Ok(()),
    }
}

impl<M: Model> std::fmt::Debug for Trainer<'_, M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trainer")
            .field("model", &spec::<M>().name)
            .field("learning_rate", &self.engine.learning_rate())
            .field("loss_weights", &self.loss_weights)
            .field("steps", &self.engine.steps())
            .finish_non_exhaustive()
    }
}

impl<M: Model> Drop for Trainer<'_, M> {
    fn drop(&mut self) {
        self.sync();
    }
}
