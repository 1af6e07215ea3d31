//! Outputs with a mask: only the steps at which it is 1 count in the loss and in the metrics that read masks.
//!
//! As in Keras the loss is the mean over the steps that count, of the whole batch. So their number has to be known before the
//! first gradient: [`MaskSums`] counts them after the forward pass. A batch without any has the loss 0 and no gradient.
//! Nothing reads the targets of the other steps, which may be anything, unless the output has a metric that does not read masks.

use std::ops::Range;

use mimo_graph::loss::{Loss, Region};
use mimo_graph::metric::Metric;

use super::rows::Rows;
use super::{LossOp, nothing};
use crate::chunk::Chunk;
use crate::data::check::Valid;
use crate::float::Float;
use crate::kernels::Mat;
use crate::metric;
use crate::program::View;
use crate::run::run;

/// The mask of an output with a loss or metrics.
#[derive(Clone, Copy, Debug)]
pub struct Masked {
    /// The output, its loss and its metrics.
    pub loss: &'static LossOp,
    /// The mask, floats 0 and 1: a value for each step of a sample.
    pub mask: View,
    /// The place of the first of its sums over the batch; see [`MaskSums`].
    pub start: usize,
}

impl Masked {
    /// Whether nothing reads the targets of masked steps, so that they may be anything.
    pub(crate) fn ignores_masked_targets(&self) -> bool {
        self.loss.metrics.iter().all(|&metric| self.leaves_out(metric))
    }

    /// Whether a metric leaves out masked steps. One that compares the values of a position with each other reads all of them if the
    /// mask is one of these.
    fn leaves_out(&self, metric: Metric) -> bool {
        metric.reads_mask() && (self.mask.len <= self.loss.positions || metric.of_values())
    }

    /// The number of steps that count, of samples for a loss with one value per sample.
    pub(super) fn valid(&self, merged: &[f64]) -> f64 {
        merged.get(self.start).copied().unwrap_or(0.0)
    }

    /// What the loss had to look up in the targets of the batch.
    pub(super) fn scanned(&self, merged: &[f64]) -> f64 {
        merged.get(self.start + 1).copied().unwrap_or(0.0)
    }

    /// The number of targets that are not valid, of steps that count.
    pub(crate) fn faults(&self, merged: &[f64]) -> f64 {
        merged.get(self.start + 2).copied().unwrap_or(0.0)
    }

    /// What turns a mean over all steps of the batch into a mean over those that count. Without any it is 0, as in Keras.
    pub(super) fn correction(&self, chunk: &Chunk<'_, impl Float>) -> f64 {
        let valid = self.valid(chunk.merged);
        if valid > 0.0 { chunk.batch as f64 / valid } else { 0.0 }
    }

    /// Positions per step and values per position. The steps of a mask over all axes are single values.
    pub(super) fn form(&self) -> [usize; 2] {
        let steps = self.mask.len.max(1);
        let LossOp { positions, classes, .. } = *self.loss;
        if positions >= steps { [positions / steps, classes] } else { [1, positions * classes / steps] }
    }
}

/// The runs of steps that count.
pub(super) fn runs<E: Float>(mask: &[E]) -> impl Iterator<Item = Range<usize>> {
    let mut next = 0;
    std::iter::from_fn(move || {
        let rest = mask.get(next..)?;
        let from = next + rest.iter().position(|&counts| counts != E::zero())?;
        let len = mask[from..].iter().position(|&counts| counts == E::zero());
        next = len.map_or(mask.len(), |len| from + len);
        Some(from..next)
    })
}

/// A look at the mask and the targets of one output after the forward pass.
///
/// `forward` writes three values to the output's place in [`Chunk::sums`]:
/// - the number of steps that count. With `ignore_class` it is that of their positions that count, over the positions of a step,
///   and for a loss with one value per sample that of samples with a step that counts;
/// - the same as [`Scan`](super::Scan) for hinge losses;
/// - how many targets, of steps that count and samples that have weight, are not valid.
#[derive(Clone, Copy, Debug)]
pub struct MaskSums(pub &'static Masked);

/// The metrics of an output with a mask, after its loss.
#[derive(Clone, Copy, Debug)]
pub struct MaskedMetrics(pub &'static Masked);

fn sums<E: Float>(op: &MaskSums, chunk: &mut Chunk<'_, E>) {
    let MaskSums(masked) = op;
    let op = masked.loss;
    let [mask, target, weight] = [masked.mask, op.target, op.sample_weight].map(|view| chunk.mat(view));
    let [mask, target, weights] = [mask, target, weight].map(|mat| Rows::new(chunk.arena, mat));
    let per_step = target.cols() / mask.cols().max(1);
    let of_samples = matches!(op.loss.and_then(Loss::region), Some(Region::Sample | Region::SampleClass));
    let hinge = matches!(op.loss, Some(Loss::Hinge | Loss::SquaredHinge));
    let ignored = match op.loss {
        Some(Loss::SparseCategoricalCrossentropy { ignore_class, .. }) => {
            ignore_class.map(|class| E::of(class as f64))
        }
        _ => None,
    };
    let valid = masked.ignores_masked_targets().then(|| Valid::for_loss(op));
    let [mut steps, mut samples, mut positions, mut scanned, mut faults] = [0; 5];
    for row in 0..chunk.rows {
        let weighs = !chunk.weighted || weights.row(row) != [E::zero()];
        let before = steps;
        for run in runs(mask.row(row)) {
            steps += run.len();
            let targets = &target.row(row)[run.start * per_step..run.end * per_step];
            if let Some(ignored) = ignored {
                positions += targets.iter().filter(|&&target| target != ignored).count();
            }
            // What stands for a missing target says nothing.
            if !weighs {
                continue;
            }
            if hinge {
                scanned += targets.iter().filter(|&&t| t != E::zero() && t != E::one()).count();
            }
            if let Some(valid) = valid {
                faults += targets.iter().filter(|&&target| !valid.accepts(target)).count();
            }
        }
        samples += usize::from(steps > before);
    }
    let counted = match (ignored, of_samples) {
        (Some(_), _) => positions as f64 / per_step.max(1) as f64,
        (None, true) => samples as f64,
        (None, false) => steps as f64,
    };
    if let Some(sums) = chunk.sums.get_mut(masked.start..masked.start + mimo_graph::operation::MASK_SUMS) {
        sums.copy_from_slice(&[counted, scanned as f64, faults as f64]);
    }
}

fn metrics<E: Float>(op: &MaskedMetrics, chunk: &mut Chunk<'_, E>) {
    let MaskedMetrics(masked) = op;
    let op = masked.loss;
    let [y, target, mask] = [op.y, op.target, masked.mask].map(|view| chunk.mat(view));
    let steps = mask.cols.max(1);
    let [_, classes] = masked.form();
    for (index, &metric) in op.metrics.iter().enumerate() {
        if !masked.leaves_out(metric) {
            super::add_metric(op, index, chunk);
            continue;
        }
        let start = chunk.starts.states[op.first_state + index];
        let len = metric::state_len(metric, op.classes);
        let Some(state) = chunk.statistics.get_mut(start..start + len) else { continue };
        let mask = Rows::new(chunk.arena, mask);
        // A run of steps is so many samples of one step.
        for row in 0..chunk.rows {
            for run in runs(mask.row(row)) {
                let [y, target] = [y, target].map(|mat| {
                    let len = mat.cols / steps;
                    let offset = mat.offset + row * mat.stride + run.start * len;
                    Rows::new(chunk.arena, Mat::contiguous(offset, run.len(), len))
                });
                let samples = metric::Samples { y, target, rows: run.len(), weight: 1.0 };
                metric::accumulate(metric, classes, samples, state);
            }
        }
    }
}

run!(MaskSums, sums, nothing);
run!(MaskedMetrics, metrics, nothing);
