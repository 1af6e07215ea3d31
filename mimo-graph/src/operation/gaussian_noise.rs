//! `GaussianNoise`: additive normal noise while training, nothing otherwise.

use super::{Planned, Read, Written, operation};
use crate::dim::Dim;

operation! {
    /// Adds normal noise.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct GaussianNoise<L> {
        /// The standard deviation.
        pub stddev: f64,
        /// Tells this layer's random numbers from other layers'.
        pub key: u64,
        /// The input.
        pub x: Read<L>,
        /// The result.
        pub y: Written<L>,
    }
}

impl Planned for GaussianNoise<Dim> {}
