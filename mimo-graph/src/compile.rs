//! `.compile(…)`: which optimizer, and for every output its loss, weight and metrics, checked against its head.
//!
//! Keras accepts almost anything here and finds out at the first batch. What `loss`, `loss_weights` and
//! `metrics` may look like is in `forms`, what they may name in `losses` and `metrics`, and which loss fits
//! which head in `heads`.

use crate::compile::forms::{Given, Setting, list_of, spread};
use crate::compile::heads::Head;
use crate::compile::metrics::Subject;
use crate::compile::params::Params;
use crate::context::Cx;
use crate::diag::{Diag, Loc};
use crate::graph::{Compile, Graph, Training};
use crate::loss::Loss;
use crate::metric::Metric;
use crate::value::{Arg, Value, ValueKind};

mod forms;
mod heads;
mod losses;
mod metrics;
mod names;
mod optimizers;
mod params;

/// Keras's order; `!` marks what mimo does not support.
const PARAMETERS: [&str; 9] = [
    "optimizer",
    "loss",
    "loss_weights",
    "metrics",
    "!weighted_metrics",
    "!run_eagerly",
    "!steps_per_execution",
    "!jit_compile",
    "!auto_scale_loss",
];

/// Reads the arguments of `.compile(…)` for a graph whose layers have their names. `call` are the tokens of the
/// call. `None` if something was wrong; all of it is reported.
pub fn resolve(graph: &Graph, args: &[Arg], call: Loc, cx: &mut Cx<'_>) -> Option<Compile> {
    let params = Params::read("compile", &PARAMETERS, args, cx);
    let optimizer = match params.value("optimizer") {
        Some(Value { kind: ValueKind::None, .. }) | None => Some(optimizers::DEFAULT),
        Some(value) => optimizers::read(value, cx),
    };
    if graph.outputs.is_empty() {
        return None;
    }
    let heads: Vec<_> = graph.outputs.iter().map(|output| Head::of(graph, output)).collect();
    let losses = losses(graph, &params, &heads, call, cx);
    let weights = weights(graph, &params, &losses, cx);
    let metrics = metrics(graph, &params, &heads, &losses, cx);
    params.finish()?;
    let trainings = losses.into_iter().zip(weights).zip(metrics);
    let outputs = trainings
        .map(|((loss, weight), metrics)| Some(Training { loss: loss?, weight: weight?, metrics: metrics? }))
        .collect::<Option<Vec<_>>>()?;
    Some(Compile { optimizer: optimizer?, outputs })
}

/// The loss of every output: `Some(None)` where it is `none`, `None` after an error.
fn losses(
    graph: &Graph,
    params: &Params<'_>,
    heads: &[Head<'_>],
    call: Loc,
    cx: &mut Cx<'_>,
) -> Vec<Option<Option<Loss>>> {
    let Some(value) = params.value("loss") else {
        let names: Vec<_> = heads.iter().map(|head| head.name).collect();
        let example = match names[..] {
            [_] => "`loss = mse`".to_owned(),
            _ => {
                let entries: Vec<_> = names.iter().take(4).map(|name| format!("{name}: …")).collect();
                let more = if names.len() > 4 { ", …" } else { "" };
                format!("`loss = {{ {}{more} }}`", entries.join(", "))
            }
        };
        let s = if names.len() == 1 { "" } else { "s" };
        let diag = Diag::error(call, format!("no loss is given for the output{s} {}", list_of(&names)));
        cx.error(diag.help(format!("add {example}")).help("without `.compile(…)` a model only predicts"));
        return vec![None; heads.len()];
    };
    let spread = spread(Setting::Loss, value, graph, cx);
    for value in spread.stray {
        losses::read(value, None, cx);
    }
    let read = |(given, head): (&Given<'_>, &Head<'_>)| match given {
        Given::Value(value) => losses::read(value, Some(head), cx),
        Given::Nothing | Given::Broken => None,
    };
    let losses: Vec<_> = spread.outputs.iter().zip(heads).map(read).collect();
    if losses.iter().all(|loss| *loss == Some(None)) {
        cx.error(Diag::error(value.loc, "no output has a loss, so there is nothing to train").help(
            "give at least one output a loss, or leave out `.compile(…)`: without it a model only predicts",
        ));
    }
    losses
}

/// The weight of every output's loss, 1 if it is left out.
fn weights(
    graph: &Graph,
    params: &Params<'_>,
    losses: &[Option<Option<Loss>>],
    cx: &mut Cx<'_>,
) -> Vec<Option<f64>> {
    let Some(setting) = params.value("loss_weights").filter(|value| value.kind != ValueKind::None) else {
        return vec![Some(1.0); losses.len()];
    };
    let spread = spread(Setting::Weights, setting, graph, cx);
    for value in spread.stray {
        weight(value, cx);
    }
    let by_name = matches!(setting.kind, ValueKind::Map(_));
    let mut weights = Vec::new();
    for ((given, loss), output) in spread.outputs.iter().zip(losses).zip(&graph.outputs) {
        weights.push(match given {
            Given::Nothing => Some(1.0),
            Given::Broken => None,
            Given::Value(value) => {
                if by_name && *loss == Some(None) && value.kind != ValueKind::None {
                    let message = format!("the output `{}` has no loss that could be weighted", output.name);
                    let help = format!("leave `{}` out of `loss_weights`, or give it a loss", output.name);
                    cx.error(Diag::warning(value.loc, message).help(help));
                }
                weight(value, cx)
            }
        });
    }
    weights
}

/// One weight.
fn weight(value: &Value, cx: &mut Cx<'_>) -> Option<f64> {
    match value.kind {
        ValueKind::None => return Some(1.0),
        ValueKind::Invalid => return None,
        _ => {}
    }
    let number = params::number(value);
    if number.is_none() {
        let message = format!("a loss weight is a number, not {}", value.describe());
        let diag = Diag::error(value.loc, message);
        cx.error(match value.kind {
            ValueKind::Ident { .. } | ValueKind::Expr(_) => {
                diag.help("write the number, or a `const` of this block that is one")
            }
            _ => diag,
        });
    }
    number
}

/// The metrics of every output, none if they are left out.
fn metrics(
    graph: &Graph,
    params: &Params<'_>,
    heads: &[Head<'_>],
    losses: &[Option<Option<Loss>>],
    cx: &mut Cx<'_>,
) -> Vec<Option<Vec<(String, Metric)>>> {
    let Some(setting) = params.value("metrics").filter(|value| value.kind != ValueKind::None) else {
        return vec![Some(vec![]); heads.len()];
    };
    let spread = spread(Setting::Metrics, setting, graph, cx);
    for value in spread.stray {
        metrics::read_all(value, None, cx);
    }
    let mut metrics = Vec::new();
    for ((given, head), &loss) in spread.outputs.iter().zip(heads).zip(losses) {
        metrics.push(match given {
            Given::Nothing => Some(vec![]),
            Given::Broken => None,
            Given::Value(value) => metrics::read_all(value, Some(Subject { head, loss }), cx),
        });
    }
    check_keys(heads, &metrics, setting.loc, cx);
    metrics
}

/// Logs name a value `output_metric` and a loss `output_loss`, and no two of them the same.
fn check_keys(heads: &[Head<'_>], metrics: &[Option<Vec<(String, Metric)>>], loc: Loc, cx: &mut Cx<'_>) {
    let mut taken: Vec<(String, String)> = heads
        .iter()
        .map(|head| (format!("{}_loss", head.name), format!("the loss of `{}`", head.name)))
        .collect();
    for (head, metrics) in heads.iter().zip(metrics) {
        for (metric, _) in metrics.iter().flatten() {
            let (key, whose) = (format!("{}_{metric}", head.name), format!("`{metric}` of `{}`", head.name));
            match taken.iter().find(|(other, _)| *other == key) {
                Some((_, other)) => cx.error(
                    Diag::error(loc, format!("{other} and {whose} would both be `{key}` in the logs")).help(
                        "give the metric another name, as in `AUC(name = \"area\")`, or rename an output",
                    ),
                ),
                None => taken.push((key, whose)),
            }
        }
    }
}
