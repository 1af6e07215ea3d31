//! The backward pass: which operations run in which order, and who writes a gradient first.

use super::build::Building;
use super::values::{self, ValueId};
use super::{Block, Gradient, OpKind, Private, Read, Sink, Slot, Use, View, Weighted};
use super::{batch_norm, conv};
use crate::activation::Activation;
use crate::dim::Dim;
use crate::graph::Graph;

/// Orders the backward pass and connects gradients.
pub(super) fn connect(graph: &Graph, building: &mut Building) {
    batch_norm::order_forward(building);
    batch_norm::place_sums(&mut building.plan);
    order(building);
    batch_norm::stages(building);
    let last = sinks(building);
    masks(building, &last);
    weights(graph, building);
    privates(graph, building);
    conv::backward_scratch(&mut building.plan);
}

/// Heads first, then what several outputs share, so that methods which combine the heads' gradients can step in
/// between. Nothing in a head waits for the trunk.
fn order(building: &mut Building) {
    let mut arrives: Vec<bool> = vec![false; building.values.len()];
    for value in building.loss_values.iter().chain(&building.custom_values).flatten() {
        arrives[value.0] = true;
    }
    for at in (0..building.plan.forward.len()).rev() {
        let gives = &building.gives[at];
        if !gives.iter().any(|value| arrives[value.0]) {
            continue;
        }
        building.plan.forward[at].backward = true;
        for value in &building.reads[at] {
            arrives[value.0] |= building.values.has_gradient(*value);
        }
        let mut reached: Vec<usize> =
            gives.iter().flat_map(|value| building.values.reaches[value.0].iter().copied()).collect();
        reached.sort_unstable();
        reached.dedup();
        if reached.len() == 1 {
            building.plan.heads.push(at);
        } else {
            building.plan.trunk.push(at);
        }
    }
}

/// Gives every read its sink, in the order in which gradients are written: declared losses, custom losses, the backward.
/// Returns by value the operation that writes its gradient last.
fn sinks(building: &mut Building) -> Vec<Option<usize>> {
    let mut written = vec![false; building.values.len()];
    let mut last = vec![None; building.values.len()];
    let Building { plan, reads, values, gradients, loss_values, custom_values, .. } = building;
    for value in loss_values.iter().flatten() {
        // A loss writes and does not add: `Building::outputs` gives each a value to itself.
        written[value.0] = true;
    }
    for value in custom_values.iter() {
        let view = value.and_then(|value| gradients[value.0].clone());
        plan.custom_gradients.push(view.zip(*value).map(|(view, value)| {
            let accumulate = std::mem::replace(&mut written[value.0], true);
            Sink { view, accumulate, mask: None }
        }));
    }
    for &at in plan.heads.iter().chain(&plan.trunk) {
        for (read, &value) in reads_of(&mut plan.forward[at].kind).into_iter().zip(&reads[at]) {
            if !values.has_gradient(value) {
                continue;
            }
            let Some(view) = gradients[value.0].clone() else { continue };
            read.dx = Some(Sink { view, accumulate: written[value.0], mask: None });
            written[value.0] = true;
            last[value.0] = Some(at);
        }
    }
    last
}

/// A product that brings the last part of a ReLU output's gradient masks it on the way.
fn masks(building: &mut Building, last: &[Option<usize>]) {
    for at in 0..building.plan.forward.len() {
        let gives: Vec<ValueId> = building.gives[at].clone();
        for (index, value) in gives.into_iter().enumerate() {
            let relu = match &building.plan.forward[at].kind {
                OpKind::Dense(dense) => {
                    dense.segments.get(index).is_some_and(|part| part.activation == Activation::Relu)
                }
                OpKind::Conv(conv) => conv.activation == Activation::Relu,
                _ => false,
            };
            let Some(writer) = last[value.0].filter(|_| relu) else { continue };
            let read = match &mut building.plan.forward[writer].kind {
                OpKind::Dense(reader) => &mut reader.read,
                OpKind::Conv(reader) => &mut reader.read,
                _ => continue,
            };
            let Some(sink) = &mut read.dx else { continue };
            sink.mask = Some(read.x.clone());
            match &mut building.plan.forward[at].kind {
                OpKind::Dense(dense) => dense.segments[index].passed = true,
                OpKind::Conv(conv) => conv.passed = true,
                _ => {}
            }
        }
    }
}

/// Tells the blocks where their gradients come from, and which of them are read transposed.
fn weights(graph: &Graph, building: &mut Building) {
    let plan = &mut building.plan;
    for op in plan.forward.iter().filter(|op| op.backward) {
        let steps = op.steps.clone().unwrap_or(Dim::Known(1));
        if let OpKind::Recurrent(layer) = &op.kind {
            plan.blocks[layer.kernel.block].pack |= layer.read.dx.is_some();
            plan.blocks[layer.recurrent_kernel.block].pack = true;
        }
        if let OpKind::Embedding { block, read, .. } = &op.kind
            && values::trained(graph, graph.node(op.nodes[0]).layer)
        {
            let positions = steps.clone() * read.shape.elements();
            let call = Use { x: read.x.clone(), dy: op.dy.clone(), positions };
            match &mut plan.blocks[*block].gradient {
                Some(Gradient::Scatter(uses)) => uses.push(call),
                gradient => *gradient = Some(Gradient::Scatter(vec![call])),
            }
        }
        if let OpKind::BatchNorm(norm) = &op.kind
            && let Some(sums) = &norm.sums
        {
            for (block, part) in [(norm.beta, 2), (norm.gamma, 3)] {
                let Some(block) = block else { continue };
                let start = sums.clone() + Dim::Known(part) * norm.channels.clone();
                match &mut plan.blocks[block].gradient {
                    Some(Gradient::BatchSums(starts)) => starts.push(start),
                    gradient => *gradient = Some(Gradient::BatchSums(vec![start])),
                }
            }
        }
        let OpKind::Dense(dense) = &op.kind else { continue };
        plan.blocks[dense.kernel].pack |= dense.read.dx.is_some();
        let layer = graph.node(op.nodes[0]).layer;
        if !values::trained(graph, layer) {
            continue;
        }
        let positions = steps * dense.positions.clone();
        let call = Use { x: dense.read.x.clone(), dy: op.dy.clone(), positions };
        product(&mut plan.blocks[dense.kernel], call.clone());
        if let Some(bias) = dense.bias {
            sum(&mut plan.blocks[bias], call);
        }
    }
}

fn product(block: &mut Block, call: Use) {
    match &mut block.gradient {
        Some(Gradient::Product(uses)) => uses.push(call),
        gradient => *gradient = Some(Gradient::Product(vec![call])),
    }
}

fn sum(block: &mut Block, call: Use) {
    match &mut block.gradient {
        Some(Gradient::Sum(uses)) => uses.push(call),
        gradient => *gradient = Some(Gradient::Sum(vec![call])),
    }
}

/// Gives every weight whose gradient the backward of a chunk sums up a place for it.
fn privates(graph: &Graph, building: &mut Building) {
    let plan = &mut building.plan;
    for &at in plan.heads.iter().chain(&plan.trunk) {
        let op = &mut plan.forward[at];
        let Some(&node) = op.nodes.first() else { continue };
        if !values::trained(graph, graph.node(node).layer) {
            continue;
        }
        for weight in weights_of(&mut op.kind) {
            let block = &mut plan.blocks[weight.block];
            let (view, accumulate) = match &block.gradient {
                Some(Gradient::Private(view)) => (view.clone(), true),
                _ => {
                    let len = block.rows.clone() * block.cols.clone();
                    plan.slots.push(Slot::fixed(len.clone()));
                    (View::whole(plan.slots.len() - 1, len), false)
                }
            };
            block.gradient = Some(Gradient::Private(view.clone()));
            weight.gradient = Some(Private { view, accumulate });
        }
    }
}

/// The weights of an operation whose gradients its backward sums up, in order.
pub(super) fn weights_of(kind: &mut OpKind) -> Vec<&mut Weighted> {
    match kind {
        OpKind::Conv(conv) => [Some(&mut conv.kernel), conv.bias.as_mut()].into_iter().flatten().collect(),
        OpKind::Recurrent(layer) => layer.weights_mut(),
        OpKind::LayerNormalization { gamma, beta, .. } => gamma.iter_mut().chain(beta).collect(),
        OpKind::Dense(_)
        | OpKind::BatchNorm(_)
        | OpKind::Embedding { .. }
        | OpKind::Activate { .. }
        | OpKind::Permute { .. }
        | OpKind::RepeatVector { .. }
        | OpKind::Dropout { .. }
        | OpKind::GaussianNoise { .. }
        | OpKind::Pooling { .. }
        | OpKind::Frame { .. }
        | OpKind::UpSampling { .. }
        | OpKind::Normalize { .. }
        | OpKind::Dot { .. }
        | OpKind::Concatenate { .. }
        | OpKind::Merge { .. } => vec![],
    }
}

/// What an operation reads, in order.
pub(super) fn reads_of(kind: &mut OpKind) -> Vec<&mut Read> {
    match kind {
        OpKind::Dense(dense) => vec![&mut dense.read],
        OpKind::Recurrent(layer) => [&mut layer.read].into_iter().chain(&mut layer.initial).collect(),
        OpKind::Conv(conv) => vec![&mut conv.read],
        OpKind::BatchNorm(norm) => vec![&mut norm.read],
        OpKind::Activate { read, .. }
        | OpKind::Permute { read, .. }
        | OpKind::Embedding { read, .. }
        | OpKind::RepeatVector { read, .. }
        | OpKind::Dropout { read, .. }
        | OpKind::Pooling { read, .. }
        | OpKind::Frame { read, .. }
        | OpKind::UpSampling { read, .. }
        | OpKind::Normalize { read, .. }
        | OpKind::LayerNormalization { read, .. }
        | OpKind::GaussianNoise { read, .. } => vec![read],
        OpKind::Dot { reads, .. } => reads.iter_mut().collect(),
        OpKind::Concatenate { parts, .. } => parts.iter_mut().collect(),
        OpKind::Merge { inputs, .. } => inputs.iter_mut().collect(),
    }
}
