//! From the description of a model to its ONNX graph, call by call.

use std::collections::BTreeMap;

use mimo_graph::dim::Dim;
use mimo_graph::layers::LayerKind;
use mimo_graph::remake;
use mimo_graph::shape::Dtype;
use mimo_graph::spec::graph::built::{GraphLayer, GraphPort, GraphTensor, LayerCall};

use super::context::{Call, Context, Id};
use super::encode::{MOST, encode};
use super::layers;
use super::model::{Axis, Element, Model};
use crate::description::Description;
use crate::error::Error;
use crate::weights::Weights;

/// The version of ONNX's operators: the first with which all that is written here means the same to all engines.
const OPSET: i64 = 20;
/// The version of the format that belongs to it.
const IR: i64 = 9;

/// The most values of a tensor for each sample: what a description declares is no reason to compute with more.
const MOST_VALUES: usize = 1 << 31;

/// The bytes of an ONNX file.
///
/// # Errors
/// The layer that has no form in ONNX, a weight that is missing or has another shape, or a model of more than 2 GiB.
pub fn export(description: &Description, weights: &Weights) -> Result<Vec<u8>, Error> {
    let model = to_model(description, weights)?;
    let bytes = encode(&model);
    if bytes.len() > MOST {
        return Err(Error::new(format!(
            "an ONNX file has at most {MOST} bytes, and this one would have {}",
            bytes.len()
        )));
    }
    Ok(bytes)
}

/// The same as a graph in memory.
///
/// # Errors
/// Those of [`export`].
pub fn to_model(description: &Description, weights: &Weights) -> Result<Model, Error> {
    let graph = &description.graph;
    let mut cx = Context::new(weights);
    let mut tensors: BTreeMap<usize, Id> = BTreeMap::new();
    for port in &graph.inputs {
        if tensors.contains_key(&port.tensor) {
            continue;
        }
        let (shape, dtype) = shape_of(&graph.tensors, port.tensor)?;
        let value = cx.out.input(&port.name, element(dtype), axes(&shape));
        cx.set_batch(&value);
        tensors.insert(port.tensor, cx.give(value, &shape, dtype, true));
    }
    let names: Vec<String> = graph.outputs.iter().map(|port| cx.out.reserve(&port.name)).collect();
    for call in &graph.calls {
        let layer = graph.layers.get(call.layer).ok_or_else(|| Error::new("a layer is missing"))?;
        let within = |error: Error| error.within(format!("layer `{}` ({})", layer.name, layer.item.class));
        let kind = remake::layer(&graph.layers, call.layer).map_err(|reason| within(Error::new(reason)))?;
        cx.out.enter(&layer.name);
        let outputs = write_call(&mut cx, kind, layer, call, &graph.tensors, &tensors).map_err(within)?;
        tensors.extend(call.outputs.iter().copied().zip(outputs));
    }
    cx.out.enter("");
    let inputs = signature(&graph.inputs, &graph.tensors)?;
    let mut outputs = vec![];
    for (name, port) in names.into_iter().zip(&graph.outputs) {
        let (shape, dtype) = shape_of(&graph.tensors, port.tensor)?;
        let id = tensors
            .get(&port.tensor)
            .ok_or_else(|| Error::new(format!("nothing computes `{}`", port.name)))?;
        let value = cx.each(*id)?;
        outputs.push(line(&name, &shape, dtype));
        cx.out.output(name, &value, element(dtype), axes(&shape));
    }
    cx.give_states();
    let metadata = [
        ("mimo.model", description.name.clone()),
        ("mimo.inputs", inputs.join("\n")),
        ("mimo.outputs", outputs.join("\n")),
    ];
    Ok(Model {
        ir_version: IR,
        opsets: BTreeMap::from([(String::new(), OPSET)]),
        producer: ["mimo".into(), env!("CARGO_PKG_VERSION").into()],
        doc: String::new(),
        graph: cx.out.finish(&description.name),
        metadata: metadata.into_iter().map(|(key, text)| (key.to_owned(), text)).collect(),
    })
}

fn signature(ports: &[GraphPort], tensors: &[GraphTensor]) -> Result<Vec<String>, Error> {
    let of = |port: &GraphPort| {
        shape_of(tensors, port.tensor).map(|(shape, dtype)| line(&port.name, &shape, dtype))
    };
    ports.iter().map(of).collect()
}

fn line(name: &str, shape: &[usize], dtype: Dtype) -> String {
    let dtype = match dtype {
        Dtype::Float => "float32",
        Dtype::Int => "int64",
    };
    format!("{name}: {dtype} {shape:?}")
}

fn shape_of(tensors: &[GraphTensor], at: usize) -> Result<(Vec<usize>, Dtype), Error> {
    let tensor = tensors.get(at).ok_or_else(|| Error::new(format!("there is no tensor {at}")))?;
    let shape = tensor.shape.iter().map(Dim::known).collect::<Option<Vec<_>>>();
    let shape = shape.ok_or_else(|| Error::new("a length is not known"))?;
    let values = shape.iter().try_fold(1_usize, |product, &len| product.checked_mul(len));
    match values {
        Some(0..=MOST_VALUES) => Ok((shape, tensor.dtype)),
        _ => Err(Error::new(format!(
            "the tensor {at} would have the shape {shape:?}: {MOST_VALUES} values are the most"
        ))),
    }
}

fn element(dtype: Dtype) -> Element {
    match dtype {
        Dtype::Float => Element::F32,
        Dtype::Int => Element::I64,
    }
}

/// The axes of an input or an output: the batch, and those of a sample.
pub(super) fn axes(shape: &[usize]) -> Vec<Axis> {
    [Axis::Free("batch".into())].into_iter().chain(shape.iter().map(|&len| Axis::Length(len))).collect()
}

fn write_call(
    cx: &mut Context<'_>,
    kind: LayerKind,
    layer: &GraphLayer,
    call: &LayerCall,
    all: &[GraphTensor],
    known: &BTreeMap<usize, Id>,
) -> Result<Vec<Id>, Error> {
    // Settings of calls stand behind the keywords of tensors.
    let is_setting = |keyword: &&String| kind.called_with(keyword, true).is_some();
    let roles: Vec<&String> = call.keywords.iter().filter(|it| !is_setting(it)).collect();
    let mut called = kind.clone();
    for setting in call.keywords.iter().filter(is_setting) {
        called = called.called_with(setting, true).unwrap_or(called);
    }
    // Axes of steps are part of the batch.
    let (core, wrappers) = called.core();
    let steps = match joins(core) {
        true => 0,
        false => wrappers + call.steps,
    };
    let mut ids = vec![];
    for tensor in &call.inputs {
        let id = known.get(tensor).ok_or_else(|| Error::new("a tensor is read before it is computed"))?;
        ids.push(cx.folded(*id, steps)?);
    }
    let by_place = ids.len().checked_sub(roles.len()).ok_or_else(|| Error::new("a keyword has no tensor"))?;
    let named = ids.split_off(by_place);
    let outer: Vec<_> = call.outputs.iter().map(|&tensor| shape_of(all, tensor)).collect::<Result<_, _>>()?;
    // What reads nothing is one for all steps.
    let hidden = if call.inputs.is_empty() { 0 } else { steps };
    let inner = outer.iter().map(|(shape, dtype)| {
        let inner = shape.get(hidden..).ok_or_else(|| Error::new("an output has fewer axes than steps"))?;
        Ok((inner.to_vec(), *dtype))
    });
    let view = Call {
        name: &layer.name,
        weights: &layer.weights,
        inputs: ids,
        named: roles.into_iter().map(String::as_str).zip(named).collect(),
        outputs: inner.collect::<Result<_, Error>>()?,
    };
    if steps > 0 && called.is_stateful() {
        return Err(Error::new("a `stateful` layer within `TimeDistributed` has no form in ONNX"));
    }
    let outputs = layers::write(cx, &called, &view)?;
    if hidden == 0 {
        return Ok(outputs);
    }
    outputs.into_iter().zip(outer).map(|(id, (shape, _))| cx.unfolded(id, steps, &shape)).collect()
}

/// Whether a layer joins values position by position, so that steps need not be apart: the last axis is the same.
fn joins(kind: &LayerKind) -> bool {
    matches!(
        kind,
        LayerKind::Bidirectional(_)
            | LayerKind::Dense(_)
            | LayerKind::Activation(_)
            | LayerKind::Embedding(_)
    )
}
