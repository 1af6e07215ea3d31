//! Losses used like functions of tensors: `add_loss(mse(a, b))`, `MeanSquaredError()(a, b)`.

use mimo_graph::code::Code;
use mimo_graph::diag::{Diag, Loc};
use mimo_graph::language::{self, Module};

/// Error for a loss that is called on tensors, with the expression that computes it; `None` if `name` is not a loss.
/// `operands` are the target and the prediction, if both are known.
pub(crate) fn of_tensors(name: &str, operands: Option<[String; 2]>, loc: Loc) -> Option<Diag> {
    let item = language::find(Module::Losses, name)?;
    let first = item.names.first().copied().unwrap_or(name);
    let message = format!("`{name}` compares an output with its targets, and is not a function of tensors");
    let [t, p] = operands.unwrap_or(["a".into(), "b".into()]);
    let diag = Diag::error(Code::UnavailableLayer, loc, message);
    let diag = match expression(first, &t, &p) {
        Some(text) => diag.help(format!("write `{text}`, one number for each position")),
        None => diag,
    };
    Some(diag.help(format!("the loss of an output stands at it: `.compile(loss = {{ y: {first} }})`")))
}

/// A loss of targets and predictions as an expression.
fn expression(loss: &str, t: &str, p: &str) -> Option<String> {
    // Logarithms of probabilities that may be 0, as Keras computes them.
    const SMALL: &str = "0.0000001";
    let (a, b) = (t, p);
    let (t, p) = (&bound(t), &bound(p));
    Some(match loss {
        "mse" => format!("mean(square({t} - {p}), axis = -1)"),
        "mae" => format!("mean(abs({t} - {p}), axis = -1)"),
        "mape" => format!("100.0 * mean(abs({t} - {p}) / maximum(abs({t}), {SMALL}), axis = -1)"),
        "msle" => format!("mean(square(log1p({t}) - log1p({p})), axis = -1)"),
        "huber" => {
            format!(
                "mean(where(abs({t} - {p}) <= 1.0, 0.5 * square({t} - {p}), abs({t} - {p}) - 0.5), axis = -1)"
            )
        }
        "log_cosh" => format!("mean(log(cosh({t} - {p})), axis = -1)"),
        "binary_crossentropy" => {
            format!("-mean({t} * log({p} + {SMALL}) + (1.0 - {t}) * log(1.0 - {p} + {SMALL}), axis = -1)")
        }
        "categorical_crossentropy" => format!("-sum({t} * log({p} + {SMALL}), axis = -1)"),
        "kl_divergence" => {
            format!("sum({t} * log(maximum({t}, {SMALL}) / maximum({p}, {SMALL})), axis = -1)")
        }
        "poisson" => format!("mean({p} - {t} * log({p} + {SMALL}), axis = -1)"),
        "cosine_similarity" => {
            format!("-sum(UnitNormalization()({a}) * UnitNormalization()({b}), axis = -1)")
        }
        "hinge" => format!("mean(maximum(1.0 - {t} * {p}, 0.0), axis = -1)"),
        "squared_hinge" => format!("mean(square(maximum(1.0 - {t} * {p}, 0.0)), axis = -1)"),
        _ => return None,
    })
}

/// An operand, in parentheses if necessary.
fn bound(text: &str) -> String {
    let is_one = text.chars().all(|c| c.is_alphanumeric() || c == '_')
        || text.ends_with([')', ']']) && !text.contains(' ');
    if is_one { text.into() } else { format!("({text})") }
}
