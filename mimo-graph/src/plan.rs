//! The plan: how a checked graph is executed.
//!
//! Layers become operations on *slots* (memory of a chunk of samples, placed by liveness), weights become
//! columns of *blocks* (matrices of the parameter buffer). What can be fused is fused here: siblings on one input
//! become one product, activations are applied in place, cross-entropy is computed from the logits, and a ReLU's
//! backward rides on the product that brings its gradient. The macro prints a plan as Rust; lengths that only
//! const evaluation knows stay expressions.

mod batch_norm;
mod build;
mod conv;
mod dense;
mod gradients;
mod in_place;
mod lifetimes;
mod pooled;
mod recurrent;
#[cfg(test)]
mod tests;
mod values;

use crate::activation::Activation;
use crate::dim::Dim;
use crate::graph::{Graph, LayerId, NodeId};
use crate::layers::frame::Frame;
use crate::layers::merge::MergeOp;
use crate::layers::pooling::PoolKind;
use crate::layers::sliding::Axis;
use crate::layers::spatial::Padding;
use crate::layers::up_sampling::UpSampling;
use crate::loss::Loss;
use crate::metric::Metric;
use crate::shape::Shape;
use crate::target::Target;

pub use batch_norm::{BatchNorm, Stage, StepPart};
pub use recurrent::{Dropped, Last, Recurrent};

/// Some columns of a slot: a value of every sample, or its gradient.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// The slot.
    pub slot: usize,
    /// The first column.
    pub column: Dim,
    /// Values per sample.
    pub len: Dim,
    /// Values per sample of the slot.
    pub stride: Dim,
}

impl View {
    fn whole(slot: usize, len: Dim) -> Self {
        View { slot, column: Dim::Known(0), len: len.clone(), stride: len }
    }
}

/// Where the gradient of something that is read goes.
#[derive(Clone, Debug, PartialEq)]
pub struct Sink {
    /// Its place.
    pub view: View,
    /// Whether something has been written there before.
    pub accumulate: bool,
    /// The ReLU output that masks it on the way.
    pub mask: Option<View>,
}

/// Memory of a chunk.
#[derive(Clone, Debug, PartialEq)]
pub struct Slot {
    /// Values per sample, or per chunk if it is fixed.
    pub len: Dim,
    /// Whether its size is the same however many rows a chunk has.
    pub fixed: bool,
    /// First and last use while training.
    pub train: (usize, usize),
    /// First and last use while predicting; `None` if it is not needed then.
    pub predict: Option<(usize, usize)>,
}

impl Slot {
    /// A slot whose uses are not known yet.
    fn new(len: Dim) -> Self {
        Slot { len, fixed: false, train: (usize::MAX, 0), predict: None }
    }

    /// The same, with a size that does not depend on the rows of a chunk.
    fn fixed(len: Dim) -> Self {
        Slot { fixed: true, ..Slot::new(len) }
    }
}

/// A matrix of the parameter buffer.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// Rows.
    pub rows: Dim,
    /// Values per row.
    pub cols: Dim,
    /// Whether the backward reads it transposed.
    pub pack: bool,
    /// How its gradient is made; `None` if it is not trained.
    pub gradient: Option<Gradient>,
}

/// A block of which there is a copy with the columns of some parts beside each other, for fused steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interleaved {
    /// The block.
    pub block: usize,
    /// Parts that its columns are divided in.
    pub parts: usize,
}

/// How the gradient of a block is made.
#[derive(Clone, Debug, PartialEq)]
pub enum Gradient {
    /// `Σ xᵀ·dy`
    Product(Vec<Use>),
    /// `Σ dy`
    Sum(Vec<Use>),
    /// `dy`, added to the rows of the block that `x` numbers.
    Scatter(Vec<Use>),
    /// Summed up by the backward of every chunk in this fixed slot.
    Private(View),
    /// Sums over the batch that stages have merged: where those of each call begin.
    BatchSums(Vec<Dim>),
}

/// A weight of a layer that computes the gradients of its weights in the backward of a chunk.
#[derive(Clone, Debug, PartialEq)]
pub struct Weighted {
    /// Its block.
    pub block: usize,
    /// Where the gradient goes; `None` if it is not trained.
    pub gradient: Option<Private>,
}

impl Weighted {
    /// A weight whose gradient is connected later.
    pub(crate) fn new(block: usize) -> Self {
        Weighted { block, gradient: None }
    }
}

/// Where the backward of a chunk sums up the gradient of a weight: a fixed slot, shared by all calls of the layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Private {
    /// The slot.
    pub view: View,
    /// Whether another call of the layer has written there before; the first one begins with zeros.
    pub accumulate: bool,
}

/// What a call leaves for the gradients of its weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Use {
    /// What was read.
    pub x: View,
    /// The gradient of the product.
    pub dy: View,
    /// Positions per sample.
    pub positions: Dim,
}

/// A weight of a layer, as columns of a block.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// The layer.
    pub layer: LayerId,
    /// The weight, by its place in the layer.
    pub weight: usize,
    /// The block.
    pub block: usize,
    /// Its first column.
    pub column: Dim,
    /// Its columns.
    pub cols: Dim,
}

/// What is read by an operation that writes one gradient per input.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// What is read.
    pub x: View,
    /// Its shape.
    pub shape: Shape,
    /// Where its gradient goes, if it has one.
    pub dx: Option<Sink>,
}

/// An operation of the forward pass, and of the backward pass if its output has a gradient.
#[derive(Clone, Debug, PartialEq)]
pub struct Op {
    /// A name for the constant that describes it, in snake case; unique in the plan.
    pub name: String,
    /// The calls that it executes; several for siblings.
    pub nodes: Vec<NodeId>,
    /// What it gives.
    pub y: View,
    /// The gradient of `y`; the place of `y` itself if it has none.
    pub dy: View,
    /// Whether the backward runs it.
    pub backward: bool,
    /// The steps of a sample on each of which it runs by itself, if a wrapper says so. What it does is said for one
    /// step; views are of whole samples, and a step's values are contiguous in them.
    pub steps: Option<Dim>,
    /// What it does.
    pub kind: OpKind,
}

impl Op {
    /// The same for rows that are steps and not samples.
    pub fn per_step(&self) -> Op {
        let mut op = Op { steps: None, ..self.clone() };
        if let Some(steps) = &self.steps {
            lifetimes::sample_views(&mut op, |view| {
                view.len = view.len.clone() / steps.clone();
                view.stride = view.stride.clone() / steps.clone();
            });
        }
        op
    }
}

/// What an operation does.
#[derive(Clone, Debug, PartialEq)]
pub enum OpKind {
    /// A product with a kernel.
    Dense(Box<Dense>),
    /// A convolution or its transpose.
    Conv(Box<Conv>),
    /// A batch normalization.
    BatchNorm(Box<BatchNorm>),
    /// An activation from one slot to another.
    Activate {
        /// The function.
        activation: Activation,
        /// Positions per sample.
        positions: Dim,
        /// What is read.
        read: Read,
    },
    /// Parts one after another.
    Concatenate {
        /// How often the parts alternate.
        outer: Dim,
        /// The parts.
        parts: Vec<Read>,
    },
    /// Element by element.
    Merge {
        /// How.
        op: MergeOp,
        /// The shape of the result.
        shape: Shape,
        /// What is merged.
        inputs: Vec<Read>,
    },
    /// Axes in another order.
    Permute {
        /// For each new axis the old one, from 1.
        dims: Vec<usize>,
        /// What is read.
        read: Read,
    },
    /// A vector, repeated.
    RepeatVector {
        /// Number of repetitions.
        n: Dim,
        /// What is read.
        read: Read,
    },
    /// Random zeros.
    Dropout {
        /// Their share.
        rate: f64,
        /// Parts of a sample, one behind the other, that have them in the same places.
        positions: Dim,
        /// Tells its random numbers from others'.
        key: u64,
        /// What is read.
        read: Read,
    },
    /// Products and activations, step by step.
    Recurrent(Box<Recurrent>),
    /// A vector for each whole number.
    Embedding {
        /// How many there are.
        vocabulary: Dim,
        /// Values of each.
        units: Dim,
        /// The block of the vectors.
        block: usize,
        /// What is read.
        read: Read,
    },
    /// One value per window and channel.
    Pooling {
        /// What becomes of a window.
        kind: PoolKind,
        /// The windows.
        windows: Box<Windows>,
        /// What is read.
        read: Read,
    },
    /// A frame of zeros, put there or taken away.
    Frame {
        /// The layer.
        frame: Box<Frame>,
        /// What is read.
        read: Read,
    },
    /// An enlarged image.
    UpSampling {
        /// The layer.
        layer: Box<UpSampling>,
        /// What is read.
        read: Read,
    },
    /// Vectors along one axis, brought to length 1.
    Normalize {
        /// The axis.
        axis: usize,
        /// What is read.
        read: Read,
    },
    /// Mean 0 and variance 1 over some axes, then factors and offsets.
    LayerNormalization {
        /// The axes, within a sample, ascending: in memory weights follow this order.
        axes: Vec<usize>,
        /// Number that is added to the variance.
        epsilon: f64,
        /// The factors.
        gamma: Option<Weighted>,
        /// The offsets.
        beta: Option<Weighted>,
        /// What is read.
        read: Read,
    },
    /// Products, summed over one axis of each of two tensors.
    Dot {
        /// The axes, within a sample.
        axes: [usize; 2],
        /// What is multiplied.
        reads: [Read; 2],
    },
    /// Additive noise.
    GaussianNoise {
        /// Its standard deviation.
        stddev: f64,
        /// Tells its random numbers from others'.
        key: u64,
        /// What is read.
        read: Read,
    },
}

/// Where the windows of a pooling lie. A sequence is an image of height 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Windows {
    /// Height, width and channels of what is read.
    pub image: [Dim; 3],
    /// Height and width of a window.
    pub size: [Dim; 2],
    /// From one window to the next.
    pub strides: [Dim; 2],
    /// Whether they may lie beyond the edges.
    pub padding: Padding,
}

/// A product with a kernel, of one layer or of siblings side by side.
#[derive(Clone, Debug, PartialEq)]
pub struct Dense {
    /// Values that a position reads.
    pub inputs: Dim,
    /// Values that a position gives.
    pub units: Dim,
    /// Positions per sample.
    pub positions: Dim,
    /// The kernels' block.
    pub kernel: usize,
    /// The biases' block.
    pub bias: Option<usize>,
    /// Activations in place, by columns.
    pub segments: Vec<Segment>,
    /// What is read.
    pub read: Read,
}

/// A convolution, or the transpose of one: then the geometry is that of the convolution, whose input is given and
/// whose output is read.
#[derive(Clone, Debug, PartialEq)]
pub struct Conv {
    /// Height and width; sequences have height 1.
    pub axes: [Axis; 2],
    /// Channels of the geometry's input.
    pub channels: Dim,
    /// Channels of the geometry's output.
    pub filters: Dim,
    /// Parts of the channels.
    pub groups: Dim,
    /// Whether it gives inputs of the geometry.
    pub transposed: bool,
    /// Whether every channel is a group, so that the passes run along the channels.
    pub depthwise: bool,
    /// The kernel.
    pub kernel: Weighted,
    /// The bias.
    pub bias: Option<Weighted>,
    /// What is applied in place.
    pub activation: Activation,
    /// Whether the gradient has passed the activation when the backward of the operation begins.
    pub passed: bool,
    /// Memory of the forward pass.
    pub forward: Scratch,
    /// Memory of the backward pass.
    pub backward: Scratch,
    /// How the results are pooled before they are given, if they are.
    pub pooled: Option<Pooled>,
    /// What is read.
    pub read: Read,
}

/// A max pooling that a convolution does on the way.
#[derive(Clone, Debug, PartialEq)]
pub struct Pooled {
    /// Lines of a window, 1 or 2; it is two positions wide.
    pub height: usize,
    /// Where each window found its largest result.
    pub codes: View,
    /// The padded gradient of one sample's input and the transposed kernel, in the backward.
    pub spread: Option<[View; 2]>,
    /// The transposed gradient of the kernel, in the backward.
    pub sums: Option<View>,
}

/// Fixed slots that a pass of a convolution needs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scratch {
    /// The padded input of the geometry; of a depthwise convolution with every channel as often as it gives channels.
    pub input: Option<View>,
    /// The padded output of the geometry.
    pub output: Option<View>,
    /// The turned kernel, which a depthwise convolution does without.
    pub kernel: Option<View>,
}

/// The activation of one sibling.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    /// Its first column.
    pub column: Dim,
    /// Its columns.
    pub len: Dim,
    /// What is applied.
    pub activation: Activation,
    /// Whether the gradient has passed it when the backward of the operation begins.
    pub passed: bool,
}

/// The loss and the metrics of an output with targets.
#[derive(Clone, Debug, PartialEq)]
pub struct LossOp {
    /// The output.
    pub output: usize,
    /// The loss; `None` for an output that has metrics only.
    pub loss: Option<Loss>,
    /// The form of the targets; `None` for a custom loss without targets, whose view of them is empty.
    pub kind: Option<Target>,
    /// Positions per sample.
    pub positions: Dim,
    /// Values per position.
    pub classes: Dim,
    /// The predictions.
    pub y: View,
    /// What the head's activation was given, if the loss is computed from there.
    pub logits: Option<View>,
    /// The targets.
    pub target: View,
    /// The weights of the samples.
    pub sample_weight: View,
    /// Where the gradient is written: of the logits if there are, else of the predictions. No other loss writes there.
    pub gradient: Option<View>,
    /// The metrics.
    pub metrics: Vec<Metric>,
}

/// A graph, ready to be executed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Memory of a chunk, in the order of first use.
    pub slots: Vec<Slot>,
    /// Matrices of the parameter buffer.
    pub blocks: Vec<Block>,
    /// Blocks with interleaved copies.
    pub interleaved: Vec<Interleaved>,
    /// Layers with weights, in the order of the model's fields.
    pub weighted: Vec<LayerId>,
    /// Weights, in the order of the model's fields.
    pub params: Vec<Param>,
    /// Inputs.
    pub inputs: Vec<View>,
    /// Outputs.
    pub outputs: Vec<View>,
    /// The forward pass, in order.
    pub forward: Vec<Op>,
    /// The losses and metrics of outputs with targets, in output order.
    pub losses: Vec<LossOp>,
    /// Where custom losses write the gradient of each output; empty for a model without a custom loss.
    pub custom_gradients: Vec<Option<Sink>>,
    /// The stages of a training step, but for targets and losses: forward, heads, trunk.
    pub stages: Vec<Stage>,
    /// Values that stages sum up over the batch.
    pub sums: Dim,
    /// Backward through what leads to one output: places in `forward`.
    pub heads: Vec<usize>,
    /// Backward through what several outputs share: places in `forward`.
    pub trunk: Vec<usize>,
    /// Multiplications and additions of the forward pass per sample.
    pub flops: Dim,
}

impl Plan {
    /// Plans a graph that passed every check.
    pub fn new(graph: &Graph) -> Plan {
        let mut plan = build::build(graph);
        gradients::connect(graph, &mut plan);
        in_place::concatenate(&mut plan.plan);
        lifetimes::assign(&mut plan.plan);
        plan.plan
    }
}
