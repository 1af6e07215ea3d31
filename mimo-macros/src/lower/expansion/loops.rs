//! Loops: their values, and the bindings of their names in each round.

use mimo_graph::code::Code;
use mimo_graph::diag::{Diag, Loc, did_you_mean};
use mimo_graph::graph::TensorId;
use mimo_graph::layers::split;
use mimo_graph::value::{Value, ValueKind};

use super::LIMIT;
use super::arguments::Argument;
use crate::ast::{Binder, Expr, ExprKind, For, Values, name_of};
use crate::lower::consts::Known;
use crate::lower::frame::Never;
use crate::lower::tensor::Evaluated;
use crate::lower::{Binding, Lower};
use crate::parse::text_of;

/// Value of one round.
enum Round<'e> {
    Number(i64),
    Item(&'e Expr),
    /// An element of a list that a name is bound to.
    Value(Value),
    /// An element of a list of tensors, with its expression: `heads[0]`.
    Tensor(TensorId, String),
    /// With its index first.
    Numbered(i64, Box<Round<'e>>),
}

impl Round<'_> {
    fn shown(&self) -> String {
        match self {
            Round::Number(n) => n.to_string(),
            Round::Item(item) => text_of(item.tokens.clone()),
            Round::Value(value) => value.describe().replace('`', ""),
            Round::Tensor(_, shown) => shown.clone(),
            Round::Numbered(i, round) => format!("({i}, {})", round.shown()),
        }
    }
}

impl Lower<'_> {
    /// `for name in values { … }`: names bound in the body stay bound, in the next round and after the loop.
    pub(super) fn for_loop(&mut self, looped: &For) {
        self.rounds_of(looped, &mut |_| {});
    }

    /// Expands the body of a loop for each of its values, and calls `end` at the end of each round. Returns whether
    /// all rounds were expanded.
    pub(in crate::lower) fn rounds_of(&mut self, looped: &For, end: &mut dyn FnMut(&mut Self)) -> bool {
        let Some(rounds) = self.rounds(&looped.values, looped.loc) else {
            self.broken = true;
            if self.calls.is_some() {
                self.round_of_unknown(looped, end);
            }
            self.poison_all(&looped.body);
            return false;
        };
        if rounds.is_empty() {
            self.no_rounds(looped);
            return true;
        }
        let mut whole = true;
        let names: Vec<String> = looped.names.iter().map(|name| name_of(&name.ident)).collect();
        let before: Vec<_> = names
            .iter()
            .map(|name| {
                (name.clone(), self.frame.scope.get(name).cloned(), self.consts.parameter(name).cloned())
            })
            .collect();
        for round in rounds {
            let statements = looped.body.len() + usize::from(looped.result.is_some());
            if !self.affords(statements.max(1), looped.loc) {
                self.poison_all(&looped.body);
                whole = false;
                break;
            }
            let shown = round.shown();
            if !self.bind_round(looped, &looped.names, looped.tuple, round) {
                self.broken = true;
                self.poison_all(&looped.body);
                whole = false;
                break;
            }
            let pattern = if looped.tuple { format!("({})", names.join(", ")) } else { names.join(", ") };
            self.expanded(format!("in the loop, with `{pattern} = {shown}`"), |lower| {
                lower.statements(&looped.body);
                end(lower);
            });
        }
        for (name, binding, parameter) in before {
            self.consts.forget(&name);
            if let Some(parameter) = parameter {
                self.consts.define(name.clone(), parameter);
            }
            // The loop name and a rebinding of it in the body end with the loop.
            match binding {
                Some(binding) => self.frame.scope.insert(name, binding),
                None => self.frame.scope.remove(&name),
            };
        }
        whole
    }

    /// Checks the body of a loop in a `functions!` whose values only a call knows.
    fn round_of_unknown(&mut self, looped: &For, end: &mut dyn FnMut(&mut Self)) {
        for name in &looped.names {
            self.define_unknown(&name_of(&name.ident));
        }
        self.statements(&looped.body);
        end(self);
    }

    /// Warns about a loop that never runs, and records the names that it would bind.
    fn no_rounds(&mut self, looped: &For) {
        let shown = shown_values(&looped.values);
        let diag = Diag::warning(
            Code::EmptyLoop,
            looped.loc,
            format!("this loop has no rounds, because `{shown}` is empty"),
        );
        self.error(match shown_reversed(&looped.values, |expr| self.fold(expr)) {
            Some(reversed) => diag.help(format!("write `{reversed}` to count down")),
            None => diag
                .help("let it go over at least one value, such as `0..1`, or remove it")
                .help("`#[allow(mimo::empty_loop)]` before the model's name if it is meant"),
        });
        for name in super::names_bound(&looped.body) {
            self.frame.never.insert(name, Never::Empty(shown.clone()));
        }
    }

    /// The values of a loop; `None` after an error.
    fn rounds<'e>(&mut self, values: &'e Values, loc: Loc) -> Option<Vec<Round<'e>>> {
        match values {
            Values::Invalid => None,
            Values::Reversed(inner) => {
                let mut rounds = self.rounds(inner, loc)?;
                rounds.reverse();
                Some(rounds)
            }
            Values::Enumerated(inner) => {
                let rounds = self.rounds(inner, loc)?;
                Some((0..).zip(rounds).map(|(i, round)| Round::Numbered(i, Box::new(round))).collect())
            }
            Values::Range { start, end, inclusive } => {
                let (start, end) = (self.bound_of_range(start), self.bound_of_range(end));
                let (start, end) = (start?, end?.checked_add(i64::from(*inclusive))?);
                if end.saturating_sub(start) > LIMIT as i64 {
                    self.too_many(loc);
                    return None;
                }
                Some((start..end).map(Round::Number).collect())
            }
            Values::List(expr) => match &expr.kind {
                ExprKind::List(items) => Some(items.iter().map(Round::Item).collect()),
                ExprKind::Invalid => None,
                _ if self.is_list(expr) || is_call_of_list(expr) => {
                    let Evaluated::List(tensors) = self.eval(expr) else { return None };
                    let shown =
                        if is_call_of_list(expr) { "list".into() } else { text_of(expr.tokens.clone()) };
                    let rounds = tensors.into_iter().enumerate();
                    Some(rounds.map(|(i, tensor)| Round::Tensor(tensor, format!("{shown}[{i}]"))).collect())
                }
                ExprKind::Name(ident)
                    if matches!(self.frame.scope.get(&name_of(ident)), Some(Binding::Poison)) =>
                {
                    None
                }
                ExprKind::Name(ident)
                    if let Some(ValueKind::List(items)) =
                        self.consts.parameter(&name_of(ident)).map(|given| &given.kind) =>
                {
                    Some(items.iter().cloned().map(Round::Value).collect())
                }
                _ if let Some(Known::List(items)) = self.fold(expr) => {
                    let value =
                        |item: Known| Round::Value(Value { kind: item.kind(expr.loc), loc: expr.loc });
                    Some(items.into_iter().map(value).collect())
                }
                _ if self.is_lost_value(expr) => None,
                _ if let Some(diag) = self.unknown_part(expr) => {
                    self.error(diag);
                    None
                }
                _ => {
                    let shown = text_of(expr.tokens.clone());
                    let lists = self.frame.scope.iter().filter(|(_, it)| matches!(it, Binding::Tensors(_)));
                    let near = did_you_mean(&shown, lists.map(|(name, _)| name.as_str()));
                    let help = match near {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => "write `for i in 0..4 { … }` or `for units in [64, 32] { … }`".into(),
                    };
                    let message = format!("a loop goes over a range or a list, and `{shown}` is neither");
                    self.error(Diag::error(Code::LoopValues, expr.loc, message).help(help));
                    None
                }
            },
        }
    }

    /// A number known to the macro.
    fn bound_of_range(&mut self, expr: &Expr) -> Option<i64> {
        self.prepare(expr);
        match self.fold(expr) {
            Some(Known::Int(n)) => Some(n),
            _ if self.is_lost_value(expr) => None,
            _ if let Some(diag) = self.unknown_part(expr) => {
                self.error(diag);
                None
            }
            _ if self.has_power(expr) => None,
            _ => {
                let shown = text_of(expr.tokens.clone());
                self.error(
                    Diag::error(Code::LoopLength, expr.loc, format!("how often a loop goes round is not known from `{shown}`"))
                        .help("write an integer, or a `const` of the block that is one")
                        .note("layers are made while the macro runs, before Rust evaluates constants of other places"),
                );
                None
            }
        }
    }

    /// Binds the names of a loop to one of its values. Returns whether that succeeded.
    fn bind_round(&mut self, looped: &For, names: &[Binder], tuple: bool, round: Round<'_>) -> bool {
        match round {
            Round::Numbered(i, inner) => {
                let [number, rest @ ..] = names else { return false };
                if !tuple || rest.is_empty() {
                    let diag =
                        Diag::error(Code::LoopPattern, looped.loc, "`enumerate` yields a number and a value");
                    self.error(diag.help("write `for (i, depth) in DEPTHS.iter().enumerate() { … }`"));
                    return false;
                }
                let argument = self.setting(ValueKind::Int(i), None);
                self.define(&number.ident, argument);
                self.bind_round(looped, rest, rest.len() > 1, *inner)
            }
            Round::Number(n) => {
                let [name] = names else {
                    // An invalid name was reported.
                    if tuple {
                        let diag =
                            Diag::error(Code::LoopPattern, looped.loc, "a range yields one number at a time");
                        self.error(diag.help("write `for i in 0..4 { … }`"));
                    }
                    return false;
                };
                let argument = self.setting(ValueKind::Int(n), None);
                self.define(&name.ident, argument);
                true
            }
            Round::Tensor(tensor, _) => {
                let [name] = names else {
                    if tuple {
                        let diag = Diag::error(
                            Code::LoopPattern,
                            looped.loc,
                            "a list of tensors yields one tensor at a time",
                        );
                        let list = match &looped.values {
                            Values::List(expr) => text_of(expr.tokens.clone()),
                            _ => "heads".into(),
                        };
                        let count = match self.frame.scope.get(&list) {
                            Some(Binding::Tensors(tensors)) => tensors.len(),
                            _ => 4,
                        };
                        self.error(match names {
                            [i, part] => {
                                let (i, part) = (name_of(&i.ident), name_of(&part.ident));
                                let named = self.frame.scope.contains_key(&list);
                                let (before, list) = match named {
                                    true => (String::new(), list),
                                    false => (format!("let list = {list}; "), "list".to_owned()),
                                };
                                diag.help(format!(
                                    "go over the numbers: `{before}for {i} in 0..{count} {{ let {part} = {list}[{i}]; … }}`"
                                ))
                            }
                            _ => diag.help(format!("write `for head in {list} {{ … }}`")),
                        });
                    }
                    return false;
                };
                self.define(&name.ident, Argument::Tensor(Binding::Tensor(tensor)));
                true
            }
            Round::Item(item) if !tuple => {
                let Some(name) = names.first() else { return false };
                let argument = self.argument(item);
                self.define(&name.ident, argument);
                true
            }
            Round::Value(value) if !tuple => {
                let Some(name) = names.first() else { return false };
                let argument = self.setting(value.kind, Some(value.loc));
                self.define(&name.ident, argument);
                true
            }
            Round::Value(value) => {
                let loc = value.loc;
                let parts = match value.kind {
                    ValueKind::List(parts) if parts.len() == names.len() => parts,
                    _ => return self.not_a_tuple(names, loc),
                };
                for (name, part) in names.iter().zip(parts) {
                    let argument = self.setting(part.kind, Some(part.loc));
                    self.define(&name.ident, argument);
                }
                true
            }
            Round::Item(item) => {
                let parts = match &item.kind {
                    ExprKind::List(parts) if parts.len() == names.len() => parts,
                    ExprKind::Invalid => return false,
                    _ => return self.not_a_tuple(names, item.loc),
                };
                let arguments: Vec<Argument> = parts.iter().map(|part| self.argument(part)).collect();
                for (name, argument) in names.iter().zip(arguments) {
                    self.define(&name.ident, argument);
                }
                true
            }
        }
    }

    /// Reports a value of a loop that cannot be destructured.
    fn not_a_tuple(&mut self, names: &[Binder], loc: Loc) -> bool {
        let names: Vec<String> = names.iter().map(|name| name_of(&name.ident)).collect();
        let message =
            format!("the loop binds {} names, and this is not a tuple of {}", names.len(), names.len());
        self.error(
            Diag::error(Code::LoopPattern, loc, message).help(format!("write `({})`", names.join(", "))),
        );
        false
    }
}

/// Whether an expression returns a list of tensors: `unstack(x, axis = 1)`.
fn is_call_of_list(expr: &Expr) -> bool {
    let ExprKind::Call(callee, _) = &expr.kind else { return false };
    matches!(&callee.kind, ExprKind::Name(ident) if split::is_list(&name_of(ident)))
}

/// Formats the range or list of a loop as written.
fn shown_values(values: &Values) -> String {
    match values {
        Values::Range { start, end, inclusive } => {
            let dots = if *inclusive { "..=" } else { ".." };
            format!("{}{dots}{}", text_of(start.tokens.clone()), text_of(end.tokens.clone()))
        }
        Values::List(expr) => text_of(expr.tokens.clone()),
        Values::Reversed(inner) => format!("({}).rev()", shown_values(inner)),
        Values::Enumerated(inner) => format!("{}.iter().enumerate()", shown_values(inner)),
        Values::Invalid => String::new(),
    }
}

/// `(2..=5).rev()` for `5..=2`.
fn shown_reversed(values: &Values, fold: impl Fn(&Expr) -> Option<Known>) -> Option<String> {
    let Values::Range { start, end, inclusive } = values else { return None };
    match (fold(start)?, fold(end)?) {
        // From the first number down to the one before the last.
        (Known::Int(first), Known::Int(last)) if first > last => match inclusive {
            true => Some(format!("({last}..={first}).rev()")),
            false => Some(format!("({}..={first}).rev()", last.checked_add(1)?)),
        },
        _ => None,
    }
}
