//! Names of layers and of ports, from the names that programs give to weights and nodes.

use mimo_graph::names::{field_like, snake_case};

use crate::onnx::model::Node;

/// The name of a layer: that of its weight's folder, `features.0` for `features.0.weight`, else that of the node's, else that of its class.
pub(super) fn layer(node: &Node, weight: &str, class: &str) -> String {
    let folder = match weight.rsplit_once(['.', '/']) {
        Some((folder, _)) if !is_numbered(weight) => scope(folder),
        _ => None,
    };
    let of_node = || scope(node.name.rsplit_once('/')?.0);
    field_like(&folder.or_else(of_node).unwrap_or_else(|| snake_case(class)))
}

/// Whether a program has made a name up: `onnx::Conv_123`, `val_7`, `12`.
fn is_numbered(name: &str) -> bool {
    name.contains("::") || name.chars().all(|c| c.is_ascii_digit()) || name.starts_with("val_")
}

/// The modules around a node in one name: `/layer1/layer1.0/conv1` is `layer1_0_conv1`.
fn scope(path: &str) -> Option<String> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let next = |at: usize| parts.get(at + 1).copied().unwrap_or_default();
    // The name of a module in a list has that of the list before it.
    let kept = parts.iter().enumerate().filter(|(at, part)| {
        let rest = next(*at).strip_prefix(**part);
        !rest.is_some_and(|rest| rest.starts_with('.'))
    });
    let kept: Vec<&str> = kept.map(|(_, part)| *part).collect();
    (!kept.is_empty()).then(|| kept.join("_").replace('.', "_"))
}

/// The name of an input or an output.
pub(super) fn port(name: &str, otherwise: &str) -> String {
    match is_numbered(name) {
        true => otherwise.into(),
        false => field_like(name.trim_matches('/')),
    }
}

/// The name of a struct for a graph; none if the program has made it up.
pub(super) fn model(name: &str) -> Option<&str> {
    let made_up = ["main_graph", "torch_jit", "torch-jit-export", "torch_jit_export", "graph", ""];
    (!made_up.contains(&name)).then_some(name)
}

/// The name of a weight that is a constant of the file.
pub(super) fn constant(name: &str, node: &Node) -> String {
    let plain = name.trim_matches('/');
    match is_numbered(name) || plain.is_empty() || plain.contains("_output_") || plain.starts_with("constant")
    {
        true => {
            let of_node = node.name.rsplit_once('/').and_then(|(folder, _)| scope(folder));
            field_like(&of_node.map_or_else(|| "constant".to_owned(), |folder| format!("{folder}_constant")))
        }
        false => field_like(plain.strip_suffix(".weight").unwrap_or(plain)),
    }
}
