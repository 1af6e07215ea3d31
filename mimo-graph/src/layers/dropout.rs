//! `Dropout`: random zeros while training, nothing otherwise.

use crate::activation::Activation;
use crate::args::Bound;
use crate::context::Cx;
use crate::diag::Loc;
use crate::dim::Dim;
use crate::layers::layer::{Effect, Layer, Operand, Reads, Typed, Weight, same_shape};
use crate::operation::{self, Call, OpKind};
use crate::shape::{Dtype, Shape};

/// Keras's `Dropout`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropout {
    /// The share of values that become 0; the rest is scaled by `1 / (1 − rate)`.
    pub rate: f64,
    /// A seed of its own; without one, the model's seed and the layer's place decide.
    pub seed: Option<u64>,
}

layer! {
    /// Sets a share of the values to zero while training, and scales the others up so that the sum is expected to
    /// stay.
    ///
    /// The shape stays what it is. Predictions are not changed.
    ///
    /// Keras: [`Dropout`](https://keras.io/api/layers/regularization_layers/dropout/)
    "`Dropout(rate, seed = none, name = none, trainable = true)`"
    Dropout, "let x = Input(shape = [64]);\nlet y: [64] = Dropout(0.5)(x);" => Dropout::from_args;
    takes {
        /// Share of the values that is dropped, from 0 to 1.
        rate: f64 in [0.0..=1.0],
        noise_shape => "leave it out: every value is dropped on its own",
        /// Where the random numbers of this item start; without it they follow from the seed of the model or trainer.
        seed: usize = "none",
    }
}

impl Dropout {
    pub(super) fn from_args(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let rate = args.float("rate", cx);
        let seed = args.optional_seed("seed", cx);
        Some(Dropout { rate, seed })
    }
}

impl Layer for Dropout {
    fn class_name(&self) -> &'static str {
        "Dropout"
    }

    fn reads(&self) -> Reads {
        Reads::Any
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
        let (positions, key) = (Dim::Known(1), call.key(self.seed));
        Some(operation::Dropout { rate: self.rate, positions, key, x: call.x(0), y: call.y() }.into())
    }

    fn infer(&self, inputs: &[Operand<'_>], _: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        same_shape(self.class_name(), inputs, cx)
    }
}
