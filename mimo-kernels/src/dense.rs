//! Dense layers: `Y = X W + b` and its gradients.

use super::dispatch::Kernels;
use super::element::Element;
use super::matrix::{Blocks, Mat};
use super::packing::Packing;
pub use super::product::PANEL;
use super::product::{Correlation, Product};
use super::skinny::COLUMNS;
use core::ops::Range;
use core::ptr;

/// Epilogue of an input gradient: applied as it is written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Epilogue {
    /// Add to the present gradient, as when a value has several consumers.
    pub accumulate: bool,
    /// The finished gradient (after accumulation) is set to zero where this value is not positive: the backward pass
    /// of the ReLU that computed the value. Same shape as the gradient.
    pub mask: Option<Mat>,
}

/// The plain product `y = x * right` in an arena that begins at `base`.
fn plain<E>(base: *mut E, x: Mat, y: Mat, right: &[E], right_stride: Option<usize>) -> Product<E> {
    Product {
        rows: y.rows,
        cols: y.cols,
        depth: x.cols,
        left: x.within(base),
        left_stride: x.stride,
        right: right.as_ptr(),
        right_stride,
        output: y.within_mut(base),
        output_stride: y.stride,
        bias: ptr::null(),
        accumulate: false,
        relu: false,
        mask: ptr::null(),
        mask_stride: 0,
    }
}

/// `y = x * kernel + bias`, with negative results replaced by zero if `relu`.
///
/// `kernel` has `x.cols` rows of `ld` values, of which the first `y.cols` are used; its last row may end
/// there. `bias` has at least `y.cols` values. `x` and `y` must not overlap.
// Inlined: arguments are mostly constants of the caller, and a call would take a fifth of the time of a small layer.
#[inline(always)]
pub fn dense_forward<E: Element>(
    arena: &mut [E],
    x: Mat,
    y: Mat,
    kernel: &[E],
    ld: usize,
    bias: Option<&[E]>,
    relu: bool,
) {
    x.check(arena.len());
    y.check(arena.len());
    assert_eq!(x.rows, y.rows, "dense input and output differ in rows");
    Mat { offset: 0, rows: x.cols, cols: y.cols, stride: ld }.check(kernel.len());
    assert!(bias.is_none_or(|bias| bias.len() >= y.cols), "dense bias is too short");
    let base = arena.as_mut_ptr();
    let bias = bias.map_or(ptr::null(), <[E]>::as_ptr);
    let product = Product { bias, relu, ..plain(base, x, y, kernel, Some(ld)) };
    // SAFETY: the shapes were checked above, and the table is for this processor.
    unsafe { E::kernels().product(&product) }
}

/// Whether [`dense_forward_transposed`] is faster: the layer has so few columns that vectors along them would be
/// mostly empty, and is so deep that vectors along the depth are full.
pub const fn is_deep(inputs: usize, units: usize) -> bool {
    1 < units && units <= COLUMNS && inputs >= 4 * PANEL
}

/// Same as [`dense_forward`], but reads the transposed panels of [`pack_transposed`]; for at most four columns.
#[inline]
pub fn dense_forward_transposed<E: Element>(
    arena: &mut [E],
    x: Mat,
    y: Mat,
    packed: &[E],
    bias: Option<&[E]>,
    relu: bool,
) {
    x.check(arena.len());
    y.check(arena.len());
    assert_eq!(x.rows, y.rows, "dense input and output differ in rows");
    assert!((1..=COLUMNS).contains(&y.cols), "too many columns for a deep product");
    assert!(packed.len() >= packed_len(x.cols, y.cols), "packed kernel is too short");
    assert!(bias.is_none_or(|bias| bias.len() >= y.cols), "dense bias is too short");
    let base = arena.as_mut_ptr();
    let bias = bias.map_or(ptr::null(), <[E]>::as_ptr);
    let product = Product { bias, relu, ..plain(base, x, y, packed, None) };
    // SAFETY: the shapes were checked above, and the table is for this processor.
    unsafe { E::kernels().transposed(&product) }
}

/// `y += x * kernel`, as [`dense_forward`].
#[inline]
pub fn dense_add<E: Element>(arena: &mut [E], x: Mat, y: Mat, kernel: &[E], ld: usize) {
    x.check(arena.len());
    y.check(arena.len());
    assert_eq!(x.rows, y.rows, "dense input and output differ in rows");
    Mat { offset: 0, rows: x.cols, cols: y.cols, stride: ld }.check(kernel.len());
    let base = arena.as_mut_ptr();
    let product = Product { accumulate: true, ..plain(base, x, y, kernel, Some(ld)) };
    // SAFETY: the shapes were checked above, and the table is for this processor.
    unsafe { E::kernels().product(&product) }
}

/// `dx = dy * kernel^T`, then the `epilogue`.
///
/// `packed` holds the kernel's transposed panels, from [`pack_transposed`], for `k = dx.cols` and `n = dy.cols`. `dx`
/// must not overlap `dy` or the mask.
#[inline]
pub fn dense_input_gradient<E: Element>(arena: &mut [E], dy: Mat, dx: Mat, packed: &[E], epilogue: Epilogue) {
    dy.check(arena.len());
    dx.check(arena.len());
    assert_eq!(dx.rows, dy.rows, "dense gradients differ in rows");
    assert!(packed.len() >= packed_len(dx.cols, dy.cols), "packed kernel is too short");
    if let Some(mask) = epilogue.mask {
        mask.check_like(dx, arena.len());
    }
    let base = arena.as_mut_ptr();
    let product = Product {
        accumulate: epilogue.accumulate,
        mask: epilogue.mask.map_or(ptr::null(), |mask| mask.within(base)),
        mask_stride: epilogue.mask.map_or(0, |mask| mask.stride),
        ..plain(base, dy, dx, packed, None)
    };
    // SAFETY: the shapes were checked above, and the table is for this processor.
    unsafe { E::kernels().product(&product) }
}

/// Rows `k` of `x^T * dy`, summed over the whole batch in a fixed order, into `gradient` (one row of
/// `dy.mat.cols` values for each index in `k`).
///
/// The sums stay in registers from the first row of the batch to the last, so the gradient needs
/// no zeroing and is written once.
#[inline]
pub fn dense_kernel_gradient<E: Element>(
    arena: &[E],
    x: Blocks,
    dy: Blocks,
    k: Range<usize>,
    gradient: &mut [E],
    accumulate: bool,
) {
    x.check(arena.len());
    dy.check(arena.len());
    assert!(x.rows == dy.rows && x.mat.rows == dy.mat.rows, "dense operands differ in rows");
    assert!(k.start <= k.end && k.end <= x.mat.cols, "no such kernel rows: {k:?}");
    let depth = k.end - k.start;
    assert!(depth.checked_mul(dy.mat.cols) == Some(gradient.len()), "kernel gradient has another size");
    let correlation = Correlation {
        chunk_rows: x.mat.rows,
        rows: x.rows,
        left: x.mat.within(arena.as_ptr()).wrapping_add(k.start),
        left_stride: x.mat.stride,
        left_chunk: x.chunk_stride,
        depth,
        right: dy.mat.within(arena.as_ptr()),
        right_stride: dy.mat.stride,
        right_chunk: dy.chunk_stride,
        cols: dy.mat.cols,
        gradient: gradient.as_mut_ptr(),
        gradient_stride: dy.mat.cols,
        accumulate,
    };
    // SAFETY: the shapes were checked above, and the table is for this processor.
    unsafe { E::kernels().correlation(&correlation) }
}

/// The sum of each column of `dy` over the whole batch in a fixed order: the gradient of a bias.
#[inline]
pub fn column_sums<E: Element>(arena: &[E], dy: Blocks, sums: &mut [E], accumulate: bool) {
    dy.check(arena.len());
    assert_eq!(sums.len(), dy.mat.cols, "column sums have another size");
    let right = dy.mat.within(arena.as_ptr());
    let correlation = Correlation {
        chunk_rows: dy.mat.rows,
        rows: dy.rows,
        left: right,
        left_stride: 0,
        left_chunk: 0,
        depth: 1,
        right,
        right_stride: dy.mat.stride,
        right_chunk: dy.chunk_stride,
        cols: dy.mat.cols,
        gradient: sums.as_mut_ptr(),
        gradient_stride: dy.mat.cols,
        accumulate,
    };
    // SAFETY: the shapes were checked above, and the table is for this processor.
    unsafe { E::kernels().column_sums(&correlation) }
}

/// Length of the packed form of a kernel with `k` rows and `n` columns.
///
/// # Panics
///
/// If that overflows `usize`.
pub const fn packed_len(k: usize, n: usize) -> usize {
    match k.div_ceil(PANEL).checked_mul(PANEL) {
        Some(lanes) => match lanes.checked_mul(n) {
            Some(len) => len,
            None => panic!("packed kernel is too large"),
        },
        None => panic!("packed kernel is too large"),
    }
}

/// Writes rows `k0..k1` of a kernel with `n` columns as transposed panels for [`dense_input_gradient`].
///
/// `kernel_rows` holds only those rows, `packed` only their panels: `k0` is a multiple of [`PANEL`], and unless `k1`
/// is one as well, it is the last row of the kernel. A panel is `n` rows of [`PANEL`] values, value `i` of row `j`
/// being `kernel[panel * PANEL + i][j]`; values of rows that do not exist are neither written nor read.
pub fn pack_transposed<E: Element>(kernel_rows: &[E], k0: usize, k1: usize, n: usize, packed: &mut [E]) {
    assert!(k0 <= k1 && k0.is_multiple_of(PANEL), "packing starts at a panel: {k0}..{k1}");
    let rows = k1 - k0;
    assert!(rows.checked_mul(n) == Some(kernel_rows.len()), "kernel rows have another size");
    assert!(packed.len() >= packed_len(rows, n), "packed kernel is too short");
    let packing = Packing { from: kernel_rows.as_ptr(), rows, cols: n, stride: n, to: packed.as_mut_ptr() };
    // SAFETY: the sizes were checked above, and the table is for this processor.
    unsafe { E::kernels().pack(&packing) }
}
