//! `Dot`: products of two tensors, summed over one axis of each.

use super::{Planned, Read, View, Written, operation};
use crate::dim::Dim;

operation! {
    /// The axes of the first tensor and then those of the second, without the one of each that is summed over:
    /// `[a, n], [b, n] → [a, b]`.
    ///
    /// **Keras equivalent:** `keras.layers.Dot`.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Dot<L> {
        /// The axes before and after the summed one, each as one: of the first tensor, and of the second.
        pub around: [[L; 2]; 2],
        /// The length of the summed axis.
        pub summed: L,
        /// The two tensors.
        pub x: [Read<L>; 2],
        /// The result.
        pub y: Written<L>,
    }
}

impl Planned for Dot<Dim> {
    fn prepare_backward(&mut self, _: &mut dyn FnMut(Dim) -> View<Dim>) {
        self.x.iter_mut().for_each(|x| x.kept = true);
    }
}
