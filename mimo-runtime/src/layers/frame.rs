//! `ZeroPadding1D`, `Cropping1D` and their 2D forms: each is the backward pass of the other.

pub use mimo_graph::operation::Frame;

use crate::chunk::Chunk;
use crate::float::Float;
use crate::kernels::{self, Mat};
use crate::layers::{apply_mask, clear};
use crate::program::View;
use crate::run::run;

/// Rows of an image inside a larger one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Inside {
    /// Number of rows.
    rows: usize,
    /// Values per row.
    len: usize,
    /// Offset of the first row in the larger image.
    first: usize,
    /// Distance of rows in the larger image.
    stride: usize,
}

impl Inside {
    fn new(op: &Frame) -> Self {
        let ([height, width, channels], outer, [above, left]) = (op.inner, op.outer, op.before);
        Inside {
            rows: height,
            len: width * channels,
            first: (above * outer + left) * channels,
            stride: outer * channels,
        }
    }

    /// The rows of one sample, in the smaller and in the larger image.
    fn of<E: Float>(self, chunk: &Chunk<'_, E>, [small, large]: [View; 2], row: usize) -> [Mat; 2] {
        let at = |view: View| chunk.mat(view).offset + row * view.stride;
        let Inside { rows, len, first, stride } = self;
        let large = Mat { offset: at(large) + first, rows, cols: len, stride };
        [Mat { offset: at(small), stride: len, ..large }, large]
    }
}

fn forward<E: Float>(op: &Frame, chunk: &mut Chunk<'_, E>) {
    let inside = Inside::new(op);
    for row in 0..chunk.rows {
        if op.pads {
            chunk.row_mut(op.y.view, row).fill(E::zero());
            let [small, large] = inside.of(chunk, [op.x.view, op.y.view], row);
            kernels::copy(chunk.arena, small, large, false);
        } else {
            let [small, large] = inside.of(chunk, [op.y.view, op.x.view], row);
            kernels::copy(chunk.arena, large, small, false);
        }
    }
}

fn backward<E: Float>(op: &Frame, chunk: &mut Chunk<'_, E>) {
    let Some(dy) = op.y.gradient else { return };
    let Some(target) = op.x.gradient else { return };
    let inside = Inside::new(op);
    for row in 0..chunk.rows {
        if op.pads {
            let [small, large] = inside.of(chunk, [target.view, dy], row);
            kernels::copy(chunk.arena, large, small, target.accumulate);
        } else {
            clear(chunk, target, row);
            let [small, large] = inside.of(chunk, [dy, target.view], row);
            kernels::copy(chunk.arena, small, large, target.accumulate);
        }
    }
    apply_mask(chunk, target);
}

run!(Frame, forward, backward);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::check::{Bench, check};
    use crate::program::{GradientTarget, Read, Written};

    #[test]
    fn gradients() {
        for (inner, [above, below, left, right]) in [
            ([1, 5, 3], [0, 0, 2, 1]),
            ([3, 2, 4], [1, 0, 0, 2]),
            ([2, 3, 1], [0, 3, 1, 0]),
            ([2, 2, 17], [0, 0, 0, 0]),
        ] {
            for (gap, accumulate) in [(0, false), (3, false), (0, true), (2, true)] {
                for pads in [true, false] {
                    let [height, width, channels] = inner;
                    let outer = width + left + right;
                    let lens = [height * width * channels, (height + above + below) * outer * channels];
                    let [from, to] = if pads { lens } else { [lens[1], lens[0]] };
                    let mut bench = Bench::new(3);
                    let [x, dx] = std::array::from_fn(|_| bench.value(from, gap));
                    let [y, dy] = std::array::from_fn(|_| bench.value(to, gap));
                    let target = GradientTarget { view: dx, accumulate, mask: accumulate.then_some(x) };
                    let before = [above, left];
                    let (x_read, y_written) = (Read::new(x, Some(target)), Written::new(y, Some(dy)));
                    let op = Frame { pads, inner, outer, before, x: x_read, y: y_written };
                    check(&bench, &op, &[(x, Some(target))], y, dy);
                }
            }
        }
    }

    #[test]
    fn a_frame_is_put_there_and_taken_away() {
        let mut bench = Bench::new(1);
        let (small, large) = (bench.value(4, 1), bench.value(12, 2));
        let again = bench.value(4, 0);
        let frame = |pads, x, y| Frame {
            pads,
            inner: [2, 2, 1],
            outer: 4,
            before: [1, 0],
            x: Read::new(x, None),
            y: Written::new(y, None),
        };
        let (padding, cropping) = (frame(true, small, large), frame(false, large, again));
        let mut arena = bench.arena::<f32>();
        bench.write(&mut arena, small, &[1.0, 2.0, 3.0, 4.0]);
        bench.forward(&padding, &mut arena);
        let padded = [0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 0.0, 0.0, 3.0, 4.0, 0.0, 0.0];
        assert_eq!(bench.read(&arena, large), padded);
        bench.forward(&cropping, &mut arena);
        assert_eq!(bench.read(&arena, again), [1.0, 2.0, 3.0, 4.0]);
    }
}
