//! Methods of tensors in Keras's backends, NumPy and PyTorch, rewritten as functions.

use mimo_graph::language::{self, Module};
use mimo_graph::layers;
use proc_macro2::{Delimiter, TokenTree};

use super::super::cursor::{contents, cut_list, text_of};
use crate::ast::name_of;

/// The arguments of a call, as text.
#[derive(Default)]
pub(super) struct Given {
    positional: Vec<String>,
    keywords: Vec<(String, String)>,
}

impl Given {
    /// Reads the tokens between the parentheses, and translates PyTorch's argument names and Python's constants.
    pub(super) fn read(tokens: &[TokenTree]) -> Self {
        let mut given = Given::default();
        for piece in cut_list(tokens) {
            match piece {
                [TokenTree::Ident(name), TokenTree::Punct(equals), value @ ..]
                    if equals.as_char() == '='
                        && !matches!(value.first(), Some(TokenTree::Punct(p)) if p.as_char() == '=') =>
                {
                    let name = match name_of(name).as_str() {
                        "dim" => "axis".to_owned(),
                        "keepdim" => "keepdims".to_owned(),
                        other => other.to_owned(),
                    };
                    given.keywords.push((name, value_text(value)));
                }
                _ => given.positional.push(value_text(piece)),
            }
        }
        given
    }

    fn keyword(&self, name: &str) -> Option<&str> {
        self.keywords.iter().find(|(keyword, _)| keyword == name).map(|(_, value)| value.as_str())
    }

    /// The first argument, by position or by name.
    fn first(&self, name: &str) -> Option<&str> {
        self.positional.first().map(String::as_str).or_else(|| self.keyword(name))
    }

    /// `name(receiver, …)`, with these arguments.
    pub(super) fn call(&self, name: &str, receiver: Option<&str>) -> String {
        let positional = receiver.into_iter().map(str::to_owned).chain(self.positional.iter().cloned());
        let keywords = self.keywords.iter().map(|(name, value)| format!("{name} = {value}"));
        let args: Vec<String> = positional.chain(keywords).collect();
        format!("{name}({})", args.join(", "))
    }

    /// The numbers of a list of axes or lengths: `(0, 2, 1)`, `[0, 2, 1]`, or separate arguments.
    fn list(&self, name: &str) -> Vec<String> {
        let one = match (&self.positional[..], self.keyword(name)) {
            ([one], _) => one.as_str(),
            ([], Some(list)) => list,
            _ => return self.positional.clone(),
        };
        let inner = one.trim_start_matches(['(', '[']).trim_end_matches([')', ']']);
        inner.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
    }
}

/// A value with its words translated.
fn value_text(tokens: &[TokenTree]) -> String {
    match tokens {
        [TokenTree::Ident(word)] if word == "True" => "true".into(),
        [TokenTree::Ident(word)] if word == "False" => "false".into(),
        [TokenTree::Ident(word)] if word == "None" => "none".into(),
        _ => text_of(tokens.iter().cloned().collect()),
    }
}

/// The function for a method, called on `receiver`; `None` if there is none. `rank` is the number of axes of a
/// sample.
pub(super) fn method(
    receiver: &str,
    name: &str,
    given: Option<Given>,
    rank: Option<usize>,
) -> Option<String> {
    let Some(given) = given else {
        return matches!(name, "T" | "mT").then(|| {
            let axes = (1..=rank.unwrap_or(2)).rev().map(|axis| axis.to_string());
            transposed(receiver, &std::iter::once("0".to_owned()).chain(axes).collect::<Vec<_>>())
        });
    };
    Some(match name {
        "reshape" | "view" => {
            let mut lengths = given.list("shape");
            // The first is the batch, or the batch was omitted.
            match lengths.first().map(String::as_str) {
                Some("-1") => {}
                Some(first) if first.parse::<usize>().is_err() && lengths.len() > 1 => {
                    lengths[0] = "-1".into()
                }
                Some(_) => lengths.insert(0, "-1".into()),
                None => return None,
            }
            format!("reshape({receiver}, [{}])", lengths.join(", "))
        }
        "transpose" | "permute" | "swapaxes" => {
            let axes = given.list("axes");
            match (axes.len(), rank) {
                (0, _) => transposed(receiver, &["0".into(), "2".into(), "1".into()]),
                // Two axes are exchanged.
                (2, rank) => {
                    let rank = rank.unwrap_or(2) as i64;
                    let at = |axis: &String| axis.parse().map(|axis: i64| axis.rem_euclid(rank + 1)).ok();
                    let (a, b) = (at(&axes[0])?, at(&axes[1])?);
                    let exchanged = |axis: i64| {
                        if axis == a {
                            b
                        } else if axis == b {
                            a
                        } else {
                            axis
                        }
                    };
                    let axes: Vec<String> = (0..=rank).map(|axis| exchanged(axis).to_string()).collect();
                    transposed(receiver, &axes)
                }
                _ => transposed(receiver, &axes),
            }
        }
        "astype" | "to" | "type" => {
            let ty = given.first("dtype")?.trim_matches('"').rsplit(['.', ':']).next()?.trim().to_owned();
            match ty.as_str() {
                "float" | "float16" | "float32" | "float64" | "double" => {
                    format!("cast({receiver}, float32)")
                }
                "int" | "int32" | "int64" | "long" => format!("cast({receiver}, int32)"),
                "bool" => format!("{receiver} != 0.0"),
                _ => return None,
            }
        }
        "float" | "double" => format!("cast({receiver}, float32)"),
        "int" | "long" => format!("cast({receiver}, int32)"),
        "detach" => format!("stop_gradient({receiver})"),
        "clone" | "contiguous" | "copy" | "cpu" | "cuda" => receiver.to_owned(),
        "flatten" => format!("Flatten()({receiver})"),
        "unsqueeze" => format!("expand_dims({receiver}, axis = {})", given.first("axis")?),
        "squeeze" => format!("squeeze({receiver}, axis = {})", given.first("axis").unwrap_or("-1")),
        "unbind" => format!("unstack({receiver}, axis = {})", given.first("axis").unwrap_or("1")),
        "chunk" => {
            let axis = given.positional.get(1).map(String::as_str).or_else(|| given.keyword("axis"));
            format!("split({receiver}, {}, axis = {})", given.first("chunks")?, axis.unwrap_or("-1"))
        }
        "pow" => given.call("power", Some(receiver)),
        "clamp" => given.call("clip", Some(receiver)),
        "bmm" | "mm" | "dot" => given.call("matmul", Some(receiver)),
        "sub" => given.call("subtract", Some(receiver)),
        "mul" => given.call("multiply", Some(receiver)),
        "div" => given.call("divide", Some(receiver)),
        "neg" => given.call("negative", Some(receiver)),
        "pow_" | "add_" | "mul_" => return None,
        _ => return function(receiver, name, given),
    })
}

fn transposed(receiver: &str, axes: &[String]) -> String {
    format!("transpose({receiver}, axes = [{}])", axes.join(", "))
}

/// A method with the name of an operation or of an activation.
fn function(receiver: &str, name: &str, mut given: Given) -> Option<String> {
    let Some(item) = layers::operation(name) else {
        let is_activation = language::find(Module::Activations, name).is_some();
        let is_function =
            name.starts_with(char::is_lowercase) && (is_activation || layers::function(name).is_some());
        return is_function.then(|| given.call(name, Some(receiver)));
    };
    let axis = item.positional.iter().position(|argument| argument.name == "axis");
    let needed = axis.filter(|&at| item.positional[at].is_required());
    // By default, other libraries use all axes including the batch.
    if needed.is_some_and(|at| given.positional.len() < at && given.keyword("axis").is_none()) {
        given.keywords.push(("axis".into(), "-1".into()));
    }
    Some(given.call(name, Some(receiver)))
}

/// Help for `x.shape` and `x.shape[1]`; `after` are the tokens that follow.
pub(super) fn of_shape(receiver: &str, after: &[TokenTree], shape: Option<&[usize]>) -> String {
    let index = after.iter().find_map(|token| match token {
        TokenTree::Group(group) if group.delimiter() != Delimiter::Brace && !group.stream().is_empty() => {
            text_of(contents(group.stream()).into_iter().collect()).replace(' ', "").parse::<i64>().ok()
        }
        _ => None,
    });
    let length = shape.zip(index).and_then(|(shape, index)| {
        // Axis 0 is the batch.
        let at = if index < 0 { index + shape.len() as i64 } else { index - 1 };
        usize::try_from(at).ok().and_then(|at| shape.get(at)).copied().filter(|&length| length > 0)
    });
    match (length, index) {
        (Some(length), _) => format!("write `{length}`, the length of this axis"),
        (None, Some(0)) => {
            "leave it out: a model runs on batches of any number of samples, and `reshape` takes -1 for it"
                .into()
        }
        _ => format!(
            "write the length itself, or a `const` of the block; the shape stands at a name: `let y: [20, 8] = exp({receiver});`"
        ),
    }
}
