//! Trails for messages, which show how a tensor got its shape: `image [28, 28, 1] → Conv2D → x [26, 26, 32]`.

use std::borrow::Cow;

use crate::diag::Subject;
use crate::graph::{Graph, Node};
use crate::ids::{LayerId, TensorId};
use crate::layers::{self, LayerKind};

/// Number of calls of a long trail that are shown: the last ones. Earlier ones are replaced by `…`.
const SHOWN: usize = 4;

/// Number of tensors of a merge that are named.
const NAMED: usize = 4;

/// Name of a tensor in messages: its last binding, or the class that computes it.
pub(crate) fn shown_name(graph: &Graph, tensor: TensorId) -> Cow<'_, str> {
    let written = if graph.tensor(tensor).bindings.is_empty() { graph.written(tensor) } else { tensor };
    let entry = graph.tensor(written);
    if let (None, Some(group)) = (entry.bindings.last(), graph.group_of(tensor)) {
        return format!("{}(…)", group.class).into();
    }
    match (entry.bindings.last(), entry.producer) {
        (Some(name), _) => name.into(),
        (None, Some(node)) => {
            let Node { layer, inputs, .. } = graph.node(node);
            match (&graph.layer(*layer).kind, &inputs[..]) {
                // As written: `x[1..]`.
                (LayerKind::GetItem(part), &[x]) => {
                    let name = graph.tensor(x).bindings.last().map_or("(…)", String::as_str);
                    format!("{name}{}", part.written()).into()
                }
                (kind, _) => format!("{}(…)", kind.class_name()).into(),
            }
        }
        (None, None) => "Input(…)".into(),
    }
}

/// The call that computes a tensor, as the user wrote it: the layer and its inputs. The calls of the parts of a layer
/// are calls of that layer. `None` for an input, and for an output of a nested model.
pub(crate) fn call_of(graph: &Graph, tensor: TensorId) -> Option<(LayerId, &[TensorId])> {
    let mut node: &Node = graph.node(graph.tensor(graph.written(tensor)).producer?);
    if graph.group_of(tensor).is_some() {
        return None;
    }
    let layer = graph.layer(node.layer);
    let whole = layer.whole.unwrap_or(node.layer);
    if !layer.parts.is_empty() {
        // It merges the outputs of its parts, and they read its inputs.
        node = graph.node(graph.tensor(*node.inputs.first()?).producer?);
    }
    Some((whole, &node.inputs))
}

/// The only tensor on which a call depends; `None` for a call that joins several. States are not counted.
pub(crate) fn step(graph: &Graph, layer: LayerId, inputs: &[TensorId]) -> Option<TensorId> {
    let (_, most) = graph.layer(layer).kind.arity();
    inputs.first().copied().filter(|_| inputs.len() == 1 || most == 1)
}

/// Formats a tensor with its shape: `x [8]`. The name is omitted if there is none, and in the middle of a trail if
/// other tensors share it.
fn shown(graph: &Graph, tensor: TensorId, ends: bool) -> String {
    let entry = graph.tensor(tensor);
    let shape = entry.shape.as_ref().map(|shape| shape.display(&graph.consts).to_string());
    let shape = shape.unwrap_or_else(|| "[?]".into());
    let own =
        |name: &&String| ends || graph.tensors.iter().filter(|it| it.bindings.contains(name)).count() == 1;
    match entry.bindings.last().filter(own) {
        Some(name) => format!("{name} {shape}"),
        None if entry.producer.is_none() => format!("Input {shape}"),
        None => shape,
    }
}

/// The path from an input, or from the last merge, to a tensor; `None` for an input.
pub(crate) fn trail(graph: &Graph, tensor: TensorId) -> Option<String> {
    let mut steps = Vec::new();
    let mut at = tensor;
    let start = loop {
        let Some((layer, inputs)) = call_of(graph, at) else {
            let start = shown(graph, at, true);
            break match graph.group_of(at) {
                Some(group) => format!("{}(…) → {start}", group.class),
                None => start,
            };
        };
        let class = graph.layer(layer).kind.class_name();
        if inputs.is_empty() {
            break format!("{class} → {}", shown(graph, at, at == tensor));
        }
        let Some(input) = step(graph, layer, inputs) else {
            let mut names: Vec<_> =
                inputs.iter().take(NAMED).map(|&input| shown_name(graph, input)).collect();
            if inputs.len() > NAMED {
                names.push("…".into());
            }
            let function = layers::function_of(class).unwrap_or(class);
            let whole = shown(graph, at, at == tensor);
            break format!("{function}([{}]) → {whole}", names.join(", "));
        };
        // Further steps are only counted.
        steps.push(match steps.len() <= SHOWN {
            true => format!("{class} → {}", shown(graph, at, at == tensor)),
            false => String::new(),
        });
        at = input;
    };
    if at == tensor && graph.tensor(at).producer.is_none() {
        return None;
    }
    // A single call is not replaced by `…`.
    if steps.len() > SHOWN + 1 {
        steps.truncate(SHOWN);
        steps.push("…".into());
    }
    let steps = steps.into_iter().rev();
    Some([start].into_iter().chain(steps).collect::<Vec<_>>().join(" → "))
}

/// The trails of the tensors that a diagnostic mentions, for notes. An input has no trail: its shape is shown, unless
/// the message shows it.
pub(crate) fn notes(graph: &Graph, subjects: &[Subject]) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    for Subject { tensor, shown: said } in subjects {
        let Some(shape) = &graph.tensor(*tensor).shape else { continue };
        let unsaid = said.as_ref() != Some(shape);
        let note = trail(graph, *tensor).or_else(|| unsaid.then(|| shown(graph, *tensor, true)));
        notes.extend(note.filter(|note| !notes.contains(note)));
    }
    notes
}
