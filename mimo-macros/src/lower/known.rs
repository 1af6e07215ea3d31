//! Values known to the macro: numbers, words and lists of the block, lengths of shapes, and results of functions of
//! the block.

use mimo_graph::code::Code;
use mimo_graph::diag::Diag;
use mimo_graph::value::ValueKind;

use super::consts::{Known, has_invalid_part};
use super::tensor::Evaluated;
use super::{Binding, Lower};
use crate::ast::{Condition, Expr, ExprKind, name_of};
use crate::parse::{Parser, dots, index_tokens, logic, text_of};

impl Lower<'_> {
    /// The value of an expression, if it is known.
    pub(super) fn fold(&self, expr: &Expr) -> Option<Known> {
        self.consts.fold_with(expr, &|part| match &part.kind {
            ExprKind::Shape(tensor) => self.shape_of(tensor),
            // `padding == same`
            ExprKind::Binary(op, left, right) if !op.computes() => self.compares(part, *op, left, right),
            ExprKind::Binary(..) => None,
            ExprKind::Rust => self.holds_in(&logic(part)?),
            _ => self.values.get(&part.id)?.clone(),
        })
    }

    /// The batch, as `none`, and the lengths of the axes of a tensor.
    fn shape_of(&self, tensor: &Expr) -> Option<Known> {
        let tensor = match &tensor.kind {
            ExprKind::Paren(inner) => return self.shape_of(inner),
            ExprKind::Name(ident) => match self.frame.scope.get(&name_of(ident))? {
                Binding::Tensor(tensor) => *tensor,
                _ => return None,
            },
            _ => return None,
        };
        let shape = self.builder.graph().tensor(tensor).shape.as_ref()?;
        let length = |length: Option<usize>| match length.and_then(|length| i64::try_from(length).ok()) {
            Some(length) => Known::Int(length),
            None => Known::Unknown,
        };
        let lengths = shape.0.iter().map(|dim| length(dim.known()));
        Some(Known::List(std::iter::once(Known::Other(ValueKind::None)).chain(lengths).collect()))
    }

    /// Evaluates the calls of functions and the `if`s inside of an expression of values, so that [`Self::fold`] knows
    /// them. Returns false after an error.
    pub(super) fn prepare(&mut self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Binary(_, left, right) => self.prepare(left) & self.prepare(right),
            ExprKind::Neg(inner) | ExprKind::Paren(inner) | ExprKind::Index(inner) | ExprKind::Len(inner) => {
                self.prepare(inner)
            }
            ExprKind::Call(callee, args) => {
                let ExprKind::Name(ident) = &callee.kind else { return true };
                if !self.function_of_values(&name_of(ident), args) {
                    return args
                        .iter()
                        .map(|arg| &arg.value)
                        .fold(true, |sound, arg| self.prepare(arg) & sound);
                }
                let given = self.eval(expr);
                self.give(expr, given)
            }
            // Expressions that make tensors are evaluated at their use.
            ExprKind::If(branching) => {
                let Some(Some(branch)) = self.chosen_silently(branching) else { return true };
                let Some(result) = branch.result.as_ref().filter(|_| branch.body.is_empty()) else {
                    return true;
                };
                if !self.is_value(result, true) {
                    return true;
                }
                let given = self.eval(expr);
                self.give(expr, given)
            }
            _ => true,
        }
    }

    fn give(&mut self, expr: &Expr, given: Evaluated) -> bool {
        let known = match given {
            Evaluated::Value(value) => Some(value.known().cloned().unwrap_or_else(|| Known::of(&value.kind))),
            _ => None,
        };
        let sound = known.as_ref().is_some_and(|known| *known != Known::Other(ValueKind::Invalid));
        self.values.insert(expr.id, known);
        sound
    }

    /// Same as [`prepare`](Self::prepare) for the comparisons of a condition.
    pub(super) fn prepare_condition(&mut self, condition: &Condition) {
        match condition {
            Condition::Of(expr) => {
                self.prepare(expr);
            }
            Condition::Not(inner) => self.prepare_condition(inner),
            Condition::And(left, right) | Condition::Or(left, right) => {
                self.prepare_condition(left);
                self.prepare_condition(right);
            }
        }
    }

    /// Whether a part of an expression had an error.
    pub(super) fn is_lost_value(&self, expr: &Expr) -> bool {
        let reported = |part: &Expr| {
            matches!(self.values.get(&part.id), Some(None | Some(Known::Other(ValueKind::Invalid))))
        };
        has_invalid_part(expr)
            || self.consts.is_broken(&expr.tokens)
            || expr
                .part(&|part| match &part.kind {
                    ExprKind::Call(..) | ExprKind::If(_) => reported(part),
                    ExprKind::Shape(inner) => match &inner.kind {
                        ExprKind::Name(ident) => match self.frame.scope.get(&name_of(ident)) {
                            Some(Binding::Poison) => true,
                            Some(Binding::Tensor(tensor)) => {
                                self.builder.graph().tensor(*tensor).shape.is_none()
                            }
                            _ => false,
                        },
                        _ => false,
                    },
                    _ => false,
                })
                .is_some()
    }

    /// Error for an invalid index of a list or shape in an expression, or for an invalid shape.
    pub(super) fn unknown_part(&self, expr: &Expr) -> Option<Diag> {
        let mut found = None;
        expr.each(&mut |part| {
            let wrong = match &part.kind {
                ExprKind::Index(inner) => match self.fold(inner) {
                    Some(Known::List(items)) if self.fold(part).is_none() => {
                        Some(self.wrong_index(part, inner, &items))
                    }
                    _ => None,
                },
                ExprKind::Shape(inner) if self.fold(part).is_none() => Some(no_shape(part, inner)),
                _ => None,
            };
            found = found.take().or(wrong);
        });
        found
    }

    fn wrong_index(&self, whole: &Expr, list: &Expr, items: &[Known]) -> Diag {
        let (shown, name) = (text_of(whole.tokens.clone()), text_of(list.tokens.clone()));
        let tokens = index_tokens(whole);
        let known = match dots(&tokens) {
            None => self.consts.fold(&Parser::default().expr(&tokens, "an index")),
            Some(_) => None,
        };
        let error = |message: String| Diag::error(Code::ListIndex, whole.loc, message);
        let (of_shape, len) = (matches!(list.kind, ExprKind::Shape(_)), items.len());
        let within = |n: i64| usize::try_from(n.unsigned_abs()).is_ok_and(|n| n < len);
        match known {
            Some(Known::Int(n)) if of_shape && (n == 0 || n < 0 && n.unsigned_abs() == len as u64) => {
                Diag::error(
                    Code::ValueNotKnown,
                    whole.loc,
                    format!("`{shown}` is the batch, of which any number of samples may come"),
                )
                .help("leave it out: `reshape` takes -1 for it, and layers see one sample")
            }
            Some(Known::Int(n)) if of_shape && within(n) => Diag::error(
                Code::ValueNotKnown,
                whole.loc,
                format!("`{shown}` is not known while the macro runs"),
            )
            .help("write the constant that the length is made of")
            .note("the length follows from a constant of Rust, which is evaluated after the layers are made"),
            Some(Known::Int(_)) => {
                let what = if of_shape { "axes, with the batch" } else { "values" };
                let diag = error(format!("`{shown}` is out of range: `{name}` has {len} {what}"));
                diag.help(format!("the last one is `{name}[{}]`", len.saturating_sub(1)))
            }
            _ => error(format!("`{shown}` is not an index that the macro knows"))
                .help(format!("write `{name}[0]`, `{name}[-1]` or `{name}[0..2]`"))
                .note("an index is made of numbers, of constants of the block, and of the numbers of loops"),
        }
    }
}

/// Error for `.shape` of something without a shape.
fn no_shape(whole: &Expr, of: &Expr) -> Diag {
    let (shown, of) = (text_of(whole.tokens.clone()), text_of(of.tokens.clone()));
    let message = format!("`{shown}` is not known: `{of}` is not the name of a tensor");
    Diag::error(Code::ValueNotKnown, whole.loc, message)
        .help("bind the tensor with `let` first, and write its name: `let y = …; y.shape[-1]`")
}
