//! Losses, by Keras's names.

use std::fmt;

crate::describe! {
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
            /// Share by which labels are moved towards 1/2.
            label_smoothing: f64,
        },
        /// For softmax heads, with one-hot or soft targets.
        CategoricalCrossentropy {
            /// Whether the head gives logits.
            from_logits: bool,
            /// Share by which labels are moved towards the uniform distribution.
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
        /// A loss that the user writes in tensor operations and passes to the trainer.
        Custom {
            /// Whether the output has targets, in the shape of the output.
            targets: bool,
        },
    }
}

impl Loss {
    /// Whether the loss of a sample depends on the targets of its whole batch, so that these have to be looked at
    /// first.
    pub const fn scans(self) -> bool {
        matches!(
            self,
            Loss::Hinge
                | Loss::SquaredHinge
                | Loss::SparseCategoricalCrossentropy { ignore_class: Some(_), .. }
        )
    }

    /// Whether targets are class indices, one per position, instead of a vector.
    pub const fn sparse(self) -> bool {
        matches!(self, Loss::SparseCategoricalCrossentropy { .. })
    }
}

impl Loss {
    /// Keras's snake-case name: `mean_squared_error`.
    pub const fn name(self) -> &'static str {
        match self {
            Loss::MeanSquaredError => "mean_squared_error",
            Loss::MeanAbsoluteError => "mean_absolute_error",
            Loss::MeanAbsolutePercentageError => "mean_absolute_percentage_error",
            Loss::MeanSquaredLogarithmicError => "mean_squared_logarithmic_error",
            Loss::Huber { .. } => "huber",
            Loss::LogCosh => "log_cosh",
            Loss::BinaryCrossentropy { .. } => "binary_crossentropy",
            Loss::CategoricalCrossentropy { .. } => "categorical_crossentropy",
            Loss::SparseCategoricalCrossentropy { .. } => "sparse_categorical_crossentropy",
            Loss::KlDivergence => "kl_divergence",
            Loss::Poisson => "poisson",
            Loss::CosineSimilarity => "cosine_similarity",
            Loss::Hinge => "hinge",
            Loss::SquaredHinge => "squared_hinge",
            Loss::CategoricalHinge => "categorical_hinge",
            Loss::Custom { .. } => "custom",
        }
    }
}

/// As one would write it in a model, without the parameters that have their default.
impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parameters = Vec::new();
        match *self {
            Loss::Huber { delta } => {
                if delta != 1.0 {
                    parameters.push(format!("delta = {delta}"));
                }
            }
            Loss::BinaryCrossentropy { from_logits, label_smoothing }
            | Loss::CategoricalCrossentropy { from_logits, label_smoothing } => {
                if from_logits {
                    parameters.push("from_logits = true".into());
                }
                if label_smoothing != 0.0 {
                    parameters.push(format!("label_smoothing = {label_smoothing}"));
                }
            }
            Loss::SparseCategoricalCrossentropy { from_logits, ignore_class } => {
                if from_logits {
                    parameters.push("from_logits = true".into());
                }
                if let Some(class) = ignore_class {
                    parameters.push(format!("ignore_class = {class}"));
                }
            }
            Loss::MeanSquaredError
            | Loss::MeanAbsoluteError
            | Loss::MeanAbsolutePercentageError
            | Loss::MeanSquaredLogarithmicError
            | Loss::LogCosh
            | Loss::KlDivergence
            | Loss::Poisson
            | Loss::CosineSimilarity
            | Loss::Hinge
            | Loss::SquaredHinge
            | Loss::CategoricalHinge
            | Loss::Custom { targets: true } => {}
            Loss::Custom { targets: false } => parameters.push("targets = false".into()),
        }
        f.write_str(self.name())?;
        if !parameters.is_empty() {
            write!(f, "({})", parameters.join(", "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_show_only_what_is_not_the_default() {
        assert_eq!(Loss::Huber { delta: 1.0 }.to_string(), "huber");
        assert_eq!(Loss::Huber { delta: 0.5 }.to_string(), "huber(delta = 0.5)");
        let loss = Loss::BinaryCrossentropy { from_logits: true, label_smoothing: 0.1 };
        assert_eq!(loss.to_string(), "binary_crossentropy(from_logits = true, label_smoothing = 0.1)");
    }
}
