//! Kernel gradient of a pooled convolution with few channels. Lanes are filters; each looks up the inputs of its
//! argmax position in the registers that hold the window's part of the image.
//!
//! AVX-512 looks lanes up in two registers with one instruction, so a tap costs two instructions for sixteen filters,
//! whatever their argmax positions are.

use core::arch::x86_64::*;

use super::Pooled;
use crate::product::{load, store};
use crate::simd::{Avx512, Simd};

/// Values in a register.
const LANES: usize = Avx512::LANES;

/// Computes `J` taps of each of the `K` lines of the kernel, from tap `from` on, for the filters from `col` on, of
/// which there are `filters`.
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
    // SAFETY: the caller vouches for taps and filters; of every line of the image only the inputs of the window's
    // positions are loaded, and lookups take their indices modulo two registers.
    unsafe {
        let width = p.depth + p.channels;
        let gradient = |k: usize, j: usize| p.kernel.wrapping_add((k * p.depth + from + j) * p.filters + col);
        let mut sum = [[_mm512_setzero_ps(); J]; K];
        for k in 0..K {
            for j in 0..J {
                sum[k][j] = load::<Avx512, 1, TAIL>(gradient(k, j), 0, filters);
            }
        }
        // By argmax index: the lane of the position's first tap; the second register has the line below.
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
                let argmax = _mm_and_si128(_mm_maskz_loadu_epi8(mask, p.argmax.add(place).cast()), low);
                let mut index = _mm512_cvtepu8_epi32(_mm_shuffle_epi8(table, argmax));
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

/// Computes all taps for the filters from `col` on, in passes that fit in the registers.
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
        // A pass reads all gradients and argmax indices: few of them, as for the three taps of a greyscale image.
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

/// Computes all filters.
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

/// Adds the gradient of the kernel, if the inputs of a window's positions fit in one register per line and the kernel
/// has few lines. Returns whether it did.
///
/// # Safety
///
/// The processor must have AVX-512; the pointers must be valid for their shapes.
#[inline(always)]
pub(crate) unsafe fn correlate_by_lookup(p: &Pooled<f32>) -> bool {
    // A masked load reads less than a register.
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
