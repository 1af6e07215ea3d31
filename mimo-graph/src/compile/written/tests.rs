//! What is written is read again as the same: every loss, metric, optimizer and schedule of the language.

use super::*;
use crate::compile::{losses, metrics, optimizers, schedules};
use crate::item::{Item, Kind};
use crate::language::items;
use crate::sketch::{Model, args, reported};

fn shown(call: &Written) -> String {
    let arguments: Vec<String> = call
        .arguments
        .iter()
        .map(|(name, part)| match part {
            Part::Plain(value) => format!("{name} = {}", value_of(value)),
            Part::Call(inner) => format!("{name} = {}", shown(inner)),
        })
        .collect();
    format!("{}({})", call.class, arguments.join(", "))
}

fn value_of(value: &Literal) -> String {
    match value {
        Literal::Bool(value) => value.to_string(),
        Literal::Int(value) => value.to_string(),
        Literal::Float(value) => format!("{value:?}"),
        Literal::Text(value) => format!("\"{value}\""),
        Literal::Optional(None) => "none".into(),
        Literal::Optional(Some(value)) => value_of(value),
        Literal::Slice(values) => format!("[{}]", values.iter().map(value_of).collect::<Vec<_>>().join(", ")),
        other => panic!("{other:?}"),
    }
}

fn read_loss(text: &str) -> Option<Loss> {
    let args = args(text);
    let graph = Model::new().graph;
    reported(&graph, |cx| losses::read(&args[0].value, None, cx)).0.flatten()
}

fn read_metrics(text: &str) -> Option<Vec<Metric>> {
    let args = args(text);
    let graph = Model::new().graph;
    let read = reported(&graph, |cx| metrics::read_all(&args[0].value, None, cx)).0?;
    Some(read.into_iter().map(|(_, metric)| metric).collect())
}

fn read_optimizer(text: &str) -> Option<Optimizer> {
    let args = args(text);
    let graph = Model::new().graph;
    reported(&graph, |cx| optimizers::read(&args[0].value, cx)).0
}

fn read_schedule(text: &str) -> Option<Schedule> {
    let args = args(text);
    let graph = Model::new().graph;
    reported(&graph, |cx| schedules::read(&args[0].value, "`learning_rate`", cx)).0
}

/// A call of an item with values other than the defaults.
fn example(item: &Item) -> String {
    let arguments = item.arguments().filter(|argument| argument.name != "name").map(|argument| {
        let value = match (argument.name, argument.kind, argument.default) {
            ("boundaries", ..) => "[3, 5]",
            ("values", ..) => "[0.5, 0.25, 0.125]",
            ("target_class_ids", ..) => "[1]",
            ("label_weights" | "thresholds" | "pos_weight", ..) => "[0.25]",
            ("exclude_layers", ..) => "[\"head\"]",
            ("num_labels", ..) => "none",
            ("sparse_y_true" | "axis" | "clipvalue" | "global_clipnorm", .., Some(default)) => default,
            ("use_ema" | "multi_label", ..) => "true",
            ("curve", ..) => "PR",
            ("summation_method", ..) => "majoring",
            ("average", ..) => "weighted",
            ("class_aggregation", ..) => "variance_weighted_average",
            ("gradient_accumulation_steps" | "num_classes" | "k", ..) => "3",
            ("beta_2_decay", ..) => "-0.5",
            ("t_mul" | "beta", ..) => "1.5",
            (_, Kind::Rate, _) => "CosineDecay(0.25, 100, warmup_target = 0.5, warmup_steps = 7)",
            (.., Some("true")) => "false",
            (.., Some("false")) => "true",
            (_, Kind::Float, _) => "0.25",
            _ => "2",
        };
        format!("{} = {value}", argument.name)
    });
    format!("{}({})", item.names[0], arguments.collect::<Vec<_>>().join(", "))
}

/// Words that stand for another loss or metric, which the head decides.
const OF_HEAD: &[&str] = &["accuracy", "crossentropy"];

#[test]
fn every_loss_is_read_again() {
    // Without weights it is the plain one.
    for loss in Loss::EXAMPLES.iter().filter(|loss| !matches!(loss, Loss::WeightedBinaryCrossentropy { .. }))
    {
        let text = shown(&super::loss(*loss, 4));
        assert_eq!(read_loss(&text), Some(*loss), "{text}");
    }
    for item in items(Module::Losses).into_iter().filter(|item| !OF_HEAD.contains(&item.class)) {
        let text = example(item);
        let loss = read_loss(&text).unwrap_or_else(|| panic!("{text}"));
        let again = shown(&super::loss(loss, 4));
        assert_eq!(read_loss(&again), Some(loss), "{text}: {again}");
        assert_eq!(super::loss(loss, 4).class, item.class);
    }
}

#[test]
fn losses_of_regions_have_the_axes_of_the_output() {
    use crate::loss::Region;
    for (region, axes) in [
        (Region::Batch, "none"),
        (Region::BatchClass, "[0, 1, 2]"),
        (Region::Sample, "[1, 2, 3]"),
        (Region::SampleClass, "[1, 2]"),
        (Region::Position, "[3]"),
    ] {
        let text = shown(&loss(Loss::Dice { region }, 4));
        assert_eq!(text, format!("Dice(axis = {axes})"));
    }
}

#[test]
fn every_metric_is_read_again() {
    for item in items(Module::Metrics).into_iter().filter(|item| !OF_HEAD.contains(&item.class)) {
        let text = example(item);
        let read = read_metrics(&text).unwrap_or_else(|| panic!("{text}"));
        let [metric] = read[..] else { panic!("{text}: {read:?}") };
        let again = shown(&super::metric(metric));
        assert_eq!(read_metrics(&again), Some(vec![metric]), "{text}: {again}");
        // A score of beta 1 has two names.
        assert_eq!(super::metric(metric).class, item.class, "{text}");
    }
}

#[test]
fn every_optimizer_and_schedule_is_read_again() {
    for item in items(Module::Optimizers) {
        let text = example(item);
        let optimizer = read_optimizer(&text).unwrap_or_else(|| panic!("{text}"));
        let again = shown(&super::optimizer(&optimizer));
        assert_eq!(read_optimizer(&again), Some(optimizer), "{text}: {again}");
        let short = format!("{}()", item.names[0]);
        let optimizer = read_optimizer(&short).unwrap_or_else(|| panic!("{short}"));
        let again = shown(&super::optimizer(&optimizer));
        assert_eq!(read_optimizer(&again), Some(optimizer), "{short}: {again}");
    }
    for item in items(Module::Schedules) {
        let text = example(item);
        let schedule = read_schedule(&text).unwrap_or_else(|| panic!("{text}"));
        let again = shown(&super::schedule(&schedule));
        assert_eq!(read_schedule(&again), Some(schedule), "{text}: {again}");
        assert_eq!(super::schedule(&schedule).class, item.class);
    }
}
