//! Converts calls to operations: allocates slots for values and gradients and blocks for weights, and merges
//! siblings.

use std::collections::{BTreeMap, BTreeSet};

use super::values::{ValueId, Values};
use super::{Block, Buffer, LossOp, Op, OpKind, OutputMask, Param, Plan, Read, View, Written, spectral};
use crate::activation::Activation;
use crate::describe::List;
use crate::dim::Dim;
use crate::graph::{Graph, GroupId, LayerId, Node, NodeId, TensorId};
use crate::layers::LayerKind;
use crate::loss::{Loss, Predicts};
use crate::operation::{Activate, Call, Weight};
use crate::shape::Shape;
use crate::target::Target;

/// A plan under construction, with the facts about its operations that later passes need.
#[derive(Debug)]
pub(super) struct Building {
    pub plan: Plan,
    pub values: Values,
    /// By value: its view.
    pub places: Vec<Option<View>>,
    /// By value: the view of its gradient.
    pub gradients: Vec<Option<View>>,
    /// By operation: the values that it reads, in the order of its reads.
    pub reads: Vec<Vec<ValueId>>,
    /// By operation: the values that it writes.
    pub gives: Vec<Vec<ValueId>>,
    /// By value: the operation that writes it and nothing else, except for products.
    given_by: BTreeMap<ValueId, usize>,
    /// By loss: the value whose gradient it writes, if it has one. Each value occurs once.
    pub loss_values: Vec<Option<ValueId>>,
    /// By output: the value whose gradient custom losses write, if it has one; empty for a model without a custom
    /// loss.
    pub custom_values: Vec<Option<ValueId>>,
    /// By layer: the index of its first state in the plan, after its first call.
    pub(super) states: Vec<Option<usize>>,
    /// By layer: the blocks of its weights, after its first call.
    pub(super) blocks: Vec<Option<Vec<usize>>>,
    /// The number of axes that wrappers remove from the inputs and outputs of the call under construction, and the
    /// number of steps along them.
    steps: (usize, Dim),
    /// By call: whether it is computed inside of the call that reads it.
    pub(super) inlined: Vec<bool>,
    /// By call: whether it outputs a weight that is only read as a kernel.
    pub(super) kernels: Vec<bool>,
}

/// Builds operations for all calls that lead to an output.
pub(super) fn build(graph: &Graph) -> Building {
    let values = Values::new(graph);
    let mut building = Building {
        plan: Plan { flops: Dim::Known(0), ..Plan::default() },
        places: vec![None; values.len()],
        gradients: vec![None; values.len()],
        reads: vec![],
        gives: vec![],
        given_by: BTreeMap::new(),
        loss_values: vec![],
        custom_values: vec![],
        states: vec![None; graph.layers.len()],
        blocks: vec![None; graph.layers.len()],
        steps: (0, Dim::Known(1)),
        inlined: super::elementwise::inlined(graph, &values),
        kernels: super::kernels::kernels(graph, &values),
        values,
    };
    building.inputs(graph);
    for at in 0..building.values.live.len() {
        let node = building.values.live[at];
        building.call(graph, node);
    }
    building.outputs(graph);
    building.rest_of_groups(graph);
    building
}

impl Building {
    fn inputs(&mut self, graph: &Graph) {
        for port in &graph.inputs {
            let value = self.values.of(port.tensor);
            let view = self.slot(shape(graph, port.tensor).elements());
            self.places[value.0] = Some(view.clone());
            self.plan.inputs.push(view);
        }
    }

    fn call(&mut self, graph: &Graph, id: NodeId) {
        let node = graph.node(id);
        let (core, axes) = graph.core(node);
        // A call without inputs has the steps of its outputs.
        let Some(&tensor) = node.inputs.iter().chain(&node.outputs).next() else { return };
        let steps = shape(graph, tensor).0.into_iter().take(axes);
        self.steps = (axes, Shape(steps.collect()).elements());
        let before = std::mem::replace(&mut self.plan.flops, Dim::Known(0));
        self.operations(graph, id, core);
        self.penalties(graph, id);
        let flops = std::mem::take(&mut self.plan.flops);
        let (_, steps) = std::mem::replace(&mut self.steps, (0, Dim::Known(1)));
        self.plan.flops = before + steps * flops;
    }

    /// Builds the operations of a call, on the shapes that the layer inside of wrappers sees.
    fn operations(&mut self, graph: &Graph, id: NodeId, core: &LayerKind) {
        let node = graph.node(id);
        if self.elementwise(graph, id, core)
            || self.kernels[id.index()]
            || self.product_with_weight(graph, id)
        {
            return;
        }
        match core {
            LayerKind::Dense(_) => return self.dense(graph, id),
            LayerKind::EinsumDense(layer) => return self.einsum(graph, id, layer),
            LayerKind::Recurrent(layer) => return self.recurrent(graph, id, layer),
            LayerKind::Conv(layer) => return self.conv(graph, id, layer),
            LayerKind::Depthwise(layer) => return self.depthwise(graph, id, layer),
            LayerKind::Separable(layer) => return self.separable(graph, id, layer),
            LayerKind::Dot(layer) => return self.dot(graph, id, *layer),
            LayerKind::Attention(layer) => return self.attention(graph, id, *layer),
            LayerKind::MultiHeadAttention(layer) => return self.multi_head_attention(graph, id, layer),
            LayerKind::Softmax(layer) => return self.softmax(graph, id, layer),
            LayerKind::Matmul(layer) => return self.matmul(graph, id, *layer),
            LayerKind::Einsum(layer) => return self.product_of_equation(graph, id, layer),
            // The convolution before it computes it.
            LayerKind::Pooling(_) if self.places[self.values.of(node.outputs[0]).0].is_some() => return,
            _ => {}
        }
        let Some(kind) = core.operation(&mut CallOf { building: self, graph, id }) else { return };
        // Random numbers have no inputs.
        let inputs = if kind.reads().is_empty() { &[][..] } else { &node.inputs };
        let reads = inputs.iter().map(|&input| self.values.of(input)).collect();
        let value = self.values.of(node.outputs[0]);
        self.add(self.call_name(graph, id), vec![id], kind, reads, value);
    }

    /// Builds outputs, their losses and metrics. Every loss has its own value, whose gradient it writes: other losses
    /// and readers of the same tensor read a copy, whose backward adds like that of any operation.
    fn outputs(&mut self, graph: &Graph) {
        let training = |index: usize| graph.compile.as_ref().map(|compile| &compile.outputs[index]);
        let custom = graph.compile.as_ref().is_some_and(|compile| compile.custom_loss());
        let logits_of = |building: &Building, index: usize, value: ValueId| {
            let node = graph.tensor(graph.outputs[index].tensor).producer;
            let loss = training(index).and_then(|training| training.loss);
            let node = node.filter(|&node| fuses(loss, activation(graph, node)));
            node.and_then(|node| building.product_of(node, value))
        };
        // A loss of the tensor itself comes before one computed from its logits, which then reads a copy.
        let mut taken: BTreeSet<ValueId> = BTreeSet::new();
        for (index, port) in graph.outputs.iter().enumerate() {
            let value = self.values.of(port.tensor);
            if training(index).is_some_and(|it| it.loss.is_some()) && logits_of(self, index, value).is_none()
            {
                taken.insert(value);
            }
        }
        let mut seen: BTreeSet<ValueId> = BTreeSet::new();
        for (index, port) in graph.outputs.iter().enumerate() {
            let mut value = self.values.of(port.tensor);
            let result = shape(graph, port.tensor);
            if !seen.insert(value) {
                value = self.copy(format!("{}_copy", port.name), value, &result);
            }
            let Some(y) = self.places[value.0].clone() else { continue };
            self.plan.outputs.push(y.clone());
            if custom {
                self.custom_values.push(Some(value).filter(|value| self.gradients[value.0].is_some()));
            }
            let Some(training) = training(index) else { continue };
            let kind = training.target();
            if kind.is_none() && training.loss.is_none() {
                continue;
            }
            // With a copy, too, the loss reads the logits of the original.
            let mut product = logits_of(self, index, self.values.of(port.tensor));
            if let Some(logits) = product.filter(|&logits| !taken.insert(logits)) {
                product = Some(self.copy(format!("{}_logits", port.name), logits, &result));
            }
            let target = self.slot(match kind {
                Some(Target::Classes) => result.positions(),
                Some(Target::Values) => result.elements(),
                None => Dim::Known(0),
            });
            let sample_weight = self.slot(Dim::Known(1));
            // The gradient of a custom loss is computed outside of the plan.
            let declared = training.loss.filter(|loss| !matches!(loss, Loss::Custom { .. }));
            let gradient_of = declared.map(|_| product.unwrap_or(value));
            let gradient = gradient_of.and_then(|value| self.gradients[value.0].clone());
            let mask = graph.output_mask(index).map(|mask| self.values.of(mask));
            if let Some(view) = mask.and_then(|mask| self.places[mask.0].clone()) {
                // Its offset among the sums is known after all losses.
                let (loss, start) = (self.plan.losses.len(), Dim::Known(0));
                self.plan.masks.push(OutputMask { loss, view, start });
            }
            self.loss_values.push(gradient_of.filter(|_| gradient.is_some()));
            self.plan.losses.push(LossOp {
                output: index,
                loss: training.loss,
                kind,
                positions: result.positions(),
                classes: result.last().cloned().unwrap_or(Dim::Known(1)),
                y,
                logits: product.and_then(|product| self.places[product.0].clone()),
                target,
                sample_weight,
                gradient,
                metrics: List::Owned(training.metrics.iter().map(|&(_, metric)| metric).collect()),
                unweighted: training.unweighted,
                first_state: self.plan.losses.iter().map(|loss| loss.metrics.len()).sum(),
            });
        }
    }

    /// A copy of a value, whose gradient is added to that of the value.
    fn copy(&mut self, name: String, value: ValueId, shape: &Shape) -> ValueId {
        let copy = self.value_like(value);
        // Inputs and results of calls have their views by now.
        let x = self.places[value.0].clone().unwrap_or_else(|| View::of_buffer(0, shape.elements()));
        let kind = Activate {
            activation: Activation::Linear,
            positions: Dim::Known(1),
            x: Read::of(x),
            y: self.written_value(shape.elements(), copy),
        };
        self.add(name, vec![], kind.into(), vec![value], copy);
        copy
    }

    /// The value that the activation of `node` reads, if it is a separate operation.
    fn product_of(&self, node: NodeId, value: ValueId) -> Option<ValueId> {
        let is_activation = |&at: &usize| {
            matches!(self.plan.forward[at].kind, OpKind::Activate(_))
                && self.plan.forward[at].nodes == [node]
                && self.gives[at] == [value]
        };
        self.given_by.get(&value).filter(|at| is_activation(at)).map(|&at| self.reads[at][0])
    }

    /// Whether `node` ends in the sigmoid or softmax of an output whose cross-entropy is computed from the logits. A
    /// reshape between them disables this, as in Keras.
    pub(super) fn fused(&self, graph: &Graph, node: NodeId) -> bool {
        let activation = activation(graph, node);
        let Some(compile) = &graph.compile else { return false };
        let ports = &self.values.ports[graph.node(node).outputs[0].index()];
        ports.iter().any(|&port| fuses(compile.outputs[port].loss, activation))
    }

    /// Allocates memory for the result of a call and its gradient.
    pub(super) fn written(&mut self, graph: &Graph, id: NodeId) -> Written {
        let output = graph.node(id).outputs[0];
        self.written_value(self.shape(graph, output).elements(), self.values.of(output))
    }

    /// Allocates memory for a value, and for its gradient if it has one.
    pub(super) fn written_value(&mut self, len: Dim, value: ValueId) -> Written {
        let view = self.slot(len.clone());
        let gradient = self.values.has_gradient(value).then(|| self.slot(len));
        self.places[value.0] = Some(view.clone());
        self.gradients[value.0] = gradient.clone();
        Written { view, gradient, kept: false }
    }

    /// Adds an operation that writes one value.
    pub(super) fn add(
        &mut self,
        name: String,
        nodes: Vec<NodeId>,
        kind: OpKind,
        reads: Vec<ValueId>,
        value: ValueId,
    ) {
        self.plan.forward.push(Op { name, nodes, backward: false, steps: self.wrapped(), kind });
        self.given_by.insert(value, self.reads.len());
        self.reads.push(reads);
        self.gives.push(vec![value]);
    }

    /// A value that is not a tensor of the graph, with a gradient if `like` has one.
    pub(super) fn value_like(&mut self, like: ValueId) -> ValueId {
        self.places.push(None);
        self.gradients.push(None);
        self.values.add(like)
    }

    /// The shape of a tensor as the layer inside of wrappers sees it.
    pub(super) fn shape(&self, graph: &Graph, tensor: TensorId) -> Shape {
        shape(graph, tensor).without_first(self.steps.0)
    }

    /// The layer that is called inside of wrappers, and whether they remove the same axes as those of the call under
    /// construction.
    pub(super) fn core<'g>(&self, graph: &'g Graph, node: NodeId) -> (&'g LayerKind, bool) {
        let (core, axes) = graph.core(graph.node(node));
        (core, axes == self.steps.0)
    }

    /// The layer's name, with the number of the call for later calls of a shared layer.
    pub(super) fn call_name(&self, graph: &Graph, id: NodeId) -> String {
        let name = graph.layer(graph.node(id).layer).name.replace('/', "_");
        match self.values.earlier[id.index()] {
            0 => name,
            call => format!("{name}_call_{call}"),
        }
    }

    /// The number of steps on each of which an operation of this call runs separately.
    pub(super) fn wrapped(&self) -> Option<Dim> {
        (self.steps.0 > 0).then(|| self.steps.1.clone())
    }

    /// Allocates `len` values for each step of a sample.
    pub(super) fn slot(&mut self, len: Dim) -> View {
        let len = self.steps.1.clone() * len;
        // Uses are set when all operations are known.
        self.plan.slots.push(Buffer::new(len.clone()));
        View::of_buffer(self.plan.slots.len() - 1, len)
    }

    /// Adds the weights of nested models that no output needs: a nested model has all of its weights or none.
    fn rest_of_groups(&mut self, graph: &Graph) {
        let called = self.values.live.iter().filter_map(|&node| graph.layer(graph.node(node).layer).group);
        let groups: Vec<GroupId> = called.collect();
        for (index, layer) in graph.layers.iter().enumerate() {
            if layer.group.is_some_and(|group| groups.contains(&group)) && !layer.weights.is_empty() {
                self.blocks_of(graph, LayerId(index as u32));
            }
        }
    }

    /// Blocks of a layer's weights, one each; created at its first call.
    pub(super) fn layer_weights(&mut self, graph: &Graph, id: NodeId) -> Vec<Weight<Dim>> {
        let weights = self.blocks_of(graph, graph.node(id).layer).into_iter();
        weights.map(|weight| Weight::of(self.block_of_call(graph, id, weight.block))).collect()
    }

    /// Blocks of a layer's weights, whether it is called or not. The last axis of a weight is the columns.
    fn blocks_of(&mut self, graph: &Graph, layer: LayerId) -> Vec<Weight<Dim>> {
        if self.blocks[layer.index()].is_none() {
            let mut blocks = vec![];
            self.plan.weighted.push(layer);
            for (index, weight) in spectral::weights_inside(graph, layer).iter().enumerate() {
                let (rows, cols) = (weight.shape.positions(), weight.shape.last().cloned());
                let cols = cols.unwrap_or(Dim::Known(1));
                let block = self.plan.blocks.len();
                self.plan.blocks.push(Block { rows, cols: cols.clone(), pack: false, gradient: None });
                self.plan.params.push(param(graph, layer, index, block, [Dim::Known(0), cols]));
                blocks.push(block);
            }
            let kernel = blocks.first().copied();
            self.blocks[layer.index()] = Some(blocks);
            kernel.into_iter().for_each(|kernel| self.spectral(graph, layer, kernel));
        }
        let blocks = self.blocks[layer.index()].iter().flatten();
        blocks.map(|&block| Weight::of(block)).collect()
    }

    /// A tensor as a read.
    pub(super) fn read(&self, graph: &Graph, tensor: TensorId) -> Read {
        let place = self.places[self.values.of(tensor).0].clone();
        // Calls are in topological order, so the input has its view already.
        let whole = || View::of_buffer(0, self.shape(graph, tensor).elements());
        Read::of(place.unwrap_or_else(whole))
    }
}

/// A call of the graph.
struct CallOf<'a> {
    building: &'a mut Building,
    graph: &'a Graph,
    id: NodeId,
}

impl CallOf<'_> {
    fn node(&self) -> &Node {
        self.graph.node(self.id)
    }
}

impl Call for CallOf<'_> {
    fn inputs(&self) -> usize {
        self.node().inputs.len()
    }

    fn input_of(&self, role: &str) -> Option<usize> {
        self.node().roles.iter().position(|&given| given == role)
    }

    fn shape(&self, input: usize) -> Shape {
        self.building.shape(self.graph, self.node().inputs[input])
    }

    fn x(&self, input: usize) -> Read {
        self.building.read(self.graph, self.node().inputs[input])
    }

    fn result(&self) -> Shape {
        self.building.shape(self.graph, self.node().outputs[0])
    }

    fn y(&mut self) -> Written {
        self.building.written(self.graph, self.id)
    }

    fn weight(&mut self, name: &str) -> Option<Weight<Dim>> {
        let mut names = self.graph.layer(self.node().layer).weights.iter();
        let index = names.position(|weight| weight.name == name)?;
        self.building.layer_weights(self.graph, self.id).into_iter().nth(index)
    }

    fn key(&self, seed: Option<u64>) -> u64 {
        key(seed, self.id)
    }

    fn updates(&self) -> bool {
        self.graph.compile.is_some() && self.graph.layer(self.node().layer).trainable
    }

    fn count(&mut self, flops: Dim) {
        self.building.plan.flops = self.building.plan.flops.clone() + flops;
    }
}

/// A weight of a layer as columns of a block: from `column` on, `cols` of them.
pub(super) fn param(
    graph: &Graph,
    layer: LayerId,
    weight: usize,
    block: usize,
    [column, cols]: [Dim; 2],
) -> Param {
    let declared = &graph.layer(layer).weights[weight];
    Param {
        layer: layer.index(),
        weight,
        block,
        column,
        cols,
        shape: List::Owned(declared.shape.0.clone()),
        regularizer: declared.options.regularizer,
        constraint: declared.options.constraint,
    }
}

pub(super) fn shape(graph: &Graph, tensor: TensorId) -> Shape {
    graph.tensor(tensor).shape.clone().unwrap_or(Shape(vec![]))
}

pub(super) fn units(graph: &Graph, node: NodeId) -> Dim {
    match graph.kind(graph.node(node)).core().0 {
        LayerKind::Dense(dense) => dense.units.clone(),
        _ => Dim::Known(1),
    }
}

pub(super) fn activation(graph: &Graph, node: NodeId) -> Activation {
    graph.kind(graph.node(node)).activation()
}

/// Whether a loss is computed from the input of its output's activation: this is stable, with an exact gradient.
fn fuses(loss: Option<Loss>, activation: Activation) -> bool {
    let Some(facts) = loss.map(Loss::facts).filter(|facts| facts.fuses) else { return false };
    matches!(
        (facts.predicts, activation),
        (Predicts::Labels, Activation::Sigmoid) | (Predicts::Classes, Activation::Softmax)
    )
}

/// Distinguishes the random numbers of one layer from those of others.
pub(super) fn key(seed: Option<u64>, node: NodeId) -> u64 {
    // A seed is moved out of the range of call numbers.
    seed.map_or(u64::from(node.0), |seed| seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1 << 63)
}
