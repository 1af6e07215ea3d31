//! `if training { … } else { … }`: the computations of training and inference.

use mimo_graph::code::Code;
use mimo_graph::diag::{Diag, Loc};
use proc_macro2::{Delimiter, TokenTree};

use super::cursor::{Cursor, contents, text_of};
use super::expansion::is_braces;
use super::parser::{Parser, invalid};
use super::state::Place;
use crate::ast::{Branch, Expr, ExprKind, Model, Switch};

/// The condition of every switch.
const TRAINING: &str = "training";

/// Longest switch that a message repeats.
const LONGEST: usize = 80;

const FORM: &str = "write `if training { … } else { … }`, with a tensor at the end of both";

/// Whether a run is an `if` on `training`, in some form.
pub(super) fn reads_training(run: &[TokenTree]) -> bool {
    let condition = run.iter().take_while(|token| !is_braces(token));
    condition.skip(1).any(|token| matches!(token, TokenTree::Ident(ident) if ident == TRAINING))
}

impl Parser {
    /// A run that starts with `if training`.
    pub(super) fn switch(&mut self, run: &[TokenTree], model: &mut Model) -> Expr {
        let loc = self.spans.of(run);
        let tokens = run.iter().cloned().collect();
        let kind = match self.branches(run, model) {
            Ok(switch) => ExprKind::Switch(Box::new(switch)),
            Err(diag) => {
                self.error(diag);
                self.lose(run, model);
                ExprKind::Invalid
            }
        };
        Expr { tokens, kind, ..invalid(loc) }
    }

    /// Reports a switch inside of an expression.
    pub(super) fn switch_in_expression(&mut self, run: &[TokenTree], loc: Loc) {
        let shown = text_of(run.iter().cloned().collect());
        let shown = if shown.len() > LONGEST { "if training { a } else { b }" } else { &shown };
        let message = "a switch returns a tensor only where `let` binds it";
        let diag = Diag::error(Code::NoTensorOfBranch, loc, message);
        self.error(diag.help(format!("bind it first: `let y = {shown};`")));
    }

    /// Both branches, or the error in the form.
    fn branches(&mut self, run: &[TokenTree], model: &mut Model) -> Result<Switch, Diag> {
        let mut cursor = Cursor::new(run);
        let wrong = |loc: Loc, message: &str| Diag::error(Code::NoTensorOfBranch, loc, message).help(FORM);
        cursor.skip(1);
        let start = cursor.position();
        while !cursor.is_empty() && cursor.group_at(0, Delimiter::Brace).is_none() {
            cursor.skip(1);
        }
        let condition = cursor.since(start);
        let Some(training) = cursor.group_at(0, Delimiter::Brace) else {
            return Err(wrong(self.spans.of(run), "the sides of a switch stand in braces"));
        };
        if condition.len() > 1 {
            let loc = self.spans.of(condition);
            let diag =
                Diag::error(Code::NoTensorOfBranch, loc, "the condition of a switch is `training` alone");
            return Err(
                diag.help("write `if training { … } else { … }`, and exchange the sides if it was negated")
            );
        }
        cursor.skip(1);
        let before = self.spans.of(run.get(..2).unwrap_or_default());
        if !cursor.at_keyword("else") {
            let next = match cursor.is_empty() {
                true => before,
                false => self.spans.of(cursor.rest()),
            };
            return Err(wrong(next, "this switch does not say what inference computes"));
        }
        cursor.skip(1);
        let Some(inference) = cursor.group_at(0, Delimiter::Brace) else {
            return Err(wrong(
                self.spans.of(cursor.previous()),
                "after `else` stands the other side in braces",
            ));
        };
        cursor.skip(1);
        if let Some(next) = cursor.peek().cloned() {
            self.unexpected(&next, "after a switch");
        }
        let training = self.branch(contents(training.stream()), before, model);
        let inference = self.branch(contents(inference.stream()), before, model);
        Ok(Switch { training, inference })
    }

    /// The inside of one branch.
    fn branch(&mut self, tokens: Vec<TokenTree>, loc: Loc, model: &mut Model) -> Branch {
        let known = self.errors();
        let branch = self.side(tokens, Place::Branch, model);
        if branch.result.is_none() && self.errors() == known {
            let diag = Diag::error(Code::NoTensorOfBranch, loc, "a side of this switch returns no tensor");
            self.error(diag.help("end both sides with a tensor, without `;`"));
        }
        branch
    }

    /// Reports `if training { … }` as a statement: its names are only bound inside.
    pub(super) fn unbound_switch(&mut self, cursor: &Cursor<'_>, model: &mut Model) -> bool {
        if !cursor.at_keyword("if") || !reads_training(cursor.rest()) {
            return false;
        }
        let loc = self.spans.of(cursor.rest().get(..2).unwrap_or_default());
        self.error(
            Diag::error(
                Code::NoTensorOfBranch,
                loc,
                "a switch returns a tensor, and this one is bound to no name",
            )
            .help("write `let y = if training { … } else { … };`"),
        );
        self.lose(cursor.rest(), model);
        true
    }
}
