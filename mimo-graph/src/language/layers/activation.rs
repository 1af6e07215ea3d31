//! Activations as layers.

layers! {
    /// An activation as a layer of its own.
    ///
    /// The shape stays what it is.
    ///
    /// Keras: [`Activation`](https://keras.io/api/layers/core_layers/activation/)
    "`Activation(activation, name = none, trainable = true)`"
    Activation {
        /// The function.
        activation: Activation,
    }
    => "let x = Input(shape = [8]);\nlet y: [8] = Activation(tanh)(x);"

    /// `max(x, 0)` as a layer.
    ///
    /// The shape stays what it is.
    ///
    /// Keras: [`ReLU`](https://keras.io/api/layers/activation_layers/relu/)
    "`ReLU(max_value = none, negative_slope = 0, threshold = 0, name = none, trainable = true)`"
    ReLU {
        /// Where the function ends: 6, or `none`.
        max_value: f64 = "none",
        /// The slope for negative values.
        negative_slope: f64 = "0",
        /// Only 0.
        threshold: f64 = "0",
    }
    => "let x = Input(shape = [8]);\nlet y: [8] = ReLU()(x);"

    /// `x` where it is positive, `negative_slope · x` elsewhere, as a layer.
    ///
    /// The shape stays what it is.
    ///
    /// Keras: [`LeakyReLU`](https://keras.io/api/layers/activation_layers/leaky_relu/)
    "`LeakyReLU(negative_slope = 0.3, name = none, trainable = true)`"
    LeakyReLU {
        /// The slope for negative values.
        negative_slope: f64 = "0.3",
    }
    => "let x = Input(shape = [8]);\nlet y: [8] = LeakyReLU()(x);"

    /// `x` where it is positive, `alpha · (eˣ − 1)` elsewhere, as a layer.
    ///
    /// The shape stays what it is.
    ///
    /// Keras: [`ELU`](https://keras.io/api/layers/activation_layers/elu/)
    "`ELU(alpha = 1, name = none, trainable = true)`"
    ELU {
        /// The scale for negative values.
        alpha: f64 = "1",
    }
    => "let x = Input(shape = [8]);\nlet y: [8] = ELU()(x);"

    /// `eˣ / Σ eˣ` over the last axis, as a layer.
    ///
    /// The shape stays what it is.
    ///
    /// Keras: [`Softmax`](https://keras.io/api/layers/activation_layers/softmax/)
    "`Softmax(axis = -1, name = none, trainable = true)`"
    Softmax {
        /// The axis over which it runs: only the last.
        axis: Axis = "-1",
    }
    => "let x = Input(shape = [8]);\nlet y: [8] = Softmax()(x);"
}
