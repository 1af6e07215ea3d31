//! The plan of a model as one value, for backends other than the engine of `mimo-runtime`.

use std::borrow::Cow;

use super::{
    Block, Buffer, GradientTarget, Interleaved, LossOp, OpKind, Param, View, operation,
};
use crate::describe::List;

operation! {
    /// A compiled model: memory, weights, operations and losses, after fusion.
    ///
    /// Lengths are per sample. A value is some columns of a buffer ([`View`]), a weight is some columns of a block
    /// ([`Param`]). The graph before fusion, with the arguments of every layer, is [`GraphSpec`](crate::spec::GraphSpec).
    #[derive(Clone, Debug, PartialEq)]
    pub struct ExecutionPlan<L> {
        /// Memory of a chunk of samples.
        pub buffers: List<Buffer<L>>,
        /// Matrices of the parameter buffer.
        pub blocks: List<Block<L>>,
        /// Blocks of which the engine keeps interleaved copies.
        pub interleaved: List<Interleaved<L>>,
        /// Weights, in the order of [`ModelSpec::weights`](crate::spec::ModelSpec::weights).
        pub params: List<Param<L>>,
        /// Values of the inputs, in order.
        pub inputs: List<View<L>>,
        /// Values of the outputs, in order.
        pub outputs: List<View<L>>,
        /// Operations, in the order of the forward pass.
        pub operations: List<Step<L>>,
        /// Losses and metrics of the outputs that have targets, in output order.
        pub losses: List<Cow<'static, LossOp<L>>>,
        /// Where custom losses write the gradient of each output; empty for a model without a custom loss.
        pub custom_gradients: List<Option<GradientTarget<L>>>,
        /// Backward through what leads to one output only: indices of operations, in the order in which they run.
        pub heads: List<usize>,
        /// Backward through what several outputs share: indices of operations, run after [`heads`](Self::heads).
        pub trunk: List<usize>,
        /// Multiplications and additions of the forward pass per sample.
        pub flops: L,
    }
}

operation! {
    /// One operation of a plan.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Step<L> {
        /// Its name, unique in the plan: that of the layer, or of the first of several fused layers.
        pub name: &'static str,
        /// The steps of a sample on each of which the operation runs by itself, for a layer in a `TimeDistributed`.
        /// Lengths of the operation are then per step.
        pub steps: Option<L>,
        /// Whether the backward pass runs it.
        pub backward: bool,
        /// The operation.
        pub operation: OpKind<L>,
    }
}

impl ExecutionPlan {
    /// A plan without operations.
    pub const EMPTY: &'static ExecutionPlan = &ExecutionPlan {
        buffers: List::Borrowed(&[]),
        blocks: List::Borrowed(&[]),
        interleaved: List::Borrowed(&[]),
        params: List::Borrowed(&[]),
        inputs: List::Borrowed(&[]),
        outputs: List::Borrowed(&[]),
        operations: List::Borrowed(&[]),
        losses: List::Borrowed(&[]),
        custom_gradients: List::Borrowed(&[]),
        heads: List::Borrowed(&[]),
        trunk: List::Borrowed(&[]),
        flops: 0,
    };
}
