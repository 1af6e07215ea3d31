//! The complete pipeline in one function. It does not use `proc_macro`, so that `in_process.rs` can provide it to the
//! fuzz targets.

use proc_macro2::TokenStream;
use quote::quote;

use crate::lengths::Lengths;
use crate::{description, editor, emit, fallback, lower, parse, report};

/// Parses, lowers and checks a model; then emits it, or reports all errors.
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let mut parser = parse::Parser::default();
    let ast = parser.model(input);
    if let Some(request) = description::request(&ast, "model") {
        return request;
    }
    let lower::Outcome { lowered, diags, spans } = lower::model(&ast, parser.spans, parser.diags);

    let failed = diags.has_errors();
    let diags = diags.into_sorted();
    let Some(lowered) = lowered else { return report::errors(&diags, &spans) };
    // Must come first: see `editor.rs`.
    let editor = editor::items(&ast, &lowered);
    if failed {
        // Errors that only const evaluation finds are reported in the same run.
        let errors = report::errors(&diags, &lowered.spans);
        let lengths = Lengths::new(&lowered);
        let checks = report::checks(&lowered, &lengths);
        let stubs = fallback::model(&lowered, errors);
        let constants = lengths.constants();
        let description = description::offer(&lowered.header, &TokenStream::new());
        return quote!(#editor #stubs #constants #checks #description);
    }
    if let Some(nested) = &lowered.unusable {
        let description = description::offer(&lowered.header, &TokenStream::new());
        let stubs = fallback::unusable(&lowered, nested);
        return quote!(#editor #stubs #description);
    }
    let lengths = Lengths::new(&lowered);
    let model = emit::model(&lowered, &lengths);
    let warnings = report::warnings(&diags, &lowered.spans);
    let checks = report::checks(&lowered, &lengths);
    // Checks of sizes, which come with the constants, may use more of them.
    let associated = lengths.associated();
    let constants = lengths.constants();
    let description = description::of_model(&lowered, lengths.any());
    let description = description::offer(&lowered.header, &description);
    quote!(#editor #constants #model #associated #warnings #checks #description)
}

/// Expands a `functions!`: its functions are checked, and exported to other blocks.
pub(crate) fn expand_functions(input: TokenStream) -> TokenStream {
    let mut parser = parse::Parser::default();
    let ast = parser.functions(input);
    if let Some(request) = description::request(&ast, "functions") {
        return request;
    }
    let lower::Outcome { lowered, diags, spans } = lower::functions(&ast, parser.spans, parser.diags);
    let failed = diags.has_errors();
    let diags = diags.into_sorted();
    let Some(lowered) = lowered else { return report::errors(&diags, &spans) };
    let editor = editor::items(&ast, &lowered);
    let sound = !failed && lowered.unusable.is_none();
    let description = description::offer_functions(&ast, sound);
    if failed {
        let stubs = fallback::functions(&ast, report::errors(&diags, &lowered.spans));
        return quote!(#editor #stubs #description);
    }
    let items = emit::functions::items(&ast, &lowered);
    let warnings = report::warnings(&diags, &lowered.spans);
    quote!(#editor #items #warnings #description)
}
