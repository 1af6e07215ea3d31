//! Python indices, `x[:, ::2, None]`, and their replacements.

use mimo_graph::code::Code;
use mimo_graph::diag::Diag;
use proc_macro2::{TokenStream, TokenTree};

use crate::ast::Expr;
use crate::parse::text_of;

/// An entry of an index, as text.
#[derive(Clone, Debug, PartialEq)]
enum Entry {
    /// One position, or a range in mimo's form.
    Own(String),
    /// `1:3:2`; omitted parts are empty.
    Slice { start: String, end: String, step: String },
    /// `...`
    Ellipsis,
    /// `None`
    NewAxis,
}

impl Entry {
    /// All of an axis.
    fn whole() -> Self {
        Entry::Slice { start: String::new(), end: String::new(), step: String::new() }
    }

    fn has_steps(&self) -> bool {
        matches!(self, Entry::Slice { step, .. } if !step.is_empty())
    }

    /// Whether it selects from one axis of the tensor.
    fn is_axis(&self) -> bool {
        matches!(self, Entry::Own(_) | Entry::Slice { .. })
    }
}

fn is_punct(token: Option<&TokenTree>, symbol: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == symbol)
}

fn read(tokens: &[TokenTree]) -> Entry {
    let text = |tokens: &[TokenTree]| text_of(tokens.iter().cloned().collect());
    let is_colon = |at: usize| is_punct(tokens.get(at), ':');
    // `crate::N` is a path.
    let path = (0..tokens.len()).any(|at| {
        is_colon(at)
            && is_colon(at + 1)
            && matches!(tokens.get(at + 2), Some(TokenTree::Ident(_)))
            && matches!(at.checked_sub(1).and_then(|at| tokens.get(at)), None | Some(TokenTree::Ident(_)))
    });
    let colons: Vec<usize> = (0..tokens.len()).filter(|&at| is_colon(at)).collect();
    match (&colons[..], tokens) {
        ([first, rest @ ..], _) if !path && rest.len() < 2 => {
            let second = rest.first().copied().unwrap_or(tokens.len());
            Entry::Slice {
                start: text(&tokens[..*first]),
                end: text(&tokens[first + 1..second]),
                step: text(tokens.get(second + 1..).unwrap_or_default()),
            }
        }
        (_, [a, b, c]) if [a, b, c].into_iter().all(|token| is_punct(Some(token), '.')) => Entry::Ellipsis,
        (_, [TokenTree::Ident(word)]) if word == "None" || word == "none" => Entry::NewAxis,
        (_, [.., TokenTree::Ident(word)]) if word == "newaxis" => Entry::NewAxis,
        _ => Entry::Own(text(tokens)),
    }
}

/// `1:3` in Rust's form.
pub(super) fn python_slice(tokens: &TokenStream) -> Option<String> {
    let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    match read(&tokens) {
        Entry::Slice { start, end, step } if step.is_empty() => Some(format!("{start}..{end}")),
        _ => None,
    }
}

/// Error for a Python index, with the replacement for a tensor whose samples have the lengths `shape`; 0 for one that
/// only Rust knows.
pub(super) fn python_index(
    expr: &Expr,
    shown: &str,
    entries: &[&[TokenTree]],
    shape: Option<&[usize]>,
) -> Option<Diag> {
    let entries: Vec<Entry> = entries.iter().map(|entry| read(entry)).collect();
    let first = entries.iter().find(|entry| !matches!(entry, Entry::Own(_)))?;
    // Keras counts the batch, which is kept whole.
    let batch = entries.first() == Some(&Entry::whole());
    let error = |message: &str| Diag::error(Code::PythonExpression, expr.loc, message);
    let counted = entries.get(usize::from(batch)..).unwrap_or_default();
    let written = rewritten(shown, counted, shape);
    if entries.iter().any(Entry::has_steps) {
        let help = match written {
            Some(text) => format!("write `{text}`"),
            None => "give the steps an axis of their own, and take its first position: `Reshape([4, 2])(x)[.., 0]`".into(),
        };
        return Some(error("an index has no steps").help(help));
    }
    if entries.contains(&Entry::NewAxis) {
        let help = match written {
            Some(text) => format!("write `{text}`"),
            None => format!("write `expand_dims({shown}, axis = 1)`"),
        };
        return Some(error("an index adds no axis").help(help));
    }
    let diag = error(match first {
        Entry::Ellipsis => "`...` is Python's, and `..` is all of one axis",
        _ => "`:` is Python's, and a range is written with `..`",
    });
    let written = written.unwrap_or_else(|| format!("{shown}[0]"));
    if written == shown {
        return Some(diag.help(format!("leave the index out: write `{written}`")));
    }
    if !batch {
        return Some(diag.help(format!("write `{written}`")));
    }
    let diag = diag.help(format!("the batch is not counted: write `{written}`"));
    Some(match rewritten(shown, &entries, shape) {
        Some(other) if other != written && other != shown => {
            diag.help(format!("if the first axis of a sample is meant to stay whole, write `{other}`"))
        }
        _ => diag,
    })
}

/// The expression for an index whose entries count the axes of a sample; `None` if there is none, or if it is
/// unknown.
fn rewritten(shown: &str, entries: &[Entry], shape: Option<&[usize]>) -> Option<String> {
    let axes = entries.iter().filter(|entry| entry.is_axis()).count();
    let ellipsis = entries.contains(&Entry::Ellipsis);
    let rank = shape.map_or(axes + usize::from(ellipsis), <[usize]>::len);
    let left = rank.checked_sub(axes)?;
    // Axes without an entry are kept: those of the ellipsis, or the last ones.
    let whole = vec![Entry::whole(); left];
    let entries: Vec<Entry> = match entries.iter().position(|entry| *entry == Entry::Ellipsis) {
        Some(at) => [&entries[..at], &whole[..], &entries[at + 1..]].concat(),
        None => [entries, &whole[..]].concat(),
    };
    let (text, entries) = match entries
        .iter()
        .any(|entry| matches!(entry, Entry::Slice { step, .. } if !matches!(step.as_str(), "" | "1" | "-1")))
    {
        true => without_steps(shown, &entries, shape?)?,
        false => (shown.to_owned(), entries),
    };
    let mut index: Vec<String> = Vec::new();
    // Axes of the result that are reversed, and new ones.
    let (mut flipped, mut new, mut axis) = (Vec::new(), Vec::new(), 1);
    for entry in &entries {
        match entry {
            Entry::Own(own) => {
                index.push(own.clone());
                axis += usize::from(own.contains(".."));
            }
            Entry::Slice { start, end, step } => {
                if step == "-1" {
                    if !start.is_empty() || !end.is_empty() {
                        return None;
                    }
                    flipped.push(axis - new.len());
                }
                index.push(format!("{start}..{end}"));
                axis += 1;
            }
            Entry::NewAxis => {
                new.push(axis);
                axis += 1;
            }
            Entry::Ellipsis => return None,
        }
    }
    while index.last().is_some_and(|last| last == "..") {
        index.pop();
    }
    let mut text = if index.is_empty() { text } else { format!("{text}[{}]", index.join(", ")) };
    for axis in flipped {
        text = format!("flip({text}, axis = {axis})");
    }
    for axis in new {
        text = format!("expand_dims({text}, axis = {axis})");
    }
    Some(text)
}

/// The tensor with an additional axis for the steps of each axis with a step, and the entries for it.
fn without_steps(shown: &str, entries: &[Entry], shape: &[usize]) -> Option<(String, Vec<Entry>)> {
    let (mut cut, mut lengths, mut left) = (Vec::new(), Vec::new(), Vec::new());
    let mut axes = shape.iter().copied();
    for entry in entries {
        let Entry::Slice { start, end, step } = entry else {
            if entry.is_axis() {
                cut.push("..".to_owned());
                lengths.push(axes.next()?);
            }
            left.push(entry.clone());
            continue;
        };
        let length = axes.next().filter(|length| *length > 0)?;
        let steps = match step.as_str() {
            "" | "1" | "-1" => 1,
            _ => step.parse::<usize>().ok().filter(|steps| *steps > 0)?,
        };
        if steps == 1 {
            cut.push("..".into());
            lengths.push(length);
            left.push(entry.clone());
            continue;
        }
        let place = |text: &str, missing: usize| -> Option<usize> {
            match text.parse::<i64>() {
                Ok(at) if at < 0 => length.checked_sub(usize::try_from(at.unsigned_abs()).ok()?),
                Ok(at) => usize::try_from(at).ok().map(|at| at.min(length)),
                Err(_) => text.is_empty().then_some(missing),
            }
        };
        let (from, to) = (place(start, 0)?, place(end, length)?);
        let count = to.checked_sub(from)?.div_ceil(steps);
        // The last step may extend beyond the range, but not beyond the axis: then it begins earlier.
        let past = from + count * steps;
        let (from, at) =
            if past <= length { (from, 0) } else { (from.checked_sub(past - length)?, past - length) };
        let to = from + count * steps;
        cut.push(if (from, to) == (0, length) { "..".into() } else { format!("{from}..{to}") });
        lengths.extend([count, steps]);
        left.extend([Entry::whole(), Entry::Own(at.to_string())]);
    }
    while cut.last().is_some_and(|last| last == "..") {
        cut.pop();
    }
    let cut = if cut.is_empty() { shown.to_owned() } else { format!("{shown}[{}]", cut.join(", ")) };
    let lengths: Vec<String> = lengths.iter().map(usize::to_string).collect();
    Some((format!("Reshape([{}])({cut})", lengths.join(", ")), left))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::{contents, cut_list};

    fn written(index: &str, shape: &[usize]) -> Option<String> {
        let tokens = contents(index.parse().unwrap());
        let entries: Vec<Entry> = cut_list(&tokens).into_iter().map(read).collect();
        rewritten("x", &entries, Some(shape))
    }

    #[test]
    fn indices_of_python_become_expressions() {
        let cases = [
            ("::2", &[12, 8][..], Some("Reshape([6, 2, 8])(x)[.., 0]")),
            ("1::2", &[12, 8], Some("Reshape([6, 2, 8])(x)[.., 1]")),
            ("1:9:2", &[12, 8], Some("Reshape([4, 2, 8])(x[1..9])[.., 0]")),
            (":, ::4", &[12, 8], Some("Reshape([12, 2, 4])(x)[.., .., 0]")),
            ("::2, ::2", &[6, 6, 3], Some("Reshape([3, 2, 3, 2, 3])(x)[.., 0, .., 0]")),
            ("::2", &[5], None),
            ("::-1", &[4], Some("flip(x, axis = 1)")),
            (":, ::-1", &[12, 8], Some("flip(x, axis = 2)")),
            ("..., 0", &[4], Some("x[0]")),
            ("..., 0", &[6, 6, 3], Some("x[.., .., 0]")),
            ("..., None", &[12, 8], Some("expand_dims(x, axis = 3)")),
            ("0, None", &[12, 8], Some("expand_dims(x[0], axis = 1)")),
            (":, None", &[12, 8], Some("expand_dims(x, axis = 2)")),
            ("None", &[12, 8], Some("expand_dims(x, axis = 1)")),
            ("0:3", &[12, 8], Some("x[0..3]")),
            ("-1, :", &[12, 8], Some("x[-1]")),
            (":", &[12, 8], Some("x")),
            ("0, 0, 0", &[12, 8], None),
        ];
        for (index, shape, wanted) in cases {
            assert_eq!(written(index, shape).as_deref(), wanted, "x[{index}] of {shape:?}");
        }
    }
}
