//! Metrics as they are written, and the names that logs give them.

use crate::args::read;
use crate::code::Code;
use crate::compile::heads::{self, Head};
use crate::compile::metrics::table::{Choice, METRICS, MISSING};
use crate::context::Cx;
use crate::diag::{Diag, Loc};
use crate::loss::Loss;
use crate::metric::Metric;
use crate::named::read_named;
use crate::target::Target;
use crate::value::{Value, ValueKind};

pub(crate) mod table;

/// What a metric is compared with: the output and its loss.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'h> {
    pub(super) head: &'h Head<'h>,
    /// `None` after an error in the loss, when nothing more can be said about the targets.
    pub(super) loss: Option<Option<Loss>>,
}

/// The metrics of one output: one, a list of them, or none. `None` after an error. Without a subject, as for
/// an entry whose key is wrong, the value is only read.
pub(crate) fn read_all(
    value: &Value,
    subject: Option<Subject<'_>>,
    cx: &mut Cx<'_>,
) -> Option<Vec<(String, Metric)>> {
    let values = match &value.kind {
        ValueKind::List(items) => &items[..],
        _ => std::slice::from_ref(value),
    };
    let mut metrics: Vec<(String, Metric)> = Vec::new();
    // The first metric of an output without a loss, which decides the targets.
    let mut first: Option<(String, Target)> = None;
    let mut sound = true;
    for value in values {
        let decided = first.as_ref().map(|(_, target)| *target);
        let Some(read) = read_one(value, subject, decided, cx) else {
            sound = false;
            continue;
        };
        let Some((word, metric)) = read else { continue };
        if let Some(subject @ Subject { loss: Some(loss), .. }) = subject {
            let decided = match loss {
                Some(loss) => Decided::Loss(loss),
                None => {
                    let (word, target) = first.get_or_insert((word.clone(), Target::of_metric(metric)));
                    Decided::Metric(word, *target)
                }
            };
            check_targets(metric, &word, subject.head, decided, value.loc, cx);
            check_numbers(metric, &word, subject.head, loss, value.loc, cx);
        }
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

/// One metric and its name: the word as it was typed, the snake-case name for a class, or `name = "…"`. `decided` is the
/// form of the targets that earlier metrics of an output without a loss have decided.
fn read_one(
    value: &Value,
    subject: Option<Subject<'_>>,
    decided: Option<Target>,
    cx: &mut Cx<'_>,
) -> Option<Option<(String, Metric)>> {
    let value = &*read::without_python(value, cx);
    if value.kind == ValueKind::None {
        return Some(None);
    }
    let entry =
        read_named(value, "an entry of `metrics`", "a metric", Code::UnknownMetric, METRICS, MISSING, cx)?;
    let word = match &value.kind {
        ValueKind::Call { name, .. } => name,
        _ => value.word()?,
    };
    let metric = match entry.choice {
        Choice::Metric(metric) => metric,
        Choice::Accuracy if decided == Some(Target::Classes) => Metric::SparseCategoricalAccuracy,
        Choice::Accuracy => {
            let Subject { head, loss } = subject?;
            heads::accuracy(head, loss?, word, value.loc, cx)
        }
        Choice::Crossentropy if decided == Some(Target::Classes) => {
            Metric::SparseCategoricalCrossentropy { from_logits: false }
        }
        Choice::Crossentropy => {
            let Subject { head, loss } = subject?;
            crossentropy(head, loss?)
        }
    };
    Some(Some((entry.name.unwrap_or_else(|| log_name(word)), metric)))
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

/// Setting that decides the form of an output's targets.
#[derive(Clone, Copy)]
enum Decided<'a> {
    Loss(Loss),
    /// The first metric of an output without a loss, by its name.
    Metric(&'a str, Target),
}

/// Reports a metric that reads other targets than the output has: class indices for a sparse loss, else values.
fn check_targets(
    metric: Metric,
    word: &str,
    head: &Head<'_>,
    decided: Decided<'_>,
    loc: Loc,
    cx: &mut Cx<'_>,
) {
    let name = head.name;
    let target = match decided {
        Decided::Loss(loss) => Target::of(Some(loss), []),
        Decided::Metric(_, target) => Some(target),
    };
    let Some(target) = target else {
        let message = format!("`{word}` reads targets, but `{name}` has none");
        cx.error(
            Diag::error(Code::MetricTargets, loc, message)
                .help(format!("write `{name}: custom` in `loss`, so that `{name}` has targets"))
                .help(format!("leave `{word}` out"))
                .note(format!("the loss of `{name}` is `custom(targets = false)`")),
        );
        return;
    };
    let sparse_metric = Target::of_metric(metric) == Target::Classes;
    if Target::of_metric(metric) == target {
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
    let (reads, are) = if sparse_metric { ("class indices", "values") } else { ("values", "class indices") };
    let because = match decided {
        Decided::Loss(loss) => format!("its loss is `{}`", loss.name()),
        Decided::Metric(first, _) => format!("its first metric is `{first}`"),
    };
    let message = format!("`{word}` reads {reads}, but the targets of `{name}` are {are}");
    let diag = Diag::error(Code::MetricTargets, loc, message);
    let diag = match twin {
        Some(twin) => diag.help(format!("write `{twin}`")),
        None => diag.help("leave it out, or write `accuracy`"),
    };
    cx.error(diag.note(format!("{because}, which decides the targets of `{name}`")));
}

/// An accuracy compares classes; of an output that predicts numbers it counts those which are met exactly, or nothing.
fn check_numbers(metric: Metric, word: &str, head: &Head<'_>, loss: Option<Loss>, loc: Loc, cx: &mut Cx<'_>) {
    // A threshold that the user wrote is meant.
    let accuracy = match metric {
        Metric::BinaryAccuracy { threshold } => threshold == 0.5,
        Metric::CategoricalAccuracy | Metric::TopKCategoricalAccuracy { .. } => true,
        _ => false,
    };
    let Some(loss) = loss.filter(|loss| {
        matches!(
            loss,
            Loss::MeanSquaredError
                | Loss::MeanAbsoluteError
                | Loss::MeanAbsolutePercentageError
                | Loss::MeanSquaredLogarithmicError
                | Loss::Huber { .. }
                | Loss::LogCosh
                | Loss::Poisson
        )
    }) else {
        return;
    };
    // Probabilities may be trained with any distance.
    if !accuracy || head.may_be_probabilities() {
        return;
    }
    let message = format!(
        "`{word}` compares classes, but the loss `{}` makes the output `{}` predict numbers",
        loss.name(),
        head.name
    );
    cx.error(
        Diag::warning(Code::AccuracyOfNumbers, loc, message)
            .help("write `mae` or `r2`")
            .help("for classes, write `activation = softmax` or `sigmoid` and a cross-entropy"),
    );
}

/// A word as it was typed, or the snake-case name of a class: `AUC` is `auc`, `F1Score` is `f1_score`. The
/// aliases `MSE`, `BCE`, … stay, as in Keras.
fn log_name(word: &str) -> String {
    let is_class = word.contains(char::is_uppercase) && word.contains(char::is_lowercase) || word == "AUC";
    let entry = METRICS.iter().find(|entry| is_class && entry.item.names.contains(&word));
    let snake = entry.and_then(|entry| {
        let lower = entry.item.names.iter().filter(|name| !name.contains(char::is_uppercase));
        lower.max_by_key(|name| name.len())
    });
    snake.map_or(word, |snake| snake).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::Activation::{Linear, Sigmoid, Softmax};
    use crate::metric::{Average, Curve};
    use crate::sketch::{Model, resolved};

    /// The metrics of a softmax over three classes.
    fn of(loss: &str, metrics: &str) -> (Vec<(String, Metric)>, Vec<String>) {
        let model = Model::heads(&[("y", 3, Softmax)]);
        let (compile, errors) = resolved(&model, &format!("adam, {loss}, metrics = {metrics}"));
        (compile.map(|mut compile| compile.outputs.remove(0).metrics).unwrap_or_default(), errors)
    }

    #[test]
    fn logs_use_the_word_as_typed_and_count_what_is_repeated() {
        let (metrics, errors) = of("mse", "[acc, \"mae\", MAE, MeanAbsoluteError, AUC, F1Score(), mae, mae]");
        assert_eq!(errors, [""; 0]);
        let names: Vec<_> = metrics.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["acc", "mae", "MAE", "mean_absolute_error", "auc", "f1_score", "mae_1", "mae_2"]);
    }

    #[test]
    fn metrics_have_keras_s_parameters() {
        let (metrics, errors) = of(
            "mse",
            "[AUC(num_thresholds = 50, curve = \"PR\", name = \"area\"), Precision(0.7), F1Score(weighted, 0.5), \
             TopKCategoricalAccuracy(k = 2), binary_accuracy(threshold = 0.0), \
             BinaryCrossentropy(from_logits = true, label_smoothing = 0.1), none]",
        );
        assert_eq!(errors, [""; 0]);
        assert_eq!(
            metrics,
            [
                ("area".into(), Metric::Auc { num_thresholds: 50, curve: Curve::Pr, from_logits: false }),
                ("precision".into(), Metric::Precision { threshold: 0.7 }),
                ("f1_score".into(), Metric::F1Score { average: Average::Weighted, threshold: Some(0.5) }),
                ("top_k_categorical_accuracy".into(), Metric::TopKCategoricalAccuracy { k: 2 }),
                ("binary_accuracy".into(), Metric::BinaryAccuracy { threshold: 0.0 }),
                (
                    "binary_crossentropy".into(),
                    Metric::BinaryCrossentropy { from_logits: true, label_smoothing: 0.1 }
                ),
            ]
        );
    }

    #[test]
    fn wrong_metrics_get_help() {
        for (text, error) in [
            (
                "mean_io_u",
                "mimo has no metric `mean_io_u` yet\n  = help: leave it out, and compute it from predictions",
            ),
            ("FBetaScore(0.5)", "mimo has no metric `FBetaScore` yet\n  = help: write `f1_score`"),
            (
                "AUC(num_thresholds = 1)",
                "`num_thresholds` of `AUC` must be a whole number of at least 2, found the number 1\n  \
                 = help: write a whole number of at least 2",
            ),
            (
                "AUC(curve = up)",
                "`curve` of `AUC` must be one of `ROC`, `PR`, found `up`\n  = help: write `ROC`, or leave it out",
            ),
            (
                "F1Score(average = none)",
                "`average` of `F1Score` must be one of `micro`, `macro`, `weighted`, found `none`\n  \
                 = help: write `micro`, or leave it out",
            ),
            (
                "AUC(name = \"1a\")",
                "the metric name \"1a\" starts with a digit\n  = help: write `name = \"_1a\"`\n  \
                 = note: logs have a field of this name",
            ),
            (
                "accuracy(name = \"a\")",
                "`accuracy` has no argument `name`\n  = help: write `accuracy()`: it takes no arguments",
            ),
            (
                "[[mae]]",
                "an entry of `metrics` must be a metric, found a list of 1\n  \
                 = help: write a name, as in `accuracy`",
            ),
        ] {
            let (_, errors) = of("mse", &format!("{{ y: [{text}] }}"));
            let [found] = &errors[..] else { panic!("{text}: {errors:?}") };
            assert_eq!(found.split_once(": error: ").map(|(_, error)| error), Some(error));
        }
        let (_, errors) = of("mse", "accuracyy");
        assert!(errors[0].starts_with(
            "at accuracyy: error: unknown metric `accuracyy`\n  = help: did you mean `accuracy`?"
        ));
    }

    #[test]
    fn a_metric_reads_the_targets_of_the_loss() {
        let (_, errors) = of("sparse_categorical_crossentropy", "[accuracy, categorical_accuracy, mae]");
        let note =
            "  = note: its loss is `sparse_categorical_crossentropy`, which decides the targets of `y`";
        assert_eq!(
            errors,
            [
                format!(
                    "at categorical_accuracy: error: `categorical_accuracy` reads values, \
                     but the targets of `y` are class indices\n  = help: write `sparse_categorical_accuracy`\n{note}"
                ),
                format!(
                    "at mae: error: `mae` reads values, but the targets of `y` are class indices\n  \
                     = help: leave it out, or write `accuracy`\n{note}"
                ),
            ]
        );
        let (_, errors) = of("categorical_crossentropy", "sparse_categorical_accuracy");
        assert_eq!(
            errors,
            ["at sparse_categorical_accuracy: error: `sparse_categorical_accuracy` reads class indices, \
              but the targets of `y` are values\n  = help: write `categorical_accuracy`\n  \
              = note: its loss is `categorical_crossentropy`, which decides the targets of `y`"]
        );
    }

    #[test]
    fn a_wrong_loss_says_nothing_about_the_metrics() {
        let model = Model::heads(&[("a", 1, Sigmoid), ("b", 2, Linear)]);
        let (_, errors) = resolved(&model, "adam, msee, metrics = [accuracy, sparse_categorical_accuracy]");
        assert_eq!(errors.len(), 1, "{errors:?}");
    }
}
