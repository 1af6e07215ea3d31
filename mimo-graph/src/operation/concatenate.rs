//! `Concatenate`: concatenates values along an axis.

use super::{Call, Planned, Read, Written, operation};
use crate::describe::List;
use crate::dim::Dim;

operation! {
    /// Copies parts into one value. A part that is computed in place in the result is not copied, nor is its
    /// gradient.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Concatenate<L> {
        /// Product of the lengths of the axes before the concatenated one: the number of times that the parts
        /// alternate per sample.
        pub outer: L,
        /// The parts, in order; `outer` runs of equal length each.
        pub parts: List<Read<L>>,
        /// The result.
        pub y: Written<L>,
    }
}

impl Planned for Concatenate<Dim> {}

/// Concatenates all inputs of a call, `outer` times.
pub(crate) fn join(outer: Dim, call: &mut dyn Call) -> Concatenate<Dim> {
    let parts = (0..call.inputs()).map(|input| call.x(input)).collect();
    Concatenate { outer, parts: List::Owned(parts), y: call.y() }
}
