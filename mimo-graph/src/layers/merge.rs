//! `Add`, `Subtract`, `Multiply`, `Average`, `Maximum`, `Minimum`: element by element, with Keras's broadcasting.

use crate::activation::Activation;
use crate::context::Cx;
use crate::diag::Loc;
use crate::dim::Dim;
use crate::layers::broadcast::broadcast;
use crate::layers::layer::{Effect, Layer, Masks, Operand, Reads, Typed, Weight};
pub use crate::operation::MergeOp;
use crate::operation::{Call, OpKind, merge};
use crate::shape::{Dtype, Shape};

/// A merge layer of Keras.
///
/// Axes are compared from the last one: they are equal, or one of them is 1 and is repeated; missing ones count as 1.
/// A length that only const evaluation knows is never repeated, so that the generated code does not depend on it: it
/// has to be equal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Merge {
    /// Operation on the elements.
    pub op: MergeOp,
    /// Whether it is written as an operator, `a * b`, which computes with all values and ignores masks.
    pub is_operator: bool,
}

layer! {
    /// The elementwise sum of tensors.
    ///
    /// Shapes are equal, or axes of length 1 are repeated. As a function: `add([a, b])` or `a + b`.
    ///
    /// Keras: [`Add`](https://keras.io/api/layers/merging_layers/add/)
    "`Add(name = none, trainable = true)`"
    Add | add, "let a = Input(shape = [10]);\nlet b = Input(shape = [10]);\nlet y: [10] = add([a, b]);" => |_, _| Some(Merge::from(MergeOp::Add));

    /// The elementwise difference of two tensors.
    ///
    /// Shapes are equal, or axes of length 1 are repeated. As a function: `subtract([a, b])` or `a - b`.
    ///
    /// Keras: [`Subtract`](https://keras.io/api/layers/merging_layers/subtract/)
    "`Subtract(name = none, trainable = true)`"
    Subtract | subtract, "let a = Input(shape = [10]);\nlet b = Input(shape = [10]);\nlet y: [10] = subtract([a, b]);" => |_, _| Some(Merge::from(MergeOp::Subtract));

    /// The elementwise product of tensors.
    ///
    /// Shapes are equal, or axes of length 1 are repeated. As a function: `multiply([a, b])`, or `a * b`, which
    /// computes with all values, while the layer skips masked values.
    ///
    /// Keras: [`Multiply`](https://keras.io/api/layers/merging_layers/multiply/)
    "`Multiply(name = none, trainable = true)`"
    Multiply | multiply, "let a = Input(shape = [10]);\nlet b = Input(shape = [10]);\nlet y: [10] = multiply([a, b]);" => |_, _| Some(Merge::from(MergeOp::Multiply));

    /// The elementwise mean of tensors.
    ///
    /// Shapes are equal, or axes of length 1 are repeated. As a function: `average([a, b])`.
    ///
    /// Keras: [`Average`](https://keras.io/api/layers/merging_layers/average/)
    "`Average(name = none, trainable = true)`"
    Average | average, "let a = Input(shape = [10]);\nlet b = Input(shape = [10]);\nlet y: [10] = average([a, b]);" => |_, _| Some(Merge::from(MergeOp::Average));

    /// The elementwise maximum of tensors.
    ///
    /// Shapes are equal, or axes of length 1 are repeated. As a function: `maximum([a, b])`. Masked values are not
    /// compared.
    ///
    /// Keras: [`Maximum`](https://keras.io/api/layers/merging_layers/maximum/)
    "`Maximum(name = none, trainable = true)`"
    Maximum | maximum, "let a = Input(shape = [10]);\nlet b = Input(shape = [10]);\nlet y: [10] = maximum([a, b]);" => |_, _| Some(Merge::from(MergeOp::Maximum));

    /// The elementwise minimum of tensors.
    ///
    /// Shapes are equal, or axes of length 1 are repeated. As a function: `minimum([a, b])`. Masked values are not
    /// compared.
    ///
    /// Keras: [`Minimum`](https://keras.io/api/layers/merging_layers/minimum/)
    "`Minimum(name = none, trainable = true)`"
    Minimum | minimum, "let a = Input(shape = [10]);\nlet b = Input(shape = [10]);\nlet y: [10] = minimum([a, b]);" => |_, _| Some(Merge::from(MergeOp::Minimum));
    takes {}
}

impl From<MergeOp> for Merge {
    fn from(op: MergeOp) -> Self {
        Merge { op, is_operator: false }
    }
}

impl Merge {
    /// Whether masked values are skipped. Keras: `Multiply`, `Maximum` and `Minimum`, but not the operations of the
    /// same names.
    pub fn leaves_out(&self) -> bool {
        !self.is_operator && matches!(self.op, MergeOp::Multiply | MergeOp::Maximum | MergeOp::Minimum)
    }
}

impl Layer for Merge {
    fn class_name(&self) -> &'static str {
        match self.op {
            MergeOp::Add => "Add",
            MergeOp::Subtract => "Subtract",
            MergeOp::Multiply => "Multiply",
            MergeOp::Average => "Average",
            MergeOp::Maximum => "Maximum",
            MergeOp::Minimum => "Minimum",
        }
    }

    fn reads(&self) -> Reads {
        Reads::Broadcast
    }

    fn masks(&self) -> Masks {
        Masks::Join
    }

    fn effect(&self) -> Effect {
        Effect::Joined
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
        Some(merge(self.op, call).into())
    }

    fn infer(&self, inputs: &[Operand<'_>], _: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let shape = broadcast(&format!("`{}` needs", self.class_name()), inputs, cx)?;
        // Sums of integers are integers. As in Keras, one float among them makes the result a float.
        let is_whole = self.op != MergeOp::Average && inputs.iter().all(|x| x.dtype == Dtype::Int);
        Some(vec![(shape, if is_whole { Dtype::Int } else { Dtype::Float })])
    }

    fn arity(&self) -> (usize, usize) {
        match self.op {
            MergeOp::Subtract => (2, 2),
            MergeOp::Add | MergeOp::Multiply | MergeOp::Average | MergeOp::Maximum | MergeOp::Minimum => {
                (1, usize::MAX)
            }
        }
    }
}
