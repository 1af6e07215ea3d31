//! Roles of an operation's fields: the use of a value, a weight or memory.

use super::{Field, Length, Part, PartMut};
use crate::describe::{Describe, Literal};
use crate::dim::Dim;

/// A value of every sample of a chunk: a range of columns of a buffer.
///
/// Sample `r` of the value is the `len` values at `column + r · stride` of the buffer `slot`. Siblings that are computed
/// as one product share a buffer and differ in `column`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View<L = usize> {
    /// The buffer.
    pub slot: usize,
    /// First column.
    pub column: L,
    /// Values per sample.
    pub len: L,
    /// Values per sample of the complete buffer.
    pub stride: L,
}

impl View {
    /// A value with its own buffer.
    pub const fn whole(slot: usize, len: usize) -> Self {
        View { slot, column: 0, len, stride: len }
    }

    /// A range of columns of this view.
    pub const fn columns(self, column: usize, len: usize) -> Self {
        View { slot: self.slot, column: self.column + column, len, stride: self.stride }
    }

    /// Whether the samples are contiguous.
    pub const fn contiguous(self) -> bool {
        self.len == self.stride
    }
}

impl View<Dim> {
    /// A value with its own buffer.
    pub fn of_buffer(slot: usize, len: Dim) -> Self {
        View { slot, column: Dim::Known(0), len: len.clone(), stride: len }
    }
}

impl<L: Length> View<L> {
    /// Whether it has a buffer to itself.
    pub(super) fn is_whole(&self) -> bool {
        self.len == self.stride
    }
}

impl<L: Length> Describe for View<L> {
    fn literal(&self) -> Literal {
        let View { slot, column, len, stride } = self;
        if self.is_whole() {
            return Literal::Call {
                function: "View::whole",
                arguments: vec![slot.literal(), stride.literal()],
            };
        }
        let (column, len, stride) = (column.literal(), len.literal(), stride.literal());
        let fields = vec![("slot", slot.literal()), ("column", column), ("len", len), ("stride", stride)];
        Literal::Struct { name: "View", fields }
    }
}

impl<L: Length> Field<L> for View<L> {
    fn parts<'a>(&'a self, visit: &mut dyn FnMut(Part<'a, L>)) {
        visit(Part::View(self));
    }

    fn parts_mut<'a>(&'a mut self, visit: &mut dyn FnMut(PartMut<'a, L>)) {
        visit(PartMut::View(self));
    }
}

/// Destination of the gradient of a value that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GradientTarget<L = usize> {
    /// The gradient.
    pub view: View<L>,
    /// Whether it is added, because another reader of the value writes first.
    pub accumulate: bool,
    /// The value itself, if it is the output of a ReLU: the gradient is 0 where it is not positive. Only set if the
    /// operation's kernel can apply it while writing.
    pub mask: Option<View<L>>,
}

impl GradientTarget {
    /// A gradient that is written.
    pub const fn write(view: View) -> Self {
        GradientTarget { view, accumulate: false, mask: None }
    }

    /// A gradient that is added.
    pub const fn add(view: View) -> Self {
        GradientTarget { view, accumulate: true, mask: None }
    }
}

impl<L: Length> Describe for GradientTarget<L> {
    fn literal(&self) -> Literal {
        let GradientTarget { view, accumulate, mask } = self;
        if mask.is_none() {
            let function = if *accumulate { "GradientTarget::add" } else { "GradientTarget::write" };
            return Literal::Call { function, arguments: vec![view.literal()] };
        }
        let fields =
            vec![("view", view.literal()), ("accumulate", accumulate.literal()), ("mask", mask.literal())];
        Literal::Struct { name: "GradientTarget", fields }
    }
}

/// A value that an operation reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Read<L = usize> {
    /// The value.
    pub view: View<L>,
    /// Destination of its gradient; `None` if nothing before the operation is trained.
    pub gradient: Option<GradientTarget<L>>,
    /// Whether the backward reads the value.
    pub kept: bool,
}

impl<L> Read<L> {
    /// A value that the backward does not read.
    pub const fn new(view: View<L>, gradient: Option<GradientTarget<L>>) -> Self {
        Read { view, gradient, kept: false }
    }

    /// A value that the backward reads too.
    pub const fn kept(view: View<L>, gradient: Option<GradientTarget<L>>) -> Self {
        Read { view, gradient, kept: true }
    }
}

impl Read {
    /// A value with its own buffer, and a gradient with its own buffer; only this operation writes it.
    pub const fn whole([slot, gradient]: [usize; 2], len: usize, kept: bool) -> Self {
        let gradient = Some(GradientTarget::write(View::whole(gradient, len)));
        Read { view: View::whole(slot, len), gradient, kept }
    }

    /// Same as [`whole`](Self::whole) for the output of a ReLU, whose gradient is 0 where the value is not positive.
    pub const fn masked([slot, gradient]: [usize; 2], len: usize, kept: bool) -> Self {
        let view = View::whole(slot, len);
        let gradient =
            GradientTarget { view: View::whole(gradient, len), accumulate: false, mask: Some(view) };
        Read { view, gradient: Some(gradient), kept }
    }
}

impl Read<Dim> {
    /// A value whose gradient is connected later.
    pub fn of(view: View<Dim>) -> Self {
        Read { view, gradient: None, kept: false }
    }
}

impl<L: Length> Describe for Read<L> {
    fn literal(&self) -> Literal {
        // The most common form is short: each expression costs users' compile time.
        if let Some(GradientTarget { view, accumulate: false, mask }) = &self.gradient
            && (self.view.is_whole() && view.is_whole() && view.len == self.view.len)
            && mask.as_ref().is_none_or(|mask| *mask == self.view)
        {
            let function = if mask.is_some() { "Read::masked" } else { "Read::whole" };
            return whole(function, [&self.view, view], self.kept);
        }
        let function = if self.kept { "Read::kept" } else { "Read::new" };
        Literal::Call { function, arguments: vec![self.view.literal(), self.gradient.literal()] }
    }
}

/// A value that an operation writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written<L = usize> {
    /// The value.
    pub view: View<L>,
    /// Its gradient; `None` if it has none.
    pub gradient: Option<View<L>>,
    /// Whether the backward reads the value.
    pub kept: bool,
}

/// A call for a value and a gradient with separate buffers.
fn whole<L: Length>(function: &'static str, [value, gradient]: [&View<L>; 2], kept: bool) -> Literal {
    let slots = Literal::Array(vec![value.slot.literal(), gradient.slot.literal()]);
    Literal::Call { function, arguments: vec![slots, value.len.literal(), kept.literal()] }
}

impl Written {
    /// A value with its own buffer, and a gradient with its own buffer.
    pub const fn whole([slot, gradient]: [usize; 2], len: usize, kept: bool) -> Self {
        Written { view: View::whole(slot, len), gradient: Some(View::whole(gradient, len)), kept }
    }
}

impl<L> Written<L> {
    /// A value that the backward does not read.
    pub const fn new(view: View<L>, gradient: Option<View<L>>) -> Self {
        Written { view, gradient, kept: false }
    }

    /// A value that the backward reads too.
    pub const fn kept(view: View<L>, gradient: Option<View<L>>) -> Self {
        Written { view, gradient, kept: true }
    }
}

impl<L: Length> Describe for Written<L> {
    fn literal(&self) -> Literal {
        if let Some(gradient) = &self.gradient
            && (self.view.is_whole() && gradient.is_whole() && gradient.len == self.view.len)
        {
            return whole("Written::whole", [&self.view, gradient], self.kept);
        }
        let function = if self.kept { "Written::kept" } else { "Written::new" };
        Literal::Call { function, arguments: vec![self.view.literal(), self.gradient.literal()] }
    }
}

/// Accumulator for a weight's gradient in the backward of a chunk: a fixed buffer, shared by all calls of the layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkAccumulator<L = usize> {
    /// The buffer.
    pub view: View<L>,
    /// Whether it is added, because another call of the layer writes first; the first one begins with zeros.
    pub accumulate: bool,
}

impl<L: Length> Describe for ChunkAccumulator<L> {
    fn literal(&self) -> Literal {
        let fields = vec![("view", self.view.literal()), ("accumulate", self.accumulate.literal())];
        Literal::Struct { name: "ChunkAccumulator", fields }
    }
}

/// A weight whose gradient the backward of a chunk sums up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weight<L = usize> {
    /// Its block.
    pub block: usize,
    /// Destination of the gradient; `None` if the weight is not trained.
    pub gradient: Option<ChunkAccumulator<L>>,
}

impl Weight<Dim> {
    /// A weight whose gradient is connected later.
    pub fn of(block: usize) -> Self {
        Weight { block, gradient: None }
    }
}

impl<L: Length> Describe for Weight<L> {
    fn literal(&self) -> Literal {
        let fields = vec![("block", self.block.literal()), ("gradient", self.gradient.literal())];
        Literal::Struct { name: "Weight", fields }
    }
}

crate::describe! {
    /// Computation of the gradient of a [`BatchWeight`] from the input `x` and the gradient `dy` of the result.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum BatchGradient {
        /// `Σ xᵀ·dy`
        Product,
        /// `Σ dy`
        Sum,
        /// `dy`, added to the rows of the block whose indices are in `x`.
        Scatter,
    }
}

/// A weight whose gradient is computed over the whole batch, after the backward of all chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchWeight {
    /// Its block.
    pub block: usize,
    /// Computation of the gradient.
    pub gradient: BatchGradient,
}

impl BatchWeight {
    /// A kernel of a product.
    pub const fn product(block: usize) -> Self {
        BatchWeight { block, gradient: BatchGradient::Product }
    }

    /// A bias.
    pub const fn sum(block: usize) -> Self {
        BatchWeight { block, gradient: BatchGradient::Sum }
    }

    /// A table of vectors.
    pub const fn scatter(block: usize) -> Self {
        BatchWeight { block, gradient: BatchGradient::Scatter }
    }
}

impl Describe for BatchWeight {
    fn literal(&self) -> Literal {
        let function = match self.gradient {
            BatchGradient::Product => "BatchWeight::product",
            BatchGradient::Sum => "BatchWeight::sum",
            BatchGradient::Scatter => "BatchWeight::scatter",
        };
        Literal::Call { function, arguments: vec![self.block.literal()] }
    }
}

crate::describe! {
    /// The passes that use a [`Scratch`].
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum During {
        /// The forward pass.
        Forward,
        /// The forward pass of training only.
        ForwardOfTraining,
        /// The backward.
        Backward,
        /// The forward pass of training, and the backward.
        Training,
        /// The forward pass, and the backward.
        Both,
    }
}

impl During {
    /// Whether the forward pass of training uses it.
    pub const fn forward(self) -> bool {
        !matches!(self, During::Backward)
    }

    /// Whether a prediction uses it.
    pub const fn predict(self) -> bool {
        matches!(self, During::Forward | During::Both)
    }

    /// Whether the backward uses it.
    pub const fn backward(self) -> bool {
        matches!(self, During::Backward | During::Training | During::Both)
    }
}

/// Scratch memory of an operation, including values that its forward stores for its backward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scratch<L = usize> {
    /// The memory.
    pub view: View<L>,
    /// The passes that use it.
    pub during: During,
    /// Whether its size does not depend on the number of rows of a chunk.
    pub fixed: bool,
}

impl<L> Scratch<L> {
    /// Memory per row.
    pub const fn rows(view: View<L>, during: During) -> Self {
        Scratch { view, during, fixed: false }
    }

    /// Memory that all rows of a chunk share.
    pub const fn fixed(view: View<L>, during: During) -> Self {
        Scratch { view, during, fixed: true }
    }
}

impl<L: Length> Describe for Scratch<L> {
    fn literal(&self) -> Literal {
        let function = if self.fixed { "Scratch::fixed" } else { "Scratch::rows" };
        Literal::Call { function, arguments: vec![self.view.literal(), self.during.literal()] }
    }
}

macro_rules! roles {
    ($($role:ident($ty:ty)),* $(,)?) => {
        $(impl<L: Length> Field<L> for $ty {
            fn parts<'a>(&'a self, visit: &mut dyn FnMut(Part<'a, L>)) {
                visit(Part::$role(self));
            }

            fn parts_mut<'a>(&'a mut self, visit: &mut dyn FnMut(PartMut<'a, L>)) {
                visit(PartMut::$role(self));
            }
        })*
    };
}
roles!(Read(Read<L>), Written(Written<L>), Weight(Weight<L>), BatchWeight(BatchWeight), Scratch(Scratch<L>),);
