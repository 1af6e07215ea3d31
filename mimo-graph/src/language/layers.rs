//! Layers: what a `let` of the block is made of. A layer with its settings is called on tensors, `Dense(64)(x)`; one that is
//! bound without a call is shared, `let encoder = LSTM(64);`, by all of its calls. Shapes are those of one sample: the
//! batch axis is never written. Channels are the last axis.

mod activation;
mod conv;
mod dense;
mod input;
mod merge;
mod noise;
mod normalization;
mod pooling;
mod recurrent;
mod separable_conv;
mod shape;

pub use activation::*;
pub use conv::*;
pub use dense::*;
pub use input::*;
pub use merge::*;
pub use noise::*;
pub use normalization::*;
pub use pooling::*;
pub use recurrent::*;
pub use separable_conv::*;
pub use shape::*;

use super::item::Item;

/// Every layer.
pub(super) const ITEMS: &[&[Item]] = &[
    input::ITEMS,
    dense::ITEMS,
    conv::ITEMS,
    separable_conv::ITEMS,
    activation::ITEMS,
    shape::ITEMS,
    normalization::ITEMS,
    noise::ITEMS,
    merge::ITEMS,
    recurrent::ITEMS,
    pooling::ITEMS,
];
