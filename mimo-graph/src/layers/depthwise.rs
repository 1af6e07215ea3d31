//! `DepthwiseConv1D` and `DepthwiseConv2D`: convolve every channel with its own kernels.

use crate::activation::Activation;
use crate::args::Bound;
use crate::context::Cx;
use crate::diag::Loc;
use crate::dim::Dim;
use crate::layers::activity_regularization::ActivityRegularization;
use crate::layers::change::Change;
use crate::layers::layer::{
    Effect, Layer, Masks, Operand, Reads, Typed, Weight, WeightOptions, floats, sizes_of, typed_class,
};
use crate::layers::sliding::{Class, Sliding};
use crate::operation::{Call, OpKind};
use crate::shape::{Dtype, Shape};

/// Keras's `DepthwiseConv1D`, `[steps, channels] → [new steps, channels · depth_multiplier]`, and its
/// `DepthwiseConv2D`, `[height, width, channels] → [new height, new width, channels · depth_multiplier]`.
///
/// The output channels of channel `c` begin at `c · depth_multiplier`.
#[derive(Clone, Debug, PartialEq)]
pub struct Depthwise {
    /// Geometry of the windows.
    pub sliding: Sliding,
    /// Number of output channels per input channel.
    pub depth_multiplier: Dim,
    /// The activation at the end of the layer.
    pub activation: Activation,
    /// Whether a bias is added.
    pub use_bias: bool,
    /// The kernel, `[taps…, channels, depth_multiplier]`.
    pub kernel: WeightOptions,
    /// The bias, `[channels · depth_multiplier]`.
    pub bias: WeightOptions,
    /// Penalty on the outputs.
    pub activity_regularizer: Option<ActivityRegularization>,
}

layer! {
    /// A convolution over time of each channel separately.
    ///
    /// `[steps, channels] → [windows, channels · depth_multiplier]`. Weights: `kernel`
    /// `[kernel_size, channels, depth_multiplier]`, `bias` `[channels · depth_multiplier]`.
    ///
    /// Keras: [`DepthwiseConv1D`](https://keras.io/api/layers/convolution_layers/depthwise_convolution1d/)
    "`DepthwiseConv1D(kernel_size, strides = 1, padding = valid, depth_multiplier = 1, data_format = channels_last, dilation_rate = 1, activation = linear, use_bias = true, depthwise_initializer = glorot_uniform, bias_initializer = zeros, depthwise_regularizer = none, bias_regularizer = none, activity_regularizer = none, depthwise_constraint = none, bias_constraint = none, name = none, trainable = true)`"
    DepthwiseConv1D, "let x = Input(shape = [256, 4]);\nlet y: [254, 8] = DepthwiseConv1D(3, depth_multiplier = 2)(x);" => |args, cx| Depthwise::from_args(Class::DepthwiseConv1D, args, cx);

    /// A convolution over an image of each channel separately.
    ///
    /// `[height, width, channels] → [rows, columns, channels · depth_multiplier]`. Weights: `kernel`
    /// `[height, width, channels, depth_multiplier]` of the window, `bias` `[channels · depth_multiplier]`.
    ///
    /// Keras: [`DepthwiseConv2D`](https://keras.io/api/layers/convolution_layers/depthwise_convolution2d/)
    "`DepthwiseConv2D(kernel_size, strides = 1, padding = valid, depth_multiplier = 1, data_format = channels_last, dilation_rate = 1, activation = linear, use_bias = true, depthwise_initializer = glorot_uniform, bias_initializer = zeros, depthwise_regularizer = none, bias_regularizer = none, activity_regularizer = none, depthwise_constraint = none, bias_constraint = none, name = none, trainable = true)`"
    DepthwiseConv2D, "let x = Input(shape = [28, 28, 4]);\nlet y: [26, 26, 8] = DepthwiseConv2D(3, depth_multiplier = 2)(x);" => |args, cx| Depthwise::from_args(Class::DepthwiseConv2D, args, cx);
    takes {
        /// Size of the window.
        kernel_size: Lengths,
        /// Distance between consecutive windows.
        strides: Lengths = "1",
        /// Padding at the edges.
        padding: Padding = "valid",
        /// Number of output channels per input channel.
        depth_multiplier: usize = "1",
        /// Position of the channels: always the last axis.
        data_format: DataFormat = "channels_last",
        /// Distance between the values that a window reads.
        dilation_rate: Lengths = "1",
        /// Activation applied to the result.
        activation: Activation = "linear",
        /// Whether a bias is added.
        use_bias: bool = "true",
        /// Initializer of the depthwise kernel.
        depthwise_initializer: Initializer = "glorot_uniform",
        /// Initializer of the bias.
        bias_initializer: Initializer = "zeros",
        /// Regularization penalty on the depthwise kernel.
        depthwise_regularizer: Regularizer = "none",
        /// Regularization penalty on the bias.
        bias_regularizer: Regularizer = "none",
        /// Regularization penalty on the outputs of the layer, as the mean over the samples of the batch.
        activity_regularizer: Regularizer = "none",
        /// Constraint applied to the depthwise kernel after each optimizer step.
        depthwise_constraint: Constraint = "none",
        /// Constraint applied to the bias after each optimizer step.
        bias_constraint: Constraint = "none",
    }
}

impl Depthwise {
    fn from_args(class: Class, args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let sliding = Sliding::from_args(class, args, cx);
        let depth_multiplier = args.dim("depth_multiplier", cx);
        let activation = args.activation("activation", cx);
        let use_bias = args.boolean("use_bias", cx);
        let rank = class.rank() + 2;
        let kernel = WeightOptions::from_args(args, "depthwise", rank, cx);
        let bias = WeightOptions::from_args(args, "bias", 1, cx);
        let activity_regularizer = ActivityRegularization::of_outputs(args, cx);
        let (sliding, depth_multiplier) = (sliding?, depth_multiplier?);
        let sound = args.sound(&["activation", "depth_multiplier"]);
        sound.then_some(Depthwise {
            sliding,
            depth_multiplier,
            activation,
            use_bias,
            kernel,
            bias,
            activity_regularizer,
        })
    }
}

impl Layer for Depthwise {
    fn class_name(&self) -> &'static str {
        self.sliding.class.name()
    }

    fn reads(&self) -> Reads {
        Reads::Channels
    }

    fn masks(&self) -> Masks {
        Masks::Lose
    }

    fn effect(&self) -> Effect {
        Effect::Learned
    }

    fn head(&self) -> Option<Activation> {
        Some(self.activation)
    }

    fn activity_regularizer(&self) -> Option<ActivityRegularization> {
        self.activity_regularizer
    }

    fn aliases(&self) -> bool {
        false
    }

    fn typed(&self, weights: &[Weight]) -> Option<Typed> {
        // The number of output channels is a product, which a type cannot compute from the others.
        Some(Typed {
            class: typed_class(self.sliding.class.name(), self.use_bias),
            sizes: sizes_of(weights, 0).chain(sizes_of(weights, 1)).cloned().collect(),
        })
    }

    /// The plan creates several operations, or one together with other layers.
    fn operation(&self, _: &mut dyn Call) -> Option<OpKind<Dim>> {
        None
    }

    fn infer(&self, inputs: &[Operand<'_>], call: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let [x] = inputs else { return None };
        if !floats(self.class_name(), x, cx)
            || !self.sliding.has_rank(x, cx)
            || !self.sliding.fits(x, call, cx)
        {
            return None;
        }
        let channels = x.shape.last()?.clone();
        let mut shape = self.sliding.lengths(x, call, cx)?;
        shape.push(channels * self.depth_multiplier.clone());
        Some(vec![(Shape(shape), Dtype::Float)])
    }

    fn weights(&self, inputs: &[&Shape]) -> Vec<Weight> {
        let Some(channels) = inputs.first().and_then(|shape| shape.last()) else {
            return Vec::new();
        };
        let mut shape = self.sliding.kernel_size.clone();
        shape.extend([channels.clone(), self.depth_multiplier.clone()]);
        let kernel = Weight { name: "kernel", shape: Shape(shape), options: self.kernel };
        let given = Shape(vec![channels.clone() * self.depth_multiplier.clone()]);
        let bias = Weight { name: "bias", shape: given, options: self.bias };
        if self.use_bias { vec![kernel, bias] } else { vec![kernel] }
    }

    fn scratch(&self, inputs: &[&Shape], _: &[&Shape]) -> Vec<Shape> {
        inputs.first().map(|shape| self.sliding.padded(shape).to_vec()).unwrap_or_default()
    }

    fn changes(&self, inputs: &[&Shape], wanted: Option<&Shape>) -> Vec<(Self, Change)> {
        let Some(shape) = inputs.first() else { return vec![] };
        let changed = self.sliding.changed(shape, wanted).into_iter();
        changed.map(|(sliding, change)| (Self { sliding, ..self.clone() }, change)).collect()
    }
}
