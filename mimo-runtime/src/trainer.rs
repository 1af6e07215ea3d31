//! Training: the weighted sum of the losses of all outputs, made smaller step by step.

mod custom;
mod fit;
mod options;
mod shuffle;
#[cfg(test)]
mod tests;
mod weights;

pub use custom::{LossTensor, LossTensorOf};
pub use options::FitOptions;

use std::sync::Arc;

use crate::columns::PredictionColumns;
use crate::data::{Arrays, Dataset, IntoDataset, gather, program, spec};
use crate::engine::{Engine, Passes, Source, Totals};
use crate::error::Error;
use crate::history::Evaluation;
use crate::logs::LogTable;
use crate::model::{Model, PerOutput, Trainable};
use custom::CustomLoss;
use shuffle::Shuffle;

/// Trains a model. The total loss is `Σ weightᵢ · lossᵢ`, plus what regularizers add.
///
/// A trainer borrows the model and holds its weights, their gradients and the optimizer's state in a form that is fast to
/// train. The model's own tensors get the weights when the trainer is dropped, or on
/// [`sync`](Self::sync); the optimizer's state ends with the trainer.
///
/// ```ignore
/// let mut trainer = Trainer::new(&mut model)?;
/// let history = trainer.fit((&inputs, &targets), FitOptions::new().epochs(20).validation_split(0.2))?;
/// println!("{}", history.epochs()[19].train.risk.auc);
/// ```
// Of any model, so that one that cannot be trained is reported once, at `Trainer::new`, and not where the type is named.
pub struct Trainer<'m, M: Model> {
    model: &'m mut M,
    engine: Engine<M::Float>,
    /// In the total, by output.
    loss_weights: Vec<f64>,
    custom: Option<CustomLoss<'m, M>>,
    shuffle: Shuffle,
    /// Whether the engine's weights are not in the model yet.
    ahead: bool,
    table: Arc<LogTable>,
    // Memory that is reused from call to call.
    totals: Totals,
    columns: PredictionColumns<M::Float>,
    batch: Arrays<M::Float>,
    /// 0, 1, 2, …
    numbers: Vec<usize>,
}

/// How a [`Trainer`] is made.
#[derive(Clone, Copy, Debug, Default)]
pub struct TrainerOptions {
    threads: usize,
    seed: u64,
}

impl TrainerOptions {
    /// All threads of the machine and seed 0.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many threads work, the caller's included; 0, the default, means as many as the machine has. The results are the same
    /// bits for any number.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// Fixes what shuffling, dropout and noise draw; 0 by default.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }
}

impl<'m, M: Trainable> Trainer<'m, M> {
    /// A trainer with the optimizer and the loss weights of the model's `.compile(…)`.
    ///
    /// # Errors
    /// [`NoOptimizer`](Error::NoOptimizer), [`Memory`](Error::Memory).
    pub fn new(model: &'m mut M) -> Result<Self, Error> {
        Self::with_options(model, TrainerOptions::new())
    }

    /// The same with a number of threads or a seed.
    ///
    /// # Errors
    /// [`NoOptimizer`](Error::NoOptimizer), [`Memory`](Error::Memory).
    pub fn with_options(model: &'m mut M, options: TrainerOptions) -> Result<Self, Error> {
        let (spec, program) = (spec::<M>(), program::<M>());
        let optimizer = spec.optimizer.ok_or(Error::NoOptimizer)?;
        let table = LogTable::new(spec);
        if table.statistics(spec) != program.statistics {
            return Err(Error::Inconsistent { what: "the number of statistics" });
        }
        let passes = Passes {
            forward: M::forward_pass,
            scan: M::scan_pass,
            loss: M::loss_pass,
            custom: M::custom_pass,
            heads_backward: M::heads_backward_pass,
            trunk_backward: M::trunk_backward_pass,
        };
        let mut engine = Engine::new(program, passes, Some(optimizer), options.threads)?;
        engine.set_seed(options.seed);
        model.read_weights(&mut |index, values| engine.load_weight(index, &values));
        engine.weights_loaded();
        Ok(Trainer {
            model,
            engine,
            loss_weights: spec.outputs.iter().map(|output| output.weight).collect(),
            custom: None,
            shuffle: Shuffle::new(options.seed),
            ahead: false,
            table: Arc::new(table),
            totals: Totals::new(program),
            columns: PredictionColumns::new::<M>(),
            batch: Arrays::empty::<M>(),
            numbers: Vec::new(),
        })
    }

    /// The optimizer's step size.
    pub fn learning_rate(&self) -> f64 {
        self.engine.learning_rate()
    }

    /// Sets the optimizer's step size, from the next step on.
    pub fn set_learning_rate(&mut self, rate: f64) {
        self.engine.set_learning_rate(rate);
    }

    /// Steps so far, over all calls.
    pub fn steps(&self) -> u64 {
        self.engine.steps()
    }

    /// Fixes what shuffling, dropout and noise draw from here on.
    pub fn set_seed(&mut self, seed: u64) {
        self.engine.set_seed(seed);
        self.shuffle = Shuffle::new(seed);
    }

    /// What each output's loss is multiplied by in the total.
    pub fn loss_weights(&self) -> M::PerOutput<f64> {
        M::PerOutput::from_fn(|output| self.loss_weights.get(output).copied().unwrap_or(1.0))
    }

    /// Sets what each output's loss is multiplied by, from the next step on. The optimizer's state stays.
    pub fn set_loss_weights(&mut self, weights: &M::PerOutput<f64>) {
        for (to, weight) in self.loss_weights.iter_mut().zip(weights.values()) {
            *to = *weight;
        }
    }

    /// Losses and metrics on a data set, in batches of `batch_size` samples; the last may be smaller. Dropout
    /// and noise are off.
    ///
    /// # Errors
    /// Those of [`ArrayDataset::new`](crate::data::ArrayDataset::new) and of the data set,
    /// [`BatchSize`](Error::BatchSize), [`NoCustomLoss`](Error::NoCustomLoss), [`Memory`](Error::Memory).
    pub fn evaluate<'d>(
        &mut self,
        data: impl IntoDataset<'d, M>,
        batch_size: usize,
    ) -> Result<Evaluation<M>, Error> {
        let data = data.into_dataset()?;
        let rows: Vec<usize> = (0..data.rows()).collect();
        self.evaluate_rows(&*data, &rows, batch_size)
    }

    /// The outputs for `inputs`, any number of samples at once. Dropout and noise are off.
    ///
    /// # Errors
    /// [`RowsDiffer`](Error::RowsDiffer) if two inputs hold different numbers of samples,
    /// [`Memory`](Error::Memory).
    pub fn predict(&mut self, inputs: &M::Inputs) -> Result<M::Outputs, Error> {
        self.columns.predict::<M>(&mut self.engine, inputs)
    }

    /// One step on all of `inputs` as one batch; gives what it measured, before the step changed the weights.
    ///
    /// After the first call with as many samples nothing is allocated.
    ///
    /// # Errors
    /// Those of [`ArrayDataset::new`](crate::data::ArrayDataset::new),
    /// [`NoCustomLoss`](Error::NoCustomLoss), [`Memory`](Error::Memory); the weights are unchanged then.
    pub fn train_on_batch(&mut self, inputs: &M::Inputs, targets: &M::Targets) -> Result<M::Logs, Error> {
        self.check_losses()?;
        // Taken out for the step, which reads it and needs the rest of the trainer.
        let mut batch = std::mem::take(&mut self.batch);
        let mut numbers = std::mem::take(&mut self.numbers);
        let result = batch.read::<M>(inputs, targets).and_then(|()| {
            numbers.extend(numbers.len()..batch.rows);
            let gather = |rows: &[usize], into: &mut crate::batch::BatchRows<'_, '_, M::Float>| {
                batch.gather(spec::<M>(), rows, Ok, into)
            };
            self.totals.clear();
            self.step(&numbers[..batch.rows], Source { gather: &gather, weighted: false })
        });
        (self.batch, self.numbers) = (batch, numbers);
        result?;
        Ok(self.logs())
    }

    /// One step on some samples of a data set as one batch, for loops of one's own; gives what it measured.
    ///
    /// # Errors
    /// Those of the data set, [`NoData`](Error::NoData) if `rows` is empty, [`NoSuchRow`](Error::NoSuchRow),
    /// [`NoCustomLoss`](Error::NoCustomLoss), [`Memory`](Error::Memory); the weights are unchanged then.
    pub fn train_on_rows(&mut self, data: &dyn Dataset<M>, rows: &[usize]) -> Result<M::Logs, Error> {
        self.check_losses()?;
        if rows.is_empty() {
            return Err(Error::NoData);
        }
        if let Some(&row) = rows.iter().find(|row| **row >= data.rows()) {
            return Err(Error::NoSuchRow { row, rows: data.rows() });
        }
        self.totals.clear();
        self.step(
            rows,
            Source { gather: &|rows, batch| gather(data, rows, batch), weighted: data.weighted() },
        )?;
        Ok(self.logs())
    }

    /// Losses and metrics on some samples.
    fn evaluate_rows(
        &mut self,
        data: &dyn Dataset<M>,
        rows: &[usize],
        batch_size: usize,
    ) -> Result<Evaluation<M>, Error> {
        self.check_losses()?;
        if rows.is_empty() {
            return Err(Error::NoData);
        }
        if batch_size == 0 {
            return Err(Error::BatchSize);
        }
        let source = Source { gather: &|rows, batch| gather(data, rows, batch), weighted: data.weighted() };
        self.totals.clear();
        for batch in rows.chunks(batch_size) {
            match &mut self.custom {
                None => self.engine.evaluate(batch, source, &self.loss_weights, &mut self.totals)?,
                Some(custom) => {
                    self.engine.evaluate_custom(
                        batch,
                        source,
                        &mut |batch| custom.value(batch),
                        &mut self.totals,
                    )?;
                }
            }
        }
        Ok(Evaluation::new(self.table.values(&self.totals).collect(), &self.table))
    }

    /// One step; adds what it measures to the totals.
    fn step(&mut self, rows: &[usize], source: Source<'_, M::Float>) -> Result<(), Error> {
        self.ahead = true;
        match &mut self.custom {
            None => self.engine.train(rows, source, &self.loss_weights, &mut self.totals),
            Some(custom) => {
                self.engine.train_custom(rows, source, &mut |batch| custom.gradients(batch), &mut self.totals)
            }
        }
    }

    /// What the totals say.
    fn logs(&self) -> M::Logs {
        use crate::model::Logs;
        M::Logs::from_values(&mut self.table.values(&self.totals))
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
