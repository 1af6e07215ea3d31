//! Plans attention, and the projections of multi-head attention, which are products of dense layers.

use super::build::{Building, key, param};
use super::values::ValueId;
use super::{Block, Read, Written, conv};
use crate::activation::Activation;
use crate::describe::List;
use crate::dim::Dim;
use crate::graph::{Graph, LayerId, NodeId, TensorId};
use crate::layers::attention::{Attention, ScoreMode};
use crate::layers::multi_head_attention::{AttentionAxes, MultiHeadAttention, Projection};
use crate::operation::{
    ActivityRegularization, Attend, BatchWeight, Dense, During, FullyMasked, Merge, MergeInput, MergeOp,
    Score, Scratch, Segment, Weight,
};
use crate::order::{marked, needed_tensors};
use crate::shape::Shape;

/// Queries, keys and values as reads, with their value ids.
type Projected = [(Read, ValueId); 3];

/// Lengths of an attention.
struct Lengths {
    heads: Dim,
    key_heads: Dim,
    key_dim: Dim,
    value_dim: Dim,
    queries: Dim,
    keys: Dim,
    axes: AttentionAxes,
}

/// Settings of an attention.
struct Settings {
    score: Score,
    causal: bool,
    window: Option<Dim>,
    fully_masked: FullyMasked,
    rate: f64,
    seed: Option<u64>,
    factor: Option<Weight<Dim>>,
    outer_factor: Option<Weight<Dim>>,
}

impl Building {
    /// `Attention` and `AdditiveAttention`.
    pub(super) fn attention(&mut self, graph: &Graph, id: NodeId, layer: Attention) {
        let Some(tensors) = tensors(graph, id) else { return };
        let [query, value, key] = tensors.map(|tensor| self.shape(graph, tensor));
        let len = |shape: &Shape, axis: usize| shape.0.get(axis).cloned().unwrap_or_default();
        let axes = AttentionAxes { axes: 0..1, outer: Dim::Known(1), inner: Dim::Known(1) };
        let lengths = Lengths {
            heads: Dim::Known(1),
            key_heads: Dim::Known(1),
            key_dim: len(&key, 1),
            value_dim: len(&value, 1),
            queries: len(&query, 0),
            keys: len(&key, 0),
            axes,
        };
        // A layer without weights has no index among those with weights.
        let has_weights = !graph.layer(graph.node(id).layer).weights.is_empty();
        let mut weights = if has_weights { self.layer_weights(graph, id) } else { vec![] }.into_iter();
        let scale = if layer.use_scale { weights.next() } else { None };
        let (score, factor, outer_factor) = match layer.mode {
            ScoreMode::Dot => (Score::Product { scaled: false }, scale, None),
            ScoreMode::Additive => (Score::Additive, None, scale),
            ScoreMode::Concat => (Score::Concatenated, scale, weights.next()),
        };
        let settings = Settings {
            score,
            causal: layer.causal,
            window: None,
            fully_masked: FullyMasked::Shifted,
            rate: layer.dropout,
            seed: layer.seed,
            factor,
            outer_factor,
        };
        let [query, value, key] = tensors.map(|tensor| (self.read(graph, tensor), self.values.of(tensor)));
        let value_of_y = self.values.of(graph.node(id).outputs[0]);
        let y = self.written(graph, id);
        let name = self.call_name(graph, id);
        self.attend(graph, id, name, lengths, settings, [query, key, value], (y, value_of_y));
    }

    /// `MultiHeadAttention` and `GroupQueryAttention`.
    pub(super) fn multi_head_attention(&mut self, graph: &Graph, id: NodeId, layer: &MultiHeadAttention) {
        let Some(tensors) = tensors(graph, id) else { return };
        let [query, value, key] = tensors;
        let shape = self.shape(graph, query);
        // The shape rule has checked that they fit.
        let Some(axes) = layer.axes(&shape) else { return };
        let along = |shape: &Shape| {
            let lengths = shape.0.get(axes.axes.clone()).unwrap_or_default();
            Shape(lengths.to_vec()).elements()
        };
        let lengths = Lengths {
            heads: layer.heads.clone(),
            key_heads: layer.key_heads.clone(),
            key_dim: layer.key_dim.clone(),
            value_dim: layer.value_dim.clone(),
            queries: along(&shape),
            keys: along(&self.shape(graph, key)),
            axes: axes.clone(),
        };
        // Keras computes it in two ways, which differ for queries that see no key.
        let by_softmax = layer.dropout > 0.0 || layer.gives_scores || shape.rank() != 2;
        let settings = Settings {
            score: Score::Product { scaled: true },
            causal: layer.causal,
            window: layer.sliding_window.clone(),
            fully_masked: if by_softmax { FullyMasked::Zeros } else { FullyMasked::Mean },
            rate: layer.dropout,
            seed: layer.seed,
            factor: None,
            outer_factor: None,
        };
        let name = self.call_name(graph, id);
        let mut weights = self.projection_weights(graph, id, layer);
        let mut projected = |this: &mut Self, projection: Projection, tensor: TensorId| {
            let to = this.value_inside(graph, id);
            let from = (this.read(graph, tensor), this.values.of(tensor));
            let shape = this.shape(graph, tensor);
            let units = layer.heads_of(projection).into_iter().fold(Dim::Known(1), |units, len| units * len);
            let y = this.written_value(shape.positions() * units.clone(), to);
            let read = Read::of(y.view.clone());
            let features = shape.last().cloned().unwrap_or_default();
            let product =
                Product { positions: shape.positions(), inputs: features, units, weights: weights.remove(0) };
            let activation = match projection {
                Projection::Gate => Activation::Sigmoid,
                _ => Activation::Linear,
            };
            let name = format!("{name}_{}", projection.name());
            this.projection(id, name.clone(), product, activation, from, (y, to));
            if let Some(penalty) = layer.activity_regularizer {
                let kind = ActivityRegularization { l1: penalty.l1, l2: penalty.l2, x: read.clone() };
                this.term(format!("{name}_activity_regularizer"), to, kind.into());
            }
            (read, to)
        };
        let queries = projected(self, Projection::Query, query);
        let keys = projected(self, Projection::Key, key);
        let gate = layer.use_gate.then(|| projected(self, Projection::Gate, query));
        let values = projected(self, Projection::Value, value);

        let value_of_y = self.values.of(graph.node(id).outputs[0]);
        let width = layer.heads.clone() * layer.value_dim.clone();
        let len = shape.positions() * width.clone();
        let attended = self.value_like(value_of_y);
        let y = self.written_value(len.clone(), attended);
        let mut read = (Read::of(y.view.clone()), attended);
        let attention = format!("{name}_attention");
        self.attend(graph, id, attention, lengths, settings, [queries, keys, values], (y, attended));
        if let Some((gate, of_gate)) = gate {
            let gated = self.value_like(value_of_y);
            let y = self.written_value(len.clone(), gated);
            let result = Read::of(y.view.clone());
            let input = |x: Read| MergeInput { x, strides: List::Owned(vec![Dim::Known(1)]) };
            let inputs = List::Owned(vec![input(read.0), input(gate)]);
            let kind = Merge { op: MergeOp::Multiply, shape: List::Owned(vec![len]), inputs, y };
            self.add(format!("{name}_gated"), vec![], kind.into(), vec![read.1, of_gate], gated);
            read = (result, gated);
        }
        let result = self.shape(graph, graph.node(id).outputs[0]);
        let units = Shape(result.0.get(shape.rank() - 1..).unwrap_or_default().to_vec()).elements();
        let product =
            Product { positions: shape.positions(), inputs: width, units, weights: weights.remove(0) };
        let y = self.written(graph, id);
        self.projection(id, name, product, Activation::Linear, read, (y, value_of_y));
    }

    /// A value inside of a call, which leads to all outputs of the call.
    fn value_inside(&mut self, graph: &Graph, id: NodeId) -> ValueId {
        let outputs = &graph.node(id).outputs;
        let value = self.value_like(self.values.of(outputs[0]));
        let mut reaches = vec![];
        for &output in outputs {
            let of_output = self.values.of(output);
            reaches.extend_from_slice(&self.values.reachable_outputs[of_output.0]);
        }
        reaches.sort_unstable();
        reaches.dedup();
        self.values.reachable_outputs[value.0] = reaches;
        value
    }

    /// A product with a kernel.
    fn projection(
        &mut self,
        id: NodeId,
        name: String,
        product: Product,
        activation: Activation,
        (x, from): (Read, ValueId),
        (y, to): (Written, ValueId),
    ) {
        let Product { positions, inputs, units, weights: (kernel, bias) } = product;
        let flops = Dim::Known(2) * positions.clone() * inputs.clone() * units.clone();
        self.plan.flops = self.plan.flops.clone() + flops;
        let whole =
            Segment { column: Dim::Known(0), len: units.clone(), activation, activation_grad_applied: false };
        let activations = if activation == Activation::Linear { vec![] } else { vec![whole] };
        let kind = Dense {
            inputs,
            units,
            positions,
            x,
            y,
            kernel: BatchWeight::product(kernel),
            bias: bias.map(BatchWeight::sum),
            activations: List::Owned(activations),
        };
        self.add(name, vec![id], kind.into(), vec![from], to);
    }

    /// Blocks of the kernels and biases of all projections; created at the first call.
    fn projection_weights(
        &mut self,
        graph: &Graph,
        id: NodeId,
        layer: &MultiHeadAttention,
    ) -> Vec<(usize, Option<usize>)> {
        let called = graph.node(id).layer;
        if self.blocks[called.index()].is_none() {
            self.projection_blocks(graph, called, layer);
        }
        let blocks: Vec<usize> = self.blocks[called.index()].iter().flatten().copied().collect();
        let blocks = blocks.into_iter().map(|block| self.block_of_call(graph, id, block)).collect::<Vec<_>>();
        let each = if layer.use_bias { 2 } else { 1 };
        blocks.chunks_exact(each).map(|weights| (weights[0], weights.get(1).copied())).collect()
    }

    /// Kernels are matrices of inputs and units, biases are rows.
    fn projection_blocks(&mut self, graph: &Graph, called: LayerId, layer: &MultiHeadAttention) {
        self.plan.weighted.push(called);
        let weights = &graph.layer(called).weights;
        let mut blocks = vec![];
        let each = if layer.use_bias { 2 } else { 1 };
        for (index, weight) in weights.iter().enumerate() {
            let is_output = index + each >= weights.len();
            let inputs = match (index % each, is_output) {
                (0, false) => 1,
                (0, true) => 2,
                _ => 0,
            };
            let product = |dims: &[Dim]| Shape(dims.to_vec()).elements();
            let (rows, cols) = weight.shape.0.split_at(inputs.min(weight.shape.rank()));
            let (rows, cols) = (product(rows), product(cols));
            let block = self.plan.blocks.len();
            self.plan.blocks.push(Block { rows, cols: cols.clone(), pack: false, gradient: None });
            self.plan.params.push(param(graph, called, index, block, [Dim::Known(0), cols]));
            blocks.push(block);
        }
        self.blocks[called.index()] = Some(blocks);
    }

    /// The operation between the projections.
    #[expect(clippy::too_many_arguments, reason = "the call, its lengths, settings and values")]
    fn attend(
        &mut self,
        graph: &Graph,
        id: NodeId,
        name: String,
        lengths: Lengths,
        settings: Settings,
        [query, keys, value]: Projected,
        (y, of_y): (Written, ValueId),
    ) {
        let node = graph.node(id);
        let Lengths { heads, key_heads, key_dim, value_dim, queries, keys: key_count, axes } = lengths;
        let of_role = |role: &str| {
            let at = node.roles.iter().position(|&given| given == role)?;
            node.inputs.get(at).copied()
        };
        let mut reads = vec![query.1, keys.1, value.1];
        let mut mask_of = |this: &Self, role: &str| {
            let tensor = of_role(role)?;
            reads.push(this.values.of(tensor));
            Some(this.read(graph, tensor))
        };
        // In the order of the operation's fields.
        let query_mask = mask_of(self, "query_mask");
        let key_masks = [mask_of(self, "value_mask"), mask_of(self, "key_mask")];
        let mask = mask_of(self, "attention_mask");
        let shape = of_role("attention_mask").map(|tensor| self.shape(graph, tensor));
        let mask_strides = mask_strides(shape.as_ref(), axes.axes.len(), &key_count);
        let scores = node.outputs.get(1).copied().filter(|&scores| marked(&needed_tensors(graph), scores));
        let of_scores = scores.map(|scores| self.values.of(scores));
        let positions = axes.outer.clone() * axes.inner.clone();
        let rows = positions.clone() * heads.clone() * queries.clone();
        let products = rows.clone() * key_count.clone() * (key_dim.clone() + value_dim.clone());
        self.plan.flops = self.plan.flops.clone() + Dim::Known(2) * products;
        let memory = Attend::memory_of(&key_count, &key_dim, &value_dim);
        let kind = Attend {
            memory: Scratch::fixed(conv::fixed(&mut self.plan, memory), During::Both),
            gradient_memory: None,
            logs: Scratch::rows(self.slot(rows.clone()), During::Training),
            scores: of_scores.map(|value| self.written_value(rows * key_count.clone(), value)),
            heads,
            key_heads,
            queries,
            keys: key_count,
            key_dim,
            value_dim,
            outer: axes.outer,
            inner: axes.inner,
            score: settings.score,
            causal: settings.causal,
            window: settings.window,
            fully_masked: settings.fully_masked,
            rate: settings.rate,
            key: key(settings.seed, id),
            query: query.0,
            keys_read: keys.0,
            value: value.0,
            query_mask,
            key_masks,
            mask,
            mask_strides,
            factor: settings.factor,
            outer_factor: settings.outer_factor,
            y,
        };
        self.add(name, vec![id], kind.into(), reads, of_y);
        self.gives.last_mut().into_iter().for_each(|gives| gives.extend(of_scores));
    }
}

/// A product with the kernel of a projection.
struct Product {
    positions: Dim,
    inputs: Dim,
    units: Dim,
    /// The blocks of kernel and bias.
    weights: (usize, Option<usize>),
}

/// Query, value and key of a call.
fn tensors(graph: &Graph, id: NodeId) -> Option<[TensorId; 3]> {
    let node = graph.node(id);
    let mut places = node.inputs.iter().zip(&node.roles).filter(|(_, role)| role.is_empty());
    let mut next = || places.next().map(|(&tensor, _)| tensor);
    let (query, value) = (next()?, next()?);
    Some([query, value, next().unwrap_or(value)])
}

/// The strides of a mask along heads, queries and keys; 0 where it has one value for all.
fn mask_strides(shape: Option<&Shape>, axes: usize, keys: &Dim) -> [Dim; 3] {
    let Some(Shape(shape)) = shape else { return [Dim::Known(0), Dim::Known(0), Dim::Known(0)] };
    let product = |dims: &[Dim]| Shape(dims.to_vec()).elements();
    let (heads, rest) = shape.split_at(shape.len().saturating_sub(2 * axes));
    let (of_queries, of_keys) = rest.split_at(axes.min(rest.len()));
    let (of_queries, of_keys) = (product(of_queries), product(of_keys));
    let one = |len: &Dim| *len == Dim::Known(1);
    let or_none = |none: bool, stride: Dim| if none { Dim::Known(0) } else { stride };
    [
        or_none(heads.first().is_none_or(one), of_queries.clone() * of_keys.clone()),
        or_none(one(&of_queries), of_keys.clone()),
        or_none(one(&of_keys) && !one(keys), Dim::Known(1)),
    ]
}
