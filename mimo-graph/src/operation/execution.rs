//! The plan of a model as one value, for backends other than the engine of `mimo-runtime`.

use super::{Block, Buffer, GradientTarget, Interleaved, LossOp, OpKind, Param, View};

/// A compiled model: memory, weights, operations and losses, after fusion.
///
/// Lengths are per sample. A value is a range of columns of a buffer ([`View`]), a weight is a range of columns of a
/// block ([`Param`]). The graph before fusion, with the arguments of every layer, is
/// [`GraphSpec`](crate::spec::GraphSpec).
#[derive(Clone, Debug, PartialEq)]
pub struct ExecutionPlan {
    /// Memory of a chunk of samples.
    pub buffers: &'static [Buffer],
    /// Matrices of the parameter buffer.
    pub blocks: &'static [Block],
    /// Blocks with interleaved copies.
    pub interleaved: &'static [Interleaved],
    /// Weights, in the order of [`ModelSpec::weights`](crate::spec::ModelSpec::weights).
    pub params: &'static [Param],
    /// Values of the inputs, in order.
    pub inputs: &'static [View],
    /// Values of the outputs, in order.
    pub outputs: &'static [View],
    /// Operations, in the order of the forward pass.
    pub operations: &'static [Step],
    /// Losses and metrics of the outputs that have targets, in output order. The masks of outputs are not part of the plan: `Model::MASKS` of
    /// `mimo-runtime` has them.
    pub losses: &'static [&'static LossOp],
    /// Destination of the gradient of each output by custom losses; empty for a model without a custom loss.
    pub custom_gradients: &'static [Option<GradientTarget>],
    /// Backward of the operations that lead to one output only: indices of operations, in execution order.
    pub heads: &'static [usize],
    /// Backward of the operations that several outputs share: indices of operations, run after
    /// [`heads`](Self::heads).
    pub trunk: &'static [usize],
    /// Multiplications and additions of the forward pass per sample.
    pub flops: usize,
}

/// One operation of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Its name, unique in the plan: that of the layer, or of the first of several fused layers.
    pub name: &'static str,
    /// Number of steps of a sample on each of which the operation runs separately, for a layer in a
    /// `TimeDistributed`. Lengths of the operation are then per step.
    pub steps: Option<usize>,
    /// Whether the backward pass runs it.
    pub backward: bool,
    /// The operation.
    pub operation: OpKind,
}

impl Step {
    /// Creates a step from all of its fields, in one line of generated code.
    pub const fn new(name: &'static str, steps: Option<usize>, backward: bool, operation: OpKind) -> Self {
        Step { name, steps, backward, operation }
    }
}

impl ExecutionPlan {
    /// A plan without operations.
    pub const EMPTY: &'static ExecutionPlan = &ExecutionPlan {
        buffers: &[],
        blocks: &[],
        interleaved: &[],
        params: &[],
        inputs: &[],
        outputs: &[],
        operations: &[],
        losses: &[],
        custom_gradients: &[],
        heads: &[],
        trunk: &[],
        flops: 0,
    };
}
