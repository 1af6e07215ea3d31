//! Activations on vectors.
//!
//! In a gradient, `y` is the saved output, `x` the saved input and `d` the gradient of the output. At a kink the
//! derivative is TensorFlow's, unless the output is the same at the kink and on the flat part.

use crate::element::Element;
use crate::lanewise::rule;

/// `SELU`'s factor, from the paper by Klambauer et al.
pub(super) const SELU_SCALE: f64 = 1.050_700_987_355_480_5;
/// `SELU`'s limit on the negative side, before scaling.
pub(super) const SELU_ALPHA: f64 = 1.673_263_242_354_377_2;

rule! { Relu [x] -> 1 [S::max(S::splat(S::Elem::of(0.0)), x)] }
rule! { ReluGradient { zero } [y, d] -> 1 [S::select_gt(y, zero, d, zero)] }
rule! {
    /// Limits to `low..=high`. The bound is the first operand so that NaN propagates.
    Clip { low, high } [x] -> 1 [S::max(low, S::min(high, x))]
}
rule! {
    /// `slope` strictly between the bounds, zero elsewhere.
    BoundedGradient { low, high, slope } [y, d] -> 1 {
        let zero = S::splat(S::Elem::of(0.0));
        let d = S::mul(d, slope);
        [S::select_gt(y, low, S::select_gt(high, y, d, zero), zero)]
    }
}
rule! {
    LeakyRelu { slope } [x] -> 1 {
        [S::select_gt(x, S::splat(S::Elem::of(0.0)), x, S::mul(x, slope))]
    }
}
rule! {
    /// At or below the threshold `slope (x - threshold)`. Without a slope that would be NaN for minus infinity, which becomes 0.
    Rectifier { threshold, bound, slope, zero } [x] -> 1 {
        let low = S::select_gt(slope, zero, S::mul(slope, S::sub(x, threshold)), {
            // 0 below the threshold; NaN propagates.
            S::select_gt(threshold, x, zero, S::mul(x, zero))
        });
        [S::select_gt(x, threshold, S::min(bound, x), low)]
    }
}
rule! {
    /// The derivative is 0 at the threshold. At the upper bound it is that of the values below the bound.
    RectifierGradient { threshold, bound, slope, zero } [x, d] -> 1 {
        let low = S::select_gt(threshold, x, S::mul(d, slope), zero);
        [S::select_gt(x, threshold, S::select_gt(x, bound, zero, d), low)]
    }
}
rule! { Threshold { threshold, other } [x] -> 1 [S::select_gt(x, threshold, x, other)] }
rule! { ThresholdGradient { threshold, zero } [x, d] -> 1 [S::select_gt(x, threshold, d, zero)] }
rule! {
    LeakyReluGradient { zero, slope } [y, d] -> 1 [S::select_gt(y, zero, d, S::mul(d, slope))]
}
rule! {
    /// ELU, SELU and CELU: `scale x`, or `limit (e^(rate x) - 1)` where negative.
    Elu { scale, limit, rate } [x] -> 1 {
        let zero = S::splat(S::Elem::of(0.0));
        [S::select_gt(x, zero, S::mul(x, scale), S::mul(limit, S::exp_m1(S::mul(rate, x))))]
    }
}
rule! {
    EluGradient { zero, alpha, one } [y, d] -> 1 {
        [S::mul(d, S::select_gt(y, zero, one, S::add(y, alpha)))]
    }
}
rule! {
    SeluGradient { zero, limit, scale } [y, d] -> 1 {
        [S::mul(d, S::select_gt(zero, y, S::add(y, limit), scale))]
    }
}
rule! {
    CeluGradient { zero, rate, one } [y, d] -> 1 {
        [S::mul(d, S::select_gt(zero, y, S::fma(y, rate, one), one))]
    }
}
rule! { Sigmoid [x] -> 1 [S::sigmoid(x)] }
rule! { SigmoidGradient [y, d] -> 1 [S::mul(d, S::fnma(y, y, y))] }
rule! {
    /// `sigmoid(-x)`, which is `1 - e^y`.
    LogSigmoidGradient [y, d] -> 1 {
        [S::sub(S::splat(S::Elem::of(0.0)), S::mul(d, S::exp_m1(y)))]
    }
}
rule! {
    /// `sigmoid(x)`, which is `1 - e^-y`.
    SoftplusGradient { zero } [y, d] -> 1 [S::sub(zero, S::mul(d, S::exp_m1(S::sub(zero, y))))]
}
rule! {
    /// `max(x, 0) + log(1 + e^-|x|)`: does not overflow and keeps the tail of very negative values.
    Softplus { zero } [x] -> 1 [S::add(S::max(zero, x), S::ln_1p(S::exp(S::sub(zero, S::abs(x)))))]
}
rule! {
    /// `-softplus(-x)`.
    LogSigmoid { zero } [x] -> 1 [S::sub(S::min(zero, x), S::ln_1p(S::exp(S::sub(zero, S::abs(x)))))]
}
rule! { Softsign { one } [x] -> 1 [S::div(x, S::add(one, S::abs(x)))] }
rule! {
    /// `1 / (1 + |x|)^2`, which is `(1 - |y|)^2`.
    SoftsignGradient { one } [y, d] -> 1 {
        let rest = S::sub(one, S::abs(y));
        [S::mul(d, S::mul(rest, rest))]
    }
}
rule! { Tanh [x] -> 1 [S::tanh(x)] }
rule! { TanhGradient { one } [y, d] -> 1 [S::mul(d, S::fnma(y, y, one))] }
rule! { TanhShrink [x] -> 1 [S::sub(x, S::tanh(x))] }
rule! {
    TanhShrinkGradient [x, d] -> 1 {
        let t = S::tanh(x);
        [S::mul(d, S::mul(t, t))]
    }
}
rule! { Exponential [x] -> 1 [S::exp(x)] }
rule! { ExponentialGradient [y, d] -> 1 [S::mul(d, y)] }
rule! {
    /// `slope x + shift`, limited. The bound is the first operand so that NaN propagates.
    HardSigmoid { low, high, slope, shift } [x] -> 1 {
        [S::max(low, S::min(high, S::fma(x, slope, shift)))]
    }
}
rule! {
    HardSilu { low, high, slope, shift } [x] -> 1 {
        [S::mul(x, S::max(low, S::min(high, S::fma(x, slope, shift))))]
    }
}
rule! { Silu [x] -> 1 [S::mul(x, S::sigmoid(x))] }
rule! {
    SiluGradient { one } [x, d] -> 1 {
        let s = S::sigmoid(x);
        [S::mul(d, S::fma(S::mul(x, s), S::sub(one, s), s))]
    }
}
rule! {
    /// With `e = e^x` and `n = e (e + 2)`, `tanh(log(1 + e)) = n / (n + 2)`, which is 1 long before `bound`.
    Mish { bound, two } [x] -> 1 {
        let e = S::exp(S::min(bound, x));
        let n = S::mul(e, S::add(e, two));
        [S::mul(x, S::div(n, S::add(n, two)))]
    }
}
rule! {
    /// `n / (n + 2) + 4 x e (1 + e) / (n + 2)^2`, with `e` and `n` as in `Mish`.
    MishGradient { bound, one, two } [x, d] -> 1 {
        let e = S::exp(S::min(bound, x));
        let n = S::mul(e, S::add(e, two));
        let r = S::div(two, S::add(n, two));
        let rest = S::mul(S::mul(x, S::mul(e, S::add(one, e))), S::mul(r, r));
        [S::mul(d, S::add(S::div(n, S::add(n, two)), rest))]
    }
}
rule! {
    /// `x (1 + tanh(slope (x + cube x^3))) / 2`.
    TanhGelu { slope, cube, half } [x] -> 1 {
        let inner = S::mul(slope, S::fma(S::mul(S::mul(x, x), x), cube, x));
        [S::mul(S::mul(half, x), S::add(S::splat(S::Elem::of(1.0)), S::tanh(inner)))]
    }
}
rule! {
    HardShrink { bound } [x] -> 1 {
        [S::select_gt(S::abs(x), bound, x, S::splat(S::Elem::of(0.0)))]
    }
}
rule! {
    SoftShrink { bound } [x] -> 1 {
        let zero = S::splat(S::Elem::of(0.0));
        let moved = S::copy_sign(S::sub(S::abs(x), bound), x);
        [S::select_gt(S::abs(x), bound, moved, zero)]
    }
}
rule! { ShrinkGradient { zero } [y, d] -> 1 [S::select_gt(S::abs(y), zero, d, zero)] }
rule! {
    SparsePlus { zero, one, quarter } [x] -> 1 {
        let sum = S::max(zero, S::add(x, one));
        [S::select_gt(one, x, S::mul(quarter, S::mul(sum, sum)), x)]
    }
}
rule! {
    /// `(x + 1) / 2` in the curved part, which is the square root of `y`.
    SparsePlusGradient { zero, one } [y, d] -> 1 {
        [S::mul(d, S::min(one, S::sqrt(S::max(zero, y))))]
    }
}
