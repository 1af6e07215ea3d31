//! Plans products with a `Weight`: `matmul(x, Weight([8, 4]))` is the product of a dense layer.

use super::build::Building;
use super::values::Values;
use crate::describe::List;
use crate::dim::Dim;
use crate::graph::{Graph, NodeId};
use crate::layers::LayerKind;
use crate::operation::{BatchWeight, Dense};

/// By call: whether it outputs a weight that is only read as a kernel, so that no sample needs a copy of it.
pub(super) fn kernels(graph: &Graph, values: &Values) -> Vec<bool> {
    let mut found = vec![false; graph.nodes.len()];
    for &id in &values.live {
        let Some(&tensor) = graph.node(id).outputs.first() else { continue };
        let value = values.of(tensor);
        let is_output = values.is_read_by_model(value);
        let mut readers = values.readers[value.0].iter();
        let only_kernel = readers.all(|&reader| kernel_of(graph, values, reader) == Some(id));
        found[id.index()] = is_weight(graph, id) && !is_output && only_kernel;
    }
    found
}

fn is_weight(graph: &Graph, id: NodeId) -> bool {
    matches!(graph.core(graph.node(id)).0, LayerKind::WeightTensor(_))
}

/// The weight that a call reads as a matrix shared by all samples.
fn kernel_of(graph: &Graph, values: &Values, id: NodeId) -> Option<NodeId> {
    let node = graph.node(id);
    let (LayerKind::Matmul(_), axes) = graph.core(node) else { return None };
    let &[x, kernel] = &node.inputs[..] else { return None };
    let weight = graph.tensor(kernel).producer.filter(|&weight| is_weight(graph, weight))?;
    let same_rows = graph.core(graph.node(weight)).1 == axes;
    let rank = graph.tensor(kernel).shape.as_ref()?.rank().checked_sub(axes)?;
    (same_rows && rank == 2 && values.of(x) != values.of(kernel)).then_some(weight)
}

impl Building {
    /// Adds the product of a call with a weight as that of a dense layer. Returns whether the call is such a product.
    pub(super) fn product_with_weight(&mut self, graph: &Graph, id: NodeId) -> bool {
        let weight = kernel_of(graph, &self.values, id).filter(|weight| self.kernels[weight.index()]);
        let (Some(weight), &[input, kernel]) = (weight, &graph.node(id).inputs[..]) else { return false };
        let (shape, columns) = (self.shape(graph, input), self.shape(graph, kernel).last().cloned());
        let Some(block) = self.layer_weights(graph, weight).first().map(|weight| weight.block) else {
            return false;
        };
        let (inputs, units) = (shape.last().cloned(), columns.unwrap_or(Dim::Known(1)));
        let (inputs, positions) = (inputs.unwrap_or(Dim::Known(1)), shape.positions());
        let flops = Dim::Known(2) * positions.clone() * inputs.clone() * units.clone();
        self.plan.flops = std::mem::take(&mut self.plan.flops) + flops;
        let kind = Dense {
            inputs,
            units,
            positions,
            x: self.read(graph, input),
            y: self.written(graph, id),
            kernel: BatchWeight::product(block),
            bias: None,
            activations: List::Owned(vec![]),
        };
        let (read, given) = (self.values.of(input), self.values.of(graph.node(id).outputs[0]));
        // The layer of the first call has the weight.
        self.add(self.call_name(graph, id), vec![weight, id], kind.into(), vec![read], given);
        true
    }
}
