//! Losses of values compared one by one, and of vectors compared by direction.
//!
//! `p` is the prediction, `t` the target. Functions return a value and its derivative with respect to `p`.

use super::crossentropy::ln_1p;
use super::{Criterion, EPSILON, Sample, Slope};
use crate::float::Float;

/// Sign of a number: −1, 0 or 1. `signum` is never 0.
fn sign<E: Float>(x: E) -> E {
    if x > E::zero() {
        E::one()
    } else if x < E::zero() {
        -E::one()
    } else {
        // Zero, or NaN, which propagates.
        x
    }
}

/// `max(x, low)`, propagating NaN, so that a diverged model does not look like a good one.
pub(super) fn at_least<E: Float>(x: E, low: E) -> E {
    if x < low { low } else { x }
}

/// `min(x, high)`, propagating NaN.
pub(super) fn at_most<E: Float>(x: E, high: E) -> E {
    if x > high { high } else { x }
}

/// `MeanSquaredError`: `(p − t)²`.
pub(super) fn squared_error<E: Float>(p: E, t: E) -> (E, E) {
    let error = p - t;
    (error * error, error + error)
}

/// `MeanAbsoluteError`: `|p − t|`.
pub(super) fn absolute_error<E: Float>(p: E, t: E) -> (E, E) {
    let error = p - t;
    (error.abs(), sign(error))
}

/// `MeanAbsolutePercentageError`: `100·|t − p| / max(|t|, ε)`.
pub(super) fn absolute_percentage_error<E: Float>(p: E, t: E) -> (E, E) {
    let error = p - t;
    let percent = E::of(100.0) / at_least(t.abs(), E::of(EPSILON));
    (error.abs() * percent, sign(error) * percent)
}

/// `MeanSquaredLogarithmicError`: `(ln(max(p, ε) + 1) − ln(max(t, ε) + 1))²`.
pub(super) fn squared_logarithmic_error<E: Float>(p: E, t: E) -> (E, E) {
    let epsilon = E::of(EPSILON);
    let above = at_least(p, epsilon) + E::one();
    let error = above.ln() - (at_least(t, epsilon) + E::one()).ln();
    let derivative = if p < epsilon { E::zero() } else { (error + error) / above };
    (error * error, derivative)
}

/// `Huber`: with `e = p − t`, `e²/2` where `|e| ≤ δ`, and `δ·|e| − δ²/2` beyond.
pub(super) fn huber<E: Float>(delta: f64) -> impl Fn(E, E) -> (E, E) {
    let (delta, half) = (E::of(delta), E::of(0.5));
    move |p, t| {
        let error = p - t;
        // The error itself up to `δ`: with it, both branches are one formula.
        let inside = at_most(at_least(error, -delta), delta);
        (inside * (error - half * inside), inside)
    }
}

/// `LogCosh`: with `e = p − t`, `ln cosh e = |e| + ln(1 + e^(−2|e|)) − ln 2`, which never overflows.
pub(super) fn log_cosh<E: Float>(p: E, t: E) -> (E, E) {
    let error = p - t;
    let size = error.abs();
    let value = size + ln_1p((-(size + size)).exp()) - E::of(std::f64::consts::LN_2);
    (value, error.tanh())
}

/// `Quantile`, the pinball loss: `max(q·(t − p), (q − 1)·(t − p))`. The derivative is 0 where `p = t`.
pub(super) fn quantile<E: Float>(q: f64) -> impl Fn(E, E) -> (E, E) {
    let (below, above) = (E::of(q), E::of(q - 1.0));
    move |p, t| {
        let missing = t - p;
        let factor = if missing < E::zero() { above } else { below };
        // NaN propagates.
        (factor * missing, if missing == E::zero() { E::zero() } else { -factor })
    }
}

/// `Poisson`: `p − t·ln(p + ε)`.
pub(super) fn poisson<E: Float>(p: E, t: E) -> (E, E) {
    let above = p + E::of(EPSILON);
    (p - t * above.ln(), E::one() - t / above)
}

/// `CosineSimilarity`: `−Σ t̂·p̂` over the last axis, with `x̂ = x · min(1/‖x‖, 1/ε)`.
///
/// A prediction shorter than `ε` has no direction to improve: its gradient is 0, instead of the formula's, which
/// would be ten million times the target.
pub(super) struct CosineSimilarity;

impl<E: Float> Criterion<E> for CosineSimilarity {
    #[inline]
    fn sample(&self, sample: Sample<'_, E>, slope: Option<Slope<'_, E>>) -> E {
        let Sample { x, target, .. } = sample;
        let (mut product, mut xx, mut tt) = (E::zero(), E::zero(), E::zero());
        for (&p, &t) in x.iter().zip(target) {
            product += p * t;
            xx += p * p;
            tt += t * t;
        }
        let longest = E::of(EPSILON.recip());
        let (by_x, by_target) = (xx.sqrt().recip(), tt.sqrt().recip().min(longest));
        let directed = by_x < longest;
        let by_x = by_x.min(longest);
        let value = product * by_x * by_target;
        if let Some(Slope { to, scale }) = slope {
            let scale = if directed { scale } else { E::zero() };
            let (along_target, along_x) = (scale * by_x * by_target, scale * value * by_x * by_x);
            for ((to, &p), &t) in to.iter_mut().zip(x).zip(target) {
                *to = along_x * p - along_target * t;
            }
        }
        -value
    }
}
