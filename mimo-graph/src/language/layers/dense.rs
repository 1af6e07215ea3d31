//! Layers that hold a matrix.

layers! {
    /// A product with a matrix over the last axis: `activation(x · kernel + bias)`.
    ///
    /// `[…, inputs] → […, units]`. Weights: `kernel` `[inputs, units]`, `bias` `[units]`.
    ///
    /// Keras: [`Dense`](https://keras.io/api/layers/core_layers/dense/)
    "`Dense(units, activation = linear, use_bias = true, kernel_initializer = glorot_uniform, bias_initializer = zeros, kernel_regularizer = none, bias_regularizer = none, kernel_constraint = none, bias_constraint = none, name = none, trainable = true)`"
    Dense {
        /// Outputs at each position: the length of the last axis.
        units: usize,
        /// What is applied to the result.
        activation: Activation = "linear",
        /// Whether a bias is added.
        use_bias: bool = "true",
        /// What the kernel starts as.
        kernel_initializer: Initializer = "glorot_uniform",
        /// What the bias starts as.
        bias_initializer: Initializer = "zeros",
        /// What large values in the kernel cost.
        kernel_regularizer: Regularizer = "none",
        /// What large values in the bias cost.
        bias_regularizer: Regularizer = "none",
        /// What the kernel is brought back to after each step.
        kernel_constraint: Constraint = "none",
        /// What the bias is brought back to after each step.
        bias_constraint: Constraint = "none",
    }
    => "let x = Input(shape = [8]);\nlet y: [64] = Dense(64, activation = relu)(x);"

    /// A vector for each whole number, as for words.
    ///
    /// `[…] → […, output_dim]` of whole numbers below `input_dim`. Weights: `embeddings` `[input_dim, output_dim]`.
    ///
    /// Keras: [`Embedding`](https://keras.io/api/layers/core_layers/embedding/)
    "`Embedding(input_dim, output_dim, embeddings_initializer = uniform, embeddings_regularizer = none, embeddings_constraint = none, mask_zero = false, name = none, trainable = true)`"
    Embedding {
        /// Number of whole numbers: the inputs are below it. At most 2^24 = 16777216: whole numbers are passed as `f32`.
        input_dim: usize,
        /// The length of each vector.
        output_dim: usize,
        /// What the vectors start as.
        embeddings_initializer: Initializer = "uniform",
        /// What large values in the vectors cost.
        embeddings_regularizer: Regularizer = "none",
        /// What the vectors are brought back to after each step.
        embeddings_constraint: Constraint = "none",
        /// Only `false`: padding is read as a word of its own.
        mask_zero: bool = "false",
    }
    => "let words = Input(shape = [20], dtype = \"int32\");\nlet y: [20, 64] = Embedding(10000, 64)(words);"
}
