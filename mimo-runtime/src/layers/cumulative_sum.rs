//! `cumsum`: cumulative sums along an axis.

pub use mimo_graph::operation::CumulativeSum;

use crate::chunk::Chunk;
use crate::float::Float;
use crate::layers::apply_mask;
use crate::run::run;

/// Offset of each block of `len` positions of `inner` values.
fn blocks(op: &CumulativeSum) -> impl Iterator<Item = usize> + use<> {
    let size = op.len * op.inner;
    (0..op.x.view.len.checked_div(size).unwrap_or(0)).map(move |block| block * size)
}

fn forward<E: Float>(op: &CumulativeSum, chunk: &mut Chunk<'_, E>) {
    for row in 0..chunk.rows {
        let [x, y] = chunk.rows_mut([op.x.view, op.y.view], row);
        y.copy_from_slice(x);
        for block in blocks(op) {
            for at in (1..op.len).map(|position| block + position * op.inner) {
                let (before, here) = y.split_at_mut(at);
                let before = &before[at - op.inner..];
                here.iter_mut().zip(before).for_each(|(here, before)| *here += *before);
            }
        }
    }
}

fn backward<E: Float>(op: &CumulativeSum, chunk: &mut Chunk<'_, E>) {
    let Some(dy) = op.y.gradient else { return };
    let Some(target) = op.x.gradient else { return };
    for row in 0..chunk.rows {
        let [dy, dx] = chunk.rows_mut([dy, target.view], row);
        for first in blocks(op).flat_map(|block| block..block + op.inner) {
            // Sum of the gradients from this position on.
            let mut sum = E::zero();
            for at in (0..op.len).rev().map(|position| first + position * op.inner) {
                sum += dy[at];
                dx[at] = if target.accumulate { dx[at] + sum } else { sum };
            }
        }
    }
    apply_mask(chunk, target);
}

run!(CumulativeSum, forward, backward);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::check::{Bench, check};
    use crate::program::{GradientTarget, Read, Written};

    #[test]
    fn gradients() {
        for (outer, len, inner) in [(1, 5, 1), (2, 3, 4), (3, 1, 2), (2, 4, 1)] {
            for (gap, accumulate) in [(0, false), (3, false), (2, true)] {
                let mut bench = Bench::new(3);
                let [x, y, dy, dx] = std::array::from_fn(|_| bench.value(outer * len * inner, gap));
                let target = GradientTarget { view: dx, accumulate, mask: accumulate.then_some(x) };
                let op =
                    CumulativeSum { len, inner, x: Read::new(x, Some(target)), y: Written::new(y, Some(dy)) };
                check(&bench, &op, &[(x, Some(target))], y, dy);
            }
        }
    }

    #[test]
    fn sums_begin_anew_in_each_block() {
        let mut bench = Bench::new(1);
        let [x, y] = std::array::from_fn(|_| bench.value(6, 1));
        let op = CumulativeSum { len: 3, inner: 1, x: Read::new(x, None), y: Written::new(y, None) };
        let mut arena = bench.arena::<f32>();
        bench.write(&mut arena, x, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        bench.forward(&op, &mut arena);
        assert_eq!(bench.read(&arena, y), [1.0, 3.0, 6.0, 4.0, 9.0, 15.0]);
    }
}
