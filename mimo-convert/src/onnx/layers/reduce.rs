//! One number for the values along some axes, and what runs along axes.

use mimo_graph::layers::cumulative_sum::CumulativeSum;
use mimo_graph::layers::reduce::Reduce;
use mimo_graph::layers::softmax::Softmax;
use mimo_graph::operation::Reduction;

use super::{activation, elementwise, sample_axes, with_batch};
use crate::error::Error;
use crate::onnx::builder::{Builder, REST, Value, int};
use crate::onnx::context::{Call, Context, Id};
use crate::onnx::model::{Attribute, Element};

pub(super) fn cumulative_sum(
    cx: &mut Context<'_>,
    layer: &CumulativeSum,
    call: &Call<'_>,
) -> Result<Vec<Id>, Error> {
    let x = call.x()?;
    let axes = with_batch(&sample_axes(&layer.axis.0, cx.shape(x)?.len())?);
    let mut value = cx.floats(x)?;
    for axis in axes {
        let axis = cx.out.int(int(axis));
        value = cx.out.node("CumSum", &[&value, &axis]);
    }
    cx.mapped(call, value)
}

pub(super) fn reduce(cx: &mut Context<'_>, layer: &Reduce, call: &Call<'_>) -> Result<Vec<Id>, Error> {
    let x = call.x()?;
    let axes = with_batch(&sample_axes(&layer.axis.0, cx.shape(x)?.len())?);
    let keepdims = layer.keepdims;
    let value = cx.floats(x)?;
    let out = &mut cx.out;
    let plain = |out: &mut Builder, op: &str| out.reduce(op, &value, &axes, keepdims);
    let value = match layer.reduction {
        Reduction::Sum => plain(out, "ReduceSum"),
        Reduction::Mean => plain(out, "ReduceMean"),
        Reduction::Max => plain(out, "ReduceMax"),
        Reduction::Min => plain(out, "ReduceMin"),
        Reduction::Prod => plain(out, "ReduceProd"),
        Reduction::Var => variance(out, &value, &axes, keepdims),
        Reduction::Std => {
            let variance = variance(out, &value, &axes, keepdims);
            out.node("Sqrt", &[&variance])
        }
        Reduction::Norm => {
            let squares = out.mul(&value, &value);
            let sum = out.reduce("ReduceSum", &squares, &axes, keepdims);
            out.node("Sqrt", &[&sum])
        }
        Reduction::LogSumExp => {
            let most = out.reduce("ReduceMax", &value, &axes, true);
            let less = out.sub(&value, &most);
            let powers = out.node("Exp", &[&less]);
            let sum = out.reduce("ReduceSum", &powers, &axes, true);
            let log = out.node("Log", &[&sum]);
            let sum = out.add(&log, &most);
            if keepdims { sum } else { out.squeeze(&sum, &axes) }
        }
        Reduction::Any | Reduction::All => {
            let holds = elementwise::truth(out, &value);
            let holds = out.cast(&holds, Element::F32);
            let op = if layer.reduction == Reduction::Any { "ReduceMax" } else { "ReduceMin" };
            out.reduce(op, &holds, &axes, keepdims)
        }
        Reduction::ArgMax | Reduction::ArgMin => {
            let op = if layer.reduction == Reduction::ArgMax { "ArgMax" } else { "ArgMin" };
            let [axis] = axes[..] else { return Err(Error::new("a place is one along one axis")) };
            let keepdims = Attribute::Int(i64::from(keepdims));
            out.node_with(op, &[&value], vec![("axis", Attribute::Int(int(axis))), ("keepdims", keepdims)])
        }
    };
    cx.mapped(call, value)
}

fn variance(out: &mut Builder, x: &Value, axes: &[usize], keepdims: bool) -> Value {
    let mean = out.reduce("ReduceMean", x, axes, true);
    let centered = out.sub(x, &mean);
    let squares = out.mul(&centered, &centered);
    out.reduce("ReduceMean", &squares, axes, keepdims)
}

/// Some axes as one, the last.
struct Joined {
    value: Value,
    axis: usize,
    len: usize,
    /// The shape with the axes last and apart, and the order in which they were.
    apart: Vec<i64>,
    back: Vec<usize>,
}

fn join(out: &mut Builder, x: &Value, shape: &[usize], axes: &[usize]) -> Joined {
    let kept: Vec<usize> = (0..shape.len()).filter(|axis| !axes.contains(axis)).collect();
    let order: Vec<usize> = [0].into_iter().chain(with_batch(&kept)).chain(with_batch(axes)).collect();
    let of = |axes: &[usize]| axes.iter().filter_map(|&axis| shape.get(axis).copied()).collect::<Vec<_>>();
    let len = of(axes).iter().product();
    let moved = out.transpose(x, &order);
    let lengths = |all: Vec<usize>| [REST].into_iter().chain(all.into_iter().map(int)).collect::<Vec<_>>();
    let value = out.reshape(&moved, &lengths([of(&kept), vec![len]].concat()));
    let back = (0..order.len()).map(|axis| order.iter().position(|&from| from == axis).unwrap_or(axis));
    Joined {
        value,
        axis: kept.len() + 1,
        len,
        apart: lengths([of(&kept), of(axes)].concat()),
        back: back.collect(),
    }
}

pub(super) fn softmax(cx: &mut Context<'_>, layer: &Softmax, call: &Call<'_>) -> Result<Vec<Id>, Error> {
    let x = call.x()?;
    let shape = cx.shape(x)?;
    let axes = sample_axes(&layer.axis.0, shape.len())?;
    let value = cx.floats(x)?;
    let value = match axes[..] {
        [axis] => {
            let len = shape.get(axis).copied().unwrap_or(1);
            activation::along(&mut cx.out, &value, layer.function, [axis + 1, shape.len()], len)?
        }
        _ => {
            let joined = join(&mut cx.out, &value, &shape, &axes);
            let value =
                activation::along(&mut cx.out, &joined.value, layer.function, [joined.axis; 2], joined.len)?;
            let value = cx.out.reshape(&value, &joined.apart);
            cx.out.transpose(&value, &joined.back)
        }
    };
    cx.mapped(call, value)
}
