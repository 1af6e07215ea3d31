//! Losses: what `.compile(loss = …)` takes. `t` are targets, `p` predictions; each is the mean over the samples of the
//! batch, and over positions. `none` leaves an output untrained.

items! {
    /// Mean of `(t − p)²`.
    ///
    /// Keras: [`mse`](https://keras.io/api/losses/regression_losses/)
    "`mse()`"
    mse | mean_squared_error | MSE | MeanSquaredError {}

    /// Mean of `|t − p|`.
    ///
    /// Keras: [`mae`](https://keras.io/api/losses/regression_losses/)
    "`mae()`"
    mae | mean_absolute_error | MAE | MeanAbsoluteError {}

    /// Mean of `100 · |t − p| / |t|`, with `|t|` at least a small number.
    ///
    /// Keras: [`mape`](https://keras.io/api/losses/regression_losses/)
    "`mape()`"
    mape | mean_absolute_percentage_error | MAPE | MeanAbsolutePercentageError {}

    /// Mean of `(ln(p + 1) − ln(t + 1))²`.
    ///
    /// Keras: [`msle`](https://keras.io/api/losses/regression_losses/)
    "`msle()`"
    msle | mean_squared_logarithmic_error | MSLE | MeanSquaredLogarithmicError {}

    /// Quadratic for errors up to `delta`, linear beyond.
    ///
    /// Keras: [`huber`](https://keras.io/api/losses/regression_losses/)
    "`huber(delta = 1)`"
    huber | Huber {
        /// The error up to which the loss is quadratic.
        delta: f64 = "1",
    }

    /// Mean of `ln cosh(p − t)`.
    ///
    /// Keras: [`log_cosh`](https://keras.io/api/losses/regression_losses/)
    "`log_cosh()`"
    log_cosh | logcosh | LogCosh {}

    /// For `sigmoid` heads: minus the logarithm of the probability that is given to the truth, for each value by
    /// itself.
    ///
    /// Keras: [`binary_crossentropy`](https://keras.io/api/losses/probabilistic_losses/)
    "`binary_crossentropy(from_logits = false, label_smoothing = 0)`"
    binary_crossentropy | BinaryCrossentropy | bce | BCE {
        /// Whether predictions are logits, that is, no activation was applied.
        from_logits: bool = "false",
        /// How far labels are moved towards the uniform distribution, at least 0 and below 1.
        label_smoothing: f64 = "0",
    }

    /// For `softmax` heads: minus the logarithm of the probability that is given to the true class. Targets are
    /// one-hot, or probabilities.
    ///
    /// Keras: [`categorical_crossentropy`](https://keras.io/api/losses/probabilistic_losses/)
    "`categorical_crossentropy(from_logits = false, label_smoothing = 0)`"
    categorical_crossentropy | CategoricalCrossentropy {
        /// Whether predictions are logits, that is, no activation was applied.
        from_logits: bool = "false",
        /// How far labels are moved towards the uniform distribution, at least 0 and below 1.
        label_smoothing: f64 = "0",
    }

    /// For `softmax` heads: minus the logarithm of the probability that is given to the true class. Targets are class
    /// indices.
    ///
    /// Keras: [`sparse_categorical_crossentropy`](https://keras.io/api/losses/probabilistic_losses/)
    "`sparse_categorical_crossentropy(from_logits = false, ignore_class = none)`"
    sparse_categorical_crossentropy | SparseCategoricalCrossentropy {
        /// Whether predictions are logits, that is, no activation was applied.
        from_logits: bool = "false",
        /// A class index whose rows, or positions, count nothing.
        ignore_class: usize = "none",
    }

    /// The cross-entropy that fits the head.
    "`crossentropy()`"
    crossentropy | ce {}

    /// Sum of `t · ln(t / p)` over the last axis.
    ///
    /// Keras: [`kl_divergence`](https://keras.io/api/losses/probabilistic_losses/)
    "`kl_divergence()`"
    kl_divergence | kld | KLD | KLDivergence {}

    /// Mean of `p − t · ln p`.
    ///
    /// Keras: [`poisson`](https://keras.io/api/losses/probabilistic_losses/)
    "`poisson()`"
    poisson | Poisson {}

    /// Minus the cosine of the angle between target and prediction: −1 is best.
    ///
    /// Keras: [`cosine_similarity`](https://keras.io/api/losses/regression_losses/)
    "`cosine_similarity()`"
    cosine_similarity | CosineSimilarity {}

    /// Mean of `max(1 − t · p, 0)`, for labels −1 and 1.
    ///
    /// Keras: [`hinge`](https://keras.io/api/losses/hinge_losses/)
    "`hinge()`"
    hinge | Hinge {}

    /// Mean of `max(1 − t · p, 0)²`, for labels −1 and 1.
    ///
    /// Keras: [`squared_hinge`](https://keras.io/api/losses/hinge_losses/)
    "`squared_hinge()`"
    squared_hinge | SquaredHinge {}

    /// `max(largest wrong − right + 1, 0)`, for one-hot targets.
    ///
    /// Keras: [`categorical_hinge`](https://keras.io/api/losses/hinge_losses/)
    "`categorical_hinge()`"
    categorical_hinge | CategoricalHinge {}

    /// A loss that you write in tensor operations and pass to the trainer: `Trainer::set_loss`, `Trainer::add_loss`.
    "`custom(targets = true)`"
    custom {
        /// Whether the output has targets, in its shape.
        targets: bool = "true",
    }
}
