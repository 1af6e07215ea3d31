//! `Activation`: an activation function as a layer of its own.

/// Keras's `Activation`, and the layers that are one activation function (`ReLU`, `Softmax`, …).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Activation {
    /// The function.
    pub activation: crate::activation::Activation,
}
