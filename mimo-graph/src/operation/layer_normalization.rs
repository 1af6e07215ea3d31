//! `LayerNormalization`: mean 0 and variance 1 over some axes of a sample, then scaled and shifted.

use super::{Planned, Read, View, Weight, Written, operation};
use crate::describe::List;
use crate::dim::Dim;

operation! {
    /// `y = gamma · (x − mean) / √(variance + epsilon) + beta`. Mean and variance are taken over each *group*: the values of a
    /// sample that differ in the normalized axes only.
    ///
    /// **Keras equivalent:** `keras.layers.LayerNormalization()`.
    #[derive(Clone, Debug, PartialEq)]
    pub struct LayerNormalization<L> {
        /// Lengths of the axes, the normalized ones last.
        pub shape: List<L>,
        /// How far the value moves in memory for a step along each of these axes.
        pub strides: List<L>,
        /// How many of the axes are not normalized.
        pub kept: usize,
        /// Added to the variance.
        pub epsilon: f64,
        /// The scale, one value for each place in a group.
        pub gamma: Option<Weight<L>>,
        /// The offset, one value for each place in a group.
        pub beta: Option<Weight<L>>,
        /// The input.
        pub x: Read<L>,
        /// The result.
        pub y: Written<L>,
    }
}

impl Planned for LayerNormalization<Dim> {
    fn prepare_backward(&mut self, _: &mut dyn FnMut(Dim) -> View<Dim>) {
        self.x.kept = true;
    }
}
