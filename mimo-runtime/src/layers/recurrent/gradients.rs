//! The gradients of the weights, over some steps at a time.

use std::ops::Range;

use super::{Cell, Places, Recurrent};
use crate::chunk::Chunk;
use crate::float::Float;
use crate::kernels::{self, Mat, Steps};
use crate::program::View;

/// Rows of all steps that are summed up in one go: enough to hide what it costs to load the sums and store them again, few
/// enough for the gradients of the gates to be in the cache still.
pub(super) const ROWS: usize = 160;

/// Where the gradients of the weights that are trained are summed up.
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

    /// Adds what these steps bring. Where their gates were, there are the gradients of the products.
    pub(super) fn add<E: Float>(&self, op: &Recurrent, chunk: &mut Chunk<'_, E>, steps: Range<usize>) {
        let (width, kept, count) = (op.width(), op.kept(), steps.len());
        let apart = chunk.rows * kept;
        let gates = op.step(chunk, op.gates.view, steps.start, kept);
        let gradients = |first: usize, cols: usize| Steps {
            first: gates.columns(first, cols),
            apart,
            backwards: false,
            count,
        };
        let x = Steps {
            first: op.read(chunk, op.x.view, steps.start),
            apart: op.features,
            backwards: op.backwards,
            count,
        };
        let before = |chunk: &Chunk<'_, E>, memory: View| Steps {
            first: op.step(chunk, memory, steps.start, op.units),
            apart: chunk.rows * op.units,
            backwards: false,
            count,
        };
        if let Some(sums) = self.kernel {
            kernels::add_steps_gradient(chunk.arena, x, gradients(0, width), sums);
        }
        if let Some(sums) = self.recurrent_kernel {
            let seen = op.dropout.map_or(op.states, |dropped| dropped.states).view;
            let states = before(chunk, seen);
            // The gradients of the products with the state lie where `Cell::kept` says.
            let first = match op.cell {
                Cell::Lstm | Cell::Simple => 0,
                Cell::Gru { .. } => width,
            };
            kernels::add_steps_gradient(chunk.arena, states, gradients(first, width), sums);
            if op.cell == (Cell::Gru { reset_after: false }) {
                let reset = before(chunk, op.cells.view);
                kernels::add_steps_gradient(chunk.arena, reset, gradients(2 * width, width), sums);
            }
        }
        if let Some(sums) = self.bias {
            // As many as there are biases: those of both products, or of the first.
            kernels::add_steps_sums(chunk.arena, gradients(0, sums.cols), sums);
        }
    }
}
