//! Batch normalizations: their sums over the batch, the averages that follow them, and the pass into which they are folded.

use mimo_graph::dim::Dim;
use mimo_graph::operation::BatchNormalization;
use mimo_graph::plan::{OpKind, Plan};
use proc_macro2::TokenStream;
use quote::quote;

use super::context::Context;
use super::program::op_names;

/// How the statistics of chunks are merged.
pub(super) fn moments(cx: &Context<'_>, norm: &BatchNormalization<Dim>) -> Option<TokenStream> {
    let (start, channels) = (cx.dim(norm.sums.as_ref()?), cx.dim(&norm.channels));
    let positions = cx.dim(&norm.values_per_channel());
    Some(quote!(__mimo::Sum::Moments { start: #start, channels: #channels, positions: #positions }))
}

/// How the sums of the backward are merged.
pub(super) fn gradient_sums(cx: &Context<'_>, norm: &BatchNormalization<Dim>) -> Option<TokenStream> {
    let twice = Dim::Known(2) * norm.channels.clone();
    let (start, len) = (cx.dim(&(norm.sums.clone()? + twice.clone())), cx.dim(&twice));
    Some(quote!(__mimo::Sum::Add { start: #start, len: #len }))
}

/// The moving averages, call by call as the model is written.
pub(super) fn moving(cx: &Context<'_>, plan: &Plan) -> Vec<TokenStream> {
    let norms = plan.forward.iter().filter_map(|op| match &op.kind {
        OpKind::BatchNormalization(norm) => Some((&op.nodes, &**norm, norm.sums.as_ref()?)),
        _ => None,
    });
    let mut norms: Vec<_> = norms.collect();
    // Operations are sorted by stage.
    norms.sort_by_key(|(nodes, ..)| nodes.first().copied());
    let averages = norms.into_iter().flat_map(|(_, norm, sums)| {
        let (channels, momentum) = (cx.dim(&norm.channels), norm.momentum);
        let starts = [sums.clone(), sums.clone() + norm.channels.clone()];
        let pairs = [norm.moving_mean, norm.moving_variance].into_iter().zip(starts);
        pairs
            .map(move |(block, start)| {
                let start = cx.dim(&start);
                quote!(__mimo::MovingAverage {
                    block: #block, len: #channels, sums: #start, momentum: #momentum,
                })
            })
            .collect::<Vec<_>>()
    });
    averages.collect()
}

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
