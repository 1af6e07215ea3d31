//! Functions of single values, and merges of tensors. Shapes broadcast from the last axis of a sample.

use mimo_graph::layers::elementwise::{Elementwise, Single};
use mimo_graph::layers::masking::Masking;
use mimo_graph::operation::{Function, MergeOp, Number};
use mimo_graph::shape::Dtype;

use crate::error::Error;
use crate::onnx::builder::{Builder, REST, Value, int};
use crate::onnx::context::{Call, Context, Id};
use crate::onnx::model::{Attribute, Element};

/// A tensor as floats with `rank` axes for each sample: those of length 1 are put before its own.
fn aligned(cx: &mut Context<'_>, id: Id, rank: usize) -> Result<Value, Error> {
    let (value, shape) = (cx.floats(id)?, cx.shape(id)?);
    if shape.len() >= rank {
        return Ok(value);
    }
    let ones = std::iter::repeat_n(1, rank - shape.len());
    let lengths: Vec<i64> = [REST].into_iter().chain(ones).chain(shape.iter().map(|&len| int(len))).collect();
    Ok(cx.out.reshape(&value, &lengths))
}

/// Computes with the values of tensors, with channels first if all of them are so and have one shape.
fn together(
    cx: &mut Context<'_>,
    call: &Call<'_>,
    compute: impl FnOnce(&mut Builder, Vec<Value>) -> Result<Value, Error>,
) -> Result<Vec<Id>, Error> {
    let shape = call.shape()?.to_vec();
    let mut first = !call.inputs.is_empty();
    for &id in &call.inputs {
        first &= cx.is_first(id) && cx.shape(id)? == shape;
    }
    if first && call.dtype() == Dtype::Float {
        let values = call.inputs.iter().map(|&id| cx.first(id)).collect::<Result<_, _>>()?;
        let value = compute(&mut cx.out, values)?;
        return Ok(vec![cx.give_first(value, &shape)]);
    }
    let values = call.inputs.iter().map(|&id| aligned(cx, id, shape.len())).collect::<Result<_, _>>()?;
    let mut value = compute(&mut cx.out, values)?;
    if call.dtype() == Dtype::Int {
        value = cx.out.cast(&value, Element::I64);
    }
    cx.mapped(call, value)
}

/// `Add`, `Multiply` and their like.
pub(super) fn merge(cx: &mut Context<'_>, op: MergeOp, call: &Call<'_>) -> Result<Vec<Id>, Error> {
    together(cx, call, |out, values| {
        let count = values.len();
        let name = match op {
            MergeOp::Add | MergeOp::Average => "Add",
            MergeOp::Subtract => "Sub",
            MergeOp::Multiply => "Mul",
            MergeOp::Maximum => "Max",
            MergeOp::Minimum => "Min",
        };
        let merged = values.into_iter().reduce(|a, b| out.node(name, &[&a, &b]));
        let merged = merged.ok_or_else(|| Error::new("the call has no tensors"))?;
        Ok(match op {
            MergeOp::Average => out.mul_number(&merged, 1.0 / count as f64),
            _ => merged,
        })
    })
}

/// A function of `keras.ops`.
pub(super) fn elementwise(
    cx: &mut Context<'_>,
    layer: &Elementwise,
    call: &Call<'_>,
) -> Result<Vec<Id>, Error> {
    together(cx, call, |out, values| {
        let mut values = values.into_iter();
        let mut operands = vec![];
        for operand in &layer.operands {
            operands.push(match operand {
                Single::Tensor => values.next().ok_or_else(|| Error::new("the call has too few tensors"))?,
                Single::Number(Number::Known(number)) => out.number(*number),
                Single::Number(Number::Constant(_)) => return Err(Error::new("a number is not known")),
                Single::Training => out.number(0.0),
            });
        }
        function(out, layer.function, &operands)
    })
}

fn function(out: &mut Builder, function: Function, operands: &[Value]) -> Result<Value, Error> {
    let get = |at: usize| operands.get(at).ok_or_else(|| Error::new("the call has too few operands"));
    let a = get(0)?;
    let op = |out: &mut Builder, name: &str| out.node(name, &[a]);
    let ops = |out: &mut Builder, name: &str| Ok::<_, Error>(out.node(name, &[a, get(1)?]));
    Ok(match function {
        Function::Add => ops(out, "Add")?,
        Function::Subtract => ops(out, "Sub")?,
        Function::Multiply => ops(out, "Mul")?,
        Function::Divide => ops(out, "Div")?,
        Function::Power => ops(out, "Pow")?,
        Function::Maximum => ops(out, "Max")?,
        Function::Minimum => ops(out, "Min")?,
        Function::Mod => modulo(out, a, get(1)?),
        Function::FloorDivide => {
            let ratio = ops(out, "Div")?;
            out.node("Floor", &[&ratio])
        }
        Function::Arctan2 => angle(out, a, get(1)?),
        Function::Greater => condition(out, "Greater", &[a, get(1)?]),
        Function::GreaterEqual => condition(out, "GreaterOrEqual", &[a, get(1)?]),
        Function::Less => condition(out, "Less", &[a, get(1)?]),
        Function::LessEqual => condition(out, "LessOrEqual", &[a, get(1)?]),
        Function::Equal => condition(out, "Equal", &[a, get(1)?]),
        Function::NotEqual => {
            let equal = ops(out, "Equal")?;
            condition(out, "Not", &[&equal])
        }
        Function::LogicalAnd | Function::LogicalOr => {
            let [a, b] = [a, get(1)?].map(|x| truth(out, x));
            condition(out, if function == Function::LogicalAnd { "And" } else { "Or" }, &[&a, &b])
        }
        Function::LogicalNot => {
            let zero = out.number(0.0);
            condition(out, "Equal", &[a, &zero])
        }
        Function::Where => {
            let a = truth(out, a);
            out.choose(&a, get(1)?, get(2)?)
        }
        Function::Clip => {
            let (low, high) = (get(1)?, get(2)?);
            let below = out.node("Less", &[a, low]);
            let least = out.min(a, high);
            out.choose(&below, low, &least)
        }
        Function::Negative => op(out, "Neg"),
        Function::Abs => op(out, "Abs"),
        Function::Sign => op(out, "Sign"),
        Function::Square => out.mul(a, a),
        Function::Sqrt => op(out, "Sqrt"),
        Function::Rsqrt => {
            let root = op(out, "Sqrt");
            out.node("Reciprocal", &[&root])
        }
        Function::Reciprocal => op(out, "Reciprocal"),
        Function::Exp => op(out, "Exp"),
        Function::Expm1 => {
            let power = op(out, "Exp");
            out.add_number(&power, -1.0)
        }
        Function::Log => op(out, "Log"),
        Function::Log1p => {
            let sum = out.add_number(a, 1.0);
            out.node("Log", &[&sum])
        }
        Function::Log2 | Function::Log10 => {
            let log = op(out, "Log");
            let factor = match function {
                Function::Log2 => std::f64::consts::LOG2_E,
                _ => std::f64::consts::LOG10_E,
            };
            out.mul_number(&log, factor)
        }
        Function::Sin => op(out, "Sin"),
        Function::Cos => op(out, "Cos"),
        Function::Tan => op(out, "Tan"),
        Function::Arcsin => op(out, "Asin"),
        Function::Arccos => op(out, "Acos"),
        Function::Arctan => op(out, "Atan"),
        Function::Sinh => op(out, "Sinh"),
        Function::Cosh => op(out, "Cosh"),
        Function::Tanh => op(out, "Tanh"),
        Function::Arcsinh => op(out, "Asinh"),
        Function::Arccosh => op(out, "Acosh"),
        Function::Arctanh => op(out, "Atanh"),
        Function::Erf => op(out, "Erf"),
        Function::Sigmoid => op(out, "Sigmoid"),
        Function::Relu => op(out, "Relu"),
        Function::Floor => op(out, "Floor"),
        Function::Ceil => op(out, "Ceil"),
        Function::Trunc => {
            let [floor, ceil] = ["Floor", "Ceil"].map(|name| op(out, name));
            let zero = out.number(0.0);
            let negative = out.node("Less", &[a, &zero]);
            out.choose(&negative, &ceil, &floor)
        }
        Function::Round => op(out, "Round"),
        // It changes gradients only.
        Function::ScaleGradient => a.clone(),
    })
}

/// A comparison as 1 and 0.
fn condition(out: &mut Builder, op: &str, operands: &[&Value]) -> Value {
    let holds = out.node(op, operands);
    out.cast(&holds, Element::F32)
}

/// Whether a number is not 0. A `Cast` would do, but engines without a type for conditions cut the fraction off.
pub(super) fn truth(out: &mut Builder, x: &Value) -> Value {
    let zero = out.number(0.0);
    let is_zero = out.node("Equal", &[x, &zero]);
    out.node("Not", &[&is_zero])
}

/// Python's `a % b`: the remainder has the sign of `b`.
fn modulo(out: &mut Builder, a: &Value, b: &Value) -> Value {
    let rest = out.node_with("Mod", &[a, b], vec![("fmod", Attribute::Int(1))]);
    let zero = out.number(0.0);
    let [low, below] = [&rest, b].map(|x| out.node("Less", &[x, &zero]));
    let differ = out.node("Xor", &[&low, &below]);
    let some = truth(out, &rest);
    let differ = out.node("And", &[&differ, &some]);
    let moved = out.add(&rest, b);
    out.choose(&differ, &moved, &rest)
}

/// The angle of the point `(b, a)`.
fn angle(out: &mut Builder, a: &Value, b: &Value) -> Value {
    let zero = out.number(0.0);
    let slope = out.div(a, b);
    let right = out.node("Atan", &[&slope]);
    let [up, down] = [1.0, -1.0].map(|sign| out.add_number(&right, sign * std::f64::consts::PI));
    let [left, below] = [b, a].map(|x| out.node("Less", &[x, &zero]));
    let turned = out.choose(&below, &down, &up);
    let angle = out.choose(&left, &turned, &right);
    // 0 / 0 is no slope.
    let [a_is, b_is] = [a, b].map(|x| out.node("Equal", &[x, &zero]));
    let origin = out.node("And", &[&a_is, &b_is]);
    out.choose(&origin, &zero, &angle)
}

/// Steps of which every value is the mask value become zeros.
pub(super) fn masking(cx: &mut Context<'_>, layer: &Masking, call: &Call<'_>) -> Result<Vec<Id>, Error> {
    let x = cx.last(call.x()?)?;
    let axis = call.shape()?.len();
    let value = cx.out.number(layer.mask_value);
    let equal = cx.out.node("Equal", &[&x, &value]);
    let equal = cx.out.cast(&equal, Element::F32);
    let all = cx.out.reduce("ReduceMin", &equal, &[axis], true);
    let counts = truth(&mut cx.out, &all);
    let zero = cx.out.number(0.0);
    let value = cx.out.choose(&counts, &zero, &x);
    cx.mapped(call, value)
}
