//! Metrics, by Keras's names. The macro resolves `accuracy` to one of these by the head.

use crate::loss::Loss;

crate::describe! {
    /// A metric of one output and its parameters.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub enum Metric {
        /// Fraction of values on the correct side of `threshold`.
        BinaryAccuracy {
            /// 0.5 by default.
            threshold: f64,
        },
        /// Fraction of rows whose largest prediction is at the largest target.
        CategoricalAccuracy,
        /// Fraction of rows whose largest prediction is at the class index.
        SparseCategoricalAccuracy,
        /// Fraction of rows whose largest target is among the `k` largest predictions.
        TopKCategoricalAccuracy {
            /// 5 by default.
            k: usize,
        },
        /// Fraction of rows whose class index is among the `k` largest predictions.
        SparseTopKCategoricalAccuracy {
            /// 5 by default.
            k: usize,
        },
        /// Mean absolute error.
        MeanAbsoluteError,
        /// Mean squared error.
        MeanSquaredError,
        /// Mean absolute percentage error.
        MeanAbsolutePercentageError,
        /// Mean squared logarithmic error.
        MeanSquaredLogarithmicError,
        /// Square root of the mean squared error over the epoch.
        RootMeanSquaredError,
        /// Mean of `ln cosh(p − t)`.
        LogCoshError,
        /// Coefficient of determination of each column.
        R2Score {
            /// Aggregation of the columns.
            aggregation: Aggregation,
            /// Number of independent variables, for the adjusted score; 0 for the plain one.
            num_regressors: usize,
        },
        /// Pearson's correlation of the values of each position.
        PearsonCorrelation,
        /// Lin's concordance correlation of the values of each position.
        ConcordanceCorrelation,
        /// Fraction of positions at which every value is on the correct side of the threshold.
        ExactMatch {
            /// 0.5 by default.
            threshold: f64,
        },
        /// Number of predictions with one of four outcomes.
        Count {
            /// The outcome.
            outcome: Outcome,
            /// Predictions above count as positive; 0.5 by default.
            threshold: f64,
        },
        /// The largest rate at the thresholds at which another rate is large enough.
        RateAtRate {
            /// The rate that is reported.
            best: Rate,
            /// The other rate.
            constrained: Rate,
            /// Lower bound of the other rate.
            least: f64,
            /// 200 by default.
            num_thresholds: usize,
            /// The only class that counts, if set.
            class_id: Option<usize>,
        },
        /// Intersection over union of predicted and true regions, averaged over classes.
        IoU {
            /// Source of the classes.
            classes: ClassesOf,
            /// Number of classes.
            num_classes: usize,
            /// Classes in the mean; empty for all.
            target_class_ids: &'static [usize],
            /// Class index whose positions are ignored.
            ignore_class: Option<usize>,
        },
        /// `TP / (TP + FP)`
        Precision {
            /// Predictions above count as positive; 0.5 by default.
            threshold: f64,
            /// Only this number of the largest predictions of a position may be positive.
            top_k: Option<usize>,
            /// The only class that counts, if set.
            class_id: Option<usize>,
        },
        /// `TP / (TP + FN)`
        Recall {
            /// Predictions above count as positive; 0.5 by default.
            threshold: f64,
            /// Only this number of the largest predictions of a position may be positive.
            top_k: Option<usize>,
            /// The only class that counts, if set.
            class_id: Option<usize>,
        },
        /// Harmonic mean of precision and recall, in which recall counts `beta²` times as much.
        FBetaScore {
            /// 1 for the F1 score.
            beta: f64,
            /// Average over the classes; `macro` by default, since a vector of scores is not a single number.
            average: Average,
            /// Predictions above count as positive; without one, the largest of the row.
            threshold: Option<f64>,
        },
        /// Area under a curve over thresholds.
        Auc {
            /// 200 by default.
            num_thresholds: usize,
            /// Kind of curve.
            curve: Curve,
            /// Height of the area between two thresholds.
            summation_method: Summation,
            /// Thresholds between 0 and 1, sorted; empty for `num_thresholds` at equal distances.
            thresholds: &'static [f64],
            /// Whether each label has its own curve, whose areas are averaged.
            multi_label: bool,
            /// Weight of each label; empty for equal weights.
            label_weights: &'static [f64],
            /// Whether predictions are logits.
            from_logits: bool,
        },
        /// Mean cosine similarity: 1 is best. The loss has the opposite sign.
        CosineSimilarity,
        /// The loss of the same name, as a metric.
        BinaryCrossentropy {
            /// Whether predictions are logits.
            from_logits: bool,
            /// Label smoothing: fraction by which labels are moved towards 1/2.
            label_smoothing: f64,
        },
        /// The loss of the same name, as a metric.
        CategoricalCrossentropy {
            /// Whether predictions are logits.
            from_logits: bool,
            /// Label smoothing: fraction by which labels are moved towards the uniform distribution.
            label_smoothing: f64,
        },
        /// The loss of the same name, as a metric.
        SparseCategoricalCrossentropy {
            /// Whether predictions are logits.
            from_logits: bool,
        },
        /// The loss of the same name, as a metric.
        BinaryFocalCrossentropy {
            /// Whether positive labels are weighted by `alpha`, and negative ones by `1 − alpha`.
            apply_class_balancing: bool,
            /// Weight of positive labels.
            alpha: f64,
            /// Focusing exponent.
            gamma: f64,
            /// Whether predictions are logits.
            from_logits: bool,
            /// Label smoothing: fraction by which labels are moved towards 1/2.
            label_smoothing: f64,
        },
        /// The loss of the same name, as a metric.
        CategoricalFocalCrossentropy {
            /// Weight of each class, or one for all.
            alpha: &'static [f64],
            /// Focusing exponent.
            gamma: f64,
            /// Whether predictions are logits.
            from_logits: bool,
            /// Label smoothing: fraction by which labels are moved towards the uniform distribution.
            label_smoothing: f64,
        },
        /// The loss of the same name, as a metric.
        Huber {
            /// 1 by default.
            delta: f64,
        },
        /// The loss of the same name, as a metric.
        KlDivergence,
        /// The loss of the same name, as a metric.
        Poisson,
        /// The loss of the same name, as a metric.
        Hinge,
        /// The loss of the same name, as a metric.
        SquaredHinge,
        /// The loss of the same name, as a metric.
        CategoricalHinge,
        /// A custom metric of the user: a type that implements `mimo::Metric`.
        Own {
            /// Its path, as written in the model.
            path: &'static str,
            /// Its index among the model's different custom metrics.
            place: usize,
            /// Size of its state. The type decides; 0 while the macro runs.
            state: usize,
            /// Whether a larger value is better, if the type decides it.
            higher_is_better: Option<bool>,
        },
    }
}

crate::describe! {
    /// Average over the classes.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Average {
        /// Counts of all classes together.
        Micro,
        /// Mean over the classes.
        Macro,
        /// Mean over the classes, weighted by the number of occurrences of each.
        Weighted,
        /// The score of one class.
        Class(class: usize),
    }
}

crate::describe! {
    /// Aggregation of the scores of columns.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Aggregation {
        /// Mean over the columns.
        Uniform,
        /// Mean over the columns, weighted by the variance of each.
        VarianceWeighted,
        /// The score of one column.
        Column(column: usize),
    }
}

crate::describe! {
    /// Outcomes of a prediction.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Outcome {
        /// Positive and predicted as positive.
        TruePositive,
        /// Negative and predicted as negative.
        TrueNegative,
        /// Negative and predicted as positive.
        FalsePositive,
        /// Positive and predicted as negative.
        FalseNegative,
    }
}

crate::describe! {
    /// A fraction of predictions or labels.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Rate {
        /// Fraction of positive predictions that are correct.
        Precision,
        /// Fraction of positive labels that are predicted as positive, also called sensitivity.
        Recall,
        /// Fraction of negative labels that are predicted as negative.
        Specificity,
    }
}

crate::describe! {
    /// Source of the predicted and the true class of a position.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub enum ClassesOf {
        /// The largest prediction, and a class index.
        Scores,
        /// The largest prediction, and the largest target.
        OneHot,
        /// Each prediction and each target is a class index.
        Values,
        /// Each prediction is of class 1 if it is at least the threshold; each target is 0 or 1.
        Threshold(threshold: f64),
    }
}

crate::describe! {
    /// Height of the area under a curve between two thresholds.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Summation {
        /// The mean of both ends; for precision over recall, a curve between them.
        Interpolation,
        /// The lower end.
        Minoring,
        /// The higher end.
        Majoring,
    }
}

impl Metric {
    /// The loss of which the metric is the mean, if it is one.
    pub const fn as_loss(self) -> Option<Loss> {
        Some(match self {
            Metric::MeanAbsoluteError => Loss::MeanAbsoluteError,
            Metric::MeanSquaredError => Loss::MeanSquaredError,
            Metric::MeanAbsolutePercentageError => Loss::MeanAbsolutePercentageError,
            Metric::MeanSquaredLogarithmicError => Loss::MeanSquaredLogarithmicError,
            Metric::LogCoshError => Loss::LogCosh,
            Metric::BinaryCrossentropy { from_logits, label_smoothing } => {
                Loss::BinaryCrossentropy { from_logits, label_smoothing }
            }
            Metric::CategoricalCrossentropy { from_logits, label_smoothing } => {
                Loss::CategoricalCrossentropy { from_logits, label_smoothing }
            }
            Metric::SparseCategoricalCrossentropy { from_logits } => {
                Loss::SparseCategoricalCrossentropy { from_logits, ignore_class: None }
            }
            Metric::BinaryFocalCrossentropy {
                apply_class_balancing,
                alpha,
                gamma,
                from_logits,
                label_smoothing,
            } => Loss::BinaryFocalCrossentropy {
                apply_class_balancing,
                alpha,
                gamma,
                from_logits,
                label_smoothing,
            },
            Metric::CategoricalFocalCrossentropy { alpha, gamma, from_logits, label_smoothing } => {
                Loss::CategoricalFocalCrossentropy { alpha, gamma, from_logits, label_smoothing }
            }
            Metric::Huber { delta } => Loss::Huber { delta },
            Metric::KlDivergence => Loss::KlDivergence,
            Metric::Poisson => Loss::Poisson,
            Metric::Hinge => Loss::Hinge,
            Metric::SquaredHinge => Loss::SquaredHinge,
            Metric::CategoricalHinge => Loss::CategoricalHinge,
            _ => return None,
        })
    }

    /// Whether the metric compares classes or labels, so that its output must predict some.
    pub fn compares_classes(self) -> bool {
        use crate::loss::Predicts;
        match self {
            Metric::BinaryAccuracy { .. }
            | Metric::CategoricalAccuracy
            | Metric::SparseCategoricalAccuracy
            | Metric::TopKCategoricalAccuracy { .. }
            | Metric::SparseTopKCategoricalAccuracy { .. }
            | Metric::ExactMatch { .. }
            | Metric::Count { .. }
            | Metric::RateAtRate { .. }
            | Metric::IoU { .. }
            | Metric::Precision { .. }
            | Metric::Recall { .. }
            | Metric::FBetaScore { .. }
            | Metric::Auc { .. } => true,
            Metric::Own { .. } => false,
            _ => self
                .as_loss()
                .is_some_and(|loss| matches!(loss.facts().predicts, Predicts::Classes | Predicts::Labels)),
        }
    }

    /// Whether the metric skips the masked steps of an output: those that are means in Keras (`MeanMetricWrapper`)
    /// do. Keras's counts, curves, R² and root mean squared error ignore masks.
    pub const fn reads_mask(self) -> bool {
        match self {
            Metric::RootMeanSquaredError
            | Metric::R2Score { .. }
            | Metric::Count { .. }
            | Metric::RateAtRate { .. }
            | Metric::IoU { .. }
            | Metric::Precision { .. }
            | Metric::Recall { .. }
            | Metric::FBetaScore { .. }
            | Metric::Auc { .. } => false,
            // `ExactMatch` is mimo's name for a mean over positions in Keras.
            _ => true,
        }
    }

    /// Whether the metric is a mean over single values, which do not depend on each other.
    pub fn of_values(self) -> bool {
        matches!(self, Metric::BinaryAccuracy { .. }) || self.as_loss().is_some_and(Loss::of_values)
    }

    /// Whether it is the user's own metric, which reads any targets.
    pub const fn is_own(self) -> bool {
        matches!(self, Metric::Own { .. })
    }

    /// The metric of one class or column, for scores that are not averaged.
    pub(crate) fn of_class(self, class: usize) -> Metric {
        match self {
            Metric::FBetaScore { beta, threshold, .. } => {
                Metric::FBetaScore { beta, average: Average::Class(class), threshold }
            }
            Metric::R2Score { num_regressors, .. } => {
                Metric::R2Score { aggregation: Aggregation::Column(class), num_regressors }
            }
            other => other,
        }
    }
}

crate::describe! {
    /// Kind of curve.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Curve {
        /// True-positive rate over false-positive rate.
        Roc,
        /// Precision over recall.
        Pr,
        /// Gain of precision over gain of recall.
        PrGain,
    }
}
