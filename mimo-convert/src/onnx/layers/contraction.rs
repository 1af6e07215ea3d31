//! Products of tensors that sum over axes: `Dot`, `matmul`, `einsum`, `EinsumDense` and what attention is made of.
//!
//! Everything is a `MatMul` of `[shared…, rows, summed]` and `[shared…, summed, columns]`, which all engines have.

use mimo_graph::layers::dot::Dot;
use mimo_graph::layers::einsum::Einsum;
use mimo_graph::layers::einsum_dense::EinsumDense;

use super::activation::activate;
use super::normalization::unit_length;
use super::sample_axis;
use crate::error::Error;
use crate::onnx::builder::{Builder, REST, Value, int};
use crate::onnx::context::{Call, Context, Id};
use crate::onnx::model::Attribute;

/// The batch among the names of axes.
pub(super) const BATCH: usize = 0;

/// A value with a name for each of its axes: equal names mean equal positions.
#[derive(Clone, Debug)]
pub(super) struct Operand {
    pub(super) value: Value,
    pub(super) axes: Vec<usize>,
}

/// Lengths of axes by their names, without that of the batch.
pub(super) type Lengths = std::collections::BTreeMap<usize, usize>;

/// The product of axes as a length of `Reshape`.
fn product(lengths: &Lengths, axes: &[usize]) -> i64 {
    match axes.contains(&BATCH) {
        true => REST,
        false => int(axes.iter().map(|axis| lengths.get(axis).copied().unwrap_or(1)).product()),
    }
}

fn each(lengths: &Lengths, axes: &[usize]) -> Vec<i64> {
    axes.iter().map(|axis| product(lengths, &[*axis])).collect()
}

/// Brings axes in an order.
fn ordered(out: &mut Builder, operand: &Operand, order: &[usize]) -> Value {
    let places: Vec<usize> =
        order.iter().filter_map(|axis| operand.axes.iter().position(|it| it == axis)).collect();
    out.transpose(&operand.value, &places)
}

/// Sums over the axes that neither another operand nor the result has.
fn summed_out(out: &mut Builder, operand: Operand, needed: impl Fn(usize) -> bool) -> Operand {
    let axes: Vec<usize> = (0..operand.axes.len())
        .filter(|&at| operand.axes.get(at).is_some_and(|&axis| !needed(axis)))
        .collect();
    if axes.is_empty() {
        return operand;
    }
    let value = out.reduce("ReduceSum", &operand.value, &axes, false);
    Operand { value, axes: operand.axes.into_iter().filter(|&axis| needed(axis)).collect() }
}

/// The product of two values, summed over the axes that the result does not have.
pub(super) fn contract(
    out: &mut Builder,
    [a, b]: [Operand; 2],
    result: &[usize],
    lengths: &Lengths,
) -> Value {
    let (of_a, of_b) = (a.axes.clone(), b.axes.clone());
    let a = summed_out(out, a, |axis| of_b.contains(&axis) || result.contains(&axis));
    let b = summed_out(out, b, |axis| of_a.contains(&axis) || result.contains(&axis));
    let both = |axis: &usize| a.axes.contains(axis) && b.axes.contains(axis);
    let shared: Vec<usize> = result.iter().copied().filter(both).collect();
    let summed: Vec<usize> =
        a.axes.iter().copied().filter(|axis| both(axis) && !result.contains(axis)).collect();
    let [rows, columns] =
        [&a, &b].map(|it| it.axes.iter().copied().filter(|axis| !both(axis)).collect::<Vec<_>>());

    let mut left = ordered(out, &a, &[&shared[..], &rows, &summed].concat());
    let mut right = ordered(out, &b, &[&shared[..], &summed, &columns].concat());
    // A matrix on the right has any number of axes of rows on the left.
    let any_rows = shared.is_empty() && !rows.is_empty();
    if !(rows.len() == 1 || any_rows) || summed.len() != 1 {
        let rows = if any_rows { each(lengths, &rows) } else { vec![product(lengths, &rows)] };
        left = out.reshape(&left, &[each(lengths, &shared), rows, vec![product(lengths, &summed)]].concat());
    }
    if summed.len() != 1 || columns.len() != 1 {
        let matrix = vec![product(lengths, &summed), product(lengths, &columns)];
        right = out.reshape(&right, &[each(lengths, &shared), matrix].concat());
    }
    let mut value = out.node("MatMul", &[&left, &right]);
    let axes = [&shared[..], &rows, &columns].concat();
    if !(rows.len() == 1 || any_rows) || columns.len() != 1 {
        value = out.reshape(&value, &each(lengths, &axes));
    }
    ordered(out, &Operand { value, axes }, result)
}

pub(super) fn dot(cx: &mut Context<'_>, layer: &Dot, call: &Call<'_>) -> Result<Vec<Id>, Error> {
    const SUMMED: usize = usize::MAX;
    /// Keras's epsilon.
    const SHORTEST: f64 = 1e-7;
    let (mut operands, mut lengths, mut result) = (vec![], Lengths::new(), vec![BATCH]);
    for (at, axis) in layer.axes.into_iter().enumerate() {
        let id = call.input(at)?;
        let (mut value, shape) = (cx.last(id)?, cx.shape(id)?);
        let summed = sample_axis(axis, shape.len())?;
        if layer.normalize {
            value = unit_length(&mut cx.out, &value, &[summed + 1], SHORTEST);
        }
        let mut axes = vec![BATCH];
        for (place, &len) in shape.iter().enumerate() {
            let name = if place == summed { SUMMED } else { 1 + 1000 * at + place };
            lengths.insert(name, len);
            axes.push(name);
            result.extend((place != summed).then_some(name));
        }
        operands.push(Operand { value, axes });
    }
    let operands = operands.try_into().map_err(|_| Error::new("`Dot` reads two tensors"))?;
    let mut value = contract(&mut cx.out, operands, &result, &lengths);
    if result.len() == 1 {
        value = cx.out.unsqueeze(&value, &[1]);
    }
    cx.mapped(call, value)
}

/// The last two axes are rows and columns; a vector is a row on the left and a column on the right.
pub(super) fn matmul(cx: &mut Context<'_>, call: &Call<'_>) -> Result<Vec<Id>, Error> {
    let [a, b] = [call.input(0)?, call.input(1)?];
    let mut shapes = [cx.shape(a)?, cx.shape(b)?];
    let has_vector = shapes.iter().any(|shape| shape.len() == 1);
    let [left, right] = &mut shapes;
    if left.len() == 1 {
        left.insert(0, 1);
    }
    if right.len() == 1 {
        right.push(1);
    }
    let rank = left.len().max(right.len());
    let mut values = vec![];
    for (id, shape) in [a, b].into_iter().zip(&shapes) {
        let value = cx.last(id)?;
        let ones = std::iter::repeat_n(1, rank - shape.len());
        let lengths: Vec<i64> =
            [REST].into_iter().chain(ones).chain(shape.iter().map(|&len| int(len))).collect();
        let same = lengths.len() == cx.shape(id)?.len() + 1;
        values.push(if same { value } else { cx.out.reshape(&value, &lengths) });
    }
    let mut value = cx.out.node("MatMul", &values.iter().collect::<Vec<_>>());
    if has_vector {
        let lengths: Vec<i64> = [REST].into_iter().chain(call.shape()?.iter().map(|&len| int(len))).collect();
        value = cx.out.reshape(&value, &lengths);
    }
    cx.mapped(call, value)
}

/// The names of the axes of a tensor with `rank` axes, the batch among them: letters, and numbers from the end for those of `…`.
fn axes_of(term: &str, rank: usize) -> Result<Vec<usize>, Error> {
    /// More than any letter.
    const ELIDED: usize = 0x11_0000;
    let (before, after) = term.split_once("...").unwrap_or((term, ""));
    let letters = before.chars().count() + after.chars().count();
    let elided = rank.checked_sub(letters).filter(|&count| count == 0 || term.contains("..."));
    let elided = elided.ok_or_else(|| Error::new(format!("`{term}` does not have {rank} axes")))?;
    let letter = |letter: char| letter as usize;
    let others = (0..elided).rev().map(|from_end| ELIDED + from_end);
    Ok(before.chars().map(letter).chain(others).chain(after.chars().map(letter)).collect())
}

/// The same for a tensor whose first axis is the batch.
fn axes_of_samples(term: &str, rank: usize) -> Result<Vec<usize>, Error> {
    let mut axes = axes_of(term, rank + 1)?;
    axes.iter_mut().take(1).for_each(|first| *first = BATCH);
    Ok(axes)
}

/// The terms of an equation.
fn terms(text: &str) -> Result<(Vec<String>, String), Error> {
    let text: String = text.chars().filter(|it| *it != ' ').collect();
    let (operands, result) =
        text.split_once("->").ok_or_else(|| Error::new(format!("the equation `{text}` has no `->`")))?;
    Ok((operands.split(',').map(Into::into).collect(), result.into()))
}

pub(super) fn einsum(cx: &mut Context<'_>, layer: &Einsum, call: &Call<'_>) -> Result<Vec<Id>, Error> {
    let (terms, result) = terms(&layer.text)?;
    let result = axes_of_samples(&result, call.shape()?.len())?;
    let (mut operands, mut lengths) = (vec![], Lengths::new());
    for (at, term) in terms.iter().enumerate() {
        let id = call.input(at)?;
        let shape = cx.shape(id)?;
        let axes = axes_of_samples(term, shape.len())?;
        for (&axis, &len) in axes.iter().skip(1).zip(&shape) {
            let known = lengths.entry(axis).or_insert(len);
            *known = len.max(*known);
        }
        operands.push((Operand { value: cx.last(id)?, axes }, shape));
    }
    let mut plain = vec![];
    for (Operand { value, axes }, shape) in operands {
        let twice = axes.iter().enumerate().any(|(at, axis)| axes.iter().skip(at + 1).any(|it| it == axis));
        if twice {
            // A diagonal is nothing that a product has.
            let values = call.inputs.iter().map(|&id| cx.last(id)).collect::<Result<Vec<_>, _>>()?;
            let equation: String = layer.text.chars().filter(|it| *it != ' ').collect();
            let settings = vec![("equation", Attribute::Text(equation))];
            let value = cx.out.node_with("Einsum", &values.iter().collect::<Vec<_>>(), settings);
            return cx.mapped(call, value);
        }
        // An axis of length 1 that is longer elsewhere is the same for all positions.
        let is_one = |at: usize| {
            let axis = axes.get(at).and_then(|axis| lengths.get(axis)).copied().unwrap_or(1);
            at > 0 && axis > 1 && shape.get(at - 1) == Some(&1)
        };
        let ones: Vec<usize> = (0..axes.len()).filter(|&at| is_one(at)).collect();
        let value = if ones.is_empty() { value } else { cx.out.squeeze(&value, &ones) };
        let axes = axes.iter().enumerate().filter(|(at, _)| !ones.contains(at)).map(|(_, &axis)| axis);
        plain.push(Operand { value, axes: axes.collect() });
    }
    let value = match <[Operand; 1]>::try_from(plain) {
        Ok([operand]) => {
            let operand = summed_out(&mut cx.out, operand, |axis| result.contains(&axis));
            ordered(&mut cx.out, &operand, &result)
        }
        Err(plain) => {
            let operands = plain.try_into().map_err(|_| Error::new("`einsum` reads one or two tensors"))?;
            contract(&mut cx.out, operands, &result, &lengths)
        }
    };
    cx.mapped(call, value)
}

pub(super) fn einsum_dense(
    cx: &mut Context<'_>,
    layer: &EinsumDense,
    call: &Call<'_>,
) -> Result<Vec<Id>, Error> {
    let (terms, result) = terms(&layer.text)?;
    let [input, kernel] = &terms[..] else {
        return Err(Error::new(format!("the equation `{}` does not have two operands", layer.text)));
    };
    let x = call.x()?;
    let (shape, of_kernel) = (cx.shape(x)?, cx.weight_shape(call, "kernel")?);
    let a = Operand { value: cx.last(x)?, axes: axes_of_samples(input, shape.len())? };
    let b = Operand { value: cx.weight(call, "kernel")?, axes: axes_of(kernel, of_kernel.len())? };
    let result = axes_of_samples(&result, call.shape()?.len())?;
    let of_x = a.axes.iter().copied().skip(1).zip(shape);
    let lengths: Lengths = of_x.chain(b.axes.iter().copied().zip(of_kernel)).collect();
    let mut value = contract(&mut cx.out, [a, b], &result, &lengths);
    if let Some(bias) = cx.optional_weight(call, "bias")? {
        value = cx.out.add(&value, &bias);
    }
    let y = cx.mapped(call, value)?;
    y.into_iter().map(|y| activate(cx, y, layer.activation)).collect()
}
