//! Accuracies: fractions of correct predictions.

use super::{Samples, add_mean};
use crate::float::Float;
use crate::loss::argmax;

/// `BinaryAccuracy`: the fraction of values for which `p > threshold` equals the target, 0 or 1.
pub(super) fn binary<E: Float>(threshold: f64, samples: &Samples<'_, E>, state: &mut [f64]) {
    let threshold = E::of(threshold);
    let share = (samples.y.cols() as f64).recip();
    add_mean(samples, state, |y, target| {
        let right = |&(&p, &t): &(&E, &E)| t == if p > threshold { E::one() } else { E::zero() };
        share * y.iter().zip(target).filter(right).count() as f64
    });
}

/// `ExactMatch`: the fraction of positions at which `p > threshold` equals the target, 0 or 1, for every value.
pub(super) fn exact<E: Float>(threshold: f64, classes: usize, samples: &Samples<'_, E>, state: &mut [f64]) {
    let threshold = E::of(threshold);
    add_share(classes, samples, state, |y, target| {
        y.iter().zip(target).all(|(&p, &t)| t == if p > threshold { E::one() } else { E::zero() })
    });
}

/// `CategoricalAccuracy`: the fraction of positions at which the largest prediction (the first, if several are equal)
/// has the index of the largest target.
pub(super) fn categorical<E: Float>(classes: usize, samples: &Samples<'_, E>, state: &mut [f64]) {
    add_share(classes, samples, state, |y, target| argmax(y) == argmax(target));
}

/// `SparseCategoricalAccuracy`: the fraction of positions at which the largest prediction is that of the target's
/// class.
pub(super) fn sparse_categorical<E: Float>(classes: usize, samples: &Samples<'_, E>, state: &mut [f64]) {
    add_sparse_share(classes, samples, state, |y, class| argmax(y) == class);
}

/// `TopKCategoricalAccuracy`: the fraction of positions at which fewer than `k` predictions are larger than the one
/// for the largest target.
pub(super) fn top_k<E: Float>(k: usize, classes: usize, samples: &Samples<'_, E>, state: &mut [f64]) {
    add_share(classes, samples, state, |y, target| among_largest(k, y, argmax(target)));
}

/// `SparseTopKCategoricalAccuracy`: the fraction of positions at which fewer than `k` predictions are larger than the
/// one for the target's class.
pub(super) fn sparse_top_k<E: Float>(k: usize, classes: usize, samples: &Samples<'_, E>, state: &mut [f64]) {
    add_sparse_share(classes, samples, state, |y, class| among_largest(k, y, class));
}

/// Whether a prediction is among the `k` largest. Equal predictions share the better rank, as in Keras. NaN is among
/// none.
fn among_largest<E: Float>(k: usize, y: &[E], class: usize) -> bool {
    y.get(class).is_some_and(|&own| own.is_finite() && y.iter().filter(|&&p| p > own).count() < k)
}

/// Adds the fraction of each sample's positions that are correct.
fn add_share<E: Float>(
    classes: usize,
    samples: &Samples<'_, E>,
    state: &mut [f64],
    right: impl Fn(&[E], &[E]) -> bool,
) {
    add_positions(classes, samples, state, |y, target, position| {
        let values = position * classes..(position + 1) * classes;
        target.get(values.clone()).is_some_and(|target| right(&y[values], target))
    });
}

/// The same for class indices; an index that does not exist is wrong.
fn add_sparse_share<E: Float>(
    classes: usize,
    samples: &Samples<'_, E>,
    state: &mut [f64],
    right: impl Fn(&[E], usize) -> bool,
) {
    add_positions(classes, samples, state, |y, target, position| {
        let class = target.get(position).and_then(|class| class.to_usize());
        class.is_some_and(|class| right(&y[position * classes..(position + 1) * classes], class))
    });
}

fn add_positions<E: Float>(
    classes: usize,
    samples: &Samples<'_, E>,
    state: &mut [f64],
    right: impl Fn(&[E], &[E], usize) -> bool,
) {
    let positions = samples.count_positions(classes);
    let share = (positions as f64).recip();
    add_mean(samples, state, |y, target| {
        share * (0..positions).filter(|&position| right(y, target, position)).count() as f64
    });
}
