//! How models learn of each other: see `parse/nested.rs`.

use std::hash::{DefaultHasher, Hash, Hasher};

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{format_ident, quote};

use crate::ast::{Header, Model, name_of};

/// The call that asks for the next description, if one is missing: the macro of that model calls this one again, by the
/// path under which this model knows it.
pub(crate) fn request(model: &Model) -> Option<TokenStream> {
    let Header { krate, .. } = model.header.as_ref()?;
    let path = &model.uses.get(model.described.len())?.path;
    let (described, written) = (&model.described, &model.written);
    Some(quote! {
        #path! { { #krate::__private::model } { #(@ { #described })* } #written }
    })
}

/// The macro that hands the description of a model to others; an empty one says that the model has mistakes.
///
/// Macros have names of their own, so it is imported under the model's: whoever can name the type can name the macro.
pub(crate) fn offer(header: &Header, description: &TokenStream) -> TokenStream {
    // What `macro_rules` would take for a variable of its own.
    if has_dollar(description) {
        return TokenStream::new();
    }
    let (vis, ident) = (&header.vis, &header.ident);
    let public = vis.to_string() == "pub";
    // An exported macro is an item of the crate's root, wherever it is written, so its name has to be the only one.
    let name = match public {
        true => format_ident!("__mimo_model_{}_{}", name_of(ident), expansion(), span = Span::call_site()),
        false => format_ident!("__mimo_model_{}", name_of(ident), span = Span::call_site()),
    };
    let export = public.then(|| quote!(#[macro_export]));
    quote! {
        #[doc(hidden)]
        #export
        #[allow(unused_macros, non_local_definitions, clippy::crate_in_macro_def)]
        macro_rules! #name {
            ({ $($model:tt)* } { $($described:tt)* } $($written:tt)*) => {
                $($model)*! { $($described)* @ { #description } $($written)* }
            };
        }
        #[doc(hidden)]
        #[allow(unused_imports, unreachable_pub)]
        #vis use #name as #ident;
    }
}

/// A word that no other expansion in the crate has: the compiler numbers them.
fn expansion() -> String {
    let mut hasher = DefaultHasher::new();
    format!("{:?}", Span::call_site()).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

fn has_dollar(stream: &TokenStream) -> bool {
    stream.clone().into_iter().any(|token| match token {
        TokenTree::Group(group) => has_dollar(&group.stream()),
        TokenTree::Punct(punct) => punct.as_char() == '$',
        TokenTree::Ident(_) | TokenTree::Literal(_) => false,
    })
}
