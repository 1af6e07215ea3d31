//! Stages of a training step: the operations of each chunk up to the next sum over the whole batch.

use mimo_graph::dim::Dim;
use mimo_graph::operation::{BatchSums, MASK_SUMS, MovingAverage, Sum};
use mimo_graph::plan::{Plan, Stage, StepPart};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

use super::context::Context;
use super::program;

/// The value of `Trainable::STAGES`.
pub(super) fn stages(cx: &Context<'_>, plan: &Plan) -> TokenStream {
    let e = &cx.generics.e;
    let names = program::op_names(plan);
    let scan = program::scans(plan).then(|| {
        let outputs = Literal::usize_unsuffixed(plan.outputs.len());
        let sums = quote!(__mimo::Sum::Add { start: 0, len: #outputs });
        stage(&quote!(Scan), &pass(&program::scan(cx, plan)), &[sums])
    });
    let of_part = |part| plan.stages.iter().filter(move |stage| stage.part == part);
    let forward = of_part(StepPart::Forward).map(|stage| forward(cx, plan, stage, &names));
    let batch_loss = (!plan.batch_losses.is_empty() || !plan.masks.is_empty()).then(|| {
        let sums = plan.batch_losses.iter().map(|(_, sum)| cx.literal(sum));
        let masks = plan.masks.iter().map(|mask| {
            let len = Dim::Known(MASK_SUMS);
            cx.literal(&Sum::Add { start: mask.start.clone(), len })
        });
        let sums: Vec<_> = sums.chain(masks).collect();
        stage(&quote!(BatchLoss), &pass(&program::batch_loss_sums(cx, plan)), &sums)
    });
    let loss = stage(&quote!(Loss), &pass(&program::losses(cx, plan)), &[]);
    let heads = of_part(StepPart::Heads).map(|stage| backward(cx, plan, stage, &quote!(Heads), &names));
    let trunk = (!plan.trunk.is_empty()).then(|| {
        let trunk = of_part(StepPart::Trunk).map(|stage| backward(cx, plan, stage, &quote!(Trunk), &names));
        quote!(#(#trunk)*)
    });
    quote! {
        const STAGES: &'static [__mimo::Stage<#e>] = &[
            #scan
            #(#forward)*
            #batch_loss
            #loss
            #(#heads)*
            #trunk
        ];
    }
}

fn forward(cx: &Context<'_>, plan: &Plan, part: &Stage, names: &[Ident]) -> TokenStream {
    // A single stage is the complete forward pass, which predictions run too if losses need nothing else.
    if part.operations.len() == plan.forward.len() && plan.only_losses.is_empty() {
        return stage(&quote!(Forward), &quote!(<Self as __mimo::Model>::forward_pass), &[]);
    }
    let [operations, summing] = [&part.operations, &part.sums].map(|list| list.iter().map(|&at| &names[at]));
    let lines = quote! {
        #(__Plan::#operations.forward(__chunk);)*
        #(__mimo::ForwardSums(__Plan::#summing).forward(__chunk);)*
    };
    let sums: Vec<_> = sums_of(plan, part).map(|sums| cx.literal(&sums.forward)).collect();
    stage(&quote!(Forward), &pass(&lines), &sums)
}

fn backward(cx: &Context<'_>, plan: &Plan, part: &Stage, name: &TokenStream, names: &[Ident]) -> TokenStream {
    let [operations, summing] = [&part.operations, &part.sums].map(|list| list.iter().map(|&at| &names[at]));
    let lines = quote! {
        #(__Plan::#operations.backward(__chunk);)*
        #(__mimo::BackwardSums(__Plan::#summing).forward(__chunk);)*
    };
    let sums: Vec<_> = sums_of(plan, part).map(|sums| cx.literal(&sums.backward)).collect();
    stage(name, &pass(&lines), &sums)
}

/// The sums at the end of a stage.
fn sums_of<'p>(plan: &'p Plan, part: &'p Stage) -> impl Iterator<Item = BatchSums> {
    part.sums.iter().filter_map(|&at| plan.forward[at].kind.planned().batch_sums())
}

/// The moving averages of sums, in the order of the calls.
pub(super) fn moving(plan: &Plan) -> Vec<MovingAverage<Dim>> {
    let mut summing: Vec<_> =
        plan.forward.iter().filter_map(|op| Some((&op.nodes, op.kind.planned().batch_sums()?))).collect();
    // Operations are sorted by stage.
    summing.sort_by_key(|(nodes, _)| nodes.first().copied());
    summing.into_iter().flat_map(|(_, sums)| sums.moving).collect()
}

fn stage(part: &TokenStream, run: &TokenStream, sums: &[TokenStream]) -> TokenStream {
    quote! {
        __mimo::Stage { part: __mimo::StepPart::#part, run: #run, sums: &[#(#sums),*] },
    }
}

/// A pass over a chunk with these lines.
fn pass(lines: &TokenStream) -> TokenStream {
    if lines.is_empty() { quote!(|_| {}) } else { quote!(|__chunk| { #lines }) }
}
