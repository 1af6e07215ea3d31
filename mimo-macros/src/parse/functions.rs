//! `functions! { … }`: functions and constants for other blocks, and their descriptions.

use mimo_graph::code::Code;
use mimo_graph::diag::{Diag, Loc};
use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::quote;

use super::cursor::{Cursor, contents, flatten};
use super::nested::described;
use super::parser::Parser;
use super::rust::is;
use super::state::{Place, State};
use crate::ast::{Function, Header, Model};
use crate::span::Spans;

/// The answer of a macro that a block called for a `use`.
#[derive(Debug)]
pub(crate) enum Description {
    /// A model.
    Model {
        /// Whether it has lengths that only const evaluation knows.
        lengths: bool,
        /// Input of [`Parser::model`].
        model: TokenStream,
    },
    /// A `functions!`, with the descriptions of its own imports.
    Functions {
        /// Unique identifier of the block.
        id: String,
        /// One for each `use` of the block.
        described: Vec<TokenStream>,
        /// The statements.
        block: TokenStream,
    },
    /// A `functions!` that was described before.
    Again(String),
    /// A `functions!` with errors, which were reported there.
    Broken,
}

impl Description {
    /// Parses a description: `fn id { … }`, `fn id` and `fn` are functions, anything else is a model.
    pub(crate) fn read(description: &TokenStream) -> Description {
        let all = contents(description.clone());
        if Cursor::new(&all).at_keyword("const") {
            return Description::Model { lengths: true, model: all.into_iter().skip(1).collect() };
        }
        let (before, tokens) = described(all);
        let cursor = Cursor::new(&tokens);
        if !cursor.at_keyword("fn") {
            return Description::Model { lengths: false, model: description.clone() };
        }
        let Some(id) = cursor.ident_at(1).map(Ident::to_string) else { return Description::Broken };
        match cursor.group_at(2, Delimiter::Brace) {
            Some(block) => Description::Functions { id, described: before, block: block.stream() },
            None => Description::Again(id),
        }
    }
}

impl Parser {
    /// Parses one `functions!`.
    pub(crate) fn functions(&mut self, input: TokenStream) -> Model {
        let mut model = Model::default();
        if self.is_too_deep(&input) {
            return model;
        }
        let (described, tokens) = described(contents(input));
        model.described = described;
        model.written = tokens.iter().cloned().collect();
        let mut cursor = Cursor::new(&tokens);
        let krate = self.crate_path(&mut cursor);
        model.header = Some(header(krate));
        self.statements(&flatten(cursor.rest().to_vec()), &mut State::at(Place::Functions), &mut model);
        model
    }

    /// Parses the visibility of a function.
    pub(super) fn visibility(&mut self, tokens: &[TokenTree], place: Place) -> TokenStream {
        let vis: TokenStream = tokens.iter().cloned().collect();
        if tokens.is_empty() {
            return vis;
        }
        let diag = match place {
            Place::Functions if is::<syn::Visibility>(&vis) => return vis,
            Place::Functions => |loc: Loc| {
                Diag::error(Code::InvalidVisibility, loc, "this is not a visibility")
                    .help("write `pub` or `pub(crate)`")
            },
            _ => |loc: Loc| {
                Diag::error(Code::VisibleStatement, loc, "`pub` does not belong here")
                    .help("only the model itself has a visibility")
                    .help("functions for other blocks stand in `functions! { … }`")
            },
        };
        let loc = self.spans.of(tokens);
        self.error(diag(loc));
        TokenStream::new()
    }

    /// Reports a statement of `functions!` that is neither a function nor a constant nor a `use`.
    pub(super) fn only_functions(&mut self, cursor: &Cursor<'_>, model: &mut Model) {
        let loc = self.spans.of(cursor.rest());
        self.lose(cursor.rest(), model);
        self.error(
            Diag::error(
                Code::OnlyFunctions,
                loc,
                "`functions!` has functions, constants and `use` statements only",
            )
            .help("move this into a function: `pub fn name(x) { …; result }`"),
        );
    }
}

/// The tokens of a `functions!` after the path of mimo, which only concerns the crate that wrote it.
pub(crate) fn without_crate(written: &TokenStream) -> TokenStream {
    let tokens = contents(written.clone());
    let mut cursor = Cursor::new(&tokens);
    // Its errors were reported.
    Parser::default().crate_path(&mut cursor);
    cursor.rest().iter().cloned().collect()
}

/// The header of a `functions!`, which has no name.
fn header(krate: TokenStream) -> Header {
    let ident = Ident::new("functions", Span::call_site());
    Header { krate, attrs: TokenStream::new(), vis: TokenStream::new(), ident }
}

/// The statements of a `functions!` that is valid at its definition.
pub(crate) fn library(block: TokenStream) -> Model {
    let mut model = Model { header: Some(header(quote!(::mimo))), ..Model::default() };
    let mut state = State::at(Place::Functions);
    Parser::default().statements(&flatten(contents(block)), &mut state, &mut model);
    model
}

/// Parses a function of a `functions!` again for one of its calls: all tokens get the location of that call.
pub(crate) fn function_at(tokens: &[TokenTree], site: Loc, span: Span) -> Option<Function> {
    let tokens: Vec<TokenTree> = tokens.iter().cloned().map(|token| respanned(token, span)).collect();
    let mut parser = Parser { spans: Spans::at(site), ..Parser::default() };
    let mut model = Model::default();
    let nothing = (TokenStream::new(), TokenStream::new());
    parser.function(&mut Cursor::new(&tokens), nothing, &mut model);
    std::rc::Rc::into_inner(model.functions.pop()?)
}

/// A token and its contents with one span.
fn respanned(mut token: TokenTree, span: Span) -> TokenTree {
    if let TokenTree::Group(group) = &token {
        let inner = group.stream().into_iter().map(|token| respanned(token, span)).collect();
        token = TokenTree::Group(proc_macro2::Group::new(group.delimiter(), inner));
    }
    token.set_span(span);
    token
}
