//! Attention: for every query, the mean of values, weighted by the softmax of the query's scores with their keys.
//!
//! Scores are computed for [`BLOCK`] queries at a time, so the memory is that of a block however many queries there are:
//!
//! ```text
//! pack the keys of a head in panels
//! for each block of queries
//!     scores = queries · keysᵀ              only keys between the first and the last that the block sees
//!     scores = e^(scale · scores − max)     row by row, 0 where a mask hides the key
//!     output = scores · values / sums
//! ```
//!
//! The backward computes the probabilities again from the logarithms of the sums, which the forward pass keeps: a product and an
//! exponential, where stored probabilities would be read from beyond the caches.
//!
//! Queries and keys that masks hide at the start and at the end of a sample are not computed with.

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

/// Queries whose scores are computed together.
///
/// Measured with 32 to 2048 keys, blocks of 16, 32 and 64 queries take about the same time. So running maxima over blocks of keys, which
/// would keep fewer scores, have nothing to gain.
pub const BLOCK: usize = 32;

/// The score of a query with a key.
#[derive(Clone, Copy, Debug)]
pub enum Score<'a, E> {
    /// The dot product.
    Product,
    /// `Σ outer · tanh(inner · (query + key))`.
    Tangent {
        /// The factor inside.
        inner: E,
        /// The factors outside, one for all or one for each value of a query.
        outer: &'a [E],
    },
}

/// The result for a query that sees no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unseeing {
    /// The mean of all values.
    Mean,
    /// Zeros.
    Zeros,
    /// What all keys give after 1e9 was subtracted from every score, in the precision of the element type; zeros for queries that the
    /// query mask hides.
    Shifted,
}

/// Random zeros among the probabilities.
#[derive(Clone, Copy, Debug)]
pub struct AttentionDropout {
    /// The share of zeros; the rest is scaled.
    pub rate: f64,
    /// The key of the random numbers.
    pub key: u64,
    /// Number of the sample's first probability.
    pub first: u64,
}

/// Attention in one sample. Positions of queries and results have the values of all `heads` one after the other, those of keys and values
/// those of all `key_heads`.
#[derive(Clone, Copy, Debug)]
pub struct Attention<'a, E> {
    /// Heads of queries.
    pub heads: usize,
    /// Heads of keys and values, each for the same number of heads of queries.
    pub key_heads: usize,
    /// Number of queries.
    pub queries: usize,
    /// Number of keys.
    pub keys: usize,
    /// Values of a query and of a key.
    pub key_dim: usize,
    /// Values of a value.
    pub value_dim: usize,
    /// Distances between two positions of queries, keys, values and results.
    pub steps: [usize; 4],
    /// The score.
    pub score: Score<'a, E>,
    /// Factor of the scores.
    pub scale: E,
    /// Whether queries see no key after their own position.
    pub causal: bool,
    /// A query sees keys less than this far away; `usize::MAX` for all.
    pub window: usize,
    /// The result for a query that sees no key.
    pub unseeing: Unseeing,
    /// Random zeros.
    pub dropout: Option<AttentionDropout>,
}

/// Where the values of a sample are in the arena. Masks hide where they are 0.
#[derive(Clone, Copy, Debug)]
pub struct AttentionPlaces {
    /// The first query.
    pub query: usize,
    /// The first key.
    pub key: usize,
    /// The first value.
    pub value: usize,
    /// A number for each query.
    pub query_mask: Option<usize>,
    /// Numbers for each key.
    pub key_masks: [Option<usize>; 2],
    /// Numbers for each head, query and key, with their strides; that of keys is 0 or 1.
    pub mask: Option<(usize, [usize; 3])>,
    /// The first result.
    pub output: usize,
    /// The probabilities, `[heads, queries, keys]`, if they are wanted.
    pub probabilities: Option<usize>,
    /// Logarithms of the sums, `[heads, queries]`, for the backward.
    pub logs: Option<usize>,
}

/// One sample. `memory` has at least [`attend_memory`] values.
///
/// Results, probabilities, logarithms and `memory` must overlap nothing else.
///
/// # Panics
///
/// If a value is not inside the arena, or if heads and strides do not fit.
pub fn attend<E: Element>(
    arena: &mut [E],
    of: &Attention<'_, E>,
    at: &AttentionPlaces,
    memory: Range<usize>,
) {
    let sample = Sample::new(arena, of, at, Layout::new(of, memory, arena.len(), false));
    for key_head in 0..of.key_heads {
        sample.pack_keys(arena, key_head);
        if of.unseeing == Unseeing::Mean {
            mean_value(arena, &sample, key_head);
        }
        for head in sample.heads(key_head) {
            for queries in sample.blocks() {
                let keys = sample.keys_seen(&queries);
                let block = Block { head, key_head, queries, keys, sees: Sees::Unmasked };
                results(arena, &sample, &block);
                for query in block.queries.clone() {
                    if arena[sample.layout.sums + query - block.queries.start] == E::zero() {
                        unseeing(arena, &sample, head, key_head, query);
                    }
                }
            }
            for query in (0..sample.queries.start).chain(sample.queries.end..of.queries) {
                unseeing(arena, &sample, head, key_head, query);
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

/// Results of a block. In place of the sums, the memory holds their inverses, and 0 for queries that see no key.
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
            // A query of which the sum is unknown to the backward has probabilities of 0.
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

/// Random zeros in a block of probabilities at `scores`, or in their gradients: the same numbers whoever asks.
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

/// The mean of a head's values, into the memory.
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

/// The result of a query that sees no key.
fn unseeing<E: Element>(arena: &mut [E], sample: &Sample<'_, E>, head: usize, key_head: usize, query: usize) {
    let Sample { of, at, layout, .. } = sample;
    let block = Block { head, key_head, queries: query..query + 1, keys: 0..of.keys, sees: Sees::All };
    if let Some(logs) = at.logs {
        arena[logs + head * of.queries + query] = E::infinity();
    }
    if of.unseeing == Unseeing::Shifted && !sample.is_hidden(arena, head, query) && of.keys > 0 {
        return results(arena, sample, &block);
    }
    let output = sample.results(at.output, &block).offset;
    match of.unseeing {
        Unseeing::Mean => arena.copy_within(layout.mean..layout.mean + of.value_dim, output),
        Unseeing::Zeros | Unseeing::Shifted => arena[output..output + of.value_dim].fill(E::zero()),
    }
    if let Some(probabilities) = at.probabilities {
        let value = if of.unseeing == Unseeing::Mean { E::of(of.keys as f64).recip() } else { E::zero() };
        let start = probabilities + sample.number(head, query, 0);
        arena[start..start + of.keys].fill(value);
    }
}
