//! `Conv1D`, `Conv2D` and their transposes: `y = activation(x * kernel + bias)`, one sample after another.
//!
//! A transposed convolution is the input gradient of a convolution: it has the geometry of that convolution, whose
//! input is the output of the transposed one.

use mimo_graph::activation::Activation;
pub use mimo_graph::operation::{Conv, ConvScratch};

use crate::chunk::Chunk;
use crate::float::Float;
use crate::kernels;
use crate::kernels::conv::{self, Epilogue, Geometry};
use crate::layers::apply_mask;
use crate::program::Scratch;
use crate::run::run;

/// Converts the geometry of a plan to that of kernels.
pub(super) fn geometry(of: &mimo_graph::operation::Geometry) -> Geometry {
    let axes = of.axes;
    Geometry {
        input: axes.map(|axis| axis.input),
        output: axes.map(|axis| axis.output),
        channels: of.channels,
        filters: of.filters,
        kernel: axes.map(|axis| axis.kernel),
        strides: axes.map(|axis| axis.stride),
        dilation: axes.map(|axis| axis.dilation),
        padding: axes.map(|axis| axis.padding),
        groups: of.groups,
    }
}

/// One sample of an input, as [`conv::convolve`] reads it: padded in the scratch memory if necessary.
pub(super) fn padded<E: Float>(
    geometry: &Geometry,
    chunk: &mut Chunk<'_, E>,
    scratch: Option<Scratch>,
    from: usize,
) -> usize {
    match scratch {
        Some(scratch) if geometry.is_padded() => {
            let to = chunk.fixed(scratch.view).offset;
            conv::pad(chunk.arena, geometry, from, to);
            to
        }
        _ => from,
    }
}

/// Transposes the kernel for a pass from outputs to inputs.
fn transpose<E: Float>(
    geometry: &Geometry,
    kernel: &[E],
    chunk: &mut Chunk<'_, E>,
    [_, transposed]: [Scratch; 2],
) {
    let to = chunk.fixed(transposed.view).offset;
    conv::reverse_kernel(geometry, kernel, &mut chunk.arena[to..to + kernel.len()]);
}

/// Adds one sample of an output at `from` to the input at `to`, spread over its windows.
fn spread<E: Float>(
    geometry: &Geometry,
    chunk: &mut Chunk<'_, E>,
    scratch: [Scratch; 2],
    from: usize,
    to: usize,
    epilogue: Epilogue<'_, E>,
) {
    let [output, transposed] = scratch.map(|scratch| chunk.fixed(scratch.view).offset);
    conv::pad_output(chunk.arena, geometry, from, output);
    conv::convolve_transposed(chunk.arena, geometry, output, to, transposed, epilogue);
}

/// Channels of the result.
const fn channels(op: &Conv) -> usize {
    if op.transposed { op.geometry.channels } else { op.geometry.filters }
}

fn forward<E: Float>(op: &Conv, chunk: &mut Chunk<'_, E>) {
    let geometry = &geometry(&op.geometry);
    let kernel = chunk.weight(op.kernel.block, geometry.kernel_len());
    let bias = op.bias.map(|bias| chunk.weight(bias.block, channels(op)));
    let relu = op.activation == Activation::Relu;
    let epilogue = Epilogue { bias, accumulate: false, relu };
    let (x, y) = (chunk.mat(op.x.view), chunk.mat(op.y.view));
    if let (true, Some(scratch)) = (op.transposed, op.forward.spread) {
        transpose(geometry, kernel, chunk, scratch);
    }
    for row in 0..chunk.rows {
        let (x, y) = (x.offset + row * x.stride, y.offset + row * y.stride);
        match op.forward.spread {
            Some(scratch) => spread(geometry, chunk, scratch, x, y, epilogue),
            None => {
                let input = padded(geometry, chunk, op.forward.input, x);
                conv::convolve(chunk.arena, geometry, input, y, kernel, epilogue);
            }
        }
    }
    if !relu && op.activation != Activation::Linear {
        kernels::activation_forward(chunk.arena, op.activation, y, y);
    }
}

fn backward<E: Float>(op: &Conv, chunk: &mut Chunk<'_, E>) {
    let Some(dy) = op.y.gradient else { return };
    let geometry = &geometry(&op.geometry);
    let kernel = chunk.weight(op.kernel.block, geometry.kernel_len());
    let (x, y, dy) = (chunk.mat(op.x.view), chunk.mat(op.y.view), chunk.mat(dy));
    if op.activation != Activation::Linear && !op.activation_grad_applied {
        kernels::activation_backward(chunk.arena, op.activation, y, dy, dy, false);
    }
    let kernel_gradient = chunk.accumulator(&op.kernel);
    if let Some(sums) = op.bias.and_then(|bias| chunk.accumulator(&bias)) {
        let channels = channels(op);
        conv::add_column_sums(chunk.arena, dy.offset, chunk.rows * dy.cols / channels, channels, sums.offset);
    }
    if let Some(scratch) = op.backward.spread {
        transpose(geometry, kernel, chunk, scratch);
    }
    for row in 0..chunk.rows {
        let (x, dy) = (x.offset + row * x.stride, dy.offset + row * dy.stride);
        let to = op.x.gradient.map(|target| {
            let epilogue = Epilogue { bias: None, accumulate: target.accumulate, relu: false };
            let dx = chunk.mat(target.view);
            (dx.offset + row * dx.stride, epilogue)
        });
        if op.transposed {
            let input = padded(geometry, chunk, op.backward.input, dy);
            if let Some(gradient) = kernel_gradient {
                conv::convolve_kernel_gradient(chunk.arena, geometry, input, x, gradient.offset);
            }
            if let Some((to, epilogue)) = to {
                conv::convolve(chunk.arena, geometry, input, to, kernel, epilogue);
            }
        } else {
            if let Some(gradient) = kernel_gradient {
                let input = padded(geometry, chunk, op.backward.input, x);
                conv::convolve_kernel_gradient(chunk.arena, geometry, input, dy, gradient.offset);
            }
            if let (Some((to, epilogue)), Some(scratch)) = (to, op.backward.spread) {
                spread(geometry, chunk, scratch, dy, to, epilogue);
            }
        }
    }
    if let Some(target) = op.x.gradient {
        apply_mask(chunk, target);
    }
}

run!(Conv, forward, backward);

#[cfg(test)]
mod tests;
