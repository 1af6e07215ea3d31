//! `BatchNormalization`: every channel with mean 0 and variance 1, then scaled and shifted.

use crate::chunk::{Chunk, Mode};
use crate::float::Float;
use crate::kernels::batch_norm::{
    self, BLOCK, ChannelBlock, channel_affine, channel_gradient, channel_gradient_sums,
};
use crate::layers::apply_mask;
use crate::program::{Sink, View};
use crate::run::run;

/// Normalizes each channel of samples `[outer, channels, inner]`.
///
/// While training, mean and variance are those of the batch, which [`BatchMoments`] and a stage boundary have brought into
/// [`Chunk::merged`]; otherwise they are moving averages.
///
/// **Keras equivalent:** `keras.layers.BatchNormalization()`.
#[derive(Clone, Copy, Debug)]
pub struct BatchNormalization {
    /// Channels.
    pub channels: usize,
    /// The axes after the channels, as one.
    pub inner: usize,
    /// Added to the variance.
    pub epsilon: f64,
    /// Where the scale begins in the parameter buffer.
    pub gamma: Option<usize>,
    /// Where the offset begins.
    pub beta: Option<usize>,
    /// Where the moving averages of the means begin.
    pub moving_mean: usize,
    /// Where the moving averages of the variances begin.
    pub moving_variance: usize,
    /// Where its sums over the batch begin: mean, variance, `Σ dy`, `Σ dy·x̂`, one value per channel each. `None` if the
    /// averages are used in training too.
    pub sums: Option<usize>,
    /// What is read.
    pub x: View,
    /// What is given.
    pub y: View,
    /// The gradient of `y`.
    pub dy: View,
    /// Where the gradient of `x` goes.
    pub dx: Option<Sink>,
}

/// The statistics of a chunk, which make those of the batch: the mean of each channel, and the sum of squared distances
/// from it. Distances are taken from the chunk's own mean, so that nothing is lost where the mean is large.
#[derive(Clone, Copy, Debug)]
pub struct BatchMoments(pub BatchNormalization);

/// The sums of a chunk that the backward needs of the batch: `Σ dy` and `Σ dy·x̂` of each channel, which are the
/// gradients of the offset and the scale too.
#[derive(Clone, Copy, Debug)]
pub struct BatchGradientSums(pub BatchNormalization);

impl BatchNormalization {
    fn blocks(&self) -> impl Iterator<Item = ChannelBlock> + use<> {
        ChannelBlock::all(self.channels, self.inner)
    }

    /// Where the sums of the batch begin, if this pass uses them.
    fn batch(&self, mode: Mode) -> Option<usize> {
        self.sums.filter(|_| mode == Mode::Train)
    }

    /// Mean and `1 / √(variance + ε)` of a block's channels.
    fn statistics<E: Float>(&self, chunk: &Chunk<'_, E>, block: ChannelBlock) -> [[E; BLOCK]; 2] {
        let mut found = [[E::zero(); BLOCK]; 2];
        let [mean, inverse] = &mut found;
        for (i, c) in (block.first..block.first + block.len).enumerate() {
            let variance = match self.batch(chunk.mode) {
                Some(start) => {
                    mean[i] = E::of(chunk.merged[start + c]);
                    E::of(chunk.merged[start + self.channels + c])
                }
                None => {
                    mean[i] = chunk.params[self.moving_mean + c];
                    chunk.params[self.moving_variance + c]
                }
            };
            inverse[i] = E::one() / (variance + E::of(self.epsilon)).sqrt();
        }
        found
    }

    /// A weight of a channel, or what stands for one that is not there.
    fn weight<E: Float>(chunk: &Chunk<'_, E>, start: Option<usize>, channel: usize, without: E) -> E {
        start.map_or(without, |start| chunk.params[start + channel])
    }
}

fn forward<E: Float>(op: &BatchNormalization, chunk: &mut Chunk<'_, E>) {
    for block in op.blocks() {
        let [mean, mut scale] = op.statistics(chunk, block);
        let mut shift = [E::zero(); BLOCK];
        for (i, c) in (block.first..block.first + block.len).enumerate() {
            scale[i] *= BatchNormalization::weight(chunk, op.gamma, c, E::one());
            shift[i] = BatchNormalization::weight(chunk, op.beta, c, E::zero());
        }
        for row in 0..chunk.rows {
            let [x, y] = chunk.rows_mut([op.x, op.y], row);
            channel_affine(block, &[mean, scale, shift], x, y);
        }
    }
}

fn backward<E: Float>(op: &BatchNormalization, chunk: &mut Chunk<'_, E>) {
    let Some(sink) = op.dx else { return };
    let positions = op.x.len / op.channels.max(1);
    let count = (chunk.batch * positions) as f64;
    let batch = op.batch(chunk.mode);
    for block in op.blocks() {
        let [mean, inverse] = op.statistics(chunk, block);
        let ([mut scale, mut slope], mut shift) = ([[E::zero(); BLOCK]; 2], [E::zero(); BLOCK]);
        for (i, c) in (block.first..block.first + block.len).enumerate() {
            scale[i] = BatchNormalization::weight(chunk, op.gamma, c, E::one()) * inverse[i];
            // Mean and variance depend on x too: dx = scale · (dy − mean(dy) − x̂ · mean(dy·x̂)).
            if let Some(start) = batch {
                let [plain, weighted] = [2, 3].map(|part| chunk.merged[start + part * op.channels + c]);
                slope[i] = -scale[i] * inverse[i] * E::of(weighted / count);
                shift[i] = -scale[i] * E::of(plain / count);
            }
        }
        for row in 0..chunk.rows {
            let by_channel = &[mean, scale, slope, shift];
            if batch.is_some() {
                let [x, dy, dx] = chunk.rows_mut([op.x, op.dy, sink.view], row);
                channel_gradient(block, by_channel, x, dy, dx, sink.accumulate);
            } else {
                // The gradient does not depend on x, which is not kept: the slopes are 0.
                let [dy, dx] = chunk.rows_mut([op.dy, sink.view], row);
                channel_gradient(block, by_channel, dy, dy, dx, sink.accumulate);
            }
        }
    }
    apply_mask(chunk, sink);
}

fn moments<E: Float>(op: &BatchMoments, chunk: &mut Chunk<'_, E>) {
    let BatchMoments(op) = op;
    let Some(start) = op.batch(chunk.mode) else { return };
    let count = (chunk.rows * (op.x.len / op.channels.max(1))) as f64;
    for block in op.blocks() {
        let ([mut mean, mut squares], len) = ([[0.0; BLOCK]; 2], block.len);
        for row in 0..chunk.rows {
            batch_norm::channel_sums(block, chunk.row(op.x, row), &mut mean[..len]);
        }
        mean.iter_mut().for_each(|sum| *sum /= count);
        for row in 0..chunk.rows {
            batch_norm::channel_squares(block, chunk.row(op.x, row), &mean[..len], &mut squares[..len]);
        }
        chunk.sums[start + block.first..][..len].copy_from_slice(&mean[..len]);
        chunk.sums[start + op.channels + block.first..][..len].copy_from_slice(&squares[..len]);
    }
}

fn gradient_sums<E: Float>(op: &BatchGradientSums, chunk: &mut Chunk<'_, E>) {
    let BatchGradientSums(op) = op;
    let Some(start) = op.batch(chunk.mode) else { return };
    for block in op.blocks() {
        let (statistics, len) = (op.statistics(chunk, block), block.len);
        let mut sums = [[0.0; BLOCK]; 2];
        for row in 0..chunk.rows {
            channel_gradient_sums(block, &statistics, chunk.row(op.x, row), chunk.row(op.dy, row), &mut sums);
        }
        for (part, sums) in [2, 3].into_iter().zip(&sums) {
            chunk.sums[start + part * op.channels + block.first..][..len].copy_from_slice(&sums[..len]);
        }
    }
}

/// Sums are taken in one direction.
fn nothing<Op, E>(_: &Op, _: &mut Chunk<'_, E>) {}

run!(BatchNormalization, forward, backward);
run!(BatchMoments, moments, nothing);
run!(BatchGradientSums, gradient_sums, nothing);

#[cfg(test)]
mod tests;
