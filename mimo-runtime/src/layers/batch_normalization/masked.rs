//! Statistics over unmasked values, and their contribution to the gradient.
//!
//! All values are normalized, with the statistics of the unmasked ones. With `n` of them in a channel and `N = n +
//! 10⁻⁷`, which Keras divides by, `μ = Σ x / N` and `v = Σ (x − μ)² / N`.

use super::{BLOCK, BatchNormalization, ChannelBlock, blocks};
use crate::chunk::Chunk;
use crate::float::Float;
use crate::kernels::batch_norm::channel_gradient;
use crate::program::Read;
use crate::stage::MASKED_EPSILON;

/// Consecutive values of a sample with the same value of the mask, within a block of channels.
struct Run {
    /// Index of the value of the mask.
    position: usize,
    /// The first value.
    start: usize,
    /// The channel of the first value, in the block.
    channel: usize,
    /// Number of values.
    len: usize,
    /// Distance between the channels of consecutive values: 1 if the channels are the last axis, else 0.
    step: usize,
}

/// The runs of a sample with `positions` values in the mask.
fn runs(op: &BatchNormalization, block: ChannelBlock, positions: usize) -> impl Iterator<Item = Run> + use<> {
    let last = op.x.view.len / positions.max(1);
    let (channels, inner) = (op.channels.max(1), op.inner / last.max(1));
    let is_last = op.inner == 1;
    (0..positions).filter_map(move |position| {
        if is_last {
            let start = position * last + block.first;
            return Some(Run { position, start, channel: 0, len: block.len, step: 1 });
        }
        let channel = (position / inner.max(1) % channels).checked_sub(block.first)?;
        let run = Run { position, start: position * last, channel, len: last, step: 0 };
        (channel < block.len).then_some(run)
    })
}

/// Calls `visit` with the values of each unmasked run of a sample.
fn counted<E: Float>(
    op: &BatchNormalization,
    block: ChannelBlock,
    mask: &[E],
    mut visit: impl FnMut(usize, usize),
) {
    for run in runs(op, block, mask.len()).filter(|run| mask[run.position] != E::zero()) {
        (0..run.len).for_each(|i| visit(run.start + i, run.channel + i * run.step));
    }
}

/// The mean of each channel in a chunk, the sum of squared distances from it, and the number of values.
pub(super) fn moments<E: Float>(op: &BatchNormalization, chunk: &mut Chunk<'_, E>, mask: Read, start: usize) {
    for block in blocks(op) {
        let [mut count, mut mean, mut squares] = [[0.0; BLOCK]; 3];
        for row in 0..chunk.rows {
            let (x, mask) = (chunk.row(op.x.view, row), chunk.row(mask.view, row));
            counted(op, block, mask, |at, channel| {
                count[channel] += 1.0;
                mean[channel] += x[at].f64();
            });
        }
        mean.iter_mut().zip(&count).for_each(|(sum, count)| *sum /= f64::max(*count, 1.0));
        for row in 0..chunk.rows {
            let (x, mask) = (chunk.row(op.x.view, row), chunk.row(mask.view, row));
            counted(op, block, mask, |at, channel| {
                let centred = x[at].f64() - mean[channel];
                squares[channel] += centred * centred;
            });
        }
        for (part, sums) in [(0, &mean), (1, &squares), (4, &count)] {
            let to = start + part * op.channels + block.first;
            chunk.sums[to..to + block.len].copy_from_slice(&sums[..block.len]);
        }
    }
}

/// The gradient of the input for a block of channels. `by_channel` holds mean, scale, and `1 / √(v + ε)`.
pub(super) fn gradient<E: Float>(
    op: &BatchNormalization,
    chunk: &mut Chunk<'_, E>,
    block: ChannelBlock,
    (mask, start): (Read, usize),
    by_channel: &[[E; BLOCK]; 3],
) {
    let (Some(dy), Some(target)) = (op.y.gradient, op.x.gradient) else { return };
    let [mean, scale, inverse] = *by_channel;
    let ([mut slope, mut shift], none) = ([[E::zero(); BLOCK]; 2], [E::zero(); BLOCK]);
    for (i, c) in (block.first..block.first + block.len).enumerate() {
        let [plain, weighted, count] = [2, 3, 4].map(|part| chunk.merged[start + part * op.channels + c]);
        let (all, scale, inverse) = (count + MASKED_EPSILON, scale[i].f64(), inverse[i].f64());
        // The gradient of the variance, and that of the mean, on which the variance depends too.
        let variance = -0.5 * scale * inverse * weighted;
        let of_mean = -scale * plain - variance * 2.0 * mean[i].f64() * (MASKED_EPSILON / all);
        slope[i] = E::of(2.0 * variance / all);
        shift[i] = E::of(of_mean / all);
    }
    for row in 0..chunk.rows {
        let [dy, dx] = chunk.rows_mut([dy, target.view], row);
        channel_gradient(block, &[mean, scale, none, none], dy, dy, dx, target.accumulate);
        let ([x, mask], dx) = chunk.masked_row([op.x.view, mask.view], target.view, row);
        counted(op, block, mask, |at, channel| {
            dx[at] += (x[at] - mean[channel]) * slope[channel] + shift[channel];
        });
    }
}
