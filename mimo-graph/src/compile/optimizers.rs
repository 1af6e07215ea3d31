//! Optimizers as they are written: `adam`, `"adam"`, `Adam(learning_rate = 1e-3)`.

use crate::compile::forms::list_of;
use crate::compile::names::{Listed, Vocabulary};
use crate::compile::params::{Params, Range};
use crate::context::Cx;
use crate::diag::Diag;
use crate::optimizer::{Clip, Optimizer, Rule};
use crate::value::{Arg, Value, ValueKind};

/// What Keras knows by a name: a rule, its step size, and the order of its parameters.
#[derive(Clone, Copy, Debug)]
struct Named {
    rule: Rule,
    learning_rate: f64,
    weight_decay: Option<f64>,
    parameters: &'static [&'static str],
}

/// Parameters that every optimizer has after its own, in Keras's order.
const COMMON: [&str; 10] = [
    "clipnorm",
    "clipvalue",
    "global_clipnorm",
    "!use_ema",
    "!ema_momentum",
    "!ema_overwrite_frequency",
    "!loss_scale_factor",
    "!gradient_accumulation_steps",
    "!name",
    "!jit_compile",
];

const ADAM: Rule = Rule::Adam { beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7, amsgrad: false };

const VOCABULARY: Vocabulary<Named> = Vocabulary {
    what: "optimizer",
    listed: &[
        named(
            &["sgd", "SGD"],
            Rule::Sgd { momentum: 0.0, nesterov: false },
            0.01,
            &["learning_rate", "momentum", "nesterov", "weight_decay"],
        ),
        named(
            &["adam", "Adam"],
            ADAM,
            1e-3,
            &["learning_rate", "beta_1", "beta_2", "epsilon", "amsgrad", "weight_decay"],
        ),
        Listed {
            words: &["adamw", "AdamW"],
            value: Named {
                rule: ADAM,
                learning_rate: 1e-3,
                weight_decay: Some(0.004),
                parameters: &["learning_rate", "weight_decay", "beta_1", "beta_2", "epsilon", "amsgrad"],
            },
        },
        named(
            &["rmsprop", "RMSprop"],
            RMSPROP,
            1e-3,
            &["learning_rate", "rho", "momentum", "epsilon", "centered", "weight_decay"],
        ),
        named(
            &["adagrad", "Adagrad"],
            Rule::Adagrad { initial_accumulator_value: 0.1, epsilon: 1e-7 },
            1e-3,
            &["learning_rate", "initial_accumulator_value", "epsilon", "weight_decay"],
        ),
        named(
            &["nadam", "Nadam"],
            Rule::Nadam { beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7 },
            1e-3,
            &["learning_rate", "beta_1", "beta_2", "epsilon", "weight_decay"],
        ),
        named(
            &["lion", "Lion"],
            Rule::Lion { beta_1: 0.9, beta_2: 0.99 },
            1e-3,
            &["learning_rate", "beta_1", "beta_2", "weight_decay"],
        ),
    ],
    missing: &[
        "adadelta",
        "adafactor",
        "adamax",
        "ftrl",
        "lamb",
        "loss_scale_optimizer",
        "muon",
        "multi_optimizer",
    ],
};

const RMSPROP: Rule = Rule::RmsProp { rho: 0.9, momentum: 0.0, epsilon: 1e-7, centered: false };

const fn named(
    words: &'static [&'static str],
    rule: Rule,
    learning_rate: f64,
    parameters: &'static [&'static str],
) -> Listed<Named> {
    Listed { words, value: Named { rule, learning_rate, weight_decay: None, parameters } }
}

/// Keras's optimizer when none is given.
pub(super) const DEFAULT: Optimizer =
    Optimizer { rule: RMSPROP, learning_rate: 1e-3, weight_decay: None, clip: Clip::None };

/// The optimizer that a value stands for; `None` after an error.
pub(super) fn read(value: &Value, cx: &mut Cx<'_>) -> Option<Optimizer> {
    let (word, loc, args) = match &value.kind {
        ValueKind::Invalid => return None,
        ValueKind::Call { name, name_loc, args } => (name.as_str(), *name_loc, &args[..]),
        _ => match value.word() {
            Some(word) => (word, value.loc, &[][..]),
            None => {
                let message = format!("{} is not an optimizer", value.describe());
                cx.error(Diag::error(value.loc, message).help(VOCABULARY.list()));
                return None;
            }
        },
    };
    // Keras reads names in any case.
    let any_case = VOCABULARY.listed.iter().flat_map(|listed| listed.words);
    let listed = any_case.copied().find(|listed| listed.eq_ignore_ascii_case(word)).unwrap_or(word);
    let named = VOCABULARY.find(listed, loc, cx)?;
    with_parameters(named, word, args, cx)
}

fn with_parameters(named: Named, word: &str, args: &[Arg], cx: &mut Cx<'_>) -> Option<Optimizer> {
    let parameters = [named.parameters, &COMMON].concat();
    let mut params = Params::read(word, &parameters, args, cx);
    let learning_rate = learning_rate(&mut params, named.learning_rate, cx);
    let weight_decay = match params.value("weight_decay") {
        Some(_) => params.optional_number("weight_decay", Range::NotNegative, cx),
        None => named.weight_decay,
    };
    let clip = clip(&mut params, word, cx);
    let rule = rule(named.rule, &mut params, cx);
    params.finish()?;
    Some(Optimizer { rule, learning_rate, weight_decay, clip: clip? })
}

/// The step size. Keras takes schedules here; in mimo they belong to the trainer.
fn learning_rate(params: &mut Params<'_>, default: f64, cx: &mut Cx<'_>) -> f64 {
    if let Some(Value { kind: ValueKind::Call { name, .. }, loc }) = params.value("learning_rate") {
        cx.error(
            Diag::error(
                *loc,
                format!("the argument `learning_rate` is a number, not the schedule `{name}(…)`"),
            )
            .help("write the first learning rate here, and give the schedule to the trainer"),
        );
        params.fail();
        return default;
    }
    params.number("learning_rate", default, Range::NotNegative, cx)
}

/// How gradients are clipped: Keras takes one way at most. `None` after an error.
fn clip(params: &mut Params<'_>, word: &str, cx: &mut Cx<'_>) -> Option<Clip> {
    let mut clips = Vec::new();
    for name in ["clipnorm", "clipvalue", "global_clipnorm"] {
        if let Some(limit) = params.optional_number(name, Range::Positive, cx) {
            let clip = match name {
                "clipnorm" => Clip::Norm(limit),
                "clipvalue" => Clip::Value(limit),
                _ => Clip::GlobalNorm(limit),
            };
            clips.push((name, clip));
        }
    }
    match clips[..] {
        [] => Some(Clip::None),
        [(_, clip)] => Some(clip),
        [.., (last, _)] => {
            let names: Vec<_> = clips.iter().map(|&(name, _)| name).collect();
            if let Some(value) = params.value(last) {
                let message =
                    format!("`{word}` clips gradients in one way, but {} are given", list_of(&names));
                cx.error(Diag::error(value.loc, message).help("keep one of them"));
            }
            None
        }
    }
}

/// The rule with its own parameters.
fn rule(rule: Rule, params: &mut Params<'_>, cx: &mut Cx<'_>) -> Rule {
    match rule {
        Rule::Sgd { momentum, nesterov } => Rule::Sgd {
            momentum: params.number("momentum", momentum, Range::Unit, cx),
            nesterov: params.flag("nesterov", nesterov, cx),
        },
        Rule::Adam { beta_1, beta_2, epsilon, amsgrad } => Rule::Adam {
            beta_1: params.number("beta_1", beta_1, Range::Share, cx),
            beta_2: params.number("beta_2", beta_2, Range::Share, cx),
            epsilon: params.number("epsilon", epsilon, Range::NotNegative, cx),
            amsgrad: params.flag("amsgrad", amsgrad, cx),
        },
        Rule::RmsProp { rho, momentum, epsilon, centered } => Rule::RmsProp {
            rho: params.number("rho", rho, Range::Share, cx),
            momentum: params.number("momentum", momentum, Range::Unit, cx),
            epsilon: params.number("epsilon", epsilon, Range::NotNegative, cx),
            centered: params.flag("centered", centered, cx),
        },
        Rule::Adagrad { initial_accumulator_value, epsilon } => Rule::Adagrad {
            initial_accumulator_value: params.number(
                "initial_accumulator_value",
                initial_accumulator_value,
                Range::NotNegative,
                cx,
            ),
            epsilon: params.number("epsilon", epsilon, Range::NotNegative, cx),
        },
        Rule::Nadam { beta_1, beta_2, epsilon } => Rule::Nadam {
            beta_1: params.number("beta_1", beta_1, Range::Share, cx),
            beta_2: params.number("beta_2", beta_2, Range::Share, cx),
            epsilon: params.number("epsilon", epsilon, Range::NotNegative, cx),
        },
        Rule::Lion { beta_1, beta_2 } => Rule::Lion {
            beta_1: params.number("beta_1", beta_1, Range::Share, cx),
            beta_2: params.number("beta_2", beta_2, Range::Share, cx),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sketch::{Model, args, reported, shown};

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
        let expected = Optimizer { weight_decay: Some(0.1), clip: Clip::Value(0.5), ..optimizer(ADAM, 0.01) };
        assert_eq!(alone("AdamW(0.01, 0.1, clipvalue = 0.5)"), (Some(expected), vec![]));
        let rmsprop = Rule::RmsProp { rho: 0.8, momentum: 0.5, epsilon: 1e-6, centered: true };
        assert_eq!(alone("RMSprop(0.01, 0.8, 0.5, 1e-6, true)"), (Some(optimizer(rmsprop, 0.01)), vec![]));
    }

    #[test]
    fn wrong_optimizers_get_help() {
        let list =
            "  = help: the optimizers are `sgd`, `adam`, `adamw`, `rmsprop`, `adagrad`, `nadam`, `lion`";
        for (text, error) in [
            ("adma", "0: error: unknown optimizer `adma`\n  = help: a similar name is `adam`".into()),
            ("Adadelta()", format!("0: error: the optimizer `Adadelta` of Keras is not supported\n{list}")),
            ("[adam]", format!("0: error: a list of 1 is not an optimizer\n{list}")),
            (
                "Adam(use_ema = true)",
                "5: error: the argument `use_ema` of `Adam` is not supported\n  = help: leave `use_ema` out".into(),
            ),
            (
                "SGD(learning_rate = -1)",
                "20: error: the argument `learning_rate` of `SGD` is 0 or a number above, not the number -1".into(),
            ),
            (
                "SGD(learning_rate = ExponentialDecay(0.1, 100, 0.9))",
                "20: error: the argument `learning_rate` is a number, not the schedule `ExponentialDecay(…)`\n  \
                 = help: write the first learning rate here, and give the schedule to the trainer"
                    .into(),
            ),
            (
                "Adam(clipnorm = 1.0, clipvalue = 0.5)",
                "33: error: `Adam` clips gradients in one way, but `clipnorm`, `clipvalue` are given\n  \
                 = help: keep one of them"
                    .into(),
            ),
            ("Adam(lr = 1.0)", "5: error: `Adam` has no argument `lr`\n  = help: write `learning_rate`".into()),
        ] {
            assert_eq!(alone(text), (None, vec![error]), "{text}");
        }
        assert_eq!(alone("Adam(use_ema = false)").0, Some(optimizer(ADAM, 1e-3)));
    }
}
