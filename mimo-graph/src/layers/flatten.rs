//! `Flatten`: all axes of a sample as one, in row-major order.

use crate::args::Signature;
use crate::context::Cx;
use crate::diag::Loc;
use crate::layers::layer::{Effect, Layer, Operand, Reads};
use crate::layers::options;
use crate::shape::{Dtype, Shape};

/// Keras's `Flatten`: `[a, b, c] → [a · b · c]`; one number becomes `[1]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flatten;

// `data_format` is Keras's first parameter, but a number in its place means no format.
pub(super) const SIGNATURE: Signature = Signature {
    keywords: &["name", "trainable", "dtype", "activity_regularizer", "input_shape", "data_format"],
    unsupported: &[options::DTYPE, options::ACTIVITY, options::INPUT_SHAPE, options::DATA_FORMAT],
    ..Signature::new("Flatten", &[])
};

impl Layer for Flatten {
    fn class_name(&self) -> &'static str {
        SIGNATURE.callee
    }

    fn reads(&self) -> Reads {
        Reads::Any
    }

    fn effect(&self) -> Effect {
        Effect::Flattened
    }

    fn infer(&self, inputs: &[Operand<'_>], _: Loc, _: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let [x] = inputs else { return None };
        Some(vec![(Shape(vec![x.shape.elements()]), x.dtype)])
    }
}
