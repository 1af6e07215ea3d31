//! Copies, sums and products of matrices of equal shape.

use super::dispatch::Kernels;
use super::element::Element;
use super::lanewise::{Operands, lanewise, rule};
use super::matrix::Mat;
use super::simd::Simd;

/// Operation on two matrices, element by element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binary {
    /// `a + b`.
    Add,
    /// `a - b`.
    Subtract,
    /// `a * b`.
    Multiply,
    /// The larger of the two; NaN if `b` is NaN.
    Maximum,
    /// The smaller of the two; NaN if `b` is NaN.
    Minimum,
}

rule! { Add [a, b] -> 1 [S::add(a, b)] }
rule! { Subtract [a, b] -> 1 [S::sub(a, b)] }
rule! { Multiply [a, b] -> 1 [S::mul(a, b)] }
rule! { Maximum [a, b] -> 1 [S::max(a, b)] }
rule! { Minimum [a, b] -> 1 [S::min(a, b)] }
rule! { Scaled { alpha } [x] -> 1 [S::mul(alpha, x)] }

/// Implements [`binary`].
///
/// # Safety
///
/// As for [`lanewise`].
#[inline(always)]
pub(crate) unsafe fn elementwise<S: Simd>(op: Binary, operands: &Operands<S::Elem, 2, 1>) {
    // SAFETY: passed on to the caller.
    unsafe {
        match op {
            Binary::Add => lanewise::<S, _, 2, 1>(operands, Add::new()),
            Binary::Subtract => lanewise::<S, _, 2, 1>(operands, Subtract::new()),
            Binary::Multiply => lanewise::<S, _, 2, 1>(operands, Multiply::new()),
            Binary::Maximum => lanewise::<S, _, 2, 1>(operands, Maximum::new()),
            Binary::Minimum => lanewise::<S, _, 2, 1>(operands, Minimum::new()),
        }
    }
}

/// Implements [`scale_add`] and the accumulating [`copy`].
///
/// # Safety
///
/// As for [`lanewise`].
#[inline(always)]
pub(crate) unsafe fn scaled<S: Simd>(alpha: S::Elem, operands: &Operands<S::Elem, 1, 1>) {
    // SAFETY: passed on to the caller.
    unsafe { lanewise::<S, _, 1, 1>(operands, Scaled::new(alpha)) }
}

/// `y = a op b`. `y` may be `a` or `b`.
pub fn binary<E: Element>(arena: &mut [E], op: Binary, a: Mat, b: Mat, y: Mat) {
    y.check(arena.len());
    a.check_like(y, arena.len());
    b.check_like(y, arena.len());
    let operands = Operands::new(arena.as_mut_ptr(), [a, b], [y], false);
    // SAFETY: the matrices were checked above, and the table is for this processor.
    unsafe { E::kernels().elementwise(op, &operands) }
}

/// `dst += alpha * src`.
pub fn scale_add<E: Element>(arena: &mut [E], alpha: E, src: Mat, dst: Mat) {
    dst.check(arena.len());
    src.check_like(dst, arena.len());
    let operands = Operands::new(arena.as_mut_ptr(), [src], [dst], true);
    // SAFETY: the matrices were checked above, and the table is for this processor.
    unsafe { E::kernels().scaled(alpha, &operands) }
}

/// `dst = src`, or `dst += src` if `accumulate`.
pub fn copy<E: Element>(arena: &mut [E], src: Mat, dst: Mat, accumulate: bool) {
    if accumulate {
        return scale_add(arena, E::one(), src, dst);
    }
    dst.check(arena.len());
    src.check_like(dst, arena.len());
    if src.rows == 0 || src.cols == 0 {
        return;
    }
    if src.is_contiguous() && dst.is_contiguous() {
        let len = src.rows * src.cols;
        arena.copy_within(src.offset..src.offset + len, dst.offset);
        return;
    }
    for row in 0..src.rows {
        let from = src.offset + row * src.stride;
        arena.copy_within(from..from + src.cols, dst.offset + row * dst.stride);
    }
}

/// Sets every value of `dst` to `value`.
pub fn fill<E: Element>(arena: &mut [E], dst: Mat, value: E) {
    dst.check(arena.len());
    if dst.cols == 0 {
        return;
    }
    for row in 0..dst.rows {
        let start = dst.offset + row * dst.stride;
        arena[start..start + dst.cols].fill(value);
    }
}
