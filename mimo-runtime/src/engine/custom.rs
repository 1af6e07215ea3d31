//! Training with a loss that is computed outside of the compiled model.

use crate::chunk::{Chunk, Mode};
use crate::engine::chunks::{self, Shared, is_small};
use crate::engine::{Engine, Source, Totals};
use crate::error::Error;
use crate::float::Float;
use crate::program::View;

/// The outputs and targets of a batch, to be read, and the gradients of the outputs, to be filled in. Each is one
/// column of samples per output; empty for outputs without targets.
#[derive(Debug)]
pub struct CustomBatch<'a, E> {
    /// Samples in the batch.
    pub rows: usize,
    /// What the model gives.
    pub outputs: &'a [Vec<E>],
    /// What it should give.
    pub targets: &'a [Vec<E>],
    /// The gradient of the loss with respect to each output; zeros to begin with.
    pub gradients: &'a mut [Vec<E>],
}

/// The memory of a custom batch, kept from step to step.
#[derive(Debug, Default)]
pub(super) struct Columns<E> {
    outputs: Vec<Vec<E>>,
    targets: Vec<Vec<E>>,
    gradients: Vec<Vec<E>>,
}

pub(super) fn train<E: Float>(
    engine: &mut Engine<E>,
    rows: &[usize],
    source: Source<'_, E>,
    loss: &mut dyn FnMut(&mut CustomBatch<'_, E>) -> Result<f64, Error>,
    totals: &mut Totals,
) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let program = engine.program;
    let passes = engine.passes;
    let (columns, value) = compute(engine, Mode::Train, rows, source, loss)?;

    let shared = Shared {
        memory: program.train,
        params: &engine.parameters.values,
        packs: &engine.parameters.packs,
        mode: Mode::Train,
        seed: engine.step_seed(),
        loss_weights: &[],
        weighted: false,
    };
    let pool = (!is_small(program.flops.saturating_mul(3), rows.len())).then_some(&engine.pool);
    let gradients = &columns.gradients;
    chunks::each(&mut engine.train_chunks, pool, shared, &|chunk| {
        for (view, gradient) in program.output_gradients.iter().zip(gradients) {
            let Some(view) = *view else { continue };
            let samples = gradient.chunks_exact(view.len.max(1)).skip(chunk.first_row).take(chunk.rows);
            for (row, sample) in samples.enumerate() {
                chunk.row_mut(view, row).copy_from_slice(sample);
            }
        }
        (passes.custom)(chunk);
        (passes.heads_backward)(chunk);
        (passes.trunk_backward)(chunk);
        Ok(())
    })?;
    engine.custom = columns;
    let penalty = engine.update(rows.len());
    engine.total_up(rows.len(), &[], penalty + value, totals);
    Ok(())
}

pub(super) fn evaluate<E: Float>(
    engine: &mut Engine<E>,
    rows: &[usize],
    source: Source<'_, E>,
    loss: &mut dyn FnMut(&mut CustomBatch<'_, E>) -> Result<f64, Error>,
    totals: &mut Totals,
) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let (columns, value) = compute(engine, Mode::Evaluate, rows, source, loss)?;
    engine.custom = columns;
    let penalty = engine.parameters.penalty(engine.program);
    engine.total_up(rows.len(), &[], penalty + value, totals);
    Ok(())
}

/// Takes a batch forward and hands it to the custom loss; gives the loss, and the columns with its gradients.
fn compute<E: Float>(
    engine: &mut Engine<E>,
    mode: Mode,
    rows: &[usize],
    source: Source<'_, E>,
    loss: &mut dyn FnMut(&mut CustomBatch<'_, E>) -> Result<f64, Error>,
) -> Result<(Columns<E>, f64), Error> {
    let (program, passes) = (engine.program, engine.passes);
    // The model's own losses and metrics are computed beside the custom loss, without their gradients.
    let measure = |chunk: &mut Chunk<'_, E>| {
        chunk.mode = Mode::Evaluate;
        (passes.loss)(chunk);
    };
    engine.forward(mode, rows, source, &[], &measure)?;

    let mut columns = std::mem::take(&mut engine.custom);
    let targets = program.targets.iter().copied();
    engine.read(&mut columns.outputs, program.outputs.iter().copied().map(Some));
    engine.read(&mut columns.targets, targets);
    columns.gradients.resize(program.outputs.len(), vec![]);
    for (gradient, view) in columns.gradients.iter_mut().zip(program.outputs) {
        gradient.clear();
        gradient.resize(rows.len() * view.len, E::of(0.0));
    }
    let value = loss(&mut CustomBatch {
        rows: rows.len(),
        outputs: &columns.outputs,
        targets: &columns.targets,
        gradients: &mut columns.gradients,
    })?;
    Ok((columns, value))
}

impl<E: Float> Engine<E> {
    /// Copies values of the current batch out, a column of samples each.
    fn read(&mut self, columns: &mut Vec<Vec<E>>, views: impl ExactSizeIterator<Item = Option<View>>) {
        let (batch, capacity, stride) =
            (self.train_chunks.batch, self.train_chunks.capacity, self.train_chunks.stride);
        columns.resize(views.len(), vec![]);
        let arena = self.train_chunks.arena();
        for (column, view) in columns.iter_mut().zip(views) {
            column.clear();
            let Some(view) = view else { continue };
            for row in 0..batch {
                let start = row / capacity * stride
                    + self.program.train.offsets[view.slot] * capacity
                    + view.column
                    + row % capacity * view.stride;
                column.extend_from_slice(&arena[start..start + view.len]);
            }
        }
    }
}
