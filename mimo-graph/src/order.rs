//! Order of a model's calls, and which of them it needs.
//!
//! Layers and calls keep the order in which the user wrote them, everywhere: in the struct's fields, the summary, the
//! weights of a file and the compiled forward. It is a topological order, it does not change when a branch is added
//! elsewhere, and the table has the order of the source. (Keras sorts by depth from the outputs, which interleaves
//! the branches.)

use crate::graph::{Graph, NodeId, TensorId};

/// The calls that an output or an added loss needs, in source order. Other calls are not part of the model, as in
/// Keras.
pub fn live_nodes(graph: &Graph) -> Vec<NodeId> {
    let needed = needed_tensors(graph);
    let lives = |node: &crate::graph::Node| node.outputs.iter().any(|tensor| marked(&needed, *tensor));
    let nodes = graph.nodes.iter().enumerate().filter(|(_, node)| lives(node));
    nodes.map(|(i, _)| NodeId(i as u32)).collect()
}

/// For every call, the number of earlier calls of its layer.
pub fn earlier_calls(graph: &Graph) -> Vec<usize> {
    let mut calls = vec![0; graph.layers.len()];
    let earlier = graph.nodes.iter().map(|node| {
        let calls = &mut calls[node.layer.index()];
        *calls += 1;
        *calls - 1
    });
    earlier.collect()
}

/// For every tensor, whether it is, or is needed by, an output or an added loss.
pub(crate) fn needed_tensors(graph: &Graph) -> Vec<bool> {
    let mut needed = vec![false; graph.tensors.len()];
    for (index, output) in graph.outputs.iter().enumerate() {
        mark(&mut needed, output.tensor);
        graph.output_mask(index).into_iter().for_each(|mask| mark(&mut needed, mask));
    }
    for node in graph.nodes.iter().filter(|node| graph.kind(node).added_loss().is_some()) {
        node.outputs.iter().for_each(|tensor| mark(&mut needed, *tensor));
    }
    for node in graph.nodes.iter().rev() {
        if node.outputs.iter().any(|tensor| marked(&needed, *tensor)) {
            node.inputs.iter().for_each(|tensor| mark(&mut needed, *tensor));
        }
    }
    needed
}

/// For every tensor, whether it is, or depends on, one of `roots`.
pub(crate) fn downstream(graph: &Graph, roots: &[TensorId]) -> Vec<bool> {
    let mut reached = vec![false; graph.tensors.len()];
    for &root in roots {
        mark(&mut reached, root);
    }
    for node in &graph.nodes {
        if node.inputs.iter().any(|tensor| marked(&reached, *tensor)) {
            node.outputs.iter().for_each(|tensor| mark(&mut reached, *tensor));
        }
    }
    reached
}

/// Whether a tensor is marked.
pub(crate) fn marked(marks: &[bool], tensor: TensorId) -> bool {
    marks.get(tensor.index()).copied().unwrap_or(false)
}

fn mark(marks: &mut [bool], tensor: TensorId) {
    if let Some(mark) = marks.get_mut(tensor.index()) {
        *mark = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::Activation::{Linear, Relu};
    use crate::sketch::Model;

    #[test]
    fn only_calls_that_an_output_needs_live() {
        let mut model = Model::new();
        let x = model.input("x", &[4]);
        let hidden = model.dense("hidden", x, 8, Relu);
        let dead = model.dense("dead", hidden, 8, Relu);
        let also_dead = model.dense("also_dead", dead, 8, Relu);
        let y = model.dense("y", hidden, 1, Linear);
        model.output("y", y);
        assert_eq!(live_nodes(&model.graph), [NodeId(0), NodeId(3)]);
        let below = downstream(&model.graph, &[dead]);
        assert!(marked(&below, also_dead) && !marked(&below, y));
    }
}
