//! `Dropout`: random zeros while training, nothing otherwise.

/// Keras's `Dropout`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropout {
    /// The share of values that become 0; the rest is scaled by `1 / (1 − rate)`.
    pub rate: f64,
    /// A seed of its own; without one, the model's seed and the layer's place decide.
    pub seed: Option<u64>,
}
