//! Readability of a block: shapes at the ends of blocks, expressions of operators in one line.

use std::collections::BTreeMap;

use mimo_graph::graph::TensorId;

use super::evaluate::{Evaluated, Models};
use super::{Block, Callee, Expr, Let, Operand, Statement, fold, print};

/// Longest line that operations are joined to.
const JOINED: usize = 80;

/// Joins operations that are read once, and writes shapes.
pub fn tidy(block: &mut Block, evaluated: &Evaluated, models: &Models) {
    join(block);
    ascribe(block, evaluated);
    fold::fold(block, models);
}

/// Calls `visit` with the tensors that an expression names.
pub fn names_of(expr: &Expr, visit: &mut dyn FnMut(&str)) {
    match expr {
        Expr::Name(name) => visit(name),
        Expr::Input(_) | Expr::Layer(_) => {}
        Expr::Call(call) => {
            if let Callee::Bound(name) = &call.callee {
                visit(name);
            }
            call.tensors.iter().for_each(|tensor| names_of(tensor, visit));
            call.keywords.iter().for_each(|(_, operand)| names_in(operand, visit));
        }
        Expr::Operation { arguments, .. } => {
            arguments.iter().for_each(|(_, operand)| names_in(operand, visit));
        }
        Expr::Binary(_, left, right) => {
            names_in(left, visit);
            names_in(right, visit);
        }
        Expr::Negative(inner) | Expr::Index(inner, _) => names_of(inner, visit),
    }
}

fn names_in(operand: &Operand, visit: &mut dyn FnMut(&str)) {
    match operand {
        Operand::Tensor(tensor) => names_of(tensor, visit),
        Operand::Tensors(tensors) => tensors.iter().for_each(|tensor| names_of(tensor, visit)),
        Operand::Value(_) => {}
    }
}

/// Gives tensors and layers other names, all at once.
pub fn rename(expr: &mut Expr, names: &[(String, String)]) {
    // The last of two names for one is the one that counts.
    let new = |name: &mut String| {
        if let Some((_, new)) = names.iter().rev().find(|(old, _)| old == name) {
            name.clone_from(new);
        }
    };
    let of = |operand: &mut Operand| match operand {
        Operand::Tensor(tensor) => rename(tensor, names),
        Operand::Tensors(tensors) => tensors.iter_mut().for_each(|tensor| rename(tensor, names)),
        Operand::Value(_) => {}
    };
    match expr {
        Expr::Name(name) => new(name),
        Expr::Input(_) | Expr::Layer(_) => {}
        Expr::Call(call) => {
            if let Callee::Bound(name) = &mut call.callee {
                new(name);
            }
            call.tensors.iter_mut().for_each(|tensor| rename(tensor, names));
            call.keywords.iter_mut().for_each(|(_, operand)| of(operand));
        }
        Expr::Operation { arguments, .. } => arguments.iter_mut().for_each(|(_, operand)| of(operand)),
        Expr::Binary(_, left, right) => {
            of(left);
            of(right);
        }
        Expr::Negative(inner) | Expr::Index(inner, _) => rename(inner, names),
    }
}

/// Puts another expression in the place of a name.
pub fn replace(expr: &mut Expr, name: &str, with: &Expr) {
    match expr {
        Expr::Name(found) => {
            if found == name {
                *expr = with.clone();
            }
        }
        Expr::Input(_) | Expr::Layer(_) => {}
        Expr::Call(call) => {
            call.tensors.iter_mut().for_each(|tensor| replace(tensor, name, with));
            call.keywords.iter_mut().for_each(|(_, operand)| replace_in(operand, name, with));
        }
        Expr::Operation { arguments, .. } => {
            arguments.iter_mut().for_each(|(_, operand)| replace_in(operand, name, with));
        }
        Expr::Binary(_, left, right) => {
            replace_in(left, name, with);
            replace_in(right, name, with);
        }
        Expr::Negative(inner) | Expr::Index(inner, _) => replace(inner, name, with),
    }
}

fn replace_in(operand: &mut Operand, name: &str, with: &Expr) {
    match operand {
        Operand::Tensor(tensor) => replace(tensor, name, with),
        Operand::Tensors(tensors) => tensors.iter_mut().for_each(|tensor| replace(tensor, name, with)),
        Operand::Value(_) => {}
    }
}

fn is_operation(expr: &Expr) -> bool {
    matches!(expr, Expr::Operation { .. } | Expr::Binary(..) | Expr::Negative(_) | Expr::Index(..))
}

/// An operation that the next operation reads, and nothing else, becomes a part of its expression.
fn join(block: &mut Block) {
    let mut reads: BTreeMap<String, usize> = BTreeMap::new();
    for port in &block.outputs {
        *reads.entry(port.binding.clone()).or_default() += 2;
    }
    for statement in &block.statements {
        if let Statement::Let(bound) = statement {
            names_of(&bound.value, &mut |name| *reads.entry(name.into()).or_default() += 1);
        }
    }
    let mut at = 0;
    while at < block.statements.len() {
        let found = match block.statements.get(at) {
            Some(Statement::Let(Let { bindings, value, .. })) if is_operation(value) => match &bindings[..] {
                [name] if reads.get(name) == Some(&1) => Some((name.clone(), value.clone())),
                _ => None,
            },
            _ => None,
        };
        let reader = found.as_ref().and_then(|(name, _)| {
            let later = block.statements.iter().enumerate().skip(at + 1);
            let mut readers = later.filter_map(|(place, statement)| match statement {
                Statement::Let(bound) if is_operation(&bound.value) => {
                    let mut is_read = false;
                    names_of(&bound.value, &mut |found| is_read |= found == name);
                    is_read.then_some(place)
                }
                _ => None,
            });
            readers.next()
        });
        if let (Some((name, value)), Some(reader)) = (found, reader)
            && let Some(Statement::Let(bound)) = block.statements.get_mut(reader)
        {
            let mut joined = bound.value.clone();
            replace(&mut joined, &name, &value);
            if print::expr(&joined).len() + bound.bindings.iter().map(String::len).sum::<usize>() < JOINED {
                bound.value = joined;
                block.statements.remove(at);
                continue;
            }
        }
        at += 1;
    }
}

/// Writes shapes where they change without weights: after pooling, flattening, reshaping and joining.
fn ascribe(block: &mut Block, evaluated: &Evaluated) {
    let shape = |name: &str| -> Option<Vec<usize>> {
        let &TensorId(_) = evaluated.tensors.get(name)?;
        let shape = evaluated.graph.tensor(*evaluated.tensors.get(name)?).shape.as_ref()?;
        shape.0.iter().map(|dim| dim.known()).collect()
    };
    for statement in &mut block.statements {
        let Statement::Let(bound) = statement else { continue };
        let [name] = &bound.bindings[..] else { continue };
        let Expr::Call(call) = &bound.value else { continue };
        let Some(own) = shape(name) else { continue };
        let first = match call.tensors.first() {
            Some(Expr::Name(first)) => shape(first),
            _ => None,
        };
        let id = evaluated.tensors.get(name);
        let node = id.and_then(|id| evaluated.graph.tensor(*id).producer);
        let layer = node.map(|node| evaluated.graph.layer(evaluated.graph.node(node).layer));
        let has_weights = layer.is_some_and(|layer| !layer.weights.is_empty());
        let changes = first.is_some_and(|first| first != own);
        if changes && !has_weights && !own.is_empty() {
            bound.shape = Some(own);
        }
    }
}
