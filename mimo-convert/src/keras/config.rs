//! Keras's configurations of models, of Keras 3 and Keras 2, as one form: layers, and the calls of each with their tensors.

use serde_json::{Map, Value as Json};

use crate::error::Error;
use crate::keras::legacy;

/// Longest accepted chain of models in models.
const DEPTH: usize = 16;

/// A model.
#[derive(Clone, Debug)]
pub struct Model {
    /// Keras's name.
    pub name: String,
    /// Whether training changes its weights.
    pub trainable: bool,
    /// Its layers, in Keras's order.
    pub layers: Vec<Layer>,
    /// The tensors of its inputs.
    pub inputs: Vec<Output>,
    /// The tensors of its outputs.
    pub outputs: Vec<Output>,
}

/// An input or an output of a model.
#[derive(Clone, Debug)]
pub struct Output {
    /// Its key, if inputs or outputs are a dictionary.
    pub key: Option<String>,
    /// The tensor.
    pub tensor: Tensor,
}

/// A layer or an operation.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Its class.
    pub class: String,
    /// Its name.
    pub name: String,
    /// Its arguments.
    pub config: Map<String, Json>,
    /// Whether it is an operation of `keras.ops`, whose class may be called as a layer is.
    pub is_operation: bool,
    /// The model, if the layer is one.
    pub model: Option<Box<Model>>,
    /// The shape with which the layer was built; Keras 2's `batch_input_shape` of first layers too.
    pub calls: Vec<Call>,
}

/// A call of a layer.
#[derive(Clone, Debug, Default)]
pub struct Call {
    /// By position.
    pub args: Vec<Operand>,
    /// By keyword.
    pub keywords: Vec<(String, Operand)>,
    /// Whether Keras 3 wrote it: the masks that it reads are among the keywords.
    pub has_masks: bool,
}

/// An argument of a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// An output of a call.
    Tensor(Tensor),
    /// Several.
    List(Vec<Operand>),
    /// `start:stop:step`
    Slice([Option<i64>; 3]),
    /// A slice whose bounds are not integers.
    Other(String),
    /// A number, a word, or another value.
    Value(Json),
}

/// A tensor: an output of a call of a layer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tensor {
    /// The layer's name.
    pub layer: String,
    /// Which of its calls.
    pub call: usize,
    /// Which output of the call.
    pub output: usize,
}

impl Operand {
    /// Changes every tensor in it.
    pub fn for_each_tensor(&mut self, change: &mut impl FnMut(&mut Tensor)) {
        match self {
            Operand::Tensor(tensor) => change(tensor),
            Operand::List(items) => items.iter_mut().for_each(|item| item.for_each_tensor(change)),
            Operand::Slice(_) | Operand::Other(_) | Operand::Value(_) => {}
        }
    }

    /// The tensors in it.
    pub fn tensors(&self) -> Vec<&Tensor> {
        match self {
            Operand::Tensor(tensor) => vec![tensor],
            Operand::List(items) => items.iter().flat_map(Operand::tensors).collect(),
            Operand::Slice(_) | Operand::Other(_) | Operand::Value(_) => vec![],
        }
    }
}

impl Call {
    /// The tensors that the call reads.
    pub fn tensors(&self) -> Vec<&Tensor> {
        let by_keyword = self.keywords.iter().map(|(_, operand)| operand);
        self.args.iter().chain(by_keyword).flat_map(Operand::tensors).collect()
    }
}

/// The model of a configuration, as `to_json()` and files have it.
pub fn model(json: &Json) -> Result<Model, Error> {
    of_json(json, 0)
}

/// Whether a class is a model.
pub fn is_model(class: &str, config: &Map<String, Json>) -> bool {
    match class {
        "Functional" | "Sequential" => true,
        // Subclasses have no layers in their configurations.
        "Model" => config.contains_key("layers"),
        _ => config.get("layers").is_some_and(Json::is_array) && config.contains_key("output_layers"),
    }
}

fn of_json(json: &Json, depth: usize) -> Result<Model, Error> {
    if depth > DEPTH {
        return Err(Error::new(format!("more than {DEPTH} models are nested in each other")));
    }
    let class = text(json, "class_name")?;
    let empty = Map::new();
    // Keras 2.1 has the layers of a `Sequential` as the configuration itself.
    let layers = json.get("config").and_then(Json::as_array);
    let config = match (json.get("config").and_then(Json::as_object), layers) {
        (Some(config), _) => config,
        (None, Some(_)) => &empty,
        (None, None) => return Err(Error::new("`config` is missing").within(format!("class `{class}`"))),
    };
    if layers.is_none() && !is_model(&class, config) {
        return Err(Error::new(format!(
            "the model is a `{}`, a class of its own, and its file does not say what its `call` computes: rebuild it as a functional model in Keras, or write it as a `model!` and load its weights with `--weights-for`",
            class.chars().take(60).collect::<String>()
        )));
    }
    let list = config.get("layers").and_then(Json::as_array).or(layers);
    let Some(list) = list else {
        return Err(Error::new("`layers` is missing").within(format!("class `{class}`")));
    };
    let name = config.get("name").and_then(Json::as_str).unwrap_or("model").to_owned();
    let trainable = config.get("trainable").and_then(Json::as_bool).unwrap_or(true);
    let of_model = |error: Error| error.within(format!("model `{name}`"));
    let all = list
        .iter()
        .zip(0usize..)
        .map(|(json, at)| layer(json, depth).map_err(|error| error.within(format!("layer {at}"))));
    let mut layers = all.collect::<Result<Vec<_>, _>>().map_err(of_model)?;
    let ends_are_written = config.contains_key("output_layers");
    if !ends_are_written {
        let shape = config.get("build_input_shape");
        return sequential(name.clone(), trainable, layers, shape).map_err(of_model);
    }
    let ends =
        |key: &str| ends(config.get(key).unwrap_or(&Json::Null)).map_err(|error| of_model(error.within(key)));
    let (inputs, mut outputs) = (ends("input_layers")?, ends("output_layers")?);
    legacy::count_from_zero(&mut layers, &mut outputs);
    Ok(Model { name, trainable, layers, inputs, outputs })
}

fn layer(json: &Json, depth: usize) -> Result<Layer, Error> {
    let class = text(json, "class_name")?;
    let config = json.get("config").and_then(Json::as_object).cloned().unwrap_or_default();
    let name = json.get("name").or(config.get("name")).and_then(Json::as_str).unwrap_or_default().to_owned();
    let of_layer = |error: Error| error.within(format!("layer `{name}`"));
    let nested = is_model(&class, &config) || json.get("config").is_some_and(Json::is_array);
    let model = match nested {
        true => Some(Box::new(of_json(json, depth + 1).map_err(of_layer)?)),
        false => None,
    };
    let mut calls = Vec::new();
    let nodes = json.get("inbound_nodes").and_then(Json::as_array);
    // Keras 3 writes of nearly every layer whether it is trained, and of no operation. Some of its files lack the modules. The others
    // have no registered name, and operations have their class there.
    let of_keras_3 = nodes.is_some_and(|nodes| nodes.iter().any(Json::is_object));
    let says_trained = config.contains_key("trainable") || json.get("registered_name") == Some(&Json::Null);
    let is_operation = of_keras_3 && !nested && class != "InputLayer" && !says_trained;
    if let Some(nodes) = nodes {
        for (node, at) in nodes.iter().zip(0usize..) {
            let call = match node {
                Json::Object(node) => of_node(node),
                other => legacy::call(other, &class),
            };
            calls.push(call.map_err(|error| of_layer(error.within(format!("inbound_nodes[{at}]"))))?);
        }
    }
    Ok(Layer { class, name, config, is_operation, model, calls })
}

fn of_node(node: &Map<String, Json>) -> Result<Call, Error> {
    let args = node.get("args").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    let keywords = node.get("kwargs").and_then(Json::as_object);
    Ok(Call {
        args: args.iter().map(operand).collect::<Result<_, _>>()?,
        keywords: keywords
            .into_iter()
            .flatten()
            // Keras 3 writes what it was when the model was made, and passes on what the model is called with.
            .filter(|(key, _)| *key != "training")
            .map(|(key, json)| Ok((key.clone(), operand(json)?)))
            .collect::<Result<_, Error>>()?,
        has_masks: true,
    })
}

/// An argument of a call as Keras 3 writes it.
fn operand(json: &Json) -> Result<Operand, Error> {
    Ok(match json {
        Json::Array(items) => Operand::List(items.iter().map(operand).collect::<Result<_, _>>()?),
        Json::Object(object) => {
            let class = object.get("class_name").and_then(Json::as_str).unwrap_or_default();
            let config = object.get("config");
            match class {
                "__keras_tensor__" => {
                    let history = config.and_then(|config| config.get("keras_history"));
                    Operand::Tensor(tensor(history.unwrap_or(&Json::Null))?)
                }
                "__slice__" => {
                    let bound = |key: &str| match config.and_then(|config| config.get(key)) {
                        None | Some(Json::Null) => Some(None),
                        Some(json) => json.as_i64().map(Some),
                    };
                    match (bound("start"), bound("stop"), bound("step")) {
                        (Some(start), Some(stop), Some(step)) => Operand::Slice([start, stop, step]),
                        _ => Operand::Other("a slice whose bounds are not integers".into()),
                    }
                }
                "__tuple__" => match object.get("items").and_then(Json::as_array) {
                    Some(items) => Operand::List(items.iter().map(operand).collect::<Result<_, _>>()?),
                    None => Operand::Value(json.clone()),
                },
                "__ellipsis__" => Operand::Other("...".into()),
                "__tensor__" | "__numpy__" => Operand::Value(
                    config.and_then(|config| config.get("value")).cloned().unwrap_or(Json::Null),
                ),
                _ => Operand::Value(json.clone()),
            }
        }
        other => Operand::Value(other.clone()),
    })
}

/// `["dense", 0, 0]`
pub fn tensor(json: &Json) -> Result<Tensor, Error> {
    let index = |at: usize| json.get(at).and_then(Json::as_u64).and_then(|n| usize::try_from(n).ok());
    match (json.get(0).and_then(Json::as_str), index(1), index(2)) {
        (Some(layer), Some(call), Some(output)) => Ok(Tensor { layer: layer.into(), call, output }),
        _ => Err(Error::new("a tensor is written as `[\"layer\", call, output]`, and this one is not")),
    }
}

/// Inputs or outputs: one tensor, a list, or a dictionary.
fn ends(json: &Json) -> Result<Vec<Output>, Error> {
    let plain = |json: &Json| Ok(Output { key: None, tensor: tensor(json)? });
    match json {
        Json::Array(items) if items.first().is_some_and(Json::is_string) => Ok(vec![plain(json)?]),
        Json::Array(items) => {
            let nested: Result<Vec<Vec<Output>>, Error> = items.iter().map(ends).collect();
            Ok(nested?.into_iter().flatten().collect())
        }
        Json::Object(object) => {
            let items = object.iter().map(|(key, json)| {
                let mut found = ends(json)?;
                if let [one] = &mut found[..] {
                    one.key = Some(key.clone());
                }
                Ok(found)
            });
            let items: Result<Vec<Vec<Output>>, Error> = items.collect();
            Ok(items?.into_iter().flatten().collect())
        }
        _ => Err(Error::new("inputs and outputs are lists of tensors, and these are not")),
    }
}

/// A chain of layers, whose calls are not written.
fn sequential(
    name: String,
    trainable: bool,
    mut layers: Vec<Layer>,
    build_shape: Option<&Json>,
) -> Result<Model, Error> {
    let starts = layers.first().is_some_and(|first| first.class == "InputLayer");
    if !starts {
        let first = layers.first().ok_or_else(|| Error::new("the model has no layers"))?;
        let of_layer = ["batch_input_shape", "batch_shape"].iter().find_map(|key| first.config.get(*key));
        let of_model = first.model.as_ref().and_then(|model| {
            let input = model.inputs.first()?;
            let layer = model.layers.iter().find(|layer| layer.name == input.tensor.layer)?;
            ["batch_input_shape", "batch_shape"].iter().find_map(|key| layer.config.get(*key))
        });
        let shape = of_layer.or(build_shape).or(of_model).cloned().unwrap_or(Json::Null);
        let is_embedding = first.class == "Embedding";
        let dtype = if is_embedding { "int32" } else { "float32" };
        let mut config = Map::new();
        config.insert("batch_shape".into(), shape);
        config.insert("dtype".into(), dtype.into());
        let name = free(&layers, "input");
        layers.insert(
            0,
            Layer {
                class: "InputLayer".into(),
                name,
                config,
                is_operation: false,
                model: None,
                calls: vec![],
            },
        );
    }
    let mut before: Option<Tensor> = None;
    for layer in &mut layers {
        let args = before.iter().cloned().map(Operand::Tensor).collect();
        layer.calls = vec![Call { args, ..Call::default() }];
        before = Some(Tensor { layer: layer.name.clone(), call: 0, output: 0 });
    }
    let (Some(first), Some(last)) = (layers.first(), before) else {
        return Err(Error::new("the model has no layers"));
    };
    let input = Tensor { layer: first.name.clone(), call: 0, output: 0 };
    let end = |tensor| vec![Output { key: None, tensor }];
    Ok(Model { name, trainable, inputs: end(input), outputs: end(last), layers })
}

fn free(layers: &[Layer], base: &str) -> String {
    let mut name = base.to_owned();
    while layers.iter().any(|layer| layer.name == name) {
        name.push('_');
    }
    name
}

fn text(json: &Json, key: &str) -> Result<String, Error> {
    json.get(key)
        .and_then(Json::as_str)
        .map(Into::into)
        .ok_or_else(|| Error::new(format!("`{key}` is missing or not a text")))
}
