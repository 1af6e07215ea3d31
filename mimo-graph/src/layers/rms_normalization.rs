//! `RMSNormalization`: divides every sample by the root mean square over some of its axes.

use crate::activation::Activation;
use crate::args::Bound;
use crate::context::Cx;
use crate::diag::Loc;
use crate::dim::Dim;
use crate::initializer::Initializer;
use crate::layers::change::Change;
use crate::layers::layer::{
    Effect, Layer, Masks, Operand, Reads, Typed, Weight, WeightOptions, same_shape, sizes_of,
};
use crate::layers::named_axes::NamedAxes;
use crate::operation::{self, Call, OpKind, Statistic};
use crate::shape::{Dtype, Shape};

/// Keras's `RMSNormalization`: the input's shape.
#[derive(Clone, Debug, PartialEq)]
pub struct RmsNormalization {
    /// Axes of the mean.
    pub axis: NamedAxes,
    /// Added to the mean of the squares.
    pub epsilon: f64,
}

layer! {
    /// Divides every sample by the root mean square over some of its axes, then scales it by a weight:
    /// `scale · x / √(mean(x²) + epsilon)`.
    ///
    /// `[…] → […]`. Weight: `scale`, of the lengths of the axes, in the order of the sample's axes.
    ///
    /// Keras: [`RMSNormalization`](https://keras.io/api/layers/normalization_layers/rms_normalization/)
    "`RMSNormalization(axis = -1, epsilon = 0.000001, name = none, trainable = true)`"
    RMSNormalization, "let x = Input(shape = [20, 8]);\nlet y: [20, 8] = RMSNormalization()(x);" => RmsNormalization::from_args;
    takes {
        /// Axis of the mean, or a list of axes: 1 is the first of a sample, -1 the last.
        axis: Axes = "-1",
        /// Added to the mean of the squares, against division by zero.
        epsilon: f64 = "0.000001" in [0.0..],
    }
}

impl RmsNormalization {
    fn from_args(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let axis = NamedAxes::from_args(args, cx);
        let epsilon = args.float("epsilon", cx);
        // In the order of the weight's axes, as in `LayerNormalization`.
        let mut axis = axis?;
        axis.0.sort_unstable();
        Some(Self { axis, epsilon })
    }
}

impl Layer for RmsNormalization {
    fn class_name(&self) -> &'static str {
        "RMSNormalization"
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
        Effect::Learned
    }

    fn head(&self) -> Option<Activation> {
        Some(Activation::Linear)
    }

    fn aliases(&self) -> bool {
        false
    }

    fn typed(&self, weights: &[Weight]) -> Option<Typed> {
        let class = format!("RMSNormalization{}D", self.axis.0.len());
        Some(Typed { class, sizes: sizes_of(weights, 0).cloned().collect() })
    }

    fn operation(&self, call: &mut dyn Call) -> Option<OpKind<Dim>> {
        let (shape, strides, kept) = self.axis.layout(&call.shape(0))?;
        let operation = operation::LayerNormalization {
            shape,
            strides,
            kept,
            statistic: Statistic::MeanSquare,
            epsilon: self.epsilon,
            gamma: call.weight("scale"),
            beta: None,
            x: call.x(0),
            y: call.y(),
        };
        Some(operation.into())
    }

    fn infer(&self, inputs: &[Operand<'_>], call: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let [x] = inputs else { return None };
        let fits = self.axis.fit(self.class_name(), x, call, cx);
        if !fits || !self.axis.fit_a_weight(self.class_name(), call, cx) {
            return None;
        }
        same_shape(self.class_name(), inputs, cx)
    }

    fn weights(&self, inputs: &[&Shape]) -> Vec<Weight> {
        let Some(shape) = inputs.first() else { return Vec::new() };
        let options = WeightOptions {
            initializer: Initializer::ONES,
            regularizer: None,
            constraint: None,
            trainable: true,
        };
        vec![Weight { name: "scale", shape: self.axis.sorted(shape.rank()).lengths(shape), options }]
    }

    fn changes(&self, inputs: &[&Shape], _: Option<&Shape>) -> Vec<(Self, Change)> {
        let changes = self.axis.changes(inputs).into_iter();
        changes.map(|(axis, change)| (Self { axis, ..self.clone() }, change)).collect()
    }
}
