//! Operators and methods of tensors in other libraries, rewritten as calls of functions: `a & b`, `x.sum(axis = -1)`,
//! `K.exp(x)`.
//!
//! Rust's grammar accepts most of them, Python's the others. In both cases the error shows the complete rewritten
//! expression, so that several of them in one expression are one error.

mod logic;
mod methods;

use mimo_graph::code::Code;
use mimo_graph::diag::{Diag, Loc};
use mimo_graph::language::{self, Module};
use mimo_graph::layers;
use proc_macro2::{Delimiter, TokenStream, TokenTree};

use self::methods::{Given, method};
use super::cursor::{contents, text_of};
use crate::ast::name_of;

/// Facts about the names in an expression.
pub(crate) trait Names {
    /// Whether a tensor, a list of tensors or a layer is bound to a name.
    fn is_bound(&self, name: &str) -> bool;
    /// The lengths of a sample of the tensor bound to a name; 0 for one that only Rust knows.
    fn shape(&self, name: &str) -> Option<Vec<usize>>;
}

/// The names of an expression that is being parsed: any of them may be bound.
pub(super) struct Unscoped;

impl Names for Unscoped {
    fn is_bound(&self, name: &str) -> bool {
        !is_alias(name)
    }

    fn shape(&self, _: &str) -> Option<Vec<usize>> {
        None
    }
}

/// Names by which Python programs import modules of functions, and `self`.
fn is_alias(name: &str) -> bool {
    matches!(name, "K" | "F" | "jnp" | "jax" | "self")
}

/// Limit on the parts that are rewritten in one expression.
const LIMIT: usize = 16;

/// A part of an expression that is rewritten.
struct Found {
    diag: Diag,
    /// The complete expression with the part rewritten, if the error does not contain the help already.
    text: Option<String>,
}

/// Error for an expression with parts of other languages; `None` if it has none.
pub(crate) fn foreign(tokens: &[TokenTree], names: &dyn Names, loc: Loc) -> Option<Diag> {
    let Found { diag, text } = found(tokens, names, loc)?;
    let Some(mut text) = text else { return Some(diag) };
    for _ in 0..LIMIT {
        let Ok(stream) = text.parse::<TokenStream>() else { break };
        let Some(Found { text: Some(next), .. }) = found(&contents(stream), names, loc) else { break };
        text = next;
    }
    Some(diag.help(format!("write `{text}`")))
}

/// The first part of an expression that is rewritten.
fn found(tokens: &[TokenTree], names: &dyn Names, loc: Loc) -> Option<Found> {
    if let Some((operator, text)) = logic::rewritten(tokens) {
        let diag = match operator.starts_with(char::is_alphabetic) {
            true => Diag::error(Code::PythonExpression, loc, format!("`{operator}` is Python")),
            false => Diag::error(Code::NotATensor, loc, format!("tensors have no operator `{operator}`")),
        };
        return Some(Found { diag, text: Some(text) });
    }
    if let Some((start, end, name)) = function_of_module(tokens, names) {
        return of_module(tokens, (start, end), &name, loc);
    }
    let dot = first_method(tokens)?;
    let start = atom_start(tokens, dot);
    let receiver = tokens.get(start..dot)?;
    let Some(TokenTree::Ident(name)) = tokens.get(dot + 1) else { return None };
    let call = tokens.get(dot + 2).and_then(arguments);
    let end = dot + 2 + usize::from(call.is_some());
    let name = name_of(name);
    let shown = inner_text(receiver);
    let shape = match receiver {
        [TokenTree::Ident(ident)] => names.shape(&name_of(ident)),
        _ => None,
    };
    let error = |message: String| Diag::error(Code::NotATensor, loc, message);
    // `x.shape[1]`
    if matches!(name.as_str(), "shape" | "size" | "ndim" | "get_shape" | "rank") {
        let diag = error(format!("`{name}` is not available: shapes are known where the model is written"));
        let help = methods::of_shape(&shown, tokens.get(dot + 2..)?, shape.as_deref());
        return Some(Found { diag: diag.help(help), text: None });
    }
    if let Some(text) =
        method(&shown, &name, call.as_deref().map(Given::read), shape.map(|shape| shape.len()))
    {
        let diag =
            error(format!("`{name}` is not available: a tensor of a model has neither fields nor methods"));
        return Some(Found { diag, text: Some(within(tokens, (start, end), text)) });
    }
    let diag = layers::unavailable(&name, loc).unwrap_or_else(|| {
        error(format!("`{name}` is not available: a tensor of a model has neither fields nor methods"))
            .help("call a layer on the tensor: `Dense(32)(x)`")
    });
    Some(Found { diag, text: None })
}

/// A function of a module: `K.exp(x)`, `self.add_weight(…)`.
fn of_module(tokens: &[TokenTree], (start, end): (usize, usize), name: &str, loc: Loc) -> Option<Found> {
    let args = tokens.get(end - 1).and_then(arguments)?;
    let prefix = text_of(tokens.get(start..end - 2)?.iter().cloned().collect());
    let is_word = name == "Input"
        || Module::ALL.iter().any(|&module| language::find(module, name).is_some())
        || layers::function(name).is_some();
    if is_word {
        let what = if prefix.starts_with("self") { "Python" } else { "a Python module" };
        let message = format!("`{prefix}` is {what}, and names have no prefix here");
        let text = within(tokens, (start, end), Given::read(&args).call(name, None));
        return Some(Found { diag: Diag::error(Code::PythonModule, loc, message), text: Some(text) });
    }
    let diag = layers::unavailable(name, loc).unwrap_or_else(|| {
        let message = format!("`{prefix}{name}` is Python, and mimo has no `{name}`");
        let diag = Diag::error(Code::PythonModule, loc, message);
        diag.help(match prefix.starts_with("self") {
            true => format!("bind the layer first, `let {name} = Dense(32);`, and call it: `{name}(x)`"),
            false => format!("write a function of the block from layers: `fn {name}(x) {{ Dense(32)(x) }}`"),
        })
    });
    Some(Found { diag, text: None })
}

/// An expression with some of its tokens replaced by a text.
fn within(tokens: &[TokenTree], (start, end): (usize, usize), part: String) -> String {
    let side = |range: Option<&[TokenTree]>| range.unwrap_or_default().to_vec();
    match part.parse::<TokenStream>() {
        Ok(part) => text_of(
            side(tokens.get(..start)).into_iter().chain(part).chain(side(tokens.get(end..))).collect(),
        ),
        Err(_) => part,
    }
}

/// The arguments of a call.
fn arguments(token: &TokenTree) -> Option<Vec<TokenTree>> {
    match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => {
            Some(contents(group.stream()))
        }
        _ => None,
    }
}

/// The first `module.function(…)` or `module::function(…)`: its start and end, and the name of the function.
fn function_of_module(tokens: &[TokenTree], names: &dyn Names) -> Option<(usize, usize, String)> {
    for start in 0..tokens.len() {
        let Some(TokenTree::Ident(first)) = tokens.get(start) else { continue };
        // Only the start of a path.
        if start.checked_sub(1).is_some_and(|before| is_separator(tokens, before)) {
            continue;
        }
        let mut at = start;
        loop {
            let dots = match (is_punct(tokens, at + 1, '.'), is_punct(tokens, at + 1, ':')) {
                (true, _) => 1,
                (_, true) if is_punct(tokens, at + 2, ':') => 2,
                _ => break,
            };
            if !matches!(tokens.get(at + dots + 1), Some(TokenTree::Ident(_))) {
                break;
            }
            at += dots + 1;
        }
        let (Some(TokenTree::Ident(name)), Some(args)) =
            (tokens.get(at), tokens.get(at + 1).and_then(arguments))
        else {
            continue;
        };
        let first = name_of(first);
        let is_module = is_alias(&first) || args_have(&args, &|name| names.is_bound(name));
        if at > start && !names.is_bound(&first) && is_module {
            return Some((start, at + 2, name_of(name)));
        }
    }
    None
}

/// Whether tokens contain a name with this property.
fn args_have(tokens: &[TokenTree], property: &dyn Fn(&str) -> bool) -> bool {
    tokens.iter().any(|token| match token {
        TokenTree::Ident(ident) => property(&name_of(ident)),
        TokenTree::Group(group) => args_have(&contents(group.stream()), property),
        _ => false,
    })
}

/// Index of the first `.` before a name.
fn first_method(tokens: &[TokenTree]) -> Option<usize> {
    (1..tokens.len()).find(|&at| {
        is_punct(tokens, at, '.')
            && matches!(tokens.get(at + 1), Some(TokenTree::Ident(_)))
            && matches!(tokens.get(at - 1), Some(TokenTree::Ident(_) | TokenTree::Group(_)))
    })
}

/// Start of the operand that ends at an index: `Dense(3)(x)`, `x[0]`, `(a + b)`.
fn atom_start(tokens: &[TokenTree], end: usize) -> usize {
    let mut at = end;
    while let Some(before) = at.checked_sub(1) {
        match tokens.get(before) {
            Some(TokenTree::Group(_)) => at = before,
            Some(TokenTree::Ident(_)) => return before,
            _ => break,
        }
    }
    at
}

fn is_separator(tokens: &[TokenTree], at: usize) -> bool {
    is_punct(tokens, at, '.') || is_punct(tokens, at, ':')
}

fn is_punct(tokens: &[TokenTree], at: usize, symbol: char) -> bool {
    super::cursor::is_punct(tokens, at, symbol)
}

/// The text of an operand, without enclosing parentheses.
fn inner_text(tokens: &[TokenTree]) -> String {
    match tokens {
        [TokenTree::Group(group)] if group.delimiter() == Delimiter::Parenthesis => text_of(group.stream()),
        _ => text_of(tokens.iter().cloned().collect()),
    }
}
