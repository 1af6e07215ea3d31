//! `Dice` and `Tversky` of outputs with a mask: sums over the steps that count.
//!
//! Keras leaves no steps out of the sums of a loss over the whole batch, and fails where there is one value per sample or per class,
//! because the mask does not have the shape of these. Here masked steps are no part of any region, so that a longer padding changes nothing.

use super::masked::{Masked, runs};
use super::regions::{Overlap, SUMS, add, regions, write};
use super::rows::{Rows, split};
use super::{LossOp, nothing};
use crate::chunk::{Chunk, Mode};
use crate::float::Float;
use crate::run::run;

/// A loss of regions of each sample. Samples without a step that counts are left out of the mean.
#[derive(Clone, Copy, Debug)]
pub struct MaskedRegions(pub &'static Masked);

/// The sums of a chunk that a loss over the whole batch needs: those of each region, then the steps that count, each times
/// the weight of its sample.
#[derive(Clone, Copy, Debug)]
pub struct MaskedBatchSums {
    /// The loss.
    pub masked: &'static Masked,
    /// The place of the first sum.
    pub start: usize,
}

/// The loss of a whole batch, after its sums.
#[derive(Clone, Copy, Debug)]
pub struct MaskedBatch {
    /// The loss.
    pub masked: &'static Masked,
    /// The place of the first sum.
    pub start: usize,
}

/// The weight of a sample.
fn weight_of<E: Float>(weights: Option<Rows<'_, E>>, row: usize) -> f64 {
    weights.and_then(|weights| weights.row(row).first()).map_or(1.0, |weight| weight.f64())
}

/// Calls `each` with the values of every run of steps that count, of a sample of `len` values.
fn each_run<E: Float>(mask: &[E], len: usize, mut each: impl FnMut(std::ops::Range<usize>)) {
    let per_step = len / mask.len().max(1);
    runs(mask).for_each(|run| each(run.start * per_step..run.end * per_step));
}

fn of_samples<E: Float>(op: &MaskedRegions, chunk: &mut Chunk<'_, E>) {
    let MaskedRegions(masked) = *op;
    let op = masked.loss;
    let Some(overlap) = op.loss.and_then(Overlap::of) else { return };
    let regions = regions(op);
    let share = (regions as f64).recip();
    let correction = masked.correction(chunk);
    let loss_weight = chunk.loss_weights.get(op.output).copied().unwrap_or(1.0);
    let scale = loss_weight * correction / chunk.batch as f64;
    let written = op.gradient.filter(|_| chunk.mode == Mode::Train).map(|view| chunk.mat(view));
    let [y, target, weight, mask] =
        [op.y, op.target, op.sample_weight, masked.mask].map(|view| chunk.mat(view));
    let (read, mut gradient) = split(chunk.arena, written);
    let [y, target, mask] = [y, target, mask].map(|mat| read.rows(mat));
    let weights = chunk.weighted.then(|| read.rows(weight));
    let mut total = 0.0;
    for row in 0..chunk.rows {
        let weight = weight_of(weights, row);
        let mut to = gradient.as_mut().map(|gradient| gradient.row(row));
        if let Some(to) = &mut to {
            to.fill(E::zero());
        }
        let (y, target, mask) = (y.row(row), target.row(row), mask.row(row));
        if weight == 0.0 || runs(mask).next().is_none() {
            continue;
        }
        for region in 0..regions {
            let mut sums = [0.0; SUMS];
            each_run(mask, y.len(), |run| add(&y[run.clone()], &target[run], region, regions, &mut sums));
            let measured = overlap.measure(sums);
            total += weight * measured.value * share;
            if let Some(to) = &mut to {
                let scale = scale * weight * share;
                each_run(mask, y.len(), |run| {
                    write(measured, scale, &target[run.clone()], region, regions, &mut to[run]);
                });
            }
        }
    }
    if let Some(statistic) = chunk.statistics.get_mut(op.output) {
        *statistic += correction * total;
    }
}

fn batch_sums<E: Float>(op: &MaskedBatchSums, chunk: &mut Chunk<'_, E>) {
    let MaskedBatchSums { masked, start } = *op;
    let op = masked.loss;
    let regions = regions(op);
    let [y, target, weight, mask] =
        [op.y, op.target, op.sample_weight, masked.mask].map(|view| chunk.mat(view));
    let [y, target, weight, mask] = [y, target, weight, mask].map(|mat| Rows::new(chunk.arena, mat));
    let weights = chunk.weighted.then_some(weight);
    let Some(sums) = chunk.sums.get_mut(start..start + SUMS * regions + 1) else { return };
    sums.fill(0.0);
    let (of_regions, total) = sums.split_at_mut(SUMS * regions);
    let (of_regions, _) = of_regions.as_chunks_mut::<SUMS>();
    for row in 0..chunk.rows {
        let weight = weight_of(weights, row);
        if weight == 0.0 {
            continue;
        }
        let (y, target, mask) = (y.row(row), target.row(row), mask.row(row));
        let steps: usize = runs(mask).map(|run| run.len()).sum();
        total.iter_mut().for_each(|total| *total += weight * steps as f64);
        for (region, sums) in of_regions.iter_mut().enumerate() {
            each_run(mask, y.len(), |run| add(&y[run.clone()], &target[run], region, regions, sums));
        }
    }
}

fn of_batch<E: Float>(op: &MaskedBatch, chunk: &mut Chunk<'_, E>) {
    let MaskedBatch { masked, start } = *op;
    let op: &LossOp = masked.loss;
    let regions = regions(op);
    let sums = chunk.merged.get(start..start + SUMS * regions + 1);
    let (Some(overlap), Some(sums)) = (op.loss.and_then(Overlap::of), sums) else { return };
    let (of_regions, _) = sums[..SUMS * regions].as_chunks::<SUMS>();
    let share = (regions as f64).recip();
    let value: f64 = of_regions.iter().map(|&sums| overlap.measure(sums).value * share).sum();
    let correction = masked.correction(chunk);
    let loss_weight = chunk.loss_weights.get(op.output).copied().unwrap_or(1.0);
    // As in Keras, the weights of samples multiply the loss of the batch.
    let scale = loss_weight * correction * sums[SUMS * regions] * share / chunk.batch as f64;
    let written = op.gradient.filter(|_| chunk.mode == Mode::Train).map(|view| chunk.mat(view));
    let [target, weight, mask] = [op.target, op.sample_weight, masked.mask].map(|view| chunk.mat(view));
    let (read, mut gradient) = split(chunk.arena, written);
    let [target, mask] = [target, mask].map(|mat| read.rows(mat));
    let weights = chunk.weighted.then(|| read.rows(weight));
    let mut total = 0.0;
    for row in 0..chunk.rows {
        let (weight, mask) = (weight_of(weights, row), mask.row(row));
        let steps: usize = runs(mask).map(|run| run.len()).sum();
        total += weight * steps as f64 * value;
        let Some(to) = gradient.as_mut().map(|gradient| gradient.row(row)) else { continue };
        to.fill(E::zero());
        if weight == 0.0 {
            continue;
        }
        for (region, &sums) in of_regions.iter().enumerate() {
            let measured = overlap.measure(sums);
            each_run(mask, to.len(), |run| {
                write(measured, scale, &target.row(row)[run.clone()], region, regions, &mut to[run]);
            });
        }
    }
    if let Some(statistic) = chunk.statistics.get_mut(op.output) {
        *statistic += correction * total;
    }
}

run!(MaskedRegions, of_samples, nothing);
run!(MaskedBatchSums, batch_sums, nothing);
run!(MaskedBatch, of_batch, nothing);
