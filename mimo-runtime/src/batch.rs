//! The rows of a chunk, to be filled by a data set.

use crate::chunk::Chunk;
use crate::float::Float;
use crate::program::{Program, View};

/// Some rows of a batch: inputs, targets and sample weights to be filled in, each as `rows` samples one after another.
///
/// Class indices and other whole numbers are stored as floats.
#[derive(Debug)]
pub struct BatchRows<'c, 'a, E> {
    pub(crate) chunk: &'c mut Chunk<'a, E>,
    pub(crate) program: &'static Program,
}

impl<E: Float> BatchRows<'_, '_, E> {
    /// How many samples there are to fill.
    pub fn rows(&self) -> usize {
        self.chunk.rows
    }

    /// The samples of an input, by its place in the model's inputs.
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

    fn samples(&mut self, view: Option<View>) -> &mut [E] {
        match view {
            Some(view) if self.chunk.offsets.len() > view.slot => {
                let mat = self.chunk.mat(view);
                &mut self.chunk.arena[mat.offset..mat.offset + mat.rows * mat.stride]
            }
            _ => &mut [],
        }
    }
}
