//! Regularizers: what large weights cost, as in `kernel_regularizer = L2(1e-4)`. The penalty is part of the loss.

items! {
    /// A penalty of `l1 · Σ |w|`.
    ///
    /// Keras: [`L1`](https://keras.io/api/layers/regularizers/)
    "`L1(l1 = 0.01)`"
    L1 | l1 {
        /// The factor of the sum of absolute values.
        l1: f64 = "0.01",
    }

    /// A penalty of `l2 · Σ w²`.
    ///
    /// Keras: [`L2`](https://keras.io/api/layers/regularizers/)
    "`L2(l2 = 0.01)`"
    L2 | l2 {
        /// The factor of the sum of squares.
        l2: f64 = "0.01",
    }

    /// A penalty of `l1 · Σ |w| + l2 · Σ w²`.
    ///
    /// Keras: [`L1L2`](https://keras.io/api/layers/regularizers/)
    "`L1L2(l1 = 0, l2 = 0)`"
    L1L2 | l1_l2 {
        /// The factor of the sum of absolute values.
        l1: f64 = "0",
        /// The factor of the sum of squares.
        l2: f64 = "0",
    }
}
