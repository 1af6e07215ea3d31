//! `GaussianNoise`: additive normal noise in training, the identity otherwise.

pub use mimo_graph::operation::GaussianNoise;

use crate::chunk::{Chunk, Mode};
use crate::float::Float;
use crate::kernels;
use crate::layers::pass;
use crate::random;
use crate::run::run;

fn forward<E: Float>(op: &GaussianNoise, chunk: &mut Chunk<'_, E>) {
    let (x, y) = (chunk.mat(op.x.view), chunk.mat(op.y.view));
    match chunk.mode {
        Mode::Train => {
            // As in `Dropout`: fixed by the step, the layer and the index in the batch.
            let key = random::key(chunk.seed, op.key);
            let first = (chunk.first_row * op.x.view.len) as u64;
            kernels::gaussian_noise(chunk.arena, key, first, op.stddev, x, y);
        }
        Mode::Evaluate | Mode::Predict => kernels::copy(chunk.arena, x, y, false),
    }
}

fn backward<E: Float>(op: &GaussianNoise, chunk: &mut Chunk<'_, E>) {
    let Some(dy) = op.y.gradient else { return };
    if let Some(target) = op.x.gradient {
        pass(chunk, dy, target);
    }
}

run!(GaussianNoise, forward, backward);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::check::{Bench, check, gradient_of};
    use crate::program::{GradientTarget, Read, Written};

    fn noise(bench: &mut Bench, len: usize, gap: usize, accumulate: bool) -> GaussianNoise {
        let [x, y, dy, dx] = std::array::from_fn(|_| bench.value(len, gap));
        let target = GradientTarget { view: dx, accumulate, mask: accumulate.then_some(x) };
        GaussianNoise { stddev: 0.2, key: 8, x: Read::new(x, Some(target)), y: Written::new(y, Some(dy)) }
    }

    #[test]
    fn gradients() {
        for mode in [Mode::Train, Mode::Evaluate, Mode::Predict] {
            for (len, gap, accumulate) in [(1, 0, false), (19, 5, false), (7, 2, true)] {
                let mut bench = Bench::new(3);
                bench.mode = mode;
                let op = noise(&mut bench, len, gap, accumulate);
                check(&bench, &op, &[(op.x.view, op.x.gradient)], op.y.view, gradient_of(&op.y));
            }
        }
    }

    #[test]
    fn noise_is_normal_while_training_only() {
        let mut bench = Bench::new(100);
        let op = noise(&mut bench, 1000, 0, false);
        let mut arena = bench.arena::<f64>();
        bench.write(&mut arena, op.x.view, &vec![3.0; 100_000]);
        bench.forward(&op, &mut arena);
        let y = bench.read(&arena, op.y.view);
        let mean = y.iter().sum::<f64>() / 1e5;
        let variance = y.iter().map(|y| (y - mean) * (y - mean)).sum::<f64>() / 1e5;
        // Six standard deviations of both estimates.
        assert!((mean - 3.0).abs() < 0.004, "{mean}");
        assert!((variance - 0.04).abs() < 0.0011, "{variance}");

        bench.mode = Mode::Predict;
        bench.forward(&op, &mut arena);
        assert!(bench.read(&arena, op.y.view).iter().all(|y| *y == 3.0));
    }

    #[test]
    fn chunks_do_not_matter() {
        let drawn = |rows: usize, first_row: usize| {
            let mut bench = Bench::new(rows);
            let op = noise(&mut bench, 13, 1, false);
            bench.first_row = first_row;
            let mut arena = bench.arena::<f32>();
            bench.write(&mut arena, op.x.view, &vec![0.0; rows * 13]);
            bench.forward(&op, &mut arena);
            bench.read(&arena, op.y.view)
        };
        assert_eq!(drawn(6, 0), [drawn(1, 0), drawn(5, 1)].concat());
    }
}
