//! `Normalization` by weights: values shifted and scaled by mean and variance of the data.

use super::{Planned, Read, Written, operation};
use crate::dim::Dim;

operation! {
    /// `y = (x − mean) / √variance`, or `y = mean + x · √variance` if it is inverted. No root is less than 10⁻⁷.
    ///
    /// A sample is `[outer, positions, inner]`; each position has a mean and a variance.
    ///
    /// **Keras equivalent:** `keras.layers.Normalization()` that has been adapted.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Normalization<L> {
        /// Values of the mean, and of the variance.
        pub positions: L,
        /// The axes after those of mean and variance, as one.
        pub inner: L,
        /// The block of the mean.
        pub mean: usize,
        /// The block of the variance.
        pub variance: usize,
        /// Whether normalized values are read and original ones written.
        pub invert: bool,
        /// The input.
        pub x: Read<L>,
        /// The result.
        pub y: Written<L>,
    }
}

impl Planned for Normalization<Dim> {}
