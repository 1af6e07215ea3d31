//! What is emitted beside errors, so that a model that is wrong is all that is wrong.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};

use crate::ast::{Model, name_of};
use crate::emit;
use crate::lower::Lowered;
use crate::tokens::ident;

/// The types of a model, as far as they are known.
///
/// rustc gives no further errors about a name whose definition is missing because of a failed macro, if the
/// failure and the missing definition are in the same module: the name, its fields and methods, and whatever
/// is computed from them are silently taken for right. So the errors go into a module of their own, and the
/// names are imported from there. That holds inside functions too, where errors alone would not do.
///
/// rust-analyzer has no such rule, and reports what it finds wrong itself. It gets structs with the fields of the
/// inputs and outputs, for completion while something else is being typed; everything else, and these too while it is not
/// known which fields they have, are types that do not exist: rust-analyzer says nothing about what is made of them.
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
        // The allowance has to enclose what `cfg` removes.
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

/// The names of functions with mistakes: whatever uses them is silently taken for right.
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

/// The types of a model that nests one with mistakes: they stand for whatever that one's type stands for, which is a type
/// that rustc knows to be wrong, and says nothing more about.
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
