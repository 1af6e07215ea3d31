//! `Dropout`: random zeros while training, nothing otherwise.

use crate::program::{Sink, View};

/// Drops a share of the values and scales the rest.
#[derive(Clone, Copy, Debug)]
pub struct Dropout {
    /// The share that becomes 0.
    pub rate: f64,
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
