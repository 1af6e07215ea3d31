//! `Rescaling`, and `Normalization` by constants: values shifted and scaled.

pub use mimo_graph::operation::Rescaling;

use crate::chunk::Chunk;
use crate::float::Float;
use crate::kernels::batch_norm::{BLOCK, ChannelBlock, channel_affine, channel_gradient};
use crate::layers::apply_mask;
use crate::run::run;

/// Positions that have constants, in blocks. A single constant is for all values of a sample.
fn blocks(op: &Rescaling) -> impl Iterator<Item = ChannelBlock> + use<> {
    let count = op.scale.len();
    ChannelBlock::all(count, if count == 1 { op.x.view.len } else { op.inner })
}

/// The constants of a block.
fn constants<E: Float>(list: &[f64], block: ChannelBlock) -> [E; BLOCK] {
    let mut found = [E::zero(); BLOCK];
    for (found, constant) in found.iter_mut().zip(list.iter().skip(block.first).take(block.len)) {
        *found = E::of(*constant);
    }
    found
}

fn forward<E: Float>(op: &Rescaling, chunk: &mut Chunk<'_, E>) {
    for block in blocks(op) {
        let by_channel = [&op.shift, &op.scale, &op.offset].map(|list| constants(list, block));
        for row in 0..chunk.rows {
            let [x, y] = chunk.rows_mut([op.x.view, op.y.view], row);
            channel_affine(block, &by_channel, x, y);
        }
    }
}

fn backward<E: Float>(op: &Rescaling, chunk: &mut Chunk<'_, E>) {
    let Some(dy) = op.y.gradient else { return };
    let Some(target) = op.x.gradient else { return };
    let zeros = [E::zero(); BLOCK];
    for block in blocks(op) {
        let by_channel = [zeros, constants(&op.scale, block), zeros, zeros];
        for row in 0..chunk.rows {
            // The gradient does not depend on x, which is not stored: the derivatives are 0.
            let [dy, dx] = chunk.rows_mut([dy, target.view], row);
            channel_gradient(block, &by_channel, dy, dy, dx, target.accumulate);
        }
    }
    apply_mask(chunk, target);
}

run!(Rescaling, forward, backward);

#[cfg(test)]
mod tests {
    use mimo_graph::describe::List;

    use super::*;
    use crate::layers::check::{Bench, check};
    use crate::program::{GradientTarget, Read, Written};

    #[test]
    fn gradients() {
        // One constant for contiguous values, and for all values.
        for (count, inner, len) in [(1, 1, 12), (1, 4, 12), (3, 1, 12), (3, 2, 12), (BLOCK + 1, 1, BLOCK + 1)]
        {
            for (gap, accumulate) in [(0, false), (3, false), (2, true)] {
                let mut bench = Bench::new(3);
                let [x, y, dy, dx] = std::array::from_fn(|_| bench.value(len, gap));
                let target = GradientTarget { view: dx, accumulate, mask: accumulate.then_some(x) };
                let list = |from: f64| List::Owned((0..count).map(|i| from + 0.1 * (i % 7) as f64).collect());
                let op = Rescaling {
                    shift: list(0.3),
                    scale: list(-0.25),
                    offset: list(0.5),
                    inner,
                    x: Read::new(x, Some(target)),
                    y: Written::new(y, Some(dy)),
                };
                check(&bench, &op, &[(x, Some(target))], y, dy);
            }
        }
    }
}
