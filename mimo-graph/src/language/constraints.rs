//! Constraints: what weights are brought back to after each step, as in `kernel_constraint = MaxNorm(2)`.

items! {
    /// Vectors along an axis are shortened to a norm of at most `max_value`.
    ///
    /// Keras: [`MaxNorm`](https://keras.io/api/layers/weight_constraints/)
    "`MaxNorm(max_value = 2, axis = 0)`"
    MaxNorm | max_norm {
        /// The largest norm.
        max_value: f64 = "2",
        /// The axis over which norms are taken.
        axis: Axis = "0",
    }

    /// Negative values become 0.
    ///
    /// Keras: [`NonNeg`](https://keras.io/api/layers/weight_constraints/)
    "`NonNeg()`"
    NonNeg | non_neg {}

    /// Vectors along an axis are brought to norm 1.
    ///
    /// Keras: [`UnitNorm`](https://keras.io/api/layers/weight_constraints/)
    "`UnitNorm(axis = 0)`"
    UnitNorm | unit_norm {
        /// The axis over which norms are taken.
        axis: Axis = "0",
    }

    /// Vectors along an axis are brought towards norms between `min_value` and `max_value`.
    ///
    /// Keras: [`MinMaxNorm`](https://keras.io/api/layers/weight_constraints/)
    "`MinMaxNorm(min_value = 0, max_value = 1, rate = 1, axis = 0)`"
    MinMaxNorm | min_max_norm {
        /// The smallest norm.
        min_value: f64 = "0",
        /// The largest norm.
        max_value: f64 = "1",
        /// How much of the way is gone at each step, from 0 to 1.
        rate: f64 = "1",
        /// The axis over which norms are taken.
        axis: Axis = "0",
    }
}
