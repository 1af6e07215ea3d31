//! `AUC`: the area under a curve over thresholds, from two histograms of the predictions.
//!
//! Keras's thresholds are `−ε`, `i / (n − 1)` and `1 + ε`. Bucket `b` holds what lies above threshold `b` and not above
//! the next; the counts above a threshold are sums of buckets, and nothing lies above the last one.

use mimo_graph::metric::Curve;

use super::{Samples, divide};
use crate::float::Float;

/// How many buckets there are between `num_thresholds` thresholds.
pub(super) const fn buckets(num_thresholds: usize) -> usize {
    if num_thresholds < 2 { 1 } else { num_thresholds - 1 }
}

/// Counts every prediction. The state is the positives of each bucket, then its negatives.
pub(super) fn add<E: Float>(from_logits: bool, classes: usize, samples: &Samples<'_, E>, state: &mut [f64]) {
    let buckets = state.len() / 2;
    let (positives, negatives) = state.split_at_mut(buckets);
    let scale = E::of(buckets as f64);
    samples.for_each_position(classes, |y, labels| {
        for (class, &p) in y.iter().enumerate() {
            let p = if from_logits { E::one() / (E::one() + (-p).exp()) } else { p };
            let above = if p > E::one() { scale } else { (p * scale).ceil() };
            let bucket = above.to_usize().unwrap_or(0).saturating_sub(1).min(buckets - 1);
            let label = labels.of(class);
            positives[bucket] += samples.weight * label;
            negatives[bucket] += samples.weight * (1.0 - label);
        }
    });
}

/// True and false positives at a threshold.
#[derive(Clone, Copy)]
struct Above {
    positives: f64,
    negatives: f64,
}

/// The area: trapezoids under the ROC curve, and Davis and Goadrich's interpolation under the precision-recall curve.
pub(super) fn area(state: &[f64], curve: Curve) -> f64 {
    let (positives, negatives) = state.split_at(state.len() / 2);
    let (all_positives, all_negatives) = (positives.iter().sum(), negatives.iter().sum());
    // From the highest threshold down, so that every count is the one before and a bucket.
    let mut high = Above { positives: 0.0, negatives: 0.0 };
    let mut area = 0.0;
    for (p, n) in positives.iter().zip(negatives).rev() {
        let low = Above { positives: high.positives + p, negatives: high.negatives + n };
        area += match curve {
            Curve::Roc => trapezoid(low, high, all_positives, all_negatives),
            Curve::Pr => interpolation(low, high, all_positives),
        };
        high = low;
    }
    area
}

fn trapezoid(low: Above, high: Above, all_positives: f64, all_negatives: f64) -> f64 {
    let width = divide(low.negatives, all_negatives) - divide(high.negatives, all_negatives);
    let height = divide(low.positives, all_positives) + divide(high.positives, all_positives);
    width * height / 2.0
}

/// Between two thresholds, true positives are linear in what is taken for positive; precision is not.
fn interpolation(low: Above, high: Above, all_positives: f64) -> f64 {
    let (taken_low, taken_high) = (low.positives + low.negatives, high.positives + high.negatives);
    let right = low.positives - high.positives;
    let slope = divide(right, (taken_low - taken_high).max(0.0));
    let intercept = high.positives - slope * taken_high;
    let ratio = if taken_low > 0.0 && taken_high > 0.0 { taken_low / taken_high } else { 1.0 };
    divide(slope * (right + intercept * ratio.ln()), all_positives)
}
