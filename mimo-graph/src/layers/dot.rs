//! `Dot`: products of two tensors, summed over one axis of each.

use crate::activation::Activation;
use crate::args::{Bound, read};
use crate::code::Code;
use crate::context::Cx;
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::layers::change::{Change, Written};
use crate::layers::contraction::{Axes, have_one_length};
use crate::layers::layer::{Effect, Layer, Masks, Operand, Reads, Typed, Weight, floats, sample_axis};
use crate::operation::{Call, OpKind};
use crate::shape::{Dtype, Shape};
use crate::value::ValueKind;

/// Keras's `Dot`: the axes of the first tensor and then those of the second, without the one of each that is summed
/// over; `[n], [n] → [1]`, and with `axes = 2` `[a, n], [b, n] → [a, b]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dot {
    /// Summed axis of each tensor in Keras's numbering, with the batch as axis 0; negative from the end.
    pub axes: [i64; 2],
    /// Whether both are normalized to length 1 along that axis first, which makes the products cosines.
    pub normalize: bool,
}

layer! {
    /// The sum of the products of two tensors over one axis of each.
    ///
    /// `[n], [n] → [1]`, and with `axes = 2` `[a, n], [b, n] → [a, b]`. As a function: `dot([a, b], axes = 1)`.
    ///
    /// Keras: [`Dot`](https://keras.io/api/layers/merging_layers/dot/)
    "`Dot(axes, normalize = false, name = none, trainable = true)`"
    Dot | dot, "let a = Input(shape = [10]);\nlet b = Input(shape = [10]);\nlet y: [1] = dot([a, b], axes = 1);" => Dot::from_args;
    takes {
        /// The axis of each tensor over which the products are summed: one number for both, or two.
        axes: Axes,
        /// Whether the vectors are normalized to length 1 first, which makes the result their cosine.
        normalize: bool = "false",
    }
}

impl Dot {
    pub(super) fn from_args(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let axes = args.read("axes", cx, |value, what, cx| match &value.kind {
            ValueKind::List(items) => {
                let [a, b] = &items[..] else {
                    let help = "write the axis of the first tensor and that of the second: `axes = (2, 1)`";
                    read::wrong(value, what, "one axis or two", Some(help.into()), cx);
                    return None;
                };
                let each = format!("each axis in {what}");
                let [a, b] = [a, b].map(|item| read::integer(item, &each, cx));
                Some([a?, b?])
            }
            _ => read::integer(value, what, cx).map(|axis| [axis; 2]),
        });
        let normalize = args.boolean("normalize", cx);
        let axes = axes?;
        if axes.contains(&0) {
            let help = "write `axes = 1` for the first axis of each sample, `axes = -1` for the last";
            cx.error(
                Diag::error(
                    Code::BatchAxis,
                    args.loc("axes"),
                    "axis 0 is the batch, which is not summed over",
                )
                .help(help),
            );
            return None;
        }
        Some(Dot { axes, normalize })
    }

    /// The summed axis within a sample of each tensor: `None` for one that does not exist.
    pub fn sample_axis(&self, tensor: usize, rank: usize) -> Option<usize> {
        sample_axis(*self.axes.get(tensor)?, rank)
    }

    /// The axes of a call; the summed one is axis 0.
    pub(crate) fn contracted(&self, a: &Shape, b: &Shape) -> Axes {
        let axes = |tensor: usize, shape: &Shape, first: usize| -> Vec<usize> {
            let summed = self.sample_axis(tensor, shape.rank());
            (0..shape.rank()).map(|at| if Some(at) == summed { 0 } else { first + at }).collect()
        };
        let (a, b) = (axes(0, a, 1), axes(1, b, 1 + a.rank()));
        let output = a.iter().chain(&b).copied().filter(|axis| *axis != 0).collect();
        let operands = [a, b].map(|axes| axes.into_iter().map(Some).collect()).into();
        Axes { operands, output }
    }

    /// Same as [`sample_axis`](Self::sample_axis); reports an error.
    fn axis(&self, tensor: usize, x: &Operand<'_>, call: Loc, cx: &mut Cx<'_>) -> Option<usize> {
        let rank = x.shape.rank();
        let axis = self.sample_axis(tensor, rank);
        if axis.is_none() {
            let shown = x.shape.display(cx.consts);
            let message = format!("axis {} of `{}` does not exist: it is {shown}", self.axes[tensor], x.name);
            let help = match rank {
                0 => "write `Reshape([1])` before it".into(),
                1 => "its only axis is axis 1".into(),
                _ => format!("it has axes 1 to {rank}; the batch is axis 0"),
            };
            cx.error(Diag::error(Code::AxisOutOfRange, call, message).about(x.shown()).help(help));
        }
        axis
    }
}

impl Layer for Dot {
    fn class_name(&self) -> &'static str {
        "Dot"
    }

    fn reads(&self) -> Reads {
        Reads::Any
    }

    fn masks(&self) -> Masks {
        Masks::End
    }

    fn effect(&self) -> Effect {
        Effect::Joined
    }

    fn head(&self) -> Option<Activation> {
        None
    }

    fn aliases(&self) -> bool {
        false
    }

    fn typed(&self, _: &[Weight]) -> Option<Typed> {
        None
    }

    /// The plan creates several operations, or one together with other layers.
    fn operation(&self, _: &mut dyn Call) -> Option<OpKind<Dim>> {
        None
    }

    fn infer(&self, inputs: &[Operand<'_>], call: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let [a, b] = inputs else { return None };
        let fine = [a, b].map(|x| floats(self.class_name(), x, cx));
        let [i, j] = [(0, a), (1, b)].map(|(tensor, x)| self.axis(tensor, x, call, cx));
        let (i, j) = (i?, j?);
        if fine != [true; 2] {
            return None;
        }
        let equal = have_one_length(
            "`Dot` sums over",
            [(a, i), (b, j)],
            "sum over axes of the same length",
            call,
            cx,
        );
        if !equal {
            return None;
        }
        let without = |shape: &Shape, axis: usize| {
            let dims = shape.0.iter().enumerate().filter(move |(i, _)| *i != axis);
            dims.map(|(_, dim)| dim.clone()).collect::<Vec<_>>()
        };
        let mut dims = [without(a.shape, i), without(b.shape, j)].concat();
        if dims.is_empty() {
            dims.push(Dim::Known(1));
        }
        Some(vec![(Shape(dims), Dtype::Float)])
    }

    fn arity(&self) -> (usize, usize) {
        (2, 2)
    }

    fn changes(&self, inputs: &[&Shape], _: Option<&Shape>) -> Vec<(Self, Change)> {
        let [a, b] = inputs else { return vec![] };
        let pairs = (1..=a.rank()).flat_map(|i| (1..=b.rank()).map(move |j| [i, j]));
        let changed = pairs.map(|axes| {
            let change = Change::Setting("axes", Written::numbers(&axes));
            // A rank is the length of a list in the source: it fits.
            (Dot { axes: axes.map(|axis| axis as i64), ..*self }, change)
        });
        changed.collect()
    }
}
