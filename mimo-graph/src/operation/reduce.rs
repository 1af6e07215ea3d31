//! Sums, means, largest and smallest values over some axes.

use super::{Planned, Read, View, Written, operation};
use crate::describe::List;
use crate::dim::Dim;

crate::describe! {
    /// The number that the values along some axes become.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Reduction {
        /// Their sum.
        Sum,
        /// Their mean.
        Mean,
        /// The largest; equal ones share its gradient.
        Max,
        /// The smallest; equal ones share its gradient.
        Min,
    }
}

operation! {
    /// One number for all values of a sample that differ in the reduced axes only.
    ///
    /// **Keras equivalent:** `keras.ops.sum`, `keras.ops.mean`, `keras.ops.max`, `keras.ops.min`.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Reduce<L> {
        /// The number.
        pub reduction: Reduction,
        /// Lengths of the axes of the input, the reduced ones last.
        pub shape: List<L>,
        /// Strides in memory of these axes.
        pub strides: List<L>,
        /// Number of axes that are not reduced.
        pub kept: usize,
        /// The input.
        pub x: Read<L>,
        /// The result.
        pub y: Written<L>,
    }
}

impl Planned for Reduce<Dim> {
    fn prepare_backward(&mut self, _: &mut dyn FnMut(Dim) -> View<Dim>) {
        let compares = matches!(self.reduction, Reduction::Max | Reduction::Min);
        (self.x.kept, self.y.kept) = (compares, compares);
    }
}
