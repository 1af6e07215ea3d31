//! The plan: the operations, memory and stages by which a checked graph is executed.
//!
//! Layers become operations on *slots* (memory of a chunk of samples, placed by liveness), weights become columns of
//! *blocks* (matrices of the parameter buffer). The plan fuses operations: siblings on one input become one product,
//! activations are applied in place, cross-entropy is computed from the logits, and the product that computes the
//! gradient of a ReLU's output also applies the ReLU's backward. The macro prints a plan as Rust; lengths that only
//! const evaluation knows stay expressions.

mod attention;
mod build;
mod contract;
mod conv;
mod dense;
mod einsum;
mod elementwise;
mod fold;
mod gradients;
mod in_place;
mod kernels;
mod labels;
mod lifetimes;
mod penalties;
mod pooled;
mod recurrent;
mod softmax;
mod spectral;
mod stages;
#[cfg(test)]
mod tests;
mod values;

use crate::dim::Dim;
use crate::graph::{Graph, LayerId, NodeId};
use crate::loss::Loss;
use crate::operation::{self, Interleaved as Copies, OpKind as Kind, SpectralKernel, each_view};

pub use fold::{Fold, Folded};
pub use stages::{Stage, StepPart};

/// A range of columns of a buffer: a value of every sample, or its gradient.
pub type View = operation::View<Dim>;
/// Destination of the gradient of a value that is read.
pub type GradientTarget = operation::GradientTarget<Dim>;
/// A value that an operation reads.
pub type Read = operation::Read<Dim>;
/// A value that an operation writes.
pub type Written = operation::Written<Dim>;
/// Memory of a chunk.
pub type Buffer = operation::Buffer<Dim>;
/// A matrix of the parameter buffer.
pub type Block = operation::Block<Dim>;
/// Computation of the gradient of a block.
pub type Gradient = operation::Gradient<Dim>;
/// Values of a call for the gradients of its weights.
pub type Use = operation::Use<Dim>;
/// A weight of a layer, as columns of a block.
pub type Param = operation::Param<Dim>;
/// A block with an interleaved copy.
pub type Interleaved = Copies<Dim>;
/// The loss and the metrics of an output with targets.
pub type LossOp = operation::LossOp<Dim>;
/// A state that is passed to the next batch.
pub type StatePlace = operation::StatePlace<Dim>;
/// Any operation.
pub type OpKind = Kind<Dim>;

/// An operation of the forward pass, and of the backward pass if its output has a gradient.
#[derive(Clone, Debug, PartialEq)]
pub struct Op {
    /// Name of its constant, in snake case; unique in the plan.
    pub name: String,
    /// The calls that it executes; several for siblings.
    pub nodes: Vec<NodeId>,
    /// Whether the backward runs it.
    pub backward: bool,
    /// Number of steps of a sample, inside of a wrapper; the operation runs separately on each.
    pub steps: Option<Dim>,
    /// The operation itself.
    pub kind: OpKind,
}

impl Op {
    /// The same operation with steps as rows instead of samples.
    pub fn per_step(&self) -> Op {
        let mut op = Op { steps: None, ..self.clone() };
        if let Some(steps) = &self.steps {
            each_view(&mut op.kind, |view, rows| {
                if rows {
                    view.len = view.len.clone() / steps.clone();
                    view.stride = view.stride.clone() / steps.clone();
                }
            });
        }
        op
    }
}

/// The mask of an output with a loss or metrics that read it.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputMask {
    /// Index of the output in [`Plan::losses`].
    pub loss: usize,
    /// The mask, floats 0 and 1: a value for each step of a sample. The values of a step of the output are
    /// contiguous.
    pub view: View,
    /// Offset of its [`MASK_SUMS`](operation::MASK_SUMS) over the batch.
    pub start: Dim,
}

/// Weights that the losses of the same outputs train.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labelled {
    /// Index of the first of the weights in [`Plan::params`].
    pub start: usize,
    /// End of the weights.
    pub end: usize,
    /// The outputs; empty if the weights are trained by something without targets, or not at all.
    pub outputs: Vec<usize>,
}

/// A graph, ready to be executed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Memory of a chunk, in the order of first use.
    pub slots: Vec<Buffer>,
    /// Matrices of the parameter buffer.
    pub blocks: Vec<Block>,
    /// Blocks with interleaved copies.
    pub interleaved: Vec<Interleaved>,
    /// Layers with weights, in the order of the model's fields.
    pub weighted: Vec<LayerId>,
    /// Weights, in the order of the model's fields.
    pub params: Vec<Param>,
    /// Outputs that train the weights.
    pub labelled: Vec<Labelled>,
    /// Inputs.
    pub inputs: Vec<View>,
    /// Outputs.
    pub outputs: Vec<View>,
    /// States that are passed to the next batch.
    pub states: Vec<StatePlace>,
    /// Kernels that training steps normalize.
    pub spectral: Vec<SpectralKernel>,
    /// The forward pass, in order.
    pub forward: Vec<Op>,
    /// The forward pass of predictions with fixed weights; `None` if it is the same.
    pub folded: Option<Folded>,
    /// Operations that only added losses, penalties and the masks of outputs need, and that predictions do not run:
    /// indices into `forward`, ascending.
    pub only_losses: Vec<usize>,
    /// The losses and metrics of outputs with targets, in output order.
    pub losses: Vec<LossOp>,
    /// The masks of outputs with a loss or metrics that read them.
    pub masks: Vec<OutputMask>,
    /// Losses that need sums of predictions over the batch: indices into `losses`, and their sums.
    pub batch_losses: Vec<(usize, operation::Sum<Dim>)>,
    /// Destination of the gradient of each output by custom losses; empty for a model without a custom loss.
    pub custom_gradients: Vec<Option<GradientTarget>>,
    /// Stages of a training step, except for targets and losses: forward, heads, trunk.
    pub stages: Vec<Stage>,
    /// Number of values that stages sum up over the batch.
    pub sums: Dim,
    /// Backward of the operations that lead to one output: indices into `forward`.
    pub heads: Vec<usize>,
    /// Backward of the operations that several outputs share: indices into `forward`.
    pub trunk: Vec<usize>,
    /// Multiplications and additions of the forward pass per sample.
    pub flops: Dim,
}

impl Plan {
    /// The mask of a loss's output.
    pub fn mask_of(&self, loss: usize) -> Option<&OutputMask> {
        self.masks.iter().find(|mask| mask.loss == loss)
    }

    /// Whether a loss reads the targets of the whole batch before the forward pass. One with a mask does so after it,
    /// when the mask is known.
    pub fn scans(&self, loss: usize) -> bool {
        self.losses[loss].loss.is_some_and(Loss::scans) && self.mask_of(loss).is_none()
    }

    /// Plans a graph without errors.
    pub fn new(graph: &Graph) -> Plan {
        let mut plan = build::build(graph);
        gradients::connect(graph, &mut plan);
        in_place::concatenate(&mut plan.plan);
        gradients::prepare(&mut plan.plan);
        penalties::find_only_losses(&mut plan.plan);
        lifetimes::assign(&mut plan.plan);
        fold::fold(&mut plan.plan);
        plan.plan.labelled = labels::labelled(graph, &plan.plan.params);
        plan.plan
    }
}
