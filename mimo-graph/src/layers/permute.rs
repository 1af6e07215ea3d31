//! `Permute`: the axes of a sample in another order.

/// Keras's `Permute`.
#[derive(Clone, Debug, PartialEq)]
pub struct Permute {
    /// For each new axis the old one, counted from 1 as in Keras.
    pub dims: Vec<usize>,
}
