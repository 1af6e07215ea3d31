//! Layers that move values and compute nothing.

use mimo_graph::layers::flip::Flip;
use mimo_graph::layers::get_item::{Entry, GetItem};
use mimo_graph::layers::repeat::{Repeat, Repeated};
use mimo_graph::layers::repeat_vector::RepeatVector;
use mimo_graph::layers::stack::Stack;
use mimo_graph::layers::transpose::Transpose;

use super::{known, sample_axes, sample_axis, with_batch};
use crate::error::Error;
use crate::onnx::builder::{REST, Value, int};
use crate::onnx::context::{Call, Context, Id};

/// A value under the shape of the first output.
fn shaped(cx: &mut Context<'_>, call: &Call<'_>, value: &Value) -> Result<Vec<Id>, Error> {
    let shape: Vec<i64> = [REST].into_iter().chain(call.shape()?.iter().map(|&len| int(len))).collect();
    let value = cx.out.reshape(value, &shape);
    cx.mapped(call, value)
}

pub(super) fn reshape(cx: &mut Context<'_>, call: &Call<'_>) -> Result<Vec<Id>, Error> {
    let value = cx.last(call.x()?)?;
    shaped(cx, call, &value)
}

/// `dims` counts the batch as axis 0, and does not have it.
pub(super) fn permute(cx: &mut Context<'_>, dims: &[usize], call: &Call<'_>) -> Result<Vec<Id>, Error> {
    let value = cx.last(call.x()?)?;
    let order: Vec<usize> = [0].into_iter().chain(dims.iter().copied()).collect();
    let value = cx.out.transpose(&value, &order);
    cx.mapped(call, value)
}

pub(super) fn transpose(cx: &mut Context<'_>, layer: &Transpose, call: &Call<'_>) -> Result<Vec<Id>, Error> {
    let rank = cx.shape(call.x()?)?.len();
    let axes = match &layer.axes {
        None => (1..=rank).rev().collect(),
        // The first is the batch.
        Some(axes) => {
            let axes = axes.iter().skip(1).map(|&axis| sample_axis(axis, rank).map(|axis| axis + 1));
            axes.collect::<Result<Vec<_>, _>>()?
        }
    };
    permute(cx, &axes, call)
}

pub(super) fn repeat_vector(
    cx: &mut Context<'_>,
    layer: &RepeatVector,
    call: &Call<'_>,
) -> Result<Vec<Id>, Error> {
    let value = cx.last(call.x()?)?;
    let value = cx.out.unsqueeze(&value, &[1]);
    let counts = cx.out.ints(&[1, int(known(&layer.n)?), 1]);
    let value = cx.out.node("Tile", &[&value, &counts]);
    cx.mapped(call, value)
}

pub(super) fn repeat(cx: &mut Context<'_>, layer: &Repeat, call: &Call<'_>) -> Result<Vec<Id>, Error> {
    let x = call.x()?;
    let (value, rank) = (cx.last(x)?, cx.shape(x)?.len());
    match &layer.what {
        Repeated::Positions(axis, n) => {
            let axis = sample_axis(*axis, rank)? + 1;
            let value = cx.out.unsqueeze(&value, &[axis + 1]);
            let mut counts = vec![1; rank + 2];
            counts.iter_mut().skip(axis + 1).take(1).try_for_each(|count| {
                *count = int(known(n)?);
                Ok::<_, Error>(())
            })?;
            let counts = cx.out.ints(&counts);
            let value = cx.out.node("Tile", &[&value, &counts]);
            shaped(cx, call, &value)
        }
        Repeated::Axes(repeats) => {
            let repeats = repeats.iter().map(|n| known(n).map(int)).collect::<Result<Vec<_>, _>>()?;
            let ones = vec![1; (rank + 1).saturating_sub(repeats.len())];
            let counts = cx.out.ints(&[ones, repeats].concat());
            let value = cx.out.node("Tile", &[&value, &counts]);
            cx.mapped(call, value)
        }
    }
}

pub(super) fn flip(cx: &mut Context<'_>, layer: &Flip, call: &Call<'_>) -> Result<Vec<Id>, Error> {
    let x = call.x()?;
    let (value, rank) = (cx.last(x)?, cx.shape(x)?.len());
    let axes = with_batch(&sample_axes(&layer.axis.0, rank)?);
    let value = cx.out.flip(&value, &axes);
    cx.mapped(call, value)
}

/// The positions that an entry of a key takes of an axis.
fn positions(entry: Entry, len: usize) -> Result<[usize; 2], Error> {
    let place = |at: i64| {
        let from_end = i64::try_from(len).unwrap_or(i64::MAX).saturating_add(at);
        let at = usize::try_from(if at < 0 { from_end } else { at }).ok().filter(|&at| at <= len);
        at.ok_or_else(|| Error::new("the index is out of range"))
    };
    let [start, end] = match entry {
        Entry::At(at) => [place(at)?, place(at)? + 1],
        Entry::Range(start, end) => [start.map_or(Ok(0), place)?, end.map_or(Ok(len), place)?],
    };
    if start < end && end <= len { Ok([start, end]) } else { Err(Error::new("the index is out of range")) }
}

pub(super) fn get_item(cx: &mut Context<'_>, layer: &GetItem, call: &Call<'_>) -> Result<Vec<Id>, Error> {
    let x = call.x()?;
    let (mut value, shape) = (cx.last(x)?, cx.shape(x)?);
    for (axis, (&entry, &len)) in layer.key.iter().zip(&shape).enumerate() {
        let [start, end] = positions(entry, len)?;
        if [start, end] != [0, len] {
            value = cx.out.slice(&value, axis + 1, start, end);
        }
    }
    match layer.key.iter().any(|entry| matches!(entry, Entry::At(_))) {
        true => shaped(cx, call, &value),
        false => cx.mapped(call, value),
    }
}

/// Values of tensors for one node: all for each sample, or all for all samples.
fn alike(cx: &mut Context<'_>, call: &Call<'_>) -> Result<Vec<Value>, Error> {
    let mut batched = false;
    for &id in &call.inputs {
        batched |= cx.is_batched(id)?;
    }
    let float = call.dtype() == mimo_graph::shape::Dtype::Float;
    let value = |&id: &Id| match (batched, float) {
        (true, _) if !cx.is_batched(id)? => cx.each(id),
        (_, true) => cx.floats(id),
        (_, false) => cx.last(id),
    };
    call.inputs.iter().map(value).collect()
}

pub(super) fn concatenate(cx: &mut Context<'_>, axis: i64, call: &Call<'_>) -> Result<Vec<Id>, Error> {
    let shape = call.shape()?.to_vec();
    let axis = sample_axis(axis, shape.len())?;
    let first = call.inputs.iter().all(|&id| cx.is_first(id));
    if first && !call.inputs.is_empty() {
        let values = call.inputs.iter().map(|&id| cx.first(id)).collect::<Result<Vec<_>, _>>()?;
        // Channels are axis 1, and what they slide over comes after them.
        let axis = if axis + 1 == shape.len() { 1 } else { axis + 2 };
        let value = cx.out.concat(&values, axis);
        return Ok(vec![cx.give_first(value, &shape)]);
    }
    let values = alike(cx, call)?;
    let value = cx.out.concat(&values, axis + 1);
    cx.mapped(call, value)
}

pub(super) fn stack(cx: &mut Context<'_>, layer: &Stack, call: &Call<'_>) -> Result<Vec<Id>, Error> {
    let axis = sample_axis(layer.axis, call.shape()?.len())? + 1;
    let values = alike(cx, call)?;
    let values: Vec<Value> = values.iter().map(|value| cx.out.unsqueeze(value, &[axis])).collect();
    let value = cx.out.concat(&values, axis);
    cx.mapped(call, value)
}
