//! Calls of layers: tensors by position, and what calls take by keyword.

use mimo_graph::diag::Loc;
use mimo_graph::graph::{MaskId, MaskSource};
use mimo_graph::language::call_argument;
use mimo_graph::value::{Value, ValueKind};
use serde_json::Value as Json;

use crate::keras::config::{self, Layer, Operand, Tensor};
use crate::keras::settings::shown;
use crate::keras::state::State;
use crate::source::{self, Callee, Expr};

/// An expression, and what it leaves out.
pub type Made = Result<(Expr, Vec<String>), String>;

/// The call of a layer.
pub fn call(layer: &Layer, callee: Callee, call: &config::Call, state: &mut State) -> Made {
    let (mut tensors, mut list, mut keywords, mut problems) = (vec![], false, vec![], vec![]);
    for operand in &call.args {
        match operand {
            Operand::Tensor(tensor) => tensors.push(state.name(tensor)?),
            Operand::List(items) => {
                list = tensors.is_empty() && call.args.len() == 1;
                for item in items {
                    match item {
                        Operand::Tensor(tensor) => tensors.push(state.name(tensor)?),
                        other => problems
                            .push(format!("the call has {}, which is not a tensor", of_operand(other))),
                    }
                }
            }
            Operand::Value(Json::Null) => {}
            other => problems.push(format!("the call has {}, which is not a tensor", of_operand(other))),
        }
    }
    let first = call.tensors().first().copied().cloned();
    for (key, operand) in &call.keywords {
        match (key.as_str(), operand) {
            (_, Operand::Value(Json::Null | Json::Bool(false))) if key != "training" => {}
            ("training", Operand::Value(Json::Bool(true))) => {
                problems.push("it is called with `training = True`, and mimo chooses by itself: training steps are training, predictions are not".into());
            }
            ("training", Operand::Value(Json::Bool(false))) if is_other_in_training(layer) => {
                problems.push("it is called with `training = False`, and mimo chooses by itself; with `trainable = false` a `BatchNormalization` keeps its moving averages".into());
            }
            ("training", _) => {}
            ("inputs" | "x" | "inputs_0", Operand::Tensor(tensor)) if tensors.is_empty() => {
                tensors.push(state.name(tensor)?);
            }
            ("mask", Operand::Tensor(tensor))
                if first.as_ref().is_some_and(|first| is_known_mask(first, tensor, state)) => {}
            // `Attention` has the masks of its tensors in one list, of which one may be missing.
            ("mask", Operand::List(items)) if items.contains(&Operand::Value(Json::Null)) => {
                for (key, operand) in ["query_mask", "value_mask"].into_iter().zip(items) {
                    if let Some(given) = given(operand, state)? {
                        keywords.push((key.to_owned(), given));
                    }
                }
            }
            (key, operand) if call_argument(key).is_some() => match given(operand, state)? {
                Some(given) => keywords.push((key.to_owned(), given)),
                None => problems.push(format!("the call has `{key}` = {}", of_operand(operand))),
            },
            (key, operand) => {
                problems.push(format!("calls in mimo have no `{key}`, which is {}", of_operand(operand)));
            }
        }
    }
    Ok((Expr::Call(Box::new(source::Call { callee, tensors, list, keywords })), problems))
}

fn given(operand: &Operand, state: &State) -> Result<Option<source::Operand>, String> {
    Ok(match operand {
        Operand::Tensor(tensor) => Some(source::Operand::Tensor(state.name(tensor)?)),
        Operand::List(items) => {
            let tensors = items.iter().filter_map(|item| match item {
                Operand::Tensor(tensor) => Some(state.name(tensor)),
                _ => None,
            });
            let tensors = tensors.collect::<Result<Vec<_>, _>>()?;
            match tensors.len() == items.len() {
                true => Some(source::Operand::Tensors(tensors)),
                false => None,
            }
        }
        Operand::Value(Json::Bool(on)) => {
            Some(source::Operand::Value(Value { kind: ValueKind::Bool(*on), loc: Loc(0) }))
        }
        _ => None,
    })
}

/// Whether a layer computes something else in training.
fn is_other_in_training(layer: &Layer) -> bool {
    let class = &layer.class;
    let frozen = layer.config.get("trainable") == Some(&Json::Bool(false));
    let nested = layer
        .model
        .as_ref()
        .is_some_and(|model| model.trainable && model.layers.iter().any(is_other_in_training));
    let drops = class.contains("Dropout") || class.starts_with("Gaussian");
    nested && !frozen || drops || class == "BatchNormalization" && !frozen
}

fn of_operand(operand: &Operand) -> String {
    match operand {
        Operand::Tensor(tensor) => format!("`{}`", tensor.layer),
        Operand::List(_) => "a list".into(),
        Operand::Slice(_) => "a slice".into(),
        Operand::Other(text) => text.clone(),
        Operand::Value(json) => shown(json),
    }
}

/// Whether a mask that a call is given is the one that mimo finds by itself: Keras 3 writes the masks of `Embedding` and `Masking` as
/// operations of the model.
fn is_known_mask(of: &Tensor, mask: &Tensor, state: &State) -> bool {
    let graph = state.evaluator.graph();
    let Some(tensor) = state.bindings.get(of).and_then(|name| state.evaluator.tensor(name)) else {
        return false;
    };
    let Some(known) = graph.tensor(tensor).mask else { return false };
    let Some(statement) = state.bindings.get(mask).and_then(|name| statement(name, state)) else {
        return false;
    };
    is_source(known, &statement, state, 0)
}

fn statement(name: &str, state: &State) -> Option<Expr> {
    state.block.statements.iter().rev().find_map(|statement| match statement {
        source::Statement::Let(bound) if bound.bindings.iter().any(|it| it == name) => {
            Some(bound.value.clone())
        }
        _ => None,
    })
}

/// Whether an expression computes a mask.
fn is_source(mask: MaskId, expr: &Expr, state: &State, depth: usize) -> bool {
    const DEPTH: usize = 32;
    if depth > DEPTH {
        return false;
    }
    let graph = state.evaluator.graph();
    let source = &graph.mask(mask).source;
    let differs = |left: &source::Operand, right: &source::Operand| {
        let source::Operand::Tensor(Expr::Name(name)) = left else { return None };
        let number = match right {
            source::Operand::Value(Value { kind: ValueKind::Int(n), .. }) => *n as f64,
            source::Operand::Value(Value { kind: ValueKind::Float(x), .. }) => *x,
            _ => return None,
        };
        Some((state.evaluator.tensor(name)?, number))
    };
    let named = |operand: &source::Operand| match operand {
        source::Operand::Tensor(Expr::Name(name)) => statement(name, state),
        source::Operand::Tensor(other) => Some(other.clone()),
        _ => None,
    };
    match expr {
        Expr::Name(name) => statement(name, state).is_some_and(|expr| is_source(mask, &expr, state, depth + 1)),
        Expr::Binary("!=", left, right) => match (source, differs(left, right)) {
            (MaskSource::NonZero(tensor), Some((of, number))) => *tensor == of && number == 0.0,
            _ => false,
        },
        Expr::Operation { word, arguments } if word == "any" => {
            let inner = arguments.first().and_then(|(_, operand)| named(operand));
            match (source, inner) {
                (MaskSource::Differs(tensor, value), Some(Expr::Binary("!=", left, right))) => {
                    differs(&left, &right).is_some_and(|(of, number)| *tensor == of && *value == number)
                }
                _ => false,
            }
        }
        Expr::Operation { word, arguments } if word == "logical_or" => match source {
            MaskSource::Any(masks) => arguments.iter().all(|(_, operand)| {
                let inner = named(operand);
                inner.is_some_and(|inner| masks.iter().any(|&mask| is_source(mask, &inner, state, depth + 1)))
                    || matches!(operand, source::Operand::Tensor(Expr::Operation { word, .. }) if word == "logical_or")
            }),
            _ => false,
        },
        _ => false,
    }
}
