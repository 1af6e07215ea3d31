//! Losses: the value, the gradient and the metrics of one output, in one pass over its rows.
//!
//! The loss of a sample is the mean of the losses of its positions (all axes but the last), and the loss of a batch
//! is the mean over its samples: Keras's reduction `sum_over_batch_size`. A sample's weight multiplies its loss and
//! does not change the divisor. A mask leaves steps out, and the divisor is then the number of unmasked steps
//! ([`Masked`]); missing targets ([`weighting`](crate::weighting)) work likewise.

mod binary;
mod criterion;
mod crossentropy;
mod focal;
mod hinge;
pub mod kinds;
mod masked;
mod masked_regions;
mod measured;
mod own;
mod regions;
mod regression;
mod rows;
mod softmax;
mod weighted;

pub use masked::{MaskSums, Masked, MaskedMetrics};
pub use masked_regions::{MaskedBatch, MaskedBatchSums, MaskedRegions};
pub use mimo_graph::operation::LossOp;
pub(crate) use own::pass as own_pass;
pub use own::{LossFault, OwnLoss, OwnLossFn};
pub use regions::{BatchLoss, BatchLossSums};

use mimo_graph::loss::{Loss, Region};

use crate::chunk::{Chunk, Mode};
use crate::float::Float;
use crate::program::View;
use crate::run::run;
use crate::weighting::WeightsOf;

use criterion::range;
pub(crate) use criterion::{Criterion, Form, Sample, Slope, Visit};
pub(crate) use kinds::visit;
pub(crate) use rows::Rows;
use rows::split;
pub(crate) use softmax::argmax;

/// Keras's `epsilon()`, the bound of clipped probabilities.
pub(crate) const EPSILON: f64 = 1e-7;

/// A pass over the targets of one output before any loss is computed, for losses that depend on the whole batch.
///
/// `forward` writes to the output's part of [`Chunk::sums`]. Summed over the chunks, it is read by the loss pass in [`Chunk::merged`]:
/// - hinge losses: the number of targets, of samples with weight, that are neither 0 nor 1. If there are none, labels 0 and 1
///   become −1 and 1;
/// - a sparse loss with `ignore_class`: the number of positions that count. The loss is the mean over those.
#[derive(Clone, Copy, Debug)]
pub struct Scan(pub &'static LossOp);

/// The metrics of one output, computed after its loss.
#[derive(Clone, Copy, Debug)]
pub struct Metrics(pub &'static LossOp);

/// Adds the samples of the chunk to the states of the metrics.
fn metrics<E: Float>(op: &Metrics, chunk: &mut Chunk<'_, E>) {
    let Metrics(op) = op;
    for index in 0..op.metrics.len() {
        measured::add(op, None, index, chunk);
    }
}

/// Factor from a mean over all positions of the batch to a mean over those that have a target and whose class is not
/// ignored.
fn correction(op: &LossOp, chunk: &Chunk<'_, impl Float>, valid: f64) -> f64 {
    match op.loss {
        Some(Loss::SparseCategoricalCrossentropy { ignore_class: Some(_), .. }) if valid > 0.0 => {
            (chunk.batch * op.positions) as f64 / (valid + EPSILON)
        }
        _ => chunk.target_weights.correction(op.output, chunk.batch),
    }
}

/// The pass over the rows, compiled for each loss.
struct Pass<'p, 'c, E> {
    op: &'p LossOp,
    mask: Option<View>,
    chunk: &'p mut Chunk<'c, E>,
    correction: f64,
    /// Number of parts of a sample that the criterion gets one at a time.
    steps: usize,
}

impl<'p, 'c, E: Float> Pass<'p, 'c, E> {
    /// Computes the loss of an output, if it has one and `visit` is of its kind. With a mask or with weights of
    /// positions the criterion gets one step of a sample at a time.
    fn over(
        op: &'p LossOp,
        masked: Option<&Masked>,
        chunk: &'p mut Chunk<'c, E>,
        visit: impl FnOnce(Loss, Form, Self),
    ) {
        let mask = masked.map(|masked| masked.mask);
        let by_position = chunk.target_weights.has(op.output);
        if by_position && matches!(op.loss.and_then(Loss::region), Some(Region::Sample | Region::SampleClass))
        {
            let correction = chunk.target_weights.correction(op.output, chunk.batch);
            return masked_regions::of_samples(op, None, correction, chunk);
        }
        let scanned = match masked {
            None => chunk.merged.get(op.output).copied().unwrap_or(0.0),
            Some(masked) => masked.scanned(chunk.merged),
        };
        let of_mask = mask.map_or(1, |mask| mask.len.max(1));
        let steps = if by_position { of_mask.max(op.positions) } else { of_mask };
        let correction = match masked {
            None => correction(op, chunk, scanned),
            Some(masked) => masked.correction(chunk),
        };
        // Each step is a part of one unit of the correction.
        let correction = correction * of_mask as f64 / steps as f64;
        let [positions, classes] = form(op, steps);
        let form = Form { positions, classes, fused: op.logits.is_some(), binary_labels: scanned == 0.0 };
        if let Some(loss) = op.loss {
            visit(loss, form, Pass { op, mask, chunk, correction, steps });
        }
    }
}

/// Positions per step of a sample and values per position. With more steps than positions, each step is a single
/// value.
fn form(op: &LossOp, steps: usize) -> [usize; 2] {
    let LossOp { positions, classes, .. } = *op;
    let steps = steps.max(1);
    if positions >= steps { [positions / steps, classes] } else { [1, positions * classes / steps] }
}

impl<E: Float> Visit<E> for Pass<'_, '_, E> {
    fn visit(self, criterion: impl Criterion<E>) {
        let Pass { op, mask, chunk, correction, steps } = self;
        let written = op.gradient.filter(|_| chunk.mode == Mode::Train).map(|view| chunk.mat(view));
        let weight = op.sample_weight;
        let [x, y, target, weight] =
            [op.logits.unwrap_or(op.y), op.y, op.target, weight].map(|view| chunk.mat(view));
        let mask = mask.map(|view| chunk.mat(view));
        let (read, mut gradient) = split(chunk.arena, written);
        let (x, y, target) = (read.rows(x), read.rows(y), read.rows(target));
        let weights = WeightsOf {
            samples: chunk.weighted.then(|| read.rows(weight)),
            positions: chunk.target_weights.of(op.output, chunk.rows),
        };
        let mask = mask.map(|mask| read.rows(mask));
        // The total loss is a mean over the batch; only the sample's weight remains as a factor of each row.
        let loss_weight = chunk.loss_weights.get(op.output).copied().unwrap_or(1.0);
        let scale = loss_weight * correction / chunk.batch as f64;
        let mut total = 0.0;
        // Nearly every batch has no weights, and a small loss is as fast as a few comparisons.
        let all_count = weights.samples.is_none() && weights.positions.is_none() && mask.is_none();
        let steps = steps.max(1);
        // The criterion is called in one place only, so that it is inlined into this loop.
        for part in 0..chunk.rows * steps {
            let (row, step) = if steps == 1 { (part, 0) } else { (part / steps, part % steps) };
            let mut sample = Sample { x: x.row(row), y: y.row(row), target: target.row(row) };
            let mut to = gradient.as_mut().map(|gradient| gradient.row(row));
            if steps > 1 {
                sample = sample.step(step, steps);
                to = to.map(|to| {
                    let range = range(to.len(), step, steps);
                    &mut to[range]
                });
            }
            let weight =
                if all_count { 1.0 } else { weights.step(mask.map(|mask| mask.row(row)), row, step, steps) };
            // A target without weight may be missing: its placeholder must not become NaN.
            if weight == 0.0 {
                if let Some(to) = to {
                    to.fill(E::zero());
                }
                continue;
            }
            let slope = to.map(|to| Slope { to, scale: E::of(scale * weight) });
            total += weight * criterion.sample(sample, slope).f64();
        }
        if let Some(statistic) = chunk.statistics.get_mut(op.output) {
            *statistic += correction * total;
        }
    }
}

fn scan<E: Float>(op: &Scan, chunk: &mut Chunk<'_, E>) {
    use Loss::{Hinge, SparseCategoricalCrossentropy, SquaredHinge};
    let Scan(op) = op;
    let target = Rows::new(chunk.arena, chunk.mat(op.target));
    let weights = measured::weights_of(op, chunk);
    // The placeholder of a missing target says nothing about the labels.
    let count = |row: usize, weighs: &dyn Fn(f64) -> bool, counts: &dyn Fn(E) -> bool| -> usize {
        if !weights.sample(row).is_some_and(weighs) {
            return 0;
        }
        let target = target.row(row);
        let Some(positions) = weights.positions(row) else {
            return target.iter().filter(|&&t| counts(t)).count();
        };
        let positions = target.chunks_exact((target.len() / positions.len().max(1)).max(1)).zip(positions);
        let positions = positions.filter(|(_, weight)| !weight.is_missing() && weighs(weight.f64()));
        positions.flat_map(|(targets, _)| targets).filter(|&&t| counts(t)).count()
    };
    let rows = 0..chunk.rows;
    let found: usize = match op.loss {
        Some(Hinge | SquaredHinge) => {
            rows.map(|row| count(row, &|weight| weight != 0.0, &|t| t != E::zero() && t != E::one())).sum()
        }
        Some(SparseCategoricalCrossentropy { ignore_class: Some(ignored), .. }) => {
            let ignored = E::of(ignored as f64);
            rows.map(|row| count(row, &|_| true, &|t| t != ignored)).sum()
        }
        _ => 0,
    };
    if let Some(sum) = chunk.sums.get_mut(op.output) {
        *sum = found as f64;
    }
}

/// Does nothing: a loss writes its gradient in its forward pass.
fn nothing<Op, E>(_: &Op, _: &mut Chunk<'_, E>) {}

run!(Metrics, metrics, nothing);
run!(Scan, scan, nothing);
