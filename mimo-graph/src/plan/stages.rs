//! Stages: an order of operations in which the chunks of a step wait for each other as rarely as possible.
//!
//! An operation that reads sums over the batch, such as a batch normalization, waits for all chunks before its
//! forward and before its backward. The *level* of an operation is the number of such waits that come before it.
//! Operations are sorted by level, stably: operations of one level share a wait, and a plan without any keeps its
//! order.

use super::build::Building;
use super::values::ValueId;
use super::{Op, Plan};
use crate::dim::Dim;
use crate::loss::{Loss, Region};
use crate::operation::{MASK_SUMS, Sum};

/// The part of a training step that a stage belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepPart {
    /// From the inputs to the outputs.
    Forward,
    /// Backward of the operations that lead to one output only.
    Heads,
    /// Backward of the operations that several outputs share.
    Trunk,
}

/// Operations that every chunk runs one after another, and the sums over the batch for which the chunks wait
/// afterwards.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// The part of the step.
    pub part: StepPart,
    /// Indices into [`Plan::forward`], in order.
    pub operations: Vec<usize>,
    /// The operations whose sums end the stage: indices into [`Plan::forward`].
    pub sums: Vec<usize>,
}

/// Whether an operation needs sums over the batch.
fn waits(op: &Op) -> bool {
    op.kind.planned().batch_sums().is_some()
}

/// Sorts the forward by level.
pub(super) fn order_forward(building: &mut Building) {
    if !building.plan.forward.iter().any(waits) {
        return;
    }
    let levels = forward_levels(building);
    let mut order: Vec<usize> = (0..levels.len()).collect();
    order.sort_by_key(|&at| levels[at]);
    building.plan.forward = order.iter().map(|&at| building.plan.forward[at].clone()).collect();
    building.reads = order.iter().map(|&at| building.reads[at].clone()).collect();
    building.gives = order.iter().map(|&at| building.gives[at].clone()).collect();
}

/// By operation: the number of waits before it.
fn forward_levels(building: &Building) -> Vec<usize> {
    let mut of_value = vec![0; building.values.len()];
    let operations = building.plan.forward.iter().zip(building.reads.iter().zip(&building.gives));
    let levels = operations.map(|(op, (reads, gives))| {
        let before = reads.iter().map(|read| of_value[read.0]).max().unwrap_or(0);
        let level = before + usize::from(waits(op));
        gives.iter().for_each(|value| of_value[value.0] = level);
        level
    });
    levels.collect()
}

/// Sorts the backward by level, heads and trunk separately, and lists the stages of the step.
pub(super) fn stages(building: &mut Building) {
    let forward = forward_levels(building);
    let all: Vec<usize> = (0..forward.len()).collect();
    let mut stages = vec![];
    split(&building.plan, StepPart::Forward, &all, &|at| forward[at], 0, &mut stages);
    // The trunk begins after all heads.
    let mut of_value = vec![0; building.values.len()];
    let mut levels = vec![0; forward.len()];
    let mut first = 0;
    for part in [StepPart::Heads, StepPart::Trunk] {
        let mut list = match part {
            StepPart::Heads => building.plan.heads.clone(),
            _ => building.plan.trunk.clone(),
        };
        for &at in &list {
            let arrived = |value: &ValueId| of_value[value.0];
            let after = building.gives[at].iter().map(arrived).max().unwrap_or(0).max(first);
            levels[at] = after + usize::from(waits(&building.plan.forward[at]));
            for value in &building.reads[at] {
                of_value[value.0] = of_value[value.0].max(levels[at]);
            }
        }
        list.sort_by_key(|&at| levels[at]);
        split(&building.plan, part, &list, &|at| levels[at], first, &mut stages);
        first = list.iter().map(|&at| levels[at]).max().unwrap_or(first);
        match part {
            StepPart::Heads => building.plan.heads = list,
            _ => building.plan.trunk = list,
        }
    }
    building.plan.stages = stages;
}

/// Adds the stages of operations that are sorted by level, from level `first` on. There is at least one.
fn split(
    plan: &Plan,
    part: StepPart,
    list: &[usize],
    level: &dyn Fn(usize) -> usize,
    first: usize,
    stages: &mut Vec<Stage>,
) {
    let last = list.iter().map(|&at| level(at)).max().unwrap_or(first);
    for current in first..=last {
        let at_level = |wanted: usize| list.iter().copied().filter(move |&at| level(at) == wanted);
        let sums = at_level(current + 1).filter(|&at| waits(&plan.forward[at])).collect();
        stages.push(Stage { part, operations: at_level(current).collect(), sums });
    }
}

/// Sets the offset of every loss and operation in the sums of a step, after the counts over the targets.
pub(super) fn place_sums(plan: &mut Plan) {
    let scans = (0..plan.losses.len()).any(|at| plan.scans(at));
    let mut next = Dim::Known(if scans { plan.outputs.len() } else { 0 });
    for (at, op) in plan.losses.iter().enumerate() {
        let Some(region) = op.loss.and_then(Loss::region).filter(|region| region.of_batch()) else {
            continue;
        };
        // Three sums for each region, and the sum of the samples' weights.
        let regions = if region == Region::BatchClass { op.classes.clone() } else { Dim::Known(1) };
        let len = regions * Dim::Known(3) + Dim::Known(1);
        plan.batch_losses.push((at, Sum::Add { start: next.clone(), len: len.clone() }));
        next = next + len;
    }
    for mask in &mut plan.masks {
        mask.start = next.clone();
        next = next + Dim::Known(MASK_SUMS);
    }
    for op in &mut plan.forward {
        if waits(op) {
            next = next.clone() + op.kind.planned_mut().place_batch_sums(next);
        }
    }
    plan.sums = next;
}
