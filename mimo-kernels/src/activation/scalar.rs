//! Activations that are too rare for a vector version.

use crate::element::Element;
use core::f64::consts;

/// `sqrt(2 / pi)`.
pub(super) const GELU_SLOPE: f64 = 0.797_884_560_802_865_4;
/// The factor of the cube in the approximate GELU.
pub(super) const GELU_CUBE: f64 = 0.044_715;

/// The normal distribution function, computed by `erfc`, which does not cancel for negative x.
#[inline(always)]
fn normal<E: Element>(x: E) -> E {
    E::of(0.5) * (x * E::of(-consts::FRAC_1_SQRT_2)).erfc()
}

#[inline(always)]
pub(super) fn gelu<E: Element>(x: E) -> E {
    // The limit; the product would be NaN.
    if x == E::neg_infinity() { E::zero() } else { x * normal(x) }
}

#[inline(always)]
pub(super) fn gelu_slope<E: Element>(x: E) -> E {
    let density = E::of(0.5 * consts::FRAC_2_SQRT_PI * consts::FRAC_1_SQRT_2) * (x * x * E::of(-0.5)).exp();
    // Far from 0 the density is 0 and x may be infinite: their product would be NaN.
    let slope = if density == E::zero() { density } else { x * density };
    normal(x) + slope
}

#[inline(always)]
pub(super) fn tanh_gelu_slope<E: Element>(x: E) -> E {
    let (slope, cube) = (E::of(GELU_SLOPE), E::of(GELU_CUBE));
    let t = (slope * (x + cube * x * x * x)).tanh();
    let inner = slope * (E::one() + E::of(3.0) * cube * x * x);
    E::of(0.5) * (E::one() + t) + E::of(0.5) * x * (E::one() - t * t) * inner
}

/// Uses the conjugate for negative x, where the sum would cancel.
#[inline(always)]
pub(super) fn squareplus<E: Element>(x: E, b: E) -> E {
    let root = (x * x + b).sqrt();
    if x < E::zero() { E::of(0.5) * b / (root - x) } else { E::of(0.5) * (x + root) }
}

/// `y / sqrt(x^2 + b)`.
#[inline(always)]
pub(super) fn squareplus_slope<E: Element>(x: E, b: E) -> E {
    squareplus(x, b) / (x * x + b).sqrt()
}

#[inline(always)]
pub(super) fn hard_silu_slope<E: Element>(x: E) -> E {
    let three = E::of(3.0);
    if x <= -three {
        E::zero()
    } else if x < three {
        (x + x + three) / E::of(6.0)
    } else if x >= three {
        E::one()
    } else {
        x
    }
}
