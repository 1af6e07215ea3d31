//! Division of a batch into chunks, and their memory.

use std::ops::Range;
use std::sync::{Arc, Mutex};

use crate::batch::BatchRows;
use crate::chunk::{Chunk, Mode};
use crate::data::check;
use crate::engine::{Engine, Source, Trust, buffer, labels, steering};
use crate::error::Error;
use crate::float::Float;
use crate::kernels::{AlignedVec, Claims, Element, Pieces, Pool};
use crate::own::OwnParts;
use crate::program::{ALIGN, Memory, Program, Starts, View};
use crate::stage::{Merging, Stage, StepPart, Sum};
use crate::watch::Watch;
use crate::weighting::{TargetWeights, Weighting};

/// Below this number of multiplications and additions, synchronizing two threads costs more than it gains: about 30
/// µs of one core.
const SMALL: usize = 4_000_000;
/// Rows of one chunk: enough to fill the register tiles, few enough to keep their values in the cache.
const ROWS: usize = 16;
/// Rows of one chunk of a small model.
const SMALL_ROWS: usize = 256;

/// Number of rows of a batch that pass through the model together. `flops` are those of the whole pass per sample.
pub(super) fn rows_per_chunk(flops: usize, batch: usize) -> usize {
    if is_small(flops, batch) && batch <= SMALL_ROWS {
        return batch.max(1);
    }
    // An even number of chunks, so that two threads share them.
    let chunks = 2 * batch.div_ceil(2 * ROWS);
    batch.div_ceil(chunks).max(1)
}

/// Whether a pass over a batch is too little work to be shared.
pub(super) fn is_small(flops: usize, batch: usize) -> bool {
    flops.saturating_mul(batch) <= SMALL
}

/// Memory in which every chunk has a share of equal length.
#[derive(Debug)]
struct Shares<T: Element> {
    values: AlignedVec<T>,
    /// Values of one chunk.
    stride: usize,
    bounds: Vec<usize>,
    claims: Claims,
}

impl<T: Element> Default for Shares<T> {
    fn default() -> Self {
        Shares { values: AlignedVec::default(), stride: 1, bounds: vec![], claims: Claims::default() }
    }
}

impl<T: Float> Shares<T> {
    /// Divides the memory for `count` chunks; only allocates if it has not been as large before.
    fn cut(&mut self, stride: usize, count: usize) -> Result<(), Error> {
        self.stride = stride.max(1);
        let needed = self.stride.saturating_mul(count);
        if self.values.len() < needed {
            self.values = buffer(needed)?;
        }
        self.claims.grow(count);
        self.bounds.clear();
        self.bounds.extend((0..=count).map(|at| at * self.stride));
        Ok(())
    }

    /// The shares, for one thread.
    fn iter_mut(&mut self) -> impl Iterator<Item = &mut [T]> {
        self.values.chunks_mut(self.stride)
    }

    /// The shares, to be claimed by several threads.
    fn pieces(&mut self) -> Pieces<'_, T> {
        Pieces::new(&mut self.values, &self.bounds, &mut self.claims)
    }
}

/// The arenas and statistics of the chunks of a batch.
#[derive(Debug)]
pub(super) struct Chunks<E: Element> {
    arena: Shares<E>,
    /// The last value of each share is the penalty on activities.
    statistics: Shares<f64>,
    sums: Shares<f64>,
    /// Weights of positions; empty if the data has none.
    positions: Shares<E>,
    /// Sums over all chunks, merged by the stages of the current step so far.
    pub merged: Vec<f64>,
    /// Rows per chunk, chunks and rows of the current batch.
    pub capacity: usize,
    count: usize,
    pub batch: usize,
    /// Distance between the same slot of two chunks.
    pub stride: usize,
    /// Number of statistics of a chunk, and of sums for the next stage; `None` before the first batch.
    lens: Option<[usize; 2]>,
}

impl<E: Element> Default for Chunks<E> {
    fn default() -> Self {
        Chunks {
            arena: Shares::default(),
            statistics: Shares::default(),
            sums: Shares::default(),
            positions: Shares::default(),
            merged: vec![],
            capacity: 0,
            count: 0,
            batch: 0,
            stride: 0,
            lens: None,
        }
    }
}

impl<E: Float> Chunks<E> {
    /// Divides a batch into chunks; only allocates if no batch was as large before. The arguments include the number
    /// of statistics of a chunk and of sums for the next stage.
    pub(super) fn cut(
        &mut self,
        batch: usize,
        capacity: usize,
        memory: Memory,
        [statistics, sums]: [usize; 2],
    ) -> Result<(), Error> {
        let lens = [statistics, sums];
        let stride = memory.chunk(capacity);
        // This takes a noticeable part of the time of predictions of single samples.
        if (self.batch, self.capacity, self.stride, self.lens) != (batch, capacity, stride, Some(lens)) {
            self.lens = None;
            (self.batch, self.capacity, self.stride) = (batch, capacity, stride);
            self.count = batch.div_ceil(capacity);
            self.arena.cut(stride, self.count)?;
            // A chunk's statistics have their own cache lines: two threads write them.
            self.statistics.cut((statistics + 1).div_ceil(ALIGN) * ALIGN, self.count)?;
            self.sums.cut(sums.div_ceil(ALIGN) * ALIGN, self.count)?;
            self.merged.resize(sums, 0.0);
            self.lens = Some(lens);
        }
        self.statistics.values.fill(0.0);
        Ok(())
    }

    /// Allocates the weights of `positions` positions of every sample, after the batch was divided.
    pub(super) fn cut_positions(&mut self, positions: usize) -> Result<(), Error> {
        if positions == 0 {
            return Ok(());
        }
        self.positions.cut((positions * self.capacity).next_multiple_of(ALIGN), self.count)
    }

    /// The weights of the positions of a sample of the batch, from `start` on, after those of other outputs.
    pub(super) fn positions(&self, [start, end]: [usize; 2], row: usize) -> &[E] {
        let (chunk, row, len) = (row / self.capacity, row % self.capacity, end - start);
        let start = chunk * self.positions.stride + start * self.capacity + row * len;
        self.positions.values.get(start..start + len).unwrap_or(&[])
    }

    /// The statistics of each chunk, in order.
    pub(super) fn statistics(&self, program: &Program) -> impl Iterator<Item = &[f64]> {
        let Shares { values, stride, .. } = &self.statistics;
        values.chunks(*stride).take(self.count).map(|share| &share[..program.statistics])
    }

    /// The penalties on activities, summed over the samples of the batch.
    pub(super) fn activity_penalty(&self) -> f64 {
        let Shares { values, stride, .. } = &self.statistics;
        values.chunks(*stride).take(self.count).filter_map(|share| share.last()).sum()
    }

    /// Merges the chunks' sums of a stage, in the order of the chunks.
    pub(super) fn merge(&mut self, sums: &[Sum]) {
        for sum in sums {
            sum.clear(&mut self.merged);
            let shares = self.sums.values.chunks(self.sums.stride).take(self.count);
            for (chunk, share) in shares.enumerate() {
                let before = chunk * self.capacity;
                let rows = self.capacity.min(self.batch - before);
                sum.merge(share, &mut self.merged, before, rows);
            }
            sum.finish(&mut self.merged, self.batch);
        }
    }

    /// A fixed slot of every chunk, in order.
    pub(super) fn fixed(&self, memory: Memory, view: View) -> impl Iterator<Item = &[E]> {
        let start = memory.len * self.capacity + memory.offsets[view.slot] + view.column;
        (0..self.count).map(move |chunk| &self.arena.values[chunk * self.stride + start..][..view.len])
    }

    /// All values of all chunks.
    pub(super) fn arena(&self) -> &[E] {
        &self.arena.values
    }

    /// All values of all chunks, mutable.
    pub(super) fn arena_mut(&mut self) -> &mut [E] {
        &mut self.arena.values
    }

    /// Range of a value of a sample of the batch among all values.
    pub(super) fn range(&self, memory: Memory, view: View, row: usize) -> Range<usize> {
        let chunk = row / self.capacity * self.stride;
        let start = chunk + memory.offsets[view.slot] * self.capacity + view.column;
        let start = start + row % self.capacity * view.stride;
        start..start + view.len
    }
}

/// Facts that all chunks of a batch have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shared<'a, E> {
    pub memory: Memory,
    pub params: &'a [E],
    pub packs: &'a [E],
    pub starts: Starts<'a>,
    pub mode: Mode,
    pub seed: u64,
    pub pass: u64,
    pub loss_weights: &'a [f64],
    pub weighting: Weighting,
    /// By output: number of positions of a sample of all outputs before it.
    pub position_starts: &'a [usize],
    /// Number of the model's sums over the batch; the numbers of samples with targets follow.
    pub sums: usize,
    /// Observes what the operations write.
    pub watch: Option<&'a Watch>,
    pub own: OwnParts<'a>,
}

/// Calls `work` with every chunk, on the threads of `pool`, or on this one without a pool.
pub(super) fn each<E: Float>(
    chunks: &mut Chunks<E>,
    pool: Option<&Pool>,
    shared: Shared<'_, E>,
    work: &(dyn Fn(&mut Chunk<'_, E>) -> Result<(), Error> + Sync),
) -> Result<(), Error> {
    let Chunks { count, capacity, batch, .. } = *chunks;
    let merged = &chunks.merged[..shared.sums.min(chunks.merged.len())];
    let present = &chunks.merged[merged.len()..];
    let make = |index: usize, arena, statistics, sums, positions| {
        let first_row = index * capacity;
        Chunk {
            arena,
            offsets: shared.memory.offsets,
            fixed: shared.memory.len * capacity,
            capacity,
            rows: capacity.min(batch - first_row),
            first_row,
            batch,
            params: shared.params,
            packs: shared.packs,
            starts: shared.starts,
            mode: shared.mode,
            seed: shared.seed,
            pass: shared.pass,
            loss_weights: shared.loss_weights,
            weighted: shared.weighting.any(),
            target_weights: TargetWeights { positions, starts: shared.position_starts, capacity, present },
            statistics,
            sums,
            merged,
            watch: shared.watch.and_then(|watch| watch.of_chunk(index)),
            own: shared.own,
        }
    };
    let by_position = !shared.position_starts.is_empty();
    let Some(pool) = pool else {
        // One thread needs no claims: on one sample of a small model they take a tenth of the time.
        let parts = chunks.arena.iter_mut().zip(chunks.statistics.iter_mut()).zip(chunks.sums.iter_mut());
        let mut positions = chunks.positions.iter_mut();
        for (index, ((arena, statistics), sums)) in parts.take(count).enumerate() {
            let positions = if by_position { positions.next().unwrap_or_default() } else { &mut [] };
            work(&mut make(index, arena, statistics, sums, positions))?;
        }
        return Ok(());
    };
    let arenas = chunks.arena.pieces();
    let (statistics, sums) = (chunks.statistics.pieces(), chunks.sums.pieces());
    let positions = by_position.then(|| chunks.positions.pieces());
    // Of several errors, that of the first chunk is returned, independent of the threads.
    let failed: Mutex<Option<(usize, Error)>> = Mutex::new(None);
    pool.run(count, &|index| {
        let pieces = (arenas.take(index), statistics.take(index), sums.take(index));
        let (Some(arena), Some(statistics), Some(sums)) = pieces else { return };
        let positions = match &positions {
            None => &mut [][..],
            Some(positions) => match positions.take(index) {
                Some(positions) => positions,
                None => return,
            },
        };
        if let Err(error) = work(&mut make(index, arena, statistics, sums, positions)) {
            let mut failed = failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if failed.as_ref().is_none_or(|(first, _)| index < *first) {
                *failed = Some((index, error));
            }
        }
    });
    match failed.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
        Some((_, error)) => Err(error),
        None => Ok(()),
    }
}

impl<E: Float> Engine<E> {
    /// Gathers a batch and runs the stages of a step up to those of `last`.
    pub(super) fn run_batch(
        &mut self,
        mode: Mode,
        last: StepPart,
        rows: &[usize],
        source: Source<'_, E>,
        loss_weights: &[f64],
    ) -> Result<(), Error> {
        let Source { trust, weighting, .. } = source;
        let (program, masks) = (self.program, self.masks);
        let warnings = Arc::clone(&self.warnings);
        let capacity = rows_per_chunk(step_flops(program), rows.len());
        let counts = if weighting.missing { program.outputs.len() } else { 0 };
        let sums = [program.statistics, program.sums + counts];
        self.states.check(rows.len())?;
        self.begin_pass(mode);
        self.train_chunks.cut(rows.len(), capacity, program.train, sums)?;
        self.search.begin(self.train_chunks.count);
        self.train_chunks.cut_positions(self.labels.positions(weighting))?;
        self.states.load(&mut self.train_chunks, program.train, 0);
        let gather = |chunk: &mut Chunk<'_, E>| {
            let rows = &rows[chunk.first_row..chunk.first_row + chunk.rows];
            let batch = &mut BatchRows { chunk, program };
            batch.prepare(weighting, matches!(trust, Trust::Unchecked(_)));
            (source.gather)(rows, batch)?;
            match trust {
                Trust::Checked => Ok(()),
                Trust::Filled(spec) | Trust::Unchecked(spec) => {
                    check::batch(spec, masks.list, rows, batch, weighting, &warnings)
                }
            }
        };
        let end = self.stages.partition_point(|stage| stage.part <= last);
        let step = StepSettings { mode, rows, loss_weights, weighting };
        let all = self.stages;
        let stages = &all[..end];
        if !weighting.missing {
            return self.run_stages(stages, step, &gather);
        }
        // The mean over the present targets needs their number, which is known when all are gathered.
        self.run_stages(&[], step, &|chunk| {
            gather(chunk)?;
            labels::count(masks.outputs, program, program.sums, chunk);
            Ok(())
        })?;
        self.train_chunks.merge(&[Sum::Add { start: program.sums, len: counts }]);
        self.run_stages(stages, step, &|_| Ok(()))
    }

    /// Runs some stages over all chunks of the current batch; each chunk begins with `first`.
    pub(super) fn run_stages(
        &mut self,
        stages: &[Stage<E>],
        step: StepSettings<'_>,
        first: &(dyn Fn(&mut Chunk<'_, E>) -> Result<(), Error> + Sync),
    ) -> Result<(), Error> {
        let StepSettings { mode, rows, loss_weights, weighting } = step;
        let (seed, pass) = self.random_state(mode);
        let shared = Shared {
            memory: self.program.train,
            params: &self.parameters.values,
            packs: &self.parameters.packs,
            starts: self.program.starts,
            mode,
            seed,
            pass,
            loss_weights,
            weighting,
            position_starts: self.labels.starts(weighting),
            sums: self.program.sums,
            watch: self.search.watch(),
            own: self.own.parts(self.steps()),
        };
        let small = is_small(step_flops(self.program), self.train_chunks.batch);
        let pool = (!small).then_some(&self.pool);
        // Batch statistics are only computed in training; sums for losses always.
        let waits = |stage: &Stage<E>| {
            let of_losses = matches!(stage.part, StepPart::Scan | StepPart::BatchLoss);
            !stage.sums.is_empty() && (mode == Mode::Train || of_losses)
        };
        if stages.is_empty() {
            return each(&mut self.train_chunks, pool, shared, first);
        }
        for (index, group) in stages.split_inclusive(waits).enumerate() {
            each(&mut self.train_chunks, pool, shared, &|chunk| {
                if index == 0 {
                    first(chunk)?;
                }
                let watch = chunk.watch;
                for stage in group {
                    if watch.is_some() {
                        // Only this part runs the operations that the plan lists.
                        chunk.watch = watch.filter(|_| stage.part == StepPart::Forward);
                    }
                    (stage.run)(chunk);
                }
                chunk.own.fault.map_or(Ok(()), |fault| Err(self.own.error(fault)))
            })?;
            if let Some(stage) = group.last().filter(|stage| waits(stage)) {
                self.train_chunks.merge(stage.sums);
                if mode == Mode::Train {
                    steering::use_frozen_statistics(
                        self.program,
                        self.rules.as_ref(),
                        &self.parameters.values,
                        &mut self.train_chunks.merged,
                    );
                }
                if stage.part == StepPart::BatchLoss {
                    self.masks.check(
                        &self.train_chunks,
                        self.program,
                        rows,
                        shared.position_starts,
                        weighting,
                    )?;
                }
            }
        }
        Ok(())
    }
}

/// Facts about a step that its chunks need.
#[derive(Clone, Copy, Debug)]
pub(super) struct StepSettings<'a> {
    pub mode: Mode,
    /// Indices of the samples in the data set.
    pub rows: &'a [usize],
    pub loss_weights: &'a [f64],
    pub weighting: Weighting,
}

/// Multiplications and additions of a training step per sample: the backward costs twice the forward.
fn step_flops(program: &Program) -> usize {
    program.flops.saturating_mul(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_cut_by_the_work_in_it() {
        assert_eq!(rows_per_chunk(1_000, 32), 32);
        assert_eq!(rows_per_chunk(10_000_000, 32), 16);
        assert_eq!(rows_per_chunk(10_000_000, 48), 12);
        assert_eq!(rows_per_chunk(10_000_000, 1), 1);
        assert_eq!(rows_per_chunk(0, 100_000), 16);
    }
}
