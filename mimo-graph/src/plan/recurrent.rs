//! Layers that read a sequence step by step.

use super::build::{Building, call_name, key};
use super::{OpKind, Read, Use, View};
use crate::dim::Dim;
use crate::graph::{Graph, NodeId};
use crate::layers::recurrent::{self, Cell};
use crate::order::{marked, needed_tensors};

/// A layer that reads a sequence step by step. Its memory lies step by step too: a step's values of all samples of a
/// chunk follow each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Recurrent {
    /// The layer.
    pub layer: recurrent::Recurrent,
    /// Steps of a sequence.
    pub steps: Dim,
    /// Values that a step reads.
    pub features: Dim,
    /// The kernel's block.
    pub kernel: usize,
    /// The recurrent kernel's block.
    pub recurrent_kernel: usize,
    /// The bias's block.
    pub bias: Option<usize>,
    /// What is read.
    pub read: Read,
    /// What the states are before the first step; zeros where nothing is read.
    pub initial: Vec<Read>,
    /// The states after the last step, as far as they are needed.
    pub last: [Option<Last>; 2],
    /// What was read, in the order of the steps; while training only.
    pub inputs: View,
    /// What the recurrent kernel sees of the state, if not all of it.
    pub dropped: Option<Dropped>,
    /// The gates of every step, and their gradients in the backward.
    pub gates: View,
    /// The state before the first step and after every step.
    pub states: View,
    /// The same for the cell state of an LSTM; for a GRU that resets before the product, the state that was reset.
    pub cells: View,
    /// The gradients of state and cell state and what they are made with, in the backward only.
    pub carried: View,
}

/// A state after the last step, as a tensor of the graph.
#[derive(Clone, Debug, PartialEq)]
pub struct Last {
    /// Where it is given.
    pub y: View,
    /// Its gradient, if it has one.
    pub dy: Option<View>,
}

/// Zeros in the state, where the recurrent kernel reads it.
#[derive(Clone, Debug, PartialEq)]
pub struct Dropped {
    /// Their share.
    pub rate: f64,
    /// Tells its random numbers from others'.
    pub key: u64,
    /// The state before each step with the zeros; while training only.
    pub states: View,
}

/// Values per unit that the backward works with from step to step.
const CARRIED: usize = 4;

impl Building {
    /// A layer that reads a sequence step by step.
    pub(super) fn recurrent(&mut self, graph: &Graph, id: NodeId, layer: &recurrent::Recurrent) {
        let node = graph.node(id);
        let mut reads = node.inputs.iter().map(|&input| self.read(graph, input));
        // A call has an input, and its shape rule has seen to its axes.
        let Some(mut read) = reads.next() else { return };
        let initial = reads.collect();
        let [steps, features] = &read.shape.0[..] else { return };
        let (steps, features) = (steps.clone(), features.clone());
        let mut reads: Vec<_> = node.inputs.iter().map(|&input| self.values.of(input)).collect();
        let key = key(layer.seed, id);
        if layer.dropout > 0.0 {
            let (name, shape) = (format!("{}_dropout", call_name(graph, id)), read.shape.clone());
            let (rate, positions, x) = (layer.dropout, steps.clone(), reads[0]);
            let kind = OpKind::Dropout { rate, positions, key, read };
            reads[0] = self.value_like(x);
            self.op(name, vec![], shape.elements(), kind, vec![x], reads[0]);
            let x = self.places[reads[0].0].clone().unwrap_or_else(|| View::whole(0, shape.elements()));
            read = Read { x, shape, dx: None };
        }
        let dropped = (layer.recurrent_dropout > 0.0).then(|| Dropped {
            rate: layer.recurrent_dropout,
            // Another key for the same layer.
            key: key ^ 1 << 62,
            states: self.slot(steps.clone() * layer.units.clone()),
        });
        let blocks: Vec<usize> =
            self.layer_weights(graph, id).into_iter().map(|weight| weight.block).collect();
        let products = (features.clone() + layer.units.clone()) * layer.width();
        self.plan.flops = self.plan.flops.clone() + Dim::Known(2) * steps.clone() * products;
        let states = (steps.clone() + Dim::Known(1)) * layer.units.clone();
        let needed = needed_tensors(graph);
        let mut given = vec![];
        let last = [1, 2].map(|place| {
            let tensor = *node.outputs.get(place).filter(|&&tensor| marked(&needed, tensor))?;
            let value = self.values.of(tensor);
            let y = self.slot(layer.units.clone());
            let dy = self.values.has_gradient(value).then(|| self.slot(layer.units.clone()));
            self.places[value.0] = Some(y.clone());
            self.gradients[value.0] = dy.clone();
            given.push(value);
            Some(Last { y, dy })
        });
        let kind = OpKind::Recurrent(Box::new(Recurrent {
            kernel: blocks[0],
            recurrent_kernel: blocks[1],
            bias: blocks.get(2).copied(),
            read,
            initial,
            last,
            dropped,
            inputs: self.slot(steps.clone() * features.clone()),
            gates: self.slot(steps.clone() * Dim::Known(layer.cell.kept()) * layer.units.clone()),
            states: self.slot(states.clone()),
            cells: self.slot(states),
            carried: self.slot(Dim::Known(CARRIED) * layer.units.clone()),
            layer: layer.clone(),
            steps,
            features,
        }));
        let output = node.outputs[0];
        let (len, value) = (self.shape(graph, output).elements(), self.values.of(output));
        self.op(call_name(graph, id), vec![id], len, kind, reads, value);
        self.gives.last_mut().into_iter().for_each(|gives| gives.append(&mut given));
    }
}

impl Recurrent {
    /// Memory that is used from the forward pass on.
    pub(crate) fn kept_mut(&mut self) -> [&mut View; 3] {
        [&mut self.gates, &mut self.states, &mut self.cells]
    }

    /// What the gradients of the kernel and the bias are made of, and that of the recurrent kernel: what was multiplied
    /// with it, and the gradient of the product. A wrapper runs the layer on `wrapped` sequences per sample.
    pub(crate) fn uses(&self, wrapped: &Dim) -> (Use, Use, Vec<Use>) {
        let (units, width) = (&self.layer.units, self.layer.width());
        let steps = wrapped.clone() * self.steps.clone();
        let of_steps = |dim: &Dim| steps.clone() * dim.clone();
        let call = |x: View, first: usize, len: &Dim| {
            let column = Dim::Known(first) * units.clone();
            let dy = View { column, len: of_steps(len), ..self.gates.clone() };
            Use { x, dy, positions: steps.clone() }
        };
        // The values before each step: all but the last.
        let before = |memory: &View| View::whole(memory.slot, of_steps(units));
        let states = self.dropped.as_ref().map_or(&self.states, |dropped| &dropped.states);
        let inputs = || self.inputs.clone();
        let kernel = call(inputs(), 0, &width);
        let gates = self.layer.cell.gates();
        match self.layer.cell {
            Cell::Lstm | Cell::Simple => {
                let recurrent = call(before(states), 0, &width);
                (kernel.clone(), kernel, vec![recurrent])
            }
            Cell::Gru { reset_after: true } => {
                // Two biases, one behind the other as the gradients are.
                let both = Use { x: inputs(), dy: self.gates.clone(), positions: steps.clone() };
                (kernel, both, vec![call(before(states), gates, &width)])
            }
            Cell::Gru { reset_after: false } => {
                let state = call(before(states), gates, &width);
                let reset = call(before(&self.cells), 2 * gates, &width);
                (kernel.clone(), kernel, vec![state, reset])
            }
        }
    }
}
