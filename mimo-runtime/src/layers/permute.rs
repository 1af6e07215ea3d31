//! `Permute`: the axes of a sample in another order.

use crate::program::{Sink, View};

/// Copies a value with its axes in another order.
#[derive(Clone, Copy, Debug)]
pub struct Permute {
    /// The shape of the result.
    pub shape: &'static [usize],
    /// How far the input moves for a step along each axis of the result.
    pub strides: &'static [usize],
    /// What is read.
    pub x: View,
    /// What is given.
    pub y: View,
    /// The gradient of `y`.
    pub dy: View,
    /// Where the gradient of `x` goes.
    pub dx: Option<Sink>,
}

/// The strides of the input along the axes of the result: `dims` gives for each new axis the old one, from 1.
pub const fn permuted_strides<const RANK: usize>(input: &[usize; RANK], dims: &[usize; RANK]) -> [usize; RANK] {
    let mut strides = [0; RANK];
    let mut i = 0;
    while i < RANK {
        let mut stride = 1;
        let mut axis = RANK;
        while axis > dims[i] {
            axis -= 1;
            stride *= input[axis];
        }
        strides[i] = stride;
        i += 1;
    }
    strides
}
