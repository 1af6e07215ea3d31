//! Layers in ONNX's operators: one file for each family.
//!
//! Layers are those of `mimo-graph`, made again of the arguments in the description, so that a setting is read once, and a new layer
//! does not compile without an arm here.

use mimo_graph::dim::Dim;
use mimo_graph::layers::LayerKind;
use mimo_graph::layers::activation::Class;
use mimo_graph::layers::bidirectional::MergeMode;

use super::context::{Call, Context, Id};
use crate::error::Error;

mod activation;
mod attention;
mod contraction;
mod conv;
mod dense;
mod elementwise;
mod embedding;
mod moves;
mod normalization;
mod pooling;
mod random;
mod recurrent;
mod reduce;
mod resample;

/// Writes a call of a layer, and returns its outputs.
pub(super) fn write(cx: &mut Context<'_>, kind: &LayerKind, call: &Call<'_>) -> Result<Vec<Id>, Error> {
    match kind {
        LayerKind::Dense(layer) => dense::dense(cx, layer, call),
        LayerKind::EinsumDense(layer) => contraction::einsum_dense(cx, layer, call),
        LayerKind::Conv(layer) => conv::conv(cx, layer, call),
        LayerKind::Depthwise(layer) => conv::depthwise(cx, layer, call),
        LayerKind::Separable(layer) => conv::separable(cx, layer, call),
        LayerKind::Activation(layer) => match call.named("mask").filter(|_| layer.class == Class::Softmax) {
            Some(mask) => activation::masked_softmax(cx, call, mask),
            None => Ok(vec![activation::activate(cx, call.x()?, layer.activation)?]),
        },
        LayerKind::WeightTensor(_) => dense::weight(cx, call),
        LayerKind::PRelu(_) => activation::prelu(cx, call),
        LayerKind::Flatten(_)
        | LayerKind::Reshape(_)
        | LayerKind::ReshapeOperation(_)
        | LayerKind::AxesOfOne(_) => moves::reshape(cx, call),
        LayerKind::Permute(layer) => moves::permute(cx, &layer.dims, call),
        LayerKind::Transpose(layer) => moves::transpose(cx, layer, call),
        LayerKind::RepeatVector(layer) => moves::repeat_vector(cx, layer, call),
        LayerKind::Repeat(layer) => moves::repeat(cx, layer, call),
        LayerKind::GetItem(layer) => moves::get_item(cx, layer, call),
        LayerKind::Flip(layer) => moves::flip(cx, layer, call),
        LayerKind::Concatenate(layer) => moves::concatenate(cx, layer.axis, call),
        LayerKind::Stack(layer) => moves::stack(cx, layer, call),
        // What changes values while training only.
        LayerKind::Identity(_)
        | LayerKind::Dropout(_)
        | LayerKind::AlphaDropout(_)
        | LayerKind::GaussianNoise(_)
        | LayerKind::ActivityRegularization(_)
        | LayerKind::AddLoss(_) => Ok(vec![call.x()?]),
        LayerKind::BatchNormalization(layer) => normalization::batch(cx, layer, call),
        LayerKind::LayerNormalization(layer) => normalization::layer(cx, layer, call),
        LayerKind::GroupNormalization(layer) => normalization::group(cx, layer, call),
        LayerKind::RmsNormalization(layer) => normalization::rms(cx, layer, call),
        LayerKind::UnitNormalization(layer) => normalization::unit(cx, layer, call),
        LayerKind::Normalization(layer) => normalization::constant(cx, layer, call),
        LayerKind::Rescaling(layer) => normalization::rescaling(cx, layer, call),
        LayerKind::Merge(layer) => elementwise::merge(cx, layer.op, call),
        LayerKind::Elementwise(layer) => elementwise::elementwise(cx, layer, call),
        LayerKind::CastToFloat(_) => {
            let value = cx.floats(call.x()?)?;
            cx.mapped(call, value)
        }
        LayerKind::Masking(layer) => elementwise::masking(cx, layer, call),
        LayerKind::Embedding(layer) => embedding::embedding(cx, layer, call),
        LayerKind::CategoryEncoding(layer) => embedding::category_encoding(cx, layer, call),
        LayerKind::Recurrent(layer) => recurrent::recurrent(cx, layer, call),
        LayerKind::Bidirectional(layer) => match layer.merge_mode {
            Some(MergeMode::Values(op)) => elementwise::merge(cx, op, call),
            Some(MergeMode::Concat) | None => moves::concatenate(cx, -1, call),
        },
        LayerKind::Pooling(layer) => pooling::pooling(cx, layer, call),
        LayerKind::GlobalPooling(layer) => pooling::global(cx, layer, call),
        LayerKind::AdaptivePooling(layer) => pooling::adaptive(cx, layer, call),
        LayerKind::Frame(layer) => resample::frame(cx, layer, call),
        LayerKind::UpSampling(layer) => resample::up_sampling(cx, layer, call),
        LayerKind::TimeDistributed(layer) => write(cx, &layer.layer, call),
        // Training divides the kernel, which inference reads as it is.
        LayerKind::SpectralNormalization(layer) => write(cx, &layer.layer, call),
        LayerKind::Dot(layer) => contraction::dot(cx, layer, call),
        LayerKind::Matmul(_) => contraction::matmul(cx, call),
        LayerKind::Einsum(layer) => contraction::einsum(cx, layer, call),
        LayerKind::Attention(layer) => attention::attention(cx, layer, call),
        LayerKind::MultiHeadAttention(layer) => attention::multi_head(cx, layer, call),
        LayerKind::CumulativeSum(layer) => reduce::cumulative_sum(cx, layer, call),
        LayerKind::Reduce(layer) => reduce::reduce(cx, layer, call),
        LayerKind::Softmax(layer) => reduce::softmax(cx, layer, call),
        LayerKind::RandomDraw(layer) => random::draw(cx, layer, call),
    }
}

/// A length of a layer.
fn known(dim: &Dim) -> Result<usize, Error> {
    dim.known().ok_or_else(|| Error::new("a length of the layer is not known"))
}

/// The axis within a sample of `rank` axes that Keras counts as `axis`, with the batch as axis 0.
fn sample_axis(axis: i64, rank: usize) -> Result<usize, Error> {
    let rank_of = i64::try_from(rank).unwrap_or(i64::MAX);
    let at = if axis < 0 { rank_of.saturating_add(axis) } else { axis - 1 };
    let found = usize::try_from(at).ok().filter(|&at| at < rank);
    found.ok_or_else(|| Error::new(format!("axis {axis} does not exist: a sample has {rank} axes")))
}

/// Axes within a sample, in the order that they have in it.
fn sample_axes(axes: &[i64], rank: usize) -> Result<Vec<usize>, Error> {
    let mut axes = axes.iter().map(|&axis| sample_axis(axis, rank)).collect::<Result<Vec<_>, _>>()?;
    axes.sort_unstable();
    axes.dedup();
    Ok(axes)
}

/// The same with the batch as axis 0.
fn with_batch(axes: &[usize]) -> Vec<usize> {
    axes.iter().map(|axis| axis + 1).collect()
}

/// A length for each axis of a sample: that of the shape for some axes, 1 for the others.
fn ones_but(shape: &[usize], axes: &[usize]) -> Vec<usize> {
    let lengths = shape.iter().enumerate();
    lengths.map(|(axis, &len)| if axes.contains(&axis) { len } else { 1 }).collect()
}

/// The most values that a layer may ask for because of a setting: 16 MiB of constants. A node counts as [`OF_NODE`] values.
const MOST: usize = 1 << 22;

/// The memory of a node with its names, in values of a constant.
const OF_NODE: usize = 256;

/// A number of values or nodes that are written because of a setting, not because of a weight in the file.
fn bounded(count: usize, what: &str) -> Result<usize, Error> {
    match count {
        0..=MOST => Ok(count),
        _ => Err(Error::new(format!("{count} {what} are too many for an ONNX file: {MOST} are the most"))),
    }
}

/// A number of nodes that are written because of a setting.
fn bounded_nodes(count: usize, what: &str) -> Result<usize, Error> {
    const NODES: usize = MOST / OF_NODE;
    match count {
        0..=NODES => Ok(count),
        _ => Err(Error::new(format!("{count} {what} are too many for an ONNX file: {NODES} are the most"))),
    }
}
