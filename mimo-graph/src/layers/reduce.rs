//! `sum`, `mean`, `max`, `min`: one number for the values along some axes.

use crate::activation::Activation;
use crate::args::Bound;
use crate::context::Cx;
use crate::diag::Loc;
use crate::dim::Dim;
use crate::layers::change::Change;
use crate::layers::layer::{Effect, Layer, Operand, Reads, Typed, Weight, has_axes};
use crate::layers::named_axes::NamedAxes;
use crate::operation::{self, Call, OpKind, Reduction};
use crate::shape::{Dtype, Shape};

/// A reduction of `keras.ops`.
#[derive(Clone, Debug, PartialEq)]
pub struct Reduce {
    /// The number that values become.
    pub reduction: Reduction,
    /// The axes that are reduced.
    pub axis: NamedAxes,
    /// Whether they stay, with length 1.
    pub keepdims: bool,
}

tensor_operations! {
    /// The sum over some axes of a sample.
    ///
    /// `[a, b] → [a]` for the last axis, `[a, 1]` with `keepdims = true`. Samples are not summed: `axis` has to be given.
    ///
    /// Keras: `keras.ops.sum`
    "`sum(x, axis, keepdims = false)`"
    sum, "let x = Input(shape = [20, 8]);\nlet y: [20] = sum(x, axis = -1);" => |args, cx| Reduce::read(Reduction::Sum, args, cx);

    /// The mean over some axes of a sample.
    ///
    /// `[a, b] → [a]` for the last axis, `[a, 1]` with `keepdims = true`. Samples are not averaged: `axis` has to be given.
    ///
    /// Keras: `keras.ops.mean`
    "`mean(x, axis, keepdims = false)`"
    mean, "let x = Input(shape = [20, 8]);\nlet y: [20] = mean(x, axis = -1);" => |args, cx| Reduce::read(Reduction::Mean, args, cx);

    /// The largest value over some axes of a sample. Equal values share its gradient.
    ///
    /// `[a, b] → [a]` for the last axis, `[a, 1]` with `keepdims = true`. Samples are not compared: `axis` has to be given.
    ///
    /// Keras: `keras.ops.max`
    "`max(x, axis, keepdims = false)`"
    max, "let x = Input(shape = [20, 8]);\nlet y: [20] = max(x, axis = -1);" => |args, cx| Reduce::read(Reduction::Max, args, cx);

    /// The smallest value over some axes of a sample. Equal values share its gradient.
    ///
    /// `[a, b] → [a]` for the last axis, `[a, 1]` with `keepdims = true`. Samples are not compared: `axis` has to be given.
    ///
    /// Keras: `keras.ops.min`
    "`min(x, axis, keepdims = false)`"
    min, "let x = Input(shape = [20, 8]);\nlet y: [20] = min(x, axis = -1);" => |args, cx| Reduce::read(Reduction::Min, args, cx);
    takes {
        /// A tensor.
        x: Tensors,
        /// The axis, or a list of axes: 0 is the batch, 1 the first axis of a sample, -1 the last.
        axis: Axes,
        /// Whether the axes stay, with length 1.
        keepdims: bool = "false",
    }
}

impl Reduce {
    fn read(reduction: Reduction, args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let what = match reduction {
            Reduction::Sum => "summed",
            Reduction::Mean => "averaged",
            Reduction::Max | Reduction::Min => "compared",
        };
        let axis = NamedAxes::read(args, &format!("and samples are not {what}"), cx);
        let keepdims = args.boolean("keepdims", cx);
        Some(Reduce { reduction, axis: axis?, keepdims })
    }
}

impl Layer for Reduce {
    fn class_name(&self) -> &'static str {
        match self.reduction {
            Reduction::Sum => "sum",
            Reduction::Mean => "mean",
            Reduction::Max => "max",
            Reduction::Min => "min",
        }
    }

    fn reads(&self) -> Reads {
        Reads::NamedAxes
    }

    fn effect(&self) -> Effect {
        Effect::Resampled
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

    fn operation(&self, call: &mut dyn Call) -> Option<OpKind<Dim>> {
        let input = call.shape(0);
        let (shape, strides, kept) = self.axis.layout(&input)?;
        call.count(input.elements());
        let operation =
            operation::Reduce { reduction: self.reduction, shape, strides, kept, x: call.x(0), y: call.y() };
        Some(operation.into())
    }

    fn infer(&self, inputs: &[Operand<'_>], call: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let [x] = inputs else { return None };
        let class = self.class_name();
        if !(has_axes(class, x, cx) && self.axis.exist(class, x, call, cx)) {
            return None;
        }
        let reduced = self.axis.of_sample(x.shape.rank())?;
        let axes = x.shape.0.iter().enumerate().filter_map(|(axis, len)| match reduced.contains(&axis) {
            true => self.keepdims.then_some(Dim::Known(1)),
            false => Some(len.clone()),
        });
        Some(vec![(Shape(axes.collect()), Dtype::Float)])
    }

    fn changes(&self, inputs: &[&Shape], _: Option<&Shape>) -> Vec<(Self, Change)> {
        let axes = self.axis.changes(inputs).into_iter();
        axes.map(|(axis, change)| (Self { axis, ..self.clone() }, change)).collect()
    }
}
