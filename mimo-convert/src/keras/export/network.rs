//! A functional model as Keras has it: operations, their calls, and the order of its layers.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};

use super::variables::Object;

/// A functional model.
#[derive(Clone, Debug, Default)]
pub(super) struct Network {
    pub(super) name: String,
    pub(super) operations: Vec<Operation>,
    /// The operations that are its inputs.
    pub(super) inputs: Vec<usize>,
    /// Its outputs by name.
    pub(super) outputs: Vec<(String, Tensor)>,
}

/// A layer, a model or an operation of `keras.ops`, with its calls.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    pub(super) name: String,
    pub(super) module: String,
    pub(super) class: String,
    pub(super) config: Map<String, Json>,
    pub(super) calls: Vec<Call>,
    pub(super) content: Content,
}

/// Content of an operation.
#[derive(Clone, Debug)]
pub(super) enum Content {
    /// Nothing: an operation of `keras.ops`, which is not a layer.
    Operation,
    /// The variables of a layer.
    Variables(Vec<Object>),
    /// The layers of a model. Models of one number are the same object.
    Model(usize, Box<Network>),
    /// The same inside of so many `TimeDistributed`.
    Steps(usize, usize, Box<Network>),
}

/// A call.
#[derive(Clone, Debug, Default)]
pub(super) struct Call {
    pub(super) args: Vec<Operand>,
    pub(super) keywords: BTreeMap<String, Operand>,
}

/// An argument of a call.
#[derive(Clone, Debug)]
pub(super) enum Operand {
    /// With the shape of a sample.
    Tensor(Tensor, Vec<usize>),
    List(Vec<Operand>),
    Value(Json),
}

/// An output of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Tensor {
    pub(super) operation: usize,
    pub(super) call: usize,
    pub(super) output: usize,
}

impl Operand {
    fn tensors<'a>(&'a self, found: &mut Vec<&'a Tensor>) {
        match self {
            Operand::Tensor(tensor, _) => found.push(tensor),
            Operand::List(items) => items.iter().for_each(|item| item.tensors(found)),
            Operand::Value(_) => {}
        }
    }
}

impl Call {
    /// The tensors that it reads, in the order in which Keras lists them: keywords by their names.
    pub(super) fn tensors(&self) -> Vec<&Tensor> {
        let mut found = vec![];
        self.args.iter().chain(self.keywords.values()).for_each(|operand| operand.tensors(&mut found));
        found
    }
}

impl Operation {
    pub(super) fn is_layer(&self) -> bool {
        !matches!(self.content, Content::Operation)
    }
}

/// A call by its operation and its place among the calls of that.
type Place = (usize, usize);

impl Network {
    /// The operations in the order of Keras, which is that of `Model.layers` and so of the paths of weights: by their distance from
    /// the outputs, then as a search in depth from the outputs meets them (`map_graph` in `keras/src/ops/function.py`).
    pub(super) fn order(&self) -> Vec<usize> {
        let parents = self.parents();
        let parents = |place: &Place| parents.get(place).map_or(&[][..], Vec::as_slice);
        let mut begun: BTreeSet<Place> = BTreeSet::new();
        let mut order: Vec<Place> = vec![];
        let mut met: BTreeMap<usize, usize> = BTreeMap::new();
        for (_, output) in &self.outputs {
            let mut stack = vec![((output.operation, output.call), 0)];
            while let Some((place, next)) = stack.pop() {
                if next == 0 {
                    if !begun.insert(place) {
                        continue;
                    }
                    let count = met.len();
                    met.entry(place.0).or_insert(count);
                }
                match parents(&place).get(next) {
                    Some(&parent) => stack.extend([(place, next + 1), (parent, 0)]),
                    None => order.push(place),
                }
            }
        }
        let mut of_calls: BTreeMap<Place, usize> = BTreeMap::new();
        let mut of_operations: BTreeMap<usize, usize> = BTreeMap::new();
        for &place in order.iter().rev() {
            let depth = of_calls.get(&place).copied().unwrap_or_default();
            let depth = depth.max(of_operations.get(&place.0).copied().unwrap_or_default());
            of_operations.insert(place.0, depth);
            of_calls.insert(place, depth);
            for &parent in parents(&place) {
                let of_parent = of_calls.entry(parent).or_default();
                *of_parent = (*of_parent).max(depth + 1);
            }
        }
        // Inputs that no output needs come before all others of the last depth.
        let unused = self.inputs.iter().filter(|input| !met.contains_key(input));
        let mut sorted: Vec<(usize, usize, usize)> = unused.map(|&input| (0, 0, input)).collect();
        sorted.extend(met.iter().map(|(&operation, &at)| {
            (of_operations.get(&operation).copied().unwrap_or_default(), at + 1, operation)
        }));
        sorted.sort_by_key(|&(depth, at, _)| (std::cmp::Reverse(depth), at));
        sorted.into_iter().map(|(.., operation)| operation).collect()
    }

    /// For each call those that compute what it reads.
    fn parents(&self) -> BTreeMap<Place, Vec<Place>> {
        let operations = self.operations.iter().enumerate();
        let calls =
            operations.flat_map(|(at, it)| it.calls.iter().enumerate().map(move |(n, call)| ((at, n), call)));
        let tensors = |call: &Call| call.tensors().iter().map(|it| (it.operation, it.call)).collect();
        calls.map(|(place, call)| (place, tensors(call))).collect()
    }

    /// The layers in Keras's order.
    pub(super) fn layers(&self) -> impl Iterator<Item = &Operation> {
        let operations = self.order().into_iter().filter_map(|at| self.operations.get(at));
        operations.filter(|operation| operation.is_layer())
    }

    /// Whether outputs have the names of their layers, each of another one. If not, they are a dictionary.
    pub(super) fn has_list(&self) -> bool {
        let layers: BTreeSet<usize> = self.outputs.iter().map(|(_, tensor)| tensor.operation).collect();
        let name = |at: usize| self.operations.get(at).map(|operation| operation.name.as_str());
        layers.len() == self.outputs.len()
            && self.outputs.iter().all(|(output, tensor)| name(tensor.operation) == Some(output))
    }

    /// The object of the model, as files have it. `nested` models have their outputs as a list.
    pub(super) fn to_json(&self, nested: bool) -> Json {
        let layers: Vec<Json> = self.order().into_iter().map(|at| self.operation(at)).collect();
        let end = |tensor: &Tensor| {
            let operation = self.operations.get(tensor.operation);
            // A model has a call of its own before those of others.
            let is_model = operation.is_some_and(|it| matches!(it.content, Content::Model(..)));
            json!([operation.map(|it| it.name.as_str()), tensor.call + usize::from(is_model), tensor.output])
        };
        let inputs = self.inputs.iter().map(|&operation| end(&Tensor { operation, call: 0, output: 0 }));
        // One tensor is not a list of one, which calls would get.
        let all = |ends: Vec<Json>| match <[Json; 1]>::try_from(ends) {
            Ok([one]) => one,
            Err(several) => several.into(),
        };
        let outputs: Json = match nested || self.has_list() {
            true => all(self.outputs.iter().map(|(_, tensor)| end(tensor)).collect()),
            false => Json::Object(self.outputs.iter().map(|(name, it)| (name.clone(), end(it))).collect()),
        };
        json!({
            "module": "keras.src.models.functional",
            "class_name": "Functional",
            "registered_name": "Functional",
            "config": {
                "name": self.name,
                "trainable": true,
                "layers": layers,
                "input_layers": all(inputs.collect()),
                "output_layers": outputs,
            },
        })
    }

    fn operation(&self, at: usize) -> Json {
        let Some(operation) = self.operations.get(at) else { return Json::Null };
        let calls = operation.calls.iter().filter(|call| !call.tensors().is_empty());
        let calls: Vec<Json> = calls.map(|call| self.call(call)).collect();
        let mut json = match &operation.content {
            Content::Model(id, model) => shared(*id, model),
            Content::Steps(id, count, model) => {
                let mut inner = shared(*id, model);
                for _ in 1..*count {
                    inner = json!({
                        "module": "keras.layers",
                        "class_name": "TimeDistributed",
                        "registered_name": null,
                        "config": { "layer": inner },
                    });
                }
                let mut config = operation.config.clone();
                config.insert("layer".into(), inner);
                object(&operation.module, &operation.class, config.into(), Json::Null)
            }
            Content::Variables(_) => {
                object(&operation.module, &operation.class, operation.config.clone().into(), Json::Null)
            }
            Content::Operation => object(
                &operation.module,
                &operation.class,
                operation.config.clone().into(),
                operation.class.clone().into(),
            ),
        };
        json["name"] = operation.name.clone().into();
        json["inbound_nodes"] = calls.into();
        json
    }

    fn call(&self, call: &Call) -> Json {
        let args: Vec<Json> = call.args.iter().map(|operand| self.operand(operand)).collect();
        let keywords = call.keywords.iter().map(|(key, operand)| (key.clone(), self.operand(operand)));
        json!({ "args": args, "kwargs": keywords.collect::<Map<_, _>>() })
    }

    fn operand(&self, operand: &Operand) -> Json {
        match operand {
            Operand::Value(json) => json.clone(),
            Operand::List(items) => items.iter().map(|item| self.operand(item)).collect(),
            Operand::Tensor(tensor, shape) => {
                let name = self.operations.get(tensor.operation).map(|it| it.name.as_str());
                json!({
                    "class_name": "__keras_tensor__",
                    "config": {
                        "shape": with_batch(shape, None),
                        "dtype": "float32",
                        "keras_history": [name, tensor.call, tensor.output],
                    },
                })
            }
        }
    }
}

/// A nested model. Keras makes one object of all that have the number.
fn shared(id: usize, model: &Network) -> Json {
    let mut json = model.to_json(true);
    json["shared_object_id"] = (id + 1).into();
    json
}

/// A shape with the axis of the batch, whose length is mostly free.
pub(super) fn with_batch(shape: &[usize], batch: Option<usize>) -> Json {
    std::iter::once(batch.map_or(Json::Null, Json::from))
        .chain(shape.iter().map(|&len| Json::from(len)))
        .collect()
}

/// A serialized object of Keras.
pub(super) fn object(module: &str, class: &str, config: Json, registered: Json) -> Json {
    json!({ "module": module, "class_name": class, "config": config, "registered_name": registered })
}
