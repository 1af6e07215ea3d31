//! Optimizers as they are written: `adam`, `"adam"`, `Adam(learning_rate = 1e-3)`.

use std::ops::Bound::{Excluded, Unbounded};

use crate::args::{Bound, Signature, list};
use crate::code::Code;
use crate::context::Cx;
use crate::diag::Diag;
use crate::named::{Named, read_named};
use crate::optimizer::{Clip, Optimizer, Rule};
use crate::value::{Value, ValueKind};

/// Parameters of Keras that mimo does not have.
const UNSUPPORTED: &[(&str, &str)] = &[
    ("use_ema", LEAVE_OUT),
    ("ema_momentum", LEAVE_OUT),
    ("ema_overwrite_frequency", LEAVE_OUT),
    ("loss_scale_factor", LEAVE_OUT),
    ("gradient_accumulation_steps", LEAVE_OUT),
    ("name", LEAVE_OUT),
];

const LEAVE_OUT: &str = "leave it out";

/// An optimizer: its names, of which the first is Keras's class; its own parameters in Keras's order, before
/// those that all have; and what it makes of them.
macro_rules! optimizer {
    ([$class:literal, $($name:literal),*], [$($param:literal),*], $build:expr) => {
        Named::new(
            &[$($name,)* $class],
            Signature {
                unsupported: UNSUPPORTED,
                ..Signature::new(
                    $class,
                    &[
                        $($param,)*
                        "clipnorm",
                        "clipvalue",
                        "global_clipnorm",
                        "use_ema",
                        "ema_momentum",
                        "ema_overwrite_frequency",
                        "loss_scale_factor",
                        "gradient_accumulation_steps",
                        "name",
                    ],
                )
            },
            $build,
        )
    };
}

const OPTIMIZERS: &[Named<Optimizer>] = &[
    optimizer!(["SGD", "sgd"], ["learning_rate", "momentum", "nesterov", "weight_decay"], |bound, cx| {
        let momentum = bound.float_in("momentum", 0.0, 0.0..=1.0, cx);
        let nesterov = bound.boolean("nesterov", false, cx);
        optimizer(bound, Rule::Sgd { momentum, nesterov }, 0.01, None, cx)
    }),
    optimizer!(
        ["Adam", "adam"],
        ["learning_rate", "beta_1", "beta_2", "epsilon", "amsgrad", "weight_decay"],
        |bound, cx| optimizer(bound, adam(bound, cx), 1e-3, None, cx)
    ),
    optimizer!(
        ["AdamW", "adamw"],
        ["learning_rate", "weight_decay", "beta_1", "beta_2", "epsilon", "amsgrad"],
        |bound, cx| optimizer(bound, adam(bound, cx), 1e-3, Some(0.004), cx)
    ),
    optimizer!(
        ["RMSprop", "rmsprop"],
        ["learning_rate", "rho", "momentum", "epsilon", "centered", "weight_decay"],
        |bound, cx| {
            let rho = bound.float_in("rho", 0.9, 0.0..1.0, cx);
            let momentum = bound.float_in("momentum", 0.0, 0.0..=1.0, cx);
            let centered = bound.boolean("centered", false, cx);
            let rule = Rule::RmsProp { rho, momentum, epsilon: epsilon(bound, cx), centered };
            optimizer(bound, rule, 1e-3, None, cx)
        }
    ),
    optimizer!(
        ["Adagrad", "adagrad"],
        ["learning_rate", "initial_accumulator_value", "epsilon", "weight_decay"],
        |bound, cx| {
            let initial_accumulator_value = bound.float_in("initial_accumulator_value", 0.1, 0.0.., cx);
            let rule = Rule::Adagrad { initial_accumulator_value, epsilon: epsilon(bound, cx) };
            optimizer(bound, rule, 1e-3, None, cx)
        }
    ),
    optimizer!(["Adadelta", "adadelta"], ["learning_rate", "rho", "epsilon", "weight_decay"], |bound, cx| {
        let rho = bound.float_in("rho", 0.95, 0.0..1.0, cx);
        optimizer(bound, Rule::Adadelta { rho, epsilon: epsilon(bound, cx) }, 1e-3, None, cx)
    }),
    optimizer!(
        ["Adamax", "adamax"],
        ["learning_rate", "beta_1", "beta_2", "epsilon", "weight_decay"],
        |bound, cx| {
            let (beta_1, beta_2) = betas(bound, 0.999, cx);
            let rule = Rule::Adamax { beta_1, beta_2, epsilon: epsilon(bound, cx) };
            optimizer(bound, rule, 1e-3, None, cx)
        }
    ),
    optimizer!(
        ["Nadam", "nadam"],
        ["learning_rate", "beta_1", "beta_2", "epsilon", "weight_decay"],
        |bound, cx| {
            let (beta_1, beta_2) = betas(bound, 0.999, cx);
            let rule = Rule::Nadam { beta_1, beta_2, epsilon: epsilon(bound, cx) };
            optimizer(bound, rule, 1e-3, None, cx)
        }
    ),
    optimizer!(["Lion", "lion"], ["learning_rate", "beta_1", "beta_2", "weight_decay"], |bound, cx| {
        let (beta_1, beta_2) = betas(bound, 0.99, cx);
        optimizer(bound, Rule::Lion { beta_1, beta_2 }, 1e-3, None, cx)
    }),
];

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

/// Keras's optimizer when none is given.
pub(super) const DEFAULT: Optimizer = Optimizer {
    rule: Rule::RmsProp { rho: 0.9, momentum: 0.0, epsilon: 1e-7, centered: false },
    learning_rate: 1e-3,
    weight_decay: None,
    clip: Clip::None,
};

/// The spellings and the parameters of each.
pub(crate) fn signatures() -> Vec<(Vec<&'static str>, Signature)> {
    crate::named::signatures(OPTIMIZERS)
}

/// The optimizer that a value stands for; `None` after an error.
pub(crate) fn read(value: &Value, cx: &mut Cx<'_>) -> Option<Optimizer> {
    let mut value = value.clone();
    // Keras reads names in any case.
    if let ValueKind::Ident { text: name, .. } | ValueKind::Str(name) | ValueKind::Call { name, .. } =
        &mut value.kind
    {
        let listed = OPTIMIZERS.iter().flat_map(|optimizer| optimizer.names).copied();
        let mut names = listed.chain(MISSING.iter().map(|(name, _)| *name));
        if let Some(listed) = names.find(|listed| listed.eq_ignore_ascii_case(name)) {
            *name = listed.into();
        }
    }
    read_named(&value, "`optimizer`", "an optimizer", Code::UnknownOptimizer, OPTIMIZERS, MISSING, cx)
}

/// What all optimizers have in common, around a rule.
fn optimizer(
    bound: &Bound<'_>,
    rule: Rule,
    learning_rate: f64,
    weight_decay: Option<f64>,
    cx: &mut Cx<'_>,
) -> Optimizer {
    let weight_decay = match bound.take("weight_decay") {
        Some(_) => bound.optional_float_in("weight_decay", 0.0.., cx),
        None => weight_decay,
    };
    Optimizer {
        rule,
        learning_rate: step_size(bound, learning_rate, cx),
        weight_decay,
        clip: clip(bound, cx),
    }
}

/// The step size. Keras takes schedules here; in mimo they belong to the trainer.
fn step_size(bound: &Bound<'_>, default: f64, cx: &mut Cx<'_>) -> f64 {
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
            let rate = bound.float_in("learning_rate", default, 0.0.., cx);
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
        if let Some(limit) = bound.optional_float_in(name, (Excluded(0.0), Unbounded), cx) {
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

fn adam(bound: &Bound<'_>, cx: &mut Cx<'_>) -> Rule {
    let (beta_1, beta_2) = betas(bound, 0.999, cx);
    Rule::Adam { beta_1, beta_2, epsilon: epsilon(bound, cx), amsgrad: bound.boolean("amsgrad", false, cx) }
}

fn betas(bound: &Bound<'_>, beta_2: f64, cx: &mut Cx<'_>) -> (f64, f64) {
    let beta_1 = bound.float_in("beta_1", 0.9, 0.0..1.0, cx);
    (beta_1, bound.float_in("beta_2", beta_2, 0.0..1.0, cx))
}

fn epsilon(bound: &Bound<'_>, cx: &mut Cx<'_>) -> f64 {
    bound.float_in("epsilon", 1e-7, 0.0.., cx)
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
        assert_eq!(alone("RMSProp").0, Some(DEFAULT));
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
