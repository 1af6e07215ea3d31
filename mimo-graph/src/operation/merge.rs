//! `Add`, `Subtract`, `Multiply`, `Average`, `Maximum`, `Minimum`, with broadcasting.

use super::{Call, Planned, Read, View, Written, operation};
use crate::describe::List;
use crate::dim::Dim;
use crate::shape::Shape;

crate::describe! {
    /// Function of a merge layer.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum MergeOp {
        /// Sum.
        Add,
        /// First minus second; exactly two inputs.
        Subtract,
        /// Product.
        Multiply,
        /// Mean.
        Average,
        /// Largest.
        Maximum,
        /// Smallest.
        Minimum,
    }
}

operation! {
    /// One of the merged values.
    #[derive(Clone, Debug, PartialEq)]
    pub struct MergeInput<L> {
        /// The value.
        pub x: Read<L>,
        /// Strides of the input along the axes of the result; 0 where it is broadcast. They are part of the plan
        /// instead of computed by the runtime, because a result may have any number of axes.
        pub strides: List<L>,
    }
}

operation! {
    /// Combines values element by element.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Merge<L> {
        /// The function.
        pub op: MergeOp,
        /// The shape of the result.
        pub shape: List<L>,
        /// The inputs, in order.
        pub inputs: List<MergeInput<L>>,
        /// The result.
        pub y: Written<L>,
    }
}

impl Planned for Merge<Dim> {
    fn prepare_backward(&mut self, _: &mut dyn FnMut(Dim) -> View<Dim>) {
        let reads_inputs = match self.op {
            MergeOp::Multiply | MergeOp::Maximum | MergeOp::Minimum => true,
            MergeOp::Add | MergeOp::Subtract | MergeOp::Average => false,
        };
        self.inputs.to_mut().iter_mut().for_each(|input| input.x.kept = reads_inputs);
    }
}

/// The strides of an input whose axes are aligned with the result's from the right. An axis is broadcast if its
/// length is the literal 1 and the result's is not, which is the rule of shape inference.
pub(crate) fn broadcast_strides(input: &Shape, result: &Shape) -> List<Dim> {
    let mut strides = vec![Dim::Known(0); result.rank()];
    let mut stride = Dim::Known(1);
    for (from, (to, place)) in input.0.iter().rev().zip(result.0.iter().zip(&mut strides).rev()) {
        if *from != Dim::Known(1) || *to == Dim::Known(1) {
            *place = stride.clone();
        }
        stride = stride * from.clone();
    }
    List::Owned(strides)
}

/// Merges all inputs of a call element by element.
pub(crate) fn merge(op: MergeOp, call: &mut dyn Call) -> Merge<Dim> {
    let result = call.result();
    let input =
        |input| MergeInput { x: call.x(input), strides: broadcast_strides(&call.shape(input), &result) };
    let inputs = List::Owned((0..call.inputs()).map(input).collect());
    Merge { op, inputs, shape: List::Owned(result.0), y: call.y() }
}
