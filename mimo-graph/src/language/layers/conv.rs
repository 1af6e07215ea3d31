//! Convolutions and their transposes.

layers! {
    /// A convolution over time: each step of the result is a weighted sum over a window of steps.
    ///
    /// `[steps, channels] → [windows, filters]`. Weights: `kernel` `[kernel_size, channels / groups, filters]`,
    /// `bias` `[filters]`.
    ///
    /// Keras: [`Conv1D`](https://keras.io/api/layers/convolution_layers/convolution1d/)
    "`Conv1D(filters, kernel_size, strides = 1, padding = valid, data_format = channels_last, dilation_rate = 1, groups = 1, activation = linear, use_bias = true, kernel_initializer = glorot_uniform, bias_initializer = zeros, kernel_regularizer = none, bias_regularizer = none, kernel_constraint = none, bias_constraint = none, name = none, trainable = true)`"
    Conv1D {
        /// Channels that are given: the length of the last axis.
        filters: usize,
        /// The lengths of the window that is moved over the input.
        kernel_size: Lengths,
        /// By how much the window moves.
        strides: Lengths = "1",
        /// What happens at the edges.
        padding: Padding = "valid",
        /// Where the channels are: always the last axis.
        data_format: DataFormat = "channels_last",
        /// How far apart the values are that a window reads.
        dilation_rate: Lengths = "1",
        /// Into how many groups the channels are cut; each group of outputs reads one group of inputs.
        groups: usize = "1",
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
    => "let x = Input(shape = [256, 1]);\nlet y: [254, 32] = Conv1D(32, 3, activation = relu)(x);"

    /// A convolution over an image: each pixel of the result is a weighted sum over a window of pixels.
    ///
    /// `[height, width, channels] → [rows, columns, filters]`. Weights: `kernel`
    /// `[height, width, channels / groups, filters]` of the window, `bias` `[filters]`.
    ///
    /// Keras: [`Conv2D`](https://keras.io/api/layers/convolution_layers/convolution2d/)
    "`Conv2D(filters, kernel_size, strides = 1, padding = valid, data_format = channels_last, dilation_rate = 1, groups = 1, activation = linear, use_bias = true, kernel_initializer = glorot_uniform, bias_initializer = zeros, kernel_regularizer = none, bias_regularizer = none, kernel_constraint = none, bias_constraint = none, name = none, trainable = true)`"
    Conv2D {
        /// Channels that are given: the length of the last axis.
        filters: usize,
        /// The lengths of the window that is moved over the input.
        kernel_size: Lengths,
        /// By how much the window moves.
        strides: Lengths = "1",
        /// What happens at the edges.
        padding: Padding = "valid",
        /// Where the channels are: always the last axis.
        data_format: DataFormat = "channels_last",
        /// How far apart the values are that a window reads.
        dilation_rate: Lengths = "1",
        /// Into how many groups the channels are cut; each group of outputs reads one group of inputs.
        groups: usize = "1",
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
    => "let x = Input(shape = [28, 28, 1]);\nlet y: [26, 26, 32] = Conv2D(32, 3, activation = relu)(x);"

    /// The transpose of a convolution over time: each step of the input is spread over a window of the result.
    ///
    /// `[steps, channels] → [more steps, filters]`. Weights: `kernel` `[kernel_size, filters, channels]`, `bias`
    /// `[filters]`.
    ///
    /// Keras: [`Conv1DTranspose`](https://keras.io/api/layers/convolution_layers/convolution1d_transpose/)
    "`Conv1DTranspose(filters, kernel_size, strides = 1, padding = valid, output_padding = none, data_format = channels_last, dilation_rate = 1, activation = linear, use_bias = true, kernel_initializer = glorot_uniform, bias_initializer = zeros, kernel_regularizer = none, bias_regularizer = none, kernel_constraint = none, bias_constraint = none, name = none, trainable = true)`"
    Conv1DTranspose {
        /// Channels that are given: the length of the last axis.
        filters: usize,
        /// The lengths of the window that is moved over the input.
        kernel_size: Lengths,
        /// By how much the window moves.
        strides: Lengths = "1",
        /// What happens at the edges.
        padding: Padding = "valid",
        /// Rows and columns added at one side of what is given, to choose among the lengths that fit.
        output_padding: Lengths = "none",
        /// Where the channels are: always the last axis.
        data_format: DataFormat = "channels_last",
        /// How far apart the values are that a window reads.
        dilation_rate: Lengths = "1",
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
    => "let x = Input(shape = [64, 8]);\nlet y: [128, 16] = Conv1DTranspose(16, 3, strides = 2, padding = same)(x);"

    /// The transpose of a convolution over an image: each pixel of the input is spread over a window of the result.
    ///
    /// `[height, width, channels] → [more rows, more columns, filters]`. Weights: `kernel`
    /// `[height, width, filters, channels]` of the window, `bias` `[filters]`.
    ///
    /// Keras: [`Conv2DTranspose`](https://keras.io/api/layers/convolution_layers/convolution2d_transpose/)
    "`Conv2DTranspose(filters, kernel_size, strides = 1, padding = valid, output_padding = none, data_format = channels_last, dilation_rate = 1, activation = linear, use_bias = true, kernel_initializer = glorot_uniform, bias_initializer = zeros, kernel_regularizer = none, bias_regularizer = none, kernel_constraint = none, bias_constraint = none, name = none, trainable = true)`"
    Conv2DTranspose {
        /// Channels that are given: the length of the last axis.
        filters: usize,
        /// The lengths of the window that is moved over the input.
        kernel_size: Lengths,
        /// By how much the window moves.
        strides: Lengths = "1",
        /// What happens at the edges.
        padding: Padding = "valid",
        /// Rows and columns added at one side of what is given, to choose among the lengths that fit.
        output_padding: Lengths = "none",
        /// Where the channels are: always the last axis.
        data_format: DataFormat = "channels_last",
        /// How far apart the values are that a window reads.
        dilation_rate: Lengths = "1",
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
    => "let x = Input(shape = [14, 14, 8]);\nlet y: [28, 28, 16] = Conv2DTranspose(16, 3, strides = 2, padding = same)(x);"
}
