//! `Dense`: `y = activation(x · kernel + bias)`.

use mimo_graph::activation::Activation;
pub use mimo_graph::operation::{Dense, Segment};

use crate::chunk::Chunk;
use crate::float::Float;
use crate::kernels::{self, Epilogue};
use crate::run::run;

fn forward<E: Float>(op: &Dense, chunk: &mut Chunk<'_, E>) {
    let (x, y) = (chunk.positions(op.x.view, op.positions), chunk.positions(op.y.view, op.positions));
    let bias = op.bias.map(|bias| chunk.weight(bias.block, op.units));
    let relu = op
        .activations
        .iter()
        .map(|segment| if segment.activation == Activation::Relu { segment.len } else { 0 });
    let relu = relu.sum::<usize>() == op.units;
    // The transpose is present for the gradient of the input.
    if op.x.gradient.is_some() && kernels::is_deep(op.inputs, op.units) {
        kernels::dense_forward_transposed(chunk.arena, x, y, packed(op, chunk), bias, relu);
    } else {
        let kernel = chunk.weight(op.kernel.block, op.inputs * op.units);
        kernels::dense_forward(chunk.arena, x, y, kernel, op.units, bias, relu);
    }
    if !relu {
        for segment in op.activations.iter() {
            let part = y.columns(segment.column, segment.len);
            kernels::activation_forward(chunk.arena, segment.activation, part, part);
        }
    }
}

/// The transposed kernel.
fn packed<'a, E: Float>(op: &Dense, chunk: &Chunk<'a, E>) -> &'a [E] {
    chunk.transposed(op.kernel.block, kernels::packed_len(op.inputs, op.units))
}

fn backward<E: Float>(op: &Dense, chunk: &mut Chunk<'_, E>) {
    let Some(dy) = op.y.gradient else { return };
    let (y, dy) = (chunk.positions(op.y.view, op.positions), chunk.positions(dy, op.positions));
    for segment in op.activations.iter().filter(|segment| !segment.activation_grad_applied) {
        let (y, dy) = (y.columns(segment.column, segment.len), dy.columns(segment.column, segment.len));
        kernels::activation_backward(chunk.arena, segment.activation, y, dy, dy, false);
    }
    if let Some(target) = op.x.gradient {
        let dx = chunk.positions(target.view, op.positions);
        let mask = target.mask.map(|view| chunk.positions(view, op.positions));
        let epilogue = Epilogue { accumulate: target.accumulate, mask };
        kernels::dense_input_gradient(chunk.arena, dy, dx, packed(op, chunk), epilogue);
    }
}

run!(Dense, forward, backward);
