//! `GaussianNoise`: additive normal noise while training, nothing otherwise.

use crate::args::{Bound, Signature};
use crate::context::Cx;
use crate::diag::Loc;
use crate::layers::layer::{Effect, Layer, Operand, Reads, same_shape};
use crate::layers::options;
use crate::shape::{Dtype, Shape};

/// Keras's `GaussianNoise`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GaussianNoise {
    /// The standard deviation, 0 to 1.
    pub stddev: f64,
    /// A seed of its own; without one, the model's seed and the layer's place decide.
    pub seed: Option<u64>,
}

pub(super) const SIGNATURE: Signature =
    Signature { required: &["stddev"], ..options::layer("GaussianNoise", &["stddev", "seed"]) };

impl GaussianNoise {
    pub(super) fn from_args(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let stddev = args.float_in("stddev", 0.0, 0.0..=1.0, cx);
        let seed = args.optional_seed("seed", cx);
        Some(GaussianNoise { stddev, seed })
    }
}

impl Layer for GaussianNoise {
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
