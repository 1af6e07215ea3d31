//! The weights of attention layers.

use dfdx::shapes::{Dtype, Rank0, Rank1, Rank2, Rank3, Rank4};
use dfdx::tensor::{Storage, Tensor};

/// Defines the weights of `MultiHeadAttention` and `GroupQueryAttention`, with and without biases. Weights of a gate
/// follow those of the keys.
macro_rules! attention {
    (
        $layer:ident, $without:ident, [$($size:ident),+], $kernel:ty, $bias:ty, $keras:literal,
        { $($gate_kernel:tt)* } { $($gate_bias:tt)* }
    ) => {
        weights! {
            /// The weights of `MultiHeadAttention` and `GroupQueryAttention`, with `H` heads of queries and `G` of keys and values.
            ///
            #[doc = concat!("**Keras equivalent:** `keras.layers.MultiHeadAttention(H, K, value_dim=V", $keras, ")`, with weights of the same layout.")]
            pub struct $layer<$(const $size: usize,)+ E: Dtype, D: Storage<E>> {
                /// Kernel of the queries, `[A, H, K]`.
                pub query_kernel: Tensor<Rank3<A, H, K>, E, D>,
                /// Bias of the queries, `[H, K]`.
                pub query_bias: Tensor<Rank2<H, K>, E, D>,
                /// Kernel of the keys, `[B, G, K]`.
                pub key_kernel: Tensor<Rank3<B, G, K>, E, D>,
                /// Bias of the keys, `[G, K]`.
                pub key_bias: Tensor<Rank2<G, K>, E, D>,
                $($gate_kernel)*
                $($gate_bias)*
                /// Kernel of the values, `[C, G, V]`.
                pub value_kernel: Tensor<Rank3<C, G, V>, E, D>,
                /// Bias of the values, `[G, V]`.
                pub value_bias: Tensor<Rank2<G, V>, E, D>,
                /// Kernel of the output, from `[H, V]`.
                pub attention_output_kernel: Tensor<$kernel, E, D>,
                /// Bias of the output, for the axes after those of the queries.
                pub attention_output_bias: Tensor<$bias, E, D>,
            }
        }
        weights! {
            /// The weights of `MultiHeadAttention` and `GroupQueryAttention` without biases, with `H` heads of queries and `G` of keys and values.
            ///
            #[doc = concat!("**Keras equivalent:** `keras.layers.MultiHeadAttention(H, K, value_dim=V", $keras, ", use_bias=False)`,")]
            /// with weights of the same layout.
            pub struct $without<$(const $size: usize,)+ E: Dtype, D: Storage<E>> {
                /// Kernel of the queries, `[A, H, K]`.
                pub query_kernel: Tensor<Rank3<A, H, K>, E, D>,
                /// Kernel of the keys, `[B, G, K]`.
                pub key_kernel: Tensor<Rank3<B, G, K>, E, D>,
                $($gate_kernel)*
                /// Kernel of the values, `[C, G, V]`.
                pub value_kernel: Tensor<Rank3<C, G, V>, E, D>,
                /// Kernel of the output, from `[H, V]`.
                pub attention_output_kernel: Tensor<$kernel, E, D>,
            }
        }
    };
}

attention!(
    Attention,
    AttentionWithoutBias,
    [A, B, C, H, G, K, V, O],
    Rank3<H, V, O>,
    Rank1<O>,
    "",
    {}
    {}
);
attention!(
    Attention2D,
    Attention2DWithoutBias,
    [A, B, C, H, G, K, V, O, P],
    Rank4<H, V, O, P>,
    Rank2<O, P>,
    ", output_shape=(O, P)",
    {}
    {}
);
attention!(
    GatedAttention,
    GatedAttentionWithoutBias,
    [A, B, C, H, G, K, V, O],
    Rank3<H, V, O>,
    Rank1<O>,
    ", use_gate=True",
    {
        /// Kernel of the gate, `[A, H, V]`.
        pub gate_kernel: Tensor<Rank3<A, H, V>, E, D>,
    }
    {
        /// Bias of the gate, `[H, V]`.
        pub gate_bias: Tensor<Rank2<H, V>, E, D>,
    }
);
attention!(
    GatedAttention2D,
    GatedAttention2DWithoutBias,
    [A, B, C, H, G, K, V, O, P],
    Rank4<H, V, O, P>,
    Rank2<O, P>,
    ", output_shape=(O, P), use_gate=True",
    {
        /// Kernel of the gate, `[A, H, V]`.
        pub gate_kernel: Tensor<Rank3<A, H, V>, E, D>,
    }
    {
        /// Bias of the gate, `[H, V]`.
        pub gate_bias: Tensor<Rank2<H, V>, E, D>,
    }
);

weights! {
    /// The weight of `Attention` with a trained scale.
    pub struct AttentionWithScale<E: Dtype, D: Storage<E>> {
        /// Factor of the scores, `[]`.
        pub scale: Tensor<Rank0, E, D>,
    }
}

weights! {
    /// The weight of `Attention` with additive scores.
    pub struct ConcatAttention<E: Dtype, D: Storage<E>> {
        /// Factor of the scores, `[]`.
        pub concat_score_weight: Tensor<Rank0, E, D>,
    }
}

weights! {
    /// The weights of `Attention` with additive scores and a trained scale.
    pub struct ConcatAttentionWithScale<E: Dtype, D: Storage<E>> {
        /// Factor in the hyperbolic tangents, `[]`.
        pub scale: Tensor<Rank0, E, D>,
        /// Factor of the scores, `[]`.
        pub concat_score_weight: Tensor<Rank0, E, D>,
    }
}

weights! {
    /// The weight of `AdditiveAttention`.
    ///
    /// **Keras equivalent:** `keras.layers.AdditiveAttention()`.
    pub struct AdditiveAttention<const A: usize, E: Dtype, D: Storage<E>> {
        /// Factors of the hyperbolic tangents, `[A]`.
        pub scale: Tensor<Rank1<A>, E, D>,
    }
}
