//! The stages of a training step: what each chunk does, up to the next sum over the whole batch.

use mimo_graph::plan::Plan;
use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::context::Context;
use super::program;

/// The value of `Trainable::STAGES`.
pub(super) fn stages(cx: &Context<'_>, plan: &Plan) -> TokenStream {
    let e = &cx.generics.e;
    let scan = program::scans(plan).then(|| {
        let outputs = Literal::usize_unsuffixed(plan.outputs.len());
        let sums = quote!(__mimo::Sum::Add { start: 0, len: #outputs });
        stage(&quote!(Scan), &pass(&program::scan(cx, plan)), &sums)
    });
    let none = TokenStream::new();
    let forward = stage(&quote!(Forward), &quote!(<Self as __mimo::Model>::forward_pass), &none);
    let loss = stage(&quote!(Loss), &pass(&program::losses(cx, plan)), &none);
    let heads = stage(&quote!(Heads), &pass(&program::backward(plan, &plan.heads)), &none);
    let trunk = (!plan.trunk.is_empty())
        .then(|| stage(&quote!(Trunk), &pass(&program::backward(plan, &plan.trunk)), &none));
    quote! {
        const STAGES: &'static [__mimo::Stage<#e>] = &[
            #scan
            #forward
            #loss
            #heads
            #trunk
        ];
    }
}

fn stage(part: &TokenStream, run: &TokenStream, sums: &TokenStream) -> TokenStream {
    quote! {
        __mimo::Stage { part: __mimo::StepPart::#part, run: #run, sums: &[#sums] },
    }
}

/// A pass over a chunk with these lines.
fn pass(lines: &TokenStream) -> TokenStream {
    if lines.is_empty() { quote!(|_| {}) } else { quote!(|__chunk| { #lines }) }
}
