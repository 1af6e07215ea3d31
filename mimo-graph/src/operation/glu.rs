//! `Activation(glu)`: one half of the last axis, times the sigmoid of the other half.

use super::{Planned, Read, View, Written, operation};
use crate::dim::Dim;

operation! {
    /// `y = a · sigmoid(b)` with `a` and `b` the halves of the last axis of `x`.
    ///
    /// **Keras equivalent:** `keras.activations.glu(x)`.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Glu<L> {
        /// Length of each half.
        pub half: L,
        /// The input.
        pub x: Read<L>,
        /// The result.
        pub y: Written<L>,
    }
}

impl Planned for Glu<Dim> {
    fn prepare_backward(&mut self, _: &mut dyn FnMut(Dim) -> View<Dim>) {
        self.x.kept = true;
    }
}
