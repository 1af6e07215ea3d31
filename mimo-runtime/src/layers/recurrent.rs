//! `LSTM`, `GRU`, `SimpleRNN`: layers that read a sequence step by step.
//!
//! A chunk goes through all steps at once, so that no thread waits for another. Memory is step-major: the values of a
//! step, for all rows of the chunk, are contiguous. The backward pass sums up the gradients of the weights over
//! several steps at a time.

pub use mimo_graph::layers::recurrent::Cell;
pub use mimo_graph::operation::{Recurrent, RecurrentDropout, StepMask};

use crate::chunk::{Chunk, Mode};
use crate::float::Float;
use crate::kernels::{self, Epilogue, Mat};
use crate::layers::apply_mask;
use crate::program::View;
use crate::run::run;

mod gates;
mod gradients;
mod gru;
mod gru_before;
mod lstm;
mod masked;
mod simple;

use gates::{Mask, Operand};
use masked::{Counted, Masked};

/// Locations of the values of steps.
trait Places {
    /// One part of a step's gates.
    fn part(&self, gates: Mat, part: usize) -> Mat;

    /// The values of one step of a step-major buffer.
    fn step<E: Float>(&self, chunk: &Chunk<'_, E>, memory: View, step: usize, cols: usize) -> Mat;

    /// The input of a step, or its gradient, inside the samples.
    fn read<E: Float>(&self, chunk: &Chunk<'_, E>, x: View, step: usize) -> Mat;

    /// The output of a step, or its gradient, if the step has one.
    fn given<E: Float>(&self, chunk: &Chunk<'_, E>, y: View, step: usize) -> Option<Mat>;
}

impl Places for Recurrent {
    fn part(&self, gates: Mat, part: usize) -> Mat {
        gates.columns(part * self.units, self.units)
    }

    fn step<E: Float>(&self, chunk: &Chunk<'_, E>, memory: View, step: usize, cols: usize) -> Mat {
        Mat::contiguous(chunk.mat(memory).offset + step * chunk.rows * cols, chunk.rows, cols)
    }

    fn read<E: Float>(&self, chunk: &Chunk<'_, E>, x: View, step: usize) -> Mat {
        let place = if self.backwards { self.steps - 1 - step } else { step };
        chunk.mat(x).columns(place * self.features, self.features)
    }

    fn given<E: Float>(&self, chunk: &Chunk<'_, E>, y: View, step: usize) -> Option<Mat> {
        match self.sequences {
            true => {
                let place = if self.flipped { self.steps - 1 - step } else { step };
                Some(chunk.mat(y).columns(place * self.units, self.units))
            }
            false => (step + 1 == self.steps).then(|| chunk.mat(y)),
        }
    }
}

/// The weights and values of one step.
struct Step<'a, E> {
    /// `[features, gates · units]`
    kernel: &'a [E],
    /// `[units, gates · units]`
    recurrent_kernel: &'a [E],
    /// `[gates · units]`, twice if there are two biases.
    bias: Option<&'a [E]>,
    /// The interleaved kernel and recurrent kernel, if steps are fused.
    interleaved: Option<[&'a [E]; 2]>,
    /// The input.
    x: Operand,
    /// Memory of the products and gates.
    gates: Mat,
    /// The states before and after the step.
    states: [Mat; 2],
    /// The state before the step, after recurrent dropout.
    seen: Operand,
    /// The cell states before and after the step, or other memory of that size.
    cells: [Mat; 2],
    /// Whether both states before the step are zeros.
    begins: bool,
    /// Whether a backward pass reads the gates.
    keeps: bool,
}

fn forward<E: Float>(op: &Recurrent, chunk: &mut Chunk<'_, E>) {
    let (units, width, kept) = (op.units, op.width(), op.kept());
    let biases = match op.cell {
        Cell::Gru { reset_after: true } => 2,
        Cell::Gru { reset_after: false } | Cell::Lstm | Cell::Simple => 1,
    };
    let kernel = chunk.weight(op.kernel.block, op.features * width);
    let recurrent_kernel = chunk.weight(op.recurrent_kernel.block, units * width);
    let bias = op.bias.map(|bias| chunk.weight(bias.block, biases * width));
    let interleaved = op.interleaved.map(|[kernel, recurrent]| {
        let len = |rows: usize| kernels::interleaved_len(rows, op.cell.gates(), units);
        [chunk.interleaved(kernel, len(op.features)), chunk.interleaved(recurrent, len(units))]
    });
    // Without a backward pass, the same small buffers are overwritten at each step and stay in the cache.
    let keeps = chunk.mode == Mode::Train;
    let place = |step: usize, of: usize| if keeps { step } else { step % of };
    for (memory, initial) in [op.states.view, op.cells.view].into_iter().zip(op.initial) {
        let first = op.step(chunk, memory, 0, units);
        match initial {
            Some(initial) => kernels::copy(chunk.arena, chunk.mat(initial.view), first, false),
            None => kernels::fill(chunk.arena, first, E::of(0.0)),
        }
    }
    let [input_mask, mask] = Mask::of(op, chunk);
    // A fused step has one input and one state for all gates.
    let interleaved = interleaved.filter(|_| input_mask.is_none() && mask.is_none());
    let masked = Masked::of(op, chunk);
    masked.iter().for_each(|masked| masked.find_first(chunk.arena));
    // Number of computed steps, which is the index of a step's memory.
    let mut at = 0;
    for step in 0..op.steps {
        let counted = masked.map_or(Counted::All, |masked| masked.counted(chunk.arena, step));
        if counted == Counted::None {
            let state = op.step(chunk, op.states.view, place(at, 2), units);
            give(op, chunk, masked, step, state);
            continue;
        }
        let x = Operand::new(chunk, op.read(chunk, op.x.view, step), input_mask, at);
        let gates = op.step(chunk, op.gates.view, place(at, 1), kept);
        let [states, cells] = [op.states.view, op.cells.view]
            .map(|memory| [at, at + 1].map(|at| op.step(chunk, memory, place(at, 2), units)));
        let seen = Operand::new(chunk, states[0], mask, at);
        let begins = at == 0 && op.initial.iter().all(Option::is_none);
        let values = Step {
            kernel,
            recurrent_kernel,
            bias,
            interleaved,
            x,
            gates,
            states,
            seen,
            cells,
            begins,
            keeps,
        };
        match op.cell {
            Cell::Lstm => lstm::forward(op, chunk.arena, &values),
            Cell::Gru { reset_after: true } => gru::forward(op, chunk.arena, &values),
            Cell::Gru { reset_after: false } => gru_before::forward(op, chunk.arena, &values),
            Cell::Simple => simple::forward(op, chunk.arena, &values),
        }
        if let (Some(masked), Counted::Some) = (masked, counted) {
            masked.keep(chunk.arena, step, states);
            if op.cell == Cell::Lstm {
                masked.keep(chunk.arena, step, cells);
            }
        }
        give(op, chunk, masked, step, states[1]);
        at += 1;
    }
    for (memory, last) in [op.states.view, op.cells.view].into_iter().zip(op.last) {
        let Some(last) = last else { continue };
        let state = op.step(chunk, memory, place(at, 2), units);
        kernels::copy(chunk.arena, state, chunk.mat(last.view), false);
    }
}

/// Writes the output of a step, if it has one.
fn give<E: Float>(op: &Recurrent, chunk: &mut Chunk<'_, E>, masked: Option<Masked>, step: usize, state: Mat) {
    let Some(y) = op.given(chunk, op.y.view, step) else { return };
    kernels::copy(chunk.arena, state, y, false);
    masked.iter().for_each(|masked| masked.clear(chunk.arena, step, y));
}

/// The values of one step in the backward pass.
struct StepBack<'a, E> {
    /// The recurrent kernel, transposed.
    recurrent_pack: &'a [E],
    /// The gates, which are overwritten with the gradients of the products.
    gates: Mat,
    /// The states before and after the step.
    states: [Mat; 2],
    /// The state before the step, after recurrent dropout.
    seen: Operand,
    /// Dropout mask between the two.
    mask: Option<Mask>,
    /// Number of values of a gate.
    units: usize,
    /// The cell states before and after the step, or other memory of that size.
    cells: [Mat; 2],
    /// The gradient of the state after the step, replaced by that of the state before it; the same for the cell
    /// state; two buffers of scratch memory.
    state_gradients: [Mat; 4],
    /// Whether the state before the step needs a gradient: the initial state may be constant.
    needs_previous: bool,
}

impl<E: Float> StepBack<'_, E> {
    /// Adds or writes the gradient of the state, given the gradient of a gate's masked copy of the state.
    fn unmask(&self, arena: &mut [E], gate: usize, seen: Mat, dh: Mat, accumulate: bool) {
        match self.mask {
            Some(mask) => mask.apply(arena, gate, seen, dh, accumulate),
            None => kernels::copy(arena, seen, dh, accumulate),
        }
    }

    /// Computes the gradient of the state from those of the products of the first `gates` with the recurrent kernel;
    /// the gradients of the others are zeros. The last buffer of `state_gradients` is scratch memory.
    fn through_state(&self, arena: &mut [E], gates: usize, dy: Mat, dh: Mat, accumulate: bool) {
        let Some(mask) = self.mask else { return self.through(arena, dy, dh, accumulate) };
        let [.., seen] = self.state_gradients;
        for gate in 0..gates {
            gates::input_gradient(arena, dy, [gate, self.units], seen, self.recurrent_pack);
            mask.apply(arena, gate, seen, dh, accumulate || gate > 0);
        }
    }

    /// Computes the gradient of the factor of the recurrent kernel from that of the product.
    fn through(&self, arena: &mut [E], dy: Mat, dx: Mat, accumulate: bool) {
        let epilogue = Epilogue { accumulate, mask: None };
        kernels::dense_input_gradient(arena, dy, dx, self.recurrent_pack, epilogue);
    }
}

fn backward<E: Float>(op: &Recurrent, chunk: &mut Chunk<'_, E>) {
    let (units, width, kept) = (op.units, op.width(), op.kept());
    let recurrent_pack = chunk.transposed(op.recurrent_kernel.block, kernels::packed_len(units, width));
    let state_gradients: [Mat; 4] =
        std::array::from_fn(|place| op.step(chunk, op.state_gradients.view, place, units));
    // The gradients of the states after the last step: from the layer's outputs, or zeros.
    for (&gradient, last) in state_gradients.iter().zip(op.last) {
        match last.and_then(|last| last.gradient) {
            Some(dy) => kernels::copy(chunk.arena, chunk.mat(dy), gradient, false),
            None => kernels::fill(chunk.arena, gradient, E::of(0.0)),
        }
    }
    let learns = op.initial.iter().flatten().any(|initial| initial.gradient.is_some());
    let sums = gradients::Sums::start(op, chunk);
    let [input_mask, mask] = Mask::of(op, chunk);
    let masked = Masked::of(op, chunk);
    let counted = |arena: &[E], step| masked.map_or(Counted::All, |masked| masked.counted(arena, step));
    // Number of computed steps that are left.
    let mut at = (0..op.steps).filter(|&step| counted(chunk.arena, step) != Counted::None).count();
    let mut summed = at;
    for step in (0..op.steps).rev() {
        if let Some(dy) = op.y.gradient.and_then(|dy| op.given(chunk, dy, step)) {
            match masked {
                Some(masked) => masked.add_gradient(chunk.arena, step, dy, state_gradients[0]),
                None => kernels::copy(chunk.arena, dy, state_gradients[0], true),
            }
        }
        let counted = counted(chunk.arena, step);
        if counted == Counted::None {
            if let Some(target) = op.x.gradient.filter(|target| !target.accumulate) {
                kernels::fill(chunk.arena, op.read(chunk, target.view, step), E::zero());
            }
            // The inputs of steps that are summed up together are contiguous.
            sums.add(op, chunk, at..summed, step + 1);
            summed = at;
            continue;
        }
        at -= 1;
        let gates = op.step(chunk, op.gates.view, at, kept);
        let [states, cells] = [op.states.view, op.cells.view]
            .map(|memory| [at, at + 1].map(|at| op.step(chunk, memory, at, units)));
        let seen = Operand::known(chunk.rows, states[0], mask, at);
        let needs_previous = at > 0 || learns;
        let partly = masked.filter(|_| counted == Counted::Some);
        partly.iter().for_each(|masked| masked.save(op, chunk.arena, step, state_gradients));
        let values = StepBack {
            recurrent_pack,
            gates,
            states,
            seen,
            mask,
            units,
            cells,
            state_gradients,
            needs_previous,
        };
        match op.cell {
            Cell::Lstm => lstm::backward(op, chunk.arena, &values),
            Cell::Gru { reset_after: true } => gru::backward(op, chunk.arena, &values),
            Cell::Gru { reset_after: false } => gru_before::backward(op, chunk.arena, &values),
            Cell::Simple => simple::backward(op, chunk.arena, &values),
        }
        partly.iter().for_each(|masked| masked.restore(op, chunk.arena, step, state_gradients, gates));
        if let Some(target) = op.x.gradient {
            let dx = op.read(chunk, target.view, step);
            let pack = chunk.transposed(op.kernel.block, kernels::packed_len(op.features, width));
            let (arena, dy) = (&mut *chunk.arena, gates.columns(0, width));
            match input_mask {
                Some(mask) => mask.input_gradient(arena, dy, units, dx, pack, target.accumulate),
                None => {
                    let epilogue = Epilogue { accumulate: target.accumulate, mask: None };
                    kernels::dense_input_gradient(arena, dy, dx, pack, epilogue);
                }
            }
        }
        if at == 0 || (summed - at) * chunk.rows >= gradients::ROWS {
            sums.add(op, chunk, at..summed, step);
            summed = at;
        }
    }
    if let Some(target) = op.x.gradient {
        apply_mask(chunk, target);
    }
    for (gradient, initial) in state_gradients.into_iter().zip(op.initial) {
        let Some(target) = initial.and_then(|initial| initial.gradient) else { continue };
        kernels::copy(chunk.arena, gradient, chunk.mat(target.view), target.accumulate);
        apply_mask(chunk, target);
    }
}

run!(Recurrent, forward, backward);
