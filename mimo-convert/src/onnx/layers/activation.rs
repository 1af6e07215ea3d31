//! Activations, in operators that all engines have.

use mimo_graph::activation::Activation;

use super::bounded;
use crate::error::Error;
use crate::onnx::builder::{Builder, Value, int};
use crate::onnx::context::{Call, Context, Id};
use crate::onnx::model::Attribute;

/// Applies an activation to a tensor. Those that are not of single values run over the last axis.
pub(super) fn activate(cx: &mut Context<'_>, x: Id, activation: Activation) -> Result<Id, Error> {
    if activation == Activation::Linear {
        return Ok(x);
    }
    if activation.elementwise() {
        return cx.map(x, |out, x| single(out, x, activation));
    }
    let mut shape = cx.shape(x)?;
    let (value, batched) = (cx.last(x)?, cx.is_batched(x)?);
    let (axis, last) = (shape.len(), shape.last().copied().unwrap_or(1));
    let value = along(&mut cx.out, &value, activation, [axis, axis], last)?;
    if let (Activation::Glu, Some(len)) = (activation, shape.last_mut()) {
        *len = last / 2;
    }
    Ok(cx.give(value, &shape, mimo_graph::shape::Dtype::Float, batched))
}

/// A softmax and its like over an axis of length `len`. With it comes the last axis.
pub(super) fn along(
    out: &mut Builder,
    x: &Value,
    activation: Activation,
    [axis, last]: [usize; 2],
    len: usize,
) -> Result<Value, Error> {
    Ok(match activation {
        Activation::LogSoftmax => out.softmax("LogSoftmax", x, axis),
        Activation::Sparsemax => sparsemax(out, x, [axis, last], len)?,
        Activation::Glu => {
            let half = len / 2;
            let [linear, gate] = [(0, half), (half, len)].map(|(start, end)| out.slice(x, axis, start, end));
            let gate = out.node("Sigmoid", &[&gate]);
            out.mul(&linear, &gate)
        }
        Activation::Softmax => out.softmax("Softmax", x, axis),
        single_valued => single(out, x, single_valued),
    })
}

/// The threshold is where the sum of what is above it is 1: `(Σ z − 1) / k` over the `k` largest values with `1 + k z > Σ z`.
fn sparsemax(out: &mut Builder, x: &Value, [axis, last]: [usize; 2], len: usize) -> Result<Value, Error> {
    let all = out.ints(&[int(len)]);
    let settings = vec![("axis", Attribute::Int(int(axis)))];
    let [sorted, _] = out.nodes("TopK", &[Some(x), Some(&all)], settings);
    let at = out.int(int(axis));
    let sums = out.node("CumSum", &[&sorted, &at]);
    let shape = [vec![len], vec![1; last.saturating_sub(axis)]].concat();
    let counts: Vec<f64> = (1..=bounded(len, "values of a `sparsemax`")?).map(|count| count as f64).collect();
    let counts = out.floats(&shape, &counts);
    let bound = out.mul(&sorted, &counts);
    let bound = out.add_number(&bound, 1.0);
    let counted = out.node("Greater", &[&bound, &sums]);
    let counted = out.cast(&counted, crate::onnx::model::Element::F32);
    let number = out.reduce("ReduceSum", &counted, &[axis], true);
    let sum = out.mul(&sorted, &counted);
    let sum = out.reduce("ReduceSum", &sum, &[axis], true);
    let rest = out.add_number(&sum, -1.0);
    let threshold = out.div(&rest, &number);
    let above = out.sub(x, &threshold);
    Ok(out.node("Relu", &[&above]))
}

/// An activation of single values.
pub(super) fn single(out: &mut Builder, x: &Value, activation: Activation) -> Value {
    match activation {
        Activation::Linear => x.clone(),
        Activation::Relu => out.node("Relu", &[x]),
        Activation::Relu6 => out.clip(x, 0.0, 6.0),
        Activation::Rectifier { negative_slope, max_value, threshold } => {
            rectifier(out, x, negative_slope, max_value, threshold)
        }
        Activation::LeakyRelu { negative_slope } => leaky(out, x, negative_slope),
        Activation::Elu { alpha } => elu(out, x, alpha),
        Activation::Selu => {
            let x = elu(out, x, SELU_ALPHA);
            out.mul_number(&x, SELU_SCALE)
        }
        Activation::Celu { alpha } => {
            let scaled = out.mul_number(x, 1.0 / alpha);
            let bent = elu(out, &scaled, 1.0);
            match alpha > 0.0 {
                true => out.mul_number(&bent, alpha),
                false => {
                    let low = out.node("Exp", &[&scaled]);
                    let low = out.add_number(&low, -1.0);
                    let low = out.mul_number(&low, alpha);
                    where_above(out, x, 0.0, x, &low)
                }
            }
        }
        Activation::Sigmoid => out.node("Sigmoid", &[x]),
        Activation::LogSigmoid => {
            let x = out.node("Neg", &[x]);
            let x = softplus(out, &x);
            out.node("Neg", &[&x])
        }
        Activation::Softplus => softplus(out, x),
        Activation::Softsign => {
            let size = out.node("Abs", &[x]);
            let size = out.add_number(&size, 1.0);
            out.div(x, &size)
        }
        Activation::Tanh => out.node("Tanh", &[x]),
        Activation::TanhShrink => {
            let tanh = out.node("Tanh", &[x]);
            out.sub(x, &tanh)
        }
        Activation::Exponential => out.node("Exp", &[x]),
        Activation::HardSigmoid => hard_sigmoid(out, x),
        Activation::HardSilu => {
            let gate = hard_sigmoid(out, x);
            out.mul(x, &gate)
        }
        Activation::HardTanh => out.clip(x, -1.0, 1.0),
        Activation::Silu => {
            let gate = out.node("Sigmoid", &[x]);
            out.mul(x, &gate)
        }
        Activation::Gelu { approximate } => gelu(out, x, approximate),
        Activation::Mish => {
            let gate = softplus(out, x);
            let gate = out.node("Tanh", &[&gate]);
            out.mul(x, &gate)
        }
        Activation::Threshold { threshold, default_value } => {
            let other = out.number(default_value);
            where_above(out, x, threshold, x, &other)
        }
        Activation::HardShrink { threshold } => {
            let size = out.node("Abs", &[x]);
            let zero = out.number(0.0);
            where_above(out, &size, threshold, x, &zero)
        }
        Activation::SoftShrink { threshold } => {
            let size = out.node("Abs", &[x]);
            let shorter = out.add_number(&size, -threshold);
            let sign = out.node("Sign", &[x]);
            let moved = out.mul(&shorter, &sign);
            let zero = out.number(0.0);
            where_above(out, &size, threshold, &moved, &zero)
        }
        Activation::Squareplus { b } => {
            let square = out.mul(x, x);
            let square = out.add_number(&square, b);
            let root = out.node("Sqrt", &[&square]);
            let sum = out.add(x, &root);
            out.mul_number(&sum, 0.5)
        }
        Activation::SparsePlus => {
            let sum = out.add_number(x, 1.0);
            let sum = out.node("Relu", &[&sum]);
            let square = out.mul(&sum, &sum);
            let low = out.mul_number(&square, 0.25);
            where_above(out, x, 1.0, x, &low)
        }
        Activation::SparseSigmoid => {
            let x = out.mul_number(x, 0.5);
            let x = out.add_number(&x, 0.5);
            out.clip(&x, 0.0, 1.0)
        }
        // These run over an axis; `activate` does not get here with them.
        Activation::Softmax | Activation::LogSoftmax | Activation::Sparsemax | Activation::Glu => x.clone(),
    }
}

const SELU_SCALE: f64 = 1.050_700_987_355_480_5;
const SELU_ALPHA: f64 = 1.673_263_242_354_377_2;

fn leaky(out: &mut Builder, x: &Value, slope: f64) -> Value {
    out.node_with("LeakyRelu", &[x], vec![("alpha", Attribute::Float(slope as f32))])
}

fn elu(out: &mut Builder, x: &Value, alpha: f64) -> Value {
    out.node_with("Elu", &[x], vec![("alpha", Attribute::Float(alpha as f32))])
}

fn softplus(out: &mut Builder, x: &Value) -> Value {
    out.node("Softplus", &[x])
}

fn hard_sigmoid(out: &mut Builder, x: &Value) -> Value {
    let x = out.mul_number(x, 1.0 / 6.0);
    let x = out.add_number(&x, 0.5);
    out.clip(&x, 0.0, 1.0)
}

fn gelu(out: &mut Builder, x: &Value, approximate: bool) -> Value {
    let inner = match approximate {
        true => {
            let square = out.mul(x, x);
            let cube = out.mul(&square, x);
            let cube = out.mul_number(&cube, 0.044715);
            let sum = out.add(x, &cube);
            let inner = out.mul_number(&sum, (2.0 / std::f64::consts::PI).sqrt());
            out.node("Tanh", &[&inner])
        }
        false => {
            let inner = out.mul_number(x, std::f64::consts::FRAC_1_SQRT_2);
            out.node("Erf", &[&inner])
        }
    };
    let part = out.add_number(&inner, 1.0);
    let half = out.mul_number(x, 0.5);
    out.mul(&half, &part)
}

fn rectifier(out: &mut Builder, x: &Value, slope: f64, most: Option<f64>, threshold: f64) -> Value {
    match (threshold == 0.0, slope > 0.0, most) {
        (true, true, None) => leaky(out, x, slope),
        (true, false, None) => out.node("Relu", &[x]),
        (true, false, Some(most)) if most >= 0.0 => out.clip(x, 0.0, most),
        _ => {
            let high = match most {
                Some(most) => {
                    let most = out.number(most);
                    out.min(x, &most)
                }
                None => x.clone(),
            };
            let low = match slope > 0.0 {
                true => {
                    let low = out.add_number(x, -threshold);
                    out.mul_number(&low, slope)
                }
                false => out.number(0.0),
            };
            where_above(out, x, threshold, &high, &low)
        }
    }
}

/// `a` where `x` is above a number, else `b`.
fn where_above(out: &mut Builder, x: &Value, number: f64, a: &Value, b: &Value) -> Value {
    let number = out.number(number);
    let above = out.node("Greater", &[x, &number]);
    out.choose(&above, a, b)
}

/// The slope of negative values is a weight.
pub(super) fn prelu(cx: &mut Context<'_>, call: &Call<'_>) -> Result<Vec<Id>, Error> {
    let (x, alpha) = (cx.last(call.x()?)?, cx.weight(call, "alpha")?);
    let positive = cx.out.node("Relu", &[&x]);
    let negative = cx.out.node("Neg", &[&x]);
    let negative = cx.out.node("Relu", &[&negative]);
    let negative = cx.out.mul(&negative, &alpha);
    let value = cx.out.sub(&positive, &negative);
    cx.mapped(call, value)
}

/// `Softmax` with a mask: values that do not count are left out, and have probabilities of 0.
pub(super) fn masked_softmax(cx: &mut Context<'_>, call: &Call<'_>, mask: Id) -> Result<Vec<Id>, Error> {
    let (x, mask) = (cx.last(call.x()?)?, cx.floats(mask)?);
    let axis = call.shape()?.len();
    let half = cx.out.number(0.5);
    let counts = cx.out.node("Greater", &[&mask, &half]);
    let [other, zero] = [-1e9, 0.0].map(|number| cx.out.number(number));
    let scores = cx.out.choose(&counts, &x, &other);
    let shares = cx.out.softmax("Softmax", &scores, axis);
    let value = cx.out.choose(&counts, &shares, &zero);
    cx.mapped(call, value)
}
