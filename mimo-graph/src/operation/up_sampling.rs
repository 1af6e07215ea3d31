//! `UpSampling1D`, `UpSampling2D`: upsample sequences and images.

use super::{Planned, Read, Written, operation};
use crate::dim::Dim;

crate::describe! {
    /// Interpolation between the pixels of the input.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Interpolation {
        /// The nearest pixel.
        Nearest,
        /// The mean of the four nearest pixels, weighted by the distance of their centres.
        Bilinear,
    }
}

operation! {
    /// Upsamples an image: `[height, width, channels] → [height · size, width · size, channels]`.
    ///
    /// **Keras equivalent:** `keras.layers.UpSampling1D`, `keras.layers.UpSampling2D`.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct UpSampling<L> {
        /// Height, width and channels of the input.
        pub image: [L; 3],
        /// Factors of height and width.
        pub size: [L; 2],
        /// Interpolation between the pixels.
        pub interpolation: Interpolation,
        /// The input.
        pub x: Read<L>,
        /// The result.
        pub y: Written<L>,
    }
}

impl Planned for UpSampling<Dim> {}
