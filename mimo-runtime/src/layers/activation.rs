//! `Activation`: an activation as an operation of its own, where it cannot be applied in place.

use mimo_graph::activation::Activation;

use crate::program::{Sink, View};

/// An activation from one value to another.
#[derive(Clone, Copy, Debug)]
pub struct Activate {
    /// The function.
    pub activation: Activation,
    /// Positions per sample: softmax works on the values of one position.
    pub positions: usize,
    /// What is read.
    pub x: View,
    /// What is given.
    pub y: View,
    /// The gradient of `y`.
    pub dy: View,
    /// Where the gradient of `x` goes.
    pub dx: Option<Sink>,
}
