//! Gradients of a pooled convolution: the gradient of a window involves only the inputs of one position.
//!
//! The inputs of a position are `taps` runs of `depth` values. They are processed in blocks of some runs times some
//! vectors, as many as have accumulators in registers.

use super::Pooled;
use crate::product::{load, store};
use crate::simd::Simd;

/// A block of the kernel: the first run, the first value, and the length of the last vector if it is partial.
#[derive(Clone, Copy)]
struct Block {
    tap: usize,
    from: usize,
    tail: usize,
}

/// Runs `$function::<S, RUNS, VECTORS, TAIL>($arguments, block)` for blocks that cover the kernel.
macro_rules! each_block {
    ($p:ident, $function:ident($($argument:expr),*)) => {
        let mut tap = 0;
        while tap < $p.taps {
            let high = $p.taps - tap >= 3;
            let mut from = 0;
            while from < $p.depth {
                let rest = $p.depth - from;
                let block = Block { tap, from, tail: rest };
                let vectors = rest / S::LANES;
                from += match (high, vectors) {
                    (true, 6..) if S::REGISTERS >= 32 => {
                        $function::<S, 3, 6, false>($($argument,)* block);
                        6 * S::LANES
                    }
                    (true, 4..) => {
                        $function::<S, 3, 4, false>($($argument,)* block);
                        4 * S::LANES
                    }
                    (true, 2..) => {
                        $function::<S, 3, 2, false>($($argument,)* block);
                        2 * S::LANES
                    }
                    (true, 1) => {
                        $function::<S, 3, 1, false>($($argument,)* block);
                        S::LANES
                    }
                    (true, 0) => {
                        $function::<S, 3, 1, true>($($argument,)* block);
                        rest
                    }
                    (false, 4..) => {
                        $function::<S, 1, 4, false>($($argument,)* block);
                        4 * S::LANES
                    }
                    (false, 1..) => {
                        $function::<S, 1, 1, false>($($argument,)* block);
                        S::LANES
                    }
                    (false, 0) => {
                        $function::<S, 1, 1, true>($($argument,)* block);
                        rest
                    }
                };
            }
            tap += if high { 3 } else { 1 };
        }
    };
}

/// One block of the kernel's gradient, for every filter: accumulators stay in registers over all windows.
///
/// # Safety
///
/// As for [`correlate`], and the block must lie inside the kernel.
#[inline(always)]
#[expect(clippy::needless_range_loop, reason = "constant indices keep the accumulators in registers")]
unsafe fn correlate_block<S: Simd, const K: usize, const NV: usize, const TAIL: bool>(
    p: &Pooled<S::Elem>,
    block: Block,
) {
    let positions = p.positions();
    let Block { tap, from, tail } = block;
    // SAFETY: windows, filters and block are inside what the pointers are valid for, argmax are made valid.
    unsafe {
        let image = p.image.cast_const().wrapping_add(tap * p.line + from);
        for filter in 0..p.filters {
            let gradient = p.transposed.wrapping_add((filter * p.taps + tap) * p.depth + from);
            let mut sum = [[S::splat(S::Elem::default()); NV]; K];
            for k in 0..K {
                for v in 0..NV {
                    sum[k][v] = load::<S, NV, TAIL>(gradient.wrapping_add(k * p.depth), v, tail);
                }
            }
            let mut place = filter;
            for down in 0..p.count[0] {
                let mut left = image.wrapping_add(down * p.height * p.line);
                for _ in 0..p.count[1] {
                    let dy = S::splat(*p.pooled.add(place));
                    let at = left.wrapping_add(positions[p.valid(*p.argmax.add(place))]);
                    for k in 0..K {
                        for v in 0..NV {
                            let x = load::<S, NV, TAIL>(at.wrapping_add(k * p.line), v, tail);
                            sum[k][v] = S::fma(dy, x, sum[k][v]);
                        }
                    }
                    left = left.wrapping_add(2 * p.channels);
                    place += p.filters;
                }
            }
            for k in 0..K {
                for v in 0..NV {
                    store::<S, NV, TAIL>(gradient.wrapping_add(k * p.depth), v, tail, sum[k][v]);
                }
            }
        }
    }
}

/// Adds the gradient of the kernel to `kernel`, or to its transpose; `transposed` is set in the latter case.
///
/// # Safety
///
/// The processor must have the instruction set; the pointers must be valid for their shapes.
#[inline(always)]
pub(crate) unsafe fn correlate<S: Simd>(p: &Pooled<S::Elem>, transposed: &mut bool) {
    // SAFETY: passed on to the caller.
    unsafe {
        *transposed = !S::correlate_by_lookup(p);
        if *transposed {
            each_block!(p, correlate_block(p));
        }
    }
}

/// Filters whose gradients are sorted by position at once.
const SORTED: usize = 64;

/// Filters of one window whose argmax is the same position, with their gradients.
#[derive(Clone, Copy)]
struct Found<E> {
    len: usize,
    filters: [usize; SORTED],
    dy: [E; SORTED],
}

/// Adds one block of the gradients of a position's inputs, from all filters whose argmax it is.
///
/// # Safety
///
/// As for [`spread`]; `image` must be valid for the inputs of the position, and the block lie inside the kernel.
#[inline(always)]
#[expect(clippy::needless_range_loop, reason = "constant indices keep the accumulators in registers")]
unsafe fn spread_block<S: Simd, const K: usize, const NV: usize, const TAIL: bool>(
    p: &Pooled<S::Elem>,
    image: *mut S::Elem,
    found: &Found<S::Elem>,
    block: Block,
) {
    let Block { tap, from, tail } = block;
    // SAFETY: the caller vouches for position and block; the filters found are filters.
    unsafe {
        let to = image.wrapping_add(tap * p.line + from);
        let weights = p.transposed.cast_const().wrapping_add(tap * p.depth + from);
        let mut sum = [[S::splat(S::Elem::default()); NV]; K];
        for k in 0..K {
            for v in 0..NV {
                sum[k][v] = load::<S, NV, TAIL>(to.wrapping_add(k * p.line), v, tail);
            }
        }
        for i in 0..found.len {
            let weights = weights.wrapping_add(*found.filters.get_unchecked(i) * p.taps * p.depth);
            let dy = S::splat(*found.dy.get_unchecked(i));
            for k in 0..K {
                for v in 0..NV {
                    let w = load::<S, NV, TAIL>(weights.wrapping_add(k * p.depth), v, tail);
                    sum[k][v] = S::fma(dy, w, sum[k][v]);
                }
            }
        }
        for k in 0..K {
            for v in 0..NV {
                store::<S, NV, TAIL>(to.wrapping_add(k * p.line), v, tail, sum[k][v]);
            }
        }
    }
}

/// Adds the gradients of all windows to the gradient of the image.
///
/// # Safety
///
/// The processor must have the instruction set; the pointers must be valid for their shapes.
#[inline(always)]
pub(crate) unsafe fn spread<S: Simd>(p: &Pooled<S::Elem>) {
    let (positions, zero) = (p.positions(), S::Elem::default());
    let mut found = [Found { len: 0, filters: [0; SORTED], dy: [zero; SORTED] }; 4];
    for first in (0..p.filters).step_by(SORTED) {
        let filters = SORTED.min(p.filters - first);
        for window in 0..p.count[0] * p.count[1] {
            let [down, right] = [window / p.count[1], window % p.count[1]];
            let image = p.image.wrapping_add(down * p.height * p.line + 2 * right * p.channels);
            let place = window * p.filters + first;
            for found in &mut found {
                found.len = 0;
            }
            // SAFETY: no list gets longer than there are filters; the pointers are valid for every window, and argmax
            // are made valid.
            unsafe {
                for filter in 0..filters {
                    let dy = *p.pooled.add(place + filter);
                    let found = found.get_unchecked_mut(p.valid(*p.argmax.add(place + filter)));
                    *found.filters.get_unchecked_mut(found.len) = first + filter;
                    *found.dy.get_unchecked_mut(found.len) = dy;
                    // Many gradients are zero after a ReLU.
                    found.len += usize::from(dy != zero);
                }
                for (found, position) in found.iter().zip(positions) {
                    if found.len > 0 {
                        let image = image.wrapping_add(position);
                        each_block!(p, spread_block(p, image, found));
                    }
                }
            }
        }
    }
}
