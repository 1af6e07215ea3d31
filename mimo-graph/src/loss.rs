//! Losses, by Keras's names.

/// A loss of one output and its parameters. Every one is a mean over the samples (and positions) of the batch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Loss {
    /// `mse`: mean of `(t − p)²` over the last axis.
    MeanSquaredError,
    /// `mae`: mean of `|t − p|`.
    MeanAbsoluteError,
    /// `mape`: mean of `100·|t − p| / max(|t|, ε)`.
    MeanAbsolutePercentageError,
    /// `msle`: mean of `(ln(max(p, ε) + 1) − ln(max(t, ε) + 1))²`.
    MeanSquaredLogarithmicError,
    /// Quadratic up to `delta`, linear beyond.
    Huber {
        /// 1 by default.
        delta: f64,
    },
    /// Mean of `ln cosh(p − t)`.
    LogCosh,
    /// For sigmoid heads.
    BinaryCrossentropy {
        /// Whether the head gives logits.
        from_logits: bool,
        /// How far labels are moved towards 1/2.
        label_smoothing: f64,
    },
    /// For softmax heads, with one-hot or soft targets.
    CategoricalCrossentropy {
        /// Whether the head gives logits.
        from_logits: bool,
        /// How far labels are moved towards the uniform distribution.
        label_smoothing: f64,
    },
    /// For softmax heads, with class indices as targets.
    SparseCategoricalCrossentropy {
        /// Whether the head gives logits.
        from_logits: bool,
        /// A class index whose rows (or positions) count nothing.
        ignore_class: Option<usize>,
    },
    /// Sum of `t·ln(t / p)`, both clipped to `[ε, 1]`.
    KlDivergence,
    /// Mean of `p − t·ln(p + ε)`.
    Poisson,
    /// Minus the sum of the products of the normalised vectors: −1 is best.
    CosineSimilarity,
    /// Mean of `max(1 − t·p, 0)`; labels 0 and 1 become −1 and 1.
    Hinge,
    /// Mean of `max(1 − t·p, 0)²`.
    SquaredHinge,
    /// `max(max((1 − t)·p) − Σt·p + 1, 0)`.
    CategoricalHinge,
    /// A loss that the user writes in tensor operations and gives to the trainer; targets have the output's shape.
    Custom,
}

impl Loss {
    /// Whether targets are class indices, one per position, instead of a vector.
    pub const fn sparse(self) -> bool {
        matches!(self, Loss::SparseCategoricalCrossentropy { .. })
    }
}
