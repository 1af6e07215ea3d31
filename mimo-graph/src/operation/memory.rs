//! Memory of a plan: buffers of a chunk, blocks of the parameter buffer, and the sources of the blocks' gradients.

use super::{Field, Length, Part, PartMut, View, operation};
use crate::describe::{Describe, Holds, List, Literal};
use crate::dim::Dim;
use crate::ids::LayerId;
use crate::initializer::{Constraint, Regularizer};

/// A buffer of a chunk.
#[derive(Clone, Debug, PartialEq)]
pub struct Buffer<L = usize> {
    /// Values per sample, or per chunk if it is fixed.
    pub len: L,
    /// Whether its size does not depend on the number of rows of a chunk.
    pub fixed: bool,
    /// First and last use while training; the first is larger if it is unused.
    pub train: [usize; 2],
    /// First and last use while predicting; `None` if it is unused.
    pub predict: Option<[usize; 2]>,
    /// First and last use in the folded pass; `None` if it is unused.
    pub folded: Option<[usize; 2]>,
}

impl Buffer {
    /// Creates a buffer from all of its fields, in one line of generated code.
    pub const fn used(
        len: usize,
        fixed: bool,
        train: [usize; 2],
        [predict, folded]: [Option<[usize; 2]>; 2],
    ) -> Self {
        Buffer { len, fixed, train, predict, folded }
    }
}

impl<L: Length> Describe for Buffer<L> {
    fn literal(&self) -> Literal {
        let Buffer { len, fixed, train, predict, folded } = self;
        // An unset use would not fit in `usize` on every target.
        let train = if train[0] > train[1] { [1, 0] } else { *train };
        let predict = [*predict, *folded];
        let arguments = vec![len.literal(), fixed.literal(), train.literal(), predict.literal()];
        Literal::Call { function: "Buffer::used", arguments }
    }
}

impl<L: Length> Field<L> for Buffer<L> {}

impl Buffer<Dim> {
    /// Creates a buffer whose uses are not known yet.
    pub(crate) fn new(len: Dim) -> Self {
        Buffer { len, fixed: false, train: [usize::MAX, 0], predict: None, folded: None }
    }

    /// Creates a buffer whose size does not depend on the rows of a chunk.
    pub(crate) fn fixed(len: Dim) -> Self {
        Buffer { fixed: true, ..Buffer::new(len) }
    }
}

operation! {
    /// A state of a `stateful` layer, which is passed to the next batch.
    #[derive(Clone, Debug, PartialEq)]
    pub struct StatePlace<L> {
        /// Its value before the first step of a pass.
        pub from: View<L>,
        /// Its value after the last step of a pass.
        pub to: View<L>,
    }
}

crate::describe! {
    /// The kernel of a `SpectralNormalization`, which every training step divides by its largest singular value.
    #[derive(Clone, Debug, PartialEq)]
    pub struct SpectralKernel {
        /// The block of the kernel, which contains nothing else. As a matrix, it has a column per value of the
        /// vector.
        pub kernel: usize,
        /// The block of the initial vector of the power iterations.
        pub vector: usize,
        /// Power iterations before each division.
        pub power_iterations: usize,
        /// Blocks with copies of the kernel for all calls but the last, in order: in a training step the kernel is
        /// divided once per call; otherwise all copies are equal.
        pub copies: List<usize>,
    }
}

impl SpectralKernel {
    /// The block to whose gradient the calls that read this block contribute.
    pub(crate) fn trained_block(kernels: &[SpectralKernel], block: usize) -> usize {
        kernels.iter().find(|it| it.copies.contains(&block)).map_or(block, |it| it.kernel)
    }
}

operation! {
    /// A matrix of the parameter buffer that is written by one gradient: a weight, or the weights of siblings side by
    /// side.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Block<L> {
        /// Number of rows.
        pub rows: L,
        /// Number of columns.
        pub cols: L,
        /// Whether the backward reads its transposed copy.
        pub pack: bool,
        /// Computation of its gradient; `None` if it is not trained.
        pub gradient: Option<Gradient<L>>,
    }
}

operation! {
    /// A block with an interleaved copy for fused steps: the columns of some parts are next to each other.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Interleaved<L> {
        /// The block.
        pub block: usize,
        /// Number of parts of its columns.
        pub parts: L,
    }
}

/// Values of a call from which the gradients of its weights are computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Use<L = usize>
where
    L: Length,
{
    /// The input.
    pub x: View<L>,
    /// The gradient of the product.
    pub dy: View<L>,
    /// Positions per sample.
    pub positions: L,
}

impl Use {
    /// Creates a use of values with separate buffers.
    pub const fn whole([x, dy]: [usize; 2], [x_len, dy_len]: [usize; 2], positions: usize) -> Self {
        Use { x: View::whole(x, x_len), dy: View::whole(dy, dy_len), positions }
    }
}

impl<L: Length> Describe for Use<L> {
    fn literal(&self) -> Literal {
        let Use { x, dy, positions } = self;
        if x.is_whole() && dy.is_whole() {
            let slots = Literal::Array(vec![x.slot.literal(), dy.slot.literal()]);
            let lengths = Literal::Array(vec![x.len.literal(), dy.len.literal()]);
            return Literal::Call {
                function: "Use::whole",
                arguments: vec![slots, lengths, positions.literal()],
            };
        }
        let fields = vec![("x", x.literal()), ("dy", dy.literal()), ("positions", positions.literal())];
        Literal::Struct { name: "Use", fields }
    }
}

impl<L: Length> Field<L> for Use<L> {
    fn parts<'a>(&'a self, visit: &mut dyn FnMut(Part<'a, L>)) {
        let Use { x, dy, positions } = self;
        x.parts(visit);
        dy.parts(visit);
        positions.parts(visit);
    }

    fn parts_mut<'a>(&'a mut self, visit: &mut dyn FnMut(PartMut<'a, L>)) {
        let Use { x, dy, positions } = self;
        x.parts_mut(visit);
        dy.parts_mut(visit);
        positions.parts_mut(visit);
    }
}

operation! {
    /// A weight of a layer: a range of columns of a block.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Param<L> {
        /// Index of the layer in the graph.
        pub layer: usize,
        /// Index of the weight in the layer.
        pub weight: usize,
        /// The block.
        pub block: usize,
        /// First column.
        pub column: L,
        /// Number of columns.
        pub cols: L,
        /// Its shape in Keras's layout; the last axis is the columns.
        pub shape: List<L>,
        /// Regularization penalty.
        pub regularizer: Option<Regularizer>,
        /// Constraint applied after each optimizer step.
        pub constraint: Option<Constraint>,
    }
}

impl Param<usize> {
    /// A weight with all columns of its block, without regularizer and constraint.
    pub const fn plain([layer, weight, block]: [usize; 3], cols: usize, shape: &'static [usize]) -> Self {
        let shape = List::Borrowed(shape);
        Param { layer, weight, block, column: 0, cols, shape, regularizer: None, constraint: None }
    }
}

impl<L: Length> Param<L> {
    /// The layer.
    pub fn layer_id(&self) -> LayerId {
        LayerId(self.layer as u32)
    }
}

/// Computation of the gradient of a block.
#[derive(Clone, Debug, PartialEq)]
pub enum Gradient<L = usize>
where
    L: Length,
{
    /// `Σ xᵀ·dy` over the batch, for every call of a layer.
    Product(List<Use<L>>),
    /// `Σ dy` over the batch.
    Sum(List<Use<L>>),
    /// `dy`, added to the rows of the block whose indices are in `x`.
    Scatter(List<Use<L>>),
    /// Sum over all chunks of this fixed buffer, in which the backward accumulates.
    ChunkSums(View<L>),
    /// Sums over the batch that the stages merge: offsets for each call.
    BatchSums(List<L>),
}

impl<L: Length> Describe for Gradient<L> {
    fn literal(&self) -> Literal {
        let (variant, value) = match self {
            Gradient::Product(uses) => ("Product", uses.literal()),
            Gradient::Sum(uses) => ("Sum", uses.literal()),
            Gradient::Scatter(uses) => ("Scatter", uses.literal()),
            Gradient::ChunkSums(view) => ("ChunkSums", view.literal()),
            Gradient::BatchSums(starts) => ("BatchSums", starts.literal()),
        };
        Literal::Variant { name: "Gradient", variant, holds: Holds::Value(Box::new(value)) }
    }
}

impl<L: Length> Field<L> for Gradient<L> {
    fn parts<'a>(&'a self, visit: &mut dyn FnMut(Part<'a, L>)) {
        match self {
            Gradient::Product(uses) | Gradient::Sum(uses) | Gradient::Scatter(uses) => uses.parts(visit),
            Gradient::ChunkSums(view) => view.parts(visit),
            Gradient::BatchSums(_) => {}
        }
    }

    fn parts_mut<'a>(&'a mut self, visit: &mut dyn FnMut(PartMut<'a, L>)) {
        match self {
            Gradient::Product(uses) | Gradient::Sum(uses) | Gradient::Scatter(uses) => uses.parts_mut(visit),
            Gradient::ChunkSums(view) => view.parts_mut(visit),
            Gradient::BatchSums(_) => {}
        }
    }
}
