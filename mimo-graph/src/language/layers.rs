//! Layers: what a `let` of the block is made of. A layer with its settings is called on tensors, `Dense(64)(x)`; one that is
//! bound without a call is shared, `let encoder = LSTM(64);`, by all of its calls. Shapes are those of one sample: the
//! batch axis is never written. Channels are the last axis.

pub use crate::layers::words::*;
