//! Finds which outputs train which weights, so that a step does not update weights whose outputs have no target in
//! its batch.

use std::collections::BTreeSet;

use super::{Labelled, Param};
use crate::graph::{Graph, LayerId, TensorId};
use crate::layers::LayerKind;

/// Runs of weights that are trained by the losses of the same outputs, in the order of `params`.
pub(super) fn labelled(graph: &Graph, params: &[Param]) -> Vec<Labelled> {
    let Some(compile) = &graph.compile else { return vec![] };
    // By output with a loss: the layers that lead to it.
    let trained = graph.outputs.iter().zip(&compile.outputs).enumerate();
    let trained = trained.filter(|(_, (_, training))| training.loss.is_some());
    let reaching: Vec<(usize, BTreeSet<LayerId>)> =
        trained.map(|(output, (port, _))| (output, leading_to(graph, vec![port.tensor]))).collect();
    // Activity penalties and added losses train without targets.
    let ends = graph.nodes.iter().filter(|node| {
        let kind = graph.kind(node);
        kind.added_loss().is_some() || penalizes(kind)
    });
    let always = leading_to(graph, ends.flat_map(|node| node.outputs.iter().copied()).collect());
    let mut runs: Vec<Labelled> = vec![];
    for (index, param) in params.iter().enumerate() {
        let layer = param.layer_id();
        let outputs: Vec<usize> = match always.contains(&layer) {
            true => vec![],
            false => {
                reaching.iter().filter(|(_, layers)| layers.contains(&layer)).map(|(at, _)| *at).collect()
            }
        };
        match runs.last_mut() {
            Some(run) if run.outputs == outputs => run.end = index + 1,
            _ => runs.push(Labelled { start: index, end: index + 1, outputs }),
        }
    }
    runs
}

fn penalizes(kind: &LayerKind) -> bool {
    kind.activity_regularizer().is_some()
}

/// The layers whose calls lead to one of these tensors, and wrappers around them.
fn leading_to(graph: &Graph, tensors: Vec<TensorId>) -> BTreeSet<LayerId> {
    let mut waiting = tensors;
    let mut seen = vec![false; graph.nodes.len()];
    let mut layers = BTreeSet::new();
    while let Some(tensor) = waiting.pop() {
        let Some(id) = graph.tensor(tensor).producer else { continue };
        if std::mem::replace(&mut seen[id.index()], true) {
            continue;
        }
        let node = graph.node(id);
        layers.insert(node.layer);
        layers.extend(graph.layer(node.layer).whole);
        waiting.extend(&node.inputs);
    }
    layers
}
