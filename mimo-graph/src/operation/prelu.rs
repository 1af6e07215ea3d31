//! `PReLU`: a ReLU with a learned slope for negative values.

use super::{Planned, Read, View, Weight, Written, operation};
use crate::describe::List;
use crate::dim::Dim;

operation! {
    /// `y = x` where `x` is positive, `alpha · x` elsewhere. Values may share an `alpha` along some axes.
    ///
    /// **Keras equivalent:** `keras.layers.PReLU()`.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Prelu<L> {
        /// Lengths of the axes of a sample.
        pub shape: List<L>,
        /// Strides of `alpha` along these axes: 0 where it is shared.
        pub strides: List<L>,
        /// Number of values of `alpha`.
        pub slopes: L,
        /// The slopes.
        pub alpha: Weight<L>,
        /// The input.
        pub x: Read<L>,
        /// The result.
        pub y: Written<L>,
    }
}

impl Planned for Prelu<Dim> {
    fn prepare_backward(&mut self, _: &mut dyn FnMut(Dim) -> View<Dim>) {
        self.x.kept = true;
    }
}
