//! Operations that tensors have in other languages and not here: each error says what to write instead.

use mimo_graph::code::Code;
use mimo_graph::diag::Diag;
use mimo_graph::language::{self, Module};
use proc_macro2::{Delimiter, TokenTree};

use super::consts::Known;
use super::tensor::Evaluated;
use super::{Binding, Lower};
use crate::ast::{Expr, ExprKind, name_of};
use crate::parse::{contents, power, text_of};

impl Lower<'_> {
    /// Reports Python's power in an expression of numbers. Gives whether there is one.
    pub(super) fn has_power(&mut self, expr: &Expr) -> bool {
        let Some(found) = power(expr) else { return false };
        let diag = power_of_numbers(found, |expr| self.consts.fold(expr));
        self.error(diag);
        true
    }

    /// `x ** 2` where a tensor is needed.
    pub(super) fn power_of_tensor(&mut self, expr: &Expr, base: &Expr, exponent: &Expr) -> Evaluated {
        if self.consts.fold(base).is_some() {
            self.has_power(expr);
            return Evaluated::Poison;
        }
        if let [_] = self.operand(base).as_slice() {
            let shown = text_of(base.tokens.clone());
            let factor = if matches!(base.kind, ExprKind::Name(_)) { shown.as_str() } else { "x" };
            let diag = Diag::error(Code::PythonExpression, expr.loc, "`**` is Python's power");
            let help = match self.consts.fold(exponent) {
                Some(Known::Int(2)) => format!("write `square({factor})`"),
                _ => format!("write `power({factor}, {})`", text_of(exponent.tokens.clone())),
            };
            self.error(diag.help(help));
        }
        Evaluated::Poison
    }

    /// An expression of Rust where a tensor is needed.
    pub(super) fn no_tensor_of_rust(&mut self, expr: &Expr) -> Evaluated {
        let tokens: Vec<TokenTree> = contents(expr.tokens.clone());
        let shown = text_of(expr.tokens.clone());
        let word = match tokens.first() {
            Some(TokenTree::Ident(ident)) => name_of(ident),
            _ => String::new(),
        };
        let is_dot = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == '.');
        let bound = matches!(
            self.frame.scope.get(&word),
            Some(Binding::Tensor(_) | Binding::Tensors(_) | Binding::Layer(_) | Binding::Poison)
        );
        let method = tokens.iter().rposition(|token| is_dot(Some(token)));
        let method = method.and_then(|at| match tokens.get(at + 1) {
            Some(TokenTree::Ident(ident)) => Some(name_of(ident)),
            _ => None,
        });
        let diag = match (word.as_str(), method) {
            ("if" | "match", _) => Diag::error(
                Code::NotATensor,
                expr.loc,
                format!(
                    "every sample runs through the same layers, so that `{word}` cannot choose between them"
                ),
            )
            .help("write a `model!` for each variant")
            .help("values are chosen by `where(x > 0.0, a, b)`; what only training computes stands after a `let`: `let y = if training { a } else { b };`"),
            (_, Some(method)) if bound || is_call_of_tensor(&tokens) => {
                let message = format!(
                    "`{method}` is not available: a tensor of a model has neither fields nor methods"
                );
                let help = match language::find(Module::Activations, &method).is_some() {
                    true => format!("write `Activation({method})(x)`"),
                    false => "call a layer on the tensor: `Dense(32)(x)`".into(),
                };
                Diag::error(Code::NotATensor, expr.loc, message).help(help)
            }
            ("f32" | "f64", _) if tokens.last().is_some_and(|last| matches!(last, TokenTree::Group(_))) => {
                let called = shown.trim_start_matches("f32").trim_start_matches("f64").trim_start_matches("::");
                let message = format!("`{shown}` is computed when the program runs, and the macro needs the number");
                Diag::error(Code::NotATensor, expr.loc, message).help(format!("write `{called}`"))
            }
            // `K.exp(x)`
            (_, Some(method)) if let Some(diag) = mimo_graph::layers::unavailable(&method, expr.loc) => diag,
            _ => {
                Diag::error(Code::NotATensor, expr.loc, format!("`{shown}` is neither a tensor nor a layer"))
                    .help("write `Layer(settings)(tensor)`")
            }
        };
        self.error(diag);
        Evaluated::Poison
    }
}

/// Whether tokens start with `Dense(3)(x)`.
fn is_call_of_tensor(tokens: &[TokenTree]) -> bool {
    let call = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis);
    matches!(tokens.first(), Some(TokenTree::Ident(_))) && call(tokens.get(1)) && call(tokens.get(2))
}

/// The error for Python's power between numbers.
pub(super) fn power_of_numbers(found: &Expr, fold: impl Fn(&Expr) -> Option<Known>) -> Diag {
    let diag = Diag::error(Code::PythonExpression, found.loc, "`**` is Python's power");
    let ExprKind::Power(base, exponent) = &found.kind else { return diag.help("write the number") };
    let known = match (fold(base), fold(exponent)) {
        (Some(Known::Int(base)), Some(Known::Int(exponent))) => {
            u32::try_from(exponent).ok().and_then(|exponent| base.checked_pow(exponent))
        }
        _ => None,
    };
    diag.help(match known {
        Some(n) => format!("write `{n}`"),
        None => {
            let (base, exponent) = (text_of(base.tokens.clone()), text_of(exponent.tokens.clone()));
            format!("write `usize::pow({base}, {exponent})`")
        }
    })
}
