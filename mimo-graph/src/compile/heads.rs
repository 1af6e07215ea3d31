//! Heads: the end of an output, the losses that fit it, and the meaning of `accuracy`.

use crate::activation::Activation;
use crate::code::Code;
use crate::context::{Cx, DimCheck, Relation};
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::graph::{Graph, Port};
use crate::loss::{Loss, Predicts, Reads};
use crate::metric::Metric;

/// The end of an output.
#[derive(Clone, Debug)]
pub(crate) struct Head<'g> {
    pub(super) name: &'g str,
    /// Activation of the layer that computes the output; `None` for a layer without a say in it (`Flatten`), and
    /// after an error.
    pub(super) activation: Option<Activation>,
    /// The last axis; `None` after an error.
    pub(super) units: Option<Dim>,
    /// Axes with the batch; `None` after an error.
    pub(super) rank: Option<usize>,
}

impl<'g> Head<'g> {
    /// Whether the output may hold probabilities: it ends in `softmax`, in `sigmoid`, or in an unknown activation.
    pub(super) fn may_be_probabilities(&self) -> bool {
        matches!(
            self.activation,
            None | Some(Activation::Softmax | Activation::Sparsemax | Activation::Sigmoid)
        )
    }

    pub(super) fn of(graph: &'g Graph, output: &'g Port) -> Self {
        let shape = graph.tensor(output.tensor).shape.as_ref();
        let units = shape.and_then(|shape| shape.last().cloned());
        let rank = shape.map(|shape| shape.0.len() + 1);
        let maker = crate::names::maker(graph, output.tensor).filter(|_| units.is_some());
        // Outputs after the first are states, which may be any numbers.
        let first = graph.nodes.iter().any(|node| node.outputs.first() == Some(&output.tensor));
        let activation = maker.filter(|_| first).and_then(|layer| graph.layer(layer).kind.head());
        Head { name: &output.name, activation, units, rank }
    }

    /// The last axis, if it is known here.
    pub(super) fn known_units(&self) -> Option<usize> {
        self.units.as_ref().and_then(Dim::known)
    }

    /// Adds a const-evaluated check that the head has at least two units.
    fn require_two_units(&self, code: Code, loc: Loc, reason: &str, help: &str, cx: &mut Cx<'_>) {
        let Some(found) = self.units.clone().filter(|units| units.known().is_none()) else { return };
        cx.checks.push(DimCheck {
            code,
            loc,
            found,
            relation: Relation::AtLeast,
            wanted: Dim::Known(2),
            what: format!("the number of units of `{}`", self.name),
            help: Some(help.into()),
            notes: vec![reason.into()],
            subjects: vec![],
        });
    }
}

/// Losses that compare probabilities with labels, by the source of their probabilities.
#[derive(Clone, Copy, PartialEq)]
enum Crossentropy {
    /// Sigmoids: labels that do not exclude each other.
    Binary,
    /// A softmax: classes that exclude each other.
    Categorical,
    /// Either, as for the overlap of regions.
    Overlap,
}

impl Crossentropy {
    fn of(loss: Loss) -> Option<Self> {
        let facts = loss.facts();
        match (facts.reads, facts.predicts) {
            (Reads::Values | Reads::Positive, _) => None,
            (_, Predicts::Labels) => Some(Crossentropy::Binary),
            (_, Predicts::Classes) => Some(Crossentropy::Categorical),
            (_, Predicts::Regions) => Some(Crossentropy::Overlap),
            (_, Predicts::Numbers | Predicts::Directions | Predicts::Unknown) => None,
        }
    }
}

/// Reports a loss that does not fit the head. `loc` is the location of the loss.
pub(super) fn check(head: &Head<'_>, loss: Loss, loc: Loc, cx: &mut Cx<'_>) {
    let softmax = head.activation == Some(Activation::Softmax);
    let crossentropy = Crossentropy::of(loss);
    match (softmax, crossentropy) {
        (true, _) if head.known_units() == Some(1) => softmax_of_one(head, loc, cx),
        (_, Some(Crossentropy::Categorical)) if head.rank == Some(1) => no_classes(head, loss, loc, cx),
        (_, Some(Crossentropy::Categorical)) if head.known_units() == Some(1) => {
            one_class(head, loss, loc, cx);
        }
        (_, Some(crossentropy)) => check_crossentropy(head, loss, crossentropy, loc, cx),
        (_, None) => check_positive(head, loss, loc, cx),
    }
    if softmax {
        let help = "write `activation = sigmoid` for a single unit";
        head.require_two_units(Code::SoftmaxOfOneUnit, loc, "a softmax over one unit is always 1", help, cx);
    } else if crossentropy == Some(Crossentropy::Categorical) {
        let help = "write `binary_crossentropy` for a single unit";
        head.require_two_units(
            Code::OneClass,
            loc,
            &format!("`{}` over one class is always 0", loss.name()),
            help,
            cx,
        );
    }
}

/// Warns about a softmax over one unit: it always outputs 1 and learns nothing.
fn softmax_of_one(head: &Head<'_>, loc: Loc, cx: &mut Cx<'_>) {
    let name = head.name;
    cx.error(
        Diag::error(
            Code::SoftmaxOfOneUnit,
            loc,
            format!("the output `{name}` is a softmax over 1 unit, which is always 1"),
        )
        .help("write `activation = sigmoid` with `binary_crossentropy`, or one unit per class"),
    );
}

/// Reports a categorical cross-entropy over one class, which is always 0.
fn one_class(head: &Head<'_>, loss: Loss, loc: Loc, cx: &mut Cx<'_>) {
    let (name, loss) = (head.name, loss.name());
    let message = format!("`{loss}` needs one unit per class, but the output `{name}` has 1 unit");
    cx.error(Diag::error(Code::OneClass, loc, message).help(
        "write `binary_crossentropy` with `activation = sigmoid` for one unit, or make the layer as wide as \
             there are classes",
    ));
}

/// Reports a categorical cross-entropy of one number per sample, without an axis of classes.
fn no_classes(head: &Head<'_>, loss: Loss, loc: Loc, cx: &mut Cx<'_>) {
    let (name, loss) = (head.name, loss.name());
    let message =
        format!("`{loss}` needs one unit per class, but the output `{name}` is [], one number per sample");
    cx.error(Diag::error(Code::OneClass, loc, message).help(
        "end the output with one unit per class, `Dense(3, activation = softmax)`, or write `binary_crossentropy` for two",
    ));
}

/// Checks a cross-entropy. It compares probabilities: those of a softmax if the classes exclude each other, those of
/// sigmoids if not; or logits with `from_logits = true`.
fn check_crossentropy(head: &Head<'_>, loss: Loss, kind: Crossentropy, loc: Loc, cx: &mut Cx<'_>) {
    let Some(activation) = head.activation else { return };
    let (name, reads, loss) = (head.name, loss.facts().reads, loss.name());
    let probabilities = activation.gives_probabilities();
    let exclusive = matches!(activation, Activation::Softmax | Activation::Sparsemax);
    let text = activation.name();
    if reads == Reads::Logits {
        if probabilities {
            cx.error(
                Diag::error(
                    Code::LossNeedsLogits,
                    loc,
                    format!("`from_logits = true` does not fit the output `{name}`, which ends in `{text}`"),
                )
                .help(format!("leave out `from_logits = true`, or `activation = {text}` in the layer"))
                .note("logits are what goes into a softmax or sigmoid"),
            );
        }
        return;
    }
    let (fits, wanted, help) = match kind {
        Crossentropy::Binary => (
            probabilities && !exclusive,
            "sigmoid",
            "write `categorical_crossentropy` (or `sparse_categorical_crossentropy` for class indices) if the \
             classes exclude each other, else `activation = sigmoid` in the layer",
        ),
        Crossentropy::Overlap => (
            probabilities,
            "sigmoid",
            "write `activation = sigmoid` in the layer, or `softmax` if the classes exclude each other",
        ),
        Crossentropy::Categorical => (
            exclusive,
            "softmax",
            "write `activation = softmax` in the layer if the classes exclude each other, else \
             `binary_crossentropy`",
        ),
    };
    if fits {
        return;
    }
    let diag = if probabilities {
        Diag::error(
            Code::LossNeedsProbabilities,
            loc,
            format!("`{loss}` does not fit the output `{name}`, which ends in `{text}`"),
        )
        .help(help)
    } else if activation == Activation::Linear {
        let message = format!("`{loss}` needs probabilities, but the output `{name}` has no activation");
        let or_logits = match reads {
            Reads::ProbabilitiesOrLogits => format!(", or `{loss}(from_logits = true)`"),
            _ => String::new(),
        };
        Diag::error(Code::LossNeedsProbabilities, loc, message)
            .help(format!("write `activation = {wanted}` in the layer{or_logits}"))
    } else {
        Diag::error(
            Code::LossNeedsProbabilities,
            loc,
            format!("`{loss}` needs probabilities, but the output `{name}` ends in `{text}`"),
        )
        .help(format!("write `activation = {wanted}` in the layer"))
    };
    cx.error(diag);
}

/// Warns about losses that take logarithms of predictions implicitly. They run, with NaN or zero gradients as soon as
/// a prediction is negative.
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
        cx.error(Diag::warning(Code::NegativePredictions, loc, message).help(help));
    }
}

/// Meaning of `crossentropy` for a head: binary for one unit or sigmoids, else categorical with one-hot targets.
pub(super) fn crossentropy(head: &Head<'_>) -> Loss {
    let sigmoid = head.activation == Some(Activation::Sigmoid);
    if sigmoid || head.known_units() == Some(1) {
        Loss::BinaryCrossentropy { from_logits: false, label_smoothing: 0.0 }
    } else {
        Loss::CategoricalCrossentropy { from_logits: false, label_smoothing: 0.0 }
    }
}

/// Meaning of `accuracy` for a head and its loss, as Keras decides at the first batch: binary for one unit, else by
/// the largest value, with class indices as targets if the loss has these.
///
/// `loss` is `None` for an output that is not trained. Keras's choice for several sigmoids is hardly ever wanted, so
/// it is a warning. If only const evaluation knows the number of units, the activation and the loss decide.
pub(super) fn accuracy(head: &Head<'_>, loss: Option<Loss>, word: &str, loc: Loc, cx: &mut Cx<'_>) -> Metric {
    const BINARY: Metric = Metric::BinaryAccuracy { threshold: 0.5 };
    let binary_loss = loss.and_then(Crossentropy::of) == Some(Crossentropy::Binary);
    let logits = loss.is_some_and(|loss| loss.facts().reads == Reads::Logits);
    let several_labels = head.activation == Some(Activation::Sigmoid) || binary_loss;
    let name = head.name;
    if loss.is_some_and(Loss::sparse) {
        return Metric::SparseCategoricalAccuracy;
    }
    match head.known_units() {
        Some(1) => {
            if binary_loss && logits {
                let message =
                    format!("`{word}` counts values above 0.5, but the output `{name}` outputs logits");
                cx.error(
                    Diag::warning(Code::AccuracyOfLogits, loc, message)
                        .help("write `binary_accuracy(threshold = 0.0)`"),
                );
            }
            BINARY
        }
        Some(units) if several_labels => {
            let threshold = if binary_loss && logits { "(threshold = 0.0)" } else { "" };
            let help = format!(
                "write `binary_accuracy{threshold}` to count every label, or `categorical_accuracy` if this is meant"
            );
            let message = format!(
                "`{word}` compares the largest of the {units} values of `{name}`, not each of them with its label"
            );
            cx.error(Diag::warning(Code::AccuracyOfLabels, loc, message).help(help));
            Metric::CategoricalAccuracy
        }
        None if several_labels => BINARY,
        Some(_) | None => Metric::CategoricalAccuracy,
    }
}

#[cfg(test)]
mod tests {
    use crate::activation::Activation::{self, Linear, LogSoftmax, Relu, Sigmoid, Softmax};
    use crate::code::Code;
    use crate::context::{DimCheck, Relation};
    use crate::dim::{ConstId, Dim};
    use crate::loss::Loss;
    use crate::metric::Metric;
    use crate::sketch::{Model, resolved, resolved_with_checks};

    const NONE: [&str; 0] = [];

    /// Diagnostics of a loss on one head.
    fn on(units: usize, activation: Activation, loss: &str) -> Vec<String> {
        resolved(&Model::heads(&[("y", units, activation)]), &format!("adam, {loss}")).1
    }

    #[test]
    fn losses_that_fit_pass() {
        for (units, activation, loss) in [
            (1, Sigmoid, "binary_crossentropy"),
            (4, Sigmoid, "binary_crossentropy"),
            (1, Linear, "BinaryCrossentropy(from_logits = true)"),
            (3, Softmax, "categorical_crossentropy"),
            (3, Softmax, "sparse_categorical_crossentropy"),
            (3, Linear, "categorical_crossentropy(from_logits = true)"),
            (3, LogSoftmax, "categorical_crossentropy(from_logits = true)"),
            (3, Softmax, "mse"),
            (3, Softmax, "kl_divergence"),
            (1, Activation::Exponential, "poisson"),
            (1, Linear, "mse"),
            (1, Linear, "custom"),
        ] {
            assert_eq!(on(units, activation, loss), NONE, "{units} {activation:?} {loss}");
        }
    }

    #[test]
    fn a_softmax_over_one_unit_is_always_one() {
        let error = "error: the output `y` is a softmax over 1 unit, which is always 1\n  \
                     = help: write `activation = sigmoid` with `binary_crossentropy`, or one unit per class";
        for loss in ["mse", "categorical_crossentropy", "binary_crossentropy"] {
            assert_eq!(on(1, Softmax, loss), [format!("at {loss}: {error}")]);
        }
    }

    #[test]
    fn a_categorical_loss_has_several_classes() {
        assert_eq!(
            on(1, Sigmoid, "sparse_categorical_crossentropy"),
            [
                "at sparse_categorical_crossentropy: error: `sparse_categorical_crossentropy` needs one unit per class, \
              but the output `y` has 1 unit\n  = help: write `binary_crossentropy` with `activation = sigmoid` \
              for one unit, or make the layer as wide as there are classes"
            ]
        );
    }

    #[test]
    fn binary_crossentropy_reads_sigmoids() {
        assert_eq!(
            on(3, Softmax, "bce"),
            ["at bce: error: `binary_crossentropy` does not fit the output `y`, which ends in `softmax`\n  \
              = help: write `categorical_crossentropy` (or `sparse_categorical_crossentropy` for class indices) \
              if the classes exclude each other, else `activation = sigmoid` in the layer"]
        );
        assert_eq!(
            on(1, Linear, "bce"),
            [
                "at bce: error: `binary_crossentropy` needs probabilities, but the output `y` has no activation\n  \
              = help: write `activation = sigmoid` in the layer, or `binary_crossentropy(from_logits = true)`"
            ]
        );
    }

    #[test]
    fn categorical_crossentropy_reads_a_softmax() {
        assert_eq!(
            on(3, Sigmoid, "categorical_crossentropy"),
            ["at categorical_crossentropy: error: `categorical_crossentropy` does not fit the output `y`, \
              which ends in `sigmoid`\n  = help: write `activation = softmax` in the layer \
              if the classes exclude each other, else `binary_crossentropy`"]
        );
        assert_eq!(
            on(3, Linear, "categorical_crossentropy"),
            ["at categorical_crossentropy: error: `categorical_crossentropy` needs probabilities, \
              but the output `y` has no activation\n  = help: write `activation = softmax` in the layer, \
              or `categorical_crossentropy(from_logits = true)`"]
        );
        assert_eq!(
            on(3, Relu, "sparse_categorical_crossentropy"),
            [
                "at sparse_categorical_crossentropy: error: `sparse_categorical_crossentropy` needs probabilities, \
              but the output `y` ends in `relu`\n  = help: write `activation = softmax` in the layer"
            ]
        );
    }

    #[test]
    fn logits_are_not_probabilities() {
        assert_eq!(
            on(3, Softmax, "CategoricalCrossentropy(from_logits = true)"),
            [
                "at CategoricalCrossentropy(from_logits: error: `from_logits = true` does not fit the output `y`, \
              which ends in `softmax`\n  \
              = help: leave out `from_logits = true`, or `activation = softmax` in the layer\n  \
              = note: logits are what goes into a softmax or sigmoid"
            ]
        );
        assert_eq!(on(1, Sigmoid, "BinaryCrossentropy(from_logits = true)").len(), 1);
    }

    #[test]
    fn losses_that_take_logarithms_warn_on_a_linear_head() {
        assert_eq!(
            on(1, Linear, "poisson"),
            [
                "at poisson: warning: `poisson` needs predictions above 0, but the output `y` has no activation \
              and can be negative\n  = help: write `activation = exponential` or `softplus` in the layer"
            ]
        );
        assert_eq!(on(3, Linear, "kld").len(), 1);
    }

    #[test]
    fn layers_without_an_activation_of_their_own_are_not_judged() {
        let mut model = Model::new();
        let x = model.input("x", &[4]);
        let h = model.dense("h", x, 3, Softmax);
        let y = model.flatten("y", h, 3);
        model.output("y", y);
        assert_eq!(resolved(&model, "adam, categorical_crossentropy, metrics = accuracy").1, NONE);
    }

    #[test]
    fn crossentropy_is_chosen_by_the_head() {
        let model = Model::heads(&[("a", 1, Sigmoid), ("b", 3, Softmax), ("c", 4, Sigmoid)]);
        let (compile, errors) = resolved(&model, "adam, crossentropy, metrics = ce");
        assert_eq!(errors, NONE);
        let outputs = compile.unwrap().outputs;
        let names: Vec<_> = outputs.iter().filter_map(|output| output.loss).map(Loss::name).collect();
        assert_eq!(names, ["binary_crossentropy", "categorical_crossentropy", "binary_crossentropy"]);
        assert!(matches!(outputs[1].metrics[0].1, Metric::CategoricalCrossentropy { .. }));
        assert_eq!(outputs[0].metrics[0].0, "ce");
    }

    #[test]
    fn accuracy_is_chosen_by_the_head_and_the_loss() {
        let model =
            Model::heads(&[("a", 1, Sigmoid), ("b", 3, Softmax), ("c", 3, Softmax), ("d", 3, Linear)]);
        let (compile, errors) = resolved(
            &model,
            "adam, [bce, categorical_crossentropy, sparse_categorical_crossentropy, none], metrics = acc",
        );
        assert_eq!(errors, NONE);
        let metrics: Vec<_> = compile.unwrap().outputs.iter().map(|output| output.metrics[0].1).collect();
        assert_eq!(
            metrics,
            [
                Metric::BinaryAccuracy { threshold: 0.5 },
                Metric::CategoricalAccuracy,
                Metric::SparseCategoricalAccuracy,
                Metric::CategoricalAccuracy
            ]
        );
    }

    #[test]
    fn accuracy_of_several_labels_is_keras_s_and_a_warning() {
        let model = Model::heads(&[("vector_output", 10, Sigmoid)]);
        let (compile, warnings) = resolved(&model, "adam, bce, metrics = [accuracy]");
        assert_eq!(compile.unwrap().outputs[0].metrics[0].1, Metric::CategoricalAccuracy);
        assert_eq!(
            warnings,
            ["at accuracy: warning: `accuracy` compares the largest of the 10 values of `vector_output`, \
              not each of them with its label\n  = help: write `binary_accuracy` to count every label, \
              or `categorical_accuracy` if this is meant"]
        );
        let (compile, warnings) = resolved(&model, "adam, bce, metrics = [binary_accuracy]");
        assert_eq!((compile.is_some(), warnings), (true, vec![]));
    }

    #[test]
    fn accuracy_of_logits_warns() {
        let model = Model::heads(&[("y", 1, Linear)]);
        let (_, warnings) = resolved(&model, "adam, bce(from_logits = true), metrics = accuracy");
        assert_eq!(
            warnings,
            [
                "at accuracy: warning: `accuracy` counts values above 0.5, but the output `y` outputs logits\n  \
              = help: write `binary_accuracy(threshold = 0.0)`"
            ]
        );
    }

    #[test]
    fn units_that_only_const_evaluation_knows_are_left_to_it() {
        let mut model = Model::new();
        let x = model.input("x", &[4]);
        for (name, activation) in [("a", Softmax), ("b", Linear), ("c", Sigmoid)] {
            let y = model.deferred(name, x, activation);
            model.output(name, y);
        }
        let (compile, errors, checks) = resolved_with_checks(
            &model,
            "adam, { a: mse, b: categorical_crossentropy(from_logits = true), c: bce }, metrics = accuracy",
        );
        assert_eq!(errors, NONE);
        assert_eq!(compile.unwrap().outputs[2].metrics[0].1, Metric::BinaryAccuracy { threshold: 0.5 });
        let [softmax, categorical] = &checks[..] else { panic!("{checks:?}") };
        assert_eq!(
            *softmax,
            DimCheck {
                code: Code::SoftmaxOfOneUnit,
                loc: softmax.loc,
                found: Dim::constant(ConstId(0)),
                relation: Relation::AtLeast,
                wanted: Dim::Known(2),
                what: "the number of units of `a`".into(),
                help: Some("write `activation = sigmoid` for a single unit".into()),
                notes: vec!["a softmax over one unit is always 1".into()],
                subjects: vec![],
            }
        );
        assert_eq!(
            categorical.notes.first().map(String::as_str),
            Some("`categorical_crossentropy` over one class is always 0")
        );
    }
}
