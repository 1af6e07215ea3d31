//! Attention: for every query, the mean of the values, weighted by the softmax of the scores of the query with the
//! keys.

use super::{During, Planned, Read, Scratch, View, Weight, Written, operation};
use crate::dim::Dim;

crate::describe! {
    /// Score of a query and a key.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Score {
        /// `factor · Σ query · key`, divided by the square root of the length of a key if `scaled`.
        Product {
            /// Whether it is divided by the square root.
            scaled: bool,
        },
        /// `outer · Σ tanh(factor · (query + key))`, with one number `outer`.
        Concatenated,
        /// `Σ outer · tanh(query + key)`, with a number `outer` for each value of a key.
        Additive,
    }
}

crate::describe! {
    /// Result for a query that sees no key.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum FullyMasked {
        /// The mean of all values.
        Mean,
        /// Zeros.
        Zeros,
        /// The result for all keys after 1e9 is subtracted from every score; zeros for queries that the query mask
        /// hides.
        Shifted,
    }
}

operation! {
    /// `y = softmax(scores) · value`, for each head and each position of the axes around those of the queries and
    /// keys.
    ///
    /// **Keras equivalent:** `keras.layers.Attention`, `keras.layers.AdditiveAttention`, and the part between the
    /// projections of `keras.layers.MultiHeadAttention` and `keras.layers.GroupQueryAttention`.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Attend<L> {
        /// Number of heads of the queries.
        pub heads: L,
        /// Number of heads of keys and values; it divides `heads`.
        pub key_heads: L,
        /// Number of queries.
        pub queries: L,
        /// Number of keys.
        pub keys: L,
        /// Size of a query and of a key of one head.
        pub key_dim: L,
        /// Size of a value of one head.
        pub value_dim: L,
        /// Product of the lengths of the axes before those of queries and keys.
        pub outer: L,
        /// Product of the lengths of the axes after those of queries and keys, before heads and values.
        pub inner: L,
        /// The score.
        pub score: Score,
        /// Whether queries see no key after their own position.
        pub causal: bool,
        /// A query sees keys less than this far away.
        pub window: Option<L>,
        /// Result for a query that sees no key.
        pub fully_masked: FullyMasked,
        /// Dropout rate of the attention weights.
        pub rate: f64,
        /// Distinguishes its random numbers from those of other layers.
        pub key: u64,
        /// The queries, `[outer, queries, inner, heads, key_dim]`.
        pub query: Read<L>,
        /// The keys, `[outer, keys, inner, key_heads, key_dim]`.
        pub keys_read: Read<L>,
        /// The values, `[outer, keys, inner, key_heads, value_dim]`.
        pub value: Read<L>,
        /// 0 for queries that see no key, `[queries]`.
        pub query_mask: Option<Read<L>>,
        /// 0 for keys that no query sees, `[keys]`.
        pub key_masks: [Option<Read<L>>; 2],
        /// 0 for keys that a query does not see.
        pub mask: Option<Read<L>>,
        /// Strides of that mask along heads, queries and keys; 0 where it has one value for all.
        pub mask_strides: [L; 3],
        /// Learned factor of the scores, or of the sum inside of `tanh`.
        pub factor: Option<Weight<L>>,
        /// Learned factors of `tanh`.
        pub outer_factor: Option<Weight<L>>,
        /// Memory for a block of scores and for copies of keys.
        pub memory: Scratch<L>,
        /// Memory for the backward.
        pub gradient_memory: Option<Scratch<L>>,
        /// Logarithms of the sums of each row of scores.
        pub logs: Scratch<L>,
        /// The result, `[outer, queries, inner, heads, value_dim]`.
        pub y: Written<L>,
        /// Attention weights, `[outer, inner, heads, queries, keys]`, if something reads them.
        pub scores: Option<Written<L>>,
    }
}

/// Number of queries whose scores are computed together, and values per row of panels. Both must equal the constants
/// of `mimo-kernels`, on which this crate does not depend.
const BLOCK: usize = 32;
const PANEL: usize = 32;

impl Attend<Dim> {
    /// Number of values of memory of the forward pass, as `mimo-kernels` computes it.
    pub fn memory_of(keys: &Dim, key_dim: &Dim, value_dim: &Dim) -> Dim {
        memory(keys, Dim::Known(1 + BLOCK) + key_dim.clone(), value_dim)
    }

    /// Number of values of memory of the backward.
    pub fn gradient_memory_of(keys: &Dim, key_dim: &Dim, value_dim: &Dim) -> Dim {
        memory(keys, Dim::Known(1 + 4 * BLOCK) + key_dim.clone() + value_dim.clone(), value_dim)
    }
}

/// Some values per key, and a constant number.
fn memory(keys: &Dim, each: Dim, value_dim: &Dim) -> Dim {
    let width = (keys.clone() + Dim::Known(PANEL - 1)) / Dim::Known(PANEL) * Dim::Known(PANEL);
    width * each + Dim::Known(2 * BLOCK) + value_dim.clone()
}

impl Planned for Attend<Dim> {
    fn prepare_backward(&mut self, fixed: &mut dyn FnMut(Dim) -> View<Dim>) {
        for read in [&mut self.query, &mut self.keys_read, &mut self.value] {
            read.kept = true;
        }
        let [first, second] = &mut self.key_masks;
        for read in [&mut self.query_mask, first, second, &mut self.mask].into_iter().flatten() {
            read.kept = true;
        }
        let len = Self::gradient_memory_of(&self.keys, &self.key_dim, &self.value_dim);
        self.gradient_memory = Some(Scratch::fixed(fixed(len), During::Backward));
    }
}
