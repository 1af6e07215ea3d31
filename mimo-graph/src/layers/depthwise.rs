//! `DepthwiseConv1D` and `DepthwiseConv2D`: every channel has kernels of its own.

use crate::activation::Activation;
use crate::args::{Bound, Signature};
use crate::context::Cx;
use crate::diag::Loc;
use crate::dim::Dim;
use crate::initializer::Initializer;
use crate::layers::change::Change;
use crate::layers::conv::{COMMON, UNSUPPORTED};
use crate::layers::layer::{Effect, Layer, Operand, Reads, Weight, WeightOptions, floats};
use crate::layers::sliding::{Class, Sliding};
use crate::shape::{Dtype, Shape};

/// Keras's `DepthwiseConv1D`, `[steps, channels] → [new steps, channels · depth_multiplier]`, and its
/// `DepthwiseConv2D`, `[height, width, channels] → [new height, new width, channels · depth_multiplier]`.
///
/// What channel `c` gives are the channels from `c · depth_multiplier` on.
#[derive(Clone, Debug, PartialEq)]
pub struct Depthwise {
    /// How the kernels slide.
    pub sliding: Sliding,
    /// Channels that each channel gives.
    pub depth_multiplier: Dim,
    /// What ends the layer.
    pub activation: Activation,
    /// Whether a bias is added.
    pub use_bias: bool,
    /// The kernel, `[taps…, channels, depth_multiplier]`.
    pub kernel: WeightOptions,
    /// The bias, `[channels · depth_multiplier]`.
    pub bias: WeightOptions,
}

const fn signature(callee: &'static str) -> Signature {
    Signature {
        callee,
        params: &[
            "kernel_size",
            "strides",
            "padding",
            "depth_multiplier",
            "data_format",
            "dilation_rate",
            "activation",
            "use_bias",
            "depthwise_initializer",
            "bias_initializer",
            "depthwise_regularizer",
            "bias_regularizer",
            "activity_regularizer",
            "depthwise_constraint",
            "bias_constraint",
        ],
        keywords: COMMON,
        required: &["kernel_size"],
        unsupported: UNSUPPORTED,
    }
}

pub(super) const SEQUENCE: Signature = signature("DepthwiseConv1D");
pub(super) const IMAGE: Signature = signature("DepthwiseConv2D");

/// Reads `depth_multiplier`, which is 1 if it is absent or wrong.
pub(super) fn depth_multiplier(args: &Bound<'_>, cx: &mut Cx<'_>) -> Dim {
    args.dim("depth_multiplier", cx).unwrap_or(Dim::Known(1))
}

impl Depthwise {
    pub(super) fn sequence(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        Self::from_args(Class::DepthwiseConv1D, args, cx)
    }

    pub(super) fn image(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        Self::from_args(Class::DepthwiseConv2D, args, cx)
    }

    fn from_args(class: Class, args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let sliding = Sliding::from_args(class, args, cx);
        let depth_multiplier = depth_multiplier(args, cx);
        let activation = args.activation("activation", cx);
        let use_bias = args.boolean("use_bias", true, cx);
        let rank = class.rank() + 2;
        let kernel = WeightOptions::from_args(args, "depthwise", rank, Initializer::GLOROT_UNIFORM, cx);
        let bias = WeightOptions::from_args(args, "bias", 1, Initializer::ZEROS, cx);
        let sliding = sliding?;
        let sound = args.sound(&["activation", "depth_multiplier"]);
        sound.then_some(Depthwise { sliding, depth_multiplier, activation, use_bias, kernel, bias })
    }
}

impl Layer for Depthwise {
    fn class_name(&self) -> &'static str {
        self.sliding.class.name()
    }

    fn reads(&self) -> Reads {
        Reads::Channels
    }

    fn effect(&self) -> Effect {
        Effect::Learned
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

    fn activation(&self) -> Activation {
        self.activation
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
