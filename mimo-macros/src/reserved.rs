//! Reserved names of generated code: they are refused where the user writes them, instead of by rustc in the
//! generated code.

use mimo_graph::code::Code;
use mimo_graph::diag::{Diag, Loc};

/// Types that no import brings into scope, so that a model of such a name would hide them in its whole module.
const PRIMITIVES: [&str; 17] = [
    "bool", "char", "str", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128",
    "isize", "f32", "f64",
];

/// Associated items of every model's struct. A constant of the block becomes one too, so it cannot have such a name.
const ASSOCIATED: [&str; 14] = [
    "PARAMETERS",
    "INPUTS",
    "OUTPUTS",
    "new",
    "load",
    "summary",
    "dot",
    "mermaid",
    "build",
    "forward",
    "forward_batch",
    "predict",
    "save",
    "load_weights",
];

/// Error for a reserved name of a model.
pub(crate) fn model(name: &str, loc: Loc) -> Option<Diag> {
    if PRIMITIVES.contains(&name) {
        let message = format!("a model cannot be called `{name}`, which is a type of Rust");
        let help = format!("give it another name, such as `{}Net`", name.to_uppercase());
        return Some(Diag::error(Code::ReservedName, loc, message).help(help));
    }
    internal(name, loc)
        .map(|diag| diag.help(format!("give the model another name, such as `{}`", usable(name, "Net"))))
}

/// Error for a reserved name of a constant of the block.
pub(crate) fn constant(name: &str, loc: Loc) -> Option<Diag> {
    if ASSOCIATED.contains(&name) {
        let message =
            format!("a constant cannot be called `{name}`: every model has an associated item of this name");
        let diag = Diag::error(Code::ReservedName, loc, message);
        return Some(
            diag.help(format!("give the constant another name, such as `N_{}`", name.to_uppercase())),
        );
    }
    internal(name, loc)
        .map(|diag| diag.help(format!("give the constant another name, such as `{}`", usable(name, "N"))))
}

/// Error for a name with the prefix of generated items.
fn internal(name: &str, loc: Loc) -> Option<Diag> {
    name.starts_with("__").then(|| {
        let message = format!("`{name}` is reserved: names that begin with `__` belong to generated code");
        Diag::error(Code::ReservedName, loc, message)
    })
}

/// The name without its reserved prefix.
fn usable<'a>(name: &'a str, or: &'a str) -> &'a str {
    let rest = name.trim_start_matches('_');
    if rest.starts_with(|c: char| c.is_alphabetic()) { rest } else { or }
}
