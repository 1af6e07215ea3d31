//! Adds a bias along some axes.

use super::{Planned, Read, Weight, Written, operation};
use crate::describe::List;
use crate::dim::Dim;

operation! {
    /// Adds a weight to each sample. Values may share a number along some axes.
    ///
    /// **Keras equivalent:** the bias of `keras.layers.EinsumDense(equation, output_shape, bias_axes=…)`.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Bias<L> {
        /// Lengths of the axes of a sample.
        pub shape: List<L>,
        /// Strides of the bias along these axes: 0 where it is shared.
        pub strides: List<L>,
        /// Number of values of the bias.
        pub values: L,
        /// The bias.
        pub bias: Weight<L>,
        /// The input.
        pub x: Read<L>,
        /// The result.
        pub y: Written<L>,
    }
}

impl Planned for Bias<Dim> {}
