//! Self-describing data as tokens.

use mimo_graph::describe::{Holds, Literal};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use super::context::Context;

/// The expression that makes a value. Names of types and functions are resolved in `__mimo`.
pub(super) fn literal(cx: &Context<'_>, value: &Literal) -> TokenStream {
    let all = |values: &[Literal]| values.iter().map(|value| literal(cx, value)).collect::<Vec<_>>();
    match value {
        Literal::Bool(value) => quote!(#value),
        Literal::Int(value) => {
            let value = proc_macro2::Literal::u64_unsuffixed(*value);
            quote!(#value)
        }
        Literal::Negative(value) => {
            let value = proc_macro2::Literal::i64_unsuffixed(*value);
            quote!(#value)
        }
        Literal::Float(value) => float(*value),
        Literal::Text(value) => quote!(#value),
        Literal::Dim(dim) => cx.dim(dim),
        Literal::Optional(None) => quote!(__mimo::None),
        Literal::Optional(Some(value)) => {
            let value = literal(cx, value);
            quote!(__mimo::Some(#value))
        }
        Literal::Array(values) => {
            let values = all(values);
            quote!([#(#values),*])
        }
        Literal::Slice(values) => {
            let values = all(values);
            quote!(&[#(#values),*])
        }
        // By the path of the enum instead of an alias: rustc then promotes the slice to `'static`, whatever it
        // contains.
        Literal::List(values) => {
            let values = all(values);
            quote!(__mimo::Cow::Borrowed(&[#(#values),*]))
        }
        Literal::Shared { name, .. } => {
            let name = path(name);
            quote!(__Defaults::#name)
        }
        Literal::Struct { name, fields } => {
            let (name, fields) = (path(name), self::fields(cx, fields));
            quote!(__mimo::#name { #fields })
        }
        Literal::Updated { name, fields, base } => {
            let (name, fields, base) = (path(name), self::fields(cx, fields), path(base));
            quote!(__mimo::#name { #fields, ..__mimo::#name::#base })
        }
        // Only the user's type knows the size of its state.
        Literal::Variant { name: "Metric", variant: "Own", holds: Holds::Fields(fields) } => {
            let place = fields.iter().find(|(name, _)| *name == "place");
            let place = place.map(|(_, place)| literal(cx, place));
            let fields = fields.iter().map(|(name, value)| {
                let (field, value) = (path(name), literal(cx, value));
                match *name {
                    "state" | "higher_is_better" => quote!(#field: __Own::METRICS[#place].#field),
                    _ => quote!(#field: #value),
                }
            });
            quote!(__mimo::Metric::Own { #(#fields),* })
        }
        Literal::Variant { name, variant, holds } => {
            let (name, variant) = (path(name), path(variant));
            match holds {
                Holds::Nothing => quote!(__mimo::#name::#variant),
                Holds::Fields(fields) => {
                    let fields = self::fields(cx, fields);
                    quote!(__mimo::#name::#variant { #fields })
                }
                Holds::Value(value) => {
                    let value = literal(cx, value);
                    quote!(__mimo::#name::#variant(#value))
                }
            }
        }
        Literal::Call { function, arguments } => {
            let (function, arguments) = (path(function), all(arguments));
            quote!(__mimo::#function(#(#arguments),*))
        }
    }
}

fn fields(cx: &Context<'_>, fields: &[(&'static str, Literal)]) -> TokenStream {
    let fields = fields.iter().map(|(name, value)| {
        let (name, value) = (path(name), literal(cx, value));
        quote!(#name: #value)
    });
    quote!(#(#fields),*)
}

/// A name, or several with `::` between them.
fn path(path: &str) -> TokenStream {
    let names = path.split("::").map(|name| Ident::new(name, Span::call_site()));
    quote!(#(#names)::*)
}

/// Rust has literals only for finite numbers.
fn float(value: f64) -> TokenStream {
    let constant = |name| {
        let name = Ident::new(name, Span::call_site());
        quote!(__mimo::core::primitive::f64::#name)
    };
    match value {
        _ if value.is_nan() => constant("NAN"),
        f64::INFINITY => constant("INFINITY"),
        f64::NEG_INFINITY => constant("NEG_INFINITY"),
        _ => quote!(#value),
    }
}
