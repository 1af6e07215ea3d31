//! `Dense`: `y = activation(x · kernel + bias)`.

use mimo_graph::activation::Activation;

use crate::chunk::Chunk;
use crate::float::Float;
use crate::kernels::{self, Epilogue};
use crate::program::{Sink, View};
use crate::run::run;

/// One product: a dense layer, or siblings on the same input side by side.
#[derive(Clone, Copy, Debug)]
pub struct Dense {
    /// Values that a position reads.
    pub inputs: usize,
    /// Values that a position gives, of all siblings together.
    pub units: usize,
    /// Positions per sample.
    pub positions: usize,
    /// What is read.
    pub x: View,
    /// What is given.
    pub y: View,
    /// Where the kernel begins in the parameter buffer, `[inputs, units]`.
    pub kernel: usize,
    /// Where the bias begins.
    pub bias: Option<usize>,
    /// Where the transposed kernel begins in the pack buffer.
    pub pack: usize,
    /// Activations that are applied in place, by columns of a position.
    pub activations: &'static [Segment],
    /// The gradient of `y`. The backward turns it into the gradient of the product, in place.
    pub dy: View,
    /// Where the gradient of `x` goes, if something before the layer is trained.
    pub dx: Option<Sink>,
}

/// The activation of one sibling.
#[derive(Clone, Copy, Debug)]
pub struct Segment {
    /// Its first column.
    pub column: usize,
    /// Its columns.
    pub len: usize,
    /// What is applied.
    pub activation: Activation,
    /// Whether the gradient that arrives has passed the activation already.
    pub passed: bool,
}

fn forward<E: Float>(op: &Dense, chunk: &mut Chunk<'_, E>) {
    let (x, y) = (chunk.positions(op.x, op.positions), chunk.positions(op.y, op.positions));
    let bias = op.bias.map(|bias| &chunk.params[bias..bias + op.units]);
    let relu = op
        .activations
        .iter()
        .map(|segment| if segment.activation == Activation::Relu { segment.len } else { 0 });
    let relu = relu.sum::<usize>() == op.units;
    // The transpose is there for the gradient of what is read.
    if op.dx.is_some() && kernels::is_deep(op.inputs, op.units) {
        kernels::dense_forward_turned(chunk.arena, x, y, packed(op, chunk), bias, relu);
    } else {
        let kernel = &chunk.params[op.kernel..op.kernel + op.inputs * op.units];
        kernels::dense_forward(chunk.arena, x, y, kernel, op.units, bias, relu);
    }
    if !relu {
        for segment in op.activations {
            let part = y.columns(segment.column, segment.len);
            kernels::activation_forward(chunk.arena, segment.activation, part, part);
        }
    }
}

/// The transposed kernel.
fn packed<'a, E>(op: &Dense, chunk: &Chunk<'a, E>) -> &'a [E] {
    &chunk.packs[op.pack..op.pack + kernels::packed_len(op.inputs, op.units)]
}

fn backward<E: Float>(op: &Dense, chunk: &mut Chunk<'_, E>) {
    let (y, dy) = (chunk.positions(op.y, op.positions), chunk.positions(op.dy, op.positions));
    for segment in op.activations.iter().filter(|segment| !segment.passed) {
        let (y, dy) = (y.columns(segment.column, segment.len), dy.columns(segment.column, segment.len));
        kernels::activation_backward(chunk.arena, segment.activation, y, dy, dy, false);
    }
    if let Some(sink) = op.dx {
        let dx = chunk.positions(sink.view, op.positions);
        let mask = sink.mask.map(|view| chunk.positions(view, op.positions));
        let epilogue = Epilogue { accumulate: sink.accumulate, mask };
        kernels::dense_input_gradient(chunk.arena, dy, dx, packed(op, chunk), epilogue);
    }
}

run!(Dense, forward, backward);
