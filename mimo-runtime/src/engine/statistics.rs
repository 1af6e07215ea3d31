//! Moving statistics that are measured again, without a training step.

use super::{Engine, Source};
use crate::chunk::Mode;
use crate::error::Error;
use crate::float::Float;
use crate::stage::StepPart;

impl<E: Float> Engine<E> {
    /// Whether the model has moving averages of batch statistics.
    pub fn has_moving_statistics(&self) -> bool {
        !self.program.moving.is_empty()
    }

    /// Runs the forward pass of training on a batch, and adds its statistics to the averages, which are those of
    /// `before` batches. Changes nothing else.
    ///
    /// # Errors
    /// Those of the data set, and [`Error::Memory`].
    pub fn measure_statistics(
        &mut self,
        rows: &[usize],
        source: Source<'_, E>,
        before: usize,
        loss_weights: &[f64],
    ) -> Result<(), Error> {
        E::measure_statistics(self, rows, source, before, loss_weights)
    }
}

/// [`Engine::measure_statistics`]
pub(super) fn measure<E: Float>(
    engine: &mut Engine<E>,
    rows: &[usize],
    source: Source<'_, E>,
    before: usize,
    loss_weights: &[f64],
) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    engine.copy_kernels();
    engine.run_batch(Mode::Train, StepPart::Forward, rows, source, loss_weights)?;
    engine.move_averages(Some(before as f64 / (before + 1) as f64));
    Ok(())
}
