//! Gradients of the weights, over several steps at a time.

use std::ops::Range;

use super::{Cell, Mask, Operand, Places, Recurrent};
use crate::chunk::Chunk;
use crate::float::Float;
use crate::kernels::{self, Mat, Steps};

/// Rows of the steps that are summed up together: enough to hide the cost of loading and storing the sums, few enough
/// for the gradients of the gates to be still in the cache.
pub(super) const ROWS: usize = 160;

/// Buffers of the gradients of the trained weights.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sums {
    kernel: Option<Mat>,
    recurrent_kernel: Option<Mat>,
    bias: Option<Mat>,
}

impl Sums {
    pub(super) fn start<E: Float>(op: &Recurrent, chunk: &mut Chunk<'_, E>) -> Self {
        let matrix = |sums: Mat, rows: usize| Mat::contiguous(sums.offset, rows, op.width());
        Sums {
            kernel: chunk.accumulator(&op.kernel).map(|sums| matrix(sums, op.features)),
            recurrent_kernel: chunk.accumulator(&op.recurrent_kernel).map(|sums| matrix(sums, op.units)),
            bias: op.bias.and_then(|bias| chunk.accumulator(&bias)),
        }
    }

    /// Adds the gradients of consecutive steps, whose memory is at these indices and the first of which reads the
    /// input of `step`. The memory of the gates holds the gradients of the products.
    pub(super) fn add<E: Float>(
        &self,
        op: &Recurrent,
        chunk: &mut Chunk<'_, E>,
        steps: Range<usize>,
        step: usize,
    ) {
        if steps.is_empty() {
            return;
        }
        let (width, kept, count) = (op.width(), op.kept(), steps.len());
        let apart = chunk.rows * kept;
        let gates = op.step(chunk, op.gates.view, steps.start, kept);
        let gradients = |first: usize, cols: usize| Steps {
            first: gates.columns(first, cols),
            apart,
            backwards: false,
            count,
        };
        let [input_mask, mask] = Mask::of(op, chunk);
        let (rows, start) = (chunk.rows, steps.start);
        // Masked values are step-major, whatever the direction of the sequence.
        let step_by_step = |first: Mat| Steps { first, apart: rows * first.stride, backwards: false, count };
        // The gradients of the kernel parts that are multiplied with the same values.
        let products =
            |arena: &mut [E], x: Operand, steps: &dyn Fn(Mat) -> Steps, first: usize, sums: Mat| {
                let cols = width / x.count();
                for gate in 0..x.count() {
                    let dy = gradients(first + gate * cols, cols);
                    let sums = sums.columns(gate * cols, cols);
                    kernels::add_steps_gradient(arena, steps(x.of_gate(gate)), dy, sums);
                }
            };
        if let Some(sums) = self.kernel {
            let values = op.read(chunk, op.x.view, step);
            let x = Operand::known(rows, values, input_mask, start);
            let in_samples = |first: Mat| Steps { first, apart: op.features, backwards: op.backwards, count };
            let steps: &dyn Fn(Mat) -> Steps = match input_mask {
                Some(_) => &step_by_step,
                None => &in_samples,
            };
            products(chunk.arena, x, steps, 0, sums);
        }
        if let Some(sums) = self.recurrent_kernel {
            let values = op.step(chunk, op.states.view, start, op.units);
            let states = Operand::known(rows, values, mask, start);
            // The gradients of the products with the state are where `Cell::kept` says.
            let first = match op.cell {
                Cell::Lstm | Cell::Simple => 0,
                Cell::Gru { .. } => width,
            };
            products(chunk.arena, states, &step_by_step, first, sums);
            if op.cell == (Cell::Gru { reset_after: false }) {
                let reset = step_by_step(op.step(chunk, op.cells.view, start, op.units));
                kernels::add_steps_gradient(chunk.arena, reset, gradients(2 * width, width), sums);
            }
        }
        if let Some(sums) = self.bias {
            // One sum per bias: of both products, or of the first.
            kernels::add_steps_sums(chunk.arena, gradients(0, sums.cols), sums);
        }
    }
}
