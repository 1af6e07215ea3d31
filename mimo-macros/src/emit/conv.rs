//! A convolution as a constant.

use mimo_graph::layers::sliding::Axis;
use mimo_graph::plan::{Conv, Scratch, Weighted};
use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::context::Context;
use super::operations::{activation, option, sink, view};

/// The type and the value of a convolution.
pub(super) fn operation(
    cx: &Context<'_>,
    conv: &Conv,
    y: &TokenStream,
    dy: &TokenStream,
) -> (TokenStream, TokenStream) {
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
    let (channels, filters, groups) = (cx.dim(&conv.channels), cx.dim(&conv.filters), cx.dim(&conv.groups));
    let (transposed, passed, activation) = (conv.transposed, conv.passed, activation(conv.activation));
    let (kernel, bias) =
        (weighted(cx, &conv.kernel), option(conv.bias.as_ref().map(|bias| weighted(cx, bias))));
    let (x, dx) = (view(cx, &conv.read.x), sink(cx, &conv.read));
    let geometry = quote! {
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
    };
    let common = quote! {
        x: #x,
        y: #y,
        kernel: #kernel,
        bias: #bias,
        activation: #activation,
        passed: #passed,
        dy: #dy,
        dx: #dx,
    };
    if conv.depthwise {
        let [forward, backward] = [&conv.forward, &conv.backward].map(|memory| widened(cx, memory));
        let value = quote!(__mimo::Depthwise { #geometry #common forward: #forward, backward: #backward });
        return (quote!(__mimo::Depthwise), value);
    }
    let [forward, backward] = [&conv.forward, &conv.backward].map(|memory| scratch(cx, memory));
    let value = quote!(__mimo::Conv {
        #geometry
        transposed: #transposed,
        #common
        forward: #forward,
        backward: #backward,
    });
    (quote!(__mimo::Conv), value)
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
    let spread = option(scratch.output.as_ref().zip(scratch.kernel.as_ref()).map(|(output, kernel)| {
        let (output, kernel) = (view(cx, output), view(cx, kernel));
        quote!([#output, #kernel])
    }));
    quote!(__mimo::Scratch { input: #input, spread: #spread })
}

fn widened(cx: &Context<'_>, scratch: &Scratch) -> TokenStream {
    let [input, output] = [&scratch.input, &scratch.output]
        .map(|memory| option(memory.as_ref().map(|memory| view(cx, memory))));
    quote!(__mimo::Widened { input: #input, output: #output })
}
