//! Normalizations, and scaling by constants.

use mimo_graph::layers::batch_normalization::BatchNormalization;
use mimo_graph::layers::group_normalization::GroupNormalization;
use mimo_graph::layers::layer_normalization::LayerNormalization;
use mimo_graph::layers::normalization::Normalization;
use mimo_graph::layers::rescaling::Rescaling;
use mimo_graph::layers::rms_normalization::RmsNormalization;
use mimo_graph::layers::unit_normalization::UnitNormalization;

use super::{bounded, ones_but, sample_axes, sample_axis, with_batch};
use crate::error::Error;
use crate::onnx::builder::{Builder, REST, Value, int};
use crate::onnx::context::{Call, Context, Id};
use crate::onnx::model::{Attribute, Data};

/// The length below which a vector of `UnitNormalization` is divided by this number.
const SHORTEST: f64 = 1e-12;
/// The least deviation of `Normalization`: Keras's epsilon.
const LEAST: f64 = 1e-7;

/// By the moving statistics.
pub(super) fn batch(
    cx: &mut Context<'_>,
    layer: &BatchNormalization,
    call: &Call<'_>,
) -> Result<Vec<Id>, Error> {
    let x = call.x()?;
    let shape = cx.shape(x)?;
    let axis = sample_axis(layer.axis, shape.len())?;
    let channels = bounded(shape.get(axis).copied().unwrap_or(1), "channels")?;
    let last = axis + 1 == shape.len();
    if last && (cx.is_first(x) || shape.len() == 1) {
        let value = if cx.is_first(x) { cx.first(x)? } else { cx.each(x)? };
        let plain = |cx: &mut Context<'_>, number: f64| cx.out.floats(&[channels], &vec![number; channels]);
        let gamma = match cx.optional_weight(call, "gamma")? {
            Some(gamma) => gamma,
            None => plain(cx, 1.0),
        };
        let beta = match cx.optional_weight(call, "beta")? {
            Some(beta) => beta,
            None => plain(cx, 0.0),
        };
        let [mean, variance] = [cx.weight(call, "moving_mean")?, cx.weight(call, "moving_variance")?];
        let epsilon = Attribute::Float(layer.epsilon as f32);
        let inputs = [&value, &gamma, &beta, &mean, &variance];
        let value = cx.out.node_with("BatchNormalization", &inputs, vec![("epsilon", epsilon)]);
        return match cx.is_first(x) {
            true => Ok(vec![cx.give_first(value, &shape)]),
            false => cx.result(call, value),
        };
    }
    let value = cx.last(x)?;
    let own = ones_but(&shape, &[axis]);
    let mean = cx.reshaped_weight(call, "moving_mean", own.clone())?;
    let epsilon = layer.epsilon;
    // The scale is known: it is computed here, once.
    let scale = cx.changed_weight(call, "moving_variance", "scale", |variance, _| {
        let scale = variance.iter().map(|it| (1.0 / (f64::from(*it) + epsilon).sqrt()) as f32);
        (scale.collect(), own.clone())
    })?;
    let value = cx.out.sub(&value, &mean);
    let value = cx.out.mul(&value, &scale);
    let value = scaled(cx, call, value, &own)?;
    cx.mapped(call, value)
}

/// `gamma · x + beta`, as far as the layer has them.
fn scaled(cx: &mut Context<'_>, call: &Call<'_>, x: Value, shape: &[usize]) -> Result<Value, Error> {
    let mut x = x;
    for (weight, op) in [("gamma", "Mul"), ("scale", "Mul"), ("beta", "Add")] {
        if cx.has(call, weight) {
            let weight = cx.reshaped_weight(call, weight, shape.to_vec())?;
            x = cx.out.node(op, &[&x, &weight]);
        }
    }
    Ok(x)
}

/// The differences from the mean over some axes, divided by `√(variance + epsilon)`.
fn standardized(out: &mut Builder, x: &Value, axes: &[usize], epsilon: f64) -> Value {
    let mean = out.reduce("ReduceMean", x, axes, true);
    let centered = out.sub(x, &mean);
    let squares = out.mul(&centered, &centered);
    let variance = out.reduce("ReduceMean", &squares, axes, true);
    let variance = out.add_number(&variance, epsilon);
    let deviation = out.node("Sqrt", &[&variance]);
    out.div(&centered, &deviation)
}

pub(super) fn layer(
    cx: &mut Context<'_>,
    layer: &LayerNormalization,
    call: &Call<'_>,
) -> Result<Vec<Id>, Error> {
    let x = call.x()?;
    let (shape, value) = (cx.shape(x)?, cx.last(x)?);
    let axes = sample_axes(&layer.axis.0, shape.len())?;
    let first = axes.first().copied().unwrap_or(0);
    if axes.iter().copied().eq(first..shape.len()) {
        let own: Vec<usize> = shape.iter().skip(first).copied().collect();
        let gamma = match cx.has(call, "gamma") {
            true => cx.weight(call, "gamma")?,
            false => {
                let len = bounded(own.iter().product(), "normalized values")?;
                let name = "constant/ones";
                cx.out.initializer(&format!("ones{own:?}"), name, || (own.clone(), Data::F32(vec![1.0; len])))
            }
        };
        let beta = cx.optional_weight(call, "beta")?;
        let mut inputs = vec![Some(&value), Some(&gamma)];
        inputs.extend(beta.as_ref().map(Some));
        let settings = vec![
            ("axis", Attribute::Int(int(first + 1))),
            ("epsilon", Attribute::Float(layer.epsilon as f32)),
        ];
        let [value] = cx.out.nodes("LayerNormalization", &inputs, settings);
        return cx.mapped(call, value);
    }
    let value = standardized(&mut cx.out, &value, &with_batch(&axes), layer.epsilon);
    let value = scaled(cx, call, value, &ones_but(&shape, &axes))?;
    cx.mapped(call, value)
}

/// Over all axes, and the channels of each group by itself.
pub(super) fn group(
    cx: &mut Context<'_>,
    layer: &GroupNormalization,
    call: &Call<'_>,
) -> Result<Vec<Id>, Error> {
    let x = call.x()?;
    let (shape, value) = (cx.shape(x)?, cx.last(x)?);
    let axis = sample_axis(layer.axis, shape.len())?;
    let channels = shape.get(axis).copied().unwrap_or(1);
    let groups = layer.groups.unwrap_or(channels).max(1);
    let lengths =
        |all: &[usize]| [REST].into_iter().chain(all.iter().map(|&len| int(len))).collect::<Vec<_>>();
    let mut apart = shape.clone();
    apart.splice(axis..axis + 1, [groups, channels / groups]);
    let value = cx.out.reshape(&value, &lengths(&apart));
    let axes: Vec<usize> = (1..=apart.len()).filter(|&it| it != axis + 1).collect();
    let value = standardized(&mut cx.out, &value, &axes, layer.epsilon);
    let value = cx.out.reshape(&value, &lengths(&shape));
    let value = scaled(cx, call, value, &ones_but(&shape, &[axis]))?;
    cx.mapped(call, value)
}

pub(super) fn rms(cx: &mut Context<'_>, layer: &RmsNormalization, call: &Call<'_>) -> Result<Vec<Id>, Error> {
    let x = call.x()?;
    let (shape, value) = (cx.shape(x)?, cx.last(x)?);
    let axes = sample_axes(&layer.axis.0, shape.len())?;
    let out = &mut cx.out;
    let squares = out.mul(&value, &value);
    let mean = out.reduce("ReduceMean", &squares, &with_batch(&axes), true);
    let mean = out.add_number(&mean, layer.epsilon);
    let root = out.node("Sqrt", &[&mean]);
    let value = out.div(&value, &root);
    let value = scaled(cx, call, value, &ones_but(&shape, &axes))?;
    cx.mapped(call, value)
}

pub(super) fn unit(
    cx: &mut Context<'_>,
    layer: &UnitNormalization,
    call: &Call<'_>,
) -> Result<Vec<Id>, Error> {
    let x = call.x()?;
    let (rank, value) = (cx.shape(x)?.len(), cx.last(x)?);
    let axes = with_batch(&sample_axes(&layer.axis.0, rank)?);
    let value = unit_length(&mut cx.out, &value, &axes, SHORTEST);
    cx.mapped(call, value)
}

/// Vectors divided by their lengths, which are at least `shortest`.
pub(super) fn unit_length(out: &mut Builder, x: &Value, axes: &[usize], shortest: f64) -> Value {
    let squares = out.mul(x, x);
    let sum = out.reduce("ReduceSum", &squares, axes, true);
    let length = out.node("Sqrt", &[&sum]);
    let length = out.max_number(&length, shortest);
    out.div(x, &length)
}

/// `Normalization` by constants, or by statistics that `adapt` has found.
pub(super) fn constant(
    cx: &mut Context<'_>,
    layer: &Normalization,
    call: &Call<'_>,
) -> Result<Vec<Id>, Error> {
    let x = call.x()?;
    let (shape, value) = (cx.shape(x)?, cx.floats(x)?);
    let [mean, deviation] = match &layer.constants {
        Some((mean, variance)) => {
            let axes = sample_axes(&layer.axis.0, shape.len())?;
            let deviation: Vec<f64> = variance.iter().map(|it| it.sqrt().max(LEAST)).collect();
            let axis = axes.last().copied();
            [mean, &deviation].map(|numbers| by_channel(cx, numbers, &shape, axis))
        }
        None => {
            let own = ones_but(&shape, &sample_axes(&layer.axis.0, shape.len())?);
            let mean = cx.reshaped_weight(call, "mean", own.clone())?;
            let deviation = cx.changed_weight(call, "variance", "deviation", |variance, _| {
                (variance.iter().map(|it| f64::from(*it).sqrt().max(LEAST) as f32).collect(), own)
            })?;
            [mean, deviation]
        }
    };
    let value = match layer.invert {
        true => {
            let value = cx.out.mul(&value, &deviation);
            cx.out.add(&value, &mean)
        }
        false => {
            let value = cx.out.sub(&value, &mean);
            cx.out.div(&value, &deviation)
        }
    };
    cx.mapped(call, value)
}

/// One number for all values, or one for each position of an axis.
fn by_channel(cx: &mut Context<'_>, numbers: &[f64], shape: &[usize], axis: Option<usize>) -> Value {
    match (numbers, axis) {
        ([number], _) => cx.out.number(*number),
        (_, Some(axis)) => cx.out.floats(&ones_but(shape, &[axis]), numbers),
        (_, None) => cx.out.floats(&[numbers.len()], numbers),
    }
}

pub(super) fn rescaling(cx: &mut Context<'_>, layer: &Rescaling, call: &Call<'_>) -> Result<Vec<Id>, Error> {
    let x = call.x()?;
    let (shape, value) = (cx.shape(x)?, cx.floats(x)?);
    let axis = shape.len().checked_sub(1);
    let [scale, offset] = [&layer.scale, &layer.offset].map(|numbers| by_channel(cx, numbers, &shape, axis));
    let mut value = cx.out.mul(&value, &scale);
    if layer.offset.iter().any(|&number| number != 0.0) {
        value = cx.out.add(&value, &offset);
    }
    cx.mapped(call, value)
}
