//! Expressions as values: settings of layers, losses, lengths.

use mimo_graph::code::Code;
use mimo_graph::diag::{Diag, Loc};
use mimo_graph::dim::ConstId;
use mimo_graph::value::{Arg, Value, ValueKind};
use proc_macro2::TokenStream;

use super::consts::has_invalid_part;
use super::tensor::Evaluated;
use super::{Binding, Lower};
use crate::ast::{self, Expr, ExprKind, name_of};
use crate::parse::{is_rust, text_of};

impl Lower<'_> {
    /// The arguments of a call.
    pub(super) fn args<'e>(&mut self, args: impl IntoIterator<Item = &'e ast::Arg>) -> Vec<Arg> {
        args.into_iter().map(|arg| Arg { name: arg.keyword.clone(), value: self.value(&arg.value) }).collect()
    }

    /// An expression where a value is required.
    pub(super) fn value(&mut self, expr: &Expr) -> Value {
        if let ExprKind::Name(ident) = &expr.kind
            && let Some(given) = self.consts.parameter(&name_of(ident))
        {
            return given.value(expr.loc);
        }
        Value { kind: self.value_kind(expr), loc: expr.loc }
    }

    fn value_kind(&mut self, expr: &Expr) -> ValueKind {
        if matches!(expr.kind, ExprKind::Power(..) | ExprKind::Neg(_) | ExprKind::Binary(..))
            && self.has_power(expr)
        {
            return ValueKind::Invalid;
        }
        if !matches!(expr.kind, ExprKind::If(_) | ExprKind::List(_)) && !self.prepare(expr) {
            return ValueKind::Invalid;
        }
        // The items of a list have their own locations.
        if let (false, Some(known)) = (matches!(expr.kind, ExprKind::List(_)), self.fold(expr)) {
            return known.kind(expr.loc);
        }
        match &expr.kind {
            ExprKind::Int(n) => ValueKind::Int(*n),
            ExprKind::Float(x) => ValueKind::Float(*x),
            ExprKind::Bool(b) => ValueKind::Bool(*b),
            // Known values were folded.
            ExprKind::Str(_) => ValueKind::Invalid,
            ExprKind::None => ValueKind::None,
            ExprKind::Name(_) if self.consts.is_broken(&expr.tokens) => ValueKind::Invalid,
            ExprKind::Name(ident) if let Some(given) = self.consts.parameter(&name_of(ident)) => {
                given.kind.clone()
            }
            ExprKind::Name(ident) if let Some(diag) = self.setting_outside(&name_of(ident), expr.loc) => {
                self.error(diag);
                ValueKind::Invalid
            }
            ExprKind::Name(ident) => {
                let text = name_of(ident);
                let constant = self.constant(&expr.tokens, expr.loc);
                if !self.consts.contains(&text) {
                    self.note_word(&text, constant);
                }
                let is_tensor =
                    matches!(self.frame.scope.get(&text), Some(Binding::Tensor(_) | Binding::Tensors(_)));
                if is_tensor && !self.consts.contains(&text) {
                    self.tensor_lengths.insert(constant);
                }
                ValueKind::Ident { text, constant }
            }
            ExprKind::Paren(inner) => match self.value_kind(inner) {
                ValueKind::Expr(_) => ValueKind::Expr(self.constant(&expr.tokens, expr.loc)),
                kind => kind,
            },
            ExprKind::Neg(_)
            | ExprKind::Binary(..)
            | ExprKind::Power(..)
            | ExprKind::Index(_)
            | ExprKind::Shape(_)
            | ExprKind::Len(_)
            | ExprKind::Rust => {
                if has_invalid_part(expr)
                    || self.has_outsiders(&expr.tokens, expr.loc)
                    || self.is_lost_value(expr)
                {
                    return ValueKind::Invalid;
                }
                if let Some(diag) = self.unknown_part(expr) {
                    self.error(diag);
                    return ValueKind::Invalid;
                }
                if let Some(text) = character(&expr.tokens) {
                    // rustc reports a longer one, which is not a character either.
                    let message = "a string stands in double quotes";
                    self.error(
                        Diag::error(Code::WrongValue, expr.loc, message).help(format!("write `\"{text}\"`")),
                    );
                    return ValueKind::Invalid;
                }
                // A part of it may only be valid in mimo's grammar: `-{ key: value }`.
                if !is_rust(&expr.tokens) {
                    self.error(
                        Diag::error(Code::InvalidExpression, expr.loc, "this is not an expression of Rust")
                            .help("write a length as Rust would: `WIDTH / 2 + 1`"),
                    );
                    return ValueKind::Invalid;
                }
                ValueKind::Expr(self.constant(&expr.tokens, expr.loc))
            }
            ExprKind::List(items) => ValueKind::List(items.iter().map(|item| self.value(item)).collect()),
            ExprKind::Map(entries) => ValueKind::Map(
                entries.iter().map(|(key, value)| (key.text.clone(), key.loc, self.value(value))).collect(),
            ),
            ExprKind::Call(callee, args) => match &callee.kind {
                ExprKind::Name(_) if self.consts.is_broken(&expr.tokens) => ValueKind::Invalid,
                ExprKind::Name(ident) if self.function_of_values(&name_of(ident), args) => {
                    self.evaluated(expr)
                }
                ExprKind::Name(ident) => {
                    ValueKind::Call { name: name_of(ident), name_loc: callee.loc, args: self.args(args) }
                }
                // A metric or a loss of the user, by its path. Its tokens are those of the constant.
                ExprKind::Rust => {
                    self.constant(&callee.tokens, callee.loc);
                    let name = text_of(callee.tokens.clone());
                    ValueKind::Call { name, name_loc: callee.loc, args: self.args(args) }
                }
                ExprKind::Invalid => ValueKind::Invalid,
                _ => {
                    self.error(
                        Diag::error(
                            Code::SettingCalledTwice,
                            expr.loc,
                            "this is called twice, and a setting is called once",
                        )
                        .help("a layer is called on tensors in a `let` of its own"),
                    );
                    ValueKind::Invalid
                }
            },
            // Only a `let` can bind these, so they are not settings.
            ExprKind::Loop(_) | ExprKind::Switch(_) | ExprKind::Invalid => ValueKind::Invalid,
            ExprKind::If(_) => self.evaluated(expr),
        }
    }

    /// Error for a setting that is bound where the function is called.
    fn setting_outside(&self, name: &str, loc: Loc) -> Option<Diag> {
        let function = self.frame.function().filter(|_| self.consts.is_outside(name))?;
        let message = format!("`{name}` is bound outside of the function `{function}`");
        let help = format!("give it to the function: `fn {function}(x, {name})`");
        Some(Diag::error(Code::BoundOutside, loc, message).help(help))
    }

    /// A setting returned by an `if` or a function.
    fn evaluated(&mut self, expr: &Expr) -> ValueKind {
        match self.eval(expr) {
            Evaluated::Value(value) => value.kind,
            Evaluated::Poison => ValueKind::Invalid,
            Evaluated::Tensors(_) | Evaluated::List(_) | Evaluated::Layer(_) => {
                let message = "this is a tensor or a layer, and a setting is needed here";
                let diag = Diag::error(Code::WrongValue, expr.loc, message);
                self.error(
                    diag.help("end it with a number or a word, or bind it with `let` and call a layer on it"),
                );
                ValueKind::Invalid
            }
        }
    }

    /// An annotated shape.
    pub(super) fn shape(&mut self, expr: &Expr) -> Value {
        let value = self.value(expr);
        match value.kind {
            // `(3)` is a number in Rust, but after a colon the user means the shape of a vector.
            ValueKind::List(_) | ValueKind::Invalid => value,
            _ => Value { loc: value.loc, kind: ValueKind::List(vec![value]) },
        }
    }

    /// A length whose value const evaluation computes.
    fn constant(&mut self, tokens: &TokenStream, loc: Loc) -> ConstId {
        self.constant_of(tokens, loc, false)
    }

    /// A length or a number whose value const evaluation computes.
    pub(super) fn constant_of(&mut self, tokens: &TokenStream, loc: Loc, number: bool) -> ConstId {
        // A parameter has another value in each call.
        let text = match self.consts.has_parameters(tokens) {
            true => text_of(self.consts.substitute(tokens.clone(), &mut 0)),
            false => text_of(tokens.clone()),
        };
        let id = self.builder.constant(&text, loc, number);
        // The builder numbers equal texts equally.
        if id.0 as usize == self.const_exprs.len() {
            let mut size = 0;
            self.const_exprs.push(self.consts.substitute(tokens.clone(), &mut size));
        }
        id
    }
}

/// Text between the quotes of a character literal: `'a'`.
fn character(tokens: &TokenStream) -> Option<String> {
    let mut tokens = tokens.clone().into_iter();
    let (proc_macro2::TokenTree::Literal(literal), None) = (tokens.next()?, tokens.next()) else {
        return None;
    };
    match syn::Lit::new(literal) {
        syn::Lit::Char(character) => Some(character.value().to_string()),
        _ => None,
    }
}
