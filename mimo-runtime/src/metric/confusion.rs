//! Metrics of true and false positives and negatives: counts, precision, recall and F-scores.

use mimo_graph::metric::{Average, Outcome};

use super::{Samples, divide};
use crate::float::Float;

/// Keras's `epsilon()`, which F1 adds to every divisor.
const EPSILON: f64 = 1e-7;

/// Sums of F1 for each class: true positives, false positives, false negatives.
pub(super) const F1_SUMS: usize = 3;

/// The predictions that count as positive.
#[derive(Clone, Copy)]
pub(super) struct Positives {
    /// The predictions above this threshold.
    pub(super) threshold: f64,
    /// The largest `k` of each position.
    pub(super) top_k: Option<usize>,
    /// The only class to count.
    pub(super) class_id: Option<usize>,
}

impl Positives {
    /// All predictions above a threshold.
    pub(super) fn above(threshold: f64) -> Self {
        Positives { threshold, top_k: None, class_id: None }
    }
}

/// `Precision`: `TP / (TP + FP)`; the state is `[TP, FP]`. A prediction above the threshold is positive, and so is a
/// target other than 0.
pub(super) fn add_precision<E: Float>(
    positives: Positives,
    classes: usize,
    samples: &Samples<'_, E>,
    state: &mut [f64],
) {
    add(
        classes,
        samples,
        state,
        positives,
        |positive, found| if found { Some(usize::from(!positive)) } else { None },
    );
}

/// `Recall`: `TP / (TP + FN)`; the state is `[TP, FN]`.
pub(super) fn add_recall<E: Float>(
    positives: Positives,
    classes: usize,
    samples: &Samples<'_, E>,
    state: &mut [f64],
) {
    add(
        classes,
        samples,
        state,
        positives,
        |positive, found| if positive { Some(usize::from(!found)) } else { None },
    );
}

/// Counts one outcome; the state is that number.
pub(super) fn add_count<E: Float>(
    outcome: Outcome,
    positives: Positives,
    classes: usize,
    samples: &Samples<'_, E>,
    state: &mut [f64],
) {
    let wanted = match outcome {
        Outcome::TruePositive => (true, true),
        Outcome::TrueNegative => (false, false),
        Outcome::FalsePositive => (false, true),
        Outcome::FalseNegative => (true, false),
    };
    add(classes, samples, state, positives, |positive, found| ((positive, found) == wanted).then_some(0));
}

/// Adds every value to the part of the state that `place` selects.
fn add<E: Float>(
    classes: usize,
    samples: &Samples<'_, E>,
    state: &mut [f64],
    positives: Positives,
    place: impl Fn(bool, bool) -> Option<usize>,
) {
    let Positives { threshold, top_k, class_id } = positives;
    // `f64::MIN` is below every number of `f32` too.
    let threshold = E::of(threshold);
    samples.for_each_position(classes, |y, labels| {
        for (class, &p) in y.iter().enumerate() {
            if class_id.is_some_and(|only| only != class) {
                continue;
            }
            let found = p > threshold && top_k.is_none_or(|k| among_first(k, y, class));
            let place = place(labels.of(class) != 0.0, found);
            if let Some(count) = place.and_then(|place| state.get_mut(place)) {
                *count += samples.weight;
            }
        }
    });
}

/// Whether a prediction is one of the `k` largest; of equal ones, the first are.
fn among_first<E: Float>(k: usize, y: &[E], class: usize) -> bool {
    let own = y[class];
    let before = y.iter().enumerate().filter(|&(other, &p)| p > own || p == own && other < class);
    before.take(k).count() < k
}

/// Fraction of correct ones in `[right, wrong]`.
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
            // Keras counts a largest prediction of 0 as none.
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

/// F-score: the mean of precision and recall with `beta²` times the weight for recall. Of all classes together,
/// averaged over them, or of one of them.
pub(super) fn fbeta(state: &[f64], beta: f64, average: Average) -> f64 {
    let (classes, _) = state.as_chunks::<F1_SUMS>();
    let of_recall = beta * beta;
    let of_counts = |&[right, false_alarms, missed]: &[f64; F1_SUMS]| {
        let precision = right / (right + false_alarms + EPSILON);
        let recall = right / (right + missed + EPSILON);
        (1.0 + of_recall) * precision * recall / (of_recall * precision + recall + EPSILON)
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
        Average::Class(class) => classes.get(class).map_or(0.0, of_counts),
    }
}
