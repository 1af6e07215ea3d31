//! The kernels of [`mimo_kernels`], with the types of models.
//!
//! Kernels know nothing of models, so `mimo-kernels` has an [`Activation`](mimo_kernels::Activation) and a
//! [`PoolKind`](mimo_kernels::PoolKind) of its own. This is the only place that converts between the two: the
//! functions below have the names of the kernels that they call, and replace them. Each conversion is a `match`
//! without a wildcard, so a variant that models have and kernels lack does not compile. The value that a derivative
//! reads is [`Activation::from_output`] of `mimo-graph`; gradient checks of every activation show that the kernels
//! agree.

pub use mimo_graph::activation::Activation;
pub use mimo_graph::layers::pooling::PoolKind;
pub use mimo_kernels::*;

/// `y = a(x)`: [`mimo_kernels::activation_forward`].
#[inline]
pub fn activation_forward<E: Element>(arena: &mut [E], a: Activation, x: Mat, y: Mat) {
    mimo_kernels::activation_forward(arena, activation_kernel(a), x, y);
}

/// `dx = a'(x) dy`, added to `dx` if `accumulate`: [`mimo_kernels::activation_backward`].
#[inline]
pub fn activation_backward<E: Element>(
    arena: &mut [E],
    a: Activation,
    saved: Mat,
    dy: Mat,
    dx: Mat,
    accumulate: bool,
) {
    mimo_kernels::activation_backward(arena, activation_kernel(a), saved, dy, dx, accumulate);
}

/// `y` is the result of each window of `x`: [`mimo_kernels::pooling()`].
#[inline]
pub fn pooling<E: Element>(kind: PoolKind, windows: &Windows, x: &[E], y: &mut [E]) {
    mimo_kernels::pooling(pooling_kernel(kind), windows, x, y);
}

/// Adds the gradient of the image to `dx`: [`mimo_kernels::pooling_gradient`].
#[inline]
pub fn pooling_gradient<E: Element>(kind: PoolKind, windows: &Windows, values: [&[E]; 3], dx: &mut [E]) {
    mimo_kernels::pooling_gradient(pooling_kernel(kind), windows, values, dx);
}

const fn pooling_kernel(kind: PoolKind) -> mimo_kernels::PoolKind {
    use mimo_kernels::PoolKind as K;
    match kind {
        PoolKind::Max => K::Max,
        PoolKind::SharedMax => K::SharedMax,
        PoolKind::Average => K::Average,
    }
}

const fn activation_kernel(activation: Activation) -> mimo_kernels::Activation {
    use Activation as A;
    use mimo_kernels::Activation as K;
    match activation {
        A::Linear => K::Linear,
        A::Relu => K::Relu,
        A::Relu6 => K::Relu6,
        A::Rectifier { negative_slope, max_value, threshold } => K::Rectifier {
            negative_slope,
            max_value: match max_value {
                Some(max_value) => max_value,
                None => f64::INFINITY,
            },
            threshold,
        },
        A::LeakyRelu { negative_slope } => K::LeakyRelu { negative_slope },
        A::Elu { alpha } => K::Elu { alpha },
        A::Selu => K::Selu,
        A::Celu { alpha } => K::Celu { alpha },
        A::Sigmoid => K::Sigmoid,
        A::LogSigmoid => K::LogSigmoid,
        A::Softplus => K::Softplus,
        A::Softsign => K::Softsign,
        A::Softmax => K::Softmax,
        A::LogSoftmax => K::LogSoftmax,
        A::Sparsemax => K::Sparsemax,
        // A separate operation, because it changes the shape.
        A::Glu => K::Linear,
        A::Tanh => K::Tanh,
        A::TanhShrink => K::TanhShrink,
        A::Exponential => K::Exponential,
        A::HardSigmoid => K::HardSigmoid,
        A::HardSilu => K::HardSilu,
        A::HardTanh => K::HardTanh,
        A::Silu => K::Silu,
        A::Gelu { approximate } => K::Gelu { approximate },
        A::Mish => K::Mish,
        A::Threshold { threshold, default_value } => K::Threshold { threshold, default_value },
        A::HardShrink { threshold } => K::HardShrink { threshold },
        A::SoftShrink { threshold } => K::SoftShrink { threshold },
        A::Squareplus { b } => K::Squareplus { b },
        A::SparsePlus => K::SparsePlus,
        A::SparseSigmoid => K::SparseSigmoid,
    }
}

/// The kernel of an elementwise function.
pub(crate) const fn elementwise_kernel(function: mimo_graph::operation::Function) -> elementwise::Function {
    use elementwise::Function as K;
    use mimo_graph::operation::Function as F;
    macro_rules! same {
        ($($name:ident),* $(,)?) => {
            match function { $(F::$name => K::$name,)* }
        };
    }
    same!(
        Add,
        Subtract,
        Multiply,
        Divide,
        Power,
        Maximum,
        Minimum,
        Mod,
        FloorDivide,
        Arctan2,
        Greater,
        GreaterEqual,
        Less,
        LessEqual,
        Equal,
        NotEqual,
        LogicalAnd,
        LogicalOr,
        LogicalNot,
        Where,
        Clip,
        Negative,
        Abs,
        Sign,
        Square,
        Sqrt,
        Rsqrt,
        Reciprocal,
        Exp,
        Expm1,
        Log,
        Log1p,
        Log2,
        Log10,
        Sin,
        Cos,
        Tan,
        Arcsin,
        Arccos,
        Arctan,
        Sinh,
        Cosh,
        Tanh,
        Arcsinh,
        Arccosh,
        Arctanh,
        Erf,
        Sigmoid,
        Relu,
        Floor,
        Ceil,
        Trunc,
        Round,
        ScaleGradient,
    )
}
