//! Random numbers, drawn in training and in inference.

use super::{Planned, Written, operation};
use crate::describe::List;
use crate::dim::Dim;

crate::describe! {
    /// The distribution that numbers are drawn from.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Drawn {
        /// Normal, with a mean and a standard deviation.
        Normal,
        /// The same without what is more than two standard deviations from the mean.
        TruncatedNormal,
        /// Uniform between two bounds.
        Uniform,
    }
}

operation! {
    /// Random numbers. Nothing is read, and so nothing is trained through them.
    ///
    /// **Keras equivalent:** `keras.random.normal`, `keras.random.truncated_normal`, `keras.random.uniform`.
    #[derive(Clone, Debug, PartialEq)]
    pub struct RandomDraw<L> {
        /// The distribution.
        pub drawn: Drawn,
        /// Its mean and its standard deviation, or its bounds.
        pub numbers: List<L::Number>,
        /// The seed of a stream of its own; without one the numbers depend on the seed of the trainer or predictor.
        pub seed: Option<u64>,
        /// Tells the numbers of this call from those of other calls, if it has no seed.
        pub key: u64,
        /// The result.
        pub y: Written<L>,
    }
}

impl Planned for RandomDraw<Dim> {}
