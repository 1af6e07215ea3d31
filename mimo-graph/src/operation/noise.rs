//! `AlphaDropout`, `GaussianDropout`, and `Dropout` with a `noise_shape`: a random function of each value while
//! training, no effect otherwise.

use super::{Planned, Read, Written, operation};
use crate::describe::List;
use crate::dim::Dim;

crate::describe! {
    /// The random function of a value.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub enum Randomness {
        /// 0, or the value scaled up.
        Dropout {
            /// Fraction of the values that become 0.
            rate: f64,
        },
        /// The value times a normally distributed number with mean 1.
        GaussianDropout {
            /// Rate of a `Dropout` of the same variance.
            rate: f64,
        },
        /// The limit of `selu`, or the value; scaled and shifted to preserve mean 0 and variance 1.
        AlphaDropout {
            /// Fraction of the values that become the limit.
            rate: f64,
        },
    }
}

operation! {
    /// Applies a random function to every value. Values may share random numbers along some axes.
    ///
    /// **Keras equivalent:** `keras.layers.AlphaDropout(rate)`, `keras.layers.GaussianDropout(rate)`,
    /// `keras.layers.Dropout(rate, noise_shape=…)`.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Noise<L> {
        /// The random function.
        pub randomness: Randomness,
        /// Lengths of the axes of a sample.
        pub shape: List<L>,
        /// Strides of the random numbers along these axes: 0 where they are shared.
        pub strides: List<L>,
        /// Number of random numbers per sample.
        pub numbers: L,
        /// Distinguishes its random numbers from those of other layers.
        pub key: u64,
        /// The input.
        pub x: Read<L>,
        /// The result.
        pub y: Written<L>,
    }
}

impl Planned for Noise<Dim> {}
