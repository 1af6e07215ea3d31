//! `EinsumDense`: a product with a kernel over the axes of an equation.

pub mod equation;

use crate::activation::Activation;
use crate::args::{Bound, read};
use crate::code::Code;
use crate::context::{Cx, DimCheck, Relation};
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::initializer::InitializerKind;
use crate::layers::activity_regularization::ActivityRegularization;
use crate::layers::layer::{
    Effect, Layer, Masks, Operand, Reads, Typed, Weight, WeightOptions, floats, sizes_of,
};
use crate::operation::{Call, OpKind};
use crate::shape::{Dtype, Shape};
use crate::value::{Value, ValueKind};

use equation::{Axes, Axis, Equation};

/// Largest number of axes that the types of the weights have.
const MOST_AXES: usize = 4;

/// Keras's `EinsumDense`: with `abc,cd->abd`, `[b, c] → [b, d]`.
#[derive(Clone, Debug, PartialEq)]
pub struct EinsumDense {
    /// The equation as written.
    pub text: String,
    /// The axes of input, kernel and output.
    pub equation: Equation,
    /// Lengths of the output's named axes, without the batch; `None` for those of the input.
    pub output_shape: Vec<Option<Dim>>,
    /// The activation at the end of the layer.
    pub activation: Activation,
    /// Axes of the output with a bias; empty without a bias.
    pub bias_axes: Vec<char>,
    /// The kernel, with the axes of the equation.
    pub kernel: WeightOptions,
    /// The bias: the axes of the output from the first of `bias_axes` on, with 1 for axes that share values.
    pub bias: WeightOptions,
    /// Penalty on the outputs.
    pub activity_regularizer: Option<ActivityRegularization>,
}

layer! {
    /// A product with a kernel, summed over the axes of an equation: `activation(einsum(equation, x, kernel) +
    /// bias)`.
    ///
    /// With `abc,cd->abd`, `[b, c] → [b, d]`: `a` is the batch, the kernel is `[c, d]`. With `...x,xy->...y`, `[…, x]
    /// → […, y]`. Weights: `kernel` with the axes of the equation; `bias` from the first of `bias_axes` on, with 1
    /// for the other axes. If the kernel's summed axes come first, and the others are in the order of the output, the
    /// product is as fast as that of a `Dense`; other equations take longer.
    ///
    /// Keras: [`EinsumDense`](https://keras.io/api/layers/core_layers/einsum_dense/)
    "`EinsumDense(equation, output_shape, activation = linear, bias_axes = none, kernel_initializer = glorot_uniform, bias_initializer = zeros, kernel_regularizer = none, bias_regularizer = none, kernel_constraint = none, bias_constraint = none, activity_regularizer = none, name = none, trainable = true)`"
    EinsumDense, "let x = Input(shape = [10, 32]);\nlet y: [10, 4, 8] = EinsumDense(\"abc,cde->abde\", [none, 4, 8], bias_axes = \"de\")(x);" => EinsumDense::from_args;
    takes {
        /// The axes of input, kernel and output, a letter each, with the batch first: `"abc,cd->abd"`. Common axes
        /// may be written `...`.
        equation: Name,
        /// Lengths of the axes of the output without the batch and those of `...`; `none` for an axis of the input.
        output_shape: Lengths,
        /// Activation applied to the result.
        activation: Activation = "linear",
        /// Letters of the output that have a bias; no bias by default.
        bias_axes: Name = "none",
        /// Initializer of the kernel.
        kernel_initializer: Initializer = "glorot_uniform",
        /// Initializer of the bias.
        bias_initializer: Initializer = "zeros",
        /// Regularization penalty on the kernel.
        kernel_regularizer: Regularizer = "none",
        /// Regularization penalty on the bias.
        bias_regularizer: Regularizer = "none",
        /// Constraint applied to the kernel after each optimizer step.
        kernel_constraint: Constraint = "none",
        /// Constraint applied to the bias after each optimizer step.
        bias_constraint: Constraint = "none",
        lora_rank => "leave it out: the whole kernel is trained",
        lora_alpha => "leave it out: the whole kernel is trained",
        gptq_unpacked_column_size => "leave it out: weights are floats",
        quantization_config => "leave it out: weights are floats",
        /// Regularization penalty on the outputs of the layer, as the mean over the samples of the batch.
        activity_regularizer: Regularizer = "none",
    }
}

impl EinsumDense {
    fn from_args(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let text = args.read("equation", cx, |value, what, cx| match &value.kind {
            ValueKind::Str(text) => Some(text.clone()),
            _ => {
                let help = "write the axes in quotes, as in `\"ab,bc->ac\"`";
                read::wrong(value, what, "a string", Some(help.into()), cx);
                None
            }
        });
        let equation = text.as_ref().and_then(|text| match Equation::parse(text) {
            Ok(equation) => Some(equation),
            Err((message, help)) => {
                cx.error(Diag::error(Code::WrongValue, args.loc("equation"), message).help(help));
                args.fail("equation");
                None
            }
        });
        let output_shape = args.read("output_shape", cx, |value, what, cx| match &value.kind {
            ValueKind::List(items) => items.iter().map(|item| length(item, what, cx)).collect(),
            _ => length(value, what, cx).map(|len| vec![len]),
        });
        let activation = args.activation("activation", cx);
        let bias_axes = args.optional_string("bias_axes", cx);
        let bias = WeightOptions::of_any_rank(args, "bias", cx);
        let activity_regularizer = ActivityRegularization::of_outputs(args, cx);
        // The following checks need the axes of the equation.
        let (text, equation, output_shape) = (text?, equation?, output_shape?);
        let mut kernel = WeightOptions::from_args(args, "kernel", equation.kernel.len(), cx);
        kernel.initializer.kind = of_axes(kernel.initializer.kind, &equation);
        if equation.kernel.len() > MOST_AXES {
            let n = equation.kernel.len();
            let message =
                format!("mimo has no `EinsumDense` with a kernel of {n} axes: {MOST_AXES} are the most");
            let help = "merge some of the axes with `Reshape(…)` before it";
            cx.error(Diag::error(Code::UnavailableSetting, args.loc("equation"), message).help(help));
            return None;
        }
        let (found, wanted) = (output_shape.len(), equation.named_outputs());
        if found != wanted {
            let lengths = if wanted == 1 { "1 length".into() } else { format!("{wanted} lengths") };
            let message = format!("`output_shape` of `{text}` needs {lengths}, found {found}");
            let help =
                "write a length for each letter of the output but the batch: `none` for an axis of the input";
            cx.error(Diag::error(Code::WrongValue, args.loc("output_shape"), message).help(help));
            return None;
        }
        let bias_axes: Vec<char> = bias_axes.iter().flat_map(|axes| axes.chars()).collect();
        let layer = EinsumDense {
            text,
            equation,
            output_shape,
            activation,
            bias_axes,
            kernel,
            bias,
            activity_regularizer,
        };
        (layer.has_lengths(args, cx) & layer.has_bias_axes(args, cx) && args.sound(&["activation"]))
            .then_some(layer)
    }

    /// The letters of the output, without the batch.
    fn outputs(&self) -> &[char] {
        &self.equation.output[self.equation.output.len() - self.output_shape.len()..]
    }

    /// Whether the length of each axis of the kernel is known; reports an error if not.
    fn has_lengths(&self, args: &Bound<'_>, cx: &mut Cx<'_>) -> bool {
        let mut named = self.outputs().iter().zip(&self.output_shape);
        let open = named.find(|(axis, len)| len.is_none() && !self.equation.input.contains(axis));
        if let Some((axis, _)) = open {
            let message = format!(
                "the length of the axis `{axis}` of `{}` is not known: the input does not have it",
                self.text
            );
            let help = format!("write a number for `{axis}` in `output_shape`, in place of `none`");
            cx.error(Diag::error(Code::UnknownLength, args.loc("output_shape"), message).help(help));
        }
        open.is_none()
    }

    /// Whether `bias_axes` are axes of the output; reports an error if not.
    fn has_bias_axes(&self, args: &Bound<'_>, cx: &mut Cx<'_>) -> bool {
        let given = matches!(args.take("bias_axes").map(|value| &value.kind), Some(ValueKind::Str(_)));
        let outputs: String = self.outputs().iter().collect();
        let stranger = self.bias_axes.iter().find(|axis| !self.outputs().contains(axis));
        let twice = self.bias_axes.iter().enumerate().find(|(at, axis)| self.bias_axes[..*at].contains(axis));
        let message = match (stranger, twice) {
            (Some(axis), _) if self.equation.output.contains(axis) => {
                format!("`bias_axes` names the batch `{axis}`, and all samples have the same bias")
            }
            (Some(axis), _) => {
                format!("`bias_axes` names `{axis}`, which is not an axis of the output of `{}`", self.text)
            }
            (None, Some((_, axis))) => format!("`bias_axes` names `{axis}` twice"),
            (None, None) if given && self.bias_axes.is_empty() => "`bias_axes` names no axis".into(),
            (None, None) => return true,
        };
        let help = format!("write some of `{outputs}`, or leave `bias_axes` out for a layer without bias");
        cx.error(Diag::error(Code::WrongValue, args.loc("bias_axes"), message).help(help));
        false
    }

    /// The length of an axis of a call on samples of this shape.
    pub(crate) fn length(&self, axis: Axis, axes: &Axes, input: &Shape) -> Dim {
        let of_input = axes.input.iter().position(|other| *other == axis).and_then(|at| input.0.get(at));
        let of_output = || {
            let at = self.outputs().iter().position(|letter| Axis::Letter(*letter) == axis)?;
            self.output_shape.get(at)?.clone()
        };
        of_input.cloned().or_else(of_output).unwrap_or(Dim::Known(1))
    }

    /// The axes of the output from the first with a bias on, each with whether it has one; empty without a bias.
    pub(crate) fn biased_axes<'a>(&'a self, axes: &'a Axes) -> impl Iterator<Item = (Axis, bool)> + 'a {
        let biased = |axis: &Axis| matches!(axis, Axis::Letter(letter) if self.bias_axes.contains(letter));
        let marked = axes.output.iter().map(move |axis| (*axis, biased(axis)));
        marked.skip_while(|(_, biased)| !biased)
    }

    /// Shape of the bias, if there is one.
    fn bias_shape(&self, axes: &Axes, input: &Shape) -> Option<Shape> {
        let lengths = self.biased_axes(axes).map(|(axis, biased)| match biased {
            true => self.length(axis, axes, input),
            false => Dim::Known(1),
        });
        (!self.bias_axes.is_empty()).then(|| Shape(lengths.collect()))
    }
}

/// Reads an entry of `output_shape`.
fn length(value: &Value, what: &str, cx: &mut Cx<'_>) -> Option<Option<Dim>> {
    let value = read::without_python(value, cx);
    match value.kind {
        ValueKind::None => Some(None),
        _ => read::dim(&value, &format!("each length in {what}"), cx).map(Some),
    }
}

/// Variance scaling with the fans of the equation, as in Keras: axes of the kernel that the output does not have
/// count as inputs, the others as outputs.
fn of_axes(kind: InitializerKind, equation: &Equation) -> InitializerKind {
    let is_output: Vec<bool> = equation.kernel.iter().map(|axis| equation.output.contains(axis)).collect();
    axes_scaling(kind, &is_output)
}

/// Variance scaling for a kernel of which these axes are outputs.
pub(super) fn axes_scaling(kind: InitializerKind, is_output: &[bool]) -> InitializerKind {
    let InitializerKind::VarianceScaling { scale, mode, distribution } = kind else { return kind };
    // A matrix has these fans by default.
    if is_output == [false, true] {
        return kind;
    }
    let outputs = is_output.iter().enumerate().map(|(at, output)| usize::from(*output) << at).sum();
    InitializerKind::AxesScaling { scale, mode, distribution, outputs }
}

impl Layer for EinsumDense {
    fn class_name(&self) -> &'static str {
        "EinsumDense"
    }

    fn reads(&self) -> Reads {
        Reads::NamedAxes
    }

    fn masks(&self) -> Masks {
        Masks::Lose
    }

    fn kept_axes(&self, inputs: &[&Shape], _: &Shape) -> Vec<usize> {
        let axes = inputs.first().and_then(|x| self.equation.axes(x.rank()));
        let first = |axes: Axes| axes.input.iter().zip(&axes.output).take_while(|(x, y)| x == y).count();
        axes.map(first).into_iter().collect()
    }

    fn effect(&self) -> Effect {
        Effect::Learned
    }

    fn head(&self) -> Option<Activation> {
        Some(self.activation)
    }

    fn activity_regularizer(&self) -> Option<ActivityRegularization> {
        self.activity_regularizer
    }

    fn aliases(&self) -> bool {
        false
    }

    fn typed(&self, weights: &[Weight]) -> Option<Typed> {
        let sizes: Vec<Dim> = sizes_of(weights, 0).chain(sizes_of(weights, 1)).cloned().collect();
        let kernel = sizes_of(weights, 0).count();
        let class = match sizes.len() - kernel {
            0 => format!("EinsumDense{kernel}DWithoutBias"),
            bias => format!("EinsumDense{kernel}DWithBias{bias}D"),
        };
        Some(Typed { class, sizes })
    }

    /// The plan creates several operations.
    fn operation(&self, _: &mut dyn Call) -> Option<OpKind<Dim>> {
        None
    }

    fn infer(&self, inputs: &[Operand<'_>], call: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let [x] = inputs else { return None };
        if !floats(self.class_name(), x, cx) {
            return None;
        }
        let Some(axes) = self.equation.axes(x.shape.rank()) else {
            let (found, text) = (x.shape.rank(), &self.text);
            let letters = self.equation.input.len();
            let wanted = match self.equation.ellipsis {
                Some(equation::Side::Left) => format!("at least {letters}"),
                Some(equation::Side::Right) => format!("at least {}", letters - 1),
                None => format!("{}", letters - 1),
            };
            let shown = x.shape.display(cx.consts);
            let axes = if wanted == "1" { "axis" } else { "axes" };
            let message =
                format!("`{text}` reads samples of {wanted} {axes}, but `{}` has {found}: {shown}", x.name);
            let help = "write a letter for the batch and one for each axis of a sample, or `...` for those that stay";
            cx.error(Diag::error(Code::WrongRank, x.loc, message).about(x.shown()).help(help));
            return None;
        };
        // The length written for an axis of the input has to be its length.
        for (letter, written) in self.outputs().iter().zip(&self.output_shape) {
            let axis = Axis::Letter(*letter);
            let (Some(written), true) = (written, axes.input.contains(&axis)) else { continue };
            let found = self.length(axis, &axes, x.shape);
            let (shown, asked) =
                (found.display(cx.consts).to_string(), written.display(cx.consts).to_string());
            let message = format!(
                "the axis `{letter}` of `{}` is {shown} in `{}`, and {asked} in `output_shape`",
                self.text, x.name
            );
            let help = format!("write `none` for `{letter}` in `output_shape`");
            let check = DimCheck {
                code: Code::UnequalShapes,
                loc: call,
                found,
                relation: Relation::Equal,
                wanted: written.clone(),
                what: format!("axis `{letter}` of `{}`", x.name),
                help: Some(help.clone()),
                notes: vec![],
                subjects: x.named().into_iter().collect(),
            };
            if !cx.require_equal(check, |_| {
                Diag::error(Code::UnequalShapes, call, message).about(x.shown()).help(help)
            }) {
                return None;
            }
        }
        if let Some(bias) = self.bias_shape(&axes, x.shape) {
            let rank = bias.rank();
            if rank > MOST_AXES - 1 {
                let message = format!(
                    "mimo has no `EinsumDense` with a bias of {rank} axes: {} are the most",
                    MOST_AXES - 1
                );
                let help =
                    "leave `bias_axes` out, or merge some of the axes with `Reshape(…)` before the layer";
                cx.error(Diag::error(Code::UnavailableSetting, call, message).about(x.shown()).help(help));
                return None;
            }
            if !self.bias.fit_rank("bias", rank, call, cx) {
                return None;
            }
        }
        let lengths = axes.output.iter().map(|axis| self.length(*axis, &axes, x.shape));
        Some(vec![(Shape(lengths.collect()), Dtype::Float)])
    }

    fn weights(&self, inputs: &[&Shape]) -> Vec<Weight> {
        let Some((input, axes)) = inputs.first().and_then(|x| Some((x, self.equation.axes(x.rank())?)))
        else {
            return Vec::new();
        };
        let lengths = axes.kernel.iter().map(|axis| self.length(*axis, &axes, input));
        let kernel = Weight { name: "kernel", shape: Shape(lengths.collect()), options: self.kernel };
        let bias =
            self.bias_shape(&axes, input).map(|shape| Weight { name: "bias", shape, options: self.bias });
        [Some(kernel), bias].into_iter().flatten().collect()
    }
}
