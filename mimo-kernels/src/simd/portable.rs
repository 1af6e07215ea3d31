//! Plain arrays: runs on every processor, for both element types, with exact scalar functions.

use super::Simd;
use crate::element::Element;
use core::marker::PhantomData;

/// `N` lanes of `E` in an array. One lane is best where the compiler can vectorize whole loops.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Portable<E, const N: usize = 4>(PhantomData<E>);

#[inline(always)]
fn map<E: Element, const N: usize>(a: [E; N], f: impl Fn(E) -> E) -> [E; N] {
    core::array::from_fn(|i| f(a[i]))
}

#[inline(always)]
fn zip<E: Element, const N: usize>(a: [E; N], b: [E; N], f: impl Fn(E, E) -> E) -> [E; N] {
    core::array::from_fn(|i| f(a[i], b[i]))
}

impl<E: Element, const N: usize> Simd for Portable<E, N> {
    type Elem = E;
    type V = [E; N];
    const LANES: usize = N;
    const REGISTERS: usize = 16;
    const TURN: usize = N;

    #[inline(always)]
    unsafe fn splat(x: E) -> Self::V {
        [x; N]
    }
    #[inline(always)]
    unsafe fn load(p: *const E) -> Self::V {
        // SAFETY: the caller vouches for N values at p; an array is as aligned as its element.
        unsafe { p.cast::<Self::V>().read() }
    }
    #[inline(always)]
    unsafe fn store(p: *mut E, v: Self::V) {
        // SAFETY: as for `load`.
        unsafe { p.cast::<Self::V>().write(v) }
    }
    #[inline(always)]
    unsafe fn load_first(p: *const E, n: usize) -> Self::V {
        core::array::from_fn(|i| {
            if i < n {
                // SAFETY: the caller vouches for n values at p.
                unsafe { p.add(i).read() }
            } else {
                E::zero()
            }
        })
    }
    #[inline(always)]
    unsafe fn store_first(p: *mut E, n: usize, v: Self::V) {
        for (i, x) in v.into_iter().enumerate().take(n) {
            // SAFETY: the caller vouches for n values at p.
            unsafe { p.add(i).write(x) }
        }
    }
    #[inline(always)]
    unsafe fn store_bytes(p: *mut u8, n: usize, v: Self::V) {
        for (i, lane) in v.iter().enumerate().take(n) {
            // SAFETY: the caller vouches for n bytes at p.
            unsafe { p.add(i).write(lane.to_u8().unwrap_or_default()) }
        }
    }
    #[inline(always)]
    unsafe fn keep_first(v: Self::V, n: usize, other: Self::V) -> Self::V {
        core::array::from_fn(|i| if i < n { v[i] } else { other[i] })
    }
    #[inline(always)]
    unsafe fn add(a: Self::V, b: Self::V) -> Self::V {
        zip(a, b, |a, b| a + b)
    }
    #[inline(always)]
    unsafe fn sub(a: Self::V, b: Self::V) -> Self::V {
        zip(a, b, |a, b| a - b)
    }
    #[inline(always)]
    unsafe fn mul(a: Self::V, b: Self::V) -> Self::V {
        zip(a, b, |a, b| a * b)
    }
    #[inline(always)]
    unsafe fn div(a: Self::V, b: Self::V) -> Self::V {
        zip(a, b, |a, b| a / b)
    }
    // Not `mul_add`: without the instruction that is a call, a hundred times slower.
    #[inline(always)]
    unsafe fn fma(a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        core::array::from_fn(|i| a[i] * b[i] + c[i])
    }
    #[inline(always)]
    unsafe fn fnma(a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        core::array::from_fn(|i| c[i] - a[i] * b[i])
    }
    #[inline(always)]
    unsafe fn max(a: Self::V, b: Self::V) -> Self::V {
        zip(a, b, |a, b| if a > b { a } else { b })
    }
    #[inline(always)]
    unsafe fn min(a: Self::V, b: Self::V) -> Self::V {
        zip(a, b, |a, b| if a < b { a } else { b })
    }
    #[inline(always)]
    unsafe fn sqrt(a: Self::V) -> Self::V {
        map(a, E::sqrt)
    }
    #[inline(always)]
    unsafe fn abs(a: Self::V) -> Self::V {
        map(a, E::abs)
    }
    #[inline(always)]
    unsafe fn neg(a: Self::V) -> Self::V {
        map(a, |a| -a)
    }
    #[inline(always)]
    unsafe fn copy_sign(magnitude: Self::V, sign: Self::V) -> Self::V {
        zip(magnitude, sign, E::copysign)
    }
    #[inline(always)]
    unsafe fn select_gt(a: Self::V, b: Self::V, x: Self::V, y: Self::V) -> Self::V {
        core::array::from_fn(|i| if a[i] > b[i] { x[i] } else { y[i] })
    }
    #[inline(always)]
    unsafe fn select_ge(a: Self::V, b: Self::V, x: Self::V, y: Self::V) -> Self::V {
        core::array::from_fn(|i| if a[i] >= b[i] { x[i] } else { y[i] })
    }
    #[inline(always)]
    unsafe fn reciprocal(a: Self::V) -> Self::V {
        map(a, E::recip)
    }
    #[inline(always)]
    unsafe fn sum(a: Self::V) -> E {
        match a[..] {
            [a, b, c, d] => (a + c) + (b + d),
            _ => a.into_iter().fold(E::zero(), |sum, x| sum + x),
        }
    }
    #[inline(always)]
    unsafe fn maximum(a: Self::V) -> E {
        a.into_iter().fold(E::neg_infinity(), |m, x| if m > x { m } else { x })
    }
    #[inline(always)]
    unsafe fn transpose(from: *const E, from_stride: usize, to: *mut E, to_stride: usize) {
        for row in 0..N {
            for col in 0..N {
                // SAFETY: the caller vouches for the TURN x TURN values on both sides.
                unsafe { to.add(col * to_stride + row).write(from.add(row * from_stride + col).read()) }
            }
        }
    }
    #[inline(always)]
    unsafe fn exp(x: Self::V) -> Self::V {
        map(x, E::exp)
    }
    #[inline(always)]
    unsafe fn exp_m1(x: Self::V) -> Self::V {
        map(x, E::exp_m1)
    }
    #[inline(always)]
    unsafe fn ln_1p(x: Self::V) -> Self::V {
        map(x, E::ln_1p)
    }
    #[inline(always)]
    unsafe fn tanh(x: Self::V) -> Self::V {
        map(x, E::tanh)
    }
}
