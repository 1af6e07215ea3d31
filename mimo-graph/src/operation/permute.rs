//! `Permute`: permutes the axes of a sample.

use super::{Planned, Read, Written, operation};
use crate::describe::List;
use crate::dim::Dim;
use crate::shape::Shape;

operation! {
    /// Copies a value with its axes permuted.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Permute<L> {
        /// The shape of the result.
        pub shape: List<L>,
        /// Strides of the input along the axes of the result. They are part of the plan instead of computed by the
        /// runtime, because a value may have any number of axes.
        pub strides: List<L>,
        /// The input.
        pub x: Read<L>,
        /// The result.
        pub y: Written<L>,
    }
}

impl Planned for Permute<Dim> {}

/// The strides of the input along the axes of the result: `dims` contains the old axis for each new one, from 1.
pub(crate) fn permuted_strides(input: &Shape, dims: &[usize]) -> List<Dim> {
    let after = |dim: &usize| Shape(input.0.iter().skip(*dim).cloned().collect()).elements();
    List::Owned(dims.iter().map(after).collect())
}
