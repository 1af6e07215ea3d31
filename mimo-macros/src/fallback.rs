//! Items emitted next to errors, so that a model with errors causes no further ones.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};

use crate::ast::{Model, name_of};
use crate::emit;
use crate::lower::Lowered;
use crate::tokens::ident;

/// The types of a model, as far as they are known.
///
/// rustc reports no further errors about a name whose definition is missing because of a failed macro, if the failure
/// and the missing definition are in the same module: it silently accepts the name, its fields and methods, and
/// everything computed from them. So the errors are emitted in a module of their own, and the names are imported from
/// there. This also works inside functions, where errors alone would not suffice.
///
/// rust-analyzer has no such rule, and reports errors of its own. It gets structs with the fields of the inputs and
/// outputs, for completion while something else is being typed. Everything else, and these too while their fields are
/// unknown, are types that do not exist: rust-analyzer reports nothing about their uses.
pub(crate) fn model(lowered: &Lowered, errors: TokenStream) -> TokenStream {
    let name = &lowered.header.ident;
    let vis = &lowered.header.vis;
    let module = format_ident!("__mimo_errors_of_{}", name.to_string().trim_start_matches("r#"));
    let module = ident(&module.to_string(), Span::mixed_site());
    let part = |suffix: &str| format_ident!("{}{suffix}", name, span = name.span());
    let [inputs, outputs, targets, per_output] = ["Inputs", "Outputs", "Targets", "PerOutput"].map(part);
    let [sample, prediction] = ["Sample", "Prediction"].map(part);
    let (input_fields, output_fields) = (&lowered.inputs, &lowered.outputs);
    let mut logs = vec![part("Logs")];
    logs.extend(emit::logs::names(name, output_fields));
    let structs = match lowered.named {
        true => quote! {
            #[cfg(rust_analyzer)]
            pub struct #inputs<B = usize, E = f32> { #(pub #input_fields: Missing<B, E>,)* }
            #[cfg(rust_analyzer)]
            pub struct #outputs<B = usize, E = f32, T = ()> { #(pub #output_fields: Missing<B, E, T>,)* }
            #[cfg(rust_analyzer)]
            pub struct #targets<B = usize, E = f32> { #(pub #output_fields: Missing<B, E>,)* }
            #[cfg(rust_analyzer)]
            pub struct #per_output<T> { #(pub #output_fields: T,)* }
            #[cfg(rust_analyzer)]
            pub struct #sample<'a, E = f32> { #(pub #input_fields: &'a Missing<E>,)* }
            #[cfg(rust_analyzer)]
            pub struct #prediction<E = f32> { #(pub #output_fields: Missing<E>,)* }
        },
        false => quote! {
            #[cfg(rust_analyzer)]
            pub type #inputs<B = usize, E = f32> = Missing<B, E>;
            #[cfg(rust_analyzer)]
            pub type #outputs<B = usize, E = f32, T = ()> = Missing<B, E, T>;
            #[cfg(rust_analyzer)]
            pub type #targets<B = usize, E = f32> = Missing<B, E>;
            #[cfg(rust_analyzer)]
            pub type #per_output<T> = Missing<T>;
            #[cfg(rust_analyzer)]
            pub type #sample<'a, E = f32> = Missing<E>;
            #[cfg(rust_analyzer)]
            pub type #prediction<E = f32> = Missing<E>;
        },
    };
    quote! {
        // The `allow` must enclose what `cfg` removes.
        #[doc(hidden)]
        #[allow(non_snake_case, unexpected_cfgs, missing_docs, dead_code)]
        mod #module {
            #errors
            #structs
            #[cfg(rust_analyzer)]
            pub type #name<E = f32, D = ()> = Missing<E, D>;
            #(#[cfg(rust_analyzer)] pub type #logs = Missing;)*
        }
        #[allow(unused_imports)]
        #vis use #module::{#name, #inputs, #outputs, #targets, #per_output, #sample, #prediction, #(#logs),*};
    }
}

/// The names of functions with errors: rustc silently accepts their uses.
pub(crate) fn functions(ast: &Model, errors: TokenStream) -> TokenStream {
    let seen: Vec<_> = ast.functions.iter().filter(|function| !function.vis.is_empty()).collect();
    let Some(first) = seen.first() else { return errors };
    let module = format_ident!("__mimo_errors_of_{}", name_of(&first.ident));
    let module = ident(&module.to_string(), Span::mixed_site());
    let uses = seen.iter().map(|function| {
        let (vis, name) = (&function.vis, &function.ident);
        quote! {
            #[allow(unused_imports)]
            #vis use #module::#name;
        }
    });
    quote! {
        #[doc(hidden)]
        mod #module {
            #errors
        }
        #(#uses)*
    }
}

/// The types of a model that nests one with errors: aliases of that one's type, about which rustc reports nothing
/// more.
pub(crate) fn unusable(lowered: &Lowered, nested: &TokenStream) -> TokenStream {
    let name = &lowered.header.ident;
    let vis = &lowered.header.vis;
    let part = |suffix: &str| format_ident!("{}{suffix}", name, span = name.span());
    let [inputs, outputs, targets, per_output] = ["Inputs", "Outputs", "Targets", "PerOutput"].map(part);
    let [sample, prediction] = ["Sample", "Prediction"].map(part);
    let hidden = quote!(#[doc(hidden)] #[allow(dead_code, missing_docs, unused_qualifications)]);
    quote! {
        #hidden #vis type #name<E = f32, D = ()> = #nested;
        #hidden #vis type #inputs<B = usize, E = f32> = #nested;
        #hidden #vis type #outputs<B = usize, E = f32, T = ()> = #nested;
        #hidden #vis type #targets<B = usize, E = f32> = #nested;
        #hidden #vis type #per_output<T> = #nested;
        #hidden #vis type #sample<'a, E = f32> = #nested;
        #hidden #vis type #prediction<E = f32> = #nested;
    }
}
