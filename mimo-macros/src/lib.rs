//! The `model!` macro: parse → lower (names, shapes, checks) → emit.
//!
//! Nothing here is for direct use; the macro is `mimo::model!`, and what it writes goes through
//! `mimo::__private`.
#![forbid(unsafe_code)]

mod ast;
mod description;
mod editor;
mod emit;
mod expand;
mod fallback;
mod lengths;
mod lints;
mod losses;
mod lower;
mod parse;
mod report;
mod reserved;
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
    let expanded = std::panic::catch_unwind(|| expand::expand(input.into()));
    expanded.unwrap_or_else(|_| bug()).into()
}

/// Declares functions of the language that models and other functions bring in by `use`. See the documentation of `mimo`.
#[proc_macro]
pub fn functions(input: TokenStream) -> TokenStream {
    let expanded = std::panic::catch_unwind(|| expand::expand_functions(input.into()));
    expanded.unwrap_or_else(|_| bug()).into()
}

/// What is said when the macro itself fails.
fn bug() -> TokenStream2 {
    let message = "this is a bug in mimo: the macro panicked\n\n  = help: please report it with the model";
    quote!(::core::compile_error! { #message })
}
