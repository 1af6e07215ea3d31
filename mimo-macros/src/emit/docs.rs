//! Documentation of a model: inputs and outputs, its layers as a table and as a graph, and the cost of a sample.

use mimo_graph::dim::Dim;
use mimo_graph::graph::{Dtype, Layer, Node, TensorId};
use mimo_graph::lanes::{self, Step};
use mimo_graph::plan::Plan;
use mimo_graph::summary::thousands;
use mimo_graph::target::Target;
use proc_macro2::TokenStream;
use quote::quote;

use super::context::Context;
use super::{picture, program};

/// The attributes that follow what the user wrote.
///
/// The graph is a picture in what rustdoc writes, and lines of text in what an editor shows, which has no pictures.
pub(super) fn model(cx: &Context<'_>, plan: &Plan) -> TokenStream {
    let mut lines = ports(cx);
    lines.extend(layers(cx));
    lines.extend(totals(cx, plan));
    let text = drawing(cx).map(|rows| format!(" ```text\n {}\n ```", rows.join("\n ")));
    let picture = picture::graph(cx);
    if text.is_some() || picture.is_some() {
        lines.extend([String::new(), "# Graph".into(), String::new()]);
    }
    // As in `/// text`: a space before the text.
    let lines = lines.into_iter().map(|line| if line.is_empty() { line } else { format!(" {line}") });
    let text = text.map(|text| match picture {
        Some(_) => quote!(#[cfg_attr(not(doc), doc = #text)]),
        None => quote!(#[doc = #text]),
    });
    let picture = picture.map(|picture| quote!(#[cfg_attr(doc, doc = #picture)]));
    quote!(#(#[doc = #lines])* #text #picture)
}

/// Inputs, and outputs with their training.
fn ports(cx: &Context<'_>) -> Vec<String> {
    let graph = cx.graph;
    let mut lines = vec![String::new(), "# Inputs".into(), String::new()];
    lines.extend(["| input | shape of a sample | values |".into(), "|---|---|---|".into()]);
    for port in &graph.inputs {
        let values = match graph.tensor(port.tensor).dtype {
            Dtype::Int => "integers",
            Dtype::Float => "floats",
        };
        lines.push(format!("| `{}` | `{}` | {values} |", port.name, shown(cx, port.tensor)));
    }
    lines.extend([String::new(), "# Outputs".into(), String::new()]);
    let Some(compile) = &graph.compile else {
        lines.extend(["| output | shape of a sample |".into(), "|---|---|".into()]);
        let rows =
            graph.outputs.iter().map(|port| format!("| `{}` | `{}` |", port.name, shown(cx, port.tensor)));
        lines.extend(rows);
        lines.extend([String::new(), "It has no loss, so it only predicts.".into()]);
        return lines;
    };
    lines.push("| output | shape of a sample | loss | weight | metrics | target of a sample |".into());
    lines.push("|---|---|---|---:|---|---|".into());
    for (port, training) in graph.outputs.iter().zip(&compile.outputs) {
        let (loss, weight) = match training.loss {
            Some(loss) => (format!("`{loss}`"), training.weight.to_string()),
            None => ("none".into(), String::new()),
        };
        let target = training.target().map_or("none".into(), |kind| target(cx, port.tensor, kind));
        let metrics: Vec<String> = training.metrics.iter().map(|(name, _)| format!("`{name}`")).collect();
        let (name, shape) = (&port.name, shown(cx, port.tensor));
        lines.push(format!(
            "| `{name}` | `{shape}` | {loss} | {weight} | {} | {target} |",
            metrics.join(", ")
        ));
    }
    let trained = compile.optimizers.iter().map(|keyed| match &keyed.key {
        None => format!("`{}`", keyed.optimizer),
        Some(key) => format!("`{key}: {}`", keyed.optimizer),
    });
    let trained: Vec<String> = trained.collect();
    lines.extend([String::new(), format!("Trained by {}.", trained.join(", "))]);
    lines
}

/// Shape of an output's target.
fn target(cx: &Context<'_>, output: TensorId, kind: Target) -> String {
    let Some(mut shape) = cx.graph.tensor(output).shape.clone() else { return String::new() };
    match kind {
        Target::Classes => {
            let classes = shape.0.pop().unwrap_or(Dim::Known(1));
            format!("`{}`, indices below {}", cx.shown(&shape), classes.display(&cx.graph.consts))
        }
        Target::Values => format!("`{}`", cx.shown(&shape)),
    }
}

/// The table of layers.
fn layers(cx: &Context<'_>) -> Vec<String> {
    let graph = cx.graph;
    let mut lines = vec![String::new(), "# Layers".into(), String::new()];
    lines.push("| layer | class | output | weights | reads |".into());
    lines.push("|---|---|---|---:|---|".into());
    for port in &graph.inputs {
        lines.push(format!("| `{}` | Input | `{}` | 0 | |", port.name, shown(cx, port.tensor)));
    }
    for (id, node) in cx.live_nodes() {
        let layer = graph.layer(node.layer);
        let weights = if cx.earlier[id.index()] > 0 {
            "shared".to_owned()
        } else {
            let count = layer.weights.iter().fold(Dim::Known(0), |sum, weight| sum + weight.shape.elements());
            let averages = layer.weights.iter().filter(|weight| !weight.options.trainable);
            let averages = averages.fold(Dim::Known(0), |sum, weight| sum + weight.shape.elements());
            let frozen = match (layer.trainable, layer.weights.is_empty()) {
                (false, false) => ", not trained".to_owned(),
                _ if averages != Dim::Known(0) => format!(", {} not trained", number(cx, &averages)),
                _ => String::new(),
            };
            format!("{}{frozen}", number(cx, &count))
        };
        let reads: Vec<String> =
            node.inputs.iter().map(|&input| format!("`{}`", source(cx, input))).collect();
        lines.push(format!(
            "| `{}` | {} | `{}` | {weights} | {} |",
            layer.name,
            layer.kind.class_name(),
            given(cx, node),
            reads.join(", ")
        ));
    }
    lines
}

/// Cost of a sample.
fn totals(cx: &Context<'_>, plan: &Plan) -> Vec<String> {
    let count = |trained: Option<bool>| {
        let params = plan.params.iter().map(|param| (cx.graph.layer(param.layer_id()), param.weight));
        let is_trained =
            |layer: &Layer, weight: usize| layer.trainable && layer.weights[weight].options.trainable;
        let params = params
            .filter(|&(layer, weight)| trained.is_none_or(|trained| is_trained(layer, weight) == trained));
        params.fold(Dim::Known(0), |sum, (layer, weight)| sum + layer.weights[weight].shape.elements())
    };
    let (all, frozen) = (count(None), count(Some(false)));
    let mut weights = format!("- {} weights", number(cx, &all));
    if let Some(n) = all.known() {
        weights.push_str(&format!(" ({} in `f32`)", bytes(n)));
    }
    if frozen != Dim::Known(0) {
        weights.push_str(&format!(", of which {} are not trained", number(cx, &frozen)));
    }
    let mut lines = vec![String::new(), weights];
    lines.push(format!("- {} FLOPs per sample in a forward pass", number(cx, &plan.flops)));
    let memory = [program::predict_layout(plan), program::train_layout(plan)];
    if let [Some(predict), Some(train)] = memory {
        let trained = cx.graph.compile.as_ref().map(|_| format!(", {} when it trains", bytes(train.len)));
        lines.push(format!(
            "- {} of memory per sample when it predicts{} (`f32`)",
            bytes(predict.len),
            trained.unwrap_or_default()
        ));
    }
    lines
}

/// Text drawing of the graph, if it is narrow enough to be read.
fn drawing(cx: &Context<'_>) -> Option<Vec<String>> {
    let graph = cx.graph;
    let mut places = vec![None; graph.tensors.len()];
    let mut steps: Vec<Step> = vec![];
    let mut add = |tensors: &[TensorId], reads: &[TensorId], label: String| {
        let reads = reads.iter().filter_map(|read| places[read.index()]).collect();
        for tensor in tensors {
            places[tensor.index()] = Some(steps.len());
        }
        let mut outputs = graph.outputs.iter().filter(|port| tensors.contains(&port.tensor)).peekable();
        let arrow = if outputs.peek().is_some() { " → " } else { "" };
        let outputs: Vec<&str> = outputs.map(|port| port.name.as_str()).collect();
        steps.push(Step { reads, label: format!("{label}{arrow}{}", outputs.join(", ")) });
    };
    for port in &graph.inputs {
        add(&[port.tensor], &[], format!("{} {}", port.name, shown(cx, port.tensor)));
    }
    for (_, node) in cx.live_nodes() {
        let layer = graph.layer(node.layer);
        let label = format!("{} · {} {}", layer.name, layer.kind.class_name(), given(cx, node));
        add(&node.outputs, &node.inputs, label);
    }
    lanes::draw(&steps)
}

/// Output shapes of a call.
fn given(cx: &Context<'_>, node: &Node) -> String {
    let shapes: Vec<String> = node.outputs.iter().map(|&output| shown(cx, output)).collect();
    shapes.join(", ")
}

/// A length as documentation has it: `463,307`, or as the user wrote it.
pub(super) fn number(cx: &Context<'_>, dim: &Dim) -> String {
    let Some(n) = dim.known() else { return format!("`{}`", dim.display(&cx.graph.consts)) };
    thousands(n)
}

/// Size of this many values of four bytes.
fn bytes(values: usize) -> String {
    let bytes = 4.0 * values as f64;
    match bytes {
        ..1e3 => format!("{bytes} bytes"),
        ..1e6 => format!("{:.1} kB", bytes / 1e3),
        ..1e9 => format!("{:.1} MB", bytes / 1e6),
        _ => format!("{:.1} GB", bytes / 1e9),
    }
}

/// The layer or input that gives a tensor.
fn source(cx: &Context<'_>, tensor: TensorId) -> String {
    match cx.graph.tensor(tensor).producer {
        Some(node) => cx.graph.layer(cx.graph.node(node).layer).name.clone(),
        None => cx.input_name(tensor).unwrap_or_else(|| cx.graph.tensor_name(tensor)).to_owned(),
    }
}

fn shown(cx: &Context<'_>, tensor: TensorId) -> String {
    cx.graph.tensor(tensor).shape.as_ref().map(|shape| cx.shown(shape)).unwrap_or_default()
}
