//! Memory of a plan: buffers of a chunk, blocks of the parameter buffer, and where the gradients of blocks come from.

use super::{Field, Length, Part, PartMut, View, operation};
use crate::describe::{Describe, Holds, List, Literal};
use crate::dim::Dim;
use crate::ids::LayerId;
use crate::initializer::{Constraint, Regularizer};

/// Memory of a chunk.
#[derive(Clone, Debug, PartialEq)]
pub struct Buffer<L = usize> {
    /// Values per sample, or per chunk if it is fixed.
    pub len: L,
    /// Whether its size is the same however many rows a chunk has.
    pub fixed: bool,
    /// First and last use while training; the first is larger if it is not needed then.
    pub train: [usize; 2],
    /// First and last use while predicting; `None` if it is not needed then.
    pub predict: Option<[usize; 2]>,
    /// First and last use in the folded pass; `None` if it is not needed then.
    pub folded: Option<[usize; 2]>,
}

impl Buffer {
    /// A buffer with all of its fields, in one line of generated code.
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
        // The numbers of a use that was never set would not fit into the `usize` of every target.
        let train = if train[0] > train[1] { [1, 0] } else { *train };
        let predict = [*predict, *folded];
        let arguments = vec![len.literal(), fixed.literal(), train.literal(), predict.literal()];
        Literal::Call { function: "Buffer::used", arguments }
    }
}

impl<L: Length> Field<L> for Buffer<L> {}

impl Buffer<Dim> {
    /// A buffer whose uses are not known yet.
    pub(crate) fn new(len: Dim) -> Self {
        Buffer { len, fixed: false, train: [usize::MAX, 0], predict: None, folded: None }
    }

    /// The same, with a size that does not depend on the rows of a chunk.
    pub(crate) fn fixed(len: Dim) -> Self {
        Buffer { fixed: true, ..Buffer::new(len) }
    }
}

operation! {
    /// A state of a `stateful` layer, with which the next batch begins.
    #[derive(Clone, Debug, PartialEq)]
    pub struct StatePlace<L> {
        /// Where a pass finds it before the first step.
        pub from: View<L>,
        /// Where a pass leaves it after the last step.
        pub to: View<L>,
    }
}

crate::describe! {
    /// The kernel of a `SpectralNormalization`, which every training step divides by its largest singular value.
    #[derive(Clone, Debug, PartialEq)]
    pub struct SpectralKernel {
        /// The block of the kernel, which it has to itself. Its values are those of a matrix with a column per value of the vector.
        pub kernel: usize,
        /// The block of the vector that the power iterations start from.
        pub vector: usize,
        /// Power iterations before each division.
        pub power_iterations: usize,
        /// Blocks that hold the kernel of the layer's calls but for the last, in order: in a training step it is divided once for each
        /// call, and otherwise all are equal.
        pub copies: List<usize>,
    }
}

impl SpectralKernel {
    /// The block whose gradient the calls that read this block contribute to.
    pub(crate) fn trained_block(kernels: &[SpectralKernel], block: usize) -> usize {
        kernels.iter().find(|it| it.copies.contains(&block)).map_or(block, |it| it.kernel)
    }
}

operation! {
    /// A matrix of the parameter buffer that is written by one gradient: a weight, or the weights of siblings side by side.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Block<L> {
        /// Rows.
        pub rows: L,
        /// Values per row.
        pub cols: L,
        /// Whether the backward reads it transposed.
        pub pack: bool,
        /// Computation of its gradient; `None` if it is not trained.
        pub gradient: Option<Gradient<L>>,
    }
}

operation! {
    /// A block of which there is a copy with the columns of some parts beside each other, for fused steps.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Interleaved<L> {
        /// The block.
        pub block: usize,
        /// Parts that its columns are divided in.
        pub parts: L,
    }
}

/// Values of a call from which the gradients of its weights are computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Use<L = usize>
where
    L: Length,
{
    /// The value that was read.
    pub x: View<L>,
    /// The gradient of the product.
    pub dy: View<L>,
    /// Positions per sample.
    pub positions: L,
}

impl Use {
    /// Of values that have buffers to themselves.
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
    /// A weight of a layer: some columns of a block.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Param<L> {
        /// The layer, by its place in the graph.
        pub layer: usize,
        /// The weight, by its place in the layer.
        pub weight: usize,
        /// The block.
        pub block: usize,
        /// Its first column.
        pub column: L,
        /// Its columns.
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
    /// A weight with all columns of its block that nothing holds.
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
    /// `dy`, added to the rows of the block that `x` numbers.
    Scatter(List<Use<L>>),
    /// The sum of what the backward of every chunk has summed up in this fixed buffer.
    ChunkSums(View<L>),
    /// Sums over the batch that the stages have merged: where those of each call begin.
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
