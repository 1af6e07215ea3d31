//! `GroupNormalization`: groups of channels with mean 0 and variance 1, then scaled and shifted.

pub use mimo_graph::operation::GroupNormalization;

use crate::chunk::Chunk;
use crate::float::Float;
use crate::kernels::batch_norm::{
    BLOCK, ChannelBlock, channel_affine, channel_gradient, channel_gradient_sums, channel_squares,
    channel_sums,
};
use crate::layers::apply_mask;
use crate::run::run;

/// Whole groups whose channels are computed together: as many as fit into a block, or one that needs several blocks.
#[derive(Clone, Copy)]
struct Span {
    channels: usize,
    inner: usize,
    /// Channels of a group.
    size: usize,
    /// The first channel.
    first: usize,
    /// The channel after the last.
    end: usize,
}

impl Span {
    fn all(op: &GroupNormalization) -> impl Iterator<Item = Span> + use<> {
        let (channels, inner) = (op.channels, op.inner);
        let size = channels.checked_div(op.groups).unwrap_or(0).max(1);
        let step = size * (BLOCK / size).max(1);
        (0..channels).step_by(step).map(move |first| Span {
            channels,
            inner,
            size,
            first,
            end: channels.min(first + step),
        })
    }

    fn blocks(self) -> impl Iterator<Item = ChannelBlock> {
        let Span { channels, inner, first, end, .. } = self;
        let block = move |first| ChannelBlock { channels, inner, first, len: BLOCK.min(end - first) };
        (first..end).step_by(BLOCK).map(block)
    }

    /// Index within the span of the group of a channel. A span has at most as many groups as a block has channels.
    fn group(self, channel: usize) -> usize {
        (channel - self.first) / self.size
    }

    /// Sums for each group what `sums` computes for the channels of a block.
    fn by_group(self, mut sums: impl FnMut(ChannelBlock, &mut [f64])) -> [f64; BLOCK] {
        let mut groups = [0.0; BLOCK];
        for block in self.blocks() {
            let mut channels = [0.0; BLOCK];
            sums(block, &mut channels[..block.len]);
            for (i, sum) in channels.iter().enumerate().take(block.len) {
                groups[self.group(block.first + i)] += sum;
            }
        }
        groups
    }
}

/// Mean and `1 / √(variance + ε)` of the groups of a span. Sums are taken in `f64`, because a group may be a whole
/// image.
fn statistics<E: Float>(op: &GroupNormalization, span: Span, x: &[E]) -> [[f64; BLOCK]; 2] {
    let count = values(op, span);
    let mut mean = span.by_group(|block, sums| channel_sums(block, x, sums));
    mean.iter_mut().for_each(|sum| *sum /= count);
    let mut inverse = span.by_group(|block, sums| {
        let means: [f64; BLOCK] = of_channels(span, block, &mean);
        channel_squares(block, x, &means, sums);
    });
    inverse.iter_mut().for_each(|sum| *sum = 1.0 / (*sum / count + op.epsilon).sqrt());
    [mean, inverse]
}

/// Number of values of a group.
fn values(op: &GroupNormalization, span: Span) -> f64 {
    (op.x.view.len / op.channels.max(1) * span.size) as f64
}

/// Copies the number of each group to the channels of a block.
fn of_channels<T: Copy + Default>(span: Span, block: ChannelBlock, groups: &[T; BLOCK]) -> [T; BLOCK] {
    let mut found = [T::default(); BLOCK];
    for (i, number) in found.iter_mut().enumerate().take(block.len) {
        *number = groups[span.group(block.first + i)];
    }
    found
}

fn forward<E: Float>(op: &GroupNormalization, chunk: &mut Chunk<'_, E>) {
    let [gamma, beta] =
        [op.gamma, op.beta].map(|weight| weight.map(|weight| chunk.weight(weight.block, op.channels)));
    for row in 0..chunk.rows {
        let [x, y] = chunk.rows_mut([op.x.view, op.y.view], row);
        for span in Span::all(op) {
            let [mean, inverse] = statistics(op, span, x).map(|numbers| numbers.map(E::of));
            for block in span.blocks() {
                let [mean, mut scale] = [&mean, &inverse].map(|groups| of_channels(span, block, groups));
                let mut shift = [E::zero(); BLOCK];
                for (i, c) in (block.first..block.first + block.len).enumerate() {
                    scale[i] *= gamma.map_or(E::one(), |gamma| gamma[c]);
                    shift[i] = beta.map_or(E::zero(), |beta| beta[c]);
                }
                channel_affine(block, &[mean, scale, shift], x, y);
            }
        }
    }
}

/// With `n` the normalized values and `g = gamma · dy`: `dx = (g − mean(g) − n · mean(g · n)) / √(variance + epsilon)`,
/// `dgamma = Σ n · dy`, `dbeta = Σ dy`.
fn backward<E: Float>(op: &GroupNormalization, chunk: &mut Chunk<'_, E>) {
    let Some(dy) = op.y.gradient else { return };
    let gamma = op.gamma.map(|weight| chunk.weight(weight.block, op.channels));
    let accumulators = [op.gamma, op.beta].map(|weight| weight.and_then(|weight| chunk.accumulator(&weight)));
    for row in 0..chunk.rows {
        for span in Span::all(op) {
            let [mean, inverse] = statistics(op, span, chunk.row(op.x.view, row)).map(|it| it.map(E::of));
            let mut sums = [[0.0; BLOCK]; 2];
            for block in span.blocks() {
                let numbers = [&mean, &inverse].map(|groups| of_channels(span, block, groups));
                let mut own = [[0.0; BLOCK]; 2];
                let [x, dy] = [op.x.view, dy].map(|view| chunk.row(view, row));
                channel_gradient_sums(block, &numbers, x, dy, &mut own);
                for (i, c) in (block.first..block.first + block.len).enumerate() {
                    let [plain, weighted] = own.map(|sums| sums[i]);
                    let gamma = gamma.map_or(1.0, |gamma| gamma[c].f64());
                    let [all_plain, all_weighted] = &mut sums;
                    all_plain[span.group(c)] += gamma * plain;
                    all_weighted[span.group(c)] += gamma * weighted;
                    for (place, sum) in accumulators.into_iter().zip([weighted, plain]) {
                        if let Some(place) = place {
                            chunk.arena[place.offset + c] += E::of(sum);
                        }
                    }
                }
            }
            let Some(target) = op.x.gradient else { continue };
            let count = values(op, span);
            let [plain, weighted] = sums.map(|sums| sums.map(|sum| E::of(sum / count)));
            for block in span.blocks() {
                let [mean, inverse, plain, weighted] =
                    [&mean, &inverse, &plain, &weighted].map(|groups| of_channels(span, block, groups));
                let ([mut scale, mut slope], mut shift) = ([[E::zero(); BLOCK]; 2], [E::zero(); BLOCK]);
                for (i, c) in (block.first..block.first + block.len).enumerate() {
                    scale[i] = gamma.map_or(inverse[i], |gamma| gamma[c] * inverse[i]);
                    slope[i] = -inverse[i] * inverse[i] * weighted[i];
                    shift[i] = -inverse[i] * plain[i];
                }
                let [x, dy, dx] = chunk.rows_mut([op.x.view, dy, target.view], row);
                channel_gradient(block, &[mean, scale, slope, shift], x, dy, dx, target.accumulate);
            }
        }
    }
    if let Some(target) = op.x.gradient {
        apply_mask(chunk, target);
    }
}

run!(GroupNormalization, forward, backward);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::check::{Bench, check};
    use crate::program::{GradientTarget, Read, Written};

    #[test]
    fn gradients() {
        // Outer positions, channels, inner ones, groups: small groups, one group, one per channel, more than a block.
        let cases = [(3, 4, 1, 2), (2, 4, 3, 2), (4, 3, 1, 1), (3, 2, 2, 2), (1, BLOCK + 6, 1, 1)];
        for (outer, channels, inner, groups) in cases.into_iter().chain([(2, BLOCK + 6, 1, 35)]) {
            for (gap, accumulate) in [(0, false), (3, false), (2, true)] {
                let mut bench = Bench::new(2);
                let [x, y, dy, dx] = std::array::from_fn(|_| bench.value(outer * channels * inner, gap));
                let target = GradientTarget { view: dx, accumulate, mask: accumulate.then_some(x) };
                let op = GroupNormalization {
                    channels,
                    inner,
                    groups,
                    epsilon: 0.1,
                    gamma: None,
                    beta: None,
                    x: Read::new(x, Some(target)),
                    y: Written::new(y, Some(dy)),
                };
                check(&bench, &op, &[(x, Some(target))], y, dy);
            }
        }
    }
}
