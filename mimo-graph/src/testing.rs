//! Test fixtures: a context and values.

use crate::context::{Cx, DimCheck};
use crate::diag::{Diag, Diags, Loc};
use crate::dim::{ConstEntry, ConstId};
use crate::value::{Arg, Value, ValueKind};

/// A context for one test: the constants are `A`, `B`, `C`, `D`.
#[derive(Debug)]
pub(crate) struct Bench {
    pub(crate) consts: Vec<ConstEntry>,
    pub(crate) diags: Diags,
    pub(crate) checks: Vec<DimCheck>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let consts =
            ["A", "B", "C", "D"].map(|text| ConstEntry { text: text.into(), loc: Loc(0), number: false });
        Bench { consts: consts.to_vec(), diags: Diags::new(), checks: vec![] }
    }

    pub(crate) fn cx<T>(&mut self, run: impl FnOnce(&mut Cx<'_>) -> T) -> T {
        run(&mut Cx { consts: &self.consts, diags: &mut self.diags, checks: &mut self.checks })
    }

    /// Compares all diagnostics, in order, with the expected messages, and clears them.
    #[track_caller]
    pub(crate) fn expect(&mut self, messages: &[&str]) -> Vec<Diag> {
        expect(&mut self.diags, messages)
    }

    /// The checks so far, each as `what: found relation wanted`.
    pub(crate) fn checks(&self) -> Vec<String> {
        self.checks.iter().map(|check| show(check, &self.consts)).collect()
    }
}

#[track_caller]
pub(crate) fn expect(diags: &mut Diags, messages: &[&str]) -> Vec<Diag> {
    let found = std::mem::take(diags).into_sorted();
    assert_eq!(found.iter().map(|diag| &diag.message).collect::<Vec<_>>(), messages);
    found
}

pub(crate) fn show(check: &DimCheck, consts: &[ConstEntry]) -> String {
    let DimCheck { found, wanted, what, relation, .. } = check;
    format!("{what}: {} {relation:?} {}", found.display(consts), wanted.display(consts))
}

pub(crate) fn value(kind: ValueKind) -> Value {
    Value { kind, loc: Loc(1) }
}

pub(crate) fn int(n: i64) -> Value {
    value(ValueKind::Int(n))
}

pub(crate) fn float(x: f64) -> Value {
    value(ValueKind::Float(x))
}

pub(crate) fn string(text: &str) -> Value {
    value(ValueKind::Str(text.into()))
}

/// An identifier; as a constant it is `A`, `B`, `C` or `D` of the bench.
pub(crate) fn word(text: &str) -> Value {
    let id = ["A", "B", "C", "D"].iter().position(|name| *name == text).unwrap_or(99);
    value(ValueKind::Ident { text: text.into(), constant: ConstId(id as u32) })
}

pub(crate) fn items(values: impl IntoIterator<Item = Value>) -> Value {
    value(ValueKind::List(values.into_iter().collect()))
}

/// One argument: its keyword, if any, and its value.
pub(crate) type Given = (Option<&'static str>, Value);

pub(crate) fn named(name: &'static str, value: Value) -> Given {
    (Some(name), value)
}

pub(crate) fn args(given: impl IntoIterator<Item = Given>) -> Vec<Arg> {
    given
        .into_iter()
        .map(|(name, value)| Arg { name: name.map(|name| (name.into(), value.loc)), value })
        .collect()
}

pub(crate) fn call(name: &str, given: impl IntoIterator<Item = Given>) -> Value {
    value(ValueKind::Call { name: name.into(), name_loc: Loc(1), args: args(given) })
}
