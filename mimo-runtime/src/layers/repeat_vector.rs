//! `RepeatVector`: repeats a vector as every step of a sequence.

pub use mimo_graph::operation::RepeatVector;

use crate::chunk::Chunk;
use crate::float::Float;
use crate::kernels;
use crate::layers::apply_mask;
use crate::run::run;

fn forward<E: Float>(op: &RepeatVector, chunk: &mut Chunk<'_, E>) {
    let x = chunk.mat(op.x.view);
    for i in 0..op.n {
        let y = chunk.mat(op.y.view.columns(i * op.x.view.len, op.x.view.len));
        kernels::copy(chunk.arena, x, y, false);
    }
}

fn backward<E: Float>(op: &RepeatVector, chunk: &mut Chunk<'_, E>) {
    let Some(dy) = op.y.gradient else { return };
    let Some(target) = op.x.gradient else { return };
    let dx = chunk.mat(target.view);
    for i in 0..op.n {
        let dy = chunk.mat(dy.columns(i * op.x.view.len, op.x.view.len));
        kernels::copy(chunk.arena, dy, dx, target.accumulate || i > 0);
    }
    apply_mask(chunk, target);
}

run!(RepeatVector, forward, backward);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::check::{Bench, check};
    use crate::program::{GradientTarget, Read, Written};

    #[test]
    fn gradients() {
        for (n, len, gap) in [(1, 3, 0), (4, 1, 2), (7, 19, 0), (3, 5, 4)] {
            for accumulate in [false, true] {
                let mut bench = Bench::new(3);
                let [x, dx] = std::array::from_fn(|_| bench.value(len, gap));
                let [y, dy] = std::array::from_fn(|_| bench.value(n * len, gap));
                let target = GradientTarget { view: dx, accumulate, mask: accumulate.then_some(x) };
                let op = RepeatVector { n, x: Read::new(x, Some(target)), y: Written::new(y, Some(dy)) };
                check(&bench, &op, &[(x, Some(target))], y, dy);
            }
        }
    }
}
