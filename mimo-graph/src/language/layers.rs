//! Layers. A layer with its settings is called on tensors, `Dense(64)(x)`. One that is bound without a call, `let
//! encoder = LSTM(64);`, is shared by all of its calls. Shapes are those of one sample: the batch axis is never
//! written. Channels are the last axis.

pub use crate::layers::words::*;
