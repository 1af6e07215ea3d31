//! The second phase of a step: gradients of weights over the batch, penalties, clipping, the optimizer, constraints, and
//! the transposed kernels of the next backward. The parameters are cut in tasks of some rows each.

use std::sync::atomic::{AtomicU64, Ordering};

use mimo_graph::initializer::Regularizer;
use mimo_graph::optimizer::Clip;

use crate::engine::chunks::{Chunks, is_small};
use crate::engine::interleaved::Interleaves;
use crate::engine::limits::{clip_norms, constrain, scale_columns};
use crate::engine::rule::{Gradients, Rules, StepOf};
use crate::engine::whole::Wholes;
use crate::engine::{Engine, buffer, orthogonal};
use crate::error::Error;
use crate::float::Float;
use crate::kernels::optimizer::{accumulate, accumulated as mean_of_sum, average, clip_value, decay};
use crate::kernels::{self, AlignedVec, Blocks, Claims, Mat, Pieces, Pool};
use crate::program::{Gradient, Param, PlacedBlock, Program, Use, View};

/// Values that one task updates: small enough that gradient, parameters and slots of a task stay in the cache
/// between the passes over them.
const TASK_VALUES: usize = 1 << 14;
/// Parts that a block is cut in at least, so that threads share it, unless they had fewer rows than are worth it.
const SHARES: usize = 4;
const TASK_ROWS: usize = 512;
/// Rows of the transposed panels; tasks end on them.
const PANEL: usize = kernels::PANEL;

/// Some rows of a block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Task {
    pub block: usize,
    from: usize,
    to: usize,
}

/// Parameters, their gradients and the transposed kernels.
#[derive(Debug)]
pub(super) struct Parameters<E: Float> {
    pub values: AlignedVec<E>,
    pub gradients: AlignedVec<E>,
    pub packs: AlignedVec<E>,
    pub blocks: &'static [PlacedBlock],
    tasks: Vec<Task>,
    /// Boundaries of the tasks in the parameter buffer: gap, task, gap, task, … so that task `i` is piece `2i + 1`.
    bounds: Vec<usize>,
    /// The same in the pack buffer.
    pack_bounds: Vec<usize>,
    interleaves: Interleaves,
    /// One per buffer that is cut: parameters, gradients, packs, sums of gradients or averages, and up to three slots.
    claims: [Claims; 7],
    /// By task, the penalty of its weights, as the bits of an `f64`.
    penalties: Vec<AtomicU64>,
    /// By weight, the factor that clips its gradient.
    scales: Vec<E>,
    constrained: bool,
    /// Whether a penalty needs all values of a weight.
    orthogonal: bool,
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

    /// Makes every copy of a kernel anew.
    pub(super) fn pack_all(&mut self, program: &Program) {
        (0..program.blocks.len()).for_each(|block| self.pack(program, block));
        self.interleaves.refresh(program, None, &self.values, &mut self.packs, true);
    }

    /// Makes the transposed copy of a block anew, if it has one.
    pub(super) fn pack(&mut self, program: &Program, block: usize) {
        let block = &program.blocks[block];
        if let Some(start) = block.pack {
            let rows = &self.values[block.offset..block.offset + block.rows * block.cols];
            let packed = &mut self.packs[start..start + packed(block.rows, block.cols)];
            kernels::pack_transposed(rows, 0, block.rows, block.cols, packed);
        }
    }

    /// What the weights that are trained cost by their regularizers; as in Keras, others cost nothing.
    pub(super) fn penalty(&self, program: &Program) -> f64 {
        let trained = program.params.iter().filter(|param| program.blocks[param.block].gradient.is_some());
        let penalized = trained.filter_map(|param| Some((param, param.regularizer?)));
        let norms: f64 = penalized.map(|(param, regularizer)| penalty(regularizer, self.rows(param))).sum();
        norms + orthogonal::penalty(program, &self.values, None)
    }

    fn rows(&self, param: &Param) -> impl Iterator<Item = &[E]> {
        let block = self.blocks[param.block];
        let values = &self.values[block.offset..block.offset + block.rows * block.cols];
        let columns = param.column..param.column + param.cols;
        values.chunks_exact(block.cols.max(1)).map(move |row| &row[columns.clone()])
    }
}

/// Cuts the trained blocks.
fn tasks(program: &Program) -> Vec<Task> {
    let mut tasks = vec![];
    for (index, block) in program.blocks.iter().enumerate() {
        if block.gradient.is_none() {
            continue;
        }
        // Large blocks are shared even if all of one would be a task.
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

impl<E: Float> Engine<E> {
    /// Updates the parameters from what the chunks of a batch left, and gives the penalty that the weights had.
    pub(super) fn update(&mut self, rows: usize) -> f64 {
        let Some(rules) = &mut self.rules else { return 0.0 };
        let program = self.program;
        let pool = (!is_small(program.flops.saturating_mul(3), rows)).then_some(&self.pool);
        rules.prepare();
        let orthogonal = self.parameters.orthogonal;
        let staged = orthogonal || self.parameters.constrained || rules.waits_for_gradients();
        let Rules { rules: states, owners, slots: buffers, wholes, accumulated, averages, .. } = rules;
        let Parameters {
            values,
            gradients,
            packs,
            tasks,
            bounds,
            pack_bounds,
            interleaves,
            claims,
            penalties,
            scales,
            ..
        } = &mut self.parameters;
        let [value_claims, gradient_claims, pack_claims, sum_claims, slot_claims @ ..] = claims;
        let chunks = &self.train_chunks;

        let collect = |task: &Task, gradients: &mut [E], sums: &mut [E]| match states[owners[task.block]]
            .step
            .gradients
        {
            Gradients::Used => {}
            Gradients::Collected => accumulate(sums, gradients),
            Gradients::Averaged(steps) => mean_of_sum(sums, gradients, steps),
        };
        let finish = |task: &Task, values: &mut [E], gradients: &mut [E], slots: &mut [&mut [E]]| {
            let rule = &states[owners[task.block]];
            if let (Clip::Value(limit), true) =
                (rule.optimizer.clip, rule.step.gradients != Gradients::Collected)
            {
                clip_value(gradients, E::of(limit));
            }
            let Some(update) = rule.step.update.filter(|_| !wholes.blocks[task.block]) else { return };
            if let Some(factor) = rule.step.decay {
                decay(values, factor);
            }
            update.apply(values, gradients, &mut slots[..update.slots()]);
        };
        let pack = |task: &Task, values: &[E], packs: &mut [E]| {
            let block = &program.blocks[task.block];
            if block.pack.is_some() {
                kernels::pack_transposed(values, task.from, task.to, block.cols, packs);
            }
        };
        {
            let values = Pieces::new(values, bounds, value_claims);
            let gradients = Pieces::new(gradients, bounds, gradient_claims);
            let packs = Pieces::new(packs, pack_bounds, pack_claims);
            let slots = SlotPieces::new(buffers, bounds, slot_claims);
            let sums = (!accumulated.is_empty()).then(|| Pieces::new(accumulated, bounds, sum_claims));
            run(pool, tasks.len(), &|index| {
                let (task, piece) = (&tasks[index], 2 * index + 1);
                let (Some(values), Some(gradients)) = (values.take(piece), gradients.take(piece)) else {
                    return;
                };
                gradient(program, chunks, task, gradients);
                let cost = penalize(program, task, values, gradients);
                penalties[index].store(cost.to_bits(), Ordering::Relaxed);
                if let Some(sums) = sums.as_ref().filter(|_| !orthogonal).and_then(|sums| sums.take(piece)) {
                    collect(task, gradients, sums);
                }
                if staged {
                    return;
                }
                slots.with(piece, |slots| finish(task, values, gradients, slots));
                if let Some(packs) = packs.take(piece) {
                    pack(task, values, packs);
                }
            });
        }
        let mut penalty = 0.0;
        if !staged {
            interleaves.refresh(program, pool, values, packs, false);
        } else {
            if orthogonal {
                // This part of the gradients, too, is there before they are added to those of earlier steps.
                penalty += orthogonal::penalty(program, values, Some(gradients));
                if !accumulated.is_empty() {
                    let gradients = Pieces::new(gradients, bounds, gradient_claims);
                    let sums = Pieces::new(accumulated, bounds, sum_claims);
                    run(pool, tasks.len(), &|index| {
                        let piece = 2 * index + 1;
                        if let (Some(gradients), Some(sums)) = (gradients.take(piece), sums.take(piece)) {
                            collect(&tasks[index], gradients, sums);
                        }
                    });
                }
            }
            clip_norms(program, states, owners, gradients, scales);
            {
                let values = Pieces::new(values, bounds, value_claims);
                let gradients = Pieces::new(gradients, bounds, gradient_claims);
                let slots = SlotPieces::new(buffers, bounds, slot_claims);
                run(pool, tasks.len(), &|index| {
                    let (task, piece) = (&tasks[index], 2 * index + 1);
                    let (Some(values), Some(gradients)) = (values.take(piece), gradients.take(piece)) else {
                        return;
                    };
                    scale_columns(program, task, gradients, scales);
                    slots.with(piece, |slots| finish(task, values, gradients, slots));
                });
            }
            let Wholes { all, bounds, memory, memory_bounds, claims, .. } = wholes;
            let [value_claims, gradient_claims, memory_claims, slot_claims @ ..] = claims;
            let values = Pieces::new(values, bounds, value_claims);
            let gradients = Pieces::new(gradients, bounds, gradient_claims);
            let memory = Pieces::new(memory, memory_bounds, memory_claims);
            let slots = SlotPieces::new(buffers, bounds, slot_claims);
            run(pool, all.len(), &|index| {
                let (whole, piece) = (&all[index], 2 * index + 1);
                let StepOf { whole: Some(step), whole_decay, .. } = &states[owners[whole.block]].step else {
                    return;
                };
                let pieces = (values.take(piece), gradients.take(piece), memory.take(index));
                if let (Some(values), Some(gradients), Some(memory)) = pieces {
                    let operands = [values, gradients, memory];
                    slots.with(piece, |slots| whole.update(step, *whole_decay, operands, slots));
                }
            });
        }
        if !averages.is_empty() {
            let values = Pieces::new(values, bounds, value_claims);
            let averages = Pieces::new(averages, bounds, sum_claims);
            run(pool, tasks.len(), &|index| {
                let StepOf { average: Some(momentum), overwrite, .. } =
                    states[owners[tasks[index].block]].step
                else {
                    return;
                };
                let piece = 2 * index + 1;
                if let (Some(values), Some(averages)) = (values.take(piece), averages.take(piece)) {
                    average(averages, values, momentum);
                    if overwrite {
                        values.copy_from_slice(averages);
                    }
                }
            });
        }
        penalty +=
            penalties.iter().map(|penalty| f64::from_bits(penalty.load(Ordering::Relaxed))).sum::<f64>();
        rules.advance();
        if staged {
            for param in program.params.iter().filter(|param| program.blocks[param.block].gradient.is_some())
            {
                if let Some(constraint) = param.constraint {
                    constrain(&mut self.parameters, param, constraint);
                }
            }
            self.parameters.pack_all(program);
        }
        self.move_averages();
        self.spectral.copied = false;
        penalty
    }

    /// Sets weights of which the optimizer has moving averages to these.
    pub fn overwrite_with_averages(&mut self) {
        let Some(rules) = self.rules.as_ref().filter(|rules| rules.iterations > 0) else { return };
        let averaged = |task: &&Task| rules.rules[rules.owners[task.block]].optimizer.average.is_some();
        let mut any = false;
        for task in self.parameters.tasks.iter().filter(averaged) {
            let block = &self.parameters.blocks[task.block];
            let places = block.offset + task.from * block.cols..block.offset + task.to * block.cols;
            self.parameters.values[places.clone()].copy_from_slice(&rules.averages[places]);
            any = true;
        }
        if any {
            self.spectral.copied = false;
            self.parameters.pack_all(self.program);
        }
    }

    /// Moves the averages towards the statistics of the batch. Their products are rounded as Keras rounds them.
    fn move_averages(&mut self) {
        let merged = &self.train_chunks.merged;
        for average in self.program.moving {
            let start = self.program.blocks[average.block].offset;
            let values = &mut self.parameters.values[start..start + average.len];
            let (stays, moves) = (E::of(average.momentum), E::of(1.0 - average.momentum));
            for (value, sum) in values.iter_mut().zip(&merged[average.sums..average.sums + average.len]) {
                *value = *value * stays + E::of(*sum) * moves;
            }
        }
    }
}

/// Runs tasks on the pool or, without one, here.
pub(super) fn run(pool: Option<&Pool>, tasks: usize, task: &(dyn Fn(usize) + Sync)) {
    match pool {
        Some(pool) => pool.run(tasks, task),
        None => (0..tasks).for_each(task),
    }
}

/// The optimizer's slots, cut like the parameters.
struct SlotPieces<'a, E> {
    pieces: [Option<Pieces<'a, E>>; 3],
}

impl<'a, E: Float> SlotPieces<'a, E> {
    fn new(slots: &'a mut [AlignedVec<E>], bounds: &'a [usize], claims: &'a mut [Claims; 3]) -> Self {
        let mut slots = slots.iter_mut().zip(claims);
        SlotPieces {
            pieces: std::array::from_fn(|_| {
                slots.next().map(|(slot, claims)| Pieces::new(slot, bounds, claims))
            }),
        }
    }

    /// Calls `work` with one piece of every slot.
    fn with(&self, piece: usize, work: impl FnOnce(&mut [&mut [E]])) {
        let mut taken: [&mut [E]; 3] = [&mut [], &mut [], &mut []];
        let mut count = 0;
        for pieces in self.pieces.iter().flatten() {
            let Some(slot) = pieces.take(piece) else { return };
            taken[count] = slot;
            count += 1;
        }
        work(&mut taken[..count]);
    }
}

/// Computes the gradient of a task's parameters over the batch.
fn gradient<E: Float>(program: &Program, chunks: &Chunks<E>, task: &Task, gradients: &mut [E]) {
    let arena = chunks.arena();
    match &program.blocks[task.block].block.gradient {
        Some(Gradient::Product(uses)) => {
            for (index, call) in uses.iter().enumerate() {
                let x = blocks(program, chunks, call, call.x);
                let dy = blocks(program, chunks, call, call.dy);
                kernels::dense_kernel_gradient(arena, x, dy, task.from..task.to, gradients, index > 0);
            }
        }
        Some(Gradient::Sum(uses)) => {
            for (index, call) in uses.iter().enumerate() {
                let dy = blocks(program, chunks, call, call.dy);
                kernels::column_sums(arena, dy, gradients, index > 0);
            }
        }
        Some(Gradient::Scatter(uses)) => {
            gradients.fill(E::of(0.0));
            for call in uses.iter() {
                let x = blocks(program, chunks, call, call.x);
                let dy = blocks(program, chunks, call, call.dy);
                kernels::scatter_add(arena, x, dy, task.from..task.to, gradients);
            }
        }
        Some(Gradient::ChunkSums(view)) => {
            let cols = program.blocks[task.block].cols;
            for (index, sums) in chunks.fixed(program.train, *view).enumerate() {
                let sums = &sums[task.from * cols..task.to * cols];
                match index {
                    0 => gradients.copy_from_slice(sums),
                    _ => gradients.iter_mut().zip(sums).for_each(|(gradient, sum)| *gradient += *sum),
                }
            }
        }
        Some(Gradient::BatchSums(starts)) => {
            let cols = program.blocks[task.block].cols;
            let places = task.from * cols..task.to * cols;
            for (index, start) in starts.iter().enumerate() {
                let sums = &chunks.merged[start + places.start..start + places.end];
                let pairs = gradients.iter_mut().zip(sums);
                pairs.for_each(|(to, sum)| *to = if index == 0 { E::of(*sum) } else { *to + E::of(*sum) });
            }
        }
        None => {}
    }
}

/// The rows of a value over all chunks of the batch.
fn blocks<E: Float>(program: &Program, chunks: &Chunks<E>, call: &Use, view: View) -> Blocks {
    let cols = view.len / call.positions.max(1);
    let stride = view.stride / call.positions.max(1);
    let offset = program.train.offsets[view.slot] * chunks.capacity + view.column;
    let rows = chunks.capacity * call.positions;
    Blocks {
        mat: Mat { offset, rows, cols, stride },
        chunk_stride: chunks.stride,
        rows: chunks.batch * call.positions,
    }
}

/// The weights of a block with their places.
pub(super) fn params(program: &Program, block: usize) -> impl Iterator<Item = (usize, &Param)> {
    program.params.iter().enumerate().filter(move |(_, param)| param.block == block)
}

/// Adds the gradients of penalties, and gives the penalties.
fn penalize<E: Float>(program: &Program, task: &Task, values: &[E], gradients: &mut [E]) -> f64 {
    let cols = program.blocks[task.block].cols.max(1);
    let mut cost = 0.0;
    for (_, param) in params(program, task.block) {
        let Some(regularizer) = param.regularizer else { continue };
        let Regularizer::Norms { l1, l2 } = regularizer else { continue };
        let columns = param.column..param.column + param.cols;
        let (l1, l2) = (E::of(l1), E::of(2.0 * l2));
        for (values, gradients) in values.chunks_exact(cols).zip(gradients.chunks_exact_mut(cols)) {
            for (w, g) in values[columns.clone()].iter().zip(&mut gradients[columns.clone()]) {
                // TensorFlow's gradient of |w| is 0 at 0.
                let sign = if *w == E::of(0.0) { E::of(0.0) } else { w.signum() };
                *g += l1 * sign + l2 * *w;
            }
        }
        cost += penalty(regularizer, values.chunks_exact(cols).map(|row| &row[columns.clone()]));
    }
    cost
}

/// The penalty by norms; [`orthogonal`] has the other one.
fn penalty<'a, E: Float>(regularizer: Regularizer, rows: impl Iterator<Item = &'a [E]>) -> f64 {
    let Regularizer::Norms { l1, l2 } = regularizer else { return 0.0 };
    let mut sums = (0.0, 0.0);
    for row in rows {
        for w in row {
            let w = w.f64();
            sums.0 += w.abs();
            sums.1 += w * w;
        }
    }
    l1 * sums.0 + l2 * sums.1
}
