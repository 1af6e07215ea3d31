//! Operations on tensors: functions of `keras.ops`, called on tensors and numbers at once, as in `exp(0.5 * log_variance)`.
//!
//! Operators are operations too: `a + b`, `a - b`, `a * b`, `a / b`, `a % b`, `-a`, and the comparisons `a > b`, `a >= b`, `a < b`,
//! `a <= b`, `a == b`, `a != b`. Where an operand is a number, it is a literal, a constant of the block or a constant of Rust.
//! Shapes are equal, or axes of length 1 are repeated, compared from the last axis. Operations of single values that follow each
//! other run as one pass over the values. `sum`, `mean`, `max`, … reduce axes of a sample; axis 0 is the batch.
//! `matmul` and `einsum` are products of tensors, sample by sample. `random_normal`, `random_truncated_normal` and `random_uniform` draw numbers of
//! the shape of a tensor.
//!
//! An index is a part of every sample, `x[.., 0..3]`, and counts the axes of a sample, without the batch: see [`get_item`]. `axis` and `axes` of
//! operations count the batch as axis 0, which stays where it is. [`split`] and [`unstack`] give a list of tensors, [`stack`] takes one.
//!
//! Every activation of [`activations`](super::activations) is a function of a tensor too, with its settings after the tensor:
//! `gelu(x)`, `leaky_relu(x, negative_slope = 0.1)`, `relu(x, max_value = 6.0)`. `gelu(x)` is exact, as Keras's activation is;
//! `keras.ops.gelu` is `gelu(x, approximate = true)`.

pub use crate::layers::operation_words::*;
