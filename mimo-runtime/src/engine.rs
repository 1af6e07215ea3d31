//! The execution of a model: parameters, gradients and optimizer state as flat buffers, batches cut in chunks,
//! chunks taken through the model by a pool of threads.
//!
//! A training step has two phases. In the first, each chunk of the batch goes through the forward pass, the losses and
//! every gradient of values, depth first, in its own arena; where a layer or a loss depends on the whole batch, the chunks
//! wait for each other between two [stages](crate::stage). In the second, the parameters are cut in row ranges: their
//! gradients over the whole batch, the optimizer, and the transposed copies that the next backward reads. How
//! batches and parameters are cut depends on the model and the batch, never on the number of threads, and what is
//! summed is summed in a fixed order, so results are the same bits for any number of threads.

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

/// Where the samples of a batch come from.
#[derive(Clone, Copy)]
pub struct Source<'a, E> {
    /// Gathers samples.
    pub gather: &'a Gather<'a, E>,
    /// The weights that it fills in beside targets.
    pub weighting: Weighting,
    /// Checks that the samples still need.
    pub trust: Trust,
}

/// Checks that the numbers written by a [`Gather`] still need.
#[derive(Clone, Copy, Debug)]
pub enum Trust {
    /// They were checked.
    Checked,
    /// Every number is written, and has to be checked.
    Filled(&'static ModelSpec),
    /// Some may not even be written.
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
    /// Samples.
    pub samples: usize,
    /// A loss per output, then the states of the metrics. A loss is a sum over the samples that have a target.
    pub statistics: Vec<f64>,
    /// By output: samples that have a target.
    pub present: Vec<f64>,
    /// Over batches, samples times total loss: weighted losses and penalties of weights.
    pub total: f64,
    /// Over batches, samples times each joint custom loss.
    pub joint: Vec<f64>,
}

impl Totals {
    /// Empty sums for a model.
    pub fn new(program: &Program) -> Self {
        Totals {
            samples: 0,
            statistics: vec![0.0; program.statistics],
            present: vec![0.0; program.outputs.len()],
            total: 0.0,
            joint: vec![],
        }
    }

    /// Empties the sums, and gives them the lengths of others.
    pub(crate) fn resize(&mut self, like: &Totals) {
        self.statistics.resize(like.statistics.len(), 0.0);
        self.present.resize(like.present.len(), 0.0);
        self.joint.resize(like.joint.len(), 0.0);
        self.clear();
    }

    /// Takes over the sums of others, keeping its own memory.
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

    /// Empties the sums, keeping their memory.
    pub fn clear(&mut self) {
        self.samples = 0;
        self.total = 0.0;
        self.statistics.fill(0.0);
        self.present.fill(0.0);
        self.joint.fill(0.0);
    }
}

/// Threads that an engine starts at most, if the machine does not have more. Each costs a stack, and more than there are
/// cores only wait for each other; tests of many threads on few cores need some.
pub const MAX_THREADS: usize = 64;

/// A model's parameters and everything that is needed to run and train it.
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
    /// Shared with a step that is made, whose data may end it in a panic.
    pub(crate) warnings: Arc<Warnings>,
    seed: u64,
    /// Batches that were evaluated and rounds of predictions since the seed was set: each draws other numbers.
    passes: u64,
}

impl<E: Float> Engine<E> {
    /// An engine with parameters 0; load weights before it is used. `forward` leads from the inputs to the outputs,
    /// `stages` are those of a training step. `trained` has the optimizers of a model that is trained, and their rules. `threads` includes the caller's; 0 means as many as the machine has. More than [`MAX_THREADS`] are started only if the machine has more.
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

    /// Number of threads that share a large step, the caller's included.
    pub fn threads(&self) -> usize {
        self.pool.threads()
    }

    /// Sets one weight, by its place in the model's fields, from its values in Keras's layout.
    pub fn load_weight(&mut self, index: usize, values: &[E]) {
        E::load_weight(self, index, values);
    }

    /// To be called after the last [`load_weight`](Self::load_weight).
    pub fn weights_loaded(&mut self) {
        E::weights_loaded(self);
    }

    /// Reads one weight, by its place in the model's fields.
    pub fn store_weight(&self, index: usize, values: &mut [E]) {
        E::copy_out(self.program, &self.parameters.values, index, values);
    }

    /// Reads the gradient of one weight as the last step's optimizer used it: with penalties, and clipped. Zeros for a weight
    /// that is not trained.
    pub fn gradient(&self, index: usize, values: &mut [E]) {
        E::copy_out(self.program, &self.parameters.gradients, index, values);
    }

    /// Sets the step size of the only optimizer.
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

    /// Sets the step size of the optimizer of a key.
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

    /// The step size of the optimizer of a key.
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

    /// The step size of the next step, that of the first optimizer if there are several; 0 for a model that is not trained.
    pub fn learning_rate(&self) -> f64 {
        let first = self.rules.as_ref().and_then(|rules| rules.rules.first());
        first.map_or(0.0, |rule| rule.learning_rate(self.steps()))
    }

    /// The step size of the last step; before the first step, that of the next.
    pub fn last_learning_rate(&self) -> f64 {
        let first = self.rules.as_ref().and_then(|rules| rules.rules.first());
        first.map_or(0.0, |rule| rule.learning_rate(self.steps().saturating_sub(1)))
    }

    /// Sets the step size of every optimizer, in the place of schedules too.
    pub(crate) fn replace_learning_rates(&mut self, rate: f64) {
        for rule in self.rules.iter_mut().flat_map(|rules| &mut rules.rules) {
            (rule.optimizer.learning_rate, rule.optimizer.schedule) = (rate, None);
        }
    }

    /// Fixes what dropout, noise and random operations draw from here on.
    pub fn set_seed(&mut self, seed: u64) {
        self.seed = seed;
        self.passes = 0;
    }

    /// The seed of dropout, noise and random operations.
    #[cfg(feature = "report")]
    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// Optimizer steps so far.
    pub fn steps(&self) -> u64 {
        self.rules.as_ref().map_or(0, |rules| rules.iterations)
    }

    /// One training step on the given samples of a data set. Adds losses and metrics to `totals`.
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

    /// Losses and metrics on the given samples, as one batch.
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

    /// The same as [`evaluate`](Self::evaluate), and then sees every position of an output, given by its place and the length of its last
    /// axis, that counts.
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

    /// Outputs for `rows` samples: a column of samples per input and per output.
    ///
    /// # Errors
    /// [`Error::Memory`]; columns of another length than `rows` samples are [`Error::ColumnLength`].
    pub fn predict(&mut self, rows: usize, inputs: &[&[E]], outputs: &mut [&mut [E]]) -> Result<(), Error> {
        E::predict(self, rows, inputs, outputs)
    }

    /// One training step on the model's own losses and on custom ones, whose weighted sum and output gradients `loss`
    /// computes.
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

    /// The model's own losses and metrics on the given samples, as one batch, and the custom losses. The gradients that
    /// `loss` writes are not used.
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

    /// The penalty of the weights that are trained.
    fn penalty(&self) -> f64 {
        self.parameters.penalty(self.program, &|weight| self.is_frozen(weight))
    }

    /// Adds what the chunks of a batch summed up to `totals`, and gives `Σ weight · loss`.
    fn total_up(&self, rows: usize, loss_weights: &[f64], penalty: f64, totals: &mut Totals) {
        let outputs = self.program.outputs.len();
        let mut total = penalty * rows as f64 + self.train_chunks.activity_penalty();
        let present = self.present();
        for chunk in self.train_chunks.statistics(self.program) {
            own::add(&mut totals.statistics, chunk, outputs, &self.own.places);
            for (output, (sum, value)) in totals.statistics.iter_mut().zip(chunk).take(outputs).enumerate() {
                // The mean over an epoch is over the targets that are there, too.
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

    /// By output: the samples of the last batch that have a target; empty if none is missing.
    pub(crate) fn present(&self) -> &[f64] {
        self.train_chunks.merged.get(self.program.sums..).unwrap_or(&[])
    }

    /// To be called before a batch goes through the model.
    fn begin_pass(&mut self, mode: Mode) {
        if mode != Mode::Train {
            self.passes = self.passes.wrapping_add(1);
        }
    }

    /// What random numbers depend on: a seed that no other step or pass has, and the number of the step or pass. Evaluations and
    /// predictions are counted apart from steps, so that they do not change what a training draws.
    fn random_state(&self, mode: Mode) -> (u64, u64) {
        if mode == Mode::Train {
            let step = self.steps().wrapping_add(1);
            // The constant spreads neighbouring steps over the whole range (SplitMix64).
            return (self.seed ^ step.wrapping_mul(0x9E37_79B9_7F4A_7C15), step);
        }
        pass_state(self.seed, self.passes)
    }
}

/// What random numbers of an evaluated batch or a round of predictions depend on, from the seed and the count of these.
fn pass_state(seed: u64, passes: u64) -> (u64, u64) {
    /// Stream of the seed from which evaluations and predictions draw.
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

/// A rate at which steps go where the gradient says.
fn check_rate<E: Float>(rate: f64) -> Result<(), Error> {
    if rate >= 0.0 && E::of(rate).is_finite() { Ok(()) } else { Err(Error::LearningRate { rate }) }
}

/// The keys of optimizers.
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

/// A zeroed buffer, or an error.
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
