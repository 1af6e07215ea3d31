//! `Weight`: a learned tensor, for layers written in the language.

use crate::activation::Activation;
use crate::args::Bound;
use crate::code::Code;
use crate::context::Cx;
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::layers::input;
use crate::layers::layer::{Effect, Layer, Masks, Operand, Reads, Typed, Weight, WeightOptions};
use crate::operation::{self, Call, OpKind};
use crate::shape::{Dtype, Shape};

/// Largest number of axes of the weight's type.
const MOST_AXES: usize = 4;

/// Name of the weight in its layer.
const NAME: &str = "weight";

/// Keras's `add_weight`, as a layer without inputs.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightTensor {
    /// The weight's shape.
    pub shape: Shape,
    /// Initializer, penalty and constraint.
    pub options: WeightOptions,
}

layer! {
    /// A learned tensor with the same values for every sample. A function of the block that contains one is a custom
    /// layer.
    ///
    /// → `shape`. Weight: `weight`, of that shape. Axes are counted as for every tensor of a sample: axis 1 is the
    /// first. `matmul(x, kernel)` with a weight of two axes is as fast as `Dense`; in other uses each sample has a
    /// copy of the weight.
    ///
    /// Keras: [`Layer.add_weight`](https://keras.io/api/layers/base_layer/#addweight-method)
    "`Weight(shape, initializer = glorot_uniform, regularizer = none, constraint = none, name = none, trainable = true)`"
    Weight, "let x = Input(shape = [20, 8]);\nlet y: [20, 8] = x * Weight([8], initializer = Constant(0.1));" => WeightTensor::from_args;
    takes {
        /// The shape, as in `[8]`; `[]` is one number.
        shape: Lengths,
        /// Initial values.
        initializer: Initializer = "glorot_uniform",
        dtype => "leave it out: all weights of a model have its float type",
        autocast => "leave it out: all weights of a model have its float type",
        /// Regularization penalty.
        regularizer: Regularizer = "none",
        /// Constraint applied after each optimizer step.
        constraint: Constraint = "none",
        aggregation => "leave it out: a model is trained on one machine",
        overwrite_with_gradient => "leave it out: optimizers update all weights that are trained",
    }
}

impl WeightTensor {
    fn from_args(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let options = WeightOptions {
            initializer: args.initializer("initializer", cx),
            regularizer: args.regularizer("regularizer", cx),
            constraint: args.constraint("constraint", cx),
            trainable: true,
        };
        let shape = input::dims(args.items("shape", cx)?, "Weight", cx)?;
        let rank = shape.rank();
        if rank > MOST_AXES {
            let message = format!("mimo has no `Weight` of {rank} axes: {MOST_AXES} are the most");
            let help = "merge some of the axes, and take the tensor apart with `reshape`";
            cx.error(Diag::error(Code::UnavailableSetting, args.loc("shape"), message).help(help));
            return None;
        }
        let sound = args.sound(&["initializer", "regularizer", "constraint"])
            && options.fit_rank(NAME, rank, args.loc("shape"), cx);
        sound.then_some(WeightTensor { shape, options })
    }
}

impl Layer for WeightTensor {
    fn class_name(&self) -> &'static str {
        "Weight"
    }

    fn reads(&self) -> Reads {
        Reads::Any
    }

    fn masks(&self) -> Masks {
        Masks::End
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

    fn arity(&self) -> (usize, usize) {
        (0, 0)
    }

    fn typed(&self, _: &[Weight]) -> Option<Typed> {
        Some(Typed { class: format!("Weight{}D", self.shape.rank()), sizes: self.shape.0.clone() })
    }

    fn operation(&self, call: &mut dyn Call) -> Option<OpKind<Dim>> {
        let operation = operation::WeightTensor { weight: call.weight(NAME)?, y: call.y() };
        Some(operation.into())
    }

    fn infer(&self, _: &[Operand<'_>], _: Loc, _: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        Some(vec![(self.shape.clone(), Dtype::Float)])
    }

    fn weights(&self, _: &[&Shape]) -> Vec<Weight> {
        vec![Weight { name: NAME, shape: self.shape.clone(), options: self.options }]
    }
}
