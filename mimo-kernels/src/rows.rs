//! Operations on rows that are selected by a column of values, such as samples with a masked step.

use super::element::Element;
use super::matrix::Mat;

/// Selects rows by a matrix of one column: those for which `which` is true for the value of `by`.
fn selected<E: Element>(arena: &[E], by: Mat, row: usize, which: &impl Fn(E) -> bool) -> bool {
    which(arena[by.offset + row * by.stride])
}

/// Copies the rows of `from` for whose value in `by` (a matrix of one column) `which` is true.
pub fn copy_rows<E: Element>(arena: &mut [E], by: Mat, which: impl Fn(E) -> bool, from: Mat, to: Mat) {
    from.check(arena.len());
    to.check_like(from, arena.len());
    for row in 0..to.rows {
        if selected(arena, by, row, &which) {
            let start = from.offset + row * from.stride;
            arena.copy_within(start..start + from.cols, to.offset + row * to.stride);
        }
    }
}

/// Fills the rows for whose value in `by` (a matrix of one column) `which` is true.
pub fn fill_rows<E: Element>(arena: &mut [E], by: Mat, which: impl Fn(E) -> bool, to: Mat, value: E) {
    to.check(arena.len());
    for row in 0..to.rows {
        if selected(arena, by, row, &which) {
            let start = to.offset + row * to.stride;
            arena[start..start + to.cols].fill(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_selected_rows_change() {
        // A mask of three rows, then two matrices of two columns whose rows lie apart.
        let mut arena =
            [1.0_f32, 0.0, 0.0, 1.0, 2.0, 9.0, 3.0, 4.0, 9.0, 5.0, 6.0, 9.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        let by = Mat { offset: 0, rows: 3, cols: 1, stride: 1 };
        let from = Mat { offset: 3, rows: 3, cols: 2, stride: 3 };
        let to = Mat::contiguous(12, 3, 2);
        copy_rows(&mut arena, by, |mask| mask == 0.0, from, to);
        assert_eq!(arena[12..], [0.0, 0.0, 3.0, 4.0, 5.0, 6.0]);
        fill_rows(&mut arena, by, |mask| mask != 0.0, to, 7.0);
        assert_eq!(arena[12..], [7.0, 7.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(arena[..12], [1.0, 0.0, 0.0, 1.0, 2.0, 9.0, 3.0, 4.0, 9.0, 5.0, 6.0, 9.0]);
    }
}
