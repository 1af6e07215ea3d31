//! Rows of predictions, targets and gradients for a loss, as slices of one arena.

use crate::kernels::Mat;

/// Rows to read.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a, E> {
    values: &'a [E],
    stride: usize,
    cols: usize,
}

impl<'a, E> Rows<'a, E> {
    /// Returns the rows of `mat`.
    pub(crate) fn new(arena: &'a [E], mat: Mat) -> Self {
        Rows { values: arena.get(mat.offset..).unwrap_or(&[]), stride: mat.stride, cols: mat.cols }
    }

    /// Returns `values` as a single row.
    pub(crate) fn one(values: &'a [E]) -> Self {
        Rows { values, stride: values.len(), cols: values.len() }
    }

    /// Number of values in a row.
    pub(crate) fn cols(&self) -> usize {
        self.cols
    }

    #[inline]
    pub(crate) fn row(&self, row: usize) -> &'a [E] {
        &self.values[row * self.stride..][..self.cols]
    }
}

/// Rows to write.
pub(crate) struct RowsMut<'a, E> {
    values: &'a mut [E],
    stride: usize,
    cols: usize,
}

impl<E> RowsMut<'_, E> {
    #[inline]
    pub(crate) fn row(&mut self, row: usize) -> &mut [E] {
        &mut self.values[row * self.stride..][..self.cols]
    }
}

/// An arena without the rows to write.
#[derive(Clone, Copy)]
pub(crate) struct Read<'a, E> {
    before: &'a [E],
    after: &'a [E],
    /// Offset of `after` in the arena.
    resumes: usize,
}

impl<'a, E> Read<'a, E> {
    pub(crate) fn rows(&self, mat: Mat) -> Rows<'a, E> {
        if mat.offset < self.before.len() {
            return Rows::new(self.before, mat);
        }
        debug_assert!(mat.offset >= self.resumes, "a loss reads the slot that its gradient is written to");
        Rows::new(self.after, Mat { offset: mat.offset.saturating_sub(self.resumes), ..mat })
    }
}

/// Splits off the rows to write, once for all rows: to split row by row costs as much as a small loss.
pub(crate) fn split<E>(arena: &mut [E], written: Option<Mat>) -> (Read<'_, E>, Option<RowsMut<'_, E>>) {
    let Some(mat) = written else {
        return (Read { before: arena, after: &[], resumes: usize::MAX }, None);
    };
    let len = if mat.rows == 0 { 0 } else { (mat.rows - 1) * mat.stride + mat.cols };
    let (before, rest) = arena.split_at_mut(mat.offset);
    let (values, after) = rest.split_at_mut(len);
    let read = Read { before, after, resumes: mat.offset + len };
    (read, Some(RowsMut { values, stride: mat.stride, cols: mat.cols }))
}
