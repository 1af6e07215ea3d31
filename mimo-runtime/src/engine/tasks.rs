//! The parameters of a model, divided into tasks of some rows each.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::engine::gradient::penalty;
use crate::engine::interleaved::Interleaves;
use crate::engine::{buffer, orthogonal};
use crate::error::Error;
use crate::float::Float;
use crate::kernels::{self, AlignedVec, Claims};
use crate::program::{Param, PlacedBlock, Program};

/// Number of values per task: small enough that gradient, parameters and slots of a task stay in the cache between
/// the passes over them.
const TASK_VALUES: usize = 1 << 14;
/// Smallest number of parts of a block, so that threads share it, unless the parts would have too few rows.
const SHARES: usize = 4;
const TASK_ROWS: usize = 512;
/// Rows of the transposed panels; tasks end at multiples of it.
const PANEL: usize = kernels::PANEL;

/// Some rows of a block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Task {
    pub block: usize,
    pub from: usize,
    pub to: usize,
}

/// Parameters, their gradients and the transposed kernels.
#[derive(Debug)]
pub(super) struct Parameters<E: Float> {
    pub values: AlignedVec<E>,
    pub gradients: AlignedVec<E>,
    pub packs: AlignedVec<E>,
    pub blocks: &'static [PlacedBlock],
    pub tasks: Vec<Task>,
    /// Boundaries of the tasks in the parameter buffer: gap, task, gap, task, … so that task `i` is piece `2i + 1`.
    pub bounds: Vec<usize>,
    /// Boundaries of the tasks in the pack buffer.
    pub pack_bounds: Vec<usize>,
    pub interleaves: Interleaves,
    /// One per divided buffer: parameters, gradients, packs, sums of gradients or averages, and up to three slots.
    pub claims: [Claims; 7],
    /// By task, the penalty of its weights, as the bits of an `f64`.
    pub penalties: Vec<AtomicU64>,
    /// By weight, the factor that clips its gradient.
    pub scales: Vec<E>,
    pub constrained: bool,
    /// Whether a penalty needs all values of a weight.
    pub orthogonal: bool,
}

impl<E: Float> Parameters<E> {
    pub(super) fn new(program: &'static Program) -> Result<Self, Error> {
        let tasks = tasks(program);
        let mut bounds = vec![0];
        let mut pack_bounds = vec![0];
        for task in &tasks {
            let block = &program.blocks[task.block];
            bounds.extend([block.offset + task.from * block.cols, block.offset + task.to * block.cols]);
            let last = pack_bounds.last().copied().unwrap_or(0);
            pack_bounds.extend(match block.pack {
                Some(start) => [start + packed(task.from, block.cols), start + packed(task.to, block.cols)],
                None => [last, last],
            });
        }
        let pieces = bounds.len();
        Ok(Parameters {
            values: buffer(program.parameters)?,
            gradients: buffer(program.parameters)?,
            packs: buffer(program.packs)?,
            blocks: program.blocks,
            penalties: tasks.iter().map(|_| AtomicU64::new(0)).collect(),
            tasks,
            bounds,
            pack_bounds,
            interleaves: Interleaves::new(program),
            claims: std::array::from_fn(|_| Claims::new(pieces)),
            scales: vec![E::of(1.0); program.params.len()],
            constrained: program.params.iter().any(|param| param.constraint.is_some()),
            orthogonal: orthogonal::is_needed(program),
        })
    }

    /// Makes every copy of a kernel again.
    pub(super) fn pack_all(&mut self, program: &Program) {
        pack_all(program, &self.values, &mut self.packs, &mut self.interleaves);
    }

    /// Makes the transposed copy of a block again, if it has one.
    pub(super) fn pack(&mut self, program: &Program, block: usize) {
        pack(program, block, &self.values, &mut self.packs);
    }

    /// The penalty of the trained weights by their regularizers; as in Keras, others have none.
    pub(super) fn penalty(&self, program: &Program, is_frozen: &dyn Fn(usize) -> bool) -> f64 {
        let weights = program.params.iter().enumerate();
        let trained = weights
            .filter(|(index, param)| program.blocks[param.block].gradient.is_some() && !is_frozen(*index));
        let penalized = trained.filter_map(|(_, param)| Some((param, param.regularizer?)));
        let norms: f64 = penalized.map(|(param, regularizer)| penalty(regularizer, self.rows(param))).sum();
        norms + orthogonal::penalty(program, &self.values, None, is_frozen)
    }

    /// The sum of the penalties that the tasks of the last step have found.
    pub(super) fn penalty_of_tasks(&self) -> f64 {
        self.penalties.iter().map(|penalty| f64::from_bits(penalty.load(Ordering::Relaxed))).sum()
    }

    fn rows(&self, param: &Param) -> impl Iterator<Item = &[E]> {
        let block = self.blocks[param.block];
        let values = &self.values[block.offset..block.offset + block.rows * block.cols];
        let columns = param.column..param.column + param.cols;
        values.chunks_exact(block.cols.max(1)).map(move |row| &row[columns.clone()])
    }
}

/// Makes every copy of a kernel of a parameter buffer.
pub(super) fn pack_all<E: Float>(
    program: &Program,
    values: &[E],
    packs: &mut [E],
    interleaves: &mut Interleaves,
) {
    (0..program.blocks.len()).for_each(|block| pack(program, block, values, packs));
    interleaves.refresh(program, None, values, packs, true);
}

/// Makes the transposed copy of a block, if it has one.
fn pack<E: Float>(program: &Program, block: usize, values: &[E], packs: &mut [E]) {
    let block = &program.blocks[block];
    if let Some(start) = block.pack {
        let rows = &values[block.offset..block.offset + block.rows * block.cols];
        let packed = &mut packs[start..start + packed(block.rows, block.cols)];
        kernels::pack_transposed(rows, 0, block.rows, block.cols, packed);
    }
}

/// Divides the trained blocks into tasks.
fn tasks(program: &Program) -> Vec<Task> {
    let mut tasks = vec![];
    for (index, block) in program.blocks.iter().enumerate() {
        if block.gradient.is_none() {
            continue;
        }
        // Large blocks are shared even if a single task would be small enough.
        let shared = block.rows.div_ceil(SHARES);
        let rows =
            (TASK_VALUES / block.cols.max(1)).min(shared.max(TASK_ROWS)).max(1).next_multiple_of(PANEL);
        let mut from = 0;
        while from < block.rows {
            let to = (from + rows).min(block.rows);
            tasks.push(Task { block: index, from, to });
            from = to;
        }
    }
    tasks
}

/// Length of the transposed copy of the first `rows` rows.
fn packed(rows: usize, cols: usize) -> usize {
    kernels::packed_len(rows, cols)
}
