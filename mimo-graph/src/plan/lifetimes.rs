//! When each slot is in use. Time passes operation by operation: inputs are gathered, the forward runs, losses,
//! the backward, and at the end the gradients of weights read what was kept for them.

use super::{Plan, View};
use crate::operation::{Field, Part, each_view as views_of};

/// Sets the lifetimes of all buffers and orders the buffers by first use.
pub(super) fn assign(plan: &mut Plan) {
    let losses_at = plan.forward.len() + 1;
    let end = losses_at + 1 + plan.heads.len() + plan.trunk.len();
    let mut train = vec![];
    let mut predict = vec![];
    for view in &plan.inputs {
        train.push((view.slot, 0));
        predict.push((view.slot, 0));
    }
    for (at, op) in plan.forward.iter().enumerate() {
        let time = at + 1;
        op.kind.parts(&mut |part| {
            let (slot, training, predicting) = match part {
                Part::Read(read) => (read.view.slot, true, true),
                Part::Written(written) => (written.view.slot, true, true),
                Part::Scratch(scratch) => {
                    (scratch.view.slot, scratch.during.forward(), scratch.during.predict())
                }
                Part::View(view) => (view.slot, true, true),
                Part::Weight(_) | Part::BatchWeight(_) => return,
            };
            train.extend(training.then_some((slot, time)));
            predict.extend(predicting.then_some((slot, time)));
        });
    }
    for view in &plan.outputs {
        train.push((view.slot, losses_at));
        predict.push((view.slot, losses_at));
    }
    for loss in &plan.losses {
        train.push((loss.target.slot, 0));
        train.push((loss.sample_weight.slot, 0));
        loss.parts(&mut |part| {
            if let Part::View(view) = part {
                train.push((view.slot, losses_at));
            }
        });
    }
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
    for (slot, time) in predict {
        let [from, to] = plan.slots[slot].predict.unwrap_or([time, time]);
        plan.slots[slot].predict = Some([from.min(time), to.max(time)]);
    }
    sort(plan);
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
    plan.forward.iter_mut().for_each(|op| views_of(&mut op.kind, |view, _| change(view)));
    plan.losses.iter_mut().for_each(|loss| views_of(loss, |view, _| change(view)));
    plan.custom_gradients.iter_mut().flatten().for_each(|target| change(&mut target.view));
    plan.blocks.iter_mut().for_each(|block| views_of(block, |view, _| change(view)));
}
