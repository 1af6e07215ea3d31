//! Focal cross-entropies, in which well-predicted values have small weights, and the generalized cross-entropy.
//!
//! Binary and categorical focal losses: Lin, Goyal, Girshick, He and Dollár, "Focal Loss for Dense Object Detection", 2017. The
//! generalized cross-entropy: Zhang and Sabuncu, "Generalized Cross Entropy Loss for Training Deep Neural Networks with Noisy
//! Labels", 2018.

use super::binary::sigmoid;
use super::crossentropy::{Smoothing, class, clip};
use super::regression::at_least;
use super::softmax::Head;
use super::weighted::factor;
use super::{Criterion, EPSILON, Sample, Slope};
use crate::float::Float;

/// `base^γ` and its derivative, for a base of at least 0. Where the base is 0, the cross-entropy that the derivative is
/// multiplied by is 0 too, and the product tends to 0.
#[inline]
fn power<E: Float>(base: E, gamma: E) -> (E, E) {
    let base = at_least(base, E::zero());
    if gamma == E::zero() {
        (E::one(), E::zero())
    } else if base == E::zero() {
        (E::zero(), E::zero())
    } else {
        let value = base.powf(gamma);
        (value, gamma * value / base)
    }
}

/// `BinaryFocalCrossentropy` of one value.
#[derive(Clone, Copy)]
pub(super) struct Binary<E> {
    labels: Smoothing<E>,
    gamma: E,
    /// Weights of positive and negative labels.
    weights: [E; 2],
}

impl<E: Float> Binary<E> {
    /// `alpha` is the weight of positive labels if classes are balanced.
    pub(super) fn new(smoothing: f64, gamma: f64, alpha: Option<f64>) -> Self {
        let weights = alpha.map_or([E::one(); 2], |alpha| [E::of(alpha), E::of(1.0 - alpha)]);
        Binary { labels: Smoothing::new(smoothing, 2), gamma: E::of(gamma), weights }
    }

    /// Focal loss from the label, the cross-entropy and its derivative, and `1 − p_t` and its derivative.
    fn focus(self, t: E, [value, derivative]: [E; 2], [wrong, wrong_derivative]: [E; 2]) -> (E, E) {
        let weight = t * self.weights[0] + (E::one() - t) * self.weights[1];
        let (factor, factor_derivative) = power(wrong, self.gamma);
        let derivative = factor * derivative + factor_derivative * wrong_derivative * value;
        (weight * factor * value, weight * derivative)
    }

    /// From probabilities, which are clipped for the cross-entropy.
    pub(super) fn of_probabilities(self) -> impl Fn(E, E) -> (E, E) {
        move |p, t| {
            let t = self.labels.of(t);
            let (other_t, (q, inside)) = (E::one() - t, clip(p));
            let value = -(t * q.ln() + other_t * (E::one() - q).ln());
            let derivative = if inside { other_t / (E::one() - q) - t / q } else { E::zero() };
            self.focus(t, [value, derivative], [t * (E::one() - p) + other_t * p, other_t - t])
        }
    }

    /// From logits: neither `ln p` nor `1 − p` loses precision where `p` is near 0 or 1.
    pub(super) fn of_logits(self) -> impl Fn(E, E) -> (E, E) {
        move |z, t| {
            let t = self.labels.of(t);
            let (other_t, [p, other_p], softplus) = {
                let (p, other_p, softplus) = sigmoid(z);
                (E::one() - t, [p, other_p], softplus)
            };
            let value = at_least(z, E::zero()) - z * t + softplus;
            self.focus(t, [value, p - t], [t * other_p + other_t * p, (other_t - t) * p * other_p])
        }
    }
}

/// `CategoricalFocalCrossentropy`: `Σ α·(1 − q)^γ·(−t·ln q)` over the last axis, with `q = p / Σp`.
pub(super) struct Categorical<E> {
    pub(super) labels: Smoothing<E>,
    pub(super) alpha: &'static [f64],
    pub(super) gamma: E,
}

impl<E: Float> Categorical<E> {
    /// Value for one class, and its derivative with respect to `q`, times `q`.
    #[inline]
    fn one(&self, class: usize, q: E, ln_q: E, t: E) -> (E, E) {
        let weight = factor::<E>(self.alpha, class) * self.labels.of(t);
        let (focus, derivative) = power(E::one() - q, self.gamma);
        (-weight * focus * ln_q, weight * (derivative * q * ln_q - focus))
    }
}

impl<E: Float> Criterion<E> for Categorical<E> {
    #[inline]
    fn sample(&self, sample: Sample<'_, E>, slope: Option<Slope<'_, E>>) -> E {
        let Sample { x, target, .. } = sample;
        let by_sum = x.iter().copied().sum::<E>().recip();
        let mut value = E::zero();
        let mut mean = E::zero();
        let mut slope = slope.map(|Slope { to, scale }| Slope { to, scale: scale * by_sum });
        for (class, (&p, &t)) in x.iter().zip(target).enumerate() {
            let (q, inside) = clip(p * by_sum);
            let (part, derivative) = self.one(class, q, q.ln(), t);
            value += part;
            if let Some(Slope { to, scale }) = &mut slope {
                // With respect to q first, as in the categorical cross-entropy.
                let derivative = if inside { derivative * *scale } else { E::zero() };
                mean += derivative;
                to[class] = derivative / q;
            }
        }
        if let Some(Slope { to, .. }) = slope {
            to.iter_mut().for_each(|to| *to -= mean);
        }
        value
    }
}

/// The same for a softmax, from its logits.
pub(super) struct OfSoftmax<E, H> {
    pub(super) focal: Categorical<E>,
    pub(super) head: H,
}

impl<E: Float, H: Head<E>> Criterion<E> for OfSoftmax<E, H> {
    #[inline]
    fn sample(&self, sample: Sample<'_, E>, mut slope: Option<Slope<'_, E>>) -> E {
        let Sample { x, y, target } = sample;
        let (top, rest) = self.head.log_sum_exp(x, y, slope.as_mut().map(|slope| &mut *slope.to));
        let (mut value, mut sum) = (E::zero(), E::zero());
        for (class, (&z, &t)) in x.iter().zip(target).enumerate() {
            let ln_p = z - top - rest;
            let p = if H::COMPUTED { y[class] } else { ln_p.exp() };
            let (part, derivative) = self.focal.one(class, p, ln_p, t);
            value += part;
            sum += derivative;
        }
        if let Some(Slope { to, scale }) = slope {
            for (class, (&z, &t)) in x.iter().zip(target).enumerate() {
                let p = if H::COMPUTED { y[class] } else { to[class] };
                let (_, derivative) = self.focal.one(class, p, z - top - rest, t);
                to[class] = (derivative - p * sum) * scale;
            }
        }
        value
    }
}

/// `CategoricalGeneralizedCrossEntropy`: `(1 − p^q) / q` of the target's class. An index that is not a class adds
/// nothing.
///
/// The derivative of a probability below `ε` is the one at `ε`, because the formula's is unbounded.
pub(super) struct Generalized<E> {
    pub(super) q: E,
}

impl<E: Float> Criterion<E> for Generalized<E> {
    const SPARSE: bool = true;

    #[inline]
    fn sample(&self, sample: Sample<'_, E>, slope: Option<Slope<'_, E>>) -> E {
        let Sample { x, target, .. } = sample;
        let class = class(target, x.len(), None);
        if let Some(Slope { to, scale }) = slope {
            to.fill(E::zero());
            if let Some(class) = class {
                to[class] = -at_least(x[class], E::of(EPSILON)).powf(self.q - E::one()) * scale;
            }
        }
        class.map_or(E::zero(), |class| (E::one() - x[class].powf(self.q)) / self.q)
    }
}
