//! Linear maps into whose weights a batch normalization of the result can be folded.

use crate::dim::Dim;

/// A linear map, as far as folding needs it: `y[…, c] = Σ kernel[…, c, …] · x + bias[c]`.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearMap {
    /// The block of the kernel.
    pub kernel: usize,
    /// The block of the bias.
    pub bias: Option<usize>,
    /// Number of channels of the result, its last axis.
    pub channels: Dim,
    /// Product of the lengths of the kernel's axes after the axis of these channels.
    pub inner: Dim,
}
