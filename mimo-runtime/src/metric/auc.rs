//! `AUC`: the area under a curve over thresholds, from two histograms of the predictions.
//!
//! Keras's thresholds are `−ε`, `i / (n − 1)` and `1 + ε`. Bucket `b` holds the predictions above threshold `b` and
//! not above the next; the counts above a threshold are sums of buckets, and nothing is above the last one.

use mimo_graph::metric::{Curve, Summation};

use super::{Samples, divide};
use crate::float::Float;

/// Number of buckets between `num_thresholds` thresholds, or between the given ones.
pub(super) const fn buckets(num_thresholds: usize, thresholds: &[f64]) -> usize {
    match thresholds.len() {
        0 if num_thresholds < 2 => 1,
        0 => num_thresholds - 1,
        // One is below 0 and one above 1.
        inside => inside + 1,
    }
}

/// The predictions of a curve.
#[derive(Clone, Copy)]
pub(super) struct Values {
    pub(super) from_logits: bool,
    /// Sorted thresholds between 0 and 1; empty for equidistant ones.
    pub(super) thresholds: &'static [f64],
    /// Whether each class has a curve.
    pub(super) multi_label: bool,
    /// Weights of the labels.
    pub(super) label_weights: &'static [f64],
    /// The only class to count.
    pub(super) class_id: Option<usize>,
}

impl Values {
    /// All values, which are probabilities, in one curve.
    pub(super) const ALL: Values = Values {
        from_logits: false,
        thresholds: &[],
        multi_label: false,
        label_weights: &[],
        class_id: None,
    };
}

/// Counts every prediction. The state is, for each curve, the positives of each bucket, then the negatives.
pub(super) fn add<E: Float>(values: Values, classes: usize, samples: &Samples<'_, E>, state: &mut [f64]) {
    let curves = if values.multi_label { classes.max(1) } else { 1 };
    let len = state.len() / curves;
    let buckets = len / 2;
    if buckets == 0 {
        return;
    }
    let scale = E::of(buckets as f64);
    samples.for_each_position(classes, |y, labels| {
        for (class, &p) in y.iter().enumerate() {
            if values.class_id.is_some_and(|only| only != class) {
                continue;
            }
            let p = if values.from_logits { E::one() / (E::one() + (-p).exp()) } else { p };
            let bucket = if values.thresholds.is_empty() {
                let above = if p > E::one() { scale } else { (p * scale).ceil() };
                above.to_usize().unwrap_or(0).saturating_sub(1).min(buckets - 1)
            } else {
                values.thresholds.iter().filter(|&&threshold| p > E::of(threshold)).count().min(buckets - 1)
            };
            let label = labels.of(class);
            // With a curve for each label, its area is weighted.
            let (curve, weight) = match values.multi_label {
                true => (class, samples.weight),
                false => (0, samples.weight * values.label_weights.get(class).copied().unwrap_or(1.0)),
            };
            let place = curve * len + bucket;
            state[place] += weight * label;
            state[place + buckets] += weight * (1.0 - label);
        }
    });
}

/// True and false positives at a threshold.
#[derive(Clone, Copy)]
struct Above {
    positives: f64,
    negatives: f64,
}

/// Area under the curve, or mean of the areas under several.
pub(super) fn area(
    state: &[f64],
    buckets: usize,
    curve: Curve,
    summation: Summation,
    label_weights: &[f64],
) -> f64 {
    let of_curves = state.chunks_exact((2 * buckets).max(1)).map(|state| of_curve(state, curve, summation));
    if of_curves.len() == 1 {
        return of_curves.sum();
    }
    let (mut areas, mut weights) = (0.0, 0.0);
    for (label, area) in of_curves.enumerate() {
        let weight = label_weights.get(label).copied().unwrap_or(1.0);
        areas += weight * area;
        weights += weight;
    }
    divide(areas, weights)
}

/// Trapezoids or rectangles under the curve, and Davis and Goadrich's interpolation under the precision-recall curve.
fn of_curve(state: &[f64], curve: Curve, summation: Summation) -> f64 {
    let (positives, negatives) = state.split_at(state.len() / 2);
    let all = Above { positives: positives.iter().sum(), negatives: negatives.iter().sum() };
    // From the highest threshold down, so that each count is the previous one plus a bucket.
    let mut high = Above { positives: 0.0, negatives: 0.0 };
    let mut area = 0.0;
    for (p, n) in positives.iter().zip(negatives).rev() {
        let low = Above { positives: high.positives + p, negatives: high.negatives + n };
        area += match (curve, summation) {
            (Curve::Roc, Summation::Interpolation) => trapezoid(low, high, all.positives, all.negatives),
            (Curve::Pr, Summation::Interpolation) => interpolation(low, high, all.positives),
            _ => {
                let [(x_low, y_low), (x_high, y_high)] = [low, high].map(|above| point(curve, above, all));
                let height = match summation {
                    Summation::Interpolation => (y_low + y_high) / 2.0,
                    Summation::Minoring => y_low.min(y_high),
                    Summation::Majoring => y_low.max(y_high),
                };
                (x_low - x_high) * height
            }
        };
        high = low;
    }
    area
}

/// A point of the curve.
fn point(curve: Curve, above: Above, all: Above) -> (f64, f64) {
    let recall = divide(above.positives, all.positives);
    match curve {
        Curve::Roc => (divide(above.negatives, all.negatives), recall),
        Curve::Pr => (recall, divide(above.positives, above.positives + above.negatives)),
        // Flach and Kull, "Precision-Recall-Gain Curves: PR Analysis Done Right", 2015.
        Curve::PrGain if above.positives == 0.0 => (0.0, 1.0),
        Curve::PrGain => {
            let scale = divide(all.positives, all.negatives);
            let gain = |wrong: f64| 1.0 - scale * divide(wrong, above.positives);
            (gain(all.positives - above.positives).max(0.0), gain(above.negatives))
        }
    }
}

fn trapezoid(low: Above, high: Above, all_positives: f64, all_negatives: f64) -> f64 {
    let width = divide(low.negatives, all_negatives) - divide(high.negatives, all_negatives);
    let height = divide(low.positives, all_positives) + divide(high.positives, all_positives);
    width * height / 2.0
}

/// Area between two thresholds: true positives are linear in the predicted positives, precision is not.
fn interpolation(low: Above, high: Above, all_positives: f64) -> f64 {
    let (taken_low, taken_high) = (low.positives + low.negatives, high.positives + high.negatives);
    let right = low.positives - high.positives;
    let slope = divide(right, (taken_low - taken_high).max(0.0));
    let intercept = high.positives - slope * taken_high;
    let ratio = if taken_low > 0.0 && taken_high > 0.0 { taken_low / taken_high } else { 1.0 };
    divide(slope * (right + intercept * ratio.ln()), all_positives)
}
