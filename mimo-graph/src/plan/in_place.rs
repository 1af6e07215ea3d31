//! Computes parts of a concatenation in place, so that nothing is copied, forward or backward.

use std::collections::BTreeMap;

use super::gradients::mask_input;
use super::lifetimes::each_view;
use super::{OpKind, Plan, Read, View};
use crate::dim::{Dim, Same};

/// Moves the parts that can be moved.
pub(super) fn concatenate(plan: &mut Plan) {
    for at in 0..plan.forward.len() {
        let OpKind::Concatenate(whole) = &plan.forward[at].kind else { continue };
        // The steps of a part are not contiguous in the result.
        if whole.outer.same(&Dim::Known(1)) != Same::Yes || plan.forward[at].steps.is_some() {
            continue;
        }
        let (parts, y) = (whole.parts.clone(), whole.y.view.clone());
        // Without a gradient there is nothing to move.
        let dy = whole.y.gradient.clone().unwrap_or_else(|| y.clone());
        let slots = Slots::new(plan);
        let mut column = Dim::Known(0);
        let (mut moves, mut makers, mut all) = (BTreeMap::new(), vec![], true);
        for part in parts.iter() {
            let maker = movable(plan, &slots, at, &part.view);
            // A part without a gradient may be masked with the others.
            all &= maker.is_some() || part.gradient.is_none();
            if let Some(maker) = maker {
                makers.push(maker);
                moves.insert(part.view.slot, (y.slot, column.clone(), y.stride.clone()));
                if let Some(target) = &part.gradient {
                    moves.insert(target.view.slot, (dy.slot, column.clone(), dy.stride.clone()));
                }
            }
            column = column + part.view.len.clone();
        }
        if all {
            mask(plan, &makers, &y, &dy);
        }
        if moves.is_empty() {
            continue;
        }
        for &from in moves.keys() {
            plan.slots[from].len = Dim::Known(0);
        }
        each_view(plan, |view| {
            if let Some((to, column, stride)) = moves.get(&view.slot) {
                view.slot = *to;
                view.column = view.column.clone() + column.clone();
                view.stride = stride.clone();
            }
        });
    }
}

/// If all parts are outputs of a ReLU, the product that writes the gradient of the concatenation applies the ReLU's
/// backward.
fn mask(plan: &mut Plan, makers: &[usize], y: &View, dy: &View) {
    let order: Vec<usize> = plan.heads.iter().chain(&plan.trunk).copied().collect();
    // An operation that writes into the concatenation writes one value only.
    let mut relus = makers.iter().map(|&maker| {
        let applied = plan.forward[maker].kind.planned_mut().relu_grad_applied(0);
        applied.is_some_and(|applied| !*applied)
    });
    if makers.is_empty() || !relus.all(|relu| relu) {
        return;
    }
    let target_of = |read: &Read| read.gradient.as_ref().is_some_and(|target| target.view.slot == dy.slot);
    let writes = |&at: &usize| plan.forward[at].kind.reads().into_iter().any(target_of);
    let Some(writer) = order.into_iter().rfind(writes) else { return };
    let reads_whole = |read: &&Read| {
        read.view.slot == y.slot && read.gradient.as_ref().is_some_and(|target| target.mask.is_none())
    };
    if plan.forward[writer].kind.reads().first().is_none_or(|read| !reads_whole(read))
        || !mask_input(&mut plan.forward[writer])
    {
        return;
    }
    for &maker in makers {
        let applied = plan.forward[maker].kind.planned_mut().relu_grad_applied(0);
        applied.into_iter().for_each(|applied| *applied = true);
    }
}

/// The operation that computes a value that can be columns of the concatenation `reader`: the value has its own slot,
/// is computed row by row, and has no other reader.
fn movable(plan: &Plan, slots: &Slots, reader: usize, x: &View) -> Option<usize> {
    let whole = x.len == x.stride;
    let mut makers = slots.makers[x.slot].iter().copied().filter(|&at| at < reader);
    let (Some(maker), None) = (makers.next(), makers.next()) else { return None };
    let made = plan.forward[maker].steps.is_none() && plan.forward[maker].kind.planned().rows_may_lie_apart();
    (whole && made && !slots.shown[x.slot] && slots.readers[x.slot] == 1).then_some(maker)
}

/// Users of each slot.
struct Slots {
    /// The operations that write it, in order.
    makers: Vec<Vec<usize>>,
    /// Number of reads.
    readers: Vec<usize>,
    /// Whether it holds an output, or a state for the next batch.
    shown: Vec<bool>,
}

impl Slots {
    fn new(plan: &Plan) -> Self {
        let count = plan.slots.len();
        let mut slots =
            Slots { makers: vec![vec![]; count], readers: vec![0; count], shown: vec![false; count] };
        for (at, op) in plan.forward.iter().enumerate() {
            op.kind.written().into_iter().for_each(|written| slots.makers[written.view.slot].push(at));
            op.kind.reads().into_iter().for_each(|read| slots.readers[read.view.slot] += 1);
        }
        plan.outputs.iter().for_each(|view| slots.shown[view.slot] = true);
        plan.states.iter().for_each(|state| slots.shown[state.to.slot] = true);
        slots
    }
}
