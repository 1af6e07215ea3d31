//! Tokens between the brackets of an index.

use proc_macro2::TokenTree;

use super::cursor::contents;
use crate::ast::Expr;

/// The tokens between the brackets of an index.
pub(crate) fn index_tokens(expr: &Expr) -> Vec<TokenTree> {
    match expr.tokens.clone().into_iter().last() {
        Some(TokenTree::Group(group)) => contents(group.stream()),
        _ => Vec::new(),
    }
}

/// Index of the two dots of a range.
pub(crate) fn dots(tokens: &[TokenTree]) -> Option<usize> {
    (0..tokens.len()).find(|&at| is_punct(tokens.get(at), '.') && is_punct(tokens.get(at + 1), '.'))
}

fn is_punct(token: Option<&TokenTree>, symbol: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == symbol)
}
