//! `ZeroPadding1D`, `Cropping1D` and their 2D forms: each is the other's backward.

use super::{Planned, Read, Written, operation};
use crate::dim::Dim;

operation! {
    /// Copies an image into a larger one of zeros, or crops it from a larger one: `[height, width, channels] →
    /// [height ± …, width ± …, channels]`.
    ///
    /// **Keras equivalent:** `keras.layers.ZeroPadding2D`, `keras.layers.Cropping2D` and their 1D forms.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Frame<L> {
        /// Whether the result is the larger image.
        pub pads: bool,
        /// Height, width and channels of the smaller image.
        pub inner: [L; 3],
        /// Width of the larger image.
        pub outer: L,
        /// Number of lines above and pixels left of the smaller image in the larger one.
        pub before: [L; 2],
        /// The input.
        pub x: Read<L>,
        /// The result.
        pub y: Written<L>,
    }
}

impl Planned for Frame<Dim> {}
