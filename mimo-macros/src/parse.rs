//! Tokens → [`ast::Model`], with recovery.
//!
//! The block is cut into runs at its semicolons first, and each run is parsed on its own: a statement that
//! cannot be read says so at its own tokens, and the others are read and checked all the same.

mod binding;
mod cursor;
mod expansion;
mod expr;
mod header;
mod levels;
mod list;
mod nested;
mod python;
mod rust;
mod statement;

pub(crate) use cursor::{Cursor, contents, cut_list, text_of, too_deep};
pub(crate) use header::is_name;
use mimo_graph::code::Code;
use mimo_graph::diag::{Diag, Severity};
use mimo_graph::layers;
use proc_macro2::{Delimiter, TokenStream, TokenTree};
pub(crate) use python::power;
pub(crate) use rust::{is, is_item_path, is_rust};

use self::cursor::cut;
use crate::ast::{Expr, ExprKind, Model, Run, Statement};
use crate::span::Spans;

/// What statements start with.
const STATEMENTS: [&str; 5] = ["let", "const", "for", "fn", "use"];

/// How deep groups may be nested.
const DEPTH: usize = 64;

/// What all of the grammar reports to.
#[derive(Debug, Default)]
pub(crate) struct Parser {
    /// Every place that was named.
    pub(crate) spans: Spans,
    /// Every mistake that was found.
    pub(crate) diags: Vec<Diag>,
    /// Operators and calls of the expression that is being read.
    operators: usize,
    /// Depth of the expression that is being read.
    depth: usize,
}

impl Parser {
    /// Reports a mistake.
    pub(crate) fn error(&mut self, diag: Diag) {
        self.diags.push(diag);
    }

    /// How many errors there are: what a warning is about has been read all the same.
    fn errors(&self) -> usize {
        self.diags.iter().filter(|diag| diag.severity == Severity::Error).count()
    }

    /// Whether the last error is about tokens that are no statement.
    fn is_foreign(&self) -> bool {
        self.diags.last().is_some_and(|diag| diag.code == Code::NotAStatement)
    }

    /// Attributes as they will be written again: broken ones are reported here, and left out.
    fn attributes(&mut self, tokens: &[TokenTree]) -> TokenStream {
        let stream: TokenStream = tokens.iter().cloned().collect();
        match rust::is_attributes(&stream) {
            true => stream,
            false => {
                let loc = self.spans.of(tokens);
                self.error(
                    Diag::error(Code::InvalidAttribute, loc, "this is not an attribute")
                        .help("write `#[name]` or `#[name(…)]`"),
                );
                TokenStream::new()
            }
        }
    }

    /// Reads one `model!`.
    pub(crate) fn model(&mut self, input: TokenStream) -> Model {
        let mut model = Model::default();
        if let Some(span) = too_deep(&input, DEPTH) {
            let loc = self.spans.add(crate::span::SpanRange::one(span));
            self.error(
                Diag::error(Code::TooLarge, loc, "this is nested too deeply")
                    .help("bind a part of it with `let`"),
            );
            return model;
        }
        let input = contents(input);
        let first = input.first().cloned();
        let (described, tokens) = nested::described(input);
        model.described = described;
        model.written = tokens.iter().cloned().collect();
        let Some(body) = self.header(&tokens, &mut model) else { return model };
        self.body(body, &mut model);
        // Nobody asked for this.
        if let (true, Some(first)) = (model.described.len() > model.uses.len(), first) {
            let loc = self.spans.of(&[first]);
            self.error(
                Diag::error(Code::MissingModelName, loc, "expected the model's name").help(header::FORM),
            );
        }
        model
    }

    /// The statements of the block.
    fn body(&mut self, block: &proc_macro2::Group, model: &mut Model) {
        let tokens = flatten(contents(block.stream()));
        let mut state = statement::State::default();
        let known = self.errors();
        self.statements(&tokens, &mut state, model);
        // Whatever went wrong before may be the `Model(…)` that was meant.
        if model.tail.is_none() && !(model.lost.any() && self.errors() > known) {
            let loc = self.spans.add(crate::span::SpanRange::one(block.span_close()));
            let message =
                match model.statements.is_empty() && model.consts.is_empty() && model.uses.is_empty() {
                    true => "this model is empty",
                    false => "the block does not say what the model is",
                };
            self.error(
                Diag::error(Code::MissingModel, loc, message)
                    .help("end the block with `Model(inputs = […], outputs = […])`"),
            );
        }
    }
}

impl Parser {
    /// Reads one statement, and keeps its tokens.
    fn run(&mut self, tokens: &[TokenTree], state: &mut statement::State, model: &mut Model) {
        let (consts, statements) = (model.consts.len(), model.statements.len());
        self.statement(tokens, state, model);
        let binders = match model.statements.get(statements) {
            Some(Statement::Let(binding)) => binding.names.iter().map(|name| name.loc).collect(),
            Some(Statement::For(_)) | None => Vec::new(),
        };
        let inner = std::mem::take(&mut model.inner);
        model.runs.push(Run { tokens: tokens.to_vec(), consts: consts..model.consts.len(), binders, inner });
    }

    /// Reads statement by statement.
    fn statements(&mut self, tokens: &[TokenTree], state: &mut statement::State, model: &mut Model) {
        let runs = cut(tokens, ';');
        let last = runs.iter().rposition(|run| !run.is_empty());
        for (i, run) in runs.iter().enumerate() {
            let mut rest = *run;
            loop {
                // A statement with a body ends with it.
                let (statement, next) = match (expansion::braced(rest), missing_semicolon(rest)) {
                    (Some(at), _) => rest.split_at(at),
                    // A run that holds the start of another statement lacks a `;`.
                    (None, Some(at)) => {
                        let (statement, next) = rest.split_at(at);
                        self.run(statement, state, model);
                        // A missing body was reported, and tokens that are not a statement need no end.
                        if !expansion::has_body(statement) && !self.is_foreign() {
                            let loc =
                                self.spans.of(statement.last().map(std::slice::from_ref).unwrap_or_default());
                            self.error(
                                Diag::error(Code::MissingSemicolon, loc, "missing `;` after this statement")
                                    .help("write a `;` here"),
                            );
                        }
                        rest = next;
                        continue;
                    }
                    (None, None) => break,
                };
                self.run(statement, state, model);
                rest = next;
            }
            // What ends a body is what a function gives.
            state.last = (last == Some(i)).then_some(i + 1 < runs.len());
            self.run(rest, state, model);
        }
    }
}

/// Opens invisible groups that hold statements: a `macro_rules!` fragment `$s:stmt`.
fn flatten(tokens: Vec<TokenTree>) -> Vec<TokenTree> {
    let statements = |group: &proc_macro2::Group| {
        let inner = contents(group.stream());
        let first = Cursor::new(&inner);
        group.delimiter() == Delimiter::None && STATEMENTS.iter().any(|keyword| first.at_keyword(keyword))
    };
    tokens
        .into_iter()
        .flat_map(|token| match &token {
            TokenTree::Group(group) if statements(group) => contents(group.stream()),
            _ => vec![token],
        })
        .collect()
}

/// Where in a run a second statement starts, if one does.
fn missing_semicolon(run: &[TokenTree]) -> Option<usize> {
    let mut cursor = Cursor::new(run);
    cursor.attributes();
    let mut assigned = false;
    let start = cursor.position();
    while !cursor.is_empty() {
        // Only after a token that can end a statement: `*const u8` starts nothing.
        let ended = cursor.position() > start
            && matches!(
                cursor.previous(),
                [TokenTree::Ident(_) | TokenTree::Group(_) | TokenTree::Literal(_)]
            );
        // `Input shape = [8]` lacks parentheses.
        let layer = matches!(cursor.previous(), [TokenTree::Ident(previous)]
            if previous == "Input" || layers::classes().any(|class| previous == class));
        let starts = cursor.at_keyword("let")
            || cursor.at_keyword("const")
            || cursor.at_keyword("use")
            || cursor.at_keyword("for")
            || cursor.at_keyword("fn")
            || cursor.at_keyword("Model") && cursor.group_at(1, Delimiter::Parenthesis).is_some()
            || assigned && !layer && cursor.ident_at(0).is_some() && cursor.punct_at(1, '=')
            || cursor.punct_at(0, '#') && cursor.group_at(1, Delimiter::Bracket).is_some();
        // `return Model(…)` is one statement, and so is `let let`.
        let keyword = matches!(cursor.previous(), [TokenTree::Ident(previous)]
            if ["let", "const", "return", "pub", "mut", "use"].iter().any(|keyword| previous == keyword));
        if ended && starts && !keyword {
            return Some(cursor.position());
        }
        assigned |= cursor.punct_at(0, '=');
        cursor.skip(1);
    }
    None
}

/// An expression in the place of one that was reported.
fn invalid(loc: mimo_graph::diag::Loc) -> Expr {
    Expr { kind: ExprKind::Invalid, loc, tokens: TokenStream::new() }
}
