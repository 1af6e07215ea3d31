//! `Normalization` by weights: shifts and scales values by mean and variance of the data.

use super::{Planned, Read, Written, operation};
use crate::dim::Dim;

operation! {
    /// `y = (x − mean) / √variance`, or `y = mean + x · √variance` if it is inverted. Roots are limited to at least
    /// 10⁻⁷.
    ///
    /// A sample is `[outer, positions, inner]`; each position has a mean and a variance.
    ///
    /// **Keras equivalent:** `keras.layers.Normalization()` after `adapt`.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Normalization<L> {
        /// Number of values of the mean, and of the variance.
        pub positions: L,
        /// Product of the lengths of the axes after those of mean and variance.
        pub inner: L,
        /// The block of the mean.
        pub mean: usize,
        /// The block of the variance.
        pub variance: usize,
        /// Whether the inverse is computed.
        pub invert: bool,
        /// The input.
        pub x: Read<L>,
        /// The result.
        pub y: Written<L>,
    }
}

impl Planned for Normalization<Dim> {}
