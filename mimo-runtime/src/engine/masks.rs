//! Targets of outputs with a mask. They are checked in the step that reads them: before, the mask is unknown.

use std::sync::Arc;

use mimo_graph::spec::{ModelSpec, OutputSpec};

use super::Engine;
use super::chunks::Chunks;
use super::labels::Labels;
use crate::data::check::{self, Checked, Valid};
use crate::error::Error;
use crate::float::Float;
use crate::loss::Masked;
use crate::program::{LabelledBy, Program};
use crate::warning::Warnings;
use crate::weighting::{Weighting, runs, steps, weight_at};

/// The outputs with masks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Masks {
    pub outputs: &'static [OutputSpec],
    pub list: &'static [&'static Masked],
}

impl Masks {
    pub(super) fn none() -> Self {
        Masks { outputs: &[], list: &[] }
    }

    /// Reports the first invalid target of an unmasked step, if the chunks have found one. `rows` are the samples of
    /// the batch.
    pub(super) fn check<E: Float>(
        &self,
        chunks: &Chunks<E>,
        program: &Program,
        rows: &[usize],
        starts: &[usize],
        weighting: Weighting,
    ) -> Result<(), Error> {
        for masked in self.list.iter().filter(|masked| masked.faults(&chunks.merged) > 0.0) {
            let index = masked.loss.output;
            let Some(output) = self.outputs.get(index) else { continue };
            for row in 0..chunks.batch {
                let values = |view| &chunks.arena()[chunks.range(program.train, view, row)];
                let (mask, target) = (values(masked.mask), values(masked.loss.target));
                let weighs = |weight: E| !(weight == E::zero() || weight.is_missing());
                if weighting.any() && !values(masked.loss.sample_weight).iter().all(|weight| weighs(*weight))
                {
                    continue;
                }
                let positions = match starts.get(index..index + 2) {
                    Some(&[start, end]) if end > start => Some(chunks.positions([start, end], row)),
                    _ => None,
                };
                let number = |_| rows.get(row).copied().unwrap_or(row);
                let steps = steps(Some(mask), positions);
                let per_step = target.len() / steps;
                for step in runs(Some(mask), positions).flatten() {
                    if positions.is_some_and(|of| weight_at(of, step, steps) == 0.0) {
                        continue;
                    }
                    let target = &target[step * per_step..(step + 1) * per_step];
                    check::check_target(output, Valid::for_output(output), target, 1, Checked::ALL, &number)?;
                }
            }
        }
        Ok(())
    }
}

impl<E: Float> Engine<E> {
    /// Sets the outputs, those with masks, and which weights they train.
    ///
    /// # Errors
    /// [`Error::Inconsistent`] for weights that the model does not have.
    pub fn set_outputs(
        &mut self,
        spec: &'static ModelSpec,
        masks: &'static [&'static Masked],
        labelled_by: &'static [LabelledBy],
    ) -> Result<(), Error> {
        self.masks = Masks { outputs: spec.outputs, list: masks };
        self.warnings = Arc::new(Warnings::new(spec.outputs));
        self.labels = Labels::new(spec.outputs, self.program, labelled_by)?;
        Ok(())
    }
}
