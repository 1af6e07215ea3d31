//! `random_normal`, `random_truncated_normal`, `random_uniform`: random numbers of the shape of a tensor.

use crate::activation::Activation;
use crate::args::Bound;
use crate::code::Code;
use crate::context::Cx;
use crate::describe::List;
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::layers::elementwise::number;
use crate::layers::layer::{Effect, Layer, Masks, Operand, Reads, Typed, Weight};
use crate::operation::{self, Call, Drawn, Number, OpKind};
use crate::shape::{Dtype, Shape};
use crate::value::ValueKind;

/// Random numbers of the shape of a tensor.
#[derive(Clone, Debug, PartialEq)]
pub struct RandomDraw {
    /// The distribution.
    pub drawn: Drawn,
    /// Its mean and its standard deviation, or its bounds.
    pub numbers: [Number; 2],
    /// Seed of a separate stream; without one, the numbers depend on the seed of the trainer or predictor.
    pub seed: Option<u64>,
}

tensor_operations! {
    /// Random numbers of the shape of a tensor, from a normal distribution: the noise of a variational autoencoder.
    ///
    /// New numbers are drawn at every training step and every prediction. Only the shape of `x` matters: nothing
    /// before it is trained through the result. Two calls draw independent numbers, unless both have the same seed.
    ///
    /// Keras: `keras.random.normal`
    "`random_normal(x, mean = 0, stddev = 1, seed = none)`"
    random_normal, "let mean = Input(shape = [8]);\nlet y: [8] = mean + 0.1 * random_normal(mean);"
        => |args, cx| RandomDraw::normal(Drawn::Normal, args, cx);

    /// Random numbers of the shape of a tensor, from a normal distribution truncated at two standard deviations:
    /// numbers beyond are drawn again.
    ///
    /// Keras: `keras.random.truncated_normal`
    "`random_truncated_normal(x, mean = 0, stddev = 1, seed = none)`"
    random_truncated_normal, "let x = Input(shape = [8]);\nlet y: [8] = x + random_truncated_normal(x, stddev = 0.1);"
        => |args, cx| RandomDraw::normal(Drawn::TruncatedNormal, args, cx);
    takes {
        /// A tensor that has the shape of the result.
        x: Tensors,
        /// Mean of the numbers.
        mean: f64 = "0",
        /// Standard deviation of the numbers, before truncation.
        stddev: f64 = "1" in [0.0..],
        /// Seed of a separate stream, independent of the seed of the trainer or predictor.
        seed: usize = "none",
    }

    /// Random numbers of the shape of a tensor, uniform from `minval` (included) to `maxval` (excluded).
    ///
    /// New numbers are drawn at every training step and every prediction. Only the shape of `x` matters: nothing
    /// before it is trained through the result. Two calls draw independent numbers, unless both have the same seed.
    /// `random_uniform(x) < 0.3` is 1 with probability 0.3, else 0.
    ///
    /// Keras: `keras.random.uniform`
    "`random_uniform(x, minval = 0, maxval = 1, seed = none)`"
    random_uniform, "let x = Input(shape = [8]);\nlet y: [8] = where(random_uniform(x) < 0.3, 0.0, x);"
        => |args, cx| RandomDraw::uniform(args, cx);
    takes {
        /// A tensor that has the shape of the result.
        x: Tensors,
        /// Smallest number.
        minval: f64 = "0",
        /// Upper bound, excluded.
        maxval: f64 = "1",
        /// Seed of a separate stream, independent of the seed of the trainer or predictor.
        seed: usize = "none",
    }
}

/// Reads an argument that may be a constant of Rust.
fn argument(name: &'static str, args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Number> {
    match args.take(name) {
        Some(value) if matches!(value.kind, ValueKind::Expr(_)) => number(value, name, cx),
        _ => Some(Number::Known(args.float(name, cx))),
    }
}

impl RandomDraw {
    fn normal(drawn: Drawn, args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        RandomDraw::read(drawn, ["mean", "stddev"], args, cx)
    }

    fn uniform(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let made = RandomDraw::read(Drawn::Uniform, ["minval", "maxval"], args, cx)?;
        if let [Number::Known(minval), Number::Known(maxval)] = made.numbers
            && minval > maxval
        {
            let message =
                format!("`random_uniform` draws from `minval` to `maxval`, but {minval} is above {maxval}");
            let help = format!("write `minval = {maxval}, maxval = {minval}`");
            cx.error(Diag::error(Code::BoundsReversed, args.loc("minval"), message).help(help));
            return None;
        }
        Some(made)
    }

    fn read(
        drawn: Drawn,
        [first, second]: [&'static str; 2],
        args: &Bound<'_>,
        cx: &mut Cx<'_>,
    ) -> Option<Self> {
        let numbers = [argument(first, args, cx), argument(second, args, cx)];
        let seed = args.optional_seed("seed", cx);
        let [Some(first), Some(second)] = numbers else { return None };
        Some(RandomDraw { drawn, numbers: [first, second], seed })
    }
}

impl Layer for RandomDraw {
    fn class_name(&self) -> &'static str {
        match self.drawn {
            Drawn::Normal => "random_normal",
            Drawn::TruncatedNormal => "random_truncated_normal",
            Drawn::Uniform => "random_uniform",
        }
    }

    fn reads(&self) -> Reads {
        Reads::Any
    }

    fn masks(&self) -> Masks {
        Masks::End
    }

    fn effect(&self) -> Effect {
        Effect::Drawn
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
        let numbers = List::Owned(self.numbers.to_vec());
        let key = call.key(None);
        Some(operation::RandomDraw { drawn: self.drawn, numbers, seed: self.seed, key, y: call.y() }.into())
    }

    fn infer(&self, inputs: &[Operand<'_>], _: Loc, _: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let [x] = inputs else { return None };
        Some(vec![(x.shape.clone(), Dtype::Float)])
    }
}
