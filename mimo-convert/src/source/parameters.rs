//! Parameters of functions and loops: what is different between parts of one form.

use mimo_graph::value::{Value, ValueKind};

use super::forms::{Form, Open, Part};
use super::{text, word};

/// Most parameters besides tensors.
const PARAMETERS: usize = 5;

/// A parameter with its value in each part.
#[derive(Clone, Debug)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) values: Vec<Value>,
}

/// The parameters of a function, and what stands in its body for everything that is open.
pub(super) fn parameters(
    forms: &[Option<Form>],
    parts: &[Part],
    length: usize,
) -> Option<(Vec<Parameter>, Vec<Value>)> {
    let open_of = |part: &Part| -> Vec<&Open> {
        forms.iter().skip(part.start).take(length).flatten().flat_map(|form| &form.open).collect()
    };
    let all: Vec<Vec<&Open>> = parts.iter().map(open_of).collect();
    let first = all.first()?;
    if all.iter().any(|open| open.len() != first.len()) {
        return None;
    }
    let mut parameters: Vec<Parameter> = vec![];
    let mut values = vec![];
    // Names of layers begin with what is different between the parts.
    let prefixes = prefixes(&all)?;
    for at in 0..first.len() {
        let given: Vec<&Open> = all.iter().filter_map(|open| open.get(at).copied()).collect();
        let one = given.first()?;
        if given.iter().all(|it| it.value == one.value) {
            values.push(one.value.clone());
            continue;
        }
        if one.is_name {
            let (text, prefix) = (text_of(&one.value)?, prefixes.first()?);
            let rest = text.strip_prefix(prefix.as_str())?;
            values.push(self::text(&format!("{{name}}{rest}")));
            continue;
        }
        let given: Vec<Value> = given.iter().map(|it| it.value.clone()).collect();
        if let Some(known) = parameters.iter().find(|it| it.values == given) {
            values.push(word(&known.name));
            continue;
        }
        // A value that is no number and no word is written at each place.
        if !given.iter().all(is_parameter) {
            return None;
        }
        let base = if one.keyword.is_empty() { "setting" } else { &one.keyword };
        let mut name = base.to_owned();
        let mut count = 2;
        while parameters.iter().any(|it| it.name == name) || ["x", "y", "name"].contains(&name.as_str()) {
            name = format!("{base}_{count}");
            count += 1;
        }
        values.push(word(&name));
        parameters.push(Parameter { name, values: given });
    }
    if prefixes.iter().any(|prefix| !prefix.is_empty()) {
        let values = prefixes.iter().map(|prefix| text(prefix)).collect();
        parameters.push(Parameter { name: "name".into(), values });
    }
    (parameters.len() <= PARAMETERS).then_some((parameters, values))
}

pub(super) fn is_parameter(value: &Value) -> bool {
    match &value.kind {
        ValueKind::Int(_) | ValueKind::Float(_) | ValueKind::Bool(_) => true,
        ValueKind::Ident { .. } => true,
        ValueKind::List(items) => items.iter().all(|item| matches!(item.kind, ValueKind::Int(_))),
        _ => false,
    }
}

pub(super) fn text_of(value: &Value) -> Option<&str> {
    match &value.kind {
        ValueKind::Str(text) => Some(text),
        _ => None,
    }
}

/// By part: the text with which those names begin that are different between the parts; what follows it is the same in all.
/// `None` if the names have no such form.
pub(super) fn prefixes(all: &[Vec<&Open>]) -> Option<Vec<String>> {
    let first = all.first()?;
    let different: Vec<usize> = (0..first.len())
        .filter(|&at| {
            let names = all.iter().filter_map(|open| open.get(at));
            let mut names = names.map(|open| (open.is_name, &open.value));
            let one = names.next();
            one.is_some_and(|(is_name, one)| is_name && names.any(|(_, other)| other != one))
        })
        .collect();
    let Some(&start) = different.first() else { return Some(vec![String::new(); all.len()]) };
    let name = |part: usize, at: usize| {
        all.get(part).and_then(|open| open.get(at)).and_then(|open| text_of(&open.value))
    };
    // The longest end that the first of these names share decides.
    let own = name(0, start)?;
    for cut in (1..=own.len()).filter(|&cut| own.is_char_boundary(cut)) {
        let rest = own.get(cut..)?;
        let found: Option<Vec<String>> = (0..all.len())
            .map(|part| {
                name(part, start)?.strip_suffix(rest).map(Into::into).filter(|it: &String| !it.is_empty())
            })
            .collect();
        let Some(found) = found else { continue };
        let fits = different.iter().all(|&at| {
            let rests: Option<Vec<&str>> = found
                .iter()
                .enumerate()
                .map(|(part, prefix)| name(part, at)?.strip_prefix(prefix.as_str()))
                .collect();
            rests.is_some_and(|rests| rests.windows(2).all(|pair| matches!(pair, [a, b] if a == b)))
        });
        if fits {
            return Some(found);
        }
    }
    None
}
