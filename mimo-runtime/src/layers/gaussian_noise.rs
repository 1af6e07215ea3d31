//! `GaussianNoise`: additive normal noise while training, nothing otherwise.

use crate::program::{Sink, View};

/// Adds normal noise.
#[derive(Clone, Copy, Debug)]
pub struct GaussianNoise {
    /// The standard deviation.
    pub stddev: f64,
    /// Tells this layer's random numbers from other layers'.
    pub key: u64,
    /// What is read.
    pub x: View,
    /// What is given.
    pub y: View,
    /// The gradient of `y`.
    pub dy: View,
    /// Where the gradient of `x` goes.
    pub dx: Option<Sink>,
}
