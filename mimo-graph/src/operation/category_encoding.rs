//! `CategoryEncoding`: whole numbers as vectors of zeros and ones, or of counts.

use super::{Planned, Read, Written, operation};
use crate::dim::Dim;

crate::describe! {
    /// The vector that numbers become.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Encoding {
        /// One vector for each number, with a 1 at its place.
        OneHot,
        /// One vector for all numbers, with a 1 at the place of each.
        MultiHot,
        /// One vector for all numbers, with how often each occurs.
        Count
    }
}

operation! {
    /// Encodes whole numbers. What is read has no gradient.
    ///
    /// **Keras equivalent:** `keras.layers.CategoryEncoding(num_tokens)`.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct CategoryEncoding<L> {
        /// The vector that numbers become.
        pub encoding: Encoding,
        /// Values of a vector.
        pub tokens: L,
        /// The numbers, whole and below `tokens`.
        pub x: Read<L>,
        /// The vectors.
        pub y: Written<L>,
    }
}

impl Planned for CategoryEncoding<Dim> {}
