//! Warnings about lost masks: Keras has them while the model runs.

use crate::code::Code;
use crate::context::Cx;
use crate::diag::Diag;
use crate::graph::{Graph, Node, TensorId};
use crate::ids::GroupId;
use crate::layers::LayerKind;
use crate::layers::get_item::Entry;
use crate::layers::layer::{Effect, Masks};
use crate::trail::shown_name;

/// Warns about calls that read masked steps and whose outputs have no mask.
pub(super) fn lost_mask(graph: &Graph, cx: &mut Cx<'_>) {
    // Calls of nested models that were reported: one warning for each.
    let mut reported = vec![];
    for node in &graph.nodes {
        let Some(lost) = Lost::of(graph, node) else { continue };
        let Some(group) = graph.layer(node.layer).group else {
            cx.error(lost.warning(graph, node));
            continue;
        };
        // A mask that is made and lost inside of a model is reported where the model is written.
        if let Some(outside) = from_outside(graph, group, node, lost.tensor)
            && !reported.contains(&(group, node.loc))
        {
            reported.push((group, node.loc));
            cx.error(of_model(graph, group, node, outside));
        }
    }
}

/// A mask that a call loses.
struct Lost {
    /// The masked tensor.
    tensor: TensorId,
    reason: Reason,
}

/// Reason why the result of a call has no mask.
enum Reason {
    /// A tensor that is joined with the masked one has no mask.
    Unmasked(TensorId),
    /// A tensor that is joined with the masked one has another mask.
    Another(TensorId),
    /// The masked axes are not kept.
    Axes,
}

impl Lost {
    fn of(graph: &Graph, node: &Node) -> Option<Self> {
        let rule = graph.kind(node).masks();
        let reads = node.roles.iter().any(|role| role.ends_with("mask"));
        let mask = |tensor: TensorId| graph.tensor(tensor).mask;
        let output = *node.outputs.first()?;
        if graph.layer(node.layer).of_mask || reads || rule == Masks::End || mask(output).is_some() {
            return None;
        }
        let by_place = node.inputs.iter().zip(&node.roles).filter(|(_, role)| role.is_empty());
        let read: Vec<TensorId> = by_place.map(|(&input, _)| input).collect();
        let mut masked = read.iter().copied().filter(|&tensor| mask(tensor).is_some());
        let unmasked = || read.iter().copied().find(|&tensor| mask(tensor).is_none());
        match rule {
            Masks::Join | Masks::Concatenate(_) => {
                let reason = unmasked().map_or(Reason::Axes, Reason::Unmasked);
                Some(Lost { tensor: masked.next()?, reason })
            }
            Masks::Lose => {
                let kept = graph.kept_axes(node, &read);
                let kept = |tensor: &TensorId| {
                    let place = read.iter().position(|other| other == tensor);
                    place.and_then(|place| kept.get(place)).copied().unwrap_or(0)
                };
                let all: Vec<TensorId> = masked.collect();
                let tensor = all.iter().copied().min_by_key(|tensor| kept(tensor))?;
                let other = all.iter().copied().find(|&other| mask(other) != mask(tensor));
                let reason = match (kept(&tensor), unmasked(), other) {
                    (axes, ..) if axes <= node.steps => Reason::Axes,
                    (_, None, None) => Reason::Axes,
                    (_, Some(other), _) => Reason::Unmasked(other),
                    (_, None, Some(other)) => Reason::Another(other),
                };
                Some(Lost { tensor, reason })
            }
            _ => {
                let first = *read.first()?;
                mask(first).map(|_| Lost { tensor: first, reason: Reason::Axes })
            }
        }
    }

    fn warning(&self, graph: &Graph, node: &Node) -> Diag {
        let kind = graph.kind(node);
        let (class, name) = (kind.class_name(), shown_name(graph, self.tensor));
        let by_keyword = "name it where it is read: `mask = words != 0`";
        let message = match self.reason {
            // As in Keras.
            Reason::Unmasked(other) => {
                let other = shown_name(graph, other);
                let message = format!("`{class}` outputs no mask: `{name}` has one, and `{other}` has none");
                let both = format!(
                    "give both the same mask: `Embedding(…, mask_zero = true)` or `Masking()` for `{other}` too"
                );
                return Diag::warning(Code::LostMask, node.loc, message)
                    .help(both)
                    .help(format!("or {by_keyword}"));
            }
            Reason::Another(other) => {
                let other = shown_name(graph, other);
                let message =
                    format!("`{class}` outputs no mask: `{name}` and `{other}` have different ones");
                return Diag::warning(Code::LostMask, node.loc, message).help(by_keyword);
            }
            Reason::Axes => match kind {
                LayerKind::GetItem(part) => {
                    let shown = part.written();
                    match part.key.first() {
                        Some(Entry::At(_)) => {
                            format!(
                                "`{name}{shown}` is read whether the mask of `{name}` counts that step or not"
                            )
                        }
                        _ => format!("`{name}{shown}` has no mask: that of `{name}` is for all of its steps"),
                    }
                }
                LayerKind::Stack(_) => format!(
                    "`stack` puts an axis before the steps of `{name}`, so that its mask does not fit the result"
                ),
                LayerKind::Einsum(_) => every_step(class, &name),
                _ if kind.effect() == Effect::Rearranged => {
                    format!("`{class}` moves the steps of `{name}`, so that its mask does not fit the result")
                }
                _ => every_step(class, &name),
            },
        };
        Diag::warning(Code::LostMask, node.loc, message)
            .help("write a layer that reads masks, such as `GlobalAveragePooling1D`, `LSTM` or `MultiHeadAttention`")
            .help("or leave the mask out where it is made: `mask_zero = true` of an `Embedding`, or a `Masking`")
    }
}

fn every_step(class: &str, name: &str) -> String {
    format!("`{class}` reads every step of `{name}`, also those that its mask leaves out")
}

/// Warning for a call of a nested model in which the call `node` loses the mask of `tensor`.
fn of_model(graph: &Graph, group: GroupId, node: &Node, tensor: TensorId) -> Diag {
    let (layer, name) = (graph.layer(node.layer), shown_name(graph, tensor));
    let model = graph.groups.get(group.index()).map_or("", |group| &group.class);
    let within = layer.name.rsplit('/').next().unwrap_or_default();
    let class = graph.kind(node).class_name();
    let message = format!(
        "`{model}` loses the mask of `{name}`: its layer `{within}` is a `{class}`, which does not pass it on"
    );
    Diag::warning(Code::LostMask, node.loc, message)
        .help(format!("change `{model}`: layers that read masks are `GlobalAveragePooling1D`, `LSTM`, `MultiHeadAttention` and others"))
        .help("or leave the mask out where it is made: `mask_zero = true` of an `Embedding`, or a `Masking`")
}

/// The tensor that a call of a nested model reads and whose mask is that of `tensor` inside. `None` if the mask is
/// made inside.
fn from_outside(graph: &Graph, group: GroupId, call: &Node, tensor: TensorId) -> Option<TensorId> {
    let mut seen = vec![];
    let mut open = vec![tensor];
    while let Some(tensor) = open.pop() {
        if seen.contains(&tensor) || graph.tensor(tensor).mask.is_none() {
            continue;
        }
        seen.push(tensor);
        let inside = graph
            .tensor(graph.written(tensor))
            .producer
            .map(|node| graph.node(node))
            .filter(|node| graph.layer(node.layer).group == Some(group) && node.loc == call.loc);
        match inside {
            Some(node) => open.extend(&node.inputs),
            None => return Some(tensor),
        }
    }
    None
}
