//! `flip`: reverses axes of a sample.

use super::{Planned, Read, Written, operation};
use crate::describe::List;
use crate::dim::Dim;

operation! {
    /// Copies a value and reverses the positions of some axes.
    ///
    /// **Keras equivalent:** `keras.ops.flip`.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Flip<L> {
        /// The shape, with adjacent axes joined that are not flipped.
        pub shape: List<L>,
        /// By axis: whether its positions are reversed.
        pub flipped: List<bool>,
        /// The input.
        pub x: Read<L>,
        /// The result.
        pub y: Written<L>,
    }
}

impl Planned for Flip<Dim> {}

/// Joins adjacent axes of a shape that are both flipped or both not.
pub(crate) fn joined_flips(axes: impl IntoIterator<Item = (Dim, bool)>) -> (List<Dim>, List<bool>) {
    let mut joined: Vec<(Dim, bool)> = Vec::new();
    for (len, flipped) in axes {
        match joined.last_mut() {
            Some((outer, same)) if *same == flipped => *outer = outer.clone() * len,
            _ => joined.push((len, flipped)),
        }
    }
    let (shape, flipped) = joined.into_iter().unzip();
    (List::Owned(shape), List::Owned(flipped))
}
