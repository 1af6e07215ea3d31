//! `MaxPooling1D`, `AveragePooling1D`, `GlobalMaxPooling1D`, `GlobalAveragePooling1D` and their 2D forms.

use super::{Planned, Read, View, Written, operation};
use crate::dim::Dim;

crate::describe! {
    /// Kind of pooling.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum PoolKind {
        /// The largest value; the gradient goes to the first of several equal ones.
        Max,
        /// The largest value; all equal ones share the gradient, as in TensorFlow's `reduce_max`.
        SharedMax,
        /// The mean.
        Average,
    }
}

crate::describe! {
    /// Padding of the windows.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Padding {
        /// Inside the input: `⌊(n − size) / stride⌋ + 1` of them.
        Valid,
        /// Beyond its edges too, equally on both sides, or with one more at the end: `⌈n / stride⌉` of them.
        Same,
    }
}

operation! {
    /// One value per window and channel: `[height, width, channels] → [windows, windows, channels]`; global pooling has one
    /// window, as large as the image. A sequence is an image of height 1.
    ///
    /// Argmax indices are not stored: the backward compares the windows with `y` again. That reads `x` once more,
    /// from a chunk that fits the cache, but both passes are vectorized loops without a scatter, and neither the
    /// forward pass nor a prediction writes indices that may not be needed. `x` costs no memory either: the previous
    /// layer, mostly a ReLU, stores it for its own backward.
    ///
    /// **Keras equivalent:** `keras.layers.MaxPooling2D` and similar classes.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Pooling<L> {
        /// Kind of pooling.
        pub kind: PoolKind,
        /// Height, width and channels of the input.
        pub image: [L; 3],
        /// Height and width of a window.
        pub size: [L; 2],
        /// Distance between consecutive windows, vertically and horizontally.
        pub strides: [L; 2],
        /// Whether windows may extend beyond the edges.
        pub padding: Padding,
        /// The input.
        pub x: Read<L>,
        /// The result.
        pub y: Written<L>,
    }
}

impl Planned for Pooling<Dim> {
    fn prepare_backward(&mut self, _: &mut dyn FnMut(Dim) -> View<Dim>) {
        // Argmax indices are not stored: the backward searches the largest values again.
        let finds_again = matches!(self.kind, PoolKind::Max | PoolKind::SharedMax);
        (self.x.kept, self.y.kept) = (finds_again, finds_again);
    }
}
