//! `Flatten`: all axes of a sample as one, in row-major order.

use crate::activation::Activation;
use crate::context::Cx;
use crate::diag::Loc;
use crate::dim::Dim;
use crate::layers::layer::{Effect, Layer, Masks, Operand, Reads, Typed, Weight};
use crate::operation::{Call, OpKind};
use crate::shape::{Dtype, Shape};

/// Keras's `Flatten`: `[a, b, c] → [a · b · c]`; one number becomes `[1]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flatten;

layer! {
    /// Flattens a sample to one axis, in row-major order.
    ///
    /// `[a, b, …] → [a · b · …]`
    ///
    /// Keras: [`Flatten`](https://keras.io/api/layers/reshaping_layers/flatten/)
    "`Flatten(name = none, trainable = true)`"
    Flatten, "let x = Input(shape = [7, 7, 64]);\nlet y: [3136] = Flatten()(x);" => |_, _| Some(Flatten);
    takes {
        *,
        data_format => "leave it out: channels are the last axis",
    }
}

impl Layer for Flatten {
    fn class_name(&self) -> &'static str {
        "Flatten"
    }

    fn reads(&self) -> Reads {
        Reads::Any
    }

    fn masks(&self) -> Masks {
        Masks::Lose
    }

    fn effect(&self) -> Effect {
        Effect::Flattened
    }

    fn head(&self) -> Option<Activation> {
        None
    }

    fn aliases(&self) -> bool {
        true
    }

    fn typed(&self, _: &[Weight]) -> Option<Typed> {
        None
    }

    fn operation(&self, _: &mut dyn Call) -> Option<OpKind<Dim>> {
        None
    }

    fn infer(&self, inputs: &[Operand<'_>], _: Loc, _: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let [x] = inputs else { return None };
        Some(vec![(Shape(vec![x.shape.elements()]), x.dtype)])
    }
}
