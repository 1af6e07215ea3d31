//! Sums of rows by index: the gradient of an embedding.

use super::element::Element;
use super::matrix::{Blocks, Mat};
use core::ops::Range;

/// Adds each row of `dy` to the row of the gradient given by `numbers` (one index per row), in the order of the
/// batch. `gradient` holds only the rows `rows` of the whole gradient; other indices are skipped.
pub fn scatter_add<E: Element>(
    arena: &[E],
    numbers: Blocks,
    dy: Blocks,
    rows: Range<usize>,
    gradient: &mut [E],
) {
    numbers.check(arena.len());
    dy.check(arena.len());
    assert!(
        numbers.rows == dy.rows && numbers.mat.rows == dy.mat.rows,
        "numbers and gradients differ in rows"
    );
    let cols = dy.mat.cols;
    assert_eq!(rows.len() * cols, gradient.len(), "the gradient has another size");
    let place = |of: Blocks, row: usize| {
        let Mat { offset, rows, stride, .. } = of.mat;
        offset + row / rows * of.chunk_stride + row % rows * stride
    };
    for row in 0..numbers.rows {
        let number = arena[place(numbers, row)].f64() as usize;
        if !rows.contains(&number) {
            continue;
        }
        let (to, from) = ((number - rows.start) * cols, place(dy, row));
        for (sum, value) in gradient[to..to + cols].iter_mut().zip(&arena[from..from + cols]) {
            *sum += *value;
        }
    }
}
