//! `Dense`: `y = activation(x · kernel + bias)` over the last axis.

use crate::activation::Activation;
use crate::dim::Dim;
use crate::layers::WeightOptions;

/// Keras's `Dense`.
#[derive(Clone, Debug, PartialEq)]
pub struct Dense {
    /// Outputs per position.
    pub units: Dim,
    /// What ends the layer.
    pub activation: Activation,
    /// Whether a bias is added.
    pub use_bias: bool,
    /// The kernel, `[inputs, units]`.
    pub kernel: WeightOptions,
    /// The bias, `[units]`.
    pub bias: WeightOptions,
}
