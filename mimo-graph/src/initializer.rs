//! Initializers, regularizers and constraints of weights.

pub(crate) mod hold;
pub(crate) mod read;

use crate::describe::{Describe, Holds, Literal};

/// Initializer of a weight. Fans are Keras's: `(in, out)` for a matrix, the receptive field times the last two axes
/// for higher ranks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Initializer {
    /// The distribution.
    pub kind: InitializerKind,
    /// Its own seed; without one, it is derived from the model's seed and the weight's position.
    pub seed: Option<u64>,
}

impl Describe for Initializer {
    fn literal(&self) -> Literal {
        // Most weights have one of these, and each field costs users' compile time.
        for (variant, known) in [
            ("GLOROT_UNIFORM", Initializer::GLOROT_UNIFORM),
            ("ZEROS", Initializer::ZEROS),
            ("ONES", Initializer::ONES),
        ] {
            if *self == known {
                return Literal::Variant { name: "Initializer", variant, holds: Holds::Nothing };
            }
        }
        let fields = vec![("kind", self.kind.literal()), ("seed", self.seed.literal())];
        Literal::Struct { name: "Initializer", fields }
    }
}

crate::describe! {
    /// Distribution of initial weights.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub enum InitializerKind {
        /// The same value everywhere: `Zeros`, `Ones`, `Constant`.
        Constant(value: f64),
        /// `gain` on the diagonal of a matrix.
        Identity {
            /// 1 by default.
            gain: f64,
        },
        /// Normal.
        RandomNormal {
            /// 0 by default.
            mean: f64,
            /// 0.05 by default.
            stddev: f64,
        },
        /// Normal, redrawn beyond two standard deviations.
        TruncatedNormal {
            /// 0 by default.
            mean: f64,
            /// 0.05 by default.
            stddev: f64,
        },
        /// Uniform.
        RandomUniform {
            /// −0.05 by default.
            minval: f64,
            /// 0.05 by default.
            maxval: f64,
        },
        /// `scale / fan`, drawn from a distribution: Glorot, He and LeCun are these.
        VarianceScaling {
            /// 1 by default.
            scale: f64,
            /// Fan in the denominator.
            mode: Fan,
            /// Shape of the distribution.
            distribution: Distribution,
        },
        /// Same as `VarianceScaling` with the fans of an `EinsumDense`, whose equation decides which axes of the
        /// kernel are inputs and which are outputs.
        AxesScaling {
            /// 1 by default.
            scale: f64,
            /// Fan in the denominator.
            mode: Fan,
            /// Shape of the distribution.
            distribution: Distribution,
            /// The axes that are outputs: bit `n` for axis `n`.
            outputs: usize,
        },
        /// Rows or columns of a random orthogonal matrix.
        Orthogonal {
            /// 1 by default.
            gain: f64,
        },
        /// Bias of an LSTM: `rest` everywhere except for ones in the second quarter, which open the forget gates.
        UnitForget {
            /// The value of the other gates.
            rest: f64,
        },
    }
}

crate::describe! {
    /// Fan of a weight.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Fan {
        /// Inputs of a unit.
        In,
        /// Outputs of a unit.
        Out,
        /// Their mean.
        Average,
    }
}

crate::describe! {
    /// Distribution for variance scaling.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Distribution {
        /// Normal, truncated at two standard deviations and widened to the required variance.
        TruncatedNormal,
        /// Normal.
        UntruncatedNormal,
        /// Uniform.
        Uniform,
    }
}

impl Initializer {
    /// Keras's default for kernels.
    pub const GLOROT_UNIFORM: Initializer = Initializer {
        kind: InitializerKind::VarianceScaling {
            scale: 1.0,
            mode: Fan::Average,
            distribution: Distribution::Uniform,
        },
        seed: None,
    };
    /// Keras's default for biases.
    pub const ZEROS: Initializer = Initializer { kind: InitializerKind::Constant(0.0), seed: None };
    /// Every value 1.
    pub const ONES: Initializer = Initializer { kind: InitializerKind::Constant(1.0), seed: None };
}

crate::describe! {
    /// A penalty on a weight, added once per step to the total loss.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub enum Regularizer {
        /// `l1·Σ|w| + l2·Σw²`
        Norms {
            /// The factor of `Σ|w|`.
            l1: f64,
            /// The factor of `Σw²`.
            l2: f64,
        },
        /// The mean of `|cos(a, b)|` over all pairs of rows or columns `a`, `b` of a matrix.
        Orthogonal {
            /// The factor of the mean.
            factor: f64,
            /// Whether pairs are of columns.
            columns: bool,
        },
    }
}

crate::describe! {
    /// Constraint applied to a weight after every optimizer step. Norms are computed over `axis` of the weight.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub enum Constraint {
        /// A norm of at most `max_value`.
        MaxNorm {
            /// 2 by default.
            max_value: f64,
            /// 0 by default: the inputs of each unit.
            axis: usize,
        },
        /// No value below 0.
        NonNeg,
        /// A norm of 1.
        UnitNorm {
            /// 0 by default.
            axis: usize,
        },
        /// A norm between two bounds.
        MinMaxNorm {
            /// 0 by default.
            min_value: f64,
            /// 1 by default.
            max_value: f64,
            /// Fraction of the correction that is applied at each step; 1 by default.
            rate: f64,
            /// 0 by default.
            axis: usize,
        },
    }
}
