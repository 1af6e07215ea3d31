//! `Embedding`: looks up vectors by integers.

use super::{BatchWeight, Planned, Read, Written, operation};
use crate::dim::Dim;

operation! {
    /// Looks up a vector for each number.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Embedding<L> {
        /// Number of vectors.
        pub vocabulary: L,
        /// Length of a vector.
        pub units: L,
        /// Number of integers per sample.
        pub numbers: L,
        /// The numbers, whole and below `vocabulary`.
        pub x: Read<L>,
        /// Their vectors.
        pub y: Written<L>,
        /// The vectors, `[vocabulary, units]`.
        pub embeddings: BatchWeight,
    }
}

impl Planned for Embedding<Dim> {
    fn positions(&self) -> Dim {
        self.numbers.clone()
    }
}
