//! Convolutions of each channel by itself.

layers! {
    /// A convolution over time of each channel by itself.
    ///
    /// `[steps, channels] → [windows, channels · depth_multiplier]`. Weights: `kernel`
    /// `[kernel_size, channels, depth_multiplier]`, `bias` `[channels · depth_multiplier]`.
    ///
    /// Keras: [`DepthwiseConv1D`](https://keras.io/api/layers/convolution_layers/depthwise_convolution1d/)
    "`DepthwiseConv1D(kernel_size, strides = 1, padding = valid, depth_multiplier = 1, data_format = channels_last, dilation_rate = 1, activation = linear, use_bias = true, depthwise_initializer = glorot_uniform, bias_initializer = zeros, depthwise_regularizer = none, bias_regularizer = none, depthwise_constraint = none, bias_constraint = none, name = none, trainable = true)`"
    DepthwiseConv1D {
        /// The lengths of the window that is moved over the input.
        kernel_size: Lengths,
        /// By how much the window moves.
        strides: Lengths = "1",
        /// What happens at the edges.
        padding: Padding = "valid",
        /// How many channels each channel of the input becomes.
        depth_multiplier: usize = "1",
        /// Where the channels are: always the last axis.
        data_format: DataFormat = "channels_last",
        /// How far apart the values are that a window reads.
        dilation_rate: Lengths = "1",
        /// What is applied to the result.
        activation: Activation = "linear",
        /// Whether a bias is added.
        use_bias: bool = "true",
        /// What the depthwise kernel starts as.
        depthwise_initializer: Initializer = "glorot_uniform",
        /// What the bias starts as.
        bias_initializer: Initializer = "zeros",
        /// What large values in the depthwise kernel cost.
        depthwise_regularizer: Regularizer = "none",
        /// What large values in the bias cost.
        bias_regularizer: Regularizer = "none",
        /// What the depthwise kernel is brought back to after each step.
        depthwise_constraint: Constraint = "none",
        /// What the bias is brought back to after each step.
        bias_constraint: Constraint = "none",
    }
    => "let x = Input(shape = [256, 4]);\nlet y: [254, 8] = DepthwiseConv1D(3, depth_multiplier = 2)(x);"

    /// A convolution over an image of each channel by itself.
    ///
    /// `[height, width, channels] → [rows, columns, channels · depth_multiplier]`. Weights: `kernel`
    /// `[height, width, channels, depth_multiplier]` of the window, `bias` `[channels · depth_multiplier]`.
    ///
    /// Keras: [`DepthwiseConv2D`](https://keras.io/api/layers/convolution_layers/depthwise_convolution2d/)
    "`DepthwiseConv2D(kernel_size, strides = 1, padding = valid, depth_multiplier = 1, data_format = channels_last, dilation_rate = 1, activation = linear, use_bias = true, depthwise_initializer = glorot_uniform, bias_initializer = zeros, depthwise_regularizer = none, bias_regularizer = none, depthwise_constraint = none, bias_constraint = none, name = none, trainable = true)`"
    DepthwiseConv2D {
        /// The lengths of the window that is moved over the input.
        kernel_size: Lengths,
        /// By how much the window moves.
        strides: Lengths = "1",
        /// What happens at the edges.
        padding: Padding = "valid",
        /// How many channels each channel of the input becomes.
        depth_multiplier: usize = "1",
        /// Where the channels are: always the last axis.
        data_format: DataFormat = "channels_last",
        /// How far apart the values are that a window reads.
        dilation_rate: Lengths = "1",
        /// What is applied to the result.
        activation: Activation = "linear",
        /// Whether a bias is added.
        use_bias: bool = "true",
        /// What the depthwise kernel starts as.
        depthwise_initializer: Initializer = "glorot_uniform",
        /// What the bias starts as.
        bias_initializer: Initializer = "zeros",
        /// What large values in the depthwise kernel cost.
        depthwise_regularizer: Regularizer = "none",
        /// What large values in the bias cost.
        bias_regularizer: Regularizer = "none",
        /// What the depthwise kernel is brought back to after each step.
        depthwise_constraint: Constraint = "none",
        /// What the bias is brought back to after each step.
        bias_constraint: Constraint = "none",
    }
    => "let x = Input(shape = [28, 28, 4]);\nlet y: [26, 26, 8] = DepthwiseConv2D(3, depth_multiplier = 2)(x);"

    /// A convolution over time of each channel by itself, and then a product over the channels.
    ///
    /// `[steps, channels] → [windows, filters]`. Weights: `depthwise_kernel`, `pointwise_kernel`, `bias`.
    ///
    /// Keras: [`SeparableConv1D`](https://keras.io/api/layers/convolution_layers/separable_convolution1d/)
    "`SeparableConv1D(filters, kernel_size, strides = 1, padding = valid, data_format = channels_last, dilation_rate = 1, depth_multiplier = 1, activation = linear, use_bias = true, depthwise_initializer = glorot_uniform, pointwise_initializer = glorot_uniform, bias_initializer = zeros, depthwise_regularizer = none, pointwise_regularizer = none, bias_regularizer = none, depthwise_constraint = none, pointwise_constraint = none, bias_constraint = none, name = none, trainable = true)`"
    SeparableConv1D {
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
        /// How many channels each channel of the input becomes.
        depth_multiplier: usize = "1",
        /// What is applied to the result.
        activation: Activation = "linear",
        /// Whether a bias is added.
        use_bias: bool = "true",
        /// What the depthwise kernel starts as.
        depthwise_initializer: Initializer = "glorot_uniform",
        /// What the pointwise kernel starts as.
        pointwise_initializer: Initializer = "glorot_uniform",
        /// What the bias starts as.
        bias_initializer: Initializer = "zeros",
        /// What large values in the depthwise kernel cost.
        depthwise_regularizer: Regularizer = "none",
        /// What large values in the pointwise kernel cost.
        pointwise_regularizer: Regularizer = "none",
        /// What large values in the bias cost.
        bias_regularizer: Regularizer = "none",
        /// What the depthwise kernel is brought back to after each step.
        depthwise_constraint: Constraint = "none",
        /// What the pointwise kernel is brought back to after each step.
        pointwise_constraint: Constraint = "none",
        /// What the bias is brought back to after each step.
        bias_constraint: Constraint = "none",
    }
    => "let x = Input(shape = [256, 4]);\nlet y: [254, 32] = SeparableConv1D(32, 3)(x);"

    /// A convolution over an image of each channel by itself, and then a product over the channels.
    ///
    /// `[height, width, channels] → [rows, columns, filters]`. Weights: `depthwise_kernel`, `pointwise_kernel`,
    /// `bias`.
    ///
    /// Keras: [`SeparableConv2D`](https://keras.io/api/layers/convolution_layers/separable_convolution2d/)
    "`SeparableConv2D(filters, kernel_size, strides = 1, padding = valid, data_format = channels_last, dilation_rate = 1, depth_multiplier = 1, activation = linear, use_bias = true, depthwise_initializer = glorot_uniform, pointwise_initializer = glorot_uniform, bias_initializer = zeros, depthwise_regularizer = none, pointwise_regularizer = none, bias_regularizer = none, depthwise_constraint = none, pointwise_constraint = none, bias_constraint = none, name = none, trainable = true)`"
    SeparableConv2D {
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
        /// How many channels each channel of the input becomes.
        depth_multiplier: usize = "1",
        /// What is applied to the result.
        activation: Activation = "linear",
        /// Whether a bias is added.
        use_bias: bool = "true",
        /// What the depthwise kernel starts as.
        depthwise_initializer: Initializer = "glorot_uniform",
        /// What the pointwise kernel starts as.
        pointwise_initializer: Initializer = "glorot_uniform",
        /// What the bias starts as.
        bias_initializer: Initializer = "zeros",
        /// What large values in the depthwise kernel cost.
        depthwise_regularizer: Regularizer = "none",
        /// What large values in the pointwise kernel cost.
        pointwise_regularizer: Regularizer = "none",
        /// What large values in the bias cost.
        bias_regularizer: Regularizer = "none",
        /// What the depthwise kernel is brought back to after each step.
        depthwise_constraint: Constraint = "none",
        /// What the pointwise kernel is brought back to after each step.
        pointwise_constraint: Constraint = "none",
        /// What the bias is brought back to after each step.
        bias_constraint: Constraint = "none",
    }
    => "let x = Input(shape = [28, 28, 4]);\nlet y: [26, 26, 32] = SeparableConv2D(32, 3)(x);"
}
