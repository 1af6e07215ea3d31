//! Diagnostics → tokens.

use mimo_graph::code::Code;
use mimo_graph::context::{DimCheck, Relation};
use mimo_graph::diag::{Diag, Severity};
use proc_macro2::{Delimiter, Group, Ident, TokenStream};
use quote::quote;

use crate::lengths::{Lengths, check_args};
use crate::lower::Lowered;
use crate::span::{SpanRange, Spans};
use crate::tokens::{respan, spanned_call, text};

/// Formats a message like rustc: the error, a blank line, then help and notes.
///
/// ```text
/// error: unknown layer `Dens` [mimo::E0201]
///
///          = help: a layer with a similar name exists: `Dense`
/// ```
pub(crate) fn message(diag: &Diag) -> String {
    let mut message = format!("{} [{}]", diag.message, diag.code);
    let helps = diag.helps.iter().map(|text| ("help", text));
    let notes = diag.notes.iter().map(|text| ("note", text));
    for (i, (kind, text)) in helps.chain(notes).enumerate() {
        message.push_str(if i == 0 { "\n\n" } else { "\n" });
        message.push_str(&format!("  = {kind}: {text}"));
    }
    message
}

/// One `compile_error!` per error, each at its own tokens. Warnings are only emitted without errors.
pub(crate) fn errors(diags: &[Diag], spans: &Spans) -> TokenStream {
    let errors = diags.iter().filter(|diag| diag.severity == Severity::Error);
    errors.map(|diag| error(&message(diag), spans.get(diag.loc))).collect()
}

/// `::core::compile_error! { "…" }` from the first to the last token of `range`.
pub(crate) fn error(message: &str, range: SpanRange) -> TokenStream {
    let path = respan(quote!(::core::compile_error!), range.start);
    let mut group = Group::new(Delimiter::Brace, text(message, range.end));
    group.set_span(range.end);
    quote!(#path #group)
}

/// Warnings: the use of a deprecated constant is the only warning that a macro can emit on stable Rust. rustc's line
/// begins with words that are unrelated to the model, so the name of the constant contradicts them.
///
/// ```text
/// warning: use of deprecated constant `_::mimo_warning_not_a_deprecation`: `x` is
/// never used [mimo::unused_tensor]
/// ```
pub(crate) fn warnings(diags: &[Diag], spans: &Spans) -> TokenStream {
    let warnings = diags.iter().filter(|diag| diag.severity == Severity::Warning);
    warnings.map(|diag| warning(&message(diag), spans.get(diag.loc))).collect()
}

fn warning(message: &str, range: SpanRange) -> TokenStream {
    // Both the definition and the use have the span of the user's token: otherwise rustc adds a note about the macro.
    // A path has no span beyond its segments, so the first token is underlined.
    let name = Ident::new("mimo_warning_not_a_deprecation", range.start);
    quote! {
        const _: () = {
            #[allow(non_upper_case_globals)]
            #[deprecated(note = #message)]
            const #name: () = ();
            #name
        };
    }
}

/// Checks for const evaluation, each at the user's tokens and independent of each other, so that all failures are
/// reported.
pub(crate) fn checks(lowered: &Lowered, lengths: &Lengths<'_>) -> TokenStream {
    let checks = lowered.checks.iter().filter(|check| check.code != Code::TooManyValues);
    checks.map(|check| dim_check(check, lowered, lengths)).collect()
}

fn dim_check(check: &DimCheck, lowered: &Lowered, lengths: &Lengths<'_>) -> TokenStream {
    let function = match check.relation {
        Relation::Equal => quote!(dim_equal),
        Relation::AtLeast => quote!(dim_at_least),
        Relation::AtMost => quote!(dim_at_most),
        Relation::MultipleOf => quote!(dim_multiple_of),
    };
    let path = lowered.private(function);
    let (found, wanted) = (lengths.dim(&check.found), lengths.dim(&check.wanted));
    let args = check_args(check, &found, &wanted);
    let call = spanned_call(lowered.spans.get(check.loc), path, args);
    quote!(#[allow(unused_parens)] const _: () = #call;)
}
