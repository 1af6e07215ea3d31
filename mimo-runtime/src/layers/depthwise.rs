//! `DepthwiseConv1D`, `DepthwiseConv2D`, and the first half of `SeparableConv1D` and `SeparableConv2D`: `y =
//! activation(x * kernel + bias)`, channel by channel.

use mimo_graph::activation::Activation;

use crate::chunk::Chunk;
use crate::float::Float;
use crate::kernels;
use crate::kernels::conv::{self, Finish, Geometry};
use crate::kernels::depthwise;
use crate::layers::apply_mask;
use crate::program::{Sink, View, Weighted};
use crate::run::run;

/// A convolution whose groups are its channels: `[height, width, channels] → [height, width, filters]`, `filters /
/// channels` of them from each channel. Sequences have height 1.
#[derive(Clone, Copy, Debug)]
pub struct Depthwise {
    /// How its windows lie.
    pub geometry: Geometry,
    /// What is read.
    pub x: View,
    /// What is given.
    pub y: View,
    /// The kernel, `[height, width, filters]`: `[height, width, channels, filters / channels]`, seen flat.
    pub kernel: Weighted,
    /// What is added to every channel that is given.
    pub bias: Option<Weighted>,
    /// What is applied in place.
    pub activation: Activation,
    /// Whether the gradient that arrives has passed the activation already.
    pub passed: bool,
    /// Memory of the forward pass.
    pub forward: Widened,
    /// Memory of the backward pass.
    pub backward: Widened,
    /// The gradient of `y`. The backward turns it into the gradient of the product, in place.
    pub dy: View,
    /// Where the gradient of `x` goes, if something before the layer is trained.
    pub dx: Option<Sink>,
}

/// Fixed slots in which a pass keeps what it makes of one sample.
#[derive(Clone, Copy, Debug)]
pub struct Widened {
    /// The padded input with copies of its channels, and after that the gradients of the copies; `None` if there is
    /// neither padding nor a copy.
    pub input: Option<View>,
    /// The padded gradient of the output, if the gradient of the input is wanted.
    pub output: Option<View>,
}

/// One sample of the input, as [`depthwise::depthwise`] reads it.
fn widened<E: Float>(op: &Depthwise, chunk: &mut Chunk<'_, E>, memory: Widened, from: usize) -> usize {
    match memory.input {
        Some(view) if op.geometry.is_widened() => {
            let to = chunk.fixed(view).offset;
            depthwise::widen(chunk.arena, &op.geometry, from, to);
            to
        }
        _ => from,
    }
}

fn forward<E: Float>(op: &Depthwise, chunk: &mut Chunk<'_, E>) {
    let params = chunk.params;
    let kernel = &params[op.kernel.offset..op.kernel.offset + op.geometry.kernel_len()];
    let bias = op.bias.map(|bias| &params[bias.offset..bias.offset + op.geometry.filters]);
    let relu = op.activation == Activation::Relu;
    let finish = Finish { bias, accumulate: false, relu };
    let (x, y) = (chunk.mat(op.x), chunk.mat(op.y));
    for row in 0..chunk.rows {
        let (x, y) = (x.offset + row * x.stride, y.offset + row * y.stride);
        let input = widened(op, chunk, op.forward, x);
        depthwise::depthwise(chunk.arena, &op.geometry, input, y, kernel, finish);
    }
    if !relu && op.activation != Activation::Linear {
        kernels::activation_forward(chunk.arena, op.activation, y, y);
    }
}

fn backward<E: Float>(op: &Depthwise, chunk: &mut Chunk<'_, E>) {
    let (x, y, dy) = (chunk.mat(op.x), chunk.mat(op.y), chunk.mat(op.dy));
    if op.activation != Activation::Linear && !op.passed {
        kernels::activation_backward(chunk.arena, op.activation, y, dy, dy, false);
    }
    let kernel_gradient = op.kernel.start(chunk);
    if let Some(sums) = op.bias.and_then(|bias| bias.start(chunk)) {
        let filters = op.geometry.filters;
        conv::add_column_sums(chunk.arena, dy.offset, chunk.rows * dy.cols / filters, filters, sums.offset);
    }
    let params = chunk.params;
    let kernel = &params[op.kernel.offset..op.kernel.offset + op.geometry.kernel_len()];
    for row in 0..chunk.rows {
        let (x, dy) = (x.offset + row * x.stride, dy.offset + row * dy.stride);
        if let Some(gradient) = kernel_gradient {
            let input = widened(op, chunk, op.backward, x);
            depthwise::depthwise_kernel_gradient(chunk.arena, &op.geometry, input, dy, gradient.offset);
        }
        let (Some(sink), Some(output)) = (op.dx, op.backward.output) else { continue };
        let (dx, output) = (chunk.mat(sink.view), chunk.fixed(output).offset);
        let dx = dx.offset + row * dx.stride;
        conv::pad_output(chunk.arena, &op.geometry, dy, output);
        match op.backward.input {
            Some(copies) if op.geometry.filters != op.geometry.channels => {
                let copies = chunk.fixed(copies).offset;
                depthwise::depthwise_transposed(chunk.arena, &op.geometry, output, copies, kernel, false);
                depthwise::narrow(chunk.arena, &op.geometry, copies, dx, sink.accumulate);
            }
            _ => {
                let accumulate = sink.accumulate;
                depthwise::depthwise_transposed(chunk.arena, &op.geometry, output, dx, kernel, accumulate);
            }
        }
    }
    if let Some(sink) = op.dx {
        apply_mask(chunk, sink);
    }
}

run!(Depthwise, forward, backward);
