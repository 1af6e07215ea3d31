//! Readers of single values. Each reads a value, or reports at its tokens what was found and what to write. `what`
//! names the value in messages: `` `rate` of `Dropout` ``.

use std::borrow::Cow;
use std::ops::{Bound, RangeBounds};

use super::list;
use crate::code::Code;
use crate::context::{Cx, DimCheck, Relation};
use crate::diag::{Diag, did_you_mean};
use crate::dim::{Dim, MOST};
use crate::value::{Value, ValueKind};

/// Reports and replaces Python's spellings `True`, `False` and `None`.
pub fn without_python<'a>(value: &'a Value, cx: &mut Cx<'_>) -> Cow<'a, Value> {
    let ValueKind::Ident { text, .. } = &value.kind else {
        return Cow::Borrowed(value);
    };
    let (word, kind) = match text.as_str() {
        "True" => ("true", ValueKind::Bool(true)),
        "False" => ("false", ValueKind::Bool(false)),
        "None" => ("none", ValueKind::None),
        _ => return Cow::Borrowed(value),
    };
    cx.error(
        Diag::error(Code::PythonConstant, value.loc, format!("`{text}` is Python"))
            .help(format!("write `{word}`")),
    );
    Cow::Owned(Value { kind, loc: value.loc })
}

/// Reports that `value` is not a valid `what`. Invalid tokens were reported earlier.
pub fn wrong(value: &Value, what: &str, wanted: &str, help: Option<String>, cx: &mut Cx<'_>) {
    refuse(Code::WrongValue, value, what, wanted, help, cx);
}

/// Reports a value of the right kind that is too small or too large.
pub fn out_of_range(value: &Value, what: &str, wanted: &str, help: Option<String>, cx: &mut Cx<'_>) {
    refuse(Code::ValueOutOfRange, value, what, wanted, help, cx);
}

/// Reports a value that only const evaluation knows as a number, or one of the wrong kind.
fn not_a_number(value: &Value, what: &str, wanted: &str, help: Option<String>, cx: &mut Cx<'_>) {
    match &value.kind {
        ValueKind::Ident { .. } | ValueKind::Expr(_) => {
            let help = with_floats(value, cx).unwrap_or_else(|| SEEN_BY_THE_MACRO.into());
            refuse(Code::ValueNotKnown, value, what, wanted, Some(help), cx);
        }
        _ => wrong(value, what, wanted, help, cx),
    }
}

fn refuse(code: Code, value: &Value, what: &str, wanted: &str, help: Option<String>, cx: &mut Cx<'_>) {
    if value.kind == ValueKind::Invalid {
        return;
    }
    let found = match &value.kind {
        // A long expression is less helpful than its location.
        ValueKind::Expr(id) => match cx.consts.get(id.0 as usize) {
            Some(entry) if entry.text.len() <= LONGEST => format!("`{}`", entry.text),
            _ => value.describe(),
        },
        _ => value.describe(),
    };
    let diag = Diag::error(code, value.loc, format!("{what} must be {wanted}, found {found}"));
    cx.error(diag.help(help.unwrap_or_else(|| format!("write {wanted}"))));
}

/// Help for an expression that mixes integers and fractions, which Rust does not compute: `1.0 / 255`.
fn with_floats(value: &Value, cx: &Cx<'_>) -> Option<String> {
    let ValueKind::Expr(id) = value.kind else { return None };
    let text = &cx.consts.get(id.0 as usize)?.text;
    let mut whole = false;
    let mut fraction = false;
    let number = |word: &str| -> Option<String> {
        word.parse::<f64>().ok().filter(|_| word.starts_with(|c: char| c.is_ascii_digit()))?;
        let is_whole = word.chars().all(|c| c.is_ascii_digit());
        whole |= is_whole;
        fraction |= !is_whole;
        Some(match word.ends_with('.') {
            true => format!("{word}0"),
            false if is_whole => format!("{word}.0"),
            false => word.to_owned(),
        })
    };
    let is_operator = |word: &&str| ["+", "-", "*", "/", "(", ")"].contains(word);
    let mut number = number;
    let words: Option<Vec<String>> = text
        .split_whitespace()
        .map(|word| if is_operator(&word) { Some(word.to_owned()) } else { number(word) })
        .collect();
    let words = words?;
    (whole && fraction)
        .then(|| format!("write `{}`: Rust does not divide or multiply floats and integers", words.join(" ")))
}

/// Reports a list without entries.
pub fn empty(value: &Value, what: &str, cx: &mut Cx<'_>) {
    let message = format!("{what} is an empty list");
    cx.error(
        Diag::error(Code::ValueOutOfRange, value.loc, message)
            .help("write at least one entry, or leave it out"),
    );
}

/// Longest expression that a message repeats.
const LONGEST: usize = 40;

/// Help for a value that only const evaluation knows, where the macro needs the number.
const SEEN_BY_THE_MACRO: &str =
    "write the number itself, or a `const` of this block with a number as its value";

/// Reads a length of at least 1: a number, a constant or a constant expression.
pub fn dim(value: &Value, what: &str, cx: &mut Cx<'_>) -> Option<Dim> {
    dim_at_least(value, what, 1, cx)
}

/// Reads a length of at least `least`: a number, a constant or a constant expression.
pub fn dim_at_least(value: &Value, what: &str, least: usize, cx: &mut Cx<'_>) -> Option<Dim> {
    let value = without_python(value, cx);
    let wanted = &format!("an integer of at least {least}");
    match &value.kind {
        ValueKind::Int(n) => match usize::try_from(*n) {
            Ok(n) if n > MOST => too_many(&value, what, n, cx),
            Ok(n) if n >= least => return Some(Dim::Known(n)),
            // The intended value is unknown: -1 is not a typo of 1.
            _ => out_of_range(
                &value,
                what,
                wanted,
                Some(format!("write {wanted}, such as `{}`", least.max(2))),
                cx,
            ),
        },
        // Every length is at least 0.
        ValueKind::Ident { constant: id, .. } | ValueKind::Expr(id) if least == 0 => {
            return Some(Dim::constant(*id));
        }
        ValueKind::Ident { constant: id, .. } | ValueKind::Expr(id) => {
            let dim = Dim::constant(*id);
            cx.checks.push(DimCheck {
                code: Code::ValueOutOfRange,
                loc: value.loc,
                found: dim.clone(),
                relation: Relation::AtLeast,
                wanted: Dim::Known(least),
                what: what.into(),
                help: None,
                notes: vec![],
                subjects: vec![],
            });
            return Some(dim);
        }
        ValueKind::Bool(_)
        | ValueKind::None
        | ValueKind::Float(_)
        | ValueKind::Str(_)
        | ValueKind::List(_)
        | ValueKind::Call { .. }
        | ValueKind::Map(_)
        | ValueKind::Tensor
        | ValueKind::Invalid => {
            let help = whole_number(&value)
                .map(|n| format!("write `{n}`"))
                .or_else(|| Some("write a number or a constant: `32`, `UNITS`".into()));
            wrong(&value, what, wanted, help, cx);
        }
    }
    None
}

/// Reports a length that is too large for any machine.
pub fn too_many(value: &Value, what: &str, n: usize, cx: &mut Cx<'_>) {
    let message = format!("{what} must be at most {MOST} (2^40), found {n}");
    cx.error(Diag::error(Code::TooManyValues, value.loc, message).help("write a smaller number"));
}

/// The integer that a value of another form seems to mean: `32.0`, `"32"`, `[32]`.
fn whole_number(value: &Value) -> Option<i64> {
    match &value.kind {
        ValueKind::Int(n) => Some(*n),
        ValueKind::Float(x) if x.fract() == 0.0 && x.abs() < 1e15 => Some(*x as i64),
        ValueKind::Str(text) => text.trim().parse().ok(),
        ValueKind::List(items) => match &items[..] {
            [item] => whole_number(item),
            _ => None,
        },
        _ => None,
    }
}

/// Reads an integer known to the macro.
pub fn integer(value: &Value, what: &str, cx: &mut Cx<'_>) -> Option<i64> {
    whole(value, what, "an integer", cx)
}

/// Reads an integer of at least 0 known to the macro.
pub fn unsigned(value: &Value, what: &str, cx: &mut Cx<'_>) -> Option<usize> {
    unsigned_in(value, what, &(..), cx)
}

/// Reads an integer known to the macro, of at least 0 and the lower end of a range.
pub fn unsigned_in(
    value: &Value,
    what: &str,
    range: &impl RangeBounds<f64>,
    cx: &mut Cx<'_>,
) -> Option<usize> {
    let least = match range.start_bound() {
        Bound::Included(least) => *least as usize,
        Bound::Excluded(_) | Bound::Unbounded => 0,
    };
    let wanted = format!("an integer of at least {least}");
    let n = whole(value, what, &wanted, cx)?;
    let found = usize::try_from(n).ok().filter(|&n| n >= least);
    if found.is_none() {
        out_of_range(value, what, &wanted, None, cx);
    }
    found
}

fn whole(value: &Value, what: &str, wanted: &str, cx: &mut Cx<'_>) -> Option<i64> {
    let value = without_python(value, cx);
    let help = match &value.kind {
        ValueKind::Int(n) => return Some(*n),
        ValueKind::List(_) => Some("write one number, without brackets".into()),
        _ => whole_number(&value)
            .map(|n| format!("write `{n}`"))
            .or_else(|| Some("write a number without a fraction".into())),
    };
    not_a_number(&value, what, wanted, help, cx);
    None
}

/// Reads a number known to the macro.
pub fn float(value: &Value, what: &str, cx: &mut Cx<'_>) -> Option<f64> {
    let value = without_python(value, cx);
    let help = match &value.kind {
        // Beyond 2⁵³ the nearest float is used, as in Python.
        ValueKind::Int(n) => return Some(*n as f64),
        ValueKind::Float(x) if x.is_finite() => return Some(*x),
        ValueKind::Str(text) if text.trim().parse::<f64>().is_ok() => {
            Some(format!("write `{}`, without quotes", text.trim()))
        }
        _ => Some("write a number: `0.5`".into()),
    };
    not_a_number(&value, what, "a number", help, cx);
    None
}

/// Reads a number of a range known to the macro.
pub fn float_in(value: &Value, what: &str, range: &impl RangeBounds<f64>, cx: &mut Cx<'_>) -> Option<f64> {
    let x = float(value, what, cx)?;
    if range.contains(&x) {
        return Some(x);
    }
    let wanted = match (range.start_bound(), range.end_bound()) {
        (Bound::Included(low), Bound::Included(high)) => format!("from {low} to {high}"),
        (low, high) => {
            let low = match low {
                Bound::Included(low) => Some(format!("at least {low}")),
                Bound::Excluded(low) => Some(format!("above {low}")),
                Bound::Unbounded => None,
            };
            let high = match high {
                Bound::Included(high) => Some(format!("at most {high}")),
                Bound::Excluded(high) => Some(format!("below {high}")),
                Bound::Unbounded => None,
            };
            low.into_iter().chain(high).collect::<Vec<_>>().join(" and ")
        }
    };
    let help = match (range.start_bound(), range.end_bound()) {
        (Bound::Included(0.0), Bound::Included(1.0) | Bound::Excluded(1.0)) => {
            "write a share of 1: `0.5` is a half".into()
        }
        _ => format!("write a number that is {wanted}"),
    };
    let message = format!("{what} must be {wanted}, found {x}");
    cx.error(Diag::error(Code::ValueOutOfRange, value.loc, message).help(help));
    None
}

/// Reads `true` or `false`.
pub fn boolean(value: &Value, what: &str, cx: &mut Cx<'_>) -> Option<bool> {
    let value = without_python(value, cx);
    let meant = match &value.kind {
        ValueKind::Bool(b) => return Some(*b),
        ValueKind::Int(n @ (0 | 1)) => Some(*n == 1),
        ValueKind::Str(text) => text.to_lowercase().parse().ok(),
        _ => None,
    };
    let help = meant.map_or("write one of the two".into(), |meant| format!("write `{meant}`"));
    wrong(&value, what, "`true` or `false`", Some(help), cx);
    None
}

/// Reads a string.
pub fn string(value: &Value, what: &str, cx: &mut Cx<'_>) -> Option<String> {
    let value = without_python(value, cx);
    let help = match &value.kind {
        ValueKind::Str(text) => return Some(text.clone()),
        ValueKind::Ident { text, .. } => Some(format!("write `\"{text}\"`")),
        _ => Some("write a name in quotes".into()),
    };
    wrong(&value, what, "a string", help, cx);
    None
}

/// Element type of an input for a number type of Python, NumPy or Rust.
fn number_type(text: &str) -> Option<&'static str> {
    let kind = text.trim_end_matches(|c: char| c.is_ascii_digit());
    match kind {
        "int" | "uint" | "i" | "u" | "isize" | "usize" | "long" => Some("int32"),
        "float" | "f" | "double" | "half" | "bfloat" => Some("float32"),
        _ => None,
    }
}

/// Reads one of a few words, as an identifier or a string, ignoring case as Keras does.
pub fn word(value: &Value, what: &str, allowed: &[&'static str], cx: &mut Cx<'_>) -> Option<&'static str> {
    let value = without_python(value, cx);
    let wanted = match allowed {
        [only] => format!("`{only}`"),
        _ => format!("one of {}", list(allowed.iter().copied())),
    };
    let mut help = None;
    if let Some(text) = value.word() {
        if let Some(word) = allowed.iter().find(|word| word.eq_ignore_ascii_case(text)) {
            return Some(word);
        }
        let near = || did_you_mean(text, allowed.iter().copied());
        let number = || number_type(text).filter(|word| allowed.contains(word));
        help = near()
            .map(|near| format!("did you mean `{near}`?"))
            .or_else(|| number().map(|word| format!("write `{word}`")));
    }
    let help = help.or_else(|| Some(format!("write `{}`, or leave it out", allowed.first()?)));
    wrong(&value, what, &wanted, help, cx);
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dim::{ConstEntry, ConstId};
    use crate::testing::Bench;
    use crate::value::Value;

    /// Help for an expression where a number is required.
    fn help(text: &str) -> String {
        let mut bench = Bench::new();
        bench.consts.push(ConstEntry { text: text.into(), loc: crate::diag::Loc(0), number: false });
        let value =
            Value { kind: ValueKind::Expr(ConstId(bench.consts.len() as u32 - 1)), loc: crate::diag::Loc(1) };
        assert_eq!(bench.cx(|cx| float(&value, "it", cx)), None);
        let diags = std::mem::take(&mut bench.diags).into_sorted();
        diags[0].helps[0].clone()
    }

    #[test]
    fn whole_numbers_beside_fractions_get_a_point() {
        let why = "Rust does not divide or multiply floats and integers";
        for (text, written) in [
            ("1. / 255", "1.0 / 255.0"),
            ("1.0 / 255", "1.0 / 255.0"),
            ("2 * 0.5 + 1e-3", "2.0 * 0.5 + 1e-3"),
        ] {
            assert_eq!(help(text), format!("write `{written}`: {why}"));
        }
        for text in ["crate :: SCALE / 2.0", "1.0 / N", "SCALE"] {
            assert_eq!(help(text), SEEN_BY_THE_MACRO);
        }
    }
}
