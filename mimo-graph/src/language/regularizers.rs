//! Regularizers: penalties on large weights, as in `kernel_regularizer = L2(1e-4)`. The penalty is part of the loss.

pub use crate::initializer::hold::regularizers::*;
