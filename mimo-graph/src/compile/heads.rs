//! What an output ends in, which losses fit it, and what `accuracy` means for it.

use crate::activation::Activation;
use crate::context::{Cx, DimCheck, Relation};
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::graph::{Graph, Port};
use crate::layers::LayerKind;
use crate::loss::Loss;
use crate::metric::Metric;

/// The end of an output.
#[derive(Clone, Debug)]
pub(super) struct Head<'g> {
    pub(super) name: &'g str,
    /// What ends the layer that gives the output; `None` if that layer has no say in it (`Flatten`), or if
    /// there was an error.
    activation: Option<Activation>,
    /// The last axis; `None` after an error.
    units: Option<Dim>,
}

impl<'g> Head<'g> {
    pub(super) fn of(graph: &'g Graph, output: &'g Port) -> Self {
        let units = graph.tensor(output.tensor).shape.as_ref().and_then(|shape| shape.last().cloned());
        let maker = crate::names::maker(graph, output.tensor).filter(|_| units.is_some());
        let activation = maker.and_then(|layer| ending(&graph.layer(layer).kind));
        Head { name: &output.name, activation, units }
    }

    fn known_units(&self) -> Option<usize> {
        self.units.as_ref().and_then(Dim::known)
    }

    /// Leaves to const evaluation that the head has at least two units.
    fn require_two_units(&self, loc: Loc, reason: &str, help: &str, cx: &mut Cx<'_>) {
        let Some(found) = self.units.clone().filter(|units| units.known().is_none()) else { return };
        cx.checks.push(DimCheck {
            loc,
            found,
            relation: Relation::AtLeast,
            wanted: Dim::Known(2),
            what: format!("the number of units of `{}`", self.name),
            help: Some(help.into()),
            note: Some(reason.into()),
        });
    }
}

/// The activation that ends a layer; `None` for layers that pass on what they are given.
fn ending(kind: &LayerKind) -> Option<Activation> {
    match kind {
        LayerKind::Dense(_) | LayerKind::Activation(_) => Some(kind.activation()),
        LayerKind::Flatten(_)
        | LayerKind::Reshape(_)
        | LayerKind::Permute(_)
        | LayerKind::RepeatVector(_)
        | LayerKind::Dropout(_)
        | LayerKind::GaussianNoise(_)
        | LayerKind::Concatenate(_)
        | LayerKind::Merge(_) => None,
    }
}

/// The three cross-entropies, and what they have in common.
#[derive(Clone, Copy, PartialEq)]
enum Crossentropy {
    Binary { from_logits: bool },
    Categorical { from_logits: bool },
}

impl Crossentropy {
    fn of(loss: Loss) -> Option<Self> {
        match loss {
            Loss::BinaryCrossentropy { from_logits, .. } => Some(Crossentropy::Binary { from_logits }),
            Loss::CategoricalCrossentropy { from_logits, .. }
            | Loss::SparseCategoricalCrossentropy { from_logits, .. } => {
                Some(Crossentropy::Categorical { from_logits })
            }
            _ => None,
        }
    }

    fn from_logits(self) -> bool {
        match self {
            Crossentropy::Binary { from_logits } | Crossentropy::Categorical { from_logits } => from_logits,
        }
    }
}

/// Reports a loss that does not fit the head. `loc` are the tokens of the loss.
pub(super) fn check(head: &Head<'_>, loss: Loss, loc: Loc, cx: &mut Cx<'_>) {
    let softmax = head.activation == Some(Activation::Softmax);
    let crossentropy = Crossentropy::of(loss);
    match (softmax, crossentropy) {
        (true, _) if head.known_units() == Some(1) => softmax_of_one(head, loc, cx),
        (_, Some(Crossentropy::Categorical { .. })) if head.known_units() == Some(1) => {
            one_class(head, loss, loc, cx);
        }
        (_, Some(crossentropy)) => check_crossentropy(head, loss, crossentropy, loc, cx),
        (_, None) => check_positive(head, loss, loc, cx),
    }
    if softmax {
        let help = "write `activation = sigmoid` for a single unit";
        head.require_two_units(loc, "a softmax over one unit is always 1", help, cx);
    } else if matches!(crossentropy, Some(Crossentropy::Categorical { .. })) {
        let help = "write `binary_crossentropy` for a single unit";
        head.require_two_units(loc, &format!("`{}` over one class is always 0", loss.name()), help, cx);
    }
}

/// A softmax over one unit is 1 whatever it is given, so it learns nothing.
fn softmax_of_one(head: &Head<'_>, loc: Loc, cx: &mut Cx<'_>) {
    let name = head.name;
    cx.error(
        Diag::error(loc, format!("the output `{name}` is a softmax over 1 unit, which is always 1"))
            .help("write `activation = sigmoid` with `binary_crossentropy`, or one unit per class"),
    );
}

/// A categorical cross-entropy over one class is 0 whatever it is given.
fn one_class(head: &Head<'_>, loss: Loss, loc: Loc, cx: &mut Cx<'_>) {
    let (name, loss) = (head.name, loss.name());
    cx.error(
        Diag::error(loc, format!("`{loss}` needs one unit per class, but the output `{name}` has 1 unit")).help(
            "write `binary_crossentropy` with `activation = sigmoid` for one unit, or make the layer as wide as \
             there are classes",
        ),
    );
}

/// A cross-entropy compares probabilities: those of a softmax if the classes exclude each other, those of
/// sigmoids if not; or raw values, if it is told so.
fn check_crossentropy(head: &Head<'_>, loss: Loss, kind: Crossentropy, loc: Loc, cx: &mut Cx<'_>) {
    let Some(activation) = head.activation else { return };
    let (name, loss) = (head.name, loss.name());
    let probabilities = matches!(
        activation,
        Activation::Softmax | Activation::Sigmoid | Activation::HardSigmoid | Activation::SparseSigmoid
    );
    let text = called(activation);
    if kind.from_logits() {
        if probabilities {
            cx.error(
                Diag::error(
                    loc,
                    format!("`from_logits = true` does not fit the output `{name}`, which ends in `{text}`"),
                )
                .help(format!("leave out `from_logits = true`, or `activation = {text}` in the layer"))
                .note("logits are what goes into a softmax or sigmoid"),
            );
        }
        return;
    }
    let (fits, wanted, other) = match kind {
        Crossentropy::Binary { .. } => (
            probabilities && activation != Activation::Softmax,
            "sigmoid",
            "`categorical_crossentropy` (or `sparse_categorical_crossentropy` for class indices)",
        ),
        Crossentropy::Categorical { .. } => {
            (activation == Activation::Softmax, "softmax", "`binary_crossentropy`")
        }
    };
    if fits {
        return;
    }
    let diag = if probabilities {
        let exclusive =
            if wanted == "softmax" { "if the classes exclude each other" } else { "if they do not" };
        let otherwise =
            if wanted == "softmax" { "if they do not" } else { "if the classes exclude each other" };
        Diag::error(loc, format!("`{loss}` does not fit the output `{name}`, which ends in `{text}`"))
            .help(format!("write {other} {otherwise}, or `activation = {wanted}` in the layer {exclusive}"))
    } else if activation == Activation::Linear {
        let message = format!("`{loss}` needs probabilities, but the output `{name}` has no activation");
        Diag::error(loc, message)
            .help(format!("write `activation = {wanted}` in the layer, or `{loss}(from_logits = true)`"))
    } else {
        Diag::error(loc, format!("`{loss}` needs probabilities, but the output `{name}` ends in `{text}`"))
            .help(format!("write `activation = {wanted}` in the layer"))
    };
    cx.error(diag);
}

/// Two losses take logarithms of predictions without saying so. It runs, as NaN or with zero gradients as soon
/// as a prediction is negative, so it is a warning.
fn check_positive(head: &Head<'_>, loss: Loss, loc: Loc, cx: &mut Cx<'_>) {
    let help = match loss {
        Loss::Poisson => "write `activation = exponential` or `softplus` in the layer",
        Loss::KlDivergence => "write `activation = softmax` in the layer",
        _ => return,
    };
    if head.activation == Some(Activation::Linear) {
        let (name, loss) = (head.name, loss.name());
        let message = format!(
            "`{loss}` needs predictions above 0, but the output `{name}` has no activation and can be negative"
        );
        cx.error(Diag::warning(loc, message).help(help));
    }
}

/// What `crossentropy` means for a head: binary for one unit or sigmoids, else categorical with one-hot
/// targets.
pub(super) fn crossentropy(head: &Head<'_>) -> Loss {
    let sigmoid = head.activation == Some(Activation::Sigmoid);
    if sigmoid || head.known_units() == Some(1) {
        Loss::BinaryCrossentropy { from_logits: false, label_smoothing: 0.0 }
    } else {
        Loss::CategoricalCrossentropy { from_logits: false, label_smoothing: 0.0 }
    }
}

/// What `accuracy` means for a head and its loss, as Keras decides at the first batch: binary for one unit,
/// else by the largest value, of class indices if the loss takes them.
///
/// `loss` is `None` for an output that is not trained. For several sigmoids Keras's choice is hardly ever meant,
/// so that is a warning. If only const evaluation knows the number of units, the activation and the loss decide.
pub(super) fn accuracy(head: &Head<'_>, loss: Option<Loss>, word: &str, loc: Loc, cx: &mut Cx<'_>) -> Metric {
    const BINARY: Metric = Metric::BinaryAccuracy { threshold: 0.5 };
    let binary_loss = matches!(loss, Some(Loss::BinaryCrossentropy { .. }));
    let several_labels = head.activation == Some(Activation::Sigmoid) || binary_loss;
    let name = head.name;
    if loss.is_some_and(Loss::sparse) {
        return Metric::SparseCategoricalAccuracy;
    }
    match head.known_units() {
        Some(1) => {
            if let Some(Loss::BinaryCrossentropy { from_logits: true, .. }) = loss {
                let message =
                    format!("`{word}` counts values above 0.5, but the output `{name}` gives logits");
                cx.error(Diag::warning(loc, message).help("write `binary_accuracy(threshold = 0.0)`"));
            }
            BINARY
        }
        Some(units) if several_labels => {
            let threshold = match loss {
                Some(Loss::BinaryCrossentropy { from_logits: true, .. }) => "(threshold = 0.0)",
                _ => "",
            };
            let help = format!(
                "write `binary_accuracy{threshold}` to count every label, or `categorical_accuracy` if this is meant"
            );
            let message = format!(
                "`{word}` compares the largest of the {units} values of `{name}`, not each of them with its label"
            );
            cx.error(Diag::warning(loc, message).help(help));
            Metric::CategoricalAccuracy
        }
        None if several_labels => BINARY,
        Some(_) | None => Metric::CategoricalAccuracy,
    }
}

/// An activation by Keras's name.
fn called(activation: Activation) -> String {
    let debug = format!("{activation:?}");
    let mut name = String::new();
    for c in debug.chars().take_while(|c| c.is_alphanumeric()) {
        if c.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(c.to_ascii_lowercase());
    }
    name
}
