//! `ActivityRegularization`: a penalty on values.

use crate::activation::Activation;
use crate::args::Bound;
use crate::code::Code;
use crate::context::Cx;
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::initializer::Regularizer;
use crate::layers::layer::{Effect, Layer, Masks, Operand, Reads, Typed, Weight, same_shape};
use crate::operation::{Call, OpKind};
use crate::shape::{Dtype, Shape};

/// Keras's `ActivityRegularization`: the input's shape.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ActivityRegularization {
    /// The factor of the sum of absolute values.
    pub l1: f64,
    /// The factor of the sum of squares.
    pub l2: f64,
}

layer! {
    /// Outputs its input, and adds `l1 · Σ |x| + l2 · Σ x²` to the total loss, as the mean over the samples of the batch.
    ///
    /// The shape is unchanged. `activity_regularizer` of a layer is the same penalty on its outputs. The penalty is
    /// part of the loss in evaluation too.
    ///
    /// Keras: [`ActivityRegularization`](https://keras.io/api/layers/regularization_layers/activity_regularization/)
    "`ActivityRegularization(l1 = 0, l2 = 0, name = none, trainable = true)`"
    ActivityRegularization, "let x = Input(shape = [64]);\nlet y: [64] = ActivityRegularization(l2 = 1e-4)(x);" => ActivityRegularization::from_args;
    takes {
        /// The factor of the sum of absolute values.
        l1: f64 = "0" in [0.0..],
        /// The factor of the sum of squares.
        l2: f64 = "0" in [0.0..],
    }
}

impl ActivityRegularization {
    fn from_args(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        Some(ActivityRegularization { l1: args.float("l1", cx), l2: args.float("l2", cx) })
    }

    /// Reads the `activity_regularizer` of another layer: the penalty on its outputs.
    pub(super) fn of_outputs(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        const NAME: &str = "activity_regularizer";
        match args.regularizer(NAME, cx)? {
            Regularizer::Norms { l1, l2 } => Some(ActivityRegularization { l1, l2 }),
            Regularizer::Orthogonal { .. } => {
                let message = format!(
                    "the `{NAME}` of `{}` is a penalty on each sample, and an `OrthogonalRegularizer` compares rows or columns of \
                     a weight",
                    args.callee()
                );
                cx.error(
                    Diag::error(Code::UnavailableSetting, args.loc(NAME), message)
                        .help("write `L1(…)`, `L2(…)` or `L1L2(…)`"),
                );
                args.fail(NAME);
                None
            }
        }
    }
}

impl Layer for ActivityRegularization {
    fn class_name(&self) -> &'static str {
        "ActivityRegularization"
    }

    fn reads(&self) -> Reads {
        Reads::Any
    }

    fn masks(&self) -> Masks {
        Masks::Keep
    }

    fn effect(&self) -> Effect {
        Effect::Rearranged
    }

    fn head(&self) -> Option<Activation> {
        None
    }

    /// The penalty is on the layer's outputs, as that of any other layer.
    fn activity_regularizer(&self) -> Option<ActivityRegularization> {
        Some(*self)
    }

    fn aliases(&self) -> bool {
        true
    }

    fn typed(&self, _: &[Weight]) -> Option<Typed> {
        None
    }

    fn operation(&self, _: &mut dyn Call) -> Option<OpKind<Dim>> {
        None
    }

    fn infer(&self, inputs: &[Operand<'_>], _: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        same_shape(self.class_name(), inputs, cx)
    }
}
