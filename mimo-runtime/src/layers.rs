//! The computations of the layers, one file each, with the names of `mimo-graph`.
//!
//! `Flatten` and `Reshape` compute nothing: their output is their input's memory.

use crate::chunk::Chunk;
use crate::float::Float;
use crate::kernels;
use crate::program::{GradientTarget, View};

pub mod activation;
pub mod activity_regularization;
pub mod adaptive_pooling;
pub mod added_loss;
pub mod attend;
pub mod batch_normalization;
pub mod bias;
pub mod category_encoding;
pub mod concatenate;
pub mod contract;
pub mod conv;
pub mod cumulative_sum;
pub mod dense;
pub mod depthwise;
pub mod dropout;
pub mod einsum;
pub mod elementwise;
pub mod embedding;
pub mod flip;
pub mod frame;
pub mod gaussian_noise;
pub mod glu;
pub mod group_normalization;
pub mod layer_normalization;
pub mod masked_mean;
pub mod masked_softmax;
pub mod masking;
pub mod merge;
pub mod noise;
pub mod normalization;
pub mod normalize;
pub mod permute;
pub mod pooled_conv;
pub mod pooling;
pub mod prelu;
pub mod random_draw;
pub mod recurrent;
pub mod reduce;
pub mod repeat_vector;
pub mod rescaling;
mod strided;
pub mod strided_copy;
pub mod time_distributed;
pub mod typed;
pub mod up_sampling;
pub mod weight_tensor;

#[cfg(test)]
mod check;
#[cfg(test)]
mod properties;

/// Finishes the writing of a gradient: sets it to 0 where the ReLU output is not positive.
fn apply_mask<E: Float>(chunk: &mut Chunk<'_, E>, target: GradientTarget) {
    let Some(mask) = target.mask else { return };
    for row in 0..chunk.rows {
        let [gradient, value] = chunk.rows_mut([target.view, mask], row);
        for (gradient, value) in gradient.iter_mut().zip(value) {
            // As in the dense kernels, NaN is not positive.
            *gradient = if *value > E::zero() { *gradient } else { E::zero() };
        }
    }
}

/// Begins the writing of one sample's gradient, for layers that add to it several times: sets it to 0, or keeps the
/// gradients of other readers.
fn clear<E: Float>(chunk: &mut Chunk<'_, E>, target: GradientTarget, row: usize) {
    if !target.accumulate {
        chunk.row_mut(target.view, row).fill(E::zero());
    }
}

/// Passes a gradient on unchanged.
fn pass<E: Float>(chunk: &mut Chunk<'_, E>, dy: View, target: GradientTarget) {
    let (from, to) = (chunk.mat(dy), chunk.mat(target.view));
    kernels::copy(chunk.arena, from, to, target.accumulate);
    apply_mask(chunk, target);
}
