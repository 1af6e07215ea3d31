//! Layers that read a sequence step by step.

use super::build::{Building, key};
use super::{Interleaved, Read};
use crate::activation::Activation;
use crate::dim::Dim;
use crate::graph::{Graph, NodeId};
use crate::layers::recurrent::{self, Cell};
use crate::operation::{Dropout, During, Recurrent, RecurrentDropout, Scratch};
use crate::order::{marked, needed_tensors};

/// Values per unit that the backward works with from step to step.
const CARRIED: usize = 4;

impl Building {
    /// A layer that reads a sequence step by step.
    pub(super) fn recurrent(&mut self, graph: &Graph, id: NodeId, layer: &recurrent::Recurrent) {
        let node = graph.node(id);
        // A call has an input, and its shape rule has seen to its axes.
        let Some(&input) = node.inputs.first() else { return };
        let mut x = self.read(graph, input);
        let mut states = node.inputs[1..].iter().map(|&input| self.read(graph, input));
        let initial = [states.next(), states.next()];
        let shape = self.shape(graph, input);
        let [steps, features] = &shape.0[..] else { return };
        let (steps, features) = (steps.clone(), features.clone());
        let mut reads: Vec<_> = node.inputs.iter().map(|&input| self.values.of(input)).collect();
        let key = key(layer.seed, id);
        if layer.dropout > 0.0 {
            let name = format!("{}_dropout", self.call_name(graph, id));
            let read = std::mem::replace(&mut reads[0], self.value_like(self.values.of(input)));
            let y = self.written_value(shape.elements(), reads[0]);
            let dropped = Read::of(y.view.clone());
            let kind = Dropout { rate: layer.dropout, positions: steps.clone(), key, x, y };
            self.add(name, vec![], kind.into(), vec![read], reads[0]);
            x = dropped;
        }
        let dropout = (layer.recurrent_dropout > 0.0).then(|| RecurrentDropout {
            rate: layer.recurrent_dropout,
            // Another key for the same layer.
            key: key ^ 1 << 62,
            states: self.scratch(steps.clone() * layer.units.clone(), During::Training),
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
            given.push(value);
            Some(self.written_value(layer.units.clone(), value))
        });
        let value = self.values.of(node.outputs[0]);
        let gates = steps.clone() * Dim::Known(layer.cell.kept()) * layer.units.clone();
        // Fused steps store their gates for the backward only.
        let gates_during = if interleaved.is_some() { During::Training } else { During::Both };
        let kind = Recurrent {
            cell: layer.cell,
            units: layer.units.clone(),
            activation: layer.activation,
            recurrent_activation: layer.recurrent_activation,
            sequences: layer.return_sequences,
            backwards: layer.go_backwards,
            flipped: layer.flipped,
            x,
            initial,
            last,
            kernel,
            recurrent_kernel,
            bias: weights.next(),
            interleaved,
            dropout,
            gates: self.scratch(gates, gates_during),
            states: self.scratch(states.clone(), During::Both),
            cells: self.scratch(states, During::Both),
            state_gradients: self.scratch(Dim::Known(CARRIED) * layer.units.clone(), During::Backward),
            y: self.written(graph, id),
            steps,
            features,
        };
        self.add(self.call_name(graph, id), vec![id], kind.into(), reads, value);
        self.gives.last_mut().into_iter().for_each(|gives| gives.append(&mut given));
    }

    /// Memory of every row.
    fn scratch(&mut self, len: Dim, during: During) -> Scratch<Dim> {
        Scratch::rows(self.slot(len), during)
    }

    /// The interleaved copy of a block.
    fn interleaved(&mut self, block: usize, parts: usize) -> usize {
        let copies = &mut self.plan.interleaved;
        copies.iter().position(|copy| copy.block == block).unwrap_or_else(|| {
            copies.push(Interleaved { block, parts: Dim::Known(parts) });
            copies.len() - 1
        })
    }
}

/// Whether there is a kernel for whole steps of the layer: there is one for LSTMs with Keras's activations.
fn has_fused_step(layer: &recurrent::Recurrent) -> bool {
    layer.cell == Cell::Lstm
        && layer.activation == Activation::Tanh
        && layer.recurrent_activation == Activation::Sigmoid
}
