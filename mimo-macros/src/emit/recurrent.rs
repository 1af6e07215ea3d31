//! A recurrent layer as a constant.

use mimo_graph::layers::recurrent::Cell;
use mimo_graph::plan::{Op, Recurrent};
use proc_macro2::TokenStream;
use quote::quote;

use super::context::Context;
use super::conv::weighted;
use super::operations::{option, sink, view};

/// The value of a layer that reads a sequence step by step.
pub(super) fn value(cx: &Context<'_>, whole: &Op, op: &Recurrent) -> TokenStream {
    let y = view(cx, &whole.y);
    let dy = option((whole.dy != whole.y).then(|| view(cx, &whole.dy)));
    let cell = match op.layer.cell {
        Cell::Lstm => quote!(Lstm),
        Cell::Gru { reset_after } => quote!(Gru { reset_after: #reset_after }),
        Cell::Simple => quote!(Simple),
    };
    let (steps, features, units) = (cx.dim(&op.steps), cx.dim(&op.features), cx.dim(&op.layer.units));
    let activation = cx.literal(&op.layer.activation);
    let recurrent_activation = cx.literal(&op.layer.recurrent_activation);
    let (sequences, backwards, flipped) =
        (op.layer.return_sequences, op.layer.go_backwards, op.layer.flipped);
    let [kernel_pack, recurrent_pack] = [&op.kernel, &op.recurrent_kernel].map(|weight| {
        let block = weight.block;
        quote!(__Layout::PACKS[#block])
    });
    let (kernel, recurrent_kernel) = (weighted(cx, &op.kernel), weighted(cx, &op.recurrent_kernel));
    let bias = option(op.bias.as_ref().map(|bias| weighted(cx, bias)));
    let interleaved = option(op.interleaved.map(|copies| quote!([#(__Layout::INTERLEAVED[#copies]),*])));
    let (x, dx) = (view(cx, &op.read.x), sink(cx, op.read.dx.as_ref()));
    let [gates, states, cells, carried] =
        [&op.gates, &op.states, &op.cells, &op.carried].map(|memory| view(cx, memory));
    let initial = [0, 1].map(|state| {
        option(op.initial.get(state).map(|read| {
            let (x, dx) = (view(cx, &read.x), sink(cx, read.dx.as_ref()));
            quote!(__mimo::Initial { x: #x, dx: #dx })
        }))
    });
    let last = op.last.each_ref().map(|last| {
        option(last.as_ref().map(|last| {
            let (y, dy) = (view(cx, &last.y), option(last.dy.as_ref().map(|dy| view(cx, dy))));
            quote!(__mimo::Last { y: #y, dy: #dy })
        }))
    });
    let dropped = option(op.dropped.as_ref().map(|dropped| {
        let (rate, key, states) = (dropped.rate, dropped.key, view(cx, &dropped.states));
        quote!(__mimo::Dropped { rate: #rate, key: #key, states: #states })
    }));
    quote!(__mimo::Recurrent {
        cell: __mimo::Cell::#cell,
        steps: #steps,
        features: #features,
        units: #units,
        activation: #activation,
        recurrent_activation: #recurrent_activation,
        sequences: #sequences,
        backwards: #backwards,
        flipped: #flipped,
        x: #x,
        y: #y,
        initial: [#(#initial),*],
        last: [#(#last),*],
        kernel: #kernel,
        recurrent_kernel: #recurrent_kernel,
        bias: #bias,
        kernel_pack: #kernel_pack,
        recurrent_pack: #recurrent_pack,
        interleaved: #interleaved,
        dropped: #dropped,
        gates: #gates,
        states: #states,
        cells: #cells,
        carried: #carried,
        dy: #dy,
        dx: #dx,
    })
}
