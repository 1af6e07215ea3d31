//! `LSTM`, `GRU` and `SimpleRNN`: read a sequence step by step with a state.

use crate::activation::Activation;
use crate::args::Bound;
use crate::code::Code;
use crate::context::{Cx, DimCheck, Relation};
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::initializer::InitializerKind;
use crate::layers::activity_regularization::ActivityRegularization;
use crate::layers::change::Change;
use crate::layers::layer::{
    Effect, Layer, Masks, Operand, Reads, Typed, Weight, WeightOptions, floats, mask_fits, sizes_of,
    typed_class,
};
pub use crate::operation::Cell;
use crate::operation::{Call, OpKind};
use crate::shape::{Dtype, Shape};
use crate::value::ValueKind;

/// Keras's `LSTM`, `GRU` and `SimpleRNN`: `[steps, features] → [units]`, or `[steps, units]` with `return_sequences`.
#[derive(Clone, Debug, PartialEq)]
pub struct Recurrent {
    /// Computation of a step.
    pub cell: Cell,
    /// Size of the state.
    pub units: Dim,
    /// Activation of the candidate state.
    pub activation: Activation,
    /// Activation of the gates; a `SimpleRNN` has none.
    pub recurrent_activation: Activation,
    /// Whether a bias is added.
    pub use_bias: bool,
    /// Kernel for the inputs, `[features, gates · units]`.
    pub kernel: WeightOptions,
    /// Recurrent kernel for the state, `[units, gates · units]`.
    pub recurrent_kernel: WeightOptions,
    /// The bias, `[gates · units]`, or `[2, gates · units]` for a GRU that resets after the product.
    pub bias: WeightOptions,
    /// Penalty on all outputs of a call, including the states.
    pub activity_regularizer: Option<ActivityRegularization>,
    /// Dropout rate of the features while training, with the same mask at all steps of a sequence: a mask for each
    /// gate if there is recurrent dropout, else one for all gates.
    pub dropout: f64,
    /// Dropout rate of the state where the recurrent kernel reads it, while training: a mask for each gate, the same
    /// at all steps of a sequence.
    pub recurrent_dropout: f64,
    /// Its own seed for dropout.
    pub seed: Option<u64>,
    /// Whether the state after every step is an output, instead of that after the last step only.
    pub return_sequences: bool,
    /// Whether the last state is an output too, and for an LSTM the last cell state.
    pub return_state: bool,
    /// Whether the sequence is read from its end.
    pub go_backwards: bool,
    /// Whether a batch begins with the final states of the previous one.
    pub stateful: bool,
    /// Whether the output of a masked step is zeros instead of the previous output. `Bidirectional` sets it.
    pub zero_output_for_mask: bool,
    /// Whether the output sequence is reversed compared to the order of reading; only `Bidirectional` sets it.
    pub flipped: bool,
}

layer! {
    /// A long short-term memory: reads a sequence step by step, and passes an output and a cell state from one step
    /// to the next.
    ///
    /// `[steps, features] → [units]`, or `[steps, units]` with `return_sequences`. A call may pass `initial_state =
    /// …`, and `mask = …`, `[steps]`, instead of the mask of the tensor: masked steps keep the state, and output that
    /// of the previous step, or 0. Weights: `kernel`, `recurrent_kernel`, `bias`.
    ///
    /// Keras: [`LSTM`](https://keras.io/api/layers/recurrent_layers/lstm/)
    "`LSTM(units, activation = tanh, recurrent_activation = sigmoid, use_bias = true, kernel_initializer = glorot_uniform, recurrent_initializer = orthogonal, bias_initializer = zeros, unit_forget_bias = true, kernel_regularizer = none, recurrent_regularizer = none, bias_regularizer = none, activity_regularizer = none, kernel_constraint = none, recurrent_constraint = none, bias_constraint = none, dropout = 0, recurrent_dropout = 0, seed = none, return_sequences = false, return_state = false, go_backwards = false, stateful = false, unroll = false, zero_output_for_mask = false, name = none, trainable = true)`"
    LSTM, "let x = Input(shape = [20, 8]);\nlet y: [64] = LSTM(64)(x);" => Recurrent::lstm;
    takes {
        /// Size of the output: the length of the last axis.
        units: usize,
        /// Activation applied to the state.
        activation: Activation = "tanh",
        /// Activation applied to the gates.
        recurrent_activation: Activation = "sigmoid",
        /// Whether a bias is added.
        use_bias: bool = "true",
        /// Initializer of the kernel.
        kernel_initializer: Initializer = "glorot_uniform",
        /// Initializer of the recurrent kernel.
        recurrent_initializer: Initializer = "orthogonal",
        /// Initializer of the bias.
        bias_initializer: Initializer = "zeros",
        /// Whether the bias of the forget gate starts at 1.
        unit_forget_bias: bool = "true",
        /// Regularization penalty on the kernel.
        kernel_regularizer: Regularizer = "none",
        /// Regularization penalty on the recurrent kernel.
        recurrent_regularizer: Regularizer = "none",
        /// Regularization penalty on the bias.
        bias_regularizer: Regularizer = "none",
        /// Regularization penalty on the outputs of the layer, as the mean over the samples of the batch.
        activity_regularizer: Regularizer = "none",
        /// Constraint applied to the kernel after each optimizer step.
        kernel_constraint: Constraint = "none",
        /// Constraint applied to the recurrent kernel after each optimizer step.
        recurrent_constraint: Constraint = "none",
        /// Constraint applied to the bias after each optimizer step.
        bias_constraint: Constraint = "none",
        /// Dropout rate of the inputs while training, at least 0 and below 1.
        dropout: f64 = "0" in [0.0..1.0],
        /// Dropout rate of the state while training, at least 0 and below 1.
        recurrent_dropout: f64 = "0" in [0.0..1.0],
        /// Seed of the random numbers; by default it is derived from the seed of the model or trainer.
        seed: usize = "none",
        /// Whether the outputs of all steps are returned, instead of that of the last only.
        return_sequences: bool = "false",
        /// Whether the last state is returned as well: `let (y, h) = …;`, and `let (y, h, c) = …;` for an `LSTM`.
        return_state: bool = "false",
        /// Whether the sequence is read from its end.
        go_backwards: bool = "false",
        /// Whether a batch begins with the final states of the previous one, sample by sample, until `reset_state()`
        /// of the `Predictor` or `Trainer`.
        stateful: bool = "false",
        /// Only `false`: it would have no effect.
        unroll: bool = "false",
        /// Whether the output of a masked step is zeros instead of that of the previous step.
        zero_output_for_mask: bool = "false",
        use_cudnn => "leave it out: there is one implementation",
    }

    /// A gated recurrent unit: reads a sequence step by step, and passes a state from one step to the next.
    ///
    /// `[steps, features] → [units]`, or `[steps, units]` with `return_sequences`. A call may pass `initial_state =
    /// …`, and `mask = …`, `[steps]`, instead of the mask of the tensor: masked steps keep the state, and output that
    /// of the previous step, or 0. Weights: `kernel`, `recurrent_kernel`, `bias`.
    ///
    /// Keras: [`GRU`](https://keras.io/api/layers/recurrent_layers/gru/)
    "`GRU(units, activation = tanh, recurrent_activation = sigmoid, use_bias = true, kernel_initializer = glorot_uniform, recurrent_initializer = orthogonal, bias_initializer = zeros, kernel_regularizer = none, recurrent_regularizer = none, bias_regularizer = none, activity_regularizer = none, kernel_constraint = none, recurrent_constraint = none, bias_constraint = none, dropout = 0, recurrent_dropout = 0, seed = none, return_sequences = false, return_state = false, go_backwards = false, stateful = false, unroll = false, zero_output_for_mask = false, reset_after = true, name = none, trainable = true)`"
    GRU, "let x = Input(shape = [20, 8]);\nlet y: [64] = GRU(64)(x);" => Recurrent::gru;
    takes {
        /// Size of the output: the length of the last axis.
        units: usize,
        /// Activation applied to the state.
        activation: Activation = "tanh",
        /// Activation applied to the gates.
        recurrent_activation: Activation = "sigmoid",
        /// Whether a bias is added.
        use_bias: bool = "true",
        /// Initializer of the kernel.
        kernel_initializer: Initializer = "glorot_uniform",
        /// Initializer of the recurrent kernel.
        recurrent_initializer: Initializer = "orthogonal",
        /// Initializer of the bias.
        bias_initializer: Initializer = "zeros",
        /// Regularization penalty on the kernel.
        kernel_regularizer: Regularizer = "none",
        /// Regularization penalty on the recurrent kernel.
        recurrent_regularizer: Regularizer = "none",
        /// Regularization penalty on the bias.
        bias_regularizer: Regularizer = "none",
        /// Regularization penalty on the outputs of the layer, as the mean over the samples of the batch.
        activity_regularizer: Regularizer = "none",
        /// Constraint applied to the kernel after each optimizer step.
        kernel_constraint: Constraint = "none",
        /// Constraint applied to the recurrent kernel after each optimizer step.
        recurrent_constraint: Constraint = "none",
        /// Constraint applied to the bias after each optimizer step.
        bias_constraint: Constraint = "none",
        /// Dropout rate of the inputs while training, at least 0 and below 1.
        dropout: f64 = "0" in [0.0..1.0],
        /// Dropout rate of the state while training, at least 0 and below 1.
        recurrent_dropout: f64 = "0" in [0.0..1.0],
        /// Seed of the random numbers; by default it is derived from the seed of the model or trainer.
        seed: usize = "none",
        /// Whether the outputs of all steps are returned, instead of that of the last only.
        return_sequences: bool = "false",
        /// Whether the last state is returned as well: `let (y, h) = …;`, and `let (y, h, c) = …;` for an `LSTM`.
        return_state: bool = "false",
        /// Whether the sequence is read from its end.
        go_backwards: bool = "false",
        /// Whether a batch begins with the final states of the previous one, sample by sample, until `reset_state()`
        /// of the `Predictor` or `Trainer`.
        stateful: bool = "false",
        /// Only `false`: it would have no effect.
        unroll: bool = "false",
        /// Whether the output of a masked step is zeros instead of that of the previous step.
        zero_output_for_mask: bool = "false",
        /// Whether the reset gate is applied after the product with the recurrent kernel instead of before it.
        reset_after: bool = "true",
        use_cudnn => "leave it out: there is one implementation",
    }

    /// A recurrent layer without gates: the output of each step is part of the input of the next.
    ///
    /// `[steps, features] → [units]`, or `[steps, units]` with `return_sequences`. A call may pass `initial_state =
    /// …`, and `mask = …`, `[steps]`, instead of the mask of the tensor: masked steps keep the state, and output that
    /// of the previous step, or 0. Weights: `kernel`, `recurrent_kernel`, `bias`.
    ///
    /// Its `activity_regularizer` adds a penalty, as in other layers; Keras 3.15 ignores it.
    ///
    /// Keras: [`SimpleRNN`](https://keras.io/api/layers/recurrent_layers/simple_rnn/)
    "`SimpleRNN(units, activation = tanh, use_bias = true, kernel_initializer = glorot_uniform, recurrent_initializer = orthogonal, bias_initializer = zeros, kernel_regularizer = none, recurrent_regularizer = none, bias_regularizer = none, activity_regularizer = none, kernel_constraint = none, recurrent_constraint = none, bias_constraint = none, dropout = 0, recurrent_dropout = 0, return_sequences = false, return_state = false, go_backwards = false, stateful = false, unroll = false, zero_output_for_mask = false, seed = none, name = none, trainable = true)`"
    SimpleRNN, "let x = Input(shape = [20, 8]);\nlet y: [64] = SimpleRNN(64)(x);" => Recurrent::simple;
    takes {
        /// Size of the output: the length of the last axis.
        units: usize,
        /// Activation applied to the output.
        activation: Activation = "tanh",
        /// Whether a bias is added.
        use_bias: bool = "true",
        /// Initializer of the kernel.
        kernel_initializer: Initializer = "glorot_uniform",
        /// Initializer of the recurrent kernel.
        recurrent_initializer: Initializer = "orthogonal",
        /// Initializer of the bias.
        bias_initializer: Initializer = "zeros",
        /// Regularization penalty on the kernel.
        kernel_regularizer: Regularizer = "none",
        /// Regularization penalty on the recurrent kernel.
        recurrent_regularizer: Regularizer = "none",
        /// Regularization penalty on the bias.
        bias_regularizer: Regularizer = "none",
        /// Regularization penalty on the outputs of the layer, as the mean over the samples of the batch.
        activity_regularizer: Regularizer = "none",
        /// Constraint applied to the kernel after each optimizer step.
        kernel_constraint: Constraint = "none",
        /// Constraint applied to the recurrent kernel after each optimizer step.
        recurrent_constraint: Constraint = "none",
        /// Constraint applied to the bias after each optimizer step.
        bias_constraint: Constraint = "none",
        /// Dropout rate of the inputs while training, at least 0 and below 1.
        dropout: f64 = "0" in [0.0..1.0],
        /// Dropout rate of the state while training, at least 0 and below 1.
        recurrent_dropout: f64 = "0" in [0.0..1.0],
        /// Whether the outputs of all steps are returned, instead of that of the last only.
        return_sequences: bool = "false",
        /// Whether the last state is returned as well: `let (y, h) = …;`, and `let (y, h, c) = …;` for an `LSTM`.
        return_state: bool = "false",
        /// Whether the sequence is read from its end.
        go_backwards: bool = "false",
        /// Whether a batch begins with the final states of the previous one, sample by sample, until `reset_state()`
        /// of the `Predictor` or `Trainer`.
        stateful: bool = "false",
        /// Only `false`: it would have no effect.
        unroll: bool = "false",
        /// Whether the output of a masked step is zeros instead of that of the previous step.
        zero_output_for_mask: bool = "false",
        /// Seed of the random numbers; by default it is derived from the seed of the model or trainer.
        seed: usize = "none",
    }
}

impl Recurrent {
    pub(super) fn gru(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let reset_after = args.boolean("reset_after", cx);
        Self::from_args(Cell::Gru { reset_after }, args, cx)
    }

    pub(super) fn simple(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        Self::from_args(Cell::Simple, args, cx)
    }

    pub(super) fn lstm(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let mut layer = Self::from_args(Cell::Lstm, args, cx)?;
        if args.boolean("unit_forget_bias", cx) {
            match layer.bias.initializer.kind {
                InitializerKind::Constant(rest) => {
                    layer.bias.initializer.kind = InitializerKind::UnitForget { rest };
                }
                _ => {
                    let message = "a random `bias_initializer` cannot be combined with `unit_forget_bias`";
                    cx.error(
                        Diag::error(Code::UnavailableSetting, args.loc("bias_initializer"), message)
                            .help("write `unit_forget_bias = false`, or a constant initializer"),
                    );
                    args.fail("bias_initializer");
                }
            }
        }
        Some(layer)
    }

    fn from_args(cell: Cell, args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let units = args.dim("units", cx);
        let activation = function("activation", args, cx);
        let recurrent_activation = match cell {
            Cell::Simple => Activation::Linear,
            Cell::Lstm | Cell::Gru { .. } => function("recurrent_activation", args, cx),
        };
        let use_bias = args.boolean("use_bias", cx);
        let kernel = WeightOptions::from_args(args, "kernel", 2, cx);
        let recurrent_kernel = WeightOptions::from_args(args, "recurrent", 2, cx);
        let bias_rank = if cell == (Cell::Gru { reset_after: true }) { 2 } else { 1 };
        let bias = WeightOptions::from_args(args, "bias", bias_rank, cx);
        let activity_regularizer = ActivityRegularization::of_outputs(args, cx);
        // A rate of 1 would leave nothing to learn from; some of Keras's layers treat it as 0.
        let dropout = args.float("dropout", cx);
        let recurrent_dropout = args.float("recurrent_dropout", cx);
        let seed = args.optional_seed("seed", cx);
        let return_sequences = args.boolean("return_sequences", cx);
        let return_state = args.boolean("return_state", cx);
        let go_backwards = args.boolean("go_backwards", cx);
        let stateful = args.boolean("stateful", cx);
        let zero_output_for_mask = args.boolean("zero_output_for_mask", cx);
        for (name, instead) in ABSENT {
            not_yet(name, instead, args, cx);
        }
        // These decide the outputs.
        if !args.sound(&["return_sequences", "return_state"]) {
            return None;
        }
        Some(Recurrent {
            cell,
            units: units?,
            activation,
            recurrent_activation,
            use_bias,
            kernel,
            recurrent_kernel,
            bias,
            activity_regularizer,
            dropout,
            recurrent_dropout,
            seed,
            return_sequences,
            return_state,
            go_backwards,
            stateful,
            zero_output_for_mask,
            flipped: false,
        })
    }

    /// Whether a tensor can be the initial state of a sequence.
    fn fits(&self, state: &Operand<'_>, name: &str, cx: &mut Cx<'_>) -> bool {
        let class = self.cell.class();
        if !floats(class, state, cx) {
            return false;
        }
        let units = self.units.display(cx.consts).to_string();
        let shown = state.shape.display(cx.consts).to_string();
        let report = || {
            let message = format!(
                "this `{class}` needs an initial `{name}` of [{units}], but `{}` is {shown}",
                state.name
            );
            Diag::error(Code::StateShape, state.loc, message).about(state.shown()).help(format!(
                "give a state of {units} values, such as the last one of a layer of {units} units"
            ))
        };
        let [found] = &state.shape.0[..] else {
            cx.error(report());
            return false;
        };
        let check = DimCheck {
            code: Code::StateShape,
            loc: state.loc,
            found: found.clone(),
            relation: Relation::Equal,
            wanted: self.units.clone(),
            what: format!(
                "the number of values of `{}`, the initial `{name}` of this `{class}`,",
                state.name
            ),
            help: None,
            notes: vec![],
            subjects: state.named().into_iter().collect(),
        };
        cx.require_equal(check, |_| report())
    }

    /// Size of all products of a step: `gates · units`.
    pub fn width(&self) -> Dim {
        Dim::Known(self.cell.gates()) * self.units.clone()
    }
}

/// Arguments without effect unless they are `true`, which is refused.
const ABSENT: &[(&str, &str)] = &[("unroll", "leave it out: it would change nothing")];

fn not_yet(name: &str, instead: &str, args: &Bound<'_>, cx: &mut Cx<'_>) {
    let Some(value) = args.take(name) else { return };
    if matches!(value.kind, ValueKind::Bool(false) | ValueKind::None) {
        return;
    }
    let class = args.callee();
    cx.error(
        Diag::error(Code::UnavailableSetting, value.loc, format!("mimo has no `{name}` for `{class}`"))
            .help(instead),
    );
    args.fail(name);
}

/// Reads an activation that is applied to a part of a step's values. One of all values, such as softmax, is refused,
/// and so is one whose derivative needs values that are not stored.
fn function(name: &str, args: &Bound<'_>, cx: &mut Cx<'_>) -> Activation {
    let activation = args.activation(name, cx);
    if activation.elementwise() && activation.from_output() {
        return activation;
    }
    let class = args.callee();
    let (code, message) = match activation.elementwise() {
        true => (Code::UnavailableSetting, format!("`{class}` cannot compute with this `{name}`")),
        false => (
            Code::StepActivation,
            format!("`{name}` of `{class}` has to work value by value, which a softmax does not"),
        ),
    };
    cx.error(Diag::error(code, args.loc(name), message).help("use `tanh`, `sigmoid`, `relu`, `softsign`, …"));
    args.fail(name);
    args.default(name, cx, Activation::read).unwrap_or(Activation::Linear)
}

impl Layer for Recurrent {
    fn class_name(&self) -> &'static str {
        self.cell.class()
    }

    fn reads(&self) -> Reads {
        Reads::Sequence
    }

    fn masks(&self) -> Masks {
        if self.return_sequences { Masks::KeepFirst } else { Masks::End }
    }

    fn mask_roles(&self) -> &'static [(usize, &'static str)] {
        &[(0, "mask")]
    }

    fn effect(&self) -> Effect {
        Effect::Learned
    }

    fn head(&self) -> Option<Activation> {
        Some(self.activation)
    }

    fn activity_regularizer(&self) -> Option<ActivityRegularization> {
        self.activity_regularizer
    }

    fn aliases(&self) -> bool {
        false
    }

    fn typed(&self, weights: &[Weight]) -> Option<Typed> {
        let class = match (self.use_bias, self.cell) {
            (true, Cell::Gru { reset_after: true }) => "RecurrentWithTwoBiases".into(),
            (use_bias, _) => typed_class("Recurrent", use_bias),
        };
        Some(Typed { class, sizes: sizes_of(weights, 0).chain([&self.units]).cloned().collect() })
    }

    /// The plan creates several operations, or one together with other layers.
    fn operation(&self, _: &mut dyn Call) -> Option<OpKind<Dim>> {
        None
    }

    fn infer(&self, inputs: &[Operand<'_>], _: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let (x, further) = inputs.split_first()?;
        let class = self.class_name();
        let [steps, _] = &x.shape.0[..] else {
            let shown = x.shape.display(cx.consts).to_string();
            let article = if self.cell == Cell::Lstm { "an" } else { "a" };
            let message = format!("{article} `{class}` reads [steps, features], but `{}` is {shown}", x.name);
            let diag = Diag::error(Code::WrongRank, x.loc, message).about(x.shown());
            cx.error(match &x.shape.0[..] {
                [] => diag.help("write `shape = [steps, features]` at its `Input`"),
                _ => diag.help("bring it to [steps, features] with `Reshape(…)`"),
            });
            return None;
        };
        if x.dtype == Dtype::Int {
            floats(class, x, cx);
            return None;
        }
        // Only the first wrong state is reported: a wrong number of units is one mistake.
        let mut states = further.iter().filter(|given| given.role != "mask").zip(self.cell.states());
        if !states.all(|(state, name)| self.fits(state, name, cx)) {
            return None;
        }
        let mask = further.iter().find(|given| given.role == "mask");
        if mask.is_some_and(|mask| !mask_fits(class, mask, x, 1, cx)) {
            return None;
        }
        let state = Shape(vec![self.units.clone()]);
        let y = match self.return_sequences {
            true => Shape(vec![steps.clone(), self.units.clone()]),
            false => state.clone(),
        };
        let states = self.outputs().iter().skip(1).map(|_| state.clone());
        Some([y].into_iter().chain(states).map(|shape| (shape, Dtype::Float)).collect())
    }

    fn outputs(&self) -> &'static [&'static str] {
        match (self.return_state, self.cell) {
            (false, _) => &["y"],
            (true, Cell::Lstm) => &["y", "h", "c"],
            (true, Cell::Gru { .. } | Cell::Simple) => &["y", "h"],
        }
    }

    fn states(&self) -> &'static [&'static str] {
        self.cell.states()
    }

    fn weights(&self, inputs: &[&Shape]) -> Vec<Weight> {
        let Some(features) = inputs.first().and_then(|shape| shape.last()) else {
            return Vec::new();
        };
        let width = self.width();
        let kernel = Weight {
            name: "kernel",
            shape: Shape(vec![features.clone(), width.clone()]),
            options: self.kernel,
        };
        let recurrent_kernel = Weight {
            name: "recurrent_kernel",
            shape: Shape(vec![self.units.clone(), width.clone()]),
            options: self.recurrent_kernel,
        };
        let mut weights = vec![kernel, recurrent_kernel];
        if self.use_bias {
            let shape = match self.cell {
                Cell::Gru { reset_after: true } => vec![Dim::Known(2), width],
                Cell::Gru { reset_after: false } | Cell::Lstm | Cell::Simple => vec![width],
            };
            weights.push(Weight { name: "bias", shape: Shape(shape), options: self.bias });
        }
        weights
    }

    fn state_shape(&self) -> Option<Shape> {
        Some(Shape(vec![self.units.clone()]))
    }

    fn changes(&self, inputs: &[&Shape], wanted: Option<&Shape>) -> Vec<(Self, Change)> {
        let return_sequences = !self.return_sequences;
        let change = Change::Setting("return_sequences", return_sequences.into());
        let given = (Recurrent { return_sequences, ..self.clone() }, change);
        // A state has one value per unit.
        let units = wanted.or(inputs.get(1).copied()).and_then(Shape::last).and_then(Dim::known);
        let units = units.map(|n| {
            (Recurrent { units: Dim::Known(n), ..self.clone() }, Change::Setting("units", n.into()))
        });
        [given].into_iter().chain(units).collect()
    }
}
