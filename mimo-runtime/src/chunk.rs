//! The part of a batch that one worker passes through the model.

use crate::float::Float;
use crate::kernels::Mat;
use crate::own::OwnParts;
use crate::program::{Starts, View, Weight};
use crate::watch::ChunkWatch;
use crate::weighting::TargetWeights;

/// Purpose of a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Dropout and noise are on, gradients are computed.
    Train,
    /// Losses and metrics are computed.
    Evaluate,
    /// Outputs are computed.
    Predict,
}

/// Rows of a batch, their values, and the facts about the step that layers need.
#[derive(Debug)]
pub struct Chunk<'a, E> {
    /// Every value of these rows: slot `s` begins at `offsets[s] · capacity`, or at `fixed + offsets[s]` if its size
    /// does not depend on the rows.
    pub arena: &'a mut [E],
    /// Values per sample before each slot.
    pub offsets: &'a [usize],
    /// Offset of the area of the fixed slots.
    pub fixed: usize,
    /// Number of rows that the arena has room for.
    pub capacity: usize,
    /// Number of rows.
    pub rows: usize,
    /// Index of the first row in the batch.
    pub first_row: usize,
    /// Number of rows of the whole batch.
    pub batch: usize,
    /// The flat parameter buffer.
    pub params: &'a [E],
    /// Transposed and interleaved copies of kernels.
    pub packs: &'a [E],
    /// Offsets of blocks, their copies and the states of metrics.
    pub starts: Starts<'a>,
    /// Purpose of the pass.
    pub mode: Mode,
    /// Seed of the step's random numbers.
    pub seed: u64,
    /// Number of the step, of the evaluated batch or of the prediction, for operations with their own seed.
    pub pass: u64,
    /// Weights of the losses in the total, by output.
    pub loss_weights: &'a [f64],
    /// Whether samples have weights, or may have no target.
    pub weighted: bool,
    /// Weights of positions, and the numbers of samples with a target.
    pub target_weights: TargetWeights<'a, E>,
    /// Sums over this chunk: a loss per output, then the states of the metrics. The last value is the penalty on
    /// activities.
    pub statistics: &'a mut [f64],
    /// Sums over this chunk for the next stage; see [`Sum`](crate::stage::Sum). They are overwritten.
    pub sums: &'a mut [f64],
    /// Sums over the whole batch, merged by the earlier stages. Counts of targets come first, one per output.
    pub merged: &'a [f64],
    /// Observes what each operation of a forward pass writes; `None` except to search for a NaN.
    pub watch: Option<ChunkWatch<'a>>,
    /// The user's losses and metrics.
    pub own: OwnParts<'a>,
}

impl<'a, E: Float> Chunk<'a, E> {
    /// The rows of a value, one sample per row.
    #[inline]
    pub fn mat(&self, view: View) -> Mat {
        Mat {
            offset: self.offsets[view.slot] * self.capacity + view.column,
            rows: self.rows,
            cols: view.len,
            stride: view.stride,
        }
    }

    /// A fixed slot, as one row.
    #[inline]
    pub fn fixed(&self, view: View) -> Mat {
        Mat::contiguous(self.fixed + self.offsets[view.slot] + view.column, 1, view.len)
    }

    /// The rows of a value that a layer reads at `positions` positions per sample. Values with several positions have
    /// their own slot.
    #[inline]
    pub fn positions(&self, view: View, positions: usize) -> Mat {
        if positions == 1 {
            return self.mat(view);
        }
        debug_assert!(view.contiguous(), "a value with positions shares its slot");
        let cols = view.len / positions;
        Mat { offset: self.mat(view).offset, rows: self.rows * positions, cols, stride: cols }
    }

    /// One sample of a value.
    #[inline]
    pub fn row(&self, view: View, row: usize) -> &[E] {
        let start = self.mat(view).offset + row * view.stride;
        &self.arena[start..start + view.len]
    }

    /// One sample of a value, mutable.
    #[inline]
    pub fn row_mut(&mut self, view: View, row: usize) -> &mut [E] {
        let start = self.mat(view).offset + row * view.stride;
        &mut self.arena[start..start + view.len]
    }

    /// One sample of several values at once. They must not overlap, as views of different values do not.
    #[inline]
    pub fn rows_mut<const N: usize>(&mut self, views: [View; N], row: usize) -> [&mut [E]; N] {
        let ranges = views.map(|view| {
            let start = self.mat(view).offset + row * view.stride;
            start..start + view.len
        });
        match self.arena.get_disjoint_mut(ranges) {
            Ok(rows) => rows,
            Err(error) => panic!("views of one layer overlap: {error}"),
        }
    }

    /// One sample of a value and of its mask, to read, and one of another value, to write. The mask may be the value
    /// itself with another shape.
    pub fn masked_row(&mut self, [x, mask]: [View; 2], to: View, row: usize) -> ([&[E]; 2], &mut [E]) {
        let range = |view: View| {
            let start = self.mat(view).offset + row * view.stride;
            start..start + view.len
        };
        let [x, mask, to] = [x, mask, to].map(range);
        let both = x.start.min(mask.start)..x.end.max(mask.end);
        if both.len() < x.len() + mask.len() {
            let [x, mask] = [x, mask].map(|range| range.start - both.start..range.end - both.start);
            return match self.arena.get_disjoint_mut([both, to]) {
                Ok([both, to]) => ([&both[x], &both[mask]], to),
                Err(error) => panic!("views of one layer overlap: {error}"),
            };
        }
        match self.arena.get_disjoint_mut([x, mask, to]) {
            Ok([x, mask, to]) => ([x, mask], to),
            Err(error) => panic!("views of one layer overlap: {error}"),
        }
    }

    /// The values of a weight of this length with its own block.
    #[inline]
    pub fn weight(&self, block: usize, len: usize) -> &'a [E] {
        let start = self.starts.blocks[block];
        &self.params[start..start + len]
    }

    /// The transposed copy of a block, of this length.
    #[inline]
    pub fn transposed(&self, block: usize, len: usize) -> &'a [E] {
        let start = self.starts.packs[block];
        &self.packs[start..start + len]
    }

    /// An interleaved copy of this length.
    #[inline]
    pub fn interleaved(&self, copy: usize, len: usize) -> &'a [E] {
        let start = self.starts.interleaved[copy];
        &self.packs[start..start + len]
    }

    /// The accumulator of a weight's gradient in the chunk, zeroed if this is the layer's first call in the backward.
    pub fn accumulator(&mut self, weight: &Weight) -> Option<Mat> {
        let gradient = weight.gradient?;
        let mat = self.fixed(gradient.view);
        if !gradient.accumulate {
            self.arena[mat.offset..mat.offset + mat.cols].fill(E::of(0.0));
        }
        Some(mat)
    }
}
