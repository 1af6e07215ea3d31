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
        /// `x` where `|x| > 1/2`, 0 elsewhere.
        HardShrink,
        /// `x` moved by 1/2 towards 0, 0 inside.
        SoftShrink,
        /// `(x + √(x² + 4)) / 2`
        Squareplus,
        /// 0 below −1, `(x + 1)² / 4` up to 1, `x` above.
        SparsePlus,
        /// `(x + 1) / 2`, clipped to 0..1.
        SparseSigmoid,
    }
}

impl Activation {
    /// Keras's name: `leaky_relu`.
    pub const fn name(self) -> &'static str {
        use Activation::*;
        match self {
            Linear => "linear",
            Relu => "relu",
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
            Tanh => "tanh",
            TanhShrink => "tanh_shrink",
            Exponential => "exponential",
            HardSigmoid => "hard_sigmoid",
            HardSilu => "hard_silu",
            HardTanh => "hard_tanh",
            Silu => "silu",
            Gelu { .. } => "gelu",
            Mish => "mish",
            HardShrink => "hard_shrink",
            SoftShrink => "soft_shrink",
            Squareplus => "squareplus",
            SparsePlus => "sparse_plus",
            SparseSigmoid => "sparse_sigmoid",
        }
    }

    /// Whether the derivative is computed from the output, so that the input need not be kept. Kernels expect the same.
    pub const fn from_output(self) -> bool {
        use Activation::*;
        match self {
            TanhShrink | HardSilu | Silu | Gelu { .. } | Mish | Squareplus => false,
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
            | Tanh
            | Exponential
            | HardSigmoid
            | HardTanh
            | HardShrink
            | SoftShrink
            | SparsePlus
            | SparseSigmoid => true,
        }
    }

    /// Whether every output depends on its own input only, which softmax does not.
    pub const fn elementwise(self) -> bool {
        !matches!(self, Activation::Softmax | Activation::LogSoftmax)
    }
}
