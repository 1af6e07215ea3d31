//! `AlphaDropout`, `GaussianDropout`, and `Dropout` with a `noise_shape`: a random function of each value in
//! training, the identity otherwise.

pub use mimo_graph::operation::{Noise, Randomness};

use crate::chunk::{Chunk, Mode};
use crate::float::Float;
use crate::kernels::{self, random::RandomScale};
use crate::layers::{apply_mask, pass, strided};
use crate::random;
use crate::run::run;

/// The random numbers of this step and the function applied to them.
fn scale<E: Float>(op: &Noise, chunk: &Chunk<'_, E>) -> RandomScale {
    let key = random::key(chunk.seed, op.key);
    match op.randomness {
        Randomness::Dropout { rate } => RandomScale::dropout(key, rate),
        Randomness::GaussianDropout { rate } => RandomScale::gaussian_dropout(key, rate),
        Randomness::AlphaDropout { rate } => RandomScale::alpha_dropout(key, rate),
    }
}

/// Index of the first random number of a sample. As in `Dropout`, numbers are fixed by the step, the layer and the
/// index in the batch.
fn first<E: Float>(op: &Noise, chunk: &Chunk<'_, E>, row: usize) -> u64 {
    ((chunk.first_row + row) as u64).wrapping_mul(op.numbers as u64)
}

fn forward<E: Float>(op: &Noise, chunk: &mut Chunk<'_, E>) {
    if chunk.mode != Mode::Train {
        let (x, y) = (chunk.mat(op.x.view), chunk.mat(op.y.view));
        return kernels::copy(chunk.arena, x, y, false);
    }
    let scale = scale(op, chunk);
    for row in 0..chunk.rows {
        let first = first(op, chunk, row);
        let [x, y] = chunk.rows_mut([op.x.view, op.y.view], row);
        strided::each_run(&op.shape, &op.strides, |at, number, len, step| {
            let first = first.wrapping_add(number as u64);
            scale.apply(first, step, &x[at..at + len], &mut y[at..at + len]);
        });
    }
}

fn backward<E: Float>(op: &Noise, chunk: &mut Chunk<'_, E>) {
    let Some(dy) = op.y.gradient else { return };
    let Some(target) = op.x.gradient else { return };
    if chunk.mode != Mode::Train {
        return pass(chunk, dy, target);
    }
    // The numbers are not stored: the same ones are drawn again.
    let scale = scale(op, chunk);
    for row in 0..chunk.rows {
        let first = first(op, chunk, row);
        let [dy, dx] = chunk.rows_mut([dy, target.view], row);
        strided::each_run(&op.shape, &op.strides, |at, number, len, step| {
            let first = first.wrapping_add(number as u64);
            scale.gradient(first, step, &dy[at..at + len], &mut dx[at..at + len], target.accumulate);
        });
    }
    apply_mask(chunk, target);
}

run!(Noise, forward, backward);

#[cfg(test)]
mod tests {
    use mimo_graph::describe::List;

    use super::*;
    use crate::layers::check::{Bench, check};
    use crate::program::{GradientTarget, Read, Written};

    const ALL: [fn(f64) -> Randomness; 3] = [
        |rate| Randomness::Dropout { rate },
        |rate| Randomness::GaussianDropout { rate },
        |rate| Randomness::AlphaDropout { rate },
    ];

    /// Noise of this shape, whose random numbers are shared along the axes where `own` is false.
    fn noise(
        bench: &mut Bench,
        randomness: Randomness,
        shape: &'static [usize],
        own: &[bool],
        (gap, accumulate): (usize, bool),
    ) -> Noise {
        let len = shape.iter().product();
        let [x, y, dy, dx] = std::array::from_fn(|_| bench.value(len, gap));
        let target = GradientTarget { view: dx, accumulate, mask: accumulate.then_some(x) };
        let mut numbers = 1;
        let mut strides = vec![0; shape.len()];
        for axis in (0..shape.len()).rev().filter(|&axis| own[axis]) {
            strides[axis] = numbers;
            numbers *= shape[axis];
        }
        Noise {
            randomness,
            shape: List::Borrowed(shape),
            strides: List::Owned(strides),
            numbers,
            key: 3,
            x: Read::new(x, Some(target)),
            y: Written::new(y, Some(dy)),
        }
    }

    #[test]
    fn gradients() {
        for mode in [Mode::Train, Mode::Evaluate, Mode::Predict] {
            for randomness in ALL.into_iter().flat_map(|of| [of(0.0), of(0.4)]) {
                for own in [[true; 3], [true, false, true], [false, true, false], [false; 3]] {
                    for layout in [(0, false), (3, false), (2, true)] {
                        let mut bench = Bench::new(3);
                        bench.mode = mode;
                        let op = noise(&mut bench, randomness, &[2, 3, 4], &own, layout);
                        let dy = op.y.gradient.expect("a gradient");
                        check(&bench, &op, &[(op.x.view, op.x.gradient)], op.y.view, dy);
                    }
                }
            }
        }
    }

    /// Results for 100 samples of 1000 values from the normal distribution.
    fn drawn(randomness: Randomness) -> (Vec<f64>, Vec<f64>) {
        let mut bench = Bench::new(100);
        let op = noise(&mut bench, randomness, &[1000], &[true], (0, false));
        let mut arena = bench.arena::<f64>();
        let x: Vec<f64> = (0..100_000).map(|i| kernels::normal(11, i)).collect();
        bench.write(&mut arena, op.x.view, &x);
        bench.forward(&op, &mut arena);
        (x, bench.read(&arena, op.y.view))
    }

    fn moments(values: &[f64]) -> (f64, f64) {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        (mean, values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64)
    }

    #[test]
    fn alpha_dropout_keeps_mean_and_variance() {
        let (x, y) = drawn(Randomness::AlphaDropout { rate: 0.25 });
        let (mean, variance) = moments(&y);
        assert!(mean.abs() < 0.02 && (variance - 1.0).abs() < 0.03, "{mean} {variance}");
        // Keras's formula: kept values are on a line, dropped ones have one value.
        let limit = -1.673_263_242_354_377_2 * 1.050_700_987_355_480_5;
        let a = (0.75 * (1.0 + 0.25 * f64::powi(limit, 2))).powf(-0.5);
        let b = -a * limit * 0.25;
        let kept = |x: f64, y: f64| (y - (a * x + b)).abs() < 1e-12;
        assert!(x.iter().zip(&y).all(|(x, y)| kept(*x, *y) || kept(limit, *y)));
        let dropped = x.iter().zip(&y).filter(|(x, y)| !kept(**x, **y)).count() as f64 / 1e5;
        // Six standard deviations.
        assert!((dropped - 0.25).abs() < 0.009, "{dropped}");
    }

    #[test]
    fn gaussian_dropout_multiplies_by_normal_numbers() {
        let (x, y) = drawn(Randomness::GaussianDropout { rate: 0.2 });
        let factors: Vec<f64> = x.iter().zip(&y).map(|(x, y)| y / x).collect();
        let (mean, variance) = moments(&factors);
        // Six standard deviations of both estimates.
        assert!((mean - 1.0).abs() < 0.01 && (variance - 0.25).abs() < 0.007, "{mean} {variance}");
    }

    #[test]
    fn a_shape_of_its_own_length_drops_as_without_a_shape() {
        use crate::layers::dropout::Dropout;
        let mut bench = Bench::new(4);
        let op = noise(&mut bench, Randomness::Dropout { rate: 0.5 }, &[3, 7], &[true; 2], (2, false));
        let plain = Dropout { rate: 0.5, positions: 1, key: op.key, x: op.x, y: op.y };
        let drop = |forward: &dyn Fn(&mut [f64])| {
            let mut arena = bench.arena::<f64>();
            bench.fill(&mut arena, op.x.view, 1);
            forward(&mut arena);
            bench.read(&arena, op.y.view)
        };
        assert_eq!(drop(&|arena| bench.forward(&op, arena)), drop(&|arena| bench.forward(&plain, arena)));
    }

    #[test]
    fn chunks_do_not_matter_and_shared_numbers_are_shared() {
        let drawn = |rows: usize, first_row: usize| {
            let mut bench = Bench::new(rows);
            let randomness = Randomness::AlphaDropout { rate: 0.5 };
            let op = noise(&mut bench, randomness, &[5, 3], &[true, false], (1, false));
            bench.first_row = first_row;
            let mut arena = bench.arena::<f32>();
            bench.write(&mut arena, op.x.view, &vec![1.0; rows * 15]);
            bench.forward(&op, &mut arena);
            bench.read(&arena, op.y.view)
        };
        let all = drawn(8, 0);
        assert_eq!(all, [drawn(3, 0), drawn(5, 3)].concat());
        assert!(all.chunks(3).all(|run| run.iter().all(|value| *value == run[0])));
        assert!(all.chunks(15).zip(all.chunks(15).skip(1)).any(|(a, b)| a != b));
    }
}
