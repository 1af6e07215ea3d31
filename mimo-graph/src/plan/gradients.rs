//! The backward pass: the order of operations, and which of them writes a gradient first.

use super::build::Building;
use super::values::{self, ValueId};
use super::{Gradient, GradientTarget, Op, Plan, Use, conv, stages};
use crate::describe::List;
use crate::dim::Dim;
use crate::graph::Graph;
use crate::operation::{BatchGradient, ChunkAccumulator, SpectralKernel};

/// Orders the backward pass and connects gradients.
pub(super) fn connect(graph: &Graph, building: &mut Building) {
    stages::order_forward(building);
    stages::place_sums(&mut building.plan);
    order(building);
    stages::stages(building);
    let last = targets(building);
    masks(building, &last);
    weights(graph, building);
    chunk_sums(graph, building);
}

/// Prepares every operation for its backward, after all gradients have their final views.
pub(super) fn prepare(plan: &mut Plan) {
    let mut forward = std::mem::take(&mut plan.forward);
    for op in forward.iter_mut().filter(|op| op.backward) {
        op.kind.planned_mut().prepare_backward(&mut |len| conv::fixed(plan, len));
    }
    plan.forward = forward;
}

/// Orders heads before the operations that several outputs share, so that methods which combine the heads' gradients
/// can run in between. Heads do not depend on the trunk.
fn order(building: &mut Building) {
    let mut arrives: Vec<bool> = vec![false; building.values.len()];
    for value in building.loss_values.iter().chain(&building.custom_values).flatten() {
        arrives[value.0] = true;
    }
    for at in (0..building.plan.forward.len()).rev() {
        // A penalty has no output: its gradient begins there.
        let is_penalty = building.gives[at].is_empty();
        let from = if is_penalty { &building.reads[at] } else { &building.gives[at] };
        let begins = |value: &ValueId| is_penalty && building.values.has_gradient(*value);
        if !from.iter().any(|value| arrives[value.0] || begins(value)) {
            continue;
        }
        building.plan.forward[at].backward = true;
        for value in &building.reads[at] {
            arrives[value.0] |= building.values.has_gradient(*value);
        }
        let mut reached: Vec<usize> = from
            .iter()
            .flat_map(|value| building.values.reachable_outputs[value.0].iter().copied())
            .collect();
        reached.sort_unstable();
        reached.dedup();
        if reached.len() == 1 {
            building.plan.heads.push(at);
        } else {
            building.plan.trunk.push(at);
        }
    }
}

/// Sets the gradient target of every read, in the order in which gradients are written: declared losses, custom
/// losses, the backward. Returns by value the operation that writes its gradient last.
fn targets(building: &mut Building) -> Vec<Option<usize>> {
    let mut written = vec![false; building.values.len()];
    let mut last = vec![None; building.values.len()];
    let Building { plan, reads, values, gradients, loss_values, custom_values, .. } = building;
    for value in loss_values.iter().flatten() {
        // A loss writes and does not add: `Building::outputs` has given each its own value.
        written[value.0] = true;
    }
    for value in custom_values.iter() {
        let view = value.and_then(|value| gradients[value.0].clone());
        plan.custom_gradients.push(view.zip(*value).map(|(view, value)| {
            let accumulate = std::mem::replace(&mut written[value.0], true);
            GradientTarget { view, accumulate, mask: None }
        }));
    }
    for &at in plan.heads.iter().chain(&plan.trunk) {
        let kind = &mut plan.forward[at].kind;
        let is_mask: Vec<bool> = (0..reads[at].len()).map(|place| kind.planned().reads_mask(place)).collect();
        for ((read, &value), is_mask) in kind.reads_mut().into_iter().zip(&reads[at]).zip(is_mask) {
            if is_mask || !values.has_gradient(value) {
                continue;
            }
            let Some(view) = gradients[value.0].clone() else { continue };
            read.gradient = Some(GradientTarget { view, accumulate: written[value.0], mask: None });
            written[value.0] = true;
            last[value.0] = Some(at);
        }
    }
    last
}

/// Makes the product that adds the last part of a ReLU output's gradient apply the ReLU's backward.
fn masks(building: &mut Building, last: &[Option<usize>]) {
    for at in 0..building.plan.forward.len() {
        let gives: Vec<ValueId> = building.gives[at].clone();
        for (index, value) in gives.into_iter().enumerate() {
            let Some(writer) = last[value.0] else { continue };
            if building.plan.forward[at].kind.planned_mut().relu_grad_applied(index).is_none()
                || !mask_input(&mut building.plan.forward[writer])
            {
                continue;
            }
            let applied = building.plan.forward[at].kind.planned_mut().relu_grad_applied(index);
            applied.into_iter().for_each(|applied| *applied = true);
        }
    }
}

/// Makes an operation set the gradient of its input to 0 where the input is not positive, if its kernel can do so.
pub(super) fn mask_input(op: &mut Op) -> bool {
    if !op.kind.planned().masks() {
        return false;
    }
    let read = op.kind.reads_mut().into_iter().next();
    let Some((target, view)) = read.and_then(|read| Some((read.gradient.as_mut()?, &read.view))) else {
        return false;
    };
    target.mask = Some(view.clone());
    true
}

/// Sets for each block how its gradient is computed over the whole batch, and whether it is read transposed.
fn weights(graph: &Graph, building: &mut Building) {
    let plan = &mut building.plan;
    for op in plan.forward.iter().filter(|op| op.backward) {
        for block in op.kind.planned().transposed_blocks() {
            plan.blocks[block].pack = true;
        }
        for (block, start) in op.kind.planned().summed_gradients() {
            let gradient = &mut plan.blocks[block].gradient;
            // A block is read by calls of one layer, whose weights have one role.
            if let Gradient::BatchSums(starts) =
                gradient.get_or_insert_with(|| Gradient::BatchSums(List::Owned(vec![])))
            {
                starts.to_mut().push(start);
            }
        }
        let trained = op.nodes.first().is_some_and(|&node| values::trained(graph, graph.node(node).layer));
        let batch_weights = op.kind.batch_weights();
        let (true, Some(written)) = (trained && !batch_weights.is_empty(), op.kind.written()) else {
            continue;
        };
        let reads = op.kind.reads();
        let (Some(read), Some(dy)) = (reads.first(), &written.gradient) else { continue };
        let positions = op.steps.clone().unwrap_or(Dim::Known(1)) * op.kind.planned().positions();
        let call = Use { x: read.view.clone(), dy: dy.clone(), positions };
        for weight in batch_weights {
            let block = SpectralKernel::trained_block(&plan.spectral, weight.block);
            let gradient = plan.blocks[block].gradient.get_or_insert_with(|| match weight.gradient {
                BatchGradient::Product => Gradient::Product(List::Owned(vec![])),
                BatchGradient::Sum => Gradient::Sum(List::Owned(vec![])),
                BatchGradient::Scatter => Gradient::Scatter(List::Owned(vec![])),
            });
            match gradient {
                Gradient::Product(uses) | Gradient::Sum(uses) | Gradient::Scatter(uses) => {
                    uses.to_mut().push(call.clone());
                }
                // A block is read by calls of one layer, whose weights have one role.
                Gradient::ChunkSums(_) | Gradient::BatchSums(_) => {}
            }
        }
    }
}

/// Allocates an accumulator for every weight whose gradient the backward of a chunk sums up.
fn chunk_sums(graph: &Graph, building: &mut Building) {
    let plan = &mut building.plan;
    for at in plan.heads.clone().into_iter().chain(plan.trunk.clone()) {
        let Some(&node) = plan.forward[at].nodes.first() else { continue };
        if !values::trained(graph, graph.node(node).layer) {
            continue;
        }
        let mut kind = plan.forward[at].kind.clone();
        for weight in kind.weights_mut() {
            let trained = SpectralKernel::trained_block(&plan.spectral, weight.block);
            let block = &plan.blocks[trained];
            let (view, accumulate) = match &block.gradient {
                Some(Gradient::ChunkSums(view)) => (view.clone(), true),
                _ => (conv::fixed(plan, block.rows.clone() * block.cols.clone()), false),
            };
            plan.blocks[trained].gradient = Some(Gradient::ChunkSums(view.clone()));
            weight.gradient = Some(ChunkAccumulator { view, accumulate });
        }
        plan.forward[at].kind = kind;
    }
}
