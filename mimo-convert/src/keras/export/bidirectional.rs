//! A `Bidirectional`: its directions are layers of the description with calls of their own, and attributes of one layer in Keras.

use mimo_graph::item::Module;
use mimo_graph::layers::LayerKind;
use mimo_graph::remake;
use mimo_graph::spec::graph::built::{GraphLayer, GraphSpec, ItemSpec, LayerCall, Setting};
use serde_json::{Map, Value as Json};

use super::build::{Arguments, Held, Scope};
use super::config;
use super::network::{Call, Operand, Tensor};
use super::variables::{self, Object};
use crate::error::Error;

/// A call of a `Bidirectional`, whose directions have calls of their own in the description.
#[derive(Debug)]
pub(super) struct Directions {
    whole: usize,
    /// The tensors that both directions read: the sequence, and a mask.
    reads: Vec<usize>,
    /// Outputs of each direction.
    outputs: [Option<usize>; 2],
    states: [Vec<Operand>; 2],
    place: (usize, usize),
}

impl Scope<'_> {
    /// A direction of a `Bidirectional`.
    pub(super) fn direction(
        &mut self,
        whole: usize,
        layer: &GraphLayer,
        kind: &LayerKind,
        call: &LayerCall,
    ) -> Result<(), Error> {
        let graph = self.graph;
        let made = remake::layer(&graph.layers, whole).map_err(Error::new)?;
        self.check(layer, kind, call)?;
        let LayerKind::Bidirectional(wrapper) = made.core().0 else {
            return Err(Error::new("it is part of a layer that is not a `Bidirectional`"));
        };
        let parts = graph.layers.get(whole).map(|it| &it.parts[..]).unwrap_or_default();
        let side = parts.iter().position(|&part| part == call.layer).filter(|&side| side < 2);
        let side = side.ok_or_else(|| Error::new(format!("`{}` is not a direction", layer.name)))?;
        let is_state = |keyword: &String| ["h", "c"].contains(&keyword.as_str());
        let count = call.inputs.len().saturating_sub(call.keywords.len());
        let roles = call.inputs.iter().skip(count).zip(&call.keywords);
        let masks = roles.filter(|(_, keyword)| !is_state(keyword)).map(|(tensor, _)| tensor);
        let reads: Vec<usize> = call.inputs.iter().take(count).chain(masks).copied().collect();
        let Arguments { tensors, states, keywords } = self.arguments(kind, call)?;
        let known = self.directions.iter().rposition(|it| {
            it.whole == whole && it.reads == reads && it.outputs.get(side).is_some_and(Option::is_none)
        });
        let known = match known {
            Some(known) => known,
            None => {
                let operation = self.layer(whole)?;
                let args = tensors.into_iter().map(|it| self.operand(it)).collect::<Result<_, _>>()?;
                let place = self.called(operation, Call { args, keywords });
                self.directions.push(Directions {
                    whole,
                    reads,
                    outputs: [None; 2],
                    states: [vec![], vec![]],
                    place: (place.operation, place.call),
                });
                self.directions.len() - 1
            }
        };
        let Some(of) = self.directions.get_mut(known) else { return Ok(()) };
        let (operation, at) = of.place;
        if let (Some(output), Some(own)) = (of.outputs.get_mut(side), of.states.get_mut(side)) {
            *output = call.outputs.first().copied();
            *own = states;
        }
        let all: Vec<Operand> = of.states.iter().flatten().cloned().collect();
        if !all.is_empty() {
            let calls = self.network.operations.get_mut(operation).map(|it| &mut it.calls);
            if let Some(call) = calls.and_then(|calls| calls.get_mut(at)) {
                call.keywords.insert("initial_state".into(), Operand::List(all));
            }
        }
        // First what both output, or what each does, then the states.
        let apart = wrapper.merge_mode.is_none();
        let count = call.outputs.len().saturating_sub(1);
        for (&output, n) in call.outputs.iter().zip(0_usize..) {
            let place = match n {
                0 => side,
                n => n - 1 + side * count + if apart { 2 } else { 1 },
            };
            let tensor = Tensor { operation, call: at, output: place };
            self.held.insert(output, Held { tensor, is_bool: false });
        }
        Ok(())
    }

    /// Reads a call that joins the directions: the call of both is there already.
    pub(super) fn joined(&mut self, call: &LayerCall) -> Result<(), Error> {
        let reads =
            |it: &&Directions| it.outputs.iter().flatten().eq(call.inputs.iter()) && it.whole == call.layer;
        let of = self.directions.iter().find(reads);
        let of = of.ok_or_else(|| Error::new("it joins what are not its two directions"))?;
        let (operation, at) = of.place;
        for (&output, place) in call.outputs.iter().zip(0..) {
            let tensor = Tensor { operation, call: at, output: place };
            self.held.insert(output, Held { tensor, is_bool: false });
        }
        Ok(())
    }
}

/// The objects of both directions, of which the configuration gets the second: Keras makes one that goes backwards, as the first may do.
pub(super) fn objects(
    graph: &GraphSpec,
    layer: &GraphLayer,
    config: &mut Map<String, Json>,
) -> Result<Vec<Object>, Error> {
    const BACKWARD: &str = "backward_layer";
    let mut objects = vec![];
    for (part, attribute) in layer.parts.iter().zip(["forward_layer", BACKWARD]) {
        let part = graph.layers.get(*part).ok_or_else(|| Error::new("a direction is missing"))?;
        let (core, wrappers) = core(&part.item);
        let path = "layer/".repeat(wrappers) + attribute;
        let trainable = layer.trainable && part.trainable;
        variables::of_item(core, &part.weights, trainable, &path, &mut objects)?;
        if attribute == BACKWARD {
            set_innermost(config, attribute, config::serialized(Module::Layers, core)?);
        }
    }
    Ok(objects)
}

/// Sets a key of the configuration of the `Bidirectional` inside of `TimeDistributed`.
fn set_innermost(config: &mut Map<String, Json>, key: &str, value: Json) {
    if config.contains_key("merge_mode") {
        config.insert(key.into(), value);
    } else if let Some(Json::Object(inner)) =
        config.get_mut("layer").and_then(|layer| layer.get_mut("config"))
    {
        set_innermost(inner, key, value);
    }
}

/// A layer without the `TimeDistributed` around it, and their number.
fn core(item: &ItemSpec) -> (&ItemSpec, usize) {
    match item.argument("layer") {
        Some(Setting::Item(inner)) if item.class == "TimeDistributed" => {
            let (core, wrappers) = core(inner);
            (core, wrappers + 1)
        }
        _ => (item, 0),
    }
}
