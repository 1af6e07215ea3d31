//! Adds a bias along some axes.

pub use mimo_graph::operation::Bias;

use crate::chunk::Chunk;
use crate::float::Float;
use crate::layers::{pass, strided};
use crate::run::run;

fn forward<E: Float>(op: &Bias, chunk: &mut Chunk<'_, E>) {
    let bias = chunk.weight(op.bias.block, op.values);
    for row in 0..chunk.rows {
        let [x, y] = chunk.rows_mut([op.x.view, op.y.view], row);
        strided::each_run(&op.shape, &op.strides, |at, from, len, step| {
            for (i, (x, y)) in x[at..at + len].iter().zip(&mut y[at..at + len]).enumerate() {
                *y = *x + bias[from + i * step];
            }
        });
    }
}

fn backward<E: Float>(op: &Bias, chunk: &mut Chunk<'_, E>) {
    let Some(dy) = op.y.gradient else { return };
    if let Some(sums) = chunk.accumulator(&op.bias) {
        for row in 0..chunk.rows {
            let dy = chunk.mat(dy).offset + row * dy.stride;
            strided::each_run(&op.shape, &op.strides, |at, to, len, step| {
                for i in 0..len {
                    let dy = chunk.arena[dy + at + i];
                    chunk.arena[sums.offset + to + i * step] += dy;
                }
            });
        }
    }
    if let Some(target) = op.x.gradient {
        pass(chunk, dy, target);
    }
}

run!(Bias, forward, backward);
