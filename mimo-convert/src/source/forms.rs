//! The forms of statements, by which repeated parts of a block are found.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use mimo_graph::item::Module;
use mimo_graph::language::find;
use mimo_graph::value::{Value, ValueKind};

use super::blocks::{names_of, rename};
use super::loops::ROUND;
use super::{Block, Call, Callee, Expr, Let, Operand, Statement, text, word};

/// What stays open of a statement: numbers, words and names.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Open {
    /// The keyword of the argument, for the name of a parameter.
    pub(super) keyword: String,
    pub(super) value: Value,
    pub(super) is_name: bool,
}

/// The form of a statement: a text without what is open, what is open, and the tensors that it reads.
#[derive(Clone, Debug)]
pub(super) struct Form {
    /// Hash of the text; what is folded is compared as a whole later.
    pub(super) text: u64,
    pub(super) open: Vec<Open>,
    pub(super) reads: Vec<String>,
}

pub(super) fn form(bound: &Let) -> Option<Form> {
    // Shared layers stay where they are.
    let is_bound = |call: &Call| matches!(call.callee, Callee::Bound(_) | Callee::Steps(_));
    let is_fixed = match &bound.value {
        Expr::Input(_) | Expr::Layer(_) => true,
        Expr::Call(call) => is_bound(call),
        _ => false,
    };
    if bound.bindings.len() != 1 || is_fixed {
        return None;
    }
    let mut open = vec![];
    let mut value = bound.value.clone();
    visit(&mut value, &mut |keyword, value, is_name| {
        open.push(Open { keyword: keyword.into(), value: value.clone(), is_name });
        *value = word("_");
    });
    let mut reads = vec![];
    names_of(&value, &mut |name| reads.push(name.to_owned()));
    let mut names: Vec<(String, String)> = vec![];
    for name in &reads {
        if !names.iter().any(|(known, _)| known == name) {
            names.push((name.clone(), "x".into()));
        }
    }
    rename(&mut value, &names);
    let mut text = DefaultHasher::new();
    format!("{value:?}").hash(&mut text);
    Some(Form { text: text.finish(), open, reads })
}

pub(super) fn form_at(block: &Block, at: usize) -> Option<Form> {
    match block.statements.get(at) {
        Some(Statement::Let(bound)) => form(bound),
        _ => None,
    }
}

/// Calls `see` on the numbers, words and names of an expression, with the keyword of each.
pub(super) fn visit(expr: &mut Expr, see: &mut dyn FnMut(&str, &mut Value, bool)) {
    match expr {
        Expr::Name(_) | Expr::Input(_) | Expr::Index(..) => {}
        Expr::Layer(callee) => visit_callee(callee, see),
        Expr::Call(call) => visit_callee(&mut call.callee, see),
        Expr::Operation { word, arguments } => {
            let item = find(Module::Operations, word);
            for (at, (name, operand)) in arguments.iter_mut().enumerate() {
                let by_place = item.and_then(|item| item.positional.get(at)).map(|argument| argument.name);
                let keyword = name.clone().or(by_place.map(Into::into)).unwrap_or_default();
                match operand {
                    Operand::Value(value) => visit_value(&keyword, value, see),
                    Operand::Tensor(tensor) => visit(tensor, see),
                    Operand::Tensors(_) => {}
                }
            }
        }
        Expr::Binary(_, left, right) => {
            for side in [left, right] {
                match &mut **side {
                    Operand::Value(value) => visit_value("factor", value, see),
                    Operand::Tensor(tensor) => visit(tensor, see),
                    Operand::Tensors(_) => {}
                }
            }
        }
        Expr::Negative(inner) => visit(inner, see),
    }
}

pub(super) fn visit_callee(callee: &mut Callee, see: &mut dyn FnMut(&str, &mut Value, bool)) {
    match callee {
        Callee::Class(layer) | Callee::Model(layer) => {
            let item = find(Module::Layers, &layer.class);
            for (at, arg) in layer.args.iter_mut().enumerate() {
                let by_place = item.and_then(|item| item.positional.get(at)).map(|argument| argument.name);
                let keyword = arg.name.as_ref().map(|(name, _)| name.clone()).or(by_place.map(Into::into));
                visit_value(&keyword.unwrap_or_default(), &mut arg.value, see);
            }
            let mut name = text(if layer.named { &layer.name } else { "" });
            let named = layer.named;
            if named {
                see("name", &mut name, true);
            }
            layer.name = match name.kind {
                ValueKind::Str(text) if named => text,
                _ => String::new(),
            };
        }
        Callee::Function { name, arguments } => {
            let name = name.clone();
            for (at, value) in arguments.iter_mut().enumerate() {
                let is_name = matches!(&value.kind, ValueKind::Str(_));
                let keyword = if is_name { "name".into() } else { format!("{name}_{at}") };
                see(&keyword, value, is_name);
            }
        }
        Callee::Steps(inner) => visit_callee(inner, see),
        Callee::Bound(_) => {}
    }
}

pub(super) fn visit_value(keyword: &str, value: &mut Value, see: &mut dyn FnMut(&str, &mut Value, bool)) {
    match &mut value.kind {
        ValueKind::Call { args, .. } => {
            for arg in args {
                let inner = arg.name.as_ref().map_or(keyword, |(name, _)| name).to_owned();
                visit_value(&inner, &mut arg.value, see);
            }
        }
        _ => see(keyword, value, false),
    }
}

/// A part of a block: some statements in a row.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) start: usize,
    /// The tensors from outside, in the order in which they are read first.
    pub(super) inputs: Vec<String>,
    /// The binding that is read outside.
    pub(super) output: String,
}

/// Where each binding is read, by statement; outputs of the model are read after all.
pub(super) fn readers(block: &Block) -> BTreeMap<String, Vec<usize>> {
    let mut readers: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, statement) in block.statements.iter().enumerate() {
        if let Statement::Let(bound) = statement {
            names_of(&bound.value, &mut |name| readers.entry(name.into()).or_default().push(at));
        }
    }
    for port in &block.outputs {
        readers.entry(port.binding.clone()).or_default().push(usize::MAX);
    }
    readers
}

/// The parts that start at a statement, by their lengths, each with a key that equal parts share.
pub(super) struct Walk<'a> {
    pub(super) block: &'a Block,
    pub(super) forms: &'a [Option<Form>],
    pub(super) readers: &'a BTreeMap<String, Vec<usize>>,
}

impl Walk<'_> {
    /// Calls `see` with the length, the key and the part of every sound part from `start` of at most `longest` statements.
    pub(super) fn from(&self, start: usize, longest: usize, see: &mut dyn FnMut(usize, u64, Part)) {
        let mut key = DefaultHasher::new();
        let mut known: BTreeMap<&str, usize> = BTreeMap::new();
        let mut inputs: Vec<String> = vec![];
        let mut own: Vec<&str> = vec![];
        for length in 1..=longest {
            let at = start + length - 1;
            let (Some(Statement::Let(bound)), Some(Some(form))) =
                (self.block.statements.get(at), self.forms.get(at))
            else {
                return;
            };
            form.text.hash(&mut key);
            for read in &form.reads {
                if !own.contains(&read.as_str()) && !inputs.contains(read) {
                    inputs.push(read.clone());
                }
                let next = known.len();
                known.entry(read).or_insert(next).hash(&mut key);
            }
            let [binding] = &bound.bindings[..] else { return };
            let next = known.len();
            known.insert(binding, next);
            own.push(binding);
            if inputs.len() > 2 {
                return;
            }
            // The last statement alone gives what is read outside.
            let outside = |at: &usize| *at < start || *at >= start + length;
            let is_read =
                |name: &str| self.readers.get(name).is_some_and(|readers| readers.iter().any(outside));
            let others = own.len().saturating_sub(1);
            let sound = is_read(binding) && !own.iter().take(others).any(|name| is_read(name));
            // Calls of functions at the ends stay outside, where they may be loops.
            let ends = length > ROUND && (self.is_function(start) || self.is_function(at));
            if sound && !ends && !inputs.is_empty() {
                let part = Part { start, inputs: inputs.clone(), output: binding.clone() };
                see(length, key.finish(), part);
            }
        }
    }

    fn is_function(&self, at: usize) -> bool {
        match self.block.statements.get(at) {
            Some(Statement::Let(Let { value: Expr::Call(call), .. })) => {
                matches!(call.callee, Callee::Function { .. })
            }
            _ => false,
        }
    }

    /// The part of `length` statements from `start`.
    pub(super) fn part(&self, start: usize, length: usize) -> Option<(u64, Part)> {
        let mut found = None;
        self.from(start, length, &mut |own, key, part| {
            if own == length {
                found = Some((key, part));
            }
        });
        found
    }
}
