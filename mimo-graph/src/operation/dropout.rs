//! `Dropout`: random zeros while training, no effect otherwise.

use super::{Planned, Read, Written, operation};
use crate::dim::Dim;

operation! {
    /// Sets a fraction of the values to 0 and scales the others.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Dropout<L> {
        /// Fraction of the values that become 0.
        pub rate: f64,
        /// Number of consecutive parts of a sample that share their zeros: the steps of a sequence.
        pub positions: L,
        /// Distinguishes its random numbers from those of other layers.
        pub key: u64,
        /// The input.
        pub x: Read<L>,
        /// The result.
        pub y: Written<L>,
    }
}

impl Planned for Dropout<Dim> {}
