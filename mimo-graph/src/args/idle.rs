//! Settings that have no effect in combination with others.

use super::Bound;
use crate::code::Code;
use crate::context::Cx;
use crate::diag::Diag;
use crate::value::{Value, ValueKind};

/// Whether an argument of Keras that mimo does not have is set to Keras's default, which changes nothing.
/// `tests/golden/names.json` has these defaults.
pub fn is_keras_s_default(name: &str, value: &Value) -> bool {
    match (name, &value.kind) {
        (_, ValueKind::Invalid) => true,
        ("reduction", _) => value.word() == Some("sum_over_batch_size"),
        ("auto_scale_loss", kind) => *kind == ValueKind::Bool(true),
        ("axis", ValueKind::Int(-1)) | ("steps_per_execution", ValueKind::Int(1)) => true,
        ("data_format", _) if value.word() == Some("channels_last") => true,
        ("use_cudnn" | "jit_compile", _) if value.word() == Some("auto") => true,
        ("renorm_momentum", ValueKind::Float(momentum)) => *momentum == 0.99,
        (_, kind) => matches!(kind, ValueKind::None | ValueKind::Bool(false)),
    }
}

/// Settings without effect while a switch is off: the switch, and prefixes of the settings.
const SWITCHES: &[(&str, &[&str])] = &[
    ("use_bias", &["bias_", "unit_forget_bias"]),
    ("center", &["beta_"]),
    ("scale", &["gamma_"]),
    ("apply_class_balancing", &["alpha"]),
];

/// Whether a value is the argument's default.
fn is_default(value: &Value, default: Option<&str>) -> bool {
    let Some(text) = default else { return false };
    let number = |kind: &ValueKind| match kind {
        ValueKind::Int(n) => Some(*n as f64),
        ValueKind::Float(x) => Some(*x),
        _ => None,
    };
    let default = Value::of_default(text, value.loc).kind;
    value.word() == Some(text)
        || value.kind == default
        || number(&value.kind).is_some_and(|x| number(&default) == Some(x))
}

/// Warns about each setting without effect. Keras has no such warning.
pub(crate) fn check(bound: &Bound<'_>, cx: &mut Cx<'_>) {
    let item = bound.item();
    let given = |name: &str| {
        let argument = item.argument(name)?;
        bound.take(name).filter(|value| value.kind != ValueKind::None && !is_default(value, argument.default))
    };
    let mut idle = |name: &str, beside: &str, help: String| {
        let message = format!("`{name}` of `{}` has no effect with `{beside}`", item.class);
        cx.error(Diag::warning(Code::SettingWithoutEffect, bound.loc(name), message).help(help));
    };
    for (switch, prefixes) in SWITCHES {
        let Some(argument) = item.argument(switch) else { continue };
        let off = match bound.take(switch) {
            Some(value) => value.kind == ValueKind::Bool(false),
            None => argument.default == Some("false"),
        };
        let names = item.arguments().map(|argument| argument.name);
        let settings = names.filter(|name| prefixes.iter().any(|prefix| name.starts_with(prefix)));
        for name in settings.filter(|name| off && given(name).is_some()) {
            idle(name, &format!("{switch} = false"), format!("remove `{name}`, or write `{switch} = true`"));
        }
    }
    if given("thresholds").is_some() && given("num_thresholds").is_some() {
        idle("num_thresholds", "thresholds", "remove one of the two".into());
    }
}
