//! Strided copies: parts of a tensor, and repeated values.

use super::{Planned, Read, Written, operation};
use crate::describe::List;
use crate::dim::Dim;

operation! {
    /// Copies values of the input by its strides, possibly several times. Its backward adds each gradient to that of
    /// the copied value.
    ///
    /// **Keras equivalent:** `keras.ops.get_item`, `keras.ops.repeat`, `keras.ops.tile`.
    #[derive(Clone, Debug, PartialEq)]
    pub struct StridedCopy<L> {
        /// The shape of the result.
        pub shape: List<L>,
        /// Strides of the input along the axes of the result; 0 repeats.
        pub strides: List<L>,
        /// Offset of the first value in the input.
        pub start: L,
        /// The input.
        pub x: Read<L>,
        /// The result.
        pub y: Written<L>,
    }
}

impl Planned for StridedCopy<Dim> {
    fn rows_may_lie_apart(&self) -> bool {
        true
    }
}

/// Joins axes that are contiguous in memory, and drops those of length 1.
pub(crate) fn joined_axes(axes: impl IntoIterator<Item = (Dim, Dim)>) -> (List<Dim>, List<Dim>) {
    let mut joined: Vec<(Dim, Dim)> = Vec::new();
    for (len, stride) in axes {
        if len == Dim::Known(1) {
            continue;
        }
        match joined.last_mut() {
            Some((outer, outer_stride)) if *outer_stride == len.clone() * stride.clone() => {
                (*outer, *outer_stride) = (outer.clone() * len, stride);
            }
            _ => joined.push((len, stride)),
        }
    }
    let (shape, strides) = joined.into_iter().unzip();
    (List::Owned(shape), List::Owned(strides))
}
