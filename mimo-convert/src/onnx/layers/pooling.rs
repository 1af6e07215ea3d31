//! Pooling: windows of images and sequences, whole ones, and a fixed number of windows.

use mimo_graph::layers::adaptive_pooling::AdaptivePooling;
use mimo_graph::layers::global_pooling::GlobalPooling;
use mimo_graph::layers::pooling::Pooling;
use mimo_graph::operation::{Padding, PoolKind};

use super::{bounded_nodes, elementwise, known};
use crate::error::Error;
use crate::onnx::builder::{Value, int};
use crate::onnx::context::{Call, Context, Id};
use crate::onnx::model::{Attribute, Element};

/// The last of height and width: a sequence has no height.
fn of_axes<T: Clone>(both: &[T; 2], axes: usize) -> Vec<T> {
    both.iter().skip(2_usize.saturating_sub(axes)).cloned().collect()
}

pub(super) fn pooling(cx: &mut Context<'_>, layer: &Pooling, call: &Call<'_>) -> Result<Vec<Id>, Error> {
    let input = cx.shape(call.x()?)?;
    let x = cx.first(call.x()?)?;
    let lengths = |both| of_axes(both, layer.axes).iter().map(known).collect::<Result<Vec<_>, _>>();
    let (sizes, strides) = (lengths(&layer.pool_size)?, lengths(&layer.strides)?);
    let output = call.shape()?.to_vec();
    let pads: Vec<[usize; 2]> = match layer.padding {
        Padding::Valid => vec![[0, 0]; layer.axes],
        Padding::Same => {
            let each = input.iter().zip(&output).zip(sizes.iter().zip(&strides));
            let pads = each.map(|((&from, &to), (&size, &stride))| {
                let all =
                    to.saturating_sub(1).saturating_mul(stride).saturating_add(size).saturating_sub(from);
                [all / 2, all - all / 2]
            });
            pads.collect()
        }
    };
    let value = slide(cx, &x, layer.kind, &sizes, &strides, &pads);
    Ok(vec![cx.give_first(value, &output)])
}

fn slide(
    cx: &mut Context<'_>,
    x: &Value,
    kind: PoolKind,
    sizes: &[usize],
    strides: &[usize],
    pads: &[[usize; 2]],
) -> Value {
    let ints = |all: &[usize]| Attribute::Ints(all.iter().map(|&number| int(number)).collect());
    let pads: Vec<usize> = pads.iter().map(|it| it[0]).chain(pads.iter().map(|it| it[1])).collect();
    let mut settings = vec![("kernel_shape", ints(sizes)), ("strides", ints(strides)), ("pads", ints(&pads))];
    let op = match kind {
        PoolKind::Average => {
            // As in Keras, a mean is one of the values within the image.
            settings.push(("count_include_pad", Attribute::Int(0)));
            "AveragePool"
        }
        PoolKind::Max | PoolKind::SharedMax => "MaxPool",
    };
    cx.out.node_with(op, &[x], settings)
}

/// One window, as large as the image. With a mask, the mean of the steps that count.
pub(super) fn global(cx: &mut Context<'_>, layer: &GlobalPooling, call: &Call<'_>) -> Result<Vec<Id>, Error> {
    let x = call.x()?;
    let op = match layer.kind {
        PoolKind::Average => "ReduceMean",
        PoolKind::Max | PoolKind::SharedMax => "ReduceMax",
    };
    if let Some(mask) = call.named("mask").filter(|_| layer.kind == PoolKind::Average) {
        return masked_mean(cx, layer, call, mask);
    }
    if cx.is_first(x) {
        let axes: Vec<usize> = (2..2 + layer.axes).collect();
        let value = cx.first(x)?;
        let value = cx.out.reduce(op, &value, &axes, layer.keepdims);
        return match layer.keepdims {
            true => Ok(vec![cx.give_first(value, call.shape()?)]),
            false => cx.result(call, value),
        };
    }
    let axes: Vec<usize> = (1..1 + layer.axes).collect();
    let value = cx.last(x)?;
    let value = cx.out.reduce(op, &value, &axes, layer.keepdims);
    cx.mapped(call, value)
}

fn masked_mean(
    cx: &mut Context<'_>,
    layer: &GlobalPooling,
    call: &Call<'_>,
    mask: Id,
) -> Result<Vec<Id>, Error> {
    let (x, mask) = (cx.last(call.x()?)?, cx.floats(mask)?);
    let out = &mut cx.out;
    let mask = out.unsqueeze(&mask, &[2]);
    let counts = elementwise::truth(out, &mask);
    let zero = out.number(0.0);
    let counted = out.choose(&counts, &x, &zero);
    let sum = out.reduce("ReduceSum", &counted, &[1], layer.keepdims);
    let ones = out.cast(&counts, Element::F32);
    let number = out.reduce("ReduceSum", &ones, &[1], layer.keepdims);
    // Where nothing counts, the sum is 0.
    let number = out.max_number(&number, 1.0);
    let value = out.div(&sum, &number);
    cx.mapped(call, value)
}

/// A fixed number of windows, which overlap where the length is not a multiple of it. Rows and columns are pooled one after the other.
pub(super) fn adaptive(
    cx: &mut Context<'_>,
    layer: &AdaptivePooling,
    call: &Call<'_>,
) -> Result<Vec<Id>, Error> {
    let input = cx.shape(call.x()?)?;
    let output = call.shape()?.to_vec();
    let counts = of_axes(&layer.output_size, layer.axes).iter().map(known).collect::<Result<Vec<_>, _>>()?;
    let windows: Vec<(usize, usize)> = input.iter().copied().zip(counts).collect();
    if windows.iter().all(|&(len, count)| len.is_multiple_of(count)) {
        let x = cx.first(call.x()?)?;
        let sizes: Vec<usize> = windows.iter().map(|(len, count)| len / (*count).max(1)).collect();
        let value = slide(cx, &x, layer.kind, &sizes, &sizes, &vec![[0, 0]; sizes.len()]);
        return Ok(vec![cx.give_first(value, &output)]);
    }
    let op = if layer.kind == PoolKind::Average { "ReduceMean" } else { "ReduceMax" };
    let mut value = cx.last(call.x()?)?;
    for (axis, &(len, count)) in windows.iter().enumerate() {
        let mut parts = vec![];
        for at in 0..bounded_nodes(count, "windows")? {
            let part = cx.out.slice(&value, axis + 1, at * len / count, ((at + 1) * len).div_ceil(count));
            parts.push(cx.out.reduce(op, &part, &[axis + 1], true));
        }
        value = cx.out.concat(&parts, axis + 1);
    }
    cx.mapped(call, value)
}
