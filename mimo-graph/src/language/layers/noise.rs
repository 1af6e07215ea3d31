//! Layers that do something while training only.

layers! {
    /// Sets a share of the values to zero while training, and scales the others up so that the sum is expected to
    /// stay.
    ///
    /// The shape stays what it is. Predictions are not changed.
    ///
    /// Keras: [`Dropout`](https://keras.io/api/layers/regularization_layers/dropout/)
    "`Dropout(rate, seed = none, name = none, trainable = true)`"
    Dropout {
        /// Share of the values that is dropped, from 0 to 1.
        rate: f64,
        /// Where the random numbers of this item start; without it they follow from the seed of the model or trainer.
        seed: usize = "none",
    }
    => "let x = Input(shape = [64]);\nlet y: [64] = Dropout(0.5)(x);"

    /// Adds normally distributed noise while training.
    ///
    /// The shape stays what it is. Predictions are not changed.
    ///
    /// Keras: [`GaussianNoise`](https://keras.io/api/layers/regularization_layers/gaussian_noise/)
    "`GaussianNoise(stddev, seed = none, name = none, trainable = true)`"
    GaussianNoise {
        /// Standard deviation of the noise.
        stddev: f64,
        /// Where the random numbers of this item start; without it they follow from the seed of the model or trainer.
        seed: usize = "none",
    }
    => "let x = Input(shape = [64]);\nlet y: [64] = GaussianNoise(0.1)(x);"
}
