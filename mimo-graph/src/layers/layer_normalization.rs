//! `LayerNormalization`: every sample brought to mean 0 and variance 1 over some of its axes.

use crate::activation::Activation;
use crate::args::{Bound, read};
use crate::code::Code;
use crate::context::Cx;
use crate::describe::List;
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::layers::change::{Change, Written};
use crate::layers::layer::{
    Effect, Layer, Operand, Reads, Typed, Weight, WeightOptions, axis_out_of_range, floats, has_axes,
    same_shape, sample_axis, sizes_of,
};
use crate::operation::{self, Call, OpKind, permuted_strides};
use crate::shape::{Dtype, Shape};
use crate::value::ValueKind;

/// Keras's `LayerNormalization`: the input's shape.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerNormalization {
    /// The axes over which mean and variance are taken, as Keras counts them, with the batch as axis 0; negative from
    /// the end.
    pub axis: Vec<i64>,
    /// Number that is added to the variance.
    pub epsilon: f64,
    /// The factors, one for each position of the axes; `None` without `scale`.
    pub gamma: Option<WeightOptions>,
    /// The offsets, one for each position of the axes; `None` without `center`.
    pub beta: Option<WeightOptions>,
}

layer! {
    /// Brings every sample to mean 0 and variance 1 over some of its axes, then scales and shifts it by weights:
    /// `gamma · (x − mean) / √(variance + epsilon) + beta`.
    ///
    /// `[…] → […]`. Weights: `gamma` and `beta`, of the lengths of the axes.
    ///
    /// Keras: [`LayerNormalization`](https://keras.io/api/layers/normalization_layers/layer_normalization/)
    "`LayerNormalization(axis = -1, epsilon = 0.001, center = true, scale = true, beta_initializer = zeros, gamma_initializer = ones, beta_regularizer = none, gamma_regularizer = none, beta_constraint = none, gamma_constraint = none, name = none, trainable = true)`"
    LayerNormalization, "let x = Input(shape = [20, 8]);\nlet y: [20, 8] = LayerNormalization()(x);" => LayerNormalization::from_args;
    takes {
        /// The axis over which mean and variance are taken, or a list of axes: 1 is the first of a sample, -1 the last.
        axis: Axes = "-1",
        /// Number that is added to the variance, against division by zero.
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
        rms_scaling => "leave it out: mimo has neither this nor Keras's layer for it, `RMSNormalization`",
    }
}

impl LayerNormalization {
    fn from_args(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let axis = args.read_or_default("axis", cx, |value, what, cx| match &value.kind {
            ValueKind::List(items) => {
                let each = format!("each axis in {what}");
                items.iter().map(|item| read::integer(item, &each, cx)).collect()
            }
            _ => read::integer(value, what, cx).map(|axis| vec![axis]),
        });
        let epsilon = args.float("epsilon", cx);
        let (center, scale) = (args.boolean("center", cx), args.boolean("scale", cx));
        let axis = axis.filter(|_| args.sound(&["axis", "center", "scale"]))?;
        if axis.is_empty() || axis.contains(&0) {
            let message = match axis[..] {
                [] => "`axis` of `LayerNormalization` names no axis",
                _ => "axis 0 is the batch, which is not normalized over",
            };
            let help = "write `axis = 1` for the first axis of each sample, `axis = -1` for the last";
            cx.error(Diag::error(Code::BatchAxis, args.loc("axis"), message).help(help));
            return None;
        }
        // Keras sorts them as they are written, and the weights have the axes in this order.
        let mut axis = axis;
        axis.sort_unstable();
        let rank = axis.len();
        let mut options = |weight| WeightOptions::from_args(args, weight, rank, cx);
        let (beta, gamma) = (options("beta"), options("gamma"));
        Some(Self { axis, epsilon, gamma: scale.then_some(gamma), beta: center.then_some(beta) })
    }

    /// The axes within a sample of `rank` axes, in the order of [`axis`](Self::axis). `None` if one of them does not
    /// exist, or is named twice.
    pub fn sample_axes(&self, rank: usize) -> Option<Vec<usize>> {
        let axes: Vec<usize> =
            self.axis.iter().map(|&axis| sample_axis(axis, rank)).collect::<Option<_>>()?;
        repeated(&axes).is_none().then_some(axes)
    }
}

/// The first axis that is named a second time.
fn repeated(axes: &[usize]) -> Option<usize> {
    axes.iter().enumerate().find(|(i, axis)| axes[..*i].contains(axis)).map(|(_, &axis)| axis)
}

impl Layer for LayerNormalization {
    fn class_name(&self) -> &'static str {
        "LayerNormalization"
    }

    fn reads(&self) -> Reads {
        Reads::NamedAxes
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
        let class = format!("LayerNormalization{}D{parts}", self.axis.len());
        Some(Typed { class, sizes: sizes_of(weights, 0).cloned().collect() })
    }

    fn operation(&self, call: &mut dyn Call) -> Option<OpKind<Dim>> {
        let input = call.shape(0);
        let mut normalized = self.sample_axes(input.rank())?;
        // The order of a weight's values in memory.
        normalized.sort_unstable();
        let kept = (0..input.rank()).filter(|axis| !normalized.contains(axis));
        let axes: Vec<usize> = kept.chain(normalized.iter().copied()).collect();
        let from: Vec<usize> = axes.iter().map(|axis| axis + 1).collect();
        let operation = operation::LayerNormalization {
            strides: permuted_strides(&input, &from),
            shape: List::Owned(axes.iter().filter_map(|&axis| input.0.get(axis)).cloned().collect()),
            kept: axes.len() - normalized.len(),
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
        if !floats(self.class_name(), x, cx) {
            return None;
        }
        if !has_axes(self.class_name(), x, cx) {
            return None;
        }
        let rank = x.shape.rank();
        if let Some(&axis) = self.axis.iter().find(|&&axis| sample_axis(axis, rank).is_none()) {
            axis_out_of_range(axis, x, call, cx);
            return None;
        }
        let axes: Vec<usize> = self.axis.iter().filter_map(|&axis| sample_axis(axis, rank)).collect();
        if let Some(axis) = repeated(&axes) {
            let message =
                format!("`axis` of `LayerNormalization` names axis {} of `{}` twice", axis + 1, x.name);
            let help = "name each axis once; negative numbers count from the end, -1 is the last axis";
            cx.error(Diag::error(Code::AxisOutOfRange, call, message).about(x.shown()).help(help));
            return None;
        }
        // Types of weights have three axes at most.
        if self.axis.len() > 3 {
            let message =
                format!("mimo has no `LayerNormalization` over {} axes yet: 3 are the most", self.axis.len());
            let help = "merge some of the axes with `Reshape(…)` before it";
            cx.error(Diag::error(Code::UnavailableSetting, call, message).help(help));
            return None;
        }
        same_shape(self.class_name(), inputs, cx)
    }

    fn weights(&self, inputs: &[&Shape]) -> Vec<Weight> {
        let Some(shape) = inputs.first() else { return Vec::new() };
        let axes = self.sample_axes(shape.rank()).unwrap_or_default();
        let lengths = Shape(axes.iter().filter_map(|&axis| shape.0.get(axis)).cloned().collect());
        let weights = [("gamma", self.gamma), ("beta", self.beta)];
        let weight = |(name, options): (&'static str, Option<WeightOptions>)| {
            Some(Weight { name, shape: lengths.clone(), options: options? })
        };
        weights.into_iter().filter_map(weight).collect()
    }

    fn changes(&self, inputs: &[&Shape], _: Option<&Shape>) -> Vec<(Self, Change)> {
        let rank = inputs.first().map_or(0, |shape| shape.rank());
        if self.sample_axes(rank).is_some() {
            return Vec::new();
        }
        // A rank is the length of a list in the source: it fits.
        let axes = [-1].into_iter().chain(1..rank as i64);
        let changed = |axis| LayerNormalization { axis: vec![axis], ..self.clone() };
        axes.map(|axis| (changed(axis), Change::Setting("axis", Written::Axis(axis)))).collect()
    }
}
