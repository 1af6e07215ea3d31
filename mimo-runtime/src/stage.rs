//! Stages: a training step as a list of passes over the chunks of a batch, with sums over the whole batch between them.
//!
//! Every chunk runs a stage. The sums of the chunks are merged in the order of the chunks before the next stage
//! begins, so that it can depend on the whole batch: batch statistics, counts over the targets. The result is
//! bit-identical for any number of threads.

pub use mimo_graph::operation::Sum;

use crate::chunk::Chunk;

/// A pass over one chunk.
pub type Pass<E> = fn(&mut Chunk<'_, E>);

/// One stage of a training step.
///
/// Stages without [`sums`](Self::sums) do not wait: a chunk continues with the next stage at once, so that its values
/// are still in the cache.
#[derive(Clone, Copy, Debug)]
pub struct Stage<E: 'static> {
    /// Part of the step.
    pub part: StepPart,
    /// Pass over a chunk.
    pub run: Pass<E>,
    /// Sums over the whole batch that the next stage reads. Chunks wait for each other if there are any.
    pub sums: &'static [Sum],
}

/// The parts of a training step, in the order in which they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StepPart {
    /// Counts over the targets, for losses that depend on the whole batch.
    Scan,
    /// Forward pass.
    Forward,
    /// Sums over predictions and targets, for losses that depend on the whole batch.
    BatchLoss,
    /// Losses, metrics and the gradients of outputs.
    Loss,
    /// Backward pass of operations that lead to one output only.
    Heads,
    /// Backward pass of operations that several outputs share.
    Trunk,
}

/// Sums of a chunk that the forward pass of an operation needs over the whole batch.
#[derive(Clone, Copy, Debug)]
pub struct ForwardSums<Op: 'static>(pub &'static Op);

/// Sums of a chunk that the backward pass of an operation needs over the whole batch.
#[derive(Clone, Copy, Debug)]
pub struct BackwardSums<Op: 'static>(pub &'static Op);

/// Added to the number of unmasked values; Keras's `epsilon`.
pub(crate) const MASKED_EPSILON: f64 = 1e-7;

/// Merges a [`Sum`]: values of [`Chunk::sums`] become those of the batch in [`Chunk::merged`].
pub(crate) trait Merging {
    /// Resets the values of the batch before the first chunk is merged.
    fn clear(self, merged: &mut [f64]);

    /// Merges the values of one chunk with those of the chunks before it. `before` is the number of samples in those,
    /// `rows` that of the chunk.
    fn merge(self, from: &[f64], merged: &mut [f64], before: usize, rows: usize);

    /// Completes the merging of a batch.
    fn finish(self, merged: &mut [f64], batch: usize);
}

impl Merging for Sum {
    fn clear(self, merged: &mut [f64]) {
        let (start, len) = match self {
            Sum::Add { start, len } => (start, len),
            Sum::Moments { start, channels, .. } => (start, 2 * channels),
            Sum::MaskedMoments { start, channels, counts } => {
                merged[counts..counts + channels].fill(0.0);
                (start, 2 * channels)
            }
        };
        merged[start..start + len].fill(0.0);
    }

    fn merge(self, from: &[f64], merged: &mut [f64], before: usize, rows: usize) {
        match self {
            Sum::Add { start, len } => {
                let sums = merged[start..start + len].iter_mut().zip(&from[start..start + len]);
                sums.for_each(|(sum, value)| *sum += value);
            }
            // Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances", 1979.
            Sum::Moments { start, channels, positions } => {
                let [before, new] = [before, rows].map(|rows| (rows * positions) as f64);
                let all = before + new;
                let (means, squares) = merged[start..start + 2 * channels].split_at_mut(channels);
                let (new_means, new_squares) = from[start..start + 2 * channels].split_at(channels);
                for c in 0..channels {
                    let distance = new_means[c] - means[c];
                    means[c] += distance * (new / all);
                    squares[c] += new_squares[c] + distance * distance * (before * new / all);
                }
            }
            Sum::MaskedMoments { start, channels, counts } => {
                for c in 0..channels {
                    let [before, new] = [merged[counts + c], from[counts + c]];
                    let all = before + new;
                    if new == 0.0 {
                        continue;
                    }
                    let distance = from[start + c] - merged[start + c];
                    merged[start + c] += distance * (new / all);
                    merged[start + channels + c] +=
                        from[start + channels + c] + distance * distance * (before * new / all);
                    merged[counts + c] = all;
                }
            }
        }
    }

    fn finish(self, merged: &mut [f64], batch: usize) {
        match self {
            Sum::Add { .. } => {}
            Sum::Moments { start, channels, positions } => {
                let count = (batch * positions) as f64;
                // The biased variance, as in Keras.
                merged[start + channels..start + 2 * channels].iter_mut().for_each(|sum| *sum /= count);
            }
            // Keras adds to the number of values, to avoid a division by zero.
            Sum::MaskedMoments { start, channels, counts } => {
                for c in 0..channels {
                    let count = merged[counts + c];
                    let mean = merged[start + c] * (count / (count + MASKED_EPSILON));
                    let distance = merged[start + c] - mean;
                    let squares = merged[start + channels + c] + count * distance * distance;
                    merged[start + c] = mean;
                    merged[start + channels + c] = squares / (count + MASKED_EPSILON);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masked_moments_are_those_of_the_values_that_count() {
        let values = [3.0, 5.0, 4.0, 9.0, 1.0];
        let sum = Sum::MaskedMoments { start: 0, channels: 1, counts: 2 };
        let mut merged = [7.0; 3];
        sum.clear(&mut merged);
        // The second chunk has no unmasked value.
        for chunk in [&values[..2], &[], &values[2..]] {
            let mean = chunk.iter().sum::<f64>() / chunk.len().max(1) as f64;
            let squares = chunk.iter().map(|x| (x - mean) * (x - mean)).sum();
            sum.merge(&[mean, squares, chunk.len() as f64], &mut merged, 0, 4);
        }
        sum.finish(&mut merged, 12);
        let [mean, variance, count] = merged;
        assert!((mean - 4.4).abs() < 1e-6 && (variance - 7.04).abs() < 1e-6 && count == 5.0, "{merged:?}");
        sum.clear(&mut merged);
        sum.finish(&mut merged, 12);
        assert_eq!(merged, [0.0; 3]);
    }

    #[test]
    fn moments_of_chunks_are_those_of_the_batch() {
        let values: Vec<f64> = (0..30).map(|i| 1e6 + f64::from(i * i % 17)).collect();
        let mean = values.iter().sum::<f64>() / 30.0;
        let variance = values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / 30.0;
        // Three positions per sample, in chunks of 4, 4 and 2 samples.
        let sum = Sum::Moments { start: 1, channels: 1, positions: 3 };
        let mut merged = [7.0; 3];
        sum.clear(&mut merged);
        for (first, rows) in [(0, 4), (4, 4), (8, 2)] {
            let chunk = &values[3 * first..3 * (first + rows)];
            let mean = chunk.iter().sum::<f64>() / chunk.len() as f64;
            let squares = chunk.iter().map(|x| (x - mean) * (x - mean)).sum();
            sum.merge(&[0.0, mean, squares], &mut merged, first, rows);
        }
        sum.finish(&mut merged, 10);
        assert_eq!(merged[0], 7.0);
        assert!((merged[1] - mean).abs() < 1e-9 && (merged[2] - variance).abs() < 1e-9, "{merged:?}");
    }
}
