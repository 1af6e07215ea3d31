//! The engine's work as methods of `f32` and `f64`, so that it is compiled in this crate and not in the user's.

use mimo_graph::spec::ModelSpec;

use super::{CustomLossFn, Engine, Source, Totals, custom, predict};
use crate::data::check;
use crate::error::Error;
use crate::float::Float;
use crate::fold::{self, Fold};
use crate::loss::Masked;
use crate::program::PlacedBlock;

/// Work on a batch of a data set.
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
}

/// The batch that a [`Job`] works on.
#[derive(Debug)]
pub struct JobBatch<'a, E> {
    /// The samples, by their numbers in the data set.
    pub rows: &'a [usize],
    /// The data set.
    pub source: Source<'a, E>,
    /// A weight for each output's loss.
    pub loss_weights: &'a [f64],
    /// Losses and metrics are added here.
    pub totals: &'a mut Totals,
}

/// The steps, compiled in this crate for `f32` and `f64` and not in the user's.
pub trait Step: Sized {
    /// Does a job.
    #[doc(hidden)]
    fn run(engine: &mut Engine<Self>, batch: JobBatch<'_, Self>, job: Job<'_, Self>) -> Result<(), Error>
    where
        Self: Float;
    /// [`Engine::predict`]. Not a [`Job`]: a program that only predicts does not link the training.
    #[doc(hidden)]
    fn predict(
        engine: &mut Engine<Self>,
        rows: usize,
        inputs: &[&[Self]],
        outputs: &mut [&mut [Self]],
    ) -> Result<(), Error>
    where
        Self: Float;
    /// See `fold::fold`.
    #[doc(hidden)]
    fn fold(values: &mut [Self], blocks: &[PlacedBlock], folds: &[Fold]) -> bool
    where
        Self: Float;
    /// Checks the numbers of arrays; see `data::check::arrays`.
    #[doc(hidden)]
    fn check(
        spec: &'static ModelSpec,
        masks: &[&Masked],
        rows: usize,
        selection: Option<&[usize]>,
        columns: [&[Vec<Self>]; 3],
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
        Job::EvaluateCustom(loss) => custom::evaluate(engine, rows, source, loss_weights, loss, totals),
    }
}

macro_rules! step {
    ($($float:ty),*) => {$(
        impl Step for $float {
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
            fn fold(values: &mut [Self], blocks: &[PlacedBlock], folds: &[Fold]) -> bool {
                fold::fold(values, blocks, folds)
            }
            fn check(
                spec: &'static ModelSpec,
                masks: &[&Masked],
                rows: usize,
                selection: Option<&[usize]>,
                columns: [&[Vec<Self>]; 3],
            ) -> Result<(), Error> {
                check::arrays(spec, masks, rows, selection, columns)
            }
            fn all_finite(values: &[Self]) -> bool {
                values.iter().fold(true, |all, value| all & value.is_finite())
            }
        }
    )*};
}
step!(f32, f64);
