//! `Reshape`: the same values under other axes.

use crate::dim::Dim;

/// Keras's `Reshape`.
#[derive(Clone, Debug, PartialEq)]
pub struct Reshape {
    /// The new axes; `None` is the one `-1`, which takes what is left.
    pub target_shape: Vec<Option<Dim>>,
}
