//! Nested models found again: a description has their layers and calls among its own, once for each call of the model.

use std::collections::{BTreeMap, BTreeSet};

use mimo_graph::spec::graph::built::{GraphSpec, LayerCall};

use super::build::Scope;
use super::network::Network;
use crate::error::Error;

/// The calls of a nested model, all of the same calls of layers.
#[derive(Clone, Debug)]
pub(super) struct Invocations<'a> {
    graph: &'a GraphSpec,
    /// The model.
    pub(super) model: usize,
    /// The first call of a layer in each.
    starts: Vec<usize>,
    /// Number of calls of layers in each.
    length: usize,
    /// By input of the model: the tensor that each invocation reads.
    inputs: Vec<Vec<usize>>,
    /// By output of the model: the call of a layer and its output.
    outputs: Vec<(usize, usize)>,
}

/// The calls that read each tensor.
type Readers = BTreeMap<usize, Vec<usize>>;

/// The nested models of a graph. One whose calls are not the same each time is not among them: its layers are those of the model around it.
pub(super) fn groups(graph: &GraphSpec) -> Vec<Invocations<'_>> {
    let mut readers = Readers::new();
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (call, at) in graph.calls.iter().zip(0..) {
        for &tensor in &call.inputs {
            readers.entry(tensor).or_default().push(at);
        }
        if let Some(model) = graph.layers.get(call.layer).and_then(|layer| layer.model) {
            members.entry(model).or_default().push(at);
        }
    }
    // What reads an output of the model itself is no call.
    for port in &graph.outputs {
        readers.entry(port.tensor).or_default().push(usize::MAX);
    }
    members.into_iter().filter_map(|(model, places)| group(graph, model, &places, &readers)).collect()
}

fn group<'a>(
    graph: &'a GraphSpec,
    model: usize,
    places: &[usize],
    readers: &Readers,
) -> Option<Invocations<'a>> {
    // The same number of calls of layers each time: the least with which all are the same.
    (1..=places.len()).filter(|length| places.len().is_multiple_of(*length)).find_map(|length| {
        let together = |part: &[usize]| {
            part.windows(2).all(|pair| pair.first().map(|at| at + 1) == pair.last().copied())
        };
        let parts: Vec<&[usize]> = places.chunks(length).collect();
        if !parts.iter().all(|part| together(part)) {
            return None;
        }
        let starts = parts.iter().filter_map(|part| part.first().copied()).collect();
        let mut group = Invocations { graph, model, starts, length, inputs: vec![], outputs: vec![] };
        group.connect(readers).then_some(group)
    })
}

impl Invocations<'_> {
    /// The calls at which invocations begin.
    pub(super) fn starts(&self) -> &[usize] {
        &self.starts
    }

    pub(super) fn length(&self) -> usize {
        self.length
    }

    fn calls(&self, at: usize) -> &[LayerCall] {
        let start = self.starts.get(at).copied().unwrap_or_default();
        self.graph.calls.get(start..start + self.length).unwrap_or_default()
    }

    /// Number of `TimeDistributed` around an invocation.
    pub(super) fn steps(&self, at: usize) -> usize {
        self.calls(at).iter().map(|call| call.steps).min().unwrap_or_default()
    }

    /// Finds inputs and outputs; false if two invocations are not the same.
    fn connect(&mut self, readers: &Readers) -> bool {
        let count = self.starts.len();
        let steps_of_first = self.steps(0);
        let mut reads: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
        let mut first: Vec<Vec<Option<(usize, usize)>>> = vec![];
        for at in 0..count {
            let calls = self.calls(at);
            let steps = self.steps(at);
            let mut made: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
            let mut sources = vec![];
            for (call, place) in calls.iter().zip(0..) {
                let Some(other) = self.calls(0).get(place) else { return false };
                let same = call.layer == other.layer
                    && call.keywords == other.keywords
                    && call.inputs.len() == other.inputs.len()
                    && call.outputs.len() == other.outputs.len()
                    && call.steps - steps == other.steps - steps_of_first;
                if !same {
                    return false;
                }
                let from: Vec<_> = call.inputs.iter().map(|tensor| made.get(tensor).copied()).collect();
                for (tensor, input) in
                    call.inputs.iter().zip(0..).filter(|(tensor, _)| !made.contains_key(tensor))
                {
                    reads.entry((place, input)).or_default().push(*tensor);
                }
                sources.push(from);
                made.extend(call.outputs.iter().copied().zip((0..).map(|output| (place, output))));
            }
            if at == 0 {
                first = sources;
            } else if first != sources {
                return false;
            }
        }
        let mut seen = BTreeSet::new();
        for tensors in reads.into_values() {
            if seen.insert(tensors.clone()) {
                self.inputs.push(tensors);
            }
        }
        let mut outputs = BTreeSet::new();
        for at in 0..count {
            let start = self.starts.get(at).copied().unwrap_or_default();
            let own = start..start + self.length;
            for (call, place) in self.calls(at).iter().zip(0..) {
                for (tensor, output) in call.outputs.iter().zip(0..) {
                    let mut read = readers.get(tensor).into_iter().flatten();
                    if read.any(|reader| !own.contains(reader)) {
                        outputs.insert((place, output));
                    }
                }
            }
        }
        self.outputs = outputs.into_iter().collect();
        !self.outputs.is_empty()
    }

    /// The tensors that an invocation reads.
    pub(super) fn inputs(&self, at: usize) -> Vec<usize> {
        self.inputs.iter().filter_map(|tensors| tensors.get(at).copied()).collect()
    }

    /// The tensors that it outputs.
    pub(super) fn outputs(&self, at: usize) -> Vec<usize> {
        let calls = self.calls(at);
        let tensor = |&(call, output): &(usize, usize)| calls.get(call)?.outputs.get(output).copied();
        self.outputs.iter().filter_map(tensor).collect()
    }

    /// Whether an input is a mask.
    pub(super) fn is_bool(&self, scope: &Scope<'_>, place: usize) -> bool {
        let tensors = self.inputs.get(place).into_iter().flatten();
        let held: Vec<_> = tensors.filter_map(|tensor| scope.held.get(tensor)).collect();
        !held.is_empty() && held.iter().all(|it| it.is_bool)
    }

    /// The model itself, as its first invocation has it.
    pub(super) fn network(&self, around: &mut Scope<'_>, name: &str) -> Result<Network, Error> {
        let name = around.model_name(name);
        let mut scope =
            Scope::new(&name, self.graph, (around.float, around.batch), around.made.clone(), self.steps(0));
        for (tensor, place) in self.inputs(0).into_iter().zip(0..) {
            let input = if place == 0 { "input".to_owned() } else { format!("input_{place}") };
            scope.input(&input, tensor, self.is_bool(around, place))?;
        }
        self.calls(0).iter().try_for_each(|call| scope.call(call))?;
        for tensor in self.outputs(0) {
            let held = scope.held(tensor)?;
            let tensor = scope.number(held)?;
            scope.network.outputs.push((String::new(), tensor));
        }
        Ok(scope.network)
    }
}
