//! Plans `SpectralNormalization`: the kernels that training steps divide by their largest singular value, before the
//! operations of the layer inside read them.

use super::Block;
use super::build::{Building, param};
use crate::describe::List;
use crate::dim::Dim;
use crate::graph::{Graph, LayerId, NodeId};
use crate::layers::LayerKind;
use crate::layers::layer::Weight;
use crate::layers::spectral_normalization::{SpectralNormalization, VECTOR};
use crate::operation::SpectralKernel;

/// The wrapper that normalizes the kernel of a layer, if there is one.
pub(super) fn wrapper(graph: &Graph, layer: LayerId) -> Option<&SpectralNormalization> {
    match &graph.layer(layer).kind {
        LayerKind::SpectralNormalization(wrapper) => Some(wrapper),
        _ => None,
    }
}

/// The weights that operations read: not the last one, the vector of the power iterations.
pub(super) fn weights_inside(graph: &Graph, layer: LayerId) -> &[Weight] {
    match &graph.layer(layer).weights[..] {
        [inside @ .., vector] if vector.name == VECTOR => inside,
        all => all,
    }
}

impl Building {
    /// Adds the memory for the normalization of a kernel, if the layer is wrapped: the vector, and copies of the
    /// kernel for all calls but the last, since the kernel is divided once more for each. `kernel` is the block of
    /// the kernel; the last weights of the plan are those of the layer.
    pub(super) fn spectral(&mut self, graph: &Graph, layer: LayerId, kernel: usize) {
        let Some(wrapper) = wrapper(graph, layer) else { return };
        let index = weights_inside(graph, layer).len();
        let Some(vector) = graph.layer(layer).weights.get(index) else { return };
        let cols = vector.shape.last().cloned().unwrap_or(Dim::Known(1));
        let untrained = |rows: Dim, cols: Dim| Block { rows, cols, pack: false, gradient: None };
        let block = self.plan.blocks.len();
        self.plan.blocks.push(untrained(Dim::Known(1), cols.clone()));
        self.plan.params.push(param(graph, layer, index, block, [Dim::Known(0), cols]));
        // The kernel of a model that only predicts does not change.
        let calls = if graph.compile.is_some() { self.values.calls[layer.index()] } else { 0 };
        let copies = (1..calls).map(|_| {
            let Block { rows, cols, .. } = self.plan.blocks[kernel].clone();
            self.plan.blocks.push(untrained(rows, cols));
            self.plan.blocks.len() - 1
        });
        let copies = List::Owned(copies.collect());
        let power_iterations = wrapper.power_iterations;
        self.plan.spectral.push(SpectralKernel { kernel, vector: block, power_iterations, copies });
    }

    /// The block that a call reads instead of `block`: its own copy of a kernel that is divided between the calls of
    /// a step.
    pub(super) fn block_of_call(&self, graph: &Graph, id: NodeId, block: usize) -> usize {
        let Some(kernel) = self.plan.spectral.iter().find(|it| it.kernel == block) else { return block };
        let layer = graph.node(id).layer;
        let live = self.values.live.iter();
        let before = live.filter(|&&node| node < id && graph.node(node).layer == layer).count();
        kernel.copies.get(before).copied().unwrap_or(block)
    }
}
