//! `RepeatVector`: repeats a vector as every step of a sequence.

use super::{Planned, Read, Written, operation};
use crate::dim::Dim;

operation! {
    /// Copies a value `n` times.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct RepeatVector<L> {
        /// Number of repetitions.
        pub n: L,
        /// The input.
        pub x: Read<L>,
        /// The result.
        pub y: Written<L>,
    }
}

impl Planned for RepeatVector<Dim> {}
