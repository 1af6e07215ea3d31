//! `Activation`: an activation function as a separate layer.

use crate::activation::Activation as Function;
use crate::args::Bound;
use crate::code::Code;
use crate::context::{Cx, DimCheck, Relation};
use crate::describe::List;
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::layers::layer::{
    Effect, Layer, Masks, Operand, Reads, Typed, Weight, mask_broadcasts, same_shape,
};
use crate::operation::{self, Activate, Call, MaskedSoftmax, OpKind, broadcast_strides};
use crate::shape::{Dtype, Shape};

/// Keras's `Activation`, and the layers that are one activation function (`ReLU`, `Softmax`, …).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Activation {
    /// The function.
    pub activation: Function,
    /// Keras's class in the source; the automatic name depends on it.
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
    /// An activation as a separate layer.
    ///
    /// The shape is unchanged.
    ///
    /// Keras: [`Activation`](https://keras.io/api/layers/core_layers/activation/)
    "`Activation(activation, name = none, trainable = true)`"
    Activation, "let x = Input(shape = [8]);\nlet y: [8] = Activation(tanh)(x);" => |args, cx| Activation::read(Class::Activation, args.activation("activation", cx), args);
    takes {
        /// The function.
        activation: Activation,
    }

    /// `max(x, 0)` as a layer; with arguments `min(x, max_value)` above `threshold`, and `negative_slope · (x − threshold)`
    /// elsewhere.
    ///
    /// The shape is unchanged.
    ///
    /// Keras: [`ReLU`](https://keras.io/api/layers/activation_layers/relu/)
    "`ReLU(max_value = none, negative_slope = 0, threshold = 0, name = none, trainable = true)`"
    ReLU, "let x = Input(shape = [8]);\nlet y: [8] = ReLU()(x);" => |args, cx| Activation::read(Class::Relu, Function::rectifier(args, cx), args);
    takes {
        /// The largest value of the function; `none` for no limit.
        max_value: f64 = "none" in [0.0..],
        /// The slope up to the threshold.
        negative_slope: f64 = "0" in [0.0..],
        /// Inputs up to this value use the slope.
        threshold: f64 = "0" in [0.0..],
    }

    /// `x` where it is positive, `negative_slope · x` elsewhere, as a layer.
    ///
    /// The shape is unchanged.
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
    /// The shape is unchanged.
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
    /// The shape is unchanged.
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
    // Checks that depend on the function (whether a loss fits) would be wrong with a default, so a function that
    // cannot be read makes no layer.
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

    fn masks(&self) -> Masks {
        Masks::Keep
    }

    fn mask_roles(&self) -> &'static [(usize, &'static str)] {
        if self.class == Class::Softmax { &[(0, "mask")] } else { &[] }
    }

    /// A mask of the steps does not apply to the values that a softmax compares.
    fn reads_mask(&self, x: &Shape, mask: &Shape) -> bool {
        x.rank() == mask.rank()
    }

    fn effect(&self) -> Effect {
        Effect::Mapped
    }

    fn head(&self) -> Option<Function> {
        // A product with a sigmoid may be any number.
        Some(if self.activation == Function::Glu { Function::Linear } else { self.activation })
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
        if self.activation == Function::Glu {
            let half = call.result().last().cloned()?;
            return Some(operation::Glu { half, x: call.x(0), y: call.y() }.into());
        }
        let shape = call.shape(0);
        if let Some(mask) = call.input_of("mask").filter(|&mask| call.shape(mask).rank() == shape.rank()) {
            let strides = broadcast_strides(&call.shape(mask), &shape);
            let (x, mask, y) = (call.x(0), call.x(mask), call.y());
            return Some(MaskedSoftmax { shape: List::Owned(shape.0), x, mask, strides, y }.into());
        }
        let positions = shape.positions();
        let operation = Activate { activation: self.activation, positions, x: call.x(0), y: call.y() };
        Some(operation.into())
    }

    fn infer(&self, inputs: &[Operand<'_>], _: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let (x, masks) = inputs.split_first()?;
        let given = same_shape(self.class_name(), std::slice::from_ref(x), cx)?;
        if !self.activation.elementwise() && x.shape.rank() == 0 {
            // Keras would run over the batch axis here.
            let what = match self.activation {
                Function::Sparsemax | Function::Glu => format!("`{}`", self.activation.name()),
                _ => "a softmax".into(),
            };
            let message = format!("{what} runs over the last axis, but `{}` is [], one number", x.name);
            cx.error(
                Diag::error(Code::WrongRank, x.loc, message)
                    .about(x.shown())
                    .help("use `sigmoid`, or give the tensor an axis"),
            );
            return None;
        }
        if !masks.iter().all(|mask| mask_broadcasts(self.class_name(), mask, x, cx)) {
            return None;
        }
        match (self.activation, x.shape.0.split_last()) {
            (Function::Glu, Some((last, outer))) => halved(x, last, cx)
                .then(|| vec![(Shape([outer, &[last.clone() / Dim::Known(2)]].concat()), Dtype::Float)]),
            _ => Some(given),
        }
    }
}

/// Reports a last axis of odd length, which cannot be halved. Returns false only after an error.
fn halved(x: &Operand<'_>, last: &Dim, cx: &mut Cx<'_>) -> bool {
    const HELP: &str = "make the layer before it twice as wide as the result: `Dense(64)` for 32 values";
    match last.known() {
        Some(len) if len % 2 == 0 => {}
        Some(len) => {
            let message = format!("`glu` halves the last axis, but that of `{}` is {len}", x.name);
            cx.error(Diag::error(Code::UnequalGroups, x.loc, message).about(x.shown()).help(HELP));
            return false;
        }
        None => cx.checks.push(DimCheck {
            code: Code::UnequalGroups,
            loc: x.loc,
            found: last.clone(),
            relation: Relation::MultipleOf,
            wanted: Dim::Known(2),
            what: format!("last axis of `{}`, which `glu` halves,", x.name),
            help: Some(HELP.into()),
            notes: vec![],
            subjects: x.shown().into_iter().collect(),
        }),
    }
    true
}
