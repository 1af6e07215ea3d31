//! Convolutions. ONNX has channels before the axes that kernels slide over, and kernels `[outputs, inputs, …taps]`.

use mimo_graph::layers::conv::Conv;
use mimo_graph::layers::depthwise::Depthwise;
use mimo_graph::layers::separable::Separable;
use mimo_graph::layers::sliding::Sliding;
use mimo_graph::shape::Shape;

use super::activation::activate;
use super::known;
use crate::error::Error;
use crate::onnx::builder::{Settings, Value, int};
use crate::onnx::context::{Call, Context, Id, transposed};
use crate::onnx::model::Attribute;

/// One axis of the input, with lengths that are known.
struct Axis {
    input: usize,
    output: usize,
    kernel: usize,
    stride: usize,
    dilation: usize,
    before: usize,
}

impl Axis {
    fn all(sliding: &Sliding, shape: &[usize]) -> Result<Vec<Axis>, Error> {
        let shape = Shape(shape.iter().copied().map(Into::into).collect());
        // Axes of a transposed convolution are those of the convolution that it is the transpose of.
        let transposed = sliding.class.transposed();
        let axis = |it: mimo_graph::layers::sliding::Axis| {
            Ok(Axis {
                input: known(if transposed { &it.output } else { &it.input })?,
                output: known(if transposed { &it.input } else { &it.output })?,
                kernel: known(&it.kernel)?,
                stride: it.stride,
                dilation: it.dilation,
                before: known(&it.padding)?,
            })
        };
        sliding.axes(&shape).into_iter().map(axis).collect()
    }

    /// From the first tap to the last.
    fn extent(&self) -> usize {
        self.kernel.saturating_sub(1).saturating_mul(self.dilation).saturating_add(1)
    }

    /// Zeros after the input of a convolution: as many as the last window needs.
    fn after(&self) -> usize {
        let end = self.output.saturating_sub(1).saturating_mul(self.stride).saturating_add(self.extent());
        end.saturating_sub(self.input.saturating_add(self.before))
    }
}

/// `pads` has the numbers of all axes before the input, and then of those after it.
fn settings(axes: &[Axis], pads: impl Fn(&Axis) -> [usize; 2], groups: usize) -> Settings {
    let ints = |number: &dyn Fn(&Axis) -> usize| {
        Attribute::Ints(axes.iter().map(|axis| int(number(axis))).collect())
    };
    let [before, after] =
        [0, 1].map(|side| axes.iter().map(|axis| int(pads(axis)[side])).collect::<Vec<_>>());
    vec![
        ("kernel_shape", ints(&|axis| axis.kernel)),
        ("strides", ints(&|axis| axis.stride)),
        ("dilations", ints(&|axis| axis.dilation)),
        ("pads", Attribute::Ints([before, after].concat())),
        ("group", Attribute::Int(int(groups))),
    ]
}

/// Adds the activation to what a convolution gives.
fn finish(
    cx: &mut Context<'_>,
    call: &Call<'_>,
    value: Value,
    activation: mimo_graph::activation::Activation,
) -> Result<Vec<Id>, Error> {
    let y = cx.give_first(value, call.shape()?);
    Ok(vec![activate(cx, y, activation)?])
}

fn convolve(
    cx: &mut Context<'_>,
    op: &str,
    [x, kernel]: [&Value; 2],
    bias: Option<Value>,
    settings: Settings,
) -> Value {
    let [value] = match &bias {
        Some(bias) => cx.out.nodes(op, &[Some(x), Some(kernel), Some(bias)], settings),
        None => cx.out.nodes(op, &[Some(x), Some(kernel)], settings),
    };
    value
}

pub(super) fn conv(cx: &mut Context<'_>, layer: &Conv, call: &Call<'_>) -> Result<Vec<Id>, Error> {
    let input = cx.shape(call.x()?)?;
    let axes = Axis::all(&layer.sliding, &input)?;
    let (x, rank) = (cx.first(call.x()?)?, axes.len());
    // Both kernels have what they slide over first, and outputs and inputs the other way round.
    let order: Vec<usize> = [rank + 1, rank].into_iter().chain(0..rank).collect();
    let kernel = cx.transposed_weight(call, "kernel", &order)?;
    let bias = cx.optional_weight(call, "bias")?;
    let value = match layer.sliding.class.transposed() {
        false => {
            let settings = settings(&axes, |axis| [axis.before, axis.after()], layer.groups);
            convolve(cx, "Conv", [&x, &kernel], bias, settings)
        }
        true => {
            let full = |axis: &Axis| {
                axis.input.saturating_sub(1).saturating_mul(axis.stride).saturating_add(axis.extent())
            };
            let after = |axis: &Axis| full(axis).saturating_sub(axis.before.saturating_add(axis.output));
            let mut settings = settings(&axes, |axis| [axis.before, after(axis)], 1);
            let further = |axis: &Axis| axis.before.saturating_add(axis.output).saturating_sub(full(axis));
            let further = axes.iter().map(|axis| int(further(axis))).collect();
            settings.push(("output_padding", Attribute::Ints(further)));
            convolve(cx, "ConvTranspose", [&x, &kernel], bias, settings)
        }
    };
    finish(cx, call, value, layer.activation)
}

/// The kernel `[…taps, channels, multiplier]` as that of a convolution with a group for each channel.
fn depthwise_kernel(
    cx: &mut Context<'_>,
    call: &Call<'_>,
    weight: &str,
    rank: usize,
) -> Result<Value, Error> {
    let found = cx.weight_shape(call, weight)?;
    if found.len() != rank + 2 {
        return Err(Error::new(format!(
            "the weight `{weight}` has {} axes, and not {}",
            found.len(),
            rank + 2
        )));
    }
    cx.changed_weight(call, weight, "grouped", |values, shape| {
        let order: Vec<usize> = [rank, rank + 1].into_iter().chain(0..rank).collect();
        let (values, shape) = transposed(&values, &shape, &order);
        let (channels, taps) = shape.split_at(2.min(shape.len()));
        (values, [&[channels.iter().product(), 1], taps].concat())
    })
}

pub(super) fn depthwise(cx: &mut Context<'_>, layer: &Depthwise, call: &Call<'_>) -> Result<Vec<Id>, Error> {
    let input = cx.shape(call.x()?)?;
    let axes = Axis::all(&layer.sliding, &input)?;
    let x = cx.first(call.x()?)?;
    let kernel = depthwise_kernel(cx, call, "kernel", axes.len())?;
    let bias = cx.optional_weight(call, "bias")?;
    let groups = input.last().copied().unwrap_or(1);
    let settings = settings(&axes, |axis| [axis.before, axis.after()], groups);
    let value = convolve(cx, "Conv", [&x, &kernel], bias, settings);
    finish(cx, call, value, layer.activation)
}

pub(super) fn separable(cx: &mut Context<'_>, layer: &Separable, call: &Call<'_>) -> Result<Vec<Id>, Error> {
    let input = cx.shape(call.x()?)?;
    let axes = Axis::all(&layer.sliding, &input)?;
    let (x, rank) = (cx.first(call.x()?)?, axes.len());
    let kernel = depthwise_kernel(cx, call, "depthwise_kernel", rank)?;
    let groups = input.last().copied().unwrap_or(1);
    let settings = settings(&axes, |axis| [axis.before, axis.after()], groups);
    let between = convolve(cx, "Conv", [&x, &kernel], None, settings);
    let order: Vec<usize> = [rank + 1, rank].into_iter().chain(0..rank).collect();
    let pointwise = cx.transposed_weight(call, "pointwise_kernel", &order)?;
    let bias = cx.optional_weight(call, "bias")?;
    let one = || Attribute::Ints(vec![1; rank]);
    let settings = vec![("kernel_shape", one()), ("strides", one())];
    let value = convolve(cx, "Conv", [&between, &pointwise], bias, settings);
    finish(cx, call, value, layer.activation)
}
