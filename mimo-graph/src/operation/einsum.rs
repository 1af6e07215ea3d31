//! `EinsumDense`: a product with a kernel whose axes are in any order.

use super::{Planned, Read, Scratch, View, Weight, Written, operation};
use crate::describe::List;
use crate::dim::Dim;

operation! {
    /// `y[b, p, u] = Σ x[b, p, i] · kernel[b, i, u]`, with a matrix of the kernel for each `b`.
    ///
    /// **Keras equivalent:** `keras.layers.EinsumDense(equation, output_shape)`, without bias and activation.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Einsum<L> {
        /// Number of matrices of the kernel.
        pub batches: L,
        /// Number of positions per matrix.
        pub positions: L,
        /// Number of inputs per position.
        pub inputs: L,
        /// Number of outputs per position.
        pub units: L,
        /// Lengths of the axes of the kernel, in the order of the product.
        pub shape: List<L>,
        /// Strides of the kernel along these axes.
        pub strides: List<L>,
        /// The kernel.
        pub kernel: Weight<L>,
        /// The kernel in the order of the product.
        pub ordered: Scratch<L>,
        /// The gradient of the kernel in this order.
        pub sums: Scratch<L>,
        /// The input.
        pub x: Read<L>,
        /// The result.
        pub y: Written<L>,
    }
}

impl Planned for Einsum<Dim> {
    fn prepare_backward(&mut self, _: &mut dyn FnMut(Dim) -> View<Dim>) {
        self.x.kept = true;
    }
}
