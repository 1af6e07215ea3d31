//! `Embedding`: vectors for integers, such as the words of a vocabulary.

use crate::activation::Activation;
use crate::args::Bound;
use crate::code::Code;
use crate::context::{Cx, DimCheck, Relation};
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::layers::activity_regularization::ActivityRegularization;
use crate::layers::change::Change;
use crate::layers::layer::{Effect, Layer, Masks, Operand, Reads, Typed, Weight, WeightOptions, sizes_of};
use crate::operation::{self, BatchWeight, Call, OpKind};
use crate::shape::{Dtype, Shape};

/// Keras's `Embedding`: integers below `input_dim`, `[…] → […, output_dim]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Embedding {
    /// Number of vectors.
    pub input_dim: Dim,
    /// Length of a vector.
    pub output_dim: Dim,
    /// The vectors, `[input_dim, output_dim]`.
    pub embeddings: WeightOptions,
    /// Whether 0 is padding, which is masked.
    pub mask_zero: bool,
    /// Penalty on the outputs.
    pub activity_regularizer: Option<ActivityRegularization>,
}

layer! {
    /// Looks up a vector for each integer, such as the index of a word.
    ///
    /// `[…] → […, output_dim]` of integers below `input_dim`. Weights: `embeddings` `[input_dim, output_dim]`.
    ///
    /// Keras: [`Embedding`](https://keras.io/api/layers/core_layers/embedding/)
    "`Embedding(input_dim, output_dim, embeddings_initializer = uniform, embeddings_regularizer = none, embeddings_constraint = none, mask_zero = false, activity_regularizer = none, name = none, trainable = true)`"
    Embedding, "let words = Input(shape = [20], dtype = \"int32\");\nlet y: [20, 64] = Embedding(10000, 64)(words);" => Embedding::from_args;
    takes {
        /// Number of vectors: the inputs are below it. At most 2^24 = 16777216, since integers are passed as
        /// `f32`.
        input_dim: usize,
        /// Length of each vector.
        output_dim: usize,
        /// Initializer of the vectors.
        embeddings_initializer: Initializer = "uniform",
        /// Regularization penalty on the vectors.
        embeddings_regularizer: Regularizer = "none",
        /// Constraint applied to the vectors after each optimizer step.
        embeddings_constraint: Constraint = "none",
        /// Whether 0 is padding: the vectors have a mask, by which layers and losses skip the padding.
        mask_zero: bool = "false",
        weights => "set `model.embedding.embeddings` after the model was made",
        lora_rank => "leave it out: all vectors are trained",
        lora_alpha => "leave it out: all vectors are trained",
        quantization_config => "leave it out: weights are floats",
        /// Regularization penalty on the vectors of a batch, as the mean over its samples.
        activity_regularizer: Regularizer = "none",
        *,
        input_length => "leave it out: the input's shape says how long it is",
    }
}

impl Embedding {
    pub(super) fn from_args(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let (input_dim, output_dim) = (args.dim("input_dim", cx), args.dim("output_dim", cx));
        let input_dim = input_dim.filter(|n| few_rows(n, args, cx));
        let embeddings = WeightOptions::from_args(args, "embeddings", 2, cx);
        let activity_regularizer = ActivityRegularization::of_outputs(args, cx);
        let mask_zero = args.boolean("mask_zero", cx);
        let (input_dim, output_dim) = (input_dim?, output_dim?);
        Some(Embedding { input_dim, output_dim, embeddings, mask_zero, activity_regularizer })
    }
}

/// Limit on the rows: integers are passed as floats, and `f32` does not have 2²⁴ + 1.
const ROWS: usize = 1 << 24;

/// Whether every integer below `n` is exact as a float.
fn few_rows(n: &Dim, args: &Bound<'_>, cx: &mut Cx<'_>) -> bool {
    const NOTE: &str = "integers are passed as `f32`, which holds each of them up to 2^24";
    const HELP: &str =
        "map rare words to a common one, or split the numbers over two inputs with an `Embedding` each";
    match n.known() {
        Some(n) if n <= ROWS => true,
        Some(n) => {
            let message = format!("`input_dim` of `Embedding` must be at most {ROWS} (2^24), found {n}");
            cx.error(
                Diag::error(Code::ValueOutOfRange, args.loc("input_dim"), message).help(HELP).note(NOTE),
            );
            args.fail("input_dim");
            false
        }
        None => {
            cx.checks.push(DimCheck {
                code: Code::ValueOutOfRange,
                loc: args.loc("input_dim"),
                found: n.clone(),
                relation: Relation::AtMost,
                wanted: Dim::Known(ROWS),
                what: "`input_dim` of `Embedding`".into(),
                help: Some(HELP.into()),
                notes: vec![NOTE.into()],
                subjects: vec![],
            });
            true
        }
    }
}

impl Layer for Embedding {
    fn class_name(&self) -> &'static str {
        "Embedding"
    }

    fn reads(&self) -> Reads {
        Reads::Any
    }

    fn masks(&self) -> Masks {
        if self.mask_zero { Masks::NonZero } else { Masks::Lose }
    }

    fn effect(&self) -> Effect {
        Effect::LookedUp
    }

    fn head(&self) -> Option<Activation> {
        Some(Activation::Linear)
    }

    fn activity_regularizer(&self) -> Option<ActivityRegularization> {
        self.activity_regularizer
    }

    fn aliases(&self) -> bool {
        false
    }

    fn typed(&self, weights: &[Weight]) -> Option<Typed> {
        Some(Typed { class: "Embedding".into(), sizes: sizes_of(weights, 0).cloned().collect() })
    }

    fn operation(&self, call: &mut dyn Call) -> Option<OpKind<Dim>> {
        let operation = operation::Embedding {
            vocabulary: self.input_dim.clone(),
            units: self.output_dim.clone(),
            numbers: call.shape(0).elements(),
            embeddings: BatchWeight::scatter(call.weight("embeddings")?.block),
            x: call.x(0),
            y: call.y(),
        };
        Some(operation.into())
    }

    fn infer(&self, inputs: &[Operand<'_>], _: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let [x] = inputs else { return None };
        if x.dtype == Dtype::Float {
            let message = format!("`Embedding` looks up integers, but `{}` holds floats", x.name);
            cx.error(
                Diag::error(Code::WholeNumbersNeeded, x.loc, message)
                    .about(x.named())
                    .help(format!("write `dtype = \"int32\"` at its `Input`, or `cast({}, int32)`", x.name))
                    .help("`Dense(…)` makes vectors of floats"),
            );
            return None;
        }
        let mut shape = x.shape.0.clone();
        shape.push(self.output_dim.clone());
        Some(vec![(Shape(shape), Dtype::Float)])
    }

    fn weights(&self, _: &[&Shape]) -> Vec<Weight> {
        vec![Weight {
            name: "embeddings",
            shape: Shape(vec![self.input_dim.clone(), self.output_dim.clone()]),
            options: self.embeddings,
        }]
    }

    fn changes(&self, _: &[&Shape], wanted: Option<&Shape>) -> Vec<(Self, Change)> {
        let values = wanted.and_then(Shape::last).and_then(Dim::known);
        let changed = values.map(|n| {
            (Embedding { output_dim: Dim::Known(n), ..self.clone() }, Change::Setting("output_dim", n.into()))
        });
        changed.into_iter().collect()
    }
}
