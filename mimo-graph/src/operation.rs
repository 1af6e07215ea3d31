//! Operations: the steps that a compiled model executes, declared once.
//!
//! Each operation is a struct that is generic over the type of lengths: [`Dim`] while the macro runs, where a length
//! may be an expression, and `usize` in generated code and at run time. The **type of a field is its role**:
//! [`Read`], [`Written`], [`Weight`], [`BatchWeight`], [`Scratch`]; every other type is a setting. `operation!`
//! derives from the declaration how the value is written as a constant ([`Describe`]) and the visitor over its parts
//! ([`Field`]). So the macro prints every operation with one function, and the passes of the plan (gradients,
//! lifetimes, values computed in place) work on any operation without knowing which one it is.
//!
//! [`OpKind`] lists the operations. Further facts about an operation that a pass needs are methods of [`Planned`],
//! implemented in the operation's file. The computation of an operation is implemented in `mimo-runtime`, in the file
//! of the same name.

mod activate;
mod activity_regularization;
mod adaptive_pooling;
mod added_loss;
mod attend;
mod batch_normalization;
mod bias;
mod call;
mod category_encoding;
mod concatenate;
mod contract;
mod conv;
mod cumulative_sum;
mod dense;
mod depthwise;
mod dropout;
mod einsum;
mod elementwise;
mod embedding;
mod execution;
mod flip;
mod fold;
mod frame;
mod gaussian_noise;
mod glu;
mod group_normalization;
mod layer_normalization;
mod loss;
mod masked_mean;
mod masked_softmax;
mod masking;
mod memory;
mod merge;
mod noise;
mod normalization;
mod normalize;
mod parts;
mod permute;
mod pooled_conv;
mod pooling;
mod prelu;
mod random_draw;
mod recurrent;
mod reduce;
mod repeat_vector;
mod rescaling;
mod roles;
mod strided_copy;
mod sums;
#[cfg(test)]
mod tests;
mod up_sampling;
mod weight_tensor;

use std::borrow::Cow;
use std::fmt::Debug;

use crate::activation::Activation;
use crate::describe::{Describe, Literal};
use crate::dim::Dim;

pub use activate::Activate;
pub use activity_regularization::ActivityRegularization;
pub use adaptive_pooling::AdaptivePooling;
pub use added_loss::AddedLoss;
pub use attend::{Attend, FullyMasked, Score};
pub use batch_normalization::BatchNormalization;
pub use bias::Bias;
pub use call::Call;
pub use category_encoding::{CategoryEncoding, Encoding};
pub use concatenate::Concatenate;
pub(crate) use concatenate::join;
pub use contract::Contract;
pub use conv::{Axis, Conv, ConvScratch, Geometry};
pub use cumulative_sum::CumulativeSum;
pub use dense::{Dense, Segment};
pub use depthwise::{Depthwise, Widened};
pub use dropout::Dropout;
pub use einsum::Einsum;
pub use elementwise::{Elementwise, ElementwiseStep, Function, MOST_REGISTERS, Number, Source};
pub use embedding::Embedding;
pub use execution::{ExecutionPlan, Step};
pub use flip::Flip;
pub(crate) use flip::joined_flips;
pub use fold::LinearMap;
pub use frame::Frame;
pub use gaussian_noise::GaussianNoise;
pub use glu::Glu;
pub use group_normalization::GroupNormalization;
pub use layer_normalization::{LayerNormalization, Statistic};
pub use loss::{LossOp, MASK_SUMS};
pub use masked_mean::MaskedMean;
pub use masked_softmax::MaskedSoftmax;
pub use masking::Masking;
pub use memory::{Block, Buffer, Gradient, Interleaved, Param, SpectralKernel, StatePlace, Use};
pub use merge::{Merge, MergeInput, MergeOp};
pub(crate) use merge::{broadcast_strides, merge};
pub use noise::{Noise, Randomness};
pub use normalization::Normalization;
pub use normalize::Normalize;
pub use parts::{Field, Part, PartMut, each_view};
pub use permute::Permute;
pub(crate) use permute::permuted_strides;
pub use pooled_conv::PooledConv;
pub use pooling::{Padding, PoolKind, Pooling};
pub use prelu::Prelu;
pub use random_draw::{Drawn, RandomDraw};
pub use recurrent::{Cell, Recurrent, RecurrentDropout, StepMask};
pub use reduce::{Reduce, Reduction};
pub use repeat_vector::RepeatVector;
pub use rescaling::Rescaling;
pub use roles::{
    BatchGradient, BatchWeight, ChunkAccumulator, During, GradientTarget, Read, Scratch, View, Weight,
    Written,
};
pub use strided_copy::StridedCopy;
pub(crate) use strided_copy::joined_axes;
pub use sums::{BatchSums, MovingAverage, Sum};
pub use up_sampling::{Interpolation, UpSampling};
pub use weight_tensor::WeightTensor;

/// The type of a length: [`Dim`] or `usize`.
pub trait Length: Describe + Field<Self> + Clone + Debug + PartialEq + 'static {
    /// Type of a number that may be a constant of the user, as lengths may.
    type Number: Describe + Field<Self> + Clone + Debug + PartialEq + 'static;
}

impl Length for Dim {
    type Number = Number;
}

impl Length for usize {
    type Number = f64;
}

/// Declares a struct that is generic over the type of lengths, with its description and the visitor over its parts.
macro_rules! operation {
    (
        $(#[$meta:meta])*
        pub struct $name:ident<$length:ident> {
            $($(#[$field_meta:meta])* pub $field:ident: $ty:ty),* $(,)?
        }
    ) => {
        $(#[$meta])*
        pub struct $name<$length = usize>
        where
            $length: $crate::operation::Length,
        {
            $($(#[$field_meta])* pub $field: $ty),*
        }

        impl<$length: $crate::operation::Length> $crate::describe::Describe for $name<$length> {
            fn literal(&self) -> $crate::describe::Literal {
                $crate::describe::Literal::Struct {
                    name: stringify!($name),
                    fields: vec![$((stringify!($field), $crate::describe::Describe::literal(&self.$field))),*],
                }
            }
        }

        impl<$length: $crate::operation::Length> $crate::operation::Field<$length> for $name<$length> {
            fn parts<'a>(&'a self, visit: &mut dyn FnMut($crate::operation::Part<'a, $length>)) {
                $($crate::operation::Field::<$length>::parts(&self.$field, visit);)*
            }

            fn parts_mut<'a>(&'a mut self, visit: &mut dyn FnMut($crate::operation::PartMut<'a, $length>)) {
                $($crate::operation::Field::<$length>::parts_mut(&mut self.$field, visit);)*
            }
        }
    };
}
pub(crate) use operation;

/// Facts about an operation for the passes of a plan, with defaults.
pub trait Planned {
    /// Positions per sample, or per step in a wrapper: the number of uses of a [`BatchWeight`].
    fn positions(&self) -> Dim {
        Dim::Known(1)
    }

    /// The blocks whose transposed copies the backward reads.
    fn transposed_blocks(&self) -> Vec<usize> {
        vec![]
    }

    /// Whether the kernel that writes the input gradient can set it to 0 where a ReLU output is not positive.
    fn masks(&self) -> bool {
        false
    }

    /// The flag that the gradient of the value number `output` has already passed the operation's ReLU; `None`
    /// without a ReLU.
    fn relu_grad_applied(&mut self, output: usize) -> Option<&mut bool> {
        let _ = output;
        None
    }

    /// Whether the rows of the result may be strided, so that it can be some columns of a wider value.
    fn rows_may_lie_apart(&self) -> bool {
        false
    }

    /// Whether its read number `place` is a mask, which has no gradient.
    fn reads_mask(&self, place: usize) -> bool {
        let _ = place;
        false
    }

    /// The sums over the batch that it reads in training, for which all chunks wait; `None` if there are none. The
    /// operation's `forward_sums` and `backward_sums` compute those of a chunk.
    fn batch_sums(&self) -> Option<BatchSums> {
        None
    }

    /// Sets the offset of these sums among those of all operations, and returns their number.
    fn place_batch_sums(&mut self, start: Dim) -> Dim {
        let _ = start;
        Dim::Known(0)
    }

    /// The blocks whose gradients are among these sums, with their offsets.
    fn summed_gradients(&self) -> Vec<(usize, Dim)> {
        vec![]
    }

    /// The linear map that it computes, if a batch normalization of its result can be folded into its weights.
    fn linear_map(&self) -> Option<LinearMap> {
        None
    }

    /// Makes it add the values of this block as its bias and apply an activation to the result. Called only if it
    /// computes a [`linear_map`](Self::linear_map).
    fn set_bias_and_activation(&mut self, bias: usize, activation: Activation) {
        let _ = (bias, activation);
    }

    /// Prepares the backward after all gradients are connected: marks the values that it reads, and requests its
    /// memory. `fixed` allocates memory of a length that does not depend on the rows of a chunk.
    fn prepare_backward(&mut self, fixed: &mut dyn FnMut(Dim) -> View<Dim>) {
        let _ = fixed;
    }
}

macro_rules! operations {
    (($dollar:tt) $($(#[$meta:meta])* $name:ident),* $(,)?) => {
        /// Passes the names of all operations to a macro: `each_operation!(bounds)` is `bounds!(Activate, …)`.
        #[doc(hidden)]
        #[macro_export]
        macro_rules! each_operation {
            ($dollar callback:ident) => {
                $dollar callback!($($name),*);
            };
        }

        /// Any operation.
        #[derive(Clone, Debug, PartialEq)]
        pub enum OpKind<L = usize>
        where
            L: Length,
        {
            $($(#[$meta])* $name(Cow<'static, $name<L>>)),*
        }

        $(impl From<$name<Dim>> for OpKind<Dim> {
            fn from(operation: $name<Dim>) -> Self {
                OpKind::$name(Cow::Owned(operation))
            }
        })*

        impl<L: Length> OpKind<L> {
            /// The name of the operation's type.
            pub fn name(&self) -> &'static str {
                match self {
                    $(OpKind::$name(_) => stringify!($name)),*
                }
            }
        }

        impl OpKind<Dim> {
            /// The facts of the operation.
            pub fn planned(&self) -> &dyn Planned {
                match self {
                    $(OpKind::$name(operation) => &**operation),*
                }
            }

            /// The facts of the operation, to prepare it.
            pub fn planned_mut(&mut self) -> &mut dyn Planned {
                match self {
                    $(OpKind::$name(operation) => operation.to_mut()),*
                }
            }
        }

        /// The operation itself, without the name of the variant.
        impl<L: Length> Describe for OpKind<L> {
            fn literal(&self) -> Literal {
                match self {
                    $(OpKind::$name(operation) => operation.literal()),*
                }
            }
        }

        impl<L: Length> Field<L> for OpKind<L> {
            fn parts<'a>(&'a self, visit: &mut dyn FnMut(Part<'a, L>)) {
                match self {
                    $(OpKind::$name(operation) => operation.parts(visit)),*
                }
            }

            fn parts_mut<'a>(&'a mut self, visit: &mut dyn FnMut(PartMut<'a, L>)) {
                match self {
                    $(OpKind::$name(operation) => operation.to_mut().parts_mut(visit)),*
                }
            }
        }
    };
}

operations! {
    ($)
    /// An activation from one value to another.
    Activate,
    /// A penalty on values.
    ActivityRegularization,
    /// Pooling with a fixed number of windows.
    AdaptivePooling,
    /// A loss that is computed from tensors of the model.
    AddedLoss,
    /// Attention.
    Attend,
    /// Batch normalization.
    BatchNormalization,
    /// A bias along some axes.
    Bias,
    /// Encoding of integers.
    CategoryEncoding,
    /// Concatenation along an axis.
    Concatenate,
    /// Products of two tensors, summed over axes.
    Contract,
    /// A convolution or its transpose.
    Conv,
    /// Cumulative sums along an axis.
    CumulativeSum,
    /// A product with a kernel.
    Dense,
    /// A convolution channel by channel.
    Depthwise,
    /// Random zeros.
    Dropout,
    /// A product with a kernel whose axes are in any order.
    Einsum,
    /// An elementwise expression.
    Elementwise,
    /// Lookup of vectors by integers.
    Embedding,
    /// Axes in reverse order.
    Flip,
    /// Edges of an image, added or removed.
    Frame,
    /// Additive noise.
    GaussianNoise,
    /// One half of the last axis times the sigmoid of the other.
    Glu,
    /// Normalization of groups of channels.
    GroupNormalization,
    /// Normalization over some axes.
    LayerNormalization,
    /// Mean over unmasked steps.
    MaskedMean,
    /// Softmax over unmasked values.
    MaskedSoftmax,
    /// Zeros at masked positions.
    Masking,
    /// Elementwise merge of values.
    Merge,
    /// A random function of each value.
    Noise,
    /// Values shifted and scaled by adapted mean and variance.
    Normalization,
    /// Vectors along one axis, divided by their norms.
    Normalize,
    /// Axes in another order.
    Permute,
    /// A convolution fused with max pooling.
    PooledConv,
    /// Pooling.
    Pooling,
    /// A ReLU with learned slopes.
    Prelu,
    /// Random numbers.
    RandomDraw,
    /// A recurrent layer.
    Recurrent,
    /// A reduction over some axes.
    Reduce,
    /// A vector, repeated.
    RepeatVector,
    /// Values shifted and scaled by constants.
    Rescaling,
    /// Parts of a tensor, or its values repeated.
    StridedCopy,
    /// An upsampled image.
    UpSampling,
    /// A weight as a tensor.
    WeightTensor,
}

impl<L: Length> OpKind<L> {
    /// The values that it reads, in order.
    pub fn reads(&self) -> Vec<&Read<L>> {
        let mut reads = vec![];
        self.parts(&mut |part| {
            if let Part::Read(read) = part {
                reads.push(read);
            }
        });
        reads
    }

    /// The values that it reads, to change them.
    pub fn reads_mut(&mut self) -> Vec<&mut Read<L>> {
        let mut reads = vec![];
        self.parts_mut(&mut |part| {
            if let PartMut::Read(read) = part {
                reads.push(read);
            }
        });
        reads
    }

    /// The value that it writes, or the first of several. Every operation writes at least one.
    pub fn written(&self) -> Option<&Written<L>> {
        let mut first = None;
        self.parts(&mut |part| {
            if let Part::Written(written) = part {
                first = first.or(Some(written));
            }
        });
        first
    }

    /// Weights whose gradients its backward sums up, to connect them.
    pub fn weights_mut(&mut self) -> Vec<&mut Weight<L>> {
        let mut weights = vec![];
        self.parts_mut(&mut |part| {
            if let PartMut::Weight(weight) = part {
                weights.push(weight);
            }
        });
        weights
    }

    /// The weights whose gradients are computed over the whole batch.
    pub fn batch_weights(&self) -> Vec<BatchWeight> {
        let mut weights = vec![];
        self.parts(&mut |part| {
            if let Part::BatchWeight(weight) = part {
                weights.push(*weight);
            }
        });
        weights
    }
}
