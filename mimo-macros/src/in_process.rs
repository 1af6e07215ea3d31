//! What `model!` does, as a function: the root of a library of the same modules as `lib.rs`, for `fuzz/`. A module that
//! is missing here is an error when that is compiled, which `.ci/run` does.
#![forbid(unsafe_code)]

// A macro's crate has it without a word. Outside of a compiler it only knows that it is outside.
extern crate proc_macro;

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
mod tokens;

/// What `functions! { input }` becomes.
pub fn functions(input: proc_macro2::TokenStream) -> proc_macro2::TokenStream {
    expand::expand_functions(input)
}

/// What `model! { input }` becomes.
pub fn model(input: proc_macro2::TokenStream) -> proc_macro2::TokenStream {
    expand::expand(input)
}
