//! Copies of values that are not contiguous: parts of a tensor, and repeated values.

pub use mimo_graph::operation::StridedCopy;

use crate::chunk::Chunk;
use crate::float::Float;
use crate::layers::{apply_mask, clear, strided};
use crate::run::run;

fn forward<E: Float>(op: &StridedCopy, chunk: &mut Chunk<'_, E>) {
    for row in 0..chunk.rows {
        let [x, y] = chunk.rows_mut([op.x.view, op.y.view], row);
        let x = &x[op.start..];
        strided::each_run(&op.shape, &op.strides, |to, from, len, step| match step {
            0 => y[to..to + len].fill(x[from]),
            1 => y[to..to + len].copy_from_slice(&x[from..from + len]),
            _ => {
                for (y, x) in y[to..to + len].iter_mut().zip(x[from..].iter().step_by(step)) {
                    *y = *x;
                }
            }
        });
    }
}

fn backward<E: Float>(op: &StridedCopy, chunk: &mut Chunk<'_, E>) {
    let Some(dy) = op.y.gradient else { return };
    let Some(target) = op.x.gradient else { return };
    for row in 0..chunk.rows {
        clear(chunk, target, row);
        let [dx, dy] = chunk.rows_mut([target.view, dy], row);
        let dx = &mut dx[op.start..];
        strided::each_run(&op.shape, &op.strides, |from, to, len, step| {
            let dy = &dy[from..from + len];
            match step {
                0 => dx[to] += dy.iter().copied().sum(),
                1 => dx[to..to + len].iter_mut().zip(dy).for_each(|(dx, dy)| *dx += *dy),
                _ => dx[to..].iter_mut().step_by(step).zip(dy).for_each(|(dx, dy)| *dx += *dy),
            }
        });
    }
    apply_mask(chunk, target);
}

run!(StridedCopy, forward, backward);

#[cfg(test)]
mod tests {
    use mimo_graph::describe::List;

    use super::*;
    use crate::layers::check::{Bench, check};
    use crate::program::{GradientTarget, Read, Written};

    #[test]
    fn gradients() {
        // Of a [4, 3, 5]: parts of each axis, an axis less, and one value; then repeated values.
        let copies: [(&[usize], &[usize], usize); 8] = [
            (&[2, 3, 5], &[15, 5, 1], 15),
            (&[4, 3, 2], &[15, 5, 1], 1),
            (&[4, 5], &[15, 1], 10),
            (&[4, 3], &[15, 5], 4),
            (&[30], &[1], 30),
            (&[], &[], 59),
            (&[4, 2, 15], &[15, 0, 1], 0),
            (&[12, 5, 3], &[5, 1, 0], 0),
        ];
        for (shape, strides, start) in copies {
            for (gap, accumulate) in [(0, false), (3, false), (0, true), (3, true)] {
                let mut bench = Bench::new(3);
                let [x, dx] = std::array::from_fn(|_| bench.value(60, gap));
                let [y, dy] = std::array::from_fn(|_| bench.value(shape.iter().product(), gap));
                let target = GradientTarget { view: dx, accumulate, mask: accumulate.then_some(x) };
                let op = StridedCopy {
                    shape: List::Owned(shape.to_vec()),
                    strides: List::Owned(strides.to_vec()),
                    start,
                    x: Read::new(x, Some(target)),
                    y: Written::new(y, Some(dy)),
                };
                check(&bench, &op, &[(x, Some(target))], y, dy);
            }
        }
    }

    #[test]
    fn a_column_is_copied() {
        let mut bench = Bench::new(1);
        let (x, y) = (bench.value(6, 1), bench.value(2, 0));
        let op = StridedCopy {
            shape: List::Borrowed(&[2]),
            strides: List::Borrowed(&[3]),
            start: 1,
            x: Read::new(x, None),
            y: Written::new(y, None),
        };
        let mut arena = bench.arena::<f32>();
        bench.write(&mut arena, x, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        bench.forward(&op, &mut arena);
        assert_eq!(bench.read(&arena, y), [2.0, 5.0]);
    }
}
