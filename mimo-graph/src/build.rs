//! Building a graph, call by call: shapes are inferred and weights made as the calls are read.
//!
//! What an error leaves without a shape is poisoned: its calls are recorded, so that names and checks of
//! connections still see them, and nothing about them is reported again.

use crate::args::read;
use crate::code::Code;
use crate::context::{Cx, DimCheck, Relation};
use crate::diag::{Diag, Diags, Loc};
use crate::dim::{ConstId, Dim};
use crate::graph::{ConstEntry, Dtype, Graph, Layer, LayerId, Node, NodeId, Tensor, TensorId};
use crate::layers::input::Input;
use crate::layers::{Constructed, LayerKind, Operand, Part, Weight, construct};
use crate::shape::Shape;
use crate::value::{Arg, Value, ValueKind};

mod nest;
#[cfg(test)]
mod tests;

pub use nest::Instance;

/// A graph under construction.
#[derive(Debug)]
pub struct Builder {
    graph: Graph,
    checks: Vec<DimCheck>,
    /// For every layer, the first call that nothing was wrong with: it made the weights.
    built: Vec<Option<NodeId>>,
    /// What inputs were called with `name = "…"`.
    input_names: Vec<(TensorId, String)>,
    /// How many constants others wrote: the same text there need not be the same constant.
    foreign: usize,
}

impl Builder {
    /// An empty graph for the model `name`.
    pub fn new(name: &str) -> Self {
        Builder::among(name, Vec::new())
    }

    /// An empty graph for the model `name`, whose constants are numbered behind those of others. A model and those
    /// that it nests so have one numbering, and what is nested can be taken over as it is.
    pub fn among(name: &str, consts: Vec<ConstEntry>) -> Self {
        let foreign = consts.len();
        let graph = Graph { name: name.into(), consts, ..Graph::default() };
        Builder { graph, checks: Vec::new(), built: Vec::new(), input_names: Vec::new(), foreign }
    }

    /// The constant that the user wrote as `text`; the same text is the same constant.
    pub fn constant(&mut self, text: &str, loc: Loc) -> ConstId {
        let consts = &mut self.graph.consts;
        let own = consts.iter().skip(self.foreign).position(|entry| entry.text == text);
        let place = own.map(|place| place + self.foreign).unwrap_or_else(|| {
            consts.push(ConstEntry { text: text.into(), loc });
            consts.len() - 1
        });
        ConstId(id(place))
    }

    /// `Input(args…)`; a poisoned tensor after an error.
    pub fn input(&mut self, args: &[Arg], call: Loc, diags: &mut Diags) -> TensorId {
        let mut cx = Cx { consts: &self.graph.consts, diags, checks: &mut self.checks };
        let (shape, dtype, name) = match Input::from_args(args, call, &mut cx) {
            Some(input) => (Some(input.shape), input.dtype, input.name),
            None => (None, Dtype::Float, None),
        };
        let tensor = self.tensor(shape, dtype, None, call);
        self.graph.sources.push(tensor);
        if let Some(name) = name {
            self.bind(tensor, &name);
            self.input_names.push((tensor, name));
        }
        tensor
    }

    /// What an input was called with `name = "…"`. It is the input's first binding too.
    pub fn input_name(&self, input: TensorId) -> Option<&str> {
        self.input_names.iter().find(|(tensor, _)| *tensor == input).map(|(_, name)| name.as_str())
    }

    /// `Class(args…)`: a layer that is called later. `None` after an error without which it cannot be.
    ///
    /// A layer without `name = "…"` has no name until [`names::assign`](crate::names::assign), which also
    /// reports names that are given twice.
    pub fn layer(
        &mut self,
        class: &str,
        class_loc: Loc,
        args: &[Arg],
        call: Loc,
        diags: &mut Diags,
    ) -> Option<LayerId> {
        let mut cx = Cx { consts: &self.graph.consts, diags, checks: &mut self.checks };
        let Constructed { kind, name, trainable } = construct(class, class_loc, args, call, &mut cx)?;
        let named = name.is_some();
        let name = name.map(|(name, _)| name).unwrap_or_default();
        let mut inner = kind.parts();
        inner.iter_mut().for_each(|part| part.trainable &= trainable);
        let whole = self.push(Part { kind, name: (name, named), trainable }, None, call);
        for part in inner {
            let base = (!part.name.1).then(|| part.name.0.clone());
            let part = self.push(part, base, call);
            if let Some(whole) = self.graph.layers.get_mut(whole.index()) {
                whole.parts.push(part);
            }
        }
        Some(whole)
    }

    fn push(&mut self, made: Part, base: Option<String>, loc: Loc) -> LayerId {
        let Part { kind, name: (name, named), trainable } = made;
        let (parts, group, weights) = (Vec::new(), None, Vec::new());
        self.graph.layers.push(Layer { kind, name, named, trainable, base, parts, group, weights, loc });
        self.built.push(None);
        LayerId(id(self.graph.layers.len() - 1))
    }

    /// Calls a layer on tensors, each with the tokens that name it, and gives what the call gives: poisoned
    /// tensors if something is wrong with the call or with what it reads.
    pub fn call(
        &mut self,
        layer: LayerId,
        inputs: &[(TensorId, Loc)],
        call: Loc,
        diags: &mut Diags,
    ) -> Vec<TensorId> {
        self.call_from(layer, inputs, None, call, diags)
    }

    /// The same with `initial_state = […]`, which stands at a place of its own.
    pub fn call_from(
        &mut self,
        layer: LayerId,
        inputs: &[(TensorId, Loc)],
        initial: Option<(&[(TensorId, Loc)], Loc)>,
        call: Loc,
        diags: &mut Diags,
    ) -> Vec<TensorId> {
        let Layer { kind, parts, .. } = self.graph.layer(layer);
        let wrong = arity(kind, inputs.len(), call)
            .or_else(|| initial.and_then(|(states, loc)| wrong_states(kind, states.len(), loc)));
        let states = initial.map_or(&[][..], |(states, _)| states);
        match wrong {
            None if !parts.is_empty() => self.call_parts(layer, inputs, states, call, diags),
            None => {
                let inputs = [inputs, states].concat();
                let given = self.infer(layer, &inputs, call, diags);
                self.node(layer, &inputs, given, call)
            }
            Some(diag) => {
                diags.push(diag);
                self.node(layer, &[inputs, states].concat(), None, call)
            }
        }
    }

    /// Calls the parts of a layer on the same tensors, each from its own states, and the layer itself on the first of
    /// what each gives, if it joins them.
    fn call_parts(
        &mut self,
        whole: LayerId,
        inputs: &[(TensorId, Loc)],
        mut states: &[(TensorId, Loc)],
        call: Loc,
        diags: &mut Diags,
    ) -> Vec<TensorId> {
        let (mut first, mut rest) = (Vec::new(), Vec::new());
        for part in self.graph.layer(whole).parts.clone() {
            // Either all states are given or none.
            let wanted = self.graph.layer(part).kind.states().len().min(states.len());
            let (own, others) = states.split_at(wanted);
            states = others;
            let inputs = [inputs, own].concat();
            let Some(given) = self.infer(part, &inputs, call, diags) else {
                // What one part cannot read, the others would report again.
                return self.node(whole, &inputs, None, call);
            };
            let mut given = self.node(part, &inputs, Some(given), call).into_iter();
            first.extend(given.next());
            rest.extend(given);
        }
        let joins = self.graph.layer(whole).kind.outputs().len() < first.len() + rest.len();
        if joins {
            let inputs: Vec<_> = first.iter().map(|&tensor| (tensor, call)).collect();
            let given = self.infer(whole, &inputs, call, diags);
            let sound = given.is_some();
            // After an error, nothing of the call is known.
            first = self.node(whole, &inputs, given, call);
            if !sound {
                return first;
            }
        }
        first.extend(rest);
        first
    }

    /// Records a call. What it gives is poisoned if `given` is not known, all of it, so that none is reported again.
    fn node(
        &mut self,
        layer: LayerId,
        inputs: &[(TensorId, Loc)],
        given: Option<Vec<(Shape, Dtype)>>,
        call: Loc,
    ) -> Vec<TensorId> {
        let outputs = self.graph.layer(layer).kind.outputs().len();
        let given = match given {
            Some(given) => given.into_iter().map(|(shape, dtype)| (Some(shape), dtype)).collect(),
            None => vec![(None, Dtype::Float); outputs],
        };
        let node = NodeId(id(self.graph.nodes.len()));
        let outputs: Vec<TensorId> =
            given.into_iter().map(|(shape, dtype)| self.tensor(shape, dtype, Some(node), call)).collect();
        let sound = outputs.iter().all(|&output| self.graph.tensor(output).shape.is_some());
        let inputs = inputs.iter().map(|&(input, _)| input).collect();
        self.graph.nodes.push(Node { layer, inputs, outputs: outputs.clone(), loc: call });
        if let (true, Some(built @ None)) = (sound, self.built.get_mut(layer.index())) {
            *built = Some(node);
        }
        outputs
    }

    /// The shapes that a call gives, if nothing is wrong with it. The first such call makes the weights.
    fn infer(
        &mut self,
        id: LayerId,
        inputs: &[(TensorId, Loc)],
        call: Loc,
        diags: &mut Diags,
    ) -> Option<Vec<(Shape, Dtype)>> {
        let layer = self.graph.layer(id);
        let class = layer.kind.class_name();
        let names: Vec<String> =
            inputs.iter().map(|&(input, _)| shown_name(&self.graph, input).into_owned()).collect();
        let mut operands = Vec::with_capacity(inputs.len());
        for (&(input, loc), name) in inputs.iter().zip(&names) {
            let tensor = self.graph.tensor(input);
            operands.push(Operand { name, shape: tensor.shape.as_ref()?, dtype: tensor.dtype, loc });
        }
        let mut cx = Cx { consts: &self.graph.consts, diags, checks: &mut self.checks };
        let given = layer.kind.infer(&operands, call, &mut cx)?;
        let shapes: Vec<&Shape> = operands.iter().map(|operand| operand.shape).collect();
        let weights = layer.kind.weights(&shapes);
        match self.built.get(id.index()).copied().flatten() {
            None => {
                if let Some(layer) = self.graph.layers.get_mut(id.index()) {
                    layer.weights = weights;
                }
            }
            Some(first) => {
                let first = self.graph.node(first).inputs.first().copied();
                let origin = first.map(|first| {
                    let shape = self.graph.tensor(first).shape.as_ref();
                    let shape = shape.map(|shape| shape.display(cx.consts).to_string()).unwrap_or_default();
                    format!(
                        "its first call, on `{}`, which is {shape}, made them",
                        shown_name(&self.graph, first)
                    )
                });
                if !same_weights(&layer.weights, &weights, class, &operands, origin, &mut cx) {
                    return None;
                }
            }
        }
        Some(given)
    }

    /// A tensor without a shape, in place of one that an error prevents. Nothing about it is reported.
    pub fn poison(&mut self, loc: Loc) -> TensorId {
        self.tensor(None, Dtype::Float, None, loc)
    }

    /// What the tensors of the call that gives `tensor` may be called; nothing for an input.
    pub fn siblings(&self, tensor: TensorId) -> Vec<&str> {
        let Some(node) = self.graph.tensor(tensor).producer else { return Vec::new() };
        if let Some(group) = self.graph.group_of(tensor) {
            return group.outputs.iter().map(String::as_str).collect();
        }
        let called = self.graph.node(node).layer;
        let whole = self.graph.layers.iter().find(|layer| layer.parts.contains(&called));
        whole.unwrap_or(self.graph.layer(called)).kind.outputs().to_vec()
    }

    /// The place of the name that a pattern binds to a tensor, for what is said about that tensor alone.
    pub fn place(&mut self, tensor: TensorId, loc: Loc) {
        if let Some(tensor) = self.graph.tensors.get_mut(tensor.index()) {
            tensor.loc = loc;
        }
    }

    /// `let name = tensor`
    pub fn bind(&mut self, tensor: TensorId, name: &str) {
        if let Some(tensor) = self.graph.tensors.get_mut(tensor.index()) {
            tensor.bindings.push(name.into());
        }
    }

    /// Takes back what [`bind`](Self::bind) called a tensor: a function's name for it is known in the function only.
    pub fn unbind(&mut self, tensor: TensorId, name: &str) {
        if let Some(tensor) = self.graph.tensors.get_mut(tensor.index())
            && let Some(at) = tensor.bindings.iter().rposition(|binding| binding == name)
        {
            tensor.bindings.remove(at);
        }
    }

    /// `let x: [127, 32] = …`: what is written has to be the tensor's shape. `loc` are the tokens of the
    /// written shape.
    pub fn ascribe(&mut self, tensor: TensorId, written: &Value, loc: Loc, diags: &mut Diags) {
        let name = shown_name(&self.graph, tensor).into_owned();
        let origin = origin(&self.graph, tensor);
        let graph = &self.graph;
        let mut cx = Cx { consts: &self.graph.consts, diags, checks: &mut self.checks };
        let ValueKind::List(items) = &written.kind else {
            let entry = match &written.kind {
                ValueKind::Int(n) => Some(format!("write `[{n}]`")),
                ValueKind::Ident { text, .. } => Some(format!("write `[{text}]`")),
                _ => None,
            };
            return read::wrong(written, &format!("the shape of `{name}`"), "a list", entry, &mut cx);
        };
        let what = format!("each axis in the shape of `{name}`");
        let before = cx.checks.len();
        let dims: Vec<Option<Dim>> = items.iter().map(|item| read::dim(item, &what, &mut cx)).collect();
        // Each constant is compared with an inferred length below, which says more than that it is positive.
        cx.checks.truncate(before);
        let (Some(dims), Some(shape)) =
            (dims.into_iter().collect::<Option<Vec<_>>>(), &self.graph.tensor(tensor).shape)
        else {
            return;
        };
        let wanted = Shape(dims);
        let message =
            format!("`{name}` is {}, written as {}", shape.display(cx.consts), wanted.display(cx.consts));
        let help = format!("write `{}`, or leave the shape out", shape.display(cx.consts));
        let report = || {
            let diag = Diag::error(Code::AscribedShape, loc, message.clone());
            let diag = match change(graph, tensor, &wanted) {
                Some(change) => diag.help(change),
                None => diag,
            };
            let diag = diag.help(help.clone());
            match &origin {
                Some(origin) => diag.note(origin.clone()),
                None => diag,
            }
        };
        if wanted.rank() != shape.rank() {
            return cx.error(report());
        }
        // A shape that is known to be wrong is one error, without checks of its other axes.
        let mut checks = Vec::new();
        let mut one = Cx { consts: cx.consts, diags: cx.diags, checks: &mut checks };
        let mut fine = true;
        for (i, (found, written)) in shape.0.iter().zip(&wanted.0).enumerate() {
            let check = DimCheck {
                code: Code::AscribedShape,
                loc: items.get(i).map_or(loc, |item| item.loc),
                found: found.clone(),
                relation: Relation::Equal,
                wanted: written.clone(),
                what: format!("axis {} of `{name}`", i + 1),
                help: None,
                note: origin.clone(),
            };
            fine &= one.require_equal(check, |_| report());
        }
        if fine {
            self.checks.append(&mut checks);
        }
    }

    fn tensor(&mut self, shape: Option<Shape>, dtype: Dtype, producer: Option<NodeId>, loc: Loc) -> TensorId {
        self.graph.tensors.push(Tensor { shape, dtype, producer, bindings: Vec::new(), loc });
        TensorId(id(self.graph.tensors.len() - 1))
    }

    /// How many checks are left to const evaluation so far.
    pub fn checks(&self) -> usize {
        self.checks.len()
    }

    /// Says of the checks after the first `known` in which expansion of a body they showed.
    pub fn note_checks(&mut self, known: usize, note: &str) {
        for check in self.checks.iter_mut().skip(known) {
            let notes = check.note.take().into_iter().chain([note.to_owned()]);
            check.note = Some(notes.collect::<Vec<_>>().join("\n  = note: "));
        }
    }

    /// The graph so far.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The graph so far, for what only the front end knows: inputs, outputs, how the model is compiled.
    pub fn graph_mut(&mut self) -> &mut Graph {
        &mut self.graph
    }

    /// The graph, and what const evaluation has to find out.
    pub fn finish(self) -> (Graph, Vec<DimCheck>) {
        (self.graph, self.checks)
    }
}

/// A table index as an id: no source text holds 2³² layers.
fn id(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

/// How messages call a tensor: its last binding, or the class that gives it.
fn shown_name(graph: &Graph, tensor: TensorId) -> std::borrow::Cow<'_, str> {
    let entry = graph.tensor(tensor);
    if let (None, Some(group)) = (entry.bindings.last(), graph.group_of(tensor)) {
        return format!("{}(…)", group.class).into();
    }
    match (entry.bindings.last(), entry.producer) {
        (Some(name), _) => name.into(),
        (None, Some(node)) => format!("{}(…)", graph.layer(graph.node(node).layer).kind.class_name()).into(),
        (None, None) => "Input(…)".into(),
    }
}

/// The error of a call on too few or too many tensors.
fn arity(kind: &LayerKind, given: usize, call: Loc) -> Option<Diag> {
    let (class, (least, most)) = (kind.class_name(), kind.arity());
    if (least..=most).contains(&given) {
        return None;
    }
    let tensors = |n: usize| if n == 1 { "1 tensor".into() } else { format!("{n} tensors") };
    let wanted = match (least, most) {
        _ if least == most => tensors(least),
        (least, usize::MAX) => format!("at least {}", tensors(least)),
        _ => format!("{least} to {}", tensors(most)),
    };
    let is = if given == 1 { "is" } else { "are" };
    let given_text = if given == 0 { "none".into() } else { given.to_string() };
    let diag = Diag::error(
        Code::WrongNumberOfTensors,
        call,
        format!("`{class}` takes {wanted}, but {given_text} {is} given"),
    );
    let diag = match state_list(kind) {
        Some(list) if given > 1 => {
            diag.help(format!("a state to begin with is named: `initial_state = {list}`"))
        }
        _ => diag,
    };
    Some(match (least, most) {
        (1, 1) if given > 1 => diag.help("bring them together first: `concatenate([a, b])`"),
        (1, 1) => diag.help(format!("write `{class}(…)(x)`")),
        _ => diag.help(format!("write `{class}(…)([a, b])`")),
    })
}

/// The error of an `initial_state` of too few or too many tensors.
fn wrong_states(kind: &LayerKind, given: usize, loc: Loc) -> Option<Diag> {
    let (class, states) = (kind.class_name(), kind.states());
    if states.len() == given {
        return None;
    }
    if states.is_empty() {
        let diag = Diag::error(
            Code::NoState,
            loc,
            format!("`{class}` carries no state, so it takes no `initial_state`"),
        );
        return Some(diag.help("remove `initial_state = …`"));
    }
    let s = if states.len() == 1 { "" } else { "s" };
    let is = if given == 1 { "is" } else { "are" };
    let message = format!("`{class}` has {} state{s}, but {given} {is} given", states.len());
    let list = state_list(kind).unwrap_or_default();
    Some(Diag::error(Code::WrongNumberOfStates, loc, message).help(format!("write `initial_state = {list}`")))
}

/// How the states of a layer are written, if it has any.
fn state_list(kind: &LayerKind) -> Option<String> {
    match kind.states() {
        [] => None,
        [state] => Some((*state).into()),
        states => Some(format!("[{}]", states.join(", "))),
    }
}

/// Whether a later call of a layer needs the weights that its first call made. `origin` says where they come
/// from.
fn same_weights(
    made: &[Weight],
    needed: &[Weight],
    class: &str,
    inputs: &[Operand<'_>],
    origin: Option<String>,
    cx: &mut Cx<'_>,
) -> bool {
    let Some(x) = inputs.first() else { return true };
    let help = format!("give `{}` a layer of its own, or bring it to the same shape", x.name);
    for (made, needed) in made.iter().zip(needed) {
        let weight = made.name;
        let message = format!(
            "the `{weight}` of this `{class}` is {}, but `{}`, which is {}, needs {}",
            made.shape.display(cx.consts),
            x.name,
            x.shape.display(cx.consts),
            needed.shape.display(cx.consts)
        );
        let report = || {
            let diag = Diag::error(Code::SharedLayerShape, x.loc, message.clone()).help(help.clone());
            match &origin {
                Some(origin) => diag.note(origin.clone()),
                None => diag,
            }
        };
        if made.shape.rank() != needed.shape.rank() {
            cx.error(report());
            return false;
        }
        for (i, (wanted, found)) in made.shape.0.iter().zip(&needed.shape.0).enumerate() {
            let check = DimCheck {
                code: Code::SharedLayerShape,
                loc: x.loc,
                found: found.clone(),
                relation: Relation::Equal,
                wanted: wanted.clone(),
                what: format!("axis {i} of the `{weight}` that `{}` needs", x.name),
                help: Some(help.clone()),
                note: origin.clone(),
            };
            if !cx.require_equal(check, |_| report()) {
                return false;
            }
        }
    }
    true
}

/// The one setting of the layer that gives a tensor with which it would have the wanted shape, if there is one: the
/// shape rule was tried with it.
fn change(graph: &Graph, tensor: TensorId, wanted: &Shape) -> Option<String> {
    let node = graph.node(graph.tensor(tensor).producer?);
    if graph.group_of(tensor).is_some() {
        return None;
    }
    let kind = &graph.layer(node.layer).kind;
    let inputs: Vec<(&Tensor, std::borrow::Cow<'_, str>)> =
        node.inputs.iter().map(|&input| (graph.tensor(input), shown_name(graph, input))).collect();
    let operands = inputs.iter().map(|(input, name)| {
        Some(Operand { name, shape: input.shape.as_ref()?, dtype: input.dtype, loc: node.loc })
    });
    let operands = operands.collect::<Option<Vec<_>>>()?;
    let shapes: Vec<&Shape> = operands.iter().map(|operand| operand.shape).collect();
    let (_, setting) = kind.changes(&shapes, wanted).into_iter().find(|(kind, _)| {
        let (mut diags, mut checks) = (Diags::new(), Vec::new());
        let mut cx = Cx { consts: &graph.consts, diags: &mut diags, checks: &mut checks };
        let given = kind.infer(&operands, node.loc, &mut cx);
        // What only const evaluation could confirm is not offered.
        let fits = given.is_some_and(|given| given.iter().all(|(shape, _)| shape == wanted));
        fits && checks.is_empty() && !diags.has_errors()
    })?;
    let (class, wanted) = (kind.class_name(), wanted.display(&graph.consts));
    Some(format!("`{setting}` in `{class}` would make it {wanted}"))
}

/// Which layer gives a tensor, and of what.
fn origin(graph: &Graph, tensor: TensorId) -> Option<String> {
    if let Some(group) = graph.group_of(tensor) {
        return Some(format!("the model `{}` gives it", group.class));
    }
    let node = graph.node(graph.tensor(tensor).producer?);
    let class = graph.layer(node.layer).kind.class_name();
    let read = node.inputs.iter().filter_map(|&input| {
        let shape = graph.tensor(input).shape.as_ref()?;
        Some(format!("`{}`, which is {}", shown_name(graph, input), shape.display(&graph.consts)))
    });
    Some(format!("`{class}` makes it of {}", read.collect::<Vec<_>>().join(", and ")))
}
