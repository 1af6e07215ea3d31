//! Masked steps of a sequence: the states stay unchanged, and the output is that of the step before.
//!
//! A step that is unmasked for some rows of a chunk is computed for all of them, and the other rows are restored.
//! Steps that are masked for all rows are neither computed nor stored, so that padding costs nothing.

use super::{Cell, Places, Recurrent};
use crate::chunk::Chunk;
use crate::float::Float;
use crate::kernels::{self, Mat};

/// The rows of a chunk for which a step is unmasked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counted {
    All,
    Some,
    None,
}

/// The mask of a chunk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Masked {
    /// The mask, one row per sample.
    values: Mat,
    /// Number of steps before the first unmasked one, as a column.
    first: Mat,
    /// Buffers for the gradients of both states.
    saved: [Mat; 2],
    /// Whether the output of a masked step is zeros.
    zeros: bool,
    /// Whether the sequence is read from its end.
    backwards: bool,
}

impl Masked {
    pub(super) fn of<E: Float>(op: &Recurrent, chunk: &Chunk<'_, E>) -> Option<Self> {
        let mask = op.mask?;
        Some(Masked {
            values: chunk.mat(mask.values.view),
            first: chunk.mat(mask.first.view),
            saved: [0, 1].map(|place| op.step(chunk, mask.saved.view, place, op.units)),
            zeros: mask.zeros,
            backwards: op.backwards,
        })
    }

    /// The mask values of a step.
    fn column(&self, step: usize) -> Mat {
        let place = if self.backwards { self.values.cols - 1 - step } else { step };
        self.values.columns(place, 1)
    }

    /// Counts the steps of each row before the first unmasked one.
    pub(super) fn find_first<E: Float>(&self, arena: &mut [E]) {
        for row in 0..self.values.rows {
            let counts = |&step: &usize| {
                let column = self.column(step);
                arena[column.offset + row * column.stride] != E::zero()
            };
            let first = (0..self.values.cols).find(counts).unwrap_or(self.values.cols);
            arena[self.first.offset + row * self.first.stride] = E::of(first as f64);
        }
    }

    /// Returns the rows for which a step is unmasked.
    pub(super) fn counted<E: Float>(&self, arena: &[E], step: usize) -> Counted {
        let column = self.column(step);
        let mut counts = (0..column.rows).map(|row| arena[column.offset + row * column.stride] != E::zero());
        let first = counts.next().unwrap_or(false);
        match counts.all(|counts| counts == first) {
            true if first => Counted::All,
            true => Counted::None,
            false => Counted::Some,
        }
    }

    /// Restores the masked rows of a state to their values before the step.
    pub(super) fn keep<E: Float>(&self, arena: &mut [E], step: usize, [before, after]: [Mat; 2]) {
        kernels::copy_rows(arena, self.column(step), |mask: E| mask == E::zero(), before, after);
    }

    /// Sets the rows of a step's output to zero that have no value: the masked ones, or those before the first
    /// unmasked step.
    pub(super) fn clear<E: Float>(&self, arena: &mut [E], step: usize, y: Mat) {
        match self.zeros {
            true => {
                kernels::fill_rows(arena, self.column(step), |mask: E| mask == E::zero(), y, E::zero());
            }
            false => {
                let step = E::of(step as f64);
                kernels::fill_rows(arena, self.first, |first: E| first > step, y, E::zero());
            }
        }
    }

    /// Adds the gradient of a step's output to that of the state, except in rows that were [cleared](Self::clear).
    pub(super) fn add_gradient<E: Float>(&self, arena: &mut [E], step: usize, dy: Mat, dh: Mat) {
        let [saved, _] = self.saved;
        let from_to = [(dh, saved), (saved, dh)];
        let copy = |arena: &mut [E], (from, to): (Mat, Mat)| match self.zeros {
            true => kernels::copy_rows(arena, self.column(step), |mask: E| mask == E::zero(), from, to),
            false => {
                let step = E::of(step as f64);
                kernels::copy_rows(arena, self.first, |first: E| first > step, from, to);
            }
        };
        copy(arena, from_to[0]);
        kernels::copy(arena, dy, dh, true);
        copy(arena, from_to[1]);
    }

    /// Saves the state gradients of the masked rows before the backward pass of a step.
    pub(super) fn save<E: Float>(
        &self,
        op: &Recurrent,
        arena: &mut [E],
        step: usize,
        state_gradients: [Mat; 4],
    ) {
        for (gradient, saved) in states(op, state_gradients).zip(self.saved) {
            self.keep(arena, step, [gradient, saved]);
        }
    }

    /// Restores these gradients, and sets those of the products of the masked rows to 0.
    pub(super) fn restore<E: Float>(
        &self,
        op: &Recurrent,
        arena: &mut [E],
        step: usize,
        state_gradients: [Mat; 4],
        gates: Mat,
    ) {
        for (gradient, saved) in states(op, state_gradients).zip(self.saved) {
            self.keep(arena, step, [saved, gradient]);
        }
        kernels::fill_rows(arena, self.column(step), |mask: E| mask == E::zero(), gates, E::zero());
    }
}

/// The gradients of the states, among the matrices passed from step to step.
fn states(op: &Recurrent, state_gradients: [Mat; 4]) -> impl Iterator<Item = Mat> {
    state_gradients.into_iter().take(if op.cell == Cell::Lstm { 2 } else { 1 })
}
