//! Stages: a training step as a list of passes over the chunks of a batch, with sums over the whole batch between them.
//!
//! Every chunk runs a stage. What the chunks sum up in it is merged in the order of the chunks before the next stage
//! begins, so that the next stage can depend on the whole batch: batch statistics, counts over the targets. The result is
//! the same bits for any number of threads.

use crate::chunk::Chunk;

/// A pass over one chunk.
pub type Pass<E> = fn(&mut Chunk<'_, E>);

/// One stage of a training step.
///
/// Stages without [`sums`](Self::sums) do not wait: a chunk goes on with the next stage at once, so that its values are
/// still in the cache.
#[derive(Clone, Copy, Debug)]
pub struct Stage<E: 'static> {
    /// The part of the step that it belongs to.
    pub part: StepPart,
    /// What it does with a chunk.
    pub run: Pass<E>,
    /// Sums over the whole batch that the next stage reads. The chunks wait for each other if there are any.
    pub sums: &'static [Sum],
}

/// The parts of a training step, in the order in which they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StepPart {
    /// Counts over the targets, for losses that depend on the whole batch.
    Scan,
    /// From the inputs to the outputs.
    Forward,
    /// Losses, metrics and the gradients of outputs.
    Loss,
    /// Backward through what leads to one output only.
    Heads,
    /// Backward through what several outputs share.
    Trunk,
}

/// Some values of [`Chunk::sums`], and how those of all chunks become the values of the batch in [`Chunk::merged`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sum {
    /// `len` sums.
    Add {
        /// The first.
        start: usize,
        /// How many there are.
        len: usize,
    },
}

impl Sum {
    /// Adds one chunk's values to those of the chunks before it.
    pub(crate) fn merge(self, from: &[f64], merged: &mut [f64]) {
        match self {
            Sum::Add { start, len } => {
                let sums = merged[start..start + len].iter_mut().zip(&from[start..start + len]);
                sums.for_each(|(sum, value)| *sum += value);
            }
        }
    }

    /// Resets the values of the batch before the first chunk is merged.
    pub(crate) fn clear(self, merged: &mut [f64]) {
        let Sum::Add { start, len } = self;
        merged[start..start + len].fill(0.0);
    }
}
