//! Folding of batch normalizations into the convolution or dense layer before them, for predictions with fixed
//! weights.
//!
//! With moving statistics a batch normalization is a scale and a shift per channel, so that `gamma · (kernel * x +
//! bias − mean) / √(variance + ε) + beta` is the layer with other weights: `kernel · scale` and `(bias − mean) ·
//! scale + beta`. The new bias is stored in place of the moving mean, which is no longer read, so that layers without
//! a bias need no memory for one. An activation after the normalization is applied by the layer itself.
//!
//! Training and evaluation run the original pass: there the statistics are those of the batch, or change between two
//! calls.

use std::collections::BTreeMap;

use super::{Op, OpKind, Plan, View, lifetimes};
use crate::activation::Activation;
use crate::dim::{Dim, Same};
use crate::operation::{Activate, BatchNormalization, Field, LinearMap, Part, PartMut, SpectralKernel};

/// The forward pass with its batch normalizations folded.
#[derive(Clone, Debug, PartialEq)]
pub struct Folded {
    /// Batch normalizations to fold before the first pass.
    pub folds: Vec<Fold>,
    /// Operations in addition to those of [`Plan::forward`].
    pub operations: Vec<Op>,
    /// The pass, in order: indices into [`Plan::forward`], followed by those of `operations`.
    pub forward: Vec<usize>,
}

/// A batch normalization that is folded into the weights of a layer, for all calls of the two.
#[derive(Clone, Debug, PartialEq)]
pub struct Fold {
    /// The layer's weights.
    pub map: LinearMap,
    /// Index of the batch normalization in [`Plan::forward`].
    pub norm: usize,
}

/// One call of a layer followed by a batch normalization, as indices into the forward pass.
struct Call {
    layer: usize,
    map: LinearMap,
    norm: usize,
    /// The block that identifies the batch normalization.
    moving_mean: usize,
    /// The activation after it, if the layer can apply it.
    activation: Option<usize>,
}

/// Sets the folded pass of a plan, if something can be folded.
pub(super) fn fold(plan: &mut Plan) {
    let calls = calls(plan);
    if calls.is_empty() {
        return;
    }
    let mut folded = Folded { folds: vec![], operations: vec![], forward: vec![] };
    let mut by_layer = BTreeMap::new();
    let mut gone = vec![false; plan.forward.len()];
    for call in &calls {
        by_layer.insert(call.layer, call);
        [Some(call.norm), call.activation].into_iter().flatten().for_each(|at| gone[at] = true);
        if folded.folds.iter().all(|fold| fold.map != call.map) {
            folded.folds.push(Fold { map: call.map.clone(), norm: call.norm });
        }
    }
    plan.only_losses.iter().for_each(|&at| gone[at] = true);
    for at in (0..plan.forward.len()).filter(|&at| !gone[at]) {
        let Some(call) = by_layer.get(&at) else {
            folded.forward.push(at);
            continue;
        };
        folded.forward.push(plan.forward.len() + folded.operations.len());
        folded.operations.push(operation(plan, call));
    }
    let pass: Vec<&Op> = folded.pass(plan).collect();
    let mut lives = lifetimes::predicting(plan, pass.into_iter());
    // A layer writes earlier than the activation did, but buffers are placed in the order of their first use. Those
    // that are out of order now count as used from an earlier time.
    let mut first = usize::MAX;
    for [from, _] in lives.iter_mut().flatten().rev() {
        first = first.min(*from);
        *from = first;
    }
    plan.slots.iter_mut().zip(lives).for_each(|(slot, life)| slot.folded = life);
    plan.folded = Some(folded);
}

impl Folded {
    /// The operations of the pass, in order.
    pub fn pass<'a>(&'a self, plan: &'a Plan) -> impl Iterator<Item = &'a Op> {
        let all = plan.forward.len();
        self.forward.iter().map(move |&at| match at.checked_sub(all) {
            Some(at) => &self.operations[at],
            None => &plan.forward[at],
        })
    }
}

/// The layer of a call, which replaces the others too.
fn operation(plan: &Plan, call: &Call) -> Op {
    let mut op = plan.forward[call.layer].clone();
    let rest = [Some(call.norm), call.activation].into_iter().flatten();
    for other in rest.map(|at| &plan.forward[at]) {
        op.name = format!("{}_and_{}", op.name, other.name);
        op.nodes.extend(&other.nodes);
        // Every operation writes one value.
        let Some(view) = other.kind.written().map(|written| written.view.clone()) else { continue };
        op.kind.parts_mut(&mut |part| {
            if let PartMut::Written(written) = part {
                (written.view, written.gradient, written.kept) = (view.clone(), None, false);
            }
        });
    }
    op.backward = false;
    let activation = call.activation.and_then(|at| activate(plan, at)).map(|it| it.activation);
    let planned = op.kind.planned_mut();
    planned.set_bias_and_activation(call.moving_mean, activation.unwrap_or(Activation::Linear));
    op
}

/// The calls that can be folded. Weights are changed for all calls of a layer, so all of them must be followed by the
/// same batch normalization, which must have no other calls.
fn calls(plan: &Plan) -> Vec<Call> {
    let uses = uses(plan);
    let found = (0..plan.forward.len()).filter_map(|norm| call(plan, &uses, norm));
    let found: Vec<Call> = found.collect();
    let (mut together, mut of_kernel, mut of_norm) =
        (BTreeMap::new(), BTreeMap::<_, usize>::new(), BTreeMap::<_, usize>::new());
    for call in &found {
        *together.entry((call.map.kernel, call.moving_mean)).or_insert(0) += 1;
    }
    for op in &plan.forward {
        weight_blocks(op).into_iter().for_each(|block| *of_kernel.entry(block).or_default() += 1);
        if let OpKind::BatchNormalization(norm) = &op.kind {
            *of_norm.entry(norm.moving_mean).or_default() += 1;
        }
    }
    let all = |call: &Call| {
        let count = together.get(&(call.map.kernel, call.moving_mean));
        of_kernel.get(&call.map.kernel) == count && of_norm.get(&call.moving_mean) == count
    };
    found.into_iter().filter(all).collect()
}

/// The call that ends in this batch normalization, if it can be folded on its own.
fn call(plan: &Plan, uses: &[Vec<usize>], at: usize) -> Option<Call> {
    let norm = norm(plan, at)?;
    let [layer, reader] = uses[norm.x.view.slot][..] else { return None };
    // An input has no layer before it.
    let op = plan.forward.get(layer)?;
    let map = op.kind.planned().linear_map()?;
    // Siblings share blocks, and only some of their columns would change.
    let alone = reader == at && op.nodes.len() == 1 && whole(&norm.x.view) && writes(op, &norm.x.view);
    let of_channels =
        norm.inner.same(&Dim::Known(1)) == Same::Yes && norm.channels.same(&map.channels) == Same::Yes;
    // The kernels of the calls of a `SpectralNormalization` are copies of each other, none of which can be folded on
    // its own.
    let copied = |spectral: &SpectralKernel| {
        let copies = &spectral.copies;
        !copies.is_empty() && (spectral.kernel == map.kernel || copies.contains(&map.kernel))
    };
    if !alone || !of_channels || plan.spectral.iter().any(copied) {
        return None;
    }
    let activation = match uses[norm.y.view.slot][..] {
        [_, reader] => Some(reader).filter(|&reader| {
            activate(plan, reader).is_some_and(|it| it.activation.elementwise() && it.x.view == norm.y.view)
        }),
        _ => None,
    };
    Some(Call { layer, map, norm: at, moving_mean: norm.moving_mean, activation })
}

/// By slot: the operations that use it in a prediction, and the end of the pass once for every output in it.
fn uses(plan: &Plan) -> Vec<Vec<usize>> {
    let mut uses = vec![vec![]; plan.slots.len()];
    plan.inputs.iter().for_each(|view| uses[view.slot].push(usize::MAX));
    for (at, op) in plan.forward.iter().enumerate() {
        op.kind.parts(&mut |part| match part {
            Part::Read(read) => uses[read.view.slot].push(at),
            Part::Written(written) => uses[written.view.slot].push(at),
            Part::Scratch(scratch) => uses[scratch.view.slot].push(at),
            Part::View(view) => uses[view.slot].push(at),
            Part::Weight(_) | Part::BatchWeight(_) => {}
        });
    }
    plan.outputs.iter().for_each(|view| uses[view.slot].push(usize::MAX));
    plan.states.iter().for_each(|state| uses[state.to.slot].push(usize::MAX));
    uses
}

/// The blocks of an operation's weights.
fn weight_blocks(op: &Op) -> Vec<usize> {
    let mut blocks = vec![];
    op.kind.parts(&mut |part| match part {
        Part::Weight(weight) => blocks.push(weight.block),
        Part::BatchWeight(weight) => blocks.push(weight.block),
        _ => {}
    });
    blocks
}

fn norm(plan: &Plan, at: usize) -> Option<&BatchNormalization<Dim>> {
    match &plan.forward[at].kind {
        OpKind::BatchNormalization(norm) => Some(norm),
        _ => None,
    }
}

fn activate(plan: &Plan, at: usize) -> Option<&Activate<Dim>> {
    match &plan.forward.get(at)?.kind {
        OpKind::Activate(activate) => Some(activate),
        _ => None,
    }
}

/// Whether a value has its own buffer.
fn whole(view: &View) -> bool {
    view.len == view.stride
}

/// Whether an operation writes exactly this value.
fn writes(op: &Op, view: &View) -> bool {
    op.kind.written().is_some_and(|written| written.view == *view)
}
