//! `sum`, `mean`, `max`, `argmax`, …: reductions over some axes.

use crate::args::Bound;
use crate::context::Cx;
use crate::diag::Loc;
use crate::dim::Dim;
use crate::layers::change::Change;
use crate::layers::layer::{Effect, Layer, Masks, Operand, Reads, has_axes, operation_facts};
use crate::layers::named_axes::NamedAxes;
use crate::operation::{self, Call, OpKind, Reduction};
use crate::shape::{Dtype, Shape};

/// A reduction of `keras.ops`.
#[derive(Clone, Debug, PartialEq)]
pub struct Reduce {
    /// Kind of reduction.
    pub reduction: Reduction,
    /// The axes that are reduced.
    pub axis: NamedAxes,
    /// Whether they are kept, with length 1.
    pub keepdims: bool,
}

tensor_operations! {
    /// The sum over some axes of a sample.
    ///
    /// `[a, b] → [a]` for the last axis, `[a, 1]` with `keepdims = true`. Samples are not summed: `axis` is required.
    ///
    /// Keras: `keras.ops.sum`
    "`sum(x, axis, keepdims = false)`"
    sum, "let x = Input(shape = [20, 8]);\nlet y: [20] = sum(x, axis = -1);" => |args, cx| Reduce::read(Reduction::Sum, args, cx);

    /// The mean over some axes of a sample.
    ///
    /// `[a, b] → [a]` for the last axis, `[a, 1]` with `keepdims = true`. Samples are not averaged: `axis` is
    /// required.
    ///
    /// Keras: `keras.ops.mean`
    "`mean(x, axis, keepdims = false)`"
    mean, "let x = Input(shape = [20, 8]);\nlet y: [20] = mean(x, axis = -1);" => |args, cx| Reduce::read(Reduction::Mean, args, cx);

    /// The largest value over some axes of a sample. Equal values share its gradient.
    ///
    /// `[a, b] → [a]` for the last axis, `[a, 1]` with `keepdims = true`. Samples are not compared: `axis` is
    /// required.
    ///
    /// Keras: `keras.ops.max`
    "`max(x, axis, keepdims = false)`"
    max, "let x = Input(shape = [20, 8]);\nlet y: [20] = max(x, axis = -1);" => |args, cx| Reduce::read(Reduction::Max, args, cx);

    /// The smallest value over some axes of a sample. Equal values share its gradient.
    ///
    /// `[a, b] → [a]` for the last axis, `[a, 1]` with `keepdims = true`. Samples are not compared: `axis` is
    /// required.
    ///
    /// Keras: `keras.ops.min`
    "`min(x, axis, keepdims = false)`"
    min, "let x = Input(shape = [20, 8]);\nlet y: [20] = min(x, axis = -1);" => |args, cx| Reduce::read(Reduction::Min, args, cx);

    /// The variance over some axes of a sample: the mean of the squares of the distances from the mean.
    ///
    /// `[a, b] → [a]` for the last axis, `[a, 1]` with `keepdims = true`. Samples are not averaged: `axis` is
    /// required.
    ///
    /// Keras: `keras.ops.var`
    "`var(x, axis, keepdims = false)`"
    var, "let x = Input(shape = [20, 8]);\nlet y: [20] = var(x, axis = -1);" => |args, cx| Reduce::read(Reduction::Var, args, cx);

    /// The standard deviation over some axes of a sample, the square root of the variance. Its gradient is 0 where all values are equal.
    ///
    /// `[a, b] → [a]` for the last axis, `[a, 1]` with `keepdims = true`. Samples are not averaged: `axis` is
    /// required.
    ///
    /// Keras: `keras.ops.std`
    "`std(x, axis, keepdims = false)`"
    std, "let x = Input(shape = [20, 8]);\nlet y: [20] = std(x, axis = -1);" => |args, cx| Reduce::read(Reduction::Std, args, cx);

    /// The logarithm of `Σ eˣ` over some axes of a sample, which does not overflow.
    ///
    /// `[a, b] → [a]` for the last axis, `[a, 1]` with `keepdims = true`. Samples are not summed: `axis` is required.
    ///
    /// Keras: `keras.ops.logsumexp`
    "`logsumexp(x, axis, keepdims = false)`"
    logsumexp, "let x = Input(shape = [20, 8]);\nlet y: [20] = logsumexp(x, axis = -1);" => |args, cx| Reduce::read(Reduction::LogSumExp, args, cx);

    /// 1 if at least one value over some axes of a sample is nonzero, else 0. It has no gradient.
    ///
    /// `[a, b] → [a]` for the last axis, `[a, 1]` with `keepdims = true`. Samples are not compared: `axis` is
    /// required.
    ///
    /// Keras: `keras.ops.any`
    "`any(x, axis, keepdims = false)`"
    any, "let x = Input(shape = [20, 8]);\nlet y: [20] = any(x, axis = -1);" => |args, cx| Reduce::read(Reduction::Any, args, cx);

    /// 1 if all values over some axes of a sample are nonzero, else 0. It has no gradient.
    ///
    /// `[a, b] → [a]` for the last axis, `[a, 1]` with `keepdims = true`. Samples are not compared: `axis` is
    /// required.
    ///
    /// Keras: `keras.ops.all`
    "`all(x, axis, keepdims = false)`"
    all, "let x = Input(shape = [20, 8]);\nlet y: [20] = all(x, axis = -1);" => |args, cx| Reduce::read(Reduction::All, args, cx);
    takes {
        /// A tensor.
        x: Tensors,
        /// The axis, or a list of axes: 0 is the batch, 1 the first axis of a sample, -1 the last.
        axis: Axes,
        /// Whether the reduced axes are kept, with length 1.
        keepdims: bool = "false",
    }

    /// The product over some axes of a sample.
    ///
    /// `[a, b] → [a]` for the last axis, `[a, 1]` with `keepdims = true`. Samples are not multiplied: `axis` is
    /// required.
    ///
    /// Keras: `keras.ops.prod`
    "`prod(x, axis, keepdims = false)`"
    prod, "let x = Input(shape = [20, 8]);\nlet y: [20] = prod(x, axis = -1);" => |args, cx| Reduce::read(Reduction::Prod, args, cx);
    takes {
        /// A tensor.
        x: Tensors,
        /// The axis, or a list of axes: 0 is the batch, 1 the first axis of a sample, -1 the last.
        axis: Axes,
        /// Whether the reduced axes are kept, with length 1.
        keepdims: bool = "false",
        dtype => "leave it out: operations compute in the model's float type",
    }

    /// The Euclidean norm, `√Σ x²`, over some axes of a sample. Its gradient is 0 where all values are 0.
    ///
    /// `[a, b] → [a]` for the last axis, `[a, 1]` with `keepdims = true`. Samples are not summed: `axis` is required.
    ///
    /// Keras: `keras.ops.norm`
    "`norm(x, axis, keepdims = false)`"
    norm, "let x = Input(shape = [20, 8]);\nlet y: [20] = norm(x, axis = -1);" => |args, cx| Reduce::read(Reduction::Norm, args, cx);
    takes {
        /// A tensor.
        x: Tensors,
        ord => "leave it out for `√Σ x²`; order 1 is `sum(abs(x), axis = -1)`, and the largest is `max(abs(x), axis = -1)`",
        /// The axis, or a list of axes: 0 is the batch, 1 the first axis of a sample, -1 the last.
        axis: Axes,
        /// Whether the reduced axes are kept, with length 1.
        keepdims: bool = "false",
    }

    /// The index of the largest value along an axis; the first of equal ones. It has no gradient.
    ///
    /// `[a, b] → [a]` for the last axis, `[a, 1]` with `keepdims = true`. Results are integers, which an
    /// `Embedding` looks up and a `CategoryEncoding` encodes. Keras's default compares all samples; here it is the
    /// last axis.
    ///
    /// Keras: `keras.ops.argmax`
    "`argmax(x, axis = -1, keepdims = false)`"
    argmax, "let x = Input(shape = [20, 8]);\nlet y: [20] = argmax(x, axis = -1);" => |args, cx| Reduce::read_place(Reduction::ArgMax, args, cx);

    /// The index of the smallest value along an axis; the first of equal ones. It has no gradient.
    ///
    /// `[a, b] → [a]` for the last axis, `[a, 1]` with `keepdims = true`. Results are integers, which an
    /// `Embedding` looks up and a `CategoryEncoding` encodes. Keras's default compares all samples; here it is the
    /// last axis.
    ///
    /// Keras: `keras.ops.argmin`
    "`argmin(x, axis = -1, keepdims = false)`"
    argmin, "let x = Input(shape = [20, 8]);\nlet y: [20] = argmin(x, axis = -1);" => |args, cx| Reduce::read_place(Reduction::ArgMin, args, cx);
    takes {
        /// A tensor.
        x: Tensors,
        /// The axis: 0 is the batch, 1 the first axis of a sample, -1 the last.
        axis: Axis = "-1",
        /// Whether the reduced axis is kept, with length 1.
        keepdims: bool = "false",
    }
}

impl Reduce {
    fn read(reduction: Reduction, args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let what = match reduction {
            Reduction::Sum | Reduction::Norm | Reduction::LogSumExp => "summed",
            Reduction::Mean | Reduction::Var | Reduction::Std => "averaged",
            Reduction::Prod => "multiplied",
            _ => "compared",
        };
        let axis = NamedAxes::read(args, &format!("and samples are not {what}"), cx);
        let keepdims = args.boolean("keepdims", cx);
        Some(Reduce { reduction, axis: axis?, keepdims })
    }

    fn read_place(reduction: Reduction, args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let axis = NamedAxes::one(args, "and samples are not compared", cx);
        let keepdims = args.boolean("keepdims", cx);
        Some(Reduce { reduction, axis: axis?, keepdims })
    }

    /// Whether the operation stops all gradients.
    pub fn stops_gradients(&self) -> bool {
        self.reduction.is_flat()
    }
}

impl Layer for Reduce {
    fn class_name(&self) -> &'static str {
        match self.reduction {
            Reduction::Sum => "sum",
            Reduction::Mean => "mean",
            Reduction::Max => "max",
            Reduction::Min => "min",
            Reduction::Prod => "prod",
            Reduction::Var => "var",
            Reduction::Std => "std",
            Reduction::Norm => "norm",
            Reduction::LogSumExp => "logsumexp",
            Reduction::Any => "any",
            Reduction::All => "all",
            Reduction::ArgMax => "argmax",
            Reduction::ArgMin => "argmin",
        }
    }

    fn reads(&self) -> Reads {
        Reads::NamedAxes
    }

    fn masks(&self) -> Masks {
        Masks::Lose
    }

    fn kept_axes(&self, inputs: &[&Shape], _: &Shape) -> Vec<usize> {
        self.axis.before(inputs)
    }

    fn effect(&self) -> Effect {
        Effect::Resampled
    }

    operation_facts!(aliases = false);

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
        let dtype = match self.reduction {
            Reduction::ArgMax | Reduction::ArgMin => Dtype::Int,
            _ => Dtype::Float,
        };
        Some(vec![(Shape(axes.collect()), dtype)])
    }

    fn changes(&self, inputs: &[&Shape], _: Option<&Shape>) -> Vec<(Self, Change)> {
        let axes = self.axis.changes(inputs).into_iter();
        axes.map(|(axis, change)| (Self { axis, ..self.clone() }, change)).collect()
    }
}
