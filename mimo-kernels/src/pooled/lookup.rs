//! The kernel gradient of a pooled convolution with few channels: lanes are filters, and each looks up what its own
//! position read in the registers that hold the window's part of the image.
//!
//! AVX-512 looks lanes up in two registers with one instruction, so a tap costs two instructions for sixteen filters,
//! whichever positions they found their largest results at.

use core::arch::x86_64::*;

use super::Pooled;
use crate::product::{load, store};
use crate::simd::{Avx512, Simd};

/// Values in a register.
const LANES: usize = Avx512::LANES;

/// `J` taps of each of the `K` lines of the kernel, from tap `from` on, for the filters from `col` on, of which there
/// are `filters`.
///
/// # Safety
///
/// As for [`correlate_by_lookup`]; `K` must be the lines of the kernel, and the taps and filters must exist.
#[inline(always)]
#[expect(clippy::needless_range_loop, reason = "constant indices keep the accumulators in registers")]
unsafe fn pass<const K: usize, const J: usize, const TAIL: bool>(
    p: &Pooled<f32>,
    from: usize,
    col: usize,
    filters: usize,
) {
    // SAFETY: the caller vouches for taps and filters; of every line of the image only what the window's positions read
    // is loaded, and lookups take their indices modulo two registers.
    unsafe {
        let width = p.depth + p.channels;
        let gradient = |k: usize, j: usize| p.kernel.wrapping_add((k * p.depth + from + j) * p.filters + col);
        let mut sum = [[_mm512_setzero_ps(); J]; K];
        for k in 0..K {
            for j in 0..J {
                sum[k][j] = load::<Avx512, 1, TAIL>(gradient(k, j), 0, filters);
            }
        }
        // By code: the lane in which the first tap of the position lies; the second register has the line below.
        let [first, next] = [from as i8, (from + p.channels) as i8];
        let below = LANES as i8;
        let table =
            _mm_setr_epi8(first, next, first + below, next + below, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
        let (one, low) = (_mm512_set1_epi32(1), _mm_set1_epi8(3));
        let lanes = if TAIL { filters } else { LANES };
        let mask = ((1u32 << lanes) - 1) as __mmask16;
        let mut place = col;
        for down in 0..p.count[0] {
            let mut image = p.image.cast_const().wrapping_add(down * p.height * p.line);
            for _ in 0..p.count[1] {
                let codes = _mm_and_si128(_mm_maskz_loadu_epi8(mask, p.codes.add(place).cast()), low);
                let mut index = _mm512_cvtepu8_epi32(_mm_shuffle_epi8(table, codes));
                let dy = load::<Avx512, 1, TAIL>(p.pooled.add(place), 0, filters);
                let line = |k: usize| Avx512::load_first(image.wrapping_add(k * p.line), width);
                let mut lines = [_mm512_setzero_ps(); K];
                for k in 0..K {
                    lines[k] = line(k);
                }
                let last = if p.height == 2 { line(K) } else { lines[K - 1] };
                for j in 0..J {
                    for k in 0..K {
                        let under = if k + 1 < K { lines[k + 1] } else { last };
                        let x = _mm512_permutex2var_ps(lines[k], index, under);
                        sum[k][j] = _mm512_fmadd_ps(x, dy, sum[k][j]);
                    }
                    index = _mm512_add_epi32(index, one);
                }
                image = image.wrapping_add(2 * p.channels);
                place += p.filters;
            }
        }
        for k in 0..K {
            for j in 0..J {
                store::<Avx512, 1, TAIL>(gradient(k, j), 0, filters, sum[k][j]);
            }
        }
    }
}

/// All taps for the filters from `col` on, in passes that the registers have room for.
///
/// # Safety
///
/// As for [`pass`].
#[inline(always)]
unsafe fn passes<const K: usize, const J: usize, const TAIL: bool>(
    p: &Pooled<f32>,
    col: usize,
    filters: usize,
) {
    let mut from = 0;
    // SAFETY: passes are made only of taps that are left.
    unsafe {
        while from + J <= p.depth {
            pass::<K, J, TAIL>(p, from, col, filters);
            from += J;
        }
        if J > 4 && from + 4 <= p.depth {
            pass::<K, 4, TAIL>(p, from, col, filters);
            from += 4;
        }
        // A pass reads all gradients and codes: few of them, as for the three taps of an image in grey.
        while from < p.depth {
            match p.depth - from {
                3.. if J > 3 => {
                    pass::<K, 3, TAIL>(p, from, col, filters);
                    from += 3;
                }
                2.. => {
                    pass::<K, 2, TAIL>(p, from, col, filters);
                    from += 2;
                }
                _ => {
                    pass::<K, 1, TAIL>(p, from, col, filters);
                    from += 1;
                }
            }
        }
    }
}

/// All filters.
///
/// # Safety
///
/// As for [`pass`].
#[inline(always)]
unsafe fn all<const K: usize, const J: usize>(p: &Pooled<f32>) {
    let mut col = 0;
    // SAFETY: the filters of every call exist.
    unsafe {
        while col + LANES <= p.filters {
            passes::<K, J, false>(p, col, LANES);
            col += LANES;
        }
        if col < p.filters {
            passes::<K, J, true>(p, col, p.filters - col);
        }
    }
}

/// Adds the gradient of the kernel, if what a window's positions read fits a register per line and the kernel has a few
/// lines. Says whether it did.
///
/// # Safety
///
/// The processor must have AVX-512; the pointers must be valid for their shapes.
#[inline(always)]
pub(crate) unsafe fn correlate_by_lookup(p: &Pooled<f32>) -> bool {
    // Less than a register, which is what a masked load takes.
    if p.depth + p.channels >= LANES {
        return false;
    }
    // SAFETY: passed on to the caller.
    unsafe {
        match p.taps {
            1 => all::<1, 8>(p),
            2 => all::<2, 6>(p),
            3 => all::<3, 5>(p),
            5 => all::<5, 3>(p),
            _ => return false,
        }
    }
    true
}
