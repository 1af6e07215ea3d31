//! `Activation`: an activation function as a layer of its own.

use crate::activation::Activation as Function;
use crate::args::{Bound, Signature};
use crate::code::Code;
use crate::context::Cx;
use crate::diag::{Diag, Loc};
use crate::layers::layer::{Effect, Layer, Operand, Reads, same_shape};
use crate::layers::options;
use crate::shape::{Dtype, Shape};

/// Keras's `Activation`, and the layers that are one activation function (`ReLU`, `Softmax`, …).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Activation {
    /// The function.
    pub activation: Function,
    /// Which of Keras's classes it was written as; the automatic name depends on it.
    pub class: Class,
}

/// The classes of Keras that are one activation function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// `Activation(relu)`
    Activation,
    /// `ReLU()`
    Relu,
    /// `LeakyReLU()`
    LeakyRelu,
    /// `ELU()`
    Elu,
    /// `Softmax()`
    Softmax,
}

pub(super) const SIGNATURE: Signature =
    Signature { required: &["activation"], ..options::layer("Activation", &["activation"]) };
pub(super) const RELU: Signature = options::layer("ReLU", &["max_value", "negative_slope", "threshold"]);
pub(super) const LEAKY_RELU: Signature = options::layer("LeakyReLU", &["negative_slope"]);
pub(super) const ELU: Signature = options::layer("ELU", &["alpha"]);
pub(super) const SOFTMAX: Signature = options::layer("Softmax", &["axis"]);

impl Activation {
    // What depends on the function (whether a loss fits it) would be wrong with a default in its place, so a
    // function that cannot be read leaves no layer.
    fn sound(class: Class, activation: Function, args: &Bound<'_>, params: &[&str]) -> Option<Self> {
        args.sound(params).then_some(Activation { activation, class })
    }

    pub(super) fn from_args(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        Self::sound(Class::Activation, args.activation("activation", cx), args, SIGNATURE.params)
    }

    pub(super) fn relu(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        Self::sound(Class::Relu, Function::rectifier(args, cx), args, RELU.params)
    }

    pub(super) fn leaky_relu(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        Self::sound(Class::LeakyRelu, Function::leaky(args, 0.3, cx), args, LEAKY_RELU.params)
    }

    pub(super) fn elu(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        Self::sound(Class::Elu, Function::exponential_linear(args, cx), args, ELU.params)
    }

    pub(super) fn softmax(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        Self::sound(Class::Softmax, Function::last_axis(Function::Softmax, args, cx), args, SOFTMAX.params)
    }
}

impl Layer for Activation {
    fn class_name(&self) -> &'static str {
        match self.class {
            Class::Activation => SIGNATURE.callee,
            Class::Relu => RELU.callee,
            Class::LeakyRelu => LEAKY_RELU.callee,
            Class::Elu => ELU.callee,
            Class::Softmax => SOFTMAX.callee,
        }
    }

    fn reads(&self) -> Reads {
        Reads::Any
    }

    fn effect(&self) -> Effect {
        Effect::Mapped
    }

    fn infer(&self, inputs: &[Operand<'_>], _: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let given = same_shape(self.class_name(), inputs, cx)?;
        let [x] = inputs else { return None };
        if !self.activation.elementwise() && x.shape.rank() == 0 {
            // Keras would run over the batch axis here.
            let message = format!("a softmax runs over the last axis, but `{}` is [], one number", x.name);
            cx.error(
                Diag::error(Code::WrongRank, x.loc, message)
                    .about(x.shown())
                    .help("use `sigmoid`, or give the tensor an axis"),
            );
            return None;
        }
        Some(given)
    }

    fn activation(&self) -> Function {
        self.activation
    }
}
