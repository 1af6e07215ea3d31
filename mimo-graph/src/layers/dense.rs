//! `Dense`: `y = activation(x · kernel + bias)` over the last axis.

use crate::activation::Activation;
use crate::args::{Bound, Signature};
use crate::code::Code;
use crate::context::Cx;
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::initializer::Initializer;
use crate::layers::change::Change;
use crate::layers::layer::{Effect, Layer, Operand, Reads, Weight, WeightOptions, floats};
use crate::layers::options;
use crate::shape::{Dtype, Shape};

/// Keras's `Dense`: `[…, inputs] → […, units]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Dense {
    /// Outputs per position.
    pub units: Dim,
    /// What ends the layer.
    pub activation: Activation,
    /// Whether a bias is added.
    pub use_bias: bool,
    /// The kernel, `[inputs, units]`.
    pub kernel: WeightOptions,
    /// The bias, `[units]`.
    pub bias: WeightOptions,
}

pub(super) const SIGNATURE: Signature = Signature {
    callee: "Dense",
    params: &[
        "units",
        "activation",
        "use_bias",
        "kernel_initializer",
        "bias_initializer",
        "kernel_regularizer",
        "bias_regularizer",
        "activity_regularizer",
        "kernel_constraint",
        "bias_constraint",
        "lora_rank",
        "lora_alpha",
        "quantization_config",
    ],
    keywords: &["name", "trainable", "dtype", "input_shape"],
    required: &["units"],
    unsupported: &[
        options::DTYPE,
        options::ACTIVITY,
        options::INPUT_SHAPE,
        ("lora_rank", "leave it out: the whole kernel is trained"),
        ("lora_alpha", "leave it out: the whole kernel is trained"),
        ("quantization_config", "leave it out: weights are floats"),
    ],
};

impl Dense {
    pub(super) fn from_args(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let units = args.dim("units", cx);
        let activation = args.activation("activation", cx);
        let use_bias = args.boolean("use_bias", true, cx);
        let kernel = WeightOptions::from_args(args, "kernel", 2, Initializer::GLOROT_UNIFORM, cx);
        let bias = WeightOptions::from_args(args, "bias", 1, Initializer::ZEROS, cx);
        // Whether a loss fits depends on the activation: without it nothing can be said about what follows.
        args.sound(&["activation"]).then_some(Dense { units: units?, activation, use_bias, kernel, bias })
    }
}

impl Layer for Dense {
    fn class_name(&self) -> &'static str {
        SIGNATURE.callee
    }

    fn reads(&self) -> Reads {
        Reads::Any
    }

    fn effect(&self) -> Effect {
        Effect::Learned
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

    fn activation(&self) -> Activation {
        self.activation
    }

    fn changes(&self, _: &[&Shape], wanted: Option<&Shape>) -> Vec<(Self, Change)> {
        let units = wanted.and_then(Shape::last).and_then(Dim::known);
        let changed = units
            .map(|n| (Dense { units: Dim::Known(n), ..self.clone() }, Change::Setting("units", n.into())));
        changed.into_iter().collect()
    }
}
