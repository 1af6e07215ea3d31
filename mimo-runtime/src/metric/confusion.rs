//! Metrics of what is found, missed and taken for something else: precision, recall and F1.

use mimo_graph::metric::Average;

use super::{Samples, divide};
use crate::float::Float;

/// Keras's `epsilon()`, which F1 adds to every divisor.
const EPSILON: f64 = 1e-7;

/// Sums that F1 keeps of each class: true positives, false positives, false negatives.
pub(super) const F1_SUMS: usize = 3;

/// `Precision`: `TP / (TP + FP)`; the state is `[TP, FP]`. Positive is a prediction above the threshold, and a target
/// that is not 0.
pub(super) fn add_precision<E: Float>(
    threshold: f64,
    classes: usize,
    samples: &Samples<'_, E>,
    state: &mut [f64],
) {
    add(
        classes,
        samples,
        state,
        threshold,
        |positive, found| if found { Some(usize::from(!positive)) } else { None },
    );
}

/// `Recall`: `TP / (TP + FN)`; the state is `[TP, FN]`.
pub(super) fn add_recall<E: Float>(
    threshold: f64,
    classes: usize,
    samples: &Samples<'_, E>,
    state: &mut [f64],
) {
    add(
        classes,
        samples,
        state,
        threshold,
        |positive, found| if positive { Some(usize::from(!found)) } else { None },
    );
}

/// Counts every value in the place of the state that `place` gives.
fn add<E: Float>(
    classes: usize,
    samples: &Samples<'_, E>,
    state: &mut [f64],
    threshold: f64,
    place: impl Fn(bool, bool) -> Option<usize>,
) {
    let threshold = E::of(threshold);
    samples.for_each_position(classes, |y, labels| {
        for (class, &p) in y.iter().enumerate() {
            let place = place(labels.of(class) != 0.0, p > threshold);
            if let Some(count) = place.and_then(|place| state.get_mut(place)) {
                *count += samples.weight;
            }
        }
    });
}

/// The share of what is right in `[right, wrong]`.
pub(super) fn share(state: &[f64]) -> f64 {
    match *state {
        [right, wrong] => divide(right, right + wrong),
        _ => 0.0,
    }
}

/// `F1Score`: counts per class. Without a threshold the largest predictions of a position are its positives.
pub(super) fn add_f1<E: Float>(
    threshold: Option<f64>,
    classes: usize,
    samples: &Samples<'_, E>,
    state: &mut [f64],
) {
    let (sums, _) = state.as_chunks_mut::<F1_SUMS>();
    samples.for_each_position(classes, |y, labels| {
        let largest = y.iter().copied().fold(E::neg_infinity(), E::max);
        let found = |p: E| match threshold {
            Some(threshold) => p > E::of(threshold),
            // Keras takes a largest prediction of 0 for none.
            None => p >= largest && p.abs() > E::of(1e-9),
        };
        for ((class, &p), [right, false_alarms, missed]) in y.iter().enumerate().zip(sums.iter_mut()) {
            let label = labels.of(class);
            if found(p) {
                *right += samples.weight * label;
                *false_alarms += samples.weight * (1.0 - label);
            } else {
                *missed += samples.weight * label;
            }
        }
    });
}

/// The harmonic mean of precision and recall, of the classes taken together or averaged over them.
pub(super) fn f1(state: &[f64], average: Average) -> f64 {
    let (classes, _) = state.as_chunks::<F1_SUMS>();
    let of_counts = |&[right, false_alarms, missed]: &[f64; F1_SUMS]| {
        let precision = right / (right + false_alarms + EPSILON);
        let recall = right / (right + missed + EPSILON);
        2.0 * precision * recall / (precision + recall + EPSILON)
    };
    match average {
        Average::Micro => {
            let sum = |place: usize| classes.iter().map(|counts| counts[place]).sum();
            of_counts(&[sum(0), sum(1), sum(2)])
        }
        Average::Macro => divide(classes.iter().map(of_counts).sum(), classes.len() as f64),
        Average::Weighted => {
            let occurrences: f64 = classes.iter().map(|&[right, _, missed]| right + missed).sum();
            let weighted = classes.iter().map(|counts| of_counts(counts) * (counts[0] + counts[2]));
            weighted.sum::<f64>() / (occurrences + EPSILON)
        }
    }
}
