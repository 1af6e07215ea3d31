//! Parts of a concatenation that are computed where the whole has them, so that nothing is copied, forward or backward.

use super::lifetimes::each_view;
use super::{OpKind, Plan, View};
use crate::dim::{Dim, Same};

/// Moves what can be moved.
pub(super) fn concatenate(plan: &mut Plan) {
    for at in 0..plan.forward.len() {
        let (y, dy) = (plan.forward[at].y.clone(), plan.forward[at].dy.clone());
        let OpKind::Concatenate { outer, parts } = &plan.forward[at].kind else { continue };
        if outer.same(&Dim::Known(1)) != Same::Yes {
            continue;
        }
        let mut column = Dim::Known(0);
        let mut moves = vec![];
        for part in parts {
            if movable(plan, at, &part.x) {
                moves.push((part.x.slot, y.slot, column.clone(), y.stride.clone()));
                if let Some(sink) = &part.dx {
                    moves.push((sink.view.slot, dy.slot, column.clone(), dy.stride.clone()));
                }
            }
            column = column + part.x.len.clone();
        }
        for (from, to, column, stride) in moves {
            plan.slots[from].len = Dim::Known(0);
            each_view(plan, |view| {
                if view.slot == from {
                    view.slot = to;
                    view.column = view.column.clone() + column.clone();
                    view.stride = stride.clone();
                }
            });
        }
    }
}

/// Whether a value may have columns of the concatenation `reader` for its place: it has a slot to itself, whoever computes
/// it does so row by row, and nobody else reads it.
fn movable(plan: &Plan, reader: usize, x: &View) -> bool {
    let whole = x.len == x.stride;
    let by_rows = |kind: &OpKind| match kind {
        OpKind::Dense(dense) => dense.positions.same(&Dim::Known(1)) == Same::Yes,
        OpKind::Conv(conv) => conv.pooled.is_some(),
        OpKind::Recurrent(layer) => !layer.layer.return_sequences,
        _ => false,
    };
    let mut makers = plan.forward[..reader].iter().filter(|op| op.y.slot == x.slot);
    let made =
        makers.next().is_some_and(|op| op.steps.is_none() && by_rows(&op.kind)) && makers.next().is_none();
    let of_the_slot = |view: &View| view.slot == x.slot;
    let shown = plan.outputs.iter().any(of_the_slot);
    whole && made && !shown && readers(plan, x) == 1
}

/// How often the slot of a value is read.
fn readers(plan: &Plan, x: &View) -> usize {
    let mut plan = plan.clone();
    plan.forward
        .iter_mut()
        .map(|op| {
            super::gradients::reads_of(&mut op.kind).iter().filter(|read| read.x.slot == x.slot).count()
        })
        .sum()
}
