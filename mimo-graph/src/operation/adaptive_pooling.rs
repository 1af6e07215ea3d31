//! `AdaptiveAveragePooling1D`, `AdaptiveMaxPooling1D` and their 2D forms: pooling with a fixed number of windows.

use super::{Planned, PoolKind, Read, View, Written, operation};
use crate::dim::Dim;

operation! {
    /// One value per window and channel. Window `i` of `o` along an axis of `n` pixels covers `⌊i · n / o⌋` to `⌈(i +
    /// 1) · n / o⌉`, so windows may share a pixel.
    ///
    /// **Keras equivalent:** `keras.layers.AdaptiveAveragePooling2D(size)`, `keras.layers.AdaptiveMaxPooling2D(size)`, and their 1D
    /// forms.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct AdaptivePooling<L> {
        /// The mean or the largest value.
        pub kind: PoolKind,
        /// Height, width and channels of the input; a sequence has height 1.
        pub image: [L; 3],
        /// Height and width of the result.
        pub size: [L; 2],
        /// The input.
        pub x: Read<L>,
        /// The result.
        pub y: Written<L>,
    }
}

impl Planned for AdaptivePooling<Dim> {
    fn prepare_backward(&mut self, _: &mut dyn FnMut(Dim) -> View<Dim>) {
        // The backward searches the largest value again.
        self.x.kept = self.kind != PoolKind::Average;
    }
}
