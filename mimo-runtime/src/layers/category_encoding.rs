//! `CategoryEncoding`: encodes integers as vectors of zeros and ones, or of counts.

pub use mimo_graph::operation::{CategoryEncoding, Encoding};

use crate::chunk::Chunk;
use crate::float::Float;
use crate::run::run;

fn forward<E: Float>(op: &CategoryEncoding, chunk: &mut Chunk<'_, E>) {
    for row in 0..chunk.rows {
        let [x, y] = chunk.rows_mut([op.x.view, op.y.view], row);
        y.fill(E::zero());
        for (i, number) in x.iter().enumerate() {
            let first = if op.encoding == Encoding::OneHot { i * op.tokens } else { 0 };
            // As for an `Embedding`, data sets and predictors have checked that the number is valid. Other callers
            // that fill the engine's columns get the nearest index.
            let place = first + (number.f64() as usize).min(op.tokens - 1);
            let before = if op.encoding == Encoding::Count { y[place] } else { E::zero() };
            y[place] = before + E::one();
        }
    }
}

/// Integers have no gradient.
fn backward<E: Float>(_: &CategoryEncoding, _: &mut Chunk<'_, E>) {}

run!(CategoryEncoding, forward, backward);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::check::Bench;
    use crate::program::{Read, Written};

    #[test]
    fn numbers_are_encoded_and_never_out_of_bounds() {
        let ones = [0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0];
        let cases: [(_, &[f64]); 3] = [
            (Encoding::OneHot, &ones),
            (Encoding::MultiHot, &[0.0, 1.0, 1.0]),
            (Encoding::Count, &[0.0, 2.0, 1.0]),
        ];
        for (encoding, wanted) in cases {
            let mut bench = Bench::new(2);
            let (x, y) = (bench.value(3, 1), bench.value(wanted.len(), 2));
            let (x, y) = (Read::new(x, None), Written::new(y, None));
            let op = CategoryEncoding { encoding, tokens: 3, x, y };
            let mut arena = bench.arena::<f64>();
            bench.write(&mut arena, op.x.view, &[1.0, 2.0, 1.0, 7.0, -1.0, f64::NAN]);
            bench.forward(&op, &mut arena);
            assert_eq!(bench.read(&arena, op.y.view)[..wanted.len()], *wanted);
        }
    }
}
