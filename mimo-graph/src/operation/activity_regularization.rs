//! `ActivityRegularization`: a penalty on values.

use super::{Planned, Read, View, operation};
use crate::dim::Dim;

operation! {
    /// Adds `l1 · Σ |x| + l2 · Σ x²`, averaged over the samples of the batch, to the total loss.
    ///
    /// **Keras equivalent:** `keras.layers.ActivityRegularization(l1, l2)`, and `activity_regularizer` of other layers.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct ActivityRegularization<L> {
        /// The factor of the sum of absolute values.
        pub l1: f64,
        /// The factor of the sum of squares.
        pub l2: f64,
        /// The values.
        pub x: Read<L>,
    }
}

impl Planned for ActivityRegularization<Dim> {
    fn prepare_backward(&mut self, _: &mut dyn FnMut(Dim) -> View<Dim>) {
        self.x.kept = true;
    }
}
