//! Memory layout of a model: slots of the arena, blocks of the parameter buffer. All of it is static data that the
//! macro generates and const evaluation computes.

use std::ops::Deref;

pub use mimo_graph::operation::{
    BatchWeight, Block, ChunkAccumulator, During, Gradient, GradientTarget, Interleaved, MovingAverage,
    Param, Read, Scratch, SpectralKernel, StatePlace, Use, View, Weight, Written,
};
pub use mimo_graph::place::{ALIGN, SlotRequest, aligned};

/// Offsets of the slots: slots that are never alive together share memory.
#[derive(Clone, Copy, Debug)]
pub struct Layout<const N: usize> {
    /// Offset of each slot in values per sample; for a fixed slot, offset in the chunk's fixed area.
    pub offsets: [usize; N],
    /// Total values per sample.
    pub len: usize,
    /// Values of the fixed area.
    pub fixed: usize,
}

/// Memory of a chunk: an area that grows with its rows, followed by a fixed one.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// Offset of each slot in values per sample; for a fixed slot, offset in the fixed area.
    pub offsets: &'static [usize],
    /// Total values per sample.
    pub len: usize,
    /// Values of the fixed area.
    pub fixed: usize,
}

impl<const N: usize> Layout<N> {
    /// Returns the layout without its number of slots.
    pub const fn memory(&'static self) -> Memory {
        Memory { offsets: &self.offsets, len: self.len, fixed: self.fixed }
    }
}

impl Memory {
    /// Number of values of a chunk with room for `capacity` rows.
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

/// A block and its offset.
#[derive(Clone, Copy, Debug)]
pub struct PlacedBlock {
    /// The block.
    pub block: &'static Block,
    /// Offset in the parameter buffer.
    pub offset: usize,
    /// Offset of its transposed copy in the pack buffer, if the backward pass reads one.
    pub pack: Option<usize>,
}

impl Deref for PlacedBlock {
    type Target = Block;

    fn deref(&self) -> &Block {
        self.block
    }
}

/// Weights trained by the losses of the same outputs.
#[derive(Clone, Copy, Debug)]
pub struct LabelledBy {
    /// Index of the first weight in [`Program::params`].
    pub start: usize,
    /// End of the weights.
    pub end: usize,
    /// Outputs with a loss that depends on the weights. Empty if something else that is trained depends on them, such
    /// as a loss of `add_loss`: a training step then updates these weights whether outputs have targets or not.
    pub outputs: &'static [usize],
}

/// Offsets of blocks, their copies and the states of metrics. Operations name them by index.
#[derive(Clone, Copy, Debug)]
pub struct Starts<'a> {
    /// Offset of each block in the parameter buffer.
    pub blocks: &'a [usize],
    /// Offset of each block's transposed copy in the pack buffer, if there is one.
    pub packs: &'a [usize],
    /// Offset of each interleaved copy in the pack buffer.
    pub interleaved: &'a [usize],
    /// Offset of each metric's state in the statistics.
    pub states: &'a [usize],
}

impl Starts<'_> {
    /// Offsets of a model without weights and metrics.
    pub const NONE: Starts<'static> = Starts { blocks: &[], packs: &[], interleaved: &[], states: &[] };
}

/// Offsets of blocks and their transposed copies.
#[derive(Clone, Copy, Debug)]
pub struct BlockLayout<const N: usize> {
    /// The blocks with their offsets.
    pub placed: [PlacedBlock; N],
    /// Offset of each block in the parameter buffer.
    pub blocks: [usize; N],
    /// Offset of each block's transposed copy in the pack buffer, if there is one.
    pub packs: [usize; N],
    /// Length of the parameter buffer.
    pub parameters: usize,
    /// Length of the pack buffer, without interleaved copies.
    pub packs_len: usize,
}

/// Places blocks one after another in the parameter buffer, and their transposed copies, where they have one, in the
/// pack buffer.
pub const fn place_blocks<const N: usize>(all: &'static [Block; N]) -> BlockLayout<N> {
    const NOTHING: &Block = &Block { rows: 0, cols: 0, pack: false, gradient: None };
    let mut placed = [PlacedBlock { block: NOTHING, offset: 0, pack: None }; N];
    let (mut blocks, mut packs) = ([0; N], [0; N]);
    let (mut parameters, mut packs_len) = (0, 0);
    let mut i = 0;
    while i < N {
        let block = &all[i];
        blocks[i] = parameters;
        packs[i] = packs_len;
        let pack = if block.pack { Some(packs_len) } else { None };
        placed[i] = PlacedBlock { block, offset: parameters, pack };
        parameters += aligned(block.rows * block.cols);
        if block.pack {
            packs_len += aligned(crate::kernels::packed_len(block.rows, block.cols));
        }
        i += 1;
    }
    BlockLayout { placed, blocks, packs, parameters, packs_len }
}

/// Offsets of the interleaved copies of blocks in the pack buffer, starting at `start`, and the end of the last.
pub const fn interleaved_offsets<const N: usize>(
    start: usize,
    blocks: &[Block],
    copies: &[Interleaved; N],
) -> ([usize; N], usize) {
    let mut offsets = [0; N];
    let mut len = start;
    let mut i = 0;
    while i < N {
        let Interleaved { block, parts } = copies[i];
        let block = &blocks[block];
        offsets[i] = len;
        len += aligned(crate::kernels::interleaved_len(block.rows, parts, block.cols / parts));
        i += 1;
    }
    (offsets, len)
}

/// The memory layout of a model.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// Memory of a chunk in training.
    pub train: Memory,
    /// Memory of a chunk in prediction, where less has to be kept.
    pub predict: Memory,
    /// Location of each input.
    pub inputs: &'static [View],
    /// Location of each output.
    pub outputs: &'static [View],
    /// Location of each target; `None` for outputs without targets.
    pub targets: &'static [Option<View>],
    /// Location of the gradient of each output, which custom losses write or add to; empty for a model without a
    /// custom loss.
    pub custom_gradients: &'static [Option<GradientTarget>],
    /// Location of the sample weights; `None` for outputs without loss and metrics.
    pub sample_weights: &'static [Option<View>],
    /// Blocks of the parameter buffer, in order.
    pub blocks: &'static [PlacedBlock],
    /// Offsets of blocks, their copies and the states of metrics.
    pub starts: Starts<'static>,
    /// Interleaved copies of blocks, in the order of the pack buffer.
    pub interleaved: &'static [Interleaved],
    /// Moving averages, in the order of their updates: a layer that is called twice has two updates per step.
    pub moving: &'static [MovingAverage],
    /// Weights, in the order of the model's fields.
    pub params: &'static [Param],
    /// Length of the parameter buffer.
    pub parameters: usize,
    /// Length of the pack buffer.
    pub packs: usize,
    /// Length of the statistics of a chunk: a loss per output, then the states of the metrics.
    pub statistics: usize,
    /// Number of values that the stages of a training step sum up over the batch.
    pub sums: usize,
    /// Multiplications and additions of a forward pass, per sample.
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
