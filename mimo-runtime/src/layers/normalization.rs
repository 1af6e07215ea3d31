//! `Normalization` by weights: values shifted and scaled by the mean and variance of the data.

pub use mimo_graph::operation::Normalization;

use crate::chunk::Chunk;
use crate::float::Float;
use crate::kernels::batch_norm::{BLOCK, ChannelBlock, channel_affine, channel_gradient};
use crate::layers::apply_mask;
use crate::run::run;

/// Smallest divisor: Keras's `epsilon`.
const LEAST: f64 = 1e-7;

/// Positions that have a mean and a variance, in blocks.
fn blocks(op: &Normalization) -> impl Iterator<Item = ChannelBlock> + use<> {
    ChannelBlock::all(op.positions, op.inner)
}

/// Numbers to subtract, to multiply by and to add, for each position of a block.
fn numbers<E: Float>(op: &Normalization, chunk: &Chunk<'_, E>, block: ChannelBlock) -> [[E; BLOCK]; 3] {
    let [mean, variance] = [op.mean, op.variance].map(|block| chunk.weight(block, op.positions));
    let mut found = [[E::zero(); BLOCK]; 3];
    let [shift, scale, offset] = &mut found;
    for i in 0..block.len {
        let at = block.first + i;
        let deviation = variance[at].sqrt().max(E::of(LEAST));
        if op.invert {
            (scale[i], offset[i]) = (deviation, mean[at]);
        } else {
            (shift[i], scale[i]) = (mean[at], E::one() / deviation);
        }
    }
    found
}

fn forward<E: Float>(op: &Normalization, chunk: &mut Chunk<'_, E>) {
    for block in blocks(op) {
        let by_channel = numbers(op, chunk, block);
        for row in 0..chunk.rows {
            let [x, y] = chunk.rows_mut([op.x.view, op.y.view], row);
            channel_affine(block, &by_channel, x, y);
        }
    }
}

fn backward<E: Float>(op: &Normalization, chunk: &mut Chunk<'_, E>) {
    let Some(dy) = op.y.gradient else { return };
    let Some(target) = op.x.gradient else { return };
    let zeros = [E::zero(); BLOCK];
    for block in blocks(op) {
        let [_, scale, _] = numbers(op, chunk, block);
        let by_channel = [zeros, scale, zeros, zeros];
        for row in 0..chunk.rows {
            // The gradient does not depend on x, which is not stored: the derivatives are 0.
            let [dy, dx] = chunk.rows_mut([dy, target.view], row);
            channel_gradient(block, &by_channel, dy, dy, dx, target.accumulate);
        }
    }
    apply_mask(chunk, target);
}

run!(Normalization, forward, backward);
