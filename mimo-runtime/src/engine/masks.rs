//! The targets of outputs with a mask, which are checked in the step that reads them: before, it is not known which steps count.

use mimo_graph::spec::{ModelSpec, OutputSpec};

use super::Engine;
use super::chunks::Chunks;
use crate::data::check::{self, Valid};
use crate::error::Error;
use crate::float::Float;
use crate::loss::Masked;
use crate::program::Program;

/// The outputs with masks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Masks {
    outputs: &'static [OutputSpec],
    pub list: &'static [&'static Masked],
}

impl Masks {
    pub(super) fn none() -> Self {
        Masks { outputs: &[], list: &[] }
    }

    /// Reports the first target of a step that counts which is not valid, if the chunks have found one. `rows` are the samples of
    /// the batch.
    pub(super) fn check<E: Float>(
        &self,
        chunks: &Chunks<E>,
        program: &Program,
        rows: &[usize],
        weighted: bool,
    ) -> Result<(), Error> {
        for masked in self.list.iter().filter(|masked| masked.faults(&chunks.merged) > 0.0) {
            let Some(output) = self.outputs.get(masked.loss.output) else { continue };
            for row in 0..chunks.batch {
                let values = |view| &chunks.arena()[chunks.range(program.train, view, row)];
                let (mask, target) = (values(masked.mask), values(masked.loss.target));
                if weighted && *values(masked.loss.sample_weight) == [E::zero()] {
                    continue;
                }
                let number = |_| rows.get(row).copied().unwrap_or(row);
                let steps = target.chunks_exact((target.len() / mask.len().max(1)).max(1)).zip(mask);
                for (target, _) in steps.filter(|(_, counts)| **counts != E::zero()) {
                    check::check_target(output, Valid::for_output(output), target, 1, None, &number)?;
                }
            }
        }
        Ok(())
    }
}

impl<E: Float> Engine<E> {
    /// Sets the outputs with masks.
    pub fn set_masks(&mut self, spec: &'static ModelSpec, masks: &'static [&'static Masked]) {
        self.masks = Masks { outputs: spec.outputs, list: masks };
    }
}
