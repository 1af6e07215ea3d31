//! The engine's operations as methods of `f32` and `f64`, so that they are compiled in this crate instead of the
//! user's.

use mimo_graph::initializer::Initializer;
use mimo_graph::spec::ModelSpec;

use super::inference::{self, Inference, Prepared, ReadWeights};
use super::{
    CustomLossFn, Engine, Pass, SeePosition, Source, Steer, Totals, carried, custom, positions, predict,
    spectral, statistics,
};
use crate::data::check;
use crate::error::Error;
use crate::file::checkpoint::Transfer;
use crate::float::Float;
use crate::fold::Folded;
use crate::init;
use crate::loss::Masked;
use crate::program::{Program, SpectralKernel};
use crate::rules::MakeRule;
use crate::stage::Stage;
use crate::warning::Warning;

/// An operation on a batch of a data set.
#[expect(missing_debug_implementations, reason = "a custom loss is a closure")]
pub enum Job<'a, E> {
    /// [`Engine::train`]
    Train,
    /// [`Engine::evaluate`]
    Evaluate,
    /// [`Engine::train_custom`]
    TrainCustom(&'a mut CustomLossFn<'a, E>),
    /// [`Engine::evaluate_custom`]
    EvaluateCustom(&'a mut CustomLossFn<'a, E>),
    /// [`Engine::each_position`]
    EachPosition {
        /// Index of the output.
        output: usize,
        /// Values per position.
        classes: usize,
        /// Called for a position.
        see: &'a mut SeePosition<'a, E>,
    },
}

/// The batch of a [`Job`].
#[derive(Debug)]
pub struct JobBatch<'a, E> {
    /// Indices of the samples in the data set.
    pub rows: &'a [usize],
    /// The data set.
    pub source: Source<'a, E>,
    /// A weight for each output's loss.
    pub loss_weights: &'a [f64],
    /// Losses and metrics are added here.
    pub totals: &'a mut Totals,
}

/// The operations, compiled in this crate for `f32` and `f64` instead of in the user's.
pub trait Step: Sized {
    /// [`Engine::new`] without optimizers.
    #[doc(hidden)]
    fn engine(
        program: &'static Program,
        forward: Pass<Self>,
        stages: &'static [Stage<Self>],
        threads: usize,
    ) -> Result<Engine<Self>, Error>
    where
        Self: Float;
    /// Sets the optimizers of an engine. Separate from [`Step::engine`], so that a program that only predicts does
    /// not link them.
    #[doc(hidden)]
    fn set_rules(engine: &mut Engine<Self>, spec: &ModelSpec, makers: &[MakeRule<Self>]) -> Result<(), Error>
    where
        Self: Float;
    /// [`Engine::set_spectral`]
    #[doc(hidden)]
    fn set_spectral(engine: &mut Engine<Self>, kernels: &'static [SpectralKernel]) -> Result<(), Error>
    where
        Self: Float;
    /// [`Engine::load_weight`]
    #[doc(hidden)]
    fn load_weight(engine: &mut Engine<Self>, index: usize, values: &[Self])
    where
        Self: Float;
    /// [`Engine::weights_loaded`]
    #[doc(hidden)]
    fn weights_loaded(engine: &mut Engine<Self>)
    where
        Self: Float;
    /// Reads a weight from a buffer with the layout of the parameters.
    #[doc(hidden)]
    fn copy_out(program: &Program, buffer: &[Self], index: usize, values: &mut [Self])
    where
        Self: Float;
    /// [`Engine::measure_statistics`]
    #[doc(hidden)]
    fn measure_statistics(
        engine: &mut Engine<Self>,
        rows: &[usize],
        source: Source<'_, Self>,
        before: usize,
        loss_weights: &[f64],
    ) -> Result<(), Error>
    where
        Self: Float;
    /// [`Engine::steer`]
    #[doc(hidden)]
    fn steer(engine: &mut Engine<Self>, weights: Vec<Steer>) -> Result<(), Error>
    where
        Self: Float;
    /// [`Engine::carry`]
    #[doc(hidden)]
    fn carry(engine: &mut Engine<Self>, spec: &ModelSpec, transfer: &mut Transfer<'_>) -> Result<(), Error>
    where
        Self: Float;
    /// See `init::initialize`.
    #[doc(hidden)]
    fn initialize(initializer: &Initializer, shape: &[usize], seed: u64, index: usize, out: &mut [Self])
    where
        Self: Float;
    /// Executes a job.
    #[doc(hidden)]
    fn run(engine: &mut Engine<Self>, batch: JobBatch<'_, Self>, job: Job<'_, Self>) -> Result<(), Error>
    where
        Self: Float;
    /// [`Engine::predict`]. Not a [`Job`], so that a program that only predicts does not link the training.
    #[doc(hidden)]
    fn predict(
        engine: &mut Engine<Self>,
        rows: usize,
        inputs: &[&[Self]],
        outputs: &mut [&mut [Self]],
    ) -> Result<(), Error>
    where
        Self: Float;
    /// See `inference::prepare`.
    #[doc(hidden)]
    fn prepare(
        program: &'static Program,
        forward: Pass<Self>,
        folded: Option<&Folded<Self>>,
        spectral: &[SpectralKernel],
        read: &mut ReadWeights<'_, Self>,
    ) -> Result<Prepared<Self>, Error>
    where
        Self: Float;
    /// See `inference::predict`.
    #[doc(hidden)]
    fn infer(
        inference: &mut Inference<Self>,
        rows: usize,
        inputs: &[&[Self]],
        outputs: &mut [&mut [Self]],
    ) -> Result<(), Error>
    where
        Self: Float;
    /// Checks the numbers of arrays; see `data::check::arrays`.
    #[doc(hidden)]
    fn check(
        spec: &'static ModelSpec,
        masks: &[&Masked],
        rows: usize,
        selection: Option<&[usize]>,
        columns: [&[Vec<Self>]; 4],
        missing: bool,
        warn: &mut dyn FnMut(usize, Warning),
    ) -> Result<(), Error>
    where
        Self: Float;
    /// Whether all values are finite.
    #[doc(hidden)]
    fn all_finite(values: &[Self]) -> bool
    where
        Self: Float;
}

fn run<E: Float>(engine: &mut Engine<E>, batch: JobBatch<'_, E>, job: Job<'_, E>) -> Result<(), Error> {
    let JobBatch { rows, source, loss_weights, totals } = batch;
    match job {
        Job::Train => super::train(engine, rows, source, loss_weights, totals),
        Job::Evaluate => super::evaluate(engine, rows, source, loss_weights, totals),
        Job::TrainCustom(loss) => custom::train(engine, rows, source, loss_weights, loss, totals),
        Job::EachPosition { output, classes, see } => {
            super::evaluate(engine, rows, source, loss_weights, totals)?;
            positions::each(engine, output, classes, source.weighting, see)
        }
        Job::EvaluateCustom(loss) => custom::evaluate(engine, rows, source, loss_weights, loss, totals),
    }
}

macro_rules! step {
    ($($float:ty),*) => {$(
        impl Step for $float {
            fn engine(
                program: &'static Program,
                forward: Pass<Self>,
                stages: &'static [Stage<Self>],
                threads: usize,
            ) -> Result<Engine<Self>, Error> {
                super::engine(program, forward, stages, threads)
            }
            fn set_rules(
                engine: &mut Engine<Self>,
                spec: &ModelSpec,
                makers: &[MakeRule<Self>],
            ) -> Result<(), Error> {
                super::set_rules(engine, spec, makers)
            }
            fn set_spectral(
                engine: &mut Engine<Self>,
                kernels: &'static [SpectralKernel],
            ) -> Result<(), Error> {
                spectral::set(engine, kernels)
            }
            fn load_weight(engine: &mut Engine<Self>, index: usize, values: &[Self]) {
                super::load_weight(engine, index, values);
            }
            fn weights_loaded(engine: &mut Engine<Self>) {
                engine.parameters.pack_all(engine.program);
            }
            fn copy_out(program: &Program, buffer: &[Self], index: usize, values: &mut [Self]) {
                super::copy_out(program, buffer, index, values);
            }
            fn measure_statistics(
                engine: &mut Engine<Self>,
                rows: &[usize],
                source: Source<'_, Self>,
                before: usize,
                loss_weights: &[f64],
            ) -> Result<(), Error> {
                statistics::measure(engine, rows, source, before, loss_weights)
            }
            fn steer(engine: &mut Engine<Self>, weights: Vec<Steer>) -> Result<(), Error> {
                let program = engine.program;
                engine.rules.as_mut().map_or(Ok(()), |rules| rules.steer(program, weights))
            }
            fn carry(
                engine: &mut Engine<Self>,
                spec: &ModelSpec,
                transfer: &mut Transfer<'_>,
            ) -> Result<(), Error> {
                carried::carry(engine, spec, transfer)
            }
            fn initialize(
                initializer: &Initializer,
                shape: &[usize],
                seed: u64,
                index: usize,
                out: &mut [Self],
            ) {
                init::initialize(initializer, shape, seed, index, out);
            }
            fn run(
                engine: &mut Engine<Self>,
                batch: JobBatch<'_, Self>,
                job: Job<'_, Self>,
            ) -> Result<(), Error> {
                run(engine, batch, job)
            }
            fn predict(
                engine: &mut Engine<Self>,
                rows: usize,
                inputs: &[&[Self]],
                outputs: &mut [&mut [Self]],
            ) -> Result<(), Error> {
                predict::predict(engine, rows, inputs, outputs)
            }
            fn prepare(
                program: &'static Program,
                forward: Pass<Self>,
                folded: Option<&Folded<Self>>,
                spectral: &[SpectralKernel],
                read: &mut ReadWeights<'_, Self>,
            ) -> Result<Prepared<Self>, Error> {
                inference::prepare(program, forward, folded, spectral, read)
            }
            fn infer(
                inference: &mut Inference<Self>,
                rows: usize,
                inputs: &[&[Self]],
                outputs: &mut [&mut [Self]],
            ) -> Result<(), Error> {
                inference::predict(inference, rows, inputs, outputs)
            }
            fn check(
                spec: &'static ModelSpec,
                masks: &[&Masked],
                rows: usize,
                selection: Option<&[usize]>,
                columns: [&[Vec<Self>]; 4],
                missing: bool,
                warn: &mut dyn FnMut(usize, Warning),
            ) -> Result<(), Error> {
                check::arrays(spec, masks, rows, selection, columns, missing, warn)
            }
            fn all_finite(values: &[Self]) -> bool {
                values.iter().fold(true, |all, value| all & value.is_finite())
            }
        }
    )*};
}
step!(f32, f64);
