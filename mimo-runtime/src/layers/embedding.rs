//! `Embedding`: a vector for each of some whole numbers.
//!
//! What is read is looked up and has no gradient. The gradient of the vectors is not summed up by the chunks: each would
//! need room for the whole vocabulary, most of it zeros. In the second phase of a step every task goes through the
//! numbers of the batch in order and adds the gradients of those whose vectors it owns.

use crate::chunk::Chunk;
use crate::float::Float;
use crate::program::View;
use crate::run::run;

/// A vector for each number.
#[derive(Clone, Copy, Debug)]
pub struct Embedding {
    /// How many vectors there are.
    pub vocabulary: usize,
    /// Values of a vector.
    pub units: usize,
    /// What is read: whole numbers below `vocabulary`.
    pub x: View,
    /// What is given: their vectors.
    pub y: View,
    /// Where the vectors begin in the parameter buffer, `[vocabulary, units]`.
    pub embeddings: usize,
}

fn forward<E: Float>(op: &Embedding, chunk: &mut Chunk<'_, E>) {
    let vectors = &chunk.params[op.embeddings..op.embeddings + op.vocabulary * op.units];
    for row in 0..chunk.rows {
        let [x, y] = chunk.rows_mut([op.x, op.y], row);
        for (number, y) in x.iter().zip(y.chunks_exact_mut(op.units)) {
            // Data sets and predictors have seen to it that the number is one of the vocabulary. Whoever fills the
            // engine's columns by other means gets the nearest.
            let vector = (number.f64() as usize).min(op.vocabulary - 1);
            y.copy_from_slice(&vectors[vector * op.units..(vector + 1) * op.units]);
        }
    }
}

fn backward<E: Float>(_: &Embedding, _: &mut Chunk<'_, E>) {}

run!(Embedding, forward, backward);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::check::Bench;

    #[test]
    fn vectors_are_looked_up_and_numbers_are_never_out_of_bounds() {
        let mut bench = Bench::new(2);
        let (x, y) = (bench.value(3, 1), bench.value(6, 2));
        let op = Embedding { vocabulary: 3, units: 2, x, y, embeddings: 1 };
        let params = [9.0, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 9.0];
        let mut arena = bench.arena::<f64>();
        bench.write(&mut arena, x, &[2.0, 0.0, 1.0, 3.0, -1.0, f64::NAN]);
        let mut statistics = [];
        let mut chunk = Chunk { params: &params, ..bench.chunk(&mut arena, &mut statistics) };
        forward(&op, &mut chunk);
        let found = bench.read(&arena, y);
        assert_eq!(found, [2.0, 2.5, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 0.0, 0.5, 0.0, 0.5]);
    }
}
