//! `AlphaDropout` and `GaussianDropout`: dropouts that keep the mean of the values, and change nothing when predicting.

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
    /// A seed of its own; without one, the model's seed and the layer's place decide.
    pub seed: Option<u64>,
}

layer! {
    /// Sets a share of the values to the limit of `selu` for very negative values while training, then scales and shifts all so
    /// that mean 0 and variance 1 stay: for layers with `activation = selu`.
    ///
    /// The shape stays what it is. Predictions are not changed.
    ///
    /// Keras: [`AlphaDropout`](https://keras.io/api/layers/regularization_layers/alpha_dropout/)
    "`AlphaDropout(rate, noise_shape = none, seed = none, name = none, trainable = true)`"
    AlphaDropout, "let x = Input(shape = [64]);\nlet y: [64] = AlphaDropout(0.1)(x);" => AlphaDropout::alpha;
    takes {
        /// Share of the values that is dropped: at least 0, below 1.
        rate: f64 in [0.0..1.0],
        /// Shape of the random numbers of one sample, without the batch: 1 where all positions of an axis are dropped together,
        /// and `none` or the length of the axis elsewhere.
        noise_shape: Lengths = "none",
        /// Where the random numbers of this item start; without it they follow from the seed of the model or trainer.
        seed: usize = "none",
    }

    /// Multiplies every value by a normally distributed number with mean 1 and standard deviation `√(rate / (1 − rate))` while
    /// training.
    ///
    /// The shape stays what it is. Predictions are not changed.
    ///
    /// Keras: [`GaussianDropout`](https://keras.io/api/layers/regularization_layers/gaussian_dropout/)
    "`GaussianDropout(rate, seed = none, name = none, trainable = true)`"
    GaussianDropout, "let x = Input(shape = [64]);\nlet y: [64] = GaussianDropout(0.1)(x);" => AlphaDropout::gaussian;
    takes {
        /// Rate of a `Dropout` of the same variance: at least 0, below 1.
        rate: f64 in [0.0..1.0],
        /// Where the random numbers of this item start; without it they follow from the seed of the model or trainer.
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
