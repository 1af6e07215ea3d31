//! `.compile(…)`: the optimizer, and the loss, weight and metrics of every output, checked against its head.
//!
//! Keras accepts almost anything here and reports errors at the first batch. `forms` reads the forms of `loss`,
//! `loss_weights` and `metrics`; `losses` and `metrics` read their names; `heads` checks which loss fits which head;
//! `keys` has the names in the logs.

use crate::args::{Bound, bind_given, list, read};
use crate::code::Code;
use crate::compile::forms::{Given, Setting, spread};
use crate::compile::heads::Head;
use crate::compile::metrics::Subject;
use crate::context::Cx;
use crate::diag::{Diag, Diags, Loc};
use crate::graph::{Compile, Graph, KeyedOptimizer, Training};
use crate::item::Word;
use crate::loss::Loss;
use crate::metric::Metric;
use crate::target::TargetRange;
use crate::value::{Arg, Value, ValueKind};

mod absent;
mod forms;
pub(crate) mod heads;
mod keys;
pub(crate) mod losses;
pub(crate) mod metrics;
pub(crate) mod optimizers;
mod own;
mod patterns;
pub(crate) mod schedules;
pub mod written;

/// Items of the language.
#[doc(hidden)]
pub mod words {
    items! {
        /// Optimizer, losses and metrics of a model. Without them a model only predicts.
        ///
        /// Keras: [`compile`](https://keras.io/api/models/model_training_apis/)
        "`compile(optimizer = rmsprop, loss, loss_weights = none, metrics = none, weighted_metrics = none, check_targets = true)`"
        compile;
        takes {
            /// Optimizer: turns gradients into weight updates.
            optimizer: Optimizer = "rmsprop",
            /// Loss of every output. A key of a map that ends in `*` applies to every output whose name starts with
            /// the rest: `{ digit_*: sparse_categorical_crossentropy, y: mse }`. A path is a function of your own,
            /// which returns the loss of one position and writes its gradient: `crate::pinball` for `fn
            /// pinball(prediction: &[f32], target: &[f32], gradient: &mut [f32]) -> f32`.
            loss: Loss,
            /// Weight of each output's loss in the total; 1 without it.
            loss_weights: Weights = "none",
            /// Metrics of every output. They ignore the weights of samples and positions. A path is a type of your
            /// own that implements `mimo::Metric`: `[accuracy, crate::Lift]`, or `crate::Lift(name = "lift_at_9")`.
            metrics: Metrics = "none",
            /// Metrics of every output, weighted by samples and positions as losses are. One that is in `metrics` too
            /// has the prefix `weighted_`.
            weighted_metrics: Metrics = "none",
            /// Whether the targets of every output are checked against the range of the output: from 0 to 1 for a
            /// sigmoid, a distribution for a softmax. Targets out of range are an error for cross-entropies, and a
            /// warning for other losses.
            check_targets: Switches = "true",
            run_eagerly => "leave it out",
            steps_per_execution => "leave it out",
            jit_compile => "leave it out: the model is compiled",
            auto_scale_loss => "leave it out",
        }
    }
}

/// Reads the arguments of `.compile(…)` for a graph whose layers have their names. `call` is the location of the
/// call. `None` after errors, all of which are reported.
pub fn resolve(graph: &Graph, args: &[Arg], call: Loc, cx: &mut Cx<'_>) -> Option<Compile> {
    // Only errors of this call decide whether it returns a result.
    let mut diags = Diags::new();
    let compile =
        read_all(graph, args, call, &mut Cx { consts: cx.consts, diags: &mut diags, checks: cx.checks });
    let sound = !diags.has_errors();
    diags.into_sorted().into_iter().for_each(|diag| cx.error(diag));
    compile.filter(|_| sound)
}

/// Arguments of Keras's `fit`, with the replacement where the model is trained.
const OF_FIT: [(&str, &str); 10] = [
    ("epochs", "`FitOptions::new().epochs(10)`"),
    ("batch_size", "`FitOptions::new().batch_size(32)`"),
    ("shuffle", "`FitOptions::new().shuffle(false)`"),
    ("verbose", "`FitOptions::new().verbose(Verbose::Silent)`"),
    ("validation_split", "`FitOptions::new().validation_split(0.2)`"),
    ("validation_data", "`FitOptions::new().validation_data((&inputs, &targets))`"),
    ("callbacks", "`FitOptions::new().callback(…)`"),
    ("early_stopping", "`FitOptions::new().on_epoch_end(…)` with a closure that stops"),
    ("sample_weight", "`trainer.fit((&inputs, &targets, &sample_weights), …)`"),
    ("class_weight", "`data.class_weights(…)`, a method of `ArrayDataset`"),
];

/// The arguments without those of `fit`, which are reported.
fn without_fit(args: &[Arg], cx: &mut Cx<'_>) -> Vec<Arg> {
    let mut own = args.to_vec();
    own.retain(|arg| {
        let Some((name, loc)) = &arg.name else { return true };
        let Some((_, instead)) = OF_FIT.iter().find(|(known, _)| known == name) else { return true };
        let message = format!("`compile` has no argument `{name}`: it is for `fit`");
        cx.error(
            Diag::error(Code::UnknownArgument, *loc, message)
                .help(format!("write {instead}, where the model is trained")),
        );
        false
    });
    own
}

fn read_all(graph: &Graph, args: &[Arg], call: Loc, cx: &mut Cx<'_>) -> Option<Compile> {
    let args = without_fit(args, cx);
    let bound = bind_given(&words::compile::ITEM, &args, call, cx);
    let heads: Vec<_> = graph.outputs.iter().map(|output| Head::of(graph, output)).collect();
    if heads.is_empty() {
        return None;
    }
    let losses = losses(graph, &bound, &heads, call, cx);
    let optimizers = optimizers(graph, &bound, &losses, cx);
    let weights = weights(graph, &bound, &losses, cx);
    let metrics_at = bound.take("metrics").map_or(call, |setting| setting.loc);
    let unweighted = metrics(graph, &bound, Setting::Metrics, &heads, &losses, None, cx);
    let metrics = metrics(graph, &bound, Setting::WeightedMetrics, &heads, &losses, Some(&unweighted), cx);
    let checked = checked(graph, &bound, cx);
    keys::check(&keys::logged(graph, &losses, &metrics, metrics_at), cx);
    keys::check_fields(graph, cx);
    let mut outputs = vec![];
    for (at, head) in heads.iter().enumerate() {
        let (loss, metrics) = (losses[at]?, metrics[at].clone()?);
        let range = match checked[at]? {
            true => TargetRange::of(loss, head.activation),
            false => TargetRange::Unchecked,
        };
        let unweighted = unweighted[at].as_ref()?.len();
        outputs.push(Training { loss, weight: weights[at]?, metrics, unweighted, range });
    }
    let own = own::placed(&mut outputs, cx);
    Some(Compile { optimizers: optimizers?, outputs, own })
}

/// One optimizer, or several by key; `None` after an error.
fn optimizers(
    graph: &Graph,
    bound: &Bound<'_>,
    losses: &[Option<Option<Loss>>],
    cx: &mut Cx<'_>,
) -> Option<Vec<KeyedOptimizer>> {
    let only = match bound.take("optimizer") {
        Some(Value { kind: ValueKind::Map(entries), loc }) => {
            return optimizers::several::read(entries, *loc, graph, losses, cx);
        }
        Some(Value { kind: ValueKind::None, .. }) | None => {
            bound.default("optimizer", cx, |value, _, cx| optimizers::read(value, cx))
        }
        Some(value) => {
            optimizers::excluded::check(value, graph, cx);
            optimizers::read(value, cx)
        }
    };
    Some(vec![KeyedOptimizer { key: None, optimizer: only?, layers: vec![] }])
}

/// The loss of every output: `Some(None)` where it is `none`, `None` after an error.
fn losses(
    graph: &Graph,
    bound: &Bound<'_>,
    heads: &[Head<'_>],
    call: Loc,
    cx: &mut Cx<'_>,
) -> Vec<Option<Option<Loss>>> {
    let Some(value) = bound.take("loss") else {
        if !bound.sound(&["loss"]) {
            return vec![None; heads.len()];
        }
        let names: Vec<_> = heads.iter().map(|head| head.name).collect();
        let example = match names[..] {
            [_] => "`loss = mse`".to_owned(),
            _ => {
                let entries: Vec<_> = names.iter().take(4).map(|name| format!("{name}: …")).collect();
                let more = if names.len() > 4 { ", …" } else { "" };
                format!("`loss = {{ {}{more} }}`", entries.join(", "))
            }
        };
        let s = if names.len() == 1 { "" } else { "s" };
        let diag = Diag::error(
            Code::MissingLoss,
            call,
            format!("no loss is given for the output{s} {}", list(names.iter().copied())),
        );
        cx.error(diag.help(format!("add {example}")).help("without `.compile(…)` a model only predicts"));
        return vec![None; heads.len()];
    };
    let spread = spread(Setting::Loss, value, graph, cx);
    for value in spread.stray {
        losses::read(value, None, cx);
    }
    let read = |(given, head): (&Given<'_>, &Head<'_>)| match given {
        Given::Value(value) => losses::read(value, Some(head), cx),
        Given::Nothing | Given::Broken => None,
    };
    let losses: Vec<_> = spread.outputs.iter().zip(heads).map(read).collect();
    for ((given, loss), output) in spread.outputs.iter().zip(&losses).zip(&graph.outputs) {
        if let (Given::Value(value), Some(Some(_))) = (given, loss)
            && graph.sources.contains(&output.tensor)
        {
            let name = &output.name;
            let message =
                format!("the output `{name}` is an input of the model, so a loss has nothing to train");
            cx.error(Diag::error(Code::LossOfInput, value.loc, message).help(format!(
                "write `{name}: none` in a map of the losses, `loss = {{ {name}: none, … }}`"
            )));
        }
    }
    if losses.iter().all(|loss| *loss == Some(None)) && graph.added_losses().is_empty() {
        cx.error(Diag::error(Code::NothingToTrain, value.loc, "no output has a loss, so there is nothing to train").help(
            "give at least one output a loss, or leave out `.compile(…)`: without it a model only predicts",
        ));
    }
    losses
}

/// Weight of every output's loss, 1 if missing.
fn weights(
    graph: &Graph,
    bound: &Bound<'_>,
    losses: &[Option<Option<Loss>>],
    cx: &mut Cx<'_>,
) -> Vec<Option<f64>> {
    let Some(setting) = bound.take("loss_weights").filter(|value| value.kind != ValueKind::None) else {
        return vec![Some(1.0); losses.len()];
    };
    let spread = spread(Setting::Weights, setting, graph, cx);
    for value in spread.stray {
        weight(value, cx);
    }
    // A pattern may match outputs that are not trained.
    let by_name = |output: &str| matches!(&setting.kind, ValueKind::Map(entries) if entries.iter().any(|(key, _, _)| key == output));
    let mut weights = Vec::new();
    for ((given, loss), output) in spread.outputs.iter().zip(losses).zip(&graph.outputs) {
        weights.push(match given {
            Given::Nothing => Some(1.0),
            Given::Broken => None,
            Given::Value(value) => {
                if by_name(&output.name) && *loss == Some(None) && value.kind != ValueKind::None {
                    let message = format!("the output `{}` has no loss that could be weighted", output.name);
                    let help = format!("leave `{}` out of `loss_weights`, or give it a loss", output.name);
                    cx.error(Diag::warning(Code::WeightWithoutLoss, value.loc, message).help(help));
                }
                let read = weight(value, cx);
                if read == Some(0.0) && matches!(loss, Some(Some(_))) {
                    let message = format!(
                        "the loss of `{}` has the weight 0, so that nothing is learned from it",
                        output.name
                    );
                    cx.error(
                        Diag::warning(Code::ZeroLossWeight, value.loc, message)
                            .help(format!(
                                "write `{}: none` in `loss` to leave the output untrained",
                                output.name
                            ))
                            .help("`#[allow(mimo::zero_loss_weight)]` if the weight changes while training"),
                    );
                }
                if let (Some(negative), Some(Some(_))) = (read.filter(|weight| *weight < 0.0), loss) {
                    let message = format!(
                        "the loss of `{}` has the weight {negative}, so that training makes it larger",
                        output.name
                    );
                    cx.error(
                        Diag::warning(Code::NegativeLossWeight, value.loc, message)
                            .help(format!("write `{}` to make it smaller", -negative))
                            .help("`#[allow(mimo::negative_loss_weight)]` for an adversarial loss"),
                    );
                }
                read
            }
        });
    }
    weights
}

/// One weight.
fn weight(value: &Value, cx: &mut Cx<'_>) -> Option<f64> {
    match value.kind {
        ValueKind::None => Some(1.0),
        _ => read::float(value, "a loss weight", cx),
    }
}

/// Metrics of an output with their names in the logs; `None` after an error.
type ReadMetrics = Option<Vec<(String, Metric)>>;

/// Metrics of every output, after those in `before`; none if missing.
fn metrics(
    graph: &Graph,
    bound: &Bound<'_>,
    setting: Setting,
    heads: &[Head<'_>],
    losses: &[Option<Option<Loss>>],
    before: Option<&[ReadMetrics]>,
    cx: &mut Cx<'_>,
) -> Vec<ReadMetrics> {
    let before = before.map_or_else(|| vec![Some(vec![]); heads.len()], <[_]>::to_vec);
    let Some(value) = bound.take(setting.keyword()).filter(|value| value.kind != ValueKind::None) else {
        return before;
    };
    let spread = spread(setting, value, graph, cx);
    for value in spread.stray {
        metrics::read_all(value, None, cx);
    }
    let mut metrics = Vec::new();
    for (((given, head), &loss), before) in spread.outputs.iter().zip(heads).zip(losses).zip(before) {
        metrics.push(match given {
            Given::Nothing => before,
            Given::Broken => None,
            Given::Value(value) => {
                let subject = Some(Subject { head, loss });
                let first = before.clone().unwrap_or_default();
                let read = metrics::read_after(first, value, subject, setting, cx);
                before.and(read)
            }
        });
    }
    metrics
}

/// Whether the targets of every output are checked against its range; true if missing.
fn checked(graph: &Graph, bound: &Bound<'_>, cx: &mut Cx<'_>) -> Vec<Option<bool>> {
    let Some(value) = bound.take("check_targets").filter(|value| value.kind != ValueKind::None) else {
        return vec![Some(true); graph.outputs.len()];
    };
    let spread = spread(Setting::Checks, value, graph, cx);
    let mut read = |value: &Value| read::boolean(value, "an entry of `check_targets`", cx);
    for value in spread.stray {
        read(value);
    }
    let outputs = spread.outputs.iter().map(|given| match given {
        Given::Nothing => Some(true),
        Given::Broken => None,
        Given::Value(value) => read(value),
    });
    outputs.collect()
}

#[cfg(test)]
mod tests {
    use crate::activation::Activation::{Linear, Relu, Sigmoid, Softmax};
    use crate::loss::Loss::{self, MeanAbsoluteError, MeanSquaredError};
    use crate::metric::Metric;
    use crate::sketch::{Model, resolved};

    const NONE: [&str; 0] = [];

    fn regressions() -> Model {
        Model::heads(&[("a", 1, Linear), ("b", 1, Linear), ("c", 1, Linear)])
    }

    #[test]
    fn a_diagnosis_and_a_risk() {
        let model = Model::heads(&[("diagnosis", 3, Softmax), ("risk", 1, Sigmoid)]);
        let (compile, errors) = resolved(
            &model,
            "optimizer = Adam(learning_rate = 1e-3), \
             loss = { diagnosis: categorical_crossentropy, risk: binary_crossentropy }, \
             loss_weights = { risk: 0.5 }, metrics = { diagnosis: [accuracy], risk: [accuracy, auc] }",
        );
        assert_eq!(errors, NONE);
        let compile = compile.unwrap();
        let [diagnosis, risk] = &compile.outputs[..] else { panic!() };
        assert_eq!(diagnosis.loss.unwrap().name(), "categorical_crossentropy");
        assert_eq!((diagnosis.weight, risk.weight), (1.0, 0.5));
        assert_eq!(diagnosis.metrics, [("accuracy".into(), Metric::CategoricalAccuracy)]);
        assert_eq!(risk.metrics[0], ("accuracy".into(), Metric::BinaryAccuracy { threshold: 0.5 }));
        assert_eq!(risk.metrics[1].0, "auc");
    }

    #[test]
    fn keras_s_defaults() {
        let (compile, errors) = resolved(&Model::heads(&[("a", 1, Linear)]), "loss = mse");
        assert_eq!(errors, NONE);
        let compile = compile.unwrap();
        assert_eq!(compile.optimizers[0].optimizer.to_string(), "RMSprop(learning_rate = 0.001)");
        assert_eq!(compile.outputs[0].weight, 1.0);
        assert_eq!(compile.outputs[0].metrics, []);
    }

    #[test]
    fn positional_arguments_have_keras_s_order() {
        let (compile, errors) = resolved(&regressions(), "sgd, mae, [1, 2, none], [mse, [], [mae, mse]]");
        assert_eq!(errors, NONE);
        let compile = compile.unwrap();
        assert!(compile.outputs.iter().all(|output| output.loss == Some(MeanAbsoluteError)));
        let weights: Vec<_> = compile.outputs.iter().map(|output| output.weight).collect();
        assert_eq!(weights, [1.0, 2.0, 1.0]);
        let metrics: Vec<_> = compile.outputs.iter().map(|output| output.metrics.len()).collect();
        assert_eq!(metrics, [1, 0, 2]);
    }

    #[test]
    fn a_loss_is_needed() {
        let (_, errors) = resolved(&regressions(), "adam");
        assert_eq!(
            errors,
            ["at the call: error: no loss is given for the outputs `a`, `b`, `c`\n  \
              = help: add `loss = { a: …, b: …, c: … }`\n  \
              = help: without `.compile(…)` a model only predicts"]
        );
        let (_, errors) = resolved(&Model::heads(&[("a", 1, Linear)]), "adam, none");
        assert_eq!(
            errors,
            ["at none: error: no output has a loss, so there is nothing to train\n  \
              = help: give at least one output a loss, or leave out `.compile(…)`: without it a model only predicts"]
        );
    }

    #[test]
    fn arguments_of_fit_are_shown_where_they_go() {
        let model = Model::heads(&[("a", 1, Linear)]);
        for (argument, help) in [
            ("epochs = 3", "write `FitOptions::new().epochs(10)`, where the model is trained"),
            ("class_weight = { a: 1 }", "write `data.class_weights(…)`, a method of `ArrayDataset`"),
        ] {
            let (compile, errors) = resolved(&model, &format!("loss = mse, {argument}"));
            assert!(compile.is_none());
            let [error] = &errors[..] else { panic!("{errors:?}") };
            assert!(error.contains("it is for `fit`") && error.contains(help), "{error}");
        }
    }

    #[test]
    fn a_negative_weight_is_a_lint() {
        let (compile, errors) = resolved(&regressions(), "loss = mse, loss_weights = { b: -0.5 }");
        assert_eq!(compile.unwrap().outputs[1].weight, -0.5);
        assert_eq!(
            errors,
            ["at -0.5: warning: the loss of `b` has the weight -0.5, so that training makes it larger\n  \
              = help: write `0.5` to make it smaller\n  \
              = help: `#[allow(mimo::negative_loss_weight)]` for an adversarial loss"]
        );
        // An output without a loss has its own warning.
        let (_, errors) = resolved(&regressions(), "loss = [mse, none, mse], loss_weights = [1, -0.5, 1]");
        assert_eq!(errors, NONE);
    }

    #[test]
    fn an_output_may_be_left_untrained() {
        let (compile, errors) =
            resolved(&regressions(), "loss = { a: mse, b: none, c: mae }, loss_weights = { b: 2.0 }");
        let losses: Vec<_> = compile.unwrap().outputs.iter().map(|output| output.loss).collect();
        assert_eq!(losses, [Some(MeanSquaredError), None, Some(MeanAbsoluteError)]);
        assert_eq!(
            errors,
            ["at 2.0: warning: the output `b` has no loss that could be weighted\n  \
              = help: leave `b` out of `loss_weights`, or give it a loss"]
        );
        let (compile, errors) = resolved(&regressions(), "loss = [mse, none, mae]");
        assert_eq!(errors, NONE);
        assert_eq!(compile.unwrap().outputs[1].loss, None);
    }

    #[test]
    fn a_loss_weight_is_a_number() {
        let (_, errors) = resolved(&regressions(), "loss = mse, loss_weights = [true, W, 1.5]");
        assert_eq!(
            errors,
            [
                "at true: error: a loss weight must be a number, found `true`\n  = help: write a number: `0.5`",
                "at W: error: a loss weight must be a number, found `W`\n  \
                 = help: write the number itself, or a `const` of this block with a number as its value",
            ]
        );
    }

    #[test]
    fn what_mimo_does_not_have_is_said() {
        let (_, errors) =
            resolved(&regressions(), "adam, steps_per_execution = 4, jit_compile = none, los = mse");
        assert_eq!(
            errors,
            [
                "at steps_per_execution: error: mimo has no `steps_per_execution` for `compile`\n  \
                 = help: leave it out",
                "at los: error: `compile` has no argument `los`\n  = help: did you mean `loss`?\n  \
                 = help: its arguments are `optimizer`, `loss`, `loss_weights`, `metrics`, `weighted_metrics`, `check_targets`",
            ]
        );
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let (_, errors) = resolved(
            &regressions(),
            "optimizer = adamm, loss = [msee, mse], loss_weights = [1.0], metrics = { a: [maee], d: mse }",
        );
        let first_lines: Vec<_> = errors.iter().map(|error| error.lines().next().unwrap()).collect();
        assert_eq!(
            first_lines,
            [
                "at adamm: error: unknown optimizer `adamm`",
                "at a list or map: error: `loss` has 2 entries, but the model has 3 outputs",
                "at msee: error: unknown loss `msee`",
                "at a list or map: error: `loss_weights` has 1 entry, but the model has 3 outputs",
                "at maee: error: unknown metric `maee`",
                "at d: error: the model has no output `d`",
            ]
        );
    }

    #[test]
    fn an_error_upstream_is_not_told_again() {
        let mut model = Model::new();
        model.input("x", &[4]);
        let broken = model.poisoned("h");
        model.output("y", broken);
        let (compile, errors) = resolved(&model, "loss = categorical_crossentropy, metrics = accuracy");
        assert_eq!(errors, NONE);
        assert!(compile.is_some());
    }

    #[test]
    fn a_shared_loss_is_checked_against_every_head() {
        let model = Model::heads(&[("a", 1, Sigmoid), ("b", 3, Softmax), ("c", 2, Relu)]);
        let (_, errors) = resolved(&model, "adam, binary_crossentropy");
        let first_lines: Vec<_> = errors.iter().map(|error| error.lines().next().unwrap()).collect();
        assert_eq!(
            first_lines,
            [
                "at binary_crossentropy: error: `binary_crossentropy` does not fit the output `b`, \
                 which ends in `softmax`",
                "at binary_crossentropy: error: `binary_crossentropy` needs probabilities, \
                 but the output `c` ends in `relu`",
            ]
        );
        let (compile, _) = resolved(&model, "adam, custom");
        assert!(
            compile.unwrap().outputs.iter().all(|output| output.loss == Some(Loss::Custom { targets: true }))
        );
    }
}
