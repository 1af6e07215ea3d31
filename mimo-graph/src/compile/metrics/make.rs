//! Makes metrics from their arguments.

use super::table::{Choice, Entry};
use crate::args::{Bound, read};
use crate::code::Code;
use crate::context::Cx;
use crate::diag::Diag;
use crate::intern::interned;
use crate::metric::{Aggregation, Average, ClassesOf, Curve, Metric, Outcome, Rate, Summation};
use crate::names::field::{snake_case, wrong_metric_name};
use crate::value::{Value, ValueKind};

/// A metric for each threshold; 0.5 by default.
fn each_threshold(args: &Bound<'_>, default: f64, metric: impl Fn(f64) -> Metric, cx: &mut Cx<'_>) -> Entry {
    let thresholds = args.factors("thresholds", cx);
    let choice = match &thresholds[..] {
        [] => Choice::Metric(metric(default)),
        [one] => Choice::Metric(metric(*one)),
        several => Choice::Several(several.iter().map(|&threshold| metric(threshold)).collect()),
    };
    entry(args, choice, cx)
}

/// `Precision` and `Recall`.
pub(super) fn positives(
    args: &Bound<'_>,
    metric: fn(f64, Option<usize>, Option<usize>) -> Metric,
    cx: &mut Cx<'_>,
) -> Entry {
    let [top_k, class_id] = ["top_k", "class_id"].map(|name| args.optional_unsigned(name, cx));
    // Without a threshold, all of the largest predictions are positive.
    let default = if top_k.is_some() { f64::MIN } else { 0.5 };
    each_threshold(args, default, |threshold| metric(threshold, top_k, class_id), cx)
}

/// `TruePositives` and similar classes.
pub(super) fn count(args: &Bound<'_>, outcome: Outcome, cx: &mut Cx<'_>) -> Entry {
    each_threshold(args, 0.5, |threshold| Metric::Count { outcome, threshold }, cx)
}

/// `PrecisionAtRecall` and similar classes; `least` is the argument of the constraint.
pub(super) fn at(args: &Bound<'_>, [best, constrained]: [Rate; 2], least: &str, cx: &mut Cx<'_>) -> Entry {
    let metric = Metric::RateAtRate {
        best,
        constrained,
        least: args.float(least, cx),
        num_thresholds: args.unsigned("num_thresholds", cx),
        class_id: args.optional_unsigned("class_id", cx),
    };
    named(args, metric, cx)
}

/// More labels than any output has.
const MOST_LABELS: usize = 1 << 16;

pub(super) fn auc(args: &Bound<'_>, cx: &mut Cx<'_>) -> Entry {
    let num_thresholds = args.unsigned("num_thresholds", cx);
    let curve = match args.word("curve", cx) {
        "PR" => Curve::Pr,
        "PRGAIN" => Curve::PrGain,
        _ => Curve::Roc,
    };
    let summation_method = match args.word("summation_method", cx) {
        "minoring" => Summation::Minoring,
        "majoring" => Summation::Majoring,
        _ => Summation::Interpolation,
    };
    let mut thresholds = args.factors("thresholds", cx);
    thresholds.sort_by(f64::total_cmp);
    let multi_label = args.boolean("multi_label", cx);
    let num_labels = args.optional_unsigned("num_labels", cx);
    if num_labels.is_some() && !multi_label {
        let message = "`num_labels` of `AUC` is given without `multi_label = true`";
        cx.error(
            Diag::error(Code::ValueOutOfRange, args.loc("num_labels"), message)
                .help("leave `num_labels` out, or write `multi_label = true`"),
        );
        args.fail("num_labels");
    }
    let mut label_weights = args.weights("label_weights", cx);
    if let Some(labels) = num_labels.filter(|&labels| ![0, labels].contains(&label_weights.len())) {
        let message =
            format!("`label_weights` of `AUC` has {} numbers for {labels} labels", label_weights.len());
        cx.error(
            Diag::error(Code::NumbersPerUnit, args.loc("label_weights"), message)
                .help("write one number for each label"),
        );
        args.fail("label_weights");
    }
    // Equal weights, so that the number of labels is compared with the output's.
    if let Some(labels) = num_labels.filter(|_| label_weights.is_empty()) {
        label_weights = vec![1.0; labels.min(MOST_LABELS)];
    }
    let metric = Metric::Auc {
        num_thresholds,
        curve,
        summation_method,
        thresholds: interned(&thresholds),
        multi_label,
        label_weights: interned(&label_weights),
        from_logits: args.boolean("from_logits", cx),
    };
    named(args, metric, cx)
}

pub(super) fn f1_score(args: &Bound<'_>, cx: &mut Cx<'_>) -> Entry {
    fbeta(args, 1.0, cx)
}

pub(super) fn beta(args: &Bound<'_>, cx: &mut Cx<'_>) -> f64 {
    args.float("beta", cx)
}

pub(super) fn fbeta(args: &Bound<'_>, beta: f64, cx: &mut Cx<'_>) -> Entry {
    let threshold = args.optional_float("threshold", cx);
    let average = word_or_none(args, "average", cx);
    let each = average == "none";
    let average = match average {
        "micro" => Average::Micro,
        "weighted" => Average::Weighted,
        _ => Average::Macro,
    };
    let metric = Metric::FBetaScore { beta, average, threshold };
    entry(args, if each { Choice::EachClass(metric) } else { Choice::Metric(metric) }, cx)
}

pub(super) fn r2_score(args: &Bound<'_>, cx: &mut Cx<'_>) -> Entry {
    let num_regressors = args.unsigned("num_regressors", cx);
    let aggregation = word_or_none(args, "class_aggregation", cx);
    let each = aggregation == "none";
    let aggregation = match aggregation {
        "variance_weighted_average" => Aggregation::VarianceWeighted,
        _ => Aggregation::Uniform,
    };
    let metric = Metric::R2Score { aggregation, num_regressors };
    entry(args, if each { Choice::EachClass(metric) } else { Choice::Metric(metric) }, cx)
}

/// Reads one of the words of an argument or `none`, which is not a word like others.
fn word_or_none(args: &Bound<'_>, name: &str, cx: &mut Cx<'_>) -> &'static str {
    match args.take(name) {
        Some(value) if value.kind == ValueKind::None => "none",
        // The default `none` means that the argument is missing.
        _ => match args.word(name, cx) {
            "" => "none",
            word => word,
        },
    }
}

/// `IoU` and `MeanIoU`, which averages over `all` classes.
pub(super) fn iou_of(args: &Bound<'_>, all: Option<&[usize]>, cx: &mut Cx<'_>) -> Entry {
    let (sparse_true, sparse_pred) = (args.boolean("sparse_y_true", cx), args.boolean("sparse_y_pred", cx));
    let classes = match (sparse_true, sparse_pred) {
        (true, true) => ClassesOf::Values,
        (true, false) => ClassesOf::Scores,
        (false, false) => ClassesOf::OneHot,
        (false, true) => {
            let message =
                "one-hot targets with predictions that are class indices have another shape than the output";
            cx.error(
                Diag::error(Code::MetricTargets, args.loc("sparse_y_pred"), message)
                    .help("leave out `sparse_y_pred = true`, or `sparse_y_true = false`"),
            );
            args.fail("sparse_y_pred");
            ClassesOf::OneHot
        }
    };
    classes_of(args, classes, all, cx)
}

/// `OneHotIoU` and `OneHotMeanIoU`, which averages over `all` classes.
pub(super) fn one_hot_iou(args: &Bound<'_>, all: Option<&[usize]>, cx: &mut Cx<'_>) -> Entry {
    classes_of(args, ClassesOf::OneHot, all, cx)
}

fn classes_of(args: &Bound<'_>, classes: ClassesOf, all: Option<&[usize]>, cx: &mut Cx<'_>) -> Entry {
    let num_classes = args.unsigned("num_classes", cx);
    let ignore_class = args.read_optional("ignore_class", cx, crate::compile::losses::ignored_class);
    match all {
        Some(all) => named(
            args,
            Metric::IoU { classes, num_classes, target_class_ids: interned(all), ignore_class },
            cx,
        ),
        None => iou(args, classes, num_classes, &[], ignore_class, cx),
    }
}

/// An intersection over union with the argument `target_class_ids`.
pub(super) fn iou(
    args: &Bound<'_>,
    classes: ClassesOf,
    num_classes: usize,
    default: &[usize],
    ignore_class: Option<usize>,
    cx: &mut Cx<'_>,
) -> Entry {
    let ids = args.read_optional("target_class_ids", cx, class_ids).unwrap_or(default.to_vec());
    if let Some(id) = ids.iter().find(|&&id| id >= num_classes).filter(|_| args.sound(&["num_classes"])) {
        let message = format!("class index {id} is out of range: there are {num_classes} classes");
        cx.error(
            Diag::error(Code::NoSuchClass, args.loc("target_class_ids"), message)
                .help(format!("write indices from 0 to {}", num_classes.saturating_sub(1))),
        );
        args.fail("target_class_ids");
    }
    named(args, Metric::IoU { classes, num_classes, target_class_ids: interned(&ids), ignore_class }, cx)
}

/// A class index, or a list of them.
fn class_ids(value: &Value, what: &str, cx: &mut Cx<'_>) -> Option<Vec<usize>> {
    match &value.kind {
        ValueKind::List(items) if items.is_empty() => {
            read::empty(value, what, cx);
            None
        }
        ValueKind::List(items) => items.iter().map(|item| read::unsigned(item, what, cx)).collect(),
        _ => read::unsigned(value, what, cx).map(|id| vec![id]),
    }
}

pub(super) fn binary_crossentropy(args: &Bound<'_>, cx: &mut Cx<'_>) -> Entry {
    let from_logits = args.boolean("from_logits", cx);
    let label_smoothing = args.float("label_smoothing", cx);
    named(args, Metric::BinaryCrossentropy { from_logits, label_smoothing }, cx)
}

pub(super) fn categorical_crossentropy(args: &Bound<'_>, cx: &mut Cx<'_>) -> Entry {
    let from_logits = args.boolean("from_logits", cx);
    let label_smoothing = args.float("label_smoothing", cx);
    named(args, Metric::CategoricalCrossentropy { from_logits, label_smoothing }, cx)
}

pub(super) fn sparse_categorical_crossentropy(args: &Bound<'_>, cx: &mut Cx<'_>) -> Entry {
    let from_logits = args.boolean("from_logits", cx);
    named(args, Metric::SparseCategoricalCrossentropy { from_logits }, cx)
}

pub(super) fn binary_focal_crossentropy(args: &Bound<'_>, cx: &mut Cx<'_>) -> Entry {
    let metric = Metric::BinaryFocalCrossentropy {
        apply_class_balancing: args.boolean("apply_class_balancing", cx),
        alpha: args.float("alpha", cx),
        gamma: args.float("gamma", cx),
        from_logits: args.boolean("from_logits", cx),
        label_smoothing: args.float("label_smoothing", cx),
    };
    named(args, metric, cx)
}

pub(super) fn categorical_focal_crossentropy(args: &Bound<'_>, cx: &mut Cx<'_>) -> Entry {
    let metric = Metric::CategoricalFocalCrossentropy {
        alpha: interned(&args.weights("alpha", cx)),
        gamma: args.float("gamma", cx),
        from_logits: args.boolean("from_logits", cx),
        label_smoothing: args.float("label_smoothing", cx),
    };
    named(args, metric, cx)
}

/// A metric with the name from its call: logs have a field of that name.
pub(super) fn named(args: &Bound<'_>, metric: Metric, cx: &mut Cx<'_>) -> Entry {
    entry(args, Choice::Metric(metric), cx)
}

fn entry(bound: &Bound<'_>, choice: Choice, cx: &mut Cx<'_>) -> Entry {
    let name = bound.optional_string("name", cx);
    let usable = || snake_case(bound.callee());
    let call = |usable: &str| format!("name = \"{usable}\"");
    if let Some(diag) =
        name.as_ref().and_then(|name| wrong_metric_name(name, bound.loc("name"), usable, call))
    {
        cx.error(diag);
        bound.fail("name");
    }
    Entry { choice, name }
}
