//! Cross-entropies of probabilities, clipped to `[ε, 1 − ε]` as in Keras: the gradient of clipped probabilities is 0.

use super::regression::{at_least, at_most};
use super::{Criterion, EPSILON, Sample, Slope};
use crate::float::Float;

/// One-hot labels, smoothed towards the uniform distribution: `t·(1 − s) + s/n`.
#[derive(Clone, Copy)]
pub(super) struct Smoothing<E> {
    kept: E,
    added: E,
}

impl<E: Float> Smoothing<E> {
    pub(super) fn new(smoothing: f64, classes: usize) -> Self {
        Smoothing { kept: E::of(1.0 - smoothing), added: E::of(smoothing / classes as f64) }
    }

    #[inline]
    pub(super) fn of(self, label: E) -> E {
        label * self.kept + self.added
    }
}

/// Clips a probability; returns also whether it is unchanged.
#[inline]
pub(super) fn clip<E: Float>(p: E) -> (E, bool) {
    let (low, high) = (E::of(EPSILON), E::one() - E::of(EPSILON));
    (at_most(at_least(p, low), high), !(p < low || p > high))
}

/// `ln(1 + x)` for `x ≥ 0`, as exact as `ln_1p` and twice as fast: the factor corrects the rounding of `1 + x`.
#[inline]
pub(super) fn ln_1p<E: Float>(x: E) -> E {
    let above = E::one() + x;
    let taken = above - E::one();
    if taken == E::zero() { x } else { above.ln() * (x / taken) }
}

/// `KLDivergence`: `t·ln(t / p)`, both clipped to `[ε, 1]`; summed over the last axis.
pub(super) fn kl_divergence<E: Float>(p: E, t: E) -> (E, E) {
    let (low, high) = (E::of(EPSILON), E::one());
    let (t, clipped) = (at_most(at_least(t, low), high), at_most(at_least(p, low), high));
    let derivative = if p < low || p > high { E::zero() } else { -t / p };
    (t * (t / clipped).ln(), derivative)
}

/// `CategoricalCrossentropy`: `−Σ t·ln q` over the last axis, with `q = p / Σp`.
pub(super) struct Categorical<E> {
    pub(super) labels: Smoothing<E>,
}

impl<E: Float> Criterion<E> for Categorical<E> {
    #[inline]
    fn sample(&self, sample: Sample<'_, E>, slope: Option<Slope<'_, E>>) -> E {
        let Sample { x, target, .. } = sample;
        let by_sum = x.iter().copied().sum::<E>().recip();
        let labelled = x.iter().zip(target).map(|(&p, &t)| (clip(p * by_sum), self.labels.of(t)));
        let mut value = E::zero();
        match slope {
            Some(Slope { to, scale }) => {
                // With respect to q first. The sum of p then subtracts the q-weighted mean of that from every p.
                let scale = scale * by_sum;
                let mut mean = E::zero();
                for (to, ((q, given), t)) in to.iter_mut().zip(labelled) {
                    value -= t * q.ln();
                    let derivative = if given { -t / q * scale } else { E::zero() };
                    mean += derivative * q;
                    *to = derivative;
                }
                to.iter_mut().for_each(|to| *to -= mean);
            }
            None => labelled.for_each(|((q, _), t)| value -= t * q.ln()),
        }
        value
    }
}

/// `SparseCategoricalCrossentropy`: `−ln q` of the target's class, with `q = p / Σp`.
pub(super) struct Sparse {
    pub(super) ignore_class: Option<usize>,
}

/// Index of the target's class, unless it is ignored or does not exist.
#[inline]
pub(super) fn class<E: Float>(target: &[E], classes: usize, ignored: Option<usize>) -> Option<usize> {
    let class = target.first()?.to_usize()?;
    (class < classes && Some(class) != ignored).then_some(class)
}

impl<E: Float> Criterion<E> for Sparse {
    const SPARSE: bool = true;

    #[inline]
    fn sample(&self, sample: Sample<'_, E>, slope: Option<Slope<'_, E>>) -> E {
        let Sample { x, target, .. } = sample;
        let Some(class) = class(target, x.len(), self.ignore_class) else {
            if let Some(Slope { to, .. }) = slope {
                to.fill(E::zero());
            }
            return E::zero();
        };
        let by_sum = x.iter().copied().sum::<E>().recip();
        let (q, given) = clip(x[class] * by_sum);
        if let Some(Slope { to, scale }) = slope {
            let scale = if given { scale * by_sum } else { E::zero() };
            to.fill(scale);
            to[class] = scale - scale / q;
        }
        -q.ln()
    }
}
