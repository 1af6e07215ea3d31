//! `Conv1D`, `Conv2D` and their transposes: `y = activation(x * kernel + bias)`, one sample after another.
//!
//! A transposed convolution is the input gradient of a convolution: it has the geometry of that convolution, whose
//! input is what the transposed one gives.

use mimo_graph::activation::Activation;

use crate::chunk::Chunk;
use crate::float::Float;
use crate::kernels;
use crate::kernels::conv::{self, Finish, Geometry};
use crate::layers::apply_mask;
use crate::program::{Sink, View, Weighted};
use crate::run::run;

/// A convolution: `[height, width, channels] → [height, width, filters]`. Sequences have height 1.
#[derive(Clone, Copy, Debug)]
pub struct Conv {
    /// How its windows lie; of the convolution that it is the transpose of, if it is one.
    pub geometry: Geometry,
    /// Whether it gives inputs of the geometry and reads outputs.
    pub transposed: bool,
    /// What is read.
    pub x: View,
    /// What is given.
    pub y: View,
    /// The kernel, `[height, width, channels / groups, filters]` of the geometry.
    pub kernel: Weighted,
    /// What is added to every channel that is given.
    pub bias: Option<Weighted>,
    /// What is applied in place.
    pub activation: Activation,
    /// Whether the gradient that arrives has passed the activation already.
    pub passed: bool,
    /// Memory of the forward pass.
    pub forward: Scratch,
    /// Memory of the backward pass.
    pub backward: Scratch,
    /// The gradient of `y`. The backward turns it into the gradient of the product, in place.
    pub dy: View,
    /// Where the gradient of `x` goes, if something before the layer is trained.
    pub dx: Option<Sink>,
}

/// Fixed slots in which a pass keeps what it makes of one sample.
#[derive(Clone, Copy, Debug)]
pub struct Scratch {
    /// The padded input of the geometry; `None` if no padding is asked for.
    pub input: Option<View>,
    /// The padded output of the geometry and the turned kernel, if the pass spreads.
    pub spread: Option<[View; 2]>,
}

/// One sample of an input, as [`conv::convolve`] reads it: padded in the scratch if padding is asked for.
pub(super) fn padded<E: Float>(
    geometry: &Geometry,
    chunk: &mut Chunk<'_, E>,
    scratch: Option<View>,
    from: usize,
) -> usize {
    match scratch {
        Some(view) if geometry.is_padded() => {
            let to = chunk.fixed(view).offset;
            conv::pad(chunk.arena, geometry, from, to);
            to
        }
        _ => from,
    }
}

/// Turns the kernel for a pass that spreads.
fn turn<E: Float>(op: &Conv, chunk: &mut Chunk<'_, E>, [_, turned]: [View; 2]) {
    let kernel = &chunk.params[op.kernel.offset..op.kernel.offset + op.geometry.kernel_len()];
    let to = chunk.fixed(turned).offset;
    conv::turn_kernel(&op.geometry, kernel, &mut chunk.arena[to..to + kernel.len()]);
}

/// Spreads one sample of an output at `from` over the input at `to`.
fn spread<E: Float>(
    op: &Conv,
    chunk: &mut Chunk<'_, E>,
    scratch: [View; 2],
    from: usize,
    to: usize,
    finish: Finish<'_, E>,
) {
    let [output, turned] = scratch.map(|view| chunk.fixed(view).offset);
    conv::pad_output(chunk.arena, &op.geometry, from, output);
    conv::convolve_transposed(chunk.arena, &op.geometry, output, to, turned, finish);
}

/// Channels of what is given.
const fn channels(op: &Conv) -> usize {
    if op.transposed { op.geometry.channels } else { op.geometry.filters }
}

fn forward<E: Float>(op: &Conv, chunk: &mut Chunk<'_, E>) {
    let params = chunk.params;
    let kernel = &params[op.kernel.offset..op.kernel.offset + op.geometry.kernel_len()];
    let bias = op.bias.map(|bias| &params[bias.offset..bias.offset + channels(op)]);
    let relu = op.activation == Activation::Relu;
    let finish = Finish { bias, accumulate: false, relu };
    let (x, y) = (chunk.mat(op.x), chunk.mat(op.y));
    if let (true, Some(scratch)) = (op.transposed, op.forward.spread) {
        turn(op, chunk, scratch);
    }
    for row in 0..chunk.rows {
        let (x, y) = (x.offset + row * x.stride, y.offset + row * y.stride);
        match op.forward.spread {
            Some(scratch) => spread(op, chunk, scratch, x, y, finish),
            None => {
                let input = padded(&op.geometry, chunk, op.forward.input, x);
                conv::convolve(chunk.arena, &op.geometry, input, y, kernel, finish);
            }
        }
    }
    if !relu && op.activation != Activation::Linear {
        kernels::activation_forward(chunk.arena, op.activation, y, y);
    }
}

fn backward<E: Float>(op: &Conv, chunk: &mut Chunk<'_, E>) {
    let (x, y, dy) = (chunk.mat(op.x), chunk.mat(op.y), chunk.mat(op.dy));
    if op.activation != Activation::Linear && !op.passed {
        kernels::activation_backward(chunk.arena, op.activation, y, dy, dy, false);
    }
    let kernel_gradient = op.kernel.start(chunk);
    if let Some(sums) = op.bias.and_then(|bias| bias.start(chunk)) {
        let channels = channels(op);
        conv::add_column_sums(chunk.arena, dy.offset, chunk.rows * dy.cols / channels, channels, sums.offset);
    }
    if let Some(scratch) = op.backward.spread {
        turn(op, chunk, scratch);
    }
    let params = chunk.params;
    let kernel = &params[op.kernel.offset..op.kernel.offset + op.geometry.kernel_len()];
    for row in 0..chunk.rows {
        let (x, dy) = (x.offset + row * x.stride, dy.offset + row * dy.stride);
        let to = op.dx.map(|sink| {
            let finish = Finish { bias: None, accumulate: sink.accumulate, relu: false };
            let dx = chunk.mat(sink.view);
            (dx.offset + row * dx.stride, finish)
        });
        if op.transposed {
            let input = padded(&op.geometry, chunk, op.backward.input, dy);
            if let Some(gradient) = kernel_gradient {
                conv::convolve_kernel_gradient(chunk.arena, &op.geometry, input, x, gradient.offset);
            }
            if let Some((to, finish)) = to {
                conv::convolve(chunk.arena, &op.geometry, input, to, kernel, finish);
            }
        } else {
            if let Some(gradient) = kernel_gradient {
                let input = padded(&op.geometry, chunk, op.backward.input, x);
                conv::convolve_kernel_gradient(chunk.arena, &op.geometry, input, dy, gradient.offset);
            }
            if let (Some((to, finish)), Some(scratch)) = (to, op.backward.spread) {
                spread(op, chunk, scratch, dy, to, finish);
            }
        }
    }
    if let Some(sink) = op.dx {
        apply_mask(chunk, sink);
    }
}

run!(Conv, forward, backward);

#[cfg(test)]
mod tests;
