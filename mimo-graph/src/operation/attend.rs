//! Attention: for every query, the mean of values, weighted by the softmax of the query's scores with their keys.

use super::{During, Planned, Read, Scratch, View, Weight, Written, operation};
use crate::dim::Dim;

crate::describe! {
    /// The score of a query with a key.
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
    /// The result for a query that sees no key.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Unseeing {
        /// The mean of all values.
        Mean,
        /// Zeros.
        Zeros,
        /// What all keys give after 1e9 was subtracted from every score; zeros for queries that the query mask hides.
        Shifted,
    }
}

operation! {
    /// `y = softmax(scores) · value`, for each head by itself and for each position of the axes around those of the queries and keys.
    ///
    /// **Keras equivalent:** `keras.layers.Attention`, `keras.layers.AdditiveAttention`, and what is between the projections of
    /// `keras.layers.MultiHeadAttention` and `keras.layers.GroupQueryAttention`.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Attend<L> {
        /// Heads of queries.
        pub heads: L,
        /// Heads of keys and values, each for the same number of heads of queries.
        pub key_heads: L,
        /// Number of queries.
        pub queries: L,
        /// Number of keys.
        pub keys: L,
        /// Values of a query and of a key of one head.
        pub key_dim: L,
        /// Values of a value of one head.
        pub value_dim: L,
        /// Positions of the axes before those of the queries and keys.
        pub outer: L,
        /// Positions of the axes after those of the queries and keys, before heads and values.
        pub inner: L,
        /// The score.
        pub score: Score,
        /// Whether queries see no key after their own position.
        pub causal: bool,
        /// A query sees keys less than this far away.
        pub window: Option<L>,
        /// The result for a query that sees no key.
        pub unseeing: Unseeing,
        /// The share of the weights of the mean that becomes 0 while training.
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
        /// Learned factor of the scores, or of the sum in a hyperbolic tangent.
        pub factor: Option<Weight<L>>,
        /// Learned factors of hyperbolic tangents.
        pub outer_factor: Option<Weight<L>>,
        /// Memory for a block of scores and for copies of keys.
        pub memory: Scratch<L>,
        /// The same for gradients.
        pub gradient_memory: Option<Scratch<L>>,
        /// Logarithms of the sums of each row of scores.
        pub logs: Scratch<L>,
        /// The result, `[outer, queries, inner, heads, value_dim]`.
        pub y: Written<L>,
        /// The weights of the mean, `[outer, inner, heads, queries, keys]`, if something reads them.
        pub scores: Option<Written<L>>,
    }
}

/// Queries whose scores are computed together, and values in a row of panels: those of `mimo-kernels`, on which this crate does not
/// depend.
const BLOCK: usize = 32;
const PANEL: usize = 32;

impl Attend<Dim> {
    /// Values that the forward pass computes in, as `mimo-kernels` says.
    pub fn memory_of(keys: &Dim, key_dim: &Dim, value_dim: &Dim) -> Dim {
        memory(keys, Dim::Known(1 + BLOCK) + key_dim.clone(), value_dim)
    }

    /// The same for the backward.
    pub fn gradient_memory_of(keys: &Dim, key_dim: &Dim, value_dim: &Dim) -> Dim {
        memory(keys, Dim::Known(1 + 4 * BLOCK) + key_dim.clone() + value_dim.clone(), value_dim)
    }
}

/// Some values for each key, and some more.
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
