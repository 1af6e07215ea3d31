//! `Dot`: products of two tensors, summed over one axis of each.

pub use mimo_graph::operation::Dot;

use crate::chunk::Chunk;
use crate::float::Float;
use crate::kernels::{self, Contraction, Part};
use crate::layers::{apply_mask, clear};
use crate::run::run;

/// The loops of the product.
fn contraction(op: &Dot) -> Contraction {
    let [p, q] = op.around;
    Contraction { p, q, summed: op.summed }
}

fn forward<E: Float>(op: &Dot, chunk: &mut Chunk<'_, E>) {
    let ([p, q], contraction) = (op.x.map(|x| x.view), contraction(op));
    for row in 0..chunk.rows {
        chunk.row_mut(op.y.view, row).fill(E::zero());
        if p == q {
            let [x, y] = chunk.rows_mut([p, op.y.view], row);
            kernels::contract(&contraction, Part::Result, [x, x], y);
        } else {
            let [p, q, y] = chunk.rows_mut([p, q, op.y.view], row);
            kernels::contract(&contraction, Part::Result, [p, q], y);
        }
    }
}

fn backward<E: Float>(op: &Dot, chunk: &mut Chunk<'_, E>) {
    let Some(dy) = op.y.gradient else { return };
    let ([p, q], contraction) = (op.x.map(|x| x.view), contraction(op));
    for (sink, part, other) in [(op.x[0].gradient, Part::Left, q), (op.x[1].gradient, Part::Right, p)] {
        let Some(sink) = sink else { continue };
        for row in 0..chunk.rows {
            clear(chunk, sink, row);
            let [dy, other, dx] = chunk.rows_mut([dy, other, sink.view], row);
            kernels::contract(&contraction, part, [dy, other], dx);
        }
        apply_mask(chunk, sink);
    }
}

run!(Dot, forward, backward);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::check::{Bench, check, gradient_of};
    use crate::program::{GradientTarget, Read, Written};

    /// The axes of a tensor before and after `axis`, each as one.
    fn around(shape: &[usize], axis: usize) -> [usize; 2] {
        [shape[..axis].iter().product(), shape[axis + 1..].iter().product()]
    }

    fn dot(
        bench: &mut Bench,
        (p, i): (&[usize], usize),
        (q, j): (&[usize], usize),
        gap: usize,
        accumulate: bool,
    ) -> Dot {
        let x = [p, q].map(|shape| bench.value(shape.iter().product(), gap));
        let x = x.map(|x| {
            let view = bench.value(x.len, gap);
            Read::new(x, Some(GradientTarget { view, accumulate, mask: accumulate.then_some(x) }))
        });
        let len = |shape: &[usize]| shape.iter().product::<usize>();
        let [y, dy] = std::array::from_fn(|_| bench.value(len(p) / p[i] * (len(q) / q[j]), gap));
        let around = [around(p, i), around(q, j)];
        Dot { around, summed: p[i], x, y: Written::new(y, Some(dy)) }
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
                let op = dot(&mut bench, (p, i), (q, j), gap, accumulate);
                check(&bench, &op, &op.x.map(|x| (x.view, x.gradient)), op.y.view, gradient_of(&op.y));
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
            let op = dot(&mut bench, (p, i), (q, j), 1, false);
            let contraction = contraction(&op);
            let mut arena = bench.arena::<f64>();
            bench.fill(&mut arena, op.x[0].view, 1);
            bench.fill(&mut arena, op.x[1].view, 2);
            bench.forward(&op, &mut arena);
            let (p, q) = (bench.read(&arena, op.x[0].view), bench.read(&arena, op.x[1].view));
            let Contraction { p: [a, b], q: [c, d], summed } = contraction;
            let mut wanted = vec![];
            for row in 0..2 {
                let (p, q) = (&p[row * op.x[0].view.len..], &q[row * op.x[1].view.len..]);
                for (left, right) in (0..a * b).flat_map(|left| (0..c * d).map(move |right| (left, right))) {
                    let (i, j, m, n) = (left / b, left % b, right / d, right % d);
                    let products =
                        (0..summed).map(|k| p[(i * summed + k) * b + j] * q[(m * summed + k) * d + n]);
                    wanted.push(products.sum::<f64>());
                }
            }
            for (found, wanted) in bench.read(&arena, op.y.view).into_iter().zip(wanted) {
                assert!((found - wanted).abs() < 1e-12, "{found} instead of {wanted}");
            }
        }
    }

    #[test]
    fn a_tensor_may_be_multiplied_with_itself() {
        let mut bench = Bench::new(1);
        let [x, y] = [bench.value(3, 1), bench.value(1, 2)];
        let x_twice = [Read::new(x, None); 2];
        let op = Dot { around: [[1, 1], [1, 1]], summed: 3, x: x_twice, y: Written::new(y, None) };
        let mut arena = bench.arena::<f32>();
        bench.write(&mut arena, x, &[1.0, 2.0, 3.0]);
        bench.forward(&op, &mut arena);
        assert_eq!(bench.read(&arena, y), [14.0]);
    }
}
