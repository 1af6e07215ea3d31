//! `Rescaling` and `Normalization` by constants: shift and scale values.

use super::{Planned, Read, Written, operation};
use crate::describe::List;
use crate::dim::Dim;

operation! {
    /// `y = (x − shift) · scale + offset`, by constants.
    ///
    /// A sample is `[outer, constants, inner]`: `shift`, `scale` and `offset` have equal lengths, and each of their
    /// numbers applies to `inner` consecutive values. A single number applies to all values.
    ///
    /// **Keras equivalent:** `keras.layers.Rescaling(scale, offset)`, `keras.layers.Normalization(mean=mean, variance=variance)`.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Rescaling<L> {
        /// Subtracted from the values.
        pub shift: List<f64>,
        /// Factors.
        pub scale: List<f64>,
        /// Added to the products.
        pub offset: List<f64>,
        /// Product of the lengths of the axes after that of the constants.
        pub inner: L,
        /// The input.
        pub x: Read<L>,
        /// The result.
        pub y: Written<L>,
    }
}

impl Planned for Rescaling<Dim> {}
