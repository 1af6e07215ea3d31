//! `Dot`: products of two tensors, summed over one axis of each.

use crate::chunk::Chunk;
use crate::float::Float;
use crate::kernels::{self, Contraction, Part};
use crate::layers::{apply_mask, clear};
use crate::program::{Sink, View};
use crate::run::run;

/// The axes of the first tensor and then those of the second, without the one of each that is summed over:
/// `[a, n], [b, n] → [a, b]`.
///
/// **Keras equivalent:** `keras.layers.Dot`.
#[derive(Clone, Copy, Debug)]
pub struct Dot {
    /// The axes.
    pub contraction: Contraction,
    /// The two tensors.
    pub x: [View; 2],
    /// What is given.
    pub y: View,
    /// The gradient of `y`.
    pub dy: View,
    /// Where the gradients of the two go.
    pub dx: [Option<Sink>; 2],
}

/// How two tensors are multiplied: their axes before, at and behind the summed one.
pub const fn contraction(p: &[usize], p_axis: usize, q: &[usize], q_axis: usize) -> Contraction {
    Contraction { p: around(p, p_axis), q: around(q, q_axis), summed: p[p_axis] }
}

const fn around(shape: &[usize], axis: usize) -> [usize; 2] {
    let mut around = [1; 2];
    let mut i = 0;
    while i < shape.len() {
        if i != axis {
            around[(i > axis) as usize] *= shape[i];
        }
        i += 1;
    }
    around
}

fn forward<E: Float>(op: &Dot, chunk: &mut Chunk<'_, E>) {
    let [p, q] = op.x;
    for row in 0..chunk.rows {
        chunk.row_mut(op.y, row).fill(E::zero());
        if p == q {
            let [x, y] = chunk.rows_mut([p, op.y], row);
            kernels::contract(&op.contraction, Part::Result, [x, x], y);
        } else {
            let [p, q, y] = chunk.rows_mut([p, q, op.y], row);
            kernels::contract(&op.contraction, Part::Result, [p, q], y);
        }
    }
}

fn backward<E: Float>(op: &Dot, chunk: &mut Chunk<'_, E>) {
    let [p, q] = op.x;
    for (sink, part, other) in [(op.dx[0], Part::Left, q), (op.dx[1], Part::Right, p)] {
        let Some(sink) = sink else { continue };
        for row in 0..chunk.rows {
            clear(chunk, sink, row);
            let [dy, other, dx] = chunk.rows_mut([op.dy, other, sink.view], row);
            kernels::contract(&op.contraction, part, [dy, other], dx);
        }
        apply_mask(chunk, sink);
    }
}

run!(Dot, forward, backward);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::check::{Bench, check};

    fn dot(bench: &mut Bench, contraction: Contraction, gap: usize, accumulate: bool) -> Dot {
        let Contraction { p: [a, b], q: [c, d], summed } = contraction;
        let x = [a * b * summed, c * d * summed].map(|len| bench.value(len, gap));
        let dx = x.map(|x| {
            let view = bench.value(x.len, gap);
            Some(Sink { view, accumulate, mask: accumulate.then_some(x) })
        });
        let [y, dy] = std::array::from_fn(|_| bench.value(a * b * c * d, gap));
        Dot { contraction, x, y, dy, dx }
    }

    #[test]
    fn gradients() {
        for (p, i, q, j) in [
            (&[5][..], 0, &[5][..], 0),
            (&[3, 37], 1, &[4, 37], 1),
            (&[2, 5], 1, &[5, 3], 0),
            (&[5, 3], 0, &[5], 0),
            (&[5, 2], 0, &[3, 5], 1),
            (&[2, 4, 3], 1, &[2, 4, 2], 1),
        ] {
            for (gap, accumulate) in [(0, false), (3, false), (2, true)] {
                let mut bench = Bench::new(2);
                let op = dot(&mut bench, contraction(p, i, q, j), gap, accumulate);
                check(&bench, &op, &[(op.x[0], op.dx[0]), (op.x[1], op.dx[1])], op.y, op.dy);
            }
        }
    }

    #[test]
    fn products_are_those_of_the_definition() {
        for (p, i, q, j) in [
            (&[5][..], 0, &[5][..], 0),
            (&[3, 37], 1, &[4, 37], 1),
            (&[2, 5], 1, &[5, 3], 0),
            (&[5, 3], 0, &[5], 0),
            (&[5, 2], 0, &[3, 5], 1),
            (&[2, 4, 3], 1, &[2, 4, 2], 1),
        ] {
            let mut bench = Bench::new(2);
            let contraction = contraction(p, i, q, j);
            let op = dot(&mut bench, contraction, 1, false);
            let mut arena = bench.arena::<f64>();
            bench.fill(&mut arena, op.x[0], 1);
            bench.fill(&mut arena, op.x[1], 2);
            bench.forward(&op, &mut arena);
            let (p, q) = (bench.read(&arena, op.x[0]), bench.read(&arena, op.x[1]));
            let Contraction { p: [a, b], q: [c, d], summed } = contraction;
            let mut wanted = vec![];
            for row in 0..2 {
                let (p, q) = (&p[row * op.x[0].len..], &q[row * op.x[1].len..]);
                for (left, right) in (0..a * b).flat_map(|left| (0..c * d).map(move |right| (left, right))) {
                    let (i, j, m, n) = (left / b, left % b, right / d, right % d);
                    let products =
                        (0..summed).map(|k| p[(i * summed + k) * b + j] * q[(m * summed + k) * d + n]);
                    wanted.push(products.sum::<f64>());
                }
            }
            for (found, wanted) in bench.read(&arena, op.y).into_iter().zip(wanted) {
                assert!((found - wanted).abs() < 1e-12, "{found} instead of {wanted}");
            }
        }
    }

    #[test]
    fn a_tensor_may_be_multiplied_with_itself() {
        let mut bench = Bench::new(1);
        let [x, y] = [bench.value(3, 1), bench.value(1, 2)];
        let op = Dot { contraction: contraction(&[3], 0, &[3], 0), x: [x, x], y, dy: y, dx: [None; 2] };
        let mut arena = bench.arena::<f32>();
        bench.write(&mut arena, x, &[1.0, 2.0, 3.0]);
        bench.forward(&op, &mut arena);
        assert_eq!(bench.read(&arena, y), [14.0]);
    }
}
