//! Prints the model as a Mermaid flowchart, which Markdown renderers draw.

use std::fmt::Write;

use crate::dot::{edges, is_input, output_line, outputs_of};
use crate::spec::ModelSpec;
use crate::summary::batched;

/// Prints a Mermaid flowchart with one node per layer and one arrow per tensor that a layer reads.
///
/// Inputs are round; layers of outputs have a double border and the outputs' names. An arrow from a layer that is
/// called more than once shows the number of the call.
pub fn mermaid(spec: &ModelSpec) -> String {
    let mut text = String::from("flowchart TD\n");
    for (i, layer) in spec.layers.iter().enumerate() {
        let mut lines = vec![format!("{} ({})", layer.name, layer.class), batched(layer.output_shape)];
        let outputs = outputs_of(spec, layer.name);
        let output = output_line(&outputs, layer.name);
        let (open, close) = match (is_input(spec, layer.name), &output) {
            (true, _) => ("([", "])"),
            (false, Some(_)) => ("[[", "]]"),
            (false, None) => ("[", "]"),
        };
        lines.extend(output);
        let lines: Vec<_> = lines.iter().map(|line| escaped(line)).collect();
        let _ = writeln!(text, "    n{i}{open}\"{}\"{close}", lines.join("<br/>"));
    }
    for edge in edges(spec) {
        let label = edge.label.map_or(String::new(), |label| format!("|\"{}\"|", escaped(&label)));
        let _ = writeln!(text, "    n{} -->{label} n{}", edge.from, edge.to);
    }
    text
}

/// A label of Mermaid: characters that its quoted strings or its HTML would read as markup become entities.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '"' => escaped.push_str("#quot;"),
            '#' => escaped.push_str("#35;"),
            '&' => escaped.push_str("#amp;"),
            '<' => escaped.push_str("#lt;"),
            '>' => escaped.push_str("#gt;"),
            '`' => escaped.push_str("#96;"),
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::examples::{DIAGNOSIS, SIAMESE};

    #[test]
    fn inputs_and_outputs_are_marked() {
        let expected = &r#"
flowchart TD
    n0(["ecg (InputLayer)<br/>(None, 1200)"])
    n1(["age (InputLayer)<br/>(None,)"])
    n2["dense (Dense)<br/>(None, 8)"]
    n3["flatten (Flatten)<br/>(None, 1)"]
    n4[["features (Concatenate)<br/>(None, 9)<br/>output"]]
    n5[["diagnosis (Dense)<br/>(None, 3)<br/>output"]]
    n6[["head (Dense)<br/>(None, 1)<br/>output risk"]]
    n0 --> n2
    n1 --> n3
    n2 --> n4
    n3 --> n4
    n4 --> n5
    n4 --> n6
"#[1..];
        assert_eq!(mermaid(&DIAGNOSIS), expected);
    }

    #[test]
    fn calls_of_a_shared_layer_are_told_apart_and_names_are_escaped() {
        let expected = &r#"
flowchart TD
    n0(["left (InputLayer)<br/>(None, 4)"])
    n1(["right (InputLayer)<br/>(None, 4)"])
    n2[["enc (Dense#lt;#quot;2#quot;#gt;)<br/>(None, 2)<br/>outputs a, b"]]
    n3["sum (Add)<br/>(None, 2)"]
    n0 --> n2
    n1 --> n2
    n2 -->|"call 0"| n3
    n2 -->|"call 1"| n3
"#[1..];
        assert_eq!(mermaid(&SIAMESE), expected);
    }
}
