//! `SeparableConv1D` and `SeparableConv2D`: a depthwise convolution followed by a pointwise one.

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

/// Keras's `SeparableConv1D`, `[steps, channels] → [new steps, filters]`, and its `SeparableConv2D`, `[height, width,
/// channels] → [new height, new width, filters]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Separable {
    /// Geometry of the depthwise windows.
    pub sliding: Sliding,
    /// Number of output channels.
    pub filters: Dim,
    /// Number of intermediate channels per input channel.
    pub depth_multiplier: Dim,
    /// The activation at the end of the layer.
    pub activation: Activation,
    /// Whether a bias is added.
    pub use_bias: bool,
    /// The depthwise kernel, `[taps…, channels, depth_multiplier]`.
    pub depthwise: WeightOptions,
    /// The pointwise kernel, `[1…, channels · depth_multiplier, filters]`.
    pub pointwise: WeightOptions,
    /// The bias, `[filters]`.
    pub bias: WeightOptions,
    /// Penalty on the outputs.
    pub activity_regularizer: Option<ActivityRegularization>,
}

layer! {
    /// A convolution over time of each channel separately, followed by a product over the channels.
    ///
    /// `[steps, channels] → [windows, filters]`. Weights: `depthwise_kernel`, `pointwise_kernel`, `bias`.
    ///
    /// Keras: [`SeparableConv1D`](https://keras.io/api/layers/convolution_layers/separable_convolution1d/)
    "`SeparableConv1D(filters, kernel_size, strides = 1, padding = valid, data_format = channels_last, dilation_rate = 1, depth_multiplier = 1, activation = linear, use_bias = true, depthwise_initializer = glorot_uniform, pointwise_initializer = glorot_uniform, bias_initializer = zeros, depthwise_regularizer = none, pointwise_regularizer = none, bias_regularizer = none, activity_regularizer = none, depthwise_constraint = none, pointwise_constraint = none, bias_constraint = none, name = none, trainable = true)`"
    SeparableConv1D, "let x = Input(shape = [256, 4]);\nlet y: [254, 32] = SeparableConv1D(32, 3)(x);" => |args, cx| Separable::from_args(Class::SeparableConv1D, args, cx);

    /// A convolution over an image of each channel separately, followed by a product over the channels.
    ///
    /// `[height, width, channels] → [rows, columns, filters]`. Weights: `depthwise_kernel`, `pointwise_kernel`,
    /// `bias`.
    ///
    /// Keras: [`SeparableConv2D`](https://keras.io/api/layers/convolution_layers/separable_convolution2d/)
    "`SeparableConv2D(filters, kernel_size, strides = 1, padding = valid, data_format = channels_last, dilation_rate = 1, depth_multiplier = 1, activation = linear, use_bias = true, depthwise_initializer = glorot_uniform, pointwise_initializer = glorot_uniform, bias_initializer = zeros, depthwise_regularizer = none, pointwise_regularizer = none, bias_regularizer = none, activity_regularizer = none, depthwise_constraint = none, pointwise_constraint = none, bias_constraint = none, name = none, trainable = true)`"
    SeparableConv2D, "let x = Input(shape = [28, 28, 4]);\nlet y: [26, 26, 32] = SeparableConv2D(32, 3)(x);" => |args, cx| Separable::from_args(Class::SeparableConv2D, args, cx);
    takes {
        /// Number of output channels: the length of the last axis.
        filters: usize,
        /// Size of the window.
        kernel_size: Lengths,
        /// Distance between consecutive windows.
        strides: Lengths = "1",
        /// Padding at the edges.
        padding: Padding = "valid",
        /// Position of the channels: always the last axis.
        data_format: DataFormat = "channels_last",
        /// Distance between the values that a window reads.
        dilation_rate: Lengths = "1",
        /// Number of output channels per input channel.
        depth_multiplier: usize = "1",
        /// Activation applied to the result.
        activation: Activation = "linear",
        /// Whether a bias is added.
        use_bias: bool = "true",
        /// Initializer of the depthwise kernel.
        depthwise_initializer: Initializer = "glorot_uniform",
        /// Initializer of the pointwise kernel.
        pointwise_initializer: Initializer = "glorot_uniform",
        /// Initializer of the bias.
        bias_initializer: Initializer = "zeros",
        /// Regularization penalty on the depthwise kernel.
        depthwise_regularizer: Regularizer = "none",
        /// Regularization penalty on the pointwise kernel.
        pointwise_regularizer: Regularizer = "none",
        /// Regularization penalty on the bias.
        bias_regularizer: Regularizer = "none",
        /// Regularization penalty on the outputs of the layer, as the mean over the samples of the batch.
        activity_regularizer: Regularizer = "none",
        /// Constraint applied to the depthwise kernel after each optimizer step.
        depthwise_constraint: Constraint = "none",
        /// Constraint applied to the pointwise kernel after each optimizer step.
        pointwise_constraint: Constraint = "none",
        /// Constraint applied to the bias after each optimizer step.
        bias_constraint: Constraint = "none",
    }
}

impl Separable {
    fn from_args(class: Class, args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let filters = args.dim("filters", cx);
        let sliding = Sliding::from_args(class, args, cx);
        let depth_multiplier = args.dim("depth_multiplier", cx);
        let activation = args.activation("activation", cx);
        let use_bias = args.boolean("use_bias", cx);
        let rank = class.rank() + 2;
        let [depthwise, pointwise] =
            ["depthwise", "pointwise"].map(|weight| WeightOptions::from_args(args, weight, rank, cx));
        let bias = WeightOptions::from_args(args, "bias", 1, cx);
        let activity_regularizer = ActivityRegularization::of_outputs(args, cx);
        let (filters, sliding, depth_multiplier) = (filters?, sliding?, depth_multiplier?);
        args.sound(&["activation", "depth_multiplier"]).then_some(Separable {
            sliding,
            filters,
            depth_multiplier,
            activation,
            use_bias,
            depthwise,
            pointwise,
            bias,
            activity_regularizer,
        })
    }
}

impl Layer for Separable {
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
        // The number of intermediate channels is a product, which a type cannot compute from the others.
        Some(Typed {
            class: typed_class(self.sliding.class.name(), self.use_bias),
            sizes: sizes_of(weights, 0)
                .chain(sizes_of(weights, 1).skip(self.sliding.class.rank()))
                .cloned()
                .collect(),
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
        let mut shape = self.sliding.lengths(x, call, cx)?;
        shape.push(self.filters.clone());
        Some(vec![(Shape(shape), Dtype::Float)])
    }

    fn weights(&self, inputs: &[&Shape]) -> Vec<Weight> {
        let Some(channels) = inputs.first().and_then(|shape| shape.last()) else {
            return Vec::new();
        };
        let kernel_size = self.sliding.kernel_size.clone();
        let ones = vec![Dim::Known(1); kernel_size.len()];
        let shape = |mut taps: Vec<Dim>, from: Dim, to: &Dim| {
            taps.extend([from, to.clone()]);
            Shape(taps)
        };
        let between = channels.clone() * self.depth_multiplier.clone();
        let mut weights = vec![
            Weight {
                name: "depthwise_kernel",
                shape: shape(kernel_size, channels.clone(), &self.depth_multiplier),
                options: self.depthwise,
            },
            Weight {
                name: "pointwise_kernel",
                shape: shape(ones, between, &self.filters),
                options: self.pointwise,
            },
        ];
        if self.use_bias {
            let shape = Shape(vec![self.filters.clone()]);
            weights.push(Weight { name: "bias", shape, options: self.bias });
        }
        weights
    }

    fn scratch(&self, inputs: &[&Shape], _: &[&Shape]) -> Vec<Shape> {
        inputs.first().map(|shape| self.sliding.padded(shape).to_vec()).unwrap_or_default()
    }

    fn changes(&self, inputs: &[&Shape], wanted: Option<&Shape>) -> Vec<(Self, Change)> {
        let Some(shape) = inputs.first() else { return vec![] };
        let slid = self.sliding.changed(shape, wanted).into_iter();
        let slid = slid.map(|(sliding, change)| (Self { sliding, ..self.clone() }, change));
        let wider = wanted.and_then(|wanted| {
            let filters = wanted.last()?.known()?;
            let layer = Self { filters: Dim::Known(filters), ..self.clone() };
            Some((layer, Change::Setting("filters", filters.into())))
        });
        slid.chain(wider).collect()
    }
}
