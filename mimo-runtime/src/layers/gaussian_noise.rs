//! `GaussianNoise`: additive normal noise while training, nothing otherwise.

use crate::chunk::{Chunk, Mode};
use crate::float::Float;
use crate::kernels;
use crate::layers::pass;
use crate::program::{Sink, View};
use crate::random;
use crate::run::run;

/// Adds normal noise.
#[derive(Clone, Copy, Debug)]
pub struct GaussianNoise {
    /// The standard deviation.
    pub stddev: f64,
    /// Tells this layer's random numbers from other layers'.
    pub key: u64,
    /// What is read.
    pub x: View,
    /// What is given.
    pub y: View,
    /// The gradient of `y`.
    pub dy: View,
    /// Where the gradient of `x` goes.
    pub dx: Option<Sink>,
}

fn forward<E: Float>(op: &GaussianNoise, chunk: &mut Chunk<'_, E>) {
    let (x, y) = (chunk.mat(op.x), chunk.mat(op.y));
    match chunk.mode {
        Mode::Train => {
            // As in `Dropout`: fixed by the step, the layer and the place in the batch.
            let key = random::key(chunk.seed, op.key);
            let first = (chunk.first_row * op.x.len) as u64;
            kernels::gaussian_noise(chunk.arena, key, first, op.stddev, x, y);
        }
        Mode::Evaluate | Mode::Predict => kernels::copy(chunk.arena, x, y, false),
    }
}

fn backward<E: Float>(op: &GaussianNoise, chunk: &mut Chunk<'_, E>) {
    if let Some(sink) = op.dx {
        pass(chunk, op.dy, sink);
    }
}

run!(GaussianNoise, forward, backward);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::check::{Bench, check};

    fn noise(bench: &mut Bench, len: usize, gap: usize, accumulate: bool) -> GaussianNoise {
        let [x, y, dy, dx] = std::array::from_fn(|_| bench.value(len, gap));
        let sink = Sink { view: dx, accumulate, mask: accumulate.then_some(x) };
        GaussianNoise { stddev: 0.2, key: 8, x, y, dy, dx: Some(sink) }
    }

    #[test]
    fn gradients() {
        for mode in [Mode::Train, Mode::Evaluate, Mode::Predict] {
            for (len, gap, accumulate) in [(1, 0, false), (19, 5, false), (7, 2, true)] {
                let mut bench = Bench::new(3);
                bench.mode = mode;
                let op = noise(&mut bench, len, gap, accumulate);
                check(&bench, &op, &[(op.x, op.dx)], op.y, op.dy);
            }
        }
    }

    #[test]
    fn noise_is_normal_while_training_only() {
        let mut bench = Bench::new(100);
        let op = noise(&mut bench, 1000, 0, false);
        let mut arena = bench.arena::<f64>();
        bench.write(&mut arena, op.x, &vec![3.0; 100_000]);
        bench.forward(&op, &mut arena);
        let y = bench.read(&arena, op.y);
        let mean = y.iter().sum::<f64>() / 1e5;
        let variance = y.iter().map(|y| (y - mean) * (y - mean)).sum::<f64>() / 1e5;
        // Six standard deviations of both estimates.
        assert!((mean - 3.0).abs() < 0.004, "{mean}");
        assert!((variance - 0.04).abs() < 0.0011, "{variance}");

        bench.mode = Mode::Predict;
        bench.forward(&op, &mut arena);
        assert!(bench.read(&arena, op.y).iter().all(|y| *y == 3.0));
    }

    #[test]
    fn chunks_do_not_matter() {
        let drawn = |rows: usize, first_row: usize| {
            let mut bench = Bench::new(rows);
            let op = noise(&mut bench, 13, 1, false);
            bench.first_row = first_row;
            let mut arena = bench.arena::<f32>();
            bench.write(&mut arena, op.x, &vec![0.0; rows * 13]);
            bench.forward(&op, &mut arena);
            bench.read(&arena, op.y)
        };
        assert_eq!(drawn(6, 0), [drawn(1, 0), drawn(5, 1)].concat());
    }
}
