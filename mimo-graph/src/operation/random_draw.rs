//! Random numbers, drawn in training and in inference.

use super::{Planned, Written, operation};
use crate::describe::List;
use crate::dim::Dim;

crate::describe! {
    /// Distribution of random numbers.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Drawn {
        /// Normal, with a mean and a standard deviation.
        Normal,
        /// Normal, truncated at two standard deviations.
        TruncatedNormal,
        /// Uniform between two bounds.
        Uniform,
    }
}

operation! {
    /// Random numbers. Without inputs, nothing is trained through them.
    ///
    /// **Keras equivalent:** `keras.random.normal`, `keras.random.truncated_normal`, `keras.random.uniform`.
    #[derive(Clone, Debug, PartialEq)]
    pub struct RandomDraw<L> {
        /// The distribution.
        pub drawn: Drawn,
        /// Its mean and its standard deviation, or its bounds.
        pub numbers: List<L::Number>,
        /// Seed of a separate stream; without one, the numbers depend on the seed of the trainer or predictor.
        pub seed: Option<u64>,
        /// Distinguishes the numbers of this call from those of other calls, if it has no seed.
        pub key: u64,
        /// The result.
        pub y: Written<L>,
    }
}

impl Planned for RandomDraw<Dim> {}
