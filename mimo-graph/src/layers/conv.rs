//! `Conv1D`, `Conv2D` and their transposes: every filter sees all channels of its group.

use crate::activation::Activation;
use crate::args::{Bound, Signature};
use crate::code::Code;
use crate::context::{Cx, DimCheck, Relation};
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::initializer::Initializer;
use crate::layers::change::Change;
use crate::layers::layer::{Effect, Layer, Operand, Reads, Weight, WeightOptions, floats};
use crate::layers::options;
use crate::layers::sliding::{self, Class, Sliding};
use crate::shape::{Dtype, Shape};

/// Keras's `Conv1D`, `[steps, channels] → [new steps, filters]`, its `Conv2D`, `[height, width, channels] →
/// [new height, new width, filters]`, and their transposes.
#[derive(Clone, Debug, PartialEq)]
pub struct Conv {
    /// How the kernel slides.
    pub sliding: Sliding,
    /// Channels that it gives.
    pub filters: Dim,
    /// Parts of the channels that do not see each other.
    pub groups: usize,
    /// What ends the layer.
    pub activation: Activation,
    /// Whether a bias is added.
    pub use_bias: bool,
    /// The kernel, `[taps…, channels / groups, filters]`; with the last two swapped if it is transposed.
    pub kernel: WeightOptions,
    /// The bias, `[filters]`.
    pub bias: WeightOptions,
}

pub(super) const COMMON: &[&str] = &["name", "trainable", "dtype", "input_shape"];
pub(super) const UNSUPPORTED: &[(&str, &str)] = &[options::DTYPE, options::ACTIVITY, options::INPUT_SHAPE];

/// The parameters of a convolution, in Keras's order.
macro_rules! params {
    ($($own:literal),*) => {
        &[
            "filters", "kernel_size", "strides", "padding", $($own,)* "activation", "use_bias",
            "kernel_initializer", "bias_initializer", "kernel_regularizer", "bias_regularizer",
            "activity_regularizer", "kernel_constraint", "bias_constraint",
        ]
    };
}

const fn signature(callee: &'static str, params: &'static [&'static str]) -> Signature {
    Signature {
        callee,
        params,
        keywords: COMMON,
        required: &["filters", "kernel_size"],
        unsupported: UNSUPPORTED,
    }
}

pub(super) const CONV1D: Signature = signature("Conv1D", params!("data_format", "dilation_rate", "groups"));
pub(super) const CONV2D: Signature = signature("Conv2D", params!("data_format", "dilation_rate", "groups"));
pub(super) const CONV1D_TRANSPOSE: Signature =
    signature("Conv1DTranspose", params!("output_padding", "data_format", "dilation_rate"));
pub(super) const CONV2D_TRANSPOSE: Signature =
    signature("Conv2DTranspose", params!("output_padding", "data_format", "dilation_rate"));

impl Conv {
    pub(super) fn conv1d(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        Self::from_args(Class::Conv1D, args, cx)
    }

    pub(super) fn conv2d(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        Self::from_args(Class::Conv2D, args, cx)
    }

    pub(super) fn conv1d_transpose(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        Self::from_args(Class::Conv1DTranspose, args, cx)
    }

    pub(super) fn conv2d_transpose(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        Self::from_args(Class::Conv2DTranspose, args, cx)
    }

    fn from_args(class: Class, args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let name = class.name();
        let filters = args.dim("filters", cx);
        let sliding = Sliding::from_args(class, args, cx);
        let groups =
            if class.transposed() { None } else { args.read("groups", cx, sliding::positive("groups")) };
        let groups = groups.unwrap_or(1);
        let activation = args.activation("activation", cx);
        let use_bias = args.boolean("use_bias", true, cx);
        let rank = class.rank() + 2;
        let kernel = WeightOptions::from_args(args, "kernel", rank, Initializer::GLOROT_UNIFORM, cx);
        let bias = WeightOptions::from_args(args, "bias", 1, Initializer::ZEROS, cx);
        let (filters, sliding) = (filters?, sliding?);

        let parts = DimCheck {
            code: Code::UnequalGroups,
            loc: args.loc("filters"),
            found: filters.clone(),
            relation: Relation::MultipleOf,
            wanted: Dim::Known(groups),
            what: format!("`filters` of `{name}`"),
            help: Some(format!("write a multiple of {groups}, or other `groups`")),
            notes: vec![format!("each of the {groups} groups gives as many of them")],
            subjects: vec![],
        };
        let wrong_parts = match filters.known() {
            Some(n) if n % groups != 0 => Some(n),
            Some(_) => None,
            None => {
                if groups > 1 {
                    cx.checks.push(parts);
                }
                None
            }
        };
        if let Some(n) = wrong_parts {
            let message = format!("`filters` of `{name}` must be a multiple of `groups` {groups}, found {n}");
            let help = format!("write `filters = {}`", n.next_multiple_of(groups));
            cx.error(Diag::error(Code::UnequalGroups, args.loc("filters"), message).help(help));
            return None;
        }
        // What follows depends on all that decides lengths or the activation.
        args.sound(&["activation", "groups"]).then_some(Conv {
            sliding,
            filters,
            groups,
            activation,
            use_bias,
            kernel,
            bias,
        })
    }

    /// For channels that do not divide into the groups, numbers of groups into which they and the filters do, the
    /// nearest first.
    fn fitting_groups(&self, shape: &Shape) -> Vec<usize> {
        let Some((channels, filters)) =
            shape.last().and_then(Dim::known).zip(self.filters.known()).filter(|(n, _)| n % self.groups != 0)
        else {
            return Vec::new();
        };
        let mut groups: Vec<usize> =
            (1..=channels.min(filters)).filter(|it| channels % it == 0 && filters % it == 0).collect();
        groups.sort_by_key(|groups| groups.abs_diff(self.groups));
        groups
    }

    /// Reports channels that do not divide into the groups. Returns whether they do, as far as that is known.
    fn divides(&self, x: &Operand<'_>, channels: &Dim, cx: &mut Cx<'_>) -> bool {
        let (name, groups) = (self.sliding.class.name(), self.groups);
        match channels.known() {
            Some(n) if n % groups != 0 => {
                let message =
                    format!("`{name}` cuts channels in {groups} `groups`, but `{}` has {n}", x.name);
                cx.error(
                    Diag::error(Code::UnequalGroups, x.loc, message)
                        .about(x.named())
                        .help("write `groups` that divide them"),
                );
                false
            }
            Some(_) => true,
            None if groups == 1 => true,
            None => {
                cx.checks.push(DimCheck {
                    code: Code::UnequalGroups,
                    loc: x.loc,
                    found: channels.clone(),
                    relation: Relation::MultipleOf,
                    wanted: Dim::Known(groups),
                    what: format!("last axis of `{}`", x.name),
                    help: Some("write `groups` that divide it".into()),
                    notes: vec![format!("`{name}` cuts channels in {groups} `groups`")],
                    subjects: x.named().into_iter().collect(),
                });
                true
            }
        }
    }
}

impl Layer for Conv {
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
        if !floats(self.class_name(), x, cx) || !self.sliding.has_rank(x, cx) {
            return None;
        }
        let channels = x.shape.last()?;
        if !self.sliding.fits(x, call, cx) || !self.divides(x, channels, cx) {
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
        let mut shape = self.sliding.kernel_size.clone();
        if self.sliding.class.transposed() {
            shape.extend([self.filters.clone(), channels.clone()]);
        } else {
            shape.extend([channels.clone() / Dim::Known(self.groups), self.filters.clone()]);
        }
        let kernel = Weight { name: "kernel", shape: Shape(shape), options: self.kernel };
        let bias = Weight { name: "bias", shape: Shape(vec![self.filters.clone()]), options: self.bias };
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
        let slid = self.sliding.changed(shape, wanted).into_iter();
        let slid = slid.map(|(sliding, change)| (Self { sliding, ..self.clone() }, change));
        let wider = wanted.and_then(|wanted| {
            let filters = wanted.last()?.known().filter(|n| n.is_multiple_of(self.groups))?;
            let layer = Self { filters: Dim::Known(filters), ..self.clone() };
            Some((layer, Change::Setting("filters", filters.into())))
        });
        let groups = self.fitting_groups(shape).into_iter();
        let groups =
            groups.map(|groups| (Self { groups, ..self.clone() }, Change::Setting("groups", groups.into())));
        groups.chain(slid).chain(wider).collect()
    }
}
