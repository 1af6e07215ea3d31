//! When each slot is in use. Time passes operation by operation: inputs are gathered, the forward runs, losses,
//! the backward, and at the end the gradients of weights read what was kept for them.

use super::gradients::{reads_of, weights_of};
use super::{Gradient, Op, OpKind, Plan, Scratch, View};
use crate::layers::pooling::PoolKind;

/// Sets the lifetimes of all slots and orders the slots by first use.
pub(super) fn assign(plan: &mut Plan) {
    let losses_at = plan.forward.len() + 1;
    let end = losses_at + 1 + plan.heads.len() + plan.trunk.len();
    let mut train: Vec<(View, usize)> = vec![];
    let mut predict: Vec<(View, usize)> = vec![];
    for view in &plan.inputs {
        train.push((view.clone(), 0));
        predict.push((view.clone(), 0));
    }
    for (at, op) in plan.forward.iter_mut().enumerate() {
        let mut touched: Vec<View> = reads_of(&mut op.kind).into_iter().map(|read| read.x.clone()).collect();
        touched.push(op.y.clone());
        if let OpKind::Recurrent(layer) = &mut op.kind {
            touched.extend(layer.kept_mut().into_iter().map(|view| view.clone()));
            touched.extend(layer.last.iter().flatten().map(|last| last.y.clone()));
            if layer.forgets_gates() {
                touched.retain(|view| view.slot != layer.gates.slot);
                train.push((layer.gates.clone(), at + 1));
            }
            train.extend(layer.dropped.iter().map(|dropped| (dropped.states.clone(), at + 1)));
        }
        if let OpKind::Conv(conv) = &op.kind {
            touched.extend(scratch_views(&conv.forward).cloned());
            train.extend(conv.pooled.iter().map(|pooled| (pooled.codes.clone(), at + 1)));
        }
        train.extend(touched.iter().map(|view| (view.clone(), at + 1)));
        predict.extend(touched.into_iter().map(|view| (view, at + 1)));
    }
    for view in &plan.outputs {
        train.push((view.clone(), losses_at));
        predict.push((view.clone(), losses_at));
    }
    for loss in &plan.losses {
        train.push((loss.target.clone(), 0));
        train.push((loss.sample_weight.clone(), 0));
        let at_loss = [Some(&loss.y), Some(&loss.target), Some(&loss.sample_weight)]
            .into_iter()
            .chain([loss.logits.as_ref(), loss.gradient.as_ref()]);
        train.extend(at_loss.flatten().map(|view| (view.clone(), losses_at)));
    }
    train.extend(plan.custom_gradients.iter().flatten().map(|sink| (sink.view.clone(), losses_at)));
    let backward: Vec<usize> = plan.heads.iter().chain(&plan.trunk).copied().collect();
    for (step, at) in backward.into_iter().enumerate() {
        let op = &mut plan.forward[at];
        let time = losses_at + 1 + step;
        train.push((op.dy.clone(), time));
        // A product reads what it was given only for the gradient of its weights, at the end.
        let keeps_inputs = match &mut op.kind {
            OpKind::Dense(dense) => {
                if dense
                    .segments
                    .iter()
                    .any(|part| !part.passed && part.activation != crate::activation::Activation::Linear)
                {
                    train.push((op.y.clone(), time));
                }
                false
            }
            OpKind::Conv(conv) => {
                if !conv.passed && conv.activation != crate::activation::Activation::Linear {
                    train.push((op.y.clone(), time));
                }
                train.extend(scratch_views(&conv.backward).map(|view| (view.clone(), time)));
                if let Some(pooled) = &conv.pooled {
                    let made = pooled.spread.iter().flatten().chain(&pooled.sums);
                    train.extend(made.chain([&pooled.codes]).map(|view| (view.clone(), time)));
                }
                conv.kernel.gradient.is_some()
            }
            OpKind::Activate { .. } | OpKind::Merge { .. } => {
                train.push((op.y.clone(), time));
                true
            }
            OpKind::Recurrent(layer) => {
                train.extend(layer.kept_mut().into_iter().map(|view| (view.clone(), time)));
                train.push((layer.carried.clone(), time));
                train.extend(layer.dropped.iter().map(|dropped| (dropped.states.clone(), time)));
                let last = layer.last.iter().flatten().filter_map(|last| last.dy.clone());
                train.extend(last.map(|view| (view, time)));
                layer.kernel.gradient.is_some()
            }
            // The largest are found again: nothing is kept of where they are.
            OpKind::Pooling { kind: PoolKind::Max | PoolKind::SharedMax, .. } => {
                train.push((op.y.clone(), time));
                true
            }
            // Sums over the batch read both at the end of the stage before, when both are alive already.
            OpKind::BatchNorm(norm) => norm.sums.is_some(),
            OpKind::Normalize { .. } | OpKind::LayerNormalization { .. } | OpKind::Dot { .. } => true,
            OpKind::Pooling { kind: PoolKind::Average, .. }
            | OpKind::Frame { .. }
            | OpKind::UpSampling { .. }
            | OpKind::Embedding { .. }
            | OpKind::Permute { .. }
            | OpKind::RepeatVector { .. }
            | OpKind::Dropout { .. }
            | OpKind::GaussianNoise { .. }
            | OpKind::Concatenate { .. } => false,
        };
        for weight in weights_of(&mut op.kind) {
            train.extend(weight.gradient.iter().map(|gradient| (gradient.view.clone(), time)));
        }
        for read in reads_of(&mut op.kind) {
            if keeps_inputs {
                train.push((read.x.clone(), time));
            }
            if let Some(sink) = &read.dx {
                train.push((sink.view.clone(), time));
                train.extend(sink.mask.iter().map(|view| (view.clone(), time)));
            }
        }
    }
    for block in &plan.blocks {
        match &block.gradient {
            Some(Gradient::Product(uses) | Gradient::Sum(uses) | Gradient::Scatter(uses)) => {
                for call in uses {
                    train.push((call.x.clone(), end));
                    train.push((call.dy.clone(), end));
                }
            }
            Some(Gradient::Private(view)) => train.push((view.clone(), end)),
            Some(Gradient::BatchSums(_)) | None => {}
        }
    }
    for (view, time) in train {
        let (from, to) = &mut plan.slots[view.slot].train;
        (*from, *to) = ((*from).min(time), (*to).max(time));
    }
    for (view, time) in predict {
        let (from, to) = plan.slots[view.slot].predict.unwrap_or((time, time));
        plan.slots[view.slot].predict = Some((from.min(time), to.max(time)));
    }
    sort(plan);
}

fn scratch_views(scratch: &Scratch) -> impl Iterator<Item = &View> {
    scratch.input.iter().chain(&scratch.output).chain(&scratch.kernel)
}

fn sort(plan: &mut Plan) {
    let mut order: Vec<usize> = (0..plan.slots.len()).collect();
    order.sort_by_key(|&slot| plan.slots[slot].train.0);
    let mut places = vec![0; order.len()];
    for (place, &slot) in order.iter().enumerate() {
        places[slot] = place;
    }
    plan.slots = order.iter().map(|&slot| plan.slots[slot].clone()).collect();
    each_view(plan, |view| view.slot = places[view.slot]);
}

pub(super) fn each_view(plan: &mut Plan, mut change: impl FnMut(&mut View)) {
    plan.inputs.iter_mut().for_each(&mut change);
    plan.outputs.iter_mut().for_each(&mut change);
    for op in &mut plan.forward {
        sample_views(op, &mut change);
        fixed_views(op, &mut change);
    }
    for loss in &mut plan.losses {
        let views = [&mut loss.y, &mut loss.target, &mut loss.sample_weight];
        views.into_iter().for_each(&mut change);
        let optional = [&mut loss.logits, &mut loss.gradient];
        optional.into_iter().flatten().for_each(&mut change);
    }
    plan.custom_gradients.iter_mut().flatten().for_each(|sink| change(&mut sink.view));
    for block in &mut plan.blocks {
        match &mut block.gradient {
            Some(Gradient::Product(uses) | Gradient::Sum(uses) | Gradient::Scatter(uses)) => {
                for call in uses {
                    change(&mut call.x);
                    change(&mut call.dy);
                }
            }
            Some(Gradient::Private(view)) => change(view),
            Some(Gradient::BatchSums(_)) | None => {}
        }
    }
}

/// The views of an operation whose size depends on the rows of a chunk.
pub(super) fn sample_views(op: &mut Op, mut change: impl FnMut(&mut View)) {
    change(&mut op.y);
    change(&mut op.dy);
    if let OpKind::Recurrent(layer) = &mut op.kind {
        layer.kept_mut().into_iter().for_each(&mut change);
        change(&mut layer.carried);
        layer.dropped.iter_mut().for_each(|dropped| change(&mut dropped.states));
        for last in layer.last.iter_mut().flatten() {
            change(&mut last.y);
            last.dy.iter_mut().for_each(&mut change);
        }
    }
    if let OpKind::Conv(conv) = &mut op.kind {
        conv.pooled.iter_mut().for_each(|pooled| change(&mut pooled.codes));
    }
    for read in reads_of(&mut op.kind) {
        change(&mut read.x);
        if let Some(sink) = &mut read.dx {
            change(&mut sink.view);
            sink.mask.iter_mut().for_each(&mut change);
        }
    }
}

/// The others.
fn fixed_views(op: &mut Op, mut change: impl FnMut(&mut View)) {
    if let OpKind::Conv(conv) = &mut op.kind {
        for scratch in [&mut conv.forward, &mut conv.backward] {
            let views = [&mut scratch.input, &mut scratch.output, &mut scratch.kernel];
            views.into_iter().flatten().for_each(&mut change);
        }
        if let Some(pooled) = &mut conv.pooled {
            pooled.spread.iter_mut().flatten().chain(&mut pooled.sums).for_each(&mut change);
        }
    }
    for weight in weights_of(&mut op.kind) {
        weight.gradient.iter_mut().for_each(|gradient| change(&mut gradient.view));
    }
}
