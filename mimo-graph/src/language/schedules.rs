//! Schedules of learning rates: functions of the optimizer's step, as in `Adam(learning_rate = CosineDecay(1e-3, 1000))`.

pub use crate::compile::schedules::words::*;
