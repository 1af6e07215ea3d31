//! Vectors divided by their lengths, for the cosines of `Dot`.

use super::{Planned, Read, View, Written, operation};
use crate::dim::Dim;

operation! {
    /// Divides every vector along one axis by its length, or by 10⁻⁷ if it is shorter: `[outer, len, inner]`, unchanged.
    ///
    /// **Keras equivalent:** `keras.ops.normalize(x, axis)`.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Normalize<L> {
        /// The length of the axis.
        pub len: L,
        /// The axes after it, as one.
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
