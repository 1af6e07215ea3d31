//! Integers as vectors.

use mimo_graph::layers::category_encoding::CategoryEncoding;
use mimo_graph::layers::embedding::Embedding;
use mimo_graph::operation::Encoding;
use mimo_graph::shape::Dtype;

use super::{bounded, known};
use crate::error::Error;
use crate::onnx::builder::{REST, Value, int};
use crate::onnx::context::{Call, Context, Id};
use crate::onnx::model::{Data, Element};

/// Integers within `0..count`: the nearest for others, as in mimo.
fn within(cx: &mut Context<'_>, call: &Call<'_>, count: usize) -> Result<Value, Error> {
    let x = call.x()?;
    let value = cx.last(x)?;
    let value = match cx.dtype(x)? {
        Dtype::Int => value,
        Dtype::Float => cx.out.cast(&value, Element::I64),
    };
    // Numbers of the data are valid, as those that a `Predictor` reads.
    if cx.is_input(&value) {
        return Ok(value);
    }
    let [low, high] = [0, int(count.saturating_sub(1))].map(|number| cx.out.int(number));
    let value = cx.out.max(&value, &low);
    Ok(cx.out.min(&value, &high))
}

pub(super) fn embedding(cx: &mut Context<'_>, layer: &Embedding, call: &Call<'_>) -> Result<Vec<Id>, Error> {
    let numbers = within(cx, call, known(&layer.input_dim)?)?;
    let vectors = cx.weight(call, "embeddings")?;
    let value = cx.out.node("Gather", &[&vectors, &numbers]);
    cx.mapped(call, value)
}

pub(super) fn category_encoding(
    cx: &mut Context<'_>,
    layer: &CategoryEncoding,
    call: &Call<'_>,
) -> Result<Vec<Id>, Error> {
    let tokens = bounded(known(&layer.num_tokens)?, "tokens")?;
    let numbers = within(cx, call, tokens)?;
    let rank = cx.shape(call.x()?)?.len();
    let each = cx.out.unsqueeze(&numbers, &[rank + 1]);
    let all: Vec<i64> = (0..tokens).map(int).collect();
    let all =
        cx.out.initializer(&format!("tokens{tokens}"), "constant/tokens", || (vec![tokens], Data::I64(all)));
    let equal = cx.out.node("Equal", &[&each, &all]);
    let ones = cx.out.cast(&equal, Element::F32);
    let value = match layer.output_mode {
        Encoding::OneHot => {
            let shape: Vec<i64> =
                [REST].into_iter().chain(call.shape()?.iter().map(|&len| int(len))).collect();
            cx.out.reshape(&ones, &shape)
        }
        Encoding::MultiHot => cx.out.reduce("ReduceMax", &ones, &[rank], false),
        Encoding::Count => cx.out.reduce("ReduceSum", &ones, &[rank], false),
    };
    cx.mapped(call, value)
}
