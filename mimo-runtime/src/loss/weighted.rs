//! Binary cross-entropy with weights of labels, as in PyTorch's `BCEWithLogitsLoss`.

use super::binary::sigmoid;
use super::crossentropy::{Smoothing, clip};
use super::regression::at_least;
use super::{Criterion, Sample, Slope};
use crate::float::Float;

/// The number of a class, from a list with one per class or a single one; 1 if the list is empty.
#[inline]
pub(super) fn factor<E: Float>(factors: &[f64], class: usize) -> E {
    match factors {
        [] => E::one(),
        [all] => E::of(*all),
        _ => factors.get(class).map_or(E::one(), |&factor| E::of(factor)),
    }
}

/// The mean of `−w·(q·t·ln p + (1 − t)·ln(1 − p))` over the last axis, with a weight `w` and a `q` for each label.
pub(super) struct Weighted<E> {
    pub(super) labels: Smoothing<E>,
    pub(super) pos_weight: &'static [f64],
    pub(super) label_weights: &'static [f64],
    /// Whether the values are logits.
    pub(super) logits: bool,
}

impl<E: Float> Weighted<E> {
    /// Value and derivative for one label.
    #[inline]
    fn one(&self, class: usize, x: E, t: E) -> (E, E) {
        let (t, positive) = (self.labels.of(t), factor::<E>(self.pos_weight, class));
        let other_t = E::one() - t;
        let (value, derivative) = if self.logits {
            // With `L = (1 − t) + q·t` the value is `(1 − t)·z + L·ln(1 + e^(−z))`.
            let (_, other_p, softplus) = sigmoid(x);
            let both = other_t + positive * t;
            (other_t * x + both * (softplus + at_least(-x, E::zero())), other_t - both * other_p)
        } else {
            let (p, inside) = clip(x);
            let value = -(positive * t * p.ln() + other_t * (E::one() - p).ln());
            let derivative = other_t / (E::one() - p) - positive * t / p;
            (value, if inside { derivative } else { E::zero() })
        };
        let weight = factor::<E>(self.label_weights, class);
        (weight * value, weight * derivative)
    }
}

impl<E: Float> Criterion<E> for Weighted<E> {
    #[inline]
    fn sample(&self, sample: Sample<'_, E>, slope: Option<Slope<'_, E>>) -> E {
        let Sample { x, target, .. } = sample;
        let share = E::of((x.len() as f64).recip());
        let mut slope = slope.map(|Slope { to, scale }| Slope { to, scale: scale * share });
        let mut sum = E::zero();
        for (class, (&x, &t)) in x.iter().zip(target).enumerate() {
            let (value, derivative) = self.one(class, x, t);
            sum += value;
            if let Some(Slope { to, scale }) = &mut slope {
                to[class] = derivative * *scale;
            }
        }
        sum * share
    }
}
