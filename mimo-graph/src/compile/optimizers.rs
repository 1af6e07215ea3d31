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
    let ways: [(&'static str, fn(f64) -> Clip); 3] =
        [("clipnorm", Clip::Norm), ("clipvalue", Clip::Value), ("global_clipnorm", Clip::GlobalNorm)];
    let mut clips = Vec::new();
    for (name, clip) in ways {
        if let Some(limit) = params.optional_number(name, Range::Positive, cx) {
            clips.push((name, clip(limit)));
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
