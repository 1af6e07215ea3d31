//! A model as its files of weights describe it: the graph, and how the model is compiled.

use std::collections::BTreeMap;

use mimo_graph::description;
use mimo_graph::dim::Dim;
use mimo_graph::graph::Graph;
use mimo_graph::item::{Item, Kind, Module};
use mimo_graph::language::{find, items};
use mimo_graph::operation::Number;
use mimo_graph::shape::Dtype;
use mimo_graph::spec::data::Data;
use mimo_graph::spec::graph::built::{
    Argument, GraphLayer, GraphPort, GraphSpec, GraphTensor, ItemSpec, LayerCall, NestedModel, Setting,
};
use serde_json::{Map, Value};

use crate::error::Error;

/// A model with its compile settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Description {
    /// The struct's name.
    pub name: String,
    /// Layers with their arguments, calls and tensors. All lengths and numbers are known.
    pub graph: GraphSpec,
    /// Loss, weight and metrics by output, in the order of `graph.outputs`, as the file has them: by Keras's classes and arguments.
    pub outputs: Vec<Value>,
    /// Optimizers as the file has them, by key; one without a key has an empty one.
    pub optimizers: Vec<(String, Value)>,
}

impl Description {
    /// The description in the metadata of a file of weights.
    pub fn of_metadata(metadata: &BTreeMap<String, String>) -> Result<Self, Error> {
        let missing = || {
            Error::new(
                "the file has no description of its model; files that `save_weights` of a whole model writes have one",
            )
        };
        let text = metadata.get("graph").ok_or_else(missing)?;
        let json: Value =
            serde_json::from_str(text).map_err(|error| Error::new(error.to_string()).within("graph"))?;
        let name = metadata.get("model").cloned().unwrap_or_else(|| "Model".into());
        Description::of_json(name, &json).map_err(|error| error.within("graph"))
    }

    /// The description of a model that was built without errors, as a program of its source would write it.
    pub(crate) fn of_graph(graph: &Graph) -> Result<Self, Error> {
        Description::of_json(graph.name.clone(), &json_of(description::of_graph(graph)))
    }

    fn of_json(name: String, json: &Value) -> Result<Self, Error> {
        let graph = GraphSpec {
            layers: each(json, "layers", layer)?,
            calls: each(json, "calls", call)?,
            tensors: each(json, "tensors", tensor)?,
            models: each(json, "models", |it| {
                Ok(NestedModel { class: text(it, "class")?, name: text(it, "name")? })
            })?,
            inputs: each(json, "inputs", port)?,
            outputs: each(json, "outputs", port)?,
        };
        let outputs = list(json, "outputs")?.to_vec();
        let one = json.get("optimizer").filter(|it| !it.is_null()).map(|it| (String::new(), it.clone()));
        let several = json.get("optimizers").and_then(Value::as_object).into_iter().flatten();
        let several = several.map(|(key, it)| (key.clone(), it.get("optimizer").unwrap_or(it).clone()));
        let description =
            Description { name, graph, outputs, optimizers: one.into_iter().chain(several).collect() };
        description.check()?;
        Ok(description)
    }

    /// Indices are those of something, and every tensor is known before a call reads it.
    fn check(&self) -> Result<(), Error> {
        let GraphSpec { layers, calls, tensors, models, inputs, outputs } = &self.graph;
        let wrong = |what: &str, at: usize| Err(Error::new(format!("there is no {what} {at}")));
        for layer in layers {
            let of_layers = layer.whole.iter().chain(&layer.parts);
            for &at in of_layers {
                if at >= layers.len() {
                    return wrong("layer", at);
                }
            }
            if let Some(model) = layer.model
                && model >= models.len()
            {
                return wrong("nested model", model);
            }
        }
        let mut known = vec![false; tensors.len()];
        let mut make = |at: usize| known.get_mut(at).map(|it| *it = true);
        for port in inputs {
            if make(port.tensor).is_none() {
                return wrong("tensor", port.tensor);
            }
        }
        for call in calls {
            if call.layer >= layers.len() {
                return wrong("layer", call.layer);
            }
            if call.outputs.iter().any(|&at| at >= tensors.len()) {
                return Err(Error::new("a call outputs a tensor that there is not"));
            }
        }
        for call in calls {
            if let Some(&at) = call.inputs.iter().find(|&&at| !known.get(at).copied().unwrap_or_default()) {
                return wrong("value for tensor", at);
            }
            for &at in &call.outputs {
                if let Some(it) = known.get_mut(at) {
                    *it = true;
                }
            }
        }
        for call in calls {
            if let Some(layer) = layers.get(call.layer) {
                has_operands(layer, call).map_err(|error| {
                    error.within(format!("layer `{}` ({})", layer.name, layer.item.class))
                })?;
            }
        }
        match outputs.iter().find(|port| !known.get(port.tensor).copied().unwrap_or_default()) {
            Some(port) => wrong("value for tensor", port.tensor),
            None => Ok(()),
        }
    }
}

/// The metadata of a file of weights of this model.
pub(crate) fn metadata(graph: &Graph) -> BTreeMap<String, String> {
    let description = json_of(description::of_graph(graph)).to_string();
    let entries = [
        ("format", "mimo".to_owned()),
        ("version", description::VERSION.to_owned()),
        ("model", graph.name.clone()),
        ("graph", description),
    ];
    entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn json_of(data: Data) -> Value {
    match data {
        Data::Null => Value::Null,
        Data::Bool(value) => value.into(),
        Data::Int(value) => value.into(),
        Data::Negative(value) => value.into(),
        Data::Float(value) => value.into(),
        Data::Text(value) => value.into(),
        Data::List(values) => values.into_iter().map(json_of).collect(),
        Data::Map(entries) => entries.into_iter().map(|(key, it)| (key, json_of(it))).collect(),
    }
}

/// An operation reads as many tensors as its arguments are not numbers. Files of earlier versions lack the numbers of operators.
fn has_operands(layer: &GraphLayer, call: &LayerCall) -> Result<(), Error> {
    let Some(item) = find(Module::Operations, layer.item.class) else { return Ok(()) };
    if !layer.item.class.starts_with(char::is_lowercase) {
        return Ok(());
    }
    let (mut needed, mut possible, mut is_list) = (0, 0, false);
    for argument in item.arguments() {
        let is_tensor = matches!(layer.item.argument(argument.name), None | Some(Setting::None));
        match argument.kind {
            Kind::Tensors if is_tensor => {
                needed += usize::from(argument.is_required());
                possible += 1;
            }
            Kind::TensorList => is_list = true,
            _ => {}
        }
    }
    let found = call.inputs.len();
    match is_list || (needed..=possible).contains(&found) {
        true => Ok(()),
        false => Err(Error::new(format!(
            "the operation reads {needed} tensors, and the call has {found}: the file was written by an earlier version of mimo, whose files lack the numbers of operators; save the weights again"
        ))),
    }
}

fn layer(json: &Value) -> Result<GraphLayer, Error> {
    let name = text(json, "name")?;
    let class = text(json, "class")?;
    // `add` is an operation, and the function of the layer `Add`.
    let item = by_class(&class)
        .or_else(|| find(Module::Layers, &class))
        .or_else(|| find(Module::Operations, &class));
    let item = match item {
        Some(item) => of_item(item, json.get("arguments"))?,
        None => {
            let reason = format!("`{class}` is not a layer of this version of mimo");
            return Err(Error::new(reason).within(format!("layer `{name}`")));
        }
    };
    let trainable = json.get("trainable").and_then(Value::as_bool).unwrap_or(true);
    let index = |key: &str| json.get(key).and_then(Value::as_u64).and_then(|at| usize::try_from(at).ok());
    Ok(GraphLayer {
        item,
        trainable,
        model: index("model"),
        whole: index("whole"),
        parts: indices(json, "parts")?,
        weights: texts(json, "weights")?,
        name,
    })
}

/// A layer by the class that the graph calls it by.
fn by_class(class: &str) -> Option<&'static Item> {
    let mut items = items(Module::Layers).into_iter().chain(items(Module::Operations));
    items.find(|item| item.class == class)
}

fn of_item(item: &'static Item, json: Option<&Value>) -> Result<ItemSpec, Error> {
    let given = json.and_then(Value::as_object);
    let arguments = item.arguments().filter_map(|argument| {
        let value = given?.get(argument.name)?;
        Some(setting(argument.kind, value).map(|value| Argument { name: argument.name, value }))
    });
    // The file has every argument, so the defaults are those of the program that wrote it.
    Ok(ItemSpec { class: item.class, given: Vec::new(), defaults: arguments.collect::<Result<_, _>>()? })
}

fn setting(kind: Kind, json: &Value) -> Result<Setting, Error> {
    Ok(match json {
        Value::Null => Setting::None,
        Value::Bool(value) => Setting::Bool(*value),
        Value::String(text) => Setting::Text(text.clone()),
        Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
            (Some(value), ..) => Setting::Whole(Dim::from(usize::try_from(value).unwrap_or(usize::MAX))),
            (_, Some(value), _) => Setting::Negative(value),
            (.., value) => Setting::Float(Number::Known(value.unwrap_or(f64::NAN))),
        },
        Value::Array(values) => {
            Setting::List(values.iter().map(|value| setting(kind, value)).collect::<Result<_, _>>()?)
        }
        Value::Object(object) => Setting::Item(nested(kind, object)?),
    })
}

/// An activation, an initializer, a layer: an argument with arguments.
fn nested(kind: Kind, object: &Map<String, Value>) -> Result<ItemSpec, Error> {
    let class = object.get("class").and_then(Value::as_str).unwrap_or_default();
    let modules = match kind {
        Kind::Item(module) => vec![module],
        _ => vec![Module::Layers],
    };
    let mut all = modules.into_iter().flat_map(items);
    match all.find(|item| item.class == class || item.names.contains(&class)) {
        Some(item) => of_item(item, object.get("arguments")),
        None => Err(Error::new(format!("`{class}` is nothing that this version of mimo knows"))),
    }
}

fn call(json: &Value) -> Result<LayerCall, Error> {
    Ok(LayerCall {
        layer: index(json, "layer")?,
        inputs: indices(json, "inputs")?,
        keywords: texts(json, "keywords")?,
        outputs: indices(json, "outputs")?,
        steps: index(json, "steps")?,
    })
}

fn tensor(json: &Value) -> Result<GraphTensor, Error> {
    let binding = json.get("binding").and_then(Value::as_str).map(Into::into);
    let dtype = match json.get("dtype").and_then(Value::as_str) {
        Some("int") => Dtype::Int,
        _ => Dtype::Float,
    };
    let shape = indices(json, "shape")?.into_iter().map(Dim::from).collect();
    Ok(GraphTensor { binding, shape, dtype })
}

fn port(json: &Value) -> Result<GraphPort, Error> {
    Ok(GraphPort { name: text(json, "name")?, tensor: index(json, "tensor")? })
}

fn missing(key: &str) -> Error {
    Error::new(format!("`{key}` is missing, or is not what it should be"))
}

fn text(json: &Value, key: &str) -> Result<String, Error> {
    json.get(key).and_then(Value::as_str).map(Into::into).ok_or_else(|| missing(key))
}

fn index(json: &Value, key: &str) -> Result<usize, Error> {
    let value = json.get(key).and_then(Value::as_u64);
    value.and_then(|value| usize::try_from(value).ok()).ok_or_else(|| missing(key))
}

fn list<'a>(json: &'a Value, key: &str) -> Result<&'a [Value], Error> {
    json.get(key).and_then(Value::as_array).map(Vec::as_slice).ok_or_else(|| missing(key))
}

fn each<T>(json: &Value, key: &str, read: impl Fn(&Value) -> Result<T, Error>) -> Result<Vec<T>, Error> {
    let all = list(json, key)?.iter().zip(0..);
    all.map(|(it, at)| read(it).map_err(|error| error.within(format!("{key}[{at}]")))).collect()
}

fn indices(json: &Value, key: &str) -> Result<Vec<usize>, Error> {
    let one = |it: &Value| it.as_u64().and_then(|it| usize::try_from(it).ok()).ok_or_else(|| missing(key));
    list(json, key)?.iter().map(one).collect()
}

fn texts(json: &Value, key: &str) -> Result<Vec<String>, Error> {
    list(json, key)?.iter().map(|it| it.as_str().map(Into::into).ok_or_else(|| missing(key))).collect()
}
