//! The element types of models.

use dfdx::shapes::Dtype;

use crate::engine::Step;
use crate::kernels::Element;
use crate::layers::activation::Activate;
use crate::layers::batch_normalization::{BatchGradientSums, BatchMoments, BatchNormalization};
use crate::layers::concatenate::Concatenate;
use crate::layers::conv::Conv;
use crate::layers::dense::Dense;
use crate::layers::depthwise::Depthwise;
use crate::layers::dot::Dot;
use crate::layers::dropout::Dropout;
use crate::layers::embedding::Embedding;
use crate::layers::frame::Frame;
use crate::layers::gaussian_noise::GaussianNoise;
use crate::layers::layer_normalization::LayerNormalization;
use crate::layers::merge::Merge;
use crate::layers::normalize::Normalize;
use crate::layers::permute::Permute;
use crate::layers::pooled_conv::PooledConv;
use crate::layers::pooling::Pooling;
use crate::layers::recurrent::Recurrent;
use crate::layers::repeat_vector::RepeatVector;
use crate::layers::up_sampling::UpSampling;
use crate::loss::{LossOp, Scan};
use crate::run::Run;

/// `f32` or `f64`: what weights and data of a model are made of.
///
/// The bounds list every operation that a compiled model can contain.
pub trait Float:
    Dtype
    + Element
    + Step
    + Run<Dense>
    + Run<Conv>
    + Run<PooledConv>
    + Run<Depthwise>
    + Run<Activate>
    + Run<Concatenate>
    + Run<Merge>
    + Run<Permute>
    + Run<RepeatVector>
    + Run<Embedding>
    + Run<Recurrent>
    + Run<Dropout>
    + Run<GaussianNoise>
    + Run<Pooling>
    + Run<Frame>
    + Run<UpSampling>
    + Run<Normalize>
    + Run<LayerNormalization>
    + Run<Dot>
    + Run<BatchNormalization>
    + Run<BatchMoments>
    + Run<BatchGradientSums>
    + Run<LossOp>
    + Run<Scan>
{
}

impl Float for f32 {}
impl Float for f64 {}
