//! Dropout per gate: the masked values that each gate's part of a kernel is multiplied with.

use super::{Recurrent, RecurrentDropout};
use crate::chunk::{Chunk, Mode};
use crate::float::Float;
use crate::kernels::{self, Epilogue, Mat, PANEL};
use crate::random;

/// Distance of the keys of two gates' random numbers. Keys of layers differ in other bits.
const NEXT_GATE: u64 = 1 << 58;

/// Dropout of the values that each step of a chunk multiplies with a kernel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mask {
    seed: u64,
    key: u64,
    /// Index in the batch of the first row's values.
    first: u64,
    rate: f64,
    /// Number of gates with their own masks.
    gates: usize,
    /// Offset of the masked values of the first step.
    dropped: usize,
    /// Scratch memory for one more masked value.
    room: Mat,
}

impl Mask {
    /// Dropout of the inputs and of the states; `None` if nothing is dropped.
    pub(super) fn of<E: Float>(op: &Recurrent, chunk: &Chunk<'_, E>) -> [Option<Mask>; 2] {
        let mask = |dropout: Option<RecurrentDropout<usize>>, len: usize| {
            let RecurrentDropout { rate, key, dropped } = dropout.filter(|_| chunk.mode == Mode::Train)?;
            let (gates, begin) = (op.cell.gates(), chunk.mat(dropped.view).offset);
            let room = Mat::contiguous(begin + op.steps * chunk.rows * gates * len, chunk.rows, len);
            let first = (chunk.first_row * len) as u64;
            Some(Mask { seed: chunk.seed, key, first, rate, gates, dropped: begin, room })
        };
        [mask(op.input_dropout, op.features), mask(op.dropout, op.units)]
    }

    /// Writes `from` with the mask of a gate to `to`, or adds it.
    pub(super) fn apply<E: Float>(self, arena: &mut [E], gate: usize, from: Mat, to: Mat, accumulate: bool) {
        let key = random::key(self.seed, self.key ^ (gate as u64 * NEXT_GATE));
        kernels::dropout(arena, key, self.first, self.rate, from, to, accumulate);
    }

    /// The values of a step with the masks of all gates, side by side.
    fn values(self, rows: usize, step: usize) -> Mat {
        let cols = self.gates * self.room.cols;
        Mat::contiguous(self.dropped + step * rows * cols, rows, cols)
    }

    /// Computes the gradient of the unmasked values from that of the products of all gates.
    pub(super) fn input_gradient<E: Float>(
        self,
        arena: &mut [E],
        dy: Mat,
        units: usize,
        dx: Mat,
        packed: &[E],
        accumulate: bool,
    ) {
        for gate in 0..self.gates {
            input_gradient(arena, dy, [gate, units], self.room, packed);
            self.apply(arena, gate, self.room, dx, accumulate || gate > 0);
        }
    }
}

/// The matrices that a kernel is multiplied with: one for all gates, or one for each.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operand {
    /// The matrices side by side.
    all: Mat,
    /// Number of matrices.
    count: usize,
}

impl Operand {
    /// Masks `values` of a step.
    pub(super) fn new<E: Float>(
        chunk: &mut Chunk<'_, E>,
        values: Mat,
        mask: Option<Mask>,
        step: usize,
    ) -> Self {
        let operand = Self::known(chunk.rows, values, mask, step);
        for gate in 0..mask.map_or(0, |mask| mask.gates) {
            if let Some(mask) = mask {
                mask.apply(chunk.arena, gate, values, operand.of_gate(gate), false);
            }
        }
        operand
    }

    /// The same after it has been computed.
    pub(super) fn known(rows: usize, values: Mat, mask: Option<Mask>, step: usize) -> Self {
        match mask {
            Some(mask) => Operand { all: mask.values(rows, step), count: mask.gates },
            None => Operand { all: values, count: 1 },
        }
    }

    /// The matrices side by side, or the one matrix for all gates.
    pub(super) fn all(self) -> Mat {
        self.all
    }

    /// Number of matrices.
    pub(super) fn count(self) -> usize {
        self.count
    }

    /// The matrix of a gate.
    pub(super) fn of_gate(self, gate: usize) -> Mat {
        if self.count == 1 {
            return self.all;
        }
        let len = self.all.cols / self.count;
        self.all.columns(gate * len, len)
    }

    /// Computes `y = x · kernel + bias` for the first gates, of `units` values each, as far as `y` has columns.
    /// `width` is the width of the kernel.
    pub(super) fn product<E: Float>(
        self,
        arena: &mut [E],
        y: Mat,
        units: usize,
        (kernel, width): (&[E], usize),
        bias: Option<&[E]>,
    ) {
        if self.count == 1 {
            return kernels::dense_forward(arena, self.all, y, kernel, width, bias, false);
        }
        for gate in 0..y.cols / units {
            let first = gate * units;
            let (y, bias) = (y.columns(first, units), bias.map(|bias| &bias[first..]));
            kernels::dense_forward(arena, self.of_gate(gate), y, &kernel[first..], width, bias, false);
        }
    }

    /// Computes `y += x · kernel`, as [`product`](Self::product).
    pub(super) fn add_product<E: Float>(
        self,
        arena: &mut [E],
        y: Mat,
        units: usize,
        (kernel, width): (&[E], usize),
    ) {
        if self.count == 1 {
            return kernels::dense_add(arena, self.all, y, kernel, width);
        }
        for gate in 0..y.cols / units {
            let first = gate * units;
            let y = y.columns(first, units);
            kernels::dense_add(arena, self.of_gate(gate), y, &kernel[first..], width);
        }
    }
}

/// Computes `dx = dy_g · kernel_gᵀ` for one gate of all in `dy`, of `units` values each. The transposed copy of a
/// kernel has panels of rows, in each of which the columns of a gate are contiguous: each panel is a product by
/// itself.
pub(super) fn input_gradient<E: Float>(
    arena: &mut [E],
    dy: Mat,
    [gate, units]: [usize; 2],
    dx: Mat,
    packed: &[E],
) {
    let (first, panel) = (gate * units, dy.cols * PANEL);
    for (at, col) in (0..dx.cols).step_by(PANEL).enumerate() {
        let dx = dx.columns(col, PANEL.min(dx.cols - col));
        let packed = &packed[at * panel + first * PANEL..];
        kernels::dense_input_gradient(arena, dy.columns(first, units), dx, packed, Epilogue::default());
    }
}
