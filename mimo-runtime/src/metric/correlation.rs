//! Correlations of targets and predictions over the last axis.

use super::Samples;
use crate::float::Float;

/// Keras's `epsilon()`.
const EPSILON: f64 = 1e-7;

/// Means, variances and covariance of the values of a position.
struct Moments {
    means: [f64; 2],
    variances: [f64; 2],
    covariance: f64,
}

impl Moments {
    fn of<E: Float>(y: &[E], target: &[E]) -> Self {
        let share = (y.len() as f64).recip();
        let mean = |values: &[E]| values.iter().map(|value| value.f64()).sum::<f64>() * share;
        let means = [mean(y), mean(target)];
        let mut sums = [0.0; 3];
        for (p, t) in y.iter().zip(target) {
            let (p, t) = (p.f64() - means[0], t.f64() - means[1]);
            sums[0] += p * p;
            sums[1] += t * t;
            sums[2] += p * t;
        }
        let [of_y, of_target, covariance] = sums.map(|sum| sum * share);
        Moments { means, variances: [of_y, of_target], covariance }
    }
}

/// `PearsonCorrelation`: the covariance divided by the product of the standard deviations; NaN for equal values.
pub(super) fn pearson<E: Float>(classes: usize, samples: &Samples<'_, E>, state: &mut [f64]) {
    add(classes, samples, state, |Moments { variances: [of_y, of_target], covariance, .. }| {
        covariance / (of_y.sqrt() * of_target.sqrt())
    });
}

/// `ConcordanceCorrelation`: `2·cov / (σ² + σ² + (μ − μ)²)`.
pub(super) fn concordance<E: Float>(classes: usize, samples: &Samples<'_, E>, state: &mut [f64]) {
    add(classes, samples, state, |Moments { means, variances, covariance }| {
        let distance = means[0] - means[1];
        2.0 * covariance / (variances[0] + variances[1] + distance * distance + EPSILON)
    });
}

/// Adds the mean over the positions of each sample.
fn add<E: Float>(
    classes: usize,
    samples: &Samples<'_, E>,
    state: &mut [f64],
    correlation: impl Fn(Moments) -> f64,
) {
    let positions = samples.count_positions(classes);
    let share = (positions as f64).recip();
    super::add_mean(samples, state, |y, target| {
        let values = y.chunks(classes.max(1)).zip(target.chunks(classes.max(1)));
        share * values.map(|(y, target)| correlation(Moments::of(y, target))).sum::<f64>()
    });
}
