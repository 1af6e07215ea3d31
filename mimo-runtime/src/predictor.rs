//! Prediction with weights that do not change from call to call.

use std::marker::PhantomData;

use crate::columns::PredictionColumns;
use crate::data::program;
use crate::engine::inference::{Inference, Prepared, ReadWeights};
use crate::error::Error;
use crate::fold::Folded;
use crate::model::{Columns, Model, OutputColumns};

/// Predicts many times with the same weights, on one thread or several.
///
/// A predictor owns its weights: [`new`](Self::new) copies and packs them once, and the model may then be changed or
/// dropped. A model's own `forward` copies them at every call. A batch normalization after a convolution or dense
/// layer is folded into the copy of that layer's weights, so outputs may differ from those of `forward` by rounding
/// errors.
///
/// # Threads
/// `clone` is for predicting on several threads at once. Clones share the weights, which are not copied, and the threads that large predictions use. Each clone has its own memory for activations, allocated by its first prediction. It also has its own states of `stateful` layers and its own seed; both begin as copies of the original's. So clones draw the same random numbers, unless each has its own [`set_seed`](Self::set_seed), and a clone of a predictor in the middle of a sequence continues there, unless it begins with [`reset_state`](Self::reset_state).
///
/// [`replace_weights`](Self::replace_weights) replaces the weights of a predictor and all its clones while they
/// predict.
///
/// # Random operations
/// Operations such as `random_normal(x)` draw new numbers at every prediction, determined by [`set_seed`](Self::set_seed) and the number of predictions since then. A model's own `forward` and `predict` draw the same numbers at every call: those of a new predictor.
///
/// ```ignore
/// let predictor = Predictor::with_threads(&Net::load("net.safetensors")?, 1)?;
/// std::thread::scope(|scope| {
///     for sample in samples {
///         let mut predictor = predictor.clone();
///         scope.spawn(move || {
///             predictor.predict_one(&NetSample { image: &sample.image, age: &[0.4] })
///         });
///     }
/// });
/// ```
#[derive(Debug)]
pub struct Predictor<M: Model> {
    inference: Inference<M::Float>,
    columns: PredictionColumns<M::Float>,
    model: PhantomData<fn() -> M>,
}

impl<M: Model> Predictor<M> {
    /// Creates a predictor with the current weights of `model`, on as many threads as the machine has cores.
    ///
    /// # Errors
    /// [`Memory`](Error::Memory).
    pub fn new(model: &M) -> Result<Self, Error> {
        Self::with_threads(model, 0)
    }

    /// Creates a predictor on a number of threads, the caller's included; 0 means as many as the machine has cores.
    /// More than [`MAX_THREADS`](crate::engine::MAX_THREADS) are started only if the machine has more. The results do
    /// not depend on the number. If many clones predict at once, each on its own thread, 1 is best.
    ///
    /// # Errors
    /// [`Memory`](Error::Memory).
    pub fn with_threads(model: &M, threads: usize) -> Result<Self, Error> {
        Ok(Predictor {
            inference: inference(model, M::FOLDED.as_ref(), threads)?,
            columns: PredictionColumns::new::<M>(),
            model: PhantomData,
        })
    }

    /// Returns the outputs for `inputs`, any number of samples at once. A sample with NaN in an input has NaN in its
    /// outputs, unless a layer hides it (`hard_shrink(NaN)` is 0, as in Keras), and does not affect other samples.
    ///
    /// # Errors
    /// [`NoData`](Error::NoData) if there are no samples, [`RowsDiffer`](Error::RowsDiffer) if two inputs hold different
    /// numbers of samples, [`Vocabulary`](Error::Vocabulary) if an `Embedding` has no vector for a number,
    /// [`Memory`](Error::Memory), and [`StatefulRows`](Error::StatefulRows) if a model with `stateful` layers continues with another number of samples.
    pub fn predict(&mut self, inputs: &M::Inputs) -> Result<M::Outputs, Error> {
        self.columns.predict::<M>(&mut self.inference, inputs)
    }

    /// Same as [`predict`](Self::predict) for inputs of any form, such as those that a `TableReader` reads.
    ///
    /// # Errors
    /// Those of [`predict`](Self::predict).
    pub fn predict_columns(&mut self, inputs: &impl Columns<M::Float>) -> Result<M::Outputs, Error> {
        self.columns.forward::<M, M::Outputs>(&mut self.inference, inputs)
    }

    /// Same as [`predict`](Self::predict), into existing outputs; after the first call for a number of samples
    /// nothing is allocated.
    ///
    /// # Errors
    /// Those of [`predict`](Self::predict), and [`OutputLength`](Error::OutputLength) if an output is for
    /// another number of samples.
    pub fn predict_into(&mut self, inputs: &M::Inputs, outputs: &mut M::Outputs) -> Result<(), Error> {
        self.columns.predict_into::<M>(&mut self.inference, inputs, outputs)
    }

    /// Returns the outputs for one sample, from plain arrays to plain arrays: `predictor.predict_one(&NetSample {
    /// image: &image, age: &[0.4] })?` returns a `NetPrediction`. After the first call nothing is allocated.
    ///
    /// Each field of `…Sample` is a reference to an array of the shape of the input, `&[[[f32; 3]; 224]; 224]` for
    /// `[224, 224, 3]`; [`array`](crate::sample::array) converts a slice without a copy. The values are those that
    /// [`predict`](Self::predict) returns for one sample.
    ///
    /// # Errors
    /// [`Vocabulary`](Error::Vocabulary), [`Memory`](Error::Memory) and [`StatefulRows`](Error::StatefulRows), as
    /// [`predict`](Self::predict).
    pub fn predict_one(&mut self, sample: &M::Sample<'_>) -> Result<M::Prediction, Error> {
        let mut prediction = M::Prediction::default();
        self.predict_one_into(sample, &mut prediction)?;
        Ok(prediction)
    }

    /// Same as [`predict_one`](Self::predict_one), into an existing prediction: in a `Box`, if outputs are too large
    /// for the stack.
    ///
    /// # Errors
    /// Those of [`predict_one`](Self::predict_one); the prediction may then be partly written.
    pub fn predict_one_into(
        &mut self,
        sample: &M::Sample<'_>,
        prediction: &mut M::Prediction,
    ) -> Result<(), Error> {
        self.columns.predict_one::<M>(&mut self.inference, sample, prediction)
    }

    /// Replaces the weights with the current ones of `model`, for this predictor and all its clones, while they
    /// predict.
    ///
    /// A running prediction uses the old weights, the next one of each clone the new ones. States of `stateful`
    /// layers do not change. The old weights are freed after the next prediction of every clone, so drop clones that
    /// are no longer used.
    ///
    /// # Errors
    /// [`Memory`](Error::Memory); the weights are then unchanged.
    pub fn replace_weights(&self, model: &M) -> Result<(), Error> {
        self.inference.replace(prepare(model, M::FOLDED.as_ref())?);
        Ok(())
    }

    /// Sets the seed of random operations such as `random_normal(x)`; 0 at first. Predictions after this call draw
    /// the same numbers for the same seed, new ones at every prediction. Each clone has its own seed.
    pub fn set_seed(&mut self, seed: u64) {
        self.inference.set_seed(seed);
    }

    /// Resets the states of `stateful` layers to zeros for the next prediction, which may then have another number of
    /// samples.
    ///
    /// Until then every prediction begins with the final states of the one before it, sample by sample. A model's own
    /// `forward` and `predict` always begin with zeros.
    pub fn reset_state(&mut self) {
        self.inference.reset_state();
    }
}

impl<M: Model> Clone for Predictor<M> {
    /// Returns a predictor for another thread, which shares the weights. See [`Predictor`] for what it does not
    /// share.
    fn clone(&self) -> Self {
        Predictor {
            inference: self.inference.clone(),
            columns: PredictionColumns::new::<M>(),
            model: PhantomData,
        }
    }
}

/// Returns the outputs for inputs with a batch axis of any type; called by a model's own `forward`.
///
/// # Errors
/// Those of [`Predictor::predict`].
pub fn forward<M: Model, O: OutputColumns<M::Float>>(
    model: &M,
    inputs: &impl Columns<M::Float>,
) -> Result<O, Error> {
    PredictionColumns::new::<M>().forward::<M, O>(&mut inference(model, None, 1)?, inputs)
}

/// Returns the outputs for any number of samples, computed on all threads; called by a model's own `predict`.
///
/// # Errors
/// Those of [`Predictor::predict`].
pub fn predict<M: Model>(model: &M, inputs: &M::Inputs) -> Result<M::Outputs, Error> {
    PredictionColumns::new::<M>().predict::<M>(&mut inference(model, None, 0)?, inputs)
}

/// Creates an engine that predicts with the weights of a model.
fn inference<M: Model>(
    model: &M,
    folded: Option<&Folded<M::Float>>,
    threads: usize,
) -> Result<Inference<M::Float>, Error> {
    Ok(Inference::new(program::<M>(), prepare(model, folded)?, M::STATES, threads))
}

fn prepare<M: Model>(model: &M, folded: Option<&Folded<M::Float>>) -> Result<Prepared<M::Float>, Error> {
    let read: &mut ReadWeights<'_, M::Float> = &mut |write| model.read_weights(write);
    Prepared::new(program::<M>(), M::forward_pass, folded, M::SPECTRAL, read)
}
