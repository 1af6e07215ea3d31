//! `Rescaling` and `Normalization` by constants: values shifted and scaled.

use super::{Planned, Read, Written, operation};
use crate::describe::List;
use crate::dim::Dim;

operation! {
    /// `y = (x − shift) · scale + offset`, by constants.
    ///
    /// A sample is `[outer, constants, inner]`: `shift`, `scale` and `offset` are equally long, and each of their numbers is for
    /// `inner` values that follow each other. One number each is for all values.
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
        /// The axes after that of the constants, as one.
        pub inner: L,
        /// The input.
        pub x: Read<L>,
        /// The result.
        pub y: Written<L>,
    }
}

impl Planned for Rescaling<Dim> {}
