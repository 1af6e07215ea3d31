//! `Masking`: sets positions whose values all equal the mask value to zeros.

use super::{Planned, Read, View, Written, operation};
use crate::dim::Dim;

operation! {
    /// Sets all values of a position to 0 where every one of them is the mask value.
    ///
    /// **Keras equivalent:** `keras.layers.Masking(mask_value)`.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Masking<L> {
        /// Number of values per position.
        pub len: L,
        /// The mask value.
        pub mask_value: f64,
        /// The input, `[…, len]`.
        pub x: Read<L>,
        /// The result.
        pub y: Written<L>,
    }
}

impl Planned for Masking<Dim> {
    fn prepare_backward(&mut self, _: &mut dyn FnMut(Dim) -> View<Dim>) {
        self.x.kept = true;
    }
}
