//! Layers that read a sequence step by step.

use super::build::{Building, key};
use super::{Interleaved, OpKind, Read, View, Weighted};
use crate::activation::Activation;
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
    /// The kernel.
    pub kernel: Weighted,
    /// The recurrent kernel.
    pub recurrent_kernel: Weighted,
    /// The bias.
    pub bias: Option<Weighted>,
    /// The interleaved copies of kernel and recurrent kernel, if its steps are fused.
    pub interleaved: Option<[usize; 2]>,
    /// What is read.
    pub read: Read,
    /// What the states are before the first step; zeros where nothing is read.
    pub initial: Vec<Read>,
    /// The states after the last step, as far as they are needed.
    pub last: [Option<Last>; 2],
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
            let (name, shape) = (format!("{}_dropout", self.call_name(graph, id)), read.shape.clone());
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
        let mut weights = self.layer_weights(graph, id).into_iter();
        let (Some(kernel), Some(recurrent_kernel)) = (weights.next(), weights.next()) else { return };
        let interleaved = has_fused_step(layer).then(|| {
            [kernel.block, recurrent_kernel.block].map(|block| self.interleaved(block, layer.cell.gates()))
        });
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
            kernel,
            recurrent_kernel,
            bias: weights.next(),
            interleaved,
            read,
            initial,
            last,
            dropped,
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
        self.op(self.call_name(graph, id), vec![id], len, kind, reads, value);
        self.gives.last_mut().into_iter().for_each(|gives| gives.append(&mut given));
    }

    /// The interleaved copy of a block.
    fn interleaved(&mut self, block: usize, parts: usize) -> usize {
        let copies = &mut self.plan.interleaved;
        copies.iter().position(|copy| copy.block == block).unwrap_or_else(|| {
            copies.push(Interleaved { block, parts });
            copies.len() - 1
        })
    }
}

impl Recurrent {
    /// Memory that is used from the forward pass on.
    pub(crate) fn kept_mut(&mut self) -> [&mut View; 3] {
        [&mut self.gates, &mut self.states, &mut self.cells]
    }

    /// Its weights.
    pub(crate) fn weights_mut(&mut self) -> Vec<&mut Weighted> {
        [&mut self.kernel, &mut self.recurrent_kernel].into_iter().chain(&mut self.bias).collect()
    }

    /// Whether its steps are fused and keep their gates for the backward only.
    pub(crate) fn forgets_gates(&self) -> bool {
        self.interleaved.is_some()
    }
}

/// Whether there is a kernel for whole steps of the layer: there is one for LSTMs with Keras's activations.
fn has_fused_step(layer: &recurrent::Recurrent) -> bool {
    layer.cell == Cell::Lstm
        && layer.activation == Activation::Tanh
        && layer.recurrent_activation == Activation::Sigmoid
}
