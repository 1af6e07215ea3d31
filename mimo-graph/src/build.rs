//! Builds a graph call by call: infers shapes and creates weights as the calls are read.
//!
//! Outputs without a shape after an error are poisoned: their calls are recorded, so that names and checks of
//! connections see them, but no further errors about them are reported.

use std::cell::Cell;
use std::collections::HashMap;

use self::sizes::Sized;
use crate::args::read;
use crate::code::Code;
use crate::context::{Cx, DimCheck, Relation};
use crate::diag::{Diag, Diags, Loc, Subject};
use crate::dim::{ConstEntry, ConstId, Dim};
use crate::graph::{Graph, Layer, LayerId, Node, NodeId, Tensor, TensorId};
use crate::layers::input::Input;
use crate::layers::layer::Operand;
use crate::layers::{Constructed, LayerKind, Part, construct, split};
use crate::settings;
use crate::shape::{Dtype, Shape};
use crate::spec::graph::built::ItemSpec;
use crate::trail::{self, shown_name};
use crate::value::{Arg, Value, ValueKind};

mod calls;
mod fixes;
mod masks;
mod merged;
mod nest;
pub(crate) mod sizes;
#[cfg(test)]
mod tests;

pub use nest::Instance;

/// A tensor that a call reads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Given {
    /// The tensor.
    pub tensor: TensorId,
    /// The keyword that names it in the call; `""` for a positional tensor.
    pub role: &'static str,
    /// Location of its name in the call.
    pub loc: Loc,
}

/// A tensor passed by keyword: `mask = m`.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// The keyword.
    pub keyword: String,
    /// Location of the keyword.
    pub keyword_loc: Loc,
    /// The tensor.
    pub tensor: TensorId,
    /// Location of its name.
    pub loc: Loc,
}

/// Arguments of a call besides the positional tensors.
#[derive(Clone, Copy, Debug, Default)]
pub struct Further<'a> {
    /// `initial_state = […]`, and its location.
    pub initial: Option<(&'a [(TensorId, Loc)], Loc)>,
    /// Tensors by keyword.
    pub named: &'a [Named],
    /// Boolean settings with the locations of their keywords.
    pub settings: &'a [(String, Loc, bool)],
}

/// A graph under construction.
#[derive(Debug)]
pub struct Builder {
    graph: Graph,
    checks: Vec<DimCheck>,
    /// Annotated shapes that fit.
    ascribed: Vec<(TensorId, Shape)>,
    /// By layer, the first valid call: it created the weights.
    built: Vec<Option<NodeId>>,
    /// By layer, the location of the number that decides its size.
    decisive: Vec<Loc>,
    /// Names set with `name = "…"` on inputs.
    input_names: Vec<(TensorId, String)>,
    /// The constants of this model by their text and whether they are numbers. The same text in another model may be
    /// another constant.
    constants: HashMap<(String, bool), ConstId>,
    /// Number of calls that may still be tried as fixes of a mistake.
    tries: Cell<usize>,
}

impl Builder {
    /// Creates an empty graph for the model `name`.
    pub fn new(name: &str) -> Self {
        Builder::among(name, Vec::new())
    }

    /// Creates an empty graph for the model `name`, whose constants are numbered after those of others. A model and
    /// its nested models then share one numbering, so that a nested model can be copied without renumbering.
    pub fn among(name: &str, consts: Vec<ConstEntry>) -> Self {
        let graph = Graph { name: name.into(), consts, ..Graph::default() };
        Builder {
            graph,
            checks: Vec::new(),
            ascribed: Vec::new(),
            built: Vec::new(),
            decisive: Vec::new(),
            input_names: Vec::new(),
            constants: HashMap::new(),
            tries: Cell::new(fixes::TRIES),
        }
    }

    /// The constant that the user wrote as `text`, a length or a number. Equal texts are one constant.
    pub fn constant(&mut self, text: &str, loc: Loc, number: bool) -> ConstId {
        if let Some(&known) = self.constants.get(&(text.into(), number)) {
            return known;
        }
        let new = ConstId(id(self.graph.consts.len()));
        self.graph.consts.push(ConstEntry { text: text.into(), loc, number });
        self.constants.insert((text.into(), number), new);
        new
    }

    /// `Input(args…)`; a poisoned tensor after an error.
    pub fn input(&mut self, args: &[Arg], call: Loc, diags: &mut Diags) -> TensorId {
        let mut cx = Cx { consts: &self.graph.consts, diags, checks: &mut self.checks };
        let (mut shape, dtype, name) = match Input::from_args(args, call, &mut cx) {
            Some(input) => (Some(input.shape), input.dtype, input.name),
            None => (None, Dtype::Float, None),
        };
        if let Some(given) = &shape {
            let loc = sizes::decisive(args).unwrap_or(call);
            let size = Sized { what: "`Input`", read: &[], given: &[given], weights: &[], loc };
            cx.checks.extend(size.checks());
            if let Some(diag) = size.check() {
                diags.push(diag);
                shape = None;
            }
        }
        let tensor = self.tensor(shape, dtype, None, call);
        self.graph.sources.push(tensor);
        if let Some(name) = name {
            self.bind(tensor, &name);
            self.input_names.push((tensor, name));
        }
        tensor
    }

    /// Name set with `name = "…"` on an input. It is also the input's first binding.
    pub fn input_name(&self, input: TensorId) -> Option<&str> {
        self.input_names.iter().find(|(tensor, _)| *tensor == input).map(|(_, name)| name.as_str())
    }

    /// Creates the layer `Class(args…)`, to be called later. `None` after an error without which it cannot be
    /// created.
    ///
    /// A layer without `name = "…"` has no name until [`names::assign`](crate::names::assign), which also reports
    /// duplicate names.
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
        let item = settings::of_layer(kind.class_name(), args);
        let whole = self.push(Part { kind, name: (name, named), trainable }, item, None, call);
        self.decisive.resize(whole.index(), call);
        self.decisive.push(sizes::decisive(args).unwrap_or(call));
        for (at, part) in inner.into_iter().enumerate() {
            let whole_item = &self.graph.layer(whole).item;
            let item = settings::of_part(whole_item, at).unwrap_or_else(|| whole_item.clone());
            let part = self.push(part, item, Some(whole), call);
            if let Some(whole) = self.graph.layers.get_mut(whole.index()) {
                whole.parts.push(part);
            }
        }
        Some(whole)
    }

    fn push(&mut self, made: Part, item: ItemSpec, whole: Option<LayerId>, loc: Loc) -> LayerId {
        let Part { kind, name: (name, named), trainable } = made;
        let (parts, group, weights) = (Vec::new(), None, Vec::new());
        self.graph.layers.push(Layer {
            kind,
            item,
            name,
            named,
            trainable,
            whole,
            parts,
            group,
            weights,
            of_mask: false,
            loc,
        });
        self.built.push(None);
        LayerId(id(self.graph.layers.len() - 1))
    }

    /// Whether calls of a layer accept this keyword.
    pub fn takes_at_calls(&self, layer: LayerId, keyword: &str) -> bool {
        let Layer { kind, .. } = self.graph.layer(layer);
        match keyword {
            "initial_state" => true,
            _ => {
                kind.places().contains(&keyword)
                    || calls::keywords(kind).contains(&keyword)
                    || kind.called_with(keyword, true).is_some()
            }
        }
    }

    /// Calls a layer on tensors, each with the location of its name, and returns the outputs: poisoned tensors if the
    /// call or one of its inputs is invalid.
    pub fn call(
        &mut self,
        layer: LayerId,
        inputs: &[(TensorId, Loc)],
        call: Loc,
        diags: &mut Diags,
    ) -> Vec<TensorId> {
        self.call_with(layer, inputs, &Further::default(), call, diags)
    }

    /// Same as [`call`](Self::call), with keyword arguments: `initial_state = […]`, `mask = m`.
    pub fn call_with(
        &mut self,
        layer: LayerId,
        inputs: &[(TensorId, Loc)],
        given: &Further<'_>,
        call: Loc,
        diags: &mut Diags,
    ) -> Vec<TensorId> {
        let Layer { kind, parts, .. } = self.graph.layer(layer);
        let initial = given.initial;
        let (inputs, further) = &calls::placed(kind, inputs, given.named, diags);
        let further = Further { named: further, ..*given };
        let wrong = calls::arity(kind, inputs.len(), call)
            .or_else(|| initial.and_then(|(states, loc)| calls::wrong_states(kind, states.len(), loc)));
        let states = initial.map_or(&[][..], |(states, _)| states);
        let told = diags.count();
        let (named, called) = calls::settings(kind, &further, diags);
        let told = diags.count() > told;
        let by_place = inputs.iter().map(|&(tensor, loc)| Given { tensor, role: "", loc });
        let by_place: Vec<Given> = by_place.collect();
        let of_state =
            |(&(tensor, loc), role): (&(TensorId, Loc), &&'static str)| Given { tensor, role, loc };
        // A wrong number of states was reported.
        let names = kind.states().iter().chain(std::iter::repeat(&"state"));
        let states: Vec<Given> = states.iter().zip(names).map(of_state).collect();
        let has_parts = !parts.is_empty();
        if told {
            // A tensor that is left out may have no other reader.
            self.poison(call);
        }
        match wrong {
            None if has_parts => self.call_parts(layer, &by_place, &states, &named, call, diags),
            None => self.call_one(layer, &by_place, &states, &named, called, call, diags),
            Some(diag) => {
                let inputs = [by_place, states, named].concat();
                // A poisoned tensor may replace several tensors, or none.
                if inputs.iter().all(|input| self.graph.tensor(input.tensor).shape.is_some()) {
                    diags.push(diag);
                }
                // A tensor that is left out may have no other reader.
                self.poison(call);
                self.node(layer, &inputs, None, None, call)
            }
        }
    }

    /// A call of a layer without parts.
    #[allow(clippy::too_many_arguments)]
    fn call_one(
        &mut self,
        layer: LayerId,
        by_place: &[Given],
        states: &[Given],
        named: &[Given],
        called: Option<LayerKind>,
        call: Loc,
        diags: &mut Diags,
    ) -> Vec<TensorId> {
        let kind = called.as_ref().unwrap_or(&self.graph.layer(layer).kind).clone();
        let (further, steps) = (kind.further(), kind.core().1);
        let masks = self.masks_read(&kind, by_place, named, steps, call);
        let further = named.iter().filter(|given| further.contains(&given.role)).copied().collect();
        let inputs = [by_place.to_vec(), states.to_vec(), masks, further].concat();
        let given = self.infer(layer, called.as_ref(), &inputs, call, diags);
        if given.is_none() {
            return self.node(layer, &inputs, called, given, call);
        }
        let inputs = self.left_out(&kind, inputs, steps, call);
        let made = self.node(layer, &inputs, called, given, call);
        self.without_left_out(&kind, made, steps, call)
    }

    /// Calls the parts of a layer on the same tensors, each with its own states; then the layer itself on their first
    /// outputs, if it joins them.
    fn call_parts(
        &mut self,
        whole: LayerId,
        inputs: &[Given],
        mut states: &[Given],
        named: &[Given],
        call: Loc,
        diags: &mut Diags,
    ) -> Vec<TensorId> {
        let (mut first, mut rest) = (Vec::new(), Vec::new());
        for part in self.graph.layer(whole).parts.clone() {
            // Either all states are passed or none.
            let wanted = self.graph.layer(part).kind.states().len().min(states.len());
            let (own, others) = states.split_at(wanted);
            states = others;
            let given = self.call_one(part, inputs, own, named, None, call, diags);
            if given.iter().any(|&given| self.graph.tensor(given).shape.is_none()) {
                // An input that one part cannot read would be reported again by the others.
                return self.node(whole, inputs, None, None, call);
            }
            let mut given = given.into_iter();
            first.extend(given.next());
            rest.extend(given);
        }
        let joins = self.graph.layer(whole).kind.outputs().len() < first.len() + rest.len();
        if joins {
            let inputs: Vec<_> = first.iter().map(|&tensor| Given { tensor, role: "", loc: call }).collect();
            let given = self.infer(whole, None, &inputs, call, diags);
            let sound = given.is_some();
            // After an error, nothing about the call is known.
            first = self.node(whole, &inputs, None, given, call);
            if !sound {
                return first;
            }
        }
        first.extend(rest);
        first
    }

    /// Records a call. If `given` is unknown, all outputs are poisoned, so that no further errors follow.
    fn node(
        &mut self,
        layer: LayerId,
        inputs: &[Given],
        called: Option<LayerKind>,
        given: Option<Vec<(Shape, Dtype)>>,
        call: Loc,
    ) -> Vec<TensorId> {
        let kind = called.as_ref().unwrap_or(&self.graph.layer(layer).kind);
        let outputs = kind.outputs().len();
        let given = match given {
            Some(given) => given.into_iter().map(|(shape, dtype)| (Some(shape), dtype)).collect(),
            None => vec![(None, Dtype::Float); outputs],
        };
        let node = NodeId(id(self.graph.nodes.len()));
        let outputs: Vec<TensorId> =
            given.into_iter().map(|(shape, dtype)| self.tensor(shape, dtype, Some(node), call)).collect();
        let sound = outputs.iter().all(|&output| self.graph.tensor(output).shape.is_some());
        let roles = inputs.iter().map(|input| input.role).collect();
        let inputs = inputs.iter().map(|input| input.tensor).collect();
        let called = called.map(Box::new);
        let made = Node { layer, inputs, roles, called, outputs: outputs.clone(), steps: 0, loc: call };
        self.graph.nodes.push(made);
        if sound {
            self.mask_outputs(node);
        }
        if let (true, Some(built @ None)) = (sound, self.built.get_mut(layer.index())) {
            *built = Some(node);
        }
        outputs
    }

    /// Infers the output shapes of a valid call. The first such call creates the weights.
    fn infer(
        &mut self,
        id: LayerId,
        called: Option<&LayerKind>,
        inputs: &[Given],
        call: Loc,
        diags: &mut Diags,
    ) -> Option<Vec<(Shape, Dtype)>> {
        let layer = self.graph.layer(id);
        let kind = called.unwrap_or(&layer.kind);
        let names: Vec<_> = inputs.iter().map(|input| shown_name(&self.graph, input.tensor)).collect();
        let mut operands = Vec::with_capacity(inputs.len());
        for (&Given { tensor: input, role, loc }, name) in inputs.iter().zip(&names) {
            let tensor = self.graph.tensor(input);
            let shape = tensor.shape.as_ref()?;
            operands.push(Operand { name, shape, dtype: tensor.dtype, loc, tensor: Some(input), role });
        }
        let (mut wrong, mut checks) = (Diags::new(), Vec::new());
        let mut cx = Cx { consts: &self.graph.consts, diags: &mut wrong, checks: &mut checks };
        let given = kind.infer(&operands, call, &mut cx);
        let shapes: Vec<&Shape> = operands.iter().map(|operand| operand.shape).collect();
        // Weights do not depend on states and masks.
        let by_place = operands.iter().filter(|operand| operand.role.is_empty());
        let by_place: Vec<&Shape> = by_place.map(|operand| operand.shape).collect();
        let weights = given.as_ref().map(|_| kind.weights(&by_place));
        if let (Some(given), Some(weights)) = (&given, &weights) {
            let shapes_read = shapes.clone();
            let shapes: Vec<&Shape> = given.iter().map(|(shape, _)| shape).collect();
            let loc = self.decisive.get(id.index()).copied().unwrap_or(call);
            let what = format!("`{}`", kind.class_name());
            // An unknown length is padded by less than itself.
            let scratch = kind.scratch(&shapes_read, &shapes);
            let shapes: Vec<&Shape> =
                shapes.into_iter().chain(scratch.iter().filter(|shape| shape.is_known())).collect();
            let read: Vec<&Shape> = operands.iter().map(|operand| operand.shape).collect();
            let size = Sized { what: &what, read: &read, given: &shapes, weights, loc };
            if let Some(diag) = size.check() {
                diags.push(diag);
                return None;
            }
            cx.checks.extend(size.checks());
        }
        let built = self.built.get(id.index()).copied().flatten();
        let first = built.and_then(|first| self.graph.node(first).inputs.first().copied());
        let mut like = None;
        if let (Some(needed), Some(first)) = (&weights, first) {
            let (class, first_name) = (kind.class_name(), shown_name(&self.graph, first));
            if !calls::same_weights(&layer.weights, needed, class, &operands, (first, &first_name), &mut cx) {
                like = Some(first);
            }
        }
        let call = fixes::Call { layer: id, called, inputs, loc: call, like };
        self.explain(call, wrong, &mut checks, diags);
        self.checks.append(&mut checks);
        if let (Some(weights), None, Some(layer)) = (weights, built, self.graph.layers.get_mut(id.index())) {
            layer.weights = weights;
        }
        given.filter(|_| like.is_none())
    }

    /// The parts of a tensor for `split` or `unstack`, each as the `key` of a `get_item`. `None` after an error, and
    /// for a tensor of unknown shape.
    pub fn parts(
        &mut self,
        name: &str,
        args: &[Arg],
        (x, loc): (TensorId, Loc),
        call: Loc,
        diags: &mut Diags,
    ) -> Option<Vec<Value>> {
        let tensor = self.graph.tensor(x);
        let shown = shown_name(&self.graph, x);
        let operand = tensor.shape.as_ref().map(|shape| Operand {
            name: &shown,
            shape,
            dtype: tensor.dtype,
            loc,
            tensor: Some(x),
            role: "",
        });
        let (mut wrong, mut checks) = (Diags::new(), Vec::new());
        let mut cx = Cx { consts: &self.graph.consts, diags: &mut wrong, checks: &mut checks };
        let parts = split::parts(name, args, operand.as_ref(), call, &mut cx);
        for mut diag in wrong.into_sorted() {
            diag.notes.extend(trail::notes(&self.graph, &diag.subjects));
            diags.push(diag);
        }
        parts
    }

    /// Reports the errors of a call, with the trails of its tensors and with fixes. Checks get the trails too.
    fn explain(&self, call: fixes::Call<'_>, wrong: Diags, checks: &mut [DimCheck], diags: &mut Diags) {
        let trails = |subjects: &mut Vec<Subject>| {
            // Errors of a call on one tensor are about that tensor.
            if let ([], [input]) = (&subjects[..], call.inputs) {
                subjects.push(Subject { tensor: input.tensor, shown: None });
            }
            trail::notes(&self.graph, subjects)
        };
        for check in checks {
            check.notes.extend(trails(&mut check.subjects));
        }
        let wrong = wrong.into_sorted();
        let fixes = match &wrong[..] {
            [_] => fixes::of_call(self.known(), call),
            // Two errors are not fixed by one change.
            _ => Vec::new(),
        };
        for mut diag in wrong {
            diag.notes.extend(trails(&mut diag.subjects));
            // Untested helps of the rule are only used if no fix was found. A separate layer is always possible.
            let said = std::mem::replace(&mut diag.helps, fixes.clone());
            if diag.helps.is_empty() || call.like.is_some() {
                diag.helps.extend(said);
            }
            diags.push(diag);
        }
    }

    fn known(&self) -> fixes::Known<'_> {
        fixes::Known {
            graph: &self.graph,
            checks: &self.checks,
            ascribed: &self.ascribed,
            tries: &self.tries,
        }
    }

    /// A tensor without a shape that replaces one after an error. No errors about it are reported.
    pub fn poison(&mut self, loc: Loc) -> TensorId {
        self.tensor(None, Dtype::Float, None, loc)
    }

    /// Names of the outputs of the call that computes `tensor`; empty for an input.
    pub fn siblings(&self, tensor: TensorId) -> Vec<&str> {
        let Some(node) = self.graph.tensor(tensor).producer else { return Vec::new() };
        if let Some(group) = self.graph.group_of(tensor) {
            return group.outputs.iter().map(String::as_str).collect();
        }
        let called = self.graph.node(node).layer;
        let whole = self.graph.layer(called).whole.unwrap_or(called);
        self.graph.layer(whole).kind.outputs().to_vec()
    }

    /// Sets the location of a tensor to that of its name in a pattern, for errors about that tensor alone.
    pub fn place(&mut self, tensor: TensorId, loc: Loc) {
        if let Some(tensor) = self.graph.tensors.get_mut(tensor.index()) {
            tensor.loc = loc;
        }
    }

    /// Binds a name to a tensor: `let name = tensor`.
    pub fn bind(&mut self, tensor: TensorId, name: &str) {
        if let Some(tensor) = self.graph.tensors.get_mut(tensor.index()) {
            tensor.bindings.push(name.into());
        }
    }

    /// Removes a name that [`bind`](Self::bind) has set: a parameter of a function is only known inside of it.
    pub fn unbind(&mut self, tensor: TensorId, name: &str) {
        if let Some(tensor) = self.graph.tensors.get_mut(tensor.index())
            && let Some(at) = tensor.bindings.iter().rposition(|binding| binding == name)
        {
            tensor.bindings.remove(at);
        }
    }

    /// Checks an annotated shape, `let x: [127, 32] = …`, against the tensor's. `loc` is the location of the
    /// annotation.
    pub fn ascribe(&mut self, tensor: TensorId, written: &Value, loc: Loc, diags: &mut Diags) {
        let name = shown_name(&self.graph, tensor).into_owned();
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
        // Below, each constant is compared with an inferred length, which says more than that it is positive.
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
        let subjects = vec![Subject { tensor, shown: Some(shape.clone()) }];
        let notes = trail::notes(&self.graph, &subjects);
        let known =
            fixes::Known { graph: &self.graph, checks: &[], ascribed: &self.ascribed, tries: &self.tries };
        let report = || {
            let mut diag = Diag::error(Code::AscribedShape, loc, message.clone());
            diag.helps = fixes::of_shape(known, tensor, &wanted);
            diag.notes.clone_from(&notes);
            diag.about(subjects.clone()).help(help.clone())
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
                notes: notes.clone(),
                subjects: subjects.clone(),
            };
            fine &= one.require_equal(check, |_| report());
        }
        if fine {
            self.checks.append(&mut checks);
            self.ascribed.push((tensor, shape.clone()));
        }
    }

    fn tensor(&mut self, shape: Option<Shape>, dtype: Dtype, producer: Option<NodeId>, loc: Loc) -> TensorId {
        self.graph.tensors.push(Tensor { shape, dtype, producer, mask: None, bindings: Vec::new(), loc });
        TensorId(id(self.graph.tensors.len() - 1))
    }

    /// Number of checks that are left to const evaluation so far.
    pub fn checks(&self) -> usize {
        self.checks.len()
    }

    /// Adds a note to the checks after the first `known`: the expansion of a body that they belong to.
    pub fn note_checks(&mut self, known: usize, note: &str) {
        for check in self.checks.iter_mut().skip(known) {
            check.notes.push(note.to_owned());
        }
    }

    /// The graph so far.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Returns the graph and the checks for const evaluation.
    pub fn finish(self) -> (Graph, Vec<DimCheck>) {
        (self.graph, self.checks)
    }
}

/// Converts a table index to an id. It fits: no source text has 2³² layers.
fn id(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
