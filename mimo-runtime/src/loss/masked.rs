//! Outputs with a mask: only the steps at which it is 1 count in the loss and in the metrics that read masks.
//!
//! As in Keras the loss is the mean over the unmasked steps of the whole batch. Their number has to be known before
//! the first gradient, so [`MaskSums`] counts them after the forward pass. A batch without any has the loss 0 and no
//! gradient. The targets of masked steps are not read and may be anything, unless the output has a metric that does
//! not read masks.

use mimo_graph::loss::{Loss, Region};
use mimo_graph::metric::Metric;

use super::rows::Rows;
use super::{LossOp, measured, nothing};
use crate::chunk::Chunk;
use crate::data::check::Valid;
use crate::float::Float;
use crate::program::View;
use crate::run::run;
use crate::weighting::{runs, steps, weight_at};

/// The mask of an output with a loss or metrics.
#[derive(Clone, Copy, Debug)]
pub struct Masked {
    /// The output, its loss and its metrics.
    pub loss: &'static LossOp,
    /// The mask, floats 0 and 1: a value for each step of a sample.
    pub mask: View,
    /// Offset of its first sum over the batch; see [`MaskSums`].
    pub start: usize,
}

impl Masked {
    /// Whether the targets of masked steps are never read, so that they may be anything.
    pub(crate) fn ignores_masked_targets(&self) -> bool {
        self.loss.metrics.iter().all(|&metric| self.leaves_out(metric))
    }

    /// Whether a metric leaves out masked steps. A metric that compares the values of a position with each other
    /// reads all of them if the mask has a value for each.
    fn leaves_out(&self, metric: Metric) -> bool {
        metric.reads_mask() && (self.mask.len <= self.loss.positions || metric.of_values())
    }

    /// Number of unmasked steps; of samples for a loss with one value per sample.
    pub(super) fn valid(&self, merged: &[f64]) -> f64 {
        merged.get(self.start).copied().unwrap_or(0.0)
    }

    /// Result of the loss's scan of the targets of the batch.
    pub(super) fn scanned(&self, merged: &[f64]) -> f64 {
        merged.get(self.start + 1).copied().unwrap_or(0.0)
    }

    /// Number of invalid targets in unmasked steps.
    pub(crate) fn faults(&self, merged: &[f64]) -> f64 {
        merged.get(self.start + 2).copied().unwrap_or(0.0)
    }

    /// Factor from a mean over all steps of the batch to a mean over the unmasked ones; 0 without any, as in Keras.
    pub(super) fn correction(&self, chunk: &Chunk<'_, impl Float>) -> f64 {
        let valid = self.valid(chunk.merged);
        if valid > 0.0 { chunk.batch as f64 / valid } else { 0.0 }
    }
}

/// A pass over the mask and the targets of one output after the forward pass.
///
/// `forward` writes three values to the output's part of [`Chunk::sums`]:
/// - the number of unmasked steps. With `ignore_class` it is the number of their positions that count, divided by the positions of
///   a step, and for a loss with one value per sample the number of samples with an unmasked step;
/// - the same as [`Scan`](super::Scan) for hinge losses;
/// - the number of invalid targets in unmasked steps of samples that have weight.
#[derive(Clone, Copy, Debug)]
pub struct MaskSums(pub &'static Masked);

/// The metrics of an output with a mask, computed after its loss.
#[derive(Clone, Copy, Debug)]
pub struct MaskedMetrics(pub &'static Masked);

fn sums<E: Float>(op: &MaskSums, chunk: &mut Chunk<'_, E>) {
    let MaskSums(masked) = op;
    let op = masked.loss;
    let [mask, target] = [masked.mask, op.target].map(|view| Rows::new(chunk.arena, chunk.mat(view)));
    let weights = measured::weights_of(op, chunk);
    let of_samples = matches!(op.loss.and_then(Loss::region), Some(Region::Sample | Region::SampleClass));
    let hinge = matches!(op.loss, Some(Loss::Hinge | Loss::SquaredHinge));
    let ignored = match op.loss {
        Some(Loss::SparseCategoricalCrossentropy { ignore_class, .. }) => {
            ignore_class.map(|class| E::of(class as f64))
        }
        _ => None,
    };
    let valid = masked.ignores_masked_targets().then(|| Valid::for_loss(op));
    let of_mask = mask.cols().max(1);
    let [mut samples, mut scanned, mut faults] = [0; 3];
    let (mut counted, mut not_ignored) = (0.0, 0.0);
    for row in 0..chunk.rows {
        // A missing target is left out like a masked step.
        let Some(weight) = weights.sample(row) else { continue };
        let (mask, positions) = (mask.row(row), weights.positions(row));
        let steps = steps(Some(mask), positions);
        let per_step = target.cols() / steps;
        let share = of_mask as f64 / steps as f64;
        let mut any = false;
        for run in runs(Some(mask), positions) {
            any = true;
            counted += share * run.len() as f64;
            let all = target.row(row);
            if let Some(ignored) = ignored {
                let targets = &all[run.start * per_step..run.end * per_step];
                let found = targets.iter().filter(|&&target| target != ignored).count();
                not_ignored += share * found as f64 / per_step.max(1) as f64;
            }
            // The placeholder of a missing target is not a target.
            if weight == 0.0 || !hinge && valid.is_none() {
                continue;
            }
            let weighs = |step: &usize| positions.is_none_or(|of| weight_at(of, *step, steps) != 0.0);
            for step in run.filter(weighs) {
                let targets = &all[step * per_step..(step + 1) * per_step];
                if hinge {
                    scanned += targets.iter().filter(|&&t| t != E::zero() && t != E::one()).count();
                }
                if let Some(valid) = valid {
                    faults += targets.iter().filter(|&&target| !valid.accepts(target)).count();
                }
            }
        }
        samples += usize::from(any);
    }
    let counted = match (ignored, of_samples) {
        (Some(_), _) => not_ignored,
        (None, true) => samples as f64,
        (None, false) => counted,
    };
    if let Some(sums) = chunk.sums.get_mut(masked.start..masked.start + mimo_graph::operation::MASK_SUMS) {
        sums.copy_from_slice(&[counted, scanned as f64, faults as f64]);
    }
}

fn metrics<E: Float>(op: &MaskedMetrics, chunk: &mut Chunk<'_, E>) {
    let MaskedMetrics(masked) = op;
    for (index, &metric) in masked.loss.metrics.iter().enumerate() {
        let mask = masked.leaves_out(metric).then_some(masked.mask);
        measured::add(masked.loss, mask, index, chunk);
    }
}

run!(MaskSums, sums, nothing);
run!(MaskedMetrics, metrics, nothing);
