//! Conversion of a finished graph and its plan to the [`GraphSpec`](crate::spec::GraphSpec) that a model carries.

use std::collections::BTreeMap;

use crate::graph::{Graph, Layer, LayerId, Node, Port, TensorId};
use crate::language::call_arguments;
use crate::layers::LayerKind;
use crate::order::live_nodes;
use crate::plan::Plan;
use crate::spec::graph::built::{GraphLayer, GraphPort, GraphSpec, GraphTensor, LayerCall, NestedModel};

/// Converts the graph of a model. Layers keep their indices, to which the parameters of the plan refer; tensors that
/// no output needs are dropped.
pub fn graph_spec(graph: &Graph, plan: &Plan) -> GraphSpec {
    let calls = live_nodes(graph);
    let nodes = || calls.iter().map(|&call| graph.node(call));
    let outputs = nodes().flat_map(|node| node.outputs.iter().copied());
    let used = graph.inputs.iter().map(|port| port.tensor).chain(outputs);
    // Two inputs of a map may be one tensor.
    let mut places = BTreeMap::new();
    let mut tensors = vec![];
    for id in used {
        places.entry(id).or_insert_with(|| {
            tensors.push(tensor(graph, id));
            tensors.len() - 1
        });
    }
    let places_of = |ids: &[TensorId]| ids.iter().filter_map(|id| places.get(id).copied()).collect();
    let port = |port: &Port| GraphPort {
        name: port.name.clone(),
        tensor: places.get(&port.tensor).copied().unwrap_or_default(),
    };
    let models =
        graph.groups.iter().map(|group| NestedModel { class: group.class.clone(), name: group.name.clone() });
    let layers =
        graph.layers.iter().zip(0..).map(|(made, at)| layer(made, plan.weighted.contains(&LayerId(at))));
    GraphSpec {
        layers: layers.collect(),
        calls: nodes()
            .map(|node| LayerCall {
                layer: node.layer.index(),
                inputs: places_of(&node.inputs),
                keywords: keywords(node),
                outputs: places_of(&node.outputs),
                steps: node.steps,
            })
            .collect(),
        models: models.collect(),
        inputs: graph.inputs.iter().map(port).collect(),
        outputs: graph.outputs.iter().map(port).collect(),
        tensors,
    }
}

fn layer(layer: &Layer, weighted: bool) -> GraphLayer {
    let weights = layer.weights.iter().filter(|_| weighted).map(|weight| layer.weight_path(weight));
    GraphLayer {
        name: layer.name.clone(),
        item: layer.item.clone(),
        trainable: layer.trainable,
        model: layer.group.map(|group| group.index()),
        whole: layer.whole.map(LayerId::index),
        parts: layer.parts.iter().map(|part| part.index()).collect(),
        weights: weights.collect(),
    }
}

/// Keywords of a call: those of its tensors, and boolean settings that are on.
fn keywords(node: &Node) -> Vec<String> {
    let of_tensors = node.roles.iter().filter(|role| !role.is_empty()).copied();
    // Settings of calls are off unless a call says otherwise.
    let settings = call_arguments().map(|argument| argument.name).filter(|name| {
        let on = |called: &LayerKind| called.called_with(name, true).as_ref() == Some(called);
        node.called.as_deref().is_some_and(on)
    });
    of_tensors.chain(settings).map(Into::into).collect()
}

fn tensor(graph: &Graph, id: TensorId) -> GraphTensor {
    let tensor = graph.tensor(id);
    GraphTensor {
        binding: tensor.bindings.last().cloned(),
        shape: tensor.shape.iter().flat_map(|shape| shape.0.iter().cloned()).collect(),
        dtype: tensor.dtype,
    }
}
