//! Matrix products: the register-tile kernels behind the dense layers.

use super::simd::Simd;
use super::skinny;

/// `output = epilogue(left * right)`, everything row-major.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Product<E> {
    pub(crate) rows: usize,
    pub(crate) cols: usize,
    pub(crate) depth: usize,
    /// `rows x depth`.
    pub(crate) left: *const E,
    pub(crate) left_stride: usize,
    /// `depth x cols`: rows of `right_stride` values; if that is `None`, consecutive panels of [`PANEL`] columns,
    /// each `depth x PANEL` without gaps.
    pub(crate) right: *const E,
    pub(crate) right_stride: Option<usize>,
    /// `rows x cols`.
    pub(crate) output: *mut E,
    pub(crate) output_stride: usize,
    /// Initial values, `cols` of them, or null.
    pub(crate) bias: *const E,
    /// Start from what `output` holds; `bias` is then ignored.
    pub(crate) accumulate: bool,
    /// Replace negative results by zero.
    pub(crate) relu: bool,
    /// `rows x cols` values, or null: the result is zero where they are not positive.
    pub(crate) mask: *const E,
    pub(crate) mask_stride: usize,
}

/// Columns in a panel of packed weights: two vectors of the widest instruction set.
pub const PANEL: usize = 32;

/// Up to this depth the product is computed in one pass; deeper ones in blocks of half this depth, so that the part
/// of `right` that a column of tiles reads stays in the L1 cache.
const DEPTH: usize = 512;

/// Part of a [`Product`] for one call of [`tile`] or [`strip`].
#[derive(Clone, Copy)]
struct Part {
    row: usize,
    col: usize,
    from: usize,
    to: usize,
    /// Valid lanes of the last vector of the strip, if it is partial.
    tail: usize,
}

/// Loads vector `v` of `NV`, of which only the last can be partial.
///
/// # Safety
///
/// The instruction set, and the lanes it touches, as for [`Simd::load`] and [`Simd::load_first`].
#[inline(always)]
pub(super) unsafe fn load<S: Simd, const NV: usize, const TAIL: bool>(
    p: *const S::Elem,
    v: usize,
    tail: usize,
) -> S::V {
    // SAFETY: passed on to the caller.
    unsafe {
        let p = p.add(v * S::LANES);
        if TAIL && v == NV - 1 { S::load_first(p, tail) } else { S::load(p) }
    }
}

/// The counterpart of [`load`].
///
/// # Safety
///
/// As for [`load`].
#[inline(always)]
pub(super) unsafe fn store<S: Simd, const NV: usize, const TAIL: bool>(
    p: *mut S::Elem,
    v: usize,
    tail: usize,
    x: S::V,
) {
    // SAFETY: passed on to the caller.
    unsafe {
        let p = p.add(v * S::LANES);
        if TAIL && v == NV - 1 { S::store_first(p, tail, x) } else { S::store(p, x) }
    }
}

/// Computes `R` rows times `NV` vectors of the output, for depth `from..to`. The accumulators stay in registers:
/// every loop over `R` and `NV` has constant bounds, else they would be on the stack.
///
/// # Safety
///
/// The processor must have the instruction set, and the pointers of the product be valid for the part.
#[inline(always)]
#[expect(clippy::needless_range_loop, reason = "constant indices keep the accumulators in registers")]
unsafe fn tile<S: Simd, const R: usize, const NV: usize, const TAIL: bool>(
    product: &Product<S::Elem>,
    part: Part,
) {
    let Product { depth, left_stride, output_stride, mask_stride, .. } = *product;
    let Part { row, col, from, to, tail } = part;
    // SAFETY: rows row..row + R, columns col..col + NV vectors (the last one `tail` long) and depth
    // from..to are inside the product, whose matrices the caller vouches for.
    unsafe {
        let zero = S::splat(S::Elem::default());
        let mut sum = [[zero; NV]; R];
        let output = product.output.add(row * output_stride + col);
        if from > 0 || product.accumulate {
            for r in 0..R {
                for v in 0..NV {
                    sum[r][v] = load::<S, NV, TAIL>(output.add(r * output_stride), v, tail);
                }
            }
        } else if !product.bias.is_null() {
            for v in 0..NV {
                let bias = load::<S, NV, TAIL>(product.bias.add(col), v, tail);
                for sum in &mut sum {
                    sum[v] = bias;
                }
            }
        }

        let (mut right, right_stride) = match product.right_stride {
            Some(stride) => (product.right.wrapping_add(from * stride + col), stride),
            None => {
                let panel = product.right.wrapping_add(col / PANEL * PANEL * depth);
                (panel.wrapping_add(from * PANEL + col % PANEL), PANEL)
            }
        };
        let left = product.left.wrapping_add(row * left_stride + from);
        for k in 0..to - from {
            let mut w = [zero; NV];
            for (v, w) in w.iter_mut().enumerate() {
                *w = load::<S, NV, TAIL>(right, v, tail);
            }
            for (r, sum) in sum.iter_mut().enumerate() {
                let x = S::splat(*left.add(r * left_stride + k));
                for v in 0..NV {
                    sum[v] = S::fma(x, w[v], sum[v]);
                }
            }
            right = right.wrapping_add(right_stride);
        }

        if to == depth {
            if product.relu {
                for sum in &mut sum {
                    for sum in sum {
                        *sum = S::max(zero, *sum);
                    }
                }
            }
            if !product.mask.is_null() {
                let mask = product.mask.add(row * mask_stride + col);
                for (r, sum) in sum.iter_mut().enumerate() {
                    for (v, sum) in sum.iter_mut().enumerate() {
                        let mask = load::<S, NV, TAIL>(mask.add(r * mask_stride), v, tail);
                        *sum = S::select_gt(mask, zero, *sum, zero);
                    }
                }
            }
        }
        for r in 0..R {
            for v in 0..NV {
                store::<S, NV, TAIL>(output.add(r * output_stride), v, tail, sum[r][v]);
            }
        }
    }
}

/// Computes all rows of one strip of `NV` vectors of columns, in tiles of `R` rows and smaller ones at the end.
///
/// # Safety
///
/// As for [`tile`].
#[inline(always)]
unsafe fn strip<S: Simd, const R: usize, const NV: usize, const TAIL: bool>(
    product: &Product<S::Elem>,
    mut part: Part,
) {
    let rows = product.rows;
    // SAFETY: each tile is started only where its rows are left.
    unsafe {
        while part.row + R <= rows {
            tile::<S, R, NV, TAIL>(product, part);
            part.row += R;
        }
        if R > 4 && part.row + 4 <= rows {
            tile::<S, 4, NV, TAIL>(product, part);
            part.row += 4;
        }
        if R > 2 && part.row + 2 <= rows {
            tile::<S, 2, NV, TAIL>(product, part);
            part.row += 2;
        }
        if R > 1 && part.row < rows {
            tile::<S, 1, NV, TAIL>(product, part);
        }
    }
}

/// Computes the product in tiles of `R` rows.
///
/// # Safety
///
/// As for [`tile`].
#[inline(always)]
unsafe fn tiled<S: Simd, const R: usize>(product: &Product<S::Elem>) {
    let Product { depth, cols, .. } = *product;
    let block = if depth <= DEPTH { depth.max(1) } else { DEPTH / 2 };
    let mut from = 0;
    loop {
        let to = depth.min(from + block);
        let mut part = Part { row: 0, col: 0, from, to, tail: 0 };
        // SAFETY: every strip starts inside the columns, and `tail` is the length of its last vector.
        unsafe {
            while part.col + 2 * S::LANES <= cols {
                strip::<S, R, 2, false>(product, part);
                part.col += 2 * S::LANES;
            }
            let rest = cols - part.col;
            if rest > S::LANES {
                part.tail = rest - S::LANES;
                strip::<S, R, 2, true>(product, part);
            } else if rest == S::LANES {
                strip::<S, R, 1, false>(product, part);
            } else if rest > 0 {
                part.tail = rest;
                strip::<S, R, 1, true>(product, part);
            }
        }
        from = to;
        if from == depth {
            break;
        }
    }
}

/// Computes a [`Product`].
///
/// # Safety
///
/// The processor must have the instruction set; `left`, `right` and `output` must be valid for their
/// shapes, `bias` and `mask` too if they are not null.
#[inline(always)]
pub(crate) unsafe fn product<S: Simd>(product: &Product<S::Elem>) {
    // SAFETY: passed on to the caller.
    unsafe {
        if product.cols == 1 && product.right_stride == Some(1) {
            return skinny::product::<S>(product);
        }
        // Sixteen accumulators of thirty-two registers, or eight of sixteen: measured best.
        if S::REGISTERS >= 32 { tiled::<S, 8>(product) } else { tiled::<S, 4>(product) }
    }
}

/// `gradient = left^T * right` over the rows of all chunks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Correlation<E> {
    /// Number of rows of `left` and `right` in every chunk but the last, and in all chunks.
    pub(crate) chunk_rows: usize,
    pub(crate) rows: usize,
    /// `rows x depth`.
    pub(crate) left: *const E,
    pub(crate) left_stride: usize,
    pub(crate) left_chunk: usize,
    pub(crate) depth: usize,
    /// `rows x cols`.
    pub(crate) right: *const E,
    pub(crate) right_stride: usize,
    pub(crate) right_chunk: usize,
    pub(crate) cols: usize,
    /// `depth x cols`.
    pub(crate) gradient: *mut E,
    pub(crate) gradient_stride: usize,
    /// Add to the gradient instead of replacing it.
    pub(crate) accumulate: bool,
}

/// `R` rows times `NV` vectors of the gradient, summed over all rows of all chunks in registers.
///
/// # Safety
///
/// The processor must have the instruction set, and the pointers be valid for gradient rows
/// `k..k + R` and columns `col..` of `NV` vectors, the last one `tail` long if `TAIL`.
#[inline(always)]
unsafe fn correlate<S: Simd, const R: usize, const NV: usize, const TAIL: bool>(
    c: &Correlation<S::Elem>,
    k: usize,
    col: usize,
    tail: usize,
) {
    // SAFETY: the caller vouches for the columns and gradient rows; the row loops end at `rows`.
    unsafe {
        let mut sum = [[S::splat(S::Elem::default()); NV]; R];
        let mut chunk_left = c.left.wrapping_add(k);
        let mut chunk_right = c.right.wrapping_add(col);
        let mut rest = c.rows;
        while rest > 0 {
            let rows = rest.min(c.chunk_rows);
            let (mut left, mut right) = (chunk_left, chunk_right);
            for _ in 0..rows {
                let mut d = [S::splat(S::Elem::default()); NV];
                for (v, d) in d.iter_mut().enumerate() {
                    *d = load::<S, NV, TAIL>(right, v, tail);
                }
                for (r, sum) in sum.iter_mut().enumerate() {
                    let x = S::splat(*left.add(r));
                    for v in 0..NV {
                        sum[v] = S::fma(x, d[v], sum[v]);
                    }
                }
                left = left.wrapping_add(c.left_stride);
                right = right.wrapping_add(c.right_stride);
            }
            chunk_left = chunk_left.wrapping_add(c.left_chunk);
            chunk_right = chunk_right.wrapping_add(c.right_chunk);
            rest -= rows;
        }
        let gradient = c.gradient.add(k * c.gradient_stride + col);
        for r in 0..R {
            for v in 0..NV {
                let p = gradient.add(r * c.gradient_stride);
                let mut sum = sum[r][v];
                if c.accumulate {
                    sum = S::add(load::<S, NV, TAIL>(p, v, tail), sum);
                }
                store::<S, NV, TAIL>(p, v, tail, sum);
            }
        }
    }
}

/// All columns of gradient rows `k..k + R`.
///
/// # Safety
///
/// As for [`correlate`].
#[inline(always)]
unsafe fn correlate_rows<S: Simd, const R: usize>(c: &Correlation<S::Elem>, k: usize) {
    let mut col = 0;
    // SAFETY: every strip starts inside the columns, and its tail is the length of its last vector.
    unsafe {
        while col + 2 * S::LANES <= c.cols {
            correlate::<S, R, 2, false>(c, k, col, 0);
            col += 2 * S::LANES;
        }
        let rest = c.cols - col;
        if rest > S::LANES {
            correlate::<S, R, 2, true>(c, k, col, rest - S::LANES);
        } else if rest == S::LANES {
            correlate::<S, R, 1, false>(c, k, col, 0);
        } else if rest > 0 {
            correlate::<S, R, 1, true>(c, k, col, rest);
        }
    }
}

/// Computes a [`Correlation`].
///
/// # Safety
///
/// The processor must have the instruction set; the pointers must be valid for their shapes.
#[inline(always)]
pub(crate) unsafe fn correlation<S: Simd>(c: &Correlation<S::Elem>) {
    if c.cols <= skinny::COLUMNS {
        // SAFETY: passed on to the caller.
        return unsafe { skinny::correlation::<S>(c) };
    }
    let mut k = 0;
    // SAFETY: gradient rows are taken only while they last.
    unsafe {
        if S::REGISTERS >= 32 {
            while k + 8 <= c.depth {
                correlate_rows::<S, 8>(c, k);
                k += 8;
            }
        }
        while k + 4 <= c.depth {
            correlate_rows::<S, 4>(c, k);
            k += 4;
        }
        while k + 2 <= c.depth {
            correlate_rows::<S, 2>(c, k);
            k += 2;
        }
        while k < c.depth {
            correlate_rows::<S, 1>(c, k);
            k += 1;
        }
    }
}

/// `NV` vectors of column sums, the first `n` lanes of the last if `TAIL`.
///
/// # Safety
///
/// As for [`correlation`]; `left` is not used.
#[inline(always)]
unsafe fn column_sum<S: Simd, const NV: usize, const TAIL: bool>(
    c: &Correlation<S::Elem>,
    col: usize,
    n: usize,
) {
    // SAFETY: the lanes are inside the columns; the row loops end at `rows`.
    unsafe {
        let mut sum = [S::splat(S::Elem::default()); NV];
        let mut chunk = c.right.wrapping_add(col);
        let mut rest = c.rows;
        while rest > 0 {
            let rows = rest.min(c.chunk_rows);
            let mut p = chunk;
            for _ in 0..rows {
                for (v, sum) in sum.iter_mut().enumerate() {
                    *sum = S::add(*sum, load::<S, NV, TAIL>(p, v, n));
                }
                p = p.wrapping_add(c.right_stride);
            }
            chunk = chunk.wrapping_add(c.right_chunk);
            rest -= rows;
        }
        let p = c.gradient.add(col);
        for (v, mut sum) in sum.into_iter().enumerate() {
            if c.accumulate {
                sum = S::add(load::<S, NV, TAIL>(p, v, n), sum);
            }
            store::<S, NV, TAIL>(p, v, n, sum);
        }
    }
}

/// Sums the rows of `right` of a [`Correlation`] into `cols` values at `gradient`.
///
/// # Safety
///
/// As for [`correlation`]; `left` is not used.
#[inline(always)]
pub(crate) unsafe fn column_sums<S: Simd>(c: &Correlation<S::Elem>) {
    let mut col = 0;
    // SAFETY: whole vectors while they fit, then the columns that are left.
    unsafe {
        // Several vectors at a time hide the latency of adding.
        while col + 4 * S::LANES <= c.cols {
            column_sum::<S, 4, false>(c, col, 0);
            col += 4 * S::LANES;
        }
        while col + S::LANES <= c.cols {
            column_sum::<S, 1, false>(c, col, 0);
            col += S::LANES;
        }
        if col < c.cols {
            column_sum::<S, 1, true>(c, col, c.cols - col);
        }
    }
}
