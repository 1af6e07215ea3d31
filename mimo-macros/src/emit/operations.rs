//! Each operation of a plan as a constant: `Dense { inputs: 64, units: 3, … }`.

use mimo_graph::activation::Activation;
use mimo_graph::dim::Dim;
use mimo_graph::layers::spatial::{self, Padding};
use mimo_graph::plan::{Dense, LossOp, Op, OpKind, Sink, View, Windows};
use mimo_graph::shape::Shape;
use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::context::Context;

/// The type and the value of an operation.
pub(super) fn operation(cx: &Context<'_>, op: &Op) -> (TokenStream, TokenStream) {
    if let Some(steps) = &op.steps {
        let ((ty, value), steps) = (operation(cx, &op.per_step()), cx.dim(steps));
        let wrapper = quote!(__mimo::TimeDistributed { steps: #steps, layer: #value });
        return (quote!(__mimo::TimeDistributed<#ty>), wrapper);
    }
    let (y, dy) = (view(cx, &op.y), view(cx, &op.dy));
    match &op.kind {
        OpKind::Dense(dense) => (quote!(__mimo::Dense), dense_value(cx, dense, &y, &dy)),
        OpKind::Recurrent(layer) => (quote!(__mimo::Recurrent), super::recurrent::value(cx, op, layer)),
        OpKind::Embedding { vocabulary, units, block, read } => {
            let (vocabulary, units, x) = (cx.dim(vocabulary), cx.dim(units), view(cx, &read.x));
            let value = quote!(__mimo::Embedding {
                vocabulary: #vocabulary, units: #units, x: #x, y: #y, embeddings: __Layout::BLOCKS[#block],
            });
            (quote!(__mimo::Embedding), value)
        }
        OpKind::Conv(conv) => super::conv::operation(cx, conv, &y, &dy),
        OpKind::BatchNorm(norm) => {
            (quote!(__mimo::BatchNormalization), super::batch_norm::value(cx, norm, &y, &dy))
        }
        OpKind::Activate { activation, positions, read } => {
            let (activation, positions) = (cx.literal(activation), cx.dim(positions));
            let (x, dx) = (view(cx, &read.x), sink(cx, read.dx.as_ref()));
            let value = quote!(__mimo::Activate {
                activation: #activation, positions: #positions, x: #x, y: #y, dy: #dy, dx: #dx,
            });
            (quote!(__mimo::Activate), value)
        }
        OpKind::Concatenate { outer, parts } => {
            let outer = cx.dim(outer);
            let parts = parts.iter().map(|read| {
                let (x, dx) = (view(cx, &read.x), sink(cx, read.dx.as_ref()));
                quote!(__mimo::Part { x: #x, dx: #dx })
            });
            let value = quote!(__mimo::Concatenate { outer: #outer, parts: &[#(#parts),*], y: #y, dy: #dy });
            (quote!(__mimo::Concatenate), value)
        }
        OpKind::Merge { op, shape, inputs } => {
            let (op, result) = (cx.literal(op), cx.lengths(shape));
            let inputs = inputs.iter().map(|read| {
                let (x, dx, from) = (view(cx, &read.x), sink(cx, read.dx.as_ref()), cx.lengths(&read.shape));
                quote!(__mimo::MergeInput {
                    x: #x, strides: &__mimo::broadcast_strides(&[#from], &[#result]), dx: #dx,
                })
            });
            let value = quote!(__mimo::Merge {
                op: #op, shape: &[#result], inputs: &[#(#inputs),*], y: #y, dy: #dy,
            });
            (quote!(__mimo::Merge), value)
        }
        OpKind::Permute { dims, read } => {
            let result = dims.iter().filter_map(|&dim| read.shape.0.get(dim.wrapping_sub(1)));
            let result = result.map(|dim| cx.dim(dim));
            let (from, dims) =
                (cx.lengths(&read.shape), dims.iter().map(|&dim| Literal::usize_unsuffixed(dim)));
            let (x, dx) = (view(cx, &read.x), sink(cx, read.dx.as_ref()));
            let value = quote!(__mimo::Permute {
                shape: &[#(#result),*],
                strides: &__mimo::permuted_strides(&[#from], &[#(#dims),*]),
                x: #x, y: #y, dy: #dy, dx: #dx,
            });
            (quote!(__mimo::Permute), value)
        }
        OpKind::RepeatVector { n, read } => {
            let (n, x, dx) = (cx.dim(n), view(cx, &read.x), sink(cx, read.dx.as_ref()));
            let value = quote!(__mimo::RepeatVector { n: #n, x: #x, y: #y, dy: #dy, dx: #dx });
            (quote!(__mimo::RepeatVector), value)
        }
        OpKind::Pooling { kind, windows, read } => {
            let kind = cx.literal(kind);
            let (windows, x, dx) =
                (self::windows(cx, windows), view(cx, &read.x), sink(cx, read.dx.as_ref()));
            let value = quote!(__mimo::Pooling {
                kind: #kind, windows: #windows, x: #x, y: #y, dy: #dy, dx: #dx,
            });
            (quote!(__mimo::Pooling), value)
        }
        OpKind::Frame { frame, read } => {
            let [height, width, channels] = spatial::image_of(&read.shape);
            let [[above, below], [left, right]] = frame.edges.clone();
            // What is read is the smaller one where a frame is put there, and the larger one where it is taken away.
            let (inner, outer) = match frame.pads {
                true => ([height, width.clone(), channels], left.clone() + width + right),
                false => (
                    [height - (above.clone() + below), width.clone() - (left.clone() + right), channels],
                    width,
                ),
            };
            let (pads, [h, w, c], outer) = (frame.pads, inner.map(|dim| cx.dim(&dim)), cx.dim(&outer));
            let (above, left, x, dx) =
                (cx.dim(&above), cx.dim(&left), view(cx, &read.x), sink(cx, read.dx.as_ref()));
            let value = quote!(__mimo::Frame {
                pads: #pads,
                inside: __mimo::Inside::new([#h, #w, #c], #outer, [#above, #left]),
                x: #x, y: #y, dy: #dy, dx: #dx,
            });
            (quote!(__mimo::Frame), value)
        }
        OpKind::UpSampling { layer, read } => {
            let [height, width, channels] = spatial::image_of(&read.shape).map(|dim| cx.dim(&dim));
            let [down, right] = layer.size.each_ref().map(|dim| cx.dim(dim));
            let interpolation = cx.literal(&layer.interpolation);
            let (x, dx) = (view(cx, &read.x), sink(cx, read.dx.as_ref()));
            let value = quote!(__mimo::UpSampling {
                resize: __mimo::Resize {
                    image: [#height, #width],
                    channels: #channels,
                    size: [#down, #right],
                    interpolation: #interpolation,
                },
                x: #x, y: #y, dy: #dy, dx: #dx,
            });
            (quote!(__mimo::UpSampling), value)
        }
        OpKind::Normalize { axis, read } => {
            let (before, behind) = read.shape.0.split_at((axis + 1).min(read.shape.rank()));
            let len = cx.dim(before.last().unwrap_or(&Dim::Known(1)));
            let inner = cx.dim(&Shape(behind.to_vec()).elements());
            let (x, dx) = (view(cx, &read.x), sink(cx, read.dx.as_ref()));
            let value =
                quote!(__mimo::Normalize { len: #len, inner: #inner, x: #x, y: #y, dy: #dy, dx: #dx });
            (quote!(__mimo::Normalize), value)
        }
        OpKind::LayerNormalization { axes, epsilon, gamma, beta, read } => {
            let kept = (0..read.shape.rank()).filter(|axis| !axes.contains(axis));
            let order: Vec<usize> = kept.chain(axes.iter().copied()).collect();
            let shape = order.iter().filter_map(|&axis| read.shape.0.get(axis)).map(|dim| cx.dim(dim));
            let dims = order.iter().map(|axis| Literal::usize_unsuffixed(axis + 1));
            let (from, kept) = (cx.lengths(&read.shape), Literal::usize_unsuffixed(order.len() - axes.len()));
            let [gamma, beta] =
                [gamma, beta].map(|weight| option(weight.as_ref().map(|it| super::conv::weighted(cx, it))));
            let (x, dx) = (view(cx, &read.x), sink(cx, read.dx.as_ref()));
            let value = quote!(__mimo::LayerNormalization {
                shape: &[#(#shape),*],
                strides: &__mimo::permuted_strides(&[#from], &[#(#dims),*]),
                kept: #kept,
                epsilon: #epsilon,
                x: #x, y: #y, gamma: #gamma, beta: #beta, dy: #dy, dx: #dx,
            });
            (quote!(__mimo::LayerNormalization), value)
        }
        OpKind::Dot { axes: [i, j], reads: [p, q] } => {
            let (i, j) = (Literal::usize_unsuffixed(*i), Literal::usize_unsuffixed(*j));
            let (p_shape, q_shape) = (cx.lengths(&p.shape), cx.lengths(&q.shape));
            let (p_view, q_view, p_sink, q_sink) =
                (view(cx, &p.x), view(cx, &q.x), sink(cx, p.dx.as_ref()), sink(cx, q.dx.as_ref()));
            let value = quote!(__mimo::Dot {
                contraction: __mimo::contraction(&[#p_shape], #i, &[#q_shape], #j),
                x: [#p_view, #q_view], y: #y, dy: #dy, dx: [#p_sink, #q_sink],
            });
            (quote!(__mimo::Dot), value)
        }
        OpKind::Dropout { rate, positions, key, read } => {
            let (positions, x, dx) = (cx.dim(positions), view(cx, &read.x), sink(cx, read.dx.as_ref()));
            let value = quote!(__mimo::Dropout {
                rate: #rate, positions: #positions, key: #key, x: #x, y: #y, dy: #dy, dx: #dx,
            });
            (quote!(__mimo::Dropout), value)
        }
        OpKind::GaussianNoise { stddev, key, read } => {
            let (x, dx) = (view(cx, &read.x), sink(cx, read.dx.as_ref()));
            let value =
                quote!(__mimo::GaussianNoise { stddev: #stddev, key: #key, x: #x, y: #y, dy: #dy, dx: #dx });
            (quote!(__mimo::GaussianNoise), value)
        }
    }
}

fn windows(cx: &Context<'_>, windows: &Windows) -> TokenStream {
    let [height, width, channels] = windows.image.each_ref().map(|dim| cx.dim(dim));
    let [down, right] = windows.size.each_ref().map(|dim| cx.dim(dim));
    let [below, beside] = windows.strides.each_ref().map(|dim| cx.dim(dim));
    let padding = match windows.padding {
        Padding::Valid => quote!(valid),
        Padding::Same => quote!(same),
    };
    quote!(__mimo::Windows::#padding([#height, #width], #channels, [#down, #right], [#below, #beside]))
}

fn dense_value(cx: &Context<'_>, dense: &Dense, y: &TokenStream, dy: &TokenStream) -> TokenStream {
    let (inputs, units, positions) = (cx.dim(&dense.inputs), cx.dim(&dense.units), cx.dim(&dense.positions));
    let (x, dx, kernel) = (view(cx, &dense.read.x), sink(cx, dense.read.dx.as_ref()), dense.kernel);
    let bias = option(dense.bias.map(|bias| quote!(__Layout::BLOCKS[#bias])));
    let linear = dense.segments.iter().all(|segment| segment.activation == Activation::Linear);
    let segments = dense.segments.iter().filter(|_| !linear).map(|segment| {
        let (column, len) = (cx.dim(&segment.column), cx.dim(&segment.len));
        let (activation, passed) = (cx.literal(&segment.activation), segment.passed);
        quote!(__mimo::Segment { column: #column, len: #len, activation: #activation, passed: #passed })
    });
    quote!(__mimo::Dense {
        inputs: #inputs,
        units: #units,
        positions: #positions,
        x: #x,
        y: #y,
        kernel: __Layout::BLOCKS[#kernel],
        bias: #bias,
        pack: __Layout::PACKS[#kernel],
        activations: &[#(#segments),*],
        dy: #dy,
        dx: #dx,
    })
}

/// The value of a loss. `states` are the places of its metrics' states.
pub(super) fn loss(cx: &Context<'_>, op: &LossOp, states: &[TokenStream]) -> TokenStream {
    let (output, kind) = (op.output, cx.literal(&op.loss));
    let (positions, classes) = (cx.dim(&op.positions), cx.dim(&op.classes));
    let (y, target, sample_weight) = (view(cx, &op.y), view(cx, &op.target), view(cx, &op.sample_weight));
    let logits = option(op.logits.as_ref().map(|logits| view(cx, logits)));
    let gradient = option(op.gradient.as_ref().map(|gradient| view(cx, gradient)));
    let metrics = op.metrics.iter().zip(states).map(|(&metric, state)| {
        let metric = cx.literal(&metric);
        quote!((#state, #metric))
    });
    quote!(__mimo::LossOp {
        output: #output,
        loss: #kind,
        positions: #positions,
        classes: #classes,
        y: #y,
        logits: #logits,
        target: #target,
        sample_weight: #sample_weight,
        gradient: #gradient,
        metrics: &[#(#metrics),*],
    })
}

/// `View::whole(3, 64)`, or some columns of it.
pub(super) fn view(cx: &Context<'_>, view: &View) -> TokenStream {
    let (slot, stride) = (Literal::usize_unsuffixed(view.slot), cx.dim(&view.stride));
    if view.len == view.stride {
        return quote!(__mimo::View::whole(#slot, #stride));
    }
    let (column, len) = (cx.dim(&view.column), cx.dim(&view.len));
    quote!(__mimo::View::whole(#slot, #stride).columns(#column, #len))
}

pub(super) fn sink(cx: &Context<'_>, sink: Option<&Sink>) -> TokenStream {
    option(sink.map(|Sink { view: to, accumulate, mask }| {
        let (to, mask) = (view(cx, to), option(mask.as_ref().map(|mask| view(cx, mask))));
        quote!(__mimo::Sink { view: #to, accumulate: #accumulate, mask: #mask })
    }))
}

/// `Some(…)` or `None`, whatever the user calls by these names.
pub(super) fn option(value: Option<TokenStream>) -> TokenStream {
    match value {
        Some(value) => quote!(__mimo::Some(#value)),
        None => quote!(__mimo::None),
    }
}
