//! `Flatten`: all axes of a sample as one, in row-major order.

/// Keras's `Flatten`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flatten;
