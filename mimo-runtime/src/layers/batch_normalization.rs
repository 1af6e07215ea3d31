//! `BatchNormalization`: normalizes every channel to mean 0 and variance 1, then scales and shifts it.

pub use mimo_graph::operation::BatchNormalization;

use crate::chunk::{Chunk, Mode};
use crate::float::Float;
use crate::kernels::batch_norm::{
    self, BLOCK, ChannelBlock, channel_affine, channel_gradient, channel_gradient_sums,
};
use crate::layers::apply_mask;
use crate::run::run;
use crate::stage::{BackwardSums, ForwardSums};

fn blocks(op: &BatchNormalization) -> impl Iterator<Item = ChannelBlock> + use<> {
    ChannelBlock::all(op.channels, op.inner)
}

/// Offset of the sums of the batch, if this pass uses them.
fn batch_sums(op: &BatchNormalization, mode: Mode) -> Option<usize> {
    op.sums.filter(|_| mode == Mode::Train)
}

/// Mean and `1 / √(variance + ε)` of a block's channels.
fn statistics<E: Float>(
    op: &BatchNormalization,
    chunk: &Chunk<'_, E>,
    block: ChannelBlock,
) -> [[E; BLOCK]; 2] {
    let mut found = [[E::zero(); BLOCK]; 2];
    let [mean, inverse] = &mut found;
    let [averages, variances] =
        [op.moving_mean, op.moving_variance].map(|block| chunk.weight(block, op.channels));
    for (i, c) in (block.first..block.first + block.len).enumerate() {
        let variance = match batch_sums(op, chunk.mode) {
            Some(start) => {
                mean[i] = E::of(chunk.merged[start + c]);
                E::of(chunk.merged[start + op.channels + c])
            }
            None => {
                mean[i] = averages[c];
                variances[c]
            }
        };
        inverse[i] = E::one() / (variance + E::of(op.epsilon)).sqrt();
    }
    found
}

/// A weight of a channel, or the default for a missing one.
fn weight<E: Float>(values: Option<&[E]>, channel: usize, without: E) -> E {
    values.map_or(without, |values| values[channel])
}

fn forward<E: Float>(op: &BatchNormalization, chunk: &mut Chunk<'_, E>) {
    let [gamma, beta] = [op.gamma, op.beta].map(|block| block.map(|block| chunk.weight(block, op.channels)));
    for block in blocks(op) {
        let [mean, mut scale] = statistics(op, chunk, block);
        let mut shift = [E::zero(); BLOCK];
        for (i, c) in (block.first..block.first + block.len).enumerate() {
            scale[i] *= weight(gamma, c, E::one());
            shift[i] = weight(beta, c, E::zero());
        }
        for row in 0..chunk.rows {
            let [x, y] = chunk.rows_mut([op.x.view, op.y.view], row);
            channel_affine(block, &[mean, scale, shift], x, y);
        }
    }
}

fn backward<E: Float>(op: &BatchNormalization, chunk: &mut Chunk<'_, E>) {
    let Some(dy) = op.y.gradient else { return };
    let Some(target) = op.x.gradient else { return };
    let positions = op.x.view.len / op.channels.max(1);
    let count = (chunk.batch * positions) as f64;
    let batch = batch_sums(op, chunk.mode);
    let gamma = op.gamma.map(|block| chunk.weight(block, op.channels));
    for block in blocks(op) {
        let [mean, inverse] = statistics(op, chunk, block);
        let ([mut scale, mut slope], mut shift) = ([[E::zero(); BLOCK]; 2], [E::zero(); BLOCK]);
        for (i, c) in (block.first..block.first + block.len).enumerate() {
            scale[i] = weight(gamma, c, E::one()) * inverse[i];
            // Mean and variance depend on x too: dx = scale · (dy − mean(dy) − x̂ · mean(dy·x̂)).
            if let Some(start) = batch {
                let [plain, weighted] = [2, 3].map(|part| chunk.merged[start + part * op.channels + c]);
                slope[i] = -scale[i] * inverse[i] * E::of(weighted / count);
                shift[i] = -scale[i] * E::of(plain / count);
            }
        }
        if let (Some(mask), Some(start)) = (op.mask, batch) {
            let by_channel = [mean, scale, inverse];
            masked::gradient(op, chunk, block, (mask, start), &by_channel);
            continue;
        }
        for row in 0..chunk.rows {
            let by_channel = &[mean, scale, slope, shift];
            if batch.is_some() {
                let [x, dy, dx] = chunk.rows_mut([op.x.view, dy, target.view], row);
                channel_gradient(block, by_channel, x, dy, dx, target.accumulate);
            } else {
                // The gradient does not depend on x, which is not stored: the slopes are 0.
                let [dy, dx] = chunk.rows_mut([dy, target.view], row);
                channel_gradient(block, by_channel, dy, dy, dx, target.accumulate);
            }
        }
    }
    apply_mask(chunk, target);
}

/// Statistics of a chunk, which are merged to those of the batch: the mean of each channel, and the sum of squared
/// distances from it. Distances are computed from the chunk's own mean, so that no precision is lost if the mean is
/// large.
fn moments<E: Float>(op: &ForwardSums<BatchNormalization>, chunk: &mut Chunk<'_, E>) {
    let ForwardSums(op) = op;
    let Some(start) = batch_sums(op, chunk.mode) else { return };
    if let Some(mask) = op.mask {
        return masked::moments(op, chunk, mask, start);
    }
    let count = (chunk.rows * (op.x.view.len / op.channels.max(1))) as f64;
    for block in blocks(op) {
        let ([mut mean, mut squares], len) = ([[0.0; BLOCK]; 2], block.len);
        for row in 0..chunk.rows {
            batch_norm::channel_sums(block, chunk.row(op.x.view, row), &mut mean[..len]);
        }
        mean.iter_mut().for_each(|sum| *sum /= count);
        for row in 0..chunk.rows {
            batch_norm::channel_squares(block, chunk.row(op.x.view, row), &mean[..len], &mut squares[..len]);
        }
        chunk.sums[start + block.first..][..len].copy_from_slice(&mean[..len]);
        chunk.sums[start + op.channels + block.first..][..len].copy_from_slice(&squares[..len]);
    }
}

/// Sums of a chunk for the backward: `Σ dy` and `Σ dy·x̂` of each channel, which are also the gradients of the offset
/// and the scale.
fn gradient_sums<E: Float>(op: &BackwardSums<BatchNormalization>, chunk: &mut Chunk<'_, E>) {
    let BackwardSums(op) = op;
    let Some(dy) = op.y.gradient else { return };
    let Some(start) = batch_sums(op, chunk.mode) else { return };
    for block in blocks(op) {
        let (statistics, len) = (statistics(op, chunk, block), block.len);
        let mut sums = [[0.0; BLOCK]; 2];
        for row in 0..chunk.rows {
            channel_gradient_sums(
                block,
                &statistics,
                chunk.row(op.x.view, row),
                chunk.row(dy, row),
                &mut sums,
            );
        }
        for (part, sums) in [2, 3].into_iter().zip(&sums) {
            chunk.sums[start + part * op.channels + block.first..][..len].copy_from_slice(&sums[..len]);
        }
    }
}

/// Sums have one direction only.
fn nothing<Op, E>(_: &Op, _: &mut Chunk<'_, E>) {}

run!(BatchNormalization, forward, backward);
run!(sums ForwardSums<BatchNormalization>, moments, nothing);
run!(sums BackwardSums<BatchNormalization>, gradient_sums, nothing);

mod masked;
#[cfg(test)]
mod tests;
