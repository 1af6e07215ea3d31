//! `Dropout`: random zeros while training, nothing otherwise.

use super::{Planned, Read, Written, operation};
use crate::dim::Dim;

operation! {
    /// Drops a share of the values and scales the rest.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Dropout<L> {
        /// The share that becomes 0.
        pub rate: f64,
        /// Parts of a sample, one after the other, in which the same places become 0: the steps of a sequence.
        pub positions: L,
        /// Tells this layer's random numbers from other layers'.
        pub key: u64,
        /// The input.
        pub x: Read<L>,
        /// The result.
        pub y: Written<L>,
    }
}

impl Planned for Dropout<Dim> {}
