//! Fields of struct literals, and the token patterns from which they are read.

use std::collections::BTreeSet;

use mimo_graph::language::{self, Kind, Module};
use proc_macro2::{Ident, Literal, Span, TokenStream, TokenTree};
use quote::quote;

use crate::ast::name_of;
use crate::parse::{Cursor, cut_list, is_name};

/// A literal after words that are not its fields.
pub(super) fn with(others: Vec<TokenStream>, literal: TokenStream) -> TokenStream {
    if others.is_empty() { literal } else { quote!((#(#others,)* #literal)) }
}

/// The fields of a literal, each once.
#[derive(Default)]
pub(super) struct Fields {
    names: BTreeSet<String>,
    /// Number of fields without a value.
    bare: usize,
    tokens: TokenStream,
}

impl Fields {
    pub(super) fn add(&mut self, name: &Ident, value: Option<TokenStream>) {
        if self.names.insert(name_of(name)) {
            self.bare += usize::from(value.is_none());
            let value = value.map(|value| quote!(: #value));
            self.tokens.extend(quote!(#name #value,));
        }
    }

    /// The fields, and a struct base for the rest.
    ///
    /// Before anything is typed, rust-analyzer inserts its marker, one more field. It finds the literal without the
    /// marker by the literal's length, so the comma that comes with the marker is compensated: `…, x, ..an()` is as
    /// much longer than `…, ..any()` as `x` is long.
    pub(super) fn with_rest(self) -> TokenStream {
        let Fields { names, bare, tokens } = self;
        let any = match (bare, names.len()) {
            (0, _) => "any",
            (1, 1) => "a",
            _ => "an",
        };
        let any = call_site(any);
        quote!(#tokens ..__l::#any())
    }
}

/// Kind of a function's parameter, guessed from its name: `activation` is the same as for layers.
pub(super) fn guessed(parameter: &str) -> Kind {
    let items = [Module::Layers, Module::Optimizers].into_iter().flat_map(language::items);
    let argument = items.filter_map(|item| item.argument(parameter)).next();
    match argument.map(|argument| argument.kind) {
        Some(kind @ (Kind::Item(_) | Kind::Word(_))) => kind,
        _ => Kind::Tensors,
    }
}

/// Arguments of a list. While its parenthesis is not closed, it also contains the following statements.
pub(super) fn pieces(tokens: &[TokenTree]) -> Vec<&[TokenTree]> {
    let ends = |token: &TokenTree| match token {
        TokenTree::Ident(ident) => ident == "let" || ident == "const",
        TokenTree::Punct(punct) => punct.as_char() == ';',
        TokenTree::Group(_) | TokenTree::Literal(_) => false,
    };
    let end = tokens.iter().position(ends).unwrap_or(tokens.len());
    cut_list(tokens.get(..end).unwrap_or_default())
}

/// `keyword = value`
pub(super) fn keyword(piece: &[TokenTree]) -> Option<(&Ident, &[TokenTree])> {
    let cursor = Cursor::new(piece);
    let keyword = cursor.ident_at(0).filter(|keyword| is_name(keyword) && cursor.punct_at(1, '='))?;
    Some((keyword, piece.get(2..)?))
}

/// The word in a string, at the string's span.
pub(super) fn word_in(literal: &Literal) -> Option<Ident> {
    let text = literal.to_string();
    let text = text.strip_prefix('"')?.strip_suffix('"')?;
    let mut ident = syn::parse_str::<Ident>(text).ok()?;
    ident.set_span(literal.span());
    Some(ident)
}

/// Whether `::` comes next, instead of two separate colons, which Rust reads differently.
pub(super) fn is_colons(cursor: &Cursor<'_>) -> bool {
    let colon = |n| matches!(cursor.peek_nth(n), Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
    colon(0) && colon(1) && !cursor.punct_at(0, ':')
}

pub(super) fn is_none(ident: &Ident) -> bool {
    ident == "none" || ident == "None"
}

pub(super) fn starts_upper(ident: &Ident) -> bool {
    name_of(ident).starts_with(char::is_uppercase)
}

pub(super) fn call_site(name: &str) -> Ident {
    Ident::new(name, Span::call_site())
}
