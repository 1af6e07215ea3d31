//! Activation functions and their derivatives, as Keras defines them.

use super::arithmetic::copy;
use super::dispatch::Kernels;
use super::element::Element;
use super::lanewise::{Operands, lanewise, scalarwise};
use super::matrix::Mat;
use super::simd::Simd;
use super::softmax::Softmax;
use super::sparsemax::{sparsemax_backward, sparsemax_forward};

mod rules;
mod scalar;

/// An activation and its parameters. Formulas: the Keras documentation of the same name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activation {
    /// `x`
    Linear,
    /// `max(x, 0)`
    Relu,
    /// `min(max(x, 0), 6)`
    Relu6,
    /// `min(x, max_value)` above `threshold`, `negative_slope · (x − threshold)` elsewhere.
    Rectifier {
        /// The slope up to the threshold.
        negative_slope: f64,
        /// The largest value; infinity for no limit.
        max_value: f64,
        /// Inputs up to this value use the slope.
        threshold: f64,
    },
    /// `x` where positive, `negative_slope · x` elsewhere.
    LeakyRelu {
        /// The slope of the negative part.
        negative_slope: f64,
    },
    /// `x` where positive, `alpha · (eˣ − 1)` elsewhere.
    Elu {
        /// The scale of the negative part.
        alpha: f64,
    },
    /// The scaled ELU of self-normalising networks.
    Selu,
    /// `max(x, 0) + min(0, alpha · (e^(x/alpha) − 1))`
    Celu {
        /// The scale of the negative part.
        alpha: f64,
    },
    /// `1 / (1 + e⁻ˣ)`
    Sigmoid,
    /// `−softplus(−x)`
    LogSigmoid,
    /// `ln(1 + eˣ)`
    Softplus,
    /// `x / (1 + |x|)`
    Softsign,
    /// `eˣ / Σ eˣ` over the last axis.
    Softmax,
    /// The logarithm of softmax over the last axis.
    LogSoftmax,
    /// `max(x − t, 0)` over the last axis, with `t` such that the sum is 1.
    Sparsemax,
    /// The hyperbolic tangent.
    Tanh,
    /// `x − tanh x`
    TanhShrink,
    /// `eˣ`
    Exponential,
    /// `x/6 + 1/2`, clipped to 0..1.
    HardSigmoid,
    /// `x · hard_sigmoid(x)`; also called hard swish.
    HardSilu,
    /// `x` clipped to −1..1.
    HardTanh,
    /// `x · sigmoid(x)`; also called swish.
    Silu,
    /// `x · Φ(x)`, with Φ the normal distribution function.
    Gelu {
        /// Whether Φ is the tanh approximation; exact by default.
        approximate: bool,
    },
    /// `x · tanh(softplus x)`
    Mish,
    /// `x` above `threshold`, `default_value` elsewhere.
    Threshold {
        /// Inputs up to this value are replaced.
        threshold: f64,
        /// Replacement value.
        default_value: f64,
    },
    /// `x` where `|x| > threshold`, 0 elsewhere.
    HardShrink {
        /// At least 0.
        threshold: f64,
    },
    /// `x` moved by `threshold` towards 0, 0 inside.
    SoftShrink {
        /// At least 0.
        threshold: f64,
    },
    /// `(x + √(x² + b)) / 2`
    Squareplus {
        /// Above 0.
        b: f64,
    },
    /// 0 below −1, `(x + 1)² / 4` up to 1, `x` above.
    SparsePlus,
    /// `(x + 1) / 2`, clipped to 0..1.
    SparseSigmoid,
}

/// Implements [`activation_forward`].
///
/// # Safety
///
/// As for [`lanewise`].
#[inline(always)]
pub(crate) unsafe fn forward<S: Simd>(activation: Activation, operands: &Operands<S::Elem, 1, 1>) {
    use Activation as A;
    let of = S::Elem::of;
    macro_rules! rule {
        ($name:ident $(, $constant:expr)*) => {
            // SAFETY: the caller's contract is that of this function.
            unsafe { lanewise::<S, _, 1, 1>(operands, rules::$name::new($($constant),*)) }
        };
    }
    macro_rules! scalar {
        ($name:ident) => {
            // SAFETY: passed on to the caller.
            unsafe { scalarwise(operands, |[x]| scalar::$name(x)) }
        };
    }
    match activation {
        // Handled by other kernels in the entry points.
        A::Linear | A::Softmax | A::LogSoftmax | A::Sparsemax => {}
        A::Relu => rule!(Relu),
        A::Rectifier { negative_slope, max_value, threshold } => {
            rule!(Rectifier, of(threshold), of(max_value), of(negative_slope), of(0.0))
        }
        A::Relu6 => rule!(Clip, of(0.0), of(6.0)),
        A::LeakyRelu { negative_slope } => rule!(LeakyRelu, of(negative_slope)),
        A::Elu { alpha } => rule!(Elu, of(1.0), of(alpha), of(1.0)),
        A::Selu => rule!(Elu, of(rules::SELU_SCALE), of(rules::SELU_SCALE * rules::SELU_ALPHA), of(1.0)),
        A::Celu { alpha } => rule!(Elu, of(1.0), of(alpha), of(1.0 / alpha)),
        A::Sigmoid => rule!(Sigmoid),
        A::LogSigmoid => rule!(LogSigmoid, of(0.0)),
        A::Softplus => rule!(Softplus, of(0.0)),
        A::Softsign => rule!(Softsign, of(1.0)),
        A::Tanh => rule!(Tanh),
        A::TanhShrink => rule!(TanhShrink),
        A::Exponential => rule!(Exponential),
        A::HardSigmoid => rule!(HardSigmoid, of(0.0), of(1.0), of(1.0 / 6.0), of(0.5)),
        A::HardSilu => rule!(HardSilu, of(0.0), of(1.0), of(1.0 / 6.0), of(0.5)),
        A::HardTanh => rule!(Clip, of(-1.0), of(1.0)),
        A::Silu => rule!(Silu),
        A::Gelu { approximate: false } => scalar!(gelu),
        A::Gelu { approximate: true } => {
            rule!(TanhGelu, of(scalar::GELU_SLOPE), of(scalar::GELU_CUBE), of(0.5))
        }
        A::Mish => rule!(Mish, of(20.0), of(2.0)),
        A::Threshold { threshold, default_value } => rule!(Threshold, of(threshold), of(default_value)),
        A::HardShrink { threshold } => rule!(HardShrink, of(threshold)),
        A::SoftShrink { threshold } => rule!(SoftShrink, of(threshold)),
        A::Squareplus { b } => {
            let b = of(b);
            // SAFETY: passed on to the caller.
            unsafe { scalarwise(operands, |[x]| scalar::squareplus(x, b)) }
        }
        A::SparsePlus => rule!(SparsePlus, of(0.0), of(1.0), of(0.25)),
        A::SparseSigmoid => rule!(HardSigmoid, of(0.0), of(1.0), of(0.5), of(0.5)),
    }
}

/// Implements [`activation_backward`]: computes the input gradient from the saved value and the output gradient.
///
/// # Safety
///
/// As for [`lanewise`].
#[inline(always)]
pub(crate) unsafe fn backward<S: Simd>(activation: Activation, operands: &Operands<S::Elem, 2, 1>) {
    use Activation as A;
    let of = S::Elem::of;
    macro_rules! rule {
        ($name:ident $(, $constant:expr)*) => {
            // SAFETY: passed on to the caller.
            unsafe { lanewise::<S, _, 2, 1>(operands, rules::$name::new($($constant),*)) }
        };
    }
    macro_rules! scalar {
        ($name:ident) => {
            // SAFETY: passed on to the caller.
            unsafe { scalarwise(operands, |[x, d]| d * scalar::$name(x)) }
        };
    }
    match activation {
        // Handled by other kernels in the entry points.
        A::Linear | A::Softmax | A::LogSoftmax | A::Sparsemax => {}
        A::Relu => rule!(ReluGradient, of(0.0)),
        A::Rectifier { negative_slope, max_value, threshold } => {
            rule!(RectifierGradient, of(threshold), of(max_value), of(negative_slope), of(0.0))
        }
        A::Relu6 => rule!(BoundedGradient, of(0.0), of(6.0), of(1.0)),
        A::LeakyRelu { negative_slope } => rule!(LeakyReluGradient, of(0.0), of(negative_slope)),
        A::Elu { alpha } => rule!(EluGradient, of(0.0), of(alpha), of(1.0)),
        A::Selu => {
            rule!(SeluGradient, of(0.0), of(rules::SELU_SCALE * rules::SELU_ALPHA), of(rules::SELU_SCALE))
        }
        A::Celu { alpha } => rule!(CeluGradient, of(0.0), of(1.0 / alpha), of(1.0)),
        A::Sigmoid => rule!(SigmoidGradient),
        A::LogSigmoid => rule!(LogSigmoidGradient),
        A::Softplus => rule!(SoftplusGradient, of(0.0)),
        A::Softsign => rule!(SoftsignGradient, of(1.0)),
        A::Tanh => rule!(TanhGradient, of(1.0)),
        A::TanhShrink => rule!(TanhShrinkGradient),
        A::Exponential => rule!(ExponentialGradient),
        A::HardSigmoid => rule!(BoundedGradient, of(0.0), of(1.0), of(1.0 / 6.0)),
        A::HardSilu => scalar!(hard_silu_slope),
        A::HardTanh => rule!(BoundedGradient, of(-1.0), of(1.0), of(1.0)),
        A::Silu => rule!(SiluGradient, of(1.0)),
        A::Gelu { approximate: false } => scalar!(gelu_slope),
        A::Gelu { approximate: true } => scalar!(tanh_gelu_slope),
        A::Mish => rule!(MishGradient, of(20.0), of(1.0), of(2.0)),
        A::Threshold { threshold, .. } => rule!(ThresholdGradient, of(threshold), of(0.0)),
        A::HardShrink { .. } | A::SoftShrink { .. } => rule!(ShrinkGradient, of(0.0)),
        A::Squareplus { b } => {
            let b = of(b);
            // SAFETY: passed on to the caller.
            unsafe { scalarwise(operands, |[x, d]| d * scalar::squareplus_slope(x, b)) }
        }
        A::SparsePlus => rule!(SparsePlusGradient, of(0.0), of(1.0)),
        A::SparseSigmoid => rule!(BoundedGradient, of(0.0), of(1.0), of(0.5)),
    }
}

/// `y = a(x)`. `y` may be `x`.
#[inline]
pub fn activation_forward<E: Element>(arena: &mut [E], a: Activation, x: Mat, y: Mat) {
    match a {
        Activation::Linear => return copy(arena, x, y, false),
        Activation::Softmax => return softmax_forward(arena, x, y, false),
        Activation::LogSoftmax => return softmax_forward(arena, x, y, true),
        Activation::Sparsemax => return sparsemax_forward(arena, x, y),
        _ => {}
    }
    y.check(arena.len());
    x.check_like(y, arena.len());
    let operands = Operands::new(arena.as_mut_ptr(), [x], [y], false);
    // SAFETY: the matrices were checked above, and the table is for this processor.
    unsafe { E::kernels().forward(a, &operands) }
}

/// `dx = a'(x) dy`, added to `dx` if `accumulate`.
///
/// `saved` is the input for `Rectifier`, `Threshold`, `TanhShrink`, `HardSilu`, `Silu`, `Gelu`, `Mish` and `Squareplus`, whose
/// derivative does not follow from the output. For all others it is the output. `dx` may be `dy`.
#[inline]
pub fn activation_backward<E: Element>(
    arena: &mut [E],
    a: Activation,
    saved: Mat,
    dy: Mat,
    dx: Mat,
    accumulate: bool,
) {
    match a {
        Activation::Linear => return copy(arena, dy, dx, accumulate),
        Activation::Softmax => return softmax_backward(arena, saved, dy, dx, false, accumulate),
        Activation::LogSoftmax => return softmax_backward(arena, saved, dy, dx, true, accumulate),
        Activation::Sparsemax => return sparsemax_backward(arena, saved, dy, dx, accumulate),
        _ => {}
    }
    dx.check(arena.len());
    saved.check_like(dx, arena.len());
    dy.check_like(dx, arena.len());
    let operands = Operands::new(arena.as_mut_ptr(), [saved, dy], [dx], accumulate);
    // SAFETY: the matrices were checked above, and the table is for this processor.
    unsafe { E::kernels().backward(a, &operands) }
}

/// Softmax over the columns of each row, or its logarithm. `y` may be `x`.
#[inline]
pub fn softmax_forward<E: Element>(arena: &mut [E], x: Mat, y: Mat, log: bool) {
    y.check(arena.len());
    x.check_like(y, arena.len());
    let base = arena.as_mut_ptr();
    let x = (x.within(base), x.stride);
    let to = (y.within_mut(base), y.stride);
    let softmax = Softmax { rows: y.rows, cols: y.cols, from: x, gradient: x, to, log, accumulate: false };
    // SAFETY: the matrices were checked above, and the table is for this processor.
    unsafe { E::kernels().softmax(&softmax) }
}

/// The gradient of [`softmax_forward`] from its output `y`, added to `dx` if `accumulate`. `dx` may be `dy`.
#[inline]
pub fn softmax_backward<E: Element>(arena: &mut [E], y: Mat, dy: Mat, dx: Mat, log: bool, accumulate: bool) {
    dx.check(arena.len());
    y.check_like(dx, arena.len());
    dy.check_like(dx, arena.len());
    let base = arena.as_mut_ptr();
    let softmax = Softmax {
        rows: dx.rows,
        cols: dx.cols,
        from: (y.within(base), y.stride),
        gradient: (dy.within(base), dy.stride),
        to: (dx.within_mut(base), dx.stride),
        log,
        accumulate,
    };
    // SAFETY: the matrices were checked above, and the table is for this processor.
    unsafe { E::kernels().softmax_gradient(&softmax) }
}
