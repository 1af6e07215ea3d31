//! `cumsum`: cumulative sums along an axis.

use crate::args::Bound;
use crate::context::Cx;
use crate::diag::Loc;
use crate::dim::Dim;
use crate::layers::change::Change;
use crate::layers::layer::{Effect, Layer, Masks, Operand, Reads, operation_facts, same_shape};
use crate::layers::named_axes::NamedAxes;
use crate::operation::{self, Call, OpKind};
use crate::shape::{Dtype, Shape};

/// `cumsum` of `keras.ops`.
#[derive(Clone, Debug, PartialEq)]
pub struct CumulativeSum {
    /// The axis.
    pub axis: NamedAxes,
}

tensor_operations! {
    /// Cumulative sums along an axis.
    ///
    /// The shape is unchanged: `[1, 2, 3] → [1, 3, 6]`. Samples are not summed: `axis` is required.
    ///
    /// Keras: `keras.ops.cumsum`
    "`cumsum(x, axis)`"
    cumsum, "let x = Input(shape = [20, 8]);\nlet y: [20, 8] = cumsum(x, axis = 1);" => |args, cx| CumulativeSum::read(args, cx);
    takes {
        /// A tensor.
        x: Tensors,
        /// The axis: 0 is the batch, 1 the first axis of a sample, -1 the last.
        axis: Axis,
        dtype => "leave it out: operations compute in the model's float type",
    }
}

impl CumulativeSum {
    fn read(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        NamedAxes::one(args, "and samples are not summed", cx).map(|axis| CumulativeSum { axis })
    }
}

impl Layer for CumulativeSum {
    fn class_name(&self) -> &'static str {
        "cumsum"
    }

    fn reads(&self) -> Reads {
        Reads::NamedAxes
    }

    fn masks(&self) -> Masks {
        Masks::Lose
    }

    fn kept_axes(&self, inputs: &[&Shape], _: &Shape) -> Vec<usize> {
        self.axis.before(inputs)
    }

    fn effect(&self) -> Effect {
        Effect::Resampled
    }

    operation_facts!(aliases = false);

    fn operation(&self, call: &mut dyn Call) -> Option<OpKind<Dim>> {
        let input = call.shape(0);
        let axis = self.axis.of_sample(input.rank())?.first().copied()?;
        let len = input.0.get(axis)?.clone();
        let inner = Shape(input.0.get(axis + 1..)?.to_vec()).elements();
        call.count(input.elements());
        Some(operation::CumulativeSum { len, inner, x: call.x(0), y: call.y() }.into())
    }

    fn infer(&self, inputs: &[Operand<'_>], call: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let [x] = inputs else { return None };
        self.axis.fit("cumsum", x, call, cx).then(|| same_shape("cumsum", inputs, cx)).flatten()
    }

    fn changes(&self, inputs: &[&Shape], _: Option<&Shape>) -> Vec<(Self, Change)> {
        let axes = self.axis.changes(inputs).into_iter();
        axes.map(|(axis, change)| (Self { axis }, change)).collect()
    }
}
