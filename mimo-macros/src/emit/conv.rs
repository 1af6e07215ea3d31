//! A convolution as a constant.

use mimo_graph::layers::conv::Axis;
use mimo_graph::plan::{Conv, Scratch, Weighted};
use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::context::Context;
use super::operations::{activation, option, sink, view};

/// The value of a convolution.
pub(super) fn value(cx: &Context<'_>, conv: &Conv, y: &TokenStream, dy: &TokenStream) -> TokenStream {
    let lengths = |length: &dyn Fn(&Axis) -> TokenStream| {
        let [height, width] = &conv.axes;
        let (height, width) = (length(height), length(width));
        quote!([#height, #width])
    };
    let number = |n: usize| {
        let n = Literal::usize_unsuffixed(n);
        quote!(#n)
    };
    let (input, output) = (lengths(&|axis| cx.dim(&axis.input)), lengths(&|axis| cx.dim(&axis.output)));
    let (taps, padding) = (lengths(&|axis| cx.dim(&axis.kernel)), lengths(&|axis| cx.dim(&axis.padding)));
    let strides = lengths(&|axis| number(axis.stride));
    let dilation = lengths(&|axis| number(axis.dilation));
    let (channels, filters, groups) = (cx.dim(&conv.channels), cx.dim(&conv.filters), number(conv.groups));
    let (transposed, passed, activation) = (conv.transposed, conv.passed, activation(conv.activation));
    let (kernel, bias) =
        (weighted(cx, &conv.kernel), option(conv.bias.as_ref().map(|bias| weighted(cx, bias))));
    let (forward, backward) = (scratch(cx, &conv.forward), scratch(cx, &conv.backward));
    let (x, dx) = (view(cx, &conv.read.x), sink(cx, &conv.read));
    quote!(__mimo::Conv {
        geometry: __mimo::Geometry {
            input: #input,
            output: #output,
            channels: #channels,
            filters: #filters,
            kernel: #taps,
            strides: #strides,
            dilation: #dilation,
            padding: #padding,
            groups: #groups,
        },
        transposed: #transposed,
        x: #x,
        y: #y,
        kernel: #kernel,
        bias: #bias,
        activation: #activation,
        passed: #passed,
        forward: #forward,
        backward: #backward,
        dy: #dy,
        dx: #dx,
    })
}

/// A weight whose gradient is summed up by every chunk.
pub(super) fn weighted(cx: &Context<'_>, weight: &Weighted) -> TokenStream {
    let block = weight.block;
    let gradient = option(weight.gradient.as_ref().map(|private| {
        let (view, accumulate) = (view(cx, &private.view), private.accumulate);
        quote!(__mimo::Private { view: #view, accumulate: #accumulate })
    }));
    quote!(__mimo::Weighted { offset: __Layout::BLOCKS[#block], gradient: #gradient })
}

fn scratch(cx: &Context<'_>, scratch: &Scratch) -> TokenStream {
    let input = option(scratch.input.as_ref().map(|input| view(cx, input)));
    let spread = option(scratch.spread.as_ref().map(|[output, kernel]| {
        let (output, kernel) = (view(cx, output), view(cx, kernel));
        quote!([#output, #kernel])
    }));
    quote!(__mimo::Scratch { input: #input, spread: #spread })
}
