//! `Weight`: a weight as a tensor.

pub use mimo_graph::operation::WeightTensor;

use crate::chunk::Chunk;
use crate::float::Float;
use crate::run::run;

fn forward<E: Float>(op: &WeightTensor, chunk: &mut Chunk<'_, E>) {
    let values = chunk.weight(op.weight.block, op.y.view.len);
    for row in 0..chunk.rows {
        let [y] = chunk.rows_mut([op.y.view], row);
        y.copy_from_slice(values);
    }
}

/// The gradient of the weight is the sum over samples.
fn backward<E: Float>(op: &WeightTensor, chunk: &mut Chunk<'_, E>) {
    let Some(dy) = op.y.gradient else { return };
    let Some(sums) = chunk.accumulator(&op.weight) else { return };
    for row in 0..chunk.rows {
        let from = chunk.mat(dy).offset + row * dy.stride;
        let sums = sums.offset..sums.offset + dy.len;
        // A value and a gradient never overlap.
        if let Ok([sums, dy]) = chunk.arena.get_disjoint_mut([sums, from..from + dy.len]) {
            sums.iter_mut().zip(&*dy).for_each(|(sum, dy)| *sum += *dy);
        }
    }
}

run!(WeightTensor, forward, backward);
