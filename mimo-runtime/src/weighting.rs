//! Weights of samples and of positions, and missing targets, for losses and metrics.
//!
//! A sample has one weight for each output. The positions of an output (all axes but the last: the steps of a
//! sequence, the pixels of an image) may also have weights, which are multiplied by that of their sample. A missing
//! target is marked by the weight [`MISSING`](crate::kernels::Element::MISSING). It is left out like a masked step:
//! the loss is the mean over the positions of the batch that have a target, and no metric sees it. A weight of 0 is
//! different: it does not change the divisor of the loss.
//!
//! Weights of positions have their own memory, outside of the arena, so that models and data without any need no room
//! for them.

use std::ops::Range;

use crate::float::Float;
use crate::loss::Rows;

/// Kinds of weights that a data set writes, beside its targets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weighting {
    /// Every sample has a weight for each output.
    pub samples: bool,
    /// Positions may have weights.
    pub positions: bool,
    /// Targets may be missing.
    pub missing: bool,
}

impl Weighting {
    /// No weights, and no missing target.
    pub const NONE: Weighting = Weighting { samples: false, positions: false, missing: false };

    /// Whether losses have to read weights.
    pub fn any(self) -> bool {
        self.samples || self.positions || self.missing
    }
}

/// The part of the weights of a chunk that is not in its arena.
#[derive(Debug)]
pub struct TargetWeights<'a, E> {
    /// Weights of positions: for each output those of all samples, one sample after another.
    pub positions: &'a mut [E],
    /// For each output, the positions per sample of all outputs before it; then the total. Empty if positions have no
    /// weights.
    pub starts: &'a [usize],
    /// Number of samples that fit.
    pub capacity: usize,
    /// For each output, the number of samples of the batch that have a target; a sample with a target for some of its
    /// positions counts in part. Empty if no target is missing.
    pub present: &'a [f64],
}

impl<E> Default for TargetWeights<'_, E> {
    fn default() -> Self {
        TargetWeights { positions: &mut [], starts: &[], capacity: 0, present: &[] }
    }
}

impl<E> TargetWeights<'_, E> {
    /// Range of the weights of an output, and the positions of a sample; `None` if its positions have no weights.
    fn place(&self, output: usize, rows: usize) -> Option<(Range<usize>, usize)> {
        let (start, end) = (*self.starts.get(output)?, *self.starts.get(output + 1)?);
        let (start, len) = (start * self.capacity, end - start);
        (len > 0).then(|| (start..start + len * rows, len))
    }

    /// Returns the weights of the positions of `rows` samples for an output, to write.
    pub(crate) fn of_mut(&mut self, output: usize, rows: usize) -> &mut [E] {
        match self.place(output, rows) {
            Some((range, _)) => self.positions.get_mut(range).unwrap_or_default(),
            None => &mut [],
        }
    }

    /// Returns the same to read, with the number of positions of a sample.
    pub(crate) fn of(&self, output: usize, rows: usize) -> Option<(&[E], usize)> {
        let (range, len) = self.place(output, rows)?;
        Some((self.positions.get(range)?, len))
    }

    /// Whether the positions of an output have weights.
    pub(crate) fn has(&self, output: usize) -> bool {
        self.place(output, 0).is_some()
    }

    /// Factor from a mean over all samples of the batch to a mean over those with a target; 0 if there are none.
    pub(crate) fn correction(&self, output: usize, batch: usize) -> f64 {
        match self.present.get(output) {
            None => 1.0,
            Some(present) if *present > 0.0 => batch as f64 / present,
            Some(_) => 0.0,
        }
    }
}

/// Weights of the samples of a chunk for one output.
#[derive(Clone, Copy)]
pub(crate) struct WeightsOf<'a, E> {
    /// `None` if every sample has weight 1 and a target.
    pub(crate) samples: Option<Rows<'a, E>>,
    /// Weights of positions, and their number per sample.
    pub(crate) positions: Option<(&'a [E], usize)>,
}

impl<'a, E: Float> WeightsOf<'a, E> {
    /// Returns the weight of a sample; `None` if its target is missing.
    #[inline]
    pub(crate) fn sample(&self, row: usize) -> Option<f64> {
        let Some(samples) = self.samples else { return Some(1.0) };
        match samples.row(row).first() {
            Some(weight) if weight.is_missing() => None,
            Some(weight) => Some(weight.f64()),
            None => Some(1.0),
        }
    }

    /// Returns the weights of the positions of a sample, if they have any.
    #[inline]
    pub(crate) fn positions(&self, row: usize) -> Option<&'a [E]> {
        let (values, len) = self.positions?;
        values.get(row * len..(row + 1) * len)
    }

    /// Returns the weight of step `step` of `steps` of a sample: 0 if it is masked or its target is missing.
    pub(crate) fn step(&self, mask: Option<&[E]>, row: usize, step: usize, steps: usize) -> f64 {
        if mask.is_some_and(|mask| at(mask, step, steps) == Some(E::zero())) {
            return 0.0;
        }
        let of_step = self.positions(row).map_or(1.0, |positions| weight_at(positions, step, steps));
        self.sample(row).unwrap_or(0.0) * of_step
    }
}

/// Returns the value of a step, from as many values as steps or fewer.
#[inline]
pub(crate) fn at<E: Copy>(values: &[E], step: usize, steps: usize) -> Option<E> {
    let place = if values.len() == steps { step } else { step * values.len() / steps.max(1) };
    values.get(place).copied()
}

/// Returns the weight of a step from those of positions: 0 if its target is missing.
#[inline]
pub(crate) fn weight_at<E: Float>(positions: &[E], step: usize, steps: usize) -> f64 {
    match at(positions, step, steps) {
        Some(weight) if weight.is_missing() => 0.0,
        Some(weight) => weight.f64(),
        None => 1.0,
    }
}

/// Number of steps of a sample: of its mask or of its positions, whichever are more, or one.
pub(crate) fn steps<E>(mask: Option<&[E]>, positions: Option<&[E]>) -> usize {
    mask.map_or(1, <[E]>::len).max(positions.map_or(1, <[E]>::len)).max(1)
}

/// Returns the runs of [`steps`] that are unmasked and have a target.
pub(crate) fn runs<'a, E: Float>(
    mask: Option<&'a [E]>,
    positions: Option<&'a [E]>,
) -> impl Iterator<Item = Range<usize>> + 'a {
    let steps = steps(mask, positions);
    let counts = move |step: &usize| {
        mask.is_none_or(|mask| at(mask, *step, steps).is_some_and(|value| value != E::zero()))
            && positions.is_none_or(|of| at(of, *step, steps).is_some_and(|weight| !weight.is_missing()))
    };
    let mut next = 0;
    std::iter::from_fn(move || {
        let from = (next..steps).find(counts)?;
        next = (from..steps).find(|step| !counts(step)).unwrap_or(steps);
        Some(from..next)
    })
}

/// Fraction of the [`steps`] that are unmasked and have a target.
pub(crate) fn share<E: Float>(mask: Option<&[E]>, positions: Option<&[E]>) -> f64 {
    let counted: usize = runs(mask, positions).map(|run| run.len()).sum();
    counted as f64 / steps(mask, positions) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::Element;

    #[test]
    fn runs_are_those_of_the_finer_of_mask_and_positions() {
        let of = |mask: Option<&[f32]>, positions: Option<&[f32]>| -> Vec<(usize, usize)> {
            runs(mask, positions).map(|run| (run.start, run.end)).collect()
        };
        let missing = f32::MISSING;
        assert_eq!(of(None, None), [(0, 1)]);
        assert_eq!(of(Some(&[1.0, 0.0, 1.0, 1.0]), None), [(0, 1), (2, 4)]);
        assert_eq!(of(None, Some(&[missing, 0.0, 2.0, missing])), [(1, 3)]);
        // Each step of the mask has two positions.
        assert_eq!(of(Some(&[1.0, 0.0]), Some(&[missing, 1.0, 1.0, 1.0])), [(1, 2)]);
        // Each position has two steps.
        assert_eq!(of(Some(&[1.0, 0.0, 1.0, 1.0]), Some(&[1.0, missing])), [(0, 1)]);
        assert_eq!(share(Some(&[1.0, 0.0, 1.0, 1.0]), Some(&[1.0_f32, missing])), 0.25);
    }
}
