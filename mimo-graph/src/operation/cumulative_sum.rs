//! `cumsum`: cumulative sums along an axis.

use super::{Planned, Read, Written, operation};
use crate::dim::Dim;

operation! {
    /// Cumulative sums along one axis: `[outer, len, inner]` → the same shape.
    ///
    /// **Keras equivalent:** `keras.ops.cumsum`.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct CumulativeSum<L> {
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

impl Planned for CumulativeSum<Dim> {}
