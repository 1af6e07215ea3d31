//! Indices: `x[.., 0..3]` of a tensor, and the reading of an entry, which lists share.

use mimo_graph::code::Code;
use mimo_graph::diag::Diag;
use mimo_graph::layers::get_item::Entry;
use mimo_graph::value::{self, Value, ValueKind};
use proc_macro2::{TokenStream, TokenTree};

use super::consts::Known;
use super::python_index::python_index;
use super::tensor::Evaluated;
use super::{Binding, Lower};
use crate::ast::{Expr, ExprKind, name_of};
use crate::parse::{Parser, cut_list, dots, index_tokens, text_of};

impl Lower<'_> {
    /// `x[.., 0..3]`, `heads[0]`, or an unknown one of these after an error.
    pub(super) fn index(&mut self, expr: &Expr, indexed: &Expr) -> Evaluated {
        let is_list = self.is_list(indexed);
        if let ExprKind::Name(ident) = &indexed.kind
            && !is_list
        {
            let name = name_of(ident);
            if self.may_be_list(&name) {
                self.eval(indexed);
                return Evaluated::Poison;
            }
            // The tensor is unknown, but an index may be wrong by itself.
            if matches!(self.frame.scope.get(&name), Some(Binding::Poison)) {
                self.key(expr, indexed, None);
                return Evaluated::Poison;
            }
        }
        if !is_list && !self.is_tensor(indexed) {
            let whole = text_of(expr.tokens.clone());
            let message = format!("`{whole}` is neither a tensor nor a layer");
            self.error(
                Diag::error(Code::NotATensor, expr.loc, message).help("write `Layer(settings)(tensor)`"),
            );
            return Evaluated::Poison;
        }
        let given = match self.eval(indexed) {
            Evaluated::List(list) => return self.list_index(expr, indexed, &list),
            // An output of a call, as in Keras: `LSTM(8, return_state = true)(x)[0]`.
            Evaluated::Tensors(given) if given.len() > 1 => return self.list_index(expr, indexed, &given),
            given => given,
        };
        let operand = self.one_of(indexed, given);
        let Some(key) = self.key(expr, indexed, operand.first().map(|(tensor, _)| *tensor)) else {
            return Evaluated::Poison;
        };
        let key = key.into_iter().map(|entry| entry.value(expr.loc)).collect();
        let settings = [(ValueKind::Tensor, indexed.loc), (ValueKind::List(key), expr.loc)];
        let settings = settings.map(|(kind, loc)| value::Arg { name: None, value: Value { kind, loc } });
        let span = self.spans.get(expr.loc).start;
        self.operate("get_item", &settings, &operand, (expr.loc, expr.loc), span)
    }

    /// The entries between the brackets; `None` after an error.
    fn key(
        &mut self,
        expr: &Expr,
        indexed: &Expr,
        tensor: Option<mimo_graph::graph::TensorId>,
    ) -> Option<Vec<Entry>> {
        let tokens = index_tokens(expr);
        let shown = text_of(indexed.tokens.clone());
        let entries = cut_list(&tokens);
        if entries.is_empty() {
            self.empty_index(expr, &shown);
            return None;
        }
        let shape = tensor.and_then(|tensor| self.builder.graph().tensor(tensor).shape.as_ref());
        let shape: Option<Vec<usize>> =
            shape.map(|shape| shape.0.iter().map(|length| length.known().unwrap_or(0)).collect());
        if let Some(diag) = python_index(expr, &shown, &entries, shape.as_deref()) {
            self.broken = true;
            self.error(diag);
            return None;
        }
        let mut key = Vec::new();
        for entry in entries {
            match self.entry(entry) {
                Ok(entry) => key.push(entry),
                Err(wrong) if self.consts.is_broken(&wrong) => {
                    self.broken = true;
                    return None;
                }
                Err(wrong) => {
                    let diag = self.unknown_entry(expr, &shown, &wrong);
                    self.broken = true;
                    self.error(diag);
                    return None;
                }
            }
        }
        Some(key)
    }

    /// Error for `x[]`.
    pub(super) fn empty_index(&mut self, expr: &Expr, shown: &str) {
        self.broken = true;
        self.error(
            Diag::error(Code::MissingValue, expr.loc, "the index is missing")
                .help(format!("write `{shown}[0]`, `{shown}[-1]` or `{shown}[0..2]`")),
        );
    }

    fn unknown_entry(&self, expr: &Expr, shown: &str, wrong: &TokenStream) -> Diag {
        let tokens: Vec<TokenTree> = wrong.clone().into_iter().collect();
        let entry = Parser::default().expr(&tokens, "an index");
        let text = text_of(wrong.clone());
        let is_tensor = match &entry.kind {
            ExprKind::Name(ident) => {
                matches!(
                    self.frame.scope.get(&name_of(ident)),
                    Some(Binding::Tensor(_) | Binding::Tensors(_))
                )
            }
            _ => self.is_tensor(&entry),
        };
        if is_tensor {
            let message = format!("`{text}` is a tensor, and an index is the same for every sample");
            return Diag::error(Code::WrongValue, expr.loc, message)
                .help(format!("choose between values: `where(condition, {shown}, 0.0)`"));
        }
        if let Some(known) = self.fold(&entry).filter(|known| !matches!(known, Known::Int(_))) {
            let what = match known {
                Known::Float(_) => "a number with a fraction",
                Known::Bool(_) => "a truth value",
                Known::List(_) => "a list",
                Known::Str(_) | Known::Int(_) => "a string",
                Known::Other(_) | Known::Unknown => "no number",
            };
            return Diag::error(
                Code::WrongValue,
                expr.loc,
                format!("`{text}` is {what}, and an index is an integer"),
            )
            .help(format!("write `{shown}[0]`, `{shown}[-1]` or `{shown}[0..2]`"));
        }
        Diag::error(Code::ValueNotKnown, expr.loc, format!("`{text}` is not an index that the macro knows"))
            .help(format!("write `{shown}[0]`, `{shown}[-1]` or `{shown}[0..2]`"))
            .note("an index is made of numbers, of constants of the block, and of the numbers of loops: it is checked while the macro runs")
    }

    /// Reads an entry of an index: a number, or a range of two. Returns the tokens of a bound that is unknown.
    pub(super) fn entry(&self, tokens: &[TokenTree]) -> Result<Entry, TokenStream> {
        let number = |tokens: &[TokenTree]| -> Result<i64, TokenStream> {
            match self.fold(&Parser::default().expr(tokens, "an index")) {
                Some(Known::Int(n)) => Ok(n),
                _ => Err(tokens.iter().cloned().collect()),
            }
        };
        let Some(at) = dots(tokens) else { return Ok(Entry::At(number(tokens)?)) };
        let (start, end) = (tokens.get(..at).unwrap_or_default(), tokens.get(at + 2..).unwrap_or_default());
        let inclusive = matches!(end.first(), Some(TokenTree::Punct(punct)) if punct.as_char() == '=');
        let end = if inclusive { end.get(1..).unwrap_or_default() } else { end };
        let start = if start.is_empty() { None } else { Some(number(start)?) };
        let end = match end {
            [] if inclusive => return Err(tokens.iter().cloned().collect()),
            [] => None,
            // The one after the last is the end.
            _ if inclusive => Some(number(end)?.saturating_add(1)).filter(|&end| end != 0),
            _ => Some(number(end)?),
        };
        Ok(Entry::Range(start, end))
    }
}
