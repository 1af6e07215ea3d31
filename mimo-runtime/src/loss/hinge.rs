//! Losses with a margin of one between right and wrong.

use super::{Criterion, Sample, Slope};
use crate::float::Float;

/// The label as −1 or 1. If the labels of the batch are 0 and 1, 0 stands for −1; otherwise they are used unchanged.
fn signed<E: Float>(label: E, binary_labels: bool) -> E {
    if binary_labels && label == E::zero() { -E::one() } else { label }
}

/// `Hinge`: `max(1 − t·p, 0)`.
pub(super) fn hinge<E: Float>(binary_labels: bool) -> impl Fn(E, E) -> (E, E) {
    move |p, t| {
        let t = signed(t, binary_labels);
        let missing = E::one() - t * p;
        if missing < E::zero() { (E::zero(), E::zero()) } else { (missing, -t) }
    }
}

/// `SquaredHinge`: `max(1 − t·p, 0)²`.
pub(super) fn squared_hinge<E: Float>(binary_labels: bool) -> impl Fn(E, E) -> (E, E) {
    let hinge = hinge::<E>(binary_labels);
    move |p, t| {
        let (missing, derivative) = hinge(p, t);
        (missing * missing, (missing + missing) * derivative)
    }
}

/// `CategoricalHinge`: `max(max((1 − t)·p) − Σ t·p + 1, 0)` over the last axis. Classes that share the maximum share
/// its gradient.
pub(super) struct CategoricalHinge;

impl<E: Float> Criterion<E> for CategoricalHinge {
    #[inline]
    fn sample(&self, sample: Sample<'_, E>, slope: Option<Slope<'_, E>>) -> E {
        let Sample { x, target, .. } = sample;
        let (mut wrong, mut right) = (E::neg_infinity(), E::zero());
        for (&p, &t) in x.iter().zip(target) {
            wrong = wrong.max((E::one() - t) * p);
            right += t * p;
        }
        let missing = wrong - right + E::one();
        let active = missing >= E::zero();
        if let Some(Slope { to, scale }) = slope {
            if active {
                let shared = x.iter().zip(target).filter(|&(&p, &t)| (E::one() - t) * p == wrong).count();
                let part = E::of(shared as f64).recip();
                for ((to, &p), &t) in to.iter_mut().zip(x).zip(target) {
                    let others = E::one() - t;
                    let of_wrong = if others * p == wrong { others * part } else { E::zero() };
                    *to = (of_wrong - t) * scale;
                }
            } else {
                to.fill(E::zero());
            }
        }
        // Not `max`, which would turn NaN into 0.
        if missing < E::zero() { E::zero() } else { missing }
    }
}
