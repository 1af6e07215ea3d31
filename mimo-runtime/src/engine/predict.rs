//! Outputs for any number of samples.

use crate::chunk::Mode;
use crate::engine::Engine;
use crate::engine::chunks::{self, Shared, is_small, rows_per_chunk};
use crate::error::Error;
use crate::float::Float;
use crate::own::OwnParts;
use crate::program::View;
use crate::weighting::Weighting;

/// Rows that go through the model in one round; bounds the memory of a prediction on many samples.
const ROUND: usize = 256;

pub(super) fn predict<E: Float>(
    engine: &mut Engine<E>,
    rows: usize,
    inputs: &[&[E]],
    outputs: &mut [&mut [E]],
) -> Result<(), Error> {
    let (program, memory) = (engine.program, engine.predict_memory);
    check(program.inputs, rows, inputs.iter().map(|column| column.len()))?;
    check(program.outputs, rows, outputs.iter().map(|column| column.len()))?;
    engine.states.check(rows)?;
    engine.copy_kernels();
    let mut done = 0;
    while done < rows {
        let round = ROUND.min(rows - done);
        let capacity = rows_per_chunk(program.flops, round);
        engine.predict_chunks.cut(round, capacity, memory, [0, 0])?;
        engine.states.load(&mut engine.predict_chunks, memory, done);
        engine.begin_pass(Mode::Predict);
        let (seed, pass) = engine.random_state(Mode::Predict);
        let shared = Shared {
            memory,
            params: &engine.parameters.values,
            packs: &engine.parameters.packs,
            starts: program.starts,
            mode: Mode::Predict,
            seed,
            pass,
            loss_weights: &[],
            weighting: Weighting::NONE,
            position_starts: &[],
            sums: 0,
            watch: None,
            own: OwnParts::default(),
        };
        let pool = (!is_small(program.flops, round)).then_some(&engine.pool);
        let forward = engine.forward;
        chunks::each(&mut engine.predict_chunks, pool, shared, &|chunk| {
            for (&view, column) in program.inputs.iter().zip(inputs) {
                let first = (done + chunk.first_row) * view.len;
                let to = chunk.mat(view).offset;
                let len = chunk.rows * view.len;
                chunk.arena[to..to + len].copy_from_slice(&column[first..first + len]);
            }
            forward(chunk);
            Ok(())
        })?;
        engine.states.store(&engine.predict_chunks, memory, done);
        let (arena, stride) = (engine.predict_chunks.arena(), engine.predict_chunks.stride);
        for (view, column) in program.outputs.iter().zip(outputs.iter_mut()) {
            for (row, to) in
                column[done * view.len..].chunks_exact_mut(view.len.max(1)).take(round).enumerate()
            {
                let start = row / capacity * stride
                    + memory.offsets[view.slot] * capacity
                    + view.column
                    + row % capacity * view.stride;
                to.copy_from_slice(&arena[start..start + view.len]);
            }
        }
        done += round;
    }
    engine.states.advance(rows);
    Ok(())
}

fn check(views: &[View], rows: usize, columns: impl ExactSizeIterator<Item = usize>) -> Result<(), Error> {
    if columns.len() != views.len() {
        return Err(Error::ColumnLength { index: columns.len(), len: 0, wanted: views.len() });
    }
    for (index, (view, len)) in views.iter().zip(columns).enumerate() {
        let wanted = rows.saturating_mul(view.len);
        if len != wanted {
            return Err(Error::ColumnLength { index, len, wanted });
        }
    }
    Ok(())
}
