//! `Softmax` with a mask.

use super::{Planned, Read, View, Written, operation};
use crate::describe::List;
use crate::dim::Dim;

operation! {
    /// Softmax over the unmasked values of the last axis. Masked values become 0, so that the sum is 1 if any value
    /// counts.
    ///
    /// **Keras equivalent:** `keras.layers.Softmax()(x, mask=mask)`.
    #[derive(Clone, Debug, PartialEq)]
    pub struct MaskedSoftmax<L> {
        /// The shape of the input.
        pub shape: List<L>,
        /// The input.
        pub x: Read<L>,
        /// The mask: a value counts where it is above 0.5.
        pub mask: Read<L>,
        /// Strides of the mask along the axes of the input; 0 where it is broadcast.
        pub strides: List<L>,
        /// The result.
        pub y: Written<L>,
    }
}

impl Planned for MaskedSoftmax<Dim> {
    fn reads_mask(&self, place: usize) -> bool {
        place == 1
    }

    fn prepare_backward(&mut self, _: &mut dyn FnMut(Dim) -> View<Dim>) {
        self.y.kept = true;
    }
}
