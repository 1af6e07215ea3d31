//! Repeated parts of a block as functions and loops, where that makes the text shorter.
//!
//! Statements are compared by their form: what they call, with names of tensors by the order in which they occur, and numbers, words and
//! names of layers left open. A part that occurs several times, reads one or two tensors from outside and is read by one of its tensors is a
//! function; what is different between the occurrences are its parameters. What is folded is written out again and has to be the same graph.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use mimo_graph::item::Module;
use mimo_graph::language::find;
use mimo_graph::value::{Value, ValueKind};

use super::blocks::{names_of, rename};
use super::evaluate::{self, Models};
use super::names::Taken;
use super::{Block, Call, Callee, Expr, Function, Let, Operand, Statement, expand, print, text, value, word};

/// Most statements of a function.
const LONGEST: usize = 64;
/// Fewest statements of a function.
const SHORTEST: usize = 3;
/// Most parameters besides tensors.
const PARAMETERS: usize = 5;
/// Most functions of a block.
const FUNCTIONS: usize = 12;

/// Folds a block, if what comes out is the same and is shorter.
pub fn fold(block: &mut Block, models: &Models) {
    let wanted = evaluate::block(block, models).graph;
    let is_same = |folded: &Block| {
        let found = evaluate::block(&expand::block(folded), models).graph;
        same_graph(&wanted, &found)
    };
    for _ in 0..FUNCTIONS {
        let Some(folded) = with_function(block) else { break };
        if print::model(&folded).lines().count() >= print::model(block).lines().count() || !is_same(&folded) {
            break;
        }
        *block = folded;
    }
    for at in 0..block.functions.len() {
        let mut folded = block.clone();
        let Some(function) = folded.functions.get_mut(at) else { break };
        let result = super::Port { name: String::new(), binding: function.result.clone() };
        let body = Block { statements: function.statements.clone(), outputs: vec![result], ..Block::default() };
        let body = with_loops(&body);
        let Some(result) = body.outputs.first() else { break };
        (function.statements, function.result) = (body.statements, result.binding.clone());
        if print::model(&folded).lines().count() < print::model(block).lines().count() && is_same(&folded) {
            *block = folded;
        }
    }
    let folded = with_loops(block);
    if folded != *block && print::model(&folded).lines().count() < print::model(block).lines().count() && is_same(&folded) {
        *block = folded;
    }
}

fn same_graph(a: &mimo_graph::graph::Graph, b: &mimo_graph::graph::Graph) -> bool {
    let layers = |graph: &mimo_graph::graph::Graph| {
        graph.layers.iter().map(|layer| (layer.name.clone(), layer.kind.clone(), layer.trainable)).collect::<Vec<_>>()
    };
    let calls = |graph: &mimo_graph::graph::Graph| {
        graph.nodes.iter().map(|node| (node.layer, node.inputs.clone(), node.roles.clone())).collect::<Vec<_>>()
    };
    let ports = |graph: &mimo_graph::graph::Graph| {
        graph.outputs.iter().map(|port| (port.name.clone(), port.tensor)).collect::<Vec<_>>()
    };
    layers(a) == layers(b) && calls(a) == calls(b) && ports(a) == ports(b)
}

/// What stays open of a statement: numbers, words and names.
#[derive(Clone, Debug, PartialEq)]
struct Open {
    /// The keyword of the argument, for the name of a parameter.
    keyword: String,
    value: Value,
    is_name: bool,
}

/// The form of a statement: a text without what is open, what is open, and the tensors that it reads.
#[derive(Clone, Debug)]
struct Form {
    /// Hash of the text; what is folded is compared as a whole later.
    text: u64,
    open: Vec<Open>,
    reads: Vec<String>,
}

fn form(bound: &Let) -> Option<Form> {
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

fn form_at(block: &Block, at: usize) -> Option<Form> {
    match block.statements.get(at) {
        Some(Statement::Let(bound)) => form(bound),
        _ => None,
    }
}

/// Calls `see` on the numbers, words and names of an expression, with the keyword of each.
fn visit(expr: &mut Expr, see: &mut dyn FnMut(&str, &mut Value, bool)) {
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

fn visit_callee(callee: &mut Callee, see: &mut dyn FnMut(&str, &mut Value, bool)) {
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

fn visit_value(keyword: &str, value: &mut Value, see: &mut dyn FnMut(&str, &mut Value, bool)) {
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
struct Part {
    start: usize,
    /// The tensors from outside, in the order in which they are read first.
    inputs: Vec<String>,
    /// The binding that is read outside.
    output: String,
}

/// Where each binding is read, by statement; outputs of the model are read after all.
fn readers(block: &Block) -> BTreeMap<String, Vec<usize>> {
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
struct Walk<'a> {
    block: &'a Block,
    forms: &'a [Option<Form>],
    readers: &'a BTreeMap<String, Vec<usize>>,
}

impl Walk<'_> {
    /// Calls `see` with the length, the key and the part of every sound part from `start` of at most `longest` statements.
    fn from(&self, start: usize, longest: usize, see: &mut dyn FnMut(usize, u64, Part)) {
        let mut key = DefaultHasher::new();
        let mut known: BTreeMap<&str, usize> = BTreeMap::new();
        let mut inputs: Vec<String> = vec![];
        let mut own: Vec<&str> = vec![];
        for length in 1..=longest {
            let at = start + length - 1;
            let (Some(Statement::Let(bound)), Some(Some(form))) = (self.block.statements.get(at), self.forms.get(at))
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
            let is_read = |name: &str| self.readers.get(name).is_some_and(|readers| readers.iter().any(outside));
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
    fn part(&self, start: usize, length: usize) -> Option<(u64, Part)> {
        let mut found = None;
        self.from(start, length, &mut |own, key, part| {
            if own == length {
                found = Some((key, part));
            }
        });
        found
    }
}

/// The block with one more function: the one that saves most.
fn with_function(block: &Block) -> Option<Block> {
    let forms: Vec<Option<Form>> = block
        .statements
        .iter()
        .map(|statement| match statement {
            Statement::Let(bound) => form(bound),
            _ => None,
        })
        .collect();
    let readers = readers(block);
    let count = block.statements.len();
    let mut found: BTreeMap<(usize, u64), Vec<Part>> = BTreeMap::new();
    let walk = Walk { block, forms: &forms, readers: &readers };
    for start in 0..count {
        walk.from(start, LONGEST.min(count / 2), &mut |length, key, part| {
            let all = found.entry((length, key)).or_default();
            if length >= SHORTEST && all.last().is_none_or(|last| last.start + length <= part.start) {
                all.push(part);
            }
        });
    }
    let saved = |length: usize, parts: &[Part]| (parts.len() - 1) * length - 1;
    let mut found: Vec<(usize, Vec<Part>)> =
        found.into_iter().filter(|(_, parts)| parts.len() > 1).map(|((length, _), parts)| (length, parts)).collect();
    found.sort_by_key(|(length, parts)| std::cmp::Reverse(saved(*length, parts)));
    let best = found.into_iter().find(|(length, parts)| parameters(&forms, parts, *length).is_some());
    let (length, parts) = best?;
    let (parameters, opens) = parameters(&forms, &parts, length)?;
    let first = parts.first()?;
    let mut taken = Taken::default();
    for function in &block.functions {
        taken.binding(&function.name);
    }
    for statement in &block.statements {
        if let Statement::Let(bound) = statement {
            bound.bindings.iter().for_each(|binding| {
                taken.binding(binding);
            });
        }
    }
    let name = taken.binding(if first.inputs.len() == 1 { "block" } else { "joined" });
    let tensors = ["x", "y"];
    let mut names: Vec<(String, String)> =
        first.inputs.iter().cloned().zip(tensors.iter().map(|it| (*it).to_owned())).collect();
    let mut statements = vec![];
    let mut open = opens.iter();
    // Inside, every statement binds a name that says what it calls.
    let mut inner = Taken::default();
    for parameter in parameters.iter().map(|it| it.name.as_str()).chain(tensors) {
        inner.binding(parameter);
    }
    for at in first.start..first.start + length {
        let Some(Statement::Let(bound)) = block.statements.get(at) else { return None };
        let mut bound = bound.clone();
        rename(&mut bound.value, &names);
        visit(&mut bound.value, &mut |_, value, _| {
            if let Some(replaced) = open.next() {
                *value = replaced.clone();
            }
        });
        bound.shape = None;
        let own = inner.binding(&base_of(&bound.value));
        for binding in &mut bound.bindings {
            names.push((std::mem::replace(binding, own.clone()), own.clone()));
        }
        statements.push(Statement::Let(bound));
    }
    let result = names.iter().rev().find(|(old, _)| *old == first.output)?.1.clone();
    let tensors = tensors.iter().take(first.inputs.len()).map(|it| (*it).to_owned());
    let function = Function {
        name: name.clone(),
        parameters: tensors.chain(parameters.iter().map(|it| it.name.clone())).collect(),
        statements,
        result,
    };
    let mut folded = block.clone();
    for (at, part) in parts.iter().enumerate().rev() {
        let arguments = parameters.iter().map(|it| it.values.get(at).cloned().unwrap_or(value(ValueKind::None)));
        let call = Call {
            callee: Callee::Function { name: name.clone(), arguments: arguments.collect() },
            tensors: part.inputs.iter().cloned().map(Expr::Name).collect(),
            list: false,
            keywords: vec![],
        };
        let last = match block.statements.get(part.start + length - 1) {
            Some(Statement::Let(last)) => last.clone(),
            _ => return None,
        };
        let call = Statement::Let(Let { value: Expr::Call(Box::new(call)), ..last });
        folded.statements.splice(part.start..part.start + length, [call]);
    }
    folded.functions.push(function);
    Some(folded)
}

/// A name for what an expression gives.
fn base_of(expr: &Expr) -> String {
    match expr {
        Expr::Call(call) => match &call.callee {
            Callee::Class(layer) => mimo_graph::names::snake_case(&layer.class),
            _ => "h".into(),
        },
        _ => "h".into(),
    }
}

/// A parameter with its value in each part.
#[derive(Clone, Debug)]
struct Parameter {
    name: String,
    values: Vec<Value>,
}

/// The parameters of a function, and what stands in its body for everything that is open.
fn parameters(forms: &[Option<Form>], parts: &[Part], length: usize) -> Option<(Vec<Parameter>, Vec<Value>)> {
    let open_of = |part: &Part| -> Vec<&Open> {
        forms.iter().skip(part.start).take(length).flatten().flat_map(|form| &form.open).collect()
    };
    let all: Vec<Vec<&Open>> = parts.iter().map(open_of).collect();
    let first = all.first()?;
    if all.iter().any(|open| open.len() != first.len()) {
        return None;
    }
    let mut parameters: Vec<Parameter> = vec![];
    let mut values = vec![];
    // Names of layers begin with what is different between the parts.
    let prefixes = prefixes(&all)?;
    for at in 0..first.len() {
        let given: Vec<&Open> = all.iter().filter_map(|open| open.get(at).copied()).collect();
        let one = given.first()?;
        if given.iter().all(|it| it.value == one.value) {
            values.push(one.value.clone());
            continue;
        }
        if one.is_name {
            let (text, prefix) = (text_of(&one.value)?, prefixes.first()?);
            let rest = text.strip_prefix(prefix.as_str())?;
            values.push(self::text(&format!("{{name}}{rest}")));
            continue;
        }
        let given: Vec<Value> = given.iter().map(|it| it.value.clone()).collect();
        if let Some(known) = parameters.iter().find(|it| it.values == given) {
            values.push(word(&known.name));
            continue;
        }
        // A value that is no number and no word is written at each place.
        if !given.iter().all(is_parameter) {
            return None;
        }
        let base = if one.keyword.is_empty() { "setting" } else { &one.keyword };
        let mut name = base.to_owned();
        let mut count = 2;
        while parameters.iter().any(|it| it.name == name) || ["x", "y", "name"].contains(&name.as_str()) {
            name = format!("{base}_{count}");
            count += 1;
        }
        values.push(word(&name));
        parameters.push(Parameter { name, values: given });
    }
    if prefixes.iter().any(|prefix| !prefix.is_empty()) {
        let values = prefixes.iter().map(|prefix| text(prefix)).collect();
        parameters.push(Parameter { name: "name".into(), values });
    }
    (parameters.len() <= PARAMETERS).then_some((parameters, values))
}

fn is_parameter(value: &Value) -> bool {
    match &value.kind {
        ValueKind::Int(_) | ValueKind::Float(_) | ValueKind::Bool(_) => true,
        ValueKind::Ident { .. } => true,
        ValueKind::List(items) => items.iter().all(|item| matches!(item.kind, ValueKind::Int(_))),
        _ => false,
    }
}

fn text_of(value: &Value) -> Option<&str> {
    match &value.kind {
        ValueKind::Str(text) => Some(text),
        _ => None,
    }
}

/// By part: the text with which those names begin that are different between the parts; what follows it is the same in all.
/// `None` if the names have no such form.
fn prefixes(all: &[Vec<&Open>]) -> Option<Vec<String>> {
    let first = all.first()?;
    let different: Vec<usize> = (0..first.len())
        .filter(|&at| {
            let names = all.iter().filter_map(|open| open.get(at));
            let mut names = names.map(|open| (open.is_name, &open.value));
            let one = names.next();
            one.is_some_and(|(is_name, one)| is_name && names.any(|(_, other)| other != one))
        })
        .collect();
    let Some(&start) = different.first() else { return Some(vec![String::new(); all.len()]) };
    let name = |part: usize, at: usize| all.get(part).and_then(|open| open.get(at)).and_then(|open| text_of(&open.value));
    // The longest end that the first of these names share decides.
    let own = name(0, start)?;
    for cut in (1..=own.len()).filter(|&cut| own.is_char_boundary(cut)) {
        let rest = own.get(cut..)?;
        let found: Option<Vec<String>> = (0..all.len())
            .map(|part| name(part, start)?.strip_suffix(rest).map(Into::into).filter(|it: &String| !it.is_empty()))
            .collect();
        let Some(found) = found else { continue };
        let fits = different.iter().all(|&at| {
            let rests: Option<Vec<&str>> =
                found.iter().enumerate().map(|(part, prefix)| name(part, at)?.strip_prefix(prefix.as_str())).collect();
            rests.is_some_and(|rests| rests.windows(2).all(|pair| matches!(pair, [a, b] if a == b)))
        });
        if fits {
            return Some(found);
        }
    }
    None
}

/// Most statements of a round.
const ROUND: usize = 4;

/// Calls that follow each other, each on what the one before it gave, as loops.
fn with_loops(block: &Block) -> Block {
    let mut folded = block.clone();
    let mut at = 0;
    while at < folded.statements.len() {
        let found = (1..=ROUND).find_map(|length| rounds(&folded, at, length));
        if let Some((statement, count, names)) = found {
            folded.statements.splice(at..at + count, [statement]);
            for (old, new) in &names {
                for port in folded.outputs.iter_mut().filter(|port| port.name.is_empty() && port.binding == *old) {
                    port.binding.clone_from(new);
                }
                for statement in folded.statements.iter_mut().skip(at + 1) {
                    if let Statement::Let(bound) = statement {
                        rename(&mut bound.value, &[(old.clone(), new.clone())]);
                    }
                }
            }
        }
        at += 1;
    }
    folded
}

/// A loop of rounds of `length` statements from `start`: the statement, how many it stands for, and the names that change after it.
fn rounds(block: &Block, start: usize, length: usize) -> Option<(Statement, usize, Vec<(String, String)>)> {
    // Only what comes next can be a round.
    let own = form_at(block, start)?;
    let next = form_at(block, start + length)?;
    if own.text != next.text {
        return None;
    }
    let forms: Vec<Option<Form>> = (start..block.statements.len()).map(|at| form_at(block, at)).collect();
    let shifted = Block { statements: block.statements.get(start..)?.to_vec(), ..block.clone() };
    let readers = readers(&shifted);
    let walk = Walk { block: &shifted, forms: &forms, readers: &readers };
    let mut parts: Vec<Part> = vec![];
    let mut key = None;
    loop {
        let at = parts.len() * length;
        let Some((own, part)) = walk.part(at, length) else { break };
        let [input] = &part.inputs[..] else { break };
        let chained = parts.last().is_none_or(|before: &Part| {
            before.output == *input && readers.get(input).is_some_and(|readers| readers.iter().all(|it| (at..at + length).contains(it)))
        });
        if !chained || key.as_ref().is_some_and(|key| *key != own) {
            break;
        }
        key = Some(own);
        parts.push(part);
    }
    if parts.len() < 2 || parts.len() * length < 3 {
        return None;
    }
    let (parameters, opens) = parameters(&forms, &parts, length)?;
    let (first, last) = (parts.first()?, parts.last()?);
    // What a function returns has no name outside.
    let is_output = block.outputs.iter().any(|port| port.binding == last.output && !port.name.is_empty());
    if is_output {
        return None;
    }
    let result = first.inputs.first()?.clone();
    // The tensor before the loop has the name that each round binds anew, so nothing else may read it later.
    let read_later = readers.get(&result).is_some_and(|readers| readers.iter().any(|&at| at >= length));
    let is_port = block.outputs.iter().chain(&block.inputs).any(|port| port.binding == result);
    if read_later || is_port {
        return None;
    }
    let names: Vec<String> = match &parameters[..] {
        [] => vec!["i".into()],
        some => some.iter().map(|it| it.name.clone()).collect(),
    };
    let rounds = (0..parts.len()).map(|round| match &parameters[..] {
        [] => vec![super::whole(i64::try_from(round).unwrap_or(0))],
        some => some.iter().filter_map(|it| it.values.get(round).cloned()).collect(),
    });
    let rounds: Vec<Vec<Value>> = rounds.collect();
    let mut open = opens.iter();
    let mut body = vec![];
    for at in 0..length {
        let Some(Statement::Let(bound)) = shifted.statements.get(at) else { return None };
        let mut bound = bound.clone();
        visit(&mut bound.value, &mut |_, value, _| {
            if let Some(replaced) = open.next() {
                *value = replaced.clone();
            }
        });
        bound.shape = None;
        if at + 1 == length {
            bound.bindings = vec![result.clone()];
        }
        body.push(Statement::Let(bound));
    }
    let statement = Statement::For { names, rounds, body };
    Some((statement, parts.len() * length, vec![(last.output.clone(), result)]))
}
