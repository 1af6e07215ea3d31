//! Vectors brought to length 1, for the cosines of `Dot`.

use crate::chunk::Chunk;
use crate::float::Float;
use crate::layers::apply_mask;
use crate::program::{Sink, View};
use crate::run::run;

/// Divides every vector along one axis by its length, or by 10⁻⁷ if it is shorter: `[outer, len, inner]`, unchanged.
///
/// **Keras equivalent:** `keras.ops.normalize(x, axis)`.
#[derive(Clone, Copy, Debug)]
pub struct Normalize {
    /// The length of the axis.
    pub len: usize,
    /// The axes behind it, as one.
    pub inner: usize,
    /// What is read.
    pub x: View,
    /// What is given.
    pub y: View,
    /// The gradient of `y`.
    pub dy: View,
    /// Where the gradient of `x` goes.
    pub dx: Option<Sink>,
}

/// Keras's `epsilon`.
const SHORTEST: f64 = 1e-7;

impl Normalize {
    /// Where the vectors begin.
    fn vectors(&self) -> impl Iterator<Item = usize> + use<> {
        let (inner, step) = (self.inner, self.len * self.inner);
        (0..self.x.len.checked_div(step).unwrap_or(0))
            .flat_map(move |outer| (0..inner).map(move |i| outer * step + i))
    }

    /// The values of a vector.
    fn vector(&self, start: usize) -> impl Iterator<Item = usize> + Clone + use<> {
        (start..start + self.len * self.inner).step_by(self.inner.max(1))
    }
}

/// `Σ a·b` over a vector.
fn product<E: Float>(at: impl Iterator<Item = usize>, a: &[E], b: &[E]) -> E {
    at.map(|i| a[i] * b[i]).sum()
}

fn forward<E: Float>(op: &Normalize, chunk: &mut Chunk<'_, E>) {
    for row in 0..chunk.rows {
        let [x, y] = chunk.rows_mut([op.x, op.y], row);
        for start in op.vectors() {
            let length = product(op.vector(start), x, x).sqrt().max(E::of(SHORTEST));
            op.vector(start).for_each(|i| y[i] = x[i] / length);
        }
    }
}

fn backward<E: Float>(op: &Normalize, chunk: &mut Chunk<'_, E>) {
    let Some(sink) = op.dx else { return };
    for row in 0..chunk.rows {
        let [x, dy, dx] = chunk.rows_mut([op.x, op.dy, sink.view], row);
        for start in op.vectors() {
            let length = product(op.vector(start), x, x).sqrt();
            // What is divided by a constant has no share in how long the vector is.
            let along = match length > E::of(SHORTEST) {
                true => product(op.vector(start), x, dy) / (length * length),
                false => E::zero(),
            };
            let length = length.max(E::of(SHORTEST));
            for i in op.vector(start) {
                let gradient = (dy[i] - x[i] * along) / length;
                dx[i] = if sink.accumulate { dx[i] + gradient } else { gradient };
            }
        }
    }
    apply_mask(chunk, sink);
}

run!(Normalize, forward, backward);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::check::{Bench, check};

    #[test]
    fn gradients() {
        for (outer, len, inner) in [(1, 4, 1), (3, 5, 1), (2, 3, 4), (1, 1, 3)] {
            for (gap, accumulate) in [(0, false), (3, false), (2, true)] {
                let mut bench = Bench::new(3);
                let [x, y, dy, dx] = std::array::from_fn(|_| bench.value(outer * len * inner, gap));
                let sink = Sink { view: dx, accumulate, mask: accumulate.then_some(x) };
                let op = Normalize { len, inner, x, y, dy, dx: Some(sink) };
                check(&bench, &op, &[(x, Some(sink))], y, dy);
            }
        }
    }

    #[test]
    fn nothing_is_divided_by_zero() {
        let mut bench = Bench::new(1);
        let [x, y, dy, dx] = std::array::from_fn(|_| bench.value(2, 0));
        let dx_sink = Some(Sink { view: dx, accumulate: false, mask: None });
        let op = Normalize { len: 2, inner: 1, x, y, dy, dx: dx_sink };
        let mut arena = bench.arena::<f64>();
        bench.write(&mut arena, x, &[0.0, 0.0]);
        bench.write(&mut arena, dy, &[1.0, -2.0]);
        bench.forward(&op, &mut arena);
        bench.backward(&op, &mut arena);
        assert_eq!(bench.read(&arena, y), [0.0, 0.0]);
        assert_eq!(bench.read(&arena, dx), [1.0 / SHORTEST, -2.0 / SHORTEST]);
    }
}
