//! `cumsum`: sums of the values up to each one along an axis.

use super::{Planned, Read, Written, operation};
use crate::dim::Dim;

operation! {
    /// Every value along one axis plus those before it: `[outer, len, inner]`, unchanged.
    ///
    /// **Keras equivalent:** `keras.ops.cumsum`.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct CumulativeSum<L> {
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

impl Planned for CumulativeSum<Dim> {}
