//! Every metric: its names, its parameters in Keras's order, and what it makes of them.

use crate::args::{Bound, Signature, read};
use crate::code::Code;
use crate::context::Cx;
use crate::diag::Diag;
use crate::metric::{Average, Curve, Metric};
use crate::named::Named;

/// What a word or call stands for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) choice: Choice,
    /// The name that a call gives itself.
    pub(super) name: Option<String>,
}

/// Which metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Choice {
    /// This one.
    Metric(Metric),
    /// Keras's `accuracy`: the head and the loss decide.
    Accuracy,
    /// Keras's `crossentropy`: the head and the loss decide.
    Crossentropy,
}

/// Parameters of Keras that mimo does not have.
const UNSUPPORTED: &[(&str, &str)] = &[
    ("axis", "leave it out: the last axis is taken"),
    ("class_aggregation", "leave it out: the mean over the columns is taken"),
    ("class_id", "leave it out: all classes count"),
    ("dtype", "leave it out"),
    ("label_weights", "leave it out"),
    ("multi_label", "leave it out: the area is taken over all values together"),
    ("num_labels", "leave it out"),
    ("num_regressors", "leave it out"),
    ("summation_method", "leave it out: the area is interpolated"),
    ("thresholds", "write `num_thresholds`"),
    ("top_k", "leave it out"),
];

/// A metric, its class, its other names and its parameters.
macro_rules! metric {
    ([$($name:literal),*], $class:literal, $params:expr, $build:expr) => {
        Named::new(&[$($name,)* $class], Signature { unsupported: UNSUPPORTED, ..Signature::new($class, $params) }, $build)
    };
    ([$($name:literal),*], $class:literal, $metric:ident) => {
        metric!([$($name),*], $class, &["name", "dtype"], |bound, cx| named(bound, Metric::$metric, cx))
    };
}

pub(super) const METRICS: &[Named<Entry>] = &[
    Named::new(&["accuracy", "acc"], Signature::new("accuracy", &[]), |_, _| Entry {
        choice: Choice::Accuracy,
        name: None,
    }),
    metric!(["binary_accuracy"], "BinaryAccuracy", &["name", "dtype", "threshold"], |bound, cx| {
        let threshold = bound.float("threshold", 0.5, cx);
        named(bound, Metric::BinaryAccuracy { threshold }, cx)
    }),
    metric!(["categorical_accuracy"], "CategoricalAccuracy", CategoricalAccuracy),
    metric!(["sparse_categorical_accuracy"], "SparseCategoricalAccuracy", SparseCategoricalAccuracy),
    metric!(
        ["top_k_categorical_accuracy"],
        "TopKCategoricalAccuracy",
        &["k", "name", "dtype"],
        |bound, cx| {
            let k = at_least(bound, "k", 1, 5, cx);
            named(bound, Metric::TopKCategoricalAccuracy { k }, cx)
        }
    ),
    metric!(
        ["sparse_top_k_categorical_accuracy"],
        "SparseTopKCategoricalAccuracy",
        &["k", "name", "dtype"],
        |bound, cx| {
            let k = at_least(bound, "k", 1, 5, cx);
            named(bound, Metric::SparseTopKCategoricalAccuracy { k }, cx)
        }
    ),
    Named::new(
        &["auc", "AUC"],
        Signature {
            unsupported: UNSUPPORTED,
            ..Signature::new(
                "AUC",
                &[
                    "num_thresholds",
                    "curve",
                    "summation_method",
                    "name",
                    "dtype",
                    "thresholds",
                    "multi_label",
                    "num_labels",
                    "label_weights",
                    "from_logits",
                ],
            )
        },
        |bound, cx| {
            let num_thresholds = at_least(bound, "num_thresholds", 2, 200, cx);
            let curve = match bound.word("curve", &["ROC", "PR"], "ROC", cx) {
                "PR" => Curve::Pr,
                _ => Curve::Roc,
            };
            let from_logits = bound.boolean("from_logits", false, cx);
            named(bound, Metric::Auc { num_thresholds, curve, from_logits }, cx)
        },
    ),
    Named::new(&["precision", "Precision"], counting("Precision"), |bound, cx| {
        let threshold = threshold(bound, cx);
        named(bound, Metric::Precision { threshold }, cx)
    }),
    Named::new(&["recall", "Recall"], counting("Recall"), |bound, cx| {
        let threshold = threshold(bound, cx);
        named(bound, Metric::Recall { threshold }, cx)
    }),
    metric!(["f1_score", "f1"], "F1Score", &["average", "threshold", "name", "dtype"], |bound, cx| {
        let average = match bound.word("average", &["micro", "macro", "weighted"], "macro", cx) {
            "micro" => Average::Micro,
            "weighted" => Average::Weighted,
            _ => Average::Macro,
        };
        let threshold = bound.optional_float_in("threshold", 0.0..=1.0, cx);
        named(bound, Metric::F1Score { average, threshold }, cx)
    }),
    metric!(["mae", "mean_absolute_error", "MAE"], "MeanAbsoluteError", MeanAbsoluteError),
    metric!(["mse", "mean_squared_error", "MSE"], "MeanSquaredError", MeanSquaredError),
    metric!(
        ["mape", "mean_absolute_percentage_error", "MAPE"],
        "MeanAbsolutePercentageError",
        MeanAbsolutePercentageError
    ),
    metric!(
        ["msle", "mean_squared_logarithmic_error", "MSLE"],
        "MeanSquaredLogarithmicError",
        MeanSquaredLogarithmicError
    ),
    metric!(["root_mean_squared_error", "rmse"], "RootMeanSquaredError", RootMeanSquaredError),
    metric!(["log_cosh_error"], "LogCoshError", LogCoshError),
    metric!(
        ["r2_score", "r2"],
        "R2Score",
        &["class_aggregation", "num_regressors", "name", "dtype"],
        |bound, cx| { named(bound, Metric::R2Score, cx) }
    ),
    metric!(["cosine_similarity"], "CosineSimilarity", &["name", "dtype", "axis"], |bound, cx| {
        named(bound, Metric::CosineSimilarity, cx)
    }),
    Named::new(&["crossentropy", "ce"], Signature::new("crossentropy", &[]), |_, _| Entry {
        choice: Choice::Crossentropy,
        name: None,
    }),
    metric!(["binary_crossentropy", "bce", "BCE"], "BinaryCrossentropy", CROSSENTROPY, |bound, cx| {
        let (from_logits, label_smoothing) = crossentropy_parameters(bound, cx);
        named(bound, Metric::BinaryCrossentropy { from_logits, label_smoothing }, cx)
    }),
    metric!(["categorical_crossentropy"], "CategoricalCrossentropy", CROSSENTROPY, |bound, cx| {
        let (from_logits, label_smoothing) = crossentropy_parameters(bound, cx);
        named(bound, Metric::CategoricalCrossentropy { from_logits, label_smoothing }, cx)
    }),
    metric!(
        ["sparse_categorical_crossentropy"],
        "SparseCategoricalCrossentropy",
        &["name", "dtype", "from_logits", "axis"],
        |bound, cx| {
            let from_logits = bound.boolean("from_logits", false, cx);
            named(bound, Metric::SparseCategoricalCrossentropy { from_logits }, cx)
        }
    ),
    metric!(["kl_divergence", "kld", "KLD"], "KLDivergence", KlDivergence),
    metric!(["poisson"], "Poisson", Poisson),
    metric!(["hinge"], "Hinge", Hinge),
    metric!(["squared_hinge"], "SquaredHinge", SquaredHinge),
    metric!(["categorical_hinge"], "CategoricalHinge", CategoricalHinge),
];

const CROSSENTROPY: &[&str] = &["name", "dtype", "from_logits", "label_smoothing", "axis"];

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

/// The parameters of `Precision` and `Recall`, where `thresholds` is one number.
const fn counting(callee: &'static str) -> Signature {
    Signature {
        unsupported: &[
            ("top_k", "leave it out"),
            ("class_id", "leave it out: all classes count"),
            ("dtype", "leave it out"),
        ],
        ..Signature::new(callee, &["thresholds", "top_k", "class_id", "name", "dtype"])
    }
}

fn threshold(bound: &Bound<'_>, cx: &mut Cx<'_>) -> f64 {
    bound.optional_float_in("thresholds", 0.0..=1.0, cx).unwrap_or(0.5)
}

fn crossentropy_parameters(bound: &Bound<'_>, cx: &mut Cx<'_>) -> (bool, f64) {
    let from_logits = bound.boolean("from_logits", false, cx);
    (from_logits, bound.float_in("label_smoothing", 0.0, 0.0..1.0, cx))
}

/// A whole number of at least `least`.
fn at_least(bound: &Bound<'_>, name: &str, least: usize, default: usize, cx: &mut Cx<'_>) -> usize {
    let number = bound.read(name, cx, |value, what, cx| {
        let number = read::unsigned(value, what, cx)?;
        if number < least {
            read::out_of_range(value, what, &format!("a whole number of at least {least}"), None, cx);
            return None;
        }
        Some(number)
    });
    number.unwrap_or(default)
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
