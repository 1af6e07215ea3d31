//! `GaussianNoise`: additive normal noise while training, no effect otherwise.

use crate::activation::Activation;
use crate::args::Bound;
use crate::context::Cx;
use crate::diag::Loc;
use crate::dim::Dim;
use crate::layers::layer::{Effect, Layer, Masks, Operand, Reads, Typed, Weight, same_shape};
use crate::operation::{self, Call, OpKind};
use crate::shape::{Dtype, Shape};

/// Keras's `GaussianNoise`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GaussianNoise {
    /// The standard deviation, 0 to 1.
    pub stddev: f64,
    /// Its own seed; without one, it is derived from the model's seed and the layer's position.
    pub seed: Option<u64>,
}

layer! {
    /// Adds normally distributed noise while training.
    ///
    /// The shape is unchanged. Predictions are not changed.
    ///
    /// Keras: [`GaussianNoise`](https://keras.io/api/layers/regularization_layers/gaussian_noise/)
    "`GaussianNoise(stddev, seed = none, name = none, trainable = true)`"
    GaussianNoise, "let x = Input(shape = [64]);\nlet y: [64] = GaussianNoise(0.1)(x);" => GaussianNoise::from_args;
    takes {
        /// Standard deviation of the noise.
        stddev: f64 in [0.0..=1.0],
        /// Seed of the random numbers; by default it is derived from the seed of the model or trainer.
        seed: usize = "none",
    }
}

impl GaussianNoise {
    pub(super) fn from_args(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let stddev = args.float("stddev", cx);
        let seed = args.optional_seed("seed", cx);
        Some(GaussianNoise { stddev, seed })
    }
}

impl Layer for GaussianNoise {
    fn class_name(&self) -> &'static str {
        "GaussianNoise"
    }

    fn reads(&self) -> Reads {
        Reads::Any
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
        Some(operation::GaussianNoise { stddev: self.stddev, key, x: call.x(0), y: call.y() }.into())
    }

    fn infer(&self, inputs: &[Operand<'_>], _: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        same_shape(self.class_name(), inputs, cx)
    }
}
