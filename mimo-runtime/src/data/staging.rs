//! A batch outside of the engine: filled ahead of its step, and copied when the step begins.

use super::{program, spec};
use crate::batch::BatchRows;
use crate::chunk::{Chunk, Mode};
use crate::error::Error;
use crate::float::Float;
use crate::model::{Trainable, resize};
use crate::own::OwnParts;
use crate::program::{Program, Starts, View};
use crate::weighting::{TargetWeights, Weighting};

/// The values of one batch, in memory that is reused from batch to batch.
#[derive(Debug)]
pub(super) struct Staging<E> {
    program: &'static Program,
    /// By slot of the engine's arena: number of values per sample before it. Slots that no data set fills have length
    /// 0.
    offsets: Vec<usize>,
    /// Values per sample of all slots.
    sample: usize,
    arena: Vec<E>,
    /// By output: number of positions of a sample of all outputs before it.
    position_starts: Vec<usize>,
    positions: Vec<E>,
    weighting: Weighting,
    pub(super) rows: usize,
}

/// The fields that a data set fills.
fn views(program: &'static Program) -> impl Iterator<Item = View> {
    let Program { inputs, targets, sample_weights, .. } = program;
    inputs.iter().copied().chain(targets.iter().chain(*sample_weights).copied().flatten())
}

impl<E: Float> Staging<E> {
    pub(super) fn new<M: Trainable<Float = E>>(weighting: Weighting) -> Self {
        let (spec, program) = (spec::<M>(), program::<M>());
        let slots = views(program).map(|view| view.slot + 1).max().unwrap_or(0);
        let mut lengths = vec![0; slots];
        for view in views(program) {
            lengths[view.slot] = lengths[view.slot].max(view.column + view.stride.max(view.len));
        }
        let mut sample = 0;
        let mut offsets: Vec<usize> = Vec::with_capacity(slots + 1);
        for len in lengths {
            offsets.push(sample);
            sample += len;
        }
        let mut position_starts = vec![];
        if weighting.positions {
            position_starts.push(0);
            for (output, weight) in spec.outputs.iter().zip(program.sample_weights) {
                let positions = if weight.is_some() { output.positions() } else { 1 };
                let last = position_starts.last().copied().unwrap_or(0);
                position_starts.push(last + if positions > 1 { positions } else { 0 });
            }
        }
        Staging {
            program,
            offsets,
            sample,
            arena: vec![],
            position_starts,
            positions: vec![],
            weighting,
            rows: 0,
        }
    }

    /// Passes a batch of `rows` samples to `fill`, with all values marked as unwritten.
    pub(super) fn fill<R>(
        &mut self,
        rows: usize,
        fill: impl FnOnce(&mut BatchRows<'_, '_, E>) -> Result<R, Error>,
    ) -> Result<R, Error> {
        self.rows = rows;
        resize(&mut self.arena, self.sample.saturating_mul(rows))?;
        let positions = self.position_starts.last().copied().unwrap_or(0);
        resize(&mut self.positions, positions.saturating_mul(rows))?;
        let (weighting, program) = (self.weighting, self.program);
        let mut chunk = self.chunk();
        let batch = &mut BatchRows { chunk: &mut chunk, program };
        batch.prepare(weighting, true);
        fill(batch)
    }

    /// Copies the part of the batch to which `to` belongs.
    pub(super) fn copy(&self, to: &mut BatchRows<'_, '_, E>) -> Result<(), Error> {
        let Program { inputs, targets, sample_weights, .. } = self.program;
        for (index, view) in inputs.iter().enumerate() {
            self.part(Some(*view), to.first_row(), to.input(index))?;
        }
        for (output, view) in targets.iter().enumerate() {
            self.part(*view, to.first_row(), to.target(output))?;
        }
        if self.weighting.any() {
            for (output, view) in sample_weights.iter().enumerate() {
                self.part(*view, to.first_row(), to.sample_weight(output))?;
            }
        }
        for (output, place) in self.position_starts.windows(2).enumerate() {
            let (start, len) = (place[0] * self.rows, (place[1] - place[0]) * self.rows);
            let values = self.positions.get(start..start + len).unwrap_or_default();
            self.copy_rows(values, to.first_row(), to.position_weight(output))?;
        }
        Ok(())
    }

    /// Copies samples of a field from `first` on, as many as fit.
    fn part(&self, view: Option<View>, first: usize, to: &mut [E]) -> Result<(), Error> {
        let Some(view) = view else { return Ok(()) };
        let start = self.offsets.get(view.slot).map_or(0, |offset| offset * self.rows + view.column);
        let values = self.arena.get(start..start + self.rows * view.stride).unwrap_or_default();
        self.copy_rows(values, first, to)
    }

    fn copy_rows(&self, values: &[E], first: usize, to: &mut [E]) -> Result<(), Error> {
        let start = values.len() / self.rows.max(1) * first;
        let Some(values) = values.get(start..start + to.len()) else {
            return Err(Error::Inconsistent { what: "the length of a batch that was read ahead" });
        };
        to.copy_from_slice(values);
        Ok(())
    }

    fn chunk(&mut self) -> Chunk<'_, E> {
        Chunk {
            arena: &mut self.arena,
            offsets: &self.offsets,
            fixed: 0,
            capacity: self.rows,
            rows: self.rows,
            first_row: 0,
            batch: self.rows,
            params: &[],
            packs: &[],
            starts: Starts::NONE,
            mode: Mode::Train,
            seed: 0,
            pass: 0,
            loss_weights: &[],
            weighted: self.weighting.any(),
            target_weights: TargetWeights {
                positions: &mut self.positions,
                starts: &self.position_starts,
                capacity: self.rows,
                present: &[],
            },
            statistics: &mut [],
            sums: &mut [],
            merged: &[],
            watch: None,
            own: OwnParts::default(),
        }
    }
}
