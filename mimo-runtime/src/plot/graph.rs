//! The graph of a model: its calls as boxes, its tensors as lines.

use mimo_graph::picture::boxes::{self, Drawn, DrawnCall};
use mimo_graph::spec::{GraphLayer, GraphSpec, ModelSpec};
use mimo_graph::summary::thousands;

use super::Picture;

/// Draws a graph.
pub(super) fn draw(spec: &ModelSpec, graph: &GraphSpec) -> Picture {
    let (size, canvas) = boxes::draw(&drawn(spec, graph));
    Picture::new(size, format!("Graph of {}", spec.name), canvas)
}

fn drawn(spec: &ModelSpec, graph: &GraphSpec) -> Drawn {
    let parameters = |inside: &dyn Fn(&str) -> bool, is_frozen: bool| -> String {
        let weights = spec.weights.iter().filter(|weight| inside(weight.name));
        match weights.map(|weight| weight.shape.iter().product::<usize>()).sum::<usize>() {
            0 => String::new(),
            count => format!("{} parameters{}", thousands(count), if is_frozen { ", frozen" } else { "" }),
        }
    };
    let call = |call: &mimo_graph::spec::LayerCall| {
        let plain = GraphLayer::PLAIN;
        let layer = graph.layers.get(call.layer).unwrap_or(&plain);
        DrawnCall {
            layer: call.layer,
            name: layer.name.into(),
            about: layer.item.short(&usize::to_string, &f64::to_string),
            parameters: parameters(&|weight| layer.weights.contains(&weight), !layer.trainable),
            model: layer.model,
            inputs: call.inputs.to_vec(),
            outputs: call.outputs.to_vec(),
        }
    };
    let models = graph.models.iter().enumerate().map(|(index, model)| {
        let prefix = format!("{}/", model.name);
        let is_frozen = graph
            .layers
            .iter()
            .find(|layer| layer.model == Some(index))
            .is_some_and(|layer| !layer.trainable);
        let parameters = parameters(&|weight| weight.starts_with(&prefix), is_frozen);
        [model.name.into(), model.class.into(), parameters]
    });
    let output = |output: &mimo_graph::spec::GraphPort| {
        let trained = spec.outputs.iter().find(|it| it.name == output.name);
        (output.name.into(), output.tensor, trained.and_then(|it| it.loss).map(|loss| loss.to_string()))
    };
    Drawn {
        title: spec.name.into(),
        shapes: graph.tensors.iter().map(|tensor| shape(tensor.shape)).collect(),
        inputs: graph.inputs.iter().map(|input| (input.name.into(), input.tensor)).collect(),
        calls: graph.calls.iter().map(call).collect(),
        models: models.collect(),
        outputs: graph.outputs.iter().map(output).collect(),
    }
}

/// The shape of one sample: `28 × 28 × 1`.
fn shape(lengths: &[usize]) -> String {
    let lengths: Vec<String> = lengths.iter().map(usize::to_string).collect();
    if lengths.is_empty() { "scalar".into() } else { lengths.join(" × ") }
}
