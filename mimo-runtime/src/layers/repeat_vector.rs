//! `RepeatVector`: a vector as every step of a sequence.

use crate::chunk::Chunk;
use crate::float::Float;
use crate::kernels;
use crate::layers::apply_mask;
use crate::program::{Sink, View};
use crate::run::run;

/// Copies a value `n` times.
#[derive(Clone, Copy, Debug)]
pub struct RepeatVector {
    /// How often.
    pub n: usize,
    /// What is read.
    pub x: View,
    /// What is given.
    pub y: View,
    /// The gradient of `y`.
    pub dy: View,
    /// Where the gradient of `x` goes.
    pub dx: Option<Sink>,
}

fn forward<E: Float>(op: &RepeatVector, chunk: &mut Chunk<'_, E>) {
    let x = chunk.mat(op.x);
    for i in 0..op.n {
        let y = chunk.mat(op.y.columns(i * op.x.len, op.x.len));
        kernels::copy(chunk.arena, x, y, false);
    }
}

fn backward<E: Float>(op: &RepeatVector, chunk: &mut Chunk<'_, E>) {
    let Some(sink) = op.dx else { return };
    let dx = chunk.mat(sink.view);
    for i in 0..op.n {
        let dy = chunk.mat(op.dy.columns(i * op.x.len, op.x.len));
        kernels::copy(chunk.arena, dy, dx, sink.accumulate || i > 0);
    }
    apply_mask(chunk, sink);
}

run!(RepeatVector, forward, backward);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::check::{Bench, check};

    #[test]
    fn gradients() {
        for (n, len, gap) in [(1, 3, 0), (4, 1, 2), (7, 19, 0), (3, 5, 4)] {
            for accumulate in [false, true] {
                let mut bench = Bench::new(3);
                let [x, dx] = std::array::from_fn(|_| bench.value(len, gap));
                let [y, dy] = std::array::from_fn(|_| bench.value(n * len, gap));
                let sink = Sink { view: dx, accumulate, mask: accumulate.then_some(x) };
                let op = RepeatVector { n, x, y, dy, dx: Some(sink) };
                check(&bench, &op, &[(x, Some(sink))], y, dy);
            }
        }
    }
}
