//! Losses, metrics, optimizers and schedules as they are written: class and arguments by Keras's names, which are those of the language.
//! The reverse of reading them, for files that describe a model.

use crate::describe::{Describe, Holds, Literal};
use crate::item::Module;
use crate::language::find;
use crate::loss::Loss;
use crate::metric::{Aggregation, Average, ClassesOf, Curve, Metric, Outcome, Rate, Summation};
use crate::optimizer::{Clip, Optimizer};
use crate::schedule::Schedule;

/// A call of the language.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// Keras's class; the path of what users write themselves.
    pub class: &'static str,
    /// Arguments by Keras's keywords, in Keras's order.
    pub arguments: Vec<(&'static str, Part)>,
}

/// The value of an argument.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// A number, a word, a list of them, or `none`.
    Plain(Literal),
    /// A schedule.
    Call(Written),
}

type Fields = Vec<(&'static str, Part)>;

/// A loss of an output of `rank` axes, the batch among them.
pub fn loss(loss: Loss, rank: usize) -> Written {
    if let Loss::Own { path, .. } = loss {
        return Written { class: path, arguments: fields(&loss.literal()) };
    }
    let mut all = fields(&loss.literal());
    all.retain(|(name, _)| *name != "region");
    if let Some(region) = loss.region() {
        let axes = |axes: std::ops::Range<usize>| {
            plain(Literal::Slice(axes.map(|axis| Literal::Int(axis as u64)).collect()))
        };
        let axis = match region {
            crate::loss::Region::Batch => none(),
            crate::loss::Region::BatchClass => axes(0..rank.saturating_sub(1)),
            crate::loss::Region::Sample => axes(1..rank),
            crate::loss::Region::SampleClass => axes(1..rank.saturating_sub(1)),
            crate::loss::Region::Position => axes(rank.saturating_sub(1)..rank),
        };
        all.push(("axis", axis));
    }
    call(Module::Losses, loss.name(), all)
}

/// A metric. One of several that one call makes, as for each class, is written as that of a call by itself, as far as the language has one.
pub fn metric(metric: Metric) -> Written {
    let literal = metric.literal();
    let variant = match literal {
        Literal::Variant { variant, .. } => variant,
        _ => "",
    };
    let mut all = fields(&literal);
    let class = match metric {
        Metric::Own { path, .. } => return Written { class: path, arguments: vec![] },
        Metric::R2Score { aggregation, .. } => {
            let word = match aggregation {
                Aggregation::Uniform => text("uniform_average"),
                Aggregation::VarianceWeighted => text("variance_weighted_average"),
                Aggregation::Column(_) => none(),
            };
            all.push(("class_aggregation", word));
            "R2Score"
        }
        Metric::Count { outcome, threshold } => {
            all.push(("thresholds", number(threshold)));
            match outcome {
                Outcome::TruePositive => "TruePositives",
                Outcome::TrueNegative => "TrueNegatives",
                Outcome::FalsePositive => "FalsePositives",
                Outcome::FalseNegative => "FalseNegatives",
            }
        }
        Metric::RateAtRate { best, constrained, least, .. } => {
            let (class, argument) = match (best, constrained) {
                (Rate::Precision, _) => ("PrecisionAtRecall", "recall"),
                (Rate::Recall, Rate::Precision) => ("RecallAtPrecision", "precision"),
                (Rate::Recall, _) => ("SensitivityAtSpecificity", "specificity"),
                (Rate::Specificity, _) => ("SpecificityAtSensitivity", "sensitivity"),
            };
            all.push((argument, number(least)));
            class
        }
        Metric::IoU { classes, target_class_ids, .. } => match (classes, target_class_ids) {
            (ClassesOf::Threshold(threshold), _) => {
                all.push(("threshold", number(threshold)));
                "BinaryIoU"
            }
            (ClassesOf::OneHot, []) => "OneHotMeanIoU",
            (ClassesOf::OneHot, _) => "OneHotIoU",
            (sparse, ids) => {
                all.push(("sparse_y_true", plain(Literal::Bool(true))));
                all.push(("sparse_y_pred", plain(Literal::Bool(sparse == ClassesOf::Values))));
                if ids.is_empty() { "MeanIoU" } else { "IoU" }
            }
        },
        Metric::Precision { threshold, .. } | Metric::Recall { threshold, .. } => {
            // What `top_k` alone means: all of the largest are positive.
            all.push(("thresholds", if threshold == f64::MIN { none() } else { number(threshold) }));
            variant
        }
        Metric::FBetaScore { beta, average, .. } => {
            let word = match average {
                Average::Micro => text("micro"),
                Average::Macro => text("macro"),
                Average::Weighted => text("weighted"),
                Average::Class(_) => none(),
            };
            all.retain(|(name, _)| *name != "average");
            all.push(("average", word));
            if beta == 1.0 { "F1Score" } else { "FBetaScore" }
        }
        Metric::Auc { curve, summation_method, .. } => {
            all.retain(|(name, _)| !["curve", "summation_method"].contains(name));
            let curve = match curve {
                Curve::Roc => "ROC",
                Curve::Pr => "PR",
                Curve::PrGain => "PRGAIN",
            };
            let summation = match summation_method {
                Summation::Interpolation => "interpolation",
                Summation::Minoring => "minoring",
                Summation::Majoring => "majoring",
            };
            all.extend([("curve", text(curve)), ("summation_method", text(summation))]);
            "AUC"
        }
        // Losses and their metrics have the same names.
        _ => match metric.as_loss() {
            Some(loss) if metric != Metric::LogCoshError => loss.name(),
            _ => variant,
        },
    };
    call(Module::Metrics, class, all)
}

/// An optimizer.
pub fn optimizer(optimizer: &Optimizer) -> Written {
    let Optimizer { rule, learning_rate, schedule, weight_decay, clip, average, accumulation } = *optimizer;
    let mut all = fields(&rule.literal());
    let optional = |value: Option<f64>| value.map_or_else(none, number);
    let whole = |value: Option<u32>| value.map_or_else(none, |value| plain(Literal::Int(value.into())));
    let rate = schedule.map_or(number(learning_rate), |schedule| Part::Call(self::schedule(&schedule)));
    let [mut clipnorm, mut clipvalue, mut global_clipnorm] = [None; 3];
    match clip {
        Clip::None => {}
        Clip::Norm(limit) => clipnorm = Some(limit),
        Clip::Value(limit) => clipvalue = Some(limit),
        Clip::GlobalNorm(limit) => global_clipnorm = Some(limit),
    }
    all.extend([
        ("learning_rate", rate),
        ("weight_decay", optional(weight_decay)),
        ("clipnorm", optional(clipnorm)),
        ("clipvalue", optional(clipvalue)),
        ("global_clipnorm", optional(global_clipnorm)),
        ("use_ema", plain(Literal::Bool(average.is_some()))),
        ("ema_momentum", number(average.map_or(0.99, |average| average.momentum))),
        ("ema_overwrite_frequency", whole(average.and_then(|average| average.overwrite_frequency))),
        ("gradient_accumulation_steps", whole(accumulation)),
    ]);
    call(Module::Optimizers, rule.name(), all)
}

/// A schedule.
pub fn schedule(schedule: &Schedule) -> Written {
    call(Module::Schedules, schedule.name(), fields(&schedule.literal()))
}

/// A call of the item of a name, with those of the fields that are its arguments.
fn call(module: Module, name: &'static str, fields: Fields) -> Written {
    let Some(item) = find(module, name) else { return Written { class: name, arguments: fields } };
    let argument = |name| fields.iter().find(|(field, _)| *field == name).cloned();
    Written { class: item.class, arguments: item.arguments().filter_map(|it| argument(it.name)).collect() }
}

/// The fields of a variant.
fn fields(literal: &Literal) -> Fields {
    match literal {
        Literal::Variant { holds: Holds::Fields(all), .. } => {
            all.iter().map(|(name, value)| (*name, plain(of_field(name, value)))).collect()
        }
        _ => vec![],
    }
}

/// The value of an argument that a field holds.
fn of_field(name: &str, value: &Literal) -> Literal {
    match value {
        // Lists are optional, except for those of a schedule.
        Literal::Slice(values) if values.is_empty() => Literal::Optional(None),
        // One weight for all classes.
        Literal::Slice(values) if name == "alpha" && values.len() == 1 => {
            values.first().cloned().unwrap_or(Literal::Optional(None))
        }
        value => value.clone(),
    }
}

fn plain(value: Literal) -> Part {
    Part::Plain(value)
}

fn number(value: f64) -> Part {
    plain(Literal::Float(value))
}

fn text(word: &'static str) -> Part {
    plain(Literal::Text(word.into()))
}

fn none() -> Part {
    plain(Literal::Optional(None))
}

#[cfg(test)]
mod tests;
