//! The model's graph as JSON, for tools that read files without the program that wrote them.

use mimo_graph::compile::written::{self, Part, Written};
use mimo_graph::describe::Literal;
use mimo_graph::optimizer::OptimizerSpec;
use mimo_graph::shape::Dtype;
use mimo_graph::spec::{GraphLayer, GraphSpec, ItemSpec, ModelSpec, Setting};
use serde_json::{Map, Value, json};

/// The graph and the compile settings of a model. The same model always gives the same text.
pub(super) fn to_json(graph: &GraphSpec, spec: &ModelSpec) -> String {
    let calls = graph.calls.iter();
    let calls = calls.map(|it| {
        json!({
            "layer": it.layer,
            "inputs": it.inputs,
            "keywords": it.keywords,
            "outputs": it.outputs,
            "steps": it.steps,
        })
    });
    let tensors = graph.tensors.iter().map(|it| {
        let dtype = match it.dtype {
            Dtype::Float => "float",
            Dtype::Int => "int",
        };
        json!({ "binding": it.binding, "shape": it.shape, "dtype": dtype })
    });
    let models = graph.models.iter().map(|it| json!({ "class": it.class, "name": it.name }));
    let inputs = graph.inputs.iter().map(|it| json!({ "name": it.name, "tensor": it.tensor }));
    let outputs = graph.outputs.iter().zip(spec.outputs).map(|(port, output)| {
        let metrics = output.metrics.iter();
        let metrics =
            metrics.map(|(name, it)| json!({ "name": name, "metric": called(&written::metric(*it)) }));
        json!({
            "name": port.name,
            "tensor": port.tensor,
            "loss": output.loss.map(|loss| called(&written::loss(loss, output.shape.len() + 1))),
            "weight": output.weight,
            "metrics": metrics.collect::<Vec<_>>(),
        })
    });
    let mut value = json!({
        "layers": graph.layers.iter().map(layer).collect::<Vec<_>>(),
        "calls": calls.collect::<Vec<_>>(),
        "tensors": tensors.collect::<Vec<_>>(),
        "models": models.collect::<Vec<_>>(),
        "inputs": inputs.collect::<Vec<_>>(),
        "outputs": outputs.collect::<Vec<_>>(),
    });
    match spec.optimizers {
        [] => value["optimizer"] = Value::Null,
        [OptimizerSpec { key: None, optimizer, .. }] => {
            value["optimizer"] = called(&written::optimizer(optimizer))
        }
        several => {
            let entry = |it: &OptimizerSpec| {
                let value =
                    json!({ "optimizer": called(&written::optimizer(&it.optimizer)), "layers": it.layers });
                (it.key.unwrap_or_default().to_owned(), value)
            };
            value["optimizers"] = Value::Object(several.iter().map(entry).collect());
        }
    }
    value.to_string()
}

fn layer(layer: &GraphLayer) -> Value {
    json!({
        "name": layer.name,
        "class": layer.item.class,
        "arguments": arguments(&layer.item),
        "trainable": layer.trainable,
        "model": layer.model,
        "whole": layer.whole,
        "parts": layer.parts,
        "weights": layer.weights,
    })
}

/// All arguments of an item, defaults included.
fn arguments(item: &ItemSpec) -> Value {
    item.arguments().map(|(name, value)| (name.to_owned(), setting(value))).collect::<Map<_, _>>().into()
}

fn setting(value: &Setting) -> Value {
    match value {
        Setting::None => Value::Null,
        Setting::Bool(value) => json!(value),
        Setting::Whole(value) => json!(value),
        Setting::Negative(value) => json!(value),
        Setting::Float(value) => json!(value),
        Setting::Text(value) => json!(value),
        Setting::List(values) => values.iter().map(setting).collect(),
        Setting::Item(item) => json!({ "class": item.class, "arguments": arguments(item) }),
    }
}

/// A loss, a metric or an optimizer by Keras's names.
fn called(call: &Written) -> Value {
    let arguments = call.arguments.iter().map(|(name, part)| {
        let value = match part {
            Part::Plain(value) => plain(value),
            Part::Call(inner) => called(inner),
        };
        ((*name).to_owned(), value)
    });
    json!({ "class": call.class, "arguments": arguments.collect::<Map<_, _>>() })
}

fn plain(value: &Literal) -> Value {
    match value {
        Literal::Bool(value) => json!(value),
        Literal::Int(value) => json!(value),
        Literal::Negative(value) => json!(value),
        Literal::Float(value) => json!(value),
        Literal::Text(value) => json!(value),
        Literal::Optional(value) => value.as_deref().map_or(Value::Null, plain),
        Literal::Array(values) | Literal::Slice(values) | Literal::List(values) => {
            values.iter().map(plain).collect()
        }
        // Arguments have no types of their own.
        _ => Value::Null,
    }
}
