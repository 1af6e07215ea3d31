//! `AlphaDropout` and `GaussianDropout`: dropouts that preserve the mean of the values, and do nothing in
//! predictions.

use crate::activation::Activation;
use crate::args::Bound;
use crate::context::Cx;
use crate::diag::Loc;
use crate::dim::Dim;
use crate::layers::layer::{Effect, Layer, Masks, Operand, Reads, Typed, Weight, same_shape};
use crate::layers::noise_shape::NoiseShape;
use crate::operation::{Call, OpKind, Randomness};
use crate::shape::{Dtype, Shape};

/// Keras's `AlphaDropout` and `GaussianDropout`.
#[derive(Clone, Debug, PartialEq)]
pub struct AlphaDropout {
    /// The random function of each value.
    pub randomness: Randomness,
    /// The values that share a random number; `None` if every value has its own.
    pub noise_shape: Option<NoiseShape>,
    /// Its own seed; without one, it is derived from the model's seed and the layer's position.
    pub seed: Option<u64>,
}

layer! {
    /// Sets a fraction of the values to the negative limit of `selu` while training, then scales and shifts all to
    /// preserve mean 0 and variance 1: for layers with `activation = selu`.
    ///
    /// The shape is unchanged. Predictions are not changed.
    ///
    /// Keras: [`AlphaDropout`](https://keras.io/api/layers/regularization_layers/alpha_dropout/)
    "`AlphaDropout(rate, noise_shape = none, seed = none, name = none, trainable = true)`"
    AlphaDropout, "let x = Input(shape = [64]);\nlet y: [64] = AlphaDropout(0.1)(x);" => AlphaDropout::alpha;
    takes {
        /// Share of the values that is dropped: at least 0, below 1.
        rate: f64 in [0.0..1.0],
        /// Shape of the random numbers of one sample, without the batch: 1 for an axis whose positions are dropped
        /// together, `none` or the length of the axis for the others.
        noise_shape: Lengths = "none",
        /// Seed of the random numbers; by default it is derived from the seed of the model or trainer.
        seed: usize = "none",
    }

    /// Multiplies every value by a normally distributed number with mean 1 and standard deviation `√(rate / (1 − rate))` while
    /// training.
    ///
    /// The shape is unchanged. Predictions are not changed.
    ///
    /// Keras: [`GaussianDropout`](https://keras.io/api/layers/regularization_layers/gaussian_dropout/)
    "`GaussianDropout(rate, seed = none, name = none, trainable = true)`"
    GaussianDropout, "let x = Input(shape = [64]);\nlet y: [64] = GaussianDropout(0.1)(x);" => AlphaDropout::gaussian;
    takes {
        /// Rate of a `Dropout` of the same variance: at least 0, below 1.
        rate: f64 in [0.0..1.0],
        /// Seed of the random numbers; by default it is derived from the seed of the model or trainer.
        seed: usize = "none",
    }
}

impl AlphaDropout {
    fn alpha(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let randomness = Randomness::AlphaDropout { rate: args.float("rate", cx) };
        let noise_shape = NoiseShape::from_args(args, cx);
        Some(Self { randomness, noise_shape, seed: args.optional_seed("seed", cx) })
    }

    fn gaussian(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let randomness = Randomness::GaussianDropout { rate: args.float("rate", cx) };
        Some(Self { randomness, noise_shape: None, seed: args.optional_seed("seed", cx) })
    }
}

impl Layer for AlphaDropout {
    fn class_name(&self) -> &'static str {
        match self.randomness {
            Randomness::GaussianDropout { .. } => "GaussianDropout",
            Randomness::AlphaDropout { .. } | Randomness::Dropout { .. } => "AlphaDropout",
        }
    }

    fn reads(&self) -> Reads {
        if self.noise_shape.is_some() { Reads::NamedAxes } else { Reads::Any }
    }

    fn masks(&self) -> Masks {
        Masks::Keep
    }

    fn effect(&self) -> Effect {
        Effect::Noise
    }

    fn head(&self) -> Option<Activation> {
        None
    }

    fn aliases(&self) -> bool {
        false
    }

    fn typed(&self, _: &[Weight]) -> Option<Typed> {
        None
    }

    fn operation(&self, call: &mut dyn Call) -> Option<OpKind<Dim>> {
        let key = call.key(self.seed);
        Some(NoiseShape::operation(self.noise_shape.as_ref(), self.randomness, key, call))
    }

    fn infer(&self, inputs: &[Operand<'_>], call: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let [x] = inputs else { return None };
        if self.noise_shape.as_ref().is_some_and(|shape| !shape.fits(self.class_name(), x, call, cx)) {
            return None;
        }
        same_shape(self.class_name(), inputs, cx)
    }
}
