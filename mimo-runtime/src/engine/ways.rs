//! The update of each weight in a step: by its optimizer or by another one, or none.
//!
//! It depends on the steering of the weight (frozen, its own learning rate or weight decay), and on whether an output
//! that trains it has a target in the batch. A block whose weights all have the same update is updated as a whole;
//! another one row by row, the columns of each weight separately. Every value is updated individually, so both have
//! the same result.

use std::ops::Range;

use crate::engine::gradient::params;
use crate::engine::labels::{Labels, Updated};
use crate::engine::rule::RuleState;
use crate::engine::steering::Steering;
use crate::engine::tasks::Task;
use crate::float::Float;
use crate::program::Program;

/// State of this module.
#[derive(Debug)]
pub(super) struct Ways<'a, E: Float> {
    pub labels: &'a Labels,
    pub steering: Option<&'a Steering<E>>,
}

impl<E: Float> Clone for Ways<'_, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E: Float> Copy for Ways<'_, E> {}

impl<'a, E: Float> Ways<'a, E> {
    /// Whether a weight is frozen.
    pub(super) fn is_frozen(&self, weight: usize) -> bool {
        self.steering.is_some_and(|steering| steering.is_frozen(weight))
    }

    /// Whether all weights of a block are frozen.
    pub(super) fn is_block_frozen(&self, block: usize) -> bool {
        self.steering.is_some_and(|steering| steering.is_block_frozen(block))
    }

    /// The optimizer state that updates a block of the optimizer `owner`, `Some(None)` for no update; `None` if its
    /// weights differ.
    pub(super) fn of_block(&self, block: usize, owner: &'a RuleState<E>) -> Option<Option<&'a RuleState<E>>> {
        match self.labels.of_block(block) {
            Updated::Nothing => Some(None),
            Updated::All => {
                self.steering.map_or(Some(Some(owner)), |steering| steering.of_block(block, owner))
            }
            Updated::Some => None,
        }
    }

    /// The optimizer state that updates a weight; `None` if it is skipped.
    fn of_weight(&self, weight: usize, owner: &'a RuleState<E>) -> Option<&'a RuleState<E>> {
        if self.labels.is_idle(weight) {
            return None;
        }
        self.steering.map_or(Some(owner), |steering| steering.of_weight(weight, owner))
    }

    /// Updates the values of a task.
    pub(super) fn update(
        &self,
        program: &Program,
        task: &Task,
        owner: &'a RuleState<E>,
        is_whole: bool,
        buffers: Buffers<'_, '_, E>,
    ) {
        let Buffers { values, gradients, slots } = buffers;
        if let Some(all) = self.of_block(task.block, owner) {
            if let Some(state) = all {
                state.update(is_whole, values, gradients, slots);
            }
            return;
        }
        each_row(program, task, |weight, places| {
            let Some(state) = self.of_weight(weight, owner) else { return };
            let mut parts: [&mut [E]; 3] = [&mut [], &mut [], &mut []];
            let count = slots.len().min(parts.len());
            for (part, slot) in parts.iter_mut().zip(slots.iter_mut()) {
                *part = &mut slot[places.clone()];
            }
            let (values, gradients) = (&mut values[places.clone()], &mut gradients[places]);
            state.update(is_whole, values, gradients, &mut parts[..count]);
        });
    }

    /// Sets the gradients of frozen weights to 0, and of weights that no target of the batch trains: penalties may
    /// have added to them.
    pub(super) fn clear_gradients(&self, program: &Program, task: &Task, gradients: &mut [E]) {
        let frozen = self.steering.is_some_and(|steering| steering.freezes_in(task.block));
        if frozen || self.labels.any() {
            each_row(program, task, |weight, places| {
                if self.is_frozen(weight) || self.labels.is_unlabelled(weight) {
                    gradients[places].fill(E::of(0.0));
                }
            });
        }
    }
}

/// The buffers of a task.
pub(super) struct Buffers<'p, 's, E> {
    pub values: &'p mut [E],
    pub gradients: &'p mut [E],
    /// The optimizer's.
    pub slots: &'p mut [&'s mut [E]],
}

/// Calls `visit` with each weight of a task and, row by row, its range in the values of the task.
pub(super) fn each_row(program: &Program, task: &Task, mut visit: impl FnMut(usize, Range<usize>)) {
    let cols = program.blocks[task.block].cols;
    for (weight, param) in params(program, task.block) {
        for row in 0..task.to - task.from {
            let start = row * cols + param.column;
            visit(weight, start..start + param.cols);
        }
    }
}
