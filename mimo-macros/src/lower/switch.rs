//! `if training { … } else { … }`, which is `in_train_phase` of both sides.

use mimo_graph::diag::Loc;
use mimo_graph::value::{self, Value, ValueKind};

use super::Lower;
use super::operations::Side;
use super::tensor::Evaluated;
use crate::ast::{Branch, Expr, Switch};

impl Lower<'_> {
    /// Both sides; a pass takes its own.
    pub(super) fn switch(&mut self, expr: &Expr, switch: &Switch) -> Evaluated {
        let mut settings = Vec::new();
        let mut tensors = Vec::new();
        for branch in [&switch.training, &switch.inference] {
            let (setting, tensor) = self.branch(branch, expr.loc);
            settings.push(value::Arg { name: None, value: setting });
            tensors.extend(tensor);
        }
        let span = self.spans.get(expr.loc).start;
        self.operate("in_train_phase", &settings, &tensors, (expr.loc, expr.loc), span)
    }

    /// One side: a number, or a tensor. What it binds is known inside only.
    fn branch(
        &mut self,
        branch: &Branch,
        switch: Loc,
    ) -> (Value, Option<(mimo_graph::graph::TensorId, Loc)>) {
        let (scope, parameters) = (self.frame.scope.clone(), self.consts.parameters());
        self.statements(&branch.body);
        let side = match &branch.result {
            Some(result) => self.side_of(result),
            None => Side::Tensor(self.builder.poison(switch), switch),
        };
        let given = match side {
            Side::Number(number) => (self.number(number), None),
            Side::Tensor(tensor, loc) => (Value { kind: ValueKind::Tensor, loc }, Some((tensor, loc))),
        };
        self.frame.scope = scope;
        self.consts.restore(parameters);
        given
    }
}
