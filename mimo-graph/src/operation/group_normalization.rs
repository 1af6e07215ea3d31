//! `GroupNormalization`: normalizes groups of channels to mean 0 and variance 1, then scales and shifts them.

use super::{Planned, Read, View, Weight, Written, operation};
use crate::dim::Dim;

operation! {
    /// `y = gamma · (x − mean) / √(variance + epsilon) + beta`. Samples are `[outer, channels, inner]`; mean and
    /// variance are those of all values of a group of adjacent channels.
    ///
    /// **Keras equivalent:** `keras.layers.GroupNormalization()`.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct GroupNormalization<L> {
        /// Number of channels.
        pub channels: L,
        /// Product of the lengths of the axes after the channels.
        pub inner: L,
        /// Number of groups of the channels, all of the same size.
        pub groups: L,
        /// Added to the variance.
        pub epsilon: f64,
        /// The scale, one value for each channel.
        pub gamma: Option<Weight<L>>,
        /// The offset, one value for each channel.
        pub beta: Option<Weight<L>>,
        /// The input.
        pub x: Read<L>,
        /// The result.
        pub y: Written<L>,
    }
}

impl Planned for GroupNormalization<Dim> {
    fn prepare_backward(&mut self, _: &mut dyn FnMut(Dim) -> View<Dim>) {
        self.x.kept = true;
    }
}
