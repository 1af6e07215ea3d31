//! Parts of a concatenation that are computed where the whole has them, so that nothing is copied, forward or backward.

use std::collections::BTreeMap;

use super::gradients::reads_of;
use super::lifetimes::each_view;
use super::{Op, OpKind, Plan, Read, View};
use crate::activation::Activation;
use crate::dim::{Dim, Same};

/// Moves what can be moved.
pub(super) fn concatenate(plan: &mut Plan) {
    for at in 0..plan.forward.len() {
        let (y, dy) = (plan.forward[at].y.clone(), plan.forward[at].dy.clone());
        let OpKind::Concatenate { outer, parts } = &plan.forward[at].kind else { continue };
        if outer.same(&Dim::Known(1)) != Same::Yes {
            continue;
        }
        let parts = parts.clone();
        let slots = Slots::new(plan);
        let mut column = Dim::Known(0);
        let (mut moves, mut makers, mut all) = (BTreeMap::new(), vec![], true);
        for part in &parts {
            let maker = movable(plan, &slots, at, &part.x);
            // What has no gradient may be masked with the others.
            all &= maker.is_some() || part.dx.is_none();
            if let Some(maker) = maker {
                makers.push(maker);
                moves.insert(part.x.slot, (y.slot, column.clone(), y.stride.clone()));
                if let Some(sink) = &part.dx {
                    moves.insert(sink.view.slot, (dy.slot, column.clone(), dy.stride.clone()));
                }
            }
            column = column + part.x.len.clone();
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

/// Where all parts leave a ReLU, the product that brings the gradient of the whole masks it on the way.
fn mask(plan: &mut Plan, makers: &[usize], y: &View, dy: &View) {
    let unpassed = |op: &Op| match &op.kind {
        OpKind::Dense(dense) => match &dense.segments[..] {
            [part] => part.activation == Activation::Relu && !part.passed,
            _ => false,
        },
        OpKind::Conv(conv) => conv.activation == Activation::Relu && !conv.passed,
        _ => false,
    };
    let order: Vec<usize> = plan.heads.iter().chain(&plan.trunk).copied().collect();
    if makers.is_empty() || !makers.iter().all(|&maker| unpassed(&plan.forward[maker])) {
        return;
    }
    let writes = |&at: &usize| {
        let sink = |read: &Read| read.dx.as_ref().is_some_and(|sink| sink.view.slot == dy.slot);
        reads_of(&mut plan.forward[at].kind).into_iter().any(|read| sink(read))
    };
    let Some(writer) = order.into_iter().rfind(writes) else { return };
    let read = match &mut plan.forward[writer].kind {
        OpKind::Dense(writer) => &mut writer.read,
        OpKind::Conv(writer) => &mut writer.read,
        _ => return,
    };
    let whole = read.x.slot == y.slot;
    let Some(sink) = read.dx.as_mut().filter(|sink| whole && sink.mask.is_none()) else { return };
    sink.mask = Some(read.x.clone());
    for &maker in makers {
        match &mut plan.forward[maker].kind {
            OpKind::Dense(dense) => dense.segments.iter_mut().for_each(|part| part.passed = true),
            OpKind::Conv(conv) => conv.passed = true,
            _ => {}
        }
    }
}

/// Who computes a value that may have columns of the concatenation `reader` for its place: it has a slot to itself, it
/// is computed row by row, and nobody else reads it.
fn movable(plan: &Plan, slots: &Slots, reader: usize, x: &View) -> Option<usize> {
    let whole = x.len == x.stride;
    let by_rows = |kind: &OpKind| match kind {
        OpKind::Dense(dense) => dense.positions.same(&Dim::Known(1)) == Same::Yes,
        OpKind::Conv(conv) => conv.pooled.is_some(),
        OpKind::Recurrent(layer) => !layer.layer.return_sequences,
        _ => false,
    };
    let mut makers = slots.makers[x.slot].iter().copied().filter(|&at| at < reader);
    let (Some(maker), None) = (makers.next(), makers.next()) else { return None };
    let made = plan.forward[maker].steps.is_none() && by_rows(&plan.forward[maker].kind);
    (whole && made && !slots.shown[x.slot] && slots.readers[x.slot] == 1).then_some(maker)
}

/// Who uses each slot.
struct Slots {
    /// The operations that write it, in order.
    makers: Vec<Vec<usize>>,
    /// How often it is read.
    readers: Vec<usize>,
    /// Whether it holds an output.
    shown: Vec<bool>,
}

impl Slots {
    fn new(plan: &mut Plan) -> Self {
        let count = plan.slots.len();
        let mut slots =
            Slots { makers: vec![vec![]; count], readers: vec![0; count], shown: vec![false; count] };
        for (at, op) in plan.forward.iter_mut().enumerate() {
            slots.makers[op.y.slot].push(at);
            reads_of(&mut op.kind).into_iter().for_each(|read| slots.readers[read.x.slot] += 1);
        }
        plan.outputs.iter().for_each(|view| slots.shown[view.slot] = true);
        slots
    }
}
