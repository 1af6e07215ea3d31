//! Random numbers, drawn in training and in inference.

pub use mimo_graph::operation::RandomDraw;

use mimo_graph::operation::Drawn;

use crate::chunk::Chunk;
use crate::float::Float;
use crate::kernels::{normal, truncated_normal, uniform};
use crate::random;
use crate::run::run;

/// A number is fixed by the step or pass, the call and its index in the batch, so that results do not depend on how
/// the batch is split into chunks.
fn forward<E: Float>(op: &RandomDraw, chunk: &mut Chunk<'_, E>) {
    let key = match op.seed {
        Some(seed) => random::key(seed, chunk.pass),
        None => random::key(chunk.seed, op.key),
    };
    let &[a, b] = &op.numbers[..] else { return };
    // Half the spacing of numbers below 1: in `f32` a uniform number would be rounded to 1.
    let unit = E::epsilon().f64() / 2.0;
    for row in 0..chunk.rows {
        let first = ((chunk.first_row + row) as u64).wrapping_mul(op.y.view.len as u64);
        let indices = (0..).map(|i| first.wrapping_add(i));
        let y = chunk.row_mut(op.y.view, row).iter_mut().zip(indices);
        match op.drawn {
            Drawn::Normal => y.for_each(|(y, i)| *y = E::of(a + b * normal(key, i))),
            Drawn::TruncatedNormal => y.for_each(|(y, i)| *y = E::of(a + b * truncated_normal(key, i))),
            Drawn::Uniform => y.for_each(|(y, i)| {
                let part = (uniform(key, i) / unit).floor() * unit;
                *y = E::of(a + (b - a) * part);
            }),
        }
    }
}

/// There is no input, so there is no gradient.
fn backward<E: Float>(_: &RandomDraw, _: &mut Chunk<'_, E>) {}

run!(RandomDraw, forward, backward);

#[cfg(test)]
mod tests {
    use mimo_graph::describe::List;

    use super::*;
    use crate::layers::check::Bench;
    use crate::program::Written;

    fn draw(bench: &mut Bench, drawn: Drawn, numbers: [f64; 2], len: usize) -> RandomDraw {
        let y = Written::new(bench.value(len, 1), None);
        RandomDraw { drawn, numbers: List::Owned(numbers.to_vec()), seed: None, key: 4, y }
    }

    fn drawn<E: Float + crate::run::Run<RandomDraw>>(bench: &Bench, op: &RandomDraw) -> Vec<f64> {
        let mut arena = bench.arena::<E>();
        bench.forward(op, &mut arena);
        bench.read(&arena, op.y.view)
    }

    /// A hundred thousand numbers, sorted.
    fn sample(kind: Drawn, numbers: [f64; 2]) -> Vec<f64> {
        let mut bench = Bench::new(100);
        let op = draw(&mut bench, kind, numbers, 1000);
        let mut values = drawn::<f64>(&bench, &op);
        values.sort_by(f64::total_cmp);
        values
    }

    /// Mean, variance and fractions of numbers below some bounds. All tolerances are six standard deviations of the
    /// estimates.
    fn check(values: &[f64], (mean, variance, fourth): (f64, f64, f64), shares: &[(f64, f64)]) {
        let n = values.len() as f64;
        let found = values.iter().sum::<f64>() / n;
        assert!((found - mean).abs() < 6.0 * (variance / n).sqrt(), "mean {found}");
        let found = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
        let deviation = ((fourth - variance * variance) / n).sqrt();
        assert!((found - variance).abs() < 6.0 * deviation, "variance {found}");
        for &(bound, share) in shares {
            let found = values.partition_point(|x| *x < bound) as f64 / n;
            assert!(
                (found - share).abs() < 6.0 * (share * (1.0 - share) / n).sqrt(),
                "below {bound}: {found}"
            );
        }
    }

    #[test]
    fn numbers_are_from_their_distributions() {
        let quantiles =
            [(-2.326_348, 0.01), (-1.281_552, 0.1), (-0.674_490, 0.25), (0.0, 0.5), (1.644_854, 0.95)];
        check(&sample(Drawn::Normal, [0.0, 1.0]), (0.0, 1.0, 3.0), &quantiles);
        let quantiles = quantiles.map(|(bound, share)| (3.0 + 0.5 * bound, share));
        check(&sample(Drawn::Normal, [3.0, 0.5]), (3.0, 0.25, 3.0 * 0.0625), &quantiles);

        let uniform = sample(Drawn::Uniform, [-1.0, 3.0]);
        let quantiles = [(-0.96, 0.01), (-0.6, 0.1), (0.0, 0.25), (1.0, 0.5), (2.8, 0.95)];
        check(&uniform, (1.0, 16.0 / 12.0, 256.0 / 80.0), &quantiles);
        assert!(uniform.iter().all(|x| (-1.0..3.0).contains(x)));

        // Moments and fractions of the normal distribution between -2 and 2.
        let cut = sample(Drawn::TruncatedNormal, [0.0, 1.0]);
        let quantiles = [(-1.0, 0.142_384), (0.0, 0.5), (0.5, 0.700_589), (1.5, 0.953_843)];
        check(&cut, (0.0, 0.773_741, 1.416_189), &quantiles);
        assert!(cut.iter().all(|x| x.abs() < 2.0));
    }

    #[test]
    fn uniform_numbers_are_below_their_bound_in_single_precision() {
        let mut bench = Bench::new(1000);
        let op = draw(&mut bench, Drawn::Uniform, [0.0, 1.0], 4000);
        let largest = drawn::<f32>(&bench, &op).into_iter().fold(0.0, f64::max);
        assert!(largest < 1.0 && largest > 0.999_999, "{largest}");
    }

    #[test]
    fn one_number_may_be_all_there_is() {
        let mut bench = Bench::new(2);
        let op = draw(&mut bench, Drawn::Uniform, [2.0, 2.0], 3);
        assert_eq!(drawn::<f32>(&bench, &op), [2.0; 6]);
        let mut bench = Bench::new(2);
        let op = draw(&mut bench, Drawn::Normal, [2.0, 0.0], 3);
        assert_eq!(drawn::<f32>(&bench, &op), [2.0; 6]);
    }

    #[test]
    fn chunks_do_not_matter() {
        for kind in [Drawn::Normal, Drawn::TruncatedNormal, Drawn::Uniform] {
            let part = |rows: usize, first_row: usize| {
                let mut bench = Bench::new(rows);
                let op = draw(&mut bench, kind, [0.0, 1.0], 13);
                bench.first_row = first_row;
                drawn::<f32>(&bench, &op)
            };
            assert_eq!(part(6, 0), [part(1, 0), part(5, 1)].concat());
        }
    }

    #[test]
    fn seeds_calls_and_passes_decide() {
        let mut bench = Bench::new(4);
        let op = draw(&mut bench, Drawn::Normal, [0.0, 1.0], 13);
        let first = drawn::<f64>(&bench, &op);
        assert_eq!(drawn::<f64>(&bench, &op), first);
        assert_ne!(drawn::<f64>(&bench, &RandomDraw { key: 5, ..op.clone() }), first);
        let own = RandomDraw { seed: Some(9), ..op.clone() };
        let own_first = drawn::<f64>(&bench, &own);
        // Each stream depends on its number and on the step.
        bench.seed += 1;
        assert_ne!(drawn::<f64>(&bench, &op), first);
        assert_eq!(drawn::<f64>(&bench, &own), own_first);
        assert_eq!(drawn::<f64>(&bench, &RandomDraw { key: 5, ..own.clone() }), own_first);
        assert_ne!(drawn::<f64>(&bench, &RandomDraw { seed: Some(8), ..own.clone() }), own_first);
        bench.pass += 1;
        assert_ne!(drawn::<f64>(&bench, &own), own_first);
    }
}
