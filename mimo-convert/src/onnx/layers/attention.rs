//! Attention, written in products and a softmax.

use mimo_graph::layers::attention::{Attention, ScoreMode};
use mimo_graph::layers::multi_head_attention::MultiHeadAttention;

use super::contraction::{BATCH, Lengths, Operand, contract};
use super::{bounded, elementwise, known, sample_axes};
use crate::error::Error;
use crate::onnx::builder::{REST, Value, int};
use crate::onnx::context::{Call, Context, Id};
use crate::onnx::model::Data;

/// Taken from scores of keys that are not seen, and put in their place.
const HIDDEN: f64 = -1e9;

/// Which keys a query sees by their positions: `[queries, keys]`.
fn positions(
    cx: &mut Context<'_>,
    [queries, keys]: [usize; 2],
    causal: bool,
    window: Option<usize>,
) -> Result<Option<Value>, Error> {
    if !causal && window.is_none() {
        return Ok(None);
    }
    let sees = |query: usize, key: usize| {
        !(causal && key > query) && window.is_none_or(|window| query.abs_diff(key) < window)
    };
    let key = format!("sees{queries} {keys} {causal} {window:?}");
    bounded(queries.saturating_mul(keys), "pairs of queries and keys")?;
    Ok(Some(cx.out.initializer(&key, "constant/sees", || {
        let all = (0..queries).flat_map(|query| (0..keys).map(move |key| (query, key)));
        (vec![queries, keys], Data::Bool(all.map(|(query, key)| sees(query, key)).collect()))
    })))
}

/// Conditions that hold together.
fn all(cx: &mut Context<'_>, conditions: Vec<Value>) -> Option<Value> {
    conditions.into_iter().reduce(|a, b| cx.out.node("And", &[&a, &b]))
}

pub(super) fn attention(cx: &mut Context<'_>, layer: &Attention, call: &Call<'_>) -> Result<Vec<Id>, Error> {
    let (query, value) = (call.input(0)?, call.input(1)?);
    let key = call.inputs.get(2).copied().unwrap_or(value);
    let length = |shape: Vec<usize>| shape.first().copied().unwrap_or(1);
    let [queries, keys] = [length(cx.shape(query)?), length(cx.shape(key)?)];
    let [of_query, of_value, of_key] = [cx.each(query)?, cx.each(value)?, cx.each(key)?];
    let mut scores = match layer.mode {
        ScoreMode::Dot => {
            let turned = cx.out.transpose(&of_key, &[0, 2, 1]);
            let scores = cx.out.node("MatMul", &[&of_query, &turned]);
            match cx.optional_weight(call, "scale")? {
                Some(scale) => cx.out.mul(&scores, &scale),
                None => scores,
            }
        }
        ScoreMode::Concat | ScoreMode::Additive => {
            let [a, b] = [cx.out.unsqueeze(&of_query, &[2]), cx.out.unsqueeze(&of_key, &[1])];
            let sum = cx.out.add(&a, &b);
            let scale = cx.optional_weight(call, "scale")?;
            let concat = layer.mode == ScoreMode::Concat;
            let inner = match &scale {
                Some(scale) if concat => cx.out.mul(&sum, scale),
                _ => sum,
            };
            let mut tanh = cx.out.node("Tanh", &[&inner]);
            if let Some(scale) = scale.filter(|_| !concat) {
                tanh = cx.out.mul(&tanh, &scale);
            }
            let scores = cx.out.reduce("ReduceSum", &tanh, &[3], false);
            match concat {
                true => {
                    let factor = cx.weight(call, "concat_score_weight")?;
                    cx.out.mul(&scores, &factor)
                }
                false => scores,
            }
        }
    };
    let mut conditions = vec![];
    if let Some(mask) = call.named("value_mask") {
        let mask = cx.floats(mask)?;
        let mask = cx.out.unsqueeze(&mask, &[1]);
        conditions.push(elementwise::truth(&mut cx.out, &mask));
    }
    conditions.extend(positions(cx, [queries, keys], layer.causal, None)?);
    if let Some(sees) = all(cx, conditions) {
        // As in Keras: a query that sees no key attends to all.
        let lower = cx.out.add_number(&scores, HIDDEN);
        scores = cx.out.choose(&sees, &scores, &lower);
    }
    let shares = cx.out.softmax("Softmax", &scores, 2);
    let mut y = cx.out.node("MatMul", &[&shares, &of_value]);
    if let Some(mask) = call.named("query_mask") {
        let mask = cx.floats(mask)?;
        let mask = cx.out.unsqueeze(&mask, &[2]);
        let counts = elementwise::truth(&mut cx.out, &mask);
        let zero = cx.out.number(0.0);
        y = cx.out.choose(&counts, &y, &zero);
    }
    outputs(cx, layer.gives_scores, call, y, shares)
}

fn outputs(
    cx: &mut Context<'_>,
    gives_scores: bool,
    call: &Call<'_>,
    y: Value,
    shares: Value,
) -> Result<Vec<Id>, Error> {
    let mut all = cx.result(call, y)?;
    if let Some((shape, _)) = call.outputs.get(1).filter(|_| gives_scores) {
        all.push(cx.float(shares, shape));
    }
    Ok(all)
}

/// Names of axes: queries and keys have the same ones around those of their positions.
const HEADS: usize = 1;
const WIDTH: usize = 2;
const FEATURES: usize = 3;
const AROUND: usize = 100;
const QUERIES: usize = 10_000;
const KEYS: usize = 20_000;
const RESULT: usize = 30_000;

pub(super) fn multi_head(
    cx: &mut Context<'_>,
    layer: &MultiHeadAttention,
    call: &Call<'_>,
) -> Result<Vec<Id>, Error> {
    let (query, value) = (call.input(0)?, call.input(1)?);
    let key = call.inputs.get(2).copied().unwrap_or(value);
    let shapes = [cx.shape(query)?, cx.shape(value)?, cx.shape(key)?];
    let [of_query, of_value, _] = &shapes;
    let places = of_query.len().saturating_sub(1);
    let attended = match layer.attention_axes.is_empty() {
        true => (0..places).collect(),
        false => sample_axes(&layer.attention_axes, of_query.len())?,
    };
    let (heads, key_heads) = (known(&layer.heads)?, known(&layer.key_heads)?);
    let mut lengths = Lengths::new();
    lengths.insert(HEADS, heads);
    let names = |first: usize| -> Vec<usize> {
        (0..places).map(|axis| if attended.contains(&axis) { first + axis } else { AROUND + axis }).collect()
    };
    let (of_queries, of_keys) = (names(QUERIES), names(KEYS));
    for (names, shape) in [(&of_queries, of_query), (&of_keys, of_value)] {
        lengths.extend(names.iter().copied().zip(shape.iter().copied()));
    }

    let project = |cx: &mut Context<'_>, id: Id, of: &str, names: &[usize], heads: usize| {
        let x = cx.each(id)?;
        let kernel = cx.weight(call, &format!("{of}_kernel"))?;
        let [features, _, width] = cx.weight_shape(call, &format!("{of}_kernel"))?[..] else {
            return Err(Error::new(format!("the weight `{of}_kernel` does not have three axes")));
        };
        let mut lengths = lengths.clone();
        lengths.extend([(FEATURES, features), (WIDTH, width), (HEADS, heads)]);
        let a = Operand { value: x, axes: [&[BATCH], names, &[FEATURES]].concat() };
        let b = Operand { value: kernel, axes: vec![FEATURES, HEADS, WIDTH] };
        let result = [&[BATCH], names, &[HEADS, WIDTH]].concat();
        let mut value = contract(&mut cx.out, [a, b], &result, &lengths);
        if let Some(bias) = cx.optional_weight(call, &format!("{of}_bias"))? {
            value = cx.out.add(&value, &bias);
        }
        if heads < layer.heads.known().unwrap_or(heads) {
            // Each head of keys is for as many of queries.
            let times = layer.heads.known().unwrap_or(heads) / heads.max(1);
            let axis = names.len() + 2;
            let apart = cx.out.unsqueeze(&value, &[axis]);
            let mut counts = vec![1; axis + 2];
            counts.iter_mut().skip(axis).take(1).for_each(|count| *count = int(times));
            let counts = cx.out.ints(&counts);
            let repeated = cx.out.node("Tile", &[&apart, &counts]);
            let around = names.iter().map(|name| int(lengths.get(name).copied().unwrap_or(1)));
            let shape: Vec<i64> =
                [REST].into_iter().chain(around).chain([int(heads * times), int(width)]).collect();
            value = cx.out.reshape(&repeated, &shape);
        }
        Ok((Operand { value, axes: result }, width))
    };
    let (queries, _) = project(cx, query, "query", &of_queries, heads)?;
    let (keys, width) = project(cx, key, "key", &of_keys, key_heads)?;
    let (values, value_width) = project(cx, value, "value", &of_keys, key_heads)?;
    let gate = match layer.use_gate {
        true => Some(project(cx, query, "gate", &of_queries, heads)?.0.value),
        false => None,
    };

    let around: Vec<usize> = of_queries.iter().copied().filter(|axis| *axis < QUERIES).collect();
    let [query_axes, key_axes] = [&of_queries, &of_keys]
        .map(|axes| axes.iter().copied().filter(|axis| *axis >= QUERIES).collect::<Vec<_>>());
    lengths.insert(WIDTH, width);
    let of_scores = [&[BATCH], &around[..], &[HEADS], &query_axes, &key_axes].concat();
    let scores = contract(&mut cx.out, [queries, keys], &of_scores, &lengths);
    let mut scores = cx.out.mul_number(&scores, 1.0 / (width as f64).sqrt());

    // A mask under the axes of the scores; those that it does not have are of length 1.
    let len = |axis: &usize| lengths.get(axis).copied().unwrap_or(1);
    let lens = |axes: &[usize]| axes.iter().map(len).collect::<Vec<_>>();
    let ones = |axes: &[usize]| vec![1; axes.len()];
    let mut masks = vec![];
    for (role, of_queries, of_keys) in [
        ("query_mask", lens(&query_axes), ones(&key_axes)),
        ("value_mask", ones(&query_axes), lens(&key_axes)),
        ("key_mask", ones(&query_axes), lens(&key_axes)),
    ] {
        masks.extend(call.named(role).map(|id| (id, [ones(&around), vec![1], of_queries, of_keys].concat())));
    }
    if let Some(id) = call.named("attention_mask") {
        let own = cx.shape(id)?;
        let without = (around.len() + 1 + query_axes.len() + key_axes.len()).saturating_sub(own.len());
        masks.push((id, [vec![1; without], own].concat()));
    }
    let mut conditions = vec![];
    for (id, shape) in masks {
        let mask = cx.floats(id)?;
        let shape: Vec<i64> = [REST].into_iter().chain(shape.into_iter().map(int)).collect();
        let mask = cx.out.reshape(&mask, &shape);
        conditions.push(elementwise::truth(&mut cx.out, &mask));
    }
    if let ([one], [other]) = (&query_axes[..], &key_axes[..]) {
        let window = layer.sliding_window.as_ref().map(known).transpose()?;
        conditions.extend(positions(cx, [len(one), len(other)], layer.causal, window)?);
    }
    let sees = all(cx, conditions);
    if let Some(sees) = &sees {
        let hidden = cx.out.number(HIDDEN);
        scores = cx.out.choose(sees, &scores, &hidden);
    }
    let axis = around.len() + 2 + query_axes.len();
    let mut shares = match key_axes.len() {
        1 => cx.out.softmax("Softmax", &scores, axis),
        _ => {
            let shape = |keys: Vec<usize>| {
                let lens = [lens(&around), vec![heads], lens(&query_axes), keys].concat();
                [REST].into_iter().chain(lens.into_iter().map(int)).collect::<Vec<_>>()
            };
            let joined = cx.out.reshape(&scores, &shape(vec![lens(&key_axes).iter().product()]));
            let shares = cx.out.softmax("Softmax", &joined, axis);
            cx.out.reshape(&shares, &shape(lens(&key_axes)))
        }
    };
    // Keras has two ways to compute it, which differ for queries that see no key: the mean of all values, or zeros.
    let by_softmax = layer.dropout > 0.0 || layer.gives_scores || of_query.len() != 2;
    if let Some(sees) = sees.filter(|_| by_softmax) {
        let zero = cx.out.number(0.0);
        shares = cx.out.choose(&sees, &shares, &zero);
    }

    let of_result = [&[BATCH], &of_queries[..], &[HEADS, WIDTH]].concat();
    lengths.insert(WIDTH, value_width);
    let scores = Operand { value: shares.clone(), axes: of_scores };
    let mut value = contract(&mut cx.out, [scores, values], &of_result, &lengths);
    if let Some(gate) = gate {
        let gate = cx.out.node("Sigmoid", &[&gate]);
        value = cx.out.mul(&value, &gate);
    }
    let kernel = cx.weight(call, "attention_output_kernel")?;
    let of_kernel = cx.weight_shape(call, "attention_output_kernel")?;
    let outer: Vec<usize> = (RESULT..).take(of_kernel.len().saturating_sub(2)).collect();
    lengths.extend(outer.iter().copied().zip(of_kernel.iter().copied().skip(2)));
    let b = Operand { value: kernel, axes: [&[HEADS, WIDTH], &outer[..]].concat() };
    let result = [&[BATCH], &of_queries[..], &outer].concat();
    let mut y = contract(&mut cx.out, [Operand { value, axes: of_result }, b], &result, &lengths);
    if let Some(bias) = cx.optional_weight(call, "attention_output_bias")? {
        y = cx.out.add(&y, &bias);
    }
    outputs(cx, layer.gives_scores, call, y, shares)
}
