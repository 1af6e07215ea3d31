//! `GlobalAveragePooling1D` of a tensor with a mask. Masked steps cost nothing.

pub use mimo_graph::operation::MaskedMean;

use crate::chunk::Chunk;
use crate::float::Float;
use crate::layers::{apply_mask, clear};
use crate::run::run;

/// One divided by the number of unmasked steps; 0 if there are none.
fn share<E: Float>(mask: &[E]) -> E {
    match mask.iter().filter(|mask| **mask != E::zero()).count() {
        0 => E::zero(),
        count => E::one() / E::of(count as f64),
    }
}

fn forward<E: Float>(op: &MaskedMean, chunk: &mut Chunk<'_, E>) {
    for row in 0..chunk.rows {
        let ([x, mask], y) = chunk.masked_row([op.x.view, op.mask.view], op.y.view, row);
        y.fill(E::zero());
        for (x, mask) in x.chunks_exact(op.channels.max(1)).zip(mask) {
            if *mask != E::zero() {
                y.iter_mut().zip(x).for_each(|(y, x)| *y += *x);
            }
        }
        let share = share(mask);
        y.iter_mut().for_each(|y| *y *= share);
    }
}

fn backward<E: Float>(op: &MaskedMean, chunk: &mut Chunk<'_, E>) {
    let (Some(dy), Some(target)) = (op.y.gradient, op.x.gradient) else { return };
    for row in 0..chunk.rows {
        clear(chunk, target, row);
        let [mask, dy, dx] = chunk.rows_mut([op.mask.view, dy, target.view], row);
        let share = share(mask);
        for (dx, mask) in dx.chunks_exact_mut(op.channels.max(1)).zip(&*mask) {
            if *mask != E::zero() {
                dx.iter_mut().zip(&*dy).for_each(|(dx, dy)| *dx += *dy * share);
            }
        }
    }
    apply_mask(chunk, target);
}

run!(MaskedMean, forward, backward);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::check::Bench;
    use crate::program::{GradientTarget, Read, Written};

    #[test]
    fn steps_that_do_not_count_are_left_out() {
        for accumulate in [false, true] {
            let mut bench = Bench::new(3);
            let (x, mask, y) = (bench.value(6, 1), bench.value(3, 0), bench.value(2, 0));
            let (dy, dx) = (bench.value(2, 2), bench.value(6, 0));
            let target = GradientTarget { view: dx, accumulate, mask: None };
            let op = MaskedMean {
                channels: 2,
                x: Read::new(x, Some(target)),
                mask: Read::kept(mask, None),
                y: Written::new(y, Some(dy)),
            };
            let mut arena = bench.arena::<f64>();
            let values: Vec<f64> = (0..18).map(f64::from).collect();
            bench.write(&mut arena, x, &values);
            bench.write(&mut arena, mask, &[1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0]);
            bench.write(&mut arena, dy, &[2.0, 4.0, 1.0, 1.0, 3.0, 6.0]);
            bench.write(&mut arena, dx, &[1.0; 18]);
            bench.forward(&op, &mut arena);
            bench.backward(&op, &mut arena);
            for (y, wanted) in bench.read(&arena, y).into_iter().zip([2.0, 3.0, 0.0, 0.0, 14.0, 15.0]) {
                assert!((y - wanted).abs() < 1e-12, "{y} instead of {wanted}");
            }
            let first = f64::from(u8::from(accumulate));
            let wanted =
                [1.0, 2.0, 0.0, 0.0, 1.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0];
            for (dx, wanted) in bench.read(&arena, dx).into_iter().zip(wanted) {
                assert!((dx - first - wanted).abs() < 1e-12, "{dx}");
            }
        }
    }
}
