//! `Softmax` with a mask.

pub use mimo_graph::operation::MaskedSoftmax;

use crate::chunk::Chunk;
use crate::float::Float;
use crate::kernels;
use crate::layers::apply_mask;
use crate::run::run;

/// Replaces masked values, as in Keras.
const LEFT_OUT: f64 = -1e9;

/// Calls `write` with the offset of each value of a sample and the offset of its value in the mask.
fn each_value(op: &MaskedSoftmax, mut write: impl FnMut(usize, usize)) {
    let (shape, strides) = (&*op.shape, &*op.strides);
    let (Some((&last, outer)), Some((&stride, outer_strides))) = (shape.split_last(), strides.split_last())
    else {
        return;
    };
    for position in 0..outer.iter().product::<usize>() {
        let (mut rest, mut place) = (position, 0);
        for (len, stride) in outer.iter().zip(outer_strides).rev() {
            place += rest % len * stride;
            rest /= len;
        }
        (0..last).for_each(|at| write(position * last + at, place + at * stride));
    }
}

fn forward<E: Float>(op: &MaskedSoftmax, chunk: &mut Chunk<'_, E>) {
    let half = E::of(0.5);
    for row in 0..chunk.rows {
        let ([x, mask], y) = chunk.masked_row([op.x.view, op.mask.view], op.y.view, row);
        each_value(op, |at, place| y[at] = if mask[place] > half { x[at] } else { E::of(LEFT_OUT) });
    }
    let positions = op.y.view.len / op.shape.last().copied().unwrap_or(1).max(1);
    let y = chunk.positions(op.y.view, positions);
    kernels::softmax_forward(chunk.arena, y, y, false);
    for row in 0..chunk.rows {
        let [mask, y] = chunk.rows_mut([op.mask.view, op.y.view], row);
        // Also if everything is masked.
        each_value(op, |at, place| {
            if mask[place] <= half || mask[place].is_nan() {
                y[at] = E::zero();
            }
        });
    }
}

/// Gradient of a softmax, which is 0 where the result is 0.
fn backward<E: Float>(op: &MaskedSoftmax, chunk: &mut Chunk<'_, E>) {
    let (Some(dy), Some(target)) = (op.y.gradient, op.x.gradient) else { return };
    let positions = op.y.view.len / op.shape.last().copied().unwrap_or(1).max(1);
    let [y, dy, dx] = [op.y.view, dy, target.view].map(|view| chunk.positions(view, positions));
    kernels::softmax_backward(chunk.arena, y, dy, dx, false, target.accumulate);
    apply_mask(chunk, target);
}

run!(MaskedSoftmax, forward, backward);

#[cfg(test)]
mod tests {
    use mimo_graph::describe::List;

    use super::*;
    use crate::layers::check::{Bench, broadcast_strides, check};
    use crate::program::{GradientTarget, Read, Written};

    #[test]
    fn gradients() {
        let shape = [2, 3, 4];
        for axes in [[2, 3, 4], [1, 3, 1], [2, 1, 4], [1, 1, 4]] {
            for accumulate in [false, true] {
                let mut bench = Bench::new(3);
                let [x, y, dy, dx] = std::array::from_fn(|_| bench.value(24, 0));
                let mask = bench.value(axes.iter().product(), 2);
                let target = GradientTarget { view: dx, accumulate, mask: None };
                let op = MaskedSoftmax {
                    shape: List::Owned(shape.to_vec()),
                    x: Read::new(x, Some(target)),
                    mask: Read::new(mask, None),
                    strides: broadcast_strides(&axes, &shape),
                    y: Written::kept(y, Some(dy)),
                };
                // About a quarter of the values of the mask are above 0.5.
                check(&bench, &op, &[(x, Some(target)), (mask, None)], y, dy);
            }
        }
    }

    #[test]
    fn values_that_do_not_count_are_zeros() {
        let mut bench = Bench::new(2);
        let [x, mask, y] = std::array::from_fn(|_| bench.value(3, 0));
        let op = MaskedSoftmax {
            shape: List::Owned(vec![3]),
            x: Read::new(x, None),
            mask: Read::new(mask, None),
            strides: List::Owned(vec![1]),
            y: Written::new(y, None),
        };
        let mut arena = bench.arena::<f32>();
        bench.write(&mut arena, x, &[1.0, 50.0, 1.0, 1.0, 2.0, 3.0]);
        bench.write(&mut arena, mask, &[1.0, 0.0, 1.0, 0.0, 0.0, 0.0]);
        bench.forward(&op, &mut arena);
        assert_eq!(bench.read(&arena, y), [0.5, 0.0, 0.5, 0.0, 0.0, 0.0]);
    }
}
