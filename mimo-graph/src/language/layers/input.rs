//! Where data comes in.

items! {
    /// Where data comes in: the shape of one sample, without the batch axis. Any batch size works.
    ///
    /// Keras: [`Input`](https://keras.io/api/layers/core_layers/input/)
    "`Input(shape, dtype = float32, name = none)`"
    Input {
        /// The shape of one sample, as in `[256, 1]`; `[]` is one number.
        shape: Lengths,
        /// What it holds: floats, or whole numbers for an `Embedding`.
        dtype: ElementType = "float32",
        /// What the input is called, instead of its binding.
        name: Name = "none",
    }
    => "let ecg = Input(shape = [256, 1]);"
}
