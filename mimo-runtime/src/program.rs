//! How a model is laid out in memory: slots of the arena, blocks of the parameter buffer. All of it is
//! static data that the macro writes and const evaluation computes.

use mimo_graph::initializer::{Constraint, Regularizer};
pub use mimo_graph::place::{ALIGN, SlotRequest, aligned};

/// A value of every sample of a chunk: some columns of a slot.
///
/// Sample `r` of the value is the `len` values at `column + r · stride` of the slot. Siblings that are
/// computed as one product share a slot and differ in `column`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// The slot.
    pub slot: usize,
    /// Where the value begins in a sample's part of the slot.
    pub column: usize,
    /// Values per sample.
    pub len: usize,
    /// Values per sample of the whole slot.
    pub stride: usize,
}

impl View {
    /// A value that has a slot to itself.
    pub const fn whole(slot: usize, len: usize) -> Self {
        View { slot, column: 0, len, stride: len }
    }

    /// Some columns of this view.
    pub const fn columns(self, column: usize, len: usize) -> Self {
        View { slot: self.slot, column: self.column + column, len, stride: self.stride }
    }

    /// Whether the samples follow each other without a gap.
    pub const fn contiguous(self) -> bool {
        self.len == self.stride
    }
}

/// Where a gradient with respect to a value goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sink {
    /// The gradient's place.
    pub view: View,
    /// Whether another reader of the value has written there before.
    pub accumulate: bool,
    /// The value itself, if it left a ReLU: the gradient is 0 where it is not positive. Only layers whose kernels
    /// can do this on the way are asked to.
    pub mask: Option<View>,
}

/// Where each slot lies: slots that are never alive together share memory.
#[derive(Clone, Copy, Debug)]
pub struct Layout<const N: usize> {
    /// Values per sample before each slot; for a fixed slot, values before it in the chunk's fixed area.
    pub offsets: [usize; N],
    /// Values per sample in all.
    pub len: usize,
    /// Values of the fixed area.
    pub fixed: usize,
}

/// The memory of a chunk: an area that grows with its rows, and behind it one that does not.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// Values per sample before each slot; for a fixed slot, values before it in the fixed area.
    pub offsets: &'static [usize],
    /// Values per sample in all.
    pub len: usize,
    /// Values of the fixed area.
    pub fixed: usize,
}

impl<const N: usize> Layout<N> {
    /// The layout without its number of slots.
    pub const fn memory(&'static self) -> Memory {
        Memory { offsets: &self.offsets, len: self.len, fixed: self.fixed }
    }
}

impl Memory {
    /// Values of a chunk that has room for `capacity` rows.
    pub const fn chunk(&self, capacity: usize) -> usize {
        self.len.saturating_mul(capacity).saturating_add(self.fixed)
    }
}

/// Places slots as [`mimo_graph::place::place`] does; for models with lengths that only const evaluation knows.
pub const fn place<const N: usize>(slots: &[SlotRequest; N]) -> Layout<N> {
    let mut offsets = [0; N];
    let (len, fixed) = mimo_graph::place::place(slots, &mut offsets, &mut [0; N]);
    Layout { offsets, len, fixed }
}

/// Where blocks of these rows and columns begin in the parameter buffer, and its length.
pub const fn block_offsets<const N: usize>(sizes: &[[usize; 2]; N]) -> ([usize; N], usize) {
    let mut offsets = [0; N];
    let mut len = 0;
    let mut i = 0;
    while i < N {
        offsets[i] = len;
        len += aligned(sizes[i][0] * sizes[i][1]);
        i += 1;
    }
    (offsets, len)
}

/// Where the transposed copies of the blocks that have one begin in the pack buffer, and its length.
pub const fn pack_offsets<const N: usize>(
    sizes: &[[usize; 2]; N],
    packed: &[bool; N],
) -> ([usize; N], usize) {
    let mut offsets = [0; N];
    let mut len = 0;
    let mut i = 0;
    while i < N {
        offsets[i] = len;
        if packed[i] {
            len += aligned(crate::kernels::packed_len(sizes[i][0], sizes[i][1]));
        }
        i += 1;
    }
    (offsets, len)
}

/// Where the interleaved copies of blocks begin in the pack buffer from `start` on, and where they end. Given are the rows
/// and columns of each block and how many parts the columns have.
pub const fn interleaved_offsets<const N: usize>(
    start: usize,
    copies: &[([usize; 2], usize); N],
) -> ([usize; N], usize) {
    let mut offsets = [0; N];
    let mut len = start;
    let mut i = 0;
    while i < N {
        let ([rows, cols], parts) = copies[i];
        offsets[i] = len;
        len += aligned(crate::kernels::interleaved_len(rows, parts, cols / parts));
        i += 1;
    }
    (offsets, len)
}

/// A block with a copy in which the columns of some parts are beside each other, as fused steps read them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interleaved {
    /// The block.
    pub block: usize,
    /// How many parts its columns have.
    pub parts: usize,
    /// Where the copy begins in the pack buffer.
    pub start: usize,
}

/// A matrix of the flat parameter buffer that is written by one gradient: a kernel, or the kernels of
/// siblings side by side.
#[derive(Clone, Copy, Debug)]
pub struct Block {
    /// Where it begins.
    pub offset: usize,
    /// Rows.
    pub rows: usize,
    /// Values per row.
    pub cols: usize,
    /// Where its transposed copy begins in the pack buffer, if the backward reads one.
    pub pack: Option<usize>,
    /// Where its gradient comes from; `None` for weights that are not trained.
    pub gradient: Option<Gradient>,
}

/// Where the gradient of a block comes from.
#[derive(Clone, Copy, Debug)]
pub enum Gradient {
    /// `Σ xᵀ·dy` over the batch, for every call of a dense layer.
    Product(&'static [Use]),
    /// `Σ dy` over the batch.
    Sum(&'static [Use]),
    /// `dy`, added to the rows of the block whose numbers `x` holds.
    Scatter(&'static [Use]),
    /// What every chunk has summed up in this fixed slot while it went backward.
    Private(View),
    /// Sums over the batch that the stages have merged: where those of each call begin in [`Chunk::merged`](crate::chunk::Chunk::merged).
    BatchSums(&'static [usize]),
}

/// A weight of a layer that sums up the gradients of its weights in the backward of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weighted {
    /// Where it begins in the parameter buffer.
    pub offset: usize,
    /// Where its gradient is summed up; `None` if it is not trained.
    pub gradient: Option<Private>,
}

/// A fixed slot in which a chunk sums up the gradient of a weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Private {
    /// The slot.
    pub view: View,
    /// Whether another call of the layer has written there before.
    pub accumulate: bool,
}

/// What one call of a layer leaves for its weights' gradients.
#[derive(Clone, Copy, Debug)]
pub struct Use {
    /// What the layer read.
    pub x: View,
    /// The gradient with respect to its product.
    pub dy: View,
    /// How often the layer ran per sample.
    pub positions: usize,
}

/// A weight: some columns of a block.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// The block, by its place in [`Program::blocks`].
    pub block: usize,
    /// Its first column there.
    pub column: usize,
    /// Its columns.
    pub cols: usize,
    /// Its shape in Keras's layout; the last axis is the columns.
    pub shape: &'static [usize],
    /// Regularization penalty.
    pub regularizer: Option<Regularizer>,
    /// What it is brought back to after a step.
    pub constraint: Option<Constraint>,
}

/// Weights that are averages over the steps of what the stages of a step have summed up, and not trained.
///
/// After each training step `value = value · momentum + sum · (1 − momentum)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MovingAverage {
    /// Where they begin in the parameter buffer.
    pub offset: usize,
    /// How many there are.
    pub len: usize,
    /// Where what they follow begins in [`Chunk::merged`](crate::chunk::Chunk::merged).
    pub sums: usize,
    /// Share that stays.
    pub momentum: f64,
}

/// Everything about a model's memory.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// The memory of a chunk while training.
    pub train: Memory,
    /// The same while predicting, where less has to be kept.
    pub predict: Memory,
    /// Where inputs are put.
    pub inputs: &'static [View],
    /// Where outputs are found.
    pub outputs: &'static [View],
    /// Where targets are put; `None` for outputs without targets.
    pub targets: &'static [Option<View>],
    /// Where custom losses write the gradient of each output, or add to it; empty for a model without a custom loss.
    pub custom_gradients: &'static [Option<Sink>],
    /// Where the weights of samples are put; `None` for outputs without loss and metrics.
    pub sample_weights: &'static [Option<View>],
    /// Blocks of the parameter buffer, in order.
    pub blocks: &'static [Block],
    /// Interleaved copies of blocks, in the order of the pack buffer.
    pub interleaved: &'static [Interleaved],
    /// Moving averages, in the order in which they are updated: a layer that is called twice has two updates a step.
    pub moving: &'static [MovingAverage],
    /// Weights, in the order of the model's fields.
    pub params: &'static [Param],
    /// Length of the parameter buffer.
    pub parameters: usize,
    /// Length of the pack buffer.
    pub packs: usize,
    /// Length of the statistics of a chunk: a loss per output, then the states of the metrics.
    pub statistics: usize,
    /// Values that the stages of a training step sum up over the batch.
    pub sums: usize,
    /// Multiplications and additions of a forward pass per sample.
    pub flops: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn slot(len: usize, from: usize, to: usize) -> SlotRequest {
        SlotRequest { len, fixed: false, from, to }
    }

    #[test]
    fn slots_that_are_not_alive_together_share_memory() {
        let layout = place(&[slot(16, 0, 1), slot(32, 1, 2), slot(16, 2, 3)]);
        assert_eq!(layout.offsets, [0, 16, 0]);
        assert_eq!(layout.len, 48);
    }

    #[test]
    fn slots_that_are_not_used_change_nothing() {
        let layout = place(&[slot(16, 0, 9), slot(0, usize::MAX, usize::MAX), slot(16, 1, 2)]);
        assert_eq!(layout.offsets, [0, 0, 16]);
    }

    #[test]
    fn fixed_slots_have_an_area_of_their_own() {
        let fixed = |len, from, to| SlotRequest { fixed: true, ..slot(len, from, to) };
        let layout =
            place(&[slot(16, 0, 9), fixed(20, 1, 2), slot(16, 1, 2), fixed(16, 2, 3), fixed(32, 4, 4)]);
        assert_eq!(layout.offsets, [0, 0, 16, 32, 0]);
        assert_eq!((layout.len, layout.fixed), (32, 48));
    }

    #[test]
    fn no_two_live_slots_overlap() {
        let requests: [SlotRequest; 64] = std::array::from_fn(|i| slot(1 + i * 37 % 53, i, i + i * 17 % 11));
        let layout = place(&requests);
        for (i, a) in requests.iter().enumerate() {
            assert_eq!(layout.offsets[i] % ALIGN, 0);
            assert!(layout.offsets[i] + a.len <= layout.len);
            for (j, b) in requests.iter().enumerate().skip(i + 1) {
                let together = a.from <= b.to && b.from <= a.to;
                let apart = layout.offsets[i] + a.len <= layout.offsets[j]
                    || layout.offsets[j] + b.len <= layout.offsets[i];
                assert!(!together || apart, "slots {i} and {j}");
            }
        }
        let sum: usize = requests.iter().map(|request| aligned(request.len)).sum();
        assert!(layout.len < sum / 2, "{} of {sum}", layout.len);
    }
}
