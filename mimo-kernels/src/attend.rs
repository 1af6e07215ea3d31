//! Attention: for every query, the mean of the values, weighted by the softmax of the scores of the query with the
//! keys.
//!
//! Scores are computed for [`BLOCK`] queries at a time, so that the memory does not grow with the number of queries:
//!
//! ```text
//! pack the keys of a head in panels
//! for each block of queries
//!     scores = queries · keysᵀ              only keys that the block sees
//!     scores = e^(scale · scores − max)     row by row, 0 where a mask hides the key
//!     output = scores · values / sums
//! ```
//!
//! The backward computes the probabilities again from the logarithms of the sums, which the forward pass stores. A
//! product and an exponential are cheaper than reading stored probabilities from main memory.
//!
//! Masked queries and keys at the start and at the end of a sample are skipped.

mod gradient;
mod layout;
mod sample;
pub(crate) mod scores;

use core::ops::Range;

use self::layout::Layout;
use self::sample::{Block, Sample, Sees};
use self::scores::RowFactors;
use super::dispatch::Kernels;
use super::element::Element;
use super::matmul::product;
use super::matrix::Mat;
use super::random;

pub use gradient::{AttentionGradients, attend_gradient};
pub use layout::{attend_gradient_memory, attend_memory};

/// Number of queries whose scores are computed together.
///
/// With 32 to 2048 keys, blocks of 16, 32 and 64 queries were measured to take about the same time. So running maxima
/// over blocks of keys, which would store fewer scores, would not be faster.
pub const BLOCK: usize = 32;

/// Score of a query and a key.
#[derive(Clone, Copy, Debug)]
pub enum Score<'a, E> {
    /// The dot product.
    Product,
    /// `Σ outer · tanh(inner · (query + key))`.
    Tangent {
        /// Factor inside of `tanh`.
        inner: E,
        /// Factors of `tanh`: one for all, or one for each value of a query.
        outer: &'a [E],
    },
}

/// Result for a query that sees no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FullyMasked {
    /// The mean of all values.
    Mean,
    /// Zeros.
    Zeros,
    /// The result for all keys after 1e9 is subtracted from every score, in the precision of the element type. Zeros
    /// for queries that the query mask hides.
    Shifted,
}

/// Dropout of the probabilities.
#[derive(Clone, Copy, Debug)]
pub struct AttentionDropout {
    /// Fraction that is set to zero; the others are scaled by `1 / (1 - rate)`.
    pub rate: f64,
    /// The key of the random numbers.
    pub key: u64,
    /// Index of the sample's first probability.
    pub first: u64,
}

/// Attention in one sample.
///
/// A position of queries and results holds the values of all `heads` one after another; a position of keys and values
/// holds those of all `key_heads`.
#[derive(Clone, Copy, Debug)]
pub struct Attention<'a, E> {
    /// Number of heads of the queries.
    pub heads: usize,
    /// Number of heads of keys and values; it divides `heads`.
    pub key_heads: usize,
    /// Number of queries.
    pub queries: usize,
    /// Number of keys.
    pub keys: usize,
    /// Size of a query and of a key.
    pub key_dim: usize,
    /// Size of a value.
    pub value_dim: usize,
    /// Distances between consecutive positions of queries, keys, values and results.
    pub steps: [usize; 4],
    /// The score.
    pub score: Score<'a, E>,
    /// Factor of the scores.
    pub scale: E,
    /// Whether queries see no key after their own position.
    pub causal: bool,
    /// A query sees only keys less than this far away; `usize::MAX` for all.
    pub window: usize,
    /// The result for a query that sees no key.
    pub fully_masked: FullyMasked,
    /// Random zeros.
    pub dropout: Option<AttentionDropout>,
}

/// Offsets of a sample's values in the arena. A position is masked where its mask is 0.
#[derive(Clone, Copy, Debug)]
pub struct AttentionPlaces {
    /// The first query.
    pub query: usize,
    /// The first key.
    pub key: usize,
    /// The first value.
    pub value: usize,
    /// One number per query.
    pub query_mask: Option<usize>,
    /// One number per key, in each mask.
    pub key_masks: [Option<usize>; 2],
    /// One number per head, query and key, with the strides of these axes; the stride of keys is 0 or 1.
    pub mask: Option<(usize, [usize; 3])>,
    /// The first result.
    pub output: usize,
    /// Probabilities, `[heads, queries, keys]`, if they are an output.
    pub probabilities: Option<usize>,
    /// Logarithms of the sums, `[heads, queries]`, for the backward.
    pub logs: Option<usize>,
}

/// Computes one sample. `memory` has at least [`attend_memory`] values.
///
/// Results, probabilities, logarithms and `memory` must not overlap anything else.
///
/// # Panics
///
/// If a value is outside of the arena, or if heads and strides do not fit.
pub fn attend<E: Element>(
    arena: &mut [E],
    of: &Attention<'_, E>,
    at: &AttentionPlaces,
    memory: Range<usize>,
) {
    let sample = Sample::new(arena, of, at, Layout::new(of, memory, arena.len(), false));
    for key_head in 0..of.key_heads {
        sample.pack_keys(arena, key_head);
        if of.fully_masked == FullyMasked::Mean {
            mean_value(arena, &sample, key_head);
        }
        for head in sample.heads(key_head) {
            for queries in sample.blocks() {
                let keys = sample.keys_seen(&queries);
                let block = Block { head, key_head, queries, keys, sees: Sees::Unmasked };
                results(arena, &sample, &block);
                for query in block.queries.clone() {
                    if arena[sample.layout.sums + query - block.queries.start] == E::zero() {
                        fully_masked(arena, &sample, head, key_head, query);
                    }
                }
            }
            for query in (0..sample.queries.start).chain(sample.queries.end..of.queries) {
                fully_masked(arena, &sample, head, key_head, query);
            }
        }
    }
    if !sample.hides_queries() {
        for query in 0..of.queries {
            if sample.is_masked(arena, query) {
                let start = at.output + query * of.steps[3];
                arena[start..start + of.heads * of.value_dim].fill(E::zero());
            }
        }
    }
}

/// Computes the results of a block. Replaces the sums in the memory by their inverses, or by 0 for queries that see
/// no key.
fn results<E: Element>(arena: &mut [E], sample: &Sample<'_, E>, block: &Block) {
    let Sample { of, at, layout, .. } = sample;
    let (rows, width) = (block.queries.len(), block.keys.len());
    if block.keys.is_empty() {
        arena[layout.sums..layout.sums + rows].fill(E::zero());
    } else {
        sample.raw_scores(arena, block, layout.scores);
        let scores = sample.rows(arena, block, layout.scores);
        // SAFETY: scores, masks and sums are inside the arena, as checked by `rows`, and the table is for this processor.
        unsafe { E::kernels().exponentials(&scores) }
    }
    for (row, query) in block.queries.clone().enumerate() {
        let hidden = block.sees == Sees::Unmasked && sample.is_hidden(arena, block.head, query);
        let sum = if hidden { E::zero() } else { arena[layout.sums + row] };
        let (max, none) = (arena[layout.maxima + row], sum == E::zero());
        arena[layout.sums + row] = if none { sum } else { sum.recip() };
        if let Some(logs) = at.logs {
            // The backward does not know the sum of such a query, and computes probabilities of 0.
            let known = !none && block.sees == Sees::Unmasked;
            arena[logs + block.head * of.queries + query] =
                if known { max + sum.ln() } else { E::infinity() };
        }
    }
    if block.keys.is_empty() {
        return;
    }
    if let Some(probabilities) = at.probabilities {
        for (row, query) in block.queries.clone().enumerate() {
            let (from, factor) = (layout.score_row(row, width), arena[layout.sums + row]);
            let to = probabilities + sample.number(block.head, query, 0);
            arena[to..to + of.keys].fill(E::zero());
            for (i, key) in block.keys.clone().enumerate() {
                arena[to + key] = arena[from + i] * factor;
            }
        }
    }
    drop_out(arena, sample, block, layout.scores);
    let scores = layout.matrix(layout.scores, rows, width);
    let values = sample.values(at.value, block.key_head, block.keys.clone());
    let output = sample.results(at.output, block);
    product(arena, scores, values, Some(values.row_stride), output, false);
    let base = arena.as_mut_ptr();
    let factors = RowFactors {
        rows,
        cols: of.value_dim,
        values: base.wrapping_add(output.offset),
        stride: output.row_stride,
        factors: base.wrapping_add(layout.sums).cast_const(),
    };
    // SAFETY: the results are inside the arena, as `product` has checked, the sums too, and the table is for this processor.
    unsafe { E::kernels().scale_rows(&factors) }
}

/// Applies dropout to a block of probabilities at `scores`, or to their gradients: forward and backward draw the same
/// numbers.
fn drop_out<E: Element>(arena: &mut [E], sample: &Sample<'_, E>, block: &Block, scores: usize) {
    let Some(AttentionDropout { rate, key, first }) = sample.of.dropout else { return };
    let width = block.keys.len();
    for (row, query) in block.queries.clone().enumerate() {
        let offset = scores + row * sample.layout.stride(width);
        let values = Mat::contiguous(offset, 1, width);
        let number = first.wrapping_add(sample.number(block.head, query, block.keys.start) as u64);
        random::dropout(arena, key, number, rate, values, values, false);
    }
}

/// Writes the mean of a head's values to the memory.
fn mean_value<E: Element>(arena: &mut [E], sample: &Sample<'_, E>, key_head: usize) {
    let Sample { of, at, layout, .. } = sample;
    let dim = of.value_dim;
    arena[layout.mean..layout.mean + dim].fill(E::zero());
    let values = sample.values(at.value, key_head, 0..of.keys);
    values.check(arena.len());
    for key in 0..of.keys {
        for i in 0..dim {
            let value = arena[values.offset + key * values.row_stride + i];
            arena[layout.mean + i] += value;
        }
    }
    let keys = E::of(of.keys as f64);
    arena[layout.mean..layout.mean + dim].iter_mut().for_each(|sum| *sum /= keys);
}

/// Writes the result of a query that sees no key.
fn fully_masked<E: Element>(
    arena: &mut [E],
    sample: &Sample<'_, E>,
    head: usize,
    key_head: usize,
    query: usize,
) {
    let Sample { of, at, layout, .. } = sample;
    let block = Block { head, key_head, queries: query..query + 1, keys: 0..of.keys, sees: Sees::All };
    if let Some(logs) = at.logs {
        arena[logs + head * of.queries + query] = E::infinity();
    }
    if of.fully_masked == FullyMasked::Shifted && !sample.is_hidden(arena, head, query) && of.keys > 0 {
        return results(arena, sample, &block);
    }
    let output = sample.results(at.output, &block).offset;
    match of.fully_masked {
        FullyMasked::Mean => arena.copy_within(layout.mean..layout.mean + of.value_dim, output),
        FullyMasked::Zeros | FullyMasked::Shifted => arena[output..output + of.value_dim].fill(E::zero()),
    }
    if let Some(probabilities) = at.probabilities {
        let value =
            if of.fully_masked == FullyMasked::Mean { E::of(of.keys as f64).recip() } else { E::zero() };
        let start = probabilities + sample.number(head, query, 0);
        arena[start..start + of.keys].fill(value);
    }
}
