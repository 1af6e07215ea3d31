//! Initializers: initial values of weights, as in `kernel_initializer = HeNormal(seed = 1)` or `"he_normal"`.

pub use crate::initializer::read::words::*;
