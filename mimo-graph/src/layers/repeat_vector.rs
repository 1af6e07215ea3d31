//! `RepeatVector`: a vector as every step of a sequence.

use crate::dim::Dim;

/// Keras's `RepeatVector`: `[features] → [n, features]`.
#[derive(Clone, Debug, PartialEq)]
pub struct RepeatVector {
    /// How often.
    pub n: Dim,
}
