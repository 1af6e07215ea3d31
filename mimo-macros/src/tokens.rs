//! Pieces of generated code.

use std::collections::HashSet;

use mimo_graph::dim::{ConstId, Dim, Expr};
use proc_macro2::{Delimiter, Group, Ident, Literal, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};

use crate::span::SpanRange;

/// `path` inside of mimo's private module.
pub(crate) fn private(krate: &TokenStream, path: TokenStream) -> TokenStream {
    quote!(#krate::__private::#path)
}

/// A call whose span runs from the first to the last token of `range`, so that a const panic in a
/// `#[track_caller]` function underlines what the user wrote:
///
/// ```text
/// error[E0080]: evaluation panicked: last axis of `x` is 10, but 12 is required
///   |     let y: [12] = Dense(WIDTH)(x);
///   |            ^^^^ evaluation of `_` failed here
/// ```
pub(crate) fn spanned_call(range: SpanRange, path: TokenStream, args: TokenStream) -> TokenStream {
    let path = respan(path, range.start);
    let mut args = Group::new(Delimiter::Parenthesis, args);
    args.set_span(range.end);
    quote!(#path #args)
}

/// The same tokens with one span. Groups get it too; their contents keep their own.
pub(crate) fn respan(tokens: TokenStream, span: Span) -> TokenStream {
    tokens
        .into_iter()
        .map(|mut token| {
            token.set_span(span);
            token
        })
        .collect()
}

/// A length as a const expression of type `usize`. `constant` writes the user's constants.
pub(crate) fn dim_tokens(dim: &Dim, constant: &dyn Fn(ConstId) -> TokenStream) -> TokenStream {
    let expr = match dim {
        Dim::Known(n) => return Literal::usize_suffixed(*n).into_token_stream(),
        Dim::Deferred(expr) => expr,
    };
    let tokens = |dim: &Dim| {
        let tokens = dim_tokens(dim, constant);
        match dim {
            Dim::Known(_) => tokens,
            Dim::Deferred(_) => quote!((#tokens)),
        }
    };
    match &**expr {
        Expr::Const(id) => constant(*id),
        Expr::Add(..) => {
            let terms = expr.terms().unwrap_or_default().into_iter().map(tokens);
            quote!(#(#terms)+*)
        }
        Expr::Sub(a, b) => binary(tokens(a), quote!(-), tokens(b)),
        Expr::Mul(a, b) => binary(tokens(a), quote!(*), tokens(b)),
        // As a person and clippy would write it.
        Expr::Div(Dim::Deferred(sum), divisor)
            if let Expr::Add(a, more) = &**sum
                && *more == divisor.clone() - Dim::Known(1) =>
        {
            let (a, divisor) = (dim_tokens(a, constant), dim_tokens(divisor, constant));
            quote!(::core::primitive::usize::div_ceil(#a, #divisor))
        }
        Expr::Div(a, b) => binary(tokens(a), quote!(/), tokens(b)),
        Expr::Max(a, b) => {
            let (a, b) = (tokens(a), tokens(b));
            quote!({ if #a > #b { #a } else { #b } })
        }
    }
}

/// Same as [`dim_tokens`], with functions of the module `saturating`, which neither overflow nor divide by zero.
pub(crate) fn saturating_tokens(
    dim: &Dim,
    saturating: &TokenStream,
    constant: &dyn Fn(ConstId) -> TokenStream,
) -> TokenStream {
    let expr = match dim {
        Dim::Known(n) => return Literal::usize_suffixed(*n).into_token_stream(),
        Dim::Deferred(expr) => expr,
    };
    let (function, a, b) = match &**expr {
        Expr::Const(id) => return constant(*id),
        Expr::Add(a, b) => (quote!(add), a, b),
        Expr::Sub(a, b) => (quote!(sub), a, b),
        Expr::Mul(a, b) => (quote!(mul), a, b),
        Expr::Div(a, b) => (quote!(div), a, b),
        Expr::Max(a, b) => (quote!(max), a, b),
    };
    let [a, b] = [a, b].map(|side| saturating_tokens(side, saturating, constant));
    quote!(#saturating::#function(#a, #b))
}

fn binary(a: TokenStream, op: TokenStream, b: TokenStream) -> TokenStream {
    quote!(#a #op #b)
}

/// A name as an identifier: raw if it is a keyword, with `_` for characters that identifiers cannot have.
pub(crate) fn ident(name: &str, span: Span) -> Ident {
    if let Ok(ident) = syn::parse_str::<Ident>(name)
        && name != "gen"
    {
        return Ident::new(&ident.to_string(), span);
    }
    if syn::parse_str::<Ident>(&format!("r#{name}")).is_ok() {
        return Ident::new_raw(name, span);
    }
    let mut text: String = name.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
    if !text.starts_with(|c: char| c.is_alphabetic() || c == '_') || syn::parse_str::<Ident>(&text).is_err() {
        text.insert(0, '_');
    }
    // Some letters and digits of Unicode are no part of identifiers.
    let fits = text != "_" && syn::parse_str::<Ident>(&text).is_ok();
    Ident::new(if fits { &text } else { "__" }, span)
}

/// Associated constant that exports a length of a model to the models that nest it.
pub(crate) fn length_name(i: usize) -> Ident {
    Ident::new(&format!("__MIMO_LENGTH_{i}"), Span::call_site())
}

/// Every identifier in a stream, however deep.
pub(crate) fn idents(stream: &TokenStream) -> HashSet<String> {
    let mut found = HashSet::new();
    let mut open = vec![stream.clone()];
    while let Some(stream) = open.pop() {
        for token in stream {
            match token {
                TokenTree::Group(group) => open.push(group.stream()),
                TokenTree::Ident(ident) => {
                    found.insert(ident.to_string());
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }
    found
}

/// A string at a span.
pub(crate) fn text(text: &str, span: Span) -> TokenStream {
    quote_spanned!(span=> #text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_const_expressions() {
        let consts = [quote!(WIDTH), quote!((crate::VOCAB * 2))];
        let (a, b) = (Dim::constant(ConstId(0)), Dim::constant(ConstId(1)));
        let shown = |dim: Dim| dim_tokens(&dim, &|id| consts[id.0 as usize].clone()).to_string();
        assert_eq!(shown(Dim::Known(3)), "3usize");
        assert_eq!(shown((a.clone() - Dim::Known(1)) / Dim::Known(2)), "((WIDTH) - 1usize) / 2usize");
        let halved = (a.clone() + Dim::Known(1)) / Dim::Known(2);
        assert_eq!(shown(halved), ":: core :: primitive :: usize :: div_ceil (WIDTH , 2usize)");
        let pooled = (a.clone() + (b.clone() - Dim::Known(1))) / b.clone();
        assert_eq!(shown(pooled), ":: core :: primitive :: usize :: div_ceil (WIDTH , (crate :: VOCAB * 2))");
        assert_eq!(
            shown(a.max(b)),
            "{ if (WIDTH) > ((crate :: VOCAB * 2)) { (WIDTH) } else { ((crate :: VOCAB * 2)) } }"
        );
    }

    #[test]
    fn names_become_identifiers() {
        let shown = |name| ident(name, Span::call_site()).to_string();
        assert_eq!(shown("risk"), "risk");
        assert_eq!(shown("type"), "r#type");
        assert_eq!(shown("self"), "_self");
        assert_eq!(shown("größe"), "größe");
        assert_eq!(shown("block1/conv"), "block1_conv");
        assert_eq!(shown("2nd"), "_2nd");
        assert_eq!(shown(""), "__");
        assert_eq!(shown("_"), "__");
        assert_eq!(shown("½"), "__");
    }
}
