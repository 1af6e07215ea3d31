//! Products with a kernel, and weights that are tensors.

use mimo_graph::layers::dense::Dense;
use mimo_graph::shape::Dtype;

use super::activation::activate;
use crate::error::Error;
use crate::onnx::builder::int;
use crate::onnx::context::{Call, Context, Id};

/// Over the last axis of a tensor of any rank.
pub(super) fn dense(cx: &mut Context<'_>, layer: &Dense, call: &Call<'_>) -> Result<Vec<Id>, Error> {
    let (x, kernel) = (cx.floats(call.x()?)?, cx.weight(call, "kernel")?);
    let mut value = cx.out.node("MatMul", &[&x, &kernel]);
    if let Some(bias) = cx.optional_weight(call, "bias")? {
        value = cx.out.add(&value, &bias);
    }
    let y = cx.mapped(call, value)?;
    y.into_iter().map(|y| activate(cx, y, layer.activation)).collect()
}

/// One tensor for all samples, with axes of length 1 for the batch and for the steps around a nested model.
pub(super) fn weight(cx: &mut Context<'_>, call: &Call<'_>) -> Result<Vec<Id>, Error> {
    let shape = call.shape()?.to_vec();
    let own = cx.weight_shape(call, "weight")?;
    let ones = vec![1; (shape.len() + 1).saturating_sub(own.len())];
    let mut value = cx.reshaped_weight(call, "weight", [ones, own.clone()].concat())?;
    if own.iter().ne(shape.iter().skip(shape.len().saturating_sub(own.len()))) {
        return Err(Error::new(format!("the weight has the shape {own:?}, and not {shape:?}")));
    }
    if own.len() < shape.len() {
        let shape: Vec<i64> = [1].into_iter().chain(shape.iter().map(|&len| int(len))).collect();
        let shape = cx.out.ints(&shape);
        value = cx.out.node("Expand", &[&value, &shape]);
    }
    Ok(vec![cx.give(value, &shape, Dtype::Float, false)])
}
