//! Activations: functions of each value, or of the last axis. By name, as in `activation = relu` or `"relu"`, or as a
//! call where they have arguments, as in `LeakyReLU(0.1)`; `none` is `linear`.

#[doc(no_inline)]
pub use super::layers::{LeakyReLU, ReLU};
/// Layers that may be written where an activation is meant.
pub(super) const LAYERS: &[&str] = &["LeakyReLU", "ReLU"];

items! {
    /// `x`
    ///
    /// Keras: [`linear`](https://keras.io/api/layers/activations/)
    "`linear()`"
    linear {}

    /// `max(x, 0)`
    ///
    /// Keras: [`relu`](https://keras.io/api/layers/activations/)
    "`relu(negative_slope = 0, max_value = none, threshold = 0)`"
    relu {
        /// The slope for negative values.
        negative_slope: f64 = "0",
        /// Where the function ends: 6, or `none`.
        max_value: f64 = "none",
        /// Only 0.
        threshold: f64 = "0",
    }

    /// `min(max(x, 0), 6)`
    ///
    /// Keras: [`relu6`](https://keras.io/api/layers/activations/)
    "`relu6()`"
    relu6 {}

    /// `x` where it is positive, `negative_slope · x` elsewhere.
    ///
    /// Keras: [`leaky_relu`](https://keras.io/api/layers/activations/)
    "`leaky_relu(negative_slope = 0.2)`"
    leaky_relu {
        /// The slope for negative values.
        negative_slope: f64 = "0.2",
    }

    /// `x` where it is positive, `alpha · (eˣ − 1)` elsewhere.
    ///
    /// Keras: [`elu`](https://keras.io/api/layers/activations/)
    "`elu(alpha = 1)`"
    elu | ELU {
        /// The scale for negative values.
        alpha: f64 = "1",
    }

    /// The scaled ELU of self-normalising networks.
    ///
    /// Keras: [`selu`](https://keras.io/api/layers/activations/)
    "`selu()`"
    selu {}

    /// `max(x, 0) + min(0, alpha · (e^(x/alpha) − 1))`
    ///
    /// Keras: [`celu`](https://keras.io/api/layers/activations/)
    "`celu(alpha = 1)`"
    celu {
        /// The scale for negative values.
        alpha: f64 = "1",
    }

    /// `1 / (1 + e⁻ˣ)`, between 0 and 1: for heads of yes or no, with `binary_crossentropy`.
    ///
    /// Keras: [`sigmoid`](https://keras.io/api/layers/activations/)
    "`sigmoid()`"
    sigmoid {}

    /// `ln(1 / (1 + e⁻ˣ))`
    ///
    /// Keras: [`log_sigmoid`](https://keras.io/api/layers/activations/)
    "`log_sigmoid()`"
    log_sigmoid {}

    /// `ln(1 + eˣ)`
    ///
    /// Keras: [`softplus`](https://keras.io/api/layers/activations/)
    "`softplus()`"
    softplus {}

    /// `x / (1 + |x|)`
    ///
    /// Keras: [`softsign`](https://keras.io/api/layers/activations/)
    "`softsign()`"
    softsign {}

    /// `eˣ / Σ eˣ` over the last axis, which sums to 1: for heads of one class of several, with
    /// `categorical_crossentropy`.
    ///
    /// Keras: [`softmax`](https://keras.io/api/layers/activations/)
    "`softmax(axis = -1)`"
    softmax | Softmax {
        /// The axis over which it runs: only the last.
        axis: Axis = "-1",
    }

    /// The logarithm of `softmax`.
    ///
    /// Keras: [`log_softmax`](https://keras.io/api/layers/activations/)
    "`log_softmax(axis = -1)`"
    log_softmax {
        /// The axis over which it runs: only the last.
        axis: Axis = "-1",
    }

    /// The hyperbolic tangent.
    ///
    /// Keras: [`tanh`](https://keras.io/api/layers/activations/)
    "`tanh()`"
    tanh {}

    /// `x − tanh x`
    ///
    /// Keras: [`tanh_shrink`](https://keras.io/api/layers/activations/)
    "`tanh_shrink()`"
    tanh_shrink {}

    /// `eˣ`
    ///
    /// Keras: [`exponential`](https://keras.io/api/layers/activations/)
    "`exponential()`"
    exponential {}

    /// `x/6 + 1/2`, clipped to 0..1.
    ///
    /// Keras: [`hard_sigmoid`](https://keras.io/api/layers/activations/)
    "`hard_sigmoid()`"
    hard_sigmoid {}

    /// `x · hard_sigmoid(x)`
    ///
    /// Keras: [`hard_silu`](https://keras.io/api/layers/activations/)
    "`hard_silu()`"
    hard_silu | hard_swish {}

    /// `x`, clipped to −1..1.
    ///
    /// Keras: [`hard_tanh`](https://keras.io/api/layers/activations/)
    "`hard_tanh()`"
    hard_tanh {}

    /// `x · sigmoid(x)`
    ///
    /// Keras: [`silu`](https://keras.io/api/layers/activations/)
    "`silu()`"
    silu | swish {}

    /// `x · Φ(x)`, with Φ the normal distribution function.
    ///
    /// Keras: [`gelu`](https://keras.io/api/layers/activations/)
    "`gelu(approximate = false)`"
    gelu | Gelu | GELU {
        /// Whether the normal distribution function is approximated by a hyperbolic tangent.
        approximate: bool = "false",
    }

    /// `x · tanh(softplus(x))`
    ///
    /// Keras: [`mish`](https://keras.io/api/layers/activations/)
    "`mish()`"
    mish {}

    /// `x` where `|x| > 1/2`, 0 elsewhere.
    ///
    /// Keras: [`hard_shrink`](https://keras.io/api/layers/activations/)
    "`hard_shrink()`"
    hard_shrink {}

    /// `x` moved by 1/2 towards 0, and 0 within 1/2 of it.
    ///
    /// Keras: [`soft_shrink`](https://keras.io/api/layers/activations/)
    "`soft_shrink()`"
    soft_shrink {}

    /// `(x + √(x² + 4)) / 2`
    ///
    /// Keras: [`squareplus`](https://keras.io/api/layers/activations/)
    "`squareplus()`"
    squareplus {}

    /// 0 below −1, `(x + 1)² / 4` up to 1, `x` above.
    ///
    /// Keras: [`sparse_plus`](https://keras.io/api/layers/activations/)
    "`sparse_plus()`"
    sparse_plus {}

    /// `(x + 1) / 2`, clipped to 0..1.
    ///
    /// Keras: [`sparse_sigmoid`](https://keras.io/api/layers/activations/)
    "`sparse_sigmoid()`"
    sparse_sigmoid {}
}
