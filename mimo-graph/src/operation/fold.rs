//! Linear maps whose weights can take up a batch normalization of their results.

use crate::dim::Dim;

/// A linear map, as far as folding needs to know it: `y[…, c] = Σ kernel[…, c, …] · x + bias[c]`.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearMap {
    /// The block of the kernel.
    pub kernel: usize,
    /// The block of the bias.
    pub bias: Option<usize>,
    /// Channels of the result, its last axis.
    pub channels: Dim,
    /// The axes of the kernel after that of these channels, as one. Value `i` of the kernel belongs to channel
    /// `i / inner % channels`.
    pub inner: Dim,
}
