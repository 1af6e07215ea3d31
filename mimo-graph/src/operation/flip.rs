//! `flip`: axes of a sample from their ends to their beginnings.

use super::{Planned, Read, Written, operation};
use crate::describe::List;
use crate::dim::Dim;

operation! {
    /// Copies a value with the positions of some axes in the opposite order.
    ///
    /// **Keras equivalent:** `keras.ops.flip`.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Flip<L> {
        /// The shape, with neighbouring axes that stay as they are joined.
        pub shape: List<L>,
        /// By axis: whether its positions are in the opposite order.
        pub flipped: List<bool>,
        /// The input.
        pub x: Read<L>,
        /// The result.
        pub y: Written<L>,
    }
}

impl Planned for Flip<Dim> {}

/// Axes of a shape and whether each is flipped, as few as there can be: neighbours of which both are flipped, or none, are one.
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
