//! Valid models with one or two mistakes inserted: each mistake is reported once, at its location, and causes no
//! other error.

mod models;

use super::*;
use mimo_graph::layers;
use models::MODELS;
use proc_macro2::{Delimiter, TokenTree};

/// A leaf of the token tree, or one of a pair of delimiters, with its position in the source.
#[derive(Clone, Debug)]
struct Leaf {
    start: usize,
    end: usize,
    text: String,
    /// Number of enclosing groups; the block is 1.
    depth: usize,
    /// For a delimiter, the position of the other one.
    other: Option<(usize, usize)>,
}

/// A model and the positions of its tokens, in characters.
struct Source {
    text: String,
    leaves: Vec<Leaf>,
}

impl Source {
    fn new(text: &str) -> Self {
        let lines: Vec<usize> = std::iter::once(0)
            .chain(text.chars().enumerate().filter(|(_, c)| *c == '\n').map(|(i, _)| i + 1))
            .collect();
        let mut source = Source { text: text.into(), leaves: Vec::new() };
        source
            .collect(text.parse().unwrap(), 0, &|at: proc_macro2::LineColumn| lines[at.line - 1] + at.column);
        source
    }

    fn collect(&mut self, tokens: TokenStream, depth: usize, at: &dyn Fn(proc_macro2::LineColumn) -> usize) {
        for token in tokens {
            let mut leaf = |span: proc_macro2::Span, text: &str, other: Option<proc_macro2::Span>| {
                let (start, end) = (at(span.start()), at(span.end()));
                let other = other.map(|span| (at(span.start()), at(span.end())));
                self.leaves.push(Leaf { start, end, text: text.into(), depth, other });
            };
            match &token {
                TokenTree::Group(group) => {
                    let (open, close) = match group.delimiter() {
                        Delimiter::Parenthesis => ("(", ")"),
                        Delimiter::Bracket => ("[", "]"),
                        Delimiter::Brace => ("{", "}"),
                        Delimiter::None => ("", ""),
                    };
                    leaf(group.span_open(), open, Some(group.span_close()));
                    self.collect(group.stream(), depth + 1, at);
                    let (start, end) = (at(group.span_close().start()), at(group.span_close().end()));
                    let other = Some((at(group.span_open().start()), at(group.span_open().end())));
                    self.leaves.push(Leaf { start, end, text: close.into(), depth, other });
                }
                other => leaf(other.span(), &other.to_string(), None),
            }
        }
    }

    /// The statement around a position: from after the previous `;` to the next `;`.
    fn statement(&self, at: usize) -> (usize, usize) {
        let ends = || self.leaves.iter().filter(|leaf| leaf.text == ";" && leaf.depth == 1);
        let body =
            self.leaves.iter().find(|leaf| leaf.text == "{" && leaf.depth == 0).map_or(0, |leaf| leaf.end);
        let start = ends().map(|leaf| leaf.end).filter(|&end| end <= at).max().unwrap_or(body);
        let end = ends().map(|leaf| leaf.end).find(|&end| end > at).unwrap_or(self.text.chars().count());
        (start, end)
    }
}

/// A mistake as an edit of the source.
#[derive(Clone, Debug)]
struct Mistake {
    kind: Kind,
    /// Replacements, in order and disjoint.
    edits: Vec<(usize, usize, String)>,
    /// Where it must be reported, in the valid source: at these tokens, or anywhere within them.
    place: (usize, usize),
    exact: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Layer,
    Argument,
    Word,
    Tensor,
    Key,
    NoLet,
    NoStatement,
    NoArgument,
    NoLoss,
    Length,
    NoToken,
    /// Two tokens: a pair of delimiters.
    NoPair,
    /// `keras.layers.Dense`
    Path,
    /// A length that is too large for any machine.
    Huge,
    /// `[x for i in 0..3]`
    Comprehension,
    /// `a ** b`
    Power,
    /// `x[:, 0]`
    Index,
}

/// Properties of a source besides its tokens: the roles of words.
fn mistakes(source: &Source) -> Vec<Mistake> {
    let leaves = &source.leaves;
    let text = |i: usize| leaves.get(i).map_or("", |leaf| leaf.text.as_str());
    let is_word = |i: usize| text(i).starts_with(|c: char| c.is_alphabetic() || c == '_');
    let bound: Vec<&str> = (0..leaves.len())
        .filter(|&i| text(i) == "let")
        .flat_map(|i| match text(i + 1) {
            "(" => (i + 2..).take_while(|&j| text(j) != ")").filter(|&j| is_word(j)).map(text).collect(),
            name => vec![name],
        })
        .collect();
    let functions = ["concatenate", "add", "subtract", "multiply", "maximum", "dot"];
    let classes: Vec<&str> = layers::classes().collect();
    let settings = ["activation", "padding", "kernel_initializer", "optimizer", "loss", "metrics"];
    let mut found = Vec::new();
    let tail = leaves.iter().position(|leaf| leaf.text == "Model").unwrap();
    let misspelt = |kind: Kind, i: usize| {
        let Leaf { start, end, text, .. } = &leaves[i];
        let mut word = text.clone();
        let last = word.pop().unwrap();
        word.extend([last, last]);
        Mistake { kind, edits: vec![(*start, *end, word)], place: (*start, *end), exact: true }
    };
    let removed = |kind: Kind, from: usize, to: usize, place: (usize, usize)| {
        let edits = vec![(leaves[from].start, leaves[to].end, String::new())];
        Mistake { kind, edits, place, exact: false }
    };
    let whole = |i: usize| source.statement(leaves[i].start);
    let block = leaves.iter().position(|leaf| leaf.text == "{").unwrap();
    for (i, leaf) in leaves.iter().enumerate().skip(block + 1) {
        let name = leaf.text.as_str();
        if leaf.depth == 0 {
            continue;
        }
        let replaced = |kind: Kind, from: usize, to: usize, new: String| Mistake {
            kind,
            edits: vec![(leaves[from].start, leaves[to].end, new)],
            place: whole(i),
            exact: false,
        };
        if text(i + 1) == "(" && (classes.contains(&name) || functions.contains(&name)) {
            found.push(misspelt(Kind::Layer, i));
            found.push(replaced(Kind::Path, i, i, format!("keras.layers.{name}")));
        }
        if functions.contains(&name) && text(i + 2) == "[" {
            let close = leaves[i + 2].other.unwrap().0;
            let last = leaves.iter().position(|leaf| leaf.start == close).unwrap();
            found.push(replaced(
                Kind::Comprehension,
                i + 2,
                last,
                format!("[{} for i in 0..3]", text(i + 3)),
            ));
        }
        // Constants of the block are used in several places.
        let counts_axes =
            text(i.wrapping_sub(2)) == "axes" || text(i.wrapping_sub(3)) == "axis" && text(i - 1) == "-";
        if leaf.depth > 1 && i < tail && name.parse::<u32>().is_ok() && !counts_axes {
            found.push(replaced(Kind::Huge, i, i, "9_000_000_000_000_000".into()));
        }
        if leaf.depth == 1 && ["+", "*"].contains(&name) && bound.contains(&text(i + 1)) {
            found.push(replaced(Kind::Power, i, i, "**".into()));
        }
        let operand = text(i.wrapping_sub(1)) == "(" && text(i + 1) == ")" && bound.contains(&name);
        if operand && i < tail && text(i.wrapping_sub(2)) == ")" {
            found.push(replaced(Kind::Index, i, i, format!("{name}[:, 0]")));
        }
        // A keyword of a call instead of the binding of a `let`.
        if text(i + 1) == "=" && is_word(i) && leaf.depth > 1 {
            found.push(misspelt(Kind::Argument, i));
        }
        let given = text(i.wrapping_sub(1)) == "=" && settings.contains(&text(i.wrapping_sub(2)));
        let metric = i > tail && leaf.depth > 4;
        if (given || metric) && is_word(i) && !matches!(text(i + 1), "(" | "=") {
            found.push(misspelt(Kind::Word, i));
            if text(i.wrapping_sub(2)) == "activation" {
                found.push(replaced(Kind::Path, i, i, format!("tf.nn.{name}")));
            }
        }
        let bindings = bound.iter().filter(|bound| **bound == name).count();
        let is_binding = text(i.wrapping_sub(1)) == "let"
            || leaf.depth == 2 && text(i + 1) != "]" && {
                let (start, _) = whole(i);
                text(leaves.iter().position(|leaf| leaf.start >= start).unwrap() + 1) == "("
                    && leaves[..i]
                        .iter()
                        .rfind(|before| before.text == "let")
                        .is_some_and(|it| it.start >= start)
                    && !leaves[..i].iter().any(|before| before.text == "=" && before.start >= start)
            };
        let port = i > tail && text(i + 1) != ":";
        if bindings == 1
            && !is_binding
            && !matches!(text(i + 1), "=" | ":")
            && (i < tail || port)
            && leaf.depth > 1
        {
            found.push(misspelt(Kind::Tensor, i));
        }
        if i > tail && leaf.depth == 3 && text(i + 1) == ":" && text(i.wrapping_sub(1)) != "outputs" {
            let of_outputs = leaves[..i].iter().rfind(|before| before.text == "=").is_some_and(|equals| {
                leaves.iter().any(|leaf| {
                    leaf.text == "outputs" && leaf.end < equals.start && equals.start - leaf.end < 3
                })
            });
            if !of_outputs {
                found.push(misspelt(Kind::Key, i));
            }
        }
        if name == "let" {
            found.push(Mistake { exact: false, ..removed(Kind::NoLet, i, i, whole(i)) });
            if text(i + 1) != "(" && bound.iter().filter(|bound| **bound == text(i + 1)).count() == 1 {
                let end = (i..leaves.len()).find(|&j| text(j) == ";" && leaves[j].depth == 1).unwrap();
                // Reported at a use of the name, of which there are many: anywhere after it.
                let all = (leaf.start, source.text.chars().count());
                found.push(removed(Kind::NoStatement, i, end, all));
            }
        }
        // The first argument of a layer is required, with some exceptions.
        let needs =
            ["Dense", "Conv1D", "Conv2D", "LSTM", "GRU", "Embedding", "Reshape", "Permute", "SimpleRNN"];
        if needs.contains(&name) && text(i + 1) == "(" {
            let (_, close) = leaves[i + 1].other.unwrap();
            let inner = leaves[i + 1].depth + 1;
            let last = (i + 2..leaves.len())
                .find(|&j| leaves[j].end == close || text(j) == "," && leaves[j].depth == inner)
                .unwrap();
            let until = if text(last) == "," { last } else { last - 1 };
            found.push(removed(Kind::NoArgument, i + 2, until, whole(i)));
        }
        if i > tail && text(i + 1) == ":" && leaf.depth == 3 {
            let map = leaves[..i].iter().rfind(|it| it.text == "{" && it.depth == 2).unwrap();
            let of = leaves.iter().position(|it| it.start == map.start).unwrap() - 2;
            let entries = leaves.iter().filter(|it| {
                it.text == ":" && it.depth == 3 && it.start > map.start && it.end < map.other.unwrap().0
            });
            if text(of) == "loss" && entries.count() > 1 {
                let close = map.other.unwrap().0;
                let last = (i..leaves.len())
                    .find(|&j| leaves[j].start == close || text(j) == "," && leaves[j].depth == 3)
                    .unwrap();
                let until = if text(last) == "," { last } else { last - 1 };
                found.push(removed(Kind::NoLoss, i, until, (map.start, map.other.unwrap().1)));
            }
        }
        match leaf.other {
            // A pair of delimiters is removed together.
            Some((start, end)) if start > leaf.start => found.push(Mistake {
                kind: Kind::NoPair,
                edits: vec![(leaf.start, leaf.end, " ".into()), (start, end, " ".into())],
                place: whole(i),
                exact: false,
            }),
            Some(_) => {}
            None => {
                let (start, end) = whole(i);
                // The rest has another meaning: `[256, ]` is a list of one, and `(x)` is `x`.
                let before = text(i.wrapping_sub(1));
                let last = matches!(text(i + 1), "]" | ")") && matches!(before, "," | "[");
                let callee = text(i + 1) == "(" && matches!(before, "=" | "(");
                // Nothing shows that `_read` was ever there.
                if last || callee || name.starts_with('_') {
                    continue;
                }
                // Without a `;` two statements are one.
                let (_, end) = if name == ";" { source.statement(leaf.end) } else { (start, end) };
                let text = if leaf.text == "let" { continue } else { " " };
                let edits = vec![(leaf.start, leaf.end, text.into())];
                found.push(Mistake { kind: Kind::NoToken, edits, place: (start, end), exact: false });
            }
        }
    }
    found
}

/// Lengths with one change after which tensors do not fit: the model, the replaced text, and its replacement. The
/// error is in the last statement that is named.
const LENGTHS: &[(usize, &str, &str, &str)] = &[
    (1, "kernel_size = 1, strides = 2", "kernel_size = 1, strides = 1", "let joined"),
    (1, "filters = 32", "filters = 16", "let joined"),
    (6, "let gate = Dense(WIDTH", "let gate = Dense(TWICE", "let gated"),
    (7, "let a3 = Conv1D(8", "let a3 = Conv1D(4", "let s1"),
    (7, "let b1 = Conv1D(8, 5, padding = same", "let b1 = Conv1D(8, 5, padding = valid", "let s2"),
    (2, "let right = Input(shape = [12, 4])", "let right = Input(shape = [12, 5])", "let two"),
    (8, "let right = Input(shape = [10, 10, 1])", "let right = Input(shape = [10, 9, 1])", "let depth"),
    (4, "let written = LSTM(11", "let written = LSTM(12", "let written"),
    (9, "let shaped = Reshape([6, 2])", "let shaped = Reshape([6, 3])", "let shaped"),
    (5, "let smaller: [4, 4, 4]", "let smaller: [4, 4, 5]", "let smaller"),
    (0, "[127, 32]", "[128, 32]", "let pooled"),
];

fn lengths(number: usize, source: &Source) -> Vec<Mistake> {
    let chars = |bytes: usize| source.text[..bytes].chars().count();
    let at = |text: &str| source.text.find(text).unwrap_or_else(|| panic!("{text}"));
    LENGTHS
        .iter()
        .filter(|(model, ..)| *model == number)
        .map(|(_, from, to, told)| {
            let (start, end) = (chars(at(from)), chars(at(from) + from.len()));
            Mistake {
                kind: Kind::Length,
                edits: vec![(start, end, (*to).into())],
                place: source.statement(chars(at(told))),
                exact: false,
            }
        })
        .collect()
}

/// The source with mistakes, which are in order and disjoint.
fn edited(text: &str, mistakes: &[&Mistake]) -> String {
    let mut edits: Vec<_> = mistakes.iter().flat_map(|mistake| &mistake.edits).collect();
    edits.sort_by_key(|(start, ..)| *start);
    let chars: Vec<char> = text.chars().collect();
    let (mut out, mut at) = (String::new(), 0);
    for (start, end, new) in edits {
        out.extend(&chars[at..*start]);
        out.push_str(new);
        at = *end;
    }
    out.extend(&chars[at..]);
    out
}

/// A range of the valid source in the edited one.
fn moved(place: (usize, usize), mistakes: &[&Mistake]) -> (usize, usize) {
    let shift = |at: usize, end: bool| {
        let edits = mistakes.iter().flat_map(|mistake| &mistake.edits);
        edits.fold(at as i64, |moved, (start, until, new)| {
            let before = if end { *until <= at } else { *until <= at && *start < at };
            if before { moved + new.chars().count() as i64 - (*until - *start) as i64 } else { moved }
        }) as usize
    };
    (shift(place.0, false), shift(place.1, true))
}

/// Locations and texts of errors.
fn errors(source: &str) -> Vec<(usize, usize, String)> {
    let tokens: TokenStream = source.parse().unwrap();
    let lines: Vec<usize> = std::iter::once(0)
        .chain(source.chars().enumerate().filter(|(_, c)| *c == '\n').map(|(i, _)| i + 1))
        .collect();
    let at = |at: proc_macro2::LineColumn| lines[at.line - 1] + at.column;
    let (diags, spans) = diagnosed(tokens);
    diags
        .iter()
        .filter(|diag| diag.severity == Severity::Error)
        .map(|diag| {
            let range = spans.get(diag.loc);
            assert!(!diag.helps.is_empty(), "{diag:?} has no help");
            (at(range.start.start()), at(range.end.end()), diag.message.clone())
        })
        .collect()
}

fn is_at(error: &(usize, usize, String), mistake: &Mistake, all: &[&Mistake]) -> bool {
    let (start, end) = moved(mistake.place, all);
    match mistake.exact {
        true => (error.0, error.1) == (start, end),
        false => error.0 >= start && error.1 <= end,
    }
}

#[test]
fn the_models_are_right() {
    for model in MODELS {
        assert_eq!(told(model), [""; 0]);
    }
}

#[test]
fn one_mistake_is_one_error_at_its_place() {
    let mut wrong = Vec::new();
    let mut counts = std::collections::BTreeMap::new();
    for (number, model) in MODELS.iter().enumerate() {
        let source = Source::new(model);
        for mistake in mistakes(&source).into_iter().chain(lengths(number, &source)) {
            let changed = edited(&source.text, &[&mistake]);
            let errors = errors(&changed);
            *counts.entry(format!("{:?}", mistake.kind)).or_insert(0) += 1;
            // Some tokens are optional.
            let may_be_fine = matches!(mistake.kind, Kind::NoToken | Kind::NoPair);
            // Without a pair of delimiters, there may be two errors or more; a list instead of a number is an error
            // in addition to the missing argument.
            let two = mistake.kind == Kind::NoArgument
                && errors.iter().any(|(.., text)| text.contains("found a list"));
            let most = match mistake.kind {
                Kind::NoPair => 4,
                _ if two => 2,
                _ => 1,
            };
            let at = errors.iter().all(|error| is_at(error, &mistake, &[&mistake]));
            let fine = at && errors.len() <= most && (may_be_fine || !errors.is_empty());
            if !fine {
                let (start, end) = moved(mistake.place, &[&mistake]);
                let shown: String = changed.chars().skip(start).take(end - start).collect();
                let shown: String = shown.trim().chars().take(160).collect();
                let edits: Vec<_> = mistake
                    .edits
                    .iter()
                    .map(|(start, end, new)| {
                        let old: String = source.text.chars().skip(*start).take(end - start).collect();
                        format!("{old:?} → {new:?}")
                    })
                    .collect();
                wrong.push(format!(
                    "{:?} {} in model {number}: {shown}\n    {errors:?}",
                    mistake.kind,
                    edits.join(", ")
                ));
            }
        }
    }
    println!("{counts:?}");
    assert!(wrong.is_empty(), "{} of {counts:?}\n{}", wrong.len(), wrong.join("\n"));
}

/// Two mistakes in two independent statements: both are reported, in the order of the source, and nothing else.
#[test]
fn two_mistakes_are_two_errors_in_source_order() {
    let mut random = fuzz::Random(0x2545_F491_4F6C_DD1D);
    let (mut wrong, mut tried) = (Vec::new(), 0);
    for model in MODELS {
        let source = Source::new(model);
        // A token more or less is only a mistake if it is reported.
        let all = mistakes(&source).into_iter().filter(|mistake| match mistake.kind {
            Kind::NoStatement | Kind::NoPair | Kind::Length => false,
            Kind::NoToken | Kind::NoArgument => errors(&edited(&source.text, &[mistake])).len() == 1,
            _ => true,
        });
        let all: Vec<Mistake> = all.collect();
        for _ in 0..120 {
            let [mut a, mut b] = [&all[random.below(all.len())], &all[random.below(all.len())]];
            if a.edits[0].0 > b.edits[0].0 {
                std::mem::swap(&mut a, &mut b);
            }
            let [(start, end), (other, _)] = [a, b].map(|mistake| source.statement(mistake.edits[0].0));
            // Without a `;` the next statement is part of this one.
            let until = if a.kind == Kind::NoToken { a.place.1.max(end) } else { end };
            let word = |mistake: &Mistake| -> String {
                let (start, end, _) = mistake.edits[0];
                source.text.chars().skip(start).take(end - start).collect()
            };
            // Two mistakes with one name are one.
            if other < until.max(start) || word(a) == word(b) {
                continue;
            }
            tried += 1;
            let changed = edited(&source.text, &[a, b]);
            let told = errors(&changed);
            let fine =
                matches!(&told[..], [first, second] if is_at(first, a, &[a, b]) && is_at(second, b, &[a, b]));
            if !fine {
                let shown = |mistake: &Mistake| {
                    let (start, end, new) = &mistake.edits[0];
                    let (from, _) = source.statement(*start);
                    let old: String = source.text.chars().skip(*start).take(end - start).collect();
                    let before: String = source.text.chars().skip(from).take(start - from).collect();
                    format!("{:?} {}[{old} → {new}]", mistake.kind, before.trim())
                };
                wrong.push(format!("{}\n{}\n    {told:?}", shown(a), shown(b)));
            }
        }
    }
    assert!(tried > 600, "{tried}");
    assert!(wrong.is_empty(), "{} of {tried}\n{}", wrong.len(), wrong.join("\n"));
}
