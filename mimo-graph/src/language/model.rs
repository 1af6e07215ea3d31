//! The end of the block: `Model(…)`, `.compile(…)`, and what calls of layers take.

use crate::item::{Item, Word};

pub use crate::compile::words::*;

items! {
    /// What the model is: the end of the block.
    ///
    /// Keras: [`Model`](https://keras.io/api/models/model/)
    "`Model(inputs, outputs)`"
    Model;
    takes {
        /// The inputs: a list, or a map `{ name: tensor }`. Each becomes a field of `…Inputs`.
        inputs: Inputs,
        /// The outputs: a list, or a map `{ name: tensor }`. Each becomes a field of `…Outputs`, `…Targets` and
        /// `…PerOutput`. The tensors of a list that a loop gives, `let heads = for …`, have the names of their last layers.
        outputs: Tensors,
    }

    /// What a call of a layer takes besides its tensors: `encoder(x, initial_state = [h, c])`.
    "`Call(initial_state = none)`"
    Call;
    takes {
        /// The state that a recurrent layer begins with: one tensor, and two, `[h, c]`, for an `LSTM`.
        initial_state: Tensors = "none",
    }
}

/// Every item of this module.
pub(super) const ITEMS: &[&Item] = &[&Model::ITEM, &compile::ITEM, &Call::ITEM];
