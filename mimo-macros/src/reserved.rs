//! Names that generated code needs for itself: each is refused where the user writes it, instead of by rustc in what
//! becomes of it.

use mimo_graph::code::Code;
use mimo_graph::diag::{Diag, Loc};

/// Types that no import brings into scope, so that a model of such a name would hide them in all of its module.
const PRIMITIVES: [&str; 17] = [
    "bool", "char", "str", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128",
    "isize", "f32", "f64",
];

/// Associated items that the struct of every model has. A constant of the block becomes one too, so it cannot have such a name.
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

/// The error of a name that a model cannot have.
pub(crate) fn model(name: &str, loc: Loc) -> Option<Diag> {
    if PRIMITIVES.contains(&name) {
        let message = format!("a model cannot be called `{name}`, which is a type of Rust");
        let help = format!("give it another name, such as `{}Net`", name.to_uppercase());
        return Some(Diag::error(Code::ReservedName, loc, message).help(help));
    }
    internal(name, loc)
        .map(|diag| diag.help(format!("give the model another name, such as `{}`", usable(name, "Net"))))
}

/// The error of a name that a constant of the block cannot have.
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

/// The error of a name that begins as those of generated items do.
fn internal(name: &str, loc: Loc) -> Option<Diag> {
    name.starts_with("__").then(|| {
        let message = format!("`{name}` is reserved: names that begin with `__` belong to generated code");
        Diag::error(Code::ReservedName, loc, message)
    })
}

/// The name without what makes it reserved.
fn usable<'a>(name: &'a str, or: &'a str) -> &'a str {
    let rest = name.trim_start_matches('_');
    if rest.starts_with(|c: char| c.is_alphabetic()) { rest } else { or }
}
