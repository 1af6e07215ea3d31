//! `BinaryCrossentropy`, of probabilities and of a sigmoid's logits.

use super::criterion::{Form, add_up, share};
use super::crossentropy::{Smoothing, clip, ln_1p};
use super::regression::at_least;
use super::{Criterion, Sample, Slope};
use crate::float::Float;
use crate::kernels::{self, Mat};
use mimo_graph::activation::Activation;

/// From probabilities: `−(t·ln p + (1 − t)·ln(1 − p))`.
pub(super) fn from_probabilities<E: Float>(smoothing: f64) -> impl Fn(E, E) -> (E, E) {
    let labels = Smoothing::new(smoothing, 2);
    move |p, t| {
        let (t, (p, given)) = (labels.of(t), clip(p));
        let (other_t, other_p) = (E::one() - t, E::one() - p);
        let value = -(t * p.ln() + other_t * other_p.ln());
        let derivative = if given { other_t / other_p - t / p } else { E::zero() };
        (value, derivative)
    }
}

/// Sigmoid of `z`, sigmoid of `−z`, and `ln(1 + e^(−|z|))`.
#[inline]
pub(super) fn sigmoid<E: Float>(z: E) -> (E, E, E) {
    // Of the two forms of a sigmoid, the one whose exponential cannot overflow.
    let e = (-z.abs()).exp();
    let (small, large) = (e / (E::one() + e), E::one() / (E::one() + e));
    let (p, other) = if z < E::zero() { (small, large) } else { (large, small) };
    (p, other, ln_1p(e))
}

/// From logits: `max(z, 0) − z·t + ln(1 + e^(−|z|))`; the derivative is `sigmoid(z) − t`. A mean over all values.
pub(super) struct FromLogits<E> {
    labels: Smoothing<E>,
    share: E,
    /// Whether the predictions are the sigmoids.
    computed: bool,
}

/// Number of values passed to the vector kernels at once, on the stack.
const BLOCK: usize = 64;

/// Rows shorter than this are not worth a kernel call.
const SHORT: usize = 8;

impl<E: Float> FromLogits<E> {
    pub(super) fn new(smoothing: f64, form: Form) -> Self {
        FromLogits {
            labels: Smoothing::new(smoothing, 2),
            share: share(form.positions * form.classes),
            computed: form.fused,
        }
    }

    /// Value and derivative for one logit.
    #[inline]
    fn one(&self, z: E, t: E) -> (E, E) {
        let t = self.labels.of(t);
        let (sigmoid, _, softplus) = sigmoid(z);
        (at_least(z, E::zero()) - z * t + softplus, sigmoid - t)
    }

    /// Sum of the values for at most [`BLOCK`] logits; writes the scaled derivatives.
    fn block(&self, Sample { x, y, target }: Sample<'_, E>, slope: Option<Slope<'_, E>>) -> E {
        let mat = Mat::contiguous(0, 1, x.len());
        let mut buffer = [E::zero(); BLOCK];
        let values = &mut buffer[..x.len()];
        // What remains of softplus at −|z| is the logarithm, exact even if it is small.
        values.iter_mut().zip(x).for_each(|(value, &z)| *value = -z.abs());
        kernels::activation_forward(values, Activation::Softplus, mat, mat);
        for ((value, &z), &t) in values.iter_mut().zip(x).zip(target) {
            *value += at_least(z, E::zero()) - z * self.labels.of(t);
        }
        let sum = add_up(values);
        if let Some(Slope { to, scale }) = slope {
            if self.computed {
                to.copy_from_slice(y);
            } else {
                to.copy_from_slice(x);
                kernels::activation_forward(to, Activation::Sigmoid, mat, mat);
            }
            to.iter_mut().zip(target).for_each(|(to, &t)| *to = (*to - self.labels.of(t)) * scale);
        }
        sum
    }
}

impl<E: Float> Criterion<E> for FromLogits<E> {
    #[inline]
    fn sample(&self, sample: Sample<'_, E>, slope: Option<Slope<'_, E>>) -> E {
        let Sample { x, y, target } = sample;
        let mut slope = slope.map(|Slope { to, scale }| Slope { to, scale: scale * self.share });
        let mut sum = E::zero();
        if x.len() < SHORT {
            match slope {
                Some(Slope { to, scale }) => {
                    for ((to, &z), &t) in to.iter_mut().zip(x).zip(target) {
                        let (value, derivative) = self.one(z, t);
                        sum += value;
                        *to = derivative * scale;
                    }
                }
                None => x.iter().zip(target).for_each(|(&z, &t)| sum += self.one(z, t).0),
            }
            return sum * self.share;
        }
        for start in (0..x.len()).step_by(BLOCK) {
            let block = start..(start + BLOCK).min(x.len());
            let sample =
                Sample { x: &x[block.clone()], y: &y[block.clone()], target: &target[block.clone()] };
            let slope = slope.as_mut().map(|Slope { to, scale }| Slope { to: &mut to[block], scale: *scale });
            sum += self.block(sample, slope);
        }
        sum * self.share
    }
}
