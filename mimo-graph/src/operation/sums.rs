//! Sums over the batch, for which the chunks of a training step wait.

use super::{Length, operation};
use crate::describe::{Describe, Holds, Literal};
use crate::dim::Dim;

/// Some of the values that a chunk sums up, and how those of all chunks become the values of the batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sum<L = usize> {
    /// `len` sums.
    Add {
        /// The first.
        start: L,
        /// Their number.
        len: L,
    },
    /// The mean of each channel, and after these the sum of squared distances from it, which becomes the variance.
    Moments {
        /// The first.
        start: L,
        /// Channels.
        channels: L,
        /// Values of a channel in a sample.
        positions: L,
    },
    /// The same of the values that a mask counts.
    MaskedMoments {
        /// The first.
        start: L,
        /// Channels.
        channels: L,
        /// The number of values of each channel that count.
        counts: L,
    },
}

impl<L: Length> Describe for Sum<L> {
    fn literal(&self) -> Literal {
        let (variant, fields) = match self {
            Sum::Add { start, len } => ("Add", vec![("start", start.literal()), ("len", len.literal())]),
            Sum::Moments { start, channels, positions } => (
                "Moments",
                vec![
                    ("start", start.literal()),
                    ("channels", channels.literal()),
                    ("positions", positions.literal()),
                ],
            ),
            Sum::MaskedMoments { start, channels, counts } => (
                "MaskedMoments",
                vec![
                    ("start", start.literal()),
                    ("channels", channels.literal()),
                    ("counts", counts.literal()),
                ],
            ),
        };
        Literal::Variant { name: "Sum", variant, holds: Holds::Fields(fields) }
    }
}

operation! {
    /// Weights that are averages over the steps of what the chunks have summed up, and not trained.
    ///
    /// After each training step `value = value · momentum + sum · (1 − momentum)`.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct MovingAverage<L> {
        /// Their block.
        pub block: usize,
        /// Their number.
        pub len: L,
        /// Where what they follow begins among the sums of the batch.
        pub sums: L,
        /// Share that stays.
        pub momentum: f64,
    }
}

/// The sums over the batch that an operation reads in training, and what follows them.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchSums {
    /// Those that its forward reads.
    pub forward: Sum<Dim>,
    /// Those that its backward reads.
    pub backward: Sum<Dim>,
    /// Weights that follow them.
    pub moving: Vec<MovingAverage<Dim>>,
}
