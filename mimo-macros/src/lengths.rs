//! Lengths as tokens, and the items of the constants that they need.
//!
//! The user's expressions are evaluated once and in one place: an error is reported there, once, and not at every use
//! of the length.

use std::cell::RefCell;
use std::collections::BTreeSet;

use mimo_graph::code::Code;
use mimo_graph::context::DimCheck;
use mimo_graph::dim::{ConstId, Dim, MOST};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote};

use crate::ast::name_of;
use crate::lower::Lowered;
use crate::span::SpanRange;
use crate::tokens::{dim_tokens, length_name, saturating_tokens, spanned_call};

/// Writes lengths, and records the user's constant expressions that they need.
#[derive(Debug)]
pub(crate) struct Lengths<'a> {
    lowered: &'a Lowered,
    /// Indices into `lowered.const_exprs`.
    used: RefCell<BTreeSet<usize>>,
}

impl<'a> Lengths<'a> {
    /// Starts without any length.
    pub(crate) fn new(lowered: &'a Lowered) -> Self {
        Lengths { lowered, used: RefCell::default() }
    }

    /// A length as an expression of type `usize`.
    pub(crate) fn dim(&self, dim: &Dim) -> TokenStream {
        dim_tokens(dim, &|id| self.constant(id, const_name))
    }

    /// Same as [`dim`](Self::dim), with functions of the module `saturating`, on constants as the user wrote them.
    fn saturating(&self, dim: &Dim, saturating: &TokenStream) -> TokenStream {
        saturating_tokens(dim, saturating, &|id| self.constant(id, written_name))
    }

    fn constant(&self, id: ConstId, name: fn(&Ident, usize) -> Ident) -> TokenStream {
        let place = id.0 as usize;
        self.used.borrow_mut().insert(place);
        name(&self.lowered.header.ident, place).into_token_stream()
    }

    /// The items of the constants that are used, and of the checks of their sizes.
    pub(crate) fn constants(&self) -> TokenStream {
        let Lowered { header, const_exprs, .. } = self.lowered;
        if const_exprs.is_empty() {
            return TokenStream::new();
        }
        let usize = self.lowered.private(quote!(core::primitive::usize));
        let f64 = self.lowered.private(quote!(core::primitive::f64));
        let (fits, fits_name) = (self.fits(), item_name(&header.ident, "fits"));
        let attrs = quote! {
            #[doc(hidden)]
            #[allow(non_upper_case_globals, unused_parens, unused_braces, unused_qualifications, clippy::all)]
        };
        let items = self.used().map(|i| {
            let (name, written) = (const_name(&header.ident, i), written_name(&header.ident, i));
            let expr = const_exprs.get(i);
            if self.is_number(i) {
                return quote! {
                    #attrs
                    #[allow(trivial_numeric_casts, clippy::pedantic)]
                    const #name: #f64 = {
                        use #f64;
                        #expr
                    };
                };
            }
            let length = self.length(i, &written);
            let fits = (!fits.is_empty()).then(|| quote!(let () = #fits_name;));
            // An oversized length makes its readers fail without a message, so it is reported once.
            quote! {
                #attrs
                const #written: #usize = #expr;
                #attrs
                const #name: #usize = { #fits #length };
            }
        });
        let items: TokenStream = items.collect();
        let fits = (!fits.is_empty()).then(|| quote!(#attrs const #fits_name: () = { #fits };));
        quote!(#items #fits)
    }

    /// The items for editors, which evaluate nothing.
    pub(crate) fn plain_constants(&self) -> TokenStream {
        let items = self.used().map(|i| {
            let (name, expr) = (const_name(&self.lowered.header.ident, i), self.lowered.const_exprs.get(i));
            let (ty, expr) = match self.is_number(i) {
                true => (quote!(f64), quote!(#expr)),
                false => (quote!(usize), quote!(#expr)),
            };
            quote! {
                #[allow(non_upper_case_globals)]
                const #name: #ty = #expr;
            }
        });
        items.collect()
    }

    /// The used constants as associated constants, for models that nest this one: its constant expressions are
    /// resolved here.
    pub(crate) fn associated(&self) -> TokenStream {
        let (vis, model) = (&self.lowered.header.vis, &self.lowered.header.ident);
        let lengths = self.used().map(|i| {
            let (length, name) = (length_name(i), const_name(model, i));
            let ty = match self.is_number(i) {
                true => self.lowered.private(quote!(core::primitive::f64)),
                false => self.lowered.private(quote!(core::primitive::usize)),
            };
            quote!(#[doc(hidden)] #vis const #length: #ty = #name;)
        });
        let lengths: TokenStream = lengths.collect();
        if lengths.is_empty() {
            return lengths;
        }
        quote! {
            #[allow(dead_code)]
            impl #model { #lengths }
        }
    }

    /// Whether any constants are used.
    pub(crate) fn any(&self) -> bool {
        !self.used.borrow().is_empty()
    }

    /// Whether a constant is a number of an expression instead of a length.
    fn is_number(&self, i: usize) -> bool {
        self.lowered.graph.consts.get(i).is_some_and(|entry| entry.number)
    }

    fn used(&self) -> impl Iterator<Item = usize> + use<> {
        self.used.borrow().clone().into_iter()
    }

    /// Checks for const evaluation of sizes that are products of the user's constants, as statements; empty if there
    /// are none. They use the constants as written, without overflow.
    fn fits(&self) -> TokenStream {
        let lowered = self.lowered;
        let (at_most, saturating) =
            (lowered.private(quote!(dim_at_most)), lowered.private(quote!(saturating)));
        let checks = lowered.checks.iter().filter(|check| check.code == Code::TooManyValues);
        let statements = checks.map(|check| {
            let (found, wanted) = (self.saturating(&check.found, &saturating), self.dim(&check.wanted));
            let args = check_args(check, &found, &wanted);
            let call = spanned_call(lowered.spans.get(check.loc), at_most.clone(), args);
            quote!(#call;)
        });
        statements.collect()
    }

    /// A constant of the user as a length, checked at its tokens.
    fn length(&self, i: usize, written: &Ident) -> TokenStream {
        let lowered = self.lowered;
        let loc = lowered.graph.consts.get(i).map(|entry| lowered.spans.get(entry.loc));
        let range = loc.unwrap_or_else(|| SpanRange::one(Span::call_site()));
        let (code, most) = (Code::TooManyValues.to_string(), Literal::usize_unsuffixed(MOST));
        spanned_call(range, lowered.private(quote!(length)), quote!(#code, #written, #most))
    }
}

/// The arguments of the function that compares two lengths during const evaluation.
pub(crate) fn check_args(check: &DimCheck, found: &TokenStream, wanted: &TokenStream) -> TokenStream {
    let (code, what) = (check.code.to_string(), &check.what);
    let help = check.help.as_deref().unwrap_or_default();
    // The runtime formats one note; the others are appended in the same format.
    let note = check.notes.join("\n  = note: ");
    quote!(#code, #found, #wanted, #what, #help, #note)
}

/// Name of the item with a constant expression of the user.
fn const_name(model: &Ident, i: usize) -> Ident {
    item_name(model, &i.to_string())
}

/// Name of the item with a constant expression as written, on which sizes are checked.
fn written_name(model: &Ident, i: usize) -> Ident {
    item_name(model, &format!("{i}_written"))
}

fn item_name(model: &Ident, suffix: &str) -> Ident {
    Ident::new(&format!("__mimo_{}_{suffix}", name_of(model)), Span::call_site())
}
