//! AVX-512: sixteen `f32` lanes, thirty-two registers, masked loads and stores.

use super::math::{self, PowerOfTwo};
use super::{Avx2, Simd};
use crate::pooled::{self, Pooled};
use core::arch::x86_64::*;

/// Foundation, BW, DQ and VL.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx512;

/// A mask of the first `n <= 16` lanes.
#[inline(always)]
fn first(n: usize) -> __mmask16 {
    debug_assert!(n <= 16);
    // Sixteen low bits of a 32-bit shift: n = 16 gives all ones.
    ((1u32 << n) - 1) as __mmask16
}

impl Simd for Avx512 {
    type Elem = f32;
    type V = __m512;
    const LANES: usize = 16;
    const REGISTERS: usize = 32;
    const TURN: usize = 8;

    intrinsics! {
        fn splat(x: f32) -> __m512 { _mm512_set1_ps(x) }
        fn load(p: *const f32) -> __m512 { _mm512_loadu_ps(p) }
        fn store(p: *mut f32, v: __m512) { _mm512_storeu_ps(p, v) }
        fn load_first(p: *const f32, n: usize) -> __m512 { _mm512_maskz_loadu_ps(first(n), p) }
        fn store_first(p: *mut f32, n: usize, v: __m512) { _mm512_mask_storeu_ps(p, first(n), v) }
        fn store_bytes(p: *mut u8, n: usize, v: __m512) {
            _mm_mask_storeu_epi8(p.cast(), first(n), _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(v)))
        }
        fn keep_first(v: __m512, n: usize, other: __m512) -> __m512 {
            _mm512_mask_blend_ps(first(n), other, v)
        }
        fn add(a: __m512, b: __m512) -> __m512 { _mm512_add_ps(a, b) }
        fn sub(a: __m512, b: __m512) -> __m512 { _mm512_sub_ps(a, b) }
        fn mul(a: __m512, b: __m512) -> __m512 { _mm512_mul_ps(a, b) }
        fn div(a: __m512, b: __m512) -> __m512 { _mm512_div_ps(a, b) }
        fn fma(a: __m512, b: __m512, c: __m512) -> __m512 { _mm512_fmadd_ps(a, b, c) }
        fn fnma(a: __m512, b: __m512, c: __m512) -> __m512 { _mm512_fnmadd_ps(a, b, c) }
        fn max(a: __m512, b: __m512) -> __m512 { _mm512_max_ps(a, b) }
        fn min(a: __m512, b: __m512) -> __m512 { _mm512_min_ps(a, b) }
        fn sqrt(a: __m512) -> __m512 { _mm512_sqrt_ps(a) }
        fn abs(a: __m512) -> __m512 { _mm512_abs_ps(a) }
        fn neg(a: __m512) -> __m512 { _mm512_xor_ps(a, _mm512_set1_ps(-0.0)) }
        fn copy_sign(magnitude: __m512, sign: __m512) -> __m512 {
            let bit = _mm512_set1_ps(-0.0);
            _mm512_or_ps(_mm512_andnot_ps(bit, magnitude), _mm512_and_ps(bit, sign))
        }
        fn select_gt(a: __m512, b: __m512, x: __m512, y: __m512) -> __m512 {
            _mm512_mask_blend_ps(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(a, b), y, x)
        }
        fn select_ge(a: __m512, b: __m512, x: __m512, y: __m512) -> __m512 {
            _mm512_mask_blend_ps(_mm512_cmp_ps_mask::<_CMP_GE_OQ>(a, b), y, x)
        }
        fn reciprocal(a: __m512) -> __m512 {
            // Fourteen bits from the table, doubled by one Newton step: r + r (1 - a r).
            let r = _mm512_rcp14_ps(a);
            _mm512_fmadd_ps(r, _mm512_fnmadd_ps(a, r, _mm512_set1_ps(1.0)), r)
        }
        fn sum(a: __m512) -> f32 { _mm512_reduce_add_ps(a) }
        fn maximum(a: __m512) -> f32 { _mm512_reduce_max_ps(a) }
        fn correlate_by_lookup(work: &Pooled<f32>) -> bool { pooled::correlate_by_lookup(work) }
        // AVX-512 implies AVX2.
        fn transpose(from: *const f32, from_stride: usize, to: *mut f32, to_stride: usize) {
            Avx2::transpose(from, from_stride, to, to_stride)
        }
        fn exp(x: __m512) -> __m512 { math::exp::<Self>(x) }
        fn exp_m1(x: __m512) -> __m512 { math::exp_m1::<Self>(x) }
        fn ln_1p(x: __m512) -> __m512 { math::ln_1p::<Self>(x) }
        fn tanh(x: __m512) -> __m512 { math::tanh::<Self>(x) }
        fn gate_sigmoid(x: __m512) -> __m512 { math::gate_sigmoid::<Self>(x) }
        fn gate_tanh(x: __m512) -> __m512 { math::gate_tanh::<Self>(x) }
    }
}

impl PowerOfTwo for Avx512 {
    intrinsics! {
        fn round(a: __m512) -> __m512 { _mm512_roundscale_ps::<0>(a) }
        fn scale(a: __m512, n: __m512) -> __m512 { _mm512_scalef_ps(a, n) }
    }
}
