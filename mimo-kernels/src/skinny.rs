//! Matrix products with very few columns, as in the heads of a network. The lanes of a vector run along the depth
//! instead of the columns, of which most would be empty.

use super::product::{Correlation, PANEL, Product, load};
use super::simd::Simd;

/// Columns up to which [`correlation`] and [`transposed`] are used.
pub(crate) const COLUMNS: usize = 4;

/// More lanes than any instruction set has.
const MAX_LANES: usize = 16;

/// `R` rows of a product with one column, whose `right` is contiguous.
///
/// # Safety
///
/// The processor must have the instruction set, and the pointers of the product be valid for rows
/// `row..row + R`.
#[inline(always)]
unsafe fn dots<S: Simd, const R: usize>(product: &Product<S::Elem>, row: usize) {
    let Product { depth, left_stride, output_stride, mask_stride, .. } = *product;
    let zero = S::Elem::default();
    // SAFETY: whole vectors while they fit into the depth, then what is left of it, in rows the caller
    // vouches for.
    unsafe {
        let left = product.left.wrapping_add(row * left_stride);
        let mut sum = [S::splat(zero); R];
        let mut k = 0;
        while k + S::LANES <= depth {
            let w = S::load(product.right.add(k));
            for (r, sum) in sum.iter_mut().enumerate() {
                *sum = S::fma(S::load(left.add(r * left_stride + k)), w, *sum);
            }
            k += S::LANES;
        }
        if k < depth {
            let w = S::load_first(product.right.add(k), depth - k);
            for (r, sum) in sum.iter_mut().enumerate() {
                *sum = S::fma(S::load_first(left.add(r * left_stride + k), depth - k), w, *sum);
            }
        }
        for (r, sum) in sum.into_iter().enumerate() {
            let output = product.output.add((row + r) * output_stride);
            let mut y = S::sum(sum);
            if product.accumulate {
                y += output.read();
            } else if !product.bias.is_null() {
                y += product.bias.read();
            }
            let masked = !product.mask.is_null() && {
                let mask = product.mask.add((row + r) * mask_stride).read();
                // A NaN in the mask is not positive either.
                mask.partial_cmp(&zero).is_none_or(core::cmp::Ordering::is_le)
            };
            if masked || product.relu && y < zero {
                y = zero;
            }
            output.write(y);
        }
    }
}

/// A product with one column, whose `right` is contiguous.
///
/// # Safety
///
/// As for [`super::product::product`].
#[inline(always)]
pub(super) unsafe fn product<S: Simd>(product: &Product<S::Elem>) {
    let mut row = 0;
    // SAFETY: rows are taken only while they last.
    unsafe {
        while row + 8 <= product.rows {
            dots::<S, 8>(product, row);
            row += 8;
        }
        while row < product.rows {
            dots::<S, 1>(product, row);
            row += 1;
        }
    }
}

/// `R` rows of a product with `N` columns, whose `right` is packed as a transpose: panels of `N x PANEL`, lane `i` of panel
/// `p` being row `p * PANEL + i`.
///
/// # Safety
///
/// As for [`dots`].
#[inline(always)]
#[expect(clippy::needless_range_loop, reason = "constant indices keep the accumulators in registers")]
unsafe fn transposed_rows<S: Simd, const R: usize, const N: usize>(product: &Product<S::Elem>, row: usize) {
    let zero = S::Elem::default();
    // SAFETY: whole vectors while they fit into the depth, then what is left of it, in rows the caller vouches for; a
    // vector stays in one panel because its lanes divide PANEL.
    unsafe {
        let left = product.left.wrapping_add(row * product.left_stride);
        let mut sum = [[S::splat(zero); N]; R];
        let mut k = 0;
        while k < product.depth {
            let lanes = S::LANES.min(product.depth - k);
            let at = |p: *const S::Elem| match lanes == S::LANES {
                true => S::load(p),
                false => S::load_first(p, lanes),
            };
            let panel = product.right.wrapping_add(k / PANEL * PANEL * N + k % PANEL);
            let mut weights = [S::splat(zero); N];
            for n in 0..N {
                weights[n] = at(panel.wrapping_add(n * PANEL));
            }
            for r in 0..R {
                let x = at(left.wrapping_add(r * product.left_stride + k));
                for n in 0..N {
                    sum[r][n] = S::fma(x, weights[n], sum[r][n]);
                }
            }
            k += lanes;
        }
        for r in 0..R {
            for n in 0..N {
                let mut y = S::sum(sum[r][n]);
                if !product.bias.is_null() {
                    y += product.bias.add(n).read();
                }
                if product.relu && y < zero {
                    y = zero;
                }
                product.output.add((row + r) * product.output_stride + n).write(y);
            }
        }
    }
}

/// All rows of a product with `N` columns.
///
/// # Safety
///
/// As for [`transposed_rows`].
#[inline(always)]
unsafe fn transposed_all<S: Simd, const N: usize>(product: &Product<S::Elem>) {
    let mut row = 0;
    // SAFETY: rows are taken only while they last.
    unsafe {
        while row + 4 <= product.rows {
            transposed_rows::<S, 4, N>(product, row);
            row += 4;
        }
        while row < product.rows {
            transposed_rows::<S, 1, N>(product, row);
            row += 1;
        }
    }
}

/// A product with at most [`COLUMNS`] columns, whose `right` is packed as a transpose. Supports a bias and a ReLU,
/// but no mask and no accumulation.
///
/// # Safety
///
/// As for [`super::product::product`].
#[inline(always)]
pub(crate) unsafe fn transposed<S: Simd>(product: &Product<S::Elem>) {
    // SAFETY: passed on to the caller.
    unsafe {
        match product.cols {
            1 => transposed_all::<S, 1>(product),
            2 => transposed_all::<S, 2>(product),
            3 => transposed_all::<S, 3>(product),
            4 => transposed_all::<S, 4>(product),
            _ => {}
        }
    }
}

/// `NV` vectors of gradient rows from row `k` on, times all `N` columns.
///
/// # Safety
///
/// The processor must have the instruction set, and the pointers be valid for those gradient rows; the last
/// vector has `tail` of them if `TAIL`.
#[inline(always)]
#[expect(clippy::needless_range_loop, reason = "constant indices keep the accumulators in registers")]
unsafe fn correlate<S: Simd, const N: usize, const NV: usize, const TAIL: bool>(
    c: &Correlation<S::Elem>,
    k: usize,
    tail: usize,
) {
    // SAFETY: the caller vouches for the gradient rows; the row loops end at `rows`.
    unsafe {
        let mut sum = [[S::splat(S::Elem::default()); NV]; N];
        let mut chunk_left = c.left.wrapping_add(k);
        let mut chunk_right = c.right;
        let mut rest = c.rows;
        while rest > 0 {
            let rows = rest.min(c.chunk_rows);
            let (mut left, mut right) = (chunk_left, chunk_right);
            for _ in 0..rows {
                let mut x = [S::splat(S::Elem::default()); NV];
                for (v, x) in x.iter_mut().enumerate() {
                    *x = load::<S, NV, TAIL>(left, v, tail);
                }
                for (n, sum) in sum.iter_mut().enumerate() {
                    let d = S::splat(*right.add(n));
                    for v in 0..NV {
                        sum[v] = S::fma(x[v], d, sum[v]);
                    }
                }
                left = left.wrapping_add(c.left_stride);
                right = right.wrapping_add(c.right_stride);
            }
            chunk_left = chunk_left.wrapping_add(c.left_chunk);
            chunk_right = chunk_right.wrapping_add(c.right_chunk);
            rest -= rows;
        }
        for v in 0..NV {
            let lanes = if TAIL && v == NV - 1 { tail } else { S::LANES };
            let mut columns = [[S::Elem::default(); MAX_LANES]; N];
            for n in 0..N {
                S::store(columns[n].as_mut_ptr(), sum[n][v]);
            }
            let gradient = c.gradient.add((k + v * S::LANES) * c.gradient_stride);
            for lane in 0..lanes {
                for (n, column) in columns.iter().enumerate() {
                    let p = gradient.add(lane * c.gradient_stride + n);
                    p.write(if c.accumulate { p.read() + column[lane] } else { column[lane] });
                }
            }
        }
    }
}

/// A correlation with `N` columns.
///
/// # Safety
///
/// As for [`super::product::correlation`].
#[inline(always)]
unsafe fn correlate_all<S: Simd, const N: usize>(c: &Correlation<S::Elem>) {
    let mut k = 0;
    // SAFETY: whole vectors of gradient rows while they fit, then what is left of them.
    unsafe {
        while k + 2 * S::LANES <= c.depth {
            correlate::<S, N, 2, false>(c, k, 0);
            k += 2 * S::LANES;
        }
        if k + S::LANES <= c.depth {
            correlate::<S, N, 1, false>(c, k, 0);
            k += S::LANES;
        }
        if k < c.depth {
            correlate::<S, N, 1, true>(c, k, c.depth - k);
        }
    }
}

/// A correlation with at most [`COLUMNS`] columns.
///
/// # Safety
///
/// As for [`super::product::correlation`].
#[inline(always)]
pub(super) unsafe fn correlation<S: Simd>(c: &Correlation<S::Elem>) {
    // SAFETY: passed on to the caller.
    unsafe {
        match c.cols {
            1 => correlate_all::<S, 1>(c),
            2 => correlate_all::<S, 2>(c),
            3 => correlate_all::<S, 3>(c),
            4 => correlate_all::<S, 4>(c),
            _ => {}
        }
    }
}
