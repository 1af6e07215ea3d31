//! Losses: the value, the gradient and the metrics of one output, in one pass over its rows.
//!
//! The loss of a sample is the mean of the losses of its positions (all axes but the last), and the loss of a batch
//! is the mean over its samples: Keras's reduction `sum_over_batch_size`. A sample's weight multiplies its loss and
//! leaves the divisor alone. A mask leaves steps out, and what is divided by is then the number of steps that count ([`Masked`]).

mod binary;
mod criterion;
mod crossentropy;
mod focal;
mod hinge;
pub mod kinds;
mod masked;
mod masked_regions;
mod regions;
mod regression;
mod rows;
mod softmax;
mod weighted;

pub use masked::{MaskSums, Masked, MaskedMetrics};
pub use masked_regions::{MaskedBatch, MaskedBatchSums, MaskedRegions};
pub use mimo_graph::operation::LossOp;
pub use regions::{BatchLoss, BatchLossSums};

use mimo_graph::loss::Loss;

use crate::chunk::{Chunk, Mode};
use crate::float::Float;
use crate::metric;
use crate::program::View;
use crate::run::run;

use criterion::range;
pub(crate) use criterion::{Criterion, Form, Sample, Slope, Visit};
pub(crate) use kinds::visit;
pub(crate) use rows::Rows;
use rows::split;
pub(crate) use softmax::argmax;

/// Keras's `epsilon()`: what probabilities are clipped with.
pub(crate) const EPSILON: f64 = 1e-7;

/// A look at the targets of one output before any loss is computed, for losses that depend on the whole batch.
///
/// `forward` writes to the output's place in [`Chunk::sums`]. Summed over the chunks, that is what the loss pass reads
/// in [`Chunk::merged`]:
/// - hinge losses: how many targets, of samples that have weight, are neither 0 nor 1. If none is, labels 0 and 1
///   become −1 and 1;
/// - a sparse loss with `ignore_class`: how many positions count. The loss is the mean over those.
#[derive(Clone, Copy, Debug)]
pub struct Scan(pub &'static LossOp);

/// The metrics of one output, after its loss.
#[derive(Clone, Copy, Debug)]
pub struct Metrics(pub &'static LossOp);

/// Adds the samples of the chunk to the states of the metrics.
fn metrics<E: Float>(op: &Metrics, chunk: &mut Chunk<'_, E>) {
    let Metrics(op) = op;
    for index in 0..op.metrics.len() {
        add_metric(op, index, chunk);
    }
}

/// Adds all positions of the samples to the state of one metric.
fn add_metric<E: Float>(op: &LossOp, index: usize, chunk: &mut Chunk<'_, E>) {
    let Some(&metric) = op.metrics.get(index) else { return };
    let start = chunk.starts.states[op.first_state + index];
    let (y, target) = (chunk.mat(op.y), chunk.mat(op.target));
    let len = metric::state_len(metric, op.classes);
    if let Some(state) = chunk.statistics.get_mut(start..start + len) {
        let rows = metric::Samples {
            y: Rows::new(chunk.arena, y),
            target: Rows::new(chunk.arena, target),
            rows: chunk.rows,
            // Keras's `metrics=` do not see the weights of samples.
            weight: 1.0,
        };
        metric::accumulate(metric, op.classes, rows, state);
    }
}

/// What turns a mean over all positions of the batch into a mean over those whose class is not ignored.
fn correction(op: &LossOp, batch: usize, valid: f64) -> f64 {
    match op.loss {
        Some(Loss::SparseCategoricalCrossentropy { ignore_class: Some(_), .. }) if valid > 0.0 => {
            (batch * op.positions) as f64 / (valid + EPSILON)
        }
        _ => 1.0,
    }
}

/// The pass over the rows, compiled for every loss.
struct Pass<'p, 'c, E> {
    op: &'p LossOp,
    mask: Option<View>,
    chunk: &'p mut Chunk<'c, E>,
    correction: f64,
}

impl<'p, 'c, E: Float> Pass<'p, 'c, E> {
    /// Computes the loss of an output, if it has one and `visit` is the visit of its kind. With a mask, the criterion sees one
    /// step of a sample at a time.
    fn over(
        op: &'p LossOp,
        masked: Option<&Masked>,
        chunk: &'p mut Chunk<'c, E>,
        visit: impl FnOnce(Loss, Form, Self),
    ) {
        let (scanned, [positions, classes]) = match masked {
            None => (chunk.merged.get(op.output).copied().unwrap_or(0.0), [op.positions, op.classes]),
            Some(masked) => (masked.scanned(chunk.merged), masked.form()),
        };
        let correction = match masked {
            None => correction(op, chunk.batch, scanned),
            Some(masked) => masked.correction(chunk),
        };
        let form = Form { positions, classes, fused: op.logits.is_some(), binary_labels: scanned == 0.0 };
        if let Some(loss) = op.loss {
            let mask = masked.map(|masked| masked.mask);
            visit(loss, form, Pass { op, mask, chunk, correction });
        }
    }
}

impl<E: Float> Visit<E> for Pass<'_, '_, E> {
    fn visit(self, criterion: impl Criterion<E>) {
        let Pass { op, mask, chunk, correction } = self;
        let written = op.gradient.filter(|_| chunk.mode == Mode::Train).map(|view| chunk.mat(view));
        let weight = op.sample_weight;
        let [x, y, target, weight] =
            [op.logits.unwrap_or(op.y), op.y, op.target, weight].map(|view| chunk.mat(view));
        let mask = mask.map(|view| chunk.mat(view));
        let (read, mut gradient) = split(chunk.arena, written);
        let (x, y, target) = (read.rows(x), read.rows(y), read.rows(target));
        let weights = chunk.weighted.then(|| read.rows(weight));
        let mask = mask.map(|mask| read.rows(mask));
        let steps = mask.map_or(1, |mask| mask.cols());
        // The total loss is a mean over the batch; per row only the sample's weight is left to multiply.
        let loss_weight = chunk.loss_weights.get(op.output).copied().unwrap_or(1.0);
        let scale = loss_weight * correction / chunk.batch as f64;
        let mut total = 0.0;
        for row in 0..chunk.rows {
            let weight =
                weights.and_then(|weights| weights.row(row).first()).map_or(1.0, |weight| weight.f64());
            let mut to = gradient.as_mut().map(|gradient| gradient.row(row));
            // A sample without weight may be one without a target: whatever stands there must not become NaN.
            if weight == 0.0 {
                if let Some(to) = to {
                    to.fill(E::zero());
                }
                continue;
            }
            let sample = Sample { x: x.row(row), y: y.row(row), target: target.row(row) };
            let mask = mask.map(|mask| mask.row(row));
            for step in 0..steps {
                let (mut sample, mut to) = (sample, to.as_deref_mut());
                if let Some(mask) = mask {
                    sample = sample.step(step, steps);
                    to = to.map(|to| {
                        let range = range(to.len(), step, steps);
                        &mut to[range]
                    });
                    // Nor must a masked step.
                    if mask[step] == E::zero() {
                        if let Some(to) = to {
                            to.fill(E::zero());
                        }
                        continue;
                    }
                }
                let slope = to.map(|to| Slope { to, scale: E::of(scale * weight) });
                total += weight * criterion.sample(sample, slope).f64();
            }
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
    let weights = chunk.weighted.then(|| Rows::new(chunk.arena, chunk.mat(op.sample_weight)));
    let count =
        |row: usize, counts: &dyn Fn(E) -> bool| target.row(row).iter().filter(|&&t| counts(t)).count();
    let found: usize = match op.loss {
        // What stands for a missing target says nothing about the labels.
        Some(Hinge | SquaredHinge) => (0..chunk.rows)
            .filter(|&row| weights.is_none_or(|weights| weights.row(row) != [E::zero()]))
            .map(|row| count(row, &|t| t != E::zero() && t != E::one()))
            .sum(),
        Some(SparseCategoricalCrossentropy { ignore_class: Some(ignored), .. }) => {
            let ignored = E::of(ignored as f64);
            (0..chunk.rows).map(|row| count(row, &|t| t != ignored)).sum()
        }
        _ => 0,
    };
    if let Some(sum) = chunk.sums.get_mut(op.output) {
        *sum = found as f64;
    }
}

/// A loss writes its gradient in its forward pass.
fn nothing<Op, E>(_: &Op, _: &mut Chunk<'_, E>) {}

run!(Metrics, metrics, nothing);
run!(Scan, scan, nothing);
