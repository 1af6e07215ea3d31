//! `UnitNormalization`: divides samples by their norms over some axes.

use crate::activation::Activation;
use crate::args::Bound;
use crate::context::Cx;
use crate::diag::Loc;
use crate::dim::Dim;
use crate::layers::change::Change;
use crate::layers::layer::{Effect, Layer, Masks, Operand, Reads, Typed, Weight, same_shape};
use crate::layers::named_axes::NamedAxes;
use crate::operation::{self, Call, OpKind, Statistic};
use crate::shape::{Dtype, Shape};

/// Lower bound on the divisor. Keras has no argument for it.
const SHORTEST: f64 = 1e-12;

/// Keras's `UnitNormalization`: the input's shape.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitNormalization {
    /// Axes of the norm.
    pub axis: NamedAxes,
}

layer! {
    /// Divides every sample by its Euclidean norm over some of its axes: `x / √Σ x²`.
    ///
    /// `[…] → […]`. Zeros stay zeros. The layer has no weights.
    ///
    /// Keras: [`UnitNormalization`](https://keras.io/api/layers/normalization_layers/unit_normalization/)
    "`UnitNormalization(axis = -1, name = none, trainable = true)`"
    UnitNormalization, "let x = Input(shape = [20, 8]);\nlet y: [20, 8] = UnitNormalization()(x);" => UnitNormalization::from_args;
    takes {
        /// Axis of the norm, or a list of axes: 1 is the first of a sample, -1 the last.
        axis: Axes = "-1",
    }
}

impl UnitNormalization {
    fn from_args(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        NamedAxes::from_args(args, cx).map(|axis| Self { axis })
    }
}

impl Layer for UnitNormalization {
    fn class_name(&self) -> &'static str {
        "UnitNormalization"
    }

    fn reads(&self) -> Reads {
        Reads::NamedAxes
    }

    fn masks(&self) -> Masks {
        Masks::Keep
    }

    fn effect(&self) -> Effect {
        Effect::Mapped
    }

    fn head(&self) -> Option<Activation> {
        Some(Activation::Linear)
    }

    fn aliases(&self) -> bool {
        false
    }

    fn typed(&self, _: &[Weight]) -> Option<Typed> {
        None
    }

    fn operation(&self, call: &mut dyn Call) -> Option<OpKind<Dim>> {
        let (shape, strides, kept) = self.axis.layout(&call.shape(0))?;
        let operation = operation::LayerNormalization {
            shape,
            strides,
            kept,
            statistic: Statistic::Length,
            epsilon: SHORTEST,
            gamma: None,
            beta: None,
            x: call.x(0),
            y: call.y(),
        };
        Some(operation.into())
    }

    fn infer(&self, inputs: &[Operand<'_>], call: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let [x] = inputs else { return None };
        if !self.axis.fit(self.class_name(), x, call, cx) {
            return None;
        }
        same_shape(self.class_name(), inputs, cx)
    }

    fn changes(&self, inputs: &[&Shape], _: Option<&Shape>) -> Vec<(Self, Change)> {
        self.axis.changes(inputs).into_iter().map(|(axis, change)| (Self { axis }, change)).collect()
    }
}
