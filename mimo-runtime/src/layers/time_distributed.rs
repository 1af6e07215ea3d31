//! `TimeDistributed`: a layer applied to each step of a sequence.

use crate::chunk::Chunk;
use crate::kernels::Element;
use crate::run::{Operation, Run};

/// Any operation, on every step of every sample: `[steps, …] → [steps, …]`.
///
/// A sample of `steps · n` values in its own slot is `steps` rows of `n` values, so that the operation, whose views
/// are those of one step, runs unchanged on a chunk of more rows.
///
/// **Keras equivalent:** `keras.layers.TimeDistributed`.
#[derive(Clone, Copy, Debug)]
pub struct TimeDistributed<Op> {
    /// Number of steps of a sample.
    pub steps: usize,
    /// The operation of each step.
    pub layer: Op,
}

impl<Op> TimeDistributed<Op> {
    fn on_steps<E>(&self, chunk: &mut Chunk<'_, E>, run: impl FnOnce(&Op, &mut Chunk<'_, E>)) {
        let (rows, first_row, batch) = (chunk.rows, chunk.first_row, chunk.batch);
        chunk.rows *= self.steps;
        chunk.first_row *= self.steps;
        chunk.batch *= self.steps;
        run(&self.layer, chunk);
        (chunk.rows, chunk.first_row, chunk.batch) = (rows, first_row, batch);
    }
}

impl<Op> Operation for TimeDistributed<Op> {}

impl<Op, E: Element + Run<Op>> Run<TimeDistributed<Op>> for E {
    fn forward(op: &TimeDistributed<Op>, chunk: &mut Chunk<'_, E>) {
        op.on_steps(chunk, E::forward);
    }

    fn backward(op: &TimeDistributed<Op>, chunk: &mut Chunk<'_, E>) {
        op.on_steps(chunk, E::backward);
    }
}
