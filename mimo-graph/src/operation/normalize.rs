//! Vectors divided by their norms, for the cosines of `Dot`.

use super::{Planned, Read, View, Written, operation};
use crate::dim::Dim;

operation! {
    /// Divides every vector along one axis by its norm, or by 10⁻⁷ if the norm is smaller: `[outer, len, inner]` →
    /// the same shape.
    ///
    /// **Keras equivalent:** `keras.ops.normalize(x, axis)`.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Normalize<L> {
        /// The length of the axis.
        pub len: L,
        /// Product of the lengths of the axes after it.
        pub inner: L,
        /// The input.
        pub x: Read<L>,
        /// The result.
        pub y: Written<L>,
    }
}

impl Planned for Normalize<Dim> {
    fn prepare_backward(&mut self, _: &mut dyn FnMut(Dim) -> View<Dim>) {
        self.x.kept = true;
    }
}
