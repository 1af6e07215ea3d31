//! Descriptions: how blocks get the contents of models and functions of other blocks. See `parse/nested.rs`.

use std::hash::{DefaultHasher, Hash, Hasher};

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{format_ident, quote};

use crate::ast::{Header, Model, Use, name_of};
use crate::lower::Lowered;
use crate::parse::{self, Description};

/// The call that requests the next missing description: the macro of that model or function calls `caller`, which is
/// this macro, again, under the path by which this block knows it.
pub(crate) fn request(model: &Model, caller: &str) -> Option<TokenStream> {
    let Header { krate, .. } = model.header.as_ref()?;
    let used = model.uses.get(model.described.len())?;
    let (path, described, written) = (&used.path, &model.described, &model.written);
    let caller = Ident::new(caller, Span::call_site());
    let known = known(model, used);
    Some(quote! {
        #path! { { #krate::__private::#caller } #known { #(@ { #described })* } #written }
    })
}

/// Identifier of the `functions!` that most likely has the next item: if so, it need not be described again.
fn known(model: &Model, next: &Use) -> Option<Ident> {
    let parent = |used: &Use| {
        let mut path: Vec<String> = used.path.clone().into_iter().map(|token| token.to_string()).collect();
        path.pop();
        path
    };
    let libraries = model.uses.iter().zip(&model.described).filter_map(|(used, description)| {
        let (Description::Functions { id, .. } | Description::Again(id)) = Description::read(description)
        else {
            return None;
        };
        Some((parent(used) == parent(next), id))
    });
    let (_, id) = libraries.max_by_key(|(beside, _)| *beside)?;
    Some(Ident::new(&id, Span::call_site()))
}

/// Description of a model for other blocks; `lengths` if it has lengths that only const evaluation knows.
pub(crate) fn of_model(lowered: &Lowered, lengths: bool) -> TokenStream {
    let (mark, description) = (lengths.then(|| quote!(const)), &lowered.description);
    quote!(#mark #description)
}

/// The macro that passes the description of a model to other blocks; an empty description means that the model has
/// errors.
///
/// Macros have a namespace of their own, so it is imported under the model's name: code that can name the type can
/// name the macro.
pub(crate) fn offer(header: &Header, description: &TokenStream) -> TokenStream {
    let (vis, ident) = (&header.vis, &header.ident);
    let public = vis.to_string() == "pub";
    // An exported macro is an item of the crate's root wherever it is written, so its name must be unique.
    let name = match public {
        true => format_ident!("__mimo_model_{}_{}", name_of(ident), expansion(), span = Span::call_site()),
        false => format_ident!("__mimo_model_{}", name_of(ident), span = Span::call_site()),
    };
    let rule = quote! {
        ({ $($model:tt)* } $($known:ident)? { $($described:tt)* } $($written:tt)*) => {
            $($model)*! { $($described)* @ { #description } $($written)* }
        };
    };
    macro_of(&name, public, description, rule, &[(vis, ident)])
}

/// The macro that passes a `functions!` to other blocks, imported under the name of each public function. `None`
/// means that it has errors.
pub(crate) fn offer_functions(model: &Model, sound: bool) -> TokenStream {
    let functions = model.functions.iter().filter(|function| !function.vis.is_empty());
    let names: Vec<(&TokenStream, &Ident)> =
        functions.map(|function| (&function.vis, &function.ident)).collect();
    if names.is_empty() {
        return TokenStream::new();
    }
    let public = names.iter().any(|(vis, _)| vis.to_string() == "pub");
    let name = format_ident!("__mimo_functions_{}", identifier(model), span = Span::call_site());
    let (described, block) = (&model.described, parse::without_crate(&model.written));
    let (description, again) = match sound {
        true => (quote!(#(@ { #described })* fn #name { #block }), quote!(fn #name)),
        false => (quote!(fn), quote!(fn)),
    };
    let rules = quote! {
        ({ $($model:tt)* } #name { $($described:tt)* } $($written:tt)*) => {
            $($model)*! { $($described)* @ { #again } $($written)* }
        };
        ({ $($model:tt)* } $($known:ident)? { $($described:tt)* } $($written:tt)*) => {
            $($model)*! { $($described)* @ { #description } $($written)* }
        };
    };
    macro_of(&name, public, &description, rules, &names)
}

/// A macro, exported under other names.
fn macro_of(
    name: &Ident,
    public: bool,
    description: &TokenStream,
    rules: TokenStream,
    names: &[(&TokenStream, &Ident)],
) -> TokenStream {
    // `macro_rules` would interpret it as a variable of its own.
    if has_dollar(description) {
        return TokenStream::new();
    }
    let export = public.then(|| quote!(#[macro_export]));
    let uses = names.iter().map(|(vis, ident)| {
        quote! {
            #[doc(hidden)]
            #[allow(unused_imports, unreachable_pub)]
            #vis use #name as #ident;
        }
    });
    quote! {
        #[doc(hidden)]
        #export
        #[allow(unused_macros, non_local_definitions, clippy::crate_in_macro_def)]
        macro_rules! #name {
            #rules
        }
        #(#uses)*
    }
}

/// An identifier that is unique to a `functions!` across crates: two of them may be used in one model.
fn identifier(model: &Model) -> String {
    let mut hasher = DefaultHasher::new();
    for variable in ["CARGO_PKG_NAME", "CARGO_PKG_VERSION", "CARGO_CRATE_NAME"] {
        std::env::var(variable).unwrap_or_default().hash(&mut hasher);
    }
    model.written.to_string().hash(&mut hasher);
    format!("{}_{:016x}", expansion(), hasher.finish())
}

/// An identifier that is unique to an expansion within the crate: the compiler numbers them.
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
