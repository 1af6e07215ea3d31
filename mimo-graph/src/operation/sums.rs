//! Sums over the batch, for which the chunks of a training step wait.

use super::{Length, operation};
use crate::describe::{Describe, Holds, Literal};
use crate::dim::Dim;

/// Values that each chunk sums up, and how those of all chunks are merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sum<L = usize> {
    /// `len` sums.
    Add {
        /// Offset of the first.
        start: L,
        /// Their number.
        len: L,
    },
    /// The mean of each channel, followed by the sum of squared distances from it, which is merged to the variance.
    Moments {
        /// Offset of the first.
        start: L,
        /// Number of channels.
        channels: L,
        /// Number of values of a channel in a sample.
        positions: L,
    },
    /// Same as `Moments`, of unmasked values.
    MaskedMoments {
        /// Offset of the first.
        start: L,
        /// Number of channels.
        channels: L,
        /// Offset of the number of unmasked values of each channel.
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
    /// Weights that are moving averages of merged sums over the training steps, and not trained.
    ///
    /// After each training step `value = value · momentum + sum · (1 − momentum)`.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct MovingAverage<L> {
        /// Their block.
        pub block: usize,
        /// Number of values.
        pub len: L,
        /// Offset of the averaged values among the sums of the batch.
        pub sums: L,
        /// Decay rate.
        pub momentum: f64,
    }
}

/// The sums over the batch that an operation reads in training, and their moving averages.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchSums {
    /// Sums that its forward reads.
    pub forward: Sum<Dim>,
    /// Sums that its backward reads.
    pub backward: Sum<Dim>,
    /// Their moving averages.
    pub moving: Vec<MovingAverage<Dim>>,
}
