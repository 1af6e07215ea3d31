//! Reads the arguments of optimizers.

use crate::args::{self, Bound, list};
use crate::code::Code;
use crate::compile::schedules;
use crate::context::Cx;
use crate::diag::Diag;
use crate::intern::interned_names;
use crate::optimizer::{Clip, Optimizer, Rule, WeightAverage};
use crate::schedule::Schedule;
use crate::value::{Value, ValueKind};

/// Adds the settings that all optimizers have in common to a rule.
pub(super) fn optimizer(args: &Bound<'_>, rule: Rule, cx: &mut Cx<'_>) -> Optimizer {
    let weight_decay = args.optional_float("weight_decay", cx);
    let (learning_rate, schedule) = step_size(args, cx);
    Optimizer {
        weight_decay,
        rule,
        learning_rate,
        schedule,
        clip: clip(args, cx),
        average: average(args, cx),
        accumulation: count("gradient_accumulation_steps", args, cx),
    }
}

/// A number of steps, or `none`.
fn count(name: &str, bound: &Bound<'_>, cx: &mut Cx<'_>) -> Option<u32> {
    let steps = bound.optional_unsigned(name, cx)?;
    let found = u32::try_from(steps).ok();
    if let (None, Some(value)) = (found, bound.take(name)) {
        let what = format!("`{name}` of `{}`", bound.callee());
        args::read::out_of_range(value, &what, &format!("at most {}", u32::MAX), None, cx);
        bound.fail(name);
    }
    found
}

/// Moving averages of the weights.
fn average(bound: &Bound<'_>, cx: &mut Cx<'_>) -> Option<WeightAverage> {
    let momentum = bound.float("ema_momentum", cx);
    let overwrite_frequency = count("ema_overwrite_frequency", bound, cx);
    if bound.boolean("use_ema", cx) {
        return Some(WeightAverage { momentum, overwrite_frequency });
    }
    let default = bound.default("ema_momentum", cx, args::read::float);
    for (name, idle) in [
        ("ema_momentum", Some(momentum) == default),
        ("ema_overwrite_frequency", overwrite_frequency.is_none()),
    ] {
        if !idle && bound.sound(&["use_ema", name]) {
            let message = format!("`{name}` has no effect without `use_ema = true`");
            let diag = Diag::error(Code::WrongValue, bound.loc(name), message);
            cx.error(diag.help(format!("add `use_ema = true`, or remove `{name}`")));
            bound.fail(name);
        }
    }
    None
}

/// The learning rate: a number or a schedule.
fn step_size(bound: &Bound<'_>, cx: &mut Cx<'_>) -> (f64, Option<Schedule>) {
    let default = bound.default("learning_rate", cx, args::read::float).unwrap_or_default();
    let schedule = match bound.take("learning_rate") {
        Some(value) if schedules::is_schedule(value) => {
            let schedule = bound.read("learning_rate", cx, schedules::read);
            if schedule.is_none() {
                return (default, None);
            }
            schedule
        }
        _ => None,
    };
    let (rate, largest) = match schedule {
        Some(schedule) => (schedule.initial(), schedule.largest()),
        None => {
            let rate = bound.float("learning_rate", cx);
            (rate, rate)
        }
    };
    if largest > 1.0 {
        let message =
            format!("a `learning_rate` of {largest} is above 1, with which training rarely converges");
        cx.error(
            Diag::warning(Code::LargeLearningRate, bound.loc("learning_rate"), message)
                .help(format!("leave it out, which means {default}, or try 0.1 and below")),
        );
    }
    (rate, schedule)
}

/// The clipping of gradients: at most one kind, as in Keras.
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

pub(super) fn sgd(args: &Bound<'_>, cx: &mut Cx<'_>) -> Optimizer {
    let momentum = args.float("momentum", cx);
    let nesterov = args.boolean("nesterov", cx);
    optimizer(args, Rule::Sgd { momentum, nesterov }, cx)
}

pub(super) fn adam(args: &Bound<'_>, cx: &mut Cx<'_>) -> Rule {
    let (beta_1, beta_2) = betas(args, cx);
    Rule::Adam { beta_1, beta_2, epsilon: args.float("epsilon", cx), amsgrad: args.boolean("amsgrad", cx) }
}

pub(super) fn rms_prop(args: &Bound<'_>, cx: &mut Cx<'_>) -> Optimizer {
    let rho = args.float("rho", cx);
    let momentum = args.float("momentum", cx);
    let centered = args.boolean("centered", cx);
    let rule = Rule::RmsProp { rho, momentum, epsilon: args.float("epsilon", cx), centered };
    optimizer(args, rule, cx)
}

pub(super) fn adagrad(args: &Bound<'_>, cx: &mut Cx<'_>) -> Optimizer {
    let initial_accumulator_value = args.float("initial_accumulator_value", cx);
    let rule = Rule::Adagrad { initial_accumulator_value, epsilon: args.float("epsilon", cx) };
    optimizer(args, rule, cx)
}

pub(super) fn nadam(args: &Bound<'_>, cx: &mut Cx<'_>) -> Optimizer {
    let (beta_1, beta_2) = betas(args, cx);
    optimizer(args, Rule::Nadam { beta_1, beta_2, epsilon: args.float("epsilon", cx) }, cx)
}

pub(super) fn lion(args: &Bound<'_>, cx: &mut Cx<'_>) -> Optimizer {
    let (beta_1, beta_2) = betas(args, cx);
    optimizer(args, Rule::Lion { beta_1, beta_2 }, cx)
}

pub(super) fn adadelta(args: &Bound<'_>, cx: &mut Cx<'_>) -> Optimizer {
    let rho = args.float("rho", cx);
    optimizer(args, Rule::Adadelta { rho, epsilon: args.float("epsilon", cx) }, cx)
}

pub(super) fn adamax(args: &Bound<'_>, cx: &mut Cx<'_>) -> Optimizer {
    let (beta_1, beta_2) = betas(args, cx);
    optimizer(args, Rule::Adamax { beta_1, beta_2, epsilon: args.float("epsilon", cx) }, cx)
}

pub(super) fn adafactor(args: &Bound<'_>, cx: &mut Cx<'_>) -> Optimizer {
    let rule = Rule::Adafactor {
        beta_2_decay: args.float("beta_2_decay", cx),
        epsilon_1: args.float("epsilon_1", cx),
        epsilon_2: args.float("epsilon_2", cx),
        clip_threshold: args.float("clip_threshold", cx),
        relative_step: args.boolean("relative_step", cx),
    };
    optimizer(args, rule, cx)
}

pub(super) fn lamb(args: &Bound<'_>, cx: &mut Cx<'_>) -> Optimizer {
    let (beta_1, beta_2) = betas(args, cx);
    optimizer(args, Rule::Lamb { beta_1, beta_2, epsilon: args.float("epsilon", cx) }, cx)
}

pub(super) fn muon(args: &Bound<'_>, cx: &mut Cx<'_>) -> Optimizer {
    let rule = Rule::Muon {
        adam_beta_1: args.float("adam_beta_1", cx),
        adam_beta_2: args.float("adam_beta_2", cx),
        adam_weight_decay: args.optional_float("adam_weight_decay", cx),
        epsilon: args.float("epsilon", cx),
        exclude_layers: excluded(args, cx),
        exclude_embeddings: args.boolean("exclude_embeddings", cx),
        muon_a: args.float("muon_a", cx),
        muon_b: args.float("muon_b", cx),
        muon_c: args.float("muon_c", cx),
        adam_lr_ratio: args.float("adam_lr_ratio", cx),
        momentum: args.float("momentum", cx),
        ns_steps: iterations(args, cx),
        nesterov: args.boolean("nesterov", cx),
        rms_rate: args.optional_float("rms_rate", cx),
    };
    optimizer(args, rule, cx)
}

/// Largest number of iterations of `Muon`: five are usual, and each is three products of matrices.
const MOST_ITERATIONS: u32 = 100;

fn iterations(args: &Bound<'_>, cx: &mut Cx<'_>) -> u32 {
    let steps = args.unsigned("ns_steps", cx);
    if let (Some(value), true) = (args.take("ns_steps"), steps > MOST_ITERATIONS as usize) {
        let wanted = format!("at most {MOST_ITERATIONS}");
        args::read::out_of_range(
            value,
            "`ns_steps` of `Muon`",
            &wanted,
            Some("write `5`, as usual".into()),
            cx,
        );
        args.fail("ns_steps");
    }
    steps.min(MOST_ITERATIONS as usize) as u32
}

/// Parts of the names of weights.
fn excluded(args: &Bound<'_>, cx: &mut Cx<'_>) -> &'static [&'static str] {
    let Some(value) = args.take("exclude_layers").filter(|value| value.kind != ValueKind::None) else {
        return &[];
    };
    let names = match &value.kind {
        ValueKind::List(items) => items.iter().map(Value::word).collect::<Option<Vec<_>>>(),
        _ => None,
    };
    // Keras reads regular expressions here. Their special characters do not occur in names.
    let is_plain = |name: &&str| {
        !name.is_empty() && name.chars().all(|sign| sign.is_alphanumeric() || "_-/ ".contains(sign))
    };
    match names {
        Some(names) if names.iter().all(is_plain) => interned_names(&names),
        _ => {
            let help = Some("write `exclude_layers = [\"head\"]`".into());
            args::read::wrong(value, "`exclude_layers` of `Muon`", "a list of names of layers", help, cx);
            args.fail("exclude_layers");
            &[]
        }
    }
}

fn betas(args: &Bound<'_>, cx: &mut Cx<'_>) -> (f64, f64) {
    (args.float("beta_1", cx), args.float("beta_2", cx))
}
