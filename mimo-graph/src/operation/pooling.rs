//! `MaxPooling1D`, `AveragePooling1D`, `GlobalMaxPooling1D`, `GlobalAveragePooling1D` and their 2D forms.

use super::{Planned, Read, View, Written, operation};
use crate::dim::Dim;

crate::describe! {
    /// The function that reduces the values of a window to one.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum PoolKind {
        /// The largest; the gradient goes to the first of several that are equal.
        Max,
        /// The largest; the gradient is shared by all that are equal, as TensorFlow's `reduce_max` has it.
        SharedMax,
        /// The mean.
        Average,
    }
}

crate::describe! {
    /// Where windows may lie.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Padding {
        /// Inside the input: `⌊(n − size) / stride⌋ + 1` of them.
        Valid,
        /// Beyond its edges too, by as much on both sides, or by one more at the end: `⌈n / stride⌉` of them.
        Same,
    }
}

operation! {
    /// One value per window and channel: `[height, width, channels] → [windows, windows, channels]`; global pooling has one
    /// window, as large as the image. A sequence is an image of height 1.
    ///
    /// Argmax indices are not stored: the backward compares the windows with `y` again. That reads `x` once more, from a chunk
    /// that fits the cache, but both passes are loops over whole vectors without a scatter, and neither the forward pass nor a
    /// prediction writes indices that nobody may need. `x` costs no memory either: the layer before, mostly a ReLU, keeps it
    /// for its own backward.
    ///
    /// **Keras equivalent:** `keras.layers.MaxPooling2D` and its like.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Pooling<L> {
        /// The function that reduces a window.
        pub kind: PoolKind,
        /// Height, width and channels of the input.
        pub image: [L; 3],
        /// Height and width of a window.
        pub size: [L; 2],
        /// From one window to the next, down and to the right.
        pub strides: [L; 2],
        /// Whether windows may lie beyond the edges.
        pub padding: Padding,
        /// The input.
        pub x: Read<L>,
        /// The result.
        pub y: Written<L>,
    }
}

impl Planned for Pooling<Dim> {
    fn prepare_backward(&mut self, _: &mut dyn FnMut(Dim) -> View<Dim>) {
        // Argmax indices are not stored: the backward finds the largest values again.
        let finds_again = matches!(self.kind, PoolKind::Max | PoolKind::SharedMax);
        (self.x.kept, self.y.kept) = (finds_again, finds_again);
    }
}
