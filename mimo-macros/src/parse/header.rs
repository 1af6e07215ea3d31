//! The part before the block: `crate = ::net; /// docs  pub Name`.

use mimo_graph::code::Code;
use mimo_graph::diag::Diag;
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::quote;

use super::cursor::Cursor;
use super::parser::Parser;
use super::rust::is;
use crate::ast::{Header, Model, name_of};
use crate::reserved;
use crate::span::SpanRange;

pub(super) const FORM: &str = "write `pub Name { … }`";

impl Parser {
    /// Parses the header, and returns the block.
    pub(super) fn header<'a>(&mut self, tokens: &'a [TokenTree], model: &mut Model) -> Option<&'a Group> {
        let mut cursor = Cursor::new(tokens);
        let krate = self.crate_path(&mut cursor);
        let attrs = self.lint_levels(cursor.attributes(), &mut model.levels);
        let attrs = self.attributes(&attrs);
        let vis_start = cursor.position();
        if cursor.at_keyword("pub") {
            cursor.skip(1);
            if cursor.group_at(0, Delimiter::Parenthesis).is_some() {
                cursor.skip(1);
            }
        } else if cursor.group_at(0, Delimiter::None).is_some() {
            // `$vis` of a `macro_rules!`, which may be empty.
            cursor.skip(1);
        }
        let vis_tokens = cursor.since(vis_start);
        let mut vis: TokenStream = vis_tokens.iter().cloned().flat_map(ungrouped).collect();
        if !is::<syn::Visibility>(&vis) {
            let loc = self.spans.of(vis_tokens);
            self.error(
                Diag::error(Code::InvalidVisibility, loc, "this is not a visibility")
                    .help("write `pub` or `pub(crate)`"),
            );
            vis = TokenStream::new();
        }
        for keyword in ["struct", "model", "mod", "fn", "class"] {
            let name_follows = cursor.ident_at(1).is_some();
            if let (true, true, Some(ident)) = (cursor.at_keyword(keyword), name_follows, cursor.ident_at(0))
            {
                let loc = self.spans.add(SpanRange::one(ident.span()));
                let diag =
                    Diag::error(Code::KeywordBeforeName, loc, format!("`{keyword}` does not belong here"))
                        .help(FORM);
                self.error(diag);
                cursor.skip(1);
            }
        }
        let Some(ident) = cursor.ident_at(0).filter(|ident| is_name(ident)) else {
            let (message, loc) = match cursor.peek() {
                Some(token) => ("expected the model's name", self.spans.of(std::slice::from_ref(token))),
                None => ("expected a name and a block", self.spans.of(cursor.previous())),
            };
            self.error(Diag::error(Code::MissingModelName, loc, message).help(FORM));
            return self.block(&mut cursor);
        };
        let loc = self.spans.add(SpanRange::one(ident.span()));
        if let Some(diag) = reserved::model(&name_of(ident), loc) {
            self.error(diag);
        }
        cursor.skip(1);
        model.header = Some(Header { krate, attrs, vis, ident: ident.clone() });
        let block = self.block(&mut cursor);
        if block.is_none() {
            let loc = self.spans.of(cursor.previous());
            self.error(
                Diag::error(Code::MissingBlock, loc, format!("the model `{ident}` has no block")).help(FORM),
            );
        }
        block
    }

    /// The block; reports other tokens before and after it.
    fn block<'a>(&mut self, cursor: &mut Cursor<'a>) -> Option<&'a Group> {
        let start = cursor.position();
        while cursor.group_at(0, Delimiter::Brace).is_none() {
            if cursor.is_empty() {
                return None;
            }
            cursor.skip(1);
        }
        let between = cursor.since(start);
        if !between.is_empty() && self.errors() == 0 {
            let loc = self.spans.of(between);
            let (code, message) = match between.first() {
                Some(TokenTree::Punct(p)) if p.as_char() == '<' => {
                    (Code::GenericModel, "a model has no generic parameters")
                }
                _ => (Code::TokensBeforeBlock, "unexpected tokens between the model's name and its block"),
            };
            self.error(Diag::error(code, loc, message).help(FORM));
        }
        let block = cursor.group_at(0, Delimiter::Brace);
        cursor.skip(1);
        if !cursor.is_empty() {
            let loc = self.spans.of(cursor.rest());
            self.error(
                Diag::error(Code::TokensAfterModel, loc, "unexpected tokens after the model")
                    .help("write one `model!` per model"),
            );
        }
        block
    }

    /// `crate = ::path;`
    pub(super) fn crate_path(&mut self, cursor: &mut Cursor<'_>) -> TokenStream {
        let default = quote!(::mimo);
        if !cursor.at_keyword("crate") || !cursor.punct_at(1, '=') {
            return default;
        }
        cursor.skip(2);
        let start = cursor.position();
        let mut after_ident = false;
        loop {
            match cursor.peek() {
                // An identifier after an identifier is the model's name, and the `;` is missing.
                Some(TokenTree::Ident(_)) if !after_ident => after_ident = true,
                Some(TokenTree::Punct(p)) if p.as_char() == ':' => after_ident = false,
                _ => break,
            }
            cursor.skip(1);
        }
        let path = cursor.since(start);
        let tokens: TokenStream = path.iter().cloned().collect();
        let valid = is::<syn::Path>(&tokens);
        let ended = matches!(cursor.peek(), Some(TokenTree::Punct(p)) if p.as_char() == ';');
        if !valid || !ended {
            let loc = if path.is_empty() { self.spans.of(cursor.previous()) } else { self.spans.of(path) };
            let message = if valid { "missing `;` after the path" } else { "expected the path of mimo" };
            self.error(Diag::error(Code::InvalidCratePath, loc, message).help("write `crate = ::path;`"));
        }
        // An invalid path is skipped, if it ends where a path would.
        let rest = || {
            cursor.rest().iter().map_while(|token| match token {
                TokenTree::Punct(punct) => Some(punct.as_char() == ';'),
                TokenTree::Group(_) => None,
                _ => Some(false),
            })
        };
        if let Some(end) = rest().position(|ends| ends) {
            cursor.skip(end + 1);
        }
        if valid { tokens } else { default }
    }
}

/// The contents of an invisible group, or the token itself.
fn ungrouped(token: TokenTree) -> TokenStream {
    match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => group.stream(),
        token => token.into(),
    }
}

/// Whether an identifier is a valid name: not a keyword and not `_`. `gen` is a keyword since edition 2024; a macro
/// does not know the edition of the user's crate.
pub(crate) fn is_name(ident: &proc_macro2::Ident) -> bool {
    ident != "gen" && syn::parse_str::<syn::Ident>(&ident.to_string()).is_ok()
}
