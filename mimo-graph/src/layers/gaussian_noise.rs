//! `GaussianNoise`: additive normal noise while training, nothing otherwise.

/// Keras's `GaussianNoise`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GaussianNoise {
    /// The standard deviation, 0 to 1.
    pub stddev: f64,
    /// A seed of its own; without one, the model's seed and the layer's place decide.
    pub seed: Option<u64>,
}
