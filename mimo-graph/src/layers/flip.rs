//! `flip`: reverses axes of a sample.

use crate::args::Bound;
use crate::context::Cx;
use crate::diag::Loc;
use crate::dim::Dim;
use crate::layers::layer::{Effect, Layer, Masks, Operand, Reads, has_axes, operation_facts};
use crate::layers::named_axes::NamedAxes;
use crate::operation::{self, Call, OpKind};
use crate::shape::{Dtype, Shape};

/// `keras.ops.flip`.
#[derive(Clone, Debug, PartialEq)]
pub struct Flip {
    /// The axes.
    pub axis: NamedAxes,
}

tensor_operations! {
    /// Reverses the order of the positions of some axes.
    ///
    /// The shape is unchanged. The batch is not reversed: `axis` is required.
    ///
    /// Keras: `keras.ops.flip`
    "`flip(x, axis)`"
    flip, "let x = Input(shape = [20, 8]);\nlet y: [20, 8] = flip(x, axis = 1);" => Flip::read;
    takes {
        /// A tensor.
        x: Tensors,
        /// The axis, or a list of axes: 0 is the batch, 1 the first axis of a sample, -1 the last.
        axis: Axes,
    }
}

impl Flip {
    fn read(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        NamedAxes::read(args, "whose order says nothing", cx).map(|axis| Flip { axis })
    }
}

impl Layer for Flip {
    fn class_name(&self) -> &'static str {
        "flip"
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
        Effect::Rearranged
    }

    operation_facts!(aliases = false);

    fn operation(&self, call: &mut dyn Call) -> Option<OpKind<Dim>> {
        let input = call.shape(0);
        let flipped = self.axis.of_sample(input.rank())?;
        let axes = input.0.into_iter().enumerate().map(|(axis, len)| (len, flipped.contains(&axis)));
        let (shape, flipped) = operation::joined_flips(axes);
        Some(operation::Flip { shape, flipped, x: call.x(0), y: call.y() }.into())
    }

    fn infer(&self, inputs: &[Operand<'_>], call: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let [x] = inputs else { return None };
        let fits = has_axes("flip", x, cx) && self.axis.exist("flip", x, call, cx);
        fits.then(|| vec![(x.shape.clone(), x.dtype)])
    }
}
