//! `DepthwiseConv1D`, `DepthwiseConv2D`, and the depthwise half of `SeparableConv1D` and `SeparableConv2D`: `y =
//! activation(x * kernel + bias)`, channel by channel.

use mimo_graph::activation::Activation;
pub use mimo_graph::operation::{Depthwise, Widened};

use crate::chunk::Chunk;
use crate::float::Float;
use crate::kernels;
use crate::kernels::conv::{self, Epilogue, Geometry};
use crate::kernels::depthwise;
use crate::layers::apply_mask;
use crate::layers::conv::geometry;
use crate::run::run;

/// One sample of the input, in the layout of [`depthwise::depthwise`].
fn widened<E: Float>(geometry: &Geometry, chunk: &mut Chunk<'_, E>, memory: Widened, from: usize) -> usize {
    match memory.input {
        Some(scratch) if geometry.is_widened() => {
            let to = chunk.fixed(scratch.view).offset;
            depthwise::widen(chunk.arena, geometry, from, to);
            to
        }
        _ => from,
    }
}

fn forward<E: Float>(op: &Depthwise, chunk: &mut Chunk<'_, E>) {
    let geometry = &geometry(&op.geometry);
    let kernel = chunk.weight(op.kernel.block, geometry.kernel_len());
    let bias = op.bias.map(|bias| chunk.weight(bias.block, geometry.filters));
    let relu = op.activation == Activation::Relu;
    let epilogue = Epilogue { bias, accumulate: false, relu };
    let (x, y) = (chunk.mat(op.x.view), chunk.mat(op.y.view));
    for row in 0..chunk.rows {
        let (x, y) = (x.offset + row * x.stride, y.offset + row * y.stride);
        let input = widened(geometry, chunk, op.forward, x);
        depthwise::depthwise(chunk.arena, geometry, input, y, kernel, epilogue);
    }
    if !relu && op.activation != Activation::Linear {
        kernels::activation_forward(chunk.arena, op.activation, y, y);
    }
}

fn backward<E: Float>(op: &Depthwise, chunk: &mut Chunk<'_, E>) {
    let Some(dy) = op.y.gradient else { return };
    let geometry = &geometry(&op.geometry);
    let kernel = chunk.weight(op.kernel.block, geometry.kernel_len());
    let (x, y, dy) = (chunk.mat(op.x.view), chunk.mat(op.y.view), chunk.mat(dy));
    if op.activation != Activation::Linear && !op.activation_grad_applied {
        kernels::activation_backward(chunk.arena, op.activation, y, dy, dy, false);
    }
    let kernel_gradient = chunk.accumulator(&op.kernel);
    if let Some(sums) = op.bias.and_then(|bias| chunk.accumulator(&bias)) {
        let filters = geometry.filters;
        conv::add_column_sums(chunk.arena, dy.offset, chunk.rows * dy.cols / filters, filters, sums.offset);
    }
    for row in 0..chunk.rows {
        let (x, dy) = (x.offset + row * x.stride, dy.offset + row * dy.stride);
        if let Some(gradient) = kernel_gradient {
            let input = widened(geometry, chunk, op.backward, x);
            depthwise::depthwise_kernel_gradient(chunk.arena, geometry, input, dy, gradient.offset);
        }
        let (Some(target), Some(output)) = (op.x.gradient, op.backward.output) else { continue };
        let (dx, output) = (chunk.mat(target.view), chunk.fixed(output.view).offset);
        let dx = dx.offset + row * dx.stride;
        conv::pad_output(chunk.arena, geometry, dy, output);
        match op.backward.input {
            Some(copies) if geometry.filters != geometry.channels => {
                let copies = chunk.fixed(copies.view).offset;
                depthwise::depthwise_transposed(chunk.arena, geometry, output, copies, kernel, false);
                depthwise::narrow(chunk.arena, geometry, copies, dx, target.accumulate);
            }
            _ => {
                let accumulate = target.accumulate;
                depthwise::depthwise_transposed(chunk.arena, geometry, output, dx, kernel, accumulate);
            }
        }
    }
    if let Some(target) = op.x.gradient {
        apply_mask(chunk, target);
    }
}

run!(Depthwise, forward, backward);
