//! `UpSampling1D`, `UpSampling2D`: sequences and images, enlarged.

use crate::chunk::Chunk;
use crate::float::Float;
use crate::kernels::{self, Resize};
use crate::layers::{apply_mask, clear};
use crate::program::{Sink, View};
use crate::run::run;

/// Enlarges an image: `[height, width, channels] → [height · size, width · size, channels]`.
///
/// **Keras equivalent:** `keras.layers.UpSampling1D`, `keras.layers.UpSampling2D`.
#[derive(Clone, Copy, Debug)]
pub struct UpSampling {
    /// From what, by how much, and how.
    pub resize: Resize,
    /// What is read.
    pub x: View,
    /// What is given.
    pub y: View,
    /// The gradient of `y`.
    pub dy: View,
    /// Where the gradient of `x` goes.
    pub dx: Option<Sink>,
}

fn forward<E: Float>(op: &UpSampling, chunk: &mut Chunk<'_, E>) {
    for row in 0..chunk.rows {
        let [x, y] = chunk.rows_mut([op.x, op.y], row);
        kernels::resize(&op.resize, x, y);
    }
}

fn backward<E: Float>(op: &UpSampling, chunk: &mut Chunk<'_, E>) {
    let Some(sink) = op.dx else { return };
    for row in 0..chunk.rows {
        clear(chunk, sink, row);
        let [dy, dx] = chunk.rows_mut([op.dy, sink.view], row);
        kernels::resize_gradient(&op.resize, dy, dx);
    }
    apply_mask(chunk, sink);
}

run!(UpSampling, forward, backward);

#[cfg(test)]
mod tests {
    use crate::kernels::Interpolation;

    use super::*;
    use crate::layers::check::{Bench, check};

    fn up_sampling(bench: &mut Bench, resize: Resize, gap: usize, accumulate: bool) -> UpSampling {
        let Resize { image: [height, width], channels, size: [down, right], .. } = resize;
        let len = height * width * channels;
        let [x, dx] = std::array::from_fn(|_| bench.value(len, gap));
        let [y, dy] = std::array::from_fn(|_| bench.value(len * down * right, gap));
        UpSampling {
            resize,
            x,
            y,
            dy,
            dx: Some(Sink { view: dx, accumulate, mask: accumulate.then_some(x) }),
        }
    }

    #[test]
    fn gradients() {
        for interpolation in [Interpolation::Nearest, Interpolation::Bilinear] {
            for (image, channels, size) in
                [([1, 4], 3, [1, 2]), ([2, 3], 1, [2, 3]), ([3, 1], 5, [1, 4]), ([2, 2], 17, [3, 1])]
            {
                for (gap, accumulate) in [(0, false), (3, false), (0, true), (2, true)] {
                    let mut bench = Bench::new(2);
                    let resize = Resize { image, channels, size, interpolation };
                    let op = up_sampling(&mut bench, resize, gap, accumulate);
                    check(&bench, &op, &[(op.x, op.dx)], op.y, op.dy);
                }
            }
        }
    }

    #[test]
    fn pixels_are_repeated_or_mixed() {
        let enlarged = |interpolation| {
            let mut bench = Bench::new(1);
            let resize = Resize { image: [2, 2], channels: 1, size: [2, 2], interpolation };
            let op = up_sampling(&mut bench, resize, 1, false);
            let mut arena = bench.arena::<f32>();
            bench.write(&mut arena, op.x, &[0.0, 1.0, 2.0, 3.0]);
            bench.forward(&op, &mut arena);
            bench.read(&arena, op.y)
        };
        let nearest =
            [[0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 1.0, 1.0], [2.0, 2.0, 3.0, 3.0], [2.0, 2.0, 3.0, 3.0]];
        assert_eq!(enlarged(Interpolation::Nearest), nearest.concat());
        let mixed =
            [[0.0, 0.25, 0.75, 1.0], [0.5, 0.75, 1.25, 1.5], [1.5, 1.75, 2.25, 2.5], [2.0, 2.25, 2.75, 3.0]];
        assert_eq!(enlarged(Interpolation::Bilinear), mixed.concat());
    }
}
