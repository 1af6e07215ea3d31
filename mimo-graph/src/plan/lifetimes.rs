//! Lifetimes of slots. Time passes operation by operation: inputs are gathered, then forward, losses and backward
//! run, and finally the gradients of weights read the stored values.

use super::{Op, Plan, View};
use crate::dim::Dim;
use crate::operation::{During, Field, Part, each_view as views_of};

/// Sets the lifetimes of all buffers and orders the buffers by first use.
pub(super) fn assign(plan: &mut Plan) {
    let losses_at = plan.forward.len() + 1;
    let end = losses_at + 1 + plan.heads.len() + plan.trunk.len();
    let mut train = vec![];
    train.extend(plan.inputs.iter().map(|view| (view.slot, 0)));
    // States are set before the pass and read after the step.
    train.extend(plan.states.iter().flat_map(|state| [(state.from.slot, 0), (state.to.slot, end)]));
    for (at, op) in plan.forward.iter().enumerate() {
        let time = at + 1;
        op.kind.parts(&mut |part| {
            train.extend(forward_slot(part, During::forward).map(|slot| (slot, time)));
        });
    }
    train.extend(plan.outputs.iter().map(|view| (view.slot, losses_at)));
    for loss in &plan.losses {
        train.push((loss.target.slot, 0));
        train.push((loss.sample_weight.slot, 0));
        loss.parts(&mut |part| {
            if let Part::View(view) = part {
                train.push((view.slot, losses_at));
            }
        });
    }
    train.extend(plan.masks.iter().map(|mask| (mask.view.slot, losses_at)));
    train.extend(plan.custom_gradients.iter().flatten().map(|target| (target.view.slot, losses_at)));
    for (step, &at) in plan.heads.iter().chain(&plan.trunk).enumerate() {
        let time = losses_at + 1 + step;
        let mut used = |view: &View| train.push((view.slot, time));
        plan.forward[at].kind.parts(&mut |part| match part {
            Part::Read(read) => {
                if read.kept {
                    used(&read.view);
                }
                if let Some(target) = &read.gradient {
                    used(&target.view);
                    target.mask.iter().for_each(&mut used);
                }
            }
            Part::Written(written) => {
                if written.kept {
                    used(&written.view);
                }
                written.gradient.iter().for_each(&mut used);
            }
            Part::Weight(weight) => {
                weight.gradient.iter().for_each(|gradient| used(&gradient.view));
            }
            Part::Scratch(scratch) => {
                if scratch.during.backward() {
                    used(&scratch.view);
                }
            }
            Part::View(view) => used(view),
            Part::BatchWeight(_) => {}
        });
    }
    // The gradients of weights over the whole batch come last.
    for block in &plan.blocks {
        block.parts(&mut |part| {
            if let Part::View(view) = part {
                train.push((view.slot, end));
            }
        });
    }
    for (slot, time) in train {
        let [from, to] = &mut plan.slots[slot].train;
        (*from, *to) = ((*from).min(time), (*to).max(time));
    }
    let all = plan.forward.iter().enumerate();
    let run: Vec<_> =
        all.filter(|(at, _)| plan.only_losses.binary_search(at).is_err()).map(|(_, op)| op).collect();
    let predict = predicting(plan, run.into_iter());
    plan.slots.iter_mut().zip(predict).for_each(|(slot, life)| slot.predict = life);
    sort(plan);
}

/// The memory that an operation uses in a forward pass, if any; `uses` decides about scratch memory.
fn forward_slot(part: Part<'_, Dim>, uses: fn(During) -> bool) -> Option<usize> {
    match part {
        Part::Read(read) => Some(read.view.slot),
        Part::Written(written) => Some(written.view.slot),
        Part::Scratch(scratch) => uses(scratch.during).then_some(scratch.view.slot),
        Part::View(view) => Some(view.slot),
        Part::Weight(_) | Part::BatchWeight(_) => None,
    }
}

/// By buffer: its first and last use in a prediction by these operations.
pub(super) fn predicting<'a>(
    plan: &Plan,
    operations: impl ExactSizeIterator<Item = &'a Op>,
) -> Vec<Option<[usize; 2]>> {
    let end = operations.len() + 1;
    let mut lives = vec![None; plan.slots.len()];
    let mut used = |slot: usize, time: usize| {
        let [from, to] = lives[slot].unwrap_or([time, time]);
        lives[slot] = Some([from.min(time), to.max(time)]);
    };
    plan.inputs.iter().for_each(|view| used(view.slot, 0));
    plan.states.iter().for_each(|state| used(state.from.slot, 0));
    for (at, op) in operations.enumerate() {
        op.kind.parts(&mut |part| {
            if let Some(slot) = forward_slot(part, During::predict) {
                used(slot, at + 1);
            }
        });
    }
    plan.outputs.iter().for_each(|view| used(view.slot, end));
    plan.states.iter().for_each(|state| used(state.to.slot, end));
    lives
}

fn sort(plan: &mut Plan) {
    let mut order: Vec<usize> = (0..plan.slots.len()).collect();
    order.sort_by_key(|&slot| plan.slots[slot].train[0]);
    let mut places = vec![0; order.len()];
    for (place, &slot) in order.iter().enumerate() {
        places[slot] = place;
    }
    plan.slots = order.iter().map(|&slot| plan.slots[slot].clone()).collect();
    each_view(plan, |view| view.slot = places[view.slot]);
}

/// Visits every view of a plan.
pub(super) fn each_view(plan: &mut Plan, mut change: impl FnMut(&mut View)) {
    plan.inputs.iter_mut().for_each(&mut change);
    plan.outputs.iter_mut().for_each(&mut change);
    plan.states.iter_mut().for_each(|state| views_of(state, |view, _| change(view)));
    plan.forward.iter_mut().for_each(|op| views_of(&mut op.kind, |view, _| change(view)));
    plan.losses.iter_mut().for_each(|loss| views_of(loss, |view, _| change(view)));
    plan.masks.iter_mut().for_each(|mask| change(&mut mask.view));
    plan.custom_gradients.iter_mut().flatten().for_each(|target| change(&mut target.view));
    plan.blocks.iter_mut().for_each(|block| views_of(block, |view, _| change(view)));
}
