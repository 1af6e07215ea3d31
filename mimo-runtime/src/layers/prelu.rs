//! `PReLU`: a ReLU whose slope for negative values is learned.

pub use mimo_graph::operation::Prelu;

use crate::chunk::Chunk;
use crate::float::Float;
use crate::layers::{apply_mask, strided};
use crate::run::run;

fn forward<E: Float>(op: &Prelu, chunk: &mut Chunk<'_, E>) {
    let alpha = chunk.weight(op.alpha.block, op.slopes);
    for row in 0..chunk.rows {
        let [x, y] = chunk.rows_mut([op.x.view, op.y.view], row);
        strided::each_run(&op.shape, &op.strides, |at, slope, len, step| {
            for (i, (x, y)) in x[at..at + len].iter().zip(&mut y[at..at + len]).enumerate() {
                *y = if *x > E::zero() { *x } else { alpha[slope + i * step] * *x };
            }
        });
    }
}

/// As in Keras, the derivative at 0 is 0.
fn backward<E: Float>(op: &Prelu, chunk: &mut Chunk<'_, E>) {
    let Some(dy) = op.y.gradient else { return };
    if let Some(sums) = chunk.accumulator(&op.alpha) {
        for row in 0..chunk.rows {
            let [x, dy] = [op.x.view, dy].map(|view| chunk.mat(view).offset + row * view.stride);
            strided::each_run(&op.shape, &op.strides, |at, slope, len, step| {
                for i in 0..len {
                    let (x, dy) = (chunk.arena[x + at + i], chunk.arena[dy + at + i]);
                    if x < E::zero() {
                        chunk.arena[sums.offset + slope + i * step] += x * dy;
                    }
                }
            });
        }
    }
    let Some(target) = op.x.gradient else { return };
    let alpha = chunk.weight(op.alpha.block, op.slopes);
    for row in 0..chunk.rows {
        let [x, dy, dx] = chunk.rows_mut([op.x.view, dy, target.view], row);
        strided::each_run(&op.shape, &op.strides, |at, slope, len, step| {
            for i in 0..len {
                let (x, dy) = (x[at + i], dy[at + i]);
                let own = if x > E::zero() {
                    dy
                } else if x < E::zero() {
                    alpha[slope + i * step] * dy
                } else {
                    E::zero()
                };
                let to = &mut dx[at + i];
                *to = if target.accumulate { *to + own } else { own };
            }
        });
    }
    apply_mask(chunk, target);
}

run!(Prelu, forward, backward);
