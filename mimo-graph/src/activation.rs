//! Activation functions, by Keras's names.

pub(crate) mod read;

crate::describe! {
    /// An activation and its parameters. Formulas: the Keras documentation of the same name.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub enum Activation {
        /// `x`
        Linear,
        /// `max(x, 0)`
        Relu,
        /// `min(max(x, 0), 6)`
        Relu6,
        /// `min(x, max_value)` above `threshold`, `negative_slope · (x − threshold)` elsewhere: Keras's `relu` with
        /// arguments that make it none of the other activations.
        Rectifier {
            /// The slope up to the threshold; 0 by default.
            negative_slope: f64,
            /// The largest value.
            max_value: Option<f64>,
            /// Inputs up to this value use the slope; 0 by default.
            threshold: f64,
        },
        /// `x` where positive, `negative_slope · x` elsewhere.
        LeakyRelu {
            /// 0.2 by Keras's string `leaky_relu`.
            negative_slope: f64,
        },
        /// `x` where positive, `alpha · (eˣ − 1)` elsewhere.
        Elu {
            /// 1 by default.
            alpha: f64,
        },
        /// The scaled ELU of self-normalising networks.
        Selu,
        /// `max(x, 0) + min(0, alpha · (e^(x/alpha) − 1))`
        Celu {
            /// 1 by default.
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
        /// One half of the last axis, times the sigmoid of the other half: the layer `Activation(glu)` only.
        Glu,
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
            /// 1/2 by default.
            threshold: f64,
        },
        /// `x` moved by `threshold` towards 0, 0 inside.
        SoftShrink {
            /// 1/2 by default.
            threshold: f64,
        },
        /// `(x + √(x² + b)) / 2`
        Squareplus {
            /// 4 by default.
            b: f64,
        },
        /// 0 below −1, `(x + 1)² / 4` up to 1, `x` above.
        SparsePlus,
        /// `(x + 1) / 2`, clipped to 0..1.
        SparseSigmoid,
    }
}

impl Activation {
    /// Keras's name, such as `leaky_relu`.
    pub const fn name(self) -> &'static str {
        use Activation::*;
        match self {
            Linear => "linear",
            Relu | Rectifier { .. } => "relu",
            Relu6 => "relu6",
            LeakyRelu { .. } => "leaky_relu",
            Elu { .. } => "elu",
            Selu => "selu",
            Celu { .. } => "celu",
            Sigmoid => "sigmoid",
            LogSigmoid => "log_sigmoid",
            Softplus => "softplus",
            Softsign => "softsign",
            Softmax => "softmax",
            LogSoftmax => "log_softmax",
            Sparsemax => "sparsemax",
            Glu => "glu",
            Tanh => "tanh",
            TanhShrink => "tanh_shrink",
            Exponential => "exponential",
            HardSigmoid => "hard_sigmoid",
            HardSilu => "hard_silu",
            HardTanh => "hard_tanh",
            Silu => "silu",
            Gelu { .. } => "gelu",
            Mish => "mish",
            Threshold { .. } => "threshold",
            HardShrink { .. } => "hard_shrink",
            SoftShrink { .. } => "soft_shrink",
            Squareplus { .. } => "squareplus",
            SparsePlus => "sparse_plus",
            SparseSigmoid => "sparse_sigmoid",
        }
    }

    /// Least and greatest value of the outputs for finite inputs; infinite if there is no limit. Limits that are only
    /// approached count.
    pub fn range(self) -> (f64, f64) {
        use Activation::*;
        let (all, above) = (f64::NEG_INFINITY, f64::INFINITY);
        match self {
            Relu | Softplus | Exponential | Squareplus { .. } | SparsePlus => (0.0, above),
            Relu6 => (0.0, 6.0),
            Rectifier { negative_slope, max_value, threshold } => {
                // Below the threshold, outputs follow the slope: down for a positive one and up for a negative one.
                let most = match max_value {
                    Some(most) if negative_slope >= 0.0 => most.max(0.0),
                    _ => above,
                };
                (if negative_slope > 0.0 { all } else { threshold.min(0.0).min(most) }, most)
            }
            LeakyRelu { negative_slope } if negative_slope <= 0.0 => (0.0, above),
            Elu { alpha } | Celu { alpha } if alpha >= 0.0 => (-alpha, above),
            // Scale times alpha, of Klambauer et al., "Self-Normalizing Neural Networks", 2017.
            Selu => (-1.758_099_340_847_377, above),
            Sigmoid | HardSigmoid | SparseSigmoid | Softmax | Sparsemax => (0.0, 1.0),
            Softsign | Tanh | HardTanh => (-1.0, 1.0),
            LogSigmoid | LogSoftmax => (all, 0.0),
            HardSilu => (-0.375, above),
            // Their minima, rounded down.
            Silu => (-0.278_465, above),
            Gelu { .. } => (-0.170_041, above),
            Mish => (-0.308_842, above),
            Linear
            | LeakyRelu { .. }
            | Elu { .. }
            | Celu { .. }
            | Glu
            | TanhShrink
            | Threshold { .. }
            | HardShrink { .. }
            | SoftShrink { .. } => (all, above),
        }
    }

    /// Whether the outputs are probabilities, from 0 to 1.
    pub(crate) const fn gives_probabilities(self) -> bool {
        use Activation::*;
        matches!(self, Softmax | Sparsemax | Sigmoid | HardSigmoid | SparseSigmoid)
    }

    /// Whether the derivative is computed from the output, so that the input need not be stored. Kernels expect the
    /// same.
    pub const fn from_output(self) -> bool {
        use Activation::*;
        match self {
            Rectifier { .. } | Threshold { .. } | Squareplus { .. } => false,
            TanhShrink | HardSilu | Silu | Gelu { .. } | Mish | Glu => false,
            Linear
            | Relu
            | Relu6
            | LeakyRelu { .. }
            | Elu { .. }
            | Selu
            | Celu { .. }
            | Sigmoid
            | LogSigmoid
            | Softplus
            | Softsign
            | Softmax
            | LogSoftmax
            | Sparsemax
            | Tanh
            | Exponential
            | HardSigmoid
            | HardTanh
            | HardShrink { .. }
            | SoftShrink { .. }
            | SparsePlus
            | SparseSigmoid => true,
        }
    }

    /// Whether every output depends on its own input only, which softmax does not.
    pub const fn elementwise(self) -> bool {
        use Activation::*;
        !matches!(self, Softmax | LogSoftmax | Sparsemax | Glu)
    }
}
