//! Every metric: its names, its parameters in Keras's order, and what it makes of them.

use crate::args::Bound;
use crate::code::Code;
use crate::context::Cx;
use crate::diag::Diag;
use crate::metric::{Average, Curve, Metric};

/// What a word or call stands for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(super) choice: Choice,
    /// The name that a call gives itself.
    pub(super) name: Option<String>,
}

/// Which metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Choice {
    /// This one.
    Metric(Metric),
    /// Keras's `accuracy`: the head and the loss decide.
    Accuracy,
    /// Keras's `crossentropy`: the head and the loss decide.
    Crossentropy,
}

vocabulary! {
    mod words;
    const METRICS: Entry;

    /// The share of right answers: which of the accuracies follows from the head and its loss.
    ///
    /// Keras: [`accuracy`](https://keras.io/api/metrics/accuracy_metrics/)
    "`accuracy()`"
    accuracy | acc => |_, _| Entry { choice: Choice::Accuracy, name: None };
    takes {}

    /// The share of values on the right side of `threshold`.
    ///
    /// Keras: [`binary_accuracy`](https://keras.io/api/metrics/accuracy_metrics/)
    "`binary_accuracy(name = none, threshold = 0.5)`"
    binary_accuracy | BinaryAccuracy as BinaryAccuracy => |args, cx| named(args, Metric::BinaryAccuracy { threshold: args.float("threshold", cx) }, cx);
    takes {
        /// Name of the metric in logs; the word that is written here without it.
        name: Name = "none",
        dtype => "leave it out",
        /// Predictions above it count as positive.
        threshold: f64 = "0.5",
    }

    /// The share of rows whose largest prediction is the largest target.
    ///
    /// Keras: [`categorical_accuracy`](https://keras.io/api/metrics/accuracy_metrics/)
    "`categorical_accuracy(name = none)`"
    categorical_accuracy | CategoricalAccuracy as CategoricalAccuracy => |args, cx| named(args, Metric::CategoricalAccuracy, cx);

    /// The share of rows whose largest prediction is at the class index.
    ///
    /// Keras: [`sparse_categorical_accuracy`](https://keras.io/api/metrics/accuracy_metrics/)
    "`sparse_categorical_accuracy(name = none)`"
    sparse_categorical_accuracy | SparseCategoricalAccuracy as SparseCategoricalAccuracy => |args, cx| named(args, Metric::SparseCategoricalAccuracy, cx);
    takes {
        /// Name of the metric in logs; the word that is written here without it.
        name: Name = "none",
        dtype => "leave it out",
    }

    /// The share of rows whose largest target is among the `k` largest predictions.
    ///
    /// Keras: [`top_k_categorical_accuracy`](https://keras.io/api/metrics/accuracy_metrics/)
    "`top_k_categorical_accuracy(k = 5, name = none)`"
    top_k_categorical_accuracy | TopKCategoricalAccuracy as TopKCategoricalAccuracy => |args, cx| named(args, Metric::TopKCategoricalAccuracy { k: args.unsigned("k", cx) }, cx);

    /// The share of rows whose class index is among the `k` largest predictions.
    ///
    /// Keras: [`sparse_top_k_categorical_accuracy`](https://keras.io/api/metrics/accuracy_metrics/)
    "`sparse_top_k_categorical_accuracy(k = 5, name = none)`"
    sparse_top_k_categorical_accuracy | SparseTopKCategoricalAccuracy as SparseTopKCategoricalAccuracy => |args, cx| named(args, Metric::SparseTopKCategoricalAccuracy { k: args.unsigned("k", cx) }, cx);
    takes {
        /// Number of the largest predictions that count.
        k: usize = "5" in [1..],
        /// Name of the metric in logs; the word that is written here without it.
        name: Name = "none",
        dtype => "leave it out",
    }

    /// The area under a curve over thresholds: 1 is best, and 0.5 is chance for `ROC`.
    ///
    /// Keras: [`auc`](https://keras.io/api/metrics/classification_metrics/)
    "`auc(num_thresholds = 200, curve = ROC, name = none, from_logits = false)`"
    auc | AUC as AUC => auc;
    takes {
        /// At how many thresholds the curve is measured.
        num_thresholds: usize = "200" in [2..],
        /// Which curve.
        curve: Curve = "ROC",
        summation_method => "leave it out: the area is interpolated",
        /// Name of the metric in logs; the word that is written here without it.
        name: Name = "none",
        dtype => "leave it out",
        thresholds => "write `num_thresholds`",
        multi_label => "leave it out: the area is taken over all values together",
        num_labels => "leave it out",
        label_weights => "leave it out",
        /// Whether predictions are logits, that is, no activation was applied.
        from_logits: bool = "false",
    }

    /// `TP / (TP + FP)`: the share of right ones among those that are found.
    ///
    /// Keras: [`precision`](https://keras.io/api/metrics/classification_metrics/)
    "`precision(thresholds = none, name = none)`"
    precision | Precision as Precision => |args, cx| named(args, Metric::Precision { threshold: threshold(args, cx) }, cx);

    /// `TP / (TP + FN)`: the share of those that are found.
    ///
    /// Keras: [`recall`](https://keras.io/api/metrics/classification_metrics/)
    "`recall(thresholds = none, name = none)`"
    recall | Recall as Recall => |args, cx| named(args, Metric::Recall { threshold: threshold(args, cx) }, cx);
    takes {
        /// Predictions above it count as positive; `none` is 0.5.
        thresholds: f64 = "none" in [0.0..=1.0],
        top_k => "leave it out",
        class_id => "leave it out: all classes count",
        /// Name of the metric in logs; the word that is written here without it.
        name: Name = "none",
        dtype => "leave it out",
    }

    /// The harmonic mean of precision and recall.
    ///
    /// Keras: [`f1_score`](https://keras.io/api/metrics/classification_metrics/)
    "`f1_score(average = macro, threshold = none, name = none)`"
    f1_score | f1 | F1Score as F1Score => f1_score;
    takes {
        /// Average over the classes.
        average: Average = "macro",
        /// Predictions above it count as positive; `none` takes the largest of each row.
        threshold: f64 = "none" in [0.0..=1.0],
        /// Name of the metric in logs; the word that is written here without it.
        name: Name = "none",
        dtype => "leave it out",
    }

    /// Mean of `|t − p|`.
    ///
    /// Keras: [`mae`](https://keras.io/api/metrics/regression_metrics/)
    "`mae(name = none)`"
    mae | mean_absolute_error | MAE | MeanAbsoluteError as MeanAbsoluteError => |args, cx| named(args, Metric::MeanAbsoluteError, cx);

    /// Mean of `(t − p)²`.
    ///
    /// Keras: [`mse`](https://keras.io/api/metrics/regression_metrics/)
    "`mse(name = none)`"
    mse | mean_squared_error | MSE | MeanSquaredError as MeanSquaredError => |args, cx| named(args, Metric::MeanSquaredError, cx);

    /// Mean of `100 · |t − p| / |t|`.
    ///
    /// Keras: [`mape`](https://keras.io/api/metrics/regression_metrics/)
    "`mape(name = none)`"
    mape | mean_absolute_percentage_error | MAPE | MeanAbsolutePercentageError as MeanAbsolutePercentageError => |args, cx| named(args, Metric::MeanAbsolutePercentageError, cx);

    /// Mean of `(ln(p + 1) − ln(t + 1))²`.
    ///
    /// Keras: [`msle`](https://keras.io/api/metrics/regression_metrics/)
    "`msle(name = none)`"
    msle | mean_squared_logarithmic_error | MSLE | MeanSquaredLogarithmicError as MeanSquaredLogarithmicError => |args, cx| named(args, Metric::MeanSquaredLogarithmicError, cx);

    /// The root of the mean of `(t − p)²`.
    ///
    /// Keras: [`root_mean_squared_error`](https://keras.io/api/metrics/regression_metrics/)
    "`root_mean_squared_error(name = none)`"
    root_mean_squared_error | rmse | RootMeanSquaredError as RootMeanSquaredError => |args, cx| named(args, Metric::RootMeanSquaredError, cx);

    /// Mean of `ln cosh(p − t)`.
    ///
    /// Keras: [`log_cosh_error`](https://keras.io/api/metrics/regression_metrics/)
    "`log_cosh_error(name = none)`"
    log_cosh_error | LogCoshError as LogCoshError => |args, cx| named(args, Metric::LogCoshError, cx);
    takes {
        /// Name of the metric in logs; the word that is written here without it.
        name: Name = "none",
        dtype => "leave it out",
    }

    /// The coefficient of determination: 1 is best, and 0 is as good as the mean.
    ///
    /// Keras: [`r2_score`](https://keras.io/api/metrics/regression_metrics/)
    "`r2_score(name = none)`"
    r2_score | r2 | R2Score as R2Score => |args, cx| named(args, Metric::R2Score, cx);
    takes {
        class_aggregation => "leave it out: the mean over the columns is taken",
        num_regressors => "leave it out",
        /// Name of the metric in logs; the word that is written here without it.
        name: Name = "none",
        dtype => "leave it out",
    }

    /// The cosine of the angle between target and prediction: 1 is best.
    ///
    /// Keras: [`cosine_similarity`](https://keras.io/api/metrics/regression_metrics/)
    "`cosine_similarity(name = none)`"
    cosine_similarity | CosineSimilarity as CosineSimilarity => |args, cx| named(args, Metric::CosineSimilarity, cx);
    takes {
        /// Name of the metric in logs; the word that is written here without it.
        name: Name = "none",
        dtype => "leave it out",
        axis => "leave it out: the last axis is taken",
    }

    /// The cross-entropy that fits the head and its loss.
    "`crossentropy()`"
    crossentropy | ce => |_, _| Entry { choice: Choice::Crossentropy, name: None };
    takes {}

    /// The loss of the same name, as a metric.
    ///
    /// Keras: [`binary_crossentropy`](https://keras.io/api/metrics/probabilistic_metrics/)
    "`binary_crossentropy(name = none, from_logits = false, label_smoothing = 0)`"
    binary_crossentropy | bce | BCE | BinaryCrossentropy as BinaryCrossentropy => binary_crossentropy;

    /// The loss of the same name, as a metric.
    ///
    /// Keras: [`categorical_crossentropy`](https://keras.io/api/metrics/probabilistic_metrics/)
    "`categorical_crossentropy(name = none, from_logits = false, label_smoothing = 0)`"
    categorical_crossentropy | CategoricalCrossentropy as CategoricalCrossentropy => categorical_crossentropy;
    takes {
        /// Name of the metric in logs; the word that is written here without it.
        name: Name = "none",
        dtype => "leave it out",
        /// Whether predictions are logits, that is, no activation was applied.
        from_logits: bool = "false",
        /// Share by which labels are moved towards the uniform distribution, at least 0 and below 1.
        label_smoothing: f64 = "0" in [0.0..1.0],
        axis => "leave it out: the last axis is taken",
    }

    /// The loss of the same name, as a metric.
    ///
    /// Keras: [`sparse_categorical_crossentropy`](https://keras.io/api/metrics/probabilistic_metrics/)
    "`sparse_categorical_crossentropy(name = none, from_logits = false)`"
    sparse_categorical_crossentropy | SparseCategoricalCrossentropy as SparseCategoricalCrossentropy => sparse_categorical_crossentropy;
    takes {
        /// Name of the metric in logs; the word that is written here without it.
        name: Name = "none",
        dtype => "leave it out",
        /// Whether predictions are logits, that is, no activation was applied.
        from_logits: bool = "false",
        axis => "leave it out: the last axis is taken",
    }

    /// The loss of the same name, as a metric.
    ///
    /// Keras: [`kl_divergence`](https://keras.io/api/metrics/probabilistic_metrics/)
    "`kl_divergence(name = none)`"
    kl_divergence | kld | KLD | KLDivergence as KLDivergence => |args, cx| named(args, Metric::KlDivergence, cx);

    /// The loss of the same name, as a metric.
    ///
    /// Keras: [`poisson`](https://keras.io/api/metrics/probabilistic_metrics/)
    "`poisson(name = none)`"
    poisson | Poisson as Poisson => |args, cx| named(args, Metric::Poisson, cx);

    /// The loss of the same name, as a metric.
    ///
    /// Keras: [`hinge`](https://keras.io/api/metrics/hinge_metrics/)
    "`hinge(name = none)`"
    hinge | Hinge as Hinge => |args, cx| named(args, Metric::Hinge, cx);

    /// The loss of the same name, as a metric.
    ///
    /// Keras: [`squared_hinge`](https://keras.io/api/metrics/hinge_metrics/)
    "`squared_hinge(name = none)`"
    squared_hinge | SquaredHinge as SquaredHinge => |args, cx| named(args, Metric::SquaredHinge, cx);

    /// The loss of the same name, as a metric.
    ///
    /// Keras: [`categorical_hinge`](https://keras.io/api/metrics/hinge_metrics/)
    "`categorical_hinge(name = none)`"
    categorical_hinge | CategoricalHinge as CategoricalHinge => |args, cx| named(args, Metric::CategoricalHinge, cx);
    takes {
        /// Name of the metric in logs; the word that is written here without it.
        name: Name = "none",
        dtype => "leave it out",
    }
}

/// Metrics of Keras that mimo does not have.
pub(super) const MISSING: &[(&str, &str)] = &[
    ("BinaryIoU", LEAVE_OUT),
    ("ConcordanceCorrelation", LEAVE_OUT),
    ("FBetaScore", WRITE_F1),
    ("FalseNegatives", LEAVE_OUT),
    ("FalsePositives", LEAVE_OUT),
    ("IoU", LEAVE_OUT),
    ("Mean", LEAVE_OUT),
    ("MeanIoU", LEAVE_OUT),
    ("OneHotIoU", LEAVE_OUT),
    ("OneHotMeanIoU", LEAVE_OUT),
    ("PearsonCorrelation", LEAVE_OUT),
    ("PrecisionAtRecall", LEAVE_OUT),
    ("RecallAtPrecision", LEAVE_OUT),
    ("SensitivityAtSpecificity", LEAVE_OUT),
    ("SpecificityAtSensitivity", LEAVE_OUT),
    ("Sum", LEAVE_OUT),
    ("TrueNegatives", LEAVE_OUT),
    ("TruePositives", LEAVE_OUT),
    ("binary_io_u", LEAVE_OUT),
    ("concordance_correlation", LEAVE_OUT),
    ("f_beta_score", WRITE_F1),
    ("false_negatives", LEAVE_OUT),
    ("false_positives", LEAVE_OUT),
    ("io_u", LEAVE_OUT),
    ("mean", LEAVE_OUT),
    ("mean_io_u", LEAVE_OUT),
    ("one_hot_io_u", LEAVE_OUT),
    ("one_hot_mean_io_u", LEAVE_OUT),
    ("pearson_correlation", LEAVE_OUT),
    ("precision_at_recall", LEAVE_OUT),
    ("recall_at_precision", LEAVE_OUT),
    ("sensitivity_at_specificity", LEAVE_OUT),
    ("specificity_at_sensitivity", LEAVE_OUT),
    ("sum", LEAVE_OUT),
    ("true_negatives", LEAVE_OUT),
    ("true_positives", LEAVE_OUT),
];

const LEAVE_OUT: &str = "leave it out, and compute it from predictions";
const WRITE_F1: &str = "write `f1_score`";

fn threshold(args: &Bound<'_>, cx: &mut Cx<'_>) -> f64 {
    args.optional_float("thresholds", cx).unwrap_or(0.5)
}

fn auc(args: &Bound<'_>, cx: &mut Cx<'_>) -> Entry {
    let num_thresholds = args.unsigned("num_thresholds", cx);
    let curve = match args.word("curve", cx) {
        "PR" => Curve::Pr,
        _ => Curve::Roc,
    };
    let from_logits = args.boolean("from_logits", cx);
    named(args, Metric::Auc { num_thresholds, curve, from_logits }, cx)
}

fn f1_score(args: &Bound<'_>, cx: &mut Cx<'_>) -> Entry {
    let average = match args.word("average", cx) {
        "micro" => Average::Micro,
        "weighted" => Average::Weighted,
        _ => Average::Macro,
    };
    named(args, Metric::F1Score { average, threshold: args.optional_float("threshold", cx) }, cx)
}

fn binary_crossentropy(args: &Bound<'_>, cx: &mut Cx<'_>) -> Entry {
    let from_logits = args.boolean("from_logits", cx);
    let label_smoothing = args.float("label_smoothing", cx);
    named(args, Metric::BinaryCrossentropy { from_logits, label_smoothing }, cx)
}

fn categorical_crossentropy(args: &Bound<'_>, cx: &mut Cx<'_>) -> Entry {
    let from_logits = args.boolean("from_logits", cx);
    let label_smoothing = args.float("label_smoothing", cx);
    named(args, Metric::CategoricalCrossentropy { from_logits, label_smoothing }, cx)
}

fn sparse_categorical_crossentropy(args: &Bound<'_>, cx: &mut Cx<'_>) -> Entry {
    let from_logits = args.boolean("from_logits", cx);
    named(args, Metric::SparseCategoricalCrossentropy { from_logits }, cx)
}

/// A metric with the name that the call gives it: logs have a field of that name.
fn named(bound: &Bound<'_>, metric: Metric, cx: &mut Cx<'_>) -> Entry {
    let name = bound.optional_string("name", cx);
    if let Some((name, reason)) =
        name.as_ref().and_then(|name| Some((name, crate::names::field::unusable(name)?)))
    {
        let usable = crate::names::field::field_like(name);
        cx.error(
            Diag::error(
                Code::UnusableMetricName,
                bound.loc("name"),
                format!("the metric name {name:?} {reason}"),
            )
            .help(format!("write `name = \"{usable}\"`"))
            .note("logs have a field of this name"),
        );
        bound.fail("name");
    }
    Entry { choice: Choice::Metric(metric), name }
}
