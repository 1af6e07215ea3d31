//! Products with the windows of an image: the register-tile kernel behind the convolutions.

use super::product::{load, store};
use super::simd::Simd;

/// For every position of an output, the product of a window of `left` with one matrix.
///
/// Positions are `lines` times `line_len`; the window of a position is `taps[0]` times `taps[1]` runs of `depth`
/// values. All distances are in values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Windows<E> {
    pub(crate) lines: usize,
    pub(crate) line_len: usize,
    /// The first run of the first position's window.
    pub(crate) left: *const E,
    /// From a position's window to the window of the next line, and of the next position of the line.
    pub(crate) left_step: [usize; 2],
    pub(crate) taps: [usize; 2],
    /// From a run to the same run of the next line of taps, and to the next run of the line.
    pub(crate) tap_step: [usize; 2],
    pub(crate) depth: usize,
    /// `taps[0] * taps[1] * depth` rows of `cols` values.
    pub(crate) right: *const E,
    pub(crate) right_stride: usize,
    pub(crate) cols: usize,
    pub(crate) output: *mut E,
    pub(crate) output_step: [usize; 2],
    /// `cols` values to start from, or null.
    pub(crate) bias: *const E,
    /// Start from what `output` holds; `bias` is then ignored.
    pub(crate) accumulate: bool,
    /// Replace negative results by zero.
    pub(crate) relu: bool,
}

/// Where the positions are that a tile takes next.
#[derive(Clone, Copy, Debug, Default)]
struct Cursor {
    line: usize,
    at: usize,
}

/// `R` positions times `NV` vectors of the output, from column `col` on. The positions may continue in the next line,
/// so that narrow images fill the tiles too.
///
/// # Safety
///
/// The processor must have the instruction set, the pointers be valid for `R` positions from the cursor on and for
/// these columns, the last vector being `tail` long if `TAIL`.
#[inline(always)]
#[expect(clippy::needless_range_loop, reason = "constant indices keep the accumulators in registers")]
unsafe fn tile<S: Simd, const R: usize, const NV: usize, const TAIL: bool>(
    w: &Windows<S::Elem>,
    cursor: &mut Cursor,
    col: usize,
    tail: usize,
) {
    // SAFETY: the caller vouches for the positions and columns; taps and depth are those of the windows.
    unsafe {
        let mut starts = [w.left; R];
        let mut outputs = [w.output; R];
        for r in 0..R {
            starts[r] = w.left.wrapping_add(cursor.line * w.left_step[0] + cursor.at * w.left_step[1]);
            outputs[r] =
                w.output.wrapping_add(cursor.line * w.output_step[0] + cursor.at * w.output_step[1] + col);
            cursor.at += 1;
            if cursor.at == w.line_len {
                *cursor = Cursor { line: cursor.line + 1, at: 0 };
            }
        }
        let zero = S::splat(S::Elem::default());
        let mut sum = [[zero; NV]; R];
        if w.accumulate {
            for r in 0..R {
                for v in 0..NV {
                    sum[r][v] = load::<S, NV, TAIL>(outputs[r], v, tail);
                }
            }
        } else if !w.bias.is_null() {
            for v in 0..NV {
                let bias = load::<S, NV, TAIL>(w.bias.add(col), v, tail);
                for sum in &mut sum {
                    sum[v] = bias;
                }
            }
        }
        let mut right = w.right.wrapping_add(col);
        for line in 0..w.taps[0] {
            for tap in 0..w.taps[1] {
                let mut left = starts;
                for left in &mut left {
                    *left = left.wrapping_add(line * w.tap_step[0] + tap * w.tap_step[1]);
                }
                for k in 0..w.depth {
                    let mut weights = [zero; NV];
                    for (v, weights) in weights.iter_mut().enumerate() {
                        *weights = load::<S, NV, TAIL>(right, v, tail);
                    }
                    for r in 0..R {
                        let x = S::splat(*left[r].add(k));
                        for v in 0..NV {
                            sum[r][v] = S::fma(x, weights[v], sum[r][v]);
                        }
                    }
                    right = right.wrapping_add(w.right_stride);
                }
            }
        }
        if w.relu {
            for sum in &mut sum {
                for sum in sum {
                    *sum = S::max(zero, *sum);
                }
            }
        }
        for r in 0..R {
            for v in 0..NV {
                store::<S, NV, TAIL>(outputs[r], v, tail, sum[r][v]);
            }
        }
    }
}

/// All positions of one strip of `NV` vectors of columns, in tiles of `R` positions and smaller ones at the end.
///
/// # Safety
///
/// As for [`tile`].
#[inline(always)]
unsafe fn strip<S: Simd, const R: usize, const NV: usize, const TAIL: bool>(
    w: &Windows<S::Elem>,
    col: usize,
    tail: usize,
) {
    let mut rest = w.lines * w.line_len;
    let mut cursor = Cursor::default();
    // SAFETY: each tile is started only where its positions are left.
    unsafe {
        while rest >= R {
            tile::<S, R, NV, TAIL>(w, &mut cursor, col, tail);
            rest -= R;
        }
        if R > 4 && rest >= 4 {
            tile::<S, 4, NV, TAIL>(w, &mut cursor, col, tail);
            rest -= 4;
        }
        while rest > 0 {
            tile::<S, 1, NV, TAIL>(w, &mut cursor, col, tail);
            rest -= 1;
        }
    }
}

/// All columns, in tiles of `R` positions.
///
/// # Safety
///
/// As for [`tile`].
#[inline(always)]
unsafe fn tiled<S: Simd, const R: usize>(w: &Windows<S::Elem>) {
    let mut col = 0;
    // SAFETY: every strip starts inside the columns, and its tail says how many of its last vector exist.
    unsafe {
        while col + 2 * S::LANES <= w.cols {
            strip::<S, R, 2, false>(w, col, 0);
            col += 2 * S::LANES;
        }
        let rest = w.cols - col;
        if rest > S::LANES {
            strip::<S, R, 2, true>(w, col, rest - S::LANES);
        } else if rest == S::LANES {
            strip::<S, R, 1, false>(w, col, 0);
        } else if rest > 0 {
            strip::<S, R, 1, true>(w, col, rest);
        }
    }
}

/// `R` positions of an output with one column: lanes run along the depth, of which there is more than a vector.
///
/// # Safety
///
/// As for [`tile`]; `right` must be contiguous.
#[inline(always)]
unsafe fn dots<S: Simd, const R: usize>(w: &Windows<S::Elem>, cursor: &mut Cursor) {
    // SAFETY: the caller vouches for the positions; taps and depth are those of the windows.
    unsafe {
        let mut starts = [w.left; R];
        let mut outputs = [w.output; R];
        for (start, output) in starts.iter_mut().zip(&mut outputs) {
            *start = w.left.wrapping_add(cursor.line * w.left_step[0] + cursor.at * w.left_step[1]);
            *output = w.output.wrapping_add(cursor.line * w.output_step[0] + cursor.at * w.output_step[1]);
            cursor.at += 1;
            if cursor.at == w.line_len {
                *cursor = Cursor { line: cursor.line + 1, at: 0 };
            }
        }
        let zero = S::Elem::default();
        let mut sum = [S::splat(zero); R];
        let mut right = w.right;
        for line in 0..w.taps[0] {
            for tap in 0..w.taps[1] {
                let far = line * w.tap_step[0] + tap * w.tap_step[1];
                let mut k = 0;
                while k + S::LANES <= w.depth {
                    let weights = S::load(right.wrapping_add(k));
                    for (sum, start) in sum.iter_mut().zip(starts) {
                        *sum = S::fma(S::load(start.wrapping_add(far + k)), weights, *sum);
                    }
                    k += S::LANES;
                }
                if k < w.depth {
                    let weights = S::load_first(right.wrapping_add(k), w.depth - k);
                    for (sum, start) in sum.iter_mut().zip(starts) {
                        let x = S::load_first(start.wrapping_add(far + k), w.depth - k);
                        *sum = S::fma(x, weights, *sum);
                    }
                }
                right = right.wrapping_add(w.depth);
            }
        }
        for (sum, output) in sum.into_iter().zip(outputs) {
            let mut y = S::sum(sum);
            if w.accumulate {
                y += output.read();
            } else if !w.bias.is_null() {
                y += w.bias.read();
            }
            if w.relu && y < zero {
                y = zero;
            }
            output.write(y);
        }
    }
}

/// All positions of an output with one column.
///
/// # Safety
///
/// As for [`dots`].
#[inline(always)]
unsafe fn one_column<S: Simd>(w: &Windows<S::Elem>) {
    let mut rest = w.lines * w.line_len;
    let mut cursor = Cursor::default();
    // SAFETY: as many positions are taken as are left.
    unsafe {
        while rest >= 8 {
            dots::<S, 8>(w, &mut cursor);
            rest -= 8;
        }
        while rest > 0 {
            dots::<S, 1>(w, &mut cursor);
            rest -= 1;
        }
    }
}

/// Computes [`Windows`].
///
/// # Safety
///
/// The processor must have the instruction set; `left`, `right`, `output` and, if it is not null, `bias` must be
/// valid for their shapes.
#[inline(always)]
pub(crate) unsafe fn windows<S: Simd>(windows: &Windows<S::Elem>) {
    if windows.cols == 1 && windows.right_stride == 1 && windows.depth >= S::LANES {
        // SAFETY: passed on to the caller; rows of one value without gaps are contiguous.
        return unsafe { one_column::<S>(windows) };
    }
    // SAFETY: passed on to the caller.
    unsafe { if S::REGISTERS >= 32 { tiled::<S, 8>(windows) } else { tiled::<S, 4>(windows) } }
}
