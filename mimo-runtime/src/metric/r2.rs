//! `R2Score`: the coefficient of determination, `1 − Σ(t − p)² / Σ(t − mean t)²` of each column, averaged.

use mimo_graph::metric::Aggregation;

use super::{Samples, divide};
use crate::float::Float;

/// Sums of a column: `Σt`, `Σt²`, `Σ(t − p)²`. The sum of the weights follows those of all columns.
pub(super) const SUMS: usize = 3;

/// Adds samples; every position counts as one.
pub(super) fn add<E: Float>(classes: usize, samples: &Samples<'_, E>, state: &mut [f64]) {
    let (columns, weights) = state.as_chunks_mut::<SUMS>();
    samples.for_each_position(classes, |y, labels| {
        for ((class, p), [sum, squares, errors]) in y.iter().enumerate().zip(columns.iter_mut()) {
            let t = labels.of(class);
            let error = t - p.f64();
            *sum += samples.weight * t;
            *squares += samples.weight * t * t;
            *errors += samples.weight * error * error;
        }
        weights.iter_mut().for_each(|weights| *weights += samples.weight);
    });
}

/// Returns the score. A column of equal targets scores 0, or 1 if they are predicted exactly.
pub(super) fn score(state: &[f64], aggregation: Aggregation, num_regressors: usize) -> f64 {
    let (columns, weights) = state.as_chunks::<SUMS>();
    let weights = weights.first().copied().unwrap_or(0.0);
    let spread = |&[sum, squares, _]: &[f64; SUMS]| {
        let spread = squares - sum * divide(sum, weights);
        // A spread within rounding errors of equal targets is none.
        if spread > squares * 1e-12 { spread } else { 0.0 }
    };
    let of_column = |column: &[f64; SUMS]| {
        let [_, _, errors] = *column;
        let spread = spread(column);
        match (spread > 0.0, errors > 0.0) {
            (true, _) => 1.0 - errors / spread,
            (false, true) => 0.0,
            (false, false) => f64::from(u8::from(weights > 0.0)),
        }
    };
    let score = match aggregation {
        Aggregation::Uniform => divide(columns.iter().map(of_column).sum(), columns.len() as f64),
        Aggregation::VarianceWeighted => {
            let weighted: f64 = columns.iter().map(|column| of_column(column) * spread(column)).sum();
            let spreads: f64 = columns.iter().map(spread).sum();
            // A mean without weight is NaN, as in Keras; before the first sample all metrics are 0.
            if weights > 0.0 { weighted / spreads } else { 0.0 }
        }
        Aggregation::Column(column) => columns.get(column).map_or(0.0, of_column),
    };
    // With too few samples the adjusted score is not defined, and Keras reports the plain one. Keras counts every
    // value of a sample.
    let samples = weights * columns.len() as f64;
    let free = samples - num_regressors as f64 - 1.0;
    if num_regressors == 0 || free <= 0.0 {
        return score;
    }
    1.0 - (1.0 - score) * (samples - 1.0) / free
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_equal_targets() {
        // Two columns of 0.1, three samples, errors that are not 0.
        let state = [0.3, 0.03, 0.5, 0.3, 0.03, 0.25, 3.0];
        assert_eq!(score(&state, Aggregation::Uniform, 0), 0.0);
        assert!(score(&state, Aggregation::VarianceWeighted, 0).is_nan());
        assert!(score(&state, Aggregation::VarianceWeighted, 2).is_nan());
        assert_eq!(score(&[0.0; 7], Aggregation::VarianceWeighted, 0), 0.0);
    }
}
