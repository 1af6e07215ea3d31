//! `CategoryEncoding`: encodes integers as vectors of zeros and ones, or of counts.

use super::{Planned, Read, Written, operation};
use crate::dim::Dim;

crate::describe! {
    /// Kind of encoding.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Encoding {
        /// One vector for each number, with a 1 at its index.
        OneHot,
        /// One vector for all numbers, with a 1 at the index of each.
        MultiHot,
        /// One vector for all numbers, with the number of occurrences of each.
        Count
    }
}

operation! {
    /// Encodes integers. The input has no gradient.
    ///
    /// **Keras equivalent:** `keras.layers.CategoryEncoding(num_tokens)`.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct CategoryEncoding<L> {
        /// Kind of encoding.
        pub encoding: Encoding,
        /// Length of a vector.
        pub tokens: L,
        /// The numbers, whole and below `tokens`.
        pub x: Read<L>,
        /// The vectors.
        pub y: Written<L>,
    }
}

impl Planned for CategoryEncoding<Dim> {}
