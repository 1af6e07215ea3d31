//! Present targets: the number of samples of a batch with a target for each output, and the weights that a step does
//! not update because no output that trains them has a target.
//!
//! If a batch has no target for an output, its loss is 0 and so are its gradients. An optimizer would still change
//! the weights that only this output trains: by momentum, by weight decay, by a regularizer. They are not changed,
//! and neither is their optimizer state. The optimizer's number of steps still increases: it belongs to the
//! optimizer, as in Keras, and not to a weight.

use mimo_graph::loss::{Loss, Region};
use mimo_graph::spec::OutputSpec;

use super::gradient::params;
use crate::chunk::Chunk;
use crate::error::Error;
use crate::float::Float;
use crate::loss::Rows;
use crate::program::{LabelledBy, Program};
use crate::weighting::{Weighting, WeightsOf, share};

/// The part of a block that a step updates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Updated {
    All,
    /// Some of its weights.
    Some,
    Nothing,
}

/// State of this module.
#[derive(Debug, Default)]
pub(super) struct Labels {
    /// By output: number of positions of a sample of all outputs before it, and of all at the end. An output of one
    /// position counts 0.
    pub(super) starts: Vec<usize>,
    pub(super) labelled_by: &'static [LabelledBy],
    /// By output: whether a custom loss has a gradient for it in this step.
    pub(super) custom: Vec<bool>,
    /// By weight: whether no output that trains it has a target in this batch.
    pub(super) unlabelled: Vec<bool>,
    /// By weight: whether it had no target since its last update. Gradients may be accumulated over several steps.
    pub(super) waiting: Vec<bool>,
    /// By weight: whether this update skips it.
    pub(super) idle: Vec<bool>,
    /// By block.
    pub(super) blocks: Vec<Updated>,
    /// Whether some weight is not updated.
    pub(super) any: bool,
}

impl Labels {
    pub(super) fn new(
        outputs: &[OutputSpec],
        program: &Program,
        labelled_by: &'static [LabelledBy],
    ) -> Result<Self, Error> {
        if labelled_by.iter().any(|group| group.end > program.params.len()) {
            return Err(Error::Inconsistent { what: "the weights that outputs train" });
        }
        let mut starts = vec![0];
        let mut start = 0;
        for (output, weight) in outputs.iter().zip(program.sample_weights) {
            let positions = if weight.is_some() { output.positions() } else { 1 };
            start += if positions > 1 { positions } else { 0 };
            starts.push(start);
        }
        Ok(Labels {
            starts,
            labelled_by,
            custom: vec![false; outputs.len()],
            unlabelled: vec![false; program.params.len()],
            waiting: vec![true; program.params.len()],
            idle: vec![false; program.params.len()],
            blocks: vec![Updated::All; program.blocks.len()],
            any: false,
        })
    }

    /// Number of positions of a sample of all outputs, if they have weights.
    pub(super) fn positions(&self, weighting: Weighting) -> usize {
        self.starts(weighting).last().copied().unwrap_or(0)
    }

    /// By output: number of positions of a sample of all outputs before it; empty if positions have no weights.
    pub(super) fn starts(&self, weighting: Weighting) -> &[usize] {
        if weighting.positions { &self.starts } else { &[] }
    }

    /// Finds the weights that the next update skips. `present` contains the number of samples with a target by
    /// output, empty if none is missing. `accumulates` and `updates` return for a block whether its gradients are
    /// added to those of other steps, and whether this step updates it.
    pub(super) fn find_idle(
        &mut self,
        present: &[f64],
        program: &Program,
        accumulates: &dyn Fn(usize) -> bool,
        updates: &dyn Fn(usize) -> bool,
    ) {
        self.any = false;
        if present.is_empty() && !(0..program.blocks.len()).any(accumulates) {
            return;
        }
        self.unlabelled.fill(false);
        for LabelledBy { start, end, outputs } in self.labelled_by {
            let is_missing = |output: &usize| {
                let custom = self.custom.get(*output).copied().unwrap_or(false);
                present.get(*output) == Some(&0.0) && !custom
            };
            if !outputs.is_empty() && outputs.iter().all(is_missing) {
                self.unlabelled[*start..*end].fill(true);
                self.any = true;
            }
        }
        for (index, param) in program.params.iter().enumerate() {
            let unlabelled = self.unlabelled[index];
            self.waiting[index] &= unlabelled;
            self.idle[index] = unlabelled && (self.waiting[index] || !accumulates(param.block));
            self.waiting[index] |= updates(param.block);
        }
        if self.any {
            for (block, state) in self.blocks.iter_mut().enumerate() {
                let idle = params(program, block).filter(|(index, _)| self.idle[*index]).count();
                *state = match idle {
                    0 => Updated::All,
                    _ if idle == params(program, block).count() => Updated::Nothing,
                    _ => Updated::Some,
                };
            }
        }
    }

    /// The part of a block that the update changes.
    pub(super) fn of_block(&self, block: usize) -> Updated {
        if self.any { self.blocks[block] } else { Updated::All }
    }

    /// Whether the update skips a weight.
    pub(super) fn is_idle(&self, param: usize) -> bool {
        self.any && self.idle[param]
    }

    /// Whether no output that trains the weight has a target in this batch.
    pub(super) fn is_unlabelled(&self, param: usize) -> bool {
        self.any && self.unlabelled[param]
    }

    /// Whether some weight is skipped.
    pub(super) fn any(&self) -> bool {
        self.any
    }
}

/// Writes the numbers of samples of the chunk with a target, by output, to its sums from `start` on.
pub(super) fn count<E: Float>(
    outputs: &[OutputSpec],
    program: &Program,
    start: usize,
    chunk: &mut Chunk<'_, E>,
) {
    for (index, (output, view)) in outputs.iter().zip(program.sample_weights).enumerate() {
        let region = output.loss.and_then(Loss::region);
        let whole = matches!(region, Some(Region::Sample | Region::SampleClass));
        let samples = view.map(|view| Rows::new(&*chunk.arena, chunk.mat(view)));
        let weights = WeightsOf { samples, positions: chunk.target_weights.of(index, chunk.rows) };
        let of_row = |row: usize| {
            let share = weights.sample(row).map_or(0.0, |_| share(None, weights.positions(row)));
            // A loss of one value per sample needs at least one of its positions.
            if whole && share > 0.0 { 1.0 } else { share }
        };
        let found = (0..chunk.rows).map(of_row).sum();
        if let Some(sum) = chunk.sums.get_mut(start + index) {
            *sum = found;
        }
    }
}
