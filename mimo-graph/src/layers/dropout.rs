//! `Dropout`: random zeros while training, nothing otherwise.

use crate::args::{Bound, Signature};
use crate::context::Cx;
use crate::diag::Loc;
use crate::layers::layer::{Effect, Layer, Operand, Reads, same_shape};
use crate::layers::options;
use crate::shape::{Dtype, Shape};

/// Keras's `Dropout`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropout {
    /// The share of values that become 0; the rest is scaled by `1 / (1 − rate)`.
    pub rate: f64,
    /// A seed of its own; without one, the model's seed and the layer's place decide.
    pub seed: Option<u64>,
}

pub(super) const SIGNATURE: Signature = Signature {
    keywords: options::COMMON,
    required: &["rate"],
    unsupported: &[
        options::DTYPE,
        options::ACTIVITY,
        options::INPUT_SHAPE,
        ("noise_shape", "leave it out: every value is dropped on its own"),
    ],
    ..Signature::new("Dropout", &["rate", "noise_shape", "seed"])
};

impl Dropout {
    pub(super) fn from_args(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let rate = args.float_in("rate", 0.0, 0.0..=1.0, cx);
        let seed = args.optional_seed("seed", cx);
        Some(Dropout { rate, seed })
    }
}

impl Layer for Dropout {
    fn class_name(&self) -> &'static str {
        SIGNATURE.callee
    }

    fn reads(&self) -> Reads {
        Reads::Any
    }

    fn effect(&self) -> Effect {
        Effect::Noise
    }

    fn infer(&self, inputs: &[Operand<'_>], _: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        same_shape(self.class_name(), inputs, cx)
    }
}
