//! Elementary functions on `f32` vectors, written once over the instruction set.

use super::Simd;

/// Operations that [`exp`] and related functions need in addition to [`Simd`].
///
/// # Safety
///
/// As for [`Simd`].
pub(super) trait PowerOfTwo: Simd<Elem = f32> {
    /// Rounds to the nearest integer, ties to even.
    unsafe fn round(a: Self::V) -> Self::V;
    /// `a * 2^n` for an integral `n` in `-152..=128`, rounding into the subnormals.
    unsafe fn scale(a: Self::V, n: Self::V) -> Self::V;
}

/// `x = n ln 2 + r` with integral `n` and `|r| <= ln 2 / 2`, and `e^r - 1`.
///
/// ln 2 is taken in two parts, the first short enough for `n` times it to be exact. The polynomial is
/// the single-precision one of Moshier's Cephes library (`expf`).
#[inline(always)]
unsafe fn reduce<S: PowerOfTwo>(x: S::V) -> (S::V, S::V) {
    // SAFETY: the caller vouches for the instruction set; no memory is touched.
    unsafe {
        let n = S::round(S::mul(x, S::splat(core::f32::consts::LOG2_E)));
        let r = S::fnma(n, S::splat(0.693_359_4), x);
        let r = S::fnma(n, S::splat(-2.121_944_4e-4), r);
        let mut p = S::splat(1.987_569_1e-4);
        p = S::fma(p, r, S::splat(1.398_199_9e-3));
        p = S::fma(p, r, S::splat(8.333_452e-3));
        p = S::fma(p, r, S::splat(4.166_579_6e-2));
        p = S::fma(p, r, S::splat(1.666_666_5e-1));
        p = S::fma(p, r, S::splat(0.5));
        (n, S::fma(S::mul(r, r), p, r))
    }
}

/// See [`Simd::exp`].
#[inline(always)]
pub(super) unsafe fn exp<S: PowerOfTwo>(x: S::V) -> S::V {
    // SAFETY: the caller vouches for the instruction set; no memory is touched.
    unsafe {
        // Beyond these bounds the result is infinity or zero; inside, n is small enough to scale by. The bound is the
        // first operand so that NaN propagates.
        let x = S::max(S::splat(-105.0), S::min(S::splat(89.0), x));
        let (n, e) = reduce::<S>(x);
        S::scale(S::add(e, S::splat(1.0)), n)
    }
}

/// See [`Simd::exp_m1`].
#[inline(always)]
pub(super) unsafe fn exp_m1<S: PowerOfTwo>(x: S::V) -> S::V {
    // SAFETY: the caller vouches for the instruction set; no memory is touched.
    unsafe {
        // Below -40 the result is -1 in single precision.
        let x = S::max(S::splat(-40.0), S::min(S::splat(1.0), x));
        let (n, e) = reduce::<S>(x);
        // 2^n e^r - 1 = 2^n (e^r - 1) + (2^n - 1): near zero n is 0 and nothing cancels.
        let two_n = S::scale(S::splat(1.0), n);
        S::fma(two_n, e, S::sub(two_n, S::splat(1.0)))
    }
}

/// See [`Simd::ln_1p`].
#[inline(always)]
pub(super) unsafe fn ln_1p<S: PowerOfTwo>(x: S::V) -> S::V {
    // SAFETY: the caller vouches for the instruction set; no memory is touched.
    unsafe {
        // log(1 + x) = 2 artanh(s) with s = x / (2 + x) <= 1/3, for which the series 1 + s^2/3 + s^4/5 + ... needs
        // eight terms.
        let s = S::div(x, S::add(S::splat(2.0), x));
        let q = S::mul(s, s);
        let mut p = S::splat(2.0 / 15.0);
        p = S::fma(p, q, S::splat(2.0 / 13.0));
        p = S::fma(p, q, S::splat(2.0 / 11.0));
        p = S::fma(p, q, S::splat(2.0 / 9.0));
        p = S::fma(p, q, S::splat(2.0 / 7.0));
        p = S::fma(p, q, S::splat(2.0 / 5.0));
        p = S::fma(p, q, S::splat(2.0 / 3.0));
        p = S::fma(p, q, S::splat(2.0));
        S::mul(s, p)
    }
}

/// See [`Simd::tanh`].
#[inline(always)]
pub(super) unsafe fn tanh<S: PowerOfTwo>(x: S::V) -> S::V {
    // SAFETY: the caller vouches for the instruction set; no memory is touched.
    unsafe {
        // With u = e^(-2|x|) - 1, which is in [-1, 0]: tanh |x| = -u / (2 + u).
        let u = exp_m1::<S>(S::mul(S::abs(x), S::splat(-2.0)));
        let t = S::mul(u, S::reciprocal(S::add(S::splat(2.0), u)));
        S::copy_sign(t, x)
    }
}

/// See [`Simd::gate_sigmoid`].
///
/// Computes `1 / (1 + e^-x)` directly. The limit on `e^-x` avoids overflow, and the addition of 1 hides small errors:
/// ln 2 can be subtracted in one part, and a minimax polynomial of degree five is enough.
#[inline(always)]
pub(super) unsafe fn gate_sigmoid<S: PowerOfTwo>(x: S::V) -> S::V {
    // SAFETY: the caller vouches for the instruction set; no memory is touched.
    unsafe {
        // The bound is the first operand so that NaN propagates.
        let x = S::max(S::splat(-87.0), S::min(S::splat(87.0), x));
        // -x = n ln 2 - r
        let n = S::round(S::mul(x, S::splat(-core::f32::consts::LOG2_E)));
        let r = S::fma(n, S::splat(core::f32::consts::LN_2), x);
        let one = S::splat(1.0);
        let mut p = S::splat(-8.290_274e-3);
        p = S::fma(p, r, S::splat(4.189_818_4e-2));
        p = S::fma(p, r, S::splat(-1.666_763_9e-1));
        p = S::fma(p, r, S::splat(4.999_914_8e-1));
        p = S::fma(p, r, S::splat(-9.999_997e-1));
        p = S::fma(p, r, one);
        S::reciprocal(S::add(one, S::scale(p, n)))
    }
}

/// See [`Simd::gate_tanh`].
///
/// A quotient of polynomials in `x²`, a minimax fit of the relative error.
#[inline(always)]
pub(super) unsafe fn gate_tanh<S: PowerOfTwo>(x: S::V) -> S::V {
    // SAFETY: the caller vouches for the instruction set; no memory is touched.
    unsafe {
        // Beyond this bound the result is 1 up to rounding. The bound is the first operand so that NaN propagates.
        let x = S::max(S::splat(-8.2), S::min(S::splat(8.2), x));
        let (q, one) = (S::mul(x, x), S::splat(1.0));
        let mut p = S::splat(1.484_026e-8);
        p = S::fma(p, q, S::splat(2.163_707_2e-5));
        p = S::fma(p, q, S::splat(3.556_674_3e-3));
        p = S::fma(p, q, S::splat(1.343_211_2e-1));
        p = S::fma(p, q, one);
        let mut d = S::splat(8.370_486e-7);
        d = S::fma(d, q, S::splat(3.386_421_3e-4));
        d = S::fma(d, q, S::splat(2.610_825_3e-2));
        d = S::fma(d, q, S::splat(4.676_543_8e-1));
        d = S::fma(d, q, one);
        S::mul(S::mul(x, p), S::reciprocal(d))
    }
}
