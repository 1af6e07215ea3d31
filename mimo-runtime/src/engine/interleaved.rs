//! The interleaved copies of kernels, which the fused steps of recurrent layers read.
//!
//! A block of units contains columns of every row of a kernel, but updates are divided by rows. So the copies are
//! made after all updates.

use super::update::run;
use crate::float::Float;
use crate::kernels::{self, Claims, Pieces, Pool};
use crate::program::Program;

/// Units per block.
const BLOCK: usize = kernels::interleave::BLOCK;

/// One block of one copy.
#[derive(Clone, Copy, Debug)]
struct Task {
    copy: usize,
    block: usize,
}

/// Division of the copies into tasks.
#[derive(Debug)]
pub(super) struct Interleaves {
    tasks: Vec<Task>,
    /// Boundaries in the pack buffer: task `i` is piece `2i + 1`.
    bounds: Vec<usize>,
    claims: Claims,
}

impl Interleaves {
    pub(super) fn new(program: &Program) -> Self {
        let (mut tasks, mut bounds) = (vec![], vec![0]);
        for (copy, interleaved) in program.interleaved.iter().enumerate() {
            let block = &program.blocks[interleaved.block];
            let len = kernels::interleaved_block_len(block.rows, interleaved.parts);
            for index in 0..(block.cols / interleaved.parts).div_ceil(BLOCK) {
                let start = program.starts.interleaved[copy] + index * len;
                tasks.push(Task { copy, block: index });
                bounds.extend([start, start + len]);
            }
        }
        Interleaves { claims: Claims::new(bounds.len()), tasks, bounds }
    }

    /// Makes the copies: all, or those of trained kernels.
    pub(super) fn refresh<E: Float>(
        &mut self,
        program: &Program,
        pool: Option<&Pool>,
        values: &[E],
        packs: &mut [E],
        all: bool,
    ) {
        if self.tasks.is_empty() {
            return;
        }
        let packs = Pieces::new(packs, &self.bounds, &mut self.claims);
        run(pool, self.tasks.len(), &|index| {
            let Task { copy, block } = self.tasks[index];
            let interleaved = program.interleaved[copy];
            let kernel = &program.blocks[interleaved.block];
            if !all && kernel.gradient.is_none() {
                return;
            }
            let Some(to) = packs.take(2 * index + 1) else { return };
            let values = &values[kernel.offset..kernel.offset + kernel.rows * kernel.cols];
            kernels::interleave(values, interleaved.parts, kernel.cols / interleaved.parts, block, to);
        });
    }
}
