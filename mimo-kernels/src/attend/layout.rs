//! Memory layout of attention.

use core::ops::Range;

use super::{Attention, BLOCK};
use crate::element::Element;
use crate::matmul::Strided;
use crate::product::PANEL;

/// Offsets of the parts of the memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    /// A number for each key: 0 where no query sees it.
    pub(super) key_mask: usize,
    /// The largest score of each query of a block.
    pub(super) maxima: usize,
    /// The sum of exponentials of each query of a block.
    pub(super) sums: usize,
    /// One vector of values: the mean of a head's values, or a sum of gradients.
    pub(super) mean: usize,
    /// Keys of a head.
    pub(super) key_panels: usize,
    /// Values of a head; backward only.
    pub(super) value_panels: usize,
    /// One block of scores.
    pub(super) scores: usize,
    /// Three more blocks; backward only.
    pub(super) more: [usize; 3],
}

/// Distance between two rows of `width` scores, such that vectors of neighbouring rows do not overlap.
const fn stride(width: usize) -> usize {
    width.div_ceil(PANEL) * PANEL
}

/// Number of values of memory that [`attend`](super::attend) needs.
pub const fn attend_memory(keys: usize, key_dim: usize, value_dim: usize) -> usize {
    stride(keys) * (1 + key_dim + BLOCK) + 2 * BLOCK + value_dim
}

/// Number of values of memory that [`attend_gradient`](super::attend_gradient) needs.
pub const fn attend_gradient_memory(keys: usize, key_dim: usize, value_dim: usize) -> usize {
    stride(keys) * (1 + key_dim + value_dim + 4 * BLOCK) + 2 * BLOCK + value_dim
}

impl Layout {
    /// Panics unless the memory is inside the arena and large enough.
    pub(super) fn new<E: Element>(
        of: &Attention<'_, E>,
        memory: Range<usize>,
        arena: usize,
        gradient: bool,
    ) -> Self {
        let needed = if gradient { attend_gradient_memory } else { attend_memory };
        let needed = needed(of.keys, of.key_dim, of.value_dim);
        assert!(memory.end <= arena && memory.len() >= needed, "no memory for {needed} values: {memory:?}");
        let mut next = memory.start;
        let mut take = |len: usize| {
            next += len;
            next - len
        };
        let width = stride(of.keys);
        let (key_mask, scores) = (take(width), take(BLOCK * width));
        let more = if gradient { [0; 3].map(|_| take(BLOCK * width)) } else { [0; 3] };
        let key_panels = take(width * of.key_dim);
        let value_panels = if gradient { take(width * of.value_dim) } else { 0 };
        let (maxima, sums, mean) = (take(BLOCK), take(BLOCK), take(of.value_dim));
        Layout { key_mask, maxima, sums, mean, key_panels, value_panels, scores, more }
    }

    /// Values between two rows of `width` scores.
    pub(super) fn stride(&self, width: usize) -> usize {
        stride(width)
    }

    /// Offset of a row of a block of `width` scores.
    pub(super) fn score_row(&self, row: usize, width: usize) -> usize {
        self.scores + row * stride(width)
    }

    /// A block of scores.
    pub(super) fn matrix(&self, offset: usize, rows: usize, width: usize) -> Strided {
        Strided { offset, rows, cols: width, row_stride: stride(width), col_stride: 1 }
    }
}
