//! The pass of predictions with fixed weights, with batch normalizations folded into layers.

use mimo_graph::plan::Plan;
use proc_macro2::TokenStream;
use quote::quote;

use super::context::Context;
use super::program::op_names;

/// `Model::FOLDED`, if something is folded.
pub(super) fn folded(cx: &Context<'_>, plan: &Plan) -> Option<TokenStream> {
    let folded = plan.folded.as_ref()?;
    let (e, names) = (&cx.generics.e, op_names(plan));
    let folds = folded.folds.iter().map(|fold| {
        let (kernel, bias) = (cx.literal(&fold.map.kernel), cx.literal(&fold.map.bias));
        let (inner, norm) = (cx.dim(&fold.map.inner), &names[fold.norm]);
        quote!(__mimo::Fold { kernel: #kernel, bias: #bias, inner: #inner, norm: __Plan::#norm })
    });
    let lines = folded.forward.iter().map(|&at| &names[at]);
    Some(quote! {
        const FOLDED: __mimo::Option<__mimo::Folded<#e>> = __mimo::Some(__mimo::Folded {
            pass: |__chunk| { #(__Plan::#lines.forward(__chunk);)* },
            memory: __Layout::FOLDED.memory(),
            folds: &[#(#folds),*],
        });
    })
}
