//! `Concatenate`: tensors one after another along an axis.

/// Keras's `Concatenate`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Concatenate {
    /// The axis as Keras counts it, with the batch as axis 0; negative from the end.
    pub axis: i64,
}
