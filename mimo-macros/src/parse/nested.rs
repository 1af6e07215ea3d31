//! `use path::Encoder as Name;`: a model that the block uses as a layer, or a function of a `functions!`.
//!
//! A macro only sees its own tokens, so a `model!` also emits a macro of the model's name that passes on its
//! description, and a `functions!` emits one under the names of its functions. A block with `use` statements calls
//! these macros one after another, each with all of its own tokens, and is called again with the description
//! prepended: `@ { … } pub Siamese { … }`. Empty braces mean that the model has errors, which it has reported itself.

use mimo_graph::code::Code;
use mimo_graph::diag::Diag;
use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::cursor::{Cursor, text_of};
use super::header::is_name;
use super::parser::Parser;
use super::rust::is;
use crate::ast::{Model, Use, name_of};
use crate::tokens::idents;

const FORM: &str = "write `use path::Name;`, or `use path::Name as Other;`";

/// The descriptions before a model, and the user's tokens.
pub(super) fn described(mut tokens: Vec<TokenTree>) -> (Vec<TokenStream>, Vec<TokenTree>) {
    let mut found = Vec::new();
    let mut cursor = Cursor::new(&tokens);
    while let (true, Some(group)) = (cursor.punct_at(0, '@'), cursor.group_at(1, Delimiter::Brace)) {
        found.push(group.stream());
        cursor.skip(2);
    }
    let passed = cursor.position();
    (found, tokens.split_off(passed))
}

impl Parser {
    /// Parses `use …`.
    pub(super) fn use_statement(&mut self, cursor: &mut Cursor<'_>, model: &mut Model) {
        cursor.skip(1);
        let start = cursor.position();
        // `::krate::module::Name`
        let mut named = false;
        loop {
            match cursor.peek() {
                Some(TokenTree::Ident(ident)) if !named && ident != "as" => named = true,
                Some(TokenTree::Punct(punct)) if punct.as_char() == ':' => named = false,
                _ => break,
            }
            cursor.skip(1);
        }
        let path = cursor.since(start);
        let [.., TokenTree::Ident(last)] = path else {
            let listed = cursor.group_at(0, Delimiter::Brace).map(|group| idents(&group.stream()));
            model.missing_uses.extend(listed.into_iter().flatten());
            let loc = if cursor.is_empty() {
                self.spans.of(cursor.previous())
            } else {
                self.spans.of(cursor.rest())
            };
            let several = cursor.group_at(0, Delimiter::Brace).is_some();
            let diag = match cursor.peek() {
                _ if several => Diag::error(Code::InvalidUse, loc, "a `use` names one model or one function")
                    .help("write one `use` for each"),
                Some(TokenTree::Punct(punct)) if punct.as_char() == '*' => {
                    Diag::error(Code::InvalidUse, loc, "a `use` names a model or a function").help(FORM)
                }
                _ => Diag::error(
                    Code::InvalidUse,
                    loc,
                    "expected the path of a model or of a function after `use`",
                )
                .help(FORM),
            };
            return self.error(diag);
        };
        let loc = self.spans.of(path);
        let tokens: TokenStream = path.iter().cloned().collect();
        let mut ident = last.clone();
        if cursor.at_keyword("as") {
            cursor.skip(1);
            let Some(alias) = cursor.ident_at(0).filter(|ident| is_name(ident)) else {
                model.missing_uses.push(name_of(last));
                let loc = self.spans.of(cursor.previous());
                return self
                    .error(Diag::error(Code::InvalidUse, loc, "expected a name after `as`").help(FORM));
            };
            ident = alias.clone();
            cursor.skip(1);
        }
        if !cursor.is_empty() {
            let loc = self.spans.of(cursor.rest());
            self.error(Diag::error(Code::InvalidUse, loc, "unexpected tokens after this `use`").help(FORM));
        }
        let valid = is::<syn::Path>(&tokens) && is_name(&ident);
        if !valid {
            model.missing_uses.push(name_of(&ident));
            let shown = text_of(tokens);
            return self.error(
                Diag::error(
                    Code::InvalidUse,
                    loc,
                    format!("`{shown}` is not the path of a model or of a function"),
                )
                .help(FORM),
            );
        }
        self.add_use(Use { path: tokens, ident, loc }, path.len() == 1, model);
    }

    /// Records a `use`, if its name is free and it is not the model itself.
    fn add_use(&mut self, found: Use, alone: bool, model: &mut Model) {
        let name = name_of(&found.ident);
        let itself =
            model.header.as_ref().is_some_and(|header| alone && header.ident == found.path.to_string());
        if itself {
            model.missing_uses.push(name.clone());
            return self.error(
                Diag::error(
                    Code::ModelOfItself,
                    found.loc,
                    format!("the model `{name}` cannot be a layer of itself"),
                )
                .help("a nested model is another one: move what both share to a model of its own"),
            );
        }
        let Some(earlier) = model.uses.iter().find(|earlier| name_of(&earlier.ident) == name) else {
            return model.uses.push(found);
        };
        let (path, earlier) = (text_of(found.path), text_of(earlier.path.clone()));
        let diag = Diag::error(Code::ModelTwice, found.loc, format!("`{name}` is brought in twice"));
        self.error(match path == earlier {
            true => diag.help("remove one of the two"),
            false => diag
                .help(format!("give this one another name: `use {path} as Other;`"))
                .note(format!("`{name}` is `{earlier}` already")),
        });
    }
}
