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

    /// What a call of a layer takes besides its tensors: `encoder(x, initial_state = [h, c])`, `attention(x, x, use_causal_mask = true)`.
    ///
    /// A mask holds 1 for what counts and 0 for what does not. Without one, a layer that reads masks takes that of its tensor: those of
    /// `Embedding(…, mask_zero = true)` and `Masking()` have one.
    "`Call(initial_state = none, mask = none, query = none, value = none, key = none, query_mask = none, value_mask = none, key_mask = none, attention_mask = none, use_causal_mask = false, return_attention_scores = false)`"
    Call;
    takes {
        /// The state that a recurrent layer begins with: one tensor, and two, `[h, c]`, for an `LSTM`.
        initial_state: Tensors = "none",
        /// The steps that count, `[steps]`. For an `Attention` a list, `[query_mask, value_mask]`.
        mask: Tensors = "none",
        /// What attention is computed for, `[queries, features]`: the first tensor.
        query: Tensors = "none",
        /// What attention averages, `[keys, features]`: the second tensor.
        value: Tensors = "none",
        /// What queries are compared with, `[keys, features]`: the third tensor, and the value without one.
        key: Tensors = "none",
        /// The queries that count, `[queries]`.
        query_mask: Tensors = "none",
        /// The values that count, `[keys]`.
        value_mask: Tensors = "none",
        /// The keys that count, `[keys]`.
        key_mask: Tensors = "none",
        /// Which key each query may see, `[queries, keys]`, and `[heads, queries, keys]` for each head by itself.
        attention_mask: Tensors = "none",
        /// Whether a query sees no later key.
        use_causal_mask: bool = "false",
        /// Whether the weights of the mean are given as well, `[heads, queries, keys]`: `let (y, scores) = …;`.
        return_attention_scores: bool = "false",
    }
}

/// Every item of this module.
pub(super) const ITEMS: &[&Item] = &[&Model::ITEM, &compile::ITEM, &Call::ITEM];
