//! Activations: functions of each value, or of the last axis. By name, as in `activation = relu` or `"relu"`, or as a
//! call where they have arguments, as in `LeakyReLU(0.1)`; `none` is `linear`.

#[doc(no_inline)]
pub use super::layers::{LeakyReLU, ReLU};
pub use crate::activation::read::words::*;
