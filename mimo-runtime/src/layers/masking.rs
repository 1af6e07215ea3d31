//! `Masking`: sets positions to zero whose values all equal the mask value.

pub use mimo_graph::operation::Masking;

use crate::chunk::Chunk;
use crate::float::Float;
use crate::layers::apply_mask;
use crate::run::run;

fn forward<E: Float>(op: &Masking, chunk: &mut Chunk<'_, E>) {
    let (len, value) = (op.len.max(1), E::of(op.mask_value));
    for row in 0..chunk.rows {
        let [x, y] = chunk.rows_mut([op.x.view, op.y.view], row);
        for (x, y) in x.chunks_exact(len).zip(y.chunks_exact_mut(len)) {
            match x.iter().any(|x| *x != value) {
                true => y.copy_from_slice(x),
                false => y.fill(E::zero()),
            }
        }
    }
}

fn backward<E: Float>(op: &Masking, chunk: &mut Chunk<'_, E>) {
    let (Some(dy), Some(target)) = (op.y.gradient, op.x.gradient) else { return };
    let (len, value) = (op.len.max(1), E::of(op.mask_value));
    for row in 0..chunk.rows {
        let [x, dy, dx] = chunk.rows_mut([op.x.view, dy, target.view], row);
        let positions = x.chunks_exact(len).zip(dy.chunks_exact(len)).zip(dx.chunks_exact_mut(len));
        for ((x, dy), dx) in positions {
            match (x.iter().any(|x| *x != value), target.accumulate) {
                (true, true) => dx.iter_mut().zip(dy).for_each(|(dx, dy)| *dx += *dy),
                (true, false) => dx.copy_from_slice(dy),
                (false, true) => {}
                (false, false) => dx.fill(E::zero()),
            }
        }
    }
    apply_mask(chunk, target);
}

run!(Masking, forward, backward);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::check::{Bench, check};
    use crate::program::{GradientTarget, Read, Written};

    #[test]
    fn gradients() {
        for (gap, accumulate) in [(0, false), (3, false), (2, true)] {
            let mut bench = Bench::new(3);
            let [x, y, dy, dx] = std::array::from_fn(|_| bench.value(6, gap));
            let target = GradientTarget { view: dx, accumulate, mask: accumulate.then_some(x) };
            let (x_read, y_written) = (Read::new(x, Some(target)), Written::new(y, Some(dy)));
            let op = Masking { len: 2, mask_value: 0.0, x: x_read, y: y_written };
            check(&bench, &op, &[(x, Some(target))], y, dy);
        }
    }

    #[test]
    fn only_positions_of_the_mask_value_become_zeros() {
        let mut bench = Bench::new(1);
        let [x, y, dy, dx] = std::array::from_fn(|_| bench.value(6, 0));
        let (x_read, y_written) = (Read::new(x, Some(GradientTarget::write(dx))), Written::new(y, Some(dy)));
        let op = Masking { len: 2, mask_value: -1.0, x: x_read, y: y_written };
        let mut arena = bench.arena::<f32>();
        bench.write(&mut arena, x, &[-1.0, -1.0, -1.0, 2.0, 0.0, 0.0]);
        bench.write(&mut arena, dy, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        bench.forward(&op, &mut arena);
        bench.backward(&op, &mut arena);
        assert_eq!(bench.read(&arena, y), [0.0, 0.0, -1.0, 2.0, 0.0, 0.0]);
        assert_eq!(bench.read(&arena, dx), [0.0, 0.0, 3.0, 4.0, 5.0, 6.0]);
    }
}
