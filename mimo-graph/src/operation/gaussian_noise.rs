//! `GaussianNoise`: additive normal noise while training, no effect otherwise.

use super::{Planned, Read, Written, operation};
use crate::dim::Dim;

operation! {
    /// Adds normal noise.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct GaussianNoise<L> {
        /// The standard deviation.
        pub stddev: f64,
        /// Distinguishes its random numbers from those of other layers.
        pub key: u64,
        /// The input.
        pub x: Read<L>,
        /// The result.
        pub y: Written<L>,
    }
}

impl Planned for GaussianNoise<Dim> {}
