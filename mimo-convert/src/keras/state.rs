//! A model of Keras while its source is made: names of tensors and layers, and what is evaluated so far.

use std::collections::{BTreeMap, BTreeSet};

use mimo_graph::value::{Value, ValueKind};
use serde_json::Value as Json;

use crate::keras::config::{self, Layer, Model, Tensor};
use crate::source::evaluate::Evaluator;
use crate::source::names::Taken;
use crate::source::{Block, Expr, Statement};

/// A model while its statements are made.
#[derive(Debug)]
pub struct State {
    /// What was made so far, evaluated.
    pub evaluator: Evaluator,
    /// The block.
    pub block: Block,
    /// The names of tensors.
    pub bindings: BTreeMap<Tensor, String>,
    /// The names of shared layers.
    pub(super) layers: BTreeMap<String, String>,
    /// Names that are in use.
    pub taken: Taken,
    pub(super) nested: BTreeMap<String, String>,
    /// By layer: how many of its calls some output needs.
    pub(super) calls: BTreeMap<usize, usize>,
}

impl State {
    /// What is missing at a place; what to do about it is in the list at the end.
    pub(super) fn missing(&mut self, layer: &str, reason: &str) {
        self.comment(format!("`{layer}`: {}", reason.split("; ").next().unwrap_or(reason)));
    }

    pub(super) fn comment(&mut self, line: String) {
        match self.block.statements.last_mut() {
            Some(Statement::Comment(lines)) => lines.push(line),
            _ => self.block.statements.push(Statement::Comment(vec![line])),
        }
    }

    pub(super) fn place(&self) -> u32 {
        u32::try_from(self.block.statements.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn calls_of(&self, model: &Model, layer: &Layer) -> usize {
        let at = model.layers.iter().position(|other| other.name == layer.name);
        at.and_then(|at| self.calls.get(&at)).copied().unwrap_or_default()
    }

    /// A tensor of a call as an expression.
    pub fn name(&self, tensor: &Tensor) -> Result<Expr, String> {
        match self.bindings.get(tensor) {
            Some(name) => Ok(Expr::Name(name.clone())),
            None => Err(format!("output {} of `{}` does not exist in mimo", tensor.output, tensor.layer)),
        }
    }
}

/// Layers that change data while training, and pass them on otherwise.
pub(super) fn augments(class: &str) -> bool {
    class.starts_with("Random") || ["AugMix", "CutMix", "MixUp", "RandAugment"].contains(&class)
}

pub(super) fn settings_shown(layer: &Layer) -> String {
    let skipped = ["name", "trainable", "dtype", "seed"];
    let given = layer.config.iter().filter(|(key, json)| !skipped.contains(&key.as_str()) && !json.is_null());
    let shown = given.take(4).map(|(key, json)| format!("{key} = {}", crate::keras::settings::shown(json)));
    shown.collect::<Vec<_>>().join(", ")
}

/// Which outputs of a call are read by other calls, or are outputs of the model.
pub(super) fn read_outputs(model: &Model, of: &Tensor) -> BTreeSet<usize> {
    let read = model.layers.iter().flat_map(|layer| &layer.calls).flat_map(config::Call::tensors);
    let ends = model.outputs.iter().map(|output| &output.tensor);
    read.chain(ends).filter(|it| it.layer == of.layer && it.call == of.call).map(|it| it.output).collect()
}

/// Whether an input holds integers: Keras lets indices be floats, which mimo does not.
pub(super) fn is_whole(model: &Model, input: &Layer) -> bool {
    let dtype = input.config.get("dtype").and_then(Json::as_str).unwrap_or("float32");
    let reads = |layer: &&Layer| {
        let tensors = layer.calls.iter().flat_map(config::Call::tensors);
        tensors.into_iter().any(|tensor| tensor.layer == input.name)
    };
    let looks_up = |layer: &Layer| ["Embedding", "CategoryEncoding"].contains(&layer.class.as_str());
    dtype.starts_with("int") || model.layers.iter().filter(reads).any(looks_up)
}

/// An axis that is the last one is left out where that is the default.
pub(super) fn without_last_axis(
    item: &'static mimo_graph::item::Item,
    mut args: Vec<mimo_graph::value::Arg>,
    call: &config::Call,
    state: &State,
) -> Vec<mimo_graph::value::Arg> {
    let default = item.argument("axis").and_then(|axis| axis.default);
    let first = call.tensors().first().and_then(|tensor| state.bindings.get(*tensor));
    let rank = first.and_then(|name| state.evaluator.shape(name)).map(|shape| shape.len());
    if let (Some("-1"), Some(rank)) = (default, rank) {
        let last = |arg: &mimo_graph::value::Arg| {
            arg.name.as_ref().is_some_and(|(name, _)| name == "axis")
                && matches!(arg.value.kind, ValueKind::Int(n) if usize::try_from(n) == Ok(rank))
        };
        args.retain(|arg| !last(arg));
    }
    // Keras counts the batch.
    if let Some(rank) = rank {
        for arg in
            args.iter_mut().filter(|arg| arg.name.as_ref().is_some_and(|(name, _)| name == "noise_shape"))
        {
            if let ValueKind::List(items) = &mut arg.value.kind
                && items.len() == rank + 1
                && items.first().is_some_and(|first| first.kind == ValueKind::None)
            {
                items.remove(0);
            }
        }
    }
    // Keras stores the axes that attention has without them: all but the batch and the last one.
    if let Some(rank) = rank.and_then(|rank| i64::try_from(rank).ok()) {
        let all: Vec<i64> = (1..rank).collect();
        let number = |value: &Value| match value.kind {
            ValueKind::Int(n) => Some(n),
            _ => None,
        };
        let numbers = |value: &Value| match &value.kind {
            ValueKind::List(items) => items.iter().map(number).collect(),
            _ => number(value).map(|n| vec![n]),
        };
        args.retain(|arg| {
            arg.name.as_ref().is_none_or(|(name, _)| name != "attention_axes")
                || numbers(&arg.value).as_ref() != Some(&all)
        });
    }
    args
}
