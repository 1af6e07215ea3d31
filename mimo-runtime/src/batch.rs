//! The rows of a chunk that a data set fills.

use std::ops::Range;

use crate::chunk::Chunk;
use crate::float::Float;
use crate::program::{Program, View};
use crate::weighting::Weighting;

/// Some rows of a batch: inputs, targets and sample weights to fill, each as `rows` samples one after another.
///
/// Class indices and other integers are stored as floats. Every value is NaN until the data set writes it; see
/// [`Dataset::gather`](crate::data::Dataset::gather) for what is checked afterwards.
#[derive(Debug)]
pub struct BatchRows<'c, 'a, E> {
    pub(crate) chunk: &'c mut Chunk<'a, E>,
    pub(crate) program: &'static Program,
}

impl<E: Float> BatchRows<'_, '_, E> {
    /// Number of samples to fill.
    pub fn rows(&self) -> usize {
        self.chunk.rows
    }

    /// Index of the first of these samples in the batch.
    pub fn first_row(&self) -> usize {
        self.chunk.first_row
    }

    /// Samples of an input, by its index among the model's inputs; empty if there is no such input.
    pub fn input(&mut self, index: usize) -> &mut [E] {
        let view = self.program.inputs.get(index).copied();
        self.samples(view)
    }

    /// Targets of an output, by its index among the model's outputs; empty for an output that is not trained and
    /// while predicting.
    pub fn target(&mut self, index: usize) -> &mut [E] {
        let view = self.program.targets.get(index).copied().flatten();
        self.samples(view)
    }

    /// Weights of the samples for one output; empty like [`target`](Self::target). They only count if the data set is
    /// [`weighted`](crate::data::Dataset::weighted).
    pub fn sample_weight(&mut self, index: usize) -> &mut [E] {
        let view = self.program.sample_weights.get(index).copied().flatten();
        self.samples(view)
    }

    /// The weights of the positions of one output, sample by sample. Positions are the steps of a sequence, or the
    /// pixels of an image in row order. A weight is 1 until it is written, and is multiplied by that of its sample.
    /// They only count if the data set is [`position_weighted`](crate::data::Dataset::position_weighted); empty
    /// otherwise, and for an output of one position.
    pub fn position_weight(&mut self, index: usize) -> &mut [E] {
        self.chunk.target_weights.of_mut(index, self.chunk.rows)
    }

    /// Marks the target of a sample as missing for an output; call it after writing the sample's weight. The target
    /// itself may be any value. The data set must declare [missing targets](crate::data::Dataset::missing_targets). A
    /// sample out of range is ignored.
    pub fn mark_missing(&mut self, output: usize, row: usize) {
        if let Some(weight) = self.sample_weight(output).get_mut(row) {
            *weight = E::MISSING;
        }
    }

    /// Marks the target of one position of a sample as missing; call it after writing its weight. The data set must
    /// also declare [weights of positions](crate::data::Dataset::position_weighted).
    pub fn mark_position_missing(&mut self, output: usize, row: usize, position: usize) {
        let rows = self.chunk.rows.max(1);
        let weights = self.position_weight(output);
        let positions = weights.len() / rows;
        if position < positions && row < rows {
            weights[row * positions + position] = E::MISSING;
        }
    }

    /// Marks the NaN targets of an output as missing; call it after writing the weights. A position, or a sample, is
    /// missing if all of its values are NaN. One NaN among other values is an error, as every NaN is without this
    /// call.
    ///
    /// The data set must declare that targets may be missing and, if positions may be, that it has weights of
    /// positions. Without these a sample is missing if all of its values are NaN.
    pub fn nan_is_missing(&mut self, output: usize) {
        let rows = self.chunk.rows;
        let target = self.program.targets.get(output).copied().flatten();
        let target = self.range(target);
        let len = target.len() / rows.max(1);
        for row in 0..rows {
            let positions = self.chunk.target_weights.of(output, rows).map_or(1, |(_, positions)| positions);
            let per_position = (len / positions).max(1);
            let missing = |place: usize, chunk: &Chunk<'_, E>| {
                let start = target.start + row * len + place * per_position;
                chunk.arena[start..start + per_position]
                    .iter()
                    .all(|value| value.is_nan() && !value.is_unfilled())
            };
            let found = (0..positions).filter(|&place| len > 0 && missing(place, self.chunk)).count();
            if found == positions {
                self.mark_missing(output, row);
                continue;
            }
            for place in 0..if found == 0 { 0 } else { positions } {
                if missing(place, self.chunk) {
                    self.mark_position_missing(output, row, place);
                }
            }
        }
    }

    /// Prepares the rows for a data set with these weights. If `marks`, everything that it must fill is marked, so
    /// that unwritten values are found.
    pub(crate) fn prepare(&mut self, weighting: Weighting, marks: bool) {
        let Program { inputs, targets, sample_weights, .. } = self.program;
        if weighting.any() {
            let weight = if weighting.samples { E::UNFILLED } else { E::of(1.0) };
            for view in sample_weights.iter().filter(|_| marks || !weighting.samples) {
                self.samples(*view).fill(weight);
            }
        }
        if weighting.positions {
            self.chunk.target_weights.positions.fill(E::of(1.0));
        }
        if marks {
            for view in inputs.iter().copied().map(Some).chain(targets.iter().copied()) {
                self.samples(view).fill(E::UNFILLED);
            }
        }
    }

    /// Weights of positions of an output, to read.
    pub(crate) fn position_weight_values(&self, index: usize) -> Option<&[E]> {
        Some(self.chunk.target_weights.of(index, self.chunk.rows)?.0)
    }

    /// Samples of an input, to read.
    pub(crate) fn input_values(&self, index: usize) -> &[E] {
        self.values(self.program.inputs.get(index).copied())
    }

    /// Targets of an output, to read.
    pub(crate) fn target_values(&self, index: usize) -> &[E] {
        self.values(self.program.targets.get(index).copied().flatten())
    }

    /// Sample weights of an output, to read.
    pub(crate) fn sample_weight_values(&self, index: usize) -> &[E] {
        self.values(self.program.sample_weights.get(index).copied().flatten())
    }

    fn samples(&mut self, view: Option<View>) -> &mut [E] {
        let range = self.range(view);
        &mut self.chunk.arena[range]
    }

    fn values(&self, view: Option<View>) -> &[E] {
        &self.chunk.arena[self.range(view)]
    }

    /// Range of a field in the arena. A program that only predicts has no slots for targets.
    fn range(&self, view: Option<View>) -> Range<usize> {
        match view {
            Some(view) if self.chunk.offsets.len() > view.slot => {
                let mat = self.chunk.mat(view);
                mat.offset..mat.offset + mat.rows * mat.stride
            }
            _ => 0..0,
        }
    }
}
