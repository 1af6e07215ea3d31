//! `Dice` and `Tversky` over the unmasked steps, of outputs with and without a mask.
//!
//! Keras leaves no steps out of the sums of a loss over the whole batch, and fails if there is one value per sample
//! or per class, because the mask does not have that shape. Here masked steps are part of no region, so that longer
//! padding changes nothing.

use super::masked::Masked;
use super::regions::{Overlap, SUMS, add, regions, write};
use super::rows::{Rows, split};
use super::{LossOp, nothing};
use crate::chunk::{Chunk, Mode};
use crate::float::Float;
use crate::program::View;
use crate::run::run;
use crate::weighting::{WeightsOf, runs, share, steps};

/// A loss of regions of each sample. Samples without an unmasked step are left out of the mean.
#[derive(Clone, Copy, Debug)]
pub struct MaskedRegions(pub &'static Masked);

/// The sums of a chunk for a loss over the whole batch: those of each region, then the number of unmasked steps, each
/// weighted by its sample.
#[derive(Clone, Copy, Debug)]
pub struct MaskedBatchSums {
    /// The loss.
    pub masked: &'static Masked,
    /// Offset of the first sum.
    pub start: usize,
}

/// The loss of a whole batch, from its sums.
#[derive(Clone, Copy, Debug)]
pub struct MaskedBatch {
    /// The loss.
    pub masked: &'static Masked,
    /// Offset of the first sum.
    pub start: usize,
}

/// Calls `each` with the values of every run of unmasked steps, of a sample of `len` values.
fn each_run<E: Float>(
    [mask, positions]: [Option<&[E]>; 2],
    len: usize,
    mut each: impl FnMut(std::ops::Range<usize>),
) {
    let per_step = len / steps(mask, positions);
    runs(mask, positions).for_each(|run| each(run.start * per_step..run.end * per_step));
}

/// Computes a loss of regions of each sample, without masked steps and missing targets.
pub(super) fn of_samples<E: Float>(
    op: &LossOp,
    mask: Option<View>,
    correction: f64,
    chunk: &mut Chunk<'_, E>,
) {
    let Some(overlap) = op.loss.and_then(Overlap::of) else { return };
    let regions = regions(op);
    let share = (regions as f64).recip();
    let loss_weight = chunk.loss_weights.get(op.output).copied().unwrap_or(1.0);
    let scale = loss_weight * correction / chunk.batch as f64;
    let written = op.gradient.filter(|_| chunk.mode == Mode::Train).map(|view| chunk.mat(view));
    let [y, target, weight] = [op.y, op.target, op.sample_weight].map(|view| chunk.mat(view));
    let mask = mask.map(|mask| chunk.mat(mask));
    let (read, mut gradient) = split(chunk.arena, written);
    let [y, target] = [y, target].map(|mat| read.rows(mat));
    let mask = mask.map(|mask| read.rows(mask));
    let weights = WeightsOf {
        samples: chunk.weighted.then(|| read.rows(weight)),
        positions: chunk.target_weights.of(op.output, chunk.rows),
    };
    let mut total = 0.0;
    for row in 0..chunk.rows {
        let weight = weights.sample(row).unwrap_or(0.0);
        let mut to = gradient.as_mut().map(|gradient| gradient.row(row));
        if let Some(to) = &mut to {
            to.fill(E::zero());
        }
        let (y, target) = (y.row(row), target.row(row));
        let counting = [mask.map(|mask| mask.row(row)), weights.positions(row)];
        if weight == 0.0 || runs(counting[0], counting[1]).next().is_none() {
            continue;
        }
        for region in 0..regions {
            let mut sums = [0.0; SUMS];
            each_run(counting, y.len(), |run| {
                add(&y[run.clone()], &target[run], region, regions, &mut sums);
            });
            let measured = overlap.measure(sums);
            total += weight * measured.value * share;
            if let Some(to) = &mut to {
                let scale = scale * weight * share;
                each_run(counting, y.len(), |run| {
                    write(measured, scale, &target[run.clone()], region, regions, &mut to[run]);
                });
            }
        }
    }
    if let Some(statistic) = chunk.statistics.get_mut(op.output) {
        *statistic += correction * total;
    }
}

/// Writes the sums of a chunk, starting at `start`.
pub(super) fn batch_sums<E: Float>(op: &LossOp, mask: Option<View>, start: usize, chunk: &mut Chunk<'_, E>) {
    let regions = regions(op);
    let [y, target, weight] = [op.y, op.target, op.sample_weight].map(|view| chunk.mat(view));
    let mask = mask.map(|mask| chunk.mat(mask));
    let arena = &*chunk.arena;
    let [y, target] = [y, target].map(|mat| Rows::new(arena, mat));
    let mask = mask.map(|mask| Rows::new(arena, mask));
    let weights = WeightsOf {
        samples: chunk.weighted.then(|| Rows::new(arena, weight)),
        positions: chunk.target_weights.of(op.output, chunk.rows),
    };
    let Some(sums) = chunk.sums.get_mut(start..start + SUMS * regions + 1) else { return };
    sums.fill(0.0);
    let (of_regions, total) = sums.split_at_mut(SUMS * regions);
    let (of_regions, _) = of_regions.as_chunks_mut::<SUMS>();
    for row in 0..chunk.rows {
        let weight = weights.sample(row).unwrap_or(0.0);
        if weight == 0.0 {
            continue;
        }
        let (y, target) = (y.row(row), target.row(row));
        let counting = [mask.map(|mask| mask.row(row)), weights.positions(row)];
        total.iter_mut().for_each(|total| *total += weight * counted(counting));
        for (region, sums) in of_regions.iter_mut().enumerate() {
            each_run(counting, y.len(), |run| add(&y[run.clone()], &target[run], region, regions, sums));
        }
    }
}

/// Number of unmasked steps, or the part of the sample without a mask.
fn counted<E: Float>([mask, positions]: [Option<&[E]>; 2]) -> f64 {
    share(mask, positions) * mask.map_or(1, <[E]>::len) as f64
}

/// Computes the loss of the whole batch and its gradient from the sums of all chunks.
pub(super) fn of_batch<E: Float>(
    op: &LossOp,
    mask: Option<View>,
    start: usize,
    correction: f64,
    chunk: &mut Chunk<'_, E>,
) {
    let regions = regions(op);
    let sums = chunk.merged.get(start..start + SUMS * regions + 1);
    let (Some(overlap), Some(sums)) = (op.loss.and_then(Overlap::of), sums) else { return };
    let (of_regions, _) = sums[..SUMS * regions].as_chunks::<SUMS>();
    let share = (regions as f64).recip();
    let value: f64 = of_regions.iter().map(|&sums| overlap.measure(sums).value * share).sum();
    let loss_weight = chunk.loss_weights.get(op.output).copied().unwrap_or(1.0);
    // As in Keras, the weights of samples multiply the loss of the batch.
    let scale = loss_weight * correction * sums[SUMS * regions] * share / chunk.batch as f64;
    let written = op.gradient.filter(|_| chunk.mode == Mode::Train).map(|view| chunk.mat(view));
    let [target, weight] = [op.target, op.sample_weight].map(|view| chunk.mat(view));
    let mask = mask.map(|mask| chunk.mat(mask));
    let (read, mut gradient) = split(chunk.arena, written);
    let (target, mask) = (read.rows(target), mask.map(|mask| read.rows(mask)));
    let weights = WeightsOf {
        samples: chunk.weighted.then(|| read.rows(weight)),
        positions: chunk.target_weights.of(op.output, chunk.rows),
    };
    let mut total = 0.0;
    for row in 0..chunk.rows {
        let weight = weights.sample(row).unwrap_or(0.0);
        let counting = [mask.map(|mask| mask.row(row)), weights.positions(row)];
        total += weight * counted(counting) * value;
        let Some(to) = gradient.as_mut().map(|gradient| gradient.row(row)) else { continue };
        to.fill(E::zero());
        if weight == 0.0 {
            continue;
        }
        for (region, &sums) in of_regions.iter().enumerate() {
            let measured = overlap.measure(sums);
            each_run(counting, to.len(), |run| {
                write(measured, scale, &target.row(row)[run.clone()], region, regions, &mut to[run]);
            });
        }
    }
    if let Some(statistic) = chunk.statistics.get_mut(op.output) {
        *statistic += correction * total;
    }
}

fn samples<E: Float>(op: &MaskedRegions, chunk: &mut Chunk<'_, E>) {
    let MaskedRegions(masked) = *op;
    of_samples(masked.loss, Some(masked.mask), masked.correction(chunk), chunk);
}

fn sums<E: Float>(op: &MaskedBatchSums, chunk: &mut Chunk<'_, E>) {
    batch_sums(op.masked.loss, Some(op.masked.mask), op.start, chunk);
}

fn batch<E: Float>(op: &MaskedBatch, chunk: &mut Chunk<'_, E>) {
    let MaskedBatch { masked, start } = *op;
    of_batch(masked.loss, Some(masked.mask), start, masked.correction(chunk), chunk);
}

run!(MaskedRegions, samples, nothing);
run!(MaskedBatchSums, sums, nothing);
run!(MaskedBatch, batch, nothing);
