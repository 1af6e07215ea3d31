//! Optimizers as they are written: `adam`, `"adam"`, `Adam(learning_rate = 1e-3)`.

use crate::args::{self, Bound, list};
use crate::code::Code;
use crate::context::Cx;
use crate::diag::Diag;
use crate::named::read_named;
use crate::optimizer::{Clip, Optimizer, Rule};
use crate::value::{Value, ValueKind};

/// Declares optimizers. All of them take the arguments after `weight_decay`.
macro_rules! optimizers {
    ($(
        $(#[doc = $doc:literal])*
        $call:literal
        $name:ident | $word:ident => $make:expr;
        takes { $($arguments:tt)* }
    )*) => {
        vocabulary! {
            mod words;
            const OPTIMIZERS: Optimizer;

            $(
                $(#[doc = $doc])*
                $call
                $name | $word => $make;
                takes {
                    $($arguments)*
                    /// The largest norm that the gradient of each weight may have.
                    clipnorm: f64 = "none" in [> 0.0],
                    /// The largest size that each value of a gradient may have.
                    clipvalue: f64 = "none" in [> 0.0],
                    /// The largest norm that all gradients together may have.
                    global_clipnorm: f64 = "none" in [> 0.0],
                    use_ema => "leave it out",
                    ema_momentum => "leave it out",
                    ema_overwrite_frequency => "leave it out",
                    loss_scale_factor => "leave it out",
                    gradient_accumulation_steps => "leave it out",
                    name => "leave it out",
                }
            )*
        }
    };
}

optimizers! {
    /// Gradient descent, with momentum if it is not 0.
    ///
    /// Keras: [`SGD`](https://keras.io/api/optimizers/sgd/)
    "`SGD(learning_rate = 0.01, momentum = 0, nesterov = false, weight_decay = none, clipnorm = none, clipvalue = none, global_clipnorm = none)`"
    SGD | sgd => sgd;
    takes {
        /// The size of a step.
        learning_rate: f64 = "0.01" in [0.0..],
        /// How much of the last step is kept.
        momentum: f64 = "0" in [0.0..=1.0],
        /// Whether the momentum looks ahead.
        nesterov: bool = "false",
        /// Share of each weight that is taken away at each step, times the learning rate.
        weight_decay: f64 = "none" in [0.0..],
    }

    /// Steps by the mean of the gradients over the root of the mean of their squares.
    ///
    /// Keras: [`Adam`](https://keras.io/api/optimizers/adam/)
    "`Adam(learning_rate = 0.001, beta_1 = 0.9, beta_2 = 0.999, epsilon = 1e-7, amsgrad = false, weight_decay = none, clipnorm = none, clipvalue = none, global_clipnorm = none)`"
    Adam | adam => |args, cx| optimizer(args, adam(args, cx), cx);
    takes {
        /// The size of a step.
        learning_rate: f64 = "0.001" in [0.0..],
        /// Decay rate of the mean of the gradients.
        beta_1: f64 = "0.9" in [0.0..1.0],
        /// Decay rate of the mean of their squares.
        beta_2: f64 = "0.999" in [0.0..1.0],
        /// A small number against division by zero.
        epsilon: f64 = "1e-7" in [0.0..],
        /// Whether the largest mean of squares so far is used.
        amsgrad: bool = "false",
        /// Share of each weight that is taken away at each step, times the learning rate.
        weight_decay: f64 = "none" in [0.0..],
    }

    /// `Adam` with a weight decay that does not pass through the means.
    ///
    /// Keras: [`AdamW`](https://keras.io/api/optimizers/adamw/)
    "`AdamW(learning_rate = 0.001, weight_decay = 0.004, beta_1 = 0.9, beta_2 = 0.999, epsilon = 1e-7, amsgrad = false, clipnorm = none, clipvalue = none, global_clipnorm = none)`"
    AdamW | adamw => |args, cx| optimizer(args, adam(args, cx), cx);
    takes {
        /// The size of a step.
        learning_rate: f64 = "0.001" in [0.0..],
        /// Share of each weight that is taken away at each step, times the learning rate.
        weight_decay: f64 = "0.004" in [0.0..],
        /// Decay rate of the mean of the gradients.
        beta_1: f64 = "0.9" in [0.0..1.0],
        /// Decay rate of the mean of their squares.
        beta_2: f64 = "0.999" in [0.0..1.0],
        /// A small number against division by zero.
        epsilon: f64 = "1e-7" in [0.0..],
        /// Whether the largest mean of squares so far is used.
        amsgrad: bool = "false",
    }

    /// Gradients over the root of the running mean of their squares. What `.compile(…)` takes if it is given none.
    ///
    /// Keras: [`RMSprop`](https://keras.io/api/optimizers/rmsprop/)
    "`RMSprop(learning_rate = 0.001, rho = 0.9, momentum = 0, epsilon = 1e-7, centered = false, weight_decay = none, clipnorm = none, clipvalue = none, global_clipnorm = none)`"
    RMSprop | rmsprop => rms_prop;
    takes {
        /// The size of a step.
        learning_rate: f64 = "0.001" in [0.0..],
        /// Decay rate of the mean of the squared gradients.
        rho: f64 = "0.9" in [0.0..1.0],
        /// How much of the last step is kept.
        momentum: f64 = "0" in [0.0..=1.0],
        /// A small number against division by zero.
        epsilon: f64 = "1e-7" in [0.0..],
        /// Whether the mean of the gradients is subtracted.
        centered: bool = "false",
        /// Share of each weight that is taken away at each step, times the learning rate.
        weight_decay: f64 = "none" in [0.0..],
    }

    /// Gradients over the root of the sum of all their squares.
    ///
    /// Keras: [`Adagrad`](https://keras.io/api/optimizers/adagrad/)
    "`Adagrad(learning_rate = 0.001, initial_accumulator_value = 0.1, epsilon = 1e-7, weight_decay = none, clipnorm = none, clipvalue = none, global_clipnorm = none)`"
    Adagrad | adagrad => adagrad;
    takes {
        /// The size of a step.
        learning_rate: f64 = "0.001" in [0.0..],
        /// Initial value of the sums of squares.
        initial_accumulator_value: f64 = "0.1" in [0.0..],
        /// A small number against division by zero.
        epsilon: f64 = "1e-7" in [0.0..],
        /// Share of each weight that is taken away at each step, times the learning rate.
        weight_decay: f64 = "none" in [0.0..],
    }

    /// Gradients over the root of the running mean of their squares, times that of the squares of earlier updates.
    ///
    /// Keras: [`Adadelta`](https://keras.io/api/optimizers/adadelta/)
    "`Adadelta(learning_rate = 0.001, rho = 0.95, epsilon = 1e-7, weight_decay = none, clipnorm = none, clipvalue = none, global_clipnorm = none)`"
    Adadelta | adadelta => adadelta;
    takes {
        /// The size of a step; the paper has 1.
        learning_rate: f64 = "0.001" in [0.0..],
        /// Decay of both means of squares.
        rho: f64 = "0.95" in [0.0..1.0],
        /// A small number against division by zero.
        epsilon: f64 = "1e-7" in [0.0..],
        /// Share of each weight that is taken away at each step, times the learning rate.
        weight_decay: f64 = "none" in [0.0..],
    }

    /// `Adam` with the largest gradient so far, which decays, instead of the mean of the squares.
    ///
    /// Keras: [`Adamax`](https://keras.io/api/optimizers/adamax/)
    "`Adamax(learning_rate = 0.001, beta_1 = 0.9, beta_2 = 0.999, epsilon = 1e-7, weight_decay = none, clipnorm = none, clipvalue = none, global_clipnorm = none)`"
    Adamax | adamax => adamax;
    takes {
        /// The size of a step.
        learning_rate: f64 = "0.001" in [0.0..],
        /// Decay of the mean of the gradients.
        beta_1: f64 = "0.9" in [0.0..1.0],
        /// Decay of the largest gradient.
        beta_2: f64 = "0.999" in [0.0..1.0],
        /// A small number against division by zero.
        epsilon: f64 = "1e-7" in [0.0..],
        /// Share of each weight that is taken away at each step, times the learning rate.
        weight_decay: f64 = "none" in [0.0..],
    }

    /// `Adam` with Nesterov momentum.
    ///
    /// Keras: [`Nadam`](https://keras.io/api/optimizers/nadam/)
    "`Nadam(learning_rate = 0.001, beta_1 = 0.9, beta_2 = 0.999, epsilon = 1e-7, weight_decay = none, clipnorm = none, clipvalue = none, global_clipnorm = none)`"
    Nadam | nadam => nadam;
    takes {
        /// The size of a step.
        learning_rate: f64 = "0.001" in [0.0..],
        /// Decay rate of the mean of the gradients.
        beta_1: f64 = "0.9" in [0.0..1.0],
        /// Decay rate of the mean of their squares.
        beta_2: f64 = "0.999" in [0.0..1.0],
        /// A small number against division by zero.
        epsilon: f64 = "1e-7" in [0.0..],
        /// Share of each weight that is taken away at each step, times the learning rate.
        weight_decay: f64 = "none" in [0.0..],
    }

    /// Steps by the sign of an interpolated momentum.
    ///
    /// Keras: [`Lion`](https://keras.io/api/optimizers/lion/)
    "`Lion(learning_rate = 0.001, beta_1 = 0.9, beta_2 = 0.99, weight_decay = none, clipnorm = none, clipvalue = none, global_clipnorm = none)`"
    Lion | lion => lion;
    takes {
        /// The size of a step.
        learning_rate: f64 = "0.001" in [0.0..],
        /// How much of the momentum is in the step.
        beta_1: f64 = "0.9" in [0.0..1.0],
        /// Decay rate of the momentum.
        beta_2: f64 = "0.99" in [0.0..1.0],
        /// Share of each weight that is taken away at each step, times the learning rate.
        weight_decay: f64 = "none" in [0.0..],
    }
}

/// Optimizers of Keras that mimo does not have.
const MISSING: &[(&str, &str)] = &[
    ("Adafactor", WRITE_ADAM),
    ("Ftrl", WRITE_ADAM),
    ("Lamb", WRITE_ADAM),
    ("LossScaleOptimizer", WRITE_ADAM),
    ("MultiOptimizer", WRITE_ADAM),
    ("Muon", WRITE_ADAM),
    ("ScheduleFreeAdamW", WRITE_ADAM),
];

const WRITE_ADAM: &str = "write `adam`, or another one, such as `adamw`, `adamax` or `nadam`";

/// The optimizer that a value stands for; `None` after an error.
pub(crate) fn read(value: &Value, cx: &mut Cx<'_>) -> Option<Optimizer> {
    let mut value = value.clone();
    // Keras reads names in any case.
    if let ValueKind::Ident { text: name, .. } | ValueKind::Str(name) | ValueKind::Call { name, .. } =
        &mut value.kind
    {
        let listed = OPTIMIZERS.iter().flat_map(|optimizer| optimizer.item.names).copied();
        let mut names = listed.chain(MISSING.iter().map(|(name, _)| *name));
        if let Some(listed) = names.find(|listed| listed.eq_ignore_ascii_case(name)) {
            *name = listed.into();
        }
    }
    read_named(&value, "`optimizer`", "an optimizer", Code::UnknownOptimizer, OPTIMIZERS, MISSING, cx)
}

/// What all optimizers have in common, around a rule.
fn optimizer(args: &Bound<'_>, rule: Rule, cx: &mut Cx<'_>) -> Optimizer {
    Optimizer {
        weight_decay: args.optional_float("weight_decay", cx),
        rule,
        learning_rate: step_size(args, cx),
        clip: clip(args, cx),
    }
}

/// The step size. Keras takes schedules here; in mimo they belong to the trainer.
fn step_size(bound: &Bound<'_>, cx: &mut Cx<'_>) -> f64 {
    let default = bound.default("learning_rate", cx, args::read::float).unwrap_or_default();
    match bound.take("learning_rate") {
        Some(Value { kind: ValueKind::Call { name, .. }, loc }) => {
            cx.error(
                Diag::error(
                    Code::ScheduleInModel,
                    *loc,
                    format!("`learning_rate` must be a number, found the schedule `{name}(…)`"),
                )
                .help(
                    "write the first learning rate here, `learning_rate = 0.001`, and change it between epochs or \
                     steps: `trainer.set_learning_rate(rate)`, in `Callback::on_epoch_begin`",
                ),
            );
            bound.fail("learning_rate");
            default
        }
        _ => {
            let rate = bound.float("learning_rate", cx);
            if rate > 1.0 {
                let message =
                    format!("a `learning_rate` of {rate} is above 1, with which training rarely converges");
                cx.error(
                    Diag::warning(Code::LargeLearningRate, bound.loc("learning_rate"), message)
                        .help(format!("leave it out, which means {default}, or try 0.1 and below")),
                );
            }
            rate
        }
    }
}

/// How gradients are clipped: Keras takes one way at most.
fn clip(bound: &Bound<'_>, cx: &mut Cx<'_>) -> Clip {
    let mut clips = Vec::new();
    for name in ["clipnorm", "clipvalue", "global_clipnorm"] {
        if let Some(limit) = bound.optional_float(name, cx) {
            let clip = match name {
                "clipnorm" => Clip::Norm(limit),
                "clipvalue" => Clip::Value(limit),
                _ => Clip::GlobalNorm(limit),
            };
            clips.push((name, clip));
        }
    }
    match clips[..] {
        [] => Clip::None,
        [(_, clip)] => clip,
        [.., (last, clip)] => {
            let names = list(clips.iter().map(|&(name, _)| name));
            let message = format!("gradients are clipped in one way, but {names} are given");
            cx.error(Diag::error(Code::SeveralClips, bound.loc(last), message).help("keep one of them"));
            bound.fail(last);
            clip
        }
    }
}

fn sgd(args: &Bound<'_>, cx: &mut Cx<'_>) -> Optimizer {
    let momentum = args.float("momentum", cx);
    let nesterov = args.boolean("nesterov", cx);
    optimizer(args, Rule::Sgd { momentum, nesterov }, cx)
}

fn adam(args: &Bound<'_>, cx: &mut Cx<'_>) -> Rule {
    let (beta_1, beta_2) = betas(args, cx);
    Rule::Adam { beta_1, beta_2, epsilon: args.float("epsilon", cx), amsgrad: args.boolean("amsgrad", cx) }
}

fn rms_prop(args: &Bound<'_>, cx: &mut Cx<'_>) -> Optimizer {
    let rho = args.float("rho", cx);
    let momentum = args.float("momentum", cx);
    let centered = args.boolean("centered", cx);
    let rule = Rule::RmsProp { rho, momentum, epsilon: args.float("epsilon", cx), centered };
    optimizer(args, rule, cx)
}

fn adagrad(args: &Bound<'_>, cx: &mut Cx<'_>) -> Optimizer {
    let initial_accumulator_value = args.float("initial_accumulator_value", cx);
    let rule = Rule::Adagrad { initial_accumulator_value, epsilon: args.float("epsilon", cx) };
    optimizer(args, rule, cx)
}

fn nadam(args: &Bound<'_>, cx: &mut Cx<'_>) -> Optimizer {
    let (beta_1, beta_2) = betas(args, cx);
    optimizer(args, Rule::Nadam { beta_1, beta_2, epsilon: args.float("epsilon", cx) }, cx)
}

fn lion(args: &Bound<'_>, cx: &mut Cx<'_>) -> Optimizer {
    let (beta_1, beta_2) = betas(args, cx);
    optimizer(args, Rule::Lion { beta_1, beta_2 }, cx)
}

fn adadelta(args: &Bound<'_>, cx: &mut Cx<'_>) -> Optimizer {
    let rho = args.float("rho", cx);
    optimizer(args, Rule::Adadelta { rho, epsilon: args.float("epsilon", cx) }, cx)
}

fn adamax(args: &Bound<'_>, cx: &mut Cx<'_>) -> Optimizer {
    let (beta_1, beta_2) = betas(args, cx);
    optimizer(args, Rule::Adamax { beta_1, beta_2, epsilon: args.float("epsilon", cx) }, cx)
}

fn betas(args: &Bound<'_>, cx: &mut Cx<'_>) -> (f64, f64) {
    (args.float("beta_1", cx), args.float("beta_2", cx))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sketch::{Model, args, reported, shown};

    const ADAM: Rule = Rule::Adam { beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7, amsgrad: false };

    fn alone(text: &str) -> (Option<Optimizer>, Vec<String>) {
        let args = args(text);
        let graph = Model::new().graph;
        let (optimizer, diags, _) = reported(&graph, |cx| read(&args[0].value, cx));
        (optimizer, shown(&diags))
    }

    fn optimizer(rule: Rule, learning_rate: f64) -> Optimizer {
        Optimizer { rule, learning_rate, weight_decay: None, clip: Clip::None }
    }

    #[test]
    fn names_are_read_in_any_case_with_keras_s_defaults() {
        for text in ["adam", "\"Adam\"", "ADAM", "Adam()", "Adam"] {
            assert_eq!(alone(text), (Some(optimizer(ADAM, 1e-3)), vec![]), "{text}");
        }
        let sgd = Rule::Sgd { momentum: 0.0, nesterov: false };
        assert_eq!(alone("sgd").0, Some(optimizer(sgd, 0.01)));
        let rmsprop = Rule::RmsProp { rho: 0.9, momentum: 0.0, epsilon: 1e-7, centered: false };
        assert_eq!(alone("RMSProp").0, Some(optimizer(rmsprop, 1e-3)));
        let adagrad = Rule::Adagrad { initial_accumulator_value: 0.1, epsilon: 1e-7 };
        assert_eq!(alone("Adagrad").0, Some(optimizer(adagrad, 1e-3)));
        let adamw = Optimizer { weight_decay: Some(0.004), ..optimizer(ADAM, 1e-3) };
        assert_eq!(alone("AdamW").0, Some(adamw));
        assert_eq!(alone("AdamW(weight_decay = none)").0, Some(optimizer(ADAM, 1e-3)));
        let adadelta = Rule::Adadelta { rho: 0.95, epsilon: 1e-7 };
        assert_eq!(alone("adadelta").0, Some(optimizer(adadelta, 1e-3)));
        let adamax = Rule::Adamax { beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7 };
        assert_eq!(alone("\"adamax\"").0, Some(optimizer(adamax, 1e-3)));
        let nadam = Rule::Nadam { beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7 };
        assert_eq!(alone("nadam").0, Some(optimizer(nadam, 1e-3)));
        assert_eq!(alone("lion").0, Some(optimizer(Rule::Lion { beta_1: 0.9, beta_2: 0.99 }, 1e-3)));
    }

    #[test]
    fn arguments_have_keras_s_order() {
        let sgd = Rule::Sgd { momentum: 0.9, nesterov: true };
        let expected = Optimizer { weight_decay: Some(1e-4), clip: Clip::Norm(1.0), ..optimizer(sgd, 0.1) };
        assert_eq!(alone("SGD(0.1, 0.9, true, 1e-4, 1)"), (Some(expected), vec![]));
        let adam = Rule::Adam { beta_1: 0.8, beta_2: 0.99, epsilon: 1e-8, amsgrad: true };
        let expected = Optimizer { clip: Clip::GlobalNorm(5.0), ..optimizer(adam, 1.0) };
        let text = "Adam(1, 0.8, 0.99, epsilon = 1e-8, amsgrad = true, global_clipnorm = 5.0)";
        assert_eq!(alone(text), (Some(expected), vec![]));
        let adadelta = Rule::Adadelta { rho: 0.9, epsilon: 1e-6 };
        let expected = Optimizer { weight_decay: Some(0.1), ..optimizer(adadelta, 1.0) };
        assert_eq!(alone("Adadelta(1, 0.9, 1e-6, 0.1)"), (Some(expected), vec![]));
        let adamax = Rule::Adamax { beta_1: 0.8, beta_2: 0.99, epsilon: 1e-8 };
        let expected = Optimizer { clip: Clip::Norm(1.0), ..optimizer(adamax, 0.01) };
        assert_eq!(alone("Adamax(0.01, 0.8, 0.99, 1e-8, none, 1)"), (Some(expected), vec![]));
        let expected = Optimizer { weight_decay: Some(0.1), clip: Clip::Value(0.5), ..optimizer(ADAM, 0.01) };
        assert_eq!(alone("AdamW(0.01, 0.1, clipvalue = 0.5)"), (Some(expected), vec![]));
        let rmsprop = Rule::RmsProp { rho: 0.8, momentum: 0.5, epsilon: 1e-6, centered: true };
        assert_eq!(alone("RMSprop(0.01, 0.8, 0.5, 1e-6, true)"), (Some(optimizer(rmsprop, 0.01)), vec![]));
    }

    #[test]
    fn wrong_optimizers_get_help() {
        for (text, error) in [
            (
                "adma",
                "unknown optimizer `adma`\n  = help: did you mean `adam`?".into(),
            ),
            ("ftrl()", format!("mimo has no optimizer `Ftrl` yet\n  = help: {WRITE_ADAM}")),
            (
                "[adam]",
                "`optimizer` must be an optimizer, found a list of 1\n  \
                 = help: write a name, as in `sgd`"
                    .into(),
            ),
            ("Adam(use_ema = true)", "mimo has no `use_ema` for `Adam` yet\n  = help: leave it out".into()),
            (
                "SGD(learning_rate = -1)",
                "`learning_rate` of `SGD` must be at least 0, found -1\n  = help: write a number that is at least 0".into(),
            ),
            (
                "SGD(learning_rate = ExponentialDecay(0.1, 100, 0.9))",
                "`learning_rate` must be a number, found the schedule `ExponentialDecay(…)`\n  \
                 = help: write the first learning rate here, `learning_rate = 0.001`, and change it between epochs or \
                 steps: `trainer.set_learning_rate(rate)`, in `Callback::on_epoch_begin`"
                    .into(),
            ),
            (
                "Adam(clipnorm = 1.0, clipvalue = 0.5)",
                "gradients are clipped in one way, but `clipnorm`, `clipvalue` are given\n  \
                 = help: keep one of them"
                    .into(),
            ),
        ] {
            let (optimizer, errors) = alone(text);
            assert_eq!(optimizer, None, "{text}");
            let [found] = &errors[..] else { panic!("{text}: {errors:?}") };
            assert_eq!(found.split_once(": error: ").map(|(_, error)| error), Some(&error[..]));
        }
    }
}
