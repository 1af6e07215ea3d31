//! `Activation(glu)`: one half of the last axis, multiplied by the sigmoid of the other half.

pub use mimo_graph::operation::Glu;

use crate::chunk::Chunk;
use crate::float::Float;
use crate::layers::apply_mask;
use crate::run::run;

/// The logistic function. It does not overflow: `eˣ` is at most infinite, and `1 / (1 + ∞)` is 0.
fn sigmoid<E: Float>(x: E) -> E {
    E::one() / (E::one() + (-x).exp())
}

fn forward<E: Float>(op: &Glu, chunk: &mut Chunk<'_, E>) {
    for row in 0..chunk.rows {
        let [x, y] = chunk.rows_mut([op.x.view, op.y.view], row);
        for (x, y) in x.chunks_exact(2 * op.half).zip(y.chunks_exact_mut(op.half)) {
            let (a, b) = x.split_at(op.half);
            for ((y, a), b) in y.iter_mut().zip(a).zip(b) {
                *y = *a * sigmoid(*b);
            }
        }
    }
}

/// With `s = sigmoid(b)`: `da = s · dy`, `db = a · s · (1 − s) · dy`.
fn backward<E: Float>(op: &Glu, chunk: &mut Chunk<'_, E>) {
    let Some(dy) = op.y.gradient else { return };
    let Some(target) = op.x.gradient else { return };
    for row in 0..chunk.rows {
        let [x, dy, dx] = chunk.rows_mut([op.x.view, dy, target.view], row);
        let halves = x.chunks_exact(2 * op.half).zip(dx.chunks_exact_mut(2 * op.half));
        for ((x, dx), dy) in halves.zip(dy.chunks_exact(op.half)) {
            let ((a, b), (da, db)) = (x.split_at(op.half), dx.split_at_mut(op.half));
            for (i, dy) in dy.iter().enumerate() {
                let gate = sigmoid(b[i]);
                let own = [gate * *dy, a[i] * gate * (E::one() - gate) * *dy];
                for (to, own) in [&mut da[i], &mut db[i]].into_iter().zip(own) {
                    *to = if target.accumulate { *to + own } else { own };
                }
            }
        }
    }
    apply_mask(chunk, target);
}

run!(Glu, forward, backward);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::check::{Bench, check};
    use crate::program::{GradientTarget, Read, Written};

    #[test]
    fn gradients() {
        for (half, positions) in [(1, 1), (3, 1), (4, 3)] {
            for (gap, accumulate) in [(0, false), (3, false), (2, true)] {
                let mut bench = Bench::new(3);
                let len = half * positions;
                let [x, dx] = std::array::from_fn(|_| bench.value(2 * len, gap));
                let [y, dy] = std::array::from_fn(|_| bench.value(len, gap));
                let target = GradientTarget { view: dx, accumulate, mask: accumulate.then_some(x) };
                let op = Glu { half, x: Read::new(x, Some(target)), y: Written::new(y, Some(dy)) };
                check(&bench, &op, &[(x, Some(target))], y, dy);
            }
        }
    }

    #[test]
    fn large_gates_are_open_or_closed() {
        for (gate, wanted) in [(1e4, 1.0), (-1e4, 0.0), (f32::INFINITY, 1.0), (f32::NEG_INFINITY, 0.0)] {
            assert_eq!(sigmoid(gate), wanted);
        }
        assert!(sigmoid(f32::NAN).is_nan());
    }
}
