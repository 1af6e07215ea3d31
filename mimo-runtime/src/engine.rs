//! The execution of a model: parameters, gradients and optimizer state are flat buffers, batches are divided into
//! chunks, and a pool of threads passes the chunks through the model.
//!
//! A training step has two phases. In the first, each chunk of the batch goes through the forward pass, the losses
//! and every gradient of values, depth first, in its own arena; where a layer or a loss depends on the whole batch,
//! the chunks wait for each other between two [stages](crate::stage). In the second, the parameters are divided into
//! row ranges: their gradients over the whole batch, the optimizer, and the transposed copies that the next backward
//! reads. The division of batches and parameters depends on the model and the batch, never on the number of threads,
//! and sums have a fixed order, so results are bit-identical for any number of threads.

mod carried;
mod chunks;
mod custom;
mod gradient;
pub(crate) mod inference;
mod interleaved;
mod labels;
mod limits;
mod masks;
mod orthogonal;
mod own;
mod positions;
mod predict;
mod rule;
mod search;
mod spectral;
mod states;
mod statistics;
mod steering;
mod step;
mod tasks;
mod update;
mod ways;
mod whole;

use std::sync::Arc;

use mimo_graph::spec::ModelSpec;

use crate::batch::BatchRows;
use crate::chunk::Mode;
use crate::error::Error;
use crate::float::Float;
use crate::kernels::{self, AlignedVec, Pool};
use crate::program::{Param, Program};
use crate::random;
use crate::rules::MakeRule;
use crate::stage::{Pass, Stage, StepPart};
use crate::warning::Warnings;
use crate::weighting::Weighting;
use chunks::Chunks;
pub use custom::{CustomBatch, CustomLossFn};
use labels::Labels;
use masks::Masks;
pub use positions::SeePosition;
use rule::Rules;
use search::Search;
use spectral::Spectral;
use states::States;
pub use steering::Steer;
pub use step::{Job, JobBatch, Step};
use tasks::Parameters;

/// Fills a chunk's inputs, targets and sample weights with the given samples of a data set.
pub type Gather<'a, E> = dyn Fn(&[usize], &mut BatchRows<'_, '_, E>) -> Result<(), Error> + Sync + 'a;

/// Source of the samples of a batch.
#[derive(Clone, Copy)]
pub struct Source<'a, E> {
    /// Gathers samples.
    pub gather: &'a Gather<'a, E>,
    /// Kinds of weights that it writes in addition to targets.
    pub weighting: Weighting,
    /// Checks that the samples still need.
    pub trust: Trust,
}

/// Checks that the numbers written by a [`Gather`] still need.
#[derive(Clone, Copy, Debug)]
pub enum Trust {
    /// They were checked.
    Checked,
    /// Every number is written, but must be checked.
    Filled(&'static ModelSpec),
    /// Some numbers may not be written.
    Unchecked(&'static ModelSpec),
}

impl<E> std::fmt::Debug for Source<'_, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut fields = f.debug_struct("Source");
        fields.field("weighting", &self.weighting).field("trust", &self.trust).finish_non_exhaustive()
    }
}

/// Sums over batches, from which losses and metrics are computed.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    /// Number of samples.
    pub samples: usize,
    /// A loss per output, then the states of the metrics. A loss is a sum over the samples with a target.
    pub statistics: Vec<f64>,
    /// By output: number of samples with a target.
    pub present: Vec<f64>,
    /// Sum over batches of the number of samples times the total loss: weighted losses and penalties of weights.
    pub total: f64,
    /// Sum over batches of the number of samples times each joint custom loss.
    pub joint: Vec<f64>,
}

impl Totals {
    /// Creates empty sums for a model.
    pub fn new(program: &Program) -> Self {
        Totals {
            samples: 0,
            statistics: vec![0.0; program.statistics],
            present: vec![0.0; program.outputs.len()],
            total: 0.0,
            joint: vec![],
        }
    }

    /// Clears the sums, and resizes them like others.
    pub(crate) fn resize(&mut self, like: &Totals) {
        self.statistics.resize(like.statistics.len(), 0.0);
        self.present.resize(like.present.len(), 0.0);
        self.joint.resize(like.joint.len(), 0.0);
        self.clear();
    }

    /// Copies the sums of others, reusing memory.
    pub(crate) fn copy_from(&mut self, from: &Totals) {
        let Totals { samples, statistics, present, total, joint } = from;
        (self.samples, self.total) = (*samples, *total);
        self.statistics.clear();
        self.statistics.extend_from_slice(statistics);
        self.present.clear();
        self.present.extend_from_slice(present);
        self.joint.clear();
        self.joint.extend_from_slice(joint);
    }

    /// Clears the sums, keeping their memory.
    pub fn clear(&mut self) {
        self.samples = 0;
        self.total = 0.0;
        self.statistics.fill(0.0);
        self.present.fill(0.0);
        self.joint.fill(0.0);
    }
}

/// Limit on the threads that an engine starts if the machine does not have more. Each costs a stack, and more threads
/// than cores only wait for each other; tests of many threads on few cores need some.
pub const MAX_THREADS: usize = 64;

/// A model's parameters and everything needed to run and train it.
#[derive(Debug)]
pub struct Engine<E: Float> {
    program: &'static Program,
    /// The pass of predictions.
    forward: Pass<E>,
    stages: &'static [Stage<E>],
    pool: Pool,
    parameters: Parameters<E>,
    rules: Option<Rules<E>>,
    train_chunks: Chunks<E>,
    predict_chunks: Chunks<E>,
    custom: custom::Columns<E>,
    states: States<E>,
    spectral: Spectral<E>,
    masks: Masks,
    labels: Labels,
    search: Search,
    own: own::Own,
    /// Shared with the current step, which may end in a panic of the data set.
    pub(crate) warnings: Arc<Warnings>,
    seed: u64,
    /// Number of evaluated batches and prediction rounds since the seed was set: each draws other numbers.
    passes: u64,
}

impl<E: Float> Engine<E> {
    /// Creates an engine with all parameters 0; load weights before using it. `forward` computes the outputs from the
    /// inputs, `stages` are those of a training step. `trained` contains the optimizers of a trained model and their
    /// rules. `threads` includes the caller's; 0 means as many as the machine has. More than [`MAX_THREADS`] are
    /// started only if the machine has more.
    ///
    /// # Errors
    /// [`Error::Memory`] if the buffers cannot be allocated, [`Error::LearningRate`], and [`Error::Inconsistent`] for rules that are
    /// not those of the optimizers.
    pub fn new(
        program: &'static Program,
        forward: Pass<E>,
        stages: &'static [Stage<E>],
        trained: Option<(&ModelSpec, &[MakeRule<E>])>,
        threads: usize,
    ) -> Result<Self, Error> {
        let mut engine = E::engine(program, forward, stages, threads)?;
        if let Some((spec, makers)) = trained {
            E::set_rules(&mut engine, spec, makers)?;
        }
        Ok(engine)
    }

    /// The layout of the model.
    pub fn program(&self) -> &'static Program {
        self.program
    }

    /// Number of threads that share a large step, including the caller's.
    pub fn threads(&self) -> usize {
        self.pool.threads()
    }

    /// Sets one weight, by its index among the model's fields, from its values in Keras's layout.
    pub fn load_weight(&mut self, index: usize, values: &[E]) {
        E::load_weight(self, index, values);
    }

    /// Must be called after the last [`load_weight`](Self::load_weight).
    pub fn weights_loaded(&mut self) {
        E::weights_loaded(self);
    }

    /// Reads one weight, by its index among the model's fields.
    pub fn store_weight(&self, index: usize, values: &mut [E]) {
        E::copy_out(self.program, &self.parameters.values, index, values);
    }

    /// Reads the gradient of one weight as the optimizer used it in the last step: with penalties, and clipped. Zeros
    /// for a weight that is not trained.
    pub fn gradient(&self, index: usize, values: &mut [E]) {
        E::copy_out(self.program, &self.parameters.gradients, index, values);
    }

    /// Sets the learning rate of the only optimizer.
    ///
    /// # Errors
    /// [`Error::LearningRate`] if it is negative, NaN or infinite in the precision of the model, [`Error::SeveralOptimizers`],
    /// [`Error::ScheduledLearningRate`].
    pub fn set_learning_rate(&mut self, rate: f64) -> Result<(), Error> {
        check_rate::<E>(rate)?;
        match self.rules.as_mut().map(|rules| &mut *rules.rules) {
            None => Ok(()),
            Some([rule]) => rule.set_learning_rate(rate),
            Some(rules) => Err(Error::SeveralOptimizers { keys: keys(rules) }),
        }
    }

    /// Sets the learning rate of the optimizer with a key.
    ///
    /// # Errors
    /// [`Error::LearningRate`], [`Error::NoSuchOptimizer`], [`Error::ScheduledLearningRate`].
    pub fn set_learning_rate_of(&mut self, key: &str, rate: f64) -> Result<(), Error> {
        check_rate::<E>(rate)?;
        let keys = self.rules.as_ref().map(|rules| keys(&rules.rules)).unwrap_or_default();
        match self.rules.as_mut().and_then(|rules| rules.of_key(key)) {
            Some(rule) => rule.set_learning_rate(rate),
            None => Err(Error::NoSuchOptimizer { key: key.into(), keys }),
        }
    }

    /// The learning rate of the optimizer with a key.
    ///
    /// # Errors
    /// [`Error::NoSuchOptimizer`].
    pub fn learning_rate_of(&self, key: &str) -> Result<f64, Error> {
        let rules = self.rules.as_ref().map_or(&[][..], |rules| &rules.rules);
        match rules.iter().find(|rule| rule.key == Some(key)) {
            Some(rule) => Ok(rule.learning_rate(self.steps())),
            None => Err(Error::NoSuchOptimizer { key: key.into(), keys: keys(rules) }),
        }
    }

    /// Whether every weight is finite.
    pub fn weights_are_finite(&self) -> bool {
        E::all_finite(&self.parameters.values)
    }

    /// The learning rate of the next step, that of the first optimizer if there are several; 0 for a model that is
    /// not trained.
    pub fn learning_rate(&self) -> f64 {
        let first = self.rules.as_ref().and_then(|rules| rules.rules.first());
        first.map_or(0.0, |rule| rule.learning_rate(self.steps()))
    }

    /// The learning rate of the last step; before the first step, that of the next.
    pub fn last_learning_rate(&self) -> f64 {
        let first = self.rules.as_ref().and_then(|rules| rules.rules.first());
        first.map_or(0.0, |rule| rule.learning_rate(self.steps().saturating_sub(1)))
    }

    /// Sets the learning rate of every optimizer, replacing schedules.
    pub(crate) fn replace_learning_rates(&mut self, rate: f64) {
        for rule in self.rules.iter_mut().flat_map(|rules| &mut rules.rules) {
            (rule.optimizer.learning_rate, rule.optimizer.schedule) = (rate, None);
        }
    }

    /// Sets the seed of dropout, noise and random operations.
    pub fn set_seed(&mut self, seed: u64) {
        self.seed = seed;
        self.passes = 0;
    }

    /// The seed of dropout, noise and random operations.
    #[cfg(feature = "report")]
    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// Number of optimizer steps.
    pub fn steps(&self) -> u64 {
        self.rules.as_ref().map_or(0, |rules| rules.iterations)
    }

    /// Executes one training step on the given samples of a data set. Adds losses and metrics to `totals`.
    ///
    /// # Errors
    /// Those of the data set, and [`Error::Memory`]; the parameters are unchanged then.
    pub fn train(
        &mut self,
        rows: &[usize],
        source: Source<'_, E>,
        loss_weights: &[f64],
        totals: &mut Totals,
    ) -> Result<(), Error> {
        E::run(self, JobBatch { rows, source, loss_weights, totals }, Job::Train)
    }

    /// Computes losses and metrics on the given samples, as one batch.
    ///
    /// # Errors
    /// Those of the data set, and [`Error::Memory`].
    pub fn evaluate(
        &mut self,
        rows: &[usize],
        source: Source<'_, E>,
        loss_weights: &[f64],
        totals: &mut Totals,
    ) -> Result<(), Error> {
        E::run(self, JobBatch { rows, source, loss_weights, totals }, Job::Evaluate)
    }

    /// Same as [`evaluate`](Self::evaluate), and then calls `see` for every position of an output that counts. The
    /// output is given by its index and the length of its last axis.
    ///
    /// # Errors
    /// Those of [`evaluate`](Self::evaluate) and of `see`.
    pub fn each_position(
        &mut self,
        rows: &[usize],
        source: Source<'_, E>,
        loss_weights: &[f64],
        totals: &mut Totals,
        (output, classes): (usize, usize),
        see: &mut SeePosition<'_, E>,
    ) -> Result<(), Error> {
        let batch = JobBatch { rows, source, loss_weights, totals };
        E::run(self, batch, Job::EachPosition { output, classes, see })
    }

    /// Computes outputs for `rows` samples: a column of samples per input and per output.
    ///
    /// # Errors
    /// [`Error::Memory`]; columns of another length than `rows` samples are [`Error::ColumnLength`].
    pub fn predict(&mut self, rows: usize, inputs: &[&[E]], outputs: &mut [&mut [E]]) -> Result<(), Error> {
        E::predict(self, rows, inputs, outputs)
    }

    /// Executes one training step with the model's own losses and custom ones, whose weighted sum and output
    /// gradients `loss` computes.
    ///
    /// # Errors
    /// Those of the data set and of `loss`, and [`Error::Memory`]; the parameters are unchanged then.
    pub fn train_custom(
        &mut self,
        rows: &[usize],
        source: Source<'_, E>,
        loss_weights: &[f64],
        loss: &mut CustomLossFn<'_, E>,
        totals: &mut Totals,
    ) -> Result<(), Error> {
        E::run(self, JobBatch { rows, source, loss_weights, totals }, Job::TrainCustom(loss))
    }

    /// Computes the model's own losses and metrics, and the custom losses, on the given samples as one batch. The
    /// gradients written by `loss` are not used.
    ///
    /// # Errors
    /// Those of the data set and of `loss`, and [`Error::Memory`].
    pub fn evaluate_custom(
        &mut self,
        rows: &[usize],
        source: Source<'_, E>,
        loss_weights: &[f64],
        loss: &mut CustomLossFn<'_, E>,
        totals: &mut Totals,
    ) -> Result<(), Error> {
        E::run(self, JobBatch { rows, source, loss_weights, totals }, Job::EvaluateCustom(loss))
    }

    /// The penalty of the trained weights.
    fn penalty(&self) -> f64 {
        self.parameters.penalty(self.program, &|weight| self.is_frozen(weight))
    }

    /// Adds the sums of the chunks of a batch to `totals`, and returns `Σ weight · loss`.
    fn total_up(&self, rows: usize, loss_weights: &[f64], penalty: f64, totals: &mut Totals) {
        let outputs = self.program.outputs.len();
        let mut total = penalty * rows as f64 + self.train_chunks.activity_penalty();
        let present = self.present();
        for chunk in self.train_chunks.statistics(self.program) {
            own::add(&mut totals.statistics, chunk, outputs, &self.own.places);
            for (output, (sum, value)) in totals.statistics.iter_mut().zip(chunk).take(outputs).enumerate() {
                // The mean over an epoch is over the present targets, too.
                *sum += match present.get(output) {
                    Some(present) => value * present / rows as f64,
                    None => *value,
                };
            }
            total +=
                chunk.iter().take(outputs).zip(loss_weights).map(|(loss, weight)| loss * weight).sum::<f64>();
        }
        for (output, sum) in totals.present.iter_mut().enumerate() {
            *sum += present.get(output).copied().unwrap_or(rows as f64);
        }
        totals.samples += rows;
        totals.total += total;
    }

    /// By output: the number of samples with a target in the last batch; empty if none is missing.
    pub(crate) fn present(&self) -> &[f64] {
        self.train_chunks.merged.get(self.program.sums..).unwrap_or(&[])
    }

    /// Must be called before a batch passes through the model.
    fn begin_pass(&mut self, mode: Mode) {
        if mode != Mode::Train {
            self.passes = self.passes.wrapping_add(1);
        }
    }

    /// State of the random numbers: a seed that no other step or pass has, and the number of the step or pass.
    /// Evaluations and predictions are counted separately from steps, so that they do not change the random numbers
    /// of training.
    fn random_state(&self, mode: Mode) -> (u64, u64) {
        if mode == Mode::Train {
            let step = self.steps().wrapping_add(1);
            // The constant distributes neighbouring steps over the whole range (SplitMix64).
            return (self.seed ^ step.wrapping_mul(0x9E37_79B9_7F4A_7C15), step);
        }
        pass_state(self.seed, self.passes)
    }
}

/// State of the random numbers of an evaluated batch or a prediction round, from the seed and their count.
fn pass_state(seed: u64, passes: u64) -> (u64, u64) {
    /// Stream of the seed for evaluations and predictions.
    const PASSES: u64 = 1 << 63;
    let pass = PASSES | passes;
    (random::key(seed, pass), pass)
}

fn train<E: Float>(
    engine: &mut Engine<E>,
    rows: &[usize],
    source: Source<'_, E>,
    loss_weights: &[f64],
    totals: &mut Totals,
) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut engine = engine.begin_step();
    engine.labels.custom.fill(false);
    engine.run_batch(Mode::Train, StepPart::Trunk, rows, source, loss_weights)?;
    engine.search(0.0, StepPart::Trunk, rows, source, loss_weights)?;
    engine.keep_states();
    let penalty = engine.update(rows.len());
    engine.total_up(rows.len(), loss_weights, penalty, totals);
    engine.keep();
    Ok(())
}

fn evaluate<E: Float>(
    engine: &mut Engine<E>,
    rows: &[usize],
    source: Source<'_, E>,
    loss_weights: &[f64],
    totals: &mut Totals,
) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    engine.copy_kernels();
    engine.run_batch(Mode::Evaluate, StepPart::Loss, rows, source, loss_weights)?;
    engine.keep_states();
    let penalty = engine.penalty();
    engine.total_up(rows.len(), loss_weights, penalty, totals);
    Ok(())
}

/// Checks a learning rate.
fn check_rate<E: Float>(rate: f64) -> Result<(), Error> {
    if rate >= 0.0 && E::of(rate).is_finite() { Ok(()) } else { Err(Error::LearningRate { rate }) }
}

/// Keys of optimizers.
fn keys<E: Float>(rules: &[rule::RuleState<E>]) -> Vec<&'static str> {
    rules.iter().filter_map(|rule| rule.key).collect()
}

/// An engine without optimizers.
fn engine<E: Float>(
    program: &'static Program,
    forward: Pass<E>,
    stages: &'static [Stage<E>],
    threads: usize,
) -> Result<Engine<E>, Error> {
    let parameters = Parameters::new(program)?;
    Ok(Engine {
        program,
        forward,
        stages,
        pool: inference::pool(threads),
        parameters,
        rules: None,
        train_chunks: Chunks::default(),
        predict_chunks: Chunks::default(),
        custom: custom::Columns::default(),
        states: States::new(&[]),
        spectral: Spectral::none(),
        masks: Masks::none(),
        labels: Labels::default(),
        search: Search::default(),
        own: own::Own::default(),
        warnings: Arc::default(),
        seed: 0,
        passes: 0,
    })
}

/// Sets the optimizers of an engine.
fn set_rules<E: Float>(
    engine: &mut Engine<E>,
    spec: &ModelSpec,
    makers: &[MakeRule<E>],
) -> Result<(), Error> {
    engine.rules = Rules::new(spec, makers, engine.program)?;
    Ok(())
}

/// Sets one weight.
fn load_weight<E: Float>(engine: &mut Engine<E>, index: usize, values: &[E]) {
    engine.spectral.copied = false;
    copy_in(engine.program, &mut engine.parameters.values, index, values);
}

/// Copies a weight into its part of a parameter-like buffer, row by row.
fn copy_in<E: Float>(program: &Program, buffer: &mut [E], index: usize, values: &[E]) {
    let Some(param) = program.params.get(index) else { return };
    let Some(block) = program.blocks.get(param.block) else { return };
    for (row, from) in (0..block.rows).zip(values.chunks_exact(param.cols.max(1))) {
        let start = block.offset + row * block.cols + param.column;
        buffer[start..start + param.cols].copy_from_slice(from);
    }
}

/// Copies a weight's part of a parameter-like buffer out, row by row.
fn copy_out<E: Float>(program: &Program, buffer: &[E], index: usize, values: &mut [E]) {
    let Some(param) = program.params.get(index) else { return };
    let Some(block) = program.blocks.get(param.block) else { return };
    for (row, to) in (0..block.rows).zip(values.chunks_exact_mut(param.cols.max(1))) {
        let start = block.offset + row * block.cols + param.column;
        to.copy_from_slice(&buffer[start..start + param.cols]);
    }
}

/// Allocates a zeroed buffer.
fn buffer<E: Float>(len: usize) -> Result<AlignedVec<E>, Error> {
    AlignedVec::try_zeroed(len).map_err(|error: kernels::AllocationError| Error::Memory { values: error.len })
}

impl<E: Float> Parameters<E> {
    /// The rows of a weight.
    fn rows_mut(&mut self, param: &Param) -> impl Iterator<Item = &mut [E]> {
        let block = self.blocks[param.block];
        let values = &mut self.values[block.offset..block.offset + block.rows * block.cols];
        let columns = param.column..param.column + param.cols;
        values.chunks_exact_mut(block.cols.max(1)).map(move |row| &mut row[columns.clone()])
    }
}
