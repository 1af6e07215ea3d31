//! Warnings about models that run but are probably not meant. (`check` reports unused declarations; weights and
//! learning rates are checked where they are read.)

use crate::code::Code;
use crate::context::Cx;
use crate::diag::Diag;
use crate::graph::{Graph, Layer, Node, TensorId};
use crate::layers::LayerKind;
use crate::layers::layer::{Effect, Reads};
use crate::layers::named_axes::NamedAxes;
use crate::shape::Shape;
use crate::summary::thousands;
use crate::trail::{call_of, shown_name, step, trail};

mod masks;

/// A flattened image is only worth a warning if the layer that reads it has more weights than this: a smaller model
/// is fine in any case.
const LARGE: usize = 100_000;

/// It must also have more than this percentage of the model's weights.
const SHARE: usize = 90;

/// Reports all warnings of this file.
pub(crate) fn all(graph: &Graph, cx: &mut Cx<'_>) {
    large_flatten(graph, cx);
    dropout_after_head(graph, cx);
    normalization_of_one_value(graph, cx);
    masks::lost_mask(graph, cx);
    weight_with_batch_axis(graph, cx);
    nothing_trained(graph, cx);
}

/// Number of weights of a layer, if it is known.
fn size(layer: &Layer) -> Option<usize> {
    layer.weights.iter().try_fold(0_usize, |sum, weight| sum.checked_add(weight.shape.elements().known()?))
}

/// Warns about a `Dense` on a flattened image with nearly all weights of a model: a pooling needs far fewer. Images
/// that are inputs are meant to be read pixel by pixel.
fn large_flatten(graph: &Graph, cx: &mut Cx<'_>) {
    let Some(total) = graph.layers.iter().map(size).try_fold(0_usize, |sum, own| sum.checked_add(own?))
    else {
        return;
    };
    for node in &graph.nodes {
        let layer = graph.layer(node.layer);
        // Layers that read sequences or images share their weights between positions.
        let (Effect::Learned, Reads::Any, Some(own)) = (layer.kind.effect(), layer.kind.reads(), size(layer))
        else {
            continue;
        };
        let Some((flat, shape)) = flattened(graph, node) else { continue };
        if own < LARGE || own.saturating_mul(100) <= total.saturating_mul(SHARE) {
            continue;
        }
        let shown = shape.display(&graph.consts).to_string();
        let message = format!(
            "this `{}` holds {} of the model's {} weights, because it reads all values of a flattened {shown}",
            layer.kind.class_name(),
            thousands(own),
            thousands(total)
        );
        let axes = shape.rank() - 1;
        let left = shape.last().and_then(|channels| channels.known()).unwrap_or_default();
        let diag = Diag::warning(Code::LargeFlatten, node.loc, message)
            .help(format!(
                "write `GlobalAveragePooling{axes}D()` instead of `Flatten()`, which leaves {left} values"
            ))
            .help(format!(
                "or a `MaxPooling{axes}D(2)` before it, which leaves every {}",
                ["second", "fourth"][usize::from(axes > 1)]
            ))
            .help("`#[allow(mimo::large_flatten)]` if it is meant");
        cx.error(match trail(graph, flat) {
            Some(trail) => diag.note(trail),
            None => diag,
        });
    }
}

/// The flattened tensor that a call reads, through layers that keep its values, and the shape before it was
/// flattened, if that is a sequence or an image computed by layers.
fn flattened<'g>(graph: &'g Graph, node: &Node) -> Option<(TensorId, &'g Shape)> {
    let mut at = *node.inputs.first()?;
    loop {
        let (layer, inputs) = call_of(graph, at)?;
        let (core, 0) = graph.layer(layer).kind.core() else { return None };
        match core.effect() {
            Effect::Flattened => {
                let image = step(graph, layer, inputs)?;
                let shape =
                    graph.tensor(image).shape.as_ref().filter(|shape| (2..=3).contains(&shape.rank()))?;
                return is_made(graph, image).then_some((at, shape));
            }
            Effect::Noise | Effect::Mapped | Effect::Normalized => at = step(graph, layer, inputs)?,
            Effect::Learned
            | Effect::LookedUp
            | Effect::Rearranged
            | Effect::Resampled
            | Effect::Joined
            | Effect::Drawn => {
                return None;
            }
        }
    }
}

/// Whether a tensor depends on a layer that slides over images or reads sequences.
fn is_made(graph: &Graph, tensor: TensorId) -> bool {
    let mut at = tensor;
    while let Some((layer, inputs)) = call_of(graph, at) {
        let (core, _) = graph.layer(layer).kind.core();
        match (core.effect(), core.reads()) {
            (Effect::Learned, Reads::Channels | Reads::Sequence) | (Effect::Joined, _) => return true,
            _ => {}
        }
        match step(graph, layer, inputs) {
            Some(before) => at = before,
            None => return true,
        }
    }
    false
}

/// Warns about a `Dropout` or noise between the last layer with weights and an output with a loss: it changes
/// predictions while training, and no layer can adapt to it. A tensor with other readers is not an end.
fn dropout_after_head(graph: &Graph, cx: &mut Cx<'_>) {
    // An output without a loss may be there for other models.
    let Some(compile) = &graph.compile else { return };
    let trained = graph.outputs.iter().zip(&compile.outputs).filter(|(_, training)| training.loss.is_some());
    for (output, _) in trained {
        let mut at = output.tensor;
        let mut noise = None;
        while let Some((layer, inputs)) = call_of(graph, at) {
            let kind = &graph.layer(layer).kind;
            let readers = graph.nodes.iter().filter(|node| node.inputs.contains(&at)).count();
            let (core, _) = kind.core();
            if matches!(core.effect(), Effect::Learned | Effect::Normalized) {
                if let Some((class, loc)) = noise {
                    let head = kind.class_name();
                    let message = format!(
                        "`{class}` stands behind the last layer of the output `{}`, and changes what it predicts while training",
                        output.name
                    );
                    let name = inputs.first().map(|&input| shown_name(graph, input)).unwrap_or_default();
                    cx.error(
                        Diag::warning(Code::DropoutAfterHead, loc, message)
                            .help(format!("call it before the `{head}`, on `{name}`, or remove it")),
                    );
                }
                break;
            }
            // The output itself has no reader; the tensors before it are read by the next call.
            if readers > usize::from(at != output.tensor) {
                break;
            }
            match core.effect() {
                Effect::Noise => {
                    let call = graph.tensor(at).producer.map(|node| graph.node(node).loc);
                    noise = call.map(|loc| (kind.class_name(), loc));
                }
                Effect::Mapped | Effect::Flattened | Effect::Rearranged => {}
                Effect::Learned
                | Effect::Normalized
                | Effect::LookedUp
                | Effect::Resampled
                | Effect::Joined
                | Effect::Drawn => break,
            }
            let Some(before) = step(graph, layer, inputs) else { break };
            at = before;
        }
    }
}

/// Warns about a normalization with statistics of a single value: only a sign remains, or nothing.
fn normalization_of_one_value(graph: &Graph, cx: &mut Cx<'_>) {
    for node in &graph.nodes {
        let kind = graph.kind(node);
        let Some(&input) = node.inputs.first() else { continue };
        let Some(shape) = graph.tensor(input).shape.as_ref() else { continue };
        let over = |axes: &NamedAxes| {
            axes.of_sample(shape.rank())?;
            axes.lengths(shape).elements().known()
        };
        let (values, left) = match kind {
            LayerKind::LayerNormalization(layer) => (over(&layer.axis), "0"),
            LayerKind::GroupNormalization(layer) => (layer.values_of_a_group(shape), "0"),
            LayerKind::RmsNormalization(layer) => (over(&layer.axis), "1 or -1"),
            LayerKind::UnitNormalization(layer) => (over(&layer.axis), "1 or -1"),
            _ => continue,
        };
        if values != Some(1) {
            continue;
        }
        let (class, name) = (kind.class_name(), shown_name(graph, input));
        let message = format!(
            "`{class}` normalizes each value of `{name}` by itself, so that all of them become {left}"
        );
        cx.error(
            Diag::warning(Code::NormalizationOfOneValue, node.loc, message)
                .help(
                    "write `BatchNormalization()`, which normalizes each value over the samples of the batch",
                )
                .help("or normalize over axes with more than one value"),
        );
    }
}

/// Warns about a `Weight` with an axis of length 1 before those of the sample that it is combined with: Keras counts
/// the batch in the shape of a tensor, but here the result has one more axis than the sample.
fn weight_with_batch_axis(graph: &Graph, cx: &mut Cx<'_>) {
    for node in graph.nodes.iter().filter(|node| node.inputs.len() > 1) {
        if graph.kind(node).reads() != Reads::Broadcast {
            continue;
        }
        let weight_of = |tensor: TensorId| {
            let layer = graph.node(graph.tensor(tensor).producer?).layer;
            let LayerKind::WeightTensor(weight) = &graph.layer(layer).kind else { return None };
            Some(&weight.shape)
        };
        let Some((weight, shape)) = node.inputs.iter().find_map(|&input| Some((input, weight_of(input)?)))
        else {
            continue;
        };
        let others = node.inputs.iter().filter(|&&input| weight_of(input).is_none());
        let shapes = others.filter_map(|&input| Some((input, graph.tensor(input).shape.as_ref()?)));
        let Some((other, sample)) = shapes.max_by_key(|(_, shape)| shape.rank()) else { continue };
        let (Some((first, rest)), true) = (shape.0.split_first(), shape.rank() == sample.rank() + 1) else {
            continue;
        };
        if first.known() != Some(1) || sample.rank() == 0 {
            continue;
        }
        let (w, x) = (shown_name(graph, weight), shown_name(graph, other));
        let (all, inner) = (shape.display(&graph.consts).to_string(), Shape(rest.to_vec()));
        let message = format!(
            "`{w}` is {all} and `{x}` is {}, so that the result has one axis more than `{x}`",
            sample.display(&graph.consts)
        );
        cx.error(
            Diag::warning(Code::WeightWithBatchAxis, node.loc, message)
                .help(format!(
                    "write `Weight({})`: a `Weight` has the axes of a sample, without the batch",
                    inner.display(&graph.consts)
                ))
                .help("`#[allow(mimo::weight_with_batch_axis)]` if the axis is meant"),
        );
    }
}

/// Warns about a model with losses and an optimizer but without trained weights.
fn nothing_trained(graph: &Graph, cx: &mut Cx<'_>) {
    let Some(compile) = &graph.compile else { return };
    let trains =
        |layer: &Layer| layer.trainable && layer.weights.iter().any(|weight| weight.options.trainable);
    if graph.layers.iter().any(trains) || !compile.outputs.iter().any(|output| output.loss.is_some()) {
        return;
    }
    let Some(output) =
        graph.outputs.iter().zip(&compile.outputs).find(|(_, training)| training.loss.is_some())
    else {
        return;
    };
    let has_weights = graph.layers.iter().any(|layer| !layer.weights.is_empty());
    let message = match has_weights {
        true => "no weight of this model is trained, so that training changes nothing",
        false => "this model has no weights, so that training changes nothing",
    };
    let diag = Diag::warning(Code::NothingTrained, output.0.loc, message);
    let diag = match has_weights {
        true => diag.help("leave `trainable = false` out at one of the layers"),
        false => diag.help("add a layer with weights, such as `Dense(1)`"),
    };
    cx.error(diag.help("`#[allow(mimo::nothing_trained)]` if the model is only evaluated"));
}
