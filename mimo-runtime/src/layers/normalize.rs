//! Vectors scaled to length 1, for the cosines of `Dot`.

pub use mimo_graph::operation::Normalize;

use crate::chunk::Chunk;
use crate::float::Float;
use crate::layers::apply_mask;
use crate::run::run;

/// Keras's `epsilon`.
const SHORTEST: f64 = 1e-7;

/// Offsets of the vectors.
fn vectors(op: &Normalize) -> impl Iterator<Item = usize> + use<> {
    let (inner, step) = (op.inner, op.len * op.inner);
    (0..op.x.view.len.checked_div(step).unwrap_or(0))
        .flat_map(move |outer| (0..inner).map(move |i| outer * step + i))
}

/// Offsets of the values of a vector.
fn vector(op: &Normalize, start: usize) -> impl Iterator<Item = usize> + Clone + use<> {
    (start..start + op.len * op.inner).step_by(op.inner.max(1))
}

/// `Σ a·b` over a vector.
fn product<E: Float>(at: impl Iterator<Item = usize>, a: &[E], b: &[E]) -> E {
    at.map(|i| a[i] * b[i]).sum()
}

fn forward<E: Float>(op: &Normalize, chunk: &mut Chunk<'_, E>) {
    for row in 0..chunk.rows {
        let [x, y] = chunk.rows_mut([op.x.view, op.y.view], row);
        for start in vectors(op) {
            let length = product(vector(op, start), x, x).sqrt().max(E::of(SHORTEST));
            vector(op, start).for_each(|i| y[i] = x[i] / length);
        }
    }
}

fn backward<E: Float>(op: &Normalize, chunk: &mut Chunk<'_, E>) {
    let Some(dy) = op.y.gradient else { return };
    let Some(target) = op.x.gradient else { return };
    for row in 0..chunk.rows {
        let [x, dy, dx] = chunk.rows_mut([op.x.view, dy, target.view], row);
        for start in vectors(op) {
            let length = product(vector(op, start), x, x).sqrt();
            // A vector divided by a constant has no gradient through its length.
            let along = match length > E::of(SHORTEST) {
                true => product(vector(op, start), x, dy) / (length * length),
                false => E::zero(),
            };
            let length = length.max(E::of(SHORTEST));
            for i in vector(op, start) {
                let gradient = (dy[i] - x[i] * along) / length;
                dx[i] = if target.accumulate { dx[i] + gradient } else { gradient };
            }
        }
    }
    apply_mask(chunk, target);
}

run!(Normalize, forward, backward);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::check::{Bench, check};
    use crate::program::{GradientTarget, Read, Written};

    #[test]
    fn gradients() {
        for (outer, len, inner) in [(1, 4, 1), (3, 5, 1), (2, 3, 4), (1, 1, 3)] {
            for (gap, accumulate) in [(0, false), (3, false), (2, true)] {
                let mut bench = Bench::new(3);
                let [x, y, dy, dx] = std::array::from_fn(|_| bench.value(outer * len * inner, gap));
                let target = GradientTarget { view: dx, accumulate, mask: accumulate.then_some(x) };
                let op =
                    Normalize { len, inner, x: Read::new(x, Some(target)), y: Written::new(y, Some(dy)) };
                check(&bench, &op, &[(x, Some(target))], y, dy);
            }
        }
    }

    #[test]
    fn nothing_is_divided_by_zero() {
        let mut bench = Bench::new(1);
        let [x, y, dy, dx] = std::array::from_fn(|_| bench.value(2, 0));
        let dx_sink = Some(GradientTarget { view: dx, accumulate: false, mask: None });
        let op = Normalize { len: 2, inner: 1, x: Read::new(x, dx_sink), y: Written::new(y, Some(dy)) };
        let mut arena = bench.arena::<f64>();
        bench.write(&mut arena, x, &[0.0, 0.0]);
        bench.write(&mut arena, dy, &[1.0, -2.0]);
        bench.forward(&op, &mut arena);
        bench.backward(&op, &mut arena);
        assert_eq!(bench.read(&arena, y), [0.0, 0.0]);
        assert_eq!(bench.read(&arena, dx), [1.0 / SHORTEST, -2.0 / SHORTEST]);
    }
}
