//! The calls of a model in the order in which they are written.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use mimo_graph::names::snake_case;

use crate::error::Error;
use crate::keras::config::{Model, Tensor};
use crate::source::{self, Block, Expr, Statement};

/// A call: its layer and its number among the calls of the layer.
type Called = (usize, usize);

/// The calls that some output needs, each after those whose outputs it reads, and otherwise in Keras's order. Layers with automatic names
/// (`conv2d`, `conv2d_1`) are called in the order of their numbers if that is possible, because Keras counts them as they are made: so few layers
/// need their names written, and repeated blocks look alike. (Keras sorts a configuration by distance from the outputs.)
pub fn order(model: &Model) -> Result<Vec<(usize, usize)>, Error> {
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for (layer, at) in model.layers.iter().zip(0..) {
        if places.insert(&layer.name, at).is_some() {
            return Err(Error::new(format!("two layers are called `{}`", layer.name))
                .within(format!("model `{}`", model.name)));
        }
    }
    let of_tensor = |tensor: &Tensor| -> Result<(usize, usize), Error> {
        let at = places.get(tensor.layer.as_str()).copied();
        let layer = at.and_then(|at| Some((at, model.layers.get(at)?)));
        match layer {
            Some((at, layer)) if layer.class == "InputLayer" || tensor.call < layer.calls.len() => {
                Ok((at, tensor.call))
            }
            Some(_) => {
                Err(Error::new(format!("there is no call {} of the layer `{}`", tensor.call, tensor.layer)))
            }
            None => Err(Error::new(format!("there is no layer `{}`", tensor.layer))),
        }
    };
    let reads = |(layer, call): (usize, usize)| -> Result<Vec<(usize, usize)>, Error> {
        let Some(layer) = model.layers.get(layer) else { return Ok(vec![]) };
        let Some(call) = layer.calls.get(call) else { return Ok(vec![]) };
        let of_layer = |error: Error| error.within(format!("layer `{}`", layer.name));
        call.tensors().into_iter().map(|tensor| of_tensor(tensor).map_err(of_layer)).collect()
    };
    let mut needed: BTreeMap<(usize, usize), Vec<(usize, usize)>> = BTreeMap::new();
    let ends = model.outputs.iter().map(|output| of_tensor(&output.tensor));
    let mut open = ends.collect::<Result<Vec<_>, _>>().map_err(|error| error.within("output_layers"))?;
    while let Some(call) = open.pop() {
        if needed.contains_key(&call) {
            continue;
        }
        let read = reads(call)?;
        open.extend(&read);
        needed.insert(call, read);
    }
    let mut counted = needed.clone();
    for [before, after] in counted_pairs(model, &needed) {
        counted.entry(after).or_default().push(before);
    }
    // A model with names of another origin may have circles among them.
    let order = match sorted(&counted) {
        order if order.len() == needed.len() => order,
        _ => sorted(&needed),
    };
    let ordered: BTreeSet<_> = order.iter().collect();
    match needed.keys().find(|call| !ordered.contains(call)) {
        Some(&(layer, _)) => {
            let name = model.layers.get(layer).map_or("", |layer| layer.name.as_str());
            Err(Error::new(format!("the layer `{name}` reads its own output"))
                .within(format!("model `{}`", model.name)))
        }
        None => Ok(order),
    }
}

/// Calls after those that they read, the first of those that may come next first. Calls on a circle are left out.
fn sorted(needed: &BTreeMap<Called, Vec<Called>>) -> Vec<Called> {
    let mut waiting: BTreeMap<Called, usize> = BTreeMap::new();
    let mut readers: BTreeMap<Called, Vec<Called>> = BTreeMap::new();
    let mut ready = BinaryHeap::new();
    for (&call, read) in needed {
        let read: BTreeSet<_> = read.iter().copied().collect();
        waiting.insert(call, read.len());
        if read.is_empty() {
            ready.push(Reverse(call));
        }
        for before in read {
            readers.entry(before).or_default().push(call);
        }
    }
    let mut order = Vec::new();
    while let Some(Reverse(call)) = ready.pop() {
        order.push(call);
        for reader in readers.get(&call).into_iter().flatten() {
            if let Some(left) = waiting.get_mut(reader) {
                *left = left.saturating_sub(1);
                if *left == 0 {
                    ready.push(Reverse(*reader));
                }
            }
        }
    }
    order
}

/// First calls of layers whose automatic names follow each other: `conv2d` and `conv2d_1`.
fn counted_pairs(model: &Model, needed: &BTreeMap<Called, Vec<Called>>) -> Vec<[Called; 2]> {
    let mut numbered: BTreeMap<String, Vec<(u64, Called)>> = BTreeMap::new();
    for &(at, call) in needed.keys().filter(|(_, call)| *call == 0) {
        let Some(layer) = model.layers.get(at).filter(|layer| layer.class != "InputLayer") else { continue };
        let base = snake_case(&layer.class);
        let number = match layer.name.strip_prefix(&base) {
            Some("") => Some(0),
            Some(rest) => rest.strip_prefix('_').and_then(|number| number.parse().ok()),
            None => None,
        };
        if let Some(number) = number {
            numbered.entry(base).or_default().push((number, (at, call)));
        }
    }
    let pairs = numbered.into_values().flat_map(|mut calls| {
        calls.sort_unstable();
        calls.windows(2).map(|pair| [pair[0].1, pair[1].1]).collect::<Vec<_>>()
    });
    pairs.collect()
}

/// Removes operations whose tensors nothing reads: masks that layers find by themselves.
pub fn prune(block: &mut Block) {
    loop {
        let mut read: BTreeSet<String> = block.outputs.iter().map(|port| port.binding.clone()).collect();
        for statement in &block.statements {
            if let Statement::Let(bound) = statement {
                source::blocks::names_of(&bound.value, &mut |name| {
                    read.insert(name.to_owned());
                });
            }
        }
        let before = block.statements.len();
        block.statements.retain(|statement| match statement {
            Statement::Let(bound) => match &bound.value {
                Expr::Operation { .. } | Expr::Binary(..) | Expr::Negative(_) | Expr::Index(..) => {
                    bound.bindings.iter().any(|name| read.contains(name))
                }
                _ => true,
            },
            _ => true,
        });
        if block.statements.len() == before {
            return;
        }
    }
}
