//! `Add`, `Subtract`, `Multiply`, `Average`, `Maximum`, `Minimum`, with broadcasting.

use mimo_graph::layers::merge::MergeOp;

use crate::program::{Sink, View};

/// Combines values element by element.
#[derive(Clone, Copy, Debug)]
pub struct Merge {
    /// How.
    pub op: MergeOp,
    /// The shape of the result.
    pub shape: &'static [usize],
    /// What is read, in order.
    pub inputs: &'static [MergeInput],
    /// What is given.
    pub y: View,
    /// The gradient of `y`.
    pub dy: View,
}

/// One of the merged values.
#[derive(Clone, Copy, Debug)]
pub struct MergeInput {
    /// What is read.
    pub x: View,
    /// How far the input moves for a step along each axis of the result; 0 where it is broadcast.
    pub strides: &'static [usize],
    /// Where its gradient goes.
    pub dx: Option<Sink>,
}

/// The strides of an input whose axes are aligned with the result's from the right; axes of length 1 are broadcast.
pub const fn broadcast_strides<const RANK: usize>(input: &[usize], result: &[usize; RANK]) -> [usize; RANK] {
    let mut strides = [0; RANK];
    let mut stride = 1;
    let mut i = 0;
    while i < input.len() && i < RANK {
        let (from, to) = (input.len() - 1 - i, RANK - 1 - i);
        if input[from] == result[to] {
            strides[to] = stride;
        }
        stride *= input[from];
        i += 1;
    }
    strides
}
