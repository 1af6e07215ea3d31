//! `SeparableConv1D` and `SeparableConv2D`: a depthwise convolution, whose channels a convolution of one tap mixes.

use crate::activation::Activation;
use crate::args::{Bound, Signature};
use crate::context::Cx;
use crate::diag::Loc;
use crate::dim::Dim;
use crate::initializer::Initializer;
use crate::layers::change::Change;
use crate::layers::conv::{COMMON, UNSUPPORTED};
use crate::layers::depthwise::depth_multiplier;
use crate::layers::layer::{Effect, Layer, Operand, Reads, Weight, WeightOptions, floats};
use crate::layers::sliding::{Class, Sliding};
use crate::shape::{Dtype, Shape};

/// Keras's `SeparableConv1D`, `[steps, channels] → [new steps, filters]`, and its `SeparableConv2D`, `[height, width,
/// channels] → [new height, new width, filters]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Separable {
    /// How the depthwise kernels slide.
    pub sliding: Sliding,
    /// Channels that it gives.
    pub filters: Dim,
    /// Channels in between that each channel gives.
    pub depth_multiplier: Dim,
    /// What ends the layer.
    pub activation: Activation,
    /// Whether a bias is added.
    pub use_bias: bool,
    /// The depthwise kernel, `[taps…, channels, depth_multiplier]`.
    pub depthwise: WeightOptions,
    /// The pointwise kernel, `[1…, channels · depth_multiplier, filters]`.
    pub pointwise: WeightOptions,
    /// The bias, `[filters]`.
    pub bias: WeightOptions,
}

const fn signature(callee: &'static str) -> Signature {
    Signature {
        callee,
        params: &[
            "filters",
            "kernel_size",
            "strides",
            "padding",
            "data_format",
            "dilation_rate",
            "depth_multiplier",
            "activation",
            "use_bias",
            "depthwise_initializer",
            "pointwise_initializer",
            "bias_initializer",
            "depthwise_regularizer",
            "pointwise_regularizer",
            "bias_regularizer",
            "activity_regularizer",
            "depthwise_constraint",
            "pointwise_constraint",
            "bias_constraint",
        ],
        keywords: COMMON,
        required: &["filters", "kernel_size"],
        unsupported: UNSUPPORTED,
    }
}

pub(super) const SEQUENCE: Signature = signature("SeparableConv1D");
pub(super) const IMAGE: Signature = signature("SeparableConv2D");

impl Separable {
    pub(super) fn sequence(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        Self::from_args(Class::SeparableConv1D, args, cx)
    }

    pub(super) fn image(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        Self::from_args(Class::SeparableConv2D, args, cx)
    }

    fn from_args(class: Class, args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let filters = args.dim("filters", cx);
        let sliding = Sliding::from_args(class, args, cx);
        let depth_multiplier = depth_multiplier(args, cx);
        let activation = args.activation("activation", cx);
        let use_bias = args.boolean("use_bias", true, cx);
        let rank = class.rank() + 2;
        let [depthwise, pointwise] = ["depthwise", "pointwise"]
            .map(|weight| WeightOptions::from_args(args, weight, rank, Initializer::GLOROT_UNIFORM, cx));
        let bias = WeightOptions::from_args(args, "bias", 1, Initializer::ZEROS, cx);
        let (filters, sliding) = (filters?, sliding?);
        args.sound(&["activation", "depth_multiplier"]).then_some(Separable {
            sliding,
            filters,
            depth_multiplier,
            activation,
            use_bias,
            depthwise,
            pointwise,
            bias,
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

    fn activation(&self) -> Activation {
        self.activation
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
