//! The documentation of a model: its layers as a table and as a graph, its inputs and outputs.

use mimo_graph::dim::Dim;
use mimo_graph::graph::{NodeId, TensorId};
use mimo_graph::plan::Plan;

use super::context::Context;

/// The lines that follow what the user wrote.
pub(super) fn model(cx: &Context<'_>, plan: &Plan) -> Vec<String> {
    let graph = cx.graph;
    let mut lines = vec![String::new(), "# Layers".into(), String::new()];
    lines.push("| layer | class | output | weights | reads |".into());
    lines.push("|---|---|---|---:|---|".into());
    for port in &graph.inputs {
        lines.push(format!("| `{}` | Input | `{}` | 0 | |", port.name, shown(cx, port.tensor)));
    }
    for (id, node) in cx.live_nodes() {
        let layer = graph.layer(node.layer);
        let shared = cx.earlier[id.index()] > 0;
        let weights = if shared {
            "shared".to_owned()
        } else {
            let count = layer.weights.iter().fold(Dim::Known(0), |sum, weight| sum + weight.shape.elements());
            count.display(&graph.consts).to_string()
        };
        let reads: Vec<String> =
            node.inputs.iter().map(|&input| format!("`{}`", source(cx, input))).collect();
        let output = node.outputs.first().map(|&output| shown(cx, output)).unwrap_or_default();
        lines.push(format!(
            "| `{}` | {} | `{output}` | {weights} | {} |",
            layer.name,
            layer.kind.class_name(),
            reads.join(", ")
        ));
    }
    let total = plan.params.iter().fold(Dim::Known(0), |sum, param| {
        sum + graph.layer(param.layer).weights[param.weight].shape.elements()
    });
    lines.push(String::new());
    lines.push(format!(
        "{} weights; a forward pass takes {} multiplications and additions per sample.",
        total.display(&graph.consts),
        plan.flops.display(&graph.consts)
    ));
    lines.push(String::new());
    lines.extend(mermaid(cx));
    // As in `/// text`: a space before the text.
    lines.into_iter().map(|line| if line.is_empty() { line } else { format!(" {line}") }).collect()
}

/// The graph as a Mermaid flowchart.
fn mermaid(cx: &Context<'_>) -> Vec<String> {
    let graph = cx.graph;
    let id = |tensor: TensorId| match graph.tensor(tensor).producer {
        Some(node) => format!("n{}", node.0),
        None => format!("i{}", tensor.0),
    };
    let mut lines = vec!["```mermaid".to_owned(), "flowchart TB".to_owned()];
    for port in &graph.inputs {
        lines.push(format!("    {}([\"{} {}\"])", id(port.tensor), port.name, shown(cx, port.tensor)));
    }
    for (NodeId(index), node) in cx.live_nodes() {
        let layer = graph.layer(node.layer);
        let output = node.outputs.first().map(|&output| shown(cx, output)).unwrap_or_default();
        lines.push(format!("    n{index}[\"{} · {} {output}\"]", layer.name, layer.kind.class_name()));
        for &input in &node.inputs {
            lines.push(format!("    {} --> n{index}", id(input)));
        }
    }
    for (index, port) in graph.outputs.iter().enumerate() {
        lines.push(format!("    {} --> o{index}([\"{}\"])", id(port.tensor), port.name));
    }
    lines.push("```".into());
    lines
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
