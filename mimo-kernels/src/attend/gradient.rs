//! Gradients of attention.

use core::ops::Range;

use super::layout::Layout;
use super::sample::{Block, Sample, Sees};
use super::scores::ScoreGradient;
use super::{Attention, AttentionPlaces, FullyMasked, Score, drop_out};
use crate::dispatch::Kernels;
use crate::element::Element;
use crate::matmul::{Strided, correlate, product};

/// Offsets of a sample's gradients in the arena. Those of results and probabilities are read, the others are added
/// to.
#[derive(Clone, Copy, Debug)]
pub struct AttentionGradients {
    /// Of the first result. Set to 0 for queries that the query mask hides, if probabilities are wanted.
    pub output: Option<usize>,
    /// Of the probabilities.
    pub probabilities: Option<usize>,
    /// Of the first query.
    pub query: Option<usize>,
    /// Of the first key.
    pub key: Option<usize>,
    /// Of the first value.
    pub value: Option<usize>,
    /// Of the learned part of the factor of the scores; for tangents, of the factor inside of `tanh`.
    pub inner: Option<usize>,
    /// Of the factors of `tanh`.
    pub outer: Option<usize>,
    /// The constant part of [`Attention::scale`].
    pub constant: f64,
}

/// Adds the gradients of one sample. [`attend`](super::attend) must have written its logarithms. `memory` has at
/// least [`attend_gradient_memory`](super::attend_gradient_memory) values.
///
/// Gradients may overlap each other, since all are added.
///
/// # Panics
///
/// If a value is outside of the arena, or if heads and strides do not fit.
pub fn attend_gradient<E: Element>(
    arena: &mut [E],
    of: &Attention<'_, E>,
    at: &AttentionPlaces,
    to: &AttentionGradients,
    memory: Range<usize>,
) {
    let Some(logs) = at.logs else { return };
    let sample = Sample::new(arena, of, at, Layout::new(of, memory, arena.len(), true));
    if let (Some(output), false) = (to.output, sample.hides_queries()) {
        for query in 0..of.queries {
            if sample.is_masked(arena, query) {
                let start = output + query * of.steps[3];
                arena[start..start + of.heads * of.value_dim].fill(E::zero());
            }
        }
    }
    let layout = &sample.layout;
    for key_head in 0..of.key_heads {
        sample.pack_keys(arena, key_head);
        sample.pack_values(arena, key_head);
        arena[layout.mean..layout.mean + of.value_dim].fill(E::zero());
        let mut fully_masked = false;
        for head in sample.heads(key_head) {
            for queries in sample.blocks() {
                let keys = sample.keys_seen(&queries);
                let block = Block { head, key_head, queries, keys, sees: Sees::Unmasked };
                if !block.keys.is_empty() {
                    gradients(arena, &sample, &block, to);
                }
            }
            for query in 0..of.queries {
                if arena[logs + head * of.queries + query] != E::infinity() {
                    continue;
                }
                let queries = query..query + 1;
                let block = Block { head, key_head, queries, keys: 0..of.keys, sees: Sees::All };
                match of.fully_masked {
                    FullyMasked::Zeros => {}
                    FullyMasked::Mean => {
                        let Some(output) = to.output else { continue };
                        fully_masked = true;
                        let from = sample.results(output, &block).offset;
                        for i in 0..of.value_dim {
                            let gradient = arena[from + i];
                            arena[layout.mean + i] += gradient;
                        }
                    }
                    FullyMasked::Shifted => {
                        if of.keys > 0 && !sample.is_hidden(arena, head, query) {
                            gradients(arena, &sample, &block, to);
                        }
                    }
                }
            }
        }
        if let Some(value) = to.value.filter(|_| fully_masked) {
            let share = E::of(of.keys as f64).recip();
            let values = sample.values(value, key_head, 0..of.keys);
            for key in 0..of.keys {
                for i in 0..of.value_dim {
                    let gradient = arena[layout.mean + i] * share;
                    arena[values.offset + key * values.row_stride + i] += gradient;
                }
            }
        }
    }
}

/// Adds the gradients of a block.
fn gradients<E: Element>(arena: &mut [E], sample: &Sample<'_, E>, block: &Block, to: &AttentionGradients) {
    let Sample { of, at, layout, .. } = sample;
    let Block { head, key_head, queries, keys, .. } = block;
    let (rows, width) = (queries.len(), keys.len());
    let [gradient, dropped, raw] = layout.more;
    let learned = to.inner.filter(|_| matches!(of.score, Score::Product));
    probabilities(arena, sample, block, learned.map(|_| raw));
    let results = to.output.map(|output| sample.results(output, block));
    let of_scores = layout.matrix(gradient, rows, width);
    let panels = Strided {
        offset: layout.value_panels + keys.start * of.value_dim,
        rows: of.value_dim,
        cols: width,
        row_stride: 1,
        col_stride: 1,
    };
    match results {
        Some(results) => product(arena, results, panels, None, of_scores, false),
        None => arena[gradient..gradient + rows * of_scores.row_stride].fill(E::zero()),
    }
    let mut read = layout.scores;
    if of.dropout.is_some() {
        let len = rows * layout.stride(width);
        arena.copy_within(read..read + len, dropped);
        drop_out(arena, sample, block, dropped);
        drop_out(arena, sample, block, gradient);
        read = dropped;
    }
    if let (Some(value), Some(results)) = (to.value, results) {
        let values = sample.values(value, *key_head, keys.clone());
        correlate(arena, layout.matrix(read, rows, width), results, values, true);
    }
    // A learned factor is applied after its own gradient is known.
    let scale = match (of.score, learned) {
        (Score::Product, None) => of.scale,
        _ => E::one(),
    };
    let base = arena.as_mut_ptr();
    let (more, more_stride) = match to.probabilities {
        Some(start) => {
            let start = start + sample.number(*head, queries.start, keys.start);
            let part = Strided { offset: start, row_stride: of.keys, ..of_scores };
            part.check(arena.len());
            (base.wrapping_add(start).cast_const(), of.keys)
        }
        None => (core::ptr::null(), 0),
    };
    let work = ScoreGradient {
        rows,
        cols: width,
        stride: of_scores.row_stride,
        probabilities: base.wrapping_add(layout.scores).cast_const(),
        gradients: base.wrapping_add(gradient),
        more,
        more_stride,
        scale,
    };
    // SAFETY: both blocks are inside the memory, which is inside the arena; `more` was checked; the table is for this processor.
    unsafe { E::kernels().score_gradient(&work) }
    if let Some(inner) = learned {
        let mut sum = E::zero();
        for row in 0..rows {
            let start = row * of_scores.row_stride;
            for i in start..start + width {
                sum += arena[gradient + i] * arena[raw + i];
                arena[gradient + i] *= of.scale;
            }
        }
        arena[inner] += sum * E::of(to.constant);
    }
    if let Score::Product = of.score {
        if let Some(query) = to.query {
            let right = sample.keys(at.key, *key_head, keys.clone());
            product(arena, of_scores, right, Some(right.row_stride), sample.queries(query, block), true);
        }
        if let Some(key) = to.key {
            let output = sample.keys(key, *key_head, keys.clone());
            correlate(arena, of_scores, sample.queries(at.query, block), output, true);
        }
        return;
    }
    tangents(arena, sample, block, to);
}

/// Computes the probabilities of a block, and copies the unscaled scores to `raw`.
fn probabilities<E: Element>(arena: &mut [E], sample: &Sample<'_, E>, block: &Block, raw: Option<usize>) {
    let Sample { of, at, layout, .. } = sample;
    let (rows, width) = (block.queries.len(), block.keys.len());
    sample.raw_scores(arena, block, layout.scores);
    if let Some(raw) = raw {
        arena.copy_within(layout.scores..layout.scores + rows * layout.stride(width), raw);
    }
    if block.sees == Sees::Unmasked {
        // Queries without a sum have an infinite logarithm and probabilities of 0.
        let logs = at.logs.unwrap_or(0) + block.head * of.queries + block.queries.start;
        arena.copy_within(logs..logs + rows, layout.sums);
    }
    // The pointers in it are valid until the arena is borrowed again.
    let scores = sample.rows(arena, block, layout.scores);
    if block.sees == Sees::Unmasked {
        // SAFETY: scores, masks and sums are inside the arena, as checked by `rows`, and the table is for this processor.
        return unsafe { E::kernels().probabilities(&scores) };
    }
    // SAFETY: the same.
    unsafe { E::kernels().exponentials(&scores) }
    for row in 0..rows {
        let (start, factor) = (layout.score_row(row, width), arena[layout.sums + row].recip());
        arena[start..start + width].iter_mut().for_each(|value| *value *= factor);
    }
}

/// Adds the gradients of a block of [`Score::Tangent`], given the gradients of the scores.
fn tangents<E: Element>(arena: &mut [E], sample: &Sample<'_, E>, block: &Block, to: &AttentionGradients) {
    let scores = sample.layout.more[0];
    let mut tangents = sample.tangents(arena, block, scores);
    let of_queries = to.query.map(|start| sample.queries(start, block));
    let of_keys = to.key.map(|start| sample.keys(start, block.key_head, block.keys.clone()));
    [of_queries, of_keys].into_iter().flatten().for_each(|matrix| matrix.check(arena.len()));
    let outer = if tangents.outer_is_one { 1 } else { tangents.dim };
    let fits = |start: Option<usize>, len: usize| {
        assert!(start.is_none_or(|start| start + len <= arena.len()), "no such gradient");
    };
    fits(to.inner, 1);
    fits(to.outer, outer);
    // Derived from `scores`: borrowing the arena again would invalidate the other pointers.
    let base = tangents.scores.wrapping_sub(scores);
    let place = |start: Option<usize>| start.map_or(core::ptr::null_mut(), |start| base.wrapping_add(start));
    tangents.query_gradients = place(of_queries.map(|matrix| matrix.offset));
    tangents.key_gradients = place(of_keys.map(|matrix| matrix.offset));
    tangents.inner_gradient = place(to.inner);
    tangents.outer_gradient = place(to.outer);
    // SAFETY: all parts are inside the arena, as checked above and by `Sample::tangents`; the table is for this processor.
    unsafe { E::kernels().tangents_gradient(&tangents) }
}
