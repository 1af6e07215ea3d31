//! `UpSampling1D`, `UpSampling2D`: enlarged sequences and images.

use mimo_graph::layers::up_sampling as graph;
pub use mimo_graph::operation::UpSampling;

use crate::chunk::Chunk;
use crate::float::Float;
use crate::kernels::{self, Interpolation, Resize};
use crate::layers::{apply_mask, clear};
use crate::run::run;

/// Size and scale of the image.
fn resize(op: &UpSampling) -> Resize {
    let [height, width, channels] = op.image;
    let interpolation = match op.interpolation {
        graph::Interpolation::Nearest => Interpolation::Nearest,
        graph::Interpolation::Bilinear => Interpolation::Bilinear,
    };
    Resize { image: [height, width], channels, size: op.size, interpolation }
}

fn forward<E: Float>(op: &UpSampling, chunk: &mut Chunk<'_, E>) {
    let resize = resize(op);
    for row in 0..chunk.rows {
        let [x, y] = chunk.rows_mut([op.x.view, op.y.view], row);
        kernels::resize(&resize, x, y);
    }
}

fn backward<E: Float>(op: &UpSampling, chunk: &mut Chunk<'_, E>) {
    let Some(dy) = op.y.gradient else { return };
    let Some(gradient_target) = op.x.gradient else { return };
    let resize = resize(op);
    for row in 0..chunk.rows {
        clear(chunk, gradient_target, row);
        let [dy, dx] = chunk.rows_mut([dy, gradient_target.view], row);
        kernels::resize_gradient(&resize, dy, dx);
    }
    apply_mask(chunk, gradient_target);
}

run!(UpSampling, forward, backward);

#[cfg(test)]
mod tests {
    use mimo_graph::layers::up_sampling::Interpolation;

    use super::*;
    use crate::layers::check::{Bench, check, gradient_of};
    use crate::program::{GradientTarget, Read, Written};

    fn up_sampling(
        bench: &mut Bench,
        image: [usize; 3],
        size: [usize; 2],
        interpolation: Interpolation,
        (gap, accumulate): (usize, bool),
    ) -> UpSampling {
        let len: usize = image.iter().product();
        let [x, dx] = std::array::from_fn(|_| bench.value(len, gap));
        let [y, dy] = std::array::from_fn(|_| bench.value(len * size[0] * size[1], gap));
        let target = GradientTarget { view: dx, accumulate, mask: accumulate.then_some(x) };
        let (x, y) = (Read::new(x, Some(target)), Written::new(y, Some(dy)));
        UpSampling { image, size, interpolation, x, y }
    }

    #[test]
    fn gradients() {
        for interpolation in [Interpolation::Nearest, Interpolation::Bilinear] {
            for (image, channels, size) in
                [([1, 4], 3, [1, 2]), ([2, 3], 1, [2, 3]), ([3, 1], 5, [1, 4]), ([2, 2], 17, [3, 1])]
            {
                for (gap, accumulate) in [(0, false), (3, false), (0, true), (2, true)] {
                    let mut bench = Bench::new(2);
                    let image = [image[0], image[1], channels];
                    let op = up_sampling(&mut bench, image, size, interpolation, (gap, accumulate));
                    check(&bench, &op, &[(op.x.view, op.x.gradient)], op.y.view, gradient_of(&op.y));
                }
            }
        }
    }

    #[test]
    fn pixels_are_repeated_or_mixed() {
        let enlarged = |interpolation| {
            let mut bench = Bench::new(1);
            let op = up_sampling(&mut bench, [2, 2, 1], [2, 2], interpolation, (1, false));
            let mut arena = bench.arena::<f32>();
            bench.write(&mut arena, op.x.view, &[0.0, 1.0, 2.0, 3.0]);
            bench.forward(&op, &mut arena);
            bench.read(&arena, op.y.view)
        };
        let nearest =
            [[0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 1.0, 1.0], [2.0, 2.0, 3.0, 3.0], [2.0, 2.0, 3.0, 3.0]];
        assert_eq!(enlarged(Interpolation::Nearest), nearest.concat());
        let mixed =
            [[0.0, 0.25, 0.75, 1.0], [0.5, 0.75, 1.25, 1.5], [1.5, 1.75, 2.25, 2.5], [2.0, 2.25, 2.75, 3.0]];
        assert_eq!(enlarged(Interpolation::Bilinear), mixed.concat());
    }
}
