//! `Add`, `Subtract`, `Multiply`, `Average`, `Maximum`, `Minimum`: element by element, with Keras's broadcasting.

/// A merge layer of Keras.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Merge {
    /// How elements are combined.
    pub op: MergeOp,
}

/// How a merge layer combines elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeOp {
    /// Sum.
    Add,
    /// First minus second; exactly two inputs.
    Subtract,
    /// Product.
    Multiply,
    /// Mean.
    Average,
    /// Largest.
    Maximum,
    /// Smallest.
    Minimum,
}
