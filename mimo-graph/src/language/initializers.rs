//! Initializers: what weights start as, as in `kernel_initializer = HeNormal(seed = 1)` or `"he_normal"`.

pub use crate::initializer::read::words::*;
