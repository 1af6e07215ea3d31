//! The `model!` macro: parse → lower (names, shapes, checks) → emit.
//!
//! Nothing here is for direct use; the macro is `mimo::model!`, and what it writes goes through
//! `mimo::__private`.
#![forbid(unsafe_code)]

mod ast;
mod description;
mod emit;
mod fallback;
mod lints;
mod lower;
mod parse;
mod report;
mod span;
#[cfg(test)]
mod tests;
mod tokens;

use proc_macro::TokenStream;
use proc_macro2::TokenStream as TokenStream2;
use quote::quote;

/// Compiles a model description into typed Rust. See the documentation of `mimo`.
#[proc_macro]
pub fn model(input: TokenStream) -> TokenStream {
    // A panic is always a bug: every token sequence is either a model or a mistake with a message.
    let expanded = std::panic::catch_unwind(|| expand(input.into()));
    expanded.unwrap_or_else(|_| bug()).into()
}

/// The whole pipeline: read the model, give it its meaning, check it; then either emit it or tell everything
/// that is wrong with it at once.
fn expand(input: TokenStream2) -> TokenStream2 {
    let mut parser = parse::Parser::default();
    let ast = parser.model(input);
    if let Some(request) = description::request(&ast) {
        return request;
    }
    let lower::Outcome { lowered, diags, spans } = lower::model(&ast, parser.spans, parser.diags);

    let failed = diags.has_errors();
    let diags = diags.into_sorted();
    let Some(lowered) = lowered else { return report::errors(&diags, &spans) };
    if failed {
        // What only const evaluation finds is told in the same run.
        let errors = report::errors(&diags, &lowered.spans);
        let checks = report::checks(&lowered);
        let stubs = fallback::model(&lowered, errors);
        let constants = lowered.constants(&checks);
        let description = description::offer(&lowered.header, &TokenStream2::new());
        return quote!(#stubs #constants #checks #description);
    }
    if let Some(nested) = &lowered.unusable {
        let description = description::offer(&lowered.header, &TokenStream2::new());
        let stubs = fallback::unusable(&lowered, nested);
        return quote!(#stubs #description);
    }
    let model = emit::model(&lowered);
    let warnings = report::warnings(&diags, &lowered.spans);
    let checks = report::checks(&lowered);
    let generated = quote!(#model #checks);
    let (constants, lengths) = (lowered.constants(&generated), lowered.lengths(&generated));
    let description = description::offer(&lowered.header, &lowered.description);
    quote!(#constants #model #lengths #warnings #checks #description)
}

/// What is said when the macro itself fails.
fn bug() -> TokenStream2 {
    let message = "this is a bug in mimo: the macro panicked\n\n  = help: please report it with the model";
    quote!(::core::compile_error! { #message })
}
