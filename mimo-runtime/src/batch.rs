//! The rows of a chunk, which a data set fills.

use std::ops::Range;

use crate::chunk::Chunk;
use crate::float::Float;
use crate::program::{Program, View};

/// Some rows of a batch: inputs, targets and sample weights to fill, each as `rows` samples one after another.
///
/// Class indices and other whole numbers are stored as floats. Every value is NaN until the data set writes it; see
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

    /// The samples of an input, by its place in the model's inputs; empty if there is no such input.
    pub fn input(&mut self, index: usize) -> &mut [E] {
        let view = self.program.inputs.get(index).copied();
        self.samples(view)
    }

    /// The targets of an output, by its place in the model's outputs; empty for an output that is not trained and
    /// while predicting.
    pub fn target(&mut self, index: usize) -> &mut [E] {
        let view = self.program.targets.get(index).copied().flatten();
        self.samples(view)
    }

    /// The weights of the samples for one output; empty like [`target`](Self::target). They count only if the data set
    /// says that it has weights.
    pub fn sample_weight(&mut self, index: usize) -> &mut [E] {
        let view = self.program.sample_weights.get(index).copied().flatten();
        self.samples(view)
    }

    /// Marks everything that a data set has to fill, so that what it leaves out is found.
    pub(crate) fn mark_unfilled(&mut self, weighted: bool) {
        let Program { inputs, targets, sample_weights, .. } = self.program;
        let weights = sample_weights.iter().filter(|_| weighted);
        let views = inputs.iter().copied().map(Some).chain(targets.iter().chain(weights).copied());
        for view in views {
            self.samples(view).fill(E::UNFILLED);
        }
    }

    /// The samples of an input, to read.
    pub(crate) fn input_values(&self, index: usize) -> &[E] {
        self.values(self.program.inputs.get(index).copied())
    }

    /// The targets of an output, to read.
    pub(crate) fn target_values(&self, index: usize) -> &[E] {
        self.values(self.program.targets.get(index).copied().flatten())
    }

    /// The sample weights of an output, to read.
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

    /// Where a field lies in the arena. A program that only predicts has no slots for targets.
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
