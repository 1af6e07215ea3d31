//! `Bidirectional`: a recurrent layer that reads its sequence from both ends.
//!
//! A call of a `Bidirectional` becomes three calls: of the forward layer, of the backward layer, and of the
//! `Bidirectional` itself, which merges their outputs. Both layers are layers of the graph with their own names and
//! weights.

use crate::activation::Activation;
use crate::args::Bound;
use crate::code::Code;
use crate::context::{Cx, DimCheck, Relation};
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::layers::change::Change;
use crate::layers::layer::{Effect, Layer, Masks, Operand, Reads, Typed, Weight};
use crate::layers::merge::MergeOp;
use crate::layers::recurrent::{Cell, Recurrent};
use crate::layers::{Constructed, LayerKind, Part, wrapped};
use crate::operation::{Call, OpKind, join, merge};
use crate::shape::{Dtype, Shape};
use crate::value::ValueKind;

/// Keras's `Bidirectional`.
#[derive(Clone, Debug, PartialEq)]
pub struct Bidirectional {
    /// Merge of the outputs of the directions; `None` outputs both.
    pub merge_mode: Option<MergeMode>,
    /// The forward and the backward layer.
    pub directions: [Direction; 2],
}

/// Merge of two tensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeMode {
    /// Concatenation along the last axis.
    Concat,
    /// Value by value: the sum, the product or the mean.
    Values(MergeOp),
}

/// The layer of one direction.
#[derive(Clone, Debug, PartialEq)]
pub struct Direction {
    /// What it computes.
    pub layer: Recurrent,
    /// Its name, and whether the user chose it.
    pub name: (String, bool),
    /// Whether training changes its weights.
    pub trainable: bool,
}

layer! {
    /// A recurrent layer that reads a sequence from both ends.
    ///
    /// With `concat`, the last axis is twice as long as that of the layer inside.
    ///
    /// Keras: [`Bidirectional`](https://keras.io/api/layers/recurrent_layers/bidirectional/)
    "`Bidirectional(layer, merge_mode = concat, backward_layer = none, name = none, trainable = true)`"
    Bidirectional, "let x = Input(shape = [20, 8]);\nlet y: [128] = Bidirectional(LSTM(64))(x);" => Bidirectional::from_args;
    takes {
        /// The forward recurrent layer, with its settings.
        layer: Layer,
        /// Merge of the outputs of both directions; `none` outputs both.
        merge_mode: MergeMode = "concat",
        weights => "set the weights of the model: `model.bidirectional.forward_lstm.kernel = …`",
        /// The backward layer; by default one with the settings of the forward layer.
        backward_layer: Layer = "none",
    }
}

impl Bidirectional {
    pub(super) fn from_args(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let merge_mode = match args.take("merge_mode").map(|value| &value.kind) {
            Some(ValueKind::None) => None,
            _ => Some(match args.word("merge_mode", cx) {
                "sum" => MergeMode::Values(MergeOp::Add),
                "mul" => MergeMode::Values(MergeOp::Multiply),
                "ave" => MergeMode::Values(MergeOp::Average),
                _ => MergeMode::Concat,
            }),
        };
        let own = args.take("backward_layer").is_some_and(|value| value.kind != ValueKind::None);
        let layer = direction("layer", args, cx);
        let made = if own { direction("backward_layer", args, cx) } else { None };
        let (layer, given) = layer?;
        let (mut backward, backward_given) = match made {
            Some(made) => made,
            None if own => return None,
            None => {
                let go_backwards = !layer.go_backwards;
                (Recurrent { go_backwards, ..layer.clone() }, Constructed { ..given.clone() })
            }
        };
        let forward = &layer;
        let mut differ = |what: &str, help: String| {
            let message = format!("`layer` and `backward_layer` differ in `{what}`");
            cx.error(Diag::error(Code::DirectionsDiffer, args.loc("backward_layer"), message).help(help));
            args.fail("backward_layer");
        };
        if forward.go_backwards == backward.go_backwards {
            let message = "`layer` and `backward_layer` read in the same direction";
            let help = format!("write `go_backwards = {}` in `backward_layer`", !forward.go_backwards);
            cx.error(Diag::error(Code::SameDirection, args.loc("backward_layer"), message).help(help));
            return None;
        }
        if forward.return_sequences != backward.return_sequences {
            differ("return_sequences", format!("write `return_sequences = {}`", forward.return_sequences));
            return None;
        }
        if forward.return_state != backward.return_state {
            differ("return_state", format!("write `return_state = {}`", forward.return_state));
            return None;
        }
        if forward.stateful != backward.stateful {
            differ("stateful", format!("write `stateful = {}`", forward.stateful));
            return None;
        }
        if forward.return_state && forward.states().len() != backward.states().len() {
            differ("the number of states", format!("use two `{}`s", forward.class_name()));
            return None;
        }
        backward.flipped = true;
        let mut forward = layer;
        // As in Keras.
        forward.zero_output_for_mask = forward.return_sequences;
        backward.zero_output_for_mask = backward.return_sequences;
        let named = |given: &Constructed, prefix: &str, keeps: bool| match &given.name {
            Some((name, _)) if keeps => (name.clone(), true),
            Some((name, _)) => (format!("{prefix}{}", name.strip_prefix(prefix).unwrap_or(name)), true),
            None => (format!("{prefix}{}", given.kind.auto_name()), false),
        };
        let names = [named(&given, "forward_", false), named(&backward_given, "backward_", own)];
        if let ([(forward_name, _), (backward_name, _)], Some((_, loc))) = (&names, &backward_given.name)
            && forward_name == backward_name
        {
            let message = format!("`layer` and `backward_layer` are both called `{backward_name}`");
            let help = "give `backward_layer` another name, or leave its `name` out";
            cx.error(Diag::error(Code::LayerNameTaken, *loc, message).help(help));
            return None;
        }
        let [forward_name, backward_name] = names;
        let forward = Direction { name: forward_name, trainable: given.trainable, layer: forward };
        let backward =
            Direction { name: backward_name, trainable: backward_given.trainable, layer: backward };
        Some(Bidirectional { merge_mode, directions: [forward, backward] })
    }

    /// The layer that reads forwards.
    pub(crate) fn forward(&self) -> &Recurrent {
        let [forward, _] = &self.directions;
        &forward.layer
    }

    /// The layers that a call contains, whose outputs it merges.
    pub(super) fn parts(&self) -> Vec<Part> {
        let part = |direction: &Direction| Part {
            kind: LayerKind::Recurrent(direction.layer.clone()),
            name: direction.name.clone(),
            trainable: direction.trainable,
        };
        self.directions.iter().map(part).collect()
    }
}

/// Reads a recurrent layer as a setting.
fn direction(name: &str, args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<(Recurrent, Constructed)> {
    let made = wrapped::layer(name, "LSTM(64)", args, cx)?;
    match &made.kind {
        LayerKind::Recurrent(layer) => Some((layer.clone(), made)),
        other => {
            let class = other.class_name();
            let message =
                format!("`Bidirectional` reads a sequence from both ends, which a `{class}` cannot");
            cx.error(
                Diag::error(Code::NotRecurrent, args.loc(name), message)
                    .help("wrap an `LSTM`, a `GRU` or a `SimpleRNN`"),
            );
            args.fail(name);
            None
        }
    }
}

impl Layer for Bidirectional {
    fn class_name(&self) -> &'static str {
        "Bidirectional"
    }

    fn reads(&self) -> Reads {
        Reads::Sequence
    }

    fn masks(&self) -> Masks {
        if self.forward().return_sequences { Masks::KeepFirst } else { Masks::End }
    }

    fn effect(&self) -> Effect {
        Effect::Learned
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

    /// The directions are separate calls, whose results are merged here.
    fn operation(&self, call: &mut dyn Call) -> Option<OpKind<Dim>> {
        Some(match self.merge_mode {
            Some(MergeMode::Values(op)) => merge(op, call).into(),
            Some(MergeMode::Concat) | None => join(call.result().positions(), call).into(),
        })
    }

    /// The shape follows from the outputs of the directions.
    fn infer(&self, inputs: &[Operand<'_>], call: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let [forward, backward] = inputs else { return None };
        let mut shape = forward.shape.clone();
        let (Some(last), Some(other)) = (shape.0.last_mut(), backward.shape.last()) else { return None };
        if self.merge_mode == Some(MergeMode::Concat) {
            *last = last.clone() + other.clone();
            return Some(vec![(shape, Dtype::Float)]);
        }
        let help = "write `merge_mode = \"concat\"`, or give both layers the same units";
        let check = DimCheck {
            code: Code::MergedUnits,
            loc: call,
            found: other.clone(),
            relation: Relation::Equal,
            wanted: last.clone(),
            what: "the number of units of `backward_layer`".into(),
            help: Some(help.into()),
            notes: vec![],
            subjects: vec![],
        };
        let message = format!(
            "values of {} units cannot be merged with those of {}",
            last.display(cx.consts),
            other.display(cx.consts)
        );
        let fine = cx.require_equal(check, |_| Diag::error(Code::MergedUnits, call, message).help(help));
        fine.then(|| vec![(shape, Dtype::Float)])
    }

    fn outputs(&self) -> &'static [&'static str] {
        let forward = self.forward();
        match (self.merge_mode.is_some(), forward.return_state, forward.cell == Cell::Lstm) {
            (true, false, _) => &["y"],
            (true, true, false) => &["y", "forward_h", "backward_h"],
            (true, true, true) => &["y", "forward_h", "forward_c", "backward_h", "backward_c"],
            (false, false, _) => &["forward", "backward"],
            (false, true, false) => &["forward", "backward", "forward_h", "backward_h"],
            (false, true, true) => {
                &["forward", "backward", "forward_h", "forward_c", "backward_h", "backward_c"]
            }
        }
    }

    fn states(&self) -> &'static [&'static str] {
        let [forward, backward] = self.directions.each_ref().map(|direction| direction.layer.states().len());
        match (forward, backward) {
            (1, 1) => &["forward_h", "backward_h"],
            (1, _) => &["forward_h", "backward_h", "backward_c"],
            (_, 1) => &["forward_h", "forward_c", "backward_h"],
            _ => &["forward_h", "forward_c", "backward_h", "backward_c"],
        }
    }

    fn setting_class(&self) -> &'static str {
        self.forward().cell.class()
    }

    fn changes(&self, _: &[&Shape], _: Option<&Shape>) -> Vec<(Self, Change)> {
        let return_sequences = !self.forward().return_sequences;
        let mut changed = self.clone();
        changed.directions.iter_mut().for_each(|it| it.layer.return_sequences = return_sequences);
        vec![(changed, Change::Setting("return_sequences", return_sequences.into()))]
    }
}
