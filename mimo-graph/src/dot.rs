//! Prints the model as a Graphviz graph: `dot -Tsvg model.dot`.

use std::fmt::Write;

use crate::spec::{ModelSpec, OutputSpec};
use crate::summary::batched;

/// Prints a Graphviz graph with one box per layer and one arrow per tensor that a layer reads.
///
/// Inputs are ellipses; layers of outputs have a double border and the outputs' names. An arrow from a layer that is
/// called more than once shows the number of the call.
pub fn dot(spec: &ModelSpec) -> String {
    let mut text = format!("digraph {} {{\n", quoted(spec.name));
    text.push_str("    rankdir = TB;\n");
    text.push_str("    node [shape = box, fontname = \"Helvetica\"];\n");
    text.push_str("    edge [fontname = \"Helvetica\"];\n");
    for (i, layer) in spec.layers.iter().enumerate() {
        let mut lines = vec![format!("{} ({})", layer.name, layer.class), batched(layer.output_shape)];
        let mut style = String::new();
        if is_input(spec, layer.name) {
            style.push_str(", shape = ellipse");
        }
        let outputs = outputs_of(spec, layer.name);
        if let Some(line) = output_line(&outputs, layer.name) {
            style.push_str(", peripheries = 2");
            lines.push(line);
        }
        let _ = writeln!(text, "    n{i} [label = {}{style}];", quoted(&lines.join("\n")));
    }
    for edge in edges(spec) {
        let label = edge.label.map_or(String::new(), |label| format!(" [label = {}]", quoted(&label)));
        let _ = writeln!(text, "    n{} -> n{}{label};", edge.from, edge.to);
    }
    text.push_str("}\n");
    text
}

/// A string of Graphviz: quotes and backslashes escaped, line ends as `\n`.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\n' => quoted.push_str("\\n"),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

/// An arrow between two layers, by their indices in the list.
pub(crate) struct Edge {
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// The call of `from`, if there are several.
    pub(crate) label: Option<String>,
}

/// Every tensor that a layer reads, in the order of the list.
pub(crate) fn edges(spec: &ModelSpec) -> Vec<Edge> {
    let connections = || spec.layers.iter().flat_map(|layer| layer.connected_to);
    let called_again = |name: &str| {
        connections()
            .chain(spec.outputs.iter().map(|output| &output.source))
            .any(|connection| connection.layer == name && connection.call > 0)
    };
    let mut edges = Vec::new();
    for (to, layer) in spec.layers.iter().enumerate() {
        for connection in layer.connected_to {
            let Some(from) = spec.layers.iter().position(|layer| layer.name == connection.layer) else {
                continue;
            };
            let label = called_again(connection.layer).then(|| format!("call {}", connection.call));
            edges.push(Edge { from, to, label });
        }
    }
    edges
}

/// Whether the layer of this name is an input.
pub(crate) fn is_input(spec: &ModelSpec, layer: &str) -> bool {
    spec.inputs.iter().any(|input| input.name == layer)
}

/// The outputs of the layer of this name.
pub(crate) fn outputs_of<'a>(spec: &'a ModelSpec, layer: &str) -> Vec<&'a OutputSpec> {
    spec.outputs.iter().filter(|output| output.source.layer == layer).collect()
}

/// Label of a layer with outputs: `output`, with the names if they are not the layer's.
pub(crate) fn output_line(outputs: &[&OutputSpec], layer: &str) -> Option<String> {
    match outputs {
        [] => None,
        [output] if output.name == layer => Some("output".into()),
        [output] => Some(format!("output {}", output.name)),
        outputs => {
            let names: Vec<_> = outputs.iter().map(|output| output.name).collect();
            Some(format!("outputs {}", names.join(", ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::examples::{DIAGNOSIS, SIAMESE};

    #[test]
    fn inputs_and_outputs_are_marked() {
        let expected = &r#"
digraph "Diagnosis" {
    rankdir = TB;
    node [shape = box, fontname = "Helvetica"];
    edge [fontname = "Helvetica"];
    n0 [label = "ecg (InputLayer)\n(None, 1200)", shape = ellipse];
    n1 [label = "age (InputLayer)\n(None,)", shape = ellipse];
    n2 [label = "dense (Dense)\n(None, 8)"];
    n3 [label = "flatten (Flatten)\n(None, 1)"];
    n4 [label = "features (Concatenate)\n(None, 9)\noutput", peripheries = 2];
    n5 [label = "diagnosis (Dense)\n(None, 3)\noutput", peripheries = 2];
    n6 [label = "head (Dense)\n(None, 1)\noutput risk", peripheries = 2];
    n0 -> n2;
    n1 -> n3;
    n2 -> n4;
    n3 -> n4;
    n4 -> n5;
    n4 -> n6;
}
"#[1..];
        assert_eq!(dot(&DIAGNOSIS), expected);
    }

    #[test]
    fn calls_of_a_shared_layer_are_told_apart_and_names_are_escaped() {
        let expected = &r#"
digraph "Sia\"mese" {
    rankdir = TB;
    node [shape = box, fontname = "Helvetica"];
    edge [fontname = "Helvetica"];
    n0 [label = "left (InputLayer)\n(None, 4)", shape = ellipse];
    n1 [label = "right (InputLayer)\n(None, 4)", shape = ellipse];
    n2 [label = "enc (Dense<\"2\">)\n(None, 2)\noutputs a, b", peripheries = 2];
    n3 [label = "sum (Add)\n(None, 2)"];
    n0 -> n2;
    n1 -> n2;
    n2 -> n3 [label = "call 0"];
    n2 -> n3 [label = "call 1"];
}
"#[1..];
        assert_eq!(dot(&SIAMESE), expected);
    }
}
