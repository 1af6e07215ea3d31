//! Reads metrics, and decides their names in the logs.

use crate::args::read;
use crate::code::Code;
use crate::compile::absent;
use crate::compile::forms::Setting;
use crate::compile::heads::{self, Head};
use crate::compile::losses::weights::one_per_unit;
use crate::compile::metrics::table::{Choice, table};
use crate::compile::own::{self, Own};
use crate::context::{Cx, DimCheck, Relation};
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::loss::{Loss, Predicts, Reads};
use crate::metric::{ClassesOf, Metric};
use crate::named::read_named;
use crate::target::Target;
use crate::value::{Value, ValueKind};

mod fit;
mod make;
pub(crate) mod of_losses;
pub(crate) mod table;

/// The output of a metric and its loss.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'h> {
    pub(super) head: &'h Head<'h>,
    /// `None` after an error in the loss: then nothing can be checked about the targets.
    pub(super) loss: Option<Option<Loss>>,
}

/// Metrics of one output: one, a list of them, or none. `None` after an error. Without a subject, as for an entry
/// with a wrong key, the value is only checked.
pub(crate) fn read_all(
    value: &Value,
    subject: Option<Subject<'_>>,
    cx: &mut Cx<'_>,
) -> Option<Vec<(String, Metric)>> {
    read_after(vec![], value, subject, Setting::Metrics, cx)
}

/// Same as [`read_all`], after other metrics of the output.
pub(super) fn read_after(
    before: Vec<(String, Metric)>,
    value: &Value,
    subject: Option<Subject<'_>>,
    setting: Setting,
    cx: &mut Cx<'_>,
) -> Option<Vec<(String, Metric)>> {
    let values = match &value.kind {
        ValueKind::List(items) => &items[..],
        _ => std::slice::from_ref(value),
    };
    let (mut metrics, own_list) = (before.clone(), before.len());
    // The first metric of an output without a loss, which decides the targets.
    let decides = metrics.iter().find(|(_, metric)| !metric.is_own());
    let mut first = decides.map(|(name, metric)| (name.clone(), Target::of_metric(*metric)));
    let mut sound = true;
    for value in values {
        let decided = first.as_ref().map(|(_, target)| *target);
        let Some(read) = read_one(value, subject, decided, cx) else {
            sound = false;
            continue;
        };
        for (place, (word, metric)) in read.into_iter().enumerate() {
            // Metrics of one call share their errors. A user's metric fits every output with targets.
            if let (0, Some(subject)) = (place, subject) {
                check(metric, &word, subject, &mut first, value, cx);
                let written = match &value.kind {
                    ValueKind::Call { name, .. } => Some(name.as_str()),
                    _ => value.word(),
                };
                fit::check(metric, written.unwrap_or(&word), &word, subject, value.loc, cx);
            }
            let taken = |name: &str| metrics.iter().find(|(taken, _)| taken == name);
            let is_taken = |name: &str| taken(name).is_some();
            // Keras's names.
            let base = match setting {
                Setting::WeightedMetrics if is_taken(&word) => format!("weighted_{word}"),
                _ => word.clone(),
            };
            // A repeated name in one list is an error; the same name in `metrics` and in `weighted_metrics` is
            // allowed.
            let again =
                metrics.get(own_list..).and_then(|list| list.iter().find(|(taken, _)| *taken == word));
            let again =
                again.map(|named| (word.clone(), named)).or(taken(&base).map(|named| (base.clone(), named)));
            if let Some((name, (_, taken))) = &again
                && (taken.is_own() || metric.is_own())
            {
                own::named_twice(name, value, metric, cx);
                sound = false;
                continue;
            }
            let mut name = base.clone();
            let mut count = 0;
            while is_taken(&name) {
                count += 1;
                name = format!("{base}_{count}");
            }
            metrics.push((name, metric));
        }
    }
    sound.then_some(metrics)
}

/// Reports a metric that does not fit its output. `first` is the first metric of an output without a loss.
fn check(
    metric: Metric,
    word: &str,
    subject: Subject<'_>,
    first: &mut Option<(String, Target)>,
    value: &Value,
    cx: &mut Cx<'_>,
) {
    let loc = value.loc;
    check_classes(metric, subject.head, value, cx);
    let Subject { head, loss: Some(loss) } = subject else { return };
    if metric.is_own() && loss.is_none_or(|loss| Target::of(Some(loss), []).is_some()) {
        return;
    }
    let decided = match loss {
        Some(loss) => Decided::Loss(loss),
        None => {
            let (word, target) = first.get_or_insert((word.to_owned(), Target::of_metric(metric)));
            Decided::Metric(word, *target)
        }
    };
    check_targets(metric, word, head, decided, loc, cx);
    check_numbers(metric, word, head, loss, loc, cx);
}

/// Reads one metric and its name: the word as typed, the snake-case name for a class, or `name = "…"`. A metric of
/// several numbers is several metrics with numbered names. `decided` is the form of the targets that earlier metrics
/// of an output without a loss have decided.
fn read_one(
    value: &Value,
    subject: Option<Subject<'_>>,
    decided: Option<Target>,
    cx: &mut Cx<'_>,
) -> Option<Vec<(String, Metric)>> {
    let value = &*read::without_python(value, cx);
    if value.kind == ValueKind::None {
        return Some(vec![]);
    }
    if let Some(own) = Own::read(value, &table(), cx) {
        return Some(vec![own.metric(cx)?]);
    }
    let entry = read_named(
        value,
        "an entry of `metrics`",
        "a metric",
        Code::UnknownMetric,
        &table(),
        absent::METRICS,
        cx,
    )?;
    let word = match &value.kind {
        ValueKind::Call { name, .. } => name,
        _ => value.word()?,
    };
    let name = entry.name.unwrap_or_else(|| log_name(word));
    let numbered = |metrics: Vec<Metric>| {
        metrics.into_iter().enumerate().map(|(place, metric)| (format!("{name}_{place}"), metric)).collect()
    };
    let metric = match entry.choice {
        Choice::Metric(metric) => metric,
        Choice::Several(metrics) => return Some(numbered(metrics)),
        Choice::EachClass(metric) => {
            let classes = known_classes(subject?.head, word, value.loc, cx)?;
            return Some(numbered((0..classes).map(|class| metric.of_class(class)).collect()));
        }
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
    Some(vec![(name, metric)])
}

/// Number of classes for a metric of one number per class: logs have a field for each.
fn known_classes(head: &Head<'_>, word: &str, loc: Loc, cx: &mut Cx<'_>) -> Option<usize> {
    let units = head.units.as_ref()?;
    if let Some(units) = units.known() {
        return Some(units);
    }
    let name = head.name;
    let message = format!(
        "`{word}` computes one number per class, but how many classes `{name}` has is known to const evaluation only"
    );
    cx.error(
        Diag::error(Code::ValueNotKnown, loc, message)
            .help("write the number of units as a literal, or an average over the classes")
            .note("logs have a field for each of the numbers"),
    );
    None
}

/// Reports a class index out of range, and lists that do not have one entry per class.
fn check_classes(metric: Metric, head: &Head<'_>, value: &Value, cx: &mut Cx<'_>) {
    let loc = value.loc;
    let class_id = match metric {
        Metric::Precision { class_id, .. } | Metric::Recall { class_id, .. } => class_id,
        Metric::RateAtRate { class_id, .. } => class_id,
        _ => None,
    };
    if let Some((class, units)) = class_id.zip(head.units.clone()) {
        let name = head.name;
        match units.known() {
            Some(units) if class < units => {}
            Some(units) => {
                let message = format!("class index {class} is out of range: `{name}` has {units} classes");
                cx.error(
                    Diag::error(Code::NoSuchClass, loc, message)
                        .help(format!("write a `class_id` from 0 to {}", units.saturating_sub(1))),
                );
            }
            None => cx.checks.push(DimCheck {
                code: Code::NoSuchClass,
                loc,
                found: units,
                relation: Relation::AtLeast,
                wanted: Dim::Known(class + 1),
                what: format!("the number of classes of `{name}`"),
                help: Some("write a smaller `class_id`".into()),
                notes: vec![format!("`class_id = {class}` is counted from 0")],
                subjects: vec![],
            }),
        }
    }
    match metric {
        Metric::Auc { label_weights, .. } if !label_weights.is_empty() => {
            // `num_labels` alone means as many weights of 1.
            let is_given = |argument: &str| match &value.kind {
                ValueKind::Call { args, .. } => {
                    args.iter().any(|arg| arg.name.as_ref().is_some_and(|(name, _)| name == argument))
                }
                _ => false,
            };
            let alone = is_given("num_labels") && !is_given("label_weights");
            let argument = if alone { "num_labels" } else { "label_weights" };
            one_per_unit(head, argument, label_weights.len(), loc, cx);
        }
        Metric::CategoricalFocalCrossentropy { alpha, .. } if alpha.len() > 1 => {
            one_per_unit(head, "alpha", alpha.len(), loc, cx);
        }
        _ => {}
    }
}

/// The loss as a metric if it is a cross-entropy, else the one that fits the head.
fn crossentropy(head: &Head<'_>, loss: Option<Loss>) -> Metric {
    let facts = loss.map(Loss::facts);
    let from_logits = facts.is_some_and(|facts| facts.reads == Reads::Logits);
    match facts.map(|facts| (facts.reads, facts.predicts)) {
        _ if loss.is_some_and(Loss::sparse) => Metric::SparseCategoricalCrossentropy { from_logits },
        Some((Reads::ProbabilitiesOrLogits | Reads::Logits, Predicts::Labels)) => {
            Metric::BinaryCrossentropy { from_logits, label_smoothing: 0.0 }
        }
        Some((Reads::ProbabilitiesOrLogits | Reads::Logits, Predicts::Classes)) => {
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

/// Reports a metric that needs other targets than the output has: class indices for a sparse loss, else values.
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
    let twin = twin(metric, head);
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

/// The equivalent metric for the other form of targets, as it is written.
fn twin(metric: Metric, head: &Head<'_>) -> Option<String> {
    Some(match metric {
        Metric::SparseCategoricalAccuracy => "categorical_accuracy".into(),
        Metric::CategoricalAccuracy | Metric::BinaryAccuracy { .. } => "sparse_categorical_accuracy".into(),
        Metric::SparseTopKCategoricalAccuracy { k: 5 } => "top_k_categorical_accuracy".into(),
        Metric::SparseTopKCategoricalAccuracy { k } => format!("top_k_categorical_accuracy(k = {k})"),
        Metric::TopKCategoricalAccuracy { k: 5 } => "sparse_top_k_categorical_accuracy".into(),
        Metric::TopKCategoricalAccuracy { k } => format!("sparse_top_k_categorical_accuracy(k = {k})"),
        Metric::SparseCategoricalCrossentropy { .. } => "categorical_crossentropy".into(),
        Metric::CategoricalCrossentropy { .. } => "sparse_categorical_crossentropy".into(),
        Metric::IoU { classes, num_classes, target_class_ids, .. } => {
            let one_hot = match classes {
                ClassesOf::Scores => "one_hot_",
                ClassesOf::OneHot => "",
                ClassesOf::Values | ClassesOf::Threshold(_) => return None,
            };
            let classes = head.known_units().unwrap_or(num_classes);
            match target_class_ids {
                [] => format!("{one_hot}mean_iou(num_classes = {classes})"),
                ids => format!("{one_hot}iou(num_classes = {classes}, target_class_ids = {ids:?})"),
            }
        }
        _ => return None,
    })
}

/// Warns about an accuracy for an output that predicts numbers: it counts only exact matches, or nothing.
fn check_numbers(metric: Metric, word: &str, head: &Head<'_>, loss: Option<Loss>, loc: Loc, cx: &mut Cx<'_>) {
    // A user who writes a threshold means it.
    let accuracy = match metric {
        Metric::BinaryAccuracy { threshold } => threshold == 0.5,
        Metric::CategoricalAccuracy | Metric::TopKCategoricalAccuracy { .. } => true,
        _ => false,
    };
    let Some(loss) = loss.filter(|loss| loss.facts().predicts == Predicts::Numbers) else { return };
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

/// Name in the logs: the word as typed, or Keras's key for a class: `AUC` is `auc`, `F1Score` is `f1_score`. The
/// aliases `MSE`, `BCE`, … are kept, as in Keras.
pub(crate) fn log_name(word: &str) -> String {
    // The only class whose key is not its snake-case name.
    if word == "LogCoshError" {
        return "logcosh".into();
    }
    let is_class = word.contains(char::is_uppercase) && word.contains(char::is_lowercase) || word == "AUC";
    let table = table();
    let entry = table.iter().find(|entry| is_class && entry.item.names.contains(&word));
    let snake = entry.and_then(|entry| {
        let lower = entry.item.names.iter().filter(|name| !name.contains(char::is_uppercase));
        lower.max_by_key(|name| name.len())
    });
    snake.map_or(word, |snake| snake).to_owned()
}

#[cfg(test)]
mod tests;
