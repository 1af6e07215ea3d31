//! `Attention` and `AdditiveAttention`: means of values, weighted by the scores of a query with the keys.

use crate::activation::Activation;
use crate::args::Bound;
use crate::code::Code;
use crate::context::Cx;
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::initializer::Initializer;
use crate::layers::contraction::have_one_length;
use crate::layers::layer::{
    Effect, Layer, Masks, Operand, Reads, Typed, Weight, WeightOptions, floats, sizes_of,
};
use crate::operation::{Call, OpKind};
use crate::shape::{Dtype, Shape};

/// Score of a query with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScoreMode {
    /// Their dot product: `Attention()`.
    Dot,
    /// The sum of `tanh(query + key)`: `Attention(score_mode = concat)`.
    Concat,
    /// The same with a learned factor for each tangent: `AdditiveAttention()`.
    Additive,
}

/// Keras's `Attention` and `AdditiveAttention`: `[queries, features]` and `[keys, values]` → `[queries, values]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Attention {
    /// The score.
    pub mode: ScoreMode,
    /// Whether it has a learned factor.
    pub use_scale: bool,
    /// Dropout rate of the attention weights.
    pub dropout: f64,
    /// Its own seed; without one, it is derived from the model's seed and the layer's position.
    pub seed: Option<u64>,
    /// Whether queries cannot see later keys.
    pub causal: bool,
    /// Whether the attention weights are outputs as well.
    pub gives_scores: bool,
}

layer! {
    /// For every query, the mean of the values, weighted by the softmax of the dot products of the query with the
    /// keys.
    ///
    /// Called on a list: `[query, value]`, or `[query, value, key]` with keys that are not the values. `[queries,
    /// features]` and `[keys, values]` → `[queries, values]`. Weights: `scale` with `use_scale`,
    /// `concat_score_weight` with `score_mode = concat`; each is one number.
    ///
    /// A call takes `mask = [query_mask, value_mask]`, `use_causal_mask = true`, and `return_attention_scores =
    /// true`, which also returns the attention weights, `[queries, keys]`. Results of masked queries are 0.
    ///
    /// Keras: [`Attention`](https://keras.io/api/layers/attention_layers/attention/)
    "`Attention(use_scale = false, score_mode = dot, dropout = 0, seed = none, name = none, trainable = true)`"
    Attention, "let query = Input(shape = [8, 16]);\nlet value = Input(shape = [20, 16]);\nlet y: [8, 16] = Attention()([query, value]);" => Attention::from_args;
    takes {
        /// Whether the scores have a learned factor.
        use_scale: bool = "false",
        /// The score of a query with a key: their dot product (`dot`), or the sum of `tanh(query + key)` (`concat`).
        score_mode: ScoreMode = "dot",
        /// Dropout rate of the attention weights while training.
        dropout: f64 = "0" in [0.0..=1.0],
        /// Seed of the random numbers; by default it is derived from the seed of the model or trainer.
        seed: usize = "none",
    }

    /// For every query, the mean of the values, weighted by the softmax of additive scores: `Σ scale · tanh(query +
    /// key)`.
    ///
    /// Called on a list: `[query, value]`, or `[query, value, key]`. `[queries, features]` and `[keys, values]` →
    /// `[queries, values]`. Weight: `scale`, `[features]`, with `use_scale`. Calls take the arguments of those of
    /// `Attention`.
    ///
    /// Keras: [`AdditiveAttention`](https://keras.io/api/layers/attention_layers/additive_attention/)
    "`AdditiveAttention(use_scale = true, dropout = 0, seed = none, name = none, trainable = true)`"
    AdditiveAttention, "let query = Input(shape = [8, 16]);\nlet value = Input(shape = [20, 16]);\nlet y: [8, 16] = AdditiveAttention()([query, value]);" => Attention::additive;
    takes {
        /// Whether each tangent has a learned factor.
        use_scale: bool = "true",
        /// Dropout rate of the attention weights while training.
        dropout: f64 = "0" in [0.0..=1.0],
        /// Seed of the random numbers; by default it is derived from the seed of the model or trainer.
        seed: usize = "none",
    }
}

impl Attention {
    fn from_args(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let mode = match args.word_of("score_mode", &["dot", "concat"], cx) {
            "concat" => ScoreMode::Concat,
            _ => ScoreMode::Dot,
        };
        Some(Attention { mode, ..Self::common(args, cx) })
    }

    fn additive(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        Some(Attention { mode: ScoreMode::Additive, ..Self::common(args, cx) })
    }

    fn common(args: &Bound<'_>, cx: &mut Cx<'_>) -> Self {
        Attention {
            mode: ScoreMode::Dot,
            use_scale: args.boolean("use_scale", cx),
            dropout: args.float("dropout", cx),
            seed: args.optional_seed("seed", cx),
            causal: false,
            gives_scores: false,
        }
    }
}

/// The positional tensors: query, value, and key, which is the value by default.
pub(super) fn by_place<'a, 'b>(inputs: &'a [Operand<'b>]) -> Option<[&'a Operand<'b>; 3]> {
    let mut places = inputs.iter().filter(|input| input.role.is_empty());
    let (query, value) = (places.next()?, places.next()?);
    Some([query, value, places.next().unwrap_or(value)])
}

/// Whether all tensors hold floats; reports those that do not.
pub(super) fn all_floats(class: &str, inputs: &[Operand<'_>], cx: &mut Cx<'_>) -> bool {
    let mut seen: Vec<&str> = vec![];
    let mut fine = true;
    for input in inputs {
        // One tensor may be query, value and key.
        if !seen.contains(&input.name) {
            fine &= floats(class, input, cx);
            seen.push(input.name);
        }
    }
    fine
}

/// Whether a mask has the axes that it masks: `wanted` of `of`, which messages call `axes`; reports an error if not.
pub(super) fn mask_fits(
    mask: &Operand<'_>,
    of: &Operand<'_>,
    axes: std::ops::Range<usize>,
    call: Loc,
    cx: &mut Cx<'_>,
) -> bool {
    if mask.shape.rank() != axes.len() {
        let shown = mask.shape.display(cx.consts);
        let wanted = Shape(of.shape.0.get(axes).unwrap_or_default().to_vec());
        let wanted = wanted.display(cx.consts);
        let message = format!("the mask `{}` is {shown}, and that of `{}` is {wanted}", mask.name, of.name);
        let help = format!("a mask holds 1 or 0 for each position of `{}`: {wanted}", of.name);
        cx.error(Diag::error(Code::WrongRank, mask.loc, message).about(mask.shown()).help(help));
        return false;
    }
    let mut fine = true;
    for (at, axis) in axes.enumerate() {
        fine &= have_one_length(
            "a mask has",
            [(mask, at), (of, axis)],
            "a mask holds 1 or 0 for each position of what it masks",
            call,
            cx,
        );
    }
    fine
}

impl Layer for Attention {
    fn class_name(&self) -> &'static str {
        match self.mode {
            ScoreMode::Dot | ScoreMode::Concat => "Attention",
            ScoreMode::Additive => "AdditiveAttention",
        }
    }

    fn reads(&self) -> Reads {
        Reads::Any
    }

    fn masks(&self) -> Masks {
        Masks::KeepFirst
    }

    fn mask_roles(&self) -> &'static [(usize, &'static str)] {
        &[(0, "query_mask"), (1, "value_mask")]
    }

    fn passed_mask(&self) -> &'static str {
        "query_mask"
    }

    fn called_with(&self, setting: &str, on: bool) -> Option<Self> {
        match setting {
            "use_causal_mask" => Some(Attention { causal: on, ..*self }),
            "return_attention_scores" => Some(Attention { gives_scores: on, ..*self }),
            _ => None,
        }
    }

    fn outputs(&self) -> &'static [&'static str] {
        if self.gives_scores { &["y", "scores"] } else { &["y"] }
    }

    fn effect(&self) -> Effect {
        Effect::Joined
    }

    fn head(&self) -> Option<Activation> {
        None
    }

    fn aliases(&self) -> bool {
        false
    }

    fn typed(&self, weights: &[Weight]) -> Option<Typed> {
        let class = match (self.mode, self.use_scale) {
            (ScoreMode::Dot, true) => "AttentionWithScale",
            (ScoreMode::Concat, true) => "ConcatAttentionWithScale",
            (ScoreMode::Concat, false) => "ConcatAttention",
            (ScoreMode::Additive, true) => "AdditiveAttention",
            (ScoreMode::Dot | ScoreMode::Additive, false) => return None,
        };
        Some(Typed { class: class.into(), sizes: sizes_of(weights, 0).cloned().collect() })
    }

    /// Created by the plan, with its memory.
    fn operation(&self, _: &mut dyn Call) -> Option<OpKind<Dim>> {
        None
    }

    fn infer(&self, inputs: &[Operand<'_>], call: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let [query, value, key] = by_place(inputs)?;
        if !all_floats(self.class_name(), inputs, cx) {
            return None;
        }
        for x in [query, value, key] {
            if x.shape.rank() != 2 {
                let message = format!(
                    "`{}` reads sequences, [steps, features], but `{}` is {}",
                    self.class_name(),
                    x.name,
                    x.shape.display(cx.consts)
                );
                let help = match x.shape.rank() {
                    1 => "write `Reshape([1, …])` before it for a sequence of one step",
                    _ => "write `Reshape([steps, features])` before it",
                };
                cx.error(Diag::error(Code::WrongRank, x.loc, message).about(x.shown()).help(help));
                return None;
            }
        }
        let what = match self.mode {
            ScoreMode::Dot => format!("`{}` multiplies", self.class_name()),
            ScoreMode::Concat | ScoreMode::Additive => format!("`{}` adds up", self.class_name()),
        };
        let features = "queries and keys have the same features: write `Dense(…)` before one of them";
        let mut fine = have_one_length(&what, [(query, 1), (key, 1)], features, call, cx);
        let steps = "there is a value for each key";
        fine &= have_one_length("values have the keys of", [(value, 0), (key, 0)], steps, call, cx);
        for mask in inputs {
            match mask.role {
                "query_mask" => fine &= mask_fits(mask, query, 0..1, call, cx),
                "value_mask" => fine &= mask_fits(mask, value, 0..1, call, cx),
                _ => {}
            }
        }
        let [queries, keys] = [query, value].map(|x| x.shape.0.first().cloned().unwrap_or_default());
        let values = value.shape.last().cloned().unwrap_or_default();
        let mut given = vec![(Shape(vec![queries.clone(), values]), Dtype::Float)];
        if self.gives_scores {
            given.push((Shape(vec![queries, keys]), Dtype::Float));
        }
        fine.then_some(given)
    }

    fn weights(&self, inputs: &[&Shape]) -> Vec<Weight> {
        let mut weights = vec![];
        let weight = |name, shape, initializer| Weight {
            name,
            shape: Shape(shape),
            options: WeightOptions { initializer, regularizer: None, constraint: None, trainable: true },
        };
        if self.use_scale && self.mode == ScoreMode::Additive {
            let features = inputs.first().and_then(|query| query.last()).cloned().unwrap_or_default();
            weights.push(weight("scale", vec![features], Initializer::GLOROT_UNIFORM));
        } else if self.use_scale {
            weights.push(weight("scale", vec![], Initializer::ONES));
        }
        if self.mode == ScoreMode::Concat {
            weights.push(weight("concat_score_weight", vec![], Initializer::ONES));
        }
        weights
    }

    fn arity(&self) -> (usize, usize) {
        (2, 3)
    }
}
