//! Transposed copies of kernels, in panels.

use super::product::PANEL;
use super::simd::Simd;

/// Rows of a matrix to copy as panels of its transpose.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Packing<E> {
    /// `rows x cols`.
    pub(crate) from: *const E,
    pub(crate) rows: usize,
    pub(crate) cols: usize,
    /// Distance between two rows.
    pub(crate) stride: usize,
    /// Panels of `cols x PANEL`; lane `i` of panel `p` is row `p * PANEL + i`.
    pub(crate) to: *mut E,
}

/// Transposes rows into panels. Lanes beyond the last row are left as they are; nothing reads them.
///
/// # Safety
///
/// The processor must have the instruction set; `from` must be valid for `rows` rows and `to` for `rows.div_ceil(PANEL)` panels.
#[inline(always)]
pub(crate) unsafe fn pack<S: Simd>(packing: &Packing<S::Elem>) {
    let Packing { from, rows, cols, stride, to } = *packing;
    if cols == 0 {
        // Panels without columns are empty, and a pointer to lane `row % PANEL` would lie outside of them.
        return;
    }
    let mut row = 0;
    while row < rows {
        let height = if row + S::TURN <= rows { S::TURN } else { 1 };
        // SAFETY: `height` rows are left, squares are transposed only where TURN columns are left, and a square stays
        // in one panel because TURN divides PANEL.
        unsafe {
            let source = from.add(row * stride);
            let target = to.add(row / PANEL * PANEL * cols + row % PANEL);
            let mut col = 0;
            if height == S::TURN {
                while col + S::TURN <= cols {
                    S::transpose(source.add(col), stride, target.add(col * PANEL), PANEL);
                    col += S::TURN;
                }
            }
            while col < cols {
                for r in 0..height {
                    target.add(col * PANEL + r).write(source.add(r * stride + col).read());
                }
                col += 1;
            }
        }
        row += height;
    }
}
