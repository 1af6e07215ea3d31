//! Penalties on what layers output: `activity_regularizer`, and the layer `ActivityRegularization`.

use super::Op;
use super::build::Building;
use crate::graph::{Graph, NodeId};
use crate::operation::ActivityRegularization;

impl Building {
    /// Adds the penalties on all that a call outputs, if its layer has such a penalty. Each is an operation that reads
    /// the output and writes nothing but its gradient.
    pub(super) fn penalties(&mut self, graph: &Graph, id: NodeId) {
        let node = graph.node(id);
        let Some(penalty) = graph.layer(node.layer).kind.activity_regularizer() else { return };
        for (index, &output) in node.outputs.iter().enumerate() {
            let (l1, l2) = (penalty.l1, penalty.l2);
            let kind = ActivityRegularization { l1, l2, x: self.read(graph, output) };
            let number = if index == 0 { String::new() } else { format!("_{index}") };
            let what = if graph.layer(node.layer).kind.aliases() { "" } else { "_activity_regularizer" };
            let name = format!("{}{what}{number}", self.call_name(graph, id));
            let steps = self.wrapped();
            self.plan.forward.push(Op { name, nodes: vec![], backward: false, steps, kind: kind.into() });
            self.reads.push(vec![self.values.of(output)]);
            self.gives.push(vec![]);
        }
    }
}
