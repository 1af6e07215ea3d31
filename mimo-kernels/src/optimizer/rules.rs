//! The update rules on vectors: parameters, gradient and slots in, parameters and slots out.

use crate::element::Element;
use crate::lanewise::rule;
use crate::simd::Simd;

/// Zero where `|x|` is below 1e-30. NaN propagates, so that it is noticed.
///
/// # Safety
///
/// The processor must have the instruction set.
#[inline(always)]
unsafe fn flush<S: Simd>(x: S::V) -> S::V {
    // SAFETY: passed on to the caller; no memory is touched.
    unsafe { S::select_gt(S::splat(S::Elem::of(1e-30)), S::abs(x), S::splat(S::Elem::of(0.0)), x) }
}

/// `mean + (x - mean) * weight`, flushed.
///
/// # Safety
///
/// As for [`flush`].
#[inline(always)]
unsafe fn drift<S: Simd>(mean: S::V, x: S::V, weight: S::V) -> S::V {
    // SAFETY: as for `flush`.
    unsafe { flush::<S>(S::fma(S::sub(x, mean), weight, mean)) }
}

/// `rho mean + (1 - rho) x`, flushed.
///
/// # Safety
///
/// As for [`flush`].
#[inline(always)]
unsafe fn blend<S: Simd>(mean: S::V, x: S::V, rho: S::V) -> S::V {
    // SAFETY: as for `flush`.
    unsafe {
        let rest = S::sub(S::splat(S::Elem::of(1.0)), rho);
        flush::<S>(S::fma(rho, mean, S::mul(rest, x)))
    }
}

/// `1 / (root + epsilon)`.
///
/// # Safety
///
/// As for [`flush`].
#[inline(always)]
unsafe fn inverse<S: Simd>(root: S::V, epsilon: S::V) -> S::V {
    // SAFETY: as for `flush`. The bound limits an infinite root to the domain of `reciprocal`; it is the first
    // operand so that NaN propagates.
    unsafe { S::reciprocal(S::min(S::splat(S::Elem::of(1e30)), S::add(root, epsilon))) }
}

rule! { Sgd { rate } [p, g] -> 1 [S::fnma(rate, g, p)] }
rule! {
    Momentum { rate, momentum } [p, g, m] -> 2 {
        let m = flush::<S>(S::fnma(rate, g, S::mul(momentum, m)));
        [S::add(p, m), m]
    }
}
rule! {
    Nesterov { rate, momentum } [p, g, m] -> 2 {
        let m = flush::<S>(S::fnma(rate, g, S::mul(momentum, m)));
        [S::add(p, S::fnma(rate, g, S::mul(momentum, m))), m]
    }
}
rule! {
    Adam { alpha, c1, c2, epsilon } [p, g, m, v] -> 3 {
        let m = drift::<S>(m, g, c1);
        let v = drift::<S>(v, S::mul(g, g), c2);
        [S::fnma(S::mul(alpha, m), inverse::<S>(S::sqrt(v), epsilon), p), m, v]
    }
}
rule! {
    AmsGrad { alpha, c1, c2, epsilon } [p, g, m, v, largest] -> 4 {
        let m = drift::<S>(m, g, c1);
        let v = drift::<S>(v, S::mul(g, g), c2);
        let largest = S::max(largest, v);
        [S::fnma(S::mul(alpha, m), inverse::<S>(S::sqrt(largest), epsilon), p), m, v, largest]
    }
}
rule! {
    Rmsprop { rate, rho, epsilon } [p, g, v] -> 2 {
        let v = blend::<S>(v, S::mul(g, g), rho);
        [S::sub(p, S::div(S::mul(rate, g), S::sqrt(S::add(v, epsilon)))), v]
    }
}
rule! {
    CenteredRmsprop { rate, rho, epsilon } [p, g, v, mean] -> 3 {
        let v = blend::<S>(v, S::mul(g, g), rho);
        let mean = blend::<S>(mean, g, rho);
        let root = S::sqrt(S::add(S::fnma(mean, mean, v), epsilon));
        [S::sub(p, S::div(S::mul(rate, g), root)), v, mean]
    }
}
rule! {
    RmspropMomentum { rate, rho, epsilon, momentum } [p, g, v, m] -> 3 {
        let v = blend::<S>(v, S::mul(g, g), rho);
        let step = S::div(S::mul(rate, g), S::sqrt(S::add(v, epsilon)));
        let m = flush::<S>(S::fma(momentum, m, step));
        [S::sub(p, m), v, m]
    }
}
rule! {
    CenteredRmspropMomentum { rate, rho, epsilon, momentum } [p, g, v, m, mean] -> 4 {
        let v = blend::<S>(v, S::mul(g, g), rho);
        let mean = blend::<S>(mean, g, rho);
        let root = S::sqrt(S::add(S::fnma(mean, mean, v), epsilon));
        let m = flush::<S>(S::fma(momentum, m, S::div(S::mul(rate, g), root)));
        [S::sub(p, m), v, m, mean]
    }
}
rule! {
    Adagrad { rate, epsilon } [p, g, a] -> 2 {
        let a = S::fma(g, g, a);
        [S::sub(p, S::div(S::mul(rate, g), S::sqrt(S::add(a, epsilon)))), a]
    }
}
rule! {
    Adadelta { rate, rho, epsilon } [p, g, a, b] -> 3 {
        let a = blend::<S>(a, S::mul(g, g), rho);
        let step = S::mul(g, S::div(S::sqrt(S::add(b, epsilon)), S::sqrt(S::add(a, epsilon))));
        let b = blend::<S>(b, S::mul(step, step), rho);
        [S::fnma(rate, step, p), a, b]
    }
}
rule! {
    Adamax { alpha, c1, beta_2, epsilon } [p, g, m, u] -> 3 {
        let m = drift::<S>(m, g, c1);
        let u = flush::<S>(S::max(S::mul(beta_2, u), S::abs(g)));
        [S::fnma(S::mul(alpha, m), inverse::<S>(u, epsilon), p), m, u]
    }
}
rule! {
    Nadam { c1, c2, momentum, gradient, correction, epsilon } [p, g, m, v] -> 3 {
        let m = drift::<S>(m, g, c1);
        let v = drift::<S>(v, S::mul(g, g), c2);
        let step = S::fma(momentum, m, S::mul(gradient, g));
        [S::fnma(step, inverse::<S>(S::sqrt(S::mul(correction, v)), epsilon), p), m, v]
    }
}
rule! {
    Lion { rate, c1, c2 } [p, g, m] -> 2 {
        let zero = S::splat(S::Elem::of(0.0));
        let direction = S::fma(S::sub(g, m), c1, m);
        // A NaN direction makes the step NaN, so that it is noticed.
        let up = S::select_gt(direction, zero, rate, S::mul(direction, zero));
        let step = S::select_gt(zero, direction, S::sub(zero, rate), up);
        [S::sub(p, step), drift::<S>(m, g, c2)]
    }
}
