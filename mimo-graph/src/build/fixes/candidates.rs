//! Candidates for fixes of a call, the likeliest first. All of them are tried, so they need not fit.

use super::candidate::{Call, Candidate, Known, Patch, Shows};
use crate::context::Cx;
use crate::diag::{Diags, Loc};
use crate::dim::Dim;
use crate::graph::{Graph, LayerId, TensorId};
use crate::layers::change::{Change, Settings};
use crate::layers::flatten::Flatten;
use crate::layers::global_pooling::GlobalPooling;
use crate::layers::layer::{Effect, Reads};
use crate::layers::pooling::PoolKind;
use crate::layers::repeat_vector::RepeatVector;
use crate::layers::reshape::Reshape;
use crate::layers::time_distributed::TimeDistributed;
use crate::layers::{LayerKind, construct};
use crate::shape::{Dtype, Shape};
use crate::trail::{call_of, shown_name, step};
use crate::value::{Arg, Value, ValueKind};

/// Number of calls before an operand that are changed to fix a call.
const BEFORE: usize = 4;

/// A change of a layer that was called earlier.
pub(super) struct Earlier {
    pub(super) layer: LayerId,
    /// The layer after the change.
    pub(super) kind: LayerKind,
    pub(super) change: Change,
    /// The output of the call.
    pub(super) output: TensorId,
}

/// Changes of the calls that compute a tensor, the last call first: those that might output one of the shapes
/// `wanted`, as long as no later call changes it.
pub(super) fn before(graph: &Graph, tensor: TensorId, wanted: &[Shape]) -> Vec<Earlier> {
    let mut changes = Vec::new();
    let mut at = tensor;
    for _ in 0..BEFORE {
        let Some((layer, inputs)) = call_of(graph, at) else { break };
        let shapes: Option<Vec<&Shape>> =
            inputs.iter().map(|&input| graph.tensor(input).shape.as_ref()).collect();
        let Some(shapes) = shapes else { break };
        let kind = &graph.layer(layer).kind;
        let same = graph.tensor(at).shape == graph.tensor(tensor).shape;
        let mut made: Vec<_> =
            wanted.iter().filter(|_| same).flat_map(|wanted| kind.changes(&shapes, Some(wanted))).collect();
        made.extend(kind.changes(&shapes, None));
        changes.extend(made.into_iter().map(|(kind, change)| Earlier { layer, kind, change, output: at }));
        let Some(input) = step(graph, layer, inputs) else { break };
        at = input;
    }
    changes
}

/// Candidates for fixes of a call, the likeliest first.
pub(super) fn candidates(known: Known<'_>, call: Call<'_>, tensors: &[(Shape, Dtype)]) -> Vec<Candidate> {
    let graph = known.graph;
    let kind = &graph.layer(call.layer).kind;
    let shapes: Vec<&Shape> = tensors.iter().map(|(shape, _)| shape).collect();
    let mut found = Vec::new();
    // Another setting of the layer itself, unless it is part of another, or another class. A class for tensors of
    // fewer axes is less likely than a tensor that lacks one.
    let is_part = graph.layer(call.layer).whole.is_some();
    let mut lesser = Vec::new();
    if !is_part && call.like.is_none() {
        for (changed, change) in kind.changes(&shapes, None) {
            let (text, shows) = match change {
                Change::Layer(_, Settings::Shape(_)) => (format!("write `{change}`"), Shows::Nothing),
                _ => (format!("write `{change}`, which outputs"), Shows::Given),
            };
            let unlikely = is_unlikely(&change);
            let fewer =
                changed.class_name() != kind.class_name() && shapes.iter().all(|shape| shape.rank() < 3);
            let patches = vec![Patch::Layer(call.layer, changed)];
            let candidate = Candidate { patches, unlikely, text, shows };
            if fewer { lesser.push(candidate) } else { found.push(candidate) }
        }
    }
    if let LayerKind::TimeDistributed(wrapper) = kind {
        let text = format!("call the layer itself: write `{}(…)`, which outputs", wrapper.layer.class_name());
        let patches = vec![Patch::Layer(call.layer, (*wrapper.layer).clone())];
        found.push(Candidate { patches, unlikely: false, text, shows: Shows::Given });
    }
    // The wrong operand is most likely the one that the error points to: one of the last.
    for (place, input) in call.inputs.iter().map(|input| input.tensor).enumerate().rev() {
        found.extend(declared(graph, input));
        let wanted = wanted(kind, call, graph, place, tensors);
        found.extend(before(graph, input, &wanted).into_iter().map(|earlier| {
            let Earlier { layer, kind, change, output } = earlier;
            let class = graph.layer(layer).kind.setting_class();
            let mut text = match (change.is_setting(), graph.tensor(output).bindings.last()) {
                (false, _) => format!("write `{change}` instead of the `{class}`"),
                (true, Some(name)) => format!("write `{change}` in the `{class}` that outputs `{name}`"),
                (true, None) => format!("write `{change}` in that `{class}`"),
            };
            text += ", which makes it";
            let patches = vec![Patch::Layer(layer, kind)];
            Candidate { patches, unlikely: is_unlikely(&change), text, shows: Shows::Tensor(output) }
        }));
    }
    // A mask of another shape may fit and mean something else.
    let values = call.inputs.iter().enumerate().filter(|(_, input)| !input.role.ends_with("mask"));
    for (place, input) in values.map(|(place, input)| (place, input.tensor)).rev() {
        found.extend(between(graph, input, place, tensors, kind));
    }
    found.append(&mut lesser);
    if tensors.len() == 1 && matches!(kind.reads(), Reads::Channels | Reads::Sequence) {
        let each = LayerKind::TimeDistributed(TimeDistributed { layer: Box::new(kind.clone()), name: None });
        let text = format!("write `TimeDistributed({}(…))`, which outputs", kind.class_name());
        let patches = vec![Patch::Layer(call.layer, each)];
        found.push(Candidate { patches, unlikely: false, text, shows: Shows::Given });
    }
    found.sort_by_key(|candidate| candidate.unlikely);
    found
}

/// Whether a change is rarely wanted: a user who writes `same` means it.
fn is_unlikely(change: &Change) -> bool {
    matches!(change, Change::PaddingValid)
}

/// Shapes that an operand might need: those of the others, unchanged and with its own last axis.
fn wanted(
    kind: &LayerKind,
    call: Call<'_>,
    graph: &Graph,
    place: usize,
    tensors: &[(Shape, Dtype)],
) -> Vec<Shape> {
    if let (Some(state), true) = (kind.state_shape(), place >= kind.arity().1) {
        return vec![state];
    }
    let own = tensors.get(place).and_then(|(shape, _)| shape.last());
    let like = call.like.and_then(|first| graph.tensor(first).shape.as_ref());
    let others =
        tensors.iter().enumerate().filter(|(i, _)| *i != place).map(|(_, (shape, _))| shape).chain(like);
    let mut wanted: Vec<Shape> = Vec::new();
    for shape in others {
        wanted.push(shape.clone());
        let mut mixed = shape.clone();
        if let (Some(last), Some(own)) = (mixed.0.last_mut(), own) {
            *last = own.clone();
        }
        wanted.push(mixed);
    }
    wanted.dedup();
    wanted
}

/// Another `dtype` for the input that an operand is or comes from.
fn declared(graph: &Graph, input: TensorId) -> Option<Candidate> {
    let mut source = input;
    while let Some((layer, inputs)) = call_of(graph, source) {
        match step(graph, layer, inputs) {
            Some(before) => source = before,
            None => return None,
        }
    }
    if !graph.sources.contains(&source) {
        return None;
    }
    let name = shown_name(graph, source);
    let (dtype, text) = match graph.tensor(source).dtype {
        Dtype::Int => (Dtype::Float, format!("leave `dtype = \"int32\"` out at the `Input` of `{name}`")),
        Dtype::Float => (Dtype::Int, format!("write `dtype = \"int32\"` at the `Input` of `{name}`")),
    };
    // Most tensors hold floats.
    let unlikely = dtype == Dtype::Int;
    Some(Candidate { patches: vec![Patch::Input(source, dtype)], unlikely, text, shows: Shows::Nothing })
}

/// Layers that might be inserted between an operand and the call.
fn between(
    graph: &Graph,
    input: TensorId,
    place: usize,
    tensors: &[(Shape, Dtype)],
    called: &LayerKind,
) -> Vec<Candidate> {
    let Some((shape, dtype)) = tensors.get(place) else { return vec![] };
    // If the layer names axes, its settings are changed and not the tensor.
    if called.reads() == Reads::NamedAxes {
        return vec![];
    }
    let name = shown_name(graph, input);
    let mut found = Vec::new();
    let mut add = |kind: LayerKind, written: String, shows: Shows, when: &str| {
        let makes = if matches!(shows, Shows::Nothing) { "" } else { ", which makes it" };
        let text = format!("call `{written}` on `{name}` first{when}{makes}");
        found.push(Candidate { patches: vec![Patch::Between(place, kind)], unlikely: false, text, shows });
    };
    let consts = &graph.consts;
    let reshape = |dims: Vec<Dim>| {
        let shown = Shape(dims.clone());
        let written = format!("Reshape({})", shown.display(consts));
        (LayerKind::Reshape(Reshape { target_shape: dims.into_iter().map(Some).collect() }), written)
    };
    let others = || tensors.iter().enumerate().filter(|(i, _)| *i != place).map(|(_, (shape, _))| shape);
    let one = || Dim::Known(1);
    if *dtype == Dtype::Int
        && let Some(embedding) = embedding()
    {
        add(embedding, WORDS.into(), Shows::Nothing, " if it holds word ids");
    }
    match &shape.0[..] {
        [] => {
            let (kind, written) = reshape(vec![one()]);
            add(kind, written, Shows::Nothing, "");
        }
        [n] => {
            let (kind, written) = reshape(vec![n.clone(), one()]);
            let when = match called.reads() {
                Reads::Sequence | Reads::Steps => " if it is one number per step",
                Reads::Channels => ": one channel",
                Reads::Any | Reads::Broadcast | Reads::NamedAxes => "",
            };
            add(kind, written, Shows::Nothing, when);
            for (side, channels) in n.known().into_iter().flat_map(square) {
                let (kind, written) = reshape([side, side, channels].map(Dim::Known).to_vec());
                add(kind, written, Shows::Nothing, " if it is an image");
            }
            for steps in others().filter(|other| other.rank() == 2).filter_map(|other| other.0.first()) {
                let kind = LayerKind::RepeatVector(RepeatVector { n: steps.clone() });
                let written = format!("RepeatVector({})", steps.display(consts));
                add(kind, written, Shows::Operand(place), "");
            }
        }
        [rows, columns] => {
            let (kind, written) = reshape(vec![rows.clone(), columns.clone(), one()]);
            add(
                kind,
                written,
                Shows::Nothing,
                if called.reads() == Reads::Channels { ": one channel" } else { "" },
            );
        }
        [first, rest @ ..] => {
            let (kind, written) = reshape(vec![first.clone(), Shape(rest.to_vec()).elements()]);
            add(kind, written, Shows::Nothing, "");
        }
    }
    // `Flatten` outputs one axis.
    for other in others().filter(|other| other.rank() != shape.rank() && other.rank() > 1) {
        let (kind, written) = reshape(other.0.clone());
        add(kind, written, Shows::Nothing, "");
    }
    add(LayerKind::Flatten(Flatten), "Flatten()".into(), Shows::Operand(place), "");
    if let axes @ 1..=2 = shape.rank().saturating_sub(1) {
        let pooling = GlobalPooling { kind: PoolKind::Average, axes, keepdims: false };
        let written = format!("GlobalAveragePooling{axes}D()");
        add(LayerKind::GlobalPooling(pooling), written, Shows::Operand(place), "");
    }
    // Floats of an input vector may be word ids, if they are declared so.
    let reads_words =
        called.effect() == Effect::Learned && matches!(called.reads(), Reads::Sequence | Reads::Channels);
    if let ([_], Dtype::Float, true, Some(embedding)) =
        (&shape.0[..], dtype, reads_words && graph.sources.contains(&input), embedding())
    {
        let text = format!(
            "call `{WORDS}` on `{name}` first if it holds word ids, with `dtype = \"int32\"` at its `Input`"
        );
        let patches = vec![Patch::Input(input, Dtype::Int), Patch::Between(place, embedding)];
        let words = Candidate { patches, unlikely: false, text, shows: Shows::Nothing };
        found.insert(1.min(found.len()), words);
    }
    found
}

/// A suggested `Embedding`: only the user knows the size of the vocabulary.
const WORDS: &str = "Embedding(vocabulary, 64)";

fn embedding() -> Option<LayerKind> {
    let nowhere = Loc(0);
    let number = |n| Arg { name: None, value: Value { kind: ValueKind::Int(n), loc: nowhere } };
    let (mut diags, mut checks) = (Diags::new(), Vec::new());
    let mut cx = Cx { consts: &[], diags: &mut diags, checks: &mut checks };
    Some(construct("Embedding", nowhere, &[number(1000), number(64)], nowhere, &mut cx)?.kind)
}

/// Sides and channels of square images with this number of values, in greyscale and in colour.
fn square(values: usize) -> impl Iterator<Item = (usize, usize)> {
    [1, 3].into_iter().filter_map(move |channels| {
        let side = (values / channels).isqrt();
        // Smaller ones are squares by chance.
        (side >= 8 && side * side * channels == values).then_some((side, channels))
    })
}
