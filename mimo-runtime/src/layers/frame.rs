//! `ZeroPadding1D`, `Cropping1D` and their 2D forms: each is the other's backward.

use crate::chunk::Chunk;
use crate::float::Float;
use crate::kernels::{self, Mat};
use crate::layers::{apply_mask, clear};
use crate::program::{Sink, View};
use crate::run::run;

/// Copies an image into a larger one of zeros, or out of a larger one:
/// `[height, width, channels] → [height ± …, width ± …, channels]`.
///
/// **Keras equivalent:** `keras.layers.ZeroPadding2D`, `keras.layers.Cropping2D` and their 1D forms.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// Whether the result is the larger one.
    pub pads: bool,
    /// Where the smaller image lies in the larger one.
    pub inside: Inside,
    /// What is read.
    pub x: View,
    /// What is given.
    pub y: View,
    /// The gradient of `y`.
    pub dy: View,
    /// Where the gradient of `x` goes.
    pub dx: Option<Sink>,
}

/// Rows of an image that lie inside a larger one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inside {
    /// How many.
    pub rows: usize,
    /// Values per row.
    pub len: usize,
    /// Where the first row begins in the larger image.
    pub first: usize,
    /// From one row to the next in the larger image.
    pub stride: usize,
}

impl Inside {
    /// An image `[height, width, channels]` in one whose rows are `outer` pixels long, `above` and `left` of which are
    /// before it.
    pub const fn new([height, width, channels]: [usize; 3], outer: usize, [above, left]: [usize; 2]) -> Self {
        Inside {
            rows: height,
            len: width * channels,
            first: (above * outer + left) * channels,
            stride: outer * channels,
        }
    }

    /// The rows in one sample of the smaller and of the larger image.
    fn of<E: Float>(self, chunk: &Chunk<'_, E>, [small, large]: [View; 2], row: usize) -> [Mat; 2] {
        let at = |view: View| chunk.mat(view).offset + row * view.stride;
        let Inside { rows, len, first, stride } = self;
        let large = Mat { offset: at(large) + first, rows, cols: len, stride };
        [Mat { offset: at(small), stride: len, ..large }, large]
    }
}

fn forward<E: Float>(op: &Frame, chunk: &mut Chunk<'_, E>) {
    for row in 0..chunk.rows {
        if op.pads {
            chunk.row_mut(op.y, row).fill(E::zero());
            let [small, large] = op.inside.of(chunk, [op.x, op.y], row);
            kernels::copy(chunk.arena, small, large, false);
        } else {
            let [small, large] = op.inside.of(chunk, [op.y, op.x], row);
            kernels::copy(chunk.arena, large, small, false);
        }
    }
}

fn backward<E: Float>(op: &Frame, chunk: &mut Chunk<'_, E>) {
    let Some(sink) = op.dx else { return };
    for row in 0..chunk.rows {
        if op.pads {
            let [small, large] = op.inside.of(chunk, [sink.view, op.dy], row);
            kernels::copy(chunk.arena, large, small, sink.accumulate);
        } else {
            clear(chunk, sink, row);
            let [small, large] = op.inside.of(chunk, [op.dy, sink.view], row);
            kernels::copy(chunk.arena, small, large, sink.accumulate);
        }
    }
    apply_mask(chunk, sink);
}

run!(Frame, forward, backward);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::check::{Bench, check};

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
                    let sink = Sink { view: dx, accumulate, mask: accumulate.then_some(x) };
                    let inside = Inside::new(inner, outer, [above, left]);
                    let op = Frame { pads, inside, x, y, dy, dx: Some(sink) };
                    check(&bench, &op, &[(x, Some(sink))], y, dy);
                }
            }
        }
    }

    #[test]
    fn a_frame_is_put_there_and_taken_away() {
        let mut bench = Bench::new(1);
        let (small, large) = (bench.value(4, 1), bench.value(12, 2));
        let again = bench.value(4, 0);
        let inside = Inside::new([2, 2, 1], 4, [1, 0]);
        let padding = Frame { pads: true, inside, x: small, y: large, dy: large, dx: None };
        let cropping = Frame { pads: false, inside, x: large, y: again, dy: again, dx: None };
        let mut arena = bench.arena::<f32>();
        bench.write(&mut arena, small, &[1.0, 2.0, 3.0, 4.0]);
        bench.forward(&padding, &mut arena);
        let padded = [0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 0.0, 0.0, 3.0, 4.0, 0.0, 0.0];
        assert_eq!(bench.read(&arena, large), padded);
        bench.forward(&cropping, &mut arena);
        assert_eq!(bench.read(&arena, again), [1.0, 2.0, 3.0, 4.0]);
    }
}
