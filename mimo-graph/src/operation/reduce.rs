//! Reductions over some axes: sums, means, maxima, argmax.

use super::{Planned, Read, View, Written, operation};
use crate::describe::List;
use crate::dim::Dim;

crate::describe! {
    /// Kind of reduction.
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
        /// Their product.
        Prod,
        /// The mean of the squares of their distances from the mean.
        Var,
        /// Their standard deviation.
        Std,
        /// Their Euclidean norm.
        Norm,
        /// The logarithm of the sum of their exponentials.
        LogSumExp,
        /// 1 if at least one of them is nonzero, else 0.
        Any,
        /// 1 if all of them are nonzero, else 0.
        All,
        /// The index of the largest, the first of equal ones.
        ArgMax,
        /// The index of the smallest, the first of equal ones.
        ArgMin,
    }
}

impl Reduction {
    /// Whether the result is piecewise constant, so that nothing is trained through it.
    pub const fn is_flat(self) -> bool {
        use Reduction::*;
        matches!(self, Any | All | ArgMax | ArgMin)
    }

    /// Whether the backward reads the values, and whether it reads the result.
    const fn backward_reads(self) -> [bool; 2] {
        use Reduction::*;
        match self {
            Sum | Mean | Any | All | ArgMax | ArgMin => [false, false],
            Var => [true, false],
            Max | Min | Prod | Std | Norm | LogSumExp => [true, true],
        }
    }
}

operation! {
    /// Reduces all values of a sample that only differ in the reduced axes to one number.
    ///
    /// **Keras equivalent:** `keras.ops.sum`, `keras.ops.mean`, `keras.ops.max`, `keras.ops.argmax`, ….
    #[derive(Clone, Debug, PartialEq)]
    pub struct Reduce<L> {
        /// Kind of reduction.
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
        [self.x.kept, self.y.kept] = self.reduction.backward_reads();
    }
}
