//! `Conv1D`, `Conv2D` and their transposes: every filter reads all channels of its group.

use crate::activation::Activation;
use crate::args::Bound;
use crate::code::Code;
use crate::context::{Cx, DimCheck, Relation};
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::layers::activity_regularization::ActivityRegularization;
use crate::layers::change::Change;
use crate::layers::layer::{
    Effect, Layer, Masks, Operand, Reads, Typed, Weight, WeightOptions, floats, sizes_of, typed_class,
};
use crate::layers::sliding::{self, Class, Sliding};
use crate::operation::{Call, OpKind};
use crate::shape::{Dtype, Shape};

/// Keras's `Conv1D`, `[steps, channels] → [new steps, filters]`, its `Conv2D`, `[height, width, channels] →
/// [new height, new width, filters]`, and their transposes.
#[derive(Clone, Debug, PartialEq)]
pub struct Conv {
    /// Geometry of the windows.
    pub sliding: Sliding,
    /// Number of output channels.
    pub filters: Dim,
    /// Number of groups of channels that are convolved separately.
    pub groups: usize,
    /// The activation at the end of the layer.
    pub activation: Activation,
    /// Whether a bias is added.
    pub use_bias: bool,
    /// The kernel, `[taps…, channels / groups, filters]`; with the last two swapped if it is transposed.
    pub kernel: WeightOptions,
    /// The bias, `[filters]`.
    pub bias: WeightOptions,
    /// Penalty on the outputs.
    pub activity_regularizer: Option<ActivityRegularization>,
}

layer! {
    /// A convolution over time: each step of the result is a weighted sum over a window of steps.
    ///
    /// `[steps, channels] → [windows, filters]`; `padding = causal` adds zeros before the first step only. Weights: `kernel`
    /// `[kernel_size, channels / groups, filters]`, `bias` `[filters]`.
    ///
    /// Keras: [`Conv1D`](https://keras.io/api/layers/convolution_layers/convolution1d/)
    "`Conv1D(filters, kernel_size, strides = 1, padding = valid, data_format = channels_last, dilation_rate = 1, groups = 1, activation = linear, use_bias = true, kernel_initializer = glorot_uniform, bias_initializer = zeros, kernel_regularizer = none, bias_regularizer = none, activity_regularizer = none, kernel_constraint = none, bias_constraint = none, name = none, trainable = true)`"
    Conv1D, "let x = Input(shape = [256, 1]);\nlet y: [254, 32] = Conv1D(32, 3, activation = relu)(x);" => |args, cx| Conv::from_args(Class::Conv1D, args, cx);

    /// A convolution over an image: each pixel of the result is a weighted sum over a window of pixels.
    ///
    /// `[height, width, channels] → [rows, columns, filters]`. Weights: `kernel`
    /// `[height, width, channels / groups, filters]` of the window, `bias` `[filters]`.
    ///
    /// Keras: [`Conv2D`](https://keras.io/api/layers/convolution_layers/convolution2d/)
    "`Conv2D(filters, kernel_size, strides = 1, padding = valid, data_format = channels_last, dilation_rate = 1, groups = 1, activation = linear, use_bias = true, kernel_initializer = glorot_uniform, bias_initializer = zeros, kernel_regularizer = none, bias_regularizer = none, activity_regularizer = none, kernel_constraint = none, bias_constraint = none, name = none, trainable = true)`"
    Conv2D, "let x = Input(shape = [28, 28, 1]);\nlet y: [26, 26, 32] = Conv2D(32, 3, activation = relu)(x);" => |args, cx| Conv::from_args(Class::Conv2D, args, cx);
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
        /// Number of groups of channels; each group of outputs reads one group of inputs.
        groups: usize = "1",
        /// Activation applied to the result.
        activation: Activation = "linear",
        /// Whether a bias is added.
        use_bias: bool = "true",
        /// Initializer of the kernel.
        kernel_initializer: Initializer = "glorot_uniform",
        /// Initializer of the bias.
        bias_initializer: Initializer = "zeros",
        /// Regularization penalty on the kernel.
        kernel_regularizer: Regularizer = "none",
        /// Regularization penalty on the bias.
        bias_regularizer: Regularizer = "none",
        /// Regularization penalty on the outputs of the layer, as the mean over the samples of the batch.
        activity_regularizer: Regularizer = "none",
        /// Constraint applied to the kernel after each optimizer step.
        kernel_constraint: Constraint = "none",
        /// Constraint applied to the bias after each optimizer step.
        bias_constraint: Constraint = "none",
    }

    /// The transpose of a convolution over time: each step of the input adds to a window of the result.
    ///
    /// `[steps, channels] → [more steps, filters]`. Weights: `kernel` `[kernel_size, filters, channels]`, `bias`
    /// `[filters]`.
    ///
    /// Keras: [`Conv1DTranspose`](https://keras.io/api/layers/convolution_layers/convolution1d_transpose/)
    "`Conv1DTranspose(filters, kernel_size, strides = 1, padding = valid, output_padding = none, data_format = channels_last, dilation_rate = 1, activation = linear, use_bias = true, kernel_initializer = glorot_uniform, bias_initializer = zeros, kernel_regularizer = none, bias_regularizer = none, activity_regularizer = none, kernel_constraint = none, bias_constraint = none, name = none, trainable = true)`"
    Conv1DTranspose, "let x = Input(shape = [64, 8]);\nlet y: [128, 16] = Conv1DTranspose(16, 3, strides = 2, padding = same)(x);" => |args, cx| Conv::from_args(Class::Conv1DTranspose, args, cx);

    /// The transpose of a convolution over an image: each pixel of the input adds to a window of the result.
    ///
    /// `[height, width, channels] → [more rows, more columns, filters]`. Weights: `kernel`
    /// `[height, width, filters, channels]` of the window, `bias` `[filters]`.
    ///
    /// Keras: [`Conv2DTranspose`](https://keras.io/api/layers/convolution_layers/convolution2d_transpose/)
    "`Conv2DTranspose(filters, kernel_size, strides = 1, padding = valid, output_padding = none, data_format = channels_last, dilation_rate = 1, activation = linear, use_bias = true, kernel_initializer = glorot_uniform, bias_initializer = zeros, kernel_regularizer = none, bias_regularizer = none, activity_regularizer = none, kernel_constraint = none, bias_constraint = none, name = none, trainable = true)`"
    Conv2DTranspose, "let x = Input(shape = [14, 14, 8]);\nlet y: [28, 28, 16] = Conv2DTranspose(16, 3, strides = 2, padding = same)(x);" => |args, cx| Conv::from_args(Class::Conv2DTranspose, args, cx);
    takes {
        /// Number of output channels: the length of the last axis.
        filters: usize,
        /// Size of the window.
        kernel_size: Lengths,
        /// Distance between consecutive windows.
        strides: Lengths = "1",
        /// Padding at the edges.
        padding: Padding = "valid",
        /// Rows and columns added at one side of the result, to choose among the possible lengths.
        output_padding: Lengths = "none",
        /// Position of the channels: always the last axis.
        data_format: DataFormat = "channels_last",
        /// Distance between the values that a window reads.
        dilation_rate: Lengths = "1",
        /// Activation applied to the result.
        activation: Activation = "linear",
        /// Whether a bias is added.
        use_bias: bool = "true",
        /// Initializer of the kernel.
        kernel_initializer: Initializer = "glorot_uniform",
        /// Initializer of the bias.
        bias_initializer: Initializer = "zeros",
        /// Regularization penalty on the kernel.
        kernel_regularizer: Regularizer = "none",
        /// Regularization penalty on the bias.
        bias_regularizer: Regularizer = "none",
        /// Regularization penalty on the outputs of the layer, as the mean over the samples of the batch.
        activity_regularizer: Regularizer = "none",
        /// Constraint applied to the kernel after each optimizer step.
        kernel_constraint: Constraint = "none",
        /// Constraint applied to the bias after each optimizer step.
        bias_constraint: Constraint = "none",
    }
}

impl Conv {
    fn from_args(class: Class, args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let name = class.name();
        let filters = args.dim("filters", cx);
        let sliding = Sliding::from_args(class, args, cx);
        let groups = match class.transposed() {
            true => 1,
            false => args.read_or_default("groups", cx, sliding::positive("groups")).unwrap_or(1),
        };
        let activation = args.activation("activation", cx);
        let use_bias = args.boolean("use_bias", cx);
        let rank = class.rank() + 2;
        let kernel = WeightOptions::from_args(args, "kernel", rank, cx);
        let bias = WeightOptions::from_args(args, "bias", 1, cx);
        let activity_regularizer = ActivityRegularization::of_outputs(args, cx);
        let (filters, sliding) = (filters?, sliding?);

        let parts = DimCheck {
            code: Code::UnequalGroups,
            loc: args.loc("filters"),
            found: filters.clone(),
            relation: Relation::MultipleOf,
            wanted: Dim::Known(groups),
            what: format!("`filters` of `{name}`"),
            help: Some(format!("write a multiple of {groups}, or other `groups`")),
            notes: vec![format!("each of the {groups} groups outputs as many of them")],
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
        // The following checks need everything that decides lengths or the activation.
        args.sound(&["activation", "groups"]).then_some(Conv {
            sliding,
            filters,
            groups,
            activation,
            use_bias,
            kernel,
            bias,
            activity_regularizer,
        })
    }

    /// For channels that the groups do not divide, numbers of groups that divide channels and filters, the nearest
    /// first.
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

    /// Reports channels that the groups do not divide. Returns false only after an error.
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
        Some(Typed {
            class: typed_class(self.sliding.class.name(), self.use_bias),
            sizes: sizes_of(weights, 0).cloned().collect(),
        })
    }

    /// The plan creates several operations, or one together with other layers.
    fn operation(&self, _: &mut dyn Call) -> Option<OpKind<Dim>> {
        None
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
