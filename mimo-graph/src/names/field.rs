//! Checks whether names are valid as fields of a struct.

use crate::code::Code;
use crate::diag::{Diag, Loc};

/// Error for a layer name that cannot be a field.
pub(crate) fn wrong_layer_name(name: &str, loc: Loc) -> Option<Diag> {
    let note = "layers are fields of the model's struct";
    wrong_name("layer", name, loc).map(|diag| diag.note(note))
}

/// Error for the name of an added loss that cannot be a field.
pub(crate) fn wrong_loss_name(name: &str, loc: Loc) -> Option<Diag> {
    wrong_name("loss", name, loc).map(|diag| diag.note("added losses are fields of the logs"))
}

fn wrong_name(what: &str, name: &str, loc: Loc) -> Option<Diag> {
    let reason = unusable(name)?;
    let diag = Diag::error(Code::UnusableLayerName, loc, format!("the {what} name {name:?} {reason}"));
    Some(diag.help(format!("write `name = \"{}\"`", field_like(name))))
}

/// Reason why a word cannot be a field, if there is one. `letter` decides which characters are allowed.
fn not_a_field(name: &str, keywords: &[&str], letter: fn(char) -> bool) -> Option<&'static str> {
    if keywords.contains(&name) {
        return Some("is a keyword of Rust");
    }
    if name.chars().all(|c| c == '_') {
        return Some("has no letter");
    }
    if name.starts_with(|first: char| first.is_ascii_digit()) {
        return Some("starts with a digit");
    }
    let wrong = |c: &char| !(letter(*c) || *c == '_');
    if let Some(wrong) = name.chars().find(wrong) {
        return Some(if wrong.is_alphabetic() {
            "has letters that are not ASCII"
        } else {
            "is not an identifier"
        });
    }
    None
}

/// Reason why a name from a string cannot be a field. ASCII only: checking other letters would need Unicode tables.
pub(crate) fn unusable(name: &str) -> Option<&'static str> {
    not_a_field(name, &KEYWORDS, |c| c.is_ascii_alphanumeric())
}

/// Error for a metric's name that cannot be a key of the logs; `usable` makes a valid one from it. The help inserts
/// it into `call`.
pub(crate) fn wrong_metric_name(
    name: &str,
    loc: Loc,
    usable: impl FnOnce() -> String,
    call: impl FnOnce(&str) -> String,
) -> Option<Diag> {
    let (reason, usable) = match name {
        "" => ("is empty", usable()),
        // Columns of `History::to_csv` and `CSVLogger`.
        "loss" => ("is that of the output's loss", format!("{}_metric", usable())),
        "epoch" => ("is that of the number of the epoch", format!("{}_metric", usable())),
        name => (unusable(name)?, field_like(name)),
    };
    let diag = Diag::error(Code::UnusableMetricName, loc, format!("the metric name {name:?} {reason}"));
    Some(diag.help(format!("write `{}`", call(&usable))).note("logs have a field of this name"))
}

/// Reason why an identifier of the source cannot be a field. `r#type` is valid, and becomes the field `r#type`.
pub(super) fn unusable_binding(name: &str) -> Option<&'static str> {
    not_a_field(name, &["self", "Self", "super", "crate"], char::is_alphanumeric)
}

/// Field of the logs for an added loss: `kl_loss`, or `encoder_kl_loss` for one in a nested model.
pub fn loss_field(name: &str) -> String {
    format!("{}_loss", field_like(name))
}

/// The name most similar to `name` that is valid as a field.
pub fn field_like(name: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    let mut usable: String = name.trim().chars().map(letter).collect();
    if usable.chars().all(|c| c == '_') {
        usable = "layer".into();
    }
    if usable.starts_with(|first: char| first.is_ascii_digit()) {
        usable.insert(0, '_');
    }
    if KEYWORDS.contains(&usable.as_str()) {
        usable.push('_');
    }
    usable
}

/// Words that cannot be identifiers in some edition of Rust.
const KEYWORDS: [&str; 52] = [
    "Self", "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do",
    "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop",
    "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static",
    "struct", "super", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual",
    "where", "while", "yield",
];

/// Keras's automatic name for a class: `ResNetBlock` is `res_net_block`, and `GRUEncoder` is `gru_encoder`.
pub fn snake_case(class: &str) -> String {
    let letters: Vec<char> = class.chars().collect();
    let mut name = String::new();
    for (i, &letter) in letters.iter().enumerate() {
        let before = i.checked_sub(1).and_then(|before| letters.get(before));
        let after = letters.get(i + 1);
        let starts_word = letter.is_uppercase()
            && before.is_some_and(|&c| c != '_')
            && (before.is_some_and(|c| c.is_lowercase()) || after.is_some_and(|c| c.is_lowercase()));
        if starts_word {
            name.push('_');
        }
        name.extend(letter.to_lowercase());
    }
    name
}
