//! `model!` as a function: the root of a library of the same modules as `lib.rs`, for `fuzz/`. A missing module is an
//! error when `.ci/run` compiles that library.
#![forbid(unsafe_code)]

// Proc-macro crates have it implicitly. Outside of a compiler it only reports that there is none.
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

/// Expands `functions! { input }`.
pub fn functions(input: proc_macro2::TokenStream) -> proc_macro2::TokenStream {
    expand::expand_functions(input)
}

/// Expands `model! { input }`.
pub fn model(input: proc_macro2::TokenStream) -> proc_macro2::TokenStream {
    expand::expand(input)
}
