//! Convolutions: their geometry, and the memory that their passes need for one sample.

use super::build::Building;
use super::pooled;
use super::values::ValueId;
use super::{Conv, OpKind, Plan, Read, Scratch, Slot, View, Weighted};
use crate::activation::Activation;
use crate::dim::{Dim, Same};
use crate::graph::{Graph, NodeId};
use crate::layers;
use crate::layers::sliding::{Axis, Sliding};
use crate::shape::Shape;

/// The kernel of a convolution and what follows it.
struct Kernel {
    /// Channels that it gives.
    filters: Dim,
    /// Parts of the channels.
    groups: Dim,
    kernel: Weighted,
    bias: Option<Weighted>,
}

impl Building {
    /// A convolution or the transpose of one.
    pub(super) fn conv(&mut self, graph: &Graph, id: NodeId, layer: &layers::conv::Conv) {
        let input = graph.node(id).inputs[0];
        let read = self.read(graph, input);
        let axes = image(layer.sliding.axes(&read.shape));
        let mut weights = self.layer_weights(graph, id).into_iter();
        // A convolution has a kernel.
        let Some(kernel) = weights.next() else { return };
        let (filters, groups) = (layer.filters.clone(), Dim::Known(layer.groups));
        let kernel = Kernel { filters, groups, kernel, bias: weights.next() };
        let transposed = layer.sliding.class.transposed();
        let conv = convolution(axes, read, kernel, transposed);
        self.activated(graph, id, conv, self.values.of(input), layer.activation);
    }

    /// A depthwise convolution: one whose groups are its channels. Its kernel lies in memory as that one's would.
    pub(super) fn depthwise(&mut self, graph: &Graph, id: NodeId, layer: &layers::depthwise::Depthwise) {
        let input = graph.node(id).inputs[0];
        let read = self.read(graph, input);
        let mut weights = self.layer_weights(graph, id).into_iter();
        let Some(kernel) = weights.next() else { return };
        let conv = along_channels(&layer.sliding, &layer.depth_multiplier, read, kernel, weights.next());
        self.activated(graph, id, conv, self.values.of(input), layer.activation);
    }

    /// A depthwise convolution, and one of a single tap.
    pub(super) fn separable(&mut self, graph: &Graph, id: NodeId, layer: &layers::separable::Separable) {
        let (input, output) = (graph.node(id).inputs[0], graph.node(id).outputs[0]);
        let read = self.read(graph, input);
        let mut weights = self.layer_weights(graph, id).into_iter();
        let (Some(depthwise), Some(pointwise)) = (weights.next(), weights.next()) else { return };
        let first = along_channels(&layer.sliding, &layer.depth_multiplier, read, depthwise, None);
        // As the result, but for its channels.
        let mut between = self.shape(graph, output);
        between.0.pop();
        between.0.push(first.filters.clone());
        let value = self.value_like(self.values.of(output));
        let reads = self.values.of(input);
        self.convolve(
            format!("{}_depthwise", self.call_name(graph, id)),
            id,
            first,
            between.clone(),
            reads,
            value,
        );

        let axes = image(between.0.iter().take(between.rank() - 1).map(still).collect());
        let read = self.read_value(value, between);
        let (filters, groups) = (layer.filters.clone(), Dim::Known(1));
        let kernel = Kernel { filters, groups, kernel: pointwise, bias: weights.next() };
        let second = convolution(axes, read, kernel, false);
        self.activated(graph, id, second, value, layer.activation);
    }

    /// What ends in the result of a call: a convolution of `from`, with its activation in place where that can be done.
    fn activated(
        &mut self,
        graph: &Graph,
        id: NodeId,
        mut conv: Conv,
        from: ValueId,
        activation: Activation,
    ) {
        let output = graph.node(id).outputs[0];
        let (result, value) = (self.shape(graph, output), self.values.of(output));
        let in_place = activation.elementwise() && activation.from_output();
        let in_place = activation == Activation::Linear || in_place && !self.fused(graph, id);
        if in_place {
            conv.activation = activation;
        }
        if let Some((pooling, height)) = self.pools(graph, id, &conv).filter(|_| in_place) {
            return self.pooled_conv(graph, [id, pooling], conv, from, height);
        }
        let product = if in_place { value } else { self.value_like(value) };
        self.convolve(self.call_name(graph, id), id, conv, result.clone(), from, product);
        if in_place {
            return;
        }
        let positions = result.positions();
        let read = self.read_value(product, result.clone());
        let kind = OpKind::Activate { activation, positions, read };
        let name = format!("{}_activation", self.call_name(graph, id));
        self.op(name, vec![id], result.elements(), kind, vec![product], value);
    }

    /// Adds a convolution that gives `value`, of shape `result`.
    fn convolve(
        &mut self,
        name: String,
        id: NodeId,
        mut conv: Conv,
        result: Shape,
        from: ValueId,
        value: ValueId,
    ) {
        self.count_products(&conv);
        conv.forward = scratch(&mut self.plan, &conv, !conv.transposed, conv.transposed);
        self.op(name, vec![id], result.elements(), OpKind::Conv(Box::new(conv)), vec![from], value);
    }

    /// Adds the work of a convolution to that of a forward pass.
    pub(super) fn count_products(&mut self, conv: &Conv) {
        let products = conv.axes.iter().fold(kernel_len(conv), |n, axis| n * axis.output.clone());
        self.plan.flops = self.plan.flops.clone() + Dim::Known(2) * products;
    }

    /// A value beside the graph's tensors, to be read.
    fn read_value(&self, value: ValueId, shape: Shape) -> Read {
        let place = self.places[value.0].clone();
        // What gives it was added before.
        let x = place.unwrap_or_else(|| View::whole(0, shape.elements()));
        Read { x, shape, dx: None }
    }
}

/// A convolution without activation and memory.
fn convolution(axes: [Axis; 2], read: Read, kernel: Kernel, transposed: bool) -> Conv {
    let channels = read.shape.last().cloned().unwrap_or(Dim::Known(1));
    let Kernel { filters, groups, kernel, bias } = kernel;
    let (channels, filters) = if transposed { (filters, channels) } else { (channels, filters) };
    // One channel is one group both ways, and then filters are more to run along than channels.
    let depthwise = !transposed && groups.same(&channels) == Same::Yes && channels != Dim::Known(1);
    Conv {
        axes,
        channels,
        filters,
        groups,
        transposed,
        depthwise,
        kernel,
        bias,
        activation: Activation::Linear,
        passed: false,
        forward: Scratch::default(),
        backward: Scratch::default(),
        pooled: None,
        read,
    }
}

/// A convolution whose groups are its channels.
fn along_channels(
    sliding: &Sliding,
    depth_multiplier: &Dim,
    read: Read,
    kernel: Weighted,
    bias: Option<Weighted>,
) -> Conv {
    let axes = image(sliding.axes(&read.shape));
    let groups = read.shape.last().cloned().unwrap_or(Dim::Known(1));
    let filters = groups.clone() * depth_multiplier.clone();
    convolution(axes, read, Kernel { filters, groups, kernel, bias }, false)
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
        if conv.pooled.is_some() {
            pooled::backward_scratch(plan, &mut conv, trained, gradient);
        } else {
            // A depthwise convolution sums up the gradients of a channel's copies where the copies are.
            let gathers = trained || gradient && (conv.transposed || conv.copies());
            conv.backward = scratch(plan, &conv, gathers, !conv.transposed && gradient);
        }
        plan.forward[at].kind = OpKind::Conv(conv);
    }
}

impl Conv {
    /// Whether the passes run along the channels that are given, with a copy of the channel that is read for each.
    fn copies(&self) -> bool {
        self.depthwise && self.filters.same(&self.channels) != Same::Yes
    }
}

/// The slots of a pass that reads windows of the geometry's input, or spreads its output.
pub(super) fn scratch(plan: &mut Plan, conv: &Conv, gathers: bool, spreads: bool) -> Scratch {
    let mut slot = |len: Dim| {
        plan.slots.push(Slot::fixed(len.clone()));
        View::whole(plan.slots.len() - 1, len)
    };
    let area = |len: fn(&Axis) -> Dim, channels: &Dim| {
        conv.axes.iter().fold(channels.clone(), |area, axis| area * len(axis))
    };
    let padded = conv.axes.iter().any(|axis| axis.padded().same(&axis.input) != Same::Yes);
    let wide = if conv.depthwise { &conv.filters } else { &conv.channels };
    Scratch {
        input: (gathers && (padded || conv.copies())).then(|| slot(area(Axis::padded, wide))),
        output: spreads.then(|| slot(area(Axis::padded_output, &conv.filters))),
        kernel: (spreads && !conv.depthwise).then(|| slot(kernel_len(conv))),
    }
}

pub(super) fn kernel_len(conv: &Conv) -> Dim {
    let channels = match conv.depthwise {
        true => conv.filters.clone(),
        false => conv.channels.clone() / conv.groups.clone() * conv.filters.clone(),
    };
    conv.axes.iter().fold(channels, |len, axis| len * axis.kernel.clone())
}

/// Height and width; sequences have height 1.
fn image(axes: Vec<Axis>) -> [Axis; 2] {
    let mut axes = axes.into_iter();
    let one = || still(&Dim::Known(1));
    match (axes.next(), axes.next()) {
        (Some(height), Some(width)) => [height, width],
        (width, _) => [one(), width.unwrap_or_else(one)],
    }
}

/// An axis of this length along which a kernel has one tap.
fn still(len: &Dim) -> Axis {
    let (input, output) = (len.clone(), len.clone());
    Axis { input, output, kernel: Dim::Known(1), stride: 1, dilation: 1, padding: Dim::Known(0) }
}
