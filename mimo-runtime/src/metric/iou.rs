//! Intersection over union: the overlap of the predicted and the true region of a class.

use mimo_graph::metric::ClassesOf;

use super::{Labels, Samples, divide};
use crate::float::Float;
use crate::loss::argmax;

/// Keras's `epsilon()`, which it adds to divisors.
const EPSILON: f64 = 1e-7;

/// Counts of a class: predicted and true, predicted, true.
pub(super) const SUMS: usize = 3;

/// Counts the class of each position, or of each value. A class index that does not exist is not counted.
pub(super) fn add<E: Float>(
    of: ClassesOf,
    ignored: Option<usize>,
    classes: usize,
    samples: &Samples<'_, E>,
    state: &mut [f64],
) {
    let (counts, _) = state.as_chunks_mut::<SUMS>();
    let mut count = |predicted: Option<usize>, class: Option<usize>| {
        let (Some(predicted), Some(class)) = (predicted, class) else { return };
        if predicted.max(class) >= counts.len() || Some(class) == ignored {
            return;
        }
        counts[predicted][1] += samples.weight;
        counts[class][2] += samples.weight;
        if predicted == class {
            counts[class][0] += samples.weight;
        }
    };
    samples.for_each_position(classes, |y, labels| match (of, labels) {
        (ClassesOf::Scores | ClassesOf::OneHot, Labels::Class(class)) => count(Some(argmax(y)), class),
        (ClassesOf::Scores | ClassesOf::OneHot, Labels::Values(target)) => {
            count(Some(argmax(y)), Some(argmax(target)));
        }
        (ClassesOf::Values, Labels::Values(target)) => {
            y.iter().zip(target).for_each(|(p, t)| count(p.to_usize(), t.to_usize()));
        }
        (ClassesOf::Threshold(threshold), Labels::Values(target)) => {
            let threshold = E::of(threshold);
            y.iter().zip(target).for_each(|(&p, t)| count(Some(usize::from(p >= threshold)), t.to_usize()));
        }
        (ClassesOf::Values | ClassesOf::Threshold(_), Labels::Class(_)) => {}
    });
}

/// Mean over the given classes (all if the list is empty) that occur in predictions or targets.
pub(super) fn mean(state: &[f64], classes: &[usize]) -> f64 {
    let (counts, _) = state.as_chunks::<SUMS>();
    let (mut sum, mut valid) = (0.0, 0.0);
    for (class, &[both, predicted, target]) in counts.iter().enumerate() {
        let either = predicted + target - both;
        if either > 1e-9 && (classes.is_empty() || classes.contains(&class)) {
            sum += both / (either + EPSILON);
            valid += 1.0;
        }
    }
    divide(sum, valid + EPSILON)
}
