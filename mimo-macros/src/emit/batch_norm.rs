//! Batch normalizations as constants, their sums over the batch, and the averages that follow them.

use mimo_graph::dim::Dim;
use mimo_graph::plan::{BatchNorm, OpKind, Plan};
use proc_macro2::TokenStream;
use quote::quote;

use super::context::Context;
use super::operations::{option, sink, view};

/// The value of the operation.
pub(super) fn value(cx: &Context<'_>, norm: &BatchNorm, y: &TokenStream, dy: &TokenStream) -> TokenStream {
    let (channels, inner, epsilon) = (cx.dim(&norm.channels), cx.dim(&norm.inner), norm.epsilon);
    let block = |block: usize| quote!(__Layout::BLOCKS[#block]);
    let [gamma, beta] = [norm.gamma, norm.beta].map(|weight| option(weight.map(block)));
    let [mean, variance] = [norm.moving_mean, norm.moving_variance].map(block);
    let sums = option(norm.sums.as_ref().map(|sums| cx.dim(sums)));
    let (x, dx) = (view(cx, &norm.read.x), sink(cx, norm.read.dx.as_ref()));
    quote!(__mimo::BatchNormalization {
        channels: #channels,
        inner: #inner,
        epsilon: #epsilon,
        gamma: #gamma,
        beta: #beta,
        moving_mean: #mean,
        moving_variance: #variance,
        sums: #sums,
        x: #x,
        y: #y,
        dy: #dy,
        dx: #dx,
    })
}

/// How the statistics of chunks are merged.
pub(super) fn moments(cx: &Context<'_>, norm: &BatchNorm) -> Option<TokenStream> {
    let (start, channels) = (cx.dim(norm.sums.as_ref()?), cx.dim(&norm.channels));
    let positions = cx.dim(&norm.positions());
    Some(quote!(__mimo::Sum::Moments { start: #start, channels: #channels, positions: #positions }))
}

/// How the sums of the backward are merged.
pub(super) fn gradient_sums(cx: &Context<'_>, norm: &BatchNorm) -> Option<TokenStream> {
    let twice = Dim::Known(2) * norm.channels.clone();
    let (start, len) = (cx.dim(&(norm.sums.clone()? + twice.clone())), cx.dim(&twice));
    Some(quote!(__mimo::Sum::Add { start: #start, len: #len }))
}

/// The moving averages, call by call as the model is written.
pub(super) fn moving(cx: &Context<'_>, plan: &Plan) -> Vec<TokenStream> {
    let norms = plan.forward.iter().filter_map(|op| match &op.kind {
        OpKind::BatchNorm(norm) => Some((&op.nodes, &**norm, norm.sums.as_ref()?)),
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
                    offset: __Layout::BLOCKS[#block], len: #channels, sums: #start, momentum: #momentum,
                })
            })
            .collect::<Vec<_>>()
    });
    averages.collect()
}
