//! Optimizers: turn gradients into weight updates, as in `.compile(optimizer = Adam(learning_rate = 1e-3))`. A name
//! without arguments is enough, in any case: `"adam"`. A learning rate is a number or one of the
//! [`schedules`](super::schedules).

pub use crate::compile::optimizers::words::*;
