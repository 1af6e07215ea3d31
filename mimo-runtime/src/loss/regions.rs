//! `Dice` and `Tversky`: losses of the overlap of two regions, of a sample or of the whole batch.
//!
//! A loss over the whole batch needs two passes over the chunks: [`BatchLossSums`] sums up after the forward pass,
//! and [`BatchLoss`] computes value and gradient from the sums of all chunks.

use mimo_graph::loss::{Loss, Region};
use mimo_graph::operation::LossOp;

use super::{Criterion, EPSILON, Sample, Slope, masked_regions, nothing};
use crate::chunk::Chunk;
use crate::float::Float;
use crate::run::run;

/// Sums over a region: `Σt·p`, `Σt` and `Σp`.
pub(super) const SUMS: usize = 3;

/// The loss of a region as a function of its overlap.
#[derive(Clone, Copy)]
pub(super) enum Overlap {
    Dice,
    Tversky { alpha: f64, beta: f64 },
}

/// The loss of a region and its derivative with respect to a prediction, `of_target·t + constant`.
#[derive(Clone, Copy)]
pub(super) struct Measured {
    pub(super) value: f64,
    of_target: f64,
    constant: f64,
}

impl Overlap {
    pub(super) fn of(loss: Loss) -> Option<Self> {
        match loss {
            Loss::Dice { .. } => Some(Overlap::Dice),
            Loss::Tversky { alpha, beta, .. } => Some(Overlap::Tversky { alpha, beta }),
            _ => None,
        }
    }

    pub(super) fn measure(self, [both, target, predicted]: [f64; SUMS]) -> Measured {
        match self {
            Overlap::Dice => {
                let by_all = (target + predicted + EPSILON).recip();
                let share = 2.0 * both * by_all;
                Measured { value: 1.0 - share, of_target: -2.0 * by_all, constant: share * by_all }
            }
            Overlap::Tversky { alpha, beta } => {
                let by_all = (both + alpha * (target - both) + beta * (predicted - both) + EPSILON).recip();
                let share = both * by_all;
                let of_target = share * by_all * (1.0 - alpha - beta) - by_all;
                Measured { value: 1.0 - share, of_target, constant: share * by_all * beta }
            }
        }
    }
}

/// Adds the sums of the values at index `first` and every `step`-th one after it.
#[inline]
pub(super) fn add<E: Float>(x: &[E], target: &[E], first: usize, step: usize, sums: &mut [f64; SUMS]) {
    let values = x.iter().zip(target).skip(first).step_by(step);
    for (&p, &t) in values {
        let (p, t) = (p.f64(), t.f64());
        sums[0] += t * p;
        sums[1] += t;
        sums[2] += p;
    }
}

/// The loss of one region, which is a whole sample (or a position of it), or each class of a sample.
pub(super) struct Of {
    pub(super) overlap: Overlap,
    /// Values per position if each class is a region, else 1.
    pub(super) step: usize,
}

impl<E: Float> Criterion<E> for Of {
    #[inline]
    fn sample(&self, sample: Sample<'_, E>, mut slope: Option<Slope<'_, E>>) -> E {
        let Sample { x, target, .. } = sample;
        let share = (self.step as f64).recip();
        let mut total = 0.0;
        for first in 0..self.step {
            let mut sums = [0.0; SUMS];
            add(x, target, first, self.step, &mut sums);
            let measured = self.overlap.measure(sums);
            total += measured.value * share;
            if let Some(Slope { to, scale }) = &mut slope {
                write(measured, scale.f64() * share, target, first, self.step, to);
            }
        }
        E::of(total)
    }
}

/// Writes the gradient of one region.
#[inline]
pub(super) fn write<E: Float>(
    measured: Measured,
    scale: f64,
    target: &[E],
    first: usize,
    step: usize,
    to: &mut [E],
) {
    let [of_target, constant] = [measured.of_target, measured.constant].map(|factor| E::of(factor * scale));
    for (to, &t) in to.iter_mut().zip(target).skip(first).step_by(step) {
        *to = of_target * t + constant;
    }
}

/// Number of regions of a batch or of a sample: one, or one for each class.
pub(super) fn regions(op: &LossOp) -> usize {
    match op.loss.and_then(Loss::region) {
        Some(Region::BatchClass | Region::SampleClass) => op.classes,
        _ => 1,
    }
}

/// The sums of a chunk for a loss over the whole batch: those of each region, then the sum of the samples' weights.
/// Samples of weight 0 are left out, because they may have no target.
#[derive(Clone, Copy, Debug)]
pub struct BatchLossSums {
    /// The loss.
    pub loss: &'static LossOp,
    /// Offset of the first sum.
    pub start: usize,
}

/// The loss of a whole batch, from its sums.
#[derive(Clone, Copy, Debug)]
pub struct BatchLoss {
    /// The loss.
    pub loss: &'static LossOp,
    /// Offset of the first sum.
    pub start: usize,
}

fn sum<E: Float>(op: &BatchLossSums, chunk: &mut Chunk<'_, E>) {
    masked_regions::batch_sums(op.loss, None, op.start, chunk);
}

fn forward<E: Float>(op: &BatchLoss, chunk: &mut Chunk<'_, E>) {
    let correction = chunk.target_weights.correction(op.loss.output, chunk.batch);
    masked_regions::of_batch(op.loss, None, op.start, correction, chunk);
}

run!(BatchLossSums, sum, nothing);
run!(BatchLoss, forward, nothing);
