//! `softmax`, `log_softmax`, `sparsemax` over any axes.

use crate::activation::Activation;
use crate::args::Bound;
use crate::context::Cx;
use crate::diag::Loc;
use crate::dim::Dim;
use crate::layers::change::Change;
use crate::layers::layer::{Effect, Layer, Masks, Operand, Reads, Typed, Weight, same_shape};
use crate::layers::named_axes::NamedAxes;
use crate::operation::{Call, OpKind};
use crate::shape::{Dtype, Shape};

/// A softmax of `keras.ops`.
#[derive(Clone, Debug, PartialEq)]
pub struct Softmax {
    /// The function.
    pub function: Activation,
    /// Axes of the function.
    pub axis: NamedAxes,
}

tensor_operations! {
    /// `eˣ / Σ eˣ` over some axes of a sample, which sums to 1.
    ///
    /// The shape is unchanged. At the end of a model, losses and metrics treat `softmax(x)` like the activation
    /// `softmax`.
    ///
    /// Keras: `keras.ops.softmax`
    "`softmax(x, axis = -1)`"
    softmax, "let x = Input(shape = [20, 8]);\nlet y: [20, 8] = softmax(x, axis = 1);" => |args, cx| Softmax::read(Activation::Softmax, args, cx);

    /// The logarithm of `softmax`, over some axes of a sample.
    ///
    /// The shape is unchanged.
    ///
    /// Keras: `keras.ops.log_softmax`
    "`log_softmax(x, axis = -1)`"
    log_softmax, "let x = Input(shape = [20, 8]);\nlet y: [20, 8] = log_softmax(x, axis = 1);" => |args, cx| Softmax::read(Activation::LogSoftmax, args, cx);

    /// `max(x − t, 0)` over some axes of a sample, with `t` such that the sum is 1: like `softmax`, with zeros.
    ///
    /// The shape is unchanged. Keras 3.15 uses too large a `t` if several values stay positive, so that its results
    /// sum to less than 1.
    ///
    /// Keras: `keras.ops.sparsemax`
    "`sparsemax(x, axis = -1)`"
    sparsemax, "let x = Input(shape = [20, 8]);\nlet y: [20, 8] = sparsemax(x, axis = 1);" => |args, cx| Softmax::read(Activation::Sparsemax, args, cx);
    takes {
        /// A tensor.
        x: Tensors,
        /// The axis, or a list of axes that are combined: 0 is the batch, 1 the first axis of a sample, -1 the last.
        axis: Axes = "-1",
    }
}

impl Softmax {
    fn read(function: Activation, args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let axis = NamedAxes::read(args, "and samples are not compared", cx)?;
        Some(Softmax { function, axis })
    }
}

impl Layer for Softmax {
    fn class_name(&self) -> &'static str {
        self.function.name()
    }

    fn reads(&self) -> Reads {
        Reads::NamedAxes
    }

    fn masks(&self) -> Masks {
        Masks::Lose
    }

    fn kept_axes(&self, inputs: &[&Shape], _: &Shape) -> Vec<usize> {
        self.axis.before(inputs)
    }

    fn effect(&self) -> Effect {
        Effect::Mapped
    }

    fn head(&self) -> Option<Activation> {
        // Over other axes the scores of a class do not sum to 1.
        (self.axis.0 == [-1]).then_some(self.function)
    }

    fn aliases(&self) -> bool {
        false
    }

    fn typed(&self, _: &[Weight]) -> Option<Typed> {
        None
    }

    /// Created by the plan, with permutations if the axes are not the last.
    fn operation(&self, _: &mut dyn Call) -> Option<OpKind<Dim>> {
        None
    }

    fn infer(&self, inputs: &[Operand<'_>], call: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let [x] = inputs else { return None };
        self.axis
            .fit(self.class_name(), x, call, cx)
            .then(|| same_shape(self.class_name(), inputs, cx))
            .flatten()
    }

    fn changes(&self, inputs: &[&Shape], _: Option<&Shape>) -> Vec<(Self, Change)> {
        let axes = self.axis.changes(inputs).into_iter();
        axes.map(|(axis, change)| (Self { axis, ..self.clone() }, change)).collect()
    }
}
