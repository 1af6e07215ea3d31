//! `Masking`: masks steps whose values are all equal to a constant.

use crate::activation::Activation;
use crate::args::Bound;
use crate::context::Cx;
use crate::diag::Loc;
use crate::dim::Dim;
use crate::layers::layer::{Effect, Layer, Masks, Operand, Reads, Typed, Weight, has_axes, same_shape};
use crate::operation::{self, Call, OpKind};
use crate::shape::{Dtype, Shape};

/// Keras's `Masking`: the input's shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Masking {
    /// Value of the masked steps.
    pub mask_value: f64,
}

layer! {
    /// Masks steps: a step counts if any of its values is not `mask_value`. The values of the other steps become 0.
    ///
    /// The shape is unchanged. Layers after it that read masks, such as `LSTM`, skip masked steps. A mask that the
    /// tensor has already is replaced.
    ///
    /// Keras: [`Masking`](https://keras.io/api/layers/core_layers/masking/)
    "`Masking(mask_value = 0, name = none, trainable = true)`"
    Masking, "let x = Input(shape = [20, 8]);\nlet y: [20, 8] = Masking()(x);" => Masking::from_args;
    takes {
        /// A step is masked if all of its values are this number.
        mask_value: f64 = "0",
    }
}

impl Masking {
    fn from_args(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let mask_value = args.float("mask_value", cx);
        args.sound(&["mask_value"]).then_some(Masking { mask_value })
    }
}

impl Layer for Masking {
    fn class_name(&self) -> &'static str {
        "Masking"
    }

    fn reads(&self) -> Reads {
        Reads::Any
    }

    fn masks(&self) -> Masks {
        Masks::Differs(self.mask_value)
    }

    fn effect(&self) -> Effect {
        Effect::Mapped
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
        let len = call.shape(0).last().cloned().unwrap_or(Dim::Known(1));
        Some(operation::Masking { len, mask_value: self.mask_value, x: call.x(0), y: call.y() }.into())
    }

    fn infer(&self, inputs: &[Operand<'_>], _: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let given = same_shape(self.class_name(), inputs, cx)?;
        let [x] = inputs else { return None };
        has_axes(self.class_name(), x, cx).then_some(given)
    }
}
