//! The engine's work as methods of `f32` and `f64`, so that it is compiled in this crate and not in the user's.

use mimo_graph::spec::ModelSpec;

use super::{CustomLossFn, Engine, Source, Totals, custom, predict};
use crate::data::check;
use crate::error::Error;
use crate::float::Float;

/// The steps, compiled in this crate for `f32` and `f64` and not in the user's.
pub trait Step: Sized {
    /// Checks the numbers of arrays; see `data::check::arrays`.
    #[doc(hidden)]
    fn check(
        spec: &'static ModelSpec,
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
    /// [`Engine::train`]
    #[doc(hidden)]
    fn train(
        engine: &mut Engine<Self>,
        rows: &[usize],
        source: Source<'_, Self>,
        loss_weights: &[f64],
        totals: &mut Totals,
    ) -> Result<(), Error>
    where
        Self: Float;
    /// [`Engine::evaluate`]
    #[doc(hidden)]
    fn evaluate(
        engine: &mut Engine<Self>,
        rows: &[usize],
        source: Source<'_, Self>,
        loss_weights: &[f64],
        totals: &mut Totals,
    ) -> Result<(), Error>
    where
        Self: Float;
    /// [`Engine::predict`]
    #[doc(hidden)]
    fn predict(
        engine: &mut Engine<Self>,
        rows: usize,
        inputs: &[&[Self]],
        outputs: &mut [&mut [Self]],
    ) -> Result<(), Error>
    where
        Self: Float;
    /// [`Engine::train_custom`]
    #[doc(hidden)]
    fn train_custom(
        engine: &mut Engine<Self>,
        rows: &[usize],
        source: Source<'_, Self>,
        loss_weights: &[f64],
        loss: &mut CustomLossFn<'_, Self>,
        totals: &mut Totals,
    ) -> Result<(), Error>
    where
        Self: Float;
    /// [`Engine::evaluate_custom`]
    #[doc(hidden)]
    fn evaluate_custom(
        engine: &mut Engine<Self>,
        rows: &[usize],
        source: Source<'_, Self>,
        loss_weights: &[f64],
        loss: &mut CustomLossFn<'_, Self>,
        totals: &mut Totals,
    ) -> Result<(), Error>
    where
        Self: Float;
}

macro_rules! step {
    ($($float:ty),*) => {$(
        impl Step for $float {
            fn check(
                spec: &'static ModelSpec,
                rows: usize,
                selection: Option<&[usize]>,
                columns: [&[Vec<Self>]; 3],
            ) -> Result<(), Error> {
                check::arrays(spec, rows, selection, columns)
            }
            fn all_finite(values: &[Self]) -> bool {
                values.iter().fold(true, |all, value| all & value.is_finite())
            }
            fn train(
                engine: &mut Engine<Self>,
                rows: &[usize],
                source: Source<'_, Self>,
                loss_weights: &[f64],
                totals: &mut Totals,
            ) -> Result<(), Error> {
                super::train(engine, rows, source, loss_weights, totals)
            }
            fn evaluate(
                engine: &mut Engine<Self>,
                rows: &[usize],
                source: Source<'_, Self>,
                loss_weights: &[f64],
                totals: &mut Totals,
            ) -> Result<(), Error> {
                super::evaluate(engine, rows, source, loss_weights, totals)
            }
            fn predict(
                engine: &mut Engine<Self>,
                rows: usize,
                inputs: &[&[Self]],
                outputs: &mut [&mut [Self]],
            ) -> Result<(), Error> {
                predict::predict(engine, rows, inputs, outputs)
            }
            fn train_custom(
                engine: &mut Engine<Self>,
                rows: &[usize],
                source: Source<'_, Self>,
                loss_weights: &[f64],
                loss: &mut CustomLossFn<'_, Self>,
                totals: &mut Totals,
            ) -> Result<(), Error> {
                custom::train(engine, rows, source, loss_weights, loss, totals)
            }
            fn evaluate_custom(
                engine: &mut Engine<Self>,
                rows: &[usize],
                source: Source<'_, Self>,
                loss_weights: &[f64],
                loss: &mut CustomLossFn<'_, Self>,
                totals: &mut Totals,
            ) -> Result<(), Error> {
                custom::evaluate(engine, rows, source, loss_weights, loss, totals)
            }
        }
    )*};
}
step!(f32, f64);
