//! Checks metrics against the end of their output: reports those that run but measure something else than their name
//! says.

use crate::activation::Activation;
use crate::code::Code;
use crate::compile::heads::Head;
use crate::compile::metrics::Subject;
use crate::context::{Cx, DimCheck, Relation};
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::loss::{Predicts, Reads};
use crate::metric::{ClassesOf, Metric};

/// Reports a metric of other classes than the output has, and warns about one that cannot measure what it is for.
/// `written` is the word in the source, `name` the key in the logs.
pub(super) fn check(
    metric: Metric,
    written: &str,
    name: &str,
    subject: Subject<'_>,
    loc: Loc,
    cx: &mut Cx<'_>,
) {
    num_classes(metric, name, subject.head, loc, cx);
    if constant(metric, name, subject.head, loc, cx) {
        return;
    }
    largest_of_labels(metric, name, subject, loc, cx);
    // `accuracy` has its own warning.
    if !["accuracy", "acc"].contains(&written) {
        logits(metric, written, subject, loc, cx);
    }
}

/// Checks that the number of classes of an intersection over union is the number of units of the output.
fn num_classes(metric: Metric, name: &str, head: &Head<'_>, loc: Loc, cx: &mut Cx<'_>) {
    let Metric::IoU { classes: ClassesOf::Scores | ClassesOf::OneHot, num_classes, .. } = metric else {
        return;
    };
    let Some(units) = head.units.clone() else { return };
    let output = head.name;
    match units.known() {
        Some(units) if units == num_classes => {}
        Some(units) => {
            let message = format!(
                "`num_classes` of `{name}` is {num_classes}, but the last axis of `{output}` is {units}"
            );
            cx.error(
                Diag::error(Code::NoSuchClass, loc, message).help(format!("write `num_classes = {units}`")),
            );
        }
        None => cx.checks.push(DimCheck {
            code: Code::NoSuchClass,
            loc,
            found: units,
            relation: Relation::Equal,
            wanted: Dim::Known(num_classes),
            what: format!("the number of classes of `{output}`"),
            help: Some("write it as `num_classes`".into()),
            notes: vec![format!("`num_classes = {num_classes}` is the last axis of the output")],
            subjects: vec![],
        }),
    }
}

/// Warns about a metric that does not depend on the predictions. Returns whether it did.
fn constant(metric: Metric, name: &str, head: &Head<'_>, loc: Loc, cx: &mut Cx<'_>) -> bool {
    let Some(units) = head.known_units() else { return false };
    let output = head.name;
    let largest =
        format!("the largest of the values of `{output}` is the predicted class, and there is 1 value");
    let (why, help) = match metric {
        Metric::TopKCategoricalAccuracy { k } | Metric::SparseTopKCategoricalAccuracy { k }
            if k >= units && units > 1 =>
        {
            let why = format!("each of the {units} values of `{output}` is among the {k} largest");
            (why, format!("write a `k` below {units}"))
        }
        _ if units != 1 => return false,
        Metric::CategoricalAccuracy
        | Metric::SparseCategoricalAccuracy
        | Metric::TopKCategoricalAccuracy { .. }
        | Metric::SparseTopKCategoricalAccuracy { .. } => (largest, "write `binary_accuracy`".into()),
        Metric::FBetaScore { threshold: None, .. } => (
            format!("the largest of the values of `{output}` is positive, and there is 1 value"),
            "write a `threshold`, such as `threshold = 0.5`".into(),
        ),
        Metric::IoU { classes: ClassesOf::Scores | ClassesOf::OneHot, .. } => {
            (largest, "write `binary_iou`".into())
        }
        Metric::CategoricalCrossentropy { .. }
        | Metric::SparseCategoricalCrossentropy { .. }
        | Metric::CategoricalFocalCrossentropy { .. } => {
            ("the probability of the only class is 1".into(), "write `binary_crossentropy`".into())
        }
        Metric::PearsonCorrelation | Metric::ConcordanceCorrelation => (
            format!("it correlates the values of each sample, and `{output}` has 1 value"),
            "write `r2`, which compares the samples with each other".into(),
        ),
        _ => return false,
    };
    let message = format!("`{name}` does not depend on what is predicted: {why}");
    cx.error(Diag::warning(Code::ConstantMetric, loc, message).help(help));
    true
}

/// Warns about an F-score without a threshold on labels: only the largest value of a row counts as positive, which is
/// hardly ever wanted.
fn largest_of_labels(metric: Metric, name: &str, subject: Subject<'_>, loc: Loc, cx: &mut Cx<'_>) {
    let Metric::FBetaScore { threshold: None, .. } = metric else { return };
    let Subject { head, loss } = subject;
    let loss = loss.flatten().map(|loss| loss.facts());
    let labels = match loss.map(|facts| (facts.predicts, facts.reads)) {
        Some((Predicts::Labels, Reads::ProbabilitiesOrLogits | Reads::Logits)) => true,
        Some((Predicts::Classes, _)) => false,
        _ => head.activation == Some(Activation::Sigmoid),
    };
    let Some(units) = head.known_units().filter(|_| labels) else { return };
    let message = format!(
        "`{name}` takes the largest of the {units} values of `{}` for the only positive one, not each above a threshold",
        head.name
    );
    cx.error(Diag::warning(Code::AccuracyOfLabels, loc, message).help("write `threshold = 0.5`"));
}

/// Domain of a metric, as far as it matters.
enum Wanted {
    /// Probabilities; with the metric to write for logits.
    Probabilities(String),
    Logits,
    Any,
}

fn wanted(metric: Metric, written: &str) -> Wanted {
    let threshold = |threshold: f64, argument: &str| match threshold {
        // A probability of 1/2 is a logit of 0. `f64::MIN` means no threshold.
        0.0 | f64::MIN => Wanted::Any,
        _ => Wanted::Probabilities(format!("write `{argument} = 0.0`, the logit of 0.5")),
    };
    match metric {
        Metric::Auc { from_logits, .. }
        | Metric::BinaryCrossentropy { from_logits, .. }
        | Metric::CategoricalCrossentropy { from_logits, .. }
        | Metric::SparseCategoricalCrossentropy { from_logits }
        | Metric::BinaryFocalCrossentropy { from_logits, .. }
        | Metric::CategoricalFocalCrossentropy { from_logits, .. } => match from_logits {
            true => Wanted::Logits,
            false => Wanted::Probabilities(format!("write `{written}(from_logits = true)`")),
        },
        Metric::BinaryAccuracy { threshold: at }
        | Metric::ExactMatch { threshold: at }
        | Metric::FBetaScore { threshold: Some(at), .. }
        | Metric::IoU { classes: ClassesOf::Threshold(at), .. } => threshold(at, "threshold"),
        Metric::Precision { threshold: at, .. }
        | Metric::Recall { threshold: at, .. }
        | Metric::Count { threshold: at, .. } => threshold(at, "thresholds"),
        Metric::RateAtRate { .. } | Metric::KlDivergence => {
            let activation = if metric == Metric::KlDivergence { "softmax" } else { "sigmoid" };
            Wanted::Probabilities(format!(
                "write `activation = {activation}` in the layer, and leave `from_logits = true` out of the loss"
            ))
        }
        _ => Wanted::Any,
    }
}

/// Warns about a metric that reads logits as probabilities, or the reverse.
fn logits(metric: Metric, written: &str, subject: Subject<'_>, loc: Loc, cx: &mut Cx<'_>) {
    let Subject { head, loss } = subject;
    let gives_logits = loss.flatten().is_some_and(|loss| loss.facts().reads == Reads::Logits);
    let name = head.name;
    let diag = match (wanted(metric, written), head.activation) {
        (Wanted::Probabilities(help), _) if gives_logits => {
            let message = format!("`{written}` reads probabilities, but the output `{name}` outputs logits");
            Diag::warning(Code::MetricOfLogits, loc, message)
                .help(help)
                .note(format!("the loss of `{name}` has `from_logits = true`"))
        }
        (Wanted::Logits, Some(activation)) if !gives_logits && activation.gives_probabilities() => {
            let message =
                format!("`{written}` reads logits, but the output `{name}` ends in `{}`", activation.name());
            Diag::warning(Code::MetricOfLogits, loc, message).help("leave `from_logits = true` out")
        }
        _ => return,
    };
    cx.error(diag);
}
