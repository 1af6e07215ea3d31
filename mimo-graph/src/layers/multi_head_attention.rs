//! `MultiHeadAttention` and `GroupQueryAttention`: attention with projections of its tensors.

mod projection;
mod rules;

use crate::activation::Activation;
use crate::args::{Bound, read};
use crate::code::Code;
use crate::context::{Cx, DimCheck, Relation};
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::layers::activity_regularization::ActivityRegularization;
use crate::layers::attention::{all_floats, by_place, mask_fits};
use crate::layers::einsum_dense::axes_scaling;
use crate::layers::layer::{Effect, Layer, Masks, Operand, Reads, Typed, Weight, WeightOptions, typed_class};
use crate::operation::{Call, OpKind};
use crate::shape::{Dtype, Shape};
use crate::value::ValueKind;

pub(crate) use projection::Projection;

/// Keras's class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// `MultiHeadAttention`.
    MultiHead,
    /// `GroupQueryAttention`.
    GroupQuery,
}

/// Keras's `MultiHeadAttention` and `GroupQueryAttention`: `[queries, features]` → `[queries, features]`.
#[derive(Clone, Debug, PartialEq)]
pub struct MultiHeadAttention {
    /// The class.
    pub class: Class,
    /// Number of heads of the queries.
    pub heads: Dim,
    /// Number of heads of keys and values; it divides `heads`.
    pub key_heads: Dim,
    /// Size of a query and of a key in each head.
    pub key_dim: Dim,
    /// Size of a value in each head.
    pub value_dim: Dim,
    /// Dropout rate of the attention weights.
    pub dropout: f64,
    /// Whether projections have a bias.
    pub use_bias: bool,
    /// Lengths of the axes of a result; empty for those of a query.
    pub output_shape: Vec<Dim>,
    /// Axes of queries and of keys in Keras's numbering; empty for all.
    pub attention_axes: Vec<i64>,
    /// A query sees keys less than this far away.
    pub sliding_window: Option<Dim>,
    /// Whether results are multiplied by the sigmoid of a projection of the queries.
    pub use_gate: bool,
    /// The kernels of all projections.
    pub kernel: WeightOptions,
    /// The biases of all projections.
    pub bias: WeightOptions,
    /// Penalty on the outputs of each projection.
    pub activity_regularizer: Option<ActivityRegularization>,
    /// Its own seed; without one, it is derived from the model's seed and the layer's position.
    pub seed: Option<u64>,
    /// Whether queries cannot see later keys.
    pub causal: bool,
    /// Whether the attention weights are outputs as well.
    pub gives_scores: bool,
}

layer! {
    /// Multi-head attention: query, key and value are projected for each head, and the results of all heads are projected to
    /// the features of a query.
    ///
    /// Called on query, value and, if it is another tensor, key: `MultiHeadAttention(4, 16)(query, value)`, `(x, x)` for attention of a
    /// sequence to itself. `[queries, features]` → `[queries, features]`. Weights: `query_kernel` `[features, num_heads, key_dim]`,
    /// `key_kernel`, `value_kernel`, `attention_output_kernel` `[num_heads, value_dim, features]`, and a bias for each; with `use_gate`
    /// also `gate_kernel`. In files of weights they have Keras's names, `query/kernel`.
    ///
    /// A call takes `attention_mask = m` (`[queries, keys]`, or with the heads first), `query_mask`, `value_mask` and
    /// `key_mask`, `use_causal_mask = true`, and `return_attention_scores = true`, which also returns the attention
    /// weights, `[num_heads, queries, keys]`. The result for a query that sees no key is the mean of all values, or
    /// zeros with `dropout` or `return_attention_scores`, as in Keras. (Keras ignores `query_mask` of a call, and
    /// only uses that of the tensor.)
    ///
    /// Keras: [`MultiHeadAttention`](https://keras.io/api/layers/attention_layers/multi_head_attention/)
    "`MultiHeadAttention(num_heads, key_dim, value_dim = none, dropout = 0, use_bias = true, output_shape = none, attention_axes = none, sliding_window = none, kernel_initializer = glorot_uniform, bias_initializer = zeros, kernel_regularizer = none, bias_regularizer = none, activity_regularizer = none, kernel_constraint = none, bias_constraint = none, use_gate = false, seed = none, name = none, trainable = true)`"
    MultiHeadAttention, "let x = Input(shape = [20, 64]);\nlet y: [20, 64] = MultiHeadAttention(4, 16)(x, x);" => MultiHeadAttention::from_args;
    takes {
        /// Number of heads.
        num_heads: usize,
        /// Size of a query and of a key in each head.
        key_dim: usize,
        /// Size of a value in each head; `key_dim` by default.
        value_dim: usize = "none",
        /// Dropout rate of the attention weights while training.
        dropout: f64 = "0" in [0.0..=1.0],
        /// Whether projections have a bias.
        use_bias: bool = "true",
        /// Lengths of one or two axes that replace the features in the result; by default those of a query.
        output_shape: Lengths = "none",
        /// Axes of the queries and keys, with the batch as axis 0; by default all but the features. They must be
        /// adjacent.
        attention_axes: Axes = "none",
        /// A query sees keys less than this far away, before and after it.
        sliding_window: usize = "none",
        flash_attention => "leave it out: no score matrix is larger than a block of queries",
        /// Initializer of the kernels.
        kernel_initializer: Initializer = "glorot_uniform",
        /// Initializer of the biases.
        bias_initializer: Initializer = "zeros",
        /// Regularization penalty on the kernels.
        kernel_regularizer: Regularizer = "none",
        /// Regularization penalty on the biases.
        bias_regularizer: Regularizer = "none",
        /// Regularization penalty on the outputs of each projection, as the mean over the samples of the batch.
        activity_regularizer: Regularizer = "none",
        /// Constraint applied to the kernels after each optimizer step.
        kernel_constraint: Constraint = "none",
        /// Constraint applied to the biases after each optimizer step.
        bias_constraint: Constraint = "none",
        /// Whether results are multiplied by the sigmoid of a projection of the queries.
        use_gate: bool = "false",
        /// Seed of the random numbers; by default it is derived from the seed of the model or trainer.
        seed: usize = "none",
    }

    /// Grouped-query attention: the query heads of a group share their keys and values.
    ///
    /// Called like `MultiHeadAttention`, with the same weights and masks: `GroupQueryAttention(16, 8, 2)(x, x)` has 8
    /// heads of queries and 2 of keys and values. `[queries, features]` → `[queries, features]`.
    ///
    /// Keras: [`GroupQueryAttention`](https://keras.io/api/layers/attention_layers/group_query_attention/)
    "`GroupQueryAttention(head_dim, num_query_heads, num_key_value_heads, dropout = 0, use_bias = true, sliding_window = none, kernel_initializer = glorot_uniform, bias_initializer = zeros, kernel_regularizer = none, bias_regularizer = none, activity_regularizer = none, kernel_constraint = none, bias_constraint = none, use_gate = false, seed = none, name = none, trainable = true)`"
    GroupQueryAttention, "let x = Input(shape = [20, 64]);\nlet y: [20, 64] = GroupQueryAttention(16, 8, 2)(x, x);" => MultiHeadAttention::grouped;
    takes {
        /// Size of a query, a key and a value in each head.
        head_dim: usize,
        /// Number of heads of queries.
        num_query_heads: usize,
        /// Number of heads of keys and values, which divides that of queries.
        num_key_value_heads: usize,
        /// Dropout rate of the attention weights while training.
        dropout: f64 = "0" in [0.0..=1.0],
        /// Whether projections have a bias.
        use_bias: bool = "true",
        /// A query sees keys less than this far away, before and after it.
        sliding_window: usize = "none",
        flash_attention => "leave it out: no score matrix is larger than a block of queries",
        /// Initializer of the kernels.
        kernel_initializer: Initializer = "glorot_uniform",
        /// Initializer of the biases.
        bias_initializer: Initializer = "zeros",
        /// Regularization penalty on the kernels.
        kernel_regularizer: Regularizer = "none",
        /// Regularization penalty on the biases.
        bias_regularizer: Regularizer = "none",
        /// Regularization penalty on the outputs of each projection, as the mean over the samples of the batch.
        activity_regularizer: Regularizer = "none",
        /// Constraint applied to the kernels after each optimizer step.
        kernel_constraint: Constraint = "none",
        /// Constraint applied to the biases after each optimizer step.
        bias_constraint: Constraint = "none",
        /// Whether results are multiplied by the sigmoid of a projection of the queries.
        use_gate: bool = "false",
        /// Seed of the random numbers; by default it is derived from the seed of the model or trainer.
        seed: usize = "none",
    }
}

/// Axes of a call: those of queries or keys, and those around them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AttentionAxes {
    /// The axes of queries and keys within a sample.
    pub axes: std::ops::Range<usize>,
    /// Product of the lengths of the axes before them.
    pub outer: Dim,
    /// Product of the lengths of the axes after them, without the features.
    pub inner: Dim,
}

impl MultiHeadAttention {
    fn from_args(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let heads = args.dim("num_heads", cx);
        let key_dim = args.dim("key_dim", cx);
        let value_dim = args.read_optional("value_dim", cx, read::dim);
        let output_shape = args.read_optional("output_shape", cx, |value, what, cx| match &value.kind {
            ValueKind::List(items) if items.len() > 2 => {
                read::wrong(
                    value,
                    what,
                    "one length or two",
                    Some("merge axes with `Reshape(…)` after it".into()),
                    cx,
                );
                None
            }
            ValueKind::List(items) if items.is_empty() => {
                read::empty(value, what, cx);
                None
            }
            ValueKind::List(items) => {
                items.iter().map(|item| read::dim(item, &format!("each length in {what}"), cx)).collect()
            }
            _ => read::dim(value, what, cx).map(|len| vec![len]),
        });
        let attention_axes = args.read_optional("attention_axes", cx, |value, what, cx| match &value.kind {
            ValueKind::List(items) if items.is_empty() => {
                read::empty(value, what, cx);
                None
            }
            ValueKind::List(items) => {
                items.iter().map(|item| read::integer(item, &format!("each axis in {what}"), cx)).collect()
            }
            _ => read::integer(value, what, cx).map(|axis| vec![axis]),
        });
        let output_shape = output_shape.unwrap_or_default();
        let common = Self::common(Class::MultiHead, output_shape.len().max(1), args, cx);
        let (heads, key_dim) = (heads?, key_dim?);
        let attention_axes = attention_axes.unwrap_or_default();
        if attention_axes.contains(&0) {
            let help = "write `attention_axes = 1` for the first axis of each sample";
            let message = "axis 0 is the batch: samples do not attend to each other";
            cx.error(Diag::error(Code::BatchAxis, args.loc("attention_axes"), message).help(help));
            return None;
        }
        args.sound(&["value_dim", "output_shape", "attention_axes", "sliding_window"]).then_some(
            MultiHeadAttention {
                key_heads: heads.clone(),
                heads,
                value_dim: value_dim.unwrap_or(key_dim.clone()),
                key_dim,
                output_shape,
                attention_axes,
                ..common
            },
        )
    }

    fn grouped(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let key_dim = args.dim("head_dim", cx);
        let heads = args.dim("num_query_heads", cx);
        let key_heads = args.dim("num_key_value_heads", cx);
        let common = Self::common(Class::GroupQuery, 1, args, cx);
        let (key_dim, heads, key_heads) = (key_dim?, heads?, key_heads?);
        let loc = args.loc("num_query_heads");
        let (shown, asked) = (heads.display(cx.consts).to_string(), key_heads.display(cx.consts).to_string());
        let check = DimCheck {
            code: Code::WrongValue,
            loc,
            found: heads.clone(),
            relation: Relation::MultipleOf,
            wanted: key_heads.clone(),
            what: "`num_query_heads` of `GroupQueryAttention`".into(),
            help: Some("write a multiple of `num_key_value_heads`".into()),
            notes: vec!["each head of keys and values is that of as many heads of queries".into()],
            subjects: vec![],
        };
        match (heads.known(), key_heads.known()) {
            (Some(n), Some(m)) if n % m != 0 => {
                let message = format!(
                    "`num_query_heads` must be a multiple of `num_key_value_heads` {asked}, found {shown}"
                );
                let help = format!("write `num_query_heads = {}`", n.next_multiple_of(m));
                cx.error(Diag::error(Code::WrongValue, loc, message).help(help));
                return None;
            }
            (Some(_), Some(_)) => {}
            _ => cx.checks.push(check),
        }
        args.sound(&["sliding_window"]).then_some(MultiHeadAttention {
            value_dim: key_dim.clone(),
            heads,
            key_heads,
            key_dim,
            ..common
        })
    }

    /// Settings of both classes; heads are set later.
    fn common(class: Class, outputs: usize, args: &Bound<'_>, cx: &mut Cx<'_>) -> Self {
        // Kernels have two, three or more axes, depending on the projection: the first is that of the queries.
        let kernel = WeightOptions::from_args(args, "kernel", 3, cx);
        let bias = WeightOptions::from_args(args, "bias", outputs.min(2), cx);
        MultiHeadAttention {
            class,
            heads: Dim::Known(1),
            key_heads: Dim::Known(1),
            key_dim: Dim::Known(1),
            value_dim: Dim::Known(1),
            dropout: args.float("dropout", cx),
            use_bias: args.boolean("use_bias", cx),
            output_shape: vec![],
            attention_axes: vec![],
            sliding_window: args.read_optional("sliding_window", cx, read::dim),
            use_gate: args.boolean("use_gate", cx),
            kernel,
            bias,
            activity_regularizer: ActivityRegularization::of_outputs(args, cx),
            seed: args.optional_seed("seed", cx),
            causal: false,
            gives_scores: false,
        }
    }

    /// The projections, in the order of their weights.
    pub(crate) fn projections(&self) -> impl Iterator<Item = Projection> {
        let gate = self.use_gate.then_some(Projection::Gate);
        [
            Some(Projection::Query),
            Some(Projection::Key),
            gate,
            Some(Projection::Value),
            Some(Projection::Output),
        ]
        .into_iter()
        .flatten()
    }

    /// Number and size of the heads of a projection's outputs; of its inputs for the output projection.
    pub(crate) fn heads_of(&self, projection: Projection) -> [Dim; 2] {
        let (heads, dim) = match projection {
            Projection::Query => (&self.heads, &self.key_dim),
            Projection::Key => (&self.key_heads, &self.key_dim),
            Projection::Value => (&self.key_heads, &self.value_dim),
            Projection::Gate | Projection::Output => (&self.heads, &self.value_dim),
        };
        [heads.clone(), dim.clone()]
    }

    /// Lengths of the axes of a result after those of the queries.
    fn outputs_for(&self, query: &Shape) -> Vec<Dim> {
        match self.output_shape.is_empty() {
            true => vec![query.last().cloned().unwrap_or_default()],
            false => self.output_shape.clone(),
        }
    }
}

impl Layer for MultiHeadAttention {
    fn class_name(&self) -> &'static str {
        match self.class {
            Class::MultiHead => "MultiHeadAttention",
            Class::GroupQuery => "GroupQueryAttention",
        }
    }

    fn reads(&self) -> Reads {
        Reads::Any
    }

    fn masks(&self) -> Masks {
        Masks::KeepFirst
    }

    fn mask_roles(&self) -> &'static [(usize, &'static str)] {
        &[(0, "query_mask"), (1, "value_mask"), (2, "key_mask")]
    }

    fn places(&self) -> &'static [&'static str] {
        &["query", "value", "key"]
    }

    fn further(&self) -> &'static [&'static str] {
        &["attention_mask"]
    }

    fn called_with(&self, setting: &str, on: bool) -> Option<Self> {
        match setting {
            "use_causal_mask" => Some(MultiHeadAttention { causal: on, ..self.clone() }),
            "return_attention_scores" => Some(MultiHeadAttention { gives_scores: on, ..self.clone() }),
            _ => None,
        }
    }

    fn outputs(&self) -> &'static [&'static str] {
        if self.gives_scores { &["y", "scores"] } else { &["y"] }
    }

    fn effect(&self) -> Effect {
        Effect::Learned
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
        let of = |name: &str| weights.iter().find(|weight| weight.name == name);
        let axes = |name: &str, axes: std::ops::Range<usize>| {
            let shape = of(name).map(|weight| weight.shape.0.clone()).unwrap_or_default();
            shape.get(axes).unwrap_or_default().to_vec()
        };
        let sizes = [
            axes("query_kernel", 0..1),
            axes("key_kernel", 0..1),
            axes("value_kernel", 0..1),
            axes("query_kernel", 1..2),
            axes("key_kernel", 1..2),
            axes("query_kernel", 2..3),
            axes("value_kernel", 2..3),
            of("attention_output_kernel").map(|weight| weight.shape.0[2..].to_vec()).unwrap_or_default(),
        ]
        .concat();
        let gated = if self.use_gate { "Gated" } else { "" };
        let outputs = if sizes.len() > 8 { "2D" } else { "" };
        Some(Typed { class: typed_class(&format!("{gated}Attention{outputs}"), self.use_bias), sizes })
    }

    /// The plan creates several operations.
    fn operation(&self, _: &mut dyn Call) -> Option<OpKind<Dim>> {
        None
    }

    fn infer(&self, inputs: &[Operand<'_>], call: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let places = by_place(inputs)?;
        let [query, value, key] = places;
        if !all_floats(self.class_name(), inputs, cx) {
            return None;
        }
        let axes = self.axes_fit(places, call, cx)?;
        let mut fine = true;
        for mask in inputs {
            let of = match mask.role {
                "query_mask" => query,
                "value_mask" => value,
                "key_mask" => key,
                "attention_mask" => {
                    fine &= self.attention_mask_fits(mask, [query, key], &axes, call, cx);
                    continue;
                }
                _ => continue,
            };
            fine &= mask_fits(mask, of, axes.axes.clone(), call, cx);
        }
        let of =
            |x: &Operand<'_>, axes: std::ops::Range<usize>| x.shape.0.get(axes).unwrap_or_default().to_vec();
        let positions = query.shape.rank() - 1;
        let result = [of(query, 0..positions), self.outputs_for(query.shape)].concat();
        let mut given = vec![(Shape(result), Dtype::Float)];
        if self.gives_scores {
            let scores = [
                of(query, 0..axes.axes.start),
                of(query, axes.axes.end..positions),
                vec![self.heads.clone()],
                of(query, axes.axes.clone()),
                of(key, axes.axes.clone()),
            ];
            given.push((Shape(scores.concat()), Dtype::Float));
        }
        fine.then_some(given)
    }

    fn weights(&self, inputs: &[&Shape]) -> Vec<Weight> {
        let (Some(query), Some(value)) = (inputs.first(), inputs.get(1)) else { return vec![] };
        let key = inputs.get(2).unwrap_or(value);
        let features = |shape: &Shape| shape.last().cloned().unwrap_or_default();
        let mut weights = vec![];
        for projection in self.projections() {
            let [heads, dim] = self.heads_of(projection);
            let outputs = self.outputs_for(query);
            let (kernel, is_output, bias) = match projection {
                Projection::Query | Projection::Gate => (
                    vec![features(query), heads.clone(), dim.clone()],
                    vec![false, true, true],
                    vec![heads, dim],
                ),
                Projection::Key => (
                    vec![features(key), heads.clone(), dim.clone()],
                    vec![false, true, true],
                    vec![heads, dim],
                ),
                Projection::Value => (
                    vec![features(value), heads.clone(), dim.clone()],
                    vec![false, true, true],
                    vec![heads, dim],
                ),
                Projection::Output => {
                    let is_output = [vec![false; 2], vec![true; outputs.len()]].concat();
                    ([vec![heads, dim], outputs.clone()].concat(), is_output, outputs)
                }
            };
            let mut options = self.kernel;
            options.initializer.kind = axes_scaling(options.initializer.kind, &is_output);
            let [kernel_name, bias_name] = projection.weights();
            weights.push(Weight { name: kernel_name, shape: Shape(kernel), options });
            if self.use_bias {
                weights.push(Weight { name: bias_name, shape: Shape(bias), options: self.bias });
            }
        }
        weights
    }

    fn arity(&self) -> (usize, usize) {
        (2, 3)
    }

    /// Projections, the logarithms of each query's sums, and blocks of scores.
    fn scratch(&self, inputs: &[&Shape], _: &[&Shape]) -> Vec<Shape> {
        let (Some(query), Some(value)) = (inputs.first(), inputs.get(1)) else { return vec![] };
        let shape = |of: &Shape, projection: Projection| {
            Shape([vec![of.positions()], self.heads_of(projection).to_vec()].concat())
        };
        let mut shapes = vec![
            shape(query, Projection::Query),
            shape(value, Projection::Key),
            shape(value, Projection::Value),
            shape(query, Projection::Output),
        ];
        shapes.push(Shape(vec![query.positions(), self.heads.clone()]));
        let each = Dim::Known(256) + self.key_dim.clone() + self.value_dim.clone();
        shapes.push(Shape(vec![value.positions() + Dim::Known(32), each]));
        shapes
    }
}
