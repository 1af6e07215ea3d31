//! Repeated parts of a block as functions and loops, where that makes the text shorter.
//!
//! Statements are compared by their form: what they call, with names of tensors by the order in which they occur, and numbers, words and
//! names of layers left open. A part that occurs several times, reads one or two tensors from outside and is read by one of its tensors is a
//! function; what is different between the occurrences are its parameters. What is folded is written out again and has to be the same graph.

use std::collections::BTreeMap;

use mimo_graph::value::ValueKind;

use super::blocks::rename;
use super::evaluate::{self, Models};
use super::forms::{Form, Part, Walk, form, readers, visit};
use super::loops::with_loops;
use super::names::Taken;
use super::parameters::parameters;
use super::{Block, Call, Callee, Expr, Function, Let, Statement, expand, print, value};

/// Most statements of a function.
const LONGEST: usize = 64;
/// Fewest statements of a function.
const SHORTEST: usize = 3;
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
        let body =
            Block { statements: function.statements.clone(), outputs: vec![result], ..Block::default() };
        let body = with_loops(&body);
        let Some(result) = body.outputs.first() else { break };
        (function.statements, function.result) = (body.statements, result.binding.clone());
        if print::model(&folded).lines().count() < print::model(block).lines().count() && is_same(&folded) {
            *block = folded;
        }
    }
    let folded = with_loops(block);
    if folded != *block
        && print::model(&folded).lines().count() < print::model(block).lines().count()
        && is_same(&folded)
    {
        *block = folded;
    }
}

fn same_graph(a: &mimo_graph::graph::Graph, b: &mimo_graph::graph::Graph) -> bool {
    let layers = |graph: &mimo_graph::graph::Graph| {
        graph
            .layers
            .iter()
            .map(|layer| (layer.name.clone(), layer.kind.clone(), layer.trainable))
            .collect::<Vec<_>>()
    };
    let calls = |graph: &mimo_graph::graph::Graph| {
        graph
            .nodes
            .iter()
            .map(|node| (node.layer, node.inputs.clone(), node.roles.clone()))
            .collect::<Vec<_>>()
    };
    let ports = |graph: &mimo_graph::graph::Graph| {
        graph.outputs.iter().map(|port| (port.name.clone(), port.tensor)).collect::<Vec<_>>()
    };
    layers(a) == layers(b) && calls(a) == calls(b) && ports(a) == ports(b)
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
    let mut found: Vec<(usize, Vec<Part>)> = found
        .into_iter()
        .filter(|(_, parts)| parts.len() > 1)
        .map(|((length, _), parts)| (length, parts))
        .collect();
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
        let arguments =
            parameters.iter().map(|it| it.values.get(at).cloned().unwrap_or(value(ValueKind::None)));
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
