//! `Activation`: an activation as a separate operation, if it cannot be applied in place.

use super::{Planned, Read, View, Written, operation};
use crate::activation::Activation;
use crate::dim::Dim;

operation! {
    /// An activation from one value to another.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Activate<L> {
        /// The function.
        pub activation: Activation,
        /// Positions per sample: softmax works on the values of one position.
        pub positions: L,
        /// The input.
        pub x: Read<L>,
        /// The result.
        pub y: Written<L>,
    }
}

impl Planned for Activate<Dim> {
    fn prepare_backward(&mut self, _: &mut dyn FnMut(Dim) -> View<Dim>) {
        let from_output = self.activation.from_output();
        (self.x.kept, self.y.kept) = (!from_output, from_output);
    }
}
