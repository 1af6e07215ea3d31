//! Metrics, for `.compile(metrics = …)`. `t` are targets, `p` predictions.

pub use crate::compile::metrics::of_losses::words::*;
pub use crate::compile::metrics::table::words::*;
