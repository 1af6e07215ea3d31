//! `PReLU`: a ReLU with a trained slope for negative values.

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
            let values = x[at..at + len].iter().zip(&mut y[at..at + len]);
            let activate = |x: E, alpha: E| if x > E::zero() { x } else { alpha * x };
            // One loop for each layout of the slopes, so that the compiler vectorizes the usual ones.
            match step {
                0 => {
                    let alpha = alpha[slope];
                    values.for_each(|(x, y)| *y = activate(*x, alpha));
                }
                1 => {
                    let alpha = &alpha[slope..slope + len];
                    values.zip(alpha).for_each(|((x, y), alpha)| *y = activate(*x, *alpha));
                }
                _ => {
                    let alpha = |i: usize| alpha[slope + i * step];
                    values.enumerate().for_each(|(i, (x, y))| *y = activate(*x, alpha(i)));
                }
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
            let values = x[at..at + len].iter().zip(&dy[at..at + len]).zip(&mut dx[at..at + len]);
            let own = |x: E, dy: E, alpha: E| {
                let negative = if x < E::zero() { alpha * dy } else { E::zero() };
                if x > E::zero() { dy } else { negative }
            };
            match (step, target.accumulate) {
                (0, false) => {
                    let alpha = alpha[slope];
                    values.for_each(|((x, dy), dx)| *dx = own(*x, *dy, alpha));
                }
                (1, false) => {
                    let alpha = &alpha[slope..slope + len];
                    values.zip(alpha).for_each(|(((x, dy), dx), alpha)| *dx = own(*x, *dy, *alpha));
                }
                (_, accumulate) => {
                    for (i, ((x, dy), dx)) in values.enumerate() {
                        let own = own(*x, *dy, alpha[slope + i * step]);
                        *dx = if accumulate { *dx + own } else { own };
                    }
                }
            }
        });
    }
    apply_mask(chunk, target);
}

run!(Prelu, forward, backward);
