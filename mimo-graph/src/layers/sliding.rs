//! Common code of convolutions: the geometry of a kernel that slides over a sequence or an image, channels last.

use crate::args::{Bound, read};
use crate::code::Code;
use crate::context::{Cx, DimCheck, Relation};
use crate::diag::{Diag, Loc};
use crate::dim::{Dim, MOST};
use crate::layers::layer::Operand;
use crate::shape::Shape;
use crate::value::{Value, ValueKind};

mod changes;

/// Geometry of a sliding kernel.
#[derive(Clone, Debug, PartialEq)]
pub struct Sliding {
    /// Class of the layer.
    pub class: Class,
    /// Size of the kernel along each axis.
    pub kernel_size: Vec<Dim>,
    /// Distance between consecutive windows along each axis.
    pub strides: Vec<usize>,
    /// Padding of the input.
    pub padding: Padding,
    /// Distance between consecutive taps along each axis.
    pub dilation_rate: Vec<usize>,
    /// Length that a transposed convolution adds to each axis, if it is set.
    pub output_padding: Option<Vec<usize>>,
}

/// Keras's classes with a sliding kernel.
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
    /// `DepthwiseConv1D`
    DepthwiseConv1D,
    /// `DepthwiseConv2D`
    DepthwiseConv2D,
    /// `SeparableConv1D`
    SeparableConv1D,
    /// `SeparableConv2D`
    SeparableConv2D,
}

/// Padding of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// None: windows lie inside the input.
    Valid,
    /// Zeros, so that without strides the output is as long as the input.
    Same,
    /// Zeros before the input, so that no output sees later steps.
    Causal,
}

/// Distance from the first to the last of these taps. A kernel without taps was reported, or const evaluation will
/// report it.
fn reach(taps: &Dim, dilation: usize) -> Dim {
    (taps.clone().max(Dim::Known(1)) - Dim::Known(1)) * Dim::Known(dilation)
}

/// One axis of a convolution. For a transposed convolution, it is an axis of the convolution of which it is the
/// transpose.
pub type Axis = crate::operation::Axis<Dim>;

impl Axis {
    /// Distance from the first to the last tap of a window.
    fn reach(&self) -> Dim {
        reach(&self.kernel, self.dilation)
    }

    /// Length of the input with its padding.
    pub fn padded(&self) -> Dim {
        let windows =
            (self.output.clone() - Dim::Known(1)) * Dim::Known(self.stride) + self.reach() + Dim::Known(1);
        windows.max(self.input.clone() + self.padding.clone())
    }

    /// Length of the output with the padding for the gradient of the input.
    pub fn padded_output(&self) -> Dim {
        let stride = Dim::Known(self.stride);
        let seen =
            (self.input.clone() - Dim::Known(1) + self.padding.clone()) / stride.clone() + Dim::Known(1);
        self.reach() / stride + seen.max(self.output.clone())
    }
}

impl Class {
    /// Axes that the kernel slides along.
    pub fn rank(self) -> usize {
        match self {
            Class::Conv1D | Class::Conv1DTranspose | Class::DepthwiseConv1D | Class::SeparableConv1D => 1,
            Class::Conv2D | Class::Conv2DTranspose | Class::DepthwiseConv2D | Class::SeparableConv2D => 2,
        }
    }

    /// Whether it is the transpose of a convolution.
    pub fn transposed(self) -> bool {
        matches!(self, Class::Conv1DTranspose | Class::Conv2DTranspose)
    }

    /// Keras's name.
    pub fn name(self) -> &'static str {
        match self {
            Class::Conv1D => "Conv1D",
            Class::Conv2D => "Conv2D",
            Class::Conv1DTranspose => "Conv1DTranspose",
            Class::Conv2DTranspose => "Conv2DTranspose",
            Class::DepthwiseConv1D => "DepthwiseConv1D",
            Class::DepthwiseConv2D => "DepthwiseConv2D",
            Class::SeparableConv1D => "SeparableConv1D",
            Class::SeparableConv2D => "SeparableConv2D",
        }
    }
}

/// Reads one value for all axes, or a list with one per axis; the default if missing or wrong.
fn per_axis<T: Clone>(
    args: &Bound<'_>,
    name: &str,
    class: Class,
    cx: &mut Cx<'_>,
    read: impl Fn(&Value, &str, &mut Cx<'_>) -> Option<T>,
) -> Option<Vec<T>> {
    let rank = class.rank();
    args.read_or_default(name, cx, |value, what, cx| {
        let ValueKind::List(items) = &value.kind else {
            return read(value, what, cx).map(|item| vec![item; rank]);
        };
        if items.len() != rank {
            let wanted = if rank == 1 { "1 number" } else { "1 number, or 1 for each of 2 axes" };
            let message = format!("{what} must be {wanted}, found {}", items.len());
            let example = if rank == 1 { "3" } else { "[3, 3]" };
            cx.error(
                Diag::error(Code::WrongValue, value.loc, message).help(format!("write `{name} = {example}`")),
            );
            return None;
        }
        items.iter().map(|item| read(item, &format!("each number in {what}"), cx)).collect()
    })
}

/// Reads an integer of at least 1 that is known to the macro, for the parameter `name`.
pub(super) fn positive(name: &str) -> impl Fn(&Value, &str, &mut Cx<'_>) -> Option<usize> {
    move |value, what, cx| {
        let n = read::integer(value, what, cx)?;
        let positive = usize::try_from(n).ok().filter(|&n| n > 0);
        if let Some(n) = positive.filter(|&n| n > MOST) {
            read::too_many(value, what, n, cx);
            return None;
        }
        if positive.is_none() {
            let help = format!("write `{name} = 1`, or leave it out, which means the same");
            read::out_of_range(value, what, "an integer of at least 1", Some(help), cx);
        }
        positive
    }
}

/// Reads `padding`. Only `Conv1D` has `causal`.
fn padding(args: &Bound<'_>, class: Class, cx: &mut Cx<'_>) -> Padding {
    let allowed: &[&str] =
        if class == Class::Conv1D { &["valid", "same", "causal"] } else { &["valid", "same"] };
    let word = args.read_or_default("padding", cx, |value, what, cx| {
        let causal = value.word().is_some_and(|word| word.eq_ignore_ascii_case("causal"));
        if causal && class != Class::Conv1D {
            let frame = if class.rank() == 1 { "ZeroPadding1D" } else { "ZeroPadding2D" };
            let help = format!(
                "write `padding = same`, or zeros of your own by `{frame}` before it: only `Conv1D` has `causal`"
            );
            read::wrong(value, what, "one of `valid`, `same`", Some(help), cx);
            return None;
        }
        read::word(value, what, allowed, cx)
    });
    match word {
        Some("same") => Padding::Same,
        Some("causal") => Padding::Causal,
        _ => Padding::Valid,
    }
}

impl Sliding {
    /// Arguments that decide lengths: without them the shape rule cannot be applied.
    const DECISIVE: &[&str] = &["strides", "dilation_rate", "padding", "data_format", "output_padding"];

    /// Reads `kernel_size`, `strides`, `padding`, `dilation_rate`, `data_format` and, of transposed convolutions,
    /// `output_padding`.
    pub(super) fn from_args(class: Class, args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let (rank, name) = (class.rank(), class.name());
        let kernel_size = per_axis(args, "kernel_size", class, cx, read::dim);
        let mut lengths = |name| per_axis(args, name, class, cx, positive(name)).unwrap_or(vec![1; rank]);
        let (strides, dilation_rate) = (lengths("strides"), lengths("dilation_rate"));
        let padding = padding(args, class, cx);
        args.word("data_format", cx);
        let says = class.transposed()
            && args.take("output_padding").is_some_and(|value| value.kind != ValueKind::None);
        let output_padding =
            if says { per_axis(args, "output_padding", class, cx, read::unsigned) } else { None };
        let kernel_size = kernel_size?;

        if strides.iter().any(|&stride| stride > 1) && dilation_rate.iter().any(|&rate| rate > 1) {
            let message =
                format!("`{name}` cannot have `strides` and `dilation_rate` above 1 at the same time");
            let help = "leave one of them out";
            cx.error(Diag::error(Code::StridesAndDilation, args.loc("dilation_rate"), message).help(help));
            return None;
        }
        let too_long =
            |padding: &Vec<usize>| padding.iter().zip(&strides).any(|(padding, stride)| padding >= stride);
        if output_padding.as_ref().is_some_and(too_long) {
            let message = format!("`output_padding` of `{name}` must be below `strides`");
            let help = "leave it out, or write larger `strides`";
            cx.error(Diag::error(Code::OutputPadding, args.loc("output_padding"), message).help(help));
            return None;
        }
        let layer = Sliding { class, kernel_size, strides, padding, dilation_rate, output_padding };
        if let Some(n) = (0..rank).find_map(|axis| layer.extent(axis).most().filter(|&n| n > MOST)) {
            let message =
                format!("a dilated kernel of `{name}` must reach over at most {MOST} (2^40), found {n}");
            let diag = Diag::error(Code::TooManyValues, args.loc("dilation_rate"), message);
            cx.error(diag.help("write a smaller `dilation_rate`"));
            return None;
        }
        args.sound(Self::DECISIVE).then_some(layer)
    }

    /// Extent of the taps of an axis, including the gaps between them.
    fn extent(&self, axis: usize) -> Dim {
        reach(&self.kernel_size[axis], self.dilation_rate[axis]) + Dim::Known(1)
    }

    /// Axes of the convolution for an input of this shape; for a transposed convolution, of the convolution of which
    /// it is the transpose. The settings were checked before.
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
                        // Keras pads ⌈(around − 2) / 2⌉ before the dilated input, at most the reach of the kernel.
                        let before = (around + one()) / Dim::Known(2);
                        (length, extent.clone().max(before.clone()) - before)
                    }
                }
            } else {
                match self.padding {
                    // Windows that do not fit were reported, or const evaluation will report them: here nothing may
                    // overflow.
                    Padding::Valid => {
                        ((n.clone().max(extent.clone()) - extent) / step + one(), Dim::Known(0))
                    }
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

    /// Shapes of the padded input and the padded output.
    pub(super) fn padded(&self, shape: &Shape) -> [Shape; 2] {
        let axes = self.axes(shape);
        let with = |lengths: &dyn Fn(&Axis) -> Dim| {
            Shape(axes.iter().map(lengths).chain(shape.last().cloned()).collect())
        };
        [with(&Axis::padded), with(&Axis::padded_output)]
    }

    /// Reports a tensor with another number of axes. Returns whether there was no error.
    pub(super) fn has_rank(&self, x: &Operand<'_>, cx: &mut Cx<'_>) -> bool {
        let (name, rank) = (self.class.name(), self.class.rank());
        if x.shape.rank() == rank + 1 {
            return true;
        }
        let wanted =
            if rank == 1 { "sequences, [steps, channels]" } else { "images, [height, width, channels]" };
        let message = format!("`{name}` reads {wanted}, but `{}` is {}", x.name, x.shape.display(cx.consts));
        let axes = rank + 1;
        cx.error(
            Diag::error(Code::WrongRank, x.loc, message)
                .about(x.shown())
                .help(format!("write a `Reshape` to {axes} axes before it")),
        );
        false
    }

    /// Reports windows that do not fit in the input. Returns false only after an error.
    pub(super) fn fits(&self, x: &Operand<'_>, call: Loc, cx: &mut Cx<'_>) -> bool {
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
                    // Only the first axis is reported: one kernel is one mistake.
                    if std::mem::replace(&mut fits, false) {
                        cx.error(
                            Diag::error(Code::WindowTooLarge, call, format!("`{name}`: {message}"))
                                .about(x.named())
                                .help("write `padding = same`, or a smaller `kernel_size`"),
                        );
                    }
                }
                (Some(_), Some(_)) => {}
                _ => cx.checks.push(DimCheck {
                    code: Code::WindowTooLarge,
                    loc: call,
                    found: n.clone(),
                    relation: Relation::AtLeast,
                    wanted: extent,
                    what: format!("axis {} of `{}`", axis + 1, x.name),
                    help: Some("write `padding = same`, or a smaller `kernel_size`".into()),
                    notes: vec![],
                    subjects: x.named().into_iter().collect(),
                }),
            }
        }
        fits
    }

    /// Lengths of the output; `None` after an error if it is empty.
    pub(super) fn lengths(&self, x: &Operand<'_>, call: Loc, cx: &mut Cx<'_>) -> Option<Vec<Dim>> {
        let lengths = self.given(x.shape);
        if let Some(axis) = lengths.iter().position(|length| *length == Dim::Known(0)) {
            let message = format!("`{}` outputs nothing along axis {}", self.class.name(), axis + 1);
            cx.error(
                Diag::error(Code::NothingLeft, call, message)
                    .about(x.named())
                    .help("leave `output_padding` out"),
            );
            return None;
        }
        Some(lengths)
    }
}
