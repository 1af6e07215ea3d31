//! `Conv1D`, `Conv2D` and their transposes: a kernel that slides over sequences or images, channels last.

use crate::activation::Activation;
use crate::args::{Bound, Signature, read};
use crate::context::{Cx, DimCheck, Relation};
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::graph::Dtype;
use crate::initializer::Initializer;
use crate::layers::{Layer, Operand, Weight, WeightOptions, floats, options};
use crate::shape::Shape;
use crate::value::{Value, ValueKind};

mod changes;

/// Keras's `Conv1D`, `[steps, channels] → [new steps, filters]`, its `Conv2D`, `[height, width, channels] →
/// [new height, new width, filters]`, and their transposes.
#[derive(Clone, Debug, PartialEq)]
pub struct Conv {
    /// Which of them it is.
    pub class: Class,
    /// Channels that it gives.
    pub filters: Dim,
    /// Taps along each axis.
    pub kernel_size: Vec<Dim>,
    /// From window to window along each axis.
    pub strides: Vec<usize>,
    /// What is around the input.
    pub padding: Padding,
    /// From tap to tap along each axis.
    pub dilation_rate: Vec<usize>,
    /// Parts of the channels that do not see each other.
    pub groups: usize,
    /// What a transposed convolution adds to each axis, if that is said.
    pub output_padding: Option<Vec<usize>>,
    /// What ends the layer.
    pub activation: Activation,
    /// Whether a bias is added.
    pub use_bias: bool,
    /// The kernel, `[taps…, channels / groups, filters]`; with the last two swapped if it is transposed.
    pub kernel: WeightOptions,
    /// The bias, `[filters]`.
    pub bias: WeightOptions,
}

/// The classes of Keras that slide a whole kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// `Conv1D`
    Conv1D,
    /// `Conv2D`
    Conv2D,
    /// `Conv1DTranspose`
    Conv1DTranspose,
    /// `Conv2DTranspose`
    Conv2DTranspose,
}

/// What is around the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// Nothing: windows lie inside the input.
    Valid,
    /// Zeros, so that without strides the output is as long as the input.
    Same,
    /// Zeros before the input, so that no output sees later steps.
    Causal,
}

/// One axis of a convolution, of the convolution that it is the transpose of if it is one.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// Length of the input.
    pub input: Dim,
    /// Length of the output.
    pub output: Dim,
    /// Taps.
    pub kernel: Dim,
    /// From window to window.
    pub stride: usize,
    /// From tap to tap.
    pub dilation: usize,
    /// Zeros before the input.
    pub padding: Dim,
}

impl Axis {
    /// From the first tap of a window to its last.
    fn reach(&self) -> Dim {
        (self.kernel.clone() - Dim::Known(1)) * Dim::Known(self.dilation)
    }

    /// Length of the input with the zeros that its windows need.
    pub fn padded(&self) -> Dim {
        let windows =
            (self.output.clone() - Dim::Known(1)) * Dim::Known(self.stride) + self.reach() + Dim::Known(1);
        windows.max(self.input.clone() + self.padding.clone())
    }

    /// Length of the output with the zeros that the gradient of the input needs.
    pub fn padded_output(&self) -> Dim {
        let stride = Dim::Known(self.stride);
        let seen =
            (self.input.clone() - Dim::Known(1) + self.padding.clone()) / stride.clone() + Dim::Known(1);
        self.reach() / stride + seen.max(self.output.clone())
    }
}

const COMMON: &[&str] = &["name", "trainable", "dtype", "input_shape"];
const UNSUPPORTED: &[(&str, &str)] = &[options::DTYPE, options::ACTIVITY, options::INPUT_SHAPE];

/// The parameters of a convolution, in Keras's order.
macro_rules! params {
    ($($own:literal),*) => {
        &[
            "filters", "kernel_size", "strides", "padding", $($own,)* "activation", "use_bias",
            "kernel_initializer", "bias_initializer", "kernel_regularizer", "bias_regularizer",
            "activity_regularizer", "kernel_constraint", "bias_constraint",
        ]
    };
}

const fn signature(callee: &'static str, params: &'static [&'static str]) -> Signature {
    Signature {
        callee,
        params,
        keywords: COMMON,
        required: &["filters", "kernel_size"],
        unsupported: UNSUPPORTED,
    }
}

pub(super) const CONV1D: Signature = signature("Conv1D", params!("data_format", "dilation_rate", "groups"));
pub(super) const CONV2D: Signature = signature("Conv2D", params!("data_format", "dilation_rate", "groups"));
pub(super) const CONV1D_TRANSPOSE: Signature =
    signature("Conv1DTranspose", params!("output_padding", "data_format", "dilation_rate"));
pub(super) const CONV2D_TRANSPOSE: Signature =
    signature("Conv2DTranspose", params!("output_padding", "data_format", "dilation_rate"));

impl Class {
    /// Axes that the kernel slides along.
    fn rank(self) -> usize {
        match self {
            Class::Conv1D | Class::Conv1DTranspose => 1,
            Class::Conv2D | Class::Conv2DTranspose => 2,
        }
    }

    /// Whether it is the transpose of a convolution.
    pub fn transposed(self) -> bool {
        matches!(self, Class::Conv1DTranspose | Class::Conv2DTranspose)
    }

    fn name(self) -> &'static str {
        match self {
            Class::Conv1D => "Conv1D",
            Class::Conv2D => "Conv2D",
            Class::Conv1DTranspose => "Conv1DTranspose",
            Class::Conv2DTranspose => "Conv2DTranspose",
        }
    }
}

/// Reads a value per axis: one for all, or a list. `None` if absent or wrong.
fn per_axis<T: Clone>(
    args: &Bound<'_>,
    name: &str,
    class: Class,
    cx: &mut Cx<'_>,
    read: impl Fn(&Value, &str, &mut Cx<'_>) -> Option<T>,
) -> Option<Vec<T>> {
    let rank = class.rank();
    args.read(name, cx, |value, what, cx| {
        let ValueKind::List(items) = &value.kind else {
            return read(value, what, cx).map(|item| vec![item; rank]);
        };
        if items.len() != rank {
            let wanted = if rank == 1 { "1 number" } else { "1 number, or 1 for each of 2 axes" };
            let message = format!("{what} must be {wanted}, found {}", items.len());
            let example = if rank == 1 { "3" } else { "[3, 3]" };
            cx.error(Diag::error(value.loc, message).help(format!("write `{name} = {example}`")));
            return None;
        }
        items.iter().map(|item| read(item, &format!("each number in {what}"), cx)).collect()
    })
}

/// A whole number of at least 1 that is known here.
fn positive(value: &Value, what: &str, cx: &mut Cx<'_>) -> Option<usize> {
    let n = read::integer(value, what, cx)?;
    let positive = usize::try_from(n).ok().filter(|&n| n > 0);
    if positive.is_none() {
        read::wrong(value, what, "a whole number of at least 1", None, cx);
    }
    positive
}

impl Conv {
    pub(super) fn conv1d(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        Self::from_args(Class::Conv1D, args, cx)
    }

    pub(super) fn conv2d(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        Self::from_args(Class::Conv2D, args, cx)
    }

    pub(super) fn conv1d_transpose(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        Self::from_args(Class::Conv1DTranspose, args, cx)
    }

    pub(super) fn conv2d_transpose(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        Self::from_args(Class::Conv2DTranspose, args, cx)
    }

    fn from_args(class: Class, args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let (rank, name) = (class.rank(), class.name());
        let filters = args.dim("filters", cx);
        let kernel_size = per_axis(args, "kernel_size", class, cx, read::dim);
        let strides = per_axis(args, "strides", class, cx, positive).unwrap_or(vec![1; rank]);
        let dilation_rate = per_axis(args, "dilation_rate", class, cx, positive).unwrap_or(vec![1; rank]);
        let allowed: &[&str] =
            if class == Class::Conv1D { &["valid", "same", "causal"] } else { &["valid", "same"] };
        let padding = match args.word("padding", allowed, "valid", cx) {
            "same" => Padding::Same,
            "causal" => Padding::Causal,
            _ => Padding::Valid,
        };
        args.word("data_format", &["channels_last"], "channels_last", cx);
        let groups = if class.transposed() { None } else { args.read("groups", cx, positive) }.unwrap_or(1);
        let says = class.transposed()
            && args.take("output_padding").is_some_and(|value| value.kind != ValueKind::None);
        let output_padding =
            if says { per_axis(args, "output_padding", class, cx, read::unsigned) } else { None };
        let activation = args.activation("activation", cx);
        let use_bias = args.boolean("use_bias", true, cx);
        let kernel = WeightOptions::from_args(args, "kernel", rank + 2, Initializer::GLOROT_UNIFORM, cx);
        let bias = WeightOptions::from_args(args, "bias", 1, Initializer::ZEROS, cx);
        let (filters, kernel_size) = (filters?, kernel_size?);

        if strides.iter().any(|&stride| stride > 1) && dilation_rate.iter().any(|&rate| rate > 1) {
            let message =
                format!("`{name}` cannot have `strides` and `dilation_rate` above 1 at the same time");
            let help = "leave one of them out";
            cx.error(Diag::error(args.loc("dilation_rate"), message).help(help));
            return None;
        }
        let too_long =
            |padding: &Vec<usize>| padding.iter().zip(&strides).any(|(padding, stride)| padding >= stride);
        if output_padding.as_ref().is_some_and(too_long) {
            let message = format!("`output_padding` of `{name}` must be below `strides`");
            let help = "leave it out, or write larger `strides`";
            cx.error(Diag::error(args.loc("output_padding"), message).help(help));
            return None;
        }
        let parts = DimCheck {
            loc: args.loc("filters"),
            found: filters.clone(),
            relation: Relation::MultipleOf,
            wanted: Dim::Known(groups),
            what: format!("`filters` of `{name}`"),
            help: Some(format!("each of the {groups} groups gives as many of them")),
            note: None,
        };
        let wrong_parts = match filters.known() {
            Some(n) if n % groups != 0 => Some(n),
            Some(_) => None,
            None => {
                if groups > 1 {
                    cx.checks.push(parts);
                }
                None
            }
        };
        if let Some(n) = wrong_parts {
            let message = format!("`filters` of `{name}` must be a multiple of `groups` {groups}, found {n}");
            let help = format!("write `filters = {}`", n.next_multiple_of(groups));
            cx.error(Diag::error(args.loc("filters"), message).help(help));
            return None;
        }
        // What follows depends on all that decides lengths or the activation.
        let decisive =
            ["activation", "strides", "dilation_rate", "padding", "groups", "output_padding", "data_format"];
        args.sound(&decisive).then_some(Conv {
            class,
            filters,
            kernel_size,
            strides,
            padding,
            dilation_rate,
            groups,
            output_padding,
            activation,
            use_bias,
            kernel,
            bias,
        })
    }

    /// Taps of an axis with what lies between them.
    fn extent(&self, axis: usize) -> Dim {
        (self.kernel_size[axis].clone() - Dim::Known(1)) * Dim::Known(self.dilation_rate[axis])
            + Dim::Known(1)
    }

    /// The axes of the convolution for an input of this shape; those of the convolution that it is the transpose of
    /// if it is one. Everything was found to fit.
    pub fn axes(&self, shape: &Shape) -> Vec<Axis> {
        let one = || Dim::Known(1);
        let axes = (0..self.class.rank()).zip(&shape.0).map(|(axis, n)| {
            let (n, extent, stride) = (n.clone(), self.extent(axis), self.strides[axis]);
            let step = Dim::Known(stride);
            let (length, padding) = if self.class.transposed() {
                let full = (n.clone() - one()) * step.clone();
                let given = self.output_padding.as_ref().map(|padding| Dim::Known(padding[axis]));
                match (self.padding, given) {
                    (Padding::Valid, None) => (full + extent.clone().max(step), Dim::Known(0)),
                    (Padding::Valid, Some(given)) => (full + extent.clone() + given, Dim::Known(0)),
                    (_, given) => {
                        let odd = extent.clone() - extent.clone() / Dim::Known(2) * Dim::Known(2);
                        let (length, around) = match given {
                            None => (n.clone() * step.clone(), step + extent.clone()),
                            Some(given) => (full + odd.clone() + given.clone(), extent.clone() + odd + given),
                        };
                        // Keras pads ⌈(around − 2) / 2⌉ before the spread input, at most the reach of the kernel.
                        let before = (around + one()) / Dim::Known(2);
                        (length, extent.clone().max(before.clone()) - before)
                    }
                }
            } else {
                match self.padding {
                    Padding::Valid => ((n.clone() - extent) / step + one(), Dim::Known(0)),
                    Padding::Same => {
                        let length = (n.clone() + Dim::Known(stride - 1)) / step.clone();
                        let windows = (length.clone() - one()) * step + extent;
                        let padding = windows.max(n.clone()) - n.clone();
                        (length, padding / Dim::Known(2))
                    }
                    Padding::Causal => {
                        let length = (n.clone() + Dim::Known(stride - 1)) / step;
                        (length, extent - one())
                    }
                }
            };
            let (input, output) = if self.class.transposed() { (length, n) } else { (n, length) };
            Axis {
                input,
                output,
                kernel: self.kernel_size[axis].clone(),
                stride,
                dilation: self.dilation_rate[axis],
                padding,
            }
        });
        axes.collect()
    }

    /// Reports a tensor with another number of axes. Returns whether it is fine.
    fn has_rank(&self, x: &Operand<'_>, cx: &mut Cx<'_>) -> bool {
        let (name, rank) = (self.class.name(), self.class.rank());
        if x.shape.rank() == rank + 1 {
            return true;
        }
        let wanted =
            if rank == 1 { "sequences, [steps, channels]" } else { "images, [height, width, channels]" };
        let message = format!("`{name}` reads {wanted}, but `{}` is {}", x.name, x.shape.display(cx.consts));
        let diag = Diag::error(x.loc, message);
        let other = name.replace(if rank == 1 { "1D" } else { "2D" }, if rank == 1 { "2D" } else { "1D" });
        cx.error(if x.shape.rank() == rank && rank == 2 {
            let mut shape = x.shape.clone();
            shape.0.push(Dim::Known(1));
            let reshape = format!("Reshape({})", shape.display(cx.consts));
            diag.help(format!(
                "for images of one channel write `{reshape}` before it, for sequences `{other}`"
            ))
        } else if x.shape.rank() == rank {
            let mut shape = x.shape.clone();
            shape.0.push(Dim::Known(1));
            diag.help(format!("write `Reshape({})` before it: one channel", shape.display(cx.consts)))
        } else if x.shape.rank() == 3 {
            diag.help(format!("write `{other}`"))
        } else {
            diag.help(format!("write a `Reshape` to {} axes before it", rank + 1))
        });
        false
    }

    /// Reports windows that do not fit in the input. Returns whether they do, as far as that is known.
    fn fits(&self, x: &Operand<'_>, call: Loc, cx: &mut Cx<'_>) -> bool {
        if self.class.transposed() || self.padding != Padding::Valid {
            return true;
        }
        let mut fits = true;
        for (axis, n) in (0..self.class.rank()).zip(&x.shape.0) {
            let extent = self.extent(axis);
            match (n.known(), extent.known()) {
                (Some(n), Some(extent)) if n < extent => {
                    let taps = self.kernel_size[axis].display(cx.consts).to_string();
                    let dilated = match self.dilation_rate[axis] {
                        1 => format!("a kernel of {taps}"),
                        rate => format!(
                            "a kernel of {taps} with `dilation_rate` {rate}, which reaches over {extent},"
                        ),
                    };
                    let name = self.class.name();
                    let message = format!(
                        "{dilated} does not fit into axis {} of `{}`, which is {n}",
                        axis + 1,
                        x.name
                    );
                    let shown = x.shape.display(cx.consts);
                    cx.error(
                        Diag::error(call, format!("`{name}`: {message}"))
                            .help("write `padding = same`, or a smaller `kernel_size`")
                            .note(format!("`{}` is {shown}", x.name)),
                    );
                    fits = false;
                }
                (Some(_), Some(_)) => {}
                _ => cx.checks.push(DimCheck {
                    loc: call,
                    found: n.clone(),
                    relation: Relation::AtLeast,
                    wanted: extent,
                    what: format!("axis {} of `{}`", axis + 1, x.name),
                    help: Some("write `padding = same`, or a smaller `kernel_size`".into()),
                    note: None,
                }),
            }
        }
        fits
    }

    /// Reports channels that do not divide into the groups. Returns whether they do, as far as that is known.
    fn divides(&self, x: &Operand<'_>, channels: &Dim, cx: &mut Cx<'_>) -> bool {
        let (name, groups) = (self.class.name(), self.groups);
        match channels.known() {
            Some(n) if n % groups != 0 => {
                let message =
                    format!("`{name}` cuts channels in {groups} `groups`, but `{}` has {n}", x.name);
                let filters = self.filters.known().unwrap_or(0);
                let fits = |groups: &usize| n.is_multiple_of(*groups) && filters.is_multiple_of(*groups);
                let fitting: Vec<String> = (1..=n).filter(fits).map(|groups| groups.to_string()).collect();
                let help = format!("`groups` can be {}", fitting.join(", "));
                cx.error(Diag::error(x.loc, message).help(help));
                false
            }
            Some(_) => true,
            None if groups == 1 => true,
            None => {
                cx.checks.push(DimCheck {
                    loc: x.loc,
                    found: channels.clone(),
                    relation: Relation::MultipleOf,
                    wanted: Dim::Known(groups),
                    what: format!("last axis of `{}`", x.name),
                    help: Some(format!("`{name}` cuts channels in {groups} `groups`")),
                    note: None,
                });
                true
            }
        }
    }
}

impl Layer for Conv {
    fn class_name(&self) -> &'static str {
        self.class.name()
    }

    fn infer(&self, inputs: &[Operand<'_>], call: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let [x] = inputs else { return None };
        if !floats(self.class_name(), x, cx) || !self.has_rank(x, cx) {
            return None;
        }
        let channels = x.shape.last()?;
        if !self.fits(x, call, cx) || !self.divides(x, channels, cx) {
            return None;
        }
        let mut shape = self.lengths(x.shape);
        if let Some(axis) = shape.iter().position(|length| *length == Dim::Known(0)) {
            let message = format!("`{}` gives nothing along axis {}", self.class_name(), axis + 1);
            cx.error(Diag::error(call, message).help("leave `output_padding` out"));
            return None;
        }
        shape.push(self.filters.clone());
        Some(vec![(Shape(shape), Dtype::Float)])
    }

    fn weights(&self, inputs: &[&Shape]) -> Vec<Weight> {
        let Some(channels) = inputs.first().and_then(|shape| shape.last()) else {
            return Vec::new();
        };
        let mut shape = self.kernel_size.clone();
        if self.class.transposed() {
            shape.extend([self.filters.clone(), channels.clone()]);
        } else {
            shape.extend([channels.clone() / Dim::Known(self.groups), self.filters.clone()]);
        }
        let kernel = Weight { name: "kernel", shape: Shape(shape), options: self.kernel };
        let bias = Weight { name: "bias", shape: Shape(vec![self.filters.clone()]), options: self.bias };
        if self.use_bias { vec![kernel, bias] } else { vec![kernel] }
    }

    fn activation(&self) -> Activation {
        self.activation
    }

    fn changes(&self, inputs: &[&Shape], wanted: &Shape) -> Vec<(Self, String)> {
        inputs.first().map(|shape| self.changed(shape, wanted)).unwrap_or_default()
    }
}
