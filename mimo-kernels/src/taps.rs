//! Products with windows, channel by channel: the kernels behind depthwise convolutions.

use super::product::{load, store};
use super::simd::Simd;

/// Sums over the taps of a window of `left`, each times the values of the tap, for every position of an output.
///
/// Positions are `lines` times `line_len`, windows `taps[0]` times `taps[1]`. All distances are in values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taps<E> {
    pub(crate) lines: usize,
    pub(crate) line_len: usize,
    /// The first tap of the first position's window.
    pub(crate) left: *const E,
    /// Distances from a position's window to the window of the next line, and of the next position of the line.
    pub(crate) left_step: [usize; 2],
    pub(crate) taps: [usize; 2],
    /// Distances from a tap to the same tap of the next line, and to the next tap of the line.
    pub(crate) tap_step: [usize; 2],
    /// The values of the first tap.
    pub(crate) right: *const E,
    /// The same distances among the values of the taps, which may be in reverse order.
    pub(crate) right_step: [isize; 2],
    /// Values of a position, and of a tap.
    pub(crate) channels: usize,
    pub(crate) output: *mut E,
    pub(crate) output_step: [usize; 2],
    /// `channels` values to start from, or null.
    pub(crate) bias: *const E,
    /// Start from what `output` holds; `bias` is then ignored.
    pub(crate) accumulate: bool,
    /// Replace negative results by zero.
    pub(crate) relu: bool,
}

/// `R` neighbours of a line times `NV` vectors of channels, the last being `tail` long if `TAIL`. The values of a tap
/// are loaded once for all of them.
///
/// # Safety
///
/// The processor must have the instruction set, the pointers be valid for `R` positions from `left` and `output` on and
/// for these channels.
#[inline(always)]
#[expect(clippy::needless_range_loop, reason = "constant indices keep the accumulators in registers")]
unsafe fn tile<S: Simd, const R: usize, const NV: usize, const TAIL: bool>(
    t: &Taps<S::Elem>,
    left: *const S::Elem,
    output: *mut S::Elem,
    channel: usize,
    tail: usize,
) {
    // SAFETY: the caller vouches for the positions and channels; the taps are those of the windows.
    unsafe {
        let zero = S::splat(S::Elem::default());
        let mut sum = [[zero; NV]; R];
        for r in 0..R {
            for v in 0..NV {
                if t.accumulate {
                    sum[r][v] = load::<S, NV, TAIL>(output.wrapping_add(r * t.output_step[1]), v, tail);
                } else if !t.bias.is_null() {
                    sum[r][v] = load::<S, NV, TAIL>(t.bias.wrapping_add(channel), v, tail);
                }
            }
        }
        let mut right_line = t.right.wrapping_add(channel);
        let mut left_line = left;
        for _ in 0..t.taps[0] {
            let (mut left, mut right) = (left_line, right_line);
            for _ in 0..t.taps[1] {
                let mut values = [zero; NV];
                for v in 0..NV {
                    values[v] = load::<S, NV, TAIL>(right, v, tail);
                }
                for r in 0..R {
                    let x = left.wrapping_add(r * t.left_step[1]);
                    for v in 0..NV {
                        sum[r][v] = S::fma(load::<S, NV, TAIL>(x, v, tail), values[v], sum[r][v]);
                    }
                }
                left = left.wrapping_add(t.tap_step[1]);
                right = right.wrapping_offset(t.right_step[1]);
            }
            left_line = left_line.wrapping_add(t.tap_step[0]);
            right_line = right_line.wrapping_offset(t.right_step[0]);
        }
        for r in 0..R {
            for v in 0..NV {
                let value = if t.relu { S::max(zero, sum[r][v]) } else { sum[r][v] };
                store::<S, NV, TAIL>(output.wrapping_add(r * t.output_step[1]), v, tail, value);
            }
        }
    }
}

/// Some channels of all positions, in tiles of `R` neighbours.
///
/// # Safety
///
/// As for [`tile`].
#[inline(always)]
unsafe fn strip<S: Simd, const R: usize, const NV: usize, const TAIL: bool>(
    t: &Taps<S::Elem>,
    channel: usize,
    tail: usize,
) {
    for line in 0..t.lines {
        let left = t.left.wrapping_add(line * t.left_step[0] + channel);
        let output = t.output.wrapping_add(line * t.output_step[0] + channel);
        let mut at = 0;
        while at < t.line_len {
            let (left, output) =
                (left.wrapping_add(at * t.left_step[1]), output.wrapping_add(at * t.output_step[1]));
            // SAFETY: as many positions are left in the line as a tile takes; channels as the caller vouches.
            unsafe {
                if t.line_len - at >= R {
                    tile::<S, R, NV, TAIL>(t, left, output, channel, tail);
                    at += R;
                } else {
                    tile::<S, 1, NV, TAIL>(t, left, output, channel, tail);
                    at += 1;
                }
            }
        }
    }
}

/// Computes [`Taps`].
///
/// # Safety
///
/// The processor must have the instruction set; `left`, `right`, `output` and, if it is not null, `bias` must be valid
/// for their shapes.
#[inline(always)]
pub(crate) unsafe fn taps<S: Simd>(t: &Taps<S::Elem>) {
    let mut channel = 0;
    // SAFETY: every strip starts inside the channels, and its tail is the length of its last vector.
    unsafe {
        while channel + 2 * S::LANES <= t.channels {
            strip::<S, 4, 2, false>(t, channel, 0);
            channel += 2 * S::LANES;
        }
        if channel + S::LANES <= t.channels {
            strip::<S, 4, 1, false>(t, channel, 0);
            channel += S::LANES;
        }
        if channel < t.channels {
            strip::<S, 4, 1, true>(t, channel, t.channels - channel);
        }
    }
}

/// Adds the gradient of every tap: the sum over all positions of the tap's input times the position's `dy`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TapGradient<E> {
    pub(crate) lines: usize,
    pub(crate) line_len: usize,
    /// As in [`Taps`].
    pub(crate) left: *const E,
    pub(crate) left_step: [usize; 2],
    pub(crate) taps: [usize; 2],
    pub(crate) tap_step: [usize; 2],
    /// Consecutive positions.
    pub(crate) dy: *const E,
    pub(crate) channels: usize,
    /// Consecutive taps.
    pub(crate) gradient: *mut E,
}

/// `T` taps from number `first` on, for one vector of channels, `tail` long if `TAIL`. A value of `dy` is loaded once
/// for all of them.
///
/// # Safety
///
/// The processor must have the instruction set, the pointers be valid for all positions, these taps and channels.
#[inline(always)]
#[expect(clippy::needless_range_loop, reason = "constant indices keep the accumulators in registers")]
unsafe fn tap_tile<S: Simd, const T: usize, const TAIL: bool>(
    g: &TapGradient<S::Elem>,
    first: usize,
    channel: usize,
    tail: usize,
) {
    // SAFETY: the caller vouches for positions, taps and channels.
    unsafe {
        let mut offsets = [0; T];
        for (i, offset) in offsets.iter_mut().enumerate() {
            let tap = first + i;
            *offset = tap / g.taps[1] * g.tap_step[0] + tap % g.taps[1] * g.tap_step[1];
        }
        let mut sum = [S::splat(S::Elem::default()); T];
        for line in 0..g.lines {
            let mut left = g.left.wrapping_add(line * g.left_step[0] + channel);
            let mut dy = g.dy.wrapping_add(line * g.line_len * g.channels + channel);
            for _ in 0..g.line_len {
                let by = load::<S, 1, TAIL>(dy, 0, tail);
                for i in 0..T {
                    let x = load::<S, 1, TAIL>(left.wrapping_add(offsets[i]), 0, tail);
                    sum[i] = S::fma(x, by, sum[i]);
                }
                left = left.wrapping_add(g.left_step[1]);
                dy = dy.wrapping_add(g.channels);
            }
        }
        for i in 0..T {
            let gradient = g.gradient.wrapping_add((first + i) * g.channels + channel);
            let before = load::<S, 1, TAIL>(gradient, 0, tail);
            store::<S, 1, TAIL>(gradient, 0, tail, S::add(before, sum[i]));
        }
    }
}

/// Computes all taps for one vector of channels: in groups of the usual number of taps of a kernel, or of one of its
/// lines.
///
/// # Safety
///
/// As for [`tap_tile`].
#[inline(always)]
unsafe fn tap_strip<S: Simd, const TAIL: bool>(g: &TapGradient<S::Elem>, channel: usize, tail: usize) {
    let taps = g.taps[0] * g.taps[1];
    let mut first = 0;
    // SAFETY: no tile takes more taps than are left.
    unsafe {
        while first + 9 <= taps {
            tap_tile::<S, 9, TAIL>(g, first, channel, tail);
            first += 9;
        }
        while first + 3 <= taps {
            tap_tile::<S, 3, TAIL>(g, first, channel, tail);
            first += 3;
        }
        while first < taps {
            tap_tile::<S, 1, TAIL>(g, first, channel, tail);
            first += 1;
        }
    }
}

/// Computes [`TapGradient`].
///
/// # Safety
///
/// The processor must have the instruction set; `left`, `dy` and `gradient` must be valid for their shapes.
#[inline(always)]
pub(crate) unsafe fn tap_gradient<S: Simd>(g: &TapGradient<S::Elem>) {
    let mut channel = 0;
    // SAFETY: every strip starts inside the channels, and its tail is the length of its vector.
    unsafe {
        while channel + S::LANES <= g.channels {
            tap_strip::<S, false>(g, channel, 0);
            channel += S::LANES;
        }
        if channel < g.channels {
            tap_strip::<S, true>(g, channel, g.channels - channel);
        }
    }
}
