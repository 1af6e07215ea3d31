//! Tests of the front: what is said, and where.

mod branching;
mod editor;
mod errors;
mod every_name;
mod expansion;
mod expansions;
mod fixes;
mod functions;
mod fuzz;
mod gaps;
mod habits;
mod header;
mod indices;
mod large;
mod libraries;
mod lints;
mod lists;
mod masks;
mod mistakes;
mod moves;
mod names;
mod nested;
mod own;
mod python;
mod recovery;
mod sizes;
mod texts;
mod values;
mod warnings;

use mimo_graph::diag::{Diag, Severity};
use proc_macro2::TokenStream;

use crate::span::Spans;
use crate::{lower, parse, report};

/// What the macro says about a model, in source order: `2:7 [bogus] unknown layer …`.
fn told(source: &str) -> Vec<String> {
    let (diags, spans) = diagnosed(source.parse().unwrap());
    shown(source, &diags, &spans)
}

/// The same for a `functions!`.
fn told_of_functions(source: &str) -> Vec<String> {
    let mut parser = parse::Parser::default();
    let ast = parser.functions(source.parse().unwrap());
    let lower::Outcome { lowered, diags, spans } = lower::functions(&ast, parser.spans, parser.diags);
    let spans = lowered.map_or(spans, |lowered| lowered.spans);
    shown(source, &diags.into_sorted(), &spans)
}

fn shown(source: &str, diags: &[Diag], spans: &Spans) -> Vec<String> {
    diags
        .iter()
        .map(|diag| {
            let range = spans.get(diag.loc);
            let (start, end) = (range.start.start(), range.end.end());
            let kind = if diag.severity == Severity::Warning { "warning: " } else { "" };
            let text = slice(source, start, end);
            // Codes are tested where they are documented, in `errors`; the texts are easier to read without.
            let message = report::message(diag);
            let code = format!(" [{}]", diag.code);
            assert_eq!(message.lines().next().unwrap_or_default(), format!("{}{code}", diag.message));
            let message = message.replacen(&code, "", 1);
            format!("{}:{} [{text}] {kind}{message}", start.line, start.column + 1)
        })
        .collect()
}

/// Everything that is wrong with a model, in source order, and the places.
fn diagnosed(tokens: TokenStream) -> (Vec<Diag>, Spans) {
    let mut parser = parse::Parser::default();
    let ast = parser.model(tokens);
    let lower::Outcome { lowered, diags, spans } = lower::model(&ast, parser.spans, parser.diags);
    let spans = lowered.map_or(spans, |lowered| lowered.spans);
    (diags.into_sorted(), spans)
}

/// The source between two places.
fn slice(source: &str, start: proc_macro2::LineColumn, end: proc_macro2::LineColumn) -> String {
    let offset = |at: proc_macro2::LineColumn| {
        let lines: usize =
            source.split_inclusive('\n').take(at.line - 1).map(|line| line.chars().count()).sum();
        lines + at.column
    };
    source.chars().skip(offset(start)).take(offset(end) - offset(start)).collect()
}

/// What is said about the statements of a model with the input `x` and the output `y`.
#[track_caller]
fn assert_told(source: &str, wanted: &[&str]) {
    let told = told(source);
    let shown: Vec<&str> = told.iter().map(String::as_str).collect();
    assert_eq!(shown, wanted, "\n{}", told.join("\n---\n"));
}

/// The same for one line between a sound start and a sound end; columns count from the line's first character.
#[track_caller]
fn assert_line(line: &str, wanted: &[&str]) {
    assert_told(&model(line), wanted);
}

fn model(line: &str) -> String {
    format!(
        "pub Net {{ let x = Input(shape = [4]); let y0 = Dense(2)(x);\n{line}\nlet y = Dense(1)(y0); \
         Model(inputs = [x], outputs = [y]) }}"
    )
}
