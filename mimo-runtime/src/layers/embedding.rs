//! `Embedding`: a trained vector for each of a fixed number of integers.
//!
//! The input is an index and has no gradient. Chunks do not sum up the gradient of the vectors: each would need room
//! for the whole vocabulary, most of it zeros. Instead, in the second phase of a step every task goes through the
//! indices of the batch in order and adds the gradients of those whose vectors it owns.

pub use mimo_graph::operation::Embedding;

use crate::chunk::Chunk;
use crate::float::Float;
use crate::run::run;

fn forward<E: Float>(op: &Embedding, chunk: &mut Chunk<'_, E>) {
    let vectors = chunk.weight(op.embeddings.block, op.vocabulary * op.units);
    for row in 0..chunk.rows {
        let [x, y] = chunk.rows_mut([op.x.view, op.y.view], row);
        for (number, y) in x.iter().zip(y.chunks_exact_mut(op.units)) {
            // Data sets and predictors have checked that the index is in the vocabulary. Code that fills the engine's
            // columns by other means gets the nearest one.
            let vector = (number.f64() as usize).min(op.vocabulary - 1);
            y.copy_from_slice(&vectors[vector * op.units..(vector + 1) * op.units]);
        }
    }
}

fn backward<E: Float>(_: &Embedding, _: &mut Chunk<'_, E>) {}

run!(Embedding, forward, backward);

#[cfg(test)]
mod tests {
    use mimo_graph::operation::BatchWeight;

    use super::*;
    use crate::layers::check::Bench;
    use crate::program::{Read, Starts, Written};

    #[test]
    fn vectors_are_looked_up_and_numbers_are_never_out_of_bounds() {
        let mut bench = Bench::new(2);
        let (x, y) = (bench.value(3, 1), bench.value(6, 2));
        let op = Embedding {
            vocabulary: 3,
            units: 2,
            numbers: 3,
            x: Read::new(x, None),
            y: Written::new(y, None),
            embeddings: BatchWeight::scatter(0),
        };
        let starts = Starts { blocks: &[1], ..Starts::NONE };
        let params = [9.0, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 9.0];
        let mut arena = bench.arena::<f64>();
        bench.write(&mut arena, x, &[2.0, 0.0, 1.0, 3.0, -1.0, f64::NAN]);
        let mut statistics = [];
        let mut chunk = Chunk { params: &params, starts, ..bench.chunk(&mut arena, &mut statistics) };
        forward(&op, &mut chunk);
        let found = bench.read(&arena, y);
        assert_eq!(found, [2.0, 2.5, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 0.0, 0.5, 0.0, 0.5]);
    }
}
