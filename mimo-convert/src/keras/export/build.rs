//! From the description of a model to Keras's operations and calls.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use mimo_graph::dim::Dim;
use mimo_graph::layers::LayerKind;
use mimo_graph::remake;
use mimo_graph::shape::Dtype;
use mimo_graph::spec::graph::built::{Argument, GraphLayer, GraphSpec, ItemSpec, LayerCall, Setting};
use serde_json::{Map, Value as Json, json};

use super::bidirectional::{self, Directions};
use super::nested::{self, Invocations};
use super::network::{Call, Content, Network, Operand, Operation, Tensor, with_batch};
use super::{config, operations, variables};
use crate::error::Error;
use mimo_graph::item::Module;

/// A tensor of the description in the network.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    pub(super) tensor: Tensor,
    /// Whether it is of `bool` in Keras: mimo has numbers 0 and 1.
    pub(super) is_bool: bool,
}

/// A network while it is built.
#[derive(Debug)]
pub(super) struct Scope<'a> {
    pub(super) graph: &'a GraphSpec,
    /// The type of weights: `float32` or `float64`.
    pub(super) float: &'static str,
    /// The number of samples of a batch, if it is part of the model.
    pub(super) batch: Option<usize>,
    pub(super) network: Network,
    names: BTreeSet<String>,
    /// By name: the number that the next operation of it has.
    numbers: BTreeMap<String, usize>,
    /// By tensor of the description: the call that outputs it.
    pub(super) made: Rc<BTreeMap<usize, usize>>,
    /// By tensor of the description.
    pub(super) held: BTreeMap<usize, Held>,
    /// By layer of the description: its operation.
    layers: BTreeMap<usize, usize>,
    /// By nested model and number of steps around it: its operation.
    models: BTreeMap<(usize, usize), usize>,
    /// The numbers of first axes of the tensors that are steps of a `TimeDistributed` around this model.
    steps: usize,
    casts: BTreeMap<(Tensor, bool), Tensor>,
    pub(super) directions: Vec<Directions>,
}

/// The network of a model.
pub(super) fn network(
    name: &str,
    graph: &GraphSpec,
    float: &'static str,
    batch: Option<usize>,
) -> Result<Network, Error> {
    let calls = graph.calls.iter().enumerate();
    let made = calls.flat_map(|(at, call)| call.outputs.iter().map(move |&tensor| (tensor, at))).collect();
    let mut scope = Scope::new(name, graph, (float, batch), Rc::new(made), 0);
    for port in &graph.inputs {
        if scope.held.contains_key(&port.tensor) {
            return Err(Error::new("two inputs are one tensor, and those of Keras are different layers")
                .within(format!("input `{}`", port.name)));
        }
        scope.input(&port.name, port.tensor, false)?;
    }
    // Keras's outputs may have the names of their layers only, so that no other layer has it.
    for port in &graph.outputs {
        let made = scope.made.get(&port.tensor).and_then(|&call| graph.calls.get(call));
        let layer = made.and_then(|call| graph.layers.get(call.layer));
        if layer.is_some_and(|layer| layer.name != port.name) {
            scope.names.insert(port.name.clone());
        }
    }
    let groups = nested::groups(graph);
    let places = groups
        .iter()
        .flat_map(|group| group.starts().iter().zip(0..).map(move |(&call, at)| (call, (group, at))));
    let invocations: BTreeMap<usize, (&Invocations<'_>, usize)> = places.collect();
    let mut next = 0;
    while let Some(call) = graph.calls.get(next) {
        match invocations.get(&next) {
            Some(&(group, at)) => {
                scope.nested(group, at)?;
                next += group.length();
            }
            None => {
                scope.call(call)?;
                next += 1;
            }
        }
    }
    for port in &graph.outputs {
        let held = scope.held(port.tensor)?;
        let tensor = scope.number(held)?;
        scope.network.outputs.push((port.name.clone(), tensor));
    }
    // Keras goes through a dictionary in the order of its keys.
    if !scope.network.has_list() {
        scope.network.outputs.sort_by(|(a, _), (b, _)| a.cmp(b));
    }
    Ok(scope.network)
}

impl<'a> Scope<'a> {
    pub(super) fn new(
        name: &str,
        graph: &'a GraphSpec,
        (float, batch): (&'static str, Option<usize>),
        made: Rc<BTreeMap<usize, usize>>,
        steps: usize,
    ) -> Self {
        Scope {
            graph,
            float,
            batch,
            network: Network { name: name.to_owned(), ..Network::default() },
            names: BTreeSet::new(),
            numbers: BTreeMap::new(),
            made,
            held: BTreeMap::new(),
            layers: BTreeMap::new(),
            models: BTreeMap::new(),
            steps,
            casts: BTreeMap::new(),
            directions: vec![],
        }
    }

    /// A name that no other operation has. Keras's have no `/`.
    fn free(&mut self, name: &str) -> String {
        let name = name.replace('/', "_");
        if self.names.insert(name.clone()) {
            return name;
        }
        // As many tries as there are names at most, and mostly one: the numbers before were given.
        let first = self.numbers.get(&name).copied().unwrap_or(1);
        let mut number = first;
        let mut free = format!("{name}_{number}");
        while !self.names.insert(free.clone()) {
            number += 1;
            free = format!("{name}_{number}");
        }
        self.numbers.insert(name, number + 1);
        free
    }

    pub(super) fn shape(&self, tensor: usize) -> Result<Vec<usize>, Error> {
        let known = self.graph.tensors.get(tensor);
        let shape = known.and_then(|it| it.shape.iter().map(Dim::known).collect::<Option<Vec<_>>>());
        let shape = shape.ok_or_else(|| Error::new(format!("the shape of tensor {tensor} is not known")))?;
        Ok(shape.get(self.steps..).unwrap_or_default().to_vec())
    }

    fn is_whole(&self, tensor: usize) -> bool {
        self.graph.tensors.get(tensor).is_some_and(|it| it.dtype == Dtype::Int)
    }

    pub(super) fn held(&self, tensor: usize) -> Result<Held, Error> {
        self.held.get(&tensor).copied().ok_or_else(|| Error::new("a tensor is read before it is computed"))
    }

    /// Makes an input of a tensor.
    pub(super) fn input(&mut self, name: &str, tensor: usize, is_bool: bool) -> Result<(), Error> {
        let name = self.free(name);
        let dtype = match (is_bool, self.is_whole(tensor)) {
            (true, _) => "bool",
            (false, true) => "int32",
            (false, false) => self.float,
        };
        let config = json!({
            "name": name,
            "batch_shape": with_batch(&self.shape(tensor)?, self.batch),
            "dtype": dtype,
            "sparse": false,
            "ragged": false,
            "optional": false,
        });
        let operation = self.add(Operation {
            name,
            module: "keras.layers".into(),
            class: "InputLayer".into(),
            config: config.as_object().cloned().unwrap_or_default(),
            calls: vec![Call::default()],
            content: Content::Variables(vec![]),
        });
        self.network.inputs.push(operation);
        let held = Held { tensor: Tensor { operation, call: 0, output: 0 }, is_bool };
        self.held.insert(tensor, held);
        Ok(())
    }

    fn add(&mut self, operation: Operation) -> usize {
        self.network.operations.push(operation);
        self.network.operations.len() - 1
    }

    /// Adds a call, and returns its first output.
    pub(super) fn called(&mut self, operation: usize, call: Call) -> Tensor {
        let calls = self.network.operations.get_mut(operation).map(|it| &mut it.calls);
        let call = calls.map_or(0, |calls| {
            calls.push(call);
            calls.len() - 1
        });
        Tensor { operation, call, output: 0 }
    }

    /// An operation of `keras.ops` that is called once.
    pub(super) fn operate(
        &mut self,
        name: &str,
        class: &str,
        config: Map<String, Json>,
        args: Vec<Operand>,
    ) -> Tensor {
        let name = self.free(name);
        let mut all = config;
        all.insert("name".into(), name.clone().into());
        let operation = self.add(Operation {
            name,
            module: operations::module_of(class).into(),
            class: class.into(),
            config: all,
            calls: vec![],
            content: Content::Operation,
        });
        self.called(operation, Call { args, ..Call::default() })
    }

    fn cast(&mut self, tensor: Tensor, to_bool: bool) -> Tensor {
        if let Some(cast) = self.casts.get(&(tensor, to_bool)) {
            return *cast;
        }
        let dtype = if to_bool { "bool" } else { self.float };
        let config = Map::from_iter([("dtype".to_owned(), dtype.into())]);
        let cast = self.operate("cast", "Cast", config, vec![Operand::Tensor(tensor, vec![])]);
        self.casts.insert((tensor, to_bool), cast);
        cast
    }

    /// A tensor as numbers.
    pub(super) fn number(&mut self, held: Held) -> Result<Tensor, Error> {
        Ok(if held.is_bool { self.cast(held.tensor, false) } else { held.tensor })
    }

    /// A tensor as an operand, which is of numbers.
    pub(super) fn operand(&mut self, tensor: usize) -> Result<Operand, Error> {
        let held = self.held(tensor)?;
        Ok(Operand::Tensor(self.number(held)?, self.shape(tensor)?))
    }

    /// A tensor as a mask.
    pub(super) fn mask(&mut self, tensor: usize) -> Result<Operand, Error> {
        let held = self.held(tensor)?;
        let tensor_of = if held.is_bool { held.tensor } else { self.cast(held.tensor, true) };
        Ok(Operand::Tensor(tensor_of, self.shape(tensor)?))
    }

    /// Writes a call of the description.
    pub(super) fn call(&mut self, call: &LayerCall) -> Result<(), Error> {
        let graph = self.graph;
        let layer = graph.layers.get(call.layer).ok_or_else(|| Error::new("a layer is missing"))?;
        let within = |error: Error| error.within(format!("layer `{}` ({})", layer.name, layer.item.class));
        let mut written = || -> Result<(), Error> {
            if call.steps > self.steps {
                return Err(Error::new("models in a `TimeDistributed` in a model have no form here"));
            }
            let kind = remake::layer(&graph.layers, call.layer).map_err(Error::new)?;
            if layer.item.class.starts_with(char::is_lowercase) {
                return operations::call(self, layer, &kind, call);
            }
            if layer.item.class == "Activation" && operations::activation(self, layer, call)? {
                return Ok(());
            }
            match (layer.whole, &layer.parts[..]) {
                (Some(whole), _) => self.direction(whole, layer, &kind, call),
                (None, []) => self.layer_call(layer, &kind, call),
                (None, _) => self.joined(call),
            }
        };
        written().map_err(within)
    }

    /// The name of a layer in its model.
    pub(super) fn name_of(&self, layer: &'a GraphLayer) -> &'a str {
        let model = layer.model.and_then(|model| self.graph.models.get(model));
        let inner = model.and_then(|model| layer.name.strip_prefix(model.name.as_str())?.strip_prefix('/'));
        inner.unwrap_or(&layer.name)
    }

    /// The operation of a layer.
    pub(super) fn layer(&mut self, at: usize) -> Result<usize, Error> {
        if let Some(operation) = self.layers.get(&at) {
            return Ok(*operation);
        }
        let graph = self.graph;
        let layer = graph.layers.get(at).ok_or_else(|| Error::new("a layer is missing"))?;
        let mut item = layer.item.clone();
        if config::apart(&item)?.is_some() {
            let of = |argument: &&mut Argument| argument.name == "activation";
            let linear = ItemSpec { class: "linear", defaults: vec![], given: vec![] };
            for argument in item.defaults.iter_mut().chain(&mut item.given).filter(of) {
                argument.value = Setting::Item(linear.clone());
            }
        }
        let mut config = config::arguments(Module::Layers, &item)?;
        let name = self.name_of(layer);
        let name = self.free(name);
        config.insert("name".into(), name.clone().into());
        if !WITHOUT_TRAINABLE.contains(&layer.item.class) {
            config.insert("trainable".into(), layer.trainable.into());
        }
        config.insert("dtype".into(), self.float.into());
        let objects = match &layer.parts[..] {
            [] => variables::objects(layer)?,
            _ => bidirectional::objects(graph, layer, &mut config)?,
        };
        let operation = self.add(Operation {
            name,
            module: "keras.layers".into(),
            class: layer.item.class.into(),
            config,
            calls: vec![],
            content: Content::Variables(objects),
        });
        self.layers.insert(at, operation);
        Ok(operation)
    }

    fn layer_call(&mut self, layer: &'a GraphLayer, kind: &LayerKind, call: &LayerCall) -> Result<(), Error> {
        if call.inputs.is_empty() {
            return Err(Error::new(
                "Keras has no layer for a weight of one's own: `Weight(…)` cannot be exported",
            ));
        }
        self.check(layer, kind, call)?;
        let Arguments { tensors, states, mut keywords } = self.arguments(kind, call)?;
        let takes_list = matches!(
            kind.core().0,
            LayerKind::Merge(_) | LayerKind::Concatenate(_) | LayerKind::Dot(_) | LayerKind::Attention(_)
        );
        let mut args =
            tensors.into_iter().map(|tensor| self.operand(tensor)).collect::<Result<Vec<_>, _>>()?;
        if takes_list {
            args = vec![Operand::List(args)];
        }
        if !states.is_empty() {
            keywords.insert("initial_state".into(), Operand::List(states));
        }
        if matches!(kind.core().0, LayerKind::Attention(_)) {
            // One list of both.
            let [query, value] = ["query_mask", "value_mask"].map(|key| keywords.remove(key));
            if query.is_some() || value.is_some() {
                let masks = [query, value].map(|mask| mask.unwrap_or(Operand::Value(Json::Null)));
                keywords.insert("mask".into(), Operand::List(masks.into()));
            }
        }
        let operation = self.layer(call.layer)?;
        let first = self.called(operation, Call { args, keywords });
        for (&output, at) in call.outputs.iter().zip(0..) {
            let held = Held { tensor: Tensor { output: at, ..first }, is_bool: false };
            self.held.insert(output, held);
        }
        if let (Some(function), [output]) = (config::apart(&layer.item)?, &call.outputs[..]) {
            let name = format!("{}_{}", self.name_of(layer), function.class);
            let input = self.operand(*output)?;
            let tensor = operations::function(self, &name, function, input)?;
            self.held.insert(*output, Held { tensor, is_bool: false });
        }
        Ok(())
    }

    /// Operations that Keras does not have.
    pub(super) fn check(&self, layer: &GraphLayer, kind: &LayerKind, call: &LayerCall) -> Result<(), Error> {
        let shape = |place: usize| call.inputs.get(place).map(|&tensor| self.shape(tensor)).transpose();
        match layer.item.class {
            "RMSNormalization" => {
                let rank = shape(0)?.map_or(0, |shape| shape.len());
                let axis = layer.item.argument("axis").map(Setting::values).unwrap_or_default();
                let mut axes: Vec<i64> = axis
                    .iter()
                    .filter_map(|axis| match axis {
                        Setting::Whole(Dim::Known(axis)) => i64::try_from(*axis).ok(),
                        Setting::Negative(axis) => Some(axis + i64::try_from(rank).unwrap_or(i64::MAX) + 1),
                        _ => None,
                    })
                    .collect();
                axes.sort_unstable();
                let last = i64::try_from(rank).unwrap_or(i64::MAX);
                if !axes.iter().rev().zip(0..).all(|(axis, n)| *axis == last - n) {
                    return Err(Error::new(
                        "Keras multiplies the scale of an `RMSNormalization` along the last axes only",
                    ));
                }
            }
            "GroupQueryAttention" => {
                let [query, value] =
                    [shape(0)?, shape(1)?].map(|shape| shape.and_then(|shape| shape.last().copied()));
                if query != value {
                    return Err(Error::new(
                        "Keras takes queries and values with last axes of the same length only",
                    ));
                }
            }
            _ => {}
        }
        if kind.is_stateful() && self.batch.is_none() {
            return Err(Error::new(
                "a `stateful` layer of Keras needs a batch size that is part of the model: give one with `--batch-size`",
            ));
        }
        Ok(())
    }

    /// Tensors by place, initial states, and what else the call has by keyword.
    pub(super) fn arguments(&mut self, kind: &LayerKind, call: &LayerCall) -> Result<Arguments, Error> {
        // Settings of calls stand behind the keywords of tensors.
        let is_setting = |keyword: &&String| kind.called_with(keyword, true).is_some();
        let roles: Vec<&String> = call.keywords.iter().filter(|it| !is_setting(it)).collect();
        let by_place = call.inputs.len().checked_sub(roles.len());
        let by_place = by_place.ok_or_else(|| Error::new("a keyword has no tensor"))?;
        let (tensors, named) = call.inputs.split_at(by_place);
        let (mut states, mut keywords) = (vec![], BTreeMap::new());
        for (role, &tensor) in roles.into_iter().zip(named) {
            match role.as_str() {
                "h" | "c" => states.push(self.operand(tensor)?),
                role if role.ends_with("mask") => {
                    keywords.insert(role.to_owned(), self.mask(tensor)?);
                }
                role => return Err(Error::new(format!("calls in Keras have no `{role}`"))),
            }
        }
        for setting in call.keywords.iter().filter(is_setting) {
            keywords.insert(setting.clone(), Operand::Value(true.into()));
        }
        Ok(Arguments { tensors: tensors.to_vec(), states, keywords })
    }

    /// A call of a nested model.
    fn nested(&mut self, group: &Invocations<'_>, at: usize) -> Result<(), Error> {
        let Some(model) = self.graph.models.get(group.model) else {
            return Err(Error::new("a model is missing"));
        };
        let within = |error: Error| error.within(format!("model `{}`", model.name));
        let steps = group.steps(at);
        let inputs = group.inputs(at);
        let operation = match self.models.get(&(group.model, steps)) {
            Some(operation) => *operation,
            None => {
                let inner = group.network(self, &model.name).map_err(within)?;
                let id = group.model;
                let (class, name, content) = match steps {
                    0 => ("Functional", inner.name.clone(), Content::Model(id, Box::new(inner))),
                    _ => {
                        let name = self.free("time_distributed");
                        ("TimeDistributed", name, Content::Steps(id, steps, Box::new(inner)))
                    }
                };
                let config = json!({ "name": name, "trainable": true, "dtype": self.float });
                let operation = self.add(Operation {
                    name,
                    module: "keras.layers".into(),
                    class: class.into(),
                    config: config.as_object().cloned().unwrap_or_default(),
                    calls: vec![],
                    content,
                });
                self.models.insert((group.model, steps), operation);
                operation
            }
        };
        let mut args = vec![];
        for (&tensor, place) in inputs.iter().zip(0..) {
            args.push(match group.is_bool(self, place) {
                true => self.mask(tensor)?,
                false => self.operand(tensor)?,
            });
        }
        if steps > 0 && args.len() != 1 {
            return Err(within(Error::new("a `TimeDistributed` in Keras calls its layer on one tensor")));
        }
        let args = if args.len() == 1 { args } else { vec![Operand::List(args)] };
        let first = self.called(operation, Call { args, ..Call::default() });
        for (output, place) in group.outputs(at).into_iter().zip(0..) {
            let tensor = Tensor { output: place, ..first };
            self.held.insert(output, Held { tensor, is_bool: false });
        }
        Ok(())
    }

    /// The name of a nested model, the same wherever it is called.
    pub(super) fn model_name(&mut self, name: &str) -> String {
        self.free(name)
    }
}

/// Layers that have no weights, and no argument `trainable` in Keras.
const WITHOUT_TRAINABLE: &[&str] = &["SpatialDropout1D", "SpatialDropout2D"];

/// The arguments of a call.
pub(super) struct Arguments {
    pub(super) tensors: Vec<usize>,
    pub(super) states: Vec<Operand>,
    pub(super) keywords: BTreeMap<String, Operand>,
}
