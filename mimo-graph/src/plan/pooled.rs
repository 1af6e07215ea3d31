//! Convolutions that pool their results before they give them.

use super::build::Building;
use super::conv::{kernel_len, scratch};
use super::values::ValueId;
use super::{Conv, OpKind, Plan, Pooled, Slot, View};
use crate::activation::Activation;
use crate::dim::{Dim, Same};
use crate::graph::{Graph, NodeId};
use crate::layers::LayerKind;
use crate::layers::pooling::PoolKind;
use crate::layers::spatial::Padding;

impl Building {
    /// The max pooling that a convolution can do on the way, and how high its windows are: they lie side by side, two
    /// positions wide, and nobody else reads what the convolution gives.
    pub(super) fn pools(&self, graph: &Graph, id: NodeId, conv: &Conv) -> Option<(NodeId, usize)> {
        let plain = conv.axes.iter().all(|axis| axis.stride == 1 && axis.dilation == 1);
        let one_group = conv.groups.same(&Dim::Known(1)) == Same::Yes && !conv.depthwise && !conv.transposed;
        let increasing = matches!(conv.activation, Activation::Linear | Activation::Relu);
        // A wrapper would have the axes of the two counted differently.
        let wrapped = self.wrapped().is_some();
        let value = self.values.of(graph.node(id).outputs[0]);
        let is_output =
            self.values.tensors[value.0].iter().any(|&tensor| !self.values.ports[tensor.index()].is_empty());
        let &[reader] = &self.values.readers[value.0][..] else { return None };
        // A wrapper around one of the two would make its windows lie elsewhere.
        let (LayerKind::Pooling(pooling), true) = self.core(graph, reader) else { return None };
        let [Some(height @ 1..=2), Some(2)] = pooling.pool_size.each_ref().map(Dim::known) else {
            return None;
        };
        let apart = pooling.strides.iter().zip(&pooling.pool_size).all(|(a, b)| a.same(b) == Same::Yes);
        let largest = pooling.kind == PoolKind::Max && pooling.padding == Padding::Valid;
        (!wrapped && plain && one_group && increasing && !is_output && apart && largest)
            .then_some((reader, height))
    }

    /// A convolution of `from` and the pooling behind it as one operation.
    pub(super) fn pooled_conv(
        &mut self,
        graph: &Graph,
        [id, pooling]: [NodeId; 2],
        mut conv: Conv,
        from: ValueId,
        height: usize,
    ) {
        let output = graph.node(pooling).outputs[0];
        let len = self.shape(graph, output).elements();
        self.count_products(&conv);
        self.plan.flops = self.plan.flops.clone() + len.clone() * Dim::Known(2 * height);
        conv.forward = scratch(&mut self.plan, &conv, true, false);
        // Bytes, four to a value.
        let codes = self.slot((len.clone() + Dim::Known(3)) / Dim::Known(4));
        conv.pooled = Some(Pooled { height, codes, spread: None, sums: None });
        let name = format!("{}_and_{}", self.call_name(graph, id), self.call_name(graph, pooling));
        let kind = OpKind::Conv(Box::new(conv));
        self.op(name, vec![id, pooling], len, kind, vec![from], self.values.of(output));
    }
}

/// Gives the backward of a pooled convolution its memory: `trained` says that its kernel has a gradient, `gradient` that
/// what it reads has one.
pub(super) fn backward_scratch(plan: &mut Plan, conv: &mut Conv, trained: bool, gradient: bool) {
    let len = kernel_len(conv);
    let image = conv.axes.iter().fold(conv.channels.clone(), |area, axis| area * axis.padded());
    let mut slot = |len: Dim| {
        plan.slots.push(Slot::fixed(len.clone()));
        View::whole(plan.slots.len() - 1, len)
    };
    if let Some(pooled) = &mut conv.pooled {
        pooled.spread = gradient.then(|| [slot(image), slot(len.clone())]);
        pooled.sums = trained.then(|| slot(len));
    }
    conv.backward = scratch(plan, conv, trained, false);
}
