use super::*;
use crate::random::RandomScale;
use crate::{
    Attention, AttentionDropout, AttentionGradients, AttentionPlaces, FullyMasked, Score, attend,
    attend_gradient, attend_gradient_memory,
};

/// An attention with its masks.
#[derive(Clone, Copy, Debug)]
struct Case {
    heads: usize,
    key_heads: usize,
    queries: usize,
    keys: usize,
    key_dim: usize,
    value_dim: usize,
    /// 0 for products, else the number of factors outside of the tangents.
    tangents: usize,
    causal: bool,
    window: usize,
    fully_masked: FullyMasked,
    query_mask: bool,
    key_masks: usize,
    /// Which axes of the mask have their whole length instead of 1.
    mask: Option<[bool; 3]>,
    /// Whether masks hide all keys.
    hides_all: bool,
    probabilities: bool,
    dropout: bool,
    gap: usize,
}

const PLAIN: Case = Case {
    heads: 2,
    key_heads: 2,
    queries: 5,
    keys: 7,
    key_dim: 3,
    value_dim: 2,
    tangents: 0,
    causal: false,
    window: usize::MAX,
    fully_masked: FullyMasked::Mean,
    query_mask: false,
    key_masks: 0,
    mask: None,
    hides_all: false,
    probabilities: false,
    dropout: false,
    gap: 0,
};

fn every_case() -> Vec<Case> {
    let mut all = vec![PLAIN];
    if cfg!(miri) {
        let masked = Case { query_mask: true, key_masks: 1, mask: Some([true; 3]), ..PLAIN };
        let shifted = Case {
            key_masks: 1,
            causal: true,
            fully_masked: FullyMasked::Shifted,
            probabilities: true,
            ..PLAIN
        };
        let tangents = Case { tangents: 3, gap: 1, ..PLAIN };
        return [masked, shifted, tangents].to_vec();
    }
    let long = Case { queries: 37, keys: 70, heads: 4, key_heads: 2, key_dim: 5, value_dim: 6, ..PLAIN };
    for base in [PLAIN, long, Case { queries: 1, ..PLAIN }, Case { keys: 1, gap: 3, ..PLAIN }] {
        for fully_masked in [FullyMasked::Mean, FullyMasked::Zeros, FullyMasked::Shifted] {
            let base = Case { fully_masked, ..base };
            all.extend([
                Case { causal: true, ..base },
                Case { window: 3, gap: 2, ..base },
                Case { causal: true, window: 2, key_masks: 1, ..base },
                Case { query_mask: true, key_masks: 2, ..base },
                Case { query_mask: true, key_masks: 1, hides_all: true, ..base },
                Case { key_masks: 1, query_mask: true, causal: true, dropout: true, ..base },
                Case { key_masks: 1, query_mask: true, probabilities: true, dropout: true, ..base },
                Case { tangents: 1, key_masks: 1, query_mask: true, probabilities: true, ..base },
                Case { tangents: base.key_dim, causal: true, gap: 1, ..base },
            ]);
            if fully_masked != FullyMasked::Shifted {
                for axes in [[true; 3], [false, true, true], [false, false, true], [true, true, false]] {
                    all.push(Case { mask: Some(axes), key_masks: 1, ..base });
                }
            }
        }
    }
    all
}

/// Values of a case, and where they are.
struct Bench<E> {
    arena: Vec<E>,
    at: AttentionPlaces,
    to: AttentionGradients,
    steps: [usize; 4],
    outer: Vec<E>,
    memory: core::ops::Range<usize>,
}

fn bench<E: Element>(case: &Case) -> Bench<E> {
    let mut source = Source::new(7);
    let mut arena: Vec<E> = vec![];
    let mut place = |arena: &mut Vec<E>, len: usize| {
        arena.extend(source.values::<E>(len));
        arena.len() - len
    };
    let Case { heads, key_heads, queries, keys, key_dim, value_dim, gap, .. } = *case;
    let steps = [heads * key_dim, key_heads * key_dim, key_heads * value_dim, heads * value_dim];
    let steps = steps.map(|step| step + gap);
    let sizes = [queries, keys, keys, queries].map(|count| count);
    let [query, key, value, output] = core::array::from_fn(|i| place(&mut arena, steps[i] * sizes[i]));
    let [of_query, of_key, of_value, of_output] =
        core::array::from_fn(|i| place(&mut arena, steps[i] * sizes[i]));
    let scores = heads * queries * keys;
    let [probabilities, of_probabilities] =
        core::array::from_fn(|_| case.probabilities.then(|| place(&mut arena, scores)));
    let [inner, outer] =
        [1, case.tangents].map(|len| (len > 0 && case.tangents > 0).then(|| place(&mut arena, len)));
    // Products have a learned factor in some cases.
    let inner = inner.or((case.gap == 2).then(|| place(&mut arena, 1)));
    let logs = Some(place(&mut arena, heads * queries));
    let mut mask = |arena: &mut Vec<E>, len: usize| {
        let start = place(arena, len);
        for (i, value) in arena[start..].iter_mut().enumerate() {
            // The ends are hidden, so that they are skipped.
            let ends = len > 2 && (i == 0 || i + 1 == len);
            let shown = !ends && !case.hides_all && *value > E::of(-0.4);
            *value = if shown { E::one() } else { E::zero() };
        }
        start
    };
    let query_mask = case.query_mask.then(|| mask(&mut arena, queries));
    let key_masks = [1, 2].map(|count| (case.key_masks >= count).then(|| mask(&mut arena, keys)));
    let mask = case.mask.map(|axes| {
        let [by_head, by_query, by_key] = [heads, queries, keys];
        let lengths =
            core::array::from_fn::<usize, 3, _>(|i| if axes[i] { [by_head, by_query, by_key][i] } else { 1 });
        let strides = [lengths[1] * lengths[2], lengths[2], 1];
        let strides = core::array::from_fn(|i| if axes[i] { strides[i] } else { 0 });
        (mask(&mut arena, lengths.iter().product()), strides)
    });
    let len = attend_gradient_memory(keys, key_dim, value_dim);
    let start = arena.len();
    arena.resize(start + len, E::of(33.0));
    let outer_values =
        vec![E::of(0.7); case.tangents].iter().enumerate().map(|(i, x)| *x + E::of(i as f64 / 5.0)).collect();
    let at = AttentionPlaces { query, key, value, query_mask, key_masks, mask, output, probabilities, logs };
    let to = AttentionGradients {
        output: Some(of_output),
        probabilities: of_probabilities,
        query: Some(of_query),
        key: Some(of_key),
        value: Some(of_value),
        inner,
        outer,
        constant: 0.5,
    };
    Bench { arena, at, to, steps, outer: outer_values, memory: start..start + len }
}

fn attention<'a, E: Element>(case: &Case, steps: [usize; 4], inner: f64, outer: &'a [E]) -> Attention<'a, E> {
    let score = match case.tangents {
        0 => Score::Product,
        _ => Score::Tangent { inner: E::of(inner), outer },
    };
    Attention {
        heads: case.heads,
        key_heads: case.key_heads,
        queries: case.queries,
        keys: case.keys,
        key_dim: case.key_dim,
        value_dim: case.value_dim,
        steps,
        score,
        scale: if case.tangents == 0 { E::of(0.5 * inner) } else { E::one() },
        causal: case.causal,
        window: case.window,
        fully_masked: case.fully_masked,
        dropout: case.dropout.then_some(AttentionDropout { rate: 0.3, key: 5, first: 1000 }),
    }
}

/// Results and probabilities by the definition, and whether some query sees no key and reads all with shifted scores.
fn reference(
    case: &Case,
    bench: &Bench<f64>,
    inner: f64,
    outer: &[f64],
    single: bool,
) -> (Vec<f64>, Vec<f64>, bool) {
    let Bench { arena, at, steps, .. } = bench;
    let mut y = vec![0.0; case.queries * case.heads * case.value_dim];
    let mut p = vec![0.0; case.heads * case.queries * case.keys];
    let mut any_shifted = false;
    for head in 0..case.heads {
        let key_head = head / (case.heads / case.key_heads);
        for q in 0..case.queries {
            let masked = at.query_mask.is_some_and(|mask| arena[mask + q] == 0.0);
            let shifts = case.fully_masked == FullyMasked::Shifted;
            let seen = |k: usize| {
                let by_keys = at.key_masks.iter().flatten().all(|mask| arena[mask + k] != 0.0);
                let by_mask = at.mask.is_none_or(|(mask, [by_head, by_query, by_key])| {
                    arena[mask + head * by_head + q * by_query + k * by_key] != 0.0
                });
                let near = q.abs_diff(k) < case.window && (!case.causal || k <= q);
                by_keys && by_mask && near && (shifts || !masked)
            };
            let score = |k: usize| {
                let pair = (0..case.key_dim).map(|i| {
                    (
                        arena[at.query + q * steps[0] + head * case.key_dim + i],
                        arena[at.key + k * steps[1] + key_head * case.key_dim + i],
                    )
                });
                match outer {
                    [] => 0.5 * inner * pair.map(|(a, b)| a * b).sum::<f64>(),
                    [one] => pair.map(|(a, b)| one * (inner * (a + b)).tanh()).sum(),
                    all => pair.zip(all).map(|((a, b), c)| c * (inner * (a + b)).tanh()).sum(),
                }
            };
            let none = (0..case.keys).all(|k| !seen(k));
            let row = &mut p[(head * case.queries + q) * case.keys..][..case.keys];
            for (k, p) in row.iter_mut().enumerate() {
                *p = match (none, case.fully_masked) {
                    (false, _) => f64::from(u8::from(seen(k))) * score(k).exp(),
                    (true, FullyMasked::Zeros) => 0.0,
                    (true, FullyMasked::Mean) => 1.0,
                    // In single precision, no digit of a score is left after 1e9 is subtracted.
                    (true, FullyMasked::Shifted) if single => 1.0,
                    (true, FullyMasked::Shifted) => score(k).exp(),
                };
            }
            any_shifted |= none && shifts && (!masked || case.probabilities);
            let sum: f64 = row.iter().sum();
            row.iter_mut().for_each(|p| *p = if sum > 0.0 { *p / sum } else { 0.0 });
            let mut used = row.to_vec();
            if case.dropout && (shifts || !none) {
                let first = 1000 + ((head * case.queries + q) * case.keys) as u64;
                RandomScale::dropout(5, 0.3).apply(first, 1, row, &mut used);
            }
            for i in 0..case.value_dim {
                let value = |k: usize| arena[at.value + k * steps[2] + key_head * case.value_dim + i];
                let sum = used.iter().enumerate().map(|(k, p)| p * value(k)).sum();
                y[(q * case.heads + head) * case.value_dim + i] = if shifts && masked { 0.0 } else { sum };
            }
        }
    }
    (y, p, any_shifted)
}

const INNER: f64 = 0.8;

fn results<E: Element>(table: &str) {
    for case in every_case() {
        let Bench { mut arena, at, steps, outer, memory, .. } = bench::<E>(&case);
        let of = attention(&case, steps, INNER, &outer);
        attend(&mut arena, &of, &at, memory);
        let exact = bench::<f64>(&case);
        let single = E::epsilon().f64() > 1e-10;
        let (y, p, _) = reference(&case, &exact, INNER, &exact.outer, single);
        let row = case.heads * case.value_dim;
        for (i, wanted) in y.iter().enumerate() {
            let found = arena[at.output + i / row * steps[3] + i % row].f64();
            assert_near(
                found,
                *wanted,
                4.0,
                tolerance::<E>().max(1e-7),
                &format!("{table}: result {i} of {case:?}"),
            );
        }
        if let Some(start) = at.probabilities {
            for (i, wanted) in p.iter().enumerate() {
                let found = arena[start + i].f64();
                assert_near(
                    found,
                    *wanted,
                    1.0,
                    tolerance::<E>().max(1e-7),
                    &format!("{table}: probability {i} of {case:?}"),
                );
            }
        }
    }
}

#[test]
fn attention_is_what_its_definition_says() {
    every_table(results::<f32>, || results::<f64>("f64"));
}

/// All gradients that are added, minus the initial values.
fn gradients<E: Element>(case: &Case) -> Vec<f64> {
    let Bench { mut arena, at, to, steps, outer, memory } = bench::<E>(case);
    let before = arena.clone();
    let of = attention(case, steps, INNER, &outer);
    attend(&mut arena, &of, &at, memory.clone());
    attend_gradient(&mut arena, &of, &at, &to, memory);
    places(case, &to, steps).into_iter().map(|place| (arena[place] - before[place]).f64()).collect()
}

/// The places of gradients.
fn places(case: &Case, to: &AttentionGradients, steps: [usize; 4]) -> Vec<usize> {
    let mut places = vec![];
    let widths = [case.heads * case.key_dim, case.key_heads * case.key_dim, case.key_heads * case.value_dim];
    for (i, start) in [to.query, to.key, to.value].into_iter().enumerate() {
        let count = if i == 0 { case.queries } else { case.keys };
        let row = |position: usize| (0..widths[i]).map(move |at| position * steps[i] + at);
        places.extend((0..count).flat_map(row).map(|at| start.unwrap_or(0) + at));
    }
    places.extend(to.inner);
    places.extend(to.outer.into_iter().flat_map(|start| start..start + case.tangents));
    places
}

/// The loss whose gradients are compared.
fn loss(case: &Case, bench: &Bench<f64>, inner: f64, outer: &[f64]) -> f64 {
    let (y, p, _) = reference(case, bench, inner, outer, false);
    let row = case.heads * case.value_dim;
    let of_y = |i: usize| bench.arena[bench.to.output.unwrap_or(0) + i / row * bench.steps[3] + i % row];
    let results: f64 = y.iter().enumerate().map(|(i, y)| y * of_y(i)).sum();
    let of_p = |i: usize| bench.to.probabilities.map_or(0.0, |start| bench.arena[start + i]);
    results + p.iter().enumerate().map(|(i, p)| p * of_p(i)).sum::<f64>()
}

#[test]
#[cfg_attr(miri, ignore = "the differences of all values take hours")]
fn gradients_are_those_of_differences() {
    for case in every_case().into_iter().filter(|case| case.queries < 30) {
        let found = gradients::<f64>(&case);
        let Bench { to, steps, at, .. } = bench::<f64>(&case);
        let starts = [at.query, at.key, at.value];
        let targets = [to.query, to.key, to.value].map(|start| start.unwrap_or(0));
        for (place, found) in places(&case, &to, steps).into_iter().zip(&found) {
            let moved = |by: f64| {
                let mut bench = bench::<f64>(&case);
                let (mut inner, mut outer) = (INNER, bench.outer.clone());
                match place {
                    _ if Some(place) == to.inner => inner += by,
                    _ if to.outer.is_some_and(|start| (start..start + case.tangents).contains(&place)) => {
                        outer[place - to.outer.unwrap_or(0)] += by;
                    }
                    _ => {
                        let which = (0..3).rev().find(|&i| targets[i] <= place).unwrap_or(0);
                        bench.arena[place - targets[which] + starts[which]] += by;
                    }
                }
                loss(&case, &bench, inner, &outer)
            };
            let wanted = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            assert_near(*found, wanted, 1.0, 2e-6, &format!("gradient at {place} of {case:?}"));
        }
    }
}

#[test]
fn gradients_are_the_same_on_every_table() {
    if cfg!(miri) {
        // There is one table; the results are not looked at.
        every_case().iter().for_each(|case| drop(gradients::<f32>(case)));
        return;
    }
    forced::each(|table| {
        for case in every_case() {
            let exact = bench::<f64>(&case);
            // The precision decides which digits of a shifted score remain.
            if reference(&case, &exact, INNER, &exact.outer, false).2 {
                continue;
            }
            for (i, (single, double)) in
                gradients::<f32>(&case).iter().zip(gradients::<f64>(&case)).enumerate()
            {
                assert_near(
                    *single,
                    double,
                    1.0 + double.abs(),
                    3e-5,
                    &format!("{table}: gradient {i} of {case:?}"),
                );
            }
        }
    });
}

#[test]
fn hidden_values_are_not_read() {
    let case = Case { query_mask: true, key_masks: 1, queries: 40, keys: 70, ..PLAIN };
    for fully_masked in [FullyMasked::Zeros, FullyMasked::Shifted] {
        let case = Case { fully_masked, ..case };
        let Bench { mut arena, at, steps, outer, memory, .. } = bench::<f32>(&case);
        // Only the first 10 of both are shown.
        let masks = [(at.query_mask, case.queries), (at.key_masks[0], case.keys)];
        for (mask, len) in masks {
            let start = mask.unwrap_or(0);
            arena[start..start + len].fill(0.0);
            arena[start..start + 10].fill(1.0);
        }
        let of = attention(&case, steps, INNER, &outer);
        let mut marked = arena.clone();
        for (start, step, len) in [
            (at.query, steps[0], case.queries),
            (at.key, steps[1], case.keys),
            (at.value, steps[2], case.keys),
        ] {
            marked[start + 10 * step..start + len * step].fill(f32::NAN);
        }
        attend(&mut arena, &of, &at, memory.clone());
        attend(&mut marked, &of, &at, memory);
        let results = at.output..at.output + case.queries * steps[3];
        assert_eq!(arena[results.clone()], marked[results], "{fully_masked:?}");
    }
}
