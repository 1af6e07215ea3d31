//! Fixes for a call that does not fit, or for a tensor of another shape than the annotated one. Every suggested fix
//! has been tried: a candidate changes some facts, and the shape rules infer everything that depends on them again.

use std::collections::BTreeMap;

pub(super) use self::candidate::{Call, Known};
use self::candidate::{Patch, Shows};
use self::candidates::{Earlier, before, candidates};
use crate::context::{Cx, DimCheck};
use crate::diag::{Diags, Loc};
use crate::graph::{LayerId, Node, TensorId};
use crate::layers::LayerKind;
use crate::layers::layer::{Operand, Reads};
use crate::shape::{Dtype, Shape};

mod candidate;
mod candidates;

/// Number of fixes that are shown.
const OFFERED: usize = 2;

/// Limit on the calls that are inferred again for all errors of a model.
pub(super) const TRIES: usize = 1 << 22;

/// The facts after some changes.
struct World<'a> {
    known: Known<'a>,
    kinds: BTreeMap<LayerId, LayerKind>,
    tensors: BTreeMap<TensorId, (Shape, Dtype)>,
}

/// Fixes for a call, the likeliest first.
pub(super) fn of_call(known: Known<'_>, call: Call<'_>) -> Vec<String> {
    let graph = known.graph;
    let tensors: Option<Vec<(Shape, Dtype)>> = call
        .inputs
        .iter()
        .map(|input| graph.tensor(input.tensor))
        .map(|tensor| tensor.shape.clone().map(|shape| (shape, tensor.dtype)))
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

/// Fixes that change the shape of a tensor to its annotation.
pub(super) fn of_shape(known: Known<'_>, tensor: TensorId, wanted: &Shape) -> Vec<String> {
    let graph = known.graph;
    let changes = before(graph, tensor, std::slice::from_ref(wanted)).into_iter();
    let fits = changes.filter_map(|Earlier { layer, kind, change, .. }| {
        let class = graph.layer(layer).kind.setting_class();
        let mut world = World::new(known);
        world.change(layer, kind);
        let fits = world.replay() && world.tensor(tensor).is_some_and(|(shape, _)| shape == wanted);
        let text = match change.is_setting() {
            true => format!("`{change}` in `{class}`"),
            false => format!("`{change}`"),
        };
        fits.then(|| format!("{text} would make it {}", wanted.display(&graph.consts)))
    });
    fits.take(1).collect()
}

/// Operands and outputs, if the call fits with these changes.
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
        .map(|input| world.tensor(input.tensor).map(|(shape, dtype)| (shape.clone(), dtype)));
    let mut operands = operands.collect::<Option<Vec<_>>>()?;
    for patch in patches {
        if let Patch::Between(place, kind) = patch {
            let operand = operands.get_mut(*place)?;
            *operand =
                world.infer(kind, std::slice::from_ref(operand), &[""], call.loc)?.into_iter().next()?;
        }
    }
    let roles: Vec<&'static str> = call.inputs.iter().map(|input| input.role).collect();
    let given = world.infer(world.kind_of(call.layer, call.called), &operands, &roles, call.loc)?;
    // Almost every tensor can be repeated along axes of 1: such a fix is rarely what the user wants.
    let broadcast = || operands.windows(2).any(|pair| pair[0].0 != pair[1].0);
    if world.kind(call.layer).reads() == Reads::Broadcast && broadcast() {
        return None;
    }
    // The weights that earlier calls of the layer created must fit this call too.
    let made = known.graph.calls_of(call.layer).find(|node| world.is_sound(node));
    if let Some(made) = made {
        let by_place = operands.iter().zip(&roles).filter(|(_, role)| role.is_empty());
        let shapes: Vec<&Shape> = by_place.map(|((shape, _), _)| shape).collect();
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

    /// Replaces a layer and its parts.
    fn change(&mut self, layer: LayerId, kind: LayerKind) {
        let parts = kind.parts().into_iter().map(|part| part.kind);
        self.kinds.extend(self.known.graph.layer(layer).parts.iter().copied().zip(parts));
        self.kinds.insert(layer, kind);
    }

    fn kind(&self, layer: LayerId) -> &LayerKind {
        self.kinds.get(&layer).unwrap_or(&self.known.graph.layer(layer).kind)
    }

    /// The layer with the settings of a call; without them if the layer is changed.
    fn kind_of<'k>(&'k self, layer: LayerId, called: Option<&'k LayerKind>) -> &'k LayerKind {
        match called {
            Some(called) if !self.kinds.contains_key(&layer) => called,
            _ => self.kind(layer),
        }
    }

    fn tensor(&self, tensor: TensorId) -> Option<(&Shape, Dtype)> {
        let entry = self.known.graph.tensor(tensor);
        match self.tensors.get(&tensor) {
            Some((shape, dtype)) => Some((shape, *dtype)),
            None => entry.shape.as_ref().map(|shape| (shape, entry.dtype)),
        }
    }

    /// Whether a call is valid.
    fn is_sound(&self, node: &Node) -> bool {
        node.outputs.iter().all(|&output| self.known.graph.tensor(output).shape.is_some())
    }

    /// The outputs of a layer, if the call is valid and no new checks are left to const evaluation.
    fn infer(
        &self,
        kind: &LayerKind,
        operands: &[(Shape, Dtype)],
        roles: &[&'static str],
        loc: Loc,
    ) -> Option<Vec<(Shape, Dtype)>> {
        let (mut diags, mut checks) = (Diags::new(), Vec::new());
        let mut cx = Cx { consts: &self.known.graph.consts, diags: &mut diags, checks: &mut checks };
        let operands: Vec<_> = operands
            .iter()
            .zip(roles)
            .map(|((shape, dtype), role)| Operand {
                name: "x",
                shape,
                dtype: *dtype,
                loc,
                tensor: None,
                role,
            })
            .collect();
        let given = kind.infer(&operands, loc, &mut cx)?;
        let asked = |check: &DimCheck| {
            let DimCheck { found, relation, wanted, .. } = check;
            let same = |it: &DimCheck| it.found == *found && it.relation == *relation && it.wanted == *wanted;
            self.known.checks.iter().any(same)
        };
        (!diags.has_errors() && checks.iter().all(asked)).then_some(given)
    }

    /// The outputs of a call. A call inside of a nested model may run on every step of its tensors.
    fn infer_call(&self, node: &Node, operands: Vec<(Shape, Dtype)>) -> Option<Vec<(Shape, Dtype)>> {
        let steps: Vec<_> = operands.first()?.0.0.iter().take(node.steps).cloned().collect();
        let step = |(shape, dtype): (Shape, Dtype)| (shape.without_first(node.steps), dtype);
        let operands: Vec<_> = operands.into_iter().map(step).collect();
        let kind = self.kind_of(node.layer, node.called.as_deref());
        let given = self.infer(kind, &operands, &node.roles, node.loc)?;
        let whole = |shape: Shape| Shape(steps.iter().cloned().chain(shape.0).collect());
        Some(given.into_iter().map(|(shape, dtype)| (whole(shape), dtype)).collect())
    }

    /// Infers everything that depends on the changes again. Returns whether all of it still fits.
    fn replay(&mut self) -> bool {
        let graph = self.known.graph;
        let Some(left) = self.known.tries.get().checked_sub(graph.nodes.len()) else { return false };
        self.known.tries.set(left);
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
            let given = operands.and_then(|operands| self.infer_call(node, operands));
            let Some(given) = given.filter(|given| given.len() == node.outputs.len()) else { return false };
            self.tensors.extend(node.outputs.iter().copied().zip(given));
            touched.push(node.layer);
        }
        let written = |(tensor, shape): &(TensorId, Shape)| {
            self.tensors.get(tensor).is_none_or(|(changed, _)| changed == shape)
        };
        self.known.ascribed.iter().all(written) && touched.into_iter().all(|layer| self.shares(layer))
    }

    /// Weights that a call needs.
    fn weights(&self, node: &Node) -> Option<Vec<crate::layers::Weight>> {
        let step = |&input: &TensorId| self.tensor(input).map(|(shape, _)| shape.without_first(node.steps));
        let by_place = node.inputs.iter().zip(&node.roles).filter(|(_, role)| role.is_empty());
        let shapes = by_place.map(|(input, _)| step(input)).collect::<Option<Vec<_>>>()?;
        Some(self.kind(node.layer).weights(&shapes.iter().collect::<Vec<_>>()))
    }

    /// Whether all calls of a layer need the same weights.
    fn shares(&self, layer: LayerId) -> bool {
        let mut calls = self.known.graph.calls_of(layer).filter(|node| self.is_sound(node));
        let first = calls.next().and_then(|node| self.weights(node));
        calls.all(|node| self.weights(node) == first)
    }
}
