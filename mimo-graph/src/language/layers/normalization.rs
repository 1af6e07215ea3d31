//! Layers that normalize.

layers! {
    /// Brings every channel to mean 0 and variance 1, then scales and shifts it.
    ///
    /// The shape stays what it is. In training, mean and variance are those of the whole batch; evaluation and prediction
    /// use moving averages of them. With `trainable = false` the averages are used in training too, and stay as they are.
    /// Weights: `gamma`, `beta`, `moving_mean`, `moving_variance`.
    ///
    /// Keras: [`BatchNormalization`](https://keras.io/api/layers/normalization_layers/batch_normalization/)
    "`BatchNormalization(axis = -1, momentum = 0.99, epsilon = 0.001, center = true, scale = true, beta_initializer = zeros, gamma_initializer = ones, moving_mean_initializer = zeros, moving_variance_initializer = ones, beta_regularizer = none, gamma_regularizer = none, beta_constraint = none, gamma_constraint = none, name = none, trainable = true)`"
    BatchNormalization {
        /// Axis of the channels, with the batch as axis 0; negative from the end.
        axis: Axis = "-1",
        /// Share of the moving averages that stays at each training step.
        momentum: f64 = "0.99",
        /// Number added to the variance, so that channels of equal values are not divided by zero.
        epsilon: f64 = "0.001",
        /// Whether `beta` is added.
        center: bool = "true",
        /// Whether the result is multiplied by `gamma`.
        scale: bool = "true",
        /// Initial value of `beta`.
        beta_initializer: Initializer = "zeros",
        /// Initial value of `gamma`.
        gamma_initializer: Initializer = "ones",
        /// Initial value of the moving average of the means.
        moving_mean_initializer: Initializer = "zeros",
        /// Initial value of the moving average of the variances.
        moving_variance_initializer: Initializer = "ones",
        /// Regularization penalty on `beta`.
        beta_regularizer: Regularizer = "none",
        /// Regularization penalty on `gamma`.
        gamma_regularizer: Regularizer = "none",
        /// Constraint applied to `beta` after each optimizer step.
        beta_constraint: Constraint = "none",
        /// Constraint applied to `gamma` after each optimizer step.
        gamma_constraint: Constraint = "none",
    }
    => "let x = Input(shape = [28, 28, 8]);\nlet y: [28, 28, 8] = BatchNormalization()(x);"
}
