//! Plans dense layers: siblings on one input become one product, activations are applied in place if possible.

use super::build::{Building, activation, param, shape, units};
use super::spectral;
use super::values::ValueId;
use super::{Block, Op, Read, View, Written};
use crate::activation::Activation;
use crate::describe::List;
use crate::dim::Dim;
use crate::graph::{Graph, LayerId, NodeId};
use crate::layers::LayerKind;
use crate::operation::{Activate, BatchWeight, Dense, Segment};

impl Building {
    /// Adds a dense layer, together with the siblings that can be computed with it.
    pub(super) fn dense(&mut self, graph: &Graph, id: NodeId) {
        if self.places[self.values.of(graph.node(id).outputs[0]).0].is_some() {
            return;
        }
        let nodes = self.siblings(graph, id);
        let input = graph.node(id).inputs[0];
        let read = self.read(graph, input);
        let read_shape = self.shape(graph, input);
        let inputs = read_shape.last().cloned().unwrap_or(Dim::Known(1));
        let positions = read_shape.positions();
        let units: Vec<Dim> = nodes.iter().map(|&node| units(graph, node)).collect();
        let total = units.iter().fold(Dim::Known(0), |sum, units| sum + units.clone());
        let (kernel, bias) = self.weights(graph, &nodes, &inputs, &total);
        let kernel = self.block_of_call(graph, id, kernel);
        self.plan.flops =
            self.plan.flops.clone() + Dim::Known(2) * positions.clone() * inputs.clone() * total.clone();

        let y = self.slot(positions.clone() * total.clone());
        let outputs: Vec<ValueId> =
            nodes.iter().map(|&node| self.values.of(graph.node(node).outputs[0])).collect();
        let trained = outputs.iter().any(|&value| self.values.has_gradient(value));
        let gradient = trained.then(|| self.slot(positions.clone() * total.clone()));
        let mut segments = vec![];
        let mut gives = vec![];
        let mut separate = vec![];
        let mut column = Dim::Known(0);
        for ((&node, units), &value) in nodes.iter().zip(units).zip(&outputs) {
            let part = |whole: &View| {
                if nodes.len() == 1 {
                    whole.clone()
                } else {
                    View { column: column.clone(), len: units.clone(), ..whole.clone() }
                }
            };
            let activation = activation(graph, node);
            let in_place = activation.elementwise() && activation.from_output();
            let product = if activation == Activation::Linear || in_place && !self.fused(graph, node) {
                segments.push(segment(&column, &units, activation));
                value
            } else {
                let product = self.value_like(value);
                segments.push(segment(&column, &units, Activation::Linear));
                separate.push((node, activation, product, part(&y)));
                product
            };
            self.places[product.0] = Some(part(&y));
            if self.values.has_gradient(product) {
                self.gradients[product.0] = gradient.as_ref().map(part);
            }
            gives.push(product);
            column = column + units;
        }
        let reads = vec![self.values.of(input)];
        let name = nodes.iter().map(|&node| self.call_name(graph, node)).collect::<Vec<_>>().join("_and_");
        if segments.iter().all(|segment| segment.activation == Activation::Linear) {
            segments.clear();
        }
        let kind = Dense {
            inputs,
            units: total,
            positions: positions.clone(),
            x: read,
            y: Written { view: y, gradient, kept: false },
            kernel: BatchWeight::product(kernel),
            bias: bias.map(BatchWeight::sum),
            activations: List::Owned(segments),
        };
        self.plan.forward.push(Op { name, nodes, backward: false, steps: self.wrapped(), kind: kind.into() });
        self.reads.push(reads);
        self.gives.push(gives);
        for (node, activation, product, x) in separate {
            let name = format!("{}_activation", self.call_name(graph, node));
            let (x, y) = (Read::of(x), self.written(graph, node));
            let kind = Activate { activation, positions: positions.clone(), x, y };
            let value = self.values.of(graph.node(node).outputs[0]);
            self.add(name, vec![node], kind.into(), vec![product], value);
        }
    }

    /// The dense calls that read the input of `first` and can be one product with it. Their outputs become columns of
    /// one slot, so they must not be read as several positions.
    fn siblings(&self, graph: &Graph, first: NodeId) -> Vec<NodeId> {
        let input = self.values.of(graph.node(first).inputs[0]);
        let place = |layer: LayerId| graph.compile.as_ref().map(|compile| compile.optimizer_of(layer));
        let optimizer = |layer: LayerId| graph.compile.as_ref()?.optimizers.get(place(layer)?);
        let fits = |id: NodeId| {
            let node = graph.node(id);
            let value = self.values.of(node.outputs[0]);
            let one_position =
                self.values.tensors[value.0].iter().all(|&tensor| shape(graph, tensor).rank() == 1);
            let called_once = self.values.calls[node.layer.index()] == 1;
            // Weights that are updated or normalized as a whole cannot be columns of a larger matrix.
            let whole = optimizer(node.layer).is_some_and(|keyed| keyed.optimizer.rule.needs_whole_weights());
            let normalized = spectral::wrapper(graph, node.layer).is_some();
            one_position && called_once && !whole && !normalized && shape(graph, node.inputs[0]).rank() == 1
        };
        if !fits(first) {
            return vec![first];
        }
        let traits = |id: NodeId| {
            let node = graph.node(id);
            let layer = graph.layer(node.layer);
            match &layer.kind {
                LayerKind::Dense(dense) => {
                    let gradient = self.values.has_gradient(self.values.of(node.outputs[0]));
                    Some((dense.use_bias, layer.trainable, gradient, place(node.layer)))
                }
                _ => None,
            }
        };
        let wanted = traits(first);
        let reads_input =
            |id: NodeId| graph.node(id).inputs.first().is_some_and(|&tensor| self.values.of(tensor) == input);
        let same = |&id: &NodeId| id == first || reads_input(id) && traits(id) == wanted && fits(id);
        let readers = self.values.readers[input.0].iter().copied();
        readers.filter(|&id| id >= first).filter(same).collect()
    }

    /// Blocks of the layers' weights; created at a layer's first call.
    fn weights(
        &mut self,
        graph: &Graph,
        nodes: &[NodeId],
        inputs: &Dim,
        total: &Dim,
    ) -> (usize, Option<usize>) {
        let first = graph.node(nodes[0]).layer;
        if let Some([kernel, bias @ ..]) = self.blocks[first.index()].as_deref() {
            return (*kernel, bias.first().copied());
        }
        let block = |rows: &Dim, cols: &Dim| Block {
            rows: rows.clone(),
            cols: cols.clone(),
            pack: false,
            gradient: None,
        };
        let kernel = self.plan.blocks.len();
        self.plan.blocks.push(block(inputs, total));
        let biased = matches!(graph.layer(first).kind.core().0, LayerKind::Dense(dense) if dense.use_bias);
        let bias = biased.then(|| {
            self.plan.blocks.push(block(&Dim::Known(1), total));
            kernel + 1
        });
        let mut column = Dim::Known(0);
        for &node in nodes {
            let layer = graph.node(node).layer;
            let cols = units(graph, node);
            self.blocks[layer.index()] = Some([Some(kernel), bias].into_iter().flatten().collect());
            self.plan.weighted.push(layer);
            for (weight, block) in [Some(kernel), bias].into_iter().flatten().enumerate() {
                let columns = [column.clone(), cols.clone()];
                self.plan.params.push(param(graph, layer, weight, block, columns));
            }
            self.spectral(graph, layer, kernel);
            column = column + cols;
        }
        (kernel, bias)
    }
}

/// The activation of the sibling with these columns.
fn segment(column: &Dim, len: &Dim, activation: Activation) -> Segment<Dim> {
    Segment { column: column.clone(), len: len.clone(), activation, activation_grad_applied: false }
}
