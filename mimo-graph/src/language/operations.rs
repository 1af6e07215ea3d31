//! Operations on tensors: functions of `keras.ops`, called on tensors and numbers at once, as in `exp(0.5 * log_variance)`.
//!
//! Operators are operations too: `a + b`, `a - b`, `a * b`, `a / b`, `a % b`, `-a`, and the comparisons `a > b`, `a >= b`, `a < b`,
//! `a <= b`, `a == b`, `a != b`. Where an operand is a number, it is a literal, a constant of the block or a constant of Rust.
//! Shapes are equal, or axes of length 1 are repeated, compared from the last axis. Operations of single values that follow each
//! other run as one pass over the values. `sum`, `mean`, `max` and `min` reduce axes of a sample; axis 0 is the batch. `random_normal`,
//! `random_truncated_normal` and `random_uniform` draw numbers of the shape of a tensor.

pub use crate::layers::operation_words::*;
