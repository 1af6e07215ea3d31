//! The second phase of a step: gradients of weights over the batch, penalties, clipping, the optimizer, constraints,
//! and the transposed kernels of the next backward. The parameters are divided into tasks of some rows each.

use std::sync::atomic::Ordering;

use mimo_graph::optimizer::Clip;

use crate::engine::chunks::{Chunks, is_small};
use crate::engine::gradient::{gradient, penalize};
use crate::engine::labels::{Labels, Updated};
use crate::engine::limits::{clip_norms, constrain_all, scale_columns};
use crate::engine::rule::{Gradients, RuleState, Rules};
use crate::engine::tasks::{Parameters, Task};
use crate::engine::ways::{Buffers, Ways, each_row};
use crate::engine::whole::Wholes;
use crate::engine::{Engine, orthogonal};
use crate::float::Float;
use crate::kernels::optimizer::{accumulate, accumulated as mean_of_sum, average, clip_value, decay};
use crate::kernels::{self, AlignedVec, Claims, Pieces, Pool};
use crate::program::Program;

/// Parts of a task, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// The gradient over the batch, with that of norm penalties.
    Gradient,
    /// Addition of the gradients of earlier steps.
    Accumulation,
    /// Clipping by norms.
    Scaling,
    /// Clipping by value, weight decay and the update of each value.
    Update,
    /// The transposed copy.
    Packing,
}

/// The current update.
struct Updating<'a, E: Float> {
    program: &'static Program,
    pool: Option<&'a Pool>,
    chunks: &'a Chunks<E>,
    parameters: &'a mut Parameters<E>,
    rules: &'a mut Rules<E>,
    labels: &'a Labels,
}

impl<E: Float> Engine<E> {
    /// Updates the parameters after the chunks of a batch, and returns the penalty that the weights had before.
    pub(super) fn update(&mut self, rows: usize) -> f64 {
        let Some(rules) = &mut self.rules else { return 0.0 };
        let program = self.program;
        let pool = (!is_small(program.flops.saturating_mul(3), rows)).then_some(&self.pool);
        rules.prepare();
        let owner = |block: usize| &rules.rules[rules.owners[block]];
        let present = self.train_chunks.merged.get(program.sums..).unwrap_or(&[]);
        self.labels.find_idle(
            present,
            program,
            &|block| owner(block).optimizer.accumulation.is_some(),
            &|block| owner(block).updates(),
        );
        let Parameters { orthogonal, constrained, .. } = self.parameters;
        let staged = orthogonal || constrained || rules.waits_for_gradients();
        let (chunks, parameters) = (&self.train_chunks, &mut self.parameters);
        let labels = &self.labels;
        let mut updating = Updating { program, pool, chunks, parameters, rules, labels };
        let mut penalty = 0.0;
        if staged {
            penalty += updating.in_stages();
        } else {
            updating.run(&[Part::Gradient, Part::Accumulation, Part::Update, Part::Packing]);
            let Parameters { interleaves, values, packs, .. } = &mut *updating.parameters;
            interleaves.refresh(program, pool, values, packs, false);
        }
        updating.average();
        penalty += updating.parameters.penalty_of_tasks();
        if staged {
            let Updating { parameters, rules, .. } = &mut updating;
            constrain_all(program, parameters, &|weight| rules.is_frozen(weight) || labels.is_idle(weight));
            updating.parameters.pack_all(program);
        }
        self.move_averages(None);
        self.spectral.copied = false;
        penalty
    }

    /// Replaces weights by their moving averages, for optimizers that have them.
    pub fn overwrite_with_averages(&mut self) {
        let Some(rules) = self.rules.as_ref().filter(|rules| rules.iterations > 0) else { return };
        let averaged = |task: &&Task| rules.rules[rules.owners[task.block]].optimizer.average.is_some();
        let mut any = false;
        for task in self.parameters.tasks.iter().filter(averaged) {
            let block = &self.parameters.blocks[task.block];
            let places = block.offset + task.from * block.cols..block.offset + task.to * block.cols;
            let (values, averages) = (&mut self.parameters.values[places.clone()], &rules.averages[places]);
            let frozen = |weight: usize| rules.is_frozen(weight);
            let stays = rules.steering.is_some().then_some(&frozen as &(dyn Fn(usize) -> bool + Sync));
            overwrite(self.program, task, stays, values, averages);
            any = true;
        }
        if any {
            self.spectral.copied = false;
            self.parameters.pack_all(self.program);
        }
    }

    /// Moves the averages towards the statistics of the batch, except for frozen ones. Products are rounded as in
    /// Keras. `momentum` replaces that of each layer.
    pub(super) fn move_averages(&mut self, momentum: Option<f64>) {
        let merged = &self.train_chunks.merged;
        for average in self.program.moving {
            if self.rules.as_ref().is_some_and(|rules| rules.is_block_frozen(average.block)) {
                continue;
            }
            let start = self.program.blocks[average.block].offset;
            let values = &mut self.parameters.values[start..start + average.len];
            let momentum = momentum.unwrap_or(average.momentum);
            let (stays, moves) = (E::of(momentum), E::of(1.0 - momentum));
            for (value, sum) in values.iter_mut().zip(&merged[average.sums..average.sums + average.len]) {
                // A value with factor 0 may be infinite.
                let before = if stays == E::of(0.0) { stays } else { *value * stays };
                *value = before + E::of(*sum) * moves;
            }
        }
    }
}

impl<E: Float> Updating<'_, E> {
    /// Executes an update that depends on all gradients of a weight, or of all weights, and returns the penalty that
    /// is not part of a task.
    fn in_stages(&mut self) -> f64 {
        let mut penalty = 0.0;
        if self.parameters.orthogonal {
            self.run(&[Part::Gradient]);
            // This part of the gradients, too, is computed before they are added to those of earlier steps.
            let Parameters { values, gradients, .. } = &mut *self.parameters;
            let is_frozen = |weight| self.rules.is_frozen(weight);
            penalty += orthogonal::penalty(self.program, values, Some(gradients), &is_frozen);
            let ways = Ways { labels: self.labels, steering: self.rules.steering.as_ref() };
            for task in &self.parameters.tasks {
                let block = &self.program.blocks[task.block];
                let places = block.offset + task.from * block.cols..block.offset + task.to * block.cols;
                ways.clear_gradients(self.program, task, &mut self.parameters.gradients[places]);
            }
            if !self.rules.accumulated.is_empty() {
                self.run(&[Part::Accumulation]);
            }
        } else {
            self.run(&[Part::Gradient, Part::Accumulation]);
        }
        let Rules { rules, owners, .. } = &*self.rules;
        let Parameters { gradients, scales, .. } = &mut *self.parameters;
        clip_norms(self.program, rules, owners, gradients, scales);
        self.run(&[Part::Scaling, Part::Update]);
        self.update_wholes();
        penalty
    }

    /// Runs some parts of every task.
    fn run(&mut self, parts: &[Part]) {
        let (program, chunks, labels) = (self.program, self.chunks, self.labels);
        let Rules { rules, owners, slots, wholes, accumulated, steering, .. } = &mut *self.rules;
        let (rules, owners) = (&*rules, &*owners);
        let ways = Ways { labels, steering: steering.as_ref() };
        let Parameters {
            values,
            gradients,
            packs,
            tasks,
            bounds,
            pack_bounds,
            claims,
            penalties,
            scales,
            ..
        } = &mut *self.parameters;
        let [value_claims, gradient_claims, pack_claims, sum_claims, slot_claims @ ..] = claims;
        let does = |part: Part| parts.contains(&part);
        let values = Pieces::new(values, bounds, value_claims);
        let gradients = Pieces::new(gradients, bounds, gradient_claims);
        let collects = does(Part::Accumulation) && !accumulated.is_empty();
        let sums = collects.then(|| Pieces::new(accumulated, bounds, sum_claims));
        let slots = does(Part::Update).then(|| SlotPieces::new(slots, bounds, slot_claims));
        let packs = does(Part::Packing).then(|| Pieces::new(packs, pack_bounds, pack_claims));
        run(self.pool, tasks.len(), &|index| {
            let (task, piece) = (&tasks[index], 2 * index + 1);
            let (Some(values), Some(gradients)) = (values.take(piece), gradients.take(piece)) else {
                return;
            };
            let owner = &rules[owners[task.block]];
            if does(Part::Gradient) {
                if !ways.is_block_frozen(task.block) {
                    gradient(program, chunks, task, gradients);
                }
                let is_frozen = |weight: usize| ways.is_frozen(weight);
                let cost = penalize(program, task, values, gradients, &is_frozen);
                penalties[index].store(cost.to_bits(), Ordering::Relaxed);
                ways.clear_gradients(program, task, gradients);
            }
            if let Some(sums) = sums.as_ref().and_then(|sums| sums.take(piece)) {
                match owner.step.gradients {
                    Gradients::Used => {}
                    Gradients::Collected => accumulate(sums, gradients),
                    Gradients::Averaged(steps) => mean_of_sum(sums, gradients, steps),
                }
            }
            if does(Part::Scaling) {
                scale_columns(program, task, gradients, scales);
            }
            if let Some(slots) = &slots {
                let is_whole = wholes.blocks[task.block];
                slots.with(piece, |slots| {
                    ways.update(program, task, owner, is_whole, Buffers { values, gradients, slots });
                });
            }
            if let Some(packs) = packs.as_ref().and_then(|packs| packs.take(piece)) {
                pack(program, task, values, packs);
            }
        });
    }

    /// Updates the weights that are updated as a whole. Their gradients are clipped.
    fn update_wholes(&mut self) {
        let Rules { rules, owners, slots, wholes, steering, .. } = &mut *self.rules;
        let ways = Ways { labels: self.labels, steering: steering.as_ref() };
        let Wholes { all, bounds, memory, memory_bounds, claims, .. } = wholes;
        let [value_claims, gradient_claims, memory_claims, slot_claims @ ..] = claims;
        let values = Pieces::new(&mut self.parameters.values, bounds, value_claims);
        let gradients = Pieces::new(&mut self.parameters.gradients, bounds, gradient_claims);
        let memory = Pieces::new(memory, memory_bounds, memory_claims);
        let slots = SlotPieces::new(slots, bounds, slot_claims);
        run(self.pool, all.len(), &|index| {
            let (whole, piece) = (&all[index], 2 * index + 1);
            // It has its own block.
            let Some(Some(owner)) = ways.of_block(whole.block, &rules[owners[whole.block]]) else { return };
            if !owner.updates() {
                return;
            }
            let pieces = (values.take(piece), gradients.take(piece), memory.take(index));
            if let (Some(values), Some(gradients), Some(memory)) = pieces {
                if let Some(factor) = owner.step.whole_decay {
                    decay(values, factor);
                }
                slots.with(piece, |slots| {
                    owner.rule.update_whole(whole.weight, values, gradients, memory, slots);
                });
            }
        });
    }

    /// Moves the moving averages of the weights, if there are any.
    fn average(&mut self) {
        let (program, labels) = (self.program, self.labels);
        let Rules { rules, owners, averages, steering, .. } = &mut *self.rules;
        if averages.is_empty() {
            return;
        }
        let ways = Ways { labels, steering: steering.as_ref() };
        let is_left = |weight: usize| labels.is_idle(weight) || ways.is_frozen(weight);
        let stays =
            (labels.any() || ways.steering.is_some()).then_some(&is_left as &(dyn Fn(usize) -> bool + Sync));
        let Parameters { values, tasks, bounds, claims, .. } = &mut *self.parameters;
        let [value_claims, _, _, average_claims, ..] = claims;
        let values = Pieces::new(values, bounds, value_claims);
        let averages = Pieces::new(averages, bounds, average_claims);
        run(self.pool, tasks.len(), &|index| {
            let task = &tasks[index];
            let step = &rules[owners[task.block]].step;
            let Some(momentum) = step.average else { return };
            let piece = 2 * index + 1;
            if let (Some(values), Some(averages)) = (values.take(piece), averages.take(piece)) {
                // The first average is the weight itself, whether that is updated or not.
                if momentum == E::of(0.0) {
                    averages.copy_from_slice(values);
                }
                match labels.of_block(task.block) {
                    Updated::Nothing => return,
                    Updated::All => average(averages, values, momentum),
                    Updated::Some => each_row(program, task, |weight, places| {
                        if !labels.is_idle(weight) {
                            average(&mut averages[places.clone()], &values[places], momentum);
                        }
                    }),
                }
                if step.overwrite {
                    overwrite(program, task, stays, values, averages);
                }
            }
        });
    }
}

/// Replaces the weights of a task by their averages, except for skipped ones.
fn overwrite<E: Float>(
    program: &Program,
    task: &Task,
    stays: Option<&(dyn Fn(usize) -> bool + Sync)>,
    values: &mut [E],
    averages: &[E],
) {
    match stays {
        None => values.copy_from_slice(averages),
        Some(stays) => each_row(program, task, |weight, places| {
            if !stays(weight) {
                values[places.clone()].copy_from_slice(&averages[places]);
            }
        }),
    }
}

impl<E: Float> RuleState<E> {
    /// Clips gradients by value, and updates each value unless its weight is updated as a whole.
    pub(super) fn update(&self, whole: bool, values: &mut [E], gradients: &mut [E], slots: &mut [&mut [E]]) {
        if !self.updates() {
            return;
        }
        if let Clip::Value(limit) = self.optimizer.clip {
            clip_value(gradients, E::of(limit));
        }
        if whole {
            return;
        }
        if let Some(factor) = self.step.decay {
            decay(values, factor);
        }
        self.rule.update(values, gradients, slots);
    }
}

/// Makes the transposed copy of a task's rows, if the backward reads one.
fn pack<E: Float>(program: &Program, task: &Task, values: &[E], packs: &mut [E]) {
    let block = &program.blocks[task.block];
    if block.pack.is_some() {
        kernels::pack_transposed(values, task.from, task.to, block.cols, packs);
    }
}

/// Runs tasks on the pool, or on this thread without a pool.
pub(super) fn run(pool: Option<&Pool>, tasks: usize, task: &(dyn Fn(usize) + Sync)) {
    match pool {
        Some(pool) => pool.run(tasks, task),
        None => (0..tasks).for_each(task),
    }
}

/// The optimizer's slots, divided like the parameters.
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
