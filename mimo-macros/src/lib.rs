//! The `model!` macro: parse → lower (names, shapes, checks) → emit.
//!
//! Nothing here is for direct use; the macro is `mimo::model!`, and what it writes goes through
//! `mimo::__private`.
#![forbid(unsafe_code)]

mod ast;
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
fn expand(input: proc_macro2::TokenStream) -> proc_macro2::TokenStream {
    let mut parser = parse::Parser::default();
    let ast = parser.model(input);
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
        return quote!(#stubs #constants #checks);
    }
    let model = emit::model(&lowered);
    let warnings = report::warnings(&diags, &lowered.spans);
    let checks = report::checks(&lowered);
    let constants = lowered.constants(&quote!(#model #checks));
    quote!(#constants #model #warnings #checks)
}

/// What is said when the macro itself fails.
fn bug() -> proc_macro2::TokenStream {
    let message = "this is a bug in mimo: the macro panicked\n\n  = help: please report it with the model";
    quote!(::core::compile_error! { #message })
}
