//! Layers that change shapes.

layers! {
    /// All values of a sample in one axis.
    ///
    /// `[a, b, …] → [a · b · …]`
    ///
    /// Keras: [`Flatten`](https://keras.io/api/layers/reshaping_layers/flatten/)
    "`Flatten(name = none, trainable = true)`"
    Flatten {}
    => "let x = Input(shape = [7, 7, 64]);\nlet y: [3136] = Flatten()(x);"

    /// The values of a sample in another shape; their number stays what it is.
    ///
    /// `[…] → target_shape`
    ///
    /// Keras: [`Reshape`](https://keras.io/api/layers/reshaping_layers/reshape/)
    "`Reshape(target_shape, name = none, trainable = true)`"
    Reshape {
        /// The new shape of a sample; one axis may be -1, and follows from the others.
        target_shape: Lengths,
    }
    => "let x = Input(shape = [12]);\nlet y: [3, 4] = Reshape([3, -1])(x);"

    /// The axes of a sample in another order.
    ///
    /// With `(2, 1)`, `[a, b] → [b, a]`.
    ///
    /// Keras: [`Permute`](https://keras.io/api/layers/reshaping_layers/permute/)
    "`Permute(dims, name = none, trainable = true)`"
    Permute {
        /// The axes of a sample in their new order; the first is 1.
        dims: Axes,
    }
    => "let x = Input(shape = [10, 64]);\nlet y: [64, 10] = Permute((2, 1))(x);"

    /// The same vector several times.
    ///
    /// `[features] → [n, features]`
    ///
    /// Keras: [`RepeatVector`](https://keras.io/api/layers/reshaping_layers/repeat_vector/)
    "`RepeatVector(n, name = none, trainable = true)`"
    RepeatVector {
        /// How often it is repeated.
        n: usize,
    }
    => "let x = Input(shape = [32]);\nlet y: [3, 32] = RepeatVector(3)(x);"

    /// Zeros at the edges of `[steps, channels]`.
    ///
    /// Keras: [`ZeroPadding1D`](https://keras.io/api/layers/reshaping_layers/zero_padding1d/)
    "`ZeroPadding1D(padding = 1, name = none, trainable = true)`"
    ZeroPadding1D {
        /// How many zeros are put at the edges.
        padding: Frame = "1",
    }
    => "let x = Input(shape = [10, 4]);\nlet y: [12, 4] = ZeroPadding1D(1)(x);"

    /// `[steps, channels]` without its edges.
    ///
    /// Keras: [`Cropping1D`](https://keras.io/api/layers/reshaping_layers/cropping1d/)
    "`Cropping1D(cropping = 1, name = none, trainable = true)`"
    Cropping1D {
        /// How much is cut off at the edges.
        cropping: Frame = "1",
    }
    => "let x = Input(shape = [10, 4]);\nlet y: [8, 4] = Cropping1D(1)(x);"

    /// Each value of `[steps, channels]` several times, along each axis but the channels.
    ///
    /// Keras: [`UpSampling1D`](https://keras.io/api/layers/reshaping_layers/up_sampling1d/)
    "`UpSampling1D(size = 2, name = none, trainable = true)`"
    UpSampling1D {
        /// How often each value is repeated along an axis.
        size: Lengths = "2",
    }
    => "let x = Input(shape = [10, 4]);\nlet y: [20, 4] = UpSampling1D(2)(x);"

    /// Zeros at the edges of `[height, width, channels]`.
    ///
    /// Keras: [`ZeroPadding2D`](https://keras.io/api/layers/reshaping_layers/zero_padding2d/)
    "`ZeroPadding2D(padding = 1, name = none, trainable = true)`"
    ZeroPadding2D {
        /// How many zeros are put at the edges.
        padding: Frame = "1",
    }
    => "let x = Input(shape = [10, 10, 4]);\nlet y: [12, 12, 4] = ZeroPadding2D(1)(x);"

    /// `[height, width, channels]` without its edges.
    ///
    /// Keras: [`Cropping2D`](https://keras.io/api/layers/reshaping_layers/cropping2d/)
    "`Cropping2D(cropping = 0, name = none, trainable = true)`"
    Cropping2D {
        /// How much is cut off at the edges.
        cropping: Frame = "0",
    }
    => "let x = Input(shape = [10, 10, 4]);\nlet y: [8, 8, 4] = Cropping2D(1)(x);"

    /// Each value of `[height, width, channels]` several times, along each axis but the channels.
    ///
    /// Keras: [`UpSampling2D`](https://keras.io/api/layers/reshaping_layers/up_sampling2d/)
    "`UpSampling2D(size = 2, interpolation = nearest, name = none, trainable = true)`"
    UpSampling2D {
        /// How often each value is repeated along an axis.
        size: Lengths = "2",
        /// What the new pixels are.
        interpolation: Interpolation = "nearest",
    }
    => "let x = Input(shape = [10, 10, 4]);\nlet y: [20, 20, 4] = UpSampling2D(2)(x);"
}
