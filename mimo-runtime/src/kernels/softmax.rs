//! Softmax and log-softmax over the columns of each row.

use super::simd::Simd;

/// The arguments of both softmax kernels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Softmax<E> {
    pub(crate) rows: usize,
    pub(crate) cols: usize,
    /// The input, or in the backward pass the output.
    pub(crate) from: (*const E, usize),
    /// The output's gradient; not used in the forward pass.
    pub(crate) gradient: (*const E, usize),
    pub(crate) to: (*mut E, usize),
    /// Log-softmax.
    pub(crate) log: bool,
    /// Add to `to`; backward only.
    pub(crate) accumulate: bool,
}

/// Up to `LANES` values from `p`, and `other` in the lanes beyond `n`.
///
/// # Safety
///
/// The instruction set, and `min(n, LANES)` values valid at `p`.
#[inline(always)]
unsafe fn load<S: Simd>(p: *const S::Elem, n: usize, other: S::V) -> S::V {
    // SAFETY: passed on to the caller.
    unsafe { if n >= S::LANES { S::load(p) } else { S::keep_first(S::load_first(p, n), n, other) } }
}

/// Stores up to `LANES` values.
///
/// # Safety
///
/// The instruction set, and `min(n, LANES)` values valid at `p`.
#[inline(always)]
unsafe fn store<S: Simd>(p: *mut S::Elem, n: usize, v: S::V) {
    // SAFETY: passed on to the caller.
    unsafe { if n >= S::LANES { S::store(p, v) } else { S::store_first(p, n, v) } }
}

/// `y = e^(x - max) / sum`, or `x - max - log(sum)`.
///
/// # Safety
///
/// The processor must have the instruction set, and `from` and `to` be valid for `rows x cols` values.
#[inline(always)]
pub(crate) unsafe fn softmax<S: Simd>(softmax: &Softmax<S::Elem>) {
    let Softmax { rows, cols, from, to, log, .. } = *softmax;
    for row in 0..rows {
        // SAFETY: every access is to min(LANES, cols - col) values from column col of a row below `rows`.
        unsafe {
            let x = from.0.add(row * from.1);
            let y = to.0.add(row * to.1);
            let lowest = S::splat(num_traits::Float::neg_infinity());
            let mut max = lowest;
            for col in (0..cols).step_by(S::LANES) {
                max = S::max(load::<S>(x.add(col), cols - col, lowest), max);
            }
            let max = S::splat(S::maximum(max));
            let mut sum = S::splat(S::Elem::default());
            for col in (0..cols).step_by(S::LANES) {
                // Lanes beyond the row are e^-inf = 0 and do not count.
                let shifted = S::sub(load::<S>(x.add(col), cols - col, lowest), max);
                let e = S::exp(shifted);
                sum = S::add(sum, e);
                store::<S>(y.add(col), cols - col, if log { shifted } else { e });
            }
            let sum = S::sum(sum);
            let scale =
                S::splat(if log { num_traits::Float::ln(sum) } else { num_traits::Float::recip(sum) });
            for col in (0..cols).step_by(S::LANES) {
                let v = load::<S>(y.add(col), cols - col, scale);
                let v = if log { S::sub(v, scale) } else { S::mul(v, scale) };
                store::<S>(y.add(col), cols - col, v);
            }
        }
    }
}

/// `dx = y (dy - sum(y dy))`, or `dy - e^y sum(dy)` for log-softmax.
///
/// # Safety
///
/// The processor must have the instruction set, and all three operands be valid for `rows x cols` values.
#[inline(always)]
pub(crate) unsafe fn softmax_gradient<S: Simd>(softmax: &Softmax<S::Elem>) {
    let Softmax { rows, cols, from, gradient, to, log, accumulate } = *softmax;
    for row in 0..rows {
        // SAFETY: as in `softmax`.
        unsafe {
            let y = from.0.add(row * from.1);
            let dy = gradient.0.add(row * gradient.1);
            let dx = to.0.add(row * to.1);
            let zero = S::splat(S::Elem::default());
            let mut sum = zero;
            for col in (0..cols).step_by(S::LANES) {
                let d = load::<S>(dy.add(col), cols - col, zero);
                sum = if log {
                    S::add(sum, d)
                } else {
                    S::fma(load::<S>(y.add(col), cols - col, zero), d, sum)
                };
            }
            let sum = S::splat(S::sum(sum));
            for col in (0..cols).step_by(S::LANES) {
                let n = cols - col;
                let (p, d) = (load::<S>(y.add(col), n, zero), load::<S>(dy.add(col), n, zero));
                let mut v = if log { S::fnma(S::exp(p), sum, d) } else { S::mul(p, S::sub(d, sum)) };
                if accumulate {
                    v = S::add(load::<S>(dx.add(col), n, zero), v);
                }
                store::<S>(dx.add(col), n, v);
            }
        }
    }
}
