//! `GlobalAveragePooling1D` of a tensor with a mask.

use super::{Planned, Read, View, Written, operation};
use crate::dim::Dim;

operation! {
    /// The mean of each channel over the unmasked steps: `[steps, channels] → [channels]`. It is 0 if no step counts.
    ///
    /// **Keras equivalent:** `keras.layers.GlobalAveragePooling1D()(x, mask=mask)`, which returns NaN if no step
    /// counts.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct MaskedMean<L> {
        /// Channels.
        pub channels: L,
        /// The input.
        pub x: Read<L>,
        /// The mask, `[steps]`: a step whose value is not 0 counts.
        pub mask: Read<L>,
        /// The result.
        pub y: Written<L>,
    }
}

impl Planned for MaskedMean<Dim> {
    fn reads_mask(&self, place: usize) -> bool {
        place == 1
    }

    fn prepare_backward(&mut self, _: &mut dyn FnMut(Dim) -> View<Dim>) {
        self.mask.kept = true;
    }
}
