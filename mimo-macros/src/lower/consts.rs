//! Constants of the block: the macro computes with known ones, and replaces the names of the others by their values.

use std::collections::{BTreeMap, BTreeSet};

use mimo_graph::code::Code;
use mimo_graph::diag::{Diag, Diags, Loc};
use mimo_graph::dim::ConstId;
use mimo_graph::value::{Value, ValueKind};
use proc_macro2::{Delimiter, Group, Ident, Literal, TokenStream, TokenTree};

use super::unavailable::power_of_numbers;
use crate::ast::{Arg, Condition, ConstDef, Expr, ExprKind, Op, name_of};
use crate::parse::{Parser, contents, dots, index_tokens, logic, power};
use crate::reserved;

/// Limit on the number of tokens; constants that name each other twice would grow without end.
const LIMIT: usize = 4096;

/// A constant of the block, for `impl Name { pub const … }`.
#[derive(Debug)]
pub(crate) struct BlockConst {
    /// Doc comments and attributes.
    pub(crate) attrs: TokenStream,
    /// The name, at the user's token.
    pub(crate) ident: Ident,
    /// The type.
    pub(crate) ty: TokenStream,
    /// The value, without names of other constants of the block.
    pub(crate) value: TokenStream,
}

/// A value known to the macro.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Known {
    Int(i64),
    Float(f64),
    Bool(bool),
    Str(String),
    List(Vec<Known>),
    /// Another element of a list: a word, `none`, a call.
    Other(ValueKind),
    /// A length of a shape that only const evaluation knows.
    Unknown,
}

impl Known {
    /// Converts a setting.
    pub(super) fn of(kind: &ValueKind) -> Known {
        match kind {
            ValueKind::Int(n) => Known::Int(*n),
            ValueKind::Float(x) => Known::Float(*x),
            ValueKind::Bool(b) => Known::Bool(*b),
            ValueKind::Str(text) => Known::Str(text.clone()),
            ValueKind::List(items) => Known::List(items.iter().map(|item| Known::of(&item.kind)).collect()),
            other => Known::Other(other.clone()),
        }
    }

    /// Converts it to a setting at a location.
    pub(super) fn kind(self, loc: Loc) -> ValueKind {
        match self {
            Known::Int(n) => ValueKind::Int(n),
            Known::Float(x) => ValueKind::Float(x),
            Known::Bool(b) => ValueKind::Bool(b),
            Known::Str(text) => ValueKind::Str(text),
            Known::List(items) => {
                ValueKind::List(items.into_iter().map(|item| Value { kind: item.kind(loc), loc }).collect())
            }
            Known::Other(kind) => kind,
            Known::Unknown => ValueKind::Invalid,
        }
    }

    /// The value as a number, whole or not.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Known::Int(n) => Some(*n as f64),
            Known::Float(x) => Some(*x),
            _ => None,
        }
    }
}

impl Parameter {
    /// A parameter of a function that is checked without a call.
    pub(super) fn unknown() -> Self {
        let entry = Entry { known: None, tokens: TokenStream::new(), size: 0 };
        Parameter { entry, kind: ValueKind::Invalid, loc: None, by_let: false }
    }

    /// Marks it as bound by a `let`.
    pub(super) fn by_let(self) -> Self {
        Parameter { by_let: true, ..self }
    }

    /// Its value, if it is known.
    pub(super) fn known(&self) -> Option<&Known> {
        self.entry.known.as_ref()
    }

    /// As a setting that is used at `loc`.
    pub(super) fn value(&self, loc: Loc) -> Value {
        Value { kind: self.kind.clone(), loc: self.loc.unwrap_or(loc) }
    }
}

/// The constants of a block by name.
#[derive(Debug)]
pub(super) struct Consts<'a> {
    defs: &'a [ConstDef],
    entries: BTreeMap<String, Entry>,
    /// Values of the parameters and loop names of the body that is being expanded. They shadow constants.
    parameters: BTreeMap<String, Parameter>,
    /// Those of the enclosing bodies, outermost first.
    outer: Vec<BTreeMap<String, Parameter>>,
    /// Constants whose value had an error.
    broken: BTreeSet<String>,
    /// Functions of the block, which shadow those of numbers.
    functions: BTreeSet<String>,
}

/// Value of a parameter or a loop name.
#[derive(Clone, Debug)]
pub(super) struct Parameter {
    entry: Entry,
    /// As a setting: a word, a list, a call.
    pub(super) kind: ValueKind,
    /// Location where it was written, if any: errors are reported there.
    pub(super) loc: Option<Loc>,
    /// Whether a `let` binds it.
    pub(super) by_let: bool,
}

#[derive(Clone, Debug)]
struct Entry {
    known: Option<Known>,
    /// Replacement tokens for the name.
    tokens: TokenStream,
    size: usize,
}

impl<'a> Consts<'a> {
    /// Evaluates what the macro can; the order of constants does not matter, as in Rust.
    pub(super) fn new(defs: &'a [ConstDef], functions: BTreeSet<String>, diags: &mut Diags) -> Self {
        let mut consts = Consts {
            defs,
            entries: BTreeMap::new(),
            parameters: BTreeMap::new(),
            outer: Vec::new(),
            broken: BTreeSet::new(),
            functions,
        };
        let mut places: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (i, def) in defs.iter().enumerate() {
            let name = name_of(&def.ident);
            if let Some(diag) = reserved::constant(&name, def.loc) {
                diags.push(diag);
            }
            let same = places.entry(name.clone()).or_default();
            if !same.is_empty() {
                diags.push(
                    Diag::error(
                        Code::ConstantTwice,
                        def.loc,
                        format!("the constant `{name}` is defined twice"),
                    )
                    .help("give one of them another name"),
                );
            }
            same.push(i);
        }
        // Each constant is resolved after those that it names; the remaining ones are cyclic.
        let mut waits = vec![0_usize; defs.len()];
        let mut readers: Vec<Vec<usize>> = vec![Vec::new(); defs.len()];
        for ((i, def), waits) in defs.iter().enumerate().zip(&mut waits) {
            for read in named(&def.value.tokens).iter().filter_map(|name| places.get(name)).flatten() {
                *waits += 1;
                readers[*read].push(i);
            }
        }
        let mut ready: BTreeSet<usize> = (0..defs.len()).filter(|&i| waits[i] == 0).collect();
        let mut open: BTreeSet<usize> = (0..defs.len()).collect();
        while let Some(i) = ready.pop_first() {
            open.remove(&i);
            consts.resolve(&defs[i], diags);
            for &reader in &readers[i] {
                waits[reader] -= 1;
                if waits[reader] == 0 {
                    ready.insert(reader);
                }
            }
        }
        for def in open.into_iter().map(|i| &defs[i]) {
            let name = name_of(&def.ident);
            diags.push(
                Diag::error(
                    Code::ConstantCycle,
                    def.loc,
                    format!("the value of the constant `{name}` depends on itself"),
                )
                .help("give it a value that names no constant that needs it"),
            );
            let tokens = TokenStream::from(TokenTree::Literal(Literal::usize_unsuffixed(1)));
            consts.broken.insert(name.clone());
            consts.entries.insert(name, Entry { known: None, tokens, size: 1 });
        }
        consts
    }

    fn resolve(&mut self, def: &ConstDef, diags: &mut Diags) {
        let power = power(&def.value);
        if let Some(power) = power {
            diags.push(power_of_numbers(power, |expr| self.fold(expr)));
        }
        if power.is_some() || has_invalid_part(&def.value) || self.is_broken(&def.value.tokens) {
            self.broken.insert(name_of(&def.ident));
        }
        let known = self.fold(&def.value);
        let mut size = 0;
        let mut tokens = self.substitute(def.value.tokens.clone(), &mut size);
        if size > LIMIT {
            diags.push(
                Diag::error(
                    Code::ConstantTooLong,
                    def.loc,
                    format!("the constant `{}` is too long an expression", def.ident),
                )
                .help("compute it outside of the model"),
            );
            (tokens, size) = (TokenStream::from(TokenTree::Literal(Literal::usize_unsuffixed(1))), 1);
        }
        if let Some(literal) = known.as_ref().and_then(|known| typed(known, &def.ty)) {
            tokens = literal;
        } else if known.is_none() || size > 1 {
            let mut group = Group::new(Delimiter::Parenthesis, tokens);
            group.set_span(def.ident.span());
            tokens = TokenStream::from(TokenTree::Group(group));
        }
        self.entries.entry(name_of(&def.ident)).or_insert(Entry { known, tokens, size });
    }

    /// Meaning of a name.
    fn entry(&self, name: &str) -> Option<&Entry> {
        match self.parameters.get(name) {
            Some(parameter) => Some(&parameter.entry),
            None => self.entries.get(name),
        }
    }

    /// Value of a name, if it is known.
    pub(super) fn known(&self, name: &str) -> Option<&Known> {
        self.entry(name)?.known.as_ref()
    }

    /// Whether an expression names a constant whose value had an error.
    pub(super) fn is_broken(&self, tokens: &TokenStream) -> bool {
        let invalid =
            |name: &str| self.parameters.get(name).is_some_and(|given| given.kind == ValueKind::Invalid);
        let any_invalid = self.parameters.values().any(|given| given.kind == ValueKind::Invalid);
        (any_invalid || !self.broken.is_empty())
            && named(tokens).iter().any(|name| self.broken.contains(name) || invalid(name))
    }

    /// Whether an expression names a parameter of an expansion.
    pub(super) fn has_parameters(&self, tokens: &TokenStream) -> bool {
        !self.parameters.is_empty() && named(tokens).iter().any(|name| self.parameters.contains_key(name))
    }

    /// The value of a name, if it is a parameter.
    pub(super) fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.get(name)
    }

    /// The value of an expression for a parameter; `kind` is its form as a setting, `known` its value if it is known.
    pub(super) fn given(&self, expr: &Expr, kind: ValueKind, known: Option<Known>) -> Parameter {
        let mut size = 0;
        let tokens = self.substitute(expr.tokens.clone(), &mut size);
        let tokens = match known.as_ref().and_then(literal) {
            Some(literal) => literal,
            _ if !is_path(&tokens) => TokenTree::Group(Group::new(Delimiter::Parenthesis, tokens)).into(),
            _ => tokens,
        };
        let known = known.or_else(|| matches!(kind, ValueKind::List(_)).then(|| Known::of(&kind)));
        Parameter { entry: Entry { known, tokens, size }, kind, loc: Some(expr.loc), by_let: false }
    }

    /// The value of a setting for a parameter; `expr` gives the tokens of a constant.
    pub(super) fn setting(
        kind: ValueKind,
        loc: Option<Loc>,
        expr: impl FnOnce(ConstId) -> TokenStream,
    ) -> Parameter {
        let known = match &kind {
            ValueKind::Int(n) => Some(Known::Int(*n)),
            ValueKind::Float(x) => Some(Known::Float(*x)),
            ValueKind::Bool(b) => Some(Known::Bool(*b)),
            ValueKind::Str(s) => Some(Known::Str(s.clone())),
            ValueKind::List(_) => Some(Known::of(&kind)),
            _ => None,
        };
        let tokens = match &kind {
            _ if let Some(literal) = known.as_ref().and_then(literal) => literal,
            ValueKind::Ident { constant, .. } | ValueKind::Expr(constant) => expr(*constant),
            _ => TokenStream::new(),
        };
        Parameter { entry: Entry { known, tokens, size: 1 }, kind, loc, by_let: false }
    }

    /// Whether a `let` around the call of the function binds a name to a setting, which is not visible in the body.
    pub(super) fn is_outside(&self, name: &str) -> bool {
        let bound =
            |parameters: &BTreeMap<String, Parameter>| parameters.get(name).is_some_and(|given| given.by_let);
        !self.parameters.contains_key(name)
            && !self.entries.contains_key(name)
            && self.outer.iter().any(bound)
    }

    /// Enters the body of a function, which only sees its own parameters.
    pub(super) fn enter(&mut self) {
        self.outer.push(std::mem::take(&mut self.parameters));
    }

    /// Restores the parameters of the caller.
    pub(super) fn leave(&mut self) {
        self.parameters = self.outer.pop().unwrap_or_default();
    }

    /// The values of all names of the body.
    pub(super) fn parameters(&self) -> BTreeMap<String, Parameter> {
        self.parameters.clone()
    }

    /// Removes the definitions since [`Self::parameters`].
    pub(super) fn restore(&mut self, parameters: BTreeMap<String, Parameter>) {
        self.parameters = parameters;
    }

    /// Defines a name.
    pub(super) fn define(&mut self, name: String, parameter: Parameter) {
        self.parameters.insert(name, parameter);
    }

    /// Removes the definition of a name.
    pub(super) fn forget(&mut self, name: &str) -> Option<Parameter> {
        self.parameters.remove(name)
    }

    /// A string with `{name}` and `{i + 1}` replaced by the values of these expressions.
    fn interpolated(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, (inside, after))) =
            rest.split_once('{').and_then(|(before, tail)| Some((before, tail.split_once('}')?)))
        {
            out.push_str(before);
            match self.shown(inside) {
                Some(value) => out.push_str(&value),
                None => out.extend(["{", inside, "}"]),
            }
            rest = after;
        }
        out.push_str(rest);
        out
    }

    /// The value of an expression in a string.
    fn shown(&self, text: &str) -> Option<String> {
        let tokens: Vec<TokenTree> = contents(text.parse().ok()?);
        let expr = Parser::default().expr(&tokens, "a value");
        match self.fold(&expr) {
            Some(Known::Int(n)) => Some(n.to_string()),
            Some(Known::Str(word)) => Some(word),
            Some(Known::Other(ValueKind::Ident { text, .. })) => Some(text),
            _ => match &self.parameters.get(text.trim())?.kind {
                ValueKind::Ident { text, .. } => Some(text.clone()),
                _ => None,
            },
        }
    }

    /// The names of everything that has a value.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.parameters.keys().chain(self.entries.keys()).map(String::as_str)
    }

    /// Whether a string names a parameter of unknown value.
    pub(super) fn interpolates_unknown(&self, text: &str) -> bool {
        let unknown = |(name, given): (&String, &Parameter)| {
            given.kind == ValueKind::Invalid && text.contains(&format!("{{{name}}}"))
        };
        text.contains('{') && self.parameters.iter().any(unknown)
    }

    /// Whether the block defines a name.
    pub(super) fn contains(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// Evaluates an expression over literals and known constants. Overflow and division by zero are left to the
    /// compiler, which reports them.
    pub(super) fn fold(&self, expr: &Expr) -> Option<Known> {
        self.fold_with(expr, &|part| match &part.kind {
            ExprKind::Rust => Some(Known::Bool(self.holds(&logic(part)?)?)),
            _ => None,
        })
    }

    /// Same as [`fold`](Self::fold), where `known` may know more: shapes of tensors, and values of functions of the
    /// block.
    pub(super) fn fold_with(&self, expr: &Expr, known: &dyn Fn(&Expr) -> Option<Known>) -> Option<Known> {
        let fold = |expr: &Expr| self.fold_with(expr, known);
        Some(match &expr.kind {
            ExprKind::Int(n) => Known::Int(*n),
            ExprKind::Float(x) => Known::Float(*x),
            ExprKind::Bool(b) => Known::Bool(*b),
            ExprKind::Str(s) if self.interpolates_unknown(s) => return None,
            ExprKind::Str(s) => Known::Str(self.interpolated(s)),
            ExprKind::Name(ident) => self.known(&name_of(ident))?.clone(),
            ExprKind::Paren(inner) => fold(inner)?,
            ExprKind::Neg(inner) => match fold(inner)? {
                Known::Int(n) => Known::Int(n.checked_neg()?),
                Known::Float(x) => Known::Float(-x),
                _ => return None,
            },
            ExprKind::Binary(op, left, right) => match (fold(left), fold(right)) {
                (Some(left), Some(right)) if let Some(value) = arithmetic(*op, &left, &right) => value,
                _ => return known(expr),
            },
            ExprKind::List(items) => Known::List(items.iter().map(fold).collect::<Option<_>>()?),
            ExprKind::Len(inner) => match fold(inner)? {
                Known::List(items) => Known::Int(i64::try_from(items.len()).ok()?),
                _ => return None,
            },
            ExprKind::Index(inner) => {
                let Known::List(items) = fold(inner)? else { return None };
                match self.part(expr, items)? {
                    // The batch.
                    Known::Other(ValueKind::None) if matches!(inner.kind, ExprKind::Shape(_)) => return None,
                    Known::Unknown => return None,
                    part => part,
                }
            }
            ExprKind::Call(callee, args) => {
                if let Some(known) = known(expr) {
                    return Some(known);
                }
                let ExprKind::Name(ident) = &callee.kind else { return None };
                let name = name_of(ident);
                let value = |arg: &Arg| fold(&arg.value).filter(|_| arg.keyword.is_none());
                let args: Vec<Known> = args.iter().map(value).collect::<Option<_>>()?;
                if self.functions.contains(&name) {
                    return None;
                }
                of_known(&name, &args)?
            }
            ExprKind::Shape(_) | ExprKind::If(_) | ExprKind::Rust => return known(expr),
            ExprKind::None
            | ExprKind::Map(_)
            | ExprKind::Power(..)
            | ExprKind::Loop(_)
            | ExprKind::Switch(_)
            | ExprKind::Invalid => return None,
        })
    }

    /// Whether a condition is true, if its parts are known.
    fn holds(&self, condition: &Condition) -> Option<bool> {
        Some(match condition {
            Condition::Of(expr) => match self.fold(expr)? {
                Known::Bool(holds) => holds,
                _ => return None,
            },
            Condition::Not(inner) => !self.holds(inner)?,
            Condition::And(left, right) => self.holds(left)? && self.holds(right)?,
            Condition::Or(left, right) => self.holds(left)? || self.holds(right)?,
        })
    }

    /// The part of a list for an index: an element, or a list of some.
    fn part(&self, index: &Expr, items: Vec<Known>) -> Option<Known> {
        let tokens = index_tokens(index);
        let number = |tokens: &[TokenTree]| match self.fold(&Parser::default().expr(tokens, "an index")) {
            Some(Known::Int(n)) => Some(n),
            _ => None,
        };
        // As in Python, negative indices count from the end.
        let place = |at: i64| {
            let n = usize::try_from(at.unsigned_abs()).ok()?;
            if at < 0 { items.len().checked_sub(n) } else { Some(n) }
        };
        let Some(at) = dots(&tokens) else { return items.get(place(number(&tokens)?)?).cloned() };
        let (start, end) = (tokens.get(..at)?, tokens.get(at + 2..)?);
        let bound = |tokens: &[TokenTree], without: usize| match tokens {
            [] => Some(without),
            _ => place(number(tokens)?),
        };
        let (start, end) = (bound(start, 0)?, bound(end, items.len())?);
        items.get(start..end).map(|part| Known::List(part.to_vec()))
    }

    /// Replaces the names of the block's constants by their values. `size` counts the tokens.
    pub(super) fn substitute(&self, tokens: TokenStream, size: &mut usize) -> TokenStream {
        let mut out = Vec::new();
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        for (i, token) in tokens.iter().enumerate() {
            if *size > LIMIT {
                break;
            }
            *size += 1;
            match token {
                TokenTree::Group(group) => {
                    let mut inner = Group::new(group.delimiter(), self.substitute(group.stream(), size));
                    inner.set_span(group.span());
                    out.push(TokenTree::Group(inner));
                }
                TokenTree::Ident(ident) if !in_path(&tokens, i) => {
                    match self.entry(&name_of(ident)) {
                        Some(entry) => {
                            *size += entry.size;
                            // A length that fails is reported where it is used.
                            out.extend(entry.tokens.clone().into_iter().map(|mut token| {
                                token.set_span(ident.span());
                                token
                            }));
                        }
                        None => out.push(token.clone()),
                    }
                }
                _ => out.push(token.clone()),
            }
        }
        out.into_iter().collect()
    }

    /// The constants as items, independent of each other.
    pub(super) fn emitted(&self) -> Vec<BlockConst> {
        let emit = |def: &ConstDef| BlockConst {
            attrs: def.attrs.clone(),
            ident: def.ident.clone(),
            ty: def.ty.clone(),
            // Rust does not know the functions of the language: `max(8, WIDTH / 2)`.
            value: match self
                .entries
                .get(&name_of(&def.ident))
                .and_then(|entry| typed(entry.known.as_ref()?, &def.ty))
            {
                Some(literal) if def.value.find(&|part| matches!(part, ExprKind::Call(..))).is_some() => {
                    literal
                }
                _ => self.substitute(def.value.tokens.clone(), &mut 0),
            },
        };
        self.defs.iter().map(emit).collect()
    }
}

/// `a + b`: the result is a float if one of them is.
fn arithmetic(op: Op, a: &Known, b: &Known) -> Option<Known> {
    Some(match (a, b) {
        (Known::Int(a), Known::Int(b)) => match op {
            Op::Add => Known::Int(a.checked_add(*b)?),
            Op::Sub => Known::Int(a.checked_sub(*b)?),
            Op::Mul => Known::Int(a.checked_mul(*b)?),
            Op::Div => Known::Int(a.checked_div(*b)?),
            Op::Rem => Known::Int(a.checked_rem(*b)?),
            _ => Known::Bool(compared(op, a, b)?),
        },
        (Known::Bool(a), Known::Bool(b)) => Known::Bool(compared(op, a, b)?),
        (Known::Str(a), Known::Str(b)) => Known::Bool(compared(op, a, b)?),
        _ => {
            let (a, b) = (a.number()?, b.number()?);
            match op {
                Op::Add => Known::Float(a + b),
                Op::Sub => Known::Float(a - b),
                Op::Mul => Known::Float(a * b),
                Op::Div => Known::Float(a / b),
                Op::Rem => Known::Float(a % b),
                _ => Known::Bool(compared(op, &a, &b)?),
            }
        }
    })
}

/// Whether a name is that of a function of known numbers.
pub(crate) fn is_function_of_numbers(name: &str) -> bool {
    let one = [Known::Float(0.5)];
    let two = [Known::Int(2), Known::Int(2)];
    of_known(name, &one)
        .or_else(|| of_known(name, &two))
        .or_else(|| of_known(name, &[Known::List(two.to_vec())]))
        .is_some()
}

/// A function of known numbers: `int(0.75 * filters)`.
fn of_known(name: &str, args: &[Known]) -> Option<Known> {
    let whole = |x: f64| {
        // Larger numbers are not exact.
        let fits = x.abs() < 9e15;
        fits.then_some(Known::Int(x as i64))
    };
    let larger = |a: &Known, b: &Known, first: bool| if first { a.clone() } else { b.clone() };
    Some(match (name, args) {
        ("int" | "ceil" | "floor" | "round", [Known::Int(n)]) => Known::Int(*n),
        ("int", [Known::Float(x)]) => whole(x.trunc())?,
        ("ceil", [Known::Float(x)]) => whole(x.ceil())?,
        ("floor", [Known::Float(x)]) => whole(x.floor())?,
        // As in Python, halves are rounded to even numbers.
        ("round", [Known::Float(x)]) => whole(x.round_ties_even())?,
        ("float", [x]) => Known::Float(x.number()?),
        ("abs", [Known::Int(n)]) => Known::Int(n.checked_abs()?),
        ("max" | "maximum", [a, b]) => larger(a, b, a.number()? >= b.number()?),
        ("min" | "minimum", [a, b]) => larger(a, b, a.number()? <= b.number()?),
        ("max" | "min" | "sum", [Known::List(items)]) => {
            let first = if name == "sum" { Known::Int(0) } else { items.first()?.clone() };
            return items.iter().try_fold(first, |folded, item| match name {
                "sum" => arithmetic(Op::Add, &folded, item),
                _ => of_known(name, &[folded, item.clone()]),
            });
        }
        _ => {
            let numbers: Vec<f64> = args.iter().map(Known::number).collect::<Option<_>>()?;
            Known::Float(of_numbers(name, &numbers).filter(|number| number.is_finite())?)
        }
    })
}

/// A function of numbers that are known.
pub(super) fn of_numbers(name: &str, numbers: &[f64]) -> Option<f64> {
    Some(match (name, numbers) {
        ("abs", [a]) => a.abs(),
        ("ceil", [a]) => a.ceil(),
        ("exp", [a]) => a.exp(),
        ("floor", [a]) => a.floor(),
        ("log", [a]) => a.ln(),
        ("reciprocal", [a]) => 1.0 / a,
        ("rsqrt", [a]) => 1.0 / a.sqrt(),
        ("sqrt", [a]) => a.sqrt(),
        ("square", [a]) => a * a,
        ("maximum", [a, b]) => a.max(*b),
        ("minimum", [a, b]) => a.min(*b),
        ("power", [a, b]) => a.powf(*b),
        _ => return None,
    })
}

/// A known number as tokens.
fn literal(known: &Known) -> Option<TokenStream> {
    let text = match known {
        Known::Int(n) if *n < 0 => format!("({n})"),
        Known::Int(n) => n.to_string(),
        Known::Float(x) if x.is_finite() && *x < 0.0 => format!("({x:?})"),
        Known::Float(x) if x.is_finite() => format!("{x:?}"),
        _ => return None,
    };
    text.parse().ok()
}

/// The result of a comparison; `None` for another operator.
fn compared<T: PartialOrd>(op: Op, a: &T, b: &T) -> Option<bool> {
    Some(match op {
        Op::Greater => a > b,
        Op::GreaterEqual => a >= b,
        Op::Less => a < b,
        Op::LessEqual => a <= b,
        Op::Equal => a == b,
        Op::NotEqual => a != b,
        Op::Add | Op::Sub | Op::Mul | Op::Div | Op::Rem => return None,
    })
}

/// Whether tokens are a path, so that they can be inserted without parentheses.
fn is_path(tokens: &TokenStream) -> bool {
    tokens.clone().into_iter().all(|token| match token {
        TokenTree::Ident(_) => true,
        TokenTree::Punct(punct) => punct.as_char() == ':',
        TokenTree::Group(_) | TokenTree::Literal(_) => false,
    })
}

/// Whether a part of an expression had an error.
pub(super) fn has_invalid_part(expr: &Expr) -> bool {
    expr.find(&|part| matches!(part, ExprKind::Invalid)).is_some()
}

/// Whether an identifier is part of a path, a field or a method, and so not a constant.
fn in_path(tokens: &[TokenTree], i: usize) -> bool {
    let is = |i: Option<usize>, symbol: char| matches!(i.and_then(|i| tokens.get(i)), Some(TokenTree::Punct(punct)) if punct.as_char() == symbol);
    // `n as usize`: a type.
    let of_cast = matches!(i.checked_sub(1).and_then(|i| tokens.get(i)), Some(TokenTree::Ident(ident)) if ident == "as");
    of_cast || is(i.checked_sub(1), '.') || is(i.checked_sub(1), ':') || is(Some(i + 1), ':')
}

/// The names in tokens that may be constants.
fn named(tokens: &TokenStream) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![tokens.clone()];
    while let Some(stream) = open.pop() {
        let tokens = contents(stream);
        for (i, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Group(group) => open.push(group.stream()),
                TokenTree::Ident(ident) if !in_path(&tokens, i) => {
                    found.insert(name_of(ident));
                }
                TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }
    found
}

/// A known number as a literal of the constant's type, so that `N.pow(2)` has a typed `N`.
fn typed(known: &Known, ty: &TokenStream) -> Option<TokenStream> {
    const NUMBERS: [&str; 14] = [
        "usize", "u8", "u16", "u32", "u64", "u128", "isize", "i8", "i16", "i32", "i64", "i128", "f32", "f64",
    ];
    let ty = ty.to_string();
    if !NUMBERS.contains(&ty.as_str()) {
        return None;
    }
    let text = match known {
        Known::Int(n) if *n >= 0 && !ty.starts_with('f') => format!("{n}{ty}"),
        Known::Float(x) if *x >= 0.0 && x.is_finite() && ty.starts_with('f') => format!("{x}{ty}"),
        _ => return None,
    };
    Some(TokenStream::from(TokenTree::Literal(text.parse::<Literal>().ok()?)))
}
