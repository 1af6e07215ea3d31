//! `TimeDistributed`: applies one layer to every step of a sequence.

use crate::activation::Activation;
use crate::args::Bound;
use crate::code::Code;
use crate::context::Cx;
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::layers::change::Change;
use crate::layers::layer::{Effect, Layer, Masks, Operand, Reads, Typed, Weight};
use crate::layers::spectral_normalization::without_one_of_both;
use crate::layers::{LayerKind, Part, wrapped};
use crate::operation::{Call, OpKind};
use crate::shape::{Dtype, Shape};

/// Keras's `TimeDistributed`: `[steps, …] → [steps, …]`. Steps are treated like samples, so that any layer with one
/// input and one output can be wrapped.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeDistributed {
    /// The layer applied to every step.
    pub layer: Box<LayerKind>,
    /// Name given to that layer, which is part of its weights' names.
    pub name: Option<String>,
}

layer! {
    /// Calls a layer on every step of a sequence separately, with the same weights. A model with one input and one
    /// output can be wrapped too: `TimeDistributed(Encoder())(x)`.
    ///
    /// `[steps, …] → [steps, …]`
    ///
    /// Keras: [`TimeDistributed`](https://keras.io/api/layers/recurrent_layers/time_distributed/)
    "`TimeDistributed(layer, name = none, trainable = true)`"
    TimeDistributed, "let x = Input(shape = [10, 32]);\nlet y: [10, 5] = TimeDistributed(Dense(5))(x);" => TimeDistributed::from_args;
    takes {
        /// The layer inside, with its settings, or a model.
        layer: Layer,
    }
}

impl TimeDistributed {
    pub(super) fn from_args(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let made = wrapped::layer("layer", "Dense(32)", args, cx)?;
        let class = made.kind.class_name();
        let loc = args.loc("layer");
        if !made.trainable {
            let message =
                format!("whether this `{class}` is trained is said at the `TimeDistributed` around it");
            let help = format!("write `TimeDistributed({class}(…), trainable = false)`");
            cx.error(Diag::error(Code::SettingOfTheWrapper, loc, message).help(help));
        }
        let several = made.kind.outputs().len();
        let refused = if made.kind.arity() != (1, 1) {
            Some((
                format!("`TimeDistributed` reads one tensor, and `{class}` joins several"),
                no_wrapper(class),
            ))
        } else if let LayerKind::BatchNormalization(_) = made.kind {
            // Keras uses the statistics of all steps and moves the averages once per step.
            let message = "`TimeDistributed` runs a layer step by step, and `BatchNormalization` has one set of averages \
                for all steps"
                .to_owned();
            let help = "call the layer itself, which takes its statistics over all steps; an axis that is not negative is then one \
                higher";
            Some((message, help.into()))
        } else if let LayerKind::SpectralNormalization(wrapper) = &made.kind {
            // Keras normalizes the kernel again before every step, so that each step sees another one.
            let message = "`TimeDistributed` uses one kernel for all steps, and a `SpectralNormalization` would change it before each"
                .to_owned();
            Some((message, without_one_of_both(&wrapper.layer).into()))
        } else if let LayerKind::ActivityRegularization(_) = made.kind {
            // In Keras, too, a wrapper ignores the penalty of the layer inside.
            let message =
                "`TimeDistributed` has no place for the penalty of an `ActivityRegularization`".to_owned();
            Some((message, "call the layer itself, which takes the values of all steps".into()))
        } else if made.kind.penalizes_activities() {
            let message =
                format!("`TimeDistributed` has no place for the `activity_regularizer` of a `{class}`");
            let help = "leave it out, and write a layer after the `TimeDistributed`: `ActivityRegularization(l2 = 1e-4)(x)`";
            Some((message, help.into()))
        } else if made.kind.is_stateful() {
            // Keras passes the states from step to step too, since every step is a call.
            let message = format!(
                "`TimeDistributed` begins a sequence at every step, and a `stateful` `{class}` continues one"
            );
            Some((message, "leave `stateful` out".into()))
        } else if several > 1 {
            let message =
                format!("`TimeDistributed` outputs one tensor, and this `{class}` outputs {several}");
            let help = match &made.kind {
                LayerKind::Bidirectional(both) if both.merge_mode.is_none() => {
                    "write `merge_mode = concat`, and leave `return_state` out"
                }
                _ => "leave `return_state` out",
            };
            Some((message, help.into()))
        } else {
            None
        };
        if let Some((message, help)) = refused {
            cx.error(Diag::error(Code::NotForSteps, loc, message).help(help));
            args.fail("layer");
            return None;
        }
        Some(TimeDistributed { layer: Box::new(made.kind), name: made.name.map(|(name, _)| name) })
    }

    /// The shape of a step of the input.
    fn step(shape: &Shape) -> Shape {
        shape.without_first(1)
    }

    /// The layers inside the wrapped one, each called on every step: the directions of a `Bidirectional`.
    pub(super) fn parts(&self) -> Vec<Part> {
        let inner = self.name.clone().unwrap_or_else(|| self.layer.auto_name());
        let wrapped = |part: Part| {
            let layer = TimeDistributed { layer: Box::new(part.kind), name: Some(inner.clone()) };
            Part { kind: layer.into(), ..part }
        };
        self.layer.parts().into_iter().map(wrapped).collect()
    }
}

/// Help for a layer that needs no wrapper.
fn no_wrapper(class: &str) -> String {
    format!("call the layer itself: `{class}(…)([a, b])`")
}

impl Layer for TimeDistributed {
    fn class_name(&self) -> &'static str {
        "TimeDistributed"
    }

    fn reads(&self) -> Reads {
        Reads::Steps
    }

    fn masks(&self) -> Masks {
        Masks::Keep
    }

    fn mask_roles(&self) -> &'static [(usize, &'static str)] {
        self.layer.mask_roles()
    }

    fn reads_mask(&self, x: &Shape, mask: &Shape) -> bool {
        mask.rank() > 1 && self.layer.reads_mask(&Self::step(x), &Self::step(mask))
    }

    fn effect(&self) -> Effect {
        self.layer.effect()
    }

    fn head(&self) -> Option<Activation> {
        self.layer.head()
    }

    fn aliases(&self) -> bool {
        self.layer.aliases()
    }

    fn typed(&self, weights: &[Weight]) -> Option<Typed> {
        self.layer.typed(weights)
    }

    fn operation(&self, _: &mut dyn Call) -> Option<OpKind<Dim>> {
        None
    }

    fn infer(&self, inputs: &[Operand<'_>], call: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        // A `Bidirectional` merges several tensors with the same steps.
        let x = inputs.first()?;
        let [steps, _, ..] = &x.shape.0[..] else {
            let class = self.layer.class_name();
            let shown = x.shape.display(cx.consts).to_string();
            let message = format!("`TimeDistributed` reads [steps, …], but `{}` is {shown}", x.name);
            cx.error(
                Diag::error(Code::WrongRank, x.loc, message)
                    .about(x.shown())
                    .help(format!("call the layer itself: `{class}(…)({})`", x.name)),
            );
            return None;
        };
        let steps_of: Vec<_> =
            inputs.iter().map(|x| (format!("a step of {}", x.name), Self::step(x.shape))).collect();
        let each = inputs.iter().zip(&steps_of);
        let each: Vec<_> = each.map(|(x, (name, shape))| Operand { name, shape, ..x.clone() }).collect();
        let given = self.layer.infer(&each, call, cx)?;
        let all = |step: Shape| Shape([steps.clone()].into_iter().chain(step.0).collect());
        Some(given.into_iter().map(|(shape, dtype)| (all(shape), dtype)).collect())
    }

    fn weights(&self, inputs: &[&Shape]) -> Vec<Weight> {
        let steps: Vec<Shape> = inputs.iter().map(|shape| Self::step(shape)).collect();
        self.layer.weights(&steps.iter().collect::<Vec<_>>())
    }

    fn scratch(&self, inputs: &[&Shape], given: &[&Shape]) -> Vec<Shape> {
        let steps: Vec<Shape> = inputs.iter().map(|shape| Self::step(shape)).collect();
        self.layer.scratch(&steps.iter().collect::<Vec<_>>(), given)
    }

    fn setting_class(&self) -> &'static str {
        self.layer.setting_class()
    }

    fn changes(&self, inputs: &[&Shape], wanted: Option<&Shape>) -> Vec<(Self, Change)> {
        let steps: Vec<Shape> = inputs.iter().map(|shape| Self::step(shape)).collect();
        let wanted = wanted.map(Self::step);
        let changed = self.layer.changes(&steps.iter().collect::<Vec<_>>(), wanted.as_ref());
        changed
            .into_iter()
            .map(|(layer, change)| {
                let layer = TimeDistributed { layer: Box::new(layer), name: self.name.clone() };
                (layer, change.in_time_distributed())
            })
            .collect()
    }
}
