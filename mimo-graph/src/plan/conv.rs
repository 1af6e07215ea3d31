//! Convolutions: their geometry, and the memory that their passes need for one sample.

use super::build::{Building, call_name};
use super::{Conv, OpKind, Plan, Read, Scratch, Slot, View};
use crate::activation::Activation;
use crate::dim::{Dim, Same};
use crate::graph::{Graph, NodeId};
use crate::layers::conv::{self, Axis};

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
            read,
        };
        let products = conv.axes.iter().fold(kernel_len(&conv), |n, axis| n * axis.output.clone());
        self.plan.flops = self.plan.flops.clone() + Dim::Known(2) * products;
        conv.forward = scratch(&mut self.plan, &conv, !transposed, transposed);

        let result = self.shape(graph, output);
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

/// Gives the backward of convolutions the memory that it needs.
pub(super) fn backward_scratch(plan: &mut Plan) {
    for at in 0..plan.forward.len() {
        if !plan.forward[at].backward {
            continue;
        }
        let OpKind::Conv(conv) = &plan.forward[at].kind else { continue };
        let conv = conv.clone();
        let (trained, gradient) = (conv.kernel.gradient.is_some(), conv.read.dx.is_some());
        let made = scratch(plan, &conv, trained || conv.transposed && gradient, !conv.transposed && gradient);
        if let OpKind::Conv(conv) = &mut plan.forward[at].kind {
            conv.backward = made;
        }
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

fn kernel_len(conv: &Conv) -> Dim {
    let channels = conv.channels.clone() / Dim::Known(conv.groups) * conv.filters.clone();
    conv.axes.iter().fold(channels, |len, axis| len * axis.kernel.clone())
}

/// The axis along which a sequence does not extend.
fn one() -> Axis {
    let one = || Dim::Known(1);
    Axis { input: one(), output: one(), kernel: one(), stride: 1, dilation: 1, padding: Dim::Known(0) }
}
