//! `if training { … } else { … }`: `in_train_phase` of both branches.

use mimo_graph::code::Code;
use mimo_graph::diag::{Diag, Loc};
use mimo_graph::value::{self, Value, ValueKind};

use super::Lower;
use super::operations::Side;
use super::tensor::Evaluated;
use crate::ast::{Branch, Expr, ExprKind, Let, Switch, name_of};
use crate::parse::text_of;

impl Lower<'_> {
    /// Lowers both branches; each pass uses its own.
    pub(super) fn switch(&mut self, expr: &Expr, switch: &Switch) -> Evaluated {
        let mut settings = Vec::new();
        let mut tensors = Vec::new();
        for branch in [&switch.training, &switch.inference] {
            let (setting, tensor) = self.branch(branch, expr.loc);
            settings.push(value::Arg { name: None, value: setting });
            tensors.extend(tensor);
        }
        if tensors.is_empty() {
            let message = "both sides of this switch are numbers, and one of them has to be a tensor";
            let diag = Diag::error(Code::NotATensor, expr.loc, message);
            self.error(diag.help("write what the numbers are used for on both sides: `let y = if training { 0.5 * x } else { x };`"));
            return Evaluated::Poison;
        }
        let span = self.spans.get(expr.loc).start;
        self.operate("in_train_phase", &settings, &tensors, (expr.loc, expr.loc), span)
    }

    /// Reports a switch bound to a tuple of names.
    pub(super) fn switch_of_several(&mut self, statement: &Let, switch: &Switch) {
        let names: Vec<String> = statement.names.iter().map(|name| name_of(&name.ident)).collect();
        let message = format!("a switch returns one tensor, but {} names are bound", names.len());
        let parts = |branch: &Branch| -> Option<Vec<String>> {
            match branch.result.as_ref().map(|result| &result.kind) {
                Some(ExprKind::List(items)) if items.len() == names.len() && branch.body.is_empty() => {
                    Some(items.iter().map(|item| text_of(item.tokens.clone())).collect())
                }
                _ => None,
            }
        };
        let form = match (parts(&switch.training), parts(&switch.inference)) {
            (Some(training), Some(inference)) => {
                let sides = names.iter().zip(training.iter().zip(&inference));
                let each =
                    sides.map(|(name, (a, b))| format!("let {name} = if training {{ {a} }} else {{ {b} }};"));
                each.collect::<Vec<_>>().join(" ")
            }
            _ => format!(
                "let {} = if training {{ … }} else {{ … }};",
                names.first().map_or("y", String::as_str)
            ),
        };
        let diag = Diag::error(Code::WrongNumberOfNames, statement.value.loc, message);
        self.error(diag.help(format!("write a switch for each name: `{form}`")));
        self.broken = true;
    }

    /// Lowers one branch: a number, or a tensor. Its bindings are only visible inside.
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
