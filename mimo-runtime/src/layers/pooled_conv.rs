//! A convolution followed by a max pooling, as one operation: `Conv2D` and `MaxPooling2D`, or their 1D forms.

use mimo_graph::activation::Activation;
pub use mimo_graph::operation::PooledConv;

use crate::chunk::{Chunk, Mode};
use crate::float::Float;
use crate::kernels::conv;
use crate::kernels::pooled::{self, Pooling};
use crate::kernels::{self, Mat};
use crate::layers::conv::{geometry, padded};
use crate::layers::{apply_mask, clear};
use crate::run::run;

/// The convolution and the windows of the pooling.
fn pooling(op: &PooledConv) -> Pooling {
    Pooling { geometry: geometry(&op.geometry), height: op.height }
}

fn forward<E: Float>(op: &PooledConv, chunk: &mut Chunk<'_, E>) {
    let pooling = &pooling(op);
    let kernel = chunk.weight(op.kernel.block, pooling.geometry.kernel_len());
    let bias = op.bias.map(|bias| chunk.weight(bias.block, pooling.geometry.filters));
    let relu = op.activation == Activation::Relu;
    let (x, y) = (chunk.mat(op.x.view), chunk.mat(op.y.view));
    let argmax = (chunk.mode == Mode::Train).then(|| chunk.mat(op.argmax.view));
    for row in 0..chunk.rows {
        let image = padded(&pooling.geometry, chunk, op.padded[0], x.offset + row * x.stride);
        let argmax = argmax.map(|argmax| argmax.offset + row * argmax.stride);
        let places = [image, y.offset + row * y.stride];
        pooled::convolve_pooled(chunk.arena, pooling, places, argmax, kernel, bias, relu);
    }
}

/// One row of a matrix.
fn one(mat: Mat, row: usize) -> Mat {
    Mat { offset: mat.offset + row * mat.stride, rows: 1, ..mat }
}

fn backward<E: Float>(op: &PooledConv, chunk: &mut Chunk<'_, E>) {
    let Some(dy) = op.y.gradient else { return };
    let pooling = &pooling(op);
    let geometry = &pooling.geometry;
    let (x, y, dy) = (chunk.mat(op.x.view), chunk.mat(op.y.view), chunk.mat(dy));
    let argmax = chunk.mat(op.argmax.view);
    let taps = geometry.kernel_len() / geometry.filters;
    let bias = op.bias.and_then(|bias| chunk.accumulator(&bias));
    let gradient = chunk.accumulator(&op.kernel).zip(op.sums.map(|sums| chunk.fixed(sums.view)));
    if let Some((_, sums)) = gradient {
        kernels::fill(chunk.arena, sums, E::of(0.0));
    }
    if let Some([_, transposed]) = op.spread {
        let kernel = chunk.weight(op.kernel.block, geometry.kernel_len());
        let transposed = chunk.fixed(transposed.view).offset;
        conv::transpose(
            kernel,
            taps,
            geometry.filters,
            &mut chunk.arena[transposed..transposed + kernel.len()],
        );
    }
    let mut was_transposed = false;
    for row in 0..chunk.rows {
        // Sample by sample, so that the outputs of one are still in the cache.
        if op.activation == Activation::Relu && !op.activation_grad_applied {
            let [y, dy] = [y, dy].map(|mat| one(mat, row));
            kernels::activation_backward(chunk.arena, Activation::Relu, y, dy, dy, false);
        }
        let [from, dy, argmax] = [x, dy, argmax].map(|mat| one(mat, row).offset);
        if let Some(sums) = bias {
            let windows = pooling.len() / geometry.filters;
            conv::add_column_sums(chunk.arena, dy, windows, geometry.filters, sums.offset);
        }
        if let Some((gradient, sums)) = gradient {
            let image = padded(&pooling.geometry, chunk, op.padded[1], from);
            let to = [gradient.offset, sums.offset];
            was_transposed = pooled::pooled_kernel_gradient(chunk.arena, pooling, [image, dy, argmax], to);
        }
        if let (Some(target), Some([image, transposed])) = (op.x.gradient, op.spread) {
            clear(chunk, target, row);
            let dx = chunk.mat(target.view);
            let (dx, transposed) = (dx.offset + row * dx.stride, chunk.fixed(transposed.view).offset);
            if geometry.is_padded() {
                let image = chunk.fixed(image.view);
                kernels::fill(chunk.arena, image, E::of(0.0));
                pooled::pooled_input_gradient(chunk.arena, pooling, [image.offset, dy, argmax], transposed);
                conv::add_unpadded(chunk.arena, geometry, image.offset, dx);
            } else {
                pooled::pooled_input_gradient(chunk.arena, pooling, [dx, dy, argmax], transposed);
            }
        }
    }
    if let (Some((gradient, sums)), true) = (gradient, was_transposed) {
        conv::add_transposed(chunk.arena, sums.offset, geometry.filters, taps, gradient.offset);
    }
    if let Some(target) = op.x.gradient {
        apply_mask(chunk, target);
    }
}

run!(PooledConv, forward, backward);

#[cfg(test)]
mod tests;
