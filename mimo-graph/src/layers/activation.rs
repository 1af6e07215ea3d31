//! `Activation`: an activation function as a layer of its own.

use crate::activation::Activation as Function;
use crate::args::Bound;
use crate::code::Code;
use crate::context::Cx;
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::layers::layer::{Effect, Layer, Operand, Reads, Typed, Weight, same_shape};
use crate::operation::{Activate, Call, OpKind};
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

layer! {
    /// An activation as a layer of its own.
    ///
    /// The shape stays what it is.
    ///
    /// Keras: [`Activation`](https://keras.io/api/layers/core_layers/activation/)
    "`Activation(activation, name = none, trainable = true)`"
    Activation, "let x = Input(shape = [8]);\nlet y: [8] = Activation(tanh)(x);" => |args, cx| Activation::read(Class::Activation, args.activation("activation", cx), args);
    takes {
        /// The function.
        activation: Activation,
    }

    /// `max(x, 0)` as a layer.
    ///
    /// The shape stays what it is.
    ///
    /// Keras: [`ReLU`](https://keras.io/api/layers/activation_layers/relu/)
    "`ReLU(max_value = none, negative_slope = 0, threshold = 0, name = none, trainable = true)`"
    ReLU, "let x = Input(shape = [8]);\nlet y: [8] = ReLU()(x);" => |args, cx| Activation::read(Class::Relu, Function::rectifier(args, cx), args);
    takes {
        /// Where the function ends: 6, or `none`.
        max_value: f64 = "none" in [0.0..],
        /// The slope for negative values.
        negative_slope: f64 = "0" in [0.0..],
        /// Only 0.
        threshold: f64 = "0" in [0.0..],
    }

    /// `x` where it is positive, `negative_slope · x` elsewhere, as a layer.
    ///
    /// The shape stays what it is.
    ///
    /// Keras: [`LeakyReLU`](https://keras.io/api/layers/activation_layers/leaky_relu/)
    "`LeakyReLU(negative_slope = 0.3, name = none, trainable = true)`"
    LeakyReLU, "let x = Input(shape = [8]);\nlet y: [8] = LeakyReLU()(x);" => |args, cx| Activation::read(Class::LeakyRelu, Function::leaky(args, cx), args);
    takes {
        /// The slope for negative values.
        negative_slope: f64 = "0.3" in [0.0..],
    }

    /// `x` where it is positive, `alpha · (eˣ − 1)` elsewhere, as a layer.
    ///
    /// The shape stays what it is.
    ///
    /// Keras: [`ELU`](https://keras.io/api/layers/activation_layers/elu/)
    "`ELU(alpha = 1, name = none, trainable = true)`"
    ELU, "let x = Input(shape = [8]);\nlet y: [8] = ELU()(x);" => |args, cx| Activation::read(Class::Elu, Function::exponential_linear(args, cx), args);
    takes {
        /// The scale for negative values.
        alpha: f64 = "1" in [0.0..],
    }

    /// `eˣ / Σ eˣ` over the last axis, as a layer.
    ///
    /// The shape stays what it is.
    ///
    /// Keras: [`Softmax`](https://keras.io/api/layers/activation_layers/softmax/)
    "`Softmax(axis = -1, name = none, trainable = true)`"
    Softmax, "let x = Input(shape = [8]);\nlet y: [8] = Softmax()(x);" => |args, cx| Activation::read(Class::Softmax, Function::last_axis(Function::Softmax, args, cx), args);
    takes {
        /// The axis over which it runs: only the last.
        axis: Axis = "-1",
    }
}

impl Activation {
    // What depends on the function (whether a loss fits it) would be wrong with a default in its place, so a
    // function that cannot be read leaves no layer.
    fn read(class: Class, activation: Function, args: &Bound<'_>) -> Option<Self> {
        let positional: Vec<&str> = args.item().positional.iter().map(|argument| argument.name).collect();
        args.sound(&positional).then_some(Activation { activation, class })
    }
}

impl Layer for Activation {
    fn class_name(&self) -> &'static str {
        match self.class {
            Class::Activation => "Activation",
            Class::Relu => "ReLU",
            Class::LeakyRelu => "LeakyReLU",
            Class::Elu => "ELU",
            Class::Softmax => "Softmax",
        }
    }

    fn reads(&self) -> Reads {
        Reads::Any
    }

    fn effect(&self) -> Effect {
        Effect::Mapped
    }

    fn head(&self) -> Option<Function> {
        Some(self.activation)
    }

    fn aliases(&self) -> bool {
        self.activation == Function::Linear
    }

    fn typed(&self, _: &[Weight]) -> Option<Typed> {
        None
    }

    fn operation(&self, call: &mut dyn Call) -> Option<OpKind<Dim>> {
        if self.aliases() {
            return None;
        }
        let positions = call.shape(0).positions();
        let operation = Activate { activation: self.activation, positions, x: call.x(0), y: call.y() };
        Some(operation.into())
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
}
