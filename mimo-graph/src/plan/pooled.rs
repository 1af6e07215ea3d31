//! Plans convolutions fused with max pooling.

use super::build::Building;
use super::conv::{Convolution, fixed};
use super::values::ValueId;
use crate::activation::Activation;
use crate::dim::{Dim, Same};
use crate::graph::{Graph, NodeId};
use crate::layers::LayerKind;
use crate::layers::pooling::PoolKind;
use crate::layers::spatial::Padding;
use crate::operation::{ConvScratch, During, PooledConv, Scratch};

impl Building {
    /// The max pooling that can be fused with a convolution, and the height of its windows: they do not overlap, are
    /// two positions wide, and are the only reader of the convolution's output.
    pub(super) fn pools(&self, graph: &Graph, id: NodeId, conv: &Convolution) -> Option<(NodeId, usize)> {
        let plain = conv.geometry.axes.iter().all(|axis| axis.stride == 1 && axis.dilation == 1);
        let one_group =
            conv.geometry.groups.same(&Dim::Known(1)) == Same::Yes && !conv.depthwise && !conv.transposed;
        let increasing = matches!(conv.activation, Activation::Linear | Activation::Relu);
        // With a wrapper, the axes of the two would be counted differently.
        let wrapped = self.wrapped().is_some();
        let value = self.values.of(graph.node(id).outputs[0]);
        let is_output = self.values.is_read_by_model(value);
        let &[reader] = &self.values.readers[value.0][..] else { return None };
        // A wrapper around one of the two would move its windows.
        let (LayerKind::Pooling(pooling), true) = self.core(graph, reader) else { return None };
        // A penalty would read the image that is not written.
        let penalized = graph.kind(graph.node(id)).activity_regularizer().is_some();
        let [Some(height @ 1..=2), Some(2)] = pooling.pool_size.each_ref().map(Dim::known) else {
            return None;
        };
        let apart = pooling.strides.iter().zip(&pooling.pool_size).all(|(a, b)| a.same(b) == Same::Yes);
        let largest = pooling.kind == PoolKind::Max && pooling.padding == Padding::Valid;
        (!wrapped && !penalized && plain && one_group && increasing && !is_output && apart && largest)
            .then_some((reader, height))
    }

    /// Adds a convolution of `from` and the pooling after it as one operation.
    pub(super) fn pooled_conv(
        &mut self,
        graph: &Graph,
        [id, pooling]: [NodeId; 2],
        conv: Convolution,
        from: ValueId,
        height: usize,
    ) {
        let output = graph.node(pooling).outputs[0];
        let len = self.shape(graph, output).elements();
        self.count_products(&conv);
        self.plan.flops = self.plan.flops.clone() + len.clone() * Dim::Known(2 * height);
        let memory = &mut |len| fixed(&mut self.plan, len);
        let padded = ConvScratch::new(&conv.geometry, During::Forward, [true, false], memory).input;
        // Bytes, four to a value.
        let argmax = self.slot((len.clone() + Dim::Known(3)) / Dim::Known(4));
        let kind = PooledConv {
            geometry: conv.geometry,
            height,
            x: conv.x,
            y: self.written(graph, pooling),
            kernel: conv.kernel,
            bias: conv.bias,
            activation: conv.activation,
            activation_grad_applied: false,
            argmax: Scratch::rows(argmax, During::Training),
            padded: [padded, None],
            spread: None,
            sums: None,
        };
        let name = format!("{}_and_{}", self.call_name(graph, id), self.call_name(graph, pooling));
        self.add(name, vec![id, pooling], kind.into(), vec![from], self.values.of(output));
    }
}
