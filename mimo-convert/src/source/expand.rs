//! Functions and loops of a block written out, as the macro does it: what is folded is compared with what it was folded from.

use mimo_graph::value::{Arg, Value, ValueKind};

use super::blocks::rename;
use super::{Block, Callee, Expr, Function, Layer, Let, Operand, Statement};

/// Values of parameters and of names of loops.
type Values = [(String, Value)];

/// The block without functions and loops.
pub fn block(block: &Block) -> Block {
    let mut count = 0;
    let mut statements = vec![];
    expand(&block.statements, &block.functions, &mut statements, &mut count);
    Block { statements, functions: vec![], ..block.clone() }
}

fn expand(all: &[Statement], functions: &[Function], into: &mut Vec<Statement>, count: &mut usize) {
    for statement in all {
        match statement {
            Statement::Comment(_) => into.push(statement.clone()),
            Statement::For { names, rounds, body } => {
                for round in rounds {
                    let values: Vec<_> = names.iter().cloned().zip(round.iter().cloned()).collect();
                    let body: Vec<Statement> = body.iter().map(|it| with(it, &values)).collect();
                    expand(&body, functions, into, count);
                }
            }
            Statement::Let(bound) => match called(bound, functions) {
                Some((function, call_tensors, arguments)) => {
                    *count += 1;
                    let call = *count;
                    let own = |name: &str| format!("{name}__{call}");
                    let tensors = function.parameters.len().saturating_sub(arguments.len());
                    let values: Vec<_> = function
                        .parameters
                        .iter()
                        .skip(tensors)
                        .cloned()
                        .zip(arguments.iter().cloned())
                        .collect();
                    let given: Vec<(String, String)> =
                        function.parameters.iter().take(tensors).cloned().zip(call_tensors).collect();
                    let mut names = given;
                    let mut written = vec![];
                    let mut body = vec![];
                    let plain: Vec<Statement> =
                        function.statements.iter().map(|it| with(it, &values)).collect();
                    expand(&plain, &[], &mut body, count);
                    for statement in body {
                        let Statement::Let(mut inner) = statement else { continue };
                        // What is bound anew means the new one from here on.
                        rename(&mut inner.value, &names);
                        for binding in inner.bindings.iter_mut().filter(|binding| *binding != "_") {
                            let new = own(binding);
                            names.retain(|(name, _)| name != binding);
                            names.push((std::mem::replace(binding, new.clone()), new));
                        }
                        written.push(Statement::Let(inner));
                    }
                    let result = names.iter().find(|(name, _)| *name == function.result).map(|(_, new)| new);
                    if let (Some(Statement::Let(last)), Some(result)) = (written.last_mut(), result)
                        && last.bindings == [result.clone()]
                    {
                        last.bindings.clone_from(&bound.bindings);
                    }
                    // The functions before it may be called in it.
                    let at =
                        functions.iter().position(|other| other.name == function.name).unwrap_or_default();
                    expand(&written, functions.get(..at).unwrap_or_default(), into, count);
                }
                None => into.push(statement.clone()),
            },
        }
    }
}

/// The function that a `let` calls, its tensors and its settings.
fn called<'a>(bound: &'a Let, functions: &'a [Function]) -> Option<(&'a Function, Vec<String>, &'a [Value])> {
    let Expr::Call(call) = &bound.value else { return None };
    let Callee::Function { name, arguments } = &call.callee else { return None };
    let tensors = call.tensors.iter().map(|tensor| match tensor {
        Expr::Name(name) => Some(name.clone()),
        _ => None,
    });
    Some((
        functions.iter().find(|function| function.name == *name)?,
        tensors.collect::<Option<_>>()?,
        arguments,
    ))
}

/// A statement with the values of parameters.
fn with(statement: &Statement, values: &Values) -> Statement {
    match statement {
        Statement::Let(bound) => {
            Statement::Let(Let { value: of_expr(&bound.value, values), ..bound.clone() })
        }
        Statement::For { names, rounds, body } => {
            // A name of the loop hides the parameter.
            let outer: Vec<_> = values.iter().filter(|(name, _)| !names.contains(name)).cloned().collect();
            let rounds =
                rounds.iter().map(|round| round.iter().map(|value| of_value(value, values)).collect());
            Statement::For {
                names: names.clone(),
                rounds: rounds.collect(),
                body: body.iter().map(|statement| with(statement, &outer)).collect(),
            }
        }
        Statement::Comment(_) => statement.clone(),
    }
}

fn of_expr(expr: &Expr, values: &Values) -> Expr {
    match expr {
        Expr::Name(_) | Expr::Input(_) | Expr::Index(..) => expr.clone(),
        Expr::Layer(callee) => Expr::Layer(of_callee(callee, values)),
        Expr::Call(call) => {
            let mut call = (**call).clone();
            call.callee = of_callee(&call.callee, values);
            Expr::Call(Box::new(call))
        }
        Expr::Operation { word, arguments } => Expr::Operation {
            word: word.clone(),
            arguments: arguments.iter().map(|(name, it)| (name.clone(), of_operand(it, values))).collect(),
        },
        Expr::Binary(op, left, right) => {
            Expr::Binary(op, Box::new(of_operand(left, values)), Box::new(of_operand(right, values)))
        }
        Expr::Negative(inner) => Expr::Negative(Box::new(of_expr(inner, values))),
    }
}

fn of_operand(operand: &Operand, values: &Values) -> Operand {
    match operand {
        Operand::Value(value) => Operand::Value(of_value(value, values)),
        Operand::Tensor(tensor) => Operand::Tensor(of_expr(tensor, values)),
        Operand::Tensors(_) => operand.clone(),
    }
}

fn of_callee(callee: &Callee, values: &Values) -> Callee {
    match callee {
        Callee::Class(layer) => Callee::Class(of_layer(layer, values)),
        Callee::Model(layer) => Callee::Model(of_layer(layer, values)),
        Callee::Steps(inner) => Callee::Steps(Box::new(of_callee(inner, values))),
        Callee::Bound(_) => callee.clone(),
        Callee::Function { name, arguments } => Callee::Function {
            name: name.clone(),
            arguments: arguments.iter().map(|value| of_value(value, values)).collect(),
        },
    }
}

fn of_layer(layer: &Layer, values: &Values) -> Layer {
    let name = of_text(&layer.name, values);
    Layer { args: layer.args.iter().map(|arg| of_arg(arg, values)).collect(), name, ..layer.clone() }
}

fn of_arg(arg: &Arg, values: &Values) -> Arg {
    Arg { name: arg.name.clone(), value: of_value(&arg.value, values) }
}

fn of_value(value: &Value, values: &Values) -> Value {
    let kind = match &value.kind {
        ValueKind::Ident { text, .. } => match values.iter().find(|(name, _)| name == text) {
            Some((_, given)) => return given.clone(),
            None => return value.clone(),
        },
        ValueKind::Str(text) => ValueKind::Str(of_text(text, values)),
        ValueKind::List(items) => ValueKind::List(items.iter().map(|it| of_value(it, values)).collect()),
        ValueKind::Call { name, name_loc, args } => ValueKind::Call {
            name: name.clone(),
            name_loc: *name_loc,
            args: args.iter().map(|arg| of_arg(arg, values)).collect(),
        },
        _ => return value.clone(),
    };
    Value { kind, loc: value.loc }
}

/// `"{name}_conv"`
fn of_text(text: &str, values: &Values) -> String {
    let mut text = text.to_owned();
    for (name, value) in values {
        let shown = match &value.kind {
            ValueKind::Str(text) => text.clone(),
            ValueKind::Int(n) => n.to_string(),
            _ => continue,
        };
        text = text.replace(&format!("{{{name}}}"), &shown);
    }
    text
}
