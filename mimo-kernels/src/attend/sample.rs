//! One sample: the positions that its masks keep, and the scores of a block of its queries.

use core::ops::Range;

use super::layout::Layout;
use super::scores::{Scores, Tangents};
use super::{Attention, AttentionPlaces, BLOCK, FullyMasked, Score};
use crate::dispatch::Kernels;
use crate::element::Element;
use crate::matmul::{Strided, pack, product};
use crate::product::PANEL;

/// Subtracted from the scores of masked keys by [`FullyMasked::Shifted`].
const SHIFT: f64 = 1e9;

/// Set of keys that queries see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sees {
    /// The keys that masks and positions allow.
    Unmasked,
    /// All of them, with shifted scores.
    All,
}

/// A block of queries of one head, with the keys that they see.
#[derive(Clone, Debug)]
pub(super) struct Block {
    /// The head.
    pub(super) head: usize,
    /// The head of keys and values.
    pub(super) key_head: usize,
    /// The queries; at most [`BLOCK`].
    pub(super) queries: Range<usize>,
    /// Keys that at least one of the queries sees, starting at a whole panel.
    pub(super) keys: Range<usize>,
    /// Which of them queries see.
    pub(super) sees: Sees,
}

/// A sample and the part of it that is computed.
#[derive(Debug)]
pub(super) struct Sample<'a, E> {
    pub(super) of: &'a Attention<'a, E>,
    pub(super) at: &'a AttentionPlaces,
    pub(super) layout: Layout,
    /// From the first to the last unmasked query.
    pub(super) queries: Range<usize>,
    /// From the first to the last unmasked key.
    keys: Range<usize>,
    /// Keys that are copied in panels.
    packed: usize,
    /// Whether the memory holds a mask of the keys.
    masked: bool,
}

/// From the first to the last index of a mask that is not 0.
fn span<E: Element>(mask: &[E]) -> Range<usize> {
    let shown = |value: &E| *value != E::zero();
    match (mask.iter().position(shown), mask.iter().rposition(shown)) {
        (Some(first), Some(last)) => first..last + 1,
        _ => 0..0,
    }
}

impl<'a, E: Element> Sample<'a, E> {
    /// Combines the masks of the keys in the memory.
    pub(super) fn new(
        arena: &mut [E],
        of: &'a Attention<'a, E>,
        at: &'a AttentionPlaces,
        layout: Layout,
    ) -> Self {
        assert!(of.key_heads > 0 && of.heads.is_multiple_of(of.key_heads), "heads share those of keys");
        let masked = at.key_masks.iter().any(Option::is_some);
        let mut keys = 0..of.keys;
        if masked {
            for key in 0..of.keys {
                let shown = at.key_masks.iter().flatten().all(|mask| arena[mask + key] != E::zero());
                arena[layout.key_mask + key] = if shown { E::one() } else { E::zero() };
            }
            keys = span(&arena[layout.key_mask..layout.key_mask + of.keys]);
        }
        // Queries that see no key may read all of them.
        let packed = if of.fully_masked == FullyMasked::Shifted { of.keys } else { keys.end };
        let mut sample = Sample { of, at, layout, queries: 0..of.queries, keys, packed, masked };
        if let Some(mask) = at.query_mask.filter(|_| sample.hides_queries()) {
            sample.queries = span(&arena[mask..mask + of.queries]);
        }
        if packed == 0 {
            sample.queries = 0..0;
        }
        sample
    }

    /// Query heads that read this head of keys.
    pub(super) fn heads(&self, key_head: usize) -> Range<usize> {
        let group = self.of.heads / self.of.key_heads;
        key_head * group..(key_head + 1) * group
    }

    /// Query ranges of the blocks.
    pub(super) fn blocks(&self) -> impl Iterator<Item = Range<usize>> + use<E> {
        let (start, end) = (self.queries.start, self.queries.end);
        (start..end).step_by(BLOCK).map(move |query| query..(query + BLOCK).min(end))
    }

    /// Copies the keys of a head in panels.
    pub(super) fn pack_keys(&self, arena: &mut [E], key_head: usize) {
        if matches!(self.of.score, Score::Product) && !self.queries.is_empty() {
            let keys = self.keys(self.at.key, key_head, 0..self.packed);
            pack(arena, keys.transposed(), self.layout.key_panels);
        }
    }

    /// The same for values.
    pub(super) fn pack_values(&self, arena: &mut [E], key_head: usize) {
        if !self.queries.is_empty() {
            let values = self.values(self.at.value, key_head, 0..self.packed);
            pack(arena, values.transposed(), self.layout.value_panels);
        }
    }

    /// Keys that at least one of these queries sees, starting at a whole panel.
    pub(super) fn keys_seen(&self, queries: &Range<usize>) -> Range<usize> {
        let end = match self.of.causal {
            true => queries.end,
            false => queries.end.saturating_add(self.of.window) - 1,
        };
        let start = (queries.start + 1).saturating_sub(self.of.window).max(self.keys.start);
        let end = end.min(self.keys.end);
        if start < end { start / PANEL * PANEL..end } else { 0..0 }
    }

    /// Whether the query mask hides queries. It only hides results if the probabilities of all queries are an output.
    pub(super) fn hides_queries(&self) -> bool {
        self.of.fully_masked != FullyMasked::Shifted || self.at.probabilities.is_none()
    }

    /// Whether the query mask is 0 at a query.
    pub(super) fn is_masked(&self, arena: &[E], query: usize) -> bool {
        self.at.query_mask.is_some_and(|mask| arena[mask + query] == E::zero())
    }

    /// Whether a mask without an axis of keys hides a query.
    pub(super) fn is_hidden(&self, arena: &[E], head: usize, query: usize) -> bool {
        let by_mask = self.at.mask.is_some_and(|(mask, [by_head, by_query, by_key])| {
            by_key == 0 && arena[mask + head * by_head + query * by_query] == E::zero()
        });
        by_mask || self.hides_queries() && self.is_masked(arena, query)
    }

    /// Queries of a block, or their gradients.
    pub(super) fn queries(&self, start: usize, block: &Block) -> Strided {
        let offset = start + block.head * self.of.key_dim;
        rows(offset, self.of.steps[0], block.queries.clone(), self.of.key_dim)
    }

    /// Some keys of a head.
    pub(super) fn keys(&self, start: usize, key_head: usize, keys: Range<usize>) -> Strided {
        rows(start + key_head * self.of.key_dim, self.of.steps[1], keys, self.of.key_dim)
    }

    /// Some values of a head.
    pub(super) fn values(&self, start: usize, key_head: usize, keys: Range<usize>) -> Strided {
        rows(start + key_head * self.of.value_dim, self.of.steps[2], keys, self.of.value_dim)
    }

    /// Results of a block.
    pub(super) fn results(&self, start: usize, block: &Block) -> Strided {
        let offset = start + block.head * self.of.value_dim;
        rows(offset, self.of.steps[3], block.queries.clone(), self.of.value_dim)
    }

    /// Index of the probability of a query and a key.
    pub(super) fn number(&self, head: usize, query: usize, key: usize) -> usize {
        (head * self.of.queries + query) * self.of.keys + key
    }

    /// Computes the unscaled scores of a block.
    pub(super) fn raw_scores(&self, arena: &mut [E], block: &Block, to: usize) {
        let left = self.queries(self.at.query, block);
        let output = self.layout.matrix(to, block.queries.len(), block.keys.len());
        if let Score::Product = self.of.score {
            let right = Strided {
                offset: self.layout.key_panels + block.keys.start * self.of.key_dim,
                rows: self.of.key_dim,
                cols: block.keys.len(),
                row_stride: 1,
                col_stride: 1,
            };
            return product(arena, left, right, None, output, false);
        }
        let tangents = self.tangents(arena, block, to);
        // SAFETY: queries, keys and scores are inside the arena, as checked by `tangents`, and the table is for this processor.
        unsafe { E::kernels().tangents(&tangents) }
    }

    /// Arguments of the kernels of [`Score::Tangent`], without gradients.
    pub(super) fn tangents(&self, arena: &mut [E], block: &Block, scores: usize) -> Tangents<E> {
        let queries = self.queries(self.at.query, block);
        let keys = self.keys(self.at.key, block.key_head, block.keys.clone());
        let scores = self.layout.matrix(scores, queries.rows, keys.rows);
        [queries, keys, scores].into_iter().for_each(|matrix| matrix.check(arena.len()));
        let (inner, outer) = match self.of.score {
            Score::Product => (E::one(), &[][..]),
            Score::Tangent { inner, outer } => (inner, outer),
        };
        assert!([1, self.of.key_dim].contains(&outer.len()), "one factor, or one for each value of a query");
        let base = arena.as_mut_ptr();
        let none = core::ptr::null_mut();
        Tangents {
            rows: queries.rows,
            cols: keys.rows,
            dim: self.of.key_dim,
            queries: base.wrapping_add(queries.offset).cast_const(),
            query_stride: queries.row_stride,
            keys: base.wrapping_add(keys.offset).cast_const(),
            key_stride: keys.row_stride,
            inner,
            outer: outer.as_ptr(),
            outer_is_one: outer.len() == 1,
            scores: base.wrapping_add(scores.offset),
            stride: scores.row_stride,
            query_gradients: none,
            key_gradients: none,
            inner_gradient: none,
            outer_gradient: none,
        }
    }

    /// Arguments of the kernels on a block of scores at `to`, bounds-checked.
    pub(super) fn rows(&self, arena: &mut [E], block: &Block, to: usize) -> Scores<E> {
        let Sample { of, at, layout, .. } = self;
        let Block { queries, keys, sees, .. } = block;
        let scores = layout.matrix(to, queries.len(), keys.len());
        // Kernels read and write whole vectors.
        Strided { cols: scores.row_stride, ..scores }.check(arena.len());
        let base = arena.as_mut_ptr();
        let place = |index: usize| base.wrapping_add(index);
        let none = core::ptr::null();
        let masks = *sees == Sees::Unmasked;
        // The layout was checked with the arena.
        let key_mask = match self.masked && masks {
            true => place(layout.key_mask + keys.start).cast_const(),
            false => none,
        };
        let (mut mask, mut mask_stride) = (none, 0);
        if let Some((start, [by_head, by_query, 1])) = at.mask.filter(|_| masks) {
            let part = Strided {
                offset: start + block.head * by_head + queries.start * by_query + keys.start,
                row_stride: by_query,
                ..scores
            };
            part.check(arena.len());
            (mask, mask_stride) = (place(part.offset).cast_const(), by_query);
        }
        Scores {
            rows: queries.len(),
            cols: keys.len(),
            scores: place(to),
            stride: scores.row_stride,
            query: queries.start,
            key: keys.start,
            causal: of.causal && masks,
            window: if masks { of.window } else { usize::MAX },
            scale: of.scale,
            shift: if masks { E::zero() } else { E::of(SHIFT) },
            key_mask,
            mask,
            mask_stride,
            maxima: place(layout.maxima),
            sums: place(layout.sums),
        }
    }
}

/// Rows of `cols` values at some positions.
fn rows(start: usize, step: usize, positions: Range<usize>, cols: usize) -> Strided {
    let offset = start + positions.start * step;
    Strided { offset, rows: positions.len(), cols, row_stride: step, col_stride: 1 }
}
