//! Losses, for `.compile(loss = …)`. `t` are targets, `p` predictions; each loss is the mean over the samples of the
//! batch, and over positions. `none` leaves an output untrained.

pub use crate::compile::losses::words::*;
