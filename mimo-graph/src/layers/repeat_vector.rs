//! `RepeatVector`: repeats a vector as every step of a sequence.

use crate::activation::Activation;
use crate::args::Bound;
use crate::code::Code;
use crate::context::Cx;
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::layers::change::Change;
use crate::layers::layer::{Effect, Layer, Masks, Operand, Reads, Typed, Weight};
use crate::operation::{self, Call, OpKind};
use crate::shape::{Dtype, Shape};

/// Keras's `RepeatVector`: `[features] → [n, features]`.
#[derive(Clone, Debug, PartialEq)]
pub struct RepeatVector {
    /// Number of repetitions.
    pub n: Dim,
}

layer! {
    /// Repeats a vector as every step of a sequence.
    ///
    /// `[features] → [n, features]`
    ///
    /// Keras: [`RepeatVector`](https://keras.io/api/layers/reshaping_layers/repeat_vector/)
    "`RepeatVector(n, name = none, trainable = true)`"
    RepeatVector, "let x = Input(shape = [32]);\nlet y: [3, 32] = RepeatVector(3)(x);" => RepeatVector::from_args;
    takes {
        /// Number of repetitions.
        n: usize,
    }
}

impl RepeatVector {
    pub(super) fn from_args(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        Some(RepeatVector { n: args.dim("n", cx)? })
    }
}

impl Layer for RepeatVector {
    fn class_name(&self) -> &'static str {
        "RepeatVector"
    }

    fn reads(&self) -> Reads {
        Reads::Any
    }

    fn masks(&self) -> Masks {
        Masks::Lose
    }

    fn effect(&self) -> Effect {
        Effect::Resampled
    }

    fn head(&self) -> Option<Activation> {
        None
    }

    fn aliases(&self) -> bool {
        false
    }

    fn typed(&self, _: &[Weight]) -> Option<Typed> {
        None
    }

    fn operation(&self, call: &mut dyn Call) -> Option<OpKind<Dim>> {
        Some(operation::RepeatVector { n: self.n.clone(), x: call.x(0), y: call.y() }.into())
    }

    fn infer(&self, inputs: &[Operand<'_>], _: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let [x] = inputs else { return None };
        let [features] = &x.shape.0[..] else {
            let shown = x.shape.display(cx.consts);
            let message = format!("`RepeatVector` repeats a vector, but `{}` is {shown}", x.name);
            cx.error(
                Diag::error(Code::WrongRank, x.loc, message)
                    .about(x.shown())
                    .help("bring it to [features] with `Reshape(…)`"),
            );
            return None;
        };
        Some(vec![(Shape(vec![self.n.clone(), features.clone()]), x.dtype)])
    }

    fn changes(&self, _: &[&Shape], wanted: Option<&Shape>) -> Vec<(Self, Change)> {
        let n = wanted.and_then(|wanted| wanted.0.first()).and_then(Dim::known);
        n.map(|n| (RepeatVector { n: Dim::Known(n) }, Change::Setting("n", n.into()))).into_iter().collect()
    }
}
