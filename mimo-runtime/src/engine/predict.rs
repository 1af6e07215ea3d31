//! Prediction for any number of samples.

use crate::chunk::Mode;
use crate::engine::Engine;
use crate::engine::chunks::{self, Chunks, Shared, is_small, rows_per_chunk};
use crate::engine::states::States;
use crate::error::Error;
use crate::float::Float;
use crate::kernels::Pool;
use crate::own::OwnParts;
use crate::program::{Memory, Program, View};
use crate::stage::Pass;
use crate::weighting::Weighting;

/// Rows per round; bounds the memory of a prediction on many samples.
const ROUND: usize = 256;

/// A prediction with its weights and memory. A trainer's engine lends its own; an
/// [`Inference`](super::inference::Inference) lends shared weights.
pub(super) struct Prediction<'a, E: Float> {
    pub program: &'static Program,
    /// The forward pass, and the memory of a chunk in it.
    pub forward: Pass<E>,
    pub memory: Memory,
    pub params: &'a [E],
    pub packs: &'a [E],
    pub pool: &'a Pool,
    pub chunks: &'a mut Chunks<E>,
    pub states: &'a mut States<E>,
    pub seed: u64,
    /// Number of rounds.
    pub passes: &'a mut u64,
}

/// [`Engine::predict`]
pub(super) fn predict<E: Float>(
    engine: &mut Engine<E>,
    rows: usize,
    inputs: &[&[E]],
    outputs: &mut [&mut [E]],
) -> Result<(), Error> {
    engine.copy_kernels();
    let prediction = Prediction {
        program: engine.program,
        forward: engine.forward,
        memory: engine.program.predict,
        params: &engine.parameters.values,
        packs: &engine.parameters.packs,
        pool: &engine.pool,
        chunks: &mut engine.predict_chunks,
        states: &mut engine.states,
        seed: engine.seed,
        passes: &mut engine.passes,
    };
    prediction.run(rows, inputs, outputs)
}

impl<E: Float> Prediction<'_, E> {
    /// Computes the outputs for `rows` samples.
    pub(super) fn run(self, rows: usize, inputs: &[&[E]], outputs: &mut [&mut [E]]) -> Result<(), Error> {
        let Prediction { program, forward, memory, params, packs, pool, chunks, states, seed, passes } = self;
        check(program.inputs, rows, inputs.iter().map(|column| column.len()))?;
        check(program.outputs, rows, outputs.iter().map(|column| column.len()))?;
        states.check(rows)?;
        let mut done = 0;
        while done < rows {
            let round = ROUND.min(rows - done);
            let capacity = rows_per_chunk(program.flops, round);
            chunks.cut(round, capacity, memory, [0, 0])?;
            states.load(chunks, memory, done);
            *passes = passes.wrapping_add(1);
            let (seed, pass) = super::pass_state(seed, *passes);
            let shared = Shared {
                memory,
                params,
                packs,
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
            let pool = (!is_small(program.flops, round)).then_some(pool);
            chunks::each(chunks, pool, shared, &|chunk| {
                for (&view, column) in program.inputs.iter().zip(inputs) {
                    let first = (done + chunk.first_row) * view.len;
                    let to = chunk.mat(view).offset;
                    let len = chunk.rows * view.len;
                    chunk.arena[to..to + len].copy_from_slice(&column[first..first + len]);
                }
                forward(chunk);
                Ok(())
            })?;
            states.store(chunks, memory, done);
            let (arena, stride) = (chunks.arena(), chunks.stride);
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
        states.advance(rows);
        Ok(())
    }
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
