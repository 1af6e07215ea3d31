//! AVX2 with FMA: eight `f32` lanes, sixteen registers.

use super::Simd;
use super::math::{self, PowerOfTwo};
use core::arch::x86_64::*;

/// AVX2 and FMA.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx2;

/// Eight ones and eight zeros: eight consecutive entries starting at `8 - n` select the first `n` lanes.
static LANES: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];

/// A mask of the first `n <= 8` lanes.
#[inline(always)]
unsafe fn first(n: usize) -> __m256i {
    debug_assert!(n <= 8);
    // SAFETY: the caller vouches for AVX2; 8 - n is in 0..=8, so eight entries from there are in the table.
    unsafe { _mm256_loadu_si256(LANES.as_ptr().add(8 - n).cast()) }
}

impl Simd for Avx2 {
    type Elem = f32;
    type V = __m256;
    const LANES: usize = 8;
    const REGISTERS: usize = 16;
    const TURN: usize = 8;

    intrinsics! {
        fn splat(x: f32) -> __m256 { _mm256_set1_ps(x) }
        fn load(p: *const f32) -> __m256 { _mm256_loadu_ps(p) }
        fn store(p: *mut f32, v: __m256) { _mm256_storeu_ps(p, v) }
        fn load_first(p: *const f32, n: usize) -> __m256 { _mm256_maskload_ps(p, first(n)) }
        fn store_first(p: *mut f32, n: usize, v: __m256) { _mm256_maskstore_ps(p, first(n), v) }
        fn store_bytes(p: *mut u8, n: usize, v: __m256) {
            let mut lanes = [0i32; 8];
            _mm256_storeu_si256(lanes.as_mut_ptr().cast(), _mm256_cvtps_epi32(v));
            for (i, lane) in lanes.iter().enumerate().take(n) {
                p.add(i).write(*lane as u8);
            }
        }
        fn keep_first(v: __m256, n: usize, other: __m256) -> __m256 {
            _mm256_blendv_ps(other, v, _mm256_castsi256_ps(first(n)))
        }
        fn add(a: __m256, b: __m256) -> __m256 { _mm256_add_ps(a, b) }
        fn sub(a: __m256, b: __m256) -> __m256 { _mm256_sub_ps(a, b) }
        fn mul(a: __m256, b: __m256) -> __m256 { _mm256_mul_ps(a, b) }
        fn div(a: __m256, b: __m256) -> __m256 { _mm256_div_ps(a, b) }
        fn fma(a: __m256, b: __m256, c: __m256) -> __m256 { _mm256_fmadd_ps(a, b, c) }
        fn fnma(a: __m256, b: __m256, c: __m256) -> __m256 { _mm256_fnmadd_ps(a, b, c) }
        fn max(a: __m256, b: __m256) -> __m256 { _mm256_max_ps(a, b) }
        fn min(a: __m256, b: __m256) -> __m256 { _mm256_min_ps(a, b) }
        fn sqrt(a: __m256) -> __m256 { _mm256_sqrt_ps(a) }
        fn abs(a: __m256) -> __m256 { _mm256_andnot_ps(_mm256_set1_ps(-0.0), a) }
        fn neg(a: __m256) -> __m256 { _mm256_xor_ps(a, _mm256_set1_ps(-0.0)) }
        fn copy_sign(magnitude: __m256, sign: __m256) -> __m256 {
            let bit = _mm256_set1_ps(-0.0);
            _mm256_or_ps(_mm256_andnot_ps(bit, magnitude), _mm256_and_ps(bit, sign))
        }
        fn select_gt(a: __m256, b: __m256, x: __m256, y: __m256) -> __m256 {
            _mm256_blendv_ps(y, x, _mm256_cmp_ps::<_CMP_GT_OQ>(a, b))
        }
        fn select_ge(a: __m256, b: __m256, x: __m256, y: __m256) -> __m256 {
            _mm256_blendv_ps(y, x, _mm256_cmp_ps::<_CMP_GE_OQ>(a, b))
        }
        // The twelve-bit estimate of AVX2 would need two Newton steps, which is no faster than dividing.
        fn reciprocal(a: __m256) -> __m256 { _mm256_div_ps(_mm256_set1_ps(1.0), a) }
        fn sum(a: __m256) -> f32 {
            let s = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps::<1>(a));
            let s = _mm_add_ps(s, _mm_movehl_ps(s, s));
            _mm_cvtss_f32(_mm_add_ss(s, _mm_shuffle_ps::<1>(s, s)))
        }
        fn maximum(a: __m256) -> f32 {
            let s = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps::<1>(a));
            let s = _mm_max_ps(s, _mm_movehl_ps(s, s));
            _mm_cvtss_f32(_mm_max_ss(s, _mm_shuffle_ps::<1>(s, s)))
        }
        fn transpose(from: *const f32, from_stride: usize, to: *mut f32, to_stride: usize) {
            // Pairs of rows, then pairs of pairs, then the two halves of the register.
            let mut row = [_mm256_setzero_ps(); 8];
            for (i, row) in row.iter_mut().enumerate() {
                *row = _mm256_loadu_ps(from.add(i * from_stride));
            }
            let mut pair = row;
            for i in 0..4 {
                pair[2 * i] = _mm256_unpacklo_ps(row[2 * i], row[2 * i + 1]);
                pair[2 * i + 1] = _mm256_unpackhi_ps(row[2 * i], row[2 * i + 1]);
            }
            let mut four = pair;
            for i in 0..2 {
                let p = 4 * i;
                four[p] = _mm256_shuffle_ps::<0x44>(pair[p], pair[p + 2]);
                four[p + 1] = _mm256_shuffle_ps::<0xEE>(pair[p], pair[p + 2]);
                four[p + 2] = _mm256_shuffle_ps::<0x44>(pair[p + 1], pair[p + 3]);
                four[p + 3] = _mm256_shuffle_ps::<0xEE>(pair[p + 1], pair[p + 3]);
            }
            for i in 0..4 {
                let (low, high) = (four[i], four[i + 4]);
                _mm256_storeu_ps(to.add(i * to_stride), _mm256_permute2f128_ps::<0x20>(low, high));
                _mm256_storeu_ps(to.add((i + 4) * to_stride), _mm256_permute2f128_ps::<0x31>(low, high));
            }
        }
        fn exp(x: __m256) -> __m256 { math::exp::<Self>(x) }
        fn exp_m1(x: __m256) -> __m256 { math::exp_m1::<Self>(x) }
        fn ln_1p(x: __m256) -> __m256 { math::ln_1p::<Self>(x) }
        fn tanh(x: __m256) -> __m256 { math::tanh::<Self>(x) }
        fn gate_sigmoid(x: __m256) -> __m256 { math::gate_sigmoid::<Self>(x) }
        fn gate_tanh(x: __m256) -> __m256 { math::gate_tanh::<Self>(x) }
    }
}

impl PowerOfTwo for Avx2 {
    intrinsics! {
        fn round(a: __m256) -> __m256 {
            _mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(a)
        }
        fn scale(a: __m256, n: __m256) -> __m256 {
            // In two factors, because 2^128 and 2^-150 are not single-precision numbers.
            let n = _mm256_cvtps_epi32(n);
            let half = _mm256_srai_epi32::<1>(n);
            let rest = _mm256_sub_epi32(n, half);
            let bias = _mm256_set1_epi32(127);
            let half = _mm256_castsi256_ps(_mm256_slli_epi32::<23>(_mm256_add_epi32(half, bias)));
            let rest = _mm256_castsi256_ps(_mm256_slli_epi32::<23>(_mm256_add_epi32(rest, bias)));
            _mm256_mul_ps(_mm256_mul_ps(a, half), rest)
        }
    }
}
