//! A convolution whose results go straight into a max pooling: `Conv2D` and `MaxPooling2D`, or their 1D forms, as one
//! operation.

use mimo_graph::activation::Activation;

use crate::chunk::{Chunk, Mode};
use crate::float::Float;
use crate::kernels::conv;
use crate::kernels::pooled::{self, Pooling};
use crate::kernels::{self, Mat};
use crate::layers::conv::padded;
use crate::layers::{apply_mask, clear};
use crate::program::{Sink, View, Weighted};
use crate::run::run;

/// `[height, width, channels] → [windows, windows, filters]`. Sequences have height 1.
#[derive(Clone, Copy, Debug)]
pub struct PooledConv {
    /// The convolution and the windows of the pooling.
    pub pooling: Pooling,
    /// What is read.
    pub x: View,
    /// What is given.
    pub y: View,
    /// The kernel, `[height, width, channels, filters]`.
    pub kernel: Weighted,
    /// What is added to every result.
    pub bias: Option<Weighted>,
    /// Whether negative results become 0.
    pub relu: bool,
    /// Whether the gradient that arrives is 0 already where `y` is.
    pub passed: bool,
    /// Where each window found its largest result.
    pub codes: View,
    /// The padded input of one sample, if padding is asked for: in the forward, and in the backward.
    pub padded: [Option<View>; 2],
    /// The padded gradient of the input of one sample, if it needs one, and the transposed kernel.
    pub spread: Option<[View; 2]>,
    /// The transposed gradient of the kernel.
    pub sums: Option<View>,
    /// The gradient of `y`. The backward turns it into the gradient of the largest results, in place.
    pub dy: View,
    /// Where the gradient of `x` goes.
    pub dx: Option<Sink>,
}

fn forward<E: Float>(op: &PooledConv, chunk: &mut Chunk<'_, E>) {
    let (params, filters) = (chunk.params, op.pooling.geometry.filters);
    let kernel = &params[op.kernel.offset..op.kernel.offset + op.pooling.geometry.kernel_len()];
    let bias = op.bias.map(|bias| &params[bias.offset..bias.offset + filters]);
    let (x, y) = (chunk.mat(op.x), chunk.mat(op.y));
    let codes = (chunk.mode == Mode::Train).then(|| chunk.mat(op.codes));
    for row in 0..chunk.rows {
        let image = padded(&op.pooling.geometry, chunk, op.padded[0], x.offset + row * x.stride);
        let codes = codes.map(|codes| codes.offset + row * codes.stride);
        let places = [image, y.offset + row * y.stride];
        pooled::convolve_pooled(chunk.arena, &op.pooling, places, codes, kernel, bias, op.relu);
    }
}

/// One row of a matrix.
fn one(mat: Mat, row: usize) -> Mat {
    Mat { offset: mat.offset + row * mat.stride, rows: 1, ..mat }
}

fn backward<E: Float>(op: &PooledConv, chunk: &mut Chunk<'_, E>) {
    let geometry = &op.pooling.geometry;
    let (x, y, dy, codes) = (chunk.mat(op.x), chunk.mat(op.y), chunk.mat(op.dy), chunk.mat(op.codes));
    let taps = geometry.kernel_len() / geometry.filters;
    let bias = op.bias.and_then(|bias| bias.start(chunk));
    let gradient = op.kernel.start(chunk).zip(op.sums.map(|sums| chunk.fixed(sums)));
    if let Some((_, sums)) = gradient {
        kernels::fill(chunk.arena, sums, E::of(0.0));
    }
    if let Some([_, turned]) = op.spread {
        let kernel = &chunk.params[op.kernel.offset..op.kernel.offset + geometry.kernel_len()];
        let turned = chunk.fixed(turned).offset;
        conv::transpose(kernel, taps, geometry.filters, &mut chunk.arena[turned..turned + kernel.len()]);
    }
    let mut was_turned = false;
    for row in 0..chunk.rows {
        // One sample after the other, so that what is computed of one is still in the cache.
        if op.relu && !op.passed {
            let [y, dy] = [y, dy].map(|mat| one(mat, row));
            kernels::activation_backward(chunk.arena, Activation::Relu, y, dy, dy, false);
        }
        let [from, dy, codes] = [x, dy, codes].map(|mat| one(mat, row).offset);
        if let Some(sums) = bias {
            let windows = op.pooling.len() / geometry.filters;
            conv::add_column_sums(chunk.arena, dy, windows, geometry.filters, sums.offset);
        }
        if let Some((gradient, sums)) = gradient {
            let image = padded(&op.pooling.geometry, chunk, op.padded[1], from);
            let to = [gradient.offset, sums.offset];
            was_turned = pooled::pooled_kernel_gradient(chunk.arena, &op.pooling, [image, dy, codes], to);
        }
        if let (Some(sink), Some([image, turned])) = (op.dx, op.spread) {
            clear(chunk, sink, row);
            let dx = chunk.mat(sink.view);
            let (dx, turned) = (dx.offset + row * dx.stride, chunk.fixed(turned).offset);
            if geometry.is_padded() {
                let image = chunk.fixed(image);
                kernels::fill(chunk.arena, image, E::of(0.0));
                pooled::pooled_input_gradient(chunk.arena, &op.pooling, [image.offset, dy, codes], turned);
                conv::add_unpadded(chunk.arena, geometry, image.offset, dx);
            } else {
                pooled::pooled_input_gradient(chunk.arena, &op.pooling, [dx, dy, codes], turned);
            }
        }
    }
    if let (Some((gradient, sums)), true) = (gradient, was_turned) {
        conv::add_transposed(chunk.arena, sums.offset, geometry.filters, taps, gradient.offset);
    }
    if let Some(sink) = op.dx {
        apply_mask(chunk, sink);
    }
}

run!(PooledConv, forward, backward);

#[cfg(test)]
mod tests;
