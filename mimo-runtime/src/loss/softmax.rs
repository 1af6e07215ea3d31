//! Cross-entropies of a softmax, from its logits `z`: `−ln p = ln Σe^z − z`, with the gradient `p − t`. Neither loses
//! precision where `p` is too near to 0 or 1 for its type.

use super::crossentropy::{Smoothing, class, ln_1p};
use super::{Criterion, Sample, Slope};
use crate::float::Float;

/// Source of the probabilities.
pub(super) trait Head<E> {
    /// Whether the predictions are the probabilities.
    const COMPUTED: bool;

    /// Returns the two parts of `ln Σe^z`: the largest `z`, and the rest, which a single number could not hold beside
    /// it. Writes the probabilities to `p`, if it is given and the predictions are not the probabilities.
    fn log_sum_exp(&self, z: &[E], y: &[E], p: Option<&mut [E]>) -> (E, E);
}

/// The model has a softmax, and its predictions are the probabilities.
pub(super) struct Computed;

/// The model's predictions are the logits: `from_logits = true`.
pub(super) struct Logits;

/// Index of the largest value, the first if several are equal.
#[inline]
pub(crate) fn argmax<E: Float>(values: &[E]) -> usize {
    let (mut largest, mut place) = (E::neg_infinity(), 0);
    for (i, &value) in values.iter().enumerate() {
        // Two selects instead of a branch: the largest class is not predictable.
        let larger = value > largest;
        largest = if larger { value } else { largest };
        place = if larger { i } else { place };
    }
    place
}

/// The largest value. NaN is passed on from the first position only: a softmax spreads it to all.
#[inline]
fn maximum<E: Float>(values: &[E]) -> E {
    let first = values.first().copied().unwrap_or(E::neg_infinity());
    values.iter().fold(first, |largest, &value| if value > largest { value } else { largest })
}

/// The largest value and the sum of the others, which is exact if they are small: it is not a difference.
#[inline]
fn largest_and_others<E: Float>(values: impl Iterator<Item = E>) -> (E, E) {
    values.fold((E::zero(), E::zero()), |(largest, others), value| {
        let larger = value > largest;
        let (largest, other) = if larger { (value, largest) } else { (largest, value) };
        (largest, others + other)
    })
}

impl<E: Float> Head<E> for Computed {
    const COMPUTED: bool = true;

    #[inline]
    fn log_sum_exp(&self, z: &[E], y: &[E], _: Option<&mut [E]>) -> (E, E) {
        // Σe^z = e^(largest z) · (1 + others / largest), from the probabilities: no exponential is needed.
        let (largest, others) = largest_and_others(y.iter().copied());
        (maximum(z), ln_1p(others / largest))
    }
}

impl<E: Float> Head<E> for Logits {
    const COMPUTED: bool = false;

    #[inline]
    fn log_sum_exp(&self, z: &[E], _: &[E], p: Option<&mut [E]>) -> (E, E) {
        let top = maximum(z);
        // The largest exponential is 1.
        let others = match p {
            Some(p) => {
                p.iter_mut().zip(z).for_each(|(p, &z)| *p = (z - top).exp());
                let (_, others) = largest_and_others(p.iter().copied());
                let by_sum = (E::one() + others).recip();
                p.iter_mut().for_each(|p| *p *= by_sum);
                others
            }
            None => largest_and_others(z.iter().map(|&z| (z - top).exp())).1,
        };
        (top, ln_1p(others))
    }
}

/// `CategoricalCrossentropy`: `Σ t·(ln Σe^z − z)` over the last axis; the gradient is `p·Σt − t`, that is `p − t` for
/// targets that sum to 1.
pub(super) struct Categorical<E, H> {
    pub(super) labels: Smoothing<E>,
    pub(super) head: H,
}

impl<E: Float, H: Head<E>> Criterion<E> for Categorical<E, H> {
    #[inline]
    fn sample(&self, sample: Sample<'_, E>, mut slope: Option<Slope<'_, E>>) -> E {
        let Sample { x, y, target } = sample;
        let (top, rest) = self.head.log_sum_exp(x, y, slope.as_mut().map(|slope| &mut *slope.to));
        let (mut value, mut sum) = (E::zero(), E::zero());
        for (&z, &t) in x.iter().zip(target) {
            let t = self.labels.of(t);
            value += t * (top - z + rest);
            sum += t;
        }
        if let Some(Slope { to, scale }) = slope {
            for ((to, &p), &t) in to.iter_mut().zip(y).zip(target) {
                let p = if H::COMPUTED { p } else { *to };
                *to = (p * sum - self.labels.of(t)) * scale;
            }
        }
        value
    }
}

/// `SparseCategoricalCrossentropy`: `ln Σe^z − z` of the target's class; the gradient is `p − 1` there and `p`
/// elsewhere.
pub(super) struct Sparse<H> {
    pub(super) ignore_class: Option<usize>,
    pub(super) head: H,
}

impl<E: Float, H: Head<E>> Criterion<E> for Sparse<H> {
    const SPARSE: bool = true;

    #[inline]
    fn sample(&self, sample: Sample<'_, E>, mut slope: Option<Slope<'_, E>>) -> E {
        let Sample { x, y, target } = sample;
        let Some(class) = class(target, x.len(), self.ignore_class) else {
            if let Some(Slope { to, .. }) = slope {
                to.fill(E::zero());
            }
            return E::zero();
        };
        let (top, rest) = self.head.log_sum_exp(x, y, slope.as_mut().map(|slope| &mut *slope.to));
        if let Some(Slope { to, scale }) = slope {
            for (i, (to, &p)) in to.iter_mut().zip(y).enumerate() {
                let p = if H::COMPUTED { p } else { *to };
                *to = (if i == class { p - E::one() } else { p }) * scale;
            }
        }
        top - x[class] + rest
    }
}
