//! Elementwise operations: functions of `keras.ops` such as `exp` and `where`, and the operators.

use crate::args::{Bound, read};
use crate::code::Code;
use crate::context::Cx;
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::layers::broadcast::broadcast;
use crate::layers::layer::{Effect, Layer, Masks, Operand, Reads, operation_facts};
use crate::operation::{Call, Function, Number, OpKind};
use crate::shape::{Dtype, Shape};
use crate::value::ValueKind;

/// An elementwise function of tensors that broadcast and of numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Elementwise {
    /// Its name in `keras.ops`.
    pub name: &'static str,
    /// The function.
    pub function: Function,
    /// Kinds of its operands.
    pub operands: Vec<Single>,
    /// Whether its numbers are written as whole ones: `n + 1`.
    pub whole: bool,
}

/// An operand of an elementwise function.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Single {
    /// A tensor of the call.
    Tensor,
    /// A number.
    Number(Number),
    /// 1 while training, else 0.
    Training,
}

tensor_operations! {
    /// `-x`.
    ///
    /// The shape is unchanged.
    ///
    /// Keras: `keras.ops.negative`
    "`negative(x)`"
    negative, "let x = Input(shape = [8]);\nlet y: [8] = negative(x);" => |args, cx| Elementwise::read(Function::Negative, args, cx);
    /// `|x|`. The derivative at 0 is 0.
    ///
    /// The shape is unchanged.
    ///
    /// Keras: `keras.ops.abs`
    "`abs(x)`"
    abs, "let x = Input(shape = [8]);\nlet y: [8] = abs(x);" => |args, cx| Elementwise::read(Function::Abs, args, cx);
    /// -1, 0 or 1. It has no gradient.
    ///
    /// The shape is unchanged.
    ///
    /// Keras: `keras.ops.sign`
    "`sign(x)`"
    sign, "let x = Input(shape = [8]);\nlet y: [8] = sign(x);" => |args, cx| Elementwise::read(Function::Sign, args, cx);
    /// `x²`.
    ///
    /// The shape is unchanged.
    ///
    /// Keras: `keras.ops.square`
    "`square(x)`"
    square, "let x = Input(shape = [8]);\nlet y: [8] = square(x);" => |args, cx| Elementwise::read(Function::Square, args, cx);
    /// `√x`; NaN below 0.
    ///
    /// The shape is unchanged.
    ///
    /// Keras: `keras.ops.sqrt`
    "`sqrt(x)`"
    sqrt, "let x = Input(shape = [8]);\nlet y: [8] = sqrt(x);" => |args, cx| Elementwise::read(Function::Sqrt, args, cx);
    /// `1 / √x`.
    ///
    /// The shape is unchanged.
    ///
    /// Keras: `keras.ops.rsqrt`
    "`rsqrt(x)`"
    rsqrt, "let x = Input(shape = [8]);\nlet y: [8] = rsqrt(x);" => |args, cx| Elementwise::read(Function::Rsqrt, args, cx);
    /// `1 / x`.
    ///
    /// The shape is unchanged.
    ///
    /// Keras: `keras.ops.reciprocal`
    "`reciprocal(x)`"
    reciprocal, "let x = Input(shape = [8]);\nlet y: [8] = reciprocal(x);" => |args, cx| Elementwise::read(Function::Reciprocal, args, cx);
    /// `eˣ`.
    ///
    /// The shape is unchanged.
    ///
    /// Keras: `keras.ops.exp`
    "`exp(x)`"
    exp, "let x = Input(shape = [8]);\nlet y: [8] = exp(x);" => |args, cx| Elementwise::read(Function::Exp, args, cx);
    /// `eˣ − 1`, precise near 0.
    ///
    /// The shape is unchanged.
    ///
    /// Keras: `keras.ops.expm1`
    "`expm1(x)`"
    expm1, "let x = Input(shape = [8]);\nlet y: [8] = expm1(x);" => |args, cx| Elementwise::read(Function::Expm1, args, cx);
    /// The natural logarithm; NaN below 0.
    ///
    /// The shape is unchanged.
    ///
    /// Keras: `keras.ops.log`
    "`log(x)`"
    log, "let x = Input(shape = [8]);\nlet y: [8] = log(x);" => |args, cx| Elementwise::read(Function::Log, args, cx);
    /// `log(1 + x)`, precise near 0.
    ///
    /// The shape is unchanged.
    ///
    /// Keras: `keras.ops.log1p`
    "`log1p(x)`"
    log1p, "let x = Input(shape = [8]);\nlet y: [8] = log1p(x);" => |args, cx| Elementwise::read(Function::Log1p, args, cx);
    /// The logarithm with base 2.
    ///
    /// The shape is unchanged.
    ///
    /// Keras: `keras.ops.log2`
    "`log2(x)`"
    log2, "let x = Input(shape = [8]);\nlet y: [8] = log2(x);" => |args, cx| Elementwise::read(Function::Log2, args, cx);
    /// The logarithm with base 10.
    ///
    /// The shape is unchanged.
    ///
    /// Keras: `keras.ops.log10`
    "`log10(x)`"
    log10, "let x = Input(shape = [8]);\nlet y: [8] = log10(x);" => |args, cx| Elementwise::read(Function::Log10, args, cx);
    /// The sine, of radians.
    ///
    /// The shape is unchanged.
    ///
    /// Keras: `keras.ops.sin`
    "`sin(x)`"
    sin, "let x = Input(shape = [8]);\nlet y: [8] = sin(x);" => |args, cx| Elementwise::read(Function::Sin, args, cx);
    /// The cosine, of radians.
    ///
    /// The shape is unchanged.
    ///
    /// Keras: `keras.ops.cos`
    "`cos(x)`"
    cos, "let x = Input(shape = [8]);\nlet y: [8] = cos(x);" => |args, cx| Elementwise::read(Function::Cos, args, cx);
    /// The tangent, of radians.
    ///
    /// The shape is unchanged.
    ///
    /// Keras: `keras.ops.tan`
    "`tan(x)`"
    tan, "let x = Input(shape = [8]);\nlet y: [8] = tan(x);" => |args, cx| Elementwise::read(Function::Tan, args, cx);
    /// The inverse sine, in radians; NaN beyond -1 and 1.
    ///
    /// The shape is unchanged.
    ///
    /// Keras: `keras.ops.arcsin`
    "`arcsin(x)`"
    arcsin, "let x = Input(shape = [8]);\nlet y: [8] = arcsin(x);" => |args, cx| Elementwise::read(Function::Arcsin, args, cx);
    /// The inverse cosine, in radians; NaN beyond -1 and 1.
    ///
    /// The shape is unchanged.
    ///
    /// Keras: `keras.ops.arccos`
    "`arccos(x)`"
    arccos, "let x = Input(shape = [8]);\nlet y: [8] = arccos(x);" => |args, cx| Elementwise::read(Function::Arccos, args, cx);
    /// The inverse tangent, in radians.
    ///
    /// The shape is unchanged.
    ///
    /// Keras: `keras.ops.arctan`
    "`arctan(x)`"
    arctan, "let x = Input(shape = [8]);\nlet y: [8] = arctan(x);" => |args, cx| Elementwise::read(Function::Arctan, args, cx);
    /// The hyperbolic sine.
    ///
    /// The shape is unchanged.
    ///
    /// Keras: `keras.ops.sinh`
    "`sinh(x)`"
    sinh, "let x = Input(shape = [8]);\nlet y: [8] = sinh(x);" => |args, cx| Elementwise::read(Function::Sinh, args, cx);
    /// The hyperbolic cosine.
    ///
    /// The shape is unchanged.
    ///
    /// Keras: `keras.ops.cosh`
    "`cosh(x)`"
    cosh, "let x = Input(shape = [8]);\nlet y: [8] = cosh(x);" => |args, cx| Elementwise::read(Function::Cosh, args, cx);
    /// The hyperbolic tangent.
    ///
    /// The shape is unchanged.
    ///
    /// Keras: `keras.ops.tanh`
    "`tanh(x)`"
    tanh, "let x = Input(shape = [8]);\nlet y: [8] = tanh(x);" => |args, cx| Elementwise::read(Function::Tanh, args, cx);
    /// The inverse hyperbolic sine.
    ///
    /// The shape is unchanged.
    ///
    /// Keras: `keras.ops.arcsinh`
    "`arcsinh(x)`"
    arcsinh, "let x = Input(shape = [8]);\nlet y: [8] = arcsinh(x);" => |args, cx| Elementwise::read(Function::Arcsinh, args, cx);
    /// The inverse hyperbolic cosine; NaN below 1.
    ///
    /// The shape is unchanged.
    ///
    /// Keras: `keras.ops.arccosh`
    "`arccosh(x)`"
    arccosh, "let x = Input(shape = [8]);\nlet y: [8] = arccosh(x);" => |args, cx| Elementwise::read(Function::Arccosh, args, cx);
    /// The inverse hyperbolic tangent; NaN beyond -1 and 1.
    ///
    /// The shape is unchanged.
    ///
    /// Keras: `keras.ops.arctanh`
    "`arctanh(x)`"
    arctanh, "let x = Input(shape = [8]);\nlet y: [8] = arctanh(x);" => |args, cx| Elementwise::read(Function::Arctanh, args, cx);
    /// The error function.
    ///
    /// The shape is unchanged.
    ///
    /// Keras: `keras.ops.erf`
    "`erf(x)`"
    erf, "let x = Input(shape = [8]);\nlet y: [8] = erf(x);" => |args, cx| Elementwise::read(Function::Erf, args, cx);
    /// `1 / (1 + e⁻ˣ)`.
    ///
    /// The shape is unchanged.
    ///
    /// Keras: `keras.ops.sigmoid`
    "`sigmoid(x)`"
    sigmoid, "let x = Input(shape = [8]);\nlet y: [8] = sigmoid(x);" => |args, cx| Elementwise::read(Function::Sigmoid, args, cx);
    /// `max(x, 0)`.
    ///
    /// The shape is unchanged.
    ///
    /// Keras: `keras.ops.relu`
    "`relu(x)`"
    relu, "let x = Input(shape = [8]);\nlet y: [8] = relu(x);" => |args, cx| Elementwise::read(Function::Relu, args, cx);
    /// Rounded down. It has no gradient.
    ///
    /// The shape is unchanged.
    ///
    /// Keras: `keras.ops.floor`
    "`floor(x)`"
    floor, "let x = Input(shape = [8]);\nlet y: [8] = floor(x);" => |args, cx| Elementwise::read(Function::Floor, args, cx);
    /// Rounded up. It has no gradient.
    ///
    /// The shape is unchanged.
    ///
    /// Keras: `keras.ops.ceil`
    "`ceil(x)`"
    ceil, "let x = Input(shape = [8]);\nlet y: [8] = ceil(x);" => |args, cx| Elementwise::read(Function::Ceil, args, cx);
    /// Rounded towards 0. It has no gradient.
    ///
    /// The shape is unchanged.
    ///
    /// Keras: `keras.ops.trunc`
    "`trunc(x)`"
    trunc, "let x = Input(shape = [8]);\nlet y: [8] = trunc(x);" => |args, cx| Elementwise::read(Function::Trunc, args, cx);
    /// Rounded to the nearest integer, halves to the even one. It has no gradient.
    ///
    /// The shape is unchanged.
    ///
    /// Keras: `keras.ops.round`
    "`round(x)`"
    round, "let x = Input(shape = [8]);\nlet y: [8] = round(x);" => |args, cx| Elementwise::read(Function::Round, args, cx);
    /// 1 where `x` is 0, else 0. It has no gradient.
    ///
    /// The shape is unchanged.
    ///
    /// Keras: `keras.ops.logical_not`
    "`logical_not(x)`"
    logical_not, "let x = Input(shape = [8]);\nlet y: [8] = logical_not(x);" => |args, cx| Elementwise::read(Function::LogicalNot, args, cx);
    takes {
        /// A tensor.
        x: Tensors,
    }

    /// `x1 + x2`.
    ///
    /// Shapes are equal, or axes of length 1 are repeated. One of both may be a number.
    ///
    /// Keras: `keras.ops.add`
    "`add(x1, x2)`"
    add, "let a = Input(shape = [8]);\nlet y: [8] = add(a, 2.0);" => |args, cx| Elementwise::read(Function::Add, args, cx);
    /// `x1 - x2`.
    ///
    /// Shapes are equal, or axes of length 1 are repeated. One of both may be a number.
    ///
    /// Keras: `keras.ops.subtract`
    "`subtract(x1, x2)`"
    subtract, "let a = Input(shape = [8]);\nlet y: [8] = subtract(a, 2.0);" => |args, cx| Elementwise::read(Function::Subtract, args, cx);
    /// `x1 * x2`.
    ///
    /// Shapes are equal, or axes of length 1 are repeated. One of both may be a number.
    ///
    /// Keras: `keras.ops.multiply`
    "`multiply(x1, x2)`"
    multiply, "let a = Input(shape = [8]);\nlet y: [8] = multiply(a, 2.0);" => |args, cx| Elementwise::read(Function::Multiply, args, cx);
    /// `x1 / x2`.
    ///
    /// Shapes are equal, or axes of length 1 are repeated. One of both may be a number.
    ///
    /// Keras: `keras.ops.divide`
    "`divide(x1, x2)`"
    divide, "let a = Input(shape = [8]);\nlet y: [8] = divide(a, 2.0);" => |args, cx| Elementwise::read(Function::Divide, args, cx);
    /// `x1` to the power of `x2`; NaN where `x1` is negative and `x2` is not an integer.
    ///
    /// Shapes are equal, or axes of length 1 are repeated. One of both may be a number.
    ///
    /// Keras: `keras.ops.power`
    "`power(x1, x2)`"
    power, "let a = Input(shape = [8]);\nlet y: [8] = power(a, 2.0);" => |args, cx| Elementwise::read(Function::Power, args, cx);
    /// The larger of two values. Where they are equal, the gradient is that of `x1`.
    ///
    /// Shapes are equal, or axes of length 1 are repeated. One of both may be a number.
    ///
    /// Keras: `keras.ops.maximum`
    "`maximum(x1, x2)`"
    maximum, "let a = Input(shape = [8]);\nlet y: [8] = maximum(a, 2.0);" => |args, cx| Elementwise::read(Function::Maximum, args, cx);
    /// The smaller of two values. Where they are equal, the gradient is that of `x1`.
    ///
    /// Shapes are equal, or axes of length 1 are repeated. One of both may be a number.
    ///
    /// Keras: `keras.ops.minimum`
    "`minimum(x1, x2)`"
    minimum, "let a = Input(shape = [8]);\nlet y: [8] = minimum(a, 2.0);" => |args, cx| Elementwise::read(Function::Minimum, args, cx);
    /// `x1 % x2`: the remainder of a division that rounds down, with the sign of `x2`, as in Python.
    ///
    /// Shapes are equal, or axes of length 1 are repeated. One of both may be a number.
    ///
    /// Keras: `keras.ops.mod`
    "`mod(x1, x2)`"
    r#mod, "let a = Input(shape = [8]);\nlet y: [8] = mod(a, 2.0);" => |args, cx| Elementwise::read(Function::Mod, args, cx);
    /// `x1 / x2`, rounded down. It has no gradient.
    ///
    /// Shapes are equal, or axes of length 1 are repeated. One of both may be a number.
    ///
    /// Keras: `keras.ops.floor_divide`
    "`floor_divide(x1, x2)`"
    floor_divide, "let a = Input(shape = [8]);\nlet y: [8] = floor_divide(a, 2.0);" => |args, cx| Elementwise::read(Function::FloorDivide, args, cx);
    /// The angle of the point `(x2, x1)`, from -π to π.
    ///
    /// Shapes are equal, or axes of length 1 are repeated. One of both may be a number.
    ///
    /// Keras: `keras.ops.arctan2`
    "`arctan2(x1, x2)`"
    arctan2, "let a = Input(shape = [8]);\nlet y: [8] = arctan2(a, 2.0);" => |args, cx| Elementwise::read(Function::Arctan2, args, cx);
    /// `x1 > x2`: 1 where it holds, else 0. It has no gradient.
    ///
    /// Shapes are equal, or axes of length 1 are repeated. One of both may be a number.
    ///
    /// Keras: `keras.ops.greater`
    "`greater(x1, x2)`"
    greater, "let a = Input(shape = [8]);\nlet y: [8] = greater(a, 2.0);" => |args, cx| Elementwise::read(Function::Greater, args, cx);
    /// `x1 >= x2`: 1 where it holds, else 0. It has no gradient.
    ///
    /// Shapes are equal, or axes of length 1 are repeated. One of both may be a number.
    ///
    /// Keras: `keras.ops.greater_equal`
    "`greater_equal(x1, x2)`"
    greater_equal, "let a = Input(shape = [8]);\nlet y: [8] = greater_equal(a, 2.0);" => |args, cx| Elementwise::read(Function::GreaterEqual, args, cx);
    /// `x1 < x2`: 1 where it holds, else 0. It has no gradient.
    ///
    /// Shapes are equal, or axes of length 1 are repeated. One of both may be a number.
    ///
    /// Keras: `keras.ops.less`
    "`less(x1, x2)`"
    less, "let a = Input(shape = [8]);\nlet y: [8] = less(a, 2.0);" => |args, cx| Elementwise::read(Function::Less, args, cx);
    /// `x1 <= x2`: 1 where it holds, else 0. It has no gradient.
    ///
    /// Shapes are equal, or axes of length 1 are repeated. One of both may be a number.
    ///
    /// Keras: `keras.ops.less_equal`
    "`less_equal(x1, x2)`"
    less_equal, "let a = Input(shape = [8]);\nlet y: [8] = less_equal(a, 2.0);" => |args, cx| Elementwise::read(Function::LessEqual, args, cx);
    /// `x1 == x2`: 1 where it holds, else 0. It has no gradient.
    ///
    /// Shapes are equal, or axes of length 1 are repeated. One of both may be a number.
    ///
    /// Keras: `keras.ops.equal`
    "`equal(x1, x2)`"
    equal, "let a = Input(shape = [8]);\nlet y: [8] = equal(a, 2.0);" => |args, cx| Elementwise::read(Function::Equal, args, cx);
    /// `x1 != x2`: 1 where it holds, else 0. It has no gradient.
    ///
    /// Shapes are equal, or axes of length 1 are repeated. One of both may be a number.
    ///
    /// Keras: `keras.ops.not_equal`
    "`not_equal(x1, x2)`"
    not_equal, "let a = Input(shape = [8]);\nlet y: [8] = not_equal(a, 2.0);" => |args, cx| Elementwise::read(Function::NotEqual, args, cx);
    /// 1 where both are nonzero, else 0. It has no gradient.
    ///
    /// Shapes are equal, or axes of length 1 are repeated. One of both may be a number.
    ///
    /// Keras: `keras.ops.logical_and`
    "`logical_and(x1, x2)`"
    logical_and, "let a = Input(shape = [8]);\nlet y: [8] = logical_and(a, 2.0);" => |args, cx| Elementwise::read(Function::LogicalAnd, args, cx);
    /// 1 where at least one is nonzero, else 0. It has no gradient.
    ///
    /// Shapes are equal, or axes of length 1 are repeated. One of both may be a number.
    ///
    /// Keras: `keras.ops.logical_or`
    "`logical_or(x1, x2)`"
    logical_or, "let a = Input(shape = [8]);\nlet y: [8] = logical_or(a, 2.0);" => |args, cx| Elementwise::read(Function::LogicalOr, args, cx);
    takes {
        /// A tensor or a number.
        x1: Tensors,
        /// A tensor or a number.
        x2: Tensors,
    }

    /// `x1` where the condition is nonzero, else `x2`.
    ///
    /// Shapes are equal, or axes of length 1 are repeated. Any of the three may be a number, but not all. The condition has no gradient.
    ///
    /// Keras: `keras.ops.where`
    "`where(condition, x1, x2)`"
    r#where, "let x = Input(shape = [8]);\nlet y: [8] = where(x > 0.0, x, 0.1 * x);" => |args, cx| Elementwise::read(Function::Where, args, cx);
    takes {
        /// A comparison, or any tensor.
        condition: Tensors,
        /// A tensor or a number.
        x1: Tensors,
        /// A tensor or a number.
        x2: Tensors,
    }

    /// `x` while training, else `alt`: the meaning of `if training { x } else { alt }`. Both are computed.
    ///
    /// Shapes are equal, or axes of length 1 are repeated. One of both may be a number. `alt` has no gradient.
    ///
    /// Keras: `keras.src.legacy.backend.in_train_phase`
    "`in_train_phase(x, alt)`"
    in_train_phase, "let x = Input(shape = [8]);\nlet y: [8] = in_train_phase(x, 0.0);" => |args, cx| {
        let sides = Elementwise::read(Function::Where, args, cx)?;
        Some(Elementwise { operands: [Single::Training].into_iter().chain(sides.operands).collect(), ..sides })
    };
    takes {
        /// Result of training steps: a tensor or a number.
        x: Tensors,
        /// Result of predictions and evaluations: a tensor or a number.
        alt: Tensors,
    }

    /// `x`, limited to at least `x_min` and at most `x_max`.
    ///
    /// The shape is unchanged. The gradient is 0 where `x` is beyond a bound.
    ///
    /// Keras: `keras.ops.clip`
    "`clip(x, x_min, x_max)`"
    clip, "let x = Input(shape = [8]);\nlet y: [8] = clip(x, 0.0, 1.0);" => |args, cx| {
        let made = Elementwise::read(Function::Clip, args, cx)?;
        if let [_, Single::Number(Number::Known(min)), Single::Number(Number::Known(max))] = made.operands[..]
            && min > max
        {
            let message = format!("`clip` holds values from `x_min` to `x_max`, but {min} is above {max}");
            let help = format!("write `x_min = {max}, x_max = {min}`");
            cx.error(Diag::error(Code::BoundsReversed, args.loc("x_min"), message).help(help));
            return None;
        }
        Some(made)
    };
    takes {
        /// A tensor.
        x: Tensors,
        /// The smallest value: a number or a tensor.
        x_min: Tensors,
        /// The largest value: a number or a tensor.
        x_max: Tensors,
    }

    /// The tensor itself, without a gradient: nothing before it is trained through it.
    ///
    /// The shape is unchanged.
    ///
    /// Keras: `keras.ops.stop_gradient`
    "`stop_gradient(variable)`"
    stop_gradient, "let x = Input(shape = [8]);\nlet y: [8] = stop_gradient(x);" => |args, _| Some(Elementwise::scaling(args, Number::Known(0.0)));
    takes {
        /// A tensor.
        variable: Tensors,
    }

    /// The tensor itself, whose gradient is multiplied by a number: -1 reverses it.
    ///
    /// The shape is unchanged. With a reversed gradient, a classifier of two domains trains the layers before it to
    /// produce features that do not tell the domains apart: [Ganin et al. 2016](https://arxiv.org/abs/1505.07818).
    "`scale_gradient(x, factor)`"
    scale_gradient, "let x = Input(shape = [8]);\nlet y: [8] = scale_gradient(x, -1.0);" => |args, cx| {
        let factor = args.take("factor").and_then(|value| number(value, "`factor` of `scale_gradient`", cx))?;
        Some(Elementwise::scaling(args, factor))
    };
    takes {
        /// A tensor.
        x: Tensors,
        /// The number.
        factor: f64,
    }
}

/// Reads a number of the model; `None` after an error.
pub(super) fn number(value: &crate::value::Value, what: &str, cx: &mut Cx<'_>) -> Option<Number> {
    match value.kind {
        ValueKind::Expr(constant) => Some(Number::Constant(constant)),
        _ => read::float(value, what, cx).map(Number::Known),
    }
}

impl Elementwise {
    fn read(function: Function, args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let name = args.callee();
        let mut operands = Vec::new();
        let mut whole = true;
        for argument in args.item().positional {
            let value = args.take(argument.name)?;
            whole &= matches!(value.kind, ValueKind::Tensor | ValueKind::Int(_));
            operands.push(match value.kind {
                ValueKind::Tensor => Single::Tensor,
                _ => Single::Number(number(value, &format!("`{}` of `{name}`", argument.name), cx)?),
            });
        }
        Some(Elementwise { name, function, operands, whole })
    }

    fn scaling(args: &Bound<'_>, factor: Number) -> Self {
        let operands = vec![Single::Tensor, Single::Number(factor)];
        Elementwise { name: args.callee(), function: Function::ScaleGradient, operands, whole: true }
    }

    /// `cast(x, int32)`, which outputs integers.
    pub(super) fn truncation(name: &'static str) -> Self {
        Elementwise { name, function: Function::Trunc, operands: vec![Single::Tensor], whole: true }
    }

    /// Whether the result holds integers: true for whole operands, except for divisions and functions of floats.
    /// As in Keras, one float among the operands makes the result a float.
    fn keeps_whole(&self, inputs: &[Operand<'_>]) -> bool {
        // A condition only selects.
        let condition = self.function == Function::Where && self.operands.first() == Some(&Single::Tensor);
        let mut values = inputs.iter().skip(usize::from(condition));
        self.function.keeps_whole()
            && self.whole
            && inputs.len() > usize::from(condition)
            && values.all(|x| x.dtype == Dtype::Int)
    }

    /// Whether the operation stops all gradients.
    pub fn stops_gradients(&self) -> bool {
        let scaled_away = self.function == Function::ScaleGradient
            && self.operands.contains(&Single::Number(Number::Known(0.0)));
        scaled_away || self.function.is_flat()
    }
}

impl Layer for Elementwise {
    fn class_name(&self) -> &'static str {
        self.name
    }

    fn reads(&self) -> Reads {
        Reads::Broadcast
    }

    fn masks(&self) -> Masks {
        Masks::Join
    }

    fn effect(&self) -> Effect {
        match self.arity() {
            (0 | 1, _) => Effect::Mapped,
            _ => Effect::Joined,
        }
    }

    operation_facts!(aliases = false);

    /// Created by the plan, together with the operations around it.
    fn operation(&self, _: &mut dyn Call) -> Option<OpKind<Dim>> {
        None
    }

    fn infer(&self, inputs: &[Operand<'_>], _: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let needs = match self.operands.contains(&Single::Training) {
            true => "both sides of an `if training` need".to_owned(),
            false => format!("`{}` needs", self.name),
        };
        let shape = broadcast(&needs, inputs, cx)?;
        let is_whole = self.name == "cast" || self.keeps_whole(inputs);
        Some(vec![(shape, if is_whole { Dtype::Int } else { Dtype::Float })])
    }

    fn arity(&self) -> (usize, usize) {
        let tensors = self.operands.iter().filter(|operand| **operand == Single::Tensor).count();
        (tensors, tensors)
    }
}
