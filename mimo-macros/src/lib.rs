//! The `model!` macro: parse → lower (names, shapes, checks) → emit.
//!
//! Nothing here is for direct use; the macro is `mimo::model!`, and what it writes goes through
//! `mimo::__private`.
#![cfg_attr(docsrs, feature(doc_cfg))]
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

/// Declares functions of the language, which a `model!` or another `functions!` brings in by `use path::name;`.
///
/// Layers that a function makes belong to the model that calls it. Functions without `pub`, and constants, are seen in this
/// `functions!` only. See "Larger models" in the documentation of `mimo`.
///
/// ```ignore
/// functions! {
///     const EPSILON: f32 = 1.001e-5;
///
///     fn norm(x) { BatchNormalization(epsilon = EPSILON)(x) }
///
///     /// One residual block: `x` has as many channels as `filters`.
///     pub fn residual(x, filters, activation = relu) {
///         let h = Conv2D(filters, 3, padding = same)(x);
///         add([x, Activation(activation)(norm(h))])
///     }
/// }
/// ```
///
/// # Errors
///
/// Functions are checked where they stand as far as that needs no arguments; what shows with arguments only, such as shapes, is an
/// error at the call.
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
