//! `Permute`: reorders the axes of a sample.

pub use mimo_graph::operation::Permute;

use crate::chunk::Chunk;
use crate::float::Float;
use crate::layers::{apply_mask, strided};
use crate::run::run;

fn forward<E: Float>(op: &Permute, chunk: &mut Chunk<'_, E>) {
    for row in 0..chunk.rows {
        let [x, y] = chunk.rows_mut([op.x.view, op.y.view], row);
        strided::each_run(&op.shape, &op.strides, |to, from, len, step| {
            if step == 1 {
                y[to..to + len].copy_from_slice(&x[from..from + len]);
            } else {
                for (y, x) in y[to..to + len].iter_mut().zip(x[from..].iter().step_by(step.max(1))) {
                    *y = *x;
                }
            }
        });
    }
}

fn backward<E: Float>(op: &Permute, chunk: &mut Chunk<'_, E>) {
    let Some(dy) = op.y.gradient else { return };
    let Some(target) = op.x.gradient else { return };
    for row in 0..chunk.rows {
        let [dx, dy] = chunk.rows_mut([target.view, dy], row);
        strided::each_run(&op.shape, &op.strides, |from, to, len, step| {
            for (dx, dy) in dx[to..].iter_mut().step_by(step.max(1)).zip(&dy[from..from + len]) {
                *dx = if target.accumulate { *dx + *dy } else { *dy };
            }
        });
    }
    apply_mask(chunk, target);
}

run!(Permute, forward, backward);

#[cfg(test)]
mod tests {
    use mimo_graph::describe::List;

    use super::*;
    use crate::layers::check::{Bench, check};
    use crate::program::{GradientTarget, Read, Written};

    /// Strides of the input along the axes of the result: `dims[i]` is the old axis (from 1) of the new axis `i`.
    fn permuted_strides(input: &[usize], dims: &[usize]) -> List<usize> {
        List::Owned(dims.iter().map(|&dim| input[dim..].iter().product()).collect())
    }

    fn permute<const RANK: usize>(from: [usize; RANK], dims: [usize; RANK], gap: usize, accumulate: bool) {
        let mut bench = Bench::new(3);
        let [x, y, dy, dx] = std::array::from_fn(|_| bench.value(from.iter().product(), gap));
        let target = GradientTarget { view: dx, accumulate, mask: accumulate.then_some(x) };
        let shape = List::Owned(dims.map(|dim| from[dim - 1]).to_vec());
        let strides = permuted_strides(&from, &dims);
        let op = Permute { shape, strides, x: Read::new(x, Some(target)), y: Written::new(y, Some(dy)) };
        check(&bench, &op, &[(x, Some(target))], y, dy);
    }

    #[test]
    fn gradients() {
        for (gap, accumulate) in [(0, false), (3, false), (0, true), (3, true)] {
            permute([5], [1], gap, accumulate);
            permute([3, 7], [2, 1], gap, accumulate);
            permute([3, 1, 5], [2, 3, 1], gap, accumulate);
            permute([2, 3, 5], [2, 1, 3], gap, accumulate);
            permute([2, 3, 2, 3], [4, 2, 1, 3], gap, accumulate);
        }
    }

    #[test]
    fn a_matrix_is_transposed() {
        let mut bench = Bench::new(1);
        let [x, y] = std::array::from_fn(|_| bench.value(6, 1));
        let op = Permute {
            shape: List::Borrowed(&[3, 2]),
            strides: permuted_strides(&[2, 3], &[2, 1]),
            x: Read::new(x, None),
            y: Written::new(y, None),
        };
        let mut arena = bench.arena::<f32>();
        bench.write(&mut arena, x, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        bench.forward(&op, &mut arena);
        assert_eq!(bench.read(&arena, y), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    }
}
