//! Layers that make one value of many.

layers! {
    /// The largest value of each window of a sequence, channel by channel.
    ///
    /// `[steps, channels] → [windows, channels]`
    ///
    /// Keras: [`MaxPooling1D`](https://keras.io/api/layers/pooling_layers/max_pooling1d/)
    "`MaxPooling1D(pool_size = 2, strides = none, padding = valid, name = none, trainable = true)`"
    MaxPooling1D {
        /// The lengths of the window.
        pool_size: Lengths = "2",
        /// By how much the window moves; `none` is its own length.
        strides: Lengths = "none",
        /// What happens at the edges.
        padding: Padding = "valid",
    }
    => "let x = Input(shape = [254, 32]);\nlet y: [127, 32] = MaxPooling1D(2)(x);"

    /// The largest value of each window of a image, channel by channel.
    ///
    /// `[height, width, channels] → [rows, columns, channels]`
    ///
    /// Keras: [`MaxPooling2D`](https://keras.io/api/layers/pooling_layers/max_pooling2d/)
    "`MaxPooling2D(pool_size = 2, strides = none, padding = valid, name = none, trainable = true)`"
    MaxPooling2D {
        /// The lengths of the window.
        pool_size: Lengths = "2",
        /// By how much the window moves; `none` is its own length.
        strides: Lengths = "none",
        /// What happens at the edges.
        padding: Padding = "valid",
    }
    => "let x = Input(shape = [26, 26, 32]);\nlet y: [13, 13, 32] = MaxPooling2D(2)(x);"

    /// The mean of each window of a sequence, channel by channel.
    ///
    /// `[steps, channels] → [windows, channels]`
    ///
    /// Keras: [`AveragePooling1D`](https://keras.io/api/layers/pooling_layers/average_pooling1d/)
    "`AveragePooling1D(pool_size, strides = none, padding = valid, name = none, trainable = true)`"
    AveragePooling1D {
        /// The lengths of the window.
        pool_size: Lengths,
        /// By how much the window moves; `none` is its own length.
        strides: Lengths = "none",
        /// What happens at the edges.
        padding: Padding = "valid",
    }
    => "let x = Input(shape = [254, 32]);\nlet y: [127, 32] = AveragePooling1D(2)(x);"

    /// The mean of each window of a image, channel by channel.
    ///
    /// `[height, width, channels] → [rows, columns, channels]`
    ///
    /// Keras: [`AveragePooling2D`](https://keras.io/api/layers/pooling_layers/average_pooling2d/)
    "`AveragePooling2D(pool_size, strides = none, padding = valid, name = none, trainable = true)`"
    AveragePooling2D {
        /// The lengths of the window.
        pool_size: Lengths,
        /// By how much the window moves; `none` is its own length.
        strides: Lengths = "none",
        /// What happens at the edges.
        padding: Padding = "valid",
    }
    => "let x = Input(shape = [26, 26, 32]);\nlet y: [13, 13, 32] = AveragePooling2D(2)(x);"

    /// The largest value of each channel over all steps.
    ///
    /// `[steps, channels] → [channels]`
    ///
    /// Keras: [`GlobalMaxPooling1D`](https://keras.io/api/layers/pooling_layers/global_max_pooling1d/)
    "`GlobalMaxPooling1D(keepdims = false, name = none, trainable = true)`"
    GlobalMaxPooling1D {
        /// Whether the axes that are pooled over stay, with length 1.
        keepdims: bool = "false",
    }
    => "let x = Input(shape = [254, 32]);\nlet y: [32] = GlobalMaxPooling1D()(x);"

    /// The largest value of each channel over all pixels.
    ///
    /// `[height, width, channels] → [channels]`
    ///
    /// Keras: [`GlobalMaxPooling2D`](https://keras.io/api/layers/pooling_layers/global_max_pooling2d/)
    "`GlobalMaxPooling2D(keepdims = false, name = none, trainable = true)`"
    GlobalMaxPooling2D {
        /// Whether the axes that are pooled over stay, with length 1.
        keepdims: bool = "false",
    }
    => "let x = Input(shape = [26, 26, 32]);\nlet y: [32] = GlobalMaxPooling2D()(x);"

    /// The mean of each channel over all steps.
    ///
    /// `[steps, channels] → [channels]`
    ///
    /// Keras: [`GlobalAveragePooling1D`](https://keras.io/api/layers/pooling_layers/global_average_pooling1d/)
    "`GlobalAveragePooling1D(keepdims = false, name = none, trainable = true)`"
    GlobalAveragePooling1D {
        /// Whether the axes that are pooled over stay, with length 1.
        keepdims: bool = "false",
    }
    => "let x = Input(shape = [254, 32]);\nlet y: [32] = GlobalAveragePooling1D()(x);"

    /// The mean of each channel over all pixels.
    ///
    /// `[height, width, channels] → [channels]`
    ///
    /// Keras: [`GlobalAveragePooling2D`](https://keras.io/api/layers/pooling_layers/global_average_pooling2d/)
    "`GlobalAveragePooling2D(keepdims = false, name = none, trainable = true)`"
    GlobalAveragePooling2D {
        /// Whether the axes that are pooled over stay, with length 1.
        keepdims: bool = "false",
    }
    => "let x = Input(shape = [26, 26, 32]);\nlet y: [32] = GlobalAveragePooling2D()(x);"
}
