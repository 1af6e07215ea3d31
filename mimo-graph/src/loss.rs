//! Losses, by Keras's names, and the facts about each that checks, data sets and the plan need.
//!
//! A loss has one variant in [`Loss`], one entry in [`Loss::EXAMPLES`] and one arm in [`Loss::facts`].

use std::fmt;

use crate::describe::{Describe, Holds, Literal};

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
            /// Whether the head outputs logits.
            from_logits: bool,
            /// Label smoothing: fraction by which labels are moved towards 1/2.
            label_smoothing: f64,
        },
        /// For softmax heads, with one-hot or soft targets.
        CategoricalCrossentropy {
            /// Whether the head outputs logits.
            from_logits: bool,
            /// Label smoothing: fraction by which labels are moved towards the uniform distribution.
            label_smoothing: f64,
        },
        /// For softmax heads, with class indices as targets.
        SparseCategoricalCrossentropy {
            /// Whether the head outputs logits.
            from_logits: bool,
            /// Class index whose rows (or positions) are ignored.
            ignore_class: Option<usize>,
        },
        /// `binary_crossentropy` with weights of the labels.
        WeightedBinaryCrossentropy {
            /// Whether the head outputs logits.
            from_logits: bool,
            /// Label smoothing: fraction by which labels are moved towards 1/2.
            label_smoothing: f64,
            /// Factor of the part of positive labels: one for all labels, one per label, or empty.
            pos_weight: &'static [f64],
            /// Weight of each label in the mean; empty for equal weights.
            label_weights: &'static [f64],
        },
        /// Binary cross-entropy times `(1 − p_t)^γ`, where `p_t` is the probability of the true label.
        BinaryFocalCrossentropy {
            /// Whether positive labels are weighted by `alpha` and negative ones by `1 − alpha`.
            apply_class_balancing: bool,
            /// Weight of positive labels.
            alpha: f64,
            /// The focusing exponent.
            gamma: f64,
            /// Whether the head outputs logits.
            from_logits: bool,
            /// Label smoothing: fraction by which labels are moved towards 1/2.
            label_smoothing: f64,
        },
        /// Categorical cross-entropy, in which class `c` is weighted by `α_c·(1 − p_c)^γ`.
        CategoricalFocalCrossentropy {
            /// Weight of each class, or one number for all classes.
            alpha: &'static [f64],
            /// The focusing exponent.
            gamma: f64,
            /// Whether the head outputs logits.
            from_logits: bool,
            /// Label smoothing: fraction by which labels are moved towards the uniform distribution.
            label_smoothing: f64,
        },
        /// `(1 − p^q) / q` of the true class, whose index is the target.
        CategoricalGeneralizedCrossEntropy {
            /// Robustness to wrong labels: near 0 as cross-entropy, near 1 as the absolute error.
            q: f64,
        },
        /// `1 − 2·Σt·p / (Σt + Σp + ε)`.
        Dice {
            /// Region of the sums.
            region: Region,
        },
        /// `1 − I / (I + α·Σt·(1 − p) + β·Σ(1 − t)·p + ε)` with `I = Σt·p`.
        Tversky {
            /// Weight of missed values.
            alpha: f64,
            /// Weight of false alarms.
            beta: f64,
            /// Region of the sums.
            region: Region,
        },
        /// Mean of `max(q·(t − p), (q − 1)·(t − p))`.
        Quantile {
            /// The quantile that predictions estimate.
            q: f64,
        },
        /// Sum of `t·ln(t / p)`, both clipped to `[ε, 1]`.
        KlDivergence,
        /// Mean of `p − t·ln(p + ε)`.
        Poisson,
        /// Minus the sum of the products of the normalized vectors: −1 is best.
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
        /// A loss that the user writes as a function of slices, position by position.
        Own {
            /// Its path, as written in the model.
            path: &'static str,
            /// Whether targets are class indices, one per position.
            sparse: bool,
        },
    }
}

crate::describe! {
    /// Region of the sums of [`Loss::Dice`] and [`Loss::Tversky`]. The loss is the mean over the remaining axes.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Region {
        /// The whole batch: one value.
        Batch,
        /// Samples and positions of the batch: one value per class.
        BatchClass,
        /// A sample: one value per sample.
        Sample,
        /// The positions of a sample: one value per sample and class.
        SampleClass,
        /// The classes of a position: one value per position.
        Position,
    }
}

impl Region {
    /// Whether the sums run over the samples of the batch.
    pub const fn of_batch(self) -> bool {
        matches!(self, Region::Batch | Region::BatchClass)
    }

    /// Description of the part of an output with one value.
    const fn text(self) -> &'static str {
        match self {
            Region::Batch => "one value per batch",
            Region::BatchClass => "one value per class",
            Region::Sample => "one value per sample",
            Region::SampleClass => "one value per sample and class",
            Region::Position => "one value per position",
        }
    }
}

/// The meaning of an output's values for a loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Predicts {
    /// Numbers.
    Numbers,
    /// Vectors, of which only the direction counts.
    Directions,
    /// Labels that do not exclude each other.
    Labels,
    /// Classes that exclude each other.
    Classes,
    /// Membership of each value in a region.
    Regions,
    /// Unknown: the user writes the loss.
    Unknown,
}

/// The targets for which a loss is defined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValidTargets {
    /// Any targets.
    Any,
    /// All numbers.
    Finite,
    /// Class indices; one index that is not a class may be ignored.
    Indices {
        /// The ignored index.
        ignored: Option<usize>,
    },
    /// Probabilities, including labels 0 and 1.
    Probabilities,
    /// Counts and rates: no negative numbers.
    Counts,
    /// Labels −1 and 1, or 0 and 1.
    Signs,
}

/// The values that a loss computes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// Any values.
    Values,
    /// Positive values, whose logarithm it computes.
    Positive,
    /// Probabilities; it has no argument `from_logits`.
    Probabilities,
    /// Probabilities, unless `from_logits` is set.
    ProbabilitiesOrLogits,
    /// Logits, before a sigmoid or softmax: `from_logits` is set.
    Logits,
}

impl Reads {
    const fn logits_if(from_logits: bool) -> Self {
        if from_logits { Reads::Logits } else { Reads::ProbabilitiesOrLogits }
    }
}

/// Facts of a loss that checks, fusion and warnings depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Keras's snake-case name: `mean_squared_error`.
    pub name: &'static str,
    /// The meaning of the predictions.
    pub predicts: Predicts,
    /// The values that it computes with.
    pub reads: Reads,
    /// The targets for which it is defined.
    pub targets: ValidTargets,
    /// Whether the head's sigmoid or softmax is part of the loss, which is then computed from the logits.
    pub fuses: bool,
}

impl Loss {
    /// Every loss of the language, with the defaults of its arguments.
    pub const EXAMPLES: &'static [Loss] = &[
        Loss::MeanSquaredError,
        Loss::MeanAbsoluteError,
        Loss::MeanAbsolutePercentageError,
        Loss::MeanSquaredLogarithmicError,
        Loss::Huber { delta: 1.0 },
        Loss::LogCosh,
        Loss::BinaryCrossentropy { from_logits: false, label_smoothing: 0.0 },
        Loss::WeightedBinaryCrossentropy {
            from_logits: false,
            label_smoothing: 0.0,
            pos_weight: &[],
            label_weights: &[],
        },
        Loss::BinaryFocalCrossentropy {
            apply_class_balancing: false,
            alpha: 0.25,
            gamma: 2.0,
            from_logits: false,
            label_smoothing: 0.0,
        },
        Loss::CategoricalCrossentropy { from_logits: false, label_smoothing: 0.0 },
        Loss::CategoricalFocalCrossentropy {
            alpha: &[0.25],
            gamma: 2.0,
            from_logits: false,
            label_smoothing: 0.0,
        },
        Loss::SparseCategoricalCrossentropy { from_logits: false, ignore_class: None },
        Loss::CategoricalGeneralizedCrossEntropy { q: 0.5 },
        Loss::KlDivergence,
        Loss::Poisson,
        Loss::CosineSimilarity,
        Loss::Dice { region: Region::Batch },
        Loss::Tversky { alpha: 0.5, beta: 0.5, region: Region::Batch },
        Loss::Quantile { q: 0.5 },
        Loss::Hinge,
        Loss::SquaredHinge,
        Loss::CategoricalHinge,
        Loss::Custom { targets: true },
    ];

    /// Facts of the loss that checks, fusion and warnings depend on.
    pub const fn facts(self) -> Facts {
        use Predicts::{Classes, Directions, Labels, Numbers, Regions, Unknown};
        use ValidTargets::{Any, Counts, Finite, Indices, Probabilities, Signs};
        let values = Reads::Values;
        let (name, predicts, reads, targets) = match self {
            Loss::MeanSquaredError => ("mean_squared_error", Numbers, values, Finite),
            Loss::MeanAbsoluteError => ("mean_absolute_error", Numbers, values, Finite),
            Loss::MeanAbsolutePercentageError => ("mean_absolute_percentage_error", Numbers, values, Finite),
            // Keras documents that it replaces negative targets.
            Loss::MeanSquaredLogarithmicError => ("mean_squared_logarithmic_error", Numbers, values, Finite),
            Loss::Huber { .. } => ("huber", Numbers, values, Finite),
            Loss::LogCosh => ("log_cosh", Numbers, values, Finite),
            Loss::Quantile { .. } => ("quantile", Numbers, values, Finite),
            // It has no lower bound for negative targets.
            Loss::Poisson => ("poisson", Numbers, Reads::Positive, Counts),
            Loss::CosineSimilarity => ("cosine_similarity", Directions, values, Finite),
            // It has no lower bound for targets outside of 0 to 1. `kl_divergence` clips them.
            Loss::BinaryCrossentropy { from_logits, .. }
            | Loss::WeightedBinaryCrossentropy { from_logits, .. } => {
                ("binary_crossentropy", Labels, Reads::logits_if(from_logits), Probabilities)
            }
            Loss::BinaryFocalCrossentropy { from_logits, .. } => {
                ("binary_focal_crossentropy", Labels, Reads::logits_if(from_logits), Probabilities)
            }
            // One-hot targets of a categorical cross-entropy are multiplied by an advantage to train a policy, which
            // may be negative.
            Loss::CategoricalCrossentropy { from_logits, .. } => {
                ("categorical_crossentropy", Classes, Reads::logits_if(from_logits), Finite)
            }
            Loss::CategoricalFocalCrossentropy { from_logits, .. } => {
                ("categorical_focal_crossentropy", Classes, Reads::logits_if(from_logits), Finite)
            }
            Loss::SparseCategoricalCrossentropy { from_logits, ignore_class } => (
                "sparse_categorical_crossentropy",
                Classes,
                Reads::logits_if(from_logits),
                Indices { ignored: ignore_class },
            ),
            Loss::CategoricalGeneralizedCrossEntropy { .. } => (
                "categorical_generalized_cross_entropy",
                Classes,
                Reads::Probabilities,
                Indices { ignored: None },
            ),
            Loss::KlDivergence => ("kl_divergence", Classes, Reads::Positive, Probabilities),
            Loss::Dice { .. } => ("dice", Regions, Reads::Probabilities, Probabilities),
            Loss::Tversky { .. } => ("tversky", Regions, Reads::Probabilities, Probabilities),
            Loss::Hinge => ("hinge", Labels, values, Signs),
            Loss::SquaredHinge => ("squared_hinge", Labels, values, Signs),
            Loss::CategoricalHinge => ("categorical_hinge", Classes, values, Signs),
            Loss::Custom { .. } => ("custom", Unknown, values, Any),
            Loss::Own { path, sparse: true } => (path, Unknown, values, Indices { ignored: None }),
            Loss::Own { path, sparse: false } => (path, Unknown, values, Finite),
        };
        // A cross-entropy of logits is exact where a sigmoid or softmax loses precision near 0 and 1.
        let fuses = matches!(reads, Reads::ProbabilitiesOrLogits);
        Facts { name, predicts, reads, targets, fuses }
    }

    /// Whether the loss of a sample depends on the targets of its whole batch, so that these must be scanned first.
    pub const fn scans(self) -> bool {
        matches!(
            self,
            Loss::Hinge
                | Loss::SquaredHinge
                | Loss::SparseCategoricalCrossentropy { ignore_class: Some(_), .. }
        )
    }

    /// Whether the loss is a mean over single values that do not depend on each other.
    pub const fn of_values(self) -> bool {
        matches!(
            self,
            Loss::MeanSquaredError
                | Loss::MeanAbsoluteError
                | Loss::MeanAbsolutePercentageError
                | Loss::MeanSquaredLogarithmicError
                | Loss::Huber { .. }
                | Loss::LogCosh
                | Loss::Quantile { .. }
                | Loss::Poisson
                | Loss::BinaryCrossentropy { .. }
                | Loss::BinaryFocalCrossentropy { .. }
                | Loss::Hinge
                | Loss::SquaredHinge
        )
    }

    /// Region of the sums, for a region loss.
    pub const fn region(self) -> Option<Region> {
        match self {
            Loss::Dice { region } | Loss::Tversky { region, .. } => Some(region),
            _ => None,
        }
    }

    /// Whether the loss of a sample depends on the predictions of its whole batch.
    pub const fn of_batch(self) -> bool {
        match self.region() {
            Some(region) => region.of_batch(),
            None => false,
        }
    }

    /// Whether targets are class indices, one per position, instead of a vector.
    pub const fn sparse(self) -> bool {
        matches!(self.facts().targets, ValidTargets::Indices { .. })
    }

    /// Keras's snake-case name: `mean_squared_error`.
    pub const fn name(self) -> &'static str {
        self.facts().name
    }

    /// The arguments, in the order of the variant's fields.
    fn arguments(&self) -> (&'static str, Vec<(&'static str, Literal)>) {
        match self.literal() {
            Literal::Variant { variant, holds: Holds::Fields(fields), .. } => (variant, fields),
            Literal::Variant { variant, .. } => (variant, vec![]),
            _ => ("", vec![]),
        }
    }
}

/// Formats an argument as it is written in a model.
fn written(value: &Literal) -> String {
    match value {
        Literal::Bool(value) => value.to_string(),
        Literal::Int(value) => value.to_string(),
        Literal::Float(value) => value.to_string(),
        Literal::Optional(Some(value)) => written(value),
        Literal::Slice(values) => match &values[..] {
            [value] => written(value),
            values => format!("[{}]", values.iter().map(written).collect::<Vec<_>>().join(", ")),
        },
        _ => "none".into(),
    }
}

/// Formats the loss as it is written in a model, without arguments at their defaults.
impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Loss::Own { path, sparse } = self {
            return write!(f, "{path}{}", if *sparse { "(sparse = true)" } else { "" });
        }
        let (variant, arguments) = self.arguments();
        let default = Self::EXAMPLES.iter().map(Loss::arguments).find(|(name, _)| *name == variant);
        let defaults = default.map_or(vec![], |(_, arguments)| arguments);
        let shown = arguments.iter().filter(|argument| !defaults.contains(argument));
        let shown: Vec<String> = shown
            .map(|(name, value)| match self.region() {
                // The written axes depend on the rank of the output.
                Some(region) if *name == "region" => region.text().into(),
                _ => format!("{name} = {}", written(value)),
            })
            .collect();
        f.write_str(self.name())?;
        if !shown.is_empty() {
            write!(f, "({})", shown.join(", "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_show_only_what_is_not_the_default() {
        for loss in Loss::EXAMPLES {
            assert_eq!(loss.to_string(), loss.name());
        }
        assert_eq!(Loss::Huber { delta: 0.5 }.to_string(), "huber(delta = 0.5)");
        let loss = Loss::BinaryCrossentropy { from_logits: true, label_smoothing: 0.1 };
        assert_eq!(loss.to_string(), "binary_crossentropy(from_logits = true, label_smoothing = 0.1)");
        let loss = Loss::SparseCategoricalCrossentropy { from_logits: false, ignore_class: Some(255) };
        assert_eq!(loss.to_string(), "sparse_categorical_crossentropy(ignore_class = 255)");
        assert_eq!(Loss::Dice { region: Region::Sample }.to_string(), "dice(one value per sample)");
        assert_eq!(Loss::Custom { targets: false }.to_string(), "custom(targets = false)");
    }

    #[test]
    fn weights_are_shown_as_they_are_written() {
        let loss = Loss::WeightedBinaryCrossentropy {
            from_logits: false,
            label_smoothing: 0.0,
            pos_weight: &[3.0],
            label_weights: &[1.0, 0.5],
        };
        assert_eq!(loss.to_string(), "binary_crossentropy(pos_weight = 3, label_weights = [1, 0.5])");
    }

    #[test]
    fn every_loss_is_an_example_once() {
        let variants: Vec<_> = Loss::EXAMPLES.iter().map(|loss| loss.arguments().0).collect();
        let mut distinct = variants.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), variants.len());
    }
}
