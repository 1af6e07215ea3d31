//! Terms of the total loss that are computed from values of the model instead of an output and its target: penalties
//! on outputs of layers (`activity_regularizer`, and the layer `ActivityRegularization`), and the losses of
//! `add_loss`.
//!
//! Each is an operation that reads a value and only writes its gradient. It includes its own weight. A method that
//! balances the losses of the outputs ignores it: its gradient is added to the balanced gradients.

use super::build::Building;
use super::values::ValueId;
use super::{Op, OpKind, Plan};
use crate::graph::{Graph, NodeId};
use crate::layers::LayerKind;
use crate::operation::{ActivityRegularization, AddedLoss, Field, Part};

impl Building {
    /// Adds the terms of the total loss of a call: penalties on all of its outputs, or an added loss.
    pub(super) fn penalties(&mut self, graph: &Graph, id: NodeId) {
        let node = graph.node(id);
        let kind = graph.kind(node);
        if let (Some(loss), &[x]) = (kind.added_loss(), &node.inputs[..]) {
            // After the losses of the outputs.
            let earlier = graph.added_losses().iter().take_while(|&&layer| layer != node.layer).count();
            let place = graph.outputs.len() + earlier;
            let loss = AddedLoss { weight: loss.weight, place, x: self.read(graph, x) };
            let name = self.call_name(graph, id);
            return self.term(name, self.values.of(x), loss.into());
        }
        let Some(penalty) = kind.activity_regularizer() else { return };
        // Attention scores are not penalized, as in Keras: only the outputs of projections are.
        let attends = matches!(kind.core().0, LayerKind::MultiHeadAttention(_));
        let outputs = if attends { &node.outputs[..node.outputs.len().min(1)] } else { &node.outputs[..] };
        for (index, &output) in outputs.iter().enumerate() {
            let (l1, l2) = (penalty.l1, penalty.l2);
            let kind = ActivityRegularization { l1, l2, x: self.read(graph, output) };
            let number = if index == 0 { String::new() } else { format!("_{index}") };
            let what = if graph.kind(node).aliases() { "" } else { "_activity_regularizer" };
            let name = format!("{}{what}{number}", self.call_name(graph, id));
            self.term(name, self.values.of(output), kind.into());
        }
    }

    pub(super) fn term(&mut self, name: String, read: ValueId, kind: OpKind) {
        let steps = self.wrapped();
        self.plan.forward.push(Op { name, nodes: vec![], backward: false, steps, kind });
        self.reads.push(vec![read]);
        self.gives.push(vec![]);
    }
}

/// Finds the operations that predictions need not run, if the model adds losses or masks outputs: those that lead to
/// no output and no state.
pub(super) fn find_only_losses(plan: &mut Plan) {
    let adds_losses = plan.forward.iter().any(|op| matches!(op.kind, OpKind::AddedLoss(_)));
    if !adds_losses && plan.masks.is_empty() {
        return;
    }
    let mut needed = vec![false; plan.slots.len()];
    let mut is_state = vec![false; plan.slots.len()];
    plan.outputs.iter().for_each(|view| needed[view.slot] = true);
    plan.states.iter().for_each(|state| is_state[state.to.slot] = true);
    for (at, op) in plan.forward.iter().enumerate().rev() {
        let (mut lives, mut reads) = (false, vec![]);
        op.kind.parts(&mut |part| match part {
            Part::Read(read) => reads.push(read.view.slot),
            Part::Written(written) => lives |= needed[written.view.slot] || is_state[written.view.slot],
            Part::View(view) => {
                lives |= is_state[view.slot];
                reads.push(view.slot);
            }
            Part::Scratch(scratch) => lives |= is_state[scratch.view.slot],
            Part::Weight(_) | Part::BatchWeight(_) => {}
        });
        if lives {
            reads.into_iter().for_each(|slot| needed[slot] = true);
        } else {
            plan.only_losses.push(at);
        }
    }
    plan.only_losses.reverse();
}
