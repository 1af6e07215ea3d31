//! Tensor operations of other languages: each error says what to write instead.

use mimo_graph::code::Code;
use mimo_graph::diag::Diag;
use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::consts::Known;
use super::tensor::Evaluated;
use super::{Binding, Lower};
use crate::ast::{Expr, ExprKind, name_of};
use crate::parse::{Names, contents, foreign, power, text_of};

impl Names for Lower<'_> {
    fn is_bound(&self, name: &str) -> bool {
        self.frame.scope.contains_key(name)
    }

    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        let Some(Binding::Tensor(tensor)) = self.frame.scope.get(name) else { return None };
        let shape = self.builder.graph().tensor(*tensor).shape.as_ref()?;
        Some(shape.0.iter().map(|length| length.known().unwrap_or(0)).collect())
    }
}

impl Lower<'_> {
    /// Whether tokens contain the name of a tensor.
    pub(super) fn mentions_tensor(&self, tokens: &TokenStream) -> bool {
        tokens.clone().into_iter().any(|token| match token {
            TokenTree::Ident(ident) => matches!(
                self.frame.scope.get(&name_of(&ident)),
                Some(Binding::Tensor(_) | Binding::Tensors(_))
            ),
            TokenTree::Group(group) => self.mentions_tensor(&group.stream()),
            _ => false,
        })
    }

    /// Reports Python's power in an expression of numbers. Returns whether there is one.
    pub(super) fn has_power(&mut self, expr: &Expr) -> bool {
        let Some(found) = power(expr) else { return false };
        let diag = power_of_numbers(found, |expr| self.fold(expr));
        self.error(diag);
        true
    }

    /// `x ** 2` where a tensor is needed.
    pub(super) fn power_of_tensor(&mut self, expr: &Expr, base: &Expr, exponent: &Expr) -> Evaluated {
        if self.is_number(base) && !self.is_tensor(exponent) {
            self.has_power(expr);
            return Evaluated::Poison;
        }
        let sound = match self.is_number(base) {
            true => true,
            false => matches!(self.operand(base)[..], [_]),
        };
        if sound {
            let side = |expr: &Expr| match (&expr.kind, self.known_power(expr)) {
                (ExprKind::Power(..), Some(number)) => format!("{number:?}"),
                _ => text_of(expr.tokens.clone()),
            };
            let (base, power) = (side(base), side(exponent));
            let diag = Diag::error(Code::PythonExpression, expr.loc, "`**` is Python's power");
            let help = match self.fold(exponent) {
                Some(Known::Int(2)) => format!("write `square({base})`"),
                _ => format!("write `power({base}, {power})`"),
            };
            self.error(diag.help(help));
        }
        Evaluated::Poison
    }

    /// The value of a number that contains powers.
    fn known_power(&self, expr: &Expr) -> Option<f64> {
        match &expr.kind {
            ExprKind::Power(base, exponent) => {
                Some(self.known_power(base)?.powf(self.known_power(exponent)?))
                    .filter(|number| number.is_finite())
            }
            ExprKind::Paren(inner) => self.known_power(inner),
            ExprKind::Neg(inner) => Some(-self.known_power(inner)?),
            _ => self.fold(expr)?.number(),
        }
    }

    /// An expression of Rust where a tensor is needed.
    pub(super) fn no_tensor_of_rust(&mut self, expr: &Expr) -> Evaluated {
        let tokens: Vec<TokenTree> = contents(expr.tokens.clone());
        let shown = text_of(expr.tokens.clone());
        let word = match tokens.first() {
            Some(TokenTree::Ident(ident)) => name_of(ident),
            _ => String::new(),
        };
        let diag = match word.as_str() {
            "match" => Diag::error(Code::NotATensor, expr.loc, "a block has no `match`")
                .help("compare with each value: `if stride == 1 { a } else if stride == 2 { b } else { c }`"),
            "f32" | "f64" if tokens.last().is_some_and(|last| matches!(last, TokenTree::Group(_))) => {
                let called =
                    shown.trim_start_matches("f32").trim_start_matches("f64").trim_start_matches("::");
                let message =
                    format!("`{shown}` is computed when the program runs, and the macro needs the number");
                Diag::error(Code::NotATensor, expr.loc, message).help(format!("write `{called}`"))
            }
            _ if let Some(diag) = foreign(&tokens, self, expr.loc) => diag,
            _ if self.mentions_tensor(&expr.tokens)
                && let Some(help) = of_rust(&tokens) =>
            {
                Diag::error(
                    Code::NotATensor,
                    expr.loc,
                    format!("`{shown}` is an expression of Rust, and not one of tensors"),
                )
                .help(help)
            }
            _ => {
                Diag::error(Code::NotATensor, expr.loc, format!("`{shown}` is neither a tensor nor a layer"))
                    .help("write `Layer(settings)(tensor)`")
            }
        };
        self.error(diag);
        Evaluated::Poison
    }
}

/// Error for Python's power of numbers.
pub(super) fn power_of_numbers(found: &Expr, fold: impl Fn(&Expr) -> Option<Known>) -> Diag {
    let diag = Diag::error(Code::PythonExpression, found.loc, "`**` is Python's power");
    let ExprKind::Power(base, exponent) = &found.kind else { return diag.help("write the number") };
    let known = match (fold(base), fold(exponent)) {
        (Some(Known::Int(base)), Some(Known::Int(exponent))) => u32::try_from(exponent)
            .ok()
            .and_then(|exponent| base.checked_pow(exponent))
            .map(|n| n.to_string()),
        (Some(base), Some(exponent)) => base
            .number()
            .zip(exponent.number())
            .map(|(base, exponent)| base.powf(exponent))
            .filter(|number| number.is_finite())
            .map(|number| format!("{number:?}")),
        _ => None,
    };
    let is_float = |expr: &Expr| matches!(fold(expr), Some(Known::Float(_)));
    diag.help(match known {
        Some(n) => format!("write `{n}`"),
        // Rust cannot compute a power of floats in a constant.
        None if is_float(base) || is_float(exponent) => "write the number itself".into(),
        None => {
            let (base, exponent) = (text_of(base.tokens.clone()), text_of(exponent.tokens.clone()));
            format!("write `usize::pow({base}, {exponent})`")
        }
    })
}

/// Replacement for a Rust expression that contains a tensor.
fn of_rust(tokens: &[TokenTree]) -> Option<String> {
    let text = |tokens: &[TokenTree]| text_of(tokens.iter().cloned().collect());
    let cast = tokens.iter().position(|token| matches!(token, TokenTree::Ident(ident) if ident == "as"));
    if let Some(at) = cast {
        let whole =
            matches!(tokens.get(at + 1), Some(TokenTree::Ident(ty)) if !ty.to_string().starts_with('f'));
        let ty = if whole { "int32" } else { "float32" };
        return Some(format!("write `cast({}, {ty})`", text(&tokens[..at])));
    }
    match tokens {
        [TokenTree::Punct(sign), rest @ ..] if matches!(sign.as_char(), '&' | '*') => {
            Some(format!("write `{}`", text(rest)))
        }
        [TokenTree::Group(group)] if group.delimiter() == Delimiter::Brace => {
            Some("bind it with `let`, without braces".into())
        }
        _ => None,
    }
}
