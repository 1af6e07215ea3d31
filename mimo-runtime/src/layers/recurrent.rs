//! `LSTM`, `GRU`, `SimpleRNN`: layers that read a sequence step by step.
//!
//! A chunk goes through all steps at once, so that no thread waits for another. Memory lies step by step: the values of
//! a step, of all rows of the chunk, follow each other. The gradients of the weights are products over all steps of all
//! rows; the second phase of a training step computes them as those of a dense layer that runs once per step.

use mimo_graph::activation::Activation;
pub use mimo_graph::layers::recurrent::Cell;

use crate::chunk::{Chunk, Mode};
use crate::float::Float;
use crate::kernels::{self, Binary, Epilogue, Mat};
use crate::layers::apply_mask;
use crate::program::{Sink, View};
use crate::run::run;

/// A recurrent layer on a sequence.
#[derive(Clone, Copy, Debug)]
pub struct Recurrent {
    /// What happens at a step.
    pub cell: Cell,
    /// Steps of a sequence.
    pub steps: usize,
    /// Values that a step reads.
    pub features: usize,
    /// Values of the state.
    pub units: usize,
    /// What the candidate for a new state goes through.
    pub activation: Activation,
    /// What the gates go through.
    pub recurrent_activation: Activation,
    /// Whether the state after every step is given, and not that after the last only.
    pub sequences: bool,
    /// Whether the sequence is read from its end.
    pub backwards: bool,
    /// What is read, `[steps, features]`.
    pub x: View,
    /// What is given, `[steps, units]` in the order in which the steps were read, or `[units]`.
    pub y: View,
    /// Where the kernel begins in the parameter buffer, `[features, gates · units]`.
    pub kernel: usize,
    /// Where the recurrent kernel begins, `[units, gates · units]`.
    pub recurrent_kernel: usize,
    /// Where the bias begins.
    pub bias: Option<usize>,
    /// Where the transposed kernel begins in the pack buffer.
    pub kernel_pack: usize,
    /// Where the transposed recurrent kernel begins.
    pub recurrent_pack: usize,
    /// What was read, step by step; while training only.
    pub inputs: View,
    /// The gates of every step, and their gradients in the backward.
    pub gates: View,
    /// The state before the first step and after every step.
    pub states: View,
    /// The same for the cell state of an LSTM.
    pub cells: View,
    /// The gradients of state and cell state, and two more values per unit to compute with.
    pub carried: View,
    /// The gradient of `y`.
    pub dy: View,
    /// Where the gradient of `x` goes.
    pub dx: Option<Sink>,
}

impl Recurrent {
    /// Products of a step.
    fn width(&self) -> usize {
        self.cell.gates() * self.units
    }

    /// The values of one step of a memory that lies step by step.
    fn step<E: Float>(&self, chunk: &Chunk<'_, E>, memory: View, step: usize, cols: usize) -> Mat {
        Mat::contiguous(chunk.mat(memory).offset + step * chunk.rows * cols, chunk.rows, cols)
    }

    /// What is read at a step, or its gradient, inside the samples.
    fn read<E: Float>(&self, chunk: &Chunk<'_, E>, x: View, step: usize) -> Mat {
        let place = if self.backwards { self.steps - 1 - step } else { step };
        chunk.mat(x).columns(place * self.features, self.features)
    }

    /// What is given after a step, or its gradient, if it is.
    fn given<E: Float>(&self, chunk: &Chunk<'_, E>, y: View, step: usize) -> Option<Mat> {
        match self.sequences {
            true => Some(chunk.mat(y).columns(step * self.units, self.units)),
            false => (step + 1 == self.steps).then(|| chunk.mat(y)),
        }
    }

    /// Whether the kernels for Keras's defaults can be used.
    fn usual(&self) -> bool {
        self.activation == Activation::Tanh && self.recurrent_activation == Activation::Sigmoid
    }
}

fn forward<E: Float>(op: &Recurrent, chunk: &mut Chunk<'_, E>) {
    let (params, units, width) = (chunk.params, op.units, op.width());
    let kernel = &params[op.kernel..op.kernel + op.features * width];
    let recurrent_kernel = &params[op.recurrent_kernel..op.recurrent_kernel + units * width];
    let bias = op.bias.map(|bias| &params[bias..bias + width]);
    // What no backward reads is written to the same few places again and again, which stay in the cache.
    let keeps = chunk.mode == Mode::Train;
    let place = |step: usize, of: usize| if keeps { step } else { step % of };
    for memory in [op.states, op.cells] {
        let zeros = op.step(chunk, memory, 0, units);
        kernels::fill(chunk.arena, zeros, E::of(0.0));
    }
    for step in 0..op.steps {
        let mut x = op.read(chunk, op.x, step);
        if keeps {
            let copy = op.step(chunk, op.inputs, step, op.features);
            kernels::copy(chunk.arena, x, copy, false);
            x = copy;
        }
        let gates = op.step(chunk, op.gates, place(step, 1), width);
        let [before, state] = [step, step + 1].map(|step| op.step(chunk, op.states, place(step, 2), units));
        kernels::dense_forward(chunk.arena, x, gates, kernel, width, bias, false);
        if step > 0 {
            kernels::dense_add(chunk.arena, before, gates, recurrent_kernel, width);
        }
        let cells = [step, step + 1].map(|step| op.step(chunk, op.cells, place(step, 2), units));
        match op.cell {
            Cell::Lstm => lstm::forward(op, chunk.arena, gates, cells, state),
            // Graphs do not make these yet.
            Cell::Gru { .. } | Cell::Simple => {}
        }
        if let Some(y) = op.given(chunk, op.y, step) {
            kernels::copy(chunk.arena, state, y, false);
        }
    }
}

fn backward<E: Float>(op: &Recurrent, chunk: &mut Chunk<'_, E>) {
    let (packs, units, width) = (chunk.packs, op.units, op.width());
    let recurrent_pack = &packs[op.recurrent_pack..op.recurrent_pack + kernels::packed_len(units, width)];
    let carried: [Mat; 4] = std::array::from_fn(|place| op.step(chunk, op.carried, place, units));
    let [state_gradient, cell_gradient, ..] = carried;
    kernels::fill(chunk.arena, cell_gradient, E::of(0.0));
    for step in (0..op.steps).rev() {
        let gates = op.step(chunk, op.gates, step, width);
        if let Some(dy) = op.given(chunk, op.dy, step) {
            // Behind the last step there is nothing that the state has gone into.
            kernels::copy(chunk.arena, dy, state_gradient, step + 1 < op.steps);
        }
        let cells = [step, step + 1].map(|step| op.step(chunk, op.cells, step, units));
        match op.cell {
            Cell::Lstm => lstm::backward(op, chunk.arena, gates, cells, carried),
            Cell::Gru { .. } | Cell::Simple => {}
        }
        if step > 0 {
            let epilogue = Epilogue::default();
            kernels::dense_input_gradient(chunk.arena, gates, state_gradient, recurrent_pack, epilogue);
        }
        if let Some(sink) = op.dx {
            let dx = op.read(chunk, sink.view, step);
            let pack = &packs[op.kernel_pack..op.kernel_pack + kernels::packed_len(op.features, width)];
            let epilogue = Epilogue { accumulate: sink.accumulate, mask: None };
            kernels::dense_input_gradient(chunk.arena, gates, dx, pack, epilogue);
        }
    }
    if let Some(sink) = op.dx {
        apply_mask(chunk, sink);
    }
}

run!(Recurrent, forward, backward);

/// The cell of an LSTM: `c' = f · c + i · a(g)`, `h' = o · a(c')`.
mod lstm {
    use super::*;

    /// From what the products gave to the gates and both states. `cells` are those before and after the step.
    pub(super) fn forward<E: Float>(
        op: &Recurrent,
        arena: &mut [E],
        gates: Mat,
        [before, cell]: [Mat; 2],
        state: Mat,
    ) {
        if op.usual() {
            return kernels::lstm_forward(arena, gates, before, cell, state);
        }
        let [i, f, g, o] = std::array::from_fn(|gate| gates.columns(gate * op.units, op.units));
        for gate in [i, f, o] {
            kernels::activation_forward(arena, op.recurrent_activation, gate, gate);
        }
        kernels::activation_forward(arena, op.activation, g, g);
        kernels::binary(arena, Binary::Multiply, f, before, cell);
        // The state is not known yet: its place holds what is added to the cell state.
        kernels::binary(arena, Binary::Multiply, i, g, state);
        kernels::copy(arena, state, cell, true);
        kernels::activation_forward(arena, op.activation, cell, state);
        kernels::binary(arena, Binary::Multiply, state, o, state);
    }

    /// From the gates to the gradients of what the products gave, and from the gradient of the cell state after the
    /// step to that before it.
    pub(super) fn backward<E: Float>(
        op: &Recurrent,
        arena: &mut [E],
        gates: Mat,
        [before, cell]: [Mat; 2],
        [dh, dc, a, b]: [Mat; 4],
    ) {
        if op.usual() {
            return kernels::lstm_backward(arena, gates, before, cell, dh, dc);
        }
        let [i, f, g, o] = std::array::from_fn(|gate| gates.columns(gate * op.units, op.units));
        let through = |arena: &mut [E], activation: Activation, gate: Mat, gradient: Mat| {
            kernels::activation_backward(arena, activation, gate, gradient, gate, false);
        };
        kernels::activation_forward(arena, op.activation, cell, a);
        kernels::binary(arena, Binary::Multiply, dh, o, b);
        kernels::activation_backward(arena, op.activation, a, b, dc, true);
        kernels::binary(arena, Binary::Multiply, dh, a, a);
        through(arena, op.recurrent_activation, o, a);
        kernels::binary(arena, Binary::Multiply, dc, g, a);
        kernels::binary(arena, Binary::Multiply, dc, i, b);
        through(arena, op.recurrent_activation, i, a);
        through(arena, op.activation, g, b);
        kernels::binary(arena, Binary::Multiply, dc, before, a);
        kernels::binary(arena, Binary::Multiply, dc, f, dc);
        through(arena, op.recurrent_activation, f, a);
    }
}
