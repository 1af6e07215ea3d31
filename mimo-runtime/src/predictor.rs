//! Predicting with a model whose weights do not change.

use std::marker::PhantomData;

use crate::columns::PredictionColumns;
use crate::data::program;
use crate::engine::Engine;
use crate::error::Error;
use crate::model::{Columns, Model, OutputColumns};

/// Predicts many times with the same weights.
///
/// It copies and packs the weights once; a model's own `forward` does so at every call. A batch normalization after a
/// convolution or dense layer is folded into the copy of that layer's weights, so outputs may differ from those of `forward`
/// by rounding errors. The model is borrowed shared as long as its predictor lives, so the copy cannot become stale.
///
/// Random operations such as `random_normal(x)` draw other numbers at every prediction, fixed by [`set_seed`](Self::set_seed) and by the
/// predictions since then. A model's own `forward` and `predict` draw the same numbers at every call: those of a new predictor.
///
/// ```ignore
/// let mut predictor = Predictor::new(&model)?;
/// let outputs = predictor.predict(&inputs)?;
/// ```
#[derive(Debug)]
pub struct Predictor<'m, M: Model> {
    engine: Engine<M::Float>,
    columns: PredictionColumns<M::Float>,
    model: PhantomData<&'m M>,
}

impl<'m, M: Model> Predictor<'m, M> {
    /// Predicts on as many threads as the machine has cores.
    ///
    /// # Errors
    /// [`Memory`](Error::Memory).
    pub fn new(model: &'m M) -> Result<Self, Error> {
        Self::with_threads(model, 0)
    }

    /// Predicts on a number of threads, the caller's included; 0 means as many as the machine has. More than
    /// [`MAX_THREADS`](crate::engine::MAX_THREADS) are started only if the machine has more. The results do not depend on
    /// the number.
    ///
    /// # Errors
    /// [`Memory`](Error::Memory).
    pub fn with_threads(model: &'m M, threads: usize) -> Result<Self, Error> {
        let mut engine = engine(model, threads)?;
        if let Some(folded) = &M::FOLDED {
            engine.fold(folded);
        }
        engine.weights_loaded();
        Ok(Predictor { engine, columns: PredictionColumns::new::<M>(), model: PhantomData })
    }

    /// The outputs for `inputs`, any number of samples at once. A sample with NaN in an input has NaN in its outputs, unless
    /// a layer hides it (`hard_shrink(NaN)` is 0, as in Keras), and changes no others.
    ///
    /// # Errors
    /// [`NoData`](Error::NoData) if there are no samples, [`RowsDiffer`](Error::RowsDiffer) if two inputs hold different
    /// numbers of samples, [`Vocabulary`](Error::Vocabulary) if an `Embedding` has no vector for a number,
    /// [`Memory`](Error::Memory), and [`StatefulRows`](Error::StatefulRows) if a model with `stateful` layers goes on with another
    /// number of samples.
    pub fn predict(&mut self, inputs: &M::Inputs) -> Result<M::Outputs, Error> {
        self.columns.predict::<M>(&mut self.engine, inputs)
    }

    /// The same for inputs of any form, such as those that a `TableReader` reads.
    ///
    /// # Errors
    /// Those of [`predict`](Self::predict).
    pub fn predict_columns(&mut self, inputs: &impl Columns<M::Float>) -> Result<M::Outputs, Error> {
        self.columns.forward::<M, M::Outputs>(&mut self.engine, inputs)
    }

    /// The same, into outputs that are there; after the first call for a number of samples nothing is allocated.
    ///
    /// # Errors
    /// Those of [`predict`](Self::predict), and [`OutputLength`](Error::OutputLength) if an output is for
    /// another number of samples.
    pub fn predict_into(&mut self, inputs: &M::Inputs, outputs: &mut M::Outputs) -> Result<(), Error> {
        self.columns.predict_into::<M>(&mut self.engine, inputs, outputs)
    }

    /// Fixes what random operations such as `random_normal(x)` draw from here on; 0 at first. Every prediction draws other numbers, and
    /// the first one after this call draws the same ones for the same seed.
    pub fn set_seed(&mut self, seed: u64) {
        self.engine.set_seed(seed);
    }

    /// Has the next prediction begin with zeros as the states of `stateful` layers; it may then have another number of samples.
    ///
    /// Until then every prediction begins in the states in which the one before it ended, sample by sample. A model's own
    /// `forward` and `predict` always begin with zeros.
    pub fn reset_state(&mut self) {
        self.engine.reset_state();
    }
}

/// The outputs for inputs with a batch axis of any type; what a model's own `forward` calls.
///
/// # Errors
/// Those of [`Predictor::predict`].
pub fn forward<M: Model, O: OutputColumns<M::Float>>(
    model: &M,
    inputs: &impl Columns<M::Float>,
) -> Result<O, Error> {
    let mut engine = engine(model, 1)?;
    engine.weights_loaded();
    PredictionColumns::new::<M>().forward::<M, O>(&mut engine, inputs)
}

/// The outputs for any number of samples on all threads; what a model's own `predict` calls.
///
/// # Errors
/// Those of [`Predictor::predict`].
pub fn predict<M: Model>(model: &M, inputs: &M::Inputs) -> Result<M::Outputs, Error> {
    let mut engine = engine(model, 0)?;
    engine.weights_loaded();
    PredictionColumns::new::<M>().predict::<M>(&mut engine, inputs)
}

/// An engine that predicts with the weights of a model, once they are packed.
fn engine<M: Model>(model: &M, threads: usize) -> Result<Engine<M::Float>, Error> {
    let mut engine = Engine::new(program::<M>(), M::forward_pass, &[], None, threads)?;
    engine.set_states(M::STATES);
    engine.set_spectral(M::SPECTRAL)?;
    model.read_weights(&mut |index, values| engine.load_weight(index, &values));
    Ok(engine)
}
