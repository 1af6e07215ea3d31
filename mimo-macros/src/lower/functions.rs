//! `functions!`, checked at its definition: each function separately, with unknown parameters.

use std::collections::{BTreeMap, BTreeSet};

use mimo_graph::code::Code;
use mimo_graph::context::DimCheck;
use mimo_graph::diag::{Diag, Diags, Loc};
use mimo_graph::dim::{ConstId, Dim};
use proc_macro2::{TokenStream, TokenTree};

use super::consts::{Parameter, is_function_of_numbers};
use super::library::Callee;
use super::{Binding, Lower};
use crate::ast::{ConstDef, Expr, ExprKind, name_of};
use crate::parse::contents;

/// Calls between the functions of a `functions!`.
#[derive(Debug, Default)]
pub(super) struct Calls(Vec<Call>);

#[derive(Debug)]
struct Call {
    from: String,
    to: String,
    loc: Loc,
}

/// Whether a function reaches another by calls.
fn leads<'c>(calls: &BTreeMap<&'c str, BTreeSet<&'c str>>, from: &'c str, to: &str) -> bool {
    let (mut open, mut seen) = (vec![from], BTreeSet::new());
    while let Some(function) = open.pop() {
        if function == to {
            return true;
        }
        if seen.insert(function) {
            open.extend(calls.get(function).into_iter().flatten());
        }
    }
    false
}

/// Words of Rust in expressions, and names with the same meaning everywhere.
const EVERYWHERE: &[&str] = &[
    "as", "const", "core", "else", "false", "if", "let", "match", "mut", "std", "true", "while", "loop",
    "break", "return", "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16",
    "u32", "u64", "u128", "usize",
];

impl Lower<'_> {
    /// Lowers each function as if called with unknown arguments.
    pub(super) fn check_functions(&mut self) {
        let functions: Vec<Callee> = (self.expansions.functions())
            .map(|(name, function)| Callee { function: function.clone(), home: 0, name: name.clone() })
            .collect();
        for callee in &functions {
            self.push_frame(callee, callee.function.loc);
            let parameters = callee.function.parameters.iter();
            for default in parameters.filter_map(|parameter| parameter.default.as_ref()) {
                self.argument(default);
            }
            for parameter in &callee.function.parameters {
                self.define_unknown(&name_of(&parameter.ident));
            }
            self.statements(&callee.function.body);
            if let Some(result) = &callee.function.result {
                self.result(result, false);
            }
            self.tell_pending();
            self.pop_frame();
        }
        self.recursion();
        if self.diags.has_errors() {
            return;
        }
        for callee in functions.iter().filter(|callee| callee.function.vis.is_empty()) {
            let name = &callee.name;
            let called = self.calls.iter().flat_map(|calls| &calls.0).any(|call| call.to == *name);
            if !called && !name.starts_with('_') {
                let message =
                    format!("the function `{name}` is never called, and other blocks do not see it");
                self.diags.push(
                    Diag::warning(Code::UnusedFunction, callee.function.loc, message)
                        .help(format!("write `pub fn {name}`, or remove it")),
                );
            }
        }
    }

    /// Makes a name unknown: a tensor, a layer or a setting.
    pub(super) fn define_unknown(&mut self, name: &str) {
        self.consts.define(name.to_owned(), Parameter::unknown());
        self.frame.scope.insert(name.to_owned(), Binding::Poison);
    }

    /// Whether a value is computed from parameters that only a call knows, and makes no layers.
    pub(super) fn is_of_call(&self, expr: &Expr) -> bool {
        let makes = |part: &ExprKind| match part {
            ExprKind::Call(callee, args) => {
                !matches!(&callee.kind, ExprKind::Name(ident) if is_function_of_numbers(&name_of(ident)))
                    || args.iter().any(|arg| arg.keyword.is_some())
            }
            ExprKind::If(_) | ExprKind::Loop(_) | ExprKind::Switch(_) => true,
            _ => false,
        };
        self.calls.is_some() && self.mentions_unknown(expr) && expr.find(&makes).is_none()
    }

    /// Reports the names in such a value that are only valid at the definition.
    pub(super) fn check_names(&mut self, expr: &Expr) {
        let mut named = vec![];
        expr.each(&mut |part| {
            if matches!(part.kind, ExprKind::Name(_) | ExprKind::Rust) {
                named.push(part);
            }
        });
        for part in named {
            self.has_outsiders(&part.tokens, part.loc);
        }
    }

    /// Whether an expression contains an unknown name.
    pub(super) fn mentions_unknown(&self, expr: &Expr) -> bool {
        let unknown = |part: &ExprKind| match part {
            ExprKind::Name(ident) => match self.frame.scope.get(&name_of(ident)) {
                Some(Binding::Poison) => true,
                Some(Binding::Tensor(tensor)) => self.builder.graph().tensor(*tensor).shape.is_none(),
                _ => false,
            },
            ExprKind::Str(text) => self.consts.interpolates_unknown(text),
            _ => false,
        };
        expr.find(&unknown).is_some()
    }

    /// Records a call between functions that are checked.
    pub(super) fn note_call(&mut self, callee: &Callee, loc: Loc) {
        if let (Some(from), 0) = (self.frame.function().map(str::to_owned), callee.home)
            && let Some(Calls(calls)) = &mut self.calls
        {
            calls.push(Call { from, to: name_of(&callee.function.ident), loc });
        }
    }

    /// Reports recursive functions, once per cycle.
    fn recursion(&mut self) {
        let Some(Calls(calls)) = self.calls.take() else { return };
        let mut known: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for call in &calls {
            if !leads(&known, &call.to, &call.from) {
                known.entry(&call.from).or_default().insert(&call.to);
                continue;
            }
            let message = format!("`{}` calls itself, and its expansion would never end", call.to);
            let diag = Diag::error(Code::RecursiveFunction, call.loc, message);
            let diag = diag.help("write a loop: `for i in 0..4 { … }`");
            self.diags.push(match call.from == call.to {
                true => diag,
                false => diag.note(format!("`{}` leads to `{}`, which calls it here", call.to, call.from)),
            });
        }
        self.calls = Some(Calls(calls));
    }

    /// Reports names in an expression of a `functions!` that are only valid at the definition. Returns whether there
    /// are any.
    pub(super) fn has_outsiders(&mut self, tokens: &TokenStream, loc: Loc) -> bool {
        if self.calls.is_none() && self.frame.site.is_none() {
            return false;
        }
        let known = |name: &str| {
            let function = is_function_of_numbers(name) || self.is_function(name);
            let bound = self.frame.scope.contains_key(name) || self.consts.parameter(name).is_some();
            function || bound || self.consts.contains(name)
        };
        let outsiders = outsiders(tokens, &known);
        match outsiders.into_iter().next() {
            Some(name) => {
                self.diags.push(constant_of_rust(&name, loc));
                true
            }
            None => false,
        }
    }

    /// Records a word in a body of `functions!`, which may turn out to be a length.
    pub(super) fn note_word(&mut self, name: &str, constant: ConstId) {
        if self.calls.is_some() || self.frame.site.is_some() {
            self.words.insert(constant, name.to_owned());
        }
    }
}

/// Reports constants of a `functions!` that only const evaluation knows.
pub(super) fn check_constants(constants: &[ConstDef], diags: &mut Diags) {
    let names: BTreeSet<String> = constants.iter().map(|constant| name_of(&constant.ident)).collect();
    for constant in constants {
        if let Some(name) = outsiders(&constant.value.tokens, &|name| names.contains(name)).into_iter().next()
        {
            diags.push(constant_of_rust(&name, constant.value.loc));
        }
    }
}

/// Reports words of bodies of `functions!` that were read as lengths.
pub(super) fn check_words(words: &BTreeMap<ConstId, String>, checks: &[DimCheck], diags: &mut Diags) {
    for (&constant, name) in words {
        let length = Dim::constant(constant);
        for check in checks.iter().filter(|check| check.found == length) {
            diags.push(constant_of_rust(name, check.loc));
        }
    }
}

fn constant_of_rust(name: &str, loc: Loc) -> Diag {
    let message =
        format!("`{name}` is not defined in this `functions!`, and the blocks that call it do not see it");
    Diag::error(Code::ConstantOfRust, loc, message)
        .help("write a number, or a `const` of this `functions!` with a number")
        .help("or give it to the function as a parameter")
}

/// Unknown names, and unknown first segments of paths.
fn outsiders(tokens: &TokenStream, known: &dyn Fn(&str) -> bool) -> Vec<String> {
    let tokens = contents(tokens.clone());
    let is = |at: Option<usize>, symbol: char| matches!(at.and_then(|at| tokens.get(at)), Some(TokenTree::Punct(punct)) if punct.as_char() == symbol);
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => found.extend(outsiders(&group.stream(), known)),
            TokenTree::Ident(ident) => {
                let (before, two_before) = (at.checked_sub(1), at.checked_sub(2));
                // A field, a method, or a later segment of a path; `a..b` has two names.
                let follows =
                    is(before, ':') && is(two_before, ':') || is(before, '.') && !is(two_before, '.');
                let name = name_of(ident);
                if !follows && !EVERYWHERE.contains(&name.as_str()) && !known(&name) {
                    let path = tokens.iter().skip(at).take_while(|token| match token {
                        TokenTree::Ident(_) => true,
                        TokenTree::Punct(punct) => punct.as_char() == ':',
                        TokenTree::Group(_) | TokenTree::Literal(_) => false,
                    });
                    found.push(crate::parse::text_of(path.cloned().collect()));
                }
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
    found
}
