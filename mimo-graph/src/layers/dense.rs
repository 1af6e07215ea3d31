//! `Dense`: `y = activation(x · kernel + bias)` over the last axis.

use crate::activation::Activation;
use crate::args::Bound;
use crate::code::Code;
use crate::context::Cx;
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::layers::activity_regularization::ActivityRegularization;
use crate::layers::change::Change;
use crate::layers::layer::{
    Effect, Layer, Masks, Operand, Reads, Typed, Weight, WeightOptions, floats, sizes_of, typed_class,
};
use crate::operation::{Call, OpKind};
use crate::shape::{Dtype, Shape};

/// Keras's `Dense`: `[…, inputs] → […, units]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Dense {
    /// Number of outputs per position.
    pub units: Dim,
    /// The activation at the end of the layer.
    pub activation: Activation,
    /// Whether a bias is added.
    pub use_bias: bool,
    /// The kernel, `[inputs, units]`.
    pub kernel: WeightOptions,
    /// The bias, `[units]`.
    pub bias: WeightOptions,
    /// Penalty on the outputs.
    pub activity_regularizer: Option<ActivityRegularization>,
}

layer! {
    /// A product with a matrix over the last axis: `activation(x · kernel + bias)`.
    ///
    /// `[…, inputs] → […, units]`. Weights: `kernel` `[inputs, units]`, `bias` `[units]`.
    ///
    /// Keras: [`Dense`](https://keras.io/api/layers/core_layers/dense/)
    "`Dense(units, activation = linear, use_bias = true, kernel_initializer = glorot_uniform, bias_initializer = zeros, kernel_regularizer = none, bias_regularizer = none, activity_regularizer = none, kernel_constraint = none, bias_constraint = none, name = none, trainable = true)`"
    Dense, "let x = Input(shape = [8]);\nlet y: [64] = Dense(64, activation = relu)(x);" => Dense::from_args;
    takes {
        /// Number of outputs per position: the length of the last axis.
        units: usize,
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
        lora_rank => "leave it out: the whole kernel is trained",
        lora_alpha => "leave it out: the whole kernel is trained",
        quantization_config => "leave it out: weights are floats",
    }
}

impl Dense {
    pub(super) fn from_args(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let units = args.dim("units", cx);
        let activation = args.activation("activation", cx);
        let use_bias = args.boolean("use_bias", cx);
        let kernel = WeightOptions::from_args(args, "kernel", 2, cx);
        let bias = WeightOptions::from_args(args, "bias", 1, cx);
        let activity_regularizer = ActivityRegularization::of_outputs(args, cx);
        // Whether a loss fits depends on the activation: without it the following calls cannot be checked.
        let sound = args.sound(&["activation"]);
        let units = units?;
        sound.then_some(Dense { units, activation, use_bias, kernel, bias, activity_regularizer })
    }
}

impl Layer for Dense {
    fn class_name(&self) -> &'static str {
        "Dense"
    }

    fn reads(&self) -> Reads {
        Reads::Any
    }

    fn masks(&self) -> Masks {
        Masks::Keep
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
            class: typed_class("Dense", self.use_bias),
            sizes: sizes_of(weights, 0).cloned().collect(),
        })
    }

    /// The plan creates several operations, or one together with other layers.
    fn operation(&self, _: &mut dyn Call) -> Option<OpKind<Dim>> {
        None
    }

    fn infer(&self, inputs: &[Operand<'_>], _: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let [x] = inputs else { return None };
        if !floats(self.class_name(), x, cx) {
            return None;
        }
        let Some((_, outer)) = x.shape.0.split_last() else {
            let message = format!("`Dense` works on the last axis, but `{}` is [], one number", x.name);
            cx.error(
                Diag::error(Code::WrongRank, x.loc, message)
                    .about(x.shown())
                    .help("write `shape = [1]` at its `Input`, or `Reshape([1])` before the layer"),
            );
            return None;
        };
        let mut shape = outer.to_vec();
        shape.push(self.units.clone());
        Some(vec![(Shape(shape), Dtype::Float)])
    }

    fn weights(&self, inputs: &[&Shape]) -> Vec<Weight> {
        let Some(features) = inputs.first().and_then(|shape| shape.last()) else {
            return Vec::new();
        };
        let kernel = Weight {
            name: "kernel",
            shape: Shape(vec![features.clone(), self.units.clone()]),
            options: self.kernel,
        };
        let bias = Weight { name: "bias", shape: Shape(vec![self.units.clone()]), options: self.bias };
        if self.use_bias { vec![kernel, bias] } else { vec![kernel] }
    }

    fn changes(&self, _: &[&Shape], wanted: Option<&Shape>) -> Vec<(Self, Change)> {
        let units = wanted.and_then(Shape::last).and_then(Dim::known);
        let changed = units
            .map(|n| (Dense { units: Dim::Known(n), ..self.clone() }, Change::Setting("units", n.into())));
        changed.into_iter().collect()
    }
}
