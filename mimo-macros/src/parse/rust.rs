//! Tokens that are left to Rust's own grammar: constant expressions, types, paths and attributes.

use proc_macro2::{TokenStream, TokenTree};
use syn::parse::{Parse, Parser as _};

use super::cursor::too_deep;

/// Limit on nested groups, signs, references and angle brackets that are passed to syn: it recurses for each, on a
/// stack of unknown size.
const DEPTH: usize = 16;
const SIGNS: usize = 48;

/// Whether the tokens are a valid `T` of Rust.
pub(crate) fn is<T: Parse>(tokens: &TokenStream) -> bool {
    is_short(tokens) && syn::parse2::<T>(tokens.clone()).is_ok()
}

/// Whether the tokens are a valid Rust expression. Closures and control flow are not in syn's small grammar, and are
/// not lengths.
pub(crate) fn is_rust(tokens: &TokenStream) -> bool {
    is::<syn::Expr>(tokens)
}

/// Whether the tokens are a valid path of an item, without types in it.
pub(crate) fn is_item_path(tokens: TokenStream) -> bool {
    is_short(&tokens) && syn::Path::parse_mod_style.parse2(tokens).is_ok()
}

/// Whether the tokens are valid attributes.
pub(super) fn is_attributes(tokens: &TokenStream) -> bool {
    is_short(tokens) && syn::Attribute::parse_outer.parse2(tokens.clone()).is_ok()
}

/// Whether tokens are few and flat enough to be hand-written.
pub(super) fn is_short(tokens: &TokenStream) -> bool {
    too_deep(tokens, DEPTH).is_none() && signs(tokens) <= SIGNS
}

/// Number of tokens for which syn recurses.
fn signs(tokens: &TokenStream) -> usize {
    let counts = tokens.clone().into_iter().map(|token| match token {
        TokenTree::Group(group) => signs(&group.stream()),
        TokenTree::Punct(punct) => {
            usize::from(matches!(punct.as_char(), '!' | '-' | '*' | '&' | '<' | '|' | '='))
        }
        TokenTree::Ident(ident) => usize::from(ident == "as" || ident == "return" || ident == "break"),
        TokenTree::Literal(_) => 0,
    });
    counts.sum()
}
