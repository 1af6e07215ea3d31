//! `RepeatVector`: a vector as every step of a sequence.

use crate::program::{Sink, View};

/// Copies a value `n` times.
#[derive(Clone, Copy, Debug)]
pub struct RepeatVector {
    /// How often.
    pub n: usize,
    /// What is read.
    pub x: View,
    /// What is given.
    pub y: View,
    /// The gradient of `y`.
    pub dy: View,
    /// Where the gradient of `x` goes.
    pub dx: Option<Sink>,
}
