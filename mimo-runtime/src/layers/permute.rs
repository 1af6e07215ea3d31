//! `Permute`: the axes of a sample in another order.

use crate::chunk::Chunk;
use crate::float::Float;
use crate::layers::{apply_mask, strided};
use crate::program::{Sink, View};
use crate::run::run;

/// Copies a value with its axes in another order.
#[derive(Clone, Copy, Debug)]
pub struct Permute {
    /// The shape of the result.
    pub shape: &'static [usize],
    /// How far the input moves for a step along each axis of the result.
    pub strides: &'static [usize],
    /// What is read.
    pub x: View,
    /// What is given.
    pub y: View,
    /// The gradient of `y`.
    pub dy: View,
    /// Where the gradient of `x` goes.
    pub dx: Option<Sink>,
}

/// The strides of the input along the axes of the result: `dims` gives for each new axis the old one, from 1.
pub const fn permuted_strides<const RANK: usize>(
    input: &[usize; RANK],
    dims: &[usize; RANK],
) -> [usize; RANK] {
    let mut strides = [0; RANK];
    let mut i = 0;
    while i < RANK {
        let mut stride = 1;
        let mut axis = RANK;
        while axis > dims[i] {
            axis -= 1;
            stride *= input[axis];
        }
        strides[i] = stride;
        i += 1;
    }
    strides
}

fn forward<E: Float>(op: &Permute, chunk: &mut Chunk<'_, E>) {
    for row in 0..chunk.rows {
        let [x, y] = chunk.rows_mut([op.x, op.y], row);
        strided::each_run(op.shape, op.strides, |to, from, len, step| {
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
    let Some(sink) = op.dx else { return };
    for row in 0..chunk.rows {
        let [dx, dy] = chunk.rows_mut([sink.view, op.dy], row);
        strided::each_run(op.shape, op.strides, |from, to, len, step| {
            for (dx, dy) in dx[to..].iter_mut().step_by(step.max(1)).zip(&dy[from..from + len]) {
                *dx = if sink.accumulate { *dx + *dy } else { *dy };
            }
        });
    }
    apply_mask(chunk, sink);
}

run!(Permute, forward, backward);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::check::{Bench, check};

    #[test]
    fn strides() {
        assert_eq!(permuted_strides(&[5], &[1]), [1]);
        assert_eq!(permuted_strides(&[2, 3], &[2, 1]), [1, 3]);
        assert_eq!(permuted_strides(&[2, 3, 4], &[1, 2, 3]), [12, 4, 1]);
        assert_eq!(permuted_strides(&[2, 3, 4], &[3, 1, 2]), [1, 12, 4]);
        const IN_A_CONSTANT: [usize; 2] = permuted_strides(&[28, 3], &[2, 1]);
        assert_eq!(IN_A_CONSTANT, [1, 3]);
    }

    fn permute<const RANK: usize>(from: [usize; RANK], dims: [usize; RANK], gap: usize, accumulate: bool) {
        let mut bench = Bench::new(3);
        let [x, y, dy, dx] = std::array::from_fn(|_| bench.value(from.iter().product(), gap));
        let sink = Sink { view: dx, accumulate, mask: accumulate.then_some(x) };
        let shape: &[usize] = Box::leak(Box::new(dims.map(|dim| from[dim - 1])));
        let strides = Box::leak(Box::new(permuted_strides(&from, &dims)));
        let op = Permute { shape, strides, x, y, dy, dx: Some(sink) };
        check(&bench, &op, &[(x, Some(sink))], y, dy);
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
            shape: &[3, 2],
            strides: const { &permuted_strides(&[2, 3], &[2, 1]) },
            x,
            y,
            dy: y,
            dx: None,
        };
        let mut arena = bench.arena::<f32>();
        bench.write(&mut arena, x, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        bench.forward(&op, &mut arena);
        assert_eq!(bench.read(&arena, y), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    }
}
