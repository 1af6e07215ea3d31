//! Plans convolutions: their geometry, and the memory of their passes for one sample.

use super::build::Building;
use super::values::ValueId;
use super::{Buffer, OpKind, Plan, Read, View};
use crate::activation::Activation;
use crate::dim::{Dim, Same};
use crate::graph::{Graph, NodeId};
use crate::layers;
use crate::layers::sliding::{Axis, Sliding};
use crate::operation::{Activate, Conv, ConvScratch, Depthwise, During, Geometry, Weight, Widened};
use crate::shape::Shape;

/// The kernel of a convolution and its number of channels and groups.
struct Kernel {
    /// Number of output channels.
    filters: Dim,
    /// Number of groups.
    groups: Dim,
    kernel: Weight<Dim>,
    bias: Option<Weight<Dim>>,
}

/// A convolution, before its operation is decided.
pub(super) struct Convolution {
    pub(super) geometry: Geometry<Dim>,
    /// Whether it outputs inputs of the geometry.
    pub(super) transposed: bool,
    /// Whether every channel is a group, so that the passes run along the channels.
    pub(super) depthwise: bool,
    pub(super) kernel: Weight<Dim>,
    pub(super) bias: Option<Weight<Dim>>,
    /// The activation that is applied in place.
    pub(super) activation: Activation,
    pub(super) x: Read,
}

impl Building {
    /// A convolution or the transpose of one.
    pub(super) fn conv(&mut self, graph: &Graph, id: NodeId, layer: &layers::conv::Conv) {
        let input = graph.node(id).inputs[0];
        let read = self.read(graph, input);
        let shape = self.shape(graph, input);
        let axes = image(layer.sliding.axes(&shape));
        let mut weights = self.layer_weights(graph, id).into_iter();
        // A convolution has a kernel.
        let Some(kernel) = weights.next() else { return };
        let (filters, groups) = (layer.filters.clone(), Dim::Known(layer.groups));
        let kernel = Kernel { filters, groups, kernel, bias: weights.next() };
        let transposed = layer.sliding.class.transposed();
        let conv = convolution(axes, read, &shape, kernel, transposed);
        self.activated(graph, id, conv, self.values.of(input), layer.activation);
    }

    /// A depthwise convolution: one whose groups are its channels. Its kernel has the same memory layout.
    pub(super) fn depthwise(&mut self, graph: &Graph, id: NodeId, layer: &layers::depthwise::Depthwise) {
        let input = graph.node(id).inputs[0];
        let read = self.read(graph, input);
        let mut weights = self.layer_weights(graph, id).into_iter();
        let Some(kernel) = weights.next() else { return };
        let shape = self.shape(graph, input);
        let conv =
            along_channels(&layer.sliding, &layer.depth_multiplier, (read, &shape), kernel, weights.next());
        self.activated(graph, id, conv, self.values.of(input), layer.activation);
    }

    /// A depthwise convolution, followed by one of a single tap.
    pub(super) fn separable(&mut self, graph: &Graph, id: NodeId, layer: &layers::separable::Separable) {
        let (input, output) = (graph.node(id).inputs[0], graph.node(id).outputs[0]);
        let read = self.read(graph, input);
        let mut weights = self.layer_weights(graph, id).into_iter();
        let (Some(depthwise), Some(pointwise)) = (weights.next(), weights.next()) else { return };
        let shape = self.shape(graph, input);
        let first = along_channels(&layer.sliding, &layer.depth_multiplier, (read, &shape), depthwise, None);
        // Same as the result, except for its channels.
        let mut between = self.shape(graph, output);
        between.0.pop();
        between.0.push(first.geometry.filters.clone());
        let value = self.value_like(self.values.of(output));
        let reads = self.values.of(input);
        let name = format!("{}_depthwise", self.call_name(graph, id));
        self.convolve(name, id, first, &between, reads, value);

        let axes = image(between.0.iter().take(between.rank() - 1).map(still).collect());
        let read = self.read_value(value, &between);
        let (filters, groups) = (layer.filters.clone(), Dim::Known(1));
        let kernel = Kernel { filters, groups, kernel: pointwise, bias: weights.next() };
        let second = convolution(axes, read, &between, kernel, false);
        self.activated(graph, id, second, value, layer.activation);
    }

    /// Adds the convolution of `from` that computes the result of a call, with its activation in place if possible.
    fn activated(
        &mut self,
        graph: &Graph,
        id: NodeId,
        mut conv: Convolution,
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
        self.convolve(self.call_name(graph, id), id, conv, &result, from, product);
        if in_place {
            return;
        }
        let kind = Activate {
            activation,
            positions: result.positions(),
            x: self.read_value(product, &result),
            y: self.written_value(result.elements(), value),
        };
        let name = format!("{}_activation", self.call_name(graph, id));
        self.add(name, vec![id], kind.into(), vec![product], value);
    }

    /// Adds a convolution that computes `value`, of shape `result`.
    fn convolve(
        &mut self,
        name: String,
        id: NodeId,
        conv: Convolution,
        result: &Shape,
        from: ValueId,
        value: ValueId,
    ) {
        self.count_products(&conv);
        let memory = &mut |len| fixed(&mut self.plan, len);
        let Convolution { geometry, transposed, depthwise, kernel, bias, activation, x } = conv;
        let kind: OpKind = if depthwise {
            Depthwise {
                forward: Widened::new(&geometry, During::Forward, [true, false], memory),
                backward: Widened { input: None, output: None },
                y: self.written_value(result.elements(), value),
                activation_grad_applied: false,
                geometry,
                x,
                kernel,
                bias,
                activation,
            }
            .into()
        } else {
            let passes = [!transposed, transposed];
            Conv {
                forward: ConvScratch::new(&geometry, During::Forward, passes, memory),
                backward: ConvScratch { input: None, spread: None },
                y: self.written_value(result.elements(), value),
                activation_grad_applied: false,
                geometry,
                transposed,
                x,
                kernel,
                bias,
                activation,
            }
            .into()
        };
        self.add(name, vec![id], kind, vec![from], value);
    }

    /// Adds the operations of a convolution to the count of a forward pass.
    pub(super) fn count_products(&mut self, conv: &Convolution) {
        let geometry = &conv.geometry;
        let kernel = if conv.depthwise { geometry.depthwise_kernel_len() } else { geometry.kernel_len() };
        let products = geometry.axes.iter().fold(kernel, |n, axis| n * axis.output.clone());
        self.plan.flops = self.plan.flops.clone() + Dim::Known(2) * products;
    }

    /// A value that is not a tensor of the graph, as a read.
    fn read_value(&self, value: ValueId, shape: &Shape) -> Read {
        let place = self.places[value.0].clone();
        // The operation that writes it was added before.
        Read::of(place.unwrap_or_else(|| View::of_buffer(0, shape.elements())))
    }
}

/// A convolution without activation.
fn convolution(axes: [Axis; 2], x: Read, shape: &Shape, kernel: Kernel, transposed: bool) -> Convolution {
    let channels = shape.last().cloned().unwrap_or(Dim::Known(1));
    let Kernel { filters, groups, kernel, bias } = kernel;
    let (channels, filters) = if transposed { (filters, channels) } else { (channels, filters) };
    // With one channel there is one group both ways, and then it is faster to run along the filters than along the
    // channel.
    let depthwise = !transposed && groups.same(&channels) == Same::Yes && channels != Dim::Known(1);
    let geometry = Geometry { axes, channels, filters, groups };
    Convolution { geometry, transposed, depthwise, kernel, bias, activation: Activation::Linear, x }
}

/// A convolution whose groups are its channels.
fn along_channels(
    sliding: &Sliding,
    depth_multiplier: &Dim,
    (read, shape): (Read, &Shape),
    kernel: Weight<Dim>,
    bias: Option<Weight<Dim>>,
) -> Convolution {
    let axes = image(sliding.axes(shape));
    let groups = shape.last().cloned().unwrap_or(Dim::Known(1));
    let filters = groups.clone() * depth_multiplier.clone();
    convolution(axes, read, shape, Kernel { filters, groups, kernel, bias }, false)
}

/// Memory whose length does not depend on the rows of a chunk.
pub(super) fn fixed(plan: &mut Plan, len: Dim) -> View {
    plan.slots.push(Buffer::fixed(len.clone()));
    View::of_buffer(plan.slots.len() - 1, len)
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

/// An axis of this length with a kernel of one tap.
fn still(len: &Dim) -> Axis {
    let (input, output) = (len.clone(), len.clone());
    Axis { input, output, kernel: Dim::Known(1), stride: 1, dilation: 1, padding: Dim::Known(0) }
}
