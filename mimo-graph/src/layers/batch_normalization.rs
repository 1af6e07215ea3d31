//! `BatchNormalization`: normalizes every channel to mean 0 and variance 1 over the batch, then scales and shifts it.

use crate::activation::Activation;
use crate::args::Bound;
use crate::code::Code;
use crate::context::Cx;
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::layers::change::{Change, Written};
use crate::layers::layer::{
    Effect, Layer, Masks, Operand, Reads, Typed, Weight, WeightOptions, axis_out_of_range, floats, has_axes,
    mask_fits, sample_axis, sizes_of,
};
use crate::operation::{self, Call, OpKind};
use crate::shape::{Dtype, Shape};

/// Keras's `BatchNormalization`: `[…, channels, …]`, unchanged.
///
/// In training, mean and variance are those of the whole batch, and update the moving averages that evaluation and
/// prediction use. With `trainable = false` the averages are used in training too.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchNormalization {
    /// Axis of the channels in Keras's numbering, with the batch as axis 0; negative from the end.
    pub axis: i64,
    /// Decay rate of the moving averages.
    pub momentum: f64,
    /// Added to the variance before the square root.
    pub epsilon: f64,
    /// The offset, `[channels]`, if there is one.
    pub beta: Option<WeightOptions>,
    /// The scale, `[channels]`, if there is one.
    pub gamma: Option<WeightOptions>,
    /// The moving average of the means, `[channels]`.
    pub moving_mean: WeightOptions,
    /// The moving average of the variances, `[channels]`.
    pub moving_variance: WeightOptions,
}

layer! {
    /// Normalizes every channel to mean 0 and variance 1, then scales and shifts it.
    ///
    /// The shape is unchanged. In training, mean and variance are those of the whole batch; evaluation and prediction
    /// use moving averages of them. For a tensor with a mask, mean and variance are those of the unmasked steps; a
    /// call may pass `mask = …`. With `trainable = false` the averages are used in training too, and are not updated.
    /// Weights: `gamma`, `beta`, `moving_mean`, `moving_variance`.
    ///
    /// Keras: [`BatchNormalization`](https://keras.io/api/layers/normalization_layers/batch_normalization/)
    "`BatchNormalization(axis = -1, momentum = 0.99, epsilon = 0.001, center = true, scale = true, beta_initializer = zeros, gamma_initializer = ones, moving_mean_initializer = zeros, moving_variance_initializer = ones, beta_regularizer = none, gamma_regularizer = none, beta_constraint = none, gamma_constraint = none, name = none, trainable = true)`"
    BatchNormalization, "let x = Input(shape = [28, 28, 8]);\nlet y: [28, 28, 8] = BatchNormalization()(x);" => BatchNormalization::from_args;
    takes {
        /// Axis of the channels, with the batch as axis 0; negative from the end.
        axis: Axis = "-1",
        /// Decay rate of the moving averages.
        momentum: f64 = "0.99" in [0.0..=1.0],
        /// Added to the variance, so that channels of equal values are not divided by zero.
        epsilon: f64 = "0.001" in [0.0..],
        /// Whether `beta` is added.
        center: bool = "true",
        /// Whether the result is multiplied by `gamma`.
        scale: bool = "true",
        /// Initial value of `beta`.
        beta_initializer: Initializer = "zeros",
        /// Initial value of `gamma`.
        gamma_initializer: Initializer = "ones",
        /// Initial value of the moving average of the means.
        moving_mean_initializer: Initializer = "zeros",
        /// Initial value of the moving average of the variances.
        moving_variance_initializer: Initializer = "ones",
        /// Regularization penalty on `beta`.
        beta_regularizer: Regularizer = "none",
        /// Regularization penalty on `gamma`.
        gamma_regularizer: Regularizer = "none",
        /// Constraint applied to `beta` after each optimizer step.
        beta_constraint: Constraint = "none",
        /// Constraint applied to `gamma` after each optimizer step.
        gamma_constraint: Constraint = "none",
        renorm => "leave it out: batch renormalization corrects the statistics of small batches, and mimo has none of it",
        renorm_clipping => "leave it out: mimo has no batch renormalization",
        renorm_momentum => "leave it out: mimo has no batch renormalization",
        synchronized => "leave it out: statistics are always those of the whole batch, on any number of threads",
    }
}

impl BatchNormalization {
    pub(super) fn from_args(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let axis = args.integer("axis", cx);
        let momentum = args.float("momentum", cx);
        let epsilon = args.float("epsilon", cx);
        let center = args.boolean("center", cx);
        let scale = args.boolean("scale", cx);
        let beta = WeightOptions::from_args(args, "beta", 1, cx);
        let gamma = WeightOptions::from_args(args, "gamma", 1, cx);
        let moving_mean = WeightOptions::average(args, "moving_mean", 1, cx);
        let moving_variance = WeightOptions::average(args, "moving_variance", 1, cx);
        if axis == 0 {
            let message = "axis 0 is the batch, over which `BatchNormalization` takes its statistics";
            let help = "write `axis = 1` for the first axis of a sample, `axis = -1` for the last";
            cx.error(Diag::error(Code::BatchAxis, args.loc("axis"), message).help(help));
            return None;
        }
        args.sound(&["axis"]).then_some(BatchNormalization {
            axis,
            momentum,
            epsilon,
            beta: center.then_some(beta),
            gamma: scale.then_some(gamma),
            moving_mean,
            moving_variance,
        })
    }

    /// The axis of the channels within a sample of `rank` axes, if it has that axis.
    pub fn sample_axis(&self, rank: usize) -> Option<usize> {
        sample_axis(self.axis, rank)
    }

    fn channels<'s>(&self, shape: &'s Shape) -> Option<&'s Dim> {
        shape.0.get(self.sample_axis(shape.rank())?)
    }
}

impl Layer for BatchNormalization {
    fn class_name(&self) -> &'static str {
        "BatchNormalization"
    }

    fn reads(&self) -> Reads {
        Reads::NamedAxes
    }

    fn masks(&self) -> Masks {
        Masks::Keep
    }

    fn mask_roles(&self) -> &'static [(usize, &'static str)] {
        &[(0, "mask")]
    }

    fn effect(&self) -> Effect {
        Effect::Normalized
    }

    fn head(&self) -> Option<Activation> {
        // Vectors of any numbers, as those of a linear layer.
        Some(Activation::Linear)
    }

    fn aliases(&self) -> bool {
        false
    }

    fn typed(&self, weights: &[Weight]) -> Option<Typed> {
        let class = match (&self.gamma, &self.beta) {
            (Some(_), Some(_)) => "BatchNormalization",
            (Some(_), None) => "BatchNormalizationWithoutCenter",
            (None, Some(_)) => "BatchNormalizationWithoutScale",
            (None, None) => "BatchNormalizationOnly",
        };
        Some(Typed { class: class.into(), sizes: sizes_of(weights, 0).cloned().collect() })
    }

    fn operation(&self, call: &mut dyn Call) -> Option<OpKind<Dim>> {
        let shape = call.shape(0);
        let axis = self.sample_axis(shape.rank())?;
        let mut block = |name| call.weight(name).map(|weight| weight.block);
        let (gamma, beta) = (block("gamma"), block("beta"));
        let (moving_mean, moving_variance) = (block("moving_mean")?, block("moving_variance")?);
        // Averages do not depend on a mask.
        let mask = call.input_of("mask").filter(|&mask| call.shape(mask).rank() + 1 == shape.rank());
        let mask = mask.filter(|_| call.updates()).map(|mask| call.x(mask));
        // Statistics, and a product and a sum per value.
        call.count(Dim::Known(8) * shape.elements());
        let operation = operation::BatchNormalization {
            channels: shape.0.get(axis)?.clone(),
            inner: Shape(shape.0.iter().skip(axis + 1).cloned().collect()).elements(),
            epsilon: self.epsilon,
            momentum: self.momentum,
            gamma,
            beta,
            moving_mean,
            moving_variance,
            // The plan places the sums.
            sums: call.updates().then_some(Dim::Known(0)),
            x: call.x(0),
            mask,
            y: call.y(),
        };
        Some(operation.into())
    }

    fn infer(&self, inputs: &[Operand<'_>], call: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let (x, masks) = inputs.split_first()?;
        if !floats(self.class_name(), x, cx) {
            return None;
        }
        if !has_axes(self.class_name(), x, cx) {
            return None;
        }
        if self.sample_axis(x.shape.rank()).is_none() {
            axis_out_of_range(self.axis, x, call, cx);
            return None;
        }
        let axes = x.shape.rank() - 1;
        if !masks.iter().all(|mask| mask_fits(self.class_name(), mask, x, axes, cx)) {
            return None;
        }
        Some(vec![(x.shape.clone(), Dtype::Float)])
    }

    fn weights(&self, inputs: &[&Shape]) -> Vec<Weight> {
        let Some(channels) = inputs.first().and_then(|shape| self.channels(shape)) else { return Vec::new() };
        let weight = |name, options| Weight { name, shape: Shape(vec![channels.clone()]), options };
        let trained =
            [self.gamma.map(|gamma| weight("gamma", gamma)), self.beta.map(|beta| weight("beta", beta))];
        let averages =
            [weight("moving_mean", self.moving_mean), weight("moving_variance", self.moving_variance)];
        trained.into_iter().flatten().chain(averages).collect()
    }

    fn changes(&self, inputs: &[&Shape], _: Option<&Shape>) -> Vec<(Self, Change)> {
        // A rank is the length of a list in the source: it fits.
        let rank = inputs.first().map_or(0, |shape| shape.rank() as i64);
        let axes = [-1].into_iter().chain(1..rank).filter(|&axis| axis != self.axis);
        let changed = |axis| BatchNormalization { axis, ..self.clone() };
        axes.map(|axis| (changed(axis), Change::Setting("axis", Written::Axis(axis)))).collect()
    }
}
