//! Plans recurrent layers.

use super::build::{Building, key};
use super::{Interleaved, Read, StatePlace, Written};
use crate::activation::Activation;
use crate::dim::Dim;
use crate::graph::{Graph, NodeId};
use crate::layers::recurrent::{self, Cell};
use crate::operation::{Dropout, During, Recurrent, RecurrentDropout, Scratch, StepMask};
use crate::order::{marked, needed_tensors};

/// Number of values per unit that the backward passes from step to step.
const STATE_GRADIENTS: usize = 4;

impl Building {
    /// A layer that reads a sequence step by step.
    pub(super) fn recurrent(&mut self, graph: &Graph, id: NodeId, layer: &recurrent::Recurrent) {
        let node = graph.node(id);
        // A call has an input, whose axes the shape rule has checked.
        let Some(&input) = node.inputs.first() else { return };
        let mut x = self.read(graph, input);
        let (masks, given_states): (Vec<_>, Vec<_>) =
            node.inputs.iter().copied().zip(&node.roles).skip(1).partition(|(_, role)| **role == "mask");
        let mask = masks.first().map(|&(mask, _)| mask);
        let mut states = given_states.iter().map(|&(state, _)| self.read(graph, state));
        let mut initial = [states.next(), states.next()];
        let shape = self.shape(graph, input);
        let [steps, features] = &shape.0[..] else { return };
        let (steps, features) = (steps.clone(), features.clone());
        let read = [input].into_iter().chain(mask).chain(given_states.iter().map(|&(state, _)| state));
        let mut reads: Vec<_> = read.map(|input| self.values.of(input)).collect();
        let key = key(layer.seed, id);
        // With recurrent dropout, Keras computes gate by gate, and also drops inputs gate by gate.
        let by_gate = layer.recurrent_dropout > 0.0 && layer.cell.gates() > 1;
        if layer.dropout > 0.0 && !by_gate {
            let name = format!("{}_dropout", self.call_name(graph, id));
            let read = std::mem::replace(&mut reads[0], self.value_like(self.values.of(input)));
            let y = self.written_value(shape.elements(), reads[0]);
            let dropped = Read::of(y.view.clone());
            let kind = Dropout { rate: layer.dropout, positions: steps.clone(), key, x, y };
            self.add(name, vec![], kind.into(), vec![read], reads[0]);
            x = dropped;
        }
        let mut dropout = |rate: f64, key: u64, len: &Dim| {
            let values = (steps.clone() * Dim::Known(layer.cell.gates()) + Dim::Known(1)) * len.clone();
            let dropped = |this: &mut Self| this.scratch(values, During::Training);
            (rate > 0.0).then(|| RecurrentDropout { rate, key, dropped: dropped(self) })
        };
        let input_dropout = by_gate.then(|| dropout(layer.dropout, key, &features)).flatten();
        // Another key for the same layer.
        let dropout = dropout(layer.recurrent_dropout, key ^ 1 << 62, &layer.units);
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
        let mut last = [1, 2].map(|place| {
            let is_read = |tensor| layer.activity_regularizer.is_some() || marked(&needed, tensor);
            let tensor = *node.outputs.get(place).filter(|&&tensor| is_read(tensor))?;
            let value = self.values.of(tensor);
            given.push(value);
            Some(self.written_value(layer.units.clone(), value))
        });
        if layer.stateful {
            self.stateful(graph, id, layer, &mut initial, &mut last);
        }
        let mask = mask.map(|mask| StepMask {
            values: self.read(graph, mask),
            zeros: layer.zero_output_for_mask,
            first: self.scratch(Dim::Known(1), During::Both),
            saved: self.scratch(Dim::Known(2) * layer.units.clone(), During::Backward),
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
            mask,
            initial,
            last,
            kernel,
            recurrent_kernel,
            bias: weights.next(),
            interleaved,
            input_dropout,
            dropout,
            gates: self.scratch(gates, gates_during),
            states: self.scratch(states.clone(), During::Both),
            cells: self.scratch(states, During::Both),
            state_gradients: self
                .scratch(Dim::Known(STATE_GRADIENTS) * layer.units.clone(), During::Backward),
            y: self.written(graph, id),
            steps,
            features,
        };
        self.add(self.call_name(graph, id), vec![id], kind.into(), reads, value);
        self.gives.last_mut().into_iter().for_each(|gives| gives.append(&mut given));
    }

    /// A call begins with the final states of the previous call, of the previous batch or of this one. They have no
    /// gradient, as in Keras. States that the call passes replace them.
    fn stateful(
        &mut self,
        graph: &Graph,
        id: NodeId,
        layer: &recurrent::Recurrent,
        initial: &mut [Option<Read>; 2],
        last: &mut [Option<Written>; 2],
    ) {
        let called = graph.node(id).layer.index();
        let first = self.states[called];
        let start = first.unwrap_or(self.plan.states.len());
        self.states[called] = Some(start);
        let states = initial.iter_mut().zip(last).take(layer.cell.states().len());
        for (at, (initial, last)) in states.enumerate() {
            let from = match first {
                Some(first) => self.plan.states[first + at].to.clone(),
                None => self.slot(layer.units.clone()),
            };
            initial.get_or_insert_with(|| Read::of(from.clone()));
            let view = self.slot(layer.units.clone());
            let last = last.get_or_insert_with(|| Written { view, gradient: None, kept: false });
            let to = last.view.clone();
            match self.plan.states.get_mut(start + at) {
                Some(state) => state.to = to,
                None => self.plan.states.push(StatePlace { from, to }),
            }
        }
    }

    /// Memory per row.
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

/// Whether there is a kernel for fused steps of the layer: there is one for LSTMs with Keras's default activations.
fn has_fused_step(layer: &recurrent::Recurrent) -> bool {
    layer.cell == Cell::Lstm
        && layer.activation == Activation::Tanh
        && layer.recurrent_activation == Activation::Sigmoid
}
