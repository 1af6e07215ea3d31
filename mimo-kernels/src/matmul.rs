//! Products of two matrices with any strides: `output = left · right`.
//!
//! The kernels of dense layers read rows without gaps. Each layout uses the kernel that reads it without a copy:
//!
//! | left | right | kernel |
//! |---|---|---|
//! | rows without gaps | rows without gaps | the product of a dense layer |
//! | columns without gaps | rows without gaps | its kernel gradient, `leftᵀ` |
//! | rows without gaps | columns without gaps | the product, with panels of `right` copied first; for few rows or columns, dot products |
//!
//! An output whose columns have no gaps, or that is a single column, is computed as the transposed product. Every
//! other layout is copied first: the time of a copy is linear in the number of values, that of a product is not.

use core::ops::Range;
use core::ptr;

use super::dense::packed_len;
use super::dispatch::Kernels;
use super::element::Element;
use super::packing::Packing;
use super::product::{Correlation, Product};

/// A matrix inside an arena with any distance between rows and between columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strided {
    /// Index of the first value.
    pub offset: usize,
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub cols: usize,
    /// Distance between two rows.
    pub row_stride: usize,
    /// Distance between two columns.
    pub col_stride: usize,
}

/// Products of fewer multiplications than this are computed by a plain loop, which needs no preparation.
const SMALL: usize = 32;

/// Up to this many rows or columns, dot products are faster than a copy of `right` in panels.
const FEW: usize = 4;

impl Strided {
    /// `rows` rows of `cols` values without gaps, from `offset` on.
    pub const fn contiguous(offset: usize, rows: usize, cols: usize) -> Self {
        Self { offset, rows, cols, row_stride: cols, col_stride: 1 }
    }

    /// The transposed matrix: the same values.
    pub const fn transposed(self) -> Self {
        let Self { offset, rows, cols, row_stride, col_stride } = self;
        Self { offset, rows: cols, cols: rows, row_stride: col_stride, col_stride: row_stride }
    }

    /// Whether the values of each row follow each other.
    const fn has_rows(self) -> bool {
        self.col_stride == 1 || self.cols <= 1
    }

    /// Whether the values of each column follow each other.
    const fn has_columns(self) -> bool {
        self.row_stride == 1 || self.rows <= 1
    }

    const fn at(self, row: usize, col: usize) -> usize {
        self.offset + row * self.row_stride + col * self.col_stride
    }

    /// Panics unless every value is inside a slice of `len` values.
    #[track_caller]
    pub(crate) fn check(self, len: usize) {
        if self.rows == 0 || self.cols == 0 {
            return;
        }
        let last = |count: usize, stride: usize| (count - 1).checked_mul(stride);
        let end = last(self.rows, self.row_stride)
            .and_then(|at| at.checked_add(last(self.cols, self.col_stride)?))
            .and_then(|at| at.checked_add(self.offset));
        assert!(end.is_some_and(|end| end < len), "{self:?} is not inside an arena of {len} values");
    }
}

/// `output = left · right`, added to what `output` holds if `accumulate`.
///
/// Operands in a layout that no kernel reads are copied to `memory`. If it is too short, a plain loop computes the
/// product. `output` and `memory` must not overlap anything else; `left` and `right` may overlap each other.
///
/// # Panics
///
/// If a matrix or `memory` is not inside the arena, or if shapes do not fit.
pub fn matmul<E: Element>(
    arena: &mut [E],
    left: Strided,
    right: Strided,
    output: Strided,
    accumulate: bool,
    memory: Range<usize>,
) {
    [left, right, output].into_iter().for_each(|matrix| matrix.check(arena.len()));
    assert!(memory.start <= memory.end && memory.end <= arena.len(), "no such memory: {memory:?}");
    let fits = left.rows == output.rows && left.cols == right.rows && right.cols == output.cols;
    assert!(fits, "a product of {left:?} and {right:?} is not {output:?}");
    let work = output.rows.saturating_mul(output.cols).saturating_mul(left.cols);
    if work <= SMALL {
        return plain(arena, left, right, output, accumulate);
    }
    if vectors(arena, left, right, output, accumulate) {
        return;
    }
    // An output stored by columns is computed as the transposed product, and a single column as a row.
    let by_rows = output.has_rows() && (output.cols > 1 || output.rows == 1);
    let (left, right, output) = match !by_rows && output.has_columns() {
        true => (right.transposed(), left.transposed(), output.transposed()),
        false => (left, right, output),
    };
    let mut memory = Memory { free: memory };
    let copied = |matrix: Strided, memory: &mut Memory| {
        let start = memory.take(matrix.rows.checked_mul(matrix.cols)?)?;
        Some(Strided::contiguous(start, matrix.rows, matrix.cols))
    };
    let by_columns = !right.has_rows() && right.has_columns();
    let panels = by_columns && left.rows > FEW && right.cols > FEW;
    let (rows, columns) = (left.has_rows(), left.has_columns());
    // Only rows are multiplied with columns of `right`.
    let copies_left = !rows && (by_columns || !columns);
    let copies_right = !by_columns && !right.has_rows();
    let places = (|| {
        let to = if output.has_rows() { output } else { copied(output, &mut memory)? };
        let new_left = if copies_left { copied(left, &mut memory)? } else { left };
        let new_right = if copies_right { copied(right, &mut memory)? } else { right };
        let panels = match panels {
            true => Some(memory.take(packed_len(right.cols, right.rows))?),
            false => None,
        };
        Some((to, new_left, new_right, panels))
    })();
    let Some((to, new_left, new_right, panels)) = places else {
        return plain(arena, left, right, output, accumulate);
    };
    if copies_left {
        copy(arena, left, new_left, false);
    }
    if copies_right {
        copy(arena, right, new_right, false);
    }
    let adds = accumulate && to == output;
    let (left, right) = (new_left, new_right);
    match panels {
        Some(panels) => {
            pack(arena, right, panels);
            product(arena, left, Strided { offset: panels, ..right }, None, to, adds);
        }
        None if by_columns && left.rows <= FEW => {
            // Each row of the output is `right` times a row of `left`.
            for row in 0..left.rows {
                let vector = Strided {
                    offset: left.at(row, 0),
                    rows: left.cols,
                    cols: 1,
                    row_stride: 1,
                    col_stride: 1,
                };
                let result =
                    Strided { offset: to.at(row, 0), rows: to.cols, cols: 1, row_stride: 1, col_stride: 1 };
                product(arena, right.transposed(), vector, Some(1), result, adds);
            }
        }
        None if by_columns => {
            for col in 0..right.cols {
                let vector = Strided { offset: right.at(0, col), cols: 1, ..right };
                product(arena, left, vector, Some(1), Strided { offset: to.at(0, col), cols: 1, ..to }, adds);
            }
        }
        None if left.has_rows() => product(arena, left, right, Some(right.row_stride), to, adds),
        None => correlate(arena, left.transposed(), right, to, adds),
    }
    if to != output {
        copy(arena, to, output, accumulate);
    }
}

/// Number of partial sums.
const LANES: usize = 8;

/// Computes the dot product of two vectors, or a vector times a number: kernels have more to prepare than to compute
/// for these. Returns false if the product is neither.
fn vectors<E: Element>(
    arena: &mut [E],
    left: Strided,
    right: Strided,
    output: Strided,
    accumulate: bool,
) -> bool {
    let span = |matrix: Strided, len: usize| matrix.offset..matrix.offset + len;
    if output.rows == 1 && output.cols == 1 && left.has_rows() && right.has_columns() {
        let (a, b) = (&arena[span(left, left.cols)], &arena[span(right, left.cols)]);
        let mut sums = [E::zero(); LANES];
        let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
        for (a, b) in a.iter().zip(b) {
            sums.iter_mut().zip(a.iter().zip(b)).for_each(|(sum, (a, b))| *sum += *a * *b);
        }
        let rest = a_rest.iter().zip(b_rest).fold(E::zero(), |sum, (a, b)| sum + *a * *b);
        let sum = sums.into_iter().fold(rest, |sum, part| sum + part);
        let to = &mut arena[output.offset];
        *to = if accumulate { *to + sum } else { sum };
        return true;
    }
    let (vector, factor, len) = match (left.cols, output.rows, output.cols) {
        (1, 1, len) if right.has_rows() && output.has_rows() => (right, left, len),
        (1, len, 1) if left.has_columns() && output.has_columns() => (left, right, len),
        _ => return false,
    };
    let factor = arena[factor.offset];
    let Ok([x, y]) = arena.get_disjoint_mut([span(vector, len), span(output, len)]) else { return false };
    match accumulate {
        true => y.iter_mut().zip(x).for_each(|(y, x)| *y += factor * *x),
        false => y.iter_mut().zip(x).for_each(|(y, x)| *y = factor * *x),
    }
    true
}

/// Memory allocated from its start on.
struct Memory {
    free: Range<usize>,
}

impl Memory {
    fn take(&mut self, len: usize) -> Option<usize> {
        let start = self.free.start;
        let end = start.checked_add(len).filter(|end| *end <= self.free.end)?;
        self.free.start = end;
        Some(start)
    }
}

/// Computes the product by its definition.
fn plain<E: Element>(arena: &mut [E], left: Strided, right: Strided, output: Strided, accumulate: bool) {
    for row in 0..output.rows {
        for col in 0..output.cols {
            let mut sum = E::zero();
            for k in 0..left.cols {
                sum += arena[left.at(row, k)] * arena[right.at(k, col)];
            }
            let to = &mut arena[output.at(row, col)];
            *to = if accumulate { *to + sum } else { sum };
        }
    }
}

/// Copies a matrix, or adds it if `adds`.
fn copy<E: Element>(arena: &mut [E], from: Strided, to: Strided, adds: bool) {
    for row in 0..from.rows {
        for col in 0..from.cols {
            let value = arena[from.at(row, col)];
            let to = &mut arena[to.at(row, col)];
            *to = if adds { *to + value } else { value };
        }
    }
}

/// Copies a matrix stored by columns as panels, from `to` on.
pub(crate) fn pack<E: Element>(arena: &mut [E], matrix: Strided, to: usize) {
    let len = packed_len(matrix.cols, matrix.rows);
    assert!(to.checked_add(len).is_some_and(|end| end <= arena.len()), "no such panels");
    matrix.check(arena.len());
    let base = arena.as_mut_ptr();
    let packing = Packing {
        from: base.wrapping_add(matrix.offset),
        rows: matrix.cols,
        cols: matrix.rows,
        stride: matrix.col_stride,
        to: base.wrapping_add(to),
    };
    // SAFETY: columns and panels are inside the arena, as checked above, and the table is for this processor.
    unsafe { E::kernels().pack(&packing) }
}

/// Product of matrices stored by rows. Without a `right_stride`, `right` is panels whose place [`pack`] has checked.
pub(crate) fn product<E: Element>(
    arena: &mut [E],
    left: Strided,
    right: Strided,
    right_stride: Option<usize>,
    output: Strided,
    accumulate: bool,
) {
    left.check(arena.len());
    output.check(arena.len());
    match right_stride {
        Some(row_stride) => Strided { row_stride, col_stride: 1, ..right }.check(arena.len()),
        None => {
            let len = packed_len(right.cols, right.rows);
            assert!(right.offset.checked_add(len).is_some_and(|end| end <= arena.len()), "no such panels");
        }
    }
    let base = arena.as_mut_ptr();
    let product = Product {
        rows: output.rows,
        cols: output.cols,
        depth: left.cols,
        left: base.wrapping_add(left.offset),
        left_stride: left.row_stride,
        right: base.wrapping_add(right.offset),
        right_stride,
        output: base.wrapping_add(output.offset),
        output_stride: output.row_stride,
        bias: ptr::null(),
        accumulate,
        relu: false,
        mask: ptr::null(),
        mask_stride: 0,
    };
    // SAFETY: the values of each row follow each other, rows are inside the arena, as checked above, and the table is for this
    // processor.
    unsafe { E::kernels().product(&product) }
}

/// `output = leftᵀ · right`, all stored by rows.
pub(crate) fn correlate<E: Element>(
    arena: &mut [E],
    left: Strided,
    right: Strided,
    output: Strided,
    accumulate: bool,
) {
    [left, right, output].into_iter().for_each(|matrix| matrix.check(arena.len()));
    let base = arena.as_mut_ptr();
    let correlation = Correlation {
        chunk_rows: left.rows,
        rows: left.rows,
        left: base.wrapping_add(left.offset),
        left_stride: left.row_stride,
        left_chunk: 0,
        depth: left.cols,
        right: base.wrapping_add(right.offset),
        right_stride: right.row_stride,
        right_chunk: 0,
        cols: right.cols,
        gradient: base.wrapping_add(output.offset),
        gradient_stride: output.row_stride,
        accumulate,
    };
    // SAFETY: the values of each row follow each other, rows are inside the arena, as checked above, and the table is for this
    // processor.
    unsafe { E::kernels().correlation(&correlation) }
}
