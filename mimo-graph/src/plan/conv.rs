//! Convolutions: their geometry, and the memory that their passes need for one sample.

use super::build::{Building, call_name, shape};
use super::{Conv, OpKind, Plan, Pooled, Read, Scratch, Slot, View};
use crate::activation::Activation;
use crate::dim::{Dim, Same};
use crate::graph::{Graph, NodeId};
use crate::layers::LayerKind;
use crate::layers::conv::{self, Axis};
use crate::layers::pooling::PoolKind;
use crate::layers::spatial::Padding;

impl Building {
    /// A convolution, with its activation in place where that can be done.
    pub(super) fn conv(&mut self, graph: &Graph, id: NodeId, layer: &conv::Conv) {
        let node = graph.node(id);
        let (input, output) = (node.inputs[0], node.outputs[0]);
        let read = self.read(graph, input);
        let mut axes = layer.axes(&read.shape).into_iter();
        let axes = match (axes.next(), axes.next()) {
            (Some(height), Some(width)) => [height, width],
            (width, _) => [one(), width.unwrap_or(one())],
        };
        let channels = read.shape.last().cloned().unwrap_or(Dim::Known(1));
        let transposed = layer.class.transposed();
        let (channels, filters) =
            if transposed { (layer.filters.clone(), channels) } else { (channels, layer.filters.clone()) };
        let mut weights = self.layer_weights(graph, id).into_iter();
        // A convolution has a kernel.
        let Some(kernel) = weights.next() else { return };
        let in_place = layer.activation.elementwise() && layer.activation.from_output();
        let in_place = layer.activation == Activation::Linear || in_place && !self.fused(graph, id);
        let mut conv = Conv {
            axes,
            channels,
            filters,
            groups: layer.groups,
            transposed,
            kernel,
            bias: weights.next(),
            activation: if in_place { layer.activation } else { Activation::Linear },
            passed: false,
            forward: Scratch::default(),
            backward: Scratch::default(),
            pooled: None,
            read,
        };
        let products = conv.axes.iter().fold(kernel_len(&conv), |n, axis| n * axis.output.clone());
        self.plan.flops = self.plan.flops.clone() + Dim::Known(2) * products;
        conv.forward = scratch(&mut self.plan, &conv, !transposed, transposed);

        if let Some((pooling, height)) = self.pools(graph, id, &conv) {
            return self.pooled_conv(graph, [id, pooling], conv, height);
        }
        let result = shape(graph, output);
        let value = self.values.of(output);
        let product = if in_place { value } else { self.value_like(value) };
        let reads = vec![self.values.of(input)];
        let kind = OpKind::Conv(Box::new(conv));
        self.op(call_name(graph, id), vec![id], result.elements(), kind, reads, product);
        if in_place {
            return;
        }
        let x = self.places[product.0].clone().unwrap_or_else(|| View::whole(0, result.elements()));
        let read = Read { x, shape: result.clone(), dx: None };
        let (activation, positions) = (layer.activation, result.positions());
        let kind = OpKind::Activate { activation, positions, read };
        let name = format!("{}_activation", call_name(graph, id));
        self.op(name, vec![id], result.elements(), kind, vec![product], value);
    }
}

impl Building {
    /// The max pooling that can be done on the way, and how high its windows are: they lie side by side, two positions
    /// wide, and nobody else reads what the convolution gives.
    fn pools(&self, graph: &Graph, id: NodeId, conv: &Conv) -> Option<(NodeId, usize)> {
        let plain = conv.axes.iter().all(|axis| axis.stride == 1 && axis.dilation == 1);
        let increasing = matches!(conv.activation, Activation::Linear | Activation::Relu);
        let given = graph.node(id).outputs[0];
        let value = self.values.of(given);
        let is_output = graph.outputs.iter().any(|port| self.values.of(port.tensor) == value);
        let read_there =
            |node: NodeId| graph.node(node).inputs.iter().any(|&input| self.values.of(input) == value);
        let mut readers = self.values.live.iter().copied().filter(|&node| read_there(node));
        let (reader, None) = (readers.next()?, readers.next()) else { return None };
        let LayerKind::Pooling(pooling) = &graph.layer(graph.node(reader).layer).kind else { return None };
        let lens = [0, 1].map(|axis| pooling.pool_size[axis].known());
        let apart =
            [0, 1].iter().all(|&axis| pooling.strides[axis].same(&pooling.pool_size[axis]) == Same::Yes);
        let [Some(height @ 1..=2), Some(2)] = lens else { return None };
        let fits = conv.groups == 1
            && !conv.transposed
            && plain
            && increasing
            && !is_output
            && apart
            && pooling.kind == PoolKind::Max
            && pooling.padding == Padding::Valid;
        fits.then_some((reader, height))
    }

    /// A convolution and the pooling behind it as one operation.
    fn pooled_conv(&mut self, graph: &Graph, [id, pooling]: [NodeId; 2], mut conv: Conv, height: usize) {
        let output = graph.node(pooling).outputs[0];
        let len = shape(graph, output).elements();
        // Bytes, four to a value.
        let codes = self.slot((len.clone() + Dim::Known(3)) / Dim::Known(4));
        conv.pooled = Some(Pooled { height, codes, spread: None, sums: None });
        self.plan.flops = self.plan.flops.clone() + len.clone() * Dim::Known(2 * height);
        let reads = vec![self.values.of(graph.node(id).inputs[0])];
        let name = format!("{}_and_{}", call_name(graph, id), call_name(graph, pooling));
        let kind = OpKind::Conv(Box::new(conv));
        self.op(name, vec![id, pooling], len, kind, reads, self.values.of(output));
    }
}

/// Gives the backward of convolutions the memory that it needs.
pub(super) fn backward_scratch(plan: &mut Plan) {
    for at in 0..plan.forward.len() {
        if !plan.forward[at].backward {
            continue;
        }
        let OpKind::Conv(conv) = &plan.forward[at].kind else { continue };
        let conv = conv.clone();
        let (trained, gradient) = (conv.kernel.gradient.is_some(), conv.read.dx.is_some());
        let mut conv = conv;
        if let Some(mut pooled) = conv.pooled.take() {
            let len = kernel_len(&conv);
            let mut slot = |len: Dim| {
                plan.slots.push(Slot::fixed(len.clone()));
                View::whole(plan.slots.len() - 1, len)
            };
            pooled.spread = gradient.then(|| [slot(image_len(&conv)), slot(len.clone())]);
            pooled.sums = trained.then(|| slot(len));
            conv.pooled = Some(pooled);
            conv.backward = scratch(plan, &conv, trained, false);
        } else {
            let gathers = trained || conv.transposed && gradient;
            conv.backward = scratch(plan, &conv, gathers, !conv.transposed && gradient);
        }
        plan.forward[at].kind = OpKind::Conv(conv);
    }
}

/// The slots of a pass that reads windows of the geometry's input, or spreads its output.
fn scratch(plan: &mut Plan, conv: &Conv, gathers: bool, spreads: bool) -> Scratch {
    let mut slot = |len: Dim| {
        plan.slots.push(Slot::fixed(len.clone()));
        View::whole(plan.slots.len() - 1, len)
    };
    let area = |len: fn(&Axis) -> Dim, channels: &Dim| {
        conv.axes.iter().fold(channels.clone(), |area, axis| area * len(axis))
    };
    let padded = conv.axes.iter().any(|axis| axis.padded().same(&axis.input) != Same::Yes);
    let input = (gathers && padded).then(|| slot(area(Axis::padded, &conv.channels)));
    let spread = spreads.then(|| [slot(area(Axis::padded_output, &conv.filters)), slot(kernel_len(conv))]);
    Scratch { input, spread }
}

/// Values of the padded input.
fn image_len(conv: &Conv) -> Dim {
    conv.axes.iter().fold(conv.channels.clone(), |area, axis| area * axis.padded())
}

fn kernel_len(conv: &Conv) -> Dim {
    let channels = conv.channels.clone() / Dim::Known(conv.groups) * conv.filters.clone();
    conv.axes.iter().fold(channels, |len, axis| len * axis.kernel.clone())
}

/// The axis along which a sequence does not extend.
fn one() -> Axis {
    let one = || Dim::Known(1);
    Axis { input: one(), output: one(), kernel: one(), stride: 1, dilation: 1, padding: Dim::Known(0) }
}
