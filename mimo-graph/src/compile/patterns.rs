//! Keys that end in `*`: `digit_*` means every output whose name starts with `digit_`. A whole name takes precedence
//! over a pattern.

use std::collections::BTreeSet;

use crate::args::list;
use crate::code::Code;
use crate::compile::forms::{Given, Spread};
use crate::diag::{Diag, Loc, did_you_mean};
use crate::graph::Graph;
use crate::value::{Value, ValueKind};

/// Prefix of a pattern, `digit_` for `digit_*`; `None` for a key that is a whole name.
pub(super) fn prefix(key: &str) -> Option<&str> {
    key.strip_suffix('*')
}

/// Indices of the outputs whose names have the prefix.
pub(super) fn matched(prefix: &str, graph: &Graph) -> Vec<usize> {
    let named = graph.outputs.iter().enumerate().filter(|(_, output)| !output.name.is_empty());
    named.filter(|(_, output)| output.name.starts_with(prefix)).map(|(place, _)| place).collect()
}

/// Error for two patterns that match the same output.
pub(super) fn both(first: &str, second: &str, output: &str, loc: Loc) -> Diag {
    let message = match first == second {
        true => format!("the pattern `{first}` stands twice"),
        false => format!("`{first}` and `{second}` both match the output `{output}`"),
    };
    Diag::error(Code::OutputGivenTwice, loc, message).help(match first == second {
        true => "remove one".into(),
        false => {
            format!("write longer patterns, or give `{output}` an entry of its own and remove one of the two")
        }
    })
}

/// The pattern that a key probably means, among those that match outputs: their names without the numbers at the end.
pub(super) fn near(key: &str, graph: &Graph) -> Option<String> {
    let stem = |name: &str| format!("{}*", name.trim_end_matches(|c: char| c.is_ascii_digit()));
    let outputs = graph.outputs.iter().filter(|output| !output.name.is_empty());
    let stems: BTreeSet<String> = outputs.map(|output| stem(&output.name)).collect();
    did_you_mean(key, stems.iter().map(String::as_str)).map(str::to_owned)
}

/// Error for a pattern that matches nothing. `near` is a pattern that matches something.
pub(super) fn unmatched(key: &str, near: Option<String>, loc: Loc, graph: &Graph) -> Diag {
    let message = format!("no output has a name that `{key}` matches");
    let diag = Diag::error(Code::UnknownOutput, loc, message);
    let outputs: Vec<&str> = graph.outputs.iter().map(|output| output.name.as_str()).collect();
    let s = if outputs.len() == 1 { " is" } else { "s are" };
    match near {
        Some(near) => diag.help(format!("did you mean `{near}`?")),
        None => diag.help(format!("the output{s} {}", list(outputs))),
    }
}

/// Sets the entry of the matching pattern for outputs without one of their own.
pub(super) fn fill<'v>(
    spread: &mut Spread<'v>,
    by_pattern: &[Option<usize>],
    entries: &'v [(String, Loc, Value)],
) {
    let mut used = BTreeSet::new();
    for (given, &index) in spread.outputs.iter_mut().zip(by_pattern) {
        let Some((index, (_, _, value))) = index.and_then(|index| Some((index, entries.get(index)?))) else {
            continue;
        };
        if *given == Given::Nothing {
            used.insert(index);
            *given = match value.kind {
                ValueKind::Invalid => Given::Broken,
                _ => Given::Value(value),
            };
        }
    }
    // A value that no output uses is still checked.
    let unused: BTreeSet<usize> =
        by_pattern.iter().flatten().copied().filter(|at| !used.contains(at)).collect();
    spread.stray.extend(unused.into_iter().filter_map(|at| Some(&entries.get(at)?.2)));
}

#[cfg(test)]
mod tests {
    use crate::activation::Activation::{Linear, Softmax};
    use crate::sketch::{Model, resolved};

    const NONE: [&str; 0] = [];

    fn captcha() -> Model {
        Model::heads(&[("digit_0", 10, Softmax), ("digit_1", 10, Softmax), ("price", 1, Linear)])
    }

    #[test]
    fn a_pattern_is_for_every_output_that_starts_so() {
        let (compile, errors) = resolved(
            &captcha(),
            "loss = { digit_*: sparse_categorical_crossentropy, price: mse }, \
             loss_weights = { digit_*: 0.5 }, metrics = { \"digit_*\": [accuracy] }",
        );
        assert_eq!(errors, NONE);
        let outputs = compile.unwrap().outputs;
        let names: Vec<_> = outputs.iter().map(|output| output.loss.unwrap().name()).collect();
        let cross = "sparse_categorical_crossentropy";
        assert_eq!(names, [cross, cross, "mean_squared_error"]);
        let weights: Vec<_> = outputs.iter().map(|output| output.weight).collect();
        assert_eq!(weights, [0.5, 0.5, 1.0]);
        let metrics: Vec<_> = outputs.iter().map(|output| output.metrics.len()).collect();
        assert_eq!(metrics, [1, 1, 0]);
    }

    #[test]
    fn a_whole_name_wins_over_a_pattern() {
        for order in ["digit_1: none, digit_*: mse", "digit_*: mse, digit_1: none"] {
            let (compile, errors) = resolved(&captcha(), &format!("loss = {{ {order}, price: mse }}"));
            assert_eq!(errors, NONE);
            let outputs = compile.unwrap().outputs;
            let trained: Vec<_> = outputs.iter().map(|output| output.loss.is_some()).collect();
            assert_eq!(trained, [true, false, true]);
        }
    }

    #[test]
    fn a_pattern_matches_something() {
        let (_, errors) = resolved(&captcha(), "loss = { digits_*: mse, price: mse }");
        assert_eq!(
            errors,
            ["at digits_*: error: no output has a name that `digits_*` matches\n  \
              = help: did you mean `digit_*`?"]
        );
        let (_, errors) = resolved(&captcha(), "loss = mse, metrics = { letter_*: mae }");
        assert_eq!(
            errors,
            ["at letter_*: error: no output has a name that `letter_*` matches\n  \
              = help: the outputs are `digit_0`, `digit_1`, `price`"]
        );
    }

    #[test]
    fn two_patterns_do_not_match_one_output() {
        let (_, errors) = resolved(&captcha(), "loss = { digit_*: mse, d*: mse, price: mse }");
        assert_eq!(
            errors,
            ["at d*: error: `digit_*` and `d*` both match the output `digit_0`\n  \
              = help: write longer patterns, or give `digit_0` an entry of its own and remove one of the two"]
        );
        let (_, errors) = resolved(&captcha(), "loss = { digit_*: mse, digit_*: mse, price: mse }");
        assert_eq!(errors, ["at digit_*: error: the pattern `digit_*` stands twice\n  = help: remove one"]);
    }

    #[test]
    fn what_a_pattern_leaves_out_is_missing() {
        let (_, errors) = resolved(&captcha(), "loss = { digit_*: mse }");
        assert_eq!(
            errors,
            ["at a list or map: error: `loss` leaves out the output `price`\n  \
              = help: add `price: mse` or another loss, or `price: none` to leave it untrained"]
        );
    }
}
