//! `LayerNormalization`: normalizes every sample to mean 0 and variance 1 over some of its axes.

use crate::activation::Activation;
use crate::args::Bound;
use crate::context::Cx;
use crate::diag::Loc;
use crate::dim::Dim;
use crate::layers::change::Change;
use crate::layers::layer::{
    Effect, Layer, Masks, Operand, Reads, Typed, Weight, WeightOptions, same_shape, sizes_of,
};
use crate::layers::named_axes::NamedAxes;
use crate::operation::{self, Call, OpKind, Statistic};
use crate::shape::{Dtype, Shape};

/// Keras's `LayerNormalization`: the input's shape.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerNormalization {
    /// Axes of mean and variance.
    pub axis: NamedAxes,
    /// Added to the variance.
    pub epsilon: f64,
    /// The factors, one for each position of the axes; `None` without `scale`.
    pub gamma: Option<WeightOptions>,
    /// The offsets, one for each position of the axes; `None` without `center`.
    pub beta: Option<WeightOptions>,
}

layer! {
    /// Normalizes every sample to mean 0 and variance 1 over some of its axes, then scales and shifts it by weights:
    /// `gamma · (x − mean) / √(variance + epsilon) + beta`.
    ///
    /// `[…] → […]`. Weights: `gamma` and `beta`, of the lengths of the axes.
    ///
    /// Keras: [`LayerNormalization`](https://keras.io/api/layers/normalization_layers/layer_normalization/)
    "`LayerNormalization(axis = -1, epsilon = 0.001, center = true, scale = true, beta_initializer = zeros, gamma_initializer = ones, beta_regularizer = none, gamma_regularizer = none, beta_constraint = none, gamma_constraint = none, name = none, trainable = true)`"
    LayerNormalization, "let x = Input(shape = [20, 8]);\nlet y: [20, 8] = LayerNormalization()(x);" => LayerNormalization::from_args;
    takes {
        /// Axis of mean and variance, or a list of axes: 1 is the first of a sample, -1 the last.
        axis: Axes = "-1",
        /// Added to the variance, against division by zero.
        epsilon: f64 = "0.001" in [0.0..],
        /// Whether `beta` is added.
        center: bool = "true",
        /// Whether the result is multiplied by `gamma`.
        scale: bool = "true",
        /// Initial values of `beta`.
        beta_initializer: Initializer = "zeros",
        /// Initial values of `gamma`.
        gamma_initializer: Initializer = "ones",
        /// Regularization penalty on `beta`.
        beta_regularizer: Regularizer = "none",
        /// Regularization penalty on `gamma`.
        gamma_regularizer: Regularizer = "none",
        /// Constraint applied to `beta` after each optimizer step.
        beta_constraint: Constraint = "none",
        /// Constraint applied to `gamma` after each optimizer step.
        gamma_constraint: Constraint = "none",
        *,
        rms_scaling => "write `RMSNormalization(epsilon = 0.001)`, the layer that Keras has for it",
    }
}

impl LayerNormalization {
    fn from_args(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let axis = NamedAxes::from_args(args, cx);
        let epsilon = args.float("epsilon", cx);
        let (center, scale) = (args.boolean("center", cx), args.boolean("scale", cx));
        // Keras sorts the axes as written, and the weights have the axes in this order.
        let mut axis = axis.filter(|_| args.sound(&["center", "scale"]))?;
        axis.0.sort_unstable();
        let rank = axis.0.len();
        let mut options = |weight| WeightOptions::from_args(args, weight, rank, cx);
        let (beta, gamma) = (options("beta"), options("gamma"));
        Some(Self { axis, epsilon, gamma: scale.then_some(gamma), beta: center.then_some(beta) })
    }
}

impl Layer for LayerNormalization {
    fn class_name(&self) -> &'static str {
        "LayerNormalization"
    }

    fn reads(&self) -> Reads {
        Reads::NamedAxes
    }

    fn masks(&self) -> Masks {
        Masks::Keep
    }

    fn effect(&self) -> Effect {
        Effect::Learned
    }

    fn head(&self) -> Option<Activation> {
        Some(Activation::Linear)
    }

    fn aliases(&self) -> bool {
        false
    }

    fn typed(&self, weights: &[Weight]) -> Option<Typed> {
        let parts = match (&self.gamma, &self.beta) {
            (Some(_), Some(_)) => "",
            (Some(_), None) => "WithoutBeta",
            (None, Some(_)) => "WithoutGamma",
            (None, None) => return None,
        };
        let class = format!("LayerNormalization{}D{parts}", self.axis.0.len());
        Some(Typed { class, sizes: sizes_of(weights, 0).cloned().collect() })
    }

    fn operation(&self, call: &mut dyn Call) -> Option<OpKind<Dim>> {
        let (shape, strides, kept) = self.axis.layout(&call.shape(0))?;
        let operation = operation::LayerNormalization {
            shape,
            strides,
            kept,
            statistic: Statistic::Moments,
            epsilon: self.epsilon,
            gamma: call.weight("gamma"),
            beta: call.weight("beta"),
            x: call.x(0),
            y: call.y(),
        };
        Some(operation.into())
    }

    fn infer(&self, inputs: &[Operand<'_>], call: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let [x] = inputs else { return None };
        let fits = self.axis.fit(self.class_name(), x, call, cx);
        if !fits || !self.axis.fit_a_weight(self.class_name(), call, cx) {
            return None;
        }
        same_shape(self.class_name(), inputs, cx)
    }

    fn weights(&self, inputs: &[&Shape]) -> Vec<Weight> {
        let Some(shape) = inputs.first() else { return Vec::new() };
        let lengths = self.axis.lengths(shape);
        let weights = [("gamma", self.gamma), ("beta", self.beta)];
        let weight = |(name, options): (&'static str, Option<WeightOptions>)| {
            Some(Weight { name, shape: lengths.clone(), options: options? })
        };
        weights.into_iter().filter_map(weight).collect()
    }

    fn changes(&self, inputs: &[&Shape], _: Option<&Shape>) -> Vec<(Self, Change)> {
        let changes = self.axis.changes(inputs).into_iter();
        changes.map(|(axis, change)| (LayerNormalization { axis, ..self.clone() }, change)).collect()
    }
}
