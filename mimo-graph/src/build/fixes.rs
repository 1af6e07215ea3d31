//! What would make a call fit, or give a tensor the shape that is written for it. Nothing is offered that was not
//! tried: every candidate is a change of some facts, from which whatever depends on them is inferred anew by the
//! shape rules themselves.

use std::collections::BTreeMap;

use crate::context::{Cx, DimCheck};
use crate::diag::{Diags, Loc};
use crate::dim::Dim;
use crate::graph::{Dtype, Graph, LayerId, Node, TensorId};
use crate::layers::global_pooling::GlobalPooling;
use crate::layers::pooling::PoolKind;
use crate::layers::repeat_vector::RepeatVector;
use crate::layers::reshape::Reshape;
use crate::layers::time_distributed::TimeDistributed;
use crate::layers::{LayerKind, Operand, construct, flatten::Flatten};
use crate::shape::Shape;
use crate::trail::{call_of, shown_name, step};
use crate::value::{Arg, Value, ValueKind};

/// How many fixes are offered.
const OFFERED: usize = 2;

/// How many calls before an operand are changed to mend a call.
const BEFORE: usize = 4;

/// What is known besides the graph.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) graph: &'a Graph,
    /// What const evaluation finds out already.
    pub(super) checks: &'a [DimCheck],
    /// Shapes that the user wrote.
    pub(super) ascribed: &'a [(TensorId, Shape)],
}

/// A call that something is wrong with.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) layer: LayerId,
    pub(super) inputs: &'a [(TensorId, Loc)],
    pub(super) loc: Loc,
    /// The first call's operand, for a layer whose weights do not fit a later one.
    pub(super) like: Option<TensorId>,
}

/// A change of the facts.
enum Patch {
    /// A layer, made otherwise.
    Layer(LayerId, LayerKind),
    /// An input that holds something else.
    Input(TensorId, Dtype),
    /// A layer between the call and one of its operands.
    Between(usize, LayerKind),
}

/// Something to try, and what to say if it fits.
struct Candidate {
    patches: Vec<Patch>,
    /// Up to the shape that it makes.
    text: String,
    /// Whose shape is told.
    shows: Shows,
}

/// Which shape a text ends with.
enum Shows {
    Nothing,
    /// That of what the call gives.
    Given,
    /// That of a tensor, which the text leads to.
    Tensor(TensorId),
    /// That of an operand.
    Operand(usize),
}

/// The facts after some changes.
struct World<'a> {
    known: Known<'a>,
    kinds: BTreeMap<LayerId, LayerKind>,
    tensors: BTreeMap<TensorId, (Shape, Dtype)>,
}

/// What would make a call fit, the likeliest first.
pub(super) fn of_call(known: Known<'_>, call: Call<'_>) -> Vec<String> {
    let graph = known.graph;
    let tensors: Option<Vec<(Shape, Dtype)>> = call
        .inputs
        .iter()
        .map(|&(input, _)| graph.tensor(input).shape.clone().map(|shape| (shape, graph.tensor(input).dtype)))
        .collect();
    let Some(tensors) = tensors else { return Vec::new() };
    let mut offered: Vec<String> = Vec::new();
    for candidate in candidates(known, call, &tensors) {
        let Some((world, operands, given)) = tried(known, call, &candidate.patches) else { continue };
        let shape = match candidate.shows {
            Shows::Nothing => None,
            Shows::Given => given.first().map(|(shape, _)| shape),
            Shows::Operand(place) => operands.get(place).map(|(shape, _)| shape),
            Shows::Tensor(tensor) => world.tensor(tensor).map(|(shape, _)| shape),
        };
        let text = match shape {
            Some(shape) => format!("{} {}", candidate.text, shape.display(&graph.consts)),
            None => candidate.text,
        };
        if !offered.contains(&text) {
            offered.push(text);
        }
        if offered.len() == OFFERED {
            break;
        }
    }
    offered
}

/// What would give a tensor the shape that is written for it.
pub(super) fn of_shape(known: Known<'_>, tensor: TensorId, wanted: &Shape) -> Vec<String> {
    let graph = known.graph;
    let changes = before(graph, tensor, std::slice::from_ref(wanted)).into_iter();
    let fits = changes.filter_map(|(layer, kind, setting, _)| {
        let class = setting_class(&graph.layer(layer).kind);
        let mut world = World::new(known);
        world.change(layer, kind);
        let fits = world.replay() && world.tensor(tensor).is_some_and(|(shape, _)| shape == wanted);
        let text = match setting.contains(" = ") {
            true => format!("`{setting}` in `{class}`"),
            false => format!("`{setting}`"),
        };
        fits.then(|| format!("{text} would make it {}", wanted.display(&graph.consts)))
    });
    fits.take(1).collect()
}

/// The operands and what is given, if the call fits with these changes.
#[allow(clippy::type_complexity)]
fn tried<'a>(
    known: Known<'a>,
    call: Call<'_>,
    patches: &[Patch],
) -> Option<(World<'a>, Vec<(Shape, Dtype)>, Vec<(Shape, Dtype)>)> {
    let mut world = World::new(known);
    for patch in patches {
        match patch {
            Patch::Layer(layer, kind) => world.change(*layer, kind.clone()),
            Patch::Input(tensor, dtype) => {
                let shape = known.graph.tensor(*tensor).shape.clone()?;
                world.tensors.insert(*tensor, (shape, *dtype));
            }
            Patch::Between(..) => {}
        }
    }
    if !world.replay() {
        return None;
    }
    let operands = call
        .inputs
        .iter()
        .map(|&(input, _)| world.tensor(input).map(|(shape, dtype)| (shape.clone(), dtype)));
    let mut operands = operands.collect::<Option<Vec<_>>>()?;
    for patch in patches {
        if let Patch::Between(place, kind) = patch {
            let operand = operands.get_mut(*place)?;
            *operand = world.infer(kind, std::slice::from_ref(operand), call.loc)?.into_iter().next()?;
        }
    }
    let given = world.infer(world.kind(call.layer), &operands, call.loc)?;
    // Almost any tensor can be repeated along axes of 1: nobody means that who has to be helped.
    let broadcast = || operands.windows(2).any(|pair| pair[0].0 != pair[1].0);
    if matches!(world.kind(call.layer), LayerKind::Merge(_)) && broadcast() {
        return None;
    }
    // What earlier calls of the layer made has to serve this one too.
    let made = known.graph.calls_of(call.layer).find(|node| world.is_sound(node));
    if let Some(made) = made {
        let shapes: Vec<&Shape> = operands.iter().map(|(shape, _)| shape).collect();
        let (made, needed) = (world.weights(made)?, world.kind(call.layer).weights(&shapes));
        let same = made.iter().zip(&needed).all(|(made, needed)| made.shape == needed.shape);
        if !same {
            return None;
        }
    }
    Some((world, operands, given))
}

impl<'a> World<'a> {
    fn new(known: Known<'a>) -> Self {
        World { known, kinds: BTreeMap::new(), tensors: BTreeMap::new() }
    }

    /// Makes a layer, and its parts, otherwise.
    fn change(&mut self, layer: LayerId, kind: LayerKind) {
        let parts = kind.parts().into_iter().map(|part| part.kind);
        self.kinds.extend(self.known.graph.layer(layer).parts.iter().copied().zip(parts));
        self.kinds.insert(layer, kind);
    }

    fn kind(&self, layer: LayerId) -> &LayerKind {
        self.kinds.get(&layer).unwrap_or(&self.known.graph.layer(layer).kind)
    }

    fn tensor(&self, tensor: TensorId) -> Option<(&Shape, Dtype)> {
        let entry = self.known.graph.tensor(tensor);
        match self.tensors.get(&tensor) {
            Some((shape, dtype)) => Some((shape, *dtype)),
            None => entry.shape.as_ref().map(|shape| (shape, entry.dtype)),
        }
    }

    /// Whether nothing was wrong with a call.
    fn is_sound(&self, node: &Node) -> bool {
        node.outputs.iter().all(|&output| self.known.graph.tensor(output).shape.is_some())
    }

    /// What a layer gives, if nothing is wrong with the call and nothing is left to const evaluation that was not
    /// before.
    fn infer(&self, kind: &LayerKind, operands: &[(Shape, Dtype)], loc: Loc) -> Option<Vec<(Shape, Dtype)>> {
        let (mut diags, mut checks) = (Diags::new(), Vec::new());
        let mut cx = Cx { consts: &self.known.graph.consts, diags: &mut diags, checks: &mut checks };
        let operands: Vec<_> =
            operands.iter().map(|(shape, dtype)| Operand { name: "x", shape, dtype: *dtype, loc }).collect();
        let given = kind.infer(&operands, loc, &mut cx)?;
        let asked = |check: &DimCheck| {
            let DimCheck { found, relation, wanted, .. } = check;
            let same = |it: &DimCheck| it.found == *found && it.relation == *relation && it.wanted == *wanted;
            self.known.checks.iter().any(same)
        };
        (!diags.has_errors() && checks.iter().all(asked)).then_some(given)
    }

    /// Infers anew what depends on the changes. Gives whether all of that still fits.
    fn replay(&mut self) -> bool {
        let graph = self.known.graph;
        let mut touched = Vec::new();
        for node in graph
            .nodes
            .iter()
            .filter(|node| node.outputs.iter().all(|&output| graph.tensor(output).shape.is_some()))
        {
            let reads = node.inputs.iter().any(|input| self.tensors.contains_key(input));
            if !reads && !self.kinds.contains_key(&node.layer) {
                continue;
            }
            let operands: Option<Vec<_>> = node
                .inputs
                .iter()
                .map(|&input| self.tensor(input).map(|(shape, dtype)| (shape.clone(), dtype)))
                .collect();
            let given = operands.and_then(|operands| self.infer(self.kind(node.layer), &operands, node.loc));
            let Some(given) = given.filter(|given| given.len() == node.outputs.len()) else { return false };
            self.tensors.extend(node.outputs.iter().copied().zip(given));
            touched.push(node.layer);
        }
        let written = |(tensor, shape): &(TensorId, Shape)| {
            self.tensors.get(tensor).is_none_or(|(changed, _)| changed == shape)
        };
        self.known.ascribed.iter().all(written) && touched.into_iter().all(|layer| self.shares(layer))
    }

    /// The weights that a call needs.
    fn weights(&self, node: &Node) -> Option<Vec<crate::layers::Weight>> {
        let shapes = node.inputs.iter().map(|&input| self.tensor(input).map(|(shape, _)| shape));
        Some(self.kind(node.layer).weights(&shapes.collect::<Option<Vec<_>>>()?))
    }

    /// Whether all calls of a layer need the same weights.
    fn shares(&self, layer: LayerId) -> bool {
        let mut calls = self.known.graph.calls_of(layer).filter(|node| self.is_sound(node));
        let first = calls.next().and_then(|node| self.weights(node));
        calls.all(|node| self.weights(node) == first)
    }
}

/// The class in whose settings a layer's shape is written.
fn setting_class(kind: &LayerKind) -> &'static str {
    match kind.core().0 {
        LayerKind::Bidirectional(layer) => layer.forward().cell.class(),
        core => core.class_name(),
    }
}

/// Changes of the calls that a tensor came about by, the last first, each with what it gives: those that might give
/// one of the shapes `wanted`, as long as nothing after them changes it.
fn before(graph: &Graph, tensor: TensorId, wanted: &[Shape]) -> Vec<(LayerId, LayerKind, String, TensorId)> {
    let mut changes = Vec::new();
    let mut at = tensor;
    for _ in 0..BEFORE {
        let Some((kind, inputs)) = call_of(graph, at) else { break };
        let shapes: Option<Vec<&Shape>> =
            inputs.iter().map(|&input| graph.tensor(input).shape.as_ref()).collect();
        let (Some(shapes), Some(layer)) =
            (shapes, graph.layers.iter().position(|layer| std::ptr::eq(&layer.kind, kind)))
        else {
            break;
        };
        let Ok(layer) = u32::try_from(layer) else { break };
        let same = graph.tensor(at).shape == graph.tensor(tensor).shape;
        let mut made: Vec<_> =
            wanted.iter().filter(|_| same).flat_map(|wanted| kind.changes(&shapes, Some(wanted))).collect();
        made.extend(kind.changes(&shapes, None));
        changes.extend(made.into_iter().map(|(kind, setting)| (LayerId(layer), kind, setting, at)));
        let Some(input) = step(kind, inputs) else { break };
        at = input;
    }
    changes
}

/// What may mend a call, the likeliest first.
fn candidates(known: Known<'_>, call: Call<'_>, tensors: &[(Shape, Dtype)]) -> Vec<Candidate> {
    let graph = known.graph;
    let kind = &graph.layer(call.layer).kind;
    let shapes: Vec<&Shape> = tensors.iter().map(|(shape, _)| shape).collect();
    let mut found = Vec::new();
    // Another setting of the layer itself, as long as it is no part of another, or another class. A class for tensors
    // of fewer axes is less likely than a tensor that lacks one.
    let is_part = graph.layers.iter().any(|layer| layer.parts.contains(&call.layer));
    let mut lesser = Vec::new();
    if !is_part && call.like.is_none() {
        for (changed, setting) in kind.changes(&shapes, None) {
            let (text, shows) = match changed {
                LayerKind::Reshape(_) => (format!("write `{setting}`"), Shows::Nothing),
                _ => (format!("write `{setting}`, which gives"), Shows::Given),
            };
            let fewer =
                changed.class_name() != kind.class_name() && shapes.iter().all(|shape| shape.rank() < 3);
            let candidate = Candidate { patches: vec![Patch::Layer(call.layer, changed)], text, shows };
            if fewer { lesser.push(candidate) } else { found.push(candidate) }
        }
    }
    if let LayerKind::TimeDistributed(wrapper) = kind {
        let text = format!("call the layer itself: write `{}(…)`, which gives", wrapper.layer.class_name());
        let patches = vec![Patch::Layer(call.layer, (*wrapper.layer).clone())];
        found.push(Candidate { patches, text, shows: Shows::Given });
    }
    // What is wrong is most likely the operand at the place of the error: the last ones are told there.
    for (place, &(input, _)) in call.inputs.iter().enumerate().rev() {
        found.extend(declared(graph, input));
        let wanted = wanted(kind, call, graph, place, tensors);
        found.extend(before(graph, input, &wanted).into_iter().map(|(layer, kind, setting, at)| {
            let entry = graph.tensor(at);
            let class = setting_class(&graph.layer(layer).kind);
            let mut text = match (setting.contains(" = "), entry.bindings.last()) {
                (false, _) => format!("write `{setting}` instead of the `{class}`"),
                (true, Some(name)) => format!("write `{setting}` in the `{class}` that gives `{name}`"),
                (true, None) => format!("write `{setting}` in that `{class}`"),
            };
            text += ", which makes it";
            Candidate { patches: vec![Patch::Layer(layer, kind)], text, shows: Shows::Tensor(at) }
        }));
    }
    for (place, &(input, _)) in call.inputs.iter().enumerate().rev() {
        found.extend(between(graph, input, place, tensors, kind));
    }
    found.append(&mut lesser);
    if tensors.len() == 1 && (slides(kind) || matches!(kind, LayerKind::Recurrent(_))) {
        let each = LayerKind::TimeDistributed(TimeDistributed { layer: Box::new(kind.clone()) });
        let text = format!("write `TimeDistributed({}(…))`, which gives", kind.class_name());
        let patches = vec![Patch::Layer(call.layer, each)];
        found.push(Candidate { patches, text, shows: Shows::Given });
    }
    // Who writes `same` means it.
    found.sort_by_key(|candidate| candidate.text.contains("`padding = valid`"));
    found
}

/// Shapes that might be wanted of an operand: those of the others, as they are and with its own last axis.
fn wanted(
    kind: &LayerKind,
    call: Call<'_>,
    graph: &Graph,
    place: usize,
    tensors: &[(Shape, Dtype)],
) -> Vec<Shape> {
    if let (LayerKind::Recurrent(layer), true) = (kind, place > 0) {
        return vec![Shape(vec![layer.units.clone()])];
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

/// Another `dtype` of the input that an operand is or comes from.
fn declared(graph: &Graph, input: TensorId) -> Option<Candidate> {
    let mut source = input;
    while let Some((kind, inputs)) = call_of(graph, source) {
        match step(kind, inputs) {
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
    Some(Candidate { patches: vec![Patch::Input(source, dtype)], text, shows: Shows::Nothing })
}

/// Layers that might stand between an operand and the call.
fn between(
    graph: &Graph,
    input: TensorId,
    place: usize,
    tensors: &[(Shape, Dtype)],
    called: &LayerKind,
) -> Vec<Candidate> {
    let Some((shape, dtype)) = tensors.get(place) else { return vec![] };
    let name = shown_name(graph, input);
    let mut found = Vec::new();
    let mut add = |kind: LayerKind, written: String, shows: Shows, when: &str| {
        let makes = if matches!(shows, Shows::Nothing) { "" } else { ", which makes it" };
        let text = format!("call `{written}` on `{name}` first{when}{makes}");
        found.push(Candidate { patches: vec![Patch::Between(place, kind)], text, shows });
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
    let slides = slides(called);
    match &shape.0[..] {
        [] => {
            let (kind, written) = reshape(vec![one()]);
            add(kind, written, Shows::Nothing, "");
        }
        [n] => {
            let (kind, written) = reshape(vec![n.clone(), one()]);
            let when = match called {
                LayerKind::Recurrent(_) | LayerKind::TimeDistributed(_) => " if it is one number per step",
                _ if slides => ": one channel",
                _ => "",
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
            add(kind, written, Shows::Nothing, if slides { ": one channel" } else { "" });
        }
        [first, rest @ ..] => {
            let (kind, written) = reshape(vec![first.clone(), Shape(rest.to_vec()).elements()]);
            add(kind, written, Shows::Nothing, "");
        }
    }
    for other in others().filter(|other| other.rank() != shape.rank()) {
        let (kind, written) = reshape(other.0.clone());
        add(kind, written, Shows::Nothing, "");
    }
    add(LayerKind::Flatten(Flatten), "Flatten()".into(), Shows::Operand(place), "");
    if let axes @ 1..=2 = shape.rank().saturating_sub(1) {
        let pooling = GlobalPooling { kind: PoolKind::Average, axes, keepdims: false };
        let written = format!("GlobalAveragePooling{axes}D()");
        add(LayerKind::GlobalPooling(pooling), written, Shows::Operand(place), "");
    }
    // Floats of a vector that the user gives may be word ids, if they are declared so.
    let reads_words = matches!(called, LayerKind::Recurrent(_) | LayerKind::Conv(_));
    if let ([_], Dtype::Float, true, Some(embedding)) =
        (&shape.0[..], dtype, reads_words && graph.sources.contains(&input), embedding())
    {
        let text = format!(
            "call `{WORDS}` on `{name}` first if it holds word ids, with `dtype = \"int32\"` at its `Input`"
        );
        let patches = vec![Patch::Input(input, Dtype::Int), Patch::Between(place, embedding)];
        let words = Candidate { patches, text, shows: Shows::Nothing };
        found.insert(1.min(found.len()), words);
    }
    found
}

/// Whether a layer reads sequences or images with channels.
fn slides(kind: &LayerKind) -> bool {
    matches!(
        kind,
        LayerKind::Conv(_)
            | LayerKind::Depthwise(_)
            | LayerKind::Separable(_)
            | LayerKind::Pooling(_)
            | LayerKind::GlobalPooling(_)
            | LayerKind::Frame(_)
            | LayerKind::UpSampling(_)
    )
}

/// How an `Embedding` is proposed: nobody but the user knows the size of the vocabulary.
const WORDS: &str = "Embedding(vocabulary, 64)";

fn embedding() -> Option<LayerKind> {
    let nowhere = Loc(0);
    let number = |n| Arg { name: None, value: Value { kind: ValueKind::Int(n), loc: nowhere } };
    let (mut diags, mut checks) = (Diags::new(), Vec::new());
    let mut cx = Cx { consts: &[], diags: &mut diags, checks: &mut checks };
    Some(construct("Embedding", nowhere, &[number(1000), number(64)], nowhere, &mut cx)?.kind)
}

/// Sides and channels of square images of so many values, in grey and in colour.
fn square(values: usize) -> impl Iterator<Item = (usize, usize)> {
    [1, 3].into_iter().filter_map(move |channels| {
        let side = (values / channels).isqrt();
        // Smaller ones are squares by chance.
        (side >= 8 && side * side * channels == values).then_some((side, channels))
    })
}
