//! Constraints: what weights are brought back to after each step, as in `kernel_constraint = MaxNorm(2)`.

pub use crate::initializer::hold::constraints::*;
