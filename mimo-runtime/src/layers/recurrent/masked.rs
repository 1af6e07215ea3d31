//! Masked steps of a sequence: the states stay what they were, and the result is that of the step before.
//!
//! A step that counts for some rows of a chunk is computed for all of them, and the other rows are put back. Steps that count for no
//! row are neither computed nor stored, so that padding costs nothing.

use super::{Cell, Places, Recurrent};
use crate::chunk::Chunk;
use crate::float::Float;
use crate::kernels::{self, Mat};

/// The rows of a chunk for which a step counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counted {
    All,
    Some,
    None,
}

/// The mask of a chunk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Masked {
    /// The mask, a row for each sample.
    values: Mat,
    /// The number of steps before the first that counts, in a column.
    first: Mat,
    /// Where the gradients of both states are kept.
    saved: [Mat; 2],
    /// Whether the result of a masked step is zeros.
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

    /// The values of the mask for a step.
    fn column(&self, step: usize) -> Mat {
        let place = if self.backwards { self.values.cols - 1 - step } else { step };
        self.values.columns(place, 1)
    }

    /// Counts the steps of each row before the first that counts.
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

    /// The rows for which a step counts.
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

    /// Puts the masked rows of a state back to what they were before the step.
    pub(super) fn keep<E: Float>(&self, arena: &mut [E], step: usize, [before, after]: [Mat; 2]) {
        kernels::copy_rows(arena, self.column(step), |mask: E| mask == E::zero(), before, after);
    }

    /// Sets the rows of a result that are zeros.
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

    /// Adds the gradient of the result after a step to that of the state, but for the rows that were [cleared](Self::clear).
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

    /// Keeps the state gradients of the masked rows while a step goes backward.
    pub(super) fn save<E: Float>(&self, op: &Recurrent, arena: &mut [E], step: usize, carried: [Mat; 4]) {
        for (gradient, saved) in states(op, carried).zip(self.saved) {
            self.keep(arena, step, [gradient, saved]);
        }
    }

    /// Puts these gradients back, and sets those of the products of the masked rows to 0.
    pub(super) fn restore<E: Float>(
        &self,
        op: &Recurrent,
        arena: &mut [E],
        step: usize,
        carried: [Mat; 4],
        gates: Mat,
    ) {
        for (gradient, saved) in states(op, carried).zip(self.saved) {
            self.keep(arena, step, [saved, gradient]);
        }
        kernels::fill_rows(arena, self.column(step), |mask: E| mask == E::zero(), gates, E::zero());
    }
}

/// The gradients of the states among those that go from step to step.
fn states(op: &Recurrent, carried: [Mat; 4]) -> impl Iterator<Item = Mat> {
    carried.into_iter().take(if op.cell == Cell::Lstm { 2 } else { 1 })
}
