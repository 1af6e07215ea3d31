//! A convolution as a constant.

use mimo_graph::activation::Activation;
use mimo_graph::layers::sliding::Axis;
use mimo_graph::plan::{Conv, Scratch, View, Weighted};
use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::context::Context;
use super::operations::{option, sink, view};

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
    let passed = conv.passed;
    let (kernel, bias) =
        (weighted(cx, &conv.kernel), option(conv.bias.as_ref().map(|bias| weighted(cx, bias))));
    let (x, dx) = (view(cx, &conv.read.x), sink(cx, conv.read.dx.as_ref()));
    let geometry = quote! {
        __mimo::Geometry {
            input: #input,
            output: #output,
            channels: #channels,
            filters: #filters,
            kernel: #taps,
            strides: #strides,
            dilation: #dilation,
            padding: #padding,
            groups: #groups,
        }
    };
    if let Some(pooled) = &conv.pooled {
        let (height, codes) = (number(pooled.height), view(cx, &pooled.codes));
        let padded = [&conv.forward, &conv.backward].map(|scratch| optional_view(cx, scratch.input.as_ref()));
        let (spread, sums) = (pair(cx, pooled.spread.as_ref()), optional_view(cx, pooled.sums.as_ref()));
        let relu = conv.activation == Activation::Relu;
        let value = quote!(__mimo::PooledConv {
            pooling: __mimo::ConvPooling { geometry: #geometry, height: #height },
            x: #x,
            y: #y,
            kernel: #kernel,
            bias: #bias,
            relu: #relu,
            passed: #passed,
            codes: #codes,
            padded: [#(#padded),*],
            spread: #spread,
            sums: #sums,
            dy: #dy,
            dx: #dx,
        });
        return (quote!(__mimo::PooledConv), value);
    }
    let (transposed, activation) = (conv.transposed, cx.literal(&conv.activation));
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
        let value =
            quote!(__mimo::Depthwise { geometry: #geometry, #common forward: #forward, backward: #backward });
        return (quote!(__mimo::Depthwise), value);
    }
    let [forward, backward] = [&conv.forward, &conv.backward].map(|memory| scratch(cx, memory));
    let value = quote!(__mimo::Conv {
        geometry: #geometry,
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
    let input = optional_view(cx, scratch.input.as_ref());
    let spread = scratch.output.clone().zip(scratch.kernel.clone()).map(|(output, kernel)| [output, kernel]);
    let spread = pair(cx, spread.as_ref());
    quote!(__mimo::Scratch { input: #input, spread: #spread })
}

fn widened(cx: &Context<'_>, scratch: &Scratch) -> TokenStream {
    let [input, output] = [&scratch.input, &scratch.output].map(|memory| optional_view(cx, memory.as_ref()));
    quote!(__mimo::Widened { input: #input, output: #output })
}

fn optional_view(cx: &Context<'_>, of: Option<&View>) -> TokenStream {
    option(of.map(|of| view(cx, of)))
}

fn pair(cx: &Context<'_>, views: Option<&[View; 2]>) -> TokenStream {
    option(views.map(|views| {
        let [first, second] = views.each_ref().map(|of| view(cx, of));
        quote!([#first, #second])
    }))
}
