//! Softmax and log-softmax over the columns of each row.

use super::element::Element;
use super::simd::Simd;

/// The arguments of both softmax kernels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Softmax<E> {
    pub(crate) rows: usize,
    pub(crate) cols: usize,
    /// The input in the forward pass, the output in the backward pass.
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
pub(crate) unsafe fn load<S: Simd>(p: *const S::Elem, n: usize, other: S::V) -> S::V {
    // SAFETY: passed on to the caller.
    unsafe { if n >= S::LANES { S::load(p) } else { S::keep_first(S::load_first(p, n), n, other) } }
}

/// Stores up to `LANES` values.
///
/// # Safety
///
/// The instruction set, and `min(n, LANES)` values valid at `p`.
#[inline(always)]
pub(crate) unsafe fn store<S: Simd>(p: *mut S::Elem, n: usize, v: S::V) {
    // SAFETY: passed on to the caller.
    unsafe { if n >= S::LANES { S::store(p, v) } else { S::store_first(p, n, v) } }
}

/// Rows up to this length are processed a vector of rows at a time, each lane a row.
///
/// Row by row, the reductions would take most of the time, and masked vectors on neighbouring rows overlap, so that
/// the processor would finish storing each before it loads the next.
const SHORT: usize = 16;

/// More lanes than any instruction set has.
const MAX_LANES: usize = 16;

/// A group of short rows, transposed: column `c` is the vector at `c * LANES`.
type Columns<E> = [E; SHORT * MAX_LANES];

/// Gathers `n <= LANES` rows of `cols <= SHORT` values.
///
/// # Safety
///
/// `cols` values must be valid at each of the rows.
#[inline(always)]
unsafe fn gather<S: Simd>(
    columns: &mut Columns<S::Elem>,
    (p, stride): (*const S::Elem, usize),
    n: usize,
    cols: usize,
) {
    for r in 0..n {
        for c in 0..cols {
            // SAFETY: column c of row r, which the caller vouches for.
            columns[c * S::LANES + r] = unsafe { p.add(r * stride + c).read() };
        }
    }
}

/// The counterpart of [`gather`].
///
/// # Safety
///
/// As for [`gather`], for writing.
#[inline(always)]
unsafe fn scatter<S: Simd>(
    columns: &Columns<S::Elem>,
    (p, stride): (*mut S::Elem, usize),
    n: usize,
    cols: usize,
    accumulate: bool,
) {
    for r in 0..n {
        for c in 0..cols {
            let value = columns[c * S::LANES + r];
            // SAFETY: column c of row r, which the caller vouches for.
            unsafe {
                let p = p.add(r * stride + c);
                p.write(if accumulate { p.read() + value } else { value });
            }
        }
    }
}

/// [`softmax`] for rows of at most `SHORT` values.
///
/// # Safety
///
/// As for [`softmax`].
#[inline(always)]
unsafe fn short_softmax<S: Simd>(softmax: &Softmax<S::Elem>) {
    let Softmax { rows, cols, from, to, log, .. } = *softmax;
    let mut columns = [S::Elem::default(); SHORT * MAX_LANES];
    for row in (0..rows).step_by(S::LANES) {
        let n = S::LANES.min(rows - row);
        // SAFETY: rows row..row + n are below `rows`; vectors c * LANES with c < cols <= SHORT are in
        // `columns`.
        unsafe {
            gather::<S>(&mut columns, (from.0.add(row * from.1), from.1), n, cols);
            let p = columns.as_mut_ptr();
            let mut max = S::load(p);
            for c in 1..cols {
                max = S::max(S::load(p.add(c * S::LANES)), max);
            }
            let mut sum = S::splat(S::Elem::default());
            for c in 0..cols {
                let p = p.add(c * S::LANES);
                let shifted = S::sub(S::load(p), max);
                let e = S::exp(shifted);
                sum = S::add(sum, e);
                S::store(p, if log { shifted } else { e });
            }
            if log {
                let mut sums = [S::Elem::default(); MAX_LANES];
                S::store(sums.as_mut_ptr(), sum);
                for sum in &mut sums[..n] {
                    *sum = num_traits::Float::ln(*sum);
                }
                sum = S::load(sums.as_ptr());
            } else {
                sum = S::div(S::splat(S::Elem::of(1.0)), sum);
            }
            for c in 0..cols {
                let p = p.add(c * S::LANES);
                let v = S::load(p);
                S::store(p, if log { S::sub(v, sum) } else { S::mul(v, sum) });
            }
            scatter::<S>(&columns, (to.0.add(row * to.1), to.1), n, cols, false);
        }
    }
}

/// [`softmax_gradient`] for rows of at most `SHORT` values.
///
/// # Safety
///
/// As for [`softmax_gradient`].
#[inline(always)]
unsafe fn short_gradient<S: Simd>(softmax: &Softmax<S::Elem>) {
    let Softmax { rows, cols, from, gradient, to, log, accumulate } = *softmax;
    let mut outputs = [S::Elem::default(); SHORT * MAX_LANES];
    let mut gradients = [S::Elem::default(); SHORT * MAX_LANES];
    for row in (0..rows).step_by(S::LANES) {
        let n = S::LANES.min(rows - row);
        // SAFETY: as in `short_softmax`.
        unsafe {
            gather::<S>(&mut outputs, (from.0.add(row * from.1), from.1), n, cols);
            gather::<S>(&mut gradients, (gradient.0.add(row * gradient.1), gradient.1), n, cols);
            let (y, dy) = (outputs.as_ptr(), gradients.as_mut_ptr());
            let mut sum = S::splat(S::Elem::default());
            for c in 0..cols {
                let d = S::load(dy.add(c * S::LANES));
                sum = if log { S::add(sum, d) } else { S::fma(S::load(y.add(c * S::LANES)), d, sum) };
            }
            for c in 0..cols {
                let (y, dy) = (S::load(y.add(c * S::LANES)), dy.add(c * S::LANES));
                let d = S::load(dy);
                S::store(dy, if log { S::fnma(S::exp(y), sum, d) } else { S::mul(y, S::sub(d, sum)) });
            }
            scatter::<S>(&gradients, (to.0.add(row * to.1), to.1), n, cols, accumulate);
        }
    }
}

/// `y = e^(x - max) / sum`, or `x - max - log(sum)`.
///
/// # Safety
///
/// The processor must have the instruction set, and `from` and `to` be valid for `rows x cols` values.
#[inline(always)]
pub(crate) unsafe fn softmax<S: Simd>(softmax: &Softmax<S::Elem>) {
    let Softmax { rows, cols, from, to, log, .. } = *softmax;
    if rows > 1 && cols <= SHORT {
        if cols > 0 {
            // SAFETY: passed on to the caller.
            unsafe { short_softmax::<S>(softmax) }
        }
        return;
    }
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
                // Lanes beyond the row are e^-inf = 0 and add nothing.
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
    if rows > 1 && cols <= SHORT {
        if cols > 0 {
            // SAFETY: passed on to the caller.
            unsafe { short_gradient::<S>(softmax) }
        }
        return;
    }
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
