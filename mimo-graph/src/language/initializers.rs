//! Initializers: what weights start as, as in `kernel_initializer = HeNormal(seed = 1)` or `"he_normal"`.

items! {
    /// All zeros.
    ///
    /// Keras: [`Zeros`](https://keras.io/api/layers/initializers/)
    "`Zeros()`"
    Zeros | zeros | zero {}

    /// All ones.
    ///
    /// Keras: [`Ones`](https://keras.io/api/layers/initializers/)
    "`Ones()`"
    Ones | ones | one {}

    /// One value everywhere.
    ///
    /// Keras: [`Constant`](https://keras.io/api/layers/initializers/)
    "`Constant(value = 0)`"
    Constant | constant {
        /// The value.
        value: f64 = "0",
    }

    /// The identity matrix, times `gain`.
    ///
    /// Keras: [`Identity`](https://keras.io/api/layers/initializers/)
    "`Identity(gain = 1)`"
    Identity | identity | IdentityInitializer {
        /// What it is multiplied by.
        gain: f64 = "1",
    }

    /// Normally distributed values.
    ///
    /// Keras: [`RandomNormal`](https://keras.io/api/layers/initializers/)
    "`RandomNormal(mean = 0, stddev = 0.05, seed = none)`"
    RandomNormal | random_normal | normal {
        /// The mean.
        mean: f64 = "0",
        /// The standard deviation.
        stddev: f64 = "0.05",
        /// Where the random numbers of this item start; without it they follow from the seed of the model or trainer.
        seed: usize = "none",
    }

    /// Normally distributed values, drawn again beyond two standard deviations.
    ///
    /// Keras: [`TruncatedNormal`](https://keras.io/api/layers/initializers/)
    "`TruncatedNormal(mean = 0, stddev = 0.05, seed = none)`"
    TruncatedNormal | truncated_normal {
        /// The mean.
        mean: f64 = "0",
        /// The standard deviation.
        stddev: f64 = "0.05",
        /// Where the random numbers of this item start; without it they follow from the seed of the model or trainer.
        seed: usize = "none",
    }

    /// Uniformly distributed values.
    ///
    /// Keras: [`RandomUniform`](https://keras.io/api/layers/initializers/)
    "`RandomUniform(minval = -0.05, maxval = 0.05, seed = none)`"
    RandomUniform | random_uniform | uniform {
        /// The smallest value.
        minval: f64 = "-0.05",
        /// The largest value.
        maxval: f64 = "0.05",
        /// Where the random numbers of this item start; without it they follow from the seed of the model or trainer.
        seed: usize = "none",
    }

    /// Random values whose variance is `scale` over the number that `mode` names.
    ///
    /// Keras: [`VarianceScaling`](https://keras.io/api/layers/initializers/)
    "`VarianceScaling(scale = 1, mode = fan_in, distribution = truncated_normal, seed = none)`"
    VarianceScaling | variance_scaling {
        /// What the variance is multiplied by.
        scale: f64 = "1",
        /// Which number the variance is divided by.
        mode: Fan = "fan_in",
        /// What is drawn from.
        distribution: Distribution = "truncated_normal",
        /// Where the random numbers of this item start; without it they follow from the seed of the model or trainer.
        seed: usize = "none",
    }

    /// Uniformly distributed values of variance `2 / (inputs + outputs)`; also named after Xavier.
    ///
    /// Keras: [`GlorotUniform`](https://keras.io/api/layers/initializers/)
    "`GlorotUniform(seed = none)`"
    GlorotUniform | glorot_uniform {
        /// Where the random numbers of this item start; without it they follow from the seed of the model or trainer.
        seed: usize = "none",
    }

    /// Truncated normally distributed values of variance `2 / (inputs + outputs)`.
    ///
    /// Keras: [`GlorotNormal`](https://keras.io/api/layers/initializers/)
    "`GlorotNormal(seed = none)`"
    GlorotNormal | glorot_normal {
        /// Where the random numbers of this item start; without it they follow from the seed of the model or trainer.
        seed: usize = "none",
    }

    /// Uniformly distributed values of variance `2 / inputs`: for `relu`.
    ///
    /// Keras: [`HeUniform`](https://keras.io/api/layers/initializers/)
    "`HeUniform(seed = none)`"
    HeUniform | he_uniform {
        /// Where the random numbers of this item start; without it they follow from the seed of the model or trainer.
        seed: usize = "none",
    }

    /// Truncated normally distributed values of variance `2 / inputs`: for `relu`.
    ///
    /// Keras: [`HeNormal`](https://keras.io/api/layers/initializers/)
    "`HeNormal(seed = none)`"
    HeNormal | he_normal {
        /// Where the random numbers of this item start; without it they follow from the seed of the model or trainer.
        seed: usize = "none",
    }

    /// Uniformly distributed values of variance `1 / inputs`.
    ///
    /// Keras: [`LecunUniform`](https://keras.io/api/layers/initializers/)
    "`LecunUniform(seed = none)`"
    LecunUniform | lecun_uniform {
        /// Where the random numbers of this item start; without it they follow from the seed of the model or trainer.
        seed: usize = "none",
    }

    /// Truncated normally distributed values of variance `1 / inputs`: for `selu`.
    ///
    /// Keras: [`LecunNormal`](https://keras.io/api/layers/initializers/)
    "`LecunNormal(seed = none)`"
    LecunNormal | lecun_normal {
        /// Where the random numbers of this item start; without it they follow from the seed of the model or trainer.
        seed: usize = "none",
    }

    /// A random orthogonal matrix, times `gain`.
    ///
    /// Keras: [`Orthogonal`](https://keras.io/api/layers/initializers/)
    "`Orthogonal(gain = 1, seed = none)`"
    Orthogonal | orthogonal | OrthogonalInitializer {
        /// What it is multiplied by.
        gain: f64 = "1",
        /// Where the random numbers of this item start; without it they follow from the seed of the model or trainer.
        seed: usize = "none",
    }
}
