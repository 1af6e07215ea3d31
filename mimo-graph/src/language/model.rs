//! The end of the block, `Model(…)` and `.compile(…)`, and the arguments of calls of layers.

use crate::item::{Item, Word};

pub use crate::compile::words::*;

items! {
    /// Inputs and outputs of the model: the last expression of the block.
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

    /// Arguments of a call of a layer besides its tensors: `encoder(x, initial_state = [h, c])`, `attention(x, x,
    /// use_causal_mask = true)`.
    ///
    /// A mask holds 1 for positions that count and 0 for the others. By default, a layer that reads masks uses that
    /// of its tensor: outputs of `Embedding(…, mask_zero = true)` and `Masking()` have one.
    "`Call(initial_state = none, mask = none, query = none, value = none, key = none, query_mask = none, value_mask = none, key_mask = none, attention_mask = none, use_causal_mask = false, return_attention_scores = false)`"
    Call;
    takes {
        /// Initial state of a recurrent layer: one tensor, and two, `[h, c]`, for an `LSTM`.
        initial_state: Tensors = "none",
        /// The steps that count, `[steps]`. For an `Attention` a list, `[query_mask, value_mask]`.
        mask: Tensors = "none",
        /// Queries of attention, `[queries, features]`: the first tensor.
        query: Tensors = "none",
        /// Values of attention, of which it computes means, `[keys, features]`: the second tensor.
        value: Tensors = "none",
        /// Keys of attention, with which queries are compared, `[keys, features]`: the third tensor; the value by
        /// default.
        key: Tensors = "none",
        /// The queries that count, `[queries]`.
        query_mask: Tensors = "none",
        /// The values that count, `[keys]`.
        value_mask: Tensors = "none",
        /// The keys that count, `[keys]`.
        key_mask: Tensors = "none",
        /// Keys that each query may see, `[queries, keys]`, or `[heads, queries, keys]` for each head separately.
        attention_mask: Tensors = "none",
        /// Whether queries cannot see later keys.
        use_causal_mask: bool = "false",
        /// Whether the attention weights are returned as well, `[heads, queries, keys]`: `let (y, scores) = …;`.
        return_attention_scores: bool = "false",
    }
}

/// Every item of this module.
pub(super) const ITEMS: &[&Item] = &[&Model::ITEM, &compile::ITEM, &Call::ITEM];
