//! `GroupNormalization`: normalizes each group of channels of a sample to mean 0 and variance 1.

use crate::activation::Activation;
use crate::args::{Bound, read};
use crate::code::Code;
use crate::context::{Cx, DimCheck, Relation};
use crate::diag::{Diag, Loc};
use crate::dim::{Dim, MOST};
use crate::layers::change::{Change, Written};
use crate::layers::layer::{
    Effect, Layer, Masks, Operand, Reads, Typed, Weight, WeightOptions, axis_out_of_range, floats, has_axes,
    sample_axis, sizes_of,
};
use crate::operation::{self, Call, OpKind};
use crate::shape::{Dtype, Shape};

/// Keras's `GroupNormalization`: the input's shape.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupNormalization {
    /// Number of groups; `None` for one group per channel.
    pub groups: Option<usize>,
    /// Axis of the channels in Keras's numbering, with the batch as axis 0; negative from the end.
    pub axis: i64,
    /// Added to the variance.
    pub epsilon: f64,
    /// The scale, one for each channel; `None` without `scale`.
    pub gamma: Option<WeightOptions>,
    /// The offset, one for each channel; `None` without `center`.
    pub beta: Option<WeightOptions>,
}

layer! {
    /// Divides the channels of every sample into groups, normalizes each group to mean 0 and variance 1 over all of
    /// its values, then scales and shifts every channel by weights.
    ///
    /// The shape is unchanged. `groups = 1` normalizes over the whole sample, `groups = -1` normalizes every channel
    /// separately (instance normalization). Weights: `gamma` and `beta`, one number for each channel.
    ///
    /// Keras: [`GroupNormalization`](https://keras.io/api/layers/normalization_layers/group_normalization/)
    "`GroupNormalization(groups = 32, axis = -1, epsilon = 0.001, center = true, scale = true, beta_initializer = zeros, gamma_initializer = ones, beta_regularizer = none, gamma_regularizer = none, beta_constraint = none, gamma_constraint = none, name = none, trainable = true)`"
    GroupNormalization, "let x = Input(shape = [28, 28, 8]);\nlet y: [28, 28, 8] = GroupNormalization(4)(x);" => GroupNormalization::from_args;
    takes {
        /// Number of groups; -1 for one group per channel.
        groups: usize = "32",
        /// Axis of the channels, with the batch as axis 0; negative from the end.
        axis: Axis = "-1",
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
    }
}

impl GroupNormalization {
    fn from_args(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let groups = args.read_or_default("groups", cx, |value, what, cx| {
            let groups = read::integer(value, what, cx)?;
            match usize::try_from(groups) {
                _ if groups == -1 => Some(None),
                Ok(groups) if groups > MOST => {
                    read::too_many(value, what, groups, cx);
                    None
                }
                Ok(groups) if groups > 0 => Some(Some(groups)),
                _ => {
                    let help =
                        "write `groups = -1` for one group per channel, `groups = 1` for a single group";
                    let wanted = "an integer of at least 1, or -1";
                    read::out_of_range(value, what, wanted, Some(help.into()), cx);
                    None
                }
            }
        });
        let axis = args.integer("axis", cx);
        let epsilon = args.float("epsilon", cx);
        let (center, scale) = (args.boolean("center", cx), args.boolean("scale", cx));
        let beta = WeightOptions::from_args(args, "beta", 1, cx);
        let gamma = WeightOptions::from_args(args, "gamma", 1, cx);
        if axis == 0 {
            let message = "axis 0 is the batch, and `GroupNormalization` needs the axis of the channels";
            let help = "write `axis = -1` for the last axis of a sample, `axis = 1` for the first";
            cx.error(Diag::error(Code::BatchAxis, args.loc("axis"), message).help(help));
            return None;
        }
        let groups = groups.filter(|_| args.sound(&["groups", "axis", "center", "scale"]))?;
        Some(Self { groups, axis, epsilon, gamma: scale.then_some(gamma), beta: center.then_some(beta) })
    }

    /// Number of values of a group, if it is known.
    pub(crate) fn values_of_a_group(&self, shape: &Shape) -> Option<usize> {
        let groups = match self.groups {
            Some(groups) => groups,
            None => self.channels(shape)?.known()?,
        };
        shape.elements().known()?.checked_div(groups)
    }

    fn channels<'s>(&self, shape: &'s Shape) -> Option<&'s Dim> {
        shape.0.get(sample_axis(self.axis, shape.rank())?)
    }

    /// Reports channels that the groups do not divide. Returns false only after an error.
    fn divides(&self, x: &Operand<'_>, channels: &Dim, call: Loc, cx: &mut Cx<'_>) -> bool {
        let Some(groups) = self.groups.filter(|&groups| groups > 1) else { return true };
        let Some(n) = channels.known() else {
            cx.checks.push(DimCheck {
                code: Code::UnequalGroups,
                loc: call,
                found: channels.clone(),
                relation: Relation::MultipleOf,
                wanted: Dim::Known(groups),
                what: format!("number of channels of `{}`", x.name),
                help: Some("write `groups` that divide it".into()),
                notes: vec![format!("`GroupNormalization` cuts channels in {groups} `groups`")],
                subjects: x.named().into_iter().collect(),
            });
            return true;
        };
        if n % groups != 0 {
            let message =
                format!("`GroupNormalization` cuts channels in {groups} `groups`, but `{}` has {n}", x.name);
            let help = "write `groups` that divide them";
            cx.error(Diag::error(Code::UnequalGroups, call, message).about(x.shown()).help(help));
        }
        n % groups == 0
    }
}

impl Layer for GroupNormalization {
    fn class_name(&self) -> &'static str {
        "GroupNormalization"
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
        let class = match (&self.gamma, &self.beta) {
            (Some(_), Some(_)) => "GroupNormalization",
            (Some(_), None) => "GroupNormalizationWithoutBeta",
            (None, Some(_)) => "GroupNormalizationWithoutGamma",
            (None, None) => return None,
        };
        Some(Typed { class: class.into(), sizes: sizes_of(weights, 0).cloned().collect() })
    }

    fn operation(&self, call: &mut dyn Call) -> Option<OpKind<Dim>> {
        let shape = call.shape(0);
        let axis = sample_axis(self.axis, shape.rank())?;
        let channels = shape.0.get(axis)?.clone();
        let operation = operation::GroupNormalization {
            groups: self.groups.map_or(channels.clone(), Dim::Known),
            channels,
            inner: Shape(shape.0.iter().skip(axis + 1).cloned().collect()).elements(),
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
        if !floats(self.class_name(), x, cx) || !has_axes(self.class_name(), x, cx) {
            return None;
        }
        let Some(channels) = self.channels(x.shape) else {
            axis_out_of_range(self.axis, x, call, cx);
            return None;
        };
        self.divides(x, channels, call, cx).then(|| vec![(x.shape.clone(), Dtype::Float)])
    }

    fn weights(&self, inputs: &[&Shape]) -> Vec<Weight> {
        let Some(channels) = inputs.first().and_then(|shape| self.channels(shape)) else { return Vec::new() };
        let weights = [("gamma", self.gamma), ("beta", self.beta)];
        let weight = |(name, options): (&'static str, Option<WeightOptions>)| {
            Some(Weight { name, shape: Shape(vec![channels.clone()]), options: options? })
        };
        weights.into_iter().filter_map(weight).collect()
    }

    fn changes(&self, inputs: &[&Shape], _: Option<&Shape>) -> Vec<(Self, Change)> {
        let Some(shape) = inputs.first() else { return Vec::new() };
        let Some(channels) = self.channels(shape) else {
            // A rank is the length of a list in the source: it fits.
            let axes = [-1].into_iter().chain(1..shape.rank() as i64);
            let changed = |axis| Self { axis, ..self.clone() };
            return axes.map(|axis| (changed(axis), Change::Setting("axis", Written::Axis(axis)))).collect();
        };
        let (Some(n), Some(wanted)) = (channels.known(), self.groups) else { return Vec::new() };
        // The nearest numbers of groups that divide the channels; no more are shown.
        let divisors =
            (1..=n.min(wanted.saturating_mul(2)).min(4096)).filter(|groups| n.is_multiple_of(*groups));
        let mut groups: Vec<usize> = divisors.filter(|&groups| groups != wanted).collect();
        groups.sort_by_key(|groups| groups.abs_diff(wanted));
        groups.truncate(3);
        let changed = |groups| Self { groups: Some(groups), ..self.clone() };
        groups.into_iter().map(|groups| (changed(groups), Change::Setting("groups", groups.into()))).collect()
    }
}
