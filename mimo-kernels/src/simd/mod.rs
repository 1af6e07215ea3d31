//! Vectors: one trait, implemented for each instruction set.
//!
//! Every method is `#[inline(always)]` and is meant to be inlined into a function that enables the instruction set
//! (see `dispatch`). Calls from anywhere else are undefined behaviour; hence `unsafe`.

/// Defines methods of [`Simd`] by intrinsics of the instruction set.
#[cfg(target_arch = "x86_64")]
macro_rules! intrinsics {
    ($(fn $name:ident($($arg:ident: $type:ty),*) $(-> $result:ty)? { $($body:tt)* })*) => {$(
        #[inline(always)]
        unsafe fn $name($($arg: $type),*) $(-> $result)? {
            // SAFETY: the trait's contract says that the processor has the instruction set and that
            // pointers are valid for the lanes touched. Only unaligned loads and stores are used, and lanes
            // that are masked off are not accessed.
            unsafe { $($body)* }
        }
    )*};
}

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod math;
mod portable;

use super::element::Element;
use super::pooled::Pooled;
#[cfg(target_arch = "x86_64")]
pub(crate) use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) use avx512::Avx512;
pub(crate) use portable::Portable;

/// A set of vector instructions on one element type.
///
/// # Safety
///
/// Each method may be called only on a processor that has the instruction set, and methods that take a pointer only
/// where it is valid for the lanes that they access (no alignment is needed).
pub(crate) trait Simd: Copy + Send + Sync + 'static {
    /// Element of a lane.
    type Elem: Element;
    /// A vector.
    type V: Copy;
    /// Lanes in a vector.
    const LANES: usize;
    /// Number of vector registers, which limits the size of a tile of accumulators.
    const REGISTERS: usize;
    /// Side of the square that [`Simd::transpose`] transposes.
    const TURN: usize;

    /// `x` in every lane.
    unsafe fn splat(x: Self::Elem) -> Self::V;
    /// All lanes from memory.
    unsafe fn load(p: *const Self::Elem) -> Self::V;
    /// All lanes to memory.
    unsafe fn store(p: *mut Self::Elem, v: Self::V);
    /// The first `n < LANES` lanes from memory, zero in the others. Touches only those `n` values.
    unsafe fn load_first(p: *const Self::Elem, n: usize) -> Self::V;
    /// The first `n < LANES` lanes to memory. Touches only those `n` values.
    unsafe fn store_first(p: *mut Self::Elem, n: usize, v: Self::V);
    /// Stores the first `n <= LANES` lanes, which hold small integers, as bytes.
    unsafe fn store_bytes(p: *mut u8, n: usize, v: Self::V);
    /// The first `n` lanes of `v`, `other` in the rest.
    unsafe fn keep_first(v: Self::V, n: usize, other: Self::V) -> Self::V;

    /// `a + b`.
    unsafe fn add(a: Self::V, b: Self::V) -> Self::V;
    /// `a - b`.
    unsafe fn sub(a: Self::V, b: Self::V) -> Self::V;
    /// `a * b`.
    unsafe fn mul(a: Self::V, b: Self::V) -> Self::V;
    /// `a / b`.
    unsafe fn div(a: Self::V, b: Self::V) -> Self::V;
    /// `a * b + c`, rounded once where the instruction set can.
    unsafe fn fma(a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// `c - a * b`, rounded once where the instruction set can.
    unsafe fn fnma(a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// `a > b ? a : b`: `b` when either is NaN, so put the value whose NaN must survive second.
    unsafe fn max(a: Self::V, b: Self::V) -> Self::V;
    /// `a < b ? a : b`: `b` when either is NaN.
    unsafe fn min(a: Self::V, b: Self::V) -> Self::V;
    /// Square root.
    unsafe fn sqrt(a: Self::V) -> Self::V;
    /// Absolute value.
    unsafe fn abs(a: Self::V) -> Self::V;
    /// `-a`: flips the sign, of zeros and NaNs too.
    unsafe fn neg(a: Self::V) -> Self::V;
    /// The absolute value of `magnitude` with the sign bit of `sign`.
    unsafe fn copy_sign(magnitude: Self::V, sign: Self::V) -> Self::V;
    /// `a > b ? x : y`.
    unsafe fn select_gt(a: Self::V, b: Self::V, x: Self::V, y: Self::V) -> Self::V;
    /// `a >= b ? x : y`.
    unsafe fn select_ge(a: Self::V, b: Self::V, x: Self::V, y: Self::V) -> Self::V;
    /// `1 / a` for finite `a` that is neither zero nor subnormal, to about one unit in the last place.
    unsafe fn reciprocal(a: Self::V) -> Self::V;
    /// The sum of the lanes.
    unsafe fn sum(a: Self::V) -> Self::Elem;
    /// The largest lane.
    unsafe fn maximum(a: Self::V) -> Self::Elem;
    /// `TURN x TURN` values, transposed.
    unsafe fn transpose(from: *const Self::Elem, from_stride: usize, to: *mut Self::Elem, to_stride: usize);

    /// Adds the kernel gradient of a pooled convolution by look-ups over two registers, if the instruction set has
    /// them and the shape is suitable. Returns whether it did.
    #[inline(always)]
    unsafe fn correlate_by_lookup(_: &Pooled<Self::Elem>) -> bool {
        false
    }

    /// `e^x`, with correct zeros, infinities, NaN and subnormal results.
    unsafe fn exp(x: Self::V) -> Self::V;
    /// `e^x - 1` for `x <= 0` (or NaN), relatively precise near zero. Lanes with `x > 0` hold anything.
    unsafe fn exp_m1(x: Self::V) -> Self::V;
    /// `log(1 + x)` for `0 <= x <= 1` (or NaN), relatively precise near zero.
    unsafe fn ln_1p(x: Self::V) -> Self::V;
    /// Hyperbolic tangent, relatively precise near zero.
    unsafe fn tanh(x: Self::V) -> Self::V;

    /// `1 / (1 + e^-x)`, relatively precise down to the smallest results.
    #[inline(always)]
    unsafe fn sigmoid(x: Self::V) -> Self::V {
        // SAFETY: the caller vouches for the instruction set; no memory is touched.
        unsafe {
            // e^-|x| is at most one: nothing overflows, and for negative x it is the numerator.
            let zero = Self::splat(Self::Elem::of(0.0));
            let one = Self::splat(Self::Elem::of(1.0));
            let e = Self::exp(Self::sub(zero, Self::abs(x)));
            let r = Self::reciprocal(Self::add(one, e));
            Self::select_gt(zero, x, Self::mul(e, r), r)
        }
    }

    /// [`Simd::sigmoid`] for the gates of recurrent layers, which take as much time as all other operations: to a few
    /// units in the last place; results below `1e-38` are only known to be that small.
    #[inline(always)]
    unsafe fn gate_sigmoid(x: Self::V) -> Self::V {
        // SAFETY: passed on to the caller.
        unsafe { Self::sigmoid(x) }
    }
    /// [`Simd::tanh`] for the gates of recurrent layers, to a few units in the last place.
    #[inline(always)]
    unsafe fn gate_tanh(x: Self::V) -> Self::V {
        // SAFETY: passed on to the caller.
        unsafe { Self::tanh(x) }
    }
}
