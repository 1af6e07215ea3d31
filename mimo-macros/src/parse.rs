//! Tokens → [`ast::Model`], with recovery.
//!
//! The block is first split into runs at its semicolons, and each run is parsed separately: a statement that cannot
//! be parsed is reported at its own tokens, and the others are still parsed and checked.

mod binding;
mod brackets;
mod branching;
mod cursor;
mod expansion;
mod expr;
mod foreign;
mod functions;
mod header;
mod levels;
mod list;
mod nested;
mod parser;
mod python;
mod rust;
mod state;
mod statement;
mod switch;

pub(crate) use brackets::{dots, index_tokens};
pub(crate) use branching::logic;
pub(crate) use cursor::{Cursor, contents, cut_list, text_of, too_deep};
pub(crate) use foreign::{Names, foreign};
pub(crate) use functions::{Description, function_at, library, without_crate};
pub(crate) use header::is_name;
use mimo_graph::code::Code;
use mimo_graph::diag::Diag;
use mimo_graph::layers;
pub(crate) use parser::Parser;
use proc_macro2::{Delimiter, TokenStream, TokenTree};
pub(crate) use python::power;
pub(crate) use rust::{is, is_item_path, is_rust};
pub(crate) use statement::is_constant;

use self::cursor::{cut, flatten};
use self::state::State;
use crate::ast::{Model, Run, Statement};

/// Limit on the nesting of groups.
pub(crate) const DEPTH: usize = 40;

impl Parser {
    /// Parses one `model!`.
    pub(crate) fn model(&mut self, input: TokenStream) -> Model {
        let mut model = Model::default();
        if self.is_too_deep(&input) {
            return model;
        }
        let input = contents(input);
        let first = input.first().cloned();
        let (described, tokens) = nested::described(input);
        model.described = described;
        model.written = tokens.iter().cloned().collect();
        let Some(body) = self.header(&tokens, &mut model) else { return model };
        self.body(body, &mut model);
        // An unrequested description.
        if let (true, Some(first)) = (model.described.len() > model.uses.len(), first) {
            let loc = self.spans.of(&[first]);
            self.error(
                Diag::error(Code::MissingModelName, loc, "expected the model's name").help(header::FORM),
            );
        }
        model
    }

    /// Reports groups that are nested too deeply.
    fn is_too_deep(&mut self, input: &TokenStream) -> bool {
        let Some(span) = too_deep(input, DEPTH) else { return false };
        let loc = self.spans.add(crate::span::SpanRange::one(span));
        self.error(
            Diag::error(Code::TooLarge, loc, "this is nested too deeply")
                .help("bind a part of it with `let`"),
        );
        true
    }

    /// The statements of the block.
    fn body(&mut self, block: &proc_macro2::Group, model: &mut Model) {
        let tokens = flatten(contents(block.stream()));
        let mut state = State::default();
        let known = self.errors();
        self.statements(&tokens, &mut state, model);
        // An earlier statement with an error may be the missing `Model(…)`.
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
    /// Parses one statement, and stores its tokens.
    fn run(&mut self, tokens: &[TokenTree], state: &mut State, model: &mut Model) {
        let (consts, statements) = (model.consts.len(), model.statements.len());
        self.statement(tokens, state, model);
        let binders = match model.statements.get(statements) {
            Some(Statement::Let(binding)) => binding.names.iter().map(|name| name.loc).collect(),
            Some(Statement::For(_) | Statement::If(_) | Statement::AddLoss(_)) | None => Vec::new(),
        };
        let inner = std::mem::take(&mut model.inner);
        model.runs.push(Run { tokens: tokens.to_vec(), consts: consts..model.consts.len(), binders, inner });
    }

    /// Parses statement by statement.
    fn statements(&mut self, tokens: &[TokenTree], state: &mut State, model: &mut Model) {
        let runs = cut(tokens, ';');
        let last = runs.iter().rposition(|run| !run.is_empty());
        for (i, run) in runs.iter().enumerate() {
            let mut rest = *run;
            loop {
                // A statement with a body ends with it.
                let (statement, next) =
                    match (expansion::braced(rest).or(branching::chain(rest)), missing_semicolon(rest)) {
                        (Some(at), _) => rest.split_at(at),
                        // A run that contains the start of another statement lacks a `;`.
                        (None, Some(at)) => {
                            let (statement, next) = rest.split_at(at);
                            self.run(statement, state, model);
                            // A missing body was reported, and tokens that are not a statement need no end.
                            if !expansion::has_body(statement)
                                && !expansion::lacks_body(statement)
                                && !self.is_foreign()
                            {
                                let loc = self
                                    .spans
                                    .of(statement.last().map(std::slice::from_ref).unwrap_or_default());
                                self.error(
                                    Diag::error(
                                        Code::MissingSemicolon,
                                        loc,
                                        "missing `;` after this statement",
                                    )
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
            // The end of a function's body is its result.
            state.last = (last == Some(i)).then_some(i + 1 < runs.len());
            self.run(rest, state, model);
        }
    }
}

/// Index in a run at which a second statement starts, if any.
fn missing_semicolon(run: &[TokenTree]) -> Option<usize> {
    let mut cursor = Cursor::new(run);
    cursor.attributes();
    let mut assigned = false;
    let start = cursor.position();
    while !cursor.is_empty() {
        // Only after a token that can end a statement: `*const u8` is not a start.
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
            || branching::starts(cursor.rest())
            || cursor.at_keyword("Model") && cursor.group_at(1, Delimiter::Parenthesis).is_some()
            || assigned && !layer && cursor.ident_at(0).is_some() && cursor.punct_at(1, '=')
            || cursor.punct_at(0, '#') && cursor.group_at(1, Delimiter::Bracket).is_some();
        // `return Model(…)` is one statement, and so is `let let`.
        let keyword = matches!(cursor.previous(), [TokenTree::Ident(previous)]
            if ["let", "const", "return", "pub", "mut", "use"].iter().any(|keyword| previous == keyword));
        // So are `else if` and `if let`.
        let before = run.get(cursor.position().saturating_sub(1)..).unwrap_or_default();
        let joined = match cursor.previous() {
            [TokenTree::Ident(previous)] if previous == "else" => cursor.at_keyword("if"),
            _ => cursor.at_keyword("let") && branching::starts(before),
        };
        if ended && starts && !keyword && !joined {
            return Some(cursor.position());
        }
        assigned |= cursor.punct_at(0, '=');
        cursor.skip(1);
    }
    None
}
