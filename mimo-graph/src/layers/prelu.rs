//! `PReLU`: a ReLU with a learned slope for negative values.

use crate::activation::Activation;
use crate::args::{Bound, read};
use crate::code::Code;
use crate::context::Cx;
use crate::describe::List;
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::layers::layer::{
    Effect, Layer, Masks, Operand, Reads, Typed, Weight, WeightOptions, axis_out_of_range, floats, has_axes,
    same_shape, sizes_of,
};
use crate::operation::{self, Call, OpKind};
use crate::shape::{Dtype, Shape};
use crate::value::ValueKind;

/// Largest number of axes of the weight's type.
const MOST_AXES: usize = 4;

/// Keras's `PReLU`: the input's shape.
#[derive(Clone, Debug, PartialEq)]
pub struct PRelu {
    /// Axes along which values share a slope, from 1.
    pub shared_axes: Vec<i64>,
    /// The slopes.
    pub alpha: WeightOptions,
}

layer! {
    /// `x` where it is positive, `alpha · x` elsewhere, with a learned slope `alpha` for each value of a sample.
    ///
    /// The shape is unchanged. Weight: `alpha`, of the shape of a sample, with 1 for the shared axes.
    ///
    /// Keras: [`PReLU`](https://keras.io/api/layers/activation_layers/prelu/)
    "`PReLU(alpha_initializer = zeros, alpha_regularizer = none, alpha_constraint = none, shared_axes = none, name = none, trainable = true)`"
    PReLU, "let x = Input(shape = [8, 8, 4]);\nlet y: [8, 8, 4] = PReLU(shared_axes = [1, 2])(x);" => PRelu::from_args;
    takes {
        /// Initial values of `alpha`.
        alpha_initializer: Initializer = "zeros",
        /// Regularization penalty on `alpha`.
        alpha_regularizer: Regularizer = "none",
        /// Constraint applied to `alpha` after each optimizer step.
        alpha_constraint: Constraint = "none",
        /// Axes along which values share a slope: 1 is the first axis of a sample.
        shared_axes: Axes = "none",
    }
}

impl PRelu {
    fn from_args(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let alpha = WeightOptions::of_any_rank(args, "alpha", cx);
        let axes = args.read_optional("shared_axes", cx, |value, what, cx| match &value.kind {
            ValueKind::List(items) => {
                let each = format!("each axis in {what}");
                items.iter().map(|item| read::integer(item, &each, cx)).collect()
            }
            _ => read::integer(value, what, cx).map(|axis| vec![axis]),
        });
        let shared_axes: Vec<i64> = axes.unwrap_or_default();
        if let Some(axis) = shared_axes.iter().find(|&&axis| axis < 1) {
            // Keras interprets these as other axes.
            let message =
                format!("`shared_axes` of `PReLU` names axis {axis}, which is not an axis of a sample");
            let help = "write axes from 1, the first axis of a sample: `shared_axes = [1, 2]`";
            cx.error(Diag::error(Code::BatchAxis, args.loc("shared_axes"), message).help(help));
            args.fail("shared_axes");
        }
        args.sound(&["shared_axes"]).then_some(PRelu { shared_axes, alpha })
    }

    /// Whether values share a slope along an axis of a sample.
    fn shares(&self, axis: usize) -> bool {
        // A rank is the length of a list in the source: it fits.
        self.shared_axes.contains(&(axis as i64 + 1))
    }

    /// The shape of `alpha`.
    fn slopes(&self, input: &Shape) -> Shape {
        let lengths = input.0.iter().enumerate();
        Shape(
            lengths.map(|(axis, len)| if self.shares(axis) { Dim::Known(1) } else { len.clone() }).collect(),
        )
    }
}

impl Layer for PRelu {
    fn class_name(&self) -> &'static str {
        "PReLU"
    }

    fn reads(&self) -> Reads {
        if self.shared_axes.is_empty() { Reads::Any } else { Reads::NamedAxes }
    }

    fn masks(&self) -> Masks {
        Masks::Keep
    }

    fn effect(&self) -> Effect {
        Effect::Normalized
    }

    fn head(&self) -> Option<Activation> {
        Some(Activation::Linear)
    }

    fn aliases(&self) -> bool {
        false
    }

    fn typed(&self, weights: &[Weight]) -> Option<Typed> {
        let sizes: Vec<Dim> = sizes_of(weights, 0).cloned().collect();
        Some(Typed { class: format!("PReLU{}D", sizes.len()), sizes })
    }

    fn operation(&self, call: &mut dyn Call) -> Option<OpKind<Dim>> {
        let input = call.shape(0);
        let slopes = self.slopes(&input);
        let after = |axis: usize| Shape(slopes.0.iter().skip(axis + 1).cloned().collect()).elements();
        let strides =
            (0..input.rank()).map(|axis| if self.shares(axis) { Dim::Known(0) } else { after(axis) });
        let operation = operation::Prelu {
            strides: List::Owned(strides.collect()),
            slopes: slopes.elements(),
            shape: List::Owned(input.0),
            alpha: call.weight("alpha")?,
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
        let rank = x.shape.rank();
        if let Some(&axis) = self.shared_axes.iter().find(|&&axis| axis > rank as i64) {
            axis_out_of_range(axis, x, call, cx);
            return None;
        }
        if rank > MOST_AXES {
            let message = format!("mimo has no `PReLU` of {rank} axes: {MOST_AXES} are the most");
            let help = "merge some of the axes with `Reshape(…)` before it";
            cx.error(Diag::error(Code::UnavailableSetting, call, message).about(x.shown()).help(help));
            return None;
        }
        if !self.alpha.fit_rank("alpha", rank, call, cx) {
            return None;
        }
        same_shape(self.class_name(), inputs, cx)
    }

    fn weights(&self, inputs: &[&Shape]) -> Vec<Weight> {
        let shape = inputs.first().map(|shape| self.slopes(shape));
        shape.map(|shape| Weight { name: "alpha", shape, options: self.alpha }).into_iter().collect()
    }
}
