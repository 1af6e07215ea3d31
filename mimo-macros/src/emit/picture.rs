//! The graph of a model as a picture in its documentation: SVG within the page, which takes the colours of its theme.

use mimo_graph::dim::Dim;
use mimo_graph::graph::TensorId;
use mimo_graph::operation::Number;
use mimo_graph::picture::boxes::{Drawn, DrawnCall, draw};
use mimo_graph::picture::svg;
use mimo_graph::shape::Shape;

use super::context::Context;
use super::docs::number;

/// More calls than a picture on a page shows readably; laying them out would take time in every build, too.
const MOST_CALLS: usize = 60;

/// Colours by the variables of rustdoc's themes. Classes of a page are everybody's, so each rule is within the picture.
const STYLE: &str = "\
.mimo-graph text{font-family:sans-serif;fill:var(--main-color,#1a1c1f)}.mimo-graph .strong{font-weight:bold}\
.mimo-graph .dim{opacity:.75}\
.mimo-graph .halo{stroke:var(--main-background-color,#fff);stroke-width:3px;paint-order:stroke}\
.mimo-graph .edge{stroke:#7d8793}.mimo-graph .head{fill:#7d8793}\
.mimo-graph rect{fill-opacity:.12;fill:#9aa3ad;stroke:#9aa3ad}\
.mimo-graph .input{fill:#0072b2;stroke:#0072b2}.mimo-graph .output{fill:#d55e00;stroke:#d55e00}\
.mimo-graph .nested{fill:#7b5ea7;stroke:#7b5ea7}";

/// The element of the page; `None` for a model that is too large.
pub(super) fn graph(cx: &Context<'_>) -> Option<String> {
    if cx.live.len() > MOST_CALLS {
        return None;
    }
    let ((wide, high), canvas) = draw(&drawn(cx));
    let [wide, high] = [wide, high].map(svg::Number);
    // A line of Markdown that is empty would end the element.
    Some(format!(
        "<div style=\"overflow-x:auto\">\n<svg class=\"mimo-graph\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {wide} {high}\" \
         width=\"{wide}\" role=\"img\" aria-label=\"Graph of {}\">\n<style>{STYLE}</style>\n{}</svg>\n</div>",
        cx.model, canvas.body
    ))
}

fn drawn(cx: &Context<'_>) -> Drawn {
    let graph = cx.graph;
    let consts = &graph.consts;
    let length = |length: &Dim| length.display(consts).to_string();
    let constant = |value: &Number| match value {
        Number::Known(value) => value.to_string(),
        Number::Constant(id) => Dim::constant(*id).display(consts).to_string(),
    };
    let shape = |shape: &Shape| match &shape.0[..] {
        [] => "scalar".to_owned(),
        lengths => lengths.iter().map(length).collect::<Vec<_>>().join(" × "),
    };
    let elements = |layers: &mut dyn Iterator<Item = usize>| {
        let layers = layers.filter_map(|layer| graph.layers.get(layer));
        layers
            .flat_map(|layer| &layer.weights)
            .fold(Dim::Known(0), |sum, weight| sum + weight.shape.elements())
    };
    let parameters = |layers: &mut dyn Iterator<Item = usize>, is_frozen: bool| match elements(layers) {
        Dim::Known(0) => String::new(),
        count => format!("{} parameters{}", number(cx, &count), if is_frozen { ", frozen" } else { "" }),
    };
    let tensors = |ids: &[TensorId]| ids.iter().map(|id| id.index()).collect();
    let call = |node: &mimo_graph::graph::Node| {
        let layer = graph.layer(node.layer);
        DrawnCall {
            layer: node.layer.index(),
            name: layer.name.clone(),
            about: layer.item.short(&length, &constant),
            parameters: parameters(&mut std::iter::once(node.layer.index()), !layer.trainable),
            model: layer.group.map(|group| group.index()),
            inputs: tensors(&node.inputs),
            outputs: tensors(&node.outputs),
        }
    };
    let models = graph.groups.iter().enumerate().map(|(index, group)| {
        let is_inside =
            |layer: &usize| graph.layers[*layer].group.is_some_and(|group| group.index() == index);
        let inside = || (0..graph.layers.len()).filter(is_inside);
        let is_frozen = inside().next().is_some_and(|layer| !graph.layers[layer].trainable);
        [group.name.clone(), group.class.clone(), parameters(&mut inside(), is_frozen)]
    });
    let loss = |output: usize| {
        let training = graph.compile.as_ref()?.outputs.get(output)?;
        training.loss.map(|loss| loss.to_string())
    };
    Drawn {
        title: cx.model.to_string(),
        shapes: graph
            .tensors
            .iter()
            .map(|tensor| tensor.shape.as_ref().map(shape).unwrap_or_default())
            .collect(),
        inputs: graph.inputs.iter().map(|port| (port.name.clone(), port.tensor.index())).collect(),
        calls: cx.live_nodes().map(|(_, node)| call(node)).collect(),
        models: models.collect(),
        outputs: (graph.outputs.iter().enumerate())
            .map(|(index, port)| (port.name.clone(), port.tensor.index(), loss(index)))
            .collect(),
    }
}
