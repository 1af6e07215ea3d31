//! Attention: for every query, the mean of the values, weighted by the softmax of the scores of the query with the
//! keys.

pub use mimo_graph::operation::{Attend, FullyMasked, Score};

use crate::chunk::{Chunk, Mode};
use crate::float::Float;
use crate::kernels::{self, Attention, AttentionDropout, AttentionGradients, AttentionPlaces};
use crate::layers::{apply_mask, clear};
use crate::program::{GradientTarget, Read, Scratch, View};
use crate::random;
use crate::run::run;

/// Factors of the scores: a learned factor, and the factors of tangents.
struct Factors<'a, E> {
    /// The learned factor, or 1.
    learned: E,
    /// The constant part of the factor.
    constant: f64,
    outer: &'a [E],
}

/// `ones` replaces factors of tangents that are not learned.
fn factors<'f, 'a: 'f, E: Float>(op: &Attend, chunk: &Chunk<'a, E>, ones: &'f [E]) -> Factors<'f, E> {
    let learned = op.factor.map_or(E::one(), |factor| chunk.weight(factor.block, 1)[0]);
    let (constant, outers) = match op.score {
        Score::Product { scaled: true } => (1.0 / (op.key_dim as f64).sqrt(), 1),
        Score::Product { scaled: false } | Score::Concatenated => (1.0, 1),
        Score::Additive => (1.0, op.key_dim),
    };
    let outer = op.outer_factor.map_or(ones, |outer| chunk.weight(outer.block, outers));
    Factors { learned, constant, outer }
}

/// Offset in one sample.
fn place<E: Float>(chunk: &Chunk<'_, E>, view: View, row: usize) -> usize {
    chunk.mat(view).offset + row * view.stride
}

/// Memory of the chunk.
fn fixed<E: Float>(chunk: &Chunk<'_, E>, memory: Scratch) -> std::ops::Range<usize> {
    let memory = chunk.fixed(memory.view);
    memory.offset..memory.offset + memory.cols
}

/// Calls `visit` for the positions around the axes of queries and keys of every sample: with the offsets of the
/// values, and the offsets of queries, keys, values and results from the first of the sample.
fn each_position<E: Float>(
    op: &Attend,
    chunk: &mut Chunk<'_, E>,
    factors: &Factors<'_, E>,
    mut visit: impl FnMut(&mut Chunk<'_, E>, usize, &Attention<'_, E>, &AttentionPlaces, [usize; 4]),
) {
    let values = [
        op.heads * op.key_dim,
        op.key_heads * op.key_dim,
        op.key_heads * op.value_dim,
        op.heads * op.value_dim,
    ];
    let lengths = [op.queries, op.keys, op.keys, op.queries];
    let probabilities = op.heads * op.queries * op.keys;
    let keeps = chunk.mode == Mode::Train;
    let score = match op.score {
        Score::Product { .. } => kernels::Score::Product,
        Score::Concatenated | Score::Additive => {
            kernels::Score::Tangent { inner: factors.learned, outer: factors.outer }
        }
    };
    let scale = match op.score {
        Score::Product { .. } => factors.learned * E::of(factors.constant),
        Score::Concatenated | Score::Additive => E::one(),
    };
    for row in 0..chunk.rows {
        let start = |read: Read| place(chunk, read.view, row);
        let (query, key, value) = (start(op.query), start(op.keys_read), start(op.value));
        let sample = AttentionPlaces {
            query,
            key,
            value,
            query_mask: op.query_mask.map(start),
            key_masks: op.key_masks.map(|mask| mask.map(start)),
            mask: op.mask.map(|mask| (start(mask), op.mask_strides)),
            output: place(chunk, op.y.view, row),
            probabilities: op.scores.map(|scores| place(chunk, scores.view, row)),
            logs: keeps.then(|| place(chunk, op.logs.view, row)),
        };
        for position in 0..op.outer * op.inner {
            let (outer, inner) = (position / op.inner, position % op.inner);
            let steps =
                std::array::from_fn(|tensor| (outer * lengths[tensor] * op.inner + inner) * values[tensor]);
            let [to_query, to_key, to_value, to_output] = steps;
            let first = (((chunk.first_row + row) * op.outer * op.inner + position) * probabilities) as u64;
            let dropout = (keeps && op.rate > 0.0).then(|| AttentionDropout {
                rate: op.rate,
                key: random::key(chunk.seed, op.key),
                first,
            });
            let attention = Attention {
                heads: op.heads,
                key_heads: op.key_heads,
                queries: op.queries,
                keys: op.keys,
                key_dim: op.key_dim,
                value_dim: op.value_dim,
                steps: values.map(|values| values * op.inner),
                score,
                scale,
                causal: op.causal,
                window: op.window.unwrap_or(usize::MAX),
                fully_masked: match op.fully_masked {
                    FullyMasked::Mean => kernels::FullyMasked::Mean,
                    FullyMasked::Zeros => kernels::FullyMasked::Zeros,
                    FullyMasked::Shifted => kernels::FullyMasked::Shifted,
                },
                dropout,
            };
            let places = AttentionPlaces {
                query: query + to_query,
                key: key + to_key,
                value: value + to_value,
                output: sample.output + to_output,
                probabilities: sample.probabilities.map(|start| start + position * probabilities),
                logs: sample.logs.map(|start| start + position * op.heads * op.queries),
                ..sample
            };
            visit(chunk, row, &attention, &places, steps);
        }
    }
}

fn forward<E: Float>(op: &Attend, chunk: &mut Chunk<'_, E>) {
    let ones = [E::one()];
    let factors = factors(op, chunk, &ones);
    let memory = fixed(chunk, op.memory);
    each_position(op, chunk, &factors, |chunk, _, attention, places, _| {
        kernels::attend(chunk.arena, attention, places, memory.clone());
    });
}

fn backward<E: Float>(op: &Attend, chunk: &mut Chunk<'_, E>) {
    let targets = [op.query, op.keys_read, op.value].map(|read| read.gradient);
    let [first, second] = op.key_masks;
    let masks = [op.query_mask, first, second, op.mask].map(|mask| mask.and_then(|mask| mask.gradient));
    // All are added to, as queries, keys and values may be one tensor. Masks only count as zero or nonzero.
    for target in targets.iter().chain(&masks).flatten() {
        for row in 0..chunk.rows {
            clear(chunk, *target, row);
        }
    }
    let ones = [E::one()];
    let factors = factors(op, chunk, &ones);
    let [inner, outer] = [op.factor, op.outer_factor]
        .map(|weight| weight.and_then(|weight| chunk.accumulator(&weight)).map(|mat| mat.offset));
    let Some(memory) = op.gradient_memory else { return };
    let memory = fixed(chunk, memory);
    let of_scores = op.scores.and_then(|scores| scores.gradient);
    each_position(op, chunk, &factors, |chunk, row, attention, places, steps| {
        let at = |tensor: usize, target: Option<GradientTarget>| {
            target.map(|target| place(chunk, target.view, row) + steps[tensor])
        };
        // In the order of the probabilities.
        let moved =
            places.probabilities.zip(op.scores).map(|(at, scores)| at - place(chunk, scores.view, row));
        let gradients = AttentionGradients {
            output: op.y.gradient.map(|dy| place(chunk, dy, row) + steps[3]),
            probabilities: of_scores.map(|view| place(chunk, view, row) + moved.unwrap_or(0)),
            query: at(0, targets[0]),
            key: at(1, targets[1]),
            value: at(2, targets[2]),
            inner,
            outer,
            constant: factors.constant,
        };
        kernels::attend_gradient(chunk.arena, attention, places, &gradients, memory.clone());
    });
    targets.into_iter().flatten().for_each(|target| apply_mask(chunk, target));
}

run!(Attend, forward, backward);

#[cfg(test)]
mod tests {
    use mimo_graph::operation::During;

    use super::*;
    use crate::kernels::{attend_gradient_memory, attend_memory};
    use crate::layers::check::{Bench, check, gradient_of};
    use crate::program::Written;

    /// Two heads of queries on one of keys, along the middle one of three axes.
    fn attention(bench: &mut Bench, gap: usize, accumulate: bool) -> Attend {
        let (outer, inner, queries, keys, key_dim, value_dim) = (2, 2, 3, 4, 3, 2);
        let around = outer * inner;
        let read = |bench: &mut Bench, len: usize| {
            let x = bench.value(len, gap);
            let view = bench.value(len, gap);
            Read::kept(x, Some(GradientTarget { view, accumulate, mask: accumulate.then_some(x) }))
        };
        let query = read(bench, around * queries * 2 * key_dim);
        let keys_read = read(bench, around * keys * key_dim);
        let value = read(bench, around * keys * value_dim);
        let [y, dy] = std::array::from_fn(|_| bench.value(around * queries * 2 * value_dim, gap));
        let rows = around * 2 * queries;
        Attend {
            heads: 2,
            key_heads: 1,
            queries,
            keys,
            key_dim,
            value_dim,
            outer,
            inner,
            score: Score::Product { scaled: true },
            causal: false,
            window: None,
            fully_masked: FullyMasked::Mean,
            rate: 0.0,
            key: 3,
            query,
            keys_read,
            value,
            query_mask: None,
            key_masks: [None; 2],
            mask: None,
            mask_strides: [0; 3],
            factor: None,
            outer_factor: None,
            // After all slots, where the memory of a chunk is.
            memory: Scratch::fixed(View::whole(0, attend_memory(keys, key_dim, value_dim)), During::Both),
            gradient_memory: Some(Scratch::fixed(
                View::whole(0, attend_gradient_memory(keys, key_dim, value_dim)),
                During::Backward,
            )),
            logs: Scratch::rows(bench.value(rows, 0), During::Training),
            y: Written::new(y, Some(dy)),
            scores: None,
        }
    }

    #[test]
    fn gradients() {
        for (gap, accumulate) in [(0, false), (3, false), (2, true)] {
            for causal in [false, true] {
                for rate in [0.0, 0.4] {
                    let mut bench = Bench::new(2);
                    let mut op = attention(&mut bench, gap, accumulate);
                    (op.causal, op.rate) = (causal, rate);
                    let inputs = [op.query, op.keys_read, op.value].map(|read| (read.view, read.gradient));
                    bench.free(op.memory.view.len.max(op.gradient_memory.map_or(0, |it| it.view.len)));
                    bench.scratch(op.logs.view);
                    check(&bench, &op, &inputs, op.y.view, gradient_of(&op.y));
                }
            }
        }
    }

    #[test]
    fn memory_is_what_the_kernels_need() {
        use mimo_graph::dim::Dim;
        for (keys, key_dim, value_dim) in [(1, 1, 1), (32, 16, 16), (33, 5, 7), (2048, 64, 64)] {
            let known = |n: usize| Dim::Known(n);
            let planned = Attend::<Dim>::memory_of(&known(keys), &known(key_dim), &known(value_dim));
            assert_eq!(planned.known(), Some(attend_memory(keys, key_dim, value_dim)));
            let planned = Attend::<Dim>::gradient_memory_of(&known(keys), &known(key_dim), &known(value_dim));
            assert_eq!(planned.known(), Some(attend_gradient_memory(keys, key_dim, value_dim)));
        }
    }

    #[test]
    fn dropped_weights_depend_on_the_place_in_the_batch_only() {
        let results = |first_row: usize, rows: usize, seed: u64| {
            let mut bench = Bench::new(rows);
            (bench.first_row, bench.seed) = (first_row, seed);
            let op = Attend { rate: 0.5, ..attention(&mut bench, 0, false) };
            bench.free(op.memory.view.len);
            let mut arena = bench.arena::<f32>();
            for read in [op.query, op.keys_read, op.value] {
                bench.write(&mut arena, read.view, &vec![1.0; rows * read.view.len]);
            }
            bench.forward(&op, &mut arena);
            bench.read(&arena, op.y.view)
        };
        let all = results(0, 4, 1);
        let parts = [results(0, 3, 1), results(3, 1, 1)].concat();
        assert_eq!(all, parts);
        assert_ne!(all, results(0, 4, 2));
    }
}
