//! Metrics as they are written, and the names that logs give them.

use crate::compile::heads::{self, Head};
use crate::compile::names::{Listed, Vocabulary};
use crate::compile::params::{Params, Range};
use crate::context::Cx;
use crate::diag::{Diag, Loc};
use crate::loss::Loss;
use crate::metric::{Average, Curve, Metric};
use crate::value::{Arg, Value, ValueKind};

/// What a word stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Named {
    /// A metric with its defaults.
    Metric(Metric),
    /// Keras's `accuracy`: the head and the loss decide.
    Accuracy,
    /// Keras's `crossentropy`: the head and the loss decide.
    Crossentropy,
}

const AUC: Metric = Metric::Auc { num_thresholds: 200, curve: Curve::Roc, from_logits: false };

const VOCABULARY: Vocabulary<Named> = Vocabulary {
    what: "metric",
    listed: &[
        Listed { words: &["accuracy", "acc"], value: Named::Accuracy },
        metric(&["binary_accuracy", "BinaryAccuracy"], Metric::BinaryAccuracy { threshold: 0.5 }),
        metric(&["categorical_accuracy", "CategoricalAccuracy"], Metric::CategoricalAccuracy),
        metric(
            &["sparse_categorical_accuracy", "SparseCategoricalAccuracy"],
            Metric::SparseCategoricalAccuracy,
        ),
        metric(
            &["top_k_categorical_accuracy", "TopKCategoricalAccuracy"],
            Metric::TopKCategoricalAccuracy { k: 5 },
        ),
        metric(
            &["sparse_top_k_categorical_accuracy", "SparseTopKCategoricalAccuracy"],
            Metric::SparseTopKCategoricalAccuracy { k: 5 },
        ),
        metric(&["auc", "AUC"], AUC),
        metric(&["precision", "Precision"], Metric::Precision { threshold: 0.5 }),
        metric(&["recall", "Recall"], Metric::Recall { threshold: 0.5 }),
        metric(&["f1_score", "F1Score"], Metric::F1Score { average: Average::Macro, threshold: None }),
        metric(&["mae", "mean_absolute_error", "MeanAbsoluteError", "MAE"], Metric::MeanAbsoluteError),
        metric(&["mse", "mean_squared_error", "MeanSquaredError", "MSE"], Metric::MeanSquaredError),
        metric(
            &["mape", "mean_absolute_percentage_error", "MeanAbsolutePercentageError", "MAPE"],
            Metric::MeanAbsolutePercentageError,
        ),
        metric(
            &["msle", "mean_squared_logarithmic_error", "MeanSquaredLogarithmicError", "MSLE"],
            Metric::MeanSquaredLogarithmicError,
        ),
        metric(&["root_mean_squared_error", "RootMeanSquaredError"], Metric::RootMeanSquaredError),
        metric(&["log_cosh_error", "LogCoshError"], Metric::LogCoshError),
        metric(&["r2_score", "R2Score"], Metric::R2Score),
        metric(&["cosine_similarity", "CosineSimilarity"], Metric::CosineSimilarity),
        Listed { words: &["crossentropy", "ce"], value: Named::Crossentropy },
        metric(
            &["binary_crossentropy", "BinaryCrossentropy", "bce", "BCE"],
            Metric::BinaryCrossentropy { from_logits: false, label_smoothing: 0.0 },
        ),
        metric(
            &["categorical_crossentropy", "CategoricalCrossentropy"],
            Metric::CategoricalCrossentropy { from_logits: false, label_smoothing: 0.0 },
        ),
        metric(
            &["sparse_categorical_crossentropy", "SparseCategoricalCrossentropy"],
            Metric::SparseCategoricalCrossentropy { from_logits: false },
        ),
        metric(&["kl_divergence", "KLDivergence", "kld", "KLD"], Metric::KlDivergence),
        metric(&["poisson", "Poisson"], Metric::Poisson),
        metric(&["hinge", "Hinge"], Metric::Hinge),
        metric(&["squared_hinge", "SquaredHinge"], Metric::SquaredHinge),
        metric(&["categorical_hinge", "CategoricalHinge"], Metric::CategoricalHinge),
    ],
    missing: &[
        "binary_io_u",
        "concordance_correlation",
        "f_beta_score",
        "false_negatives",
        "false_positives",
        "fbeta_score",
        "io_u",
        "mean",
        "mean_io_u",
        "mean_metric_wrapper",
        "one_hot_io_u",
        "one_hot_mean_io_u",
        "pearson_correlation",
        "precision_at_recall",
        "recall_at_precision",
        "sensitivity_at_specificity",
        "specificity_at_sensitivity",
        "sum",
        "true_negatives",
        "true_positives",
    ],
};

const fn metric(words: &'static [&'static str], metric: Metric) -> Listed<Named> {
    Listed { words, value: Named::Metric(metric) }
}

/// What a metric is compared with: the output and its loss.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'h> {
    pub(super) head: &'h Head<'h>,
    /// `None` after an error in the loss, when nothing more can be said about the targets.
    pub(super) loss: Option<Option<Loss>>,
}

/// The metrics of one output: one, a list of them, or none. `None` after an error. Without a subject, as for
/// an entry whose key is wrong, the value is only read.
pub(super) fn read_all(
    value: &Value,
    subject: Option<Subject<'_>>,
    cx: &mut Cx<'_>,
) -> Option<Vec<(String, Metric)>> {
    let values = match &value.kind {
        ValueKind::List(items) => &items[..],
        _ => std::slice::from_ref(value),
    };
    let mut metrics: Vec<(String, Metric)> = Vec::new();
    let mut sound = true;
    for value in values {
        let Some(read) = read(value, subject, cx) else {
            sound = false;
            continue;
        };
        let Some((word, metric)) = read else { continue };
        let mut name = word.clone();
        let mut count = 0;
        while metrics.iter().any(|(taken, _)| *taken == name) {
            count += 1;
            name = format!("{word}_{count}");
        }
        metrics.push((name, metric));
    }
    sound.then_some(metrics)
}

/// One metric and its name: the word as it was typed, the snake-case name for a class, or `name = "…"`.
fn read(value: &Value, subject: Option<Subject<'_>>, cx: &mut Cx<'_>) -> Option<Option<(String, Metric)>> {
    let (word, word_loc, args) = match &value.kind {
        ValueKind::Invalid => return None,
        ValueKind::None => return Some(None),
        ValueKind::Call { name, name_loc, args } => (name.as_str(), *name_loc, Some(args)),
        _ => match value.word() {
            Some("none" | "None") => return Some(None),
            Some(word) => (word, value.loc, None),
            None => {
                let message = format!("{} is not a metric", value.describe());
                cx.error(Diag::error(value.loc, message).help(VOCABULARY.list()));
                return None;
            }
        },
    };
    let named = VOCABULARY.find(word, word_loc, cx)?;
    let mut name = log_name(word);
    let metric = match (named, args) {
        (Named::Metric(metric), None) => metric,
        (Named::Metric(metric), Some(args)) => {
            let (metric, given) = with_parameters(metric, word, args, cx)?;
            name = given.unwrap_or(name);
            metric
        }
        (Named::Accuracy | Named::Crossentropy, Some(_)) => {
            let message =
                format!("`{word}` takes no arguments, because the output decides which metric it is");
            let exact =
                if named == Named::Accuracy { "binary_accuracy(…)" } else { "binary_crossentropy(…)" };
            cx.error(Diag::error(value.loc, message).help(format!("write `{exact}` or another by name")));
            return None;
        }
        (Named::Accuracy, None) => {
            let Subject { head, loss } = subject?;
            heads::accuracy(head, loss?, word, value.loc, cx)
        }
        (Named::Crossentropy, None) => {
            let Subject { head, loss } = subject?;
            crossentropy(head, loss?)
        }
    };
    if let Some(Subject { head, loss: Some(loss) }) = subject {
        check_targets(metric, word, head, loss, value.loc, cx);
    }
    Some(Some((name, metric)))
}

/// The loss as a metric if it is a cross-entropy, else the one that fits the head.
fn crossentropy(head: &Head<'_>, loss: Option<Loss>) -> Metric {
    match loss {
        Some(Loss::SparseCategoricalCrossentropy { from_logits, .. }) => {
            Metric::SparseCategoricalCrossentropy { from_logits }
        }
        Some(Loss::BinaryCrossentropy { from_logits, .. }) => {
            Metric::BinaryCrossentropy { from_logits, label_smoothing: 0.0 }
        }
        Some(Loss::CategoricalCrossentropy { from_logits, .. }) => {
            Metric::CategoricalCrossentropy { from_logits, label_smoothing: 0.0 }
        }
        _ => match heads::crossentropy(head) {
            Loss::BinaryCrossentropy { .. } => {
                Metric::BinaryCrossentropy { from_logits: false, label_smoothing: 0.0 }
            }
            _ => Metric::CategoricalCrossentropy { from_logits: false, label_smoothing: 0.0 },
        },
    }
}

/// A metric reads the targets that the loss reads: class indices for a sparse loss, else values.
fn check_targets(metric: Metric, word: &str, head: &Head<'_>, loss: Option<Loss>, loc: Loc, cx: &mut Cx<'_>) {
    let sparse_metric = matches!(
        metric,
        Metric::SparseCategoricalAccuracy
            | Metric::SparseTopKCategoricalAccuracy { .. }
            | Metric::SparseCategoricalCrossentropy { .. }
    );
    let sparse_loss = loss.is_some_and(Loss::sparse);
    if sparse_metric == sparse_loss {
        return;
    }
    let twin = match metric {
        Metric::SparseCategoricalAccuracy => Some("categorical_accuracy"),
        Metric::CategoricalAccuracy | Metric::BinaryAccuracy { .. } => Some("sparse_categorical_accuracy"),
        Metric::SparseTopKCategoricalAccuracy { .. } => Some("top_k_categorical_accuracy"),
        Metric::TopKCategoricalAccuracy { .. } => Some("sparse_top_k_categorical_accuracy"),
        Metric::SparseCategoricalCrossentropy { .. } => Some("categorical_crossentropy"),
        Metric::CategoricalCrossentropy { .. } => Some("sparse_categorical_crossentropy"),
        _ => None,
    };
    let name = head.name;
    let (reads, are) = if sparse_metric { ("class indices", "values") } else { ("values", "class indices") };
    let because = match loss {
        Some(loss) => format!("its loss is `{}`", loss.name()),
        None => "it has no loss".into(),
    };
    let message = format!("`{word}` reads {reads}, but the targets of `{name}` are {are}");
    let diag = Diag::error(loc, message);
    let diag = match twin {
        Some(twin) => diag.help(format!("write `{twin}`")),
        None => diag.help("leave it out, or write `accuracy`"),
    };
    cx.error(diag.note(format!("{because}, which decides the targets of `{name}`")));
}

/// A word as it was typed, or the snake-case name of a class: `AUC` is `auc`, `F1Score` is `f1_score`. The
/// aliases `MSE`, `BCE`, … stay, as in Keras.
fn log_name(word: &str) -> String {
    let is_class = word.contains(char::is_uppercase) && word.contains(char::is_lowercase) || word == "AUC";
    let listed = VOCABULARY.listed.iter().find(|listed| is_class && listed.words.contains(&word));
    let snake = listed.and_then(|listed| {
        let lower = listed.words.iter().filter(|word| !word.contains(char::is_uppercase));
        lower.max_by_key(|word| word.len())
    });
    snake.map_or(word, |snake| snake).to_owned()
}

/// A metric with the parameters of a call, and the name that the call gives it.
fn with_parameters(
    metric: Metric,
    word: &str,
    args: &[Arg],
    cx: &mut Cx<'_>,
) -> Option<(Metric, Option<String>)> {
    let parameters: &[&'static str] = match metric {
        Metric::BinaryAccuracy { .. } => &["name", "!dtype", "threshold"],
        Metric::TopKCategoricalAccuracy { .. } | Metric::SparseTopKCategoricalAccuracy { .. } => {
            &["k", "name", "!dtype"]
        }
        Metric::Precision { .. } | Metric::Recall { .. } => {
            &["thresholds", "!top_k", "!class_id", "name", "!dtype"]
        }
        Metric::F1Score { .. } => &["average", "threshold", "name", "!dtype"],
        Metric::Auc { .. } => &[
            "num_thresholds",
            "curve",
            "!summation_method",
            "name",
            "!dtype",
            "!thresholds",
            "!multi_label",
            "!num_labels",
            "!label_weights",
            "from_logits",
        ],
        Metric::BinaryCrossentropy { .. } | Metric::CategoricalCrossentropy { .. } => {
            &["name", "!dtype", "from_logits", "label_smoothing", "!axis"]
        }
        Metric::SparseCategoricalCrossentropy { .. } => &["name", "!dtype", "from_logits", "!axis"],
        Metric::R2Score => &["!class_aggregation", "!num_regressors", "name", "!dtype"],
        Metric::CategoricalAccuracy
        | Metric::SparseCategoricalAccuracy
        | Metric::MeanAbsoluteError
        | Metric::MeanSquaredError
        | Metric::MeanAbsolutePercentageError
        | Metric::MeanSquaredLogarithmicError
        | Metric::RootMeanSquaredError
        | Metric::LogCoshError
        | Metric::CosineSimilarity
        | Metric::KlDivergence
        | Metric::Poisson
        | Metric::Hinge
        | Metric::SquaredHinge
        | Metric::CategoricalHinge => &["name", "!dtype", "!axis"],
    };
    let mut params = Params::read(word, parameters, args, cx);
    let name = params.name(cx);
    let metric = match metric {
        Metric::BinaryAccuracy { threshold } => {
            Metric::BinaryAccuracy { threshold: params.number("threshold", threshold, Range::Any, cx) }
        }
        Metric::TopKCategoricalAccuracy { k } => {
            Metric::TopKCategoricalAccuracy { k: params.count("k", k, 1, cx) }
        }
        Metric::SparseTopKCategoricalAccuracy { k } => {
            Metric::SparseTopKCategoricalAccuracy { k: params.count("k", k, 1, cx) }
        }
        Metric::Precision { threshold } => {
            Metric::Precision { threshold: params.number("thresholds", threshold, Range::Unit, cx) }
        }
        Metric::Recall { threshold } => {
            Metric::Recall { threshold: params.number("thresholds", threshold, Range::Unit, cx) }
        }
        Metric::F1Score { average, .. } => {
            let averages =
                [("micro", Average::Micro), ("macro", Average::Macro), ("weighted", Average::Weighted)];
            let average = params.choice("average", average, &averages, cx);
            let threshold = params.optional_number("threshold", Range::Unit, cx);
            Metric::F1Score { average, threshold }
        }
        Metric::Auc { num_thresholds, curve, .. } => Metric::Auc {
            num_thresholds: params.count("num_thresholds", num_thresholds, 2, cx),
            curve: params.choice("curve", curve, &[("ROC", Curve::Roc), ("PR", Curve::Pr)], cx),
            from_logits: params.flag("from_logits", false, cx),
        },
        Metric::BinaryCrossentropy { .. } => {
            let (from_logits, label_smoothing) = crossentropy_parameters(&mut params, cx);
            Metric::BinaryCrossentropy { from_logits, label_smoothing }
        }
        Metric::CategoricalCrossentropy { .. } => {
            let (from_logits, label_smoothing) = crossentropy_parameters(&mut params, cx);
            Metric::CategoricalCrossentropy { from_logits, label_smoothing }
        }
        Metric::SparseCategoricalCrossentropy { .. } => {
            Metric::SparseCategoricalCrossentropy { from_logits: params.flag("from_logits", false, cx) }
        }
        Metric::CategoricalAccuracy
        | Metric::SparseCategoricalAccuracy
        | Metric::MeanAbsoluteError
        | Metric::MeanSquaredError
        | Metric::MeanAbsolutePercentageError
        | Metric::MeanSquaredLogarithmicError
        | Metric::RootMeanSquaredError
        | Metric::LogCoshError
        | Metric::R2Score
        | Metric::CosineSimilarity
        | Metric::KlDivergence
        | Metric::Poisson
        | Metric::Hinge
        | Metric::SquaredHinge
        | Metric::CategoricalHinge => metric,
    };
    params.finish()?;
    Some((metric, name))
}

fn crossentropy_parameters(params: &mut Params<'_>, cx: &mut Cx<'_>) -> (bool, f64) {
    (params.flag("from_logits", false, cx), params.number("label_smoothing", 0.0, Range::Share, cx))
}
