//! Constraints: applied to weights after each optimizer step, as in `kernel_constraint = MaxNorm(2)`.

pub use crate::initializer::hold::constraints::*;
