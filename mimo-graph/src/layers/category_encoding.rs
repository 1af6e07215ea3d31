//! `CategoryEncoding`: encodes integers as vectors of zeros and ones, or of counts.

use crate::activation::Activation;
use crate::args::Bound;
use crate::code::Code;
use crate::context::Cx;
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::layers::change::Change;
use crate::layers::layer::{Effect, Layer, Masks, Operand, Reads, Typed, Weight};
use crate::operation::{self, Call, Encoding, OpKind};
use crate::shape::{Dtype, Shape};

/// Keras's `CategoryEncoding`: `[n] → [num_tokens]`, or `[…] → […, num_tokens]` with a vector for each number.
#[derive(Clone, Debug, PartialEq)]
pub struct CategoryEncoding {
    /// Number of categories: the inputs are below it.
    pub num_tokens: Dim,
    /// Kind of encoding.
    pub output_mode: Encoding,
}

layer! {
    /// Encodes integers, such as classes or words, as vectors of zeros and ones or of counts.
    ///
    /// `[n] → [num_tokens]`, or `[…] → […, num_tokens]` with `output_mode = one_hot`, where a last axis of length 1 is left out. The
    /// numbers are below `num_tokens`. The layer has no weights.
    ///
    /// Keras: [`CategoryEncoding`](https://keras.io/api/layers/preprocessing_layers/categorical/category_encoding/)
    "`CategoryEncoding(num_tokens, output_mode = multi_hot, name = none, trainable = true)`"
    CategoryEncoding, "let kinds = Input(shape = [3], dtype = \"int32\");\nlet y: [10] = CategoryEncoding(10)(kinds);" => CategoryEncoding::from_args;
    takes {
        /// Number of categories: the inputs are below it.
        num_tokens: usize,
        /// Kind of encoding.
        output_mode: OutputMode = "multi_hot",
        sparse => "leave it out: tensors are dense",
    }
}

impl CategoryEncoding {
    fn from_args(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let num_tokens = args.dim("num_tokens", cx);
        let output_mode = match args.word("output_mode", cx) {
            "one_hot" => Encoding::OneHot,
            "count" => Encoding::Count,
            _ => Encoding::MultiHot,
        };
        let sound = args.sound(&["output_mode"]);
        num_tokens.filter(|_| sound).map(|num_tokens| CategoryEncoding { num_tokens, output_mode })
    }
}

impl Layer for CategoryEncoding {
    fn class_name(&self) -> &'static str {
        "CategoryEncoding"
    }

    fn reads(&self) -> Reads {
        Reads::Any
    }

    fn masks(&self) -> Masks {
        Masks::Lose
    }

    fn effect(&self) -> Effect {
        Effect::LookedUp
    }

    fn head(&self) -> Option<Activation> {
        Some(Activation::Linear)
    }

    fn aliases(&self) -> bool {
        false
    }

    fn typed(&self, _: &[Weight]) -> Option<Typed> {
        None
    }

    fn operation(&self, call: &mut dyn Call) -> Option<OpKind<Dim>> {
        let tokens = self.num_tokens.clone();
        let operation =
            operation::CategoryEncoding { encoding: self.output_mode, tokens, x: call.x(0), y: call.y() };
        Some(operation.into())
    }

    fn infer(&self, inputs: &[Operand<'_>], _: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let [x] = inputs else { return None };
        if x.dtype == Dtype::Float {
            let message = format!("`CategoryEncoding` encodes integers, but `{}` holds floats", x.name);
            cx.error(
                Diag::error(Code::WholeNumbersNeeded, x.loc, message)
                    .about(x.named())
                    .help(format!("write `dtype = \"int32\"` at its `Input`, or `cast({}, int32)`", x.name)),
            );
            return None;
        }
        let tokens = [self.num_tokens.clone()];
        let shape = match (self.output_mode, &x.shape.0[..]) {
            (Encoding::OneHot, [outer @ .., Dim::Known(1)]) => [outer, &tokens].concat(),
            (Encoding::OneHot, all) => [all, &tokens].concat(),
            (Encoding::MultiHot | Encoding::Count, [_]) => tokens.to_vec(),
            (Encoding::MultiHot | Encoding::Count, all) => {
                let (rank, shown) = (all.len(), x.shape.display(cx.consts));
                let message = format!(
                    "`CategoryEncoding` makes one vector of the numbers of one axis, but `{}` is {shown}",
                    x.name
                );
                let diag = Diag::error(Code::WrongRank, x.loc, message).about(x.shown());
                cx.error(match rank {
                    0 => diag.help("write `output_mode = one_hot`, which makes a vector of one number"),
                    _ => diag
                        .help("write `output_mode = one_hot`, which makes a vector of each number")
                        .help("or `TimeDistributed(CategoryEncoding(…))`, which makes a vector of each step"),
                });
                return None;
            }
        };
        Some(vec![(Shape(shape), Dtype::Float)])
    }

    fn changes(&self, _: &[&Shape], wanted: Option<&Shape>) -> Vec<(Self, Change)> {
        let tokens = wanted.and_then(Shape::last).and_then(Dim::known);
        let change = |n: usize| {
            let changed = CategoryEncoding { num_tokens: Dim::Known(n), ..self.clone() };
            (changed, Change::Setting("num_tokens", n.into()))
        };
        tokens.map(change).into_iter().collect()
    }
}
