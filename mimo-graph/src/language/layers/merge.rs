//! Layers that read several tensors.

layers! {
    /// Tensors one behind the other along an axis; the other axes agree.
    ///
    /// `[a], [b] → [a + b]`. As a function: `concatenate([a, b])`.
    ///
    /// Keras: [`Concatenate`](https://keras.io/api/layers/merging_layers/concatenate/)
    "`Concatenate(axis = -1, name = none, trainable = true)`"
    Concatenate | concatenate {
        /// The axis along which they are joined: 1 is the first of a sample, -1 the last.
        axis: Axis = "-1",
    }
    => "let a = Input(shape = [10]);\nlet b = Input(shape = [2]);\nlet y: [12] = concatenate([a, b]);"

    /// The sum of tensors, value by value.
    ///
    /// Shapes are equal, or axes of length 1 are repeated. As a function: `add([a, b])` or `a + b`.
    ///
    /// Keras: [`Add`](https://keras.io/api/layers/merging_layers/add/)
    "`Add(name = none, trainable = true)`"
    Add | add {}
    => "let a = Input(shape = [10]);\nlet b = Input(shape = [10]);\nlet y: [10] = add([a, b]);"

    /// The difference of two tensors, value by value.
    ///
    /// Shapes are equal, or axes of length 1 are repeated. As a function: `subtract([a, b])` or `a - b`.
    ///
    /// Keras: [`Subtract`](https://keras.io/api/layers/merging_layers/subtract/)
    "`Subtract(name = none, trainable = true)`"
    Subtract | subtract {}
    => "let a = Input(shape = [10]);\nlet b = Input(shape = [10]);\nlet y: [10] = subtract([a, b]);"

    /// The product of tensors, value by value.
    ///
    /// Shapes are equal, or axes of length 1 are repeated. As a function: `multiply([a, b])` or `a * b`.
    ///
    /// Keras: [`Multiply`](https://keras.io/api/layers/merging_layers/multiply/)
    "`Multiply(name = none, trainable = true)`"
    Multiply | multiply {}
    => "let a = Input(shape = [10]);\nlet b = Input(shape = [10]);\nlet y: [10] = multiply([a, b]);"

    /// The mean of tensors, value by value.
    ///
    /// Shapes are equal, or axes of length 1 are repeated. As a function: `average([a, b])`.
    ///
    /// Keras: [`Average`](https://keras.io/api/layers/merging_layers/average/)
    "`Average(name = none, trainable = true)`"
    Average | average {}
    => "let a = Input(shape = [10]);\nlet b = Input(shape = [10]);\nlet y: [10] = average([a, b]);"

    /// The larger of the values of tensors.
    ///
    /// Shapes are equal, or axes of length 1 are repeated. As a function: `maximum([a, b])`.
    ///
    /// Keras: [`Maximum`](https://keras.io/api/layers/merging_layers/maximum/)
    "`Maximum(name = none, trainable = true)`"
    Maximum | maximum {}
    => "let a = Input(shape = [10]);\nlet b = Input(shape = [10]);\nlet y: [10] = maximum([a, b]);"

    /// The smaller of the values of tensors.
    ///
    /// Shapes are equal, or axes of length 1 are repeated. As a function: `minimum([a, b])`.
    ///
    /// Keras: [`Minimum`](https://keras.io/api/layers/merging_layers/minimum/)
    "`Minimum(name = none, trainable = true)`"
    Minimum | minimum {}
    => "let a = Input(shape = [10]);\nlet b = Input(shape = [10]);\nlet y: [10] = minimum([a, b]);"

    /// The sum of the products of two tensors over one axis of each.
    ///
    /// `[n], [n] → [1]`, and with `axes = 2` `[a, n], [b, n] → [a, b]`. As a function: `dot([a, b], axes = 1)`.
    ///
    /// Keras: [`Dot`](https://keras.io/api/layers/merging_layers/dot/)
    "`Dot(axes, normalize = false, name = none, trainable = true)`"
    Dot | dot {
        /// The axis of each tensor over which the products are summed: one number for both, or two.
        axes: Axes,
        /// Whether the vectors are brought to length 1 first, which makes the result their cosine.
        normalize: bool = "false",
    }
    => "let a = Input(shape = [10]);\nlet b = Input(shape = [10]);\nlet y: [1] = dot([a, b], axes = 1);"
}
