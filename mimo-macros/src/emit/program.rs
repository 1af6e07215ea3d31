//! The layout and the operations of a model as constants, and the passes that call them.

use mimo_graph::loss::Loss;
use mimo_graph::place::{ALIGN, SlotRequest, place};
use mimo_graph::plan::{Gradient, LossOp, Plan, Slot, Use};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote;

use super::context::{Context, distinct};
use super::operations::{self, option};

/// The structs that hold the constants: `__Layout`, `__Plan` with one operation per line, `__Losses`.
pub(super) fn items(cx: &Context<'_>, plan: &Plan) -> TokenStream {
    let usize = quote!(__mimo::core::primitive::usize);
    let slots = Literal::usize_unsuffixed(plan.slots.len());
    let train = layout(cx, plan, train_layout(plan), |slot| Some(slot.train));
    let predict = layout(cx, plan, predict_layout(plan), |slot| slot.predict);
    let blocks = Literal::usize_unsuffixed(plan.blocks.len());
    let sizes = plan.blocks.iter().map(|block| {
        let (rows, cols) = (cx.dim(&block.rows), cx.dim(&block.cols));
        quote!([#rows, #cols])
    });
    let packed = plan.blocks.iter().map(|block| block.pack);
    let pack_offsets = quote!(__mimo::pack_offsets(&Self::SIZES, &Self::PACKED));
    let copies = (!plan.interleaved.is_empty()).then(|| {
        let len = Literal::usize_unsuffixed(plan.interleaved.len());
        let copies = plan.interleaved.iter().map(|copy| {
            let [block, parts] = [copy.block, copy.parts].map(Literal::usize_unsuffixed);
            quote!((Self::SIZES[#block], #parts))
        });
        // Behind the transposed copies.
        quote! {
            const COPIES: ([#usize; #len], #usize) =
                __mimo::interleaved_offsets(#pack_offsets.1, &[#(#copies),*]);
            const INTERLEAVED: [#usize; #len] = Self::COPIES.0;
        }
    });
    let packs_len = if copies.is_some() { quote!(Self::COPIES.1) } else { quote!(#pack_offsets.1) };
    let ops = op_names(plan);
    let constants = plan.forward.iter().zip(&ops).map(|(op, name)| {
        let (ty, value) = operations::operation(cx, op);
        quote!(const #name: #ty = #value;)
    });
    let (state_constants, states) = states(cx, plan);
    let losses = loss_names(cx, plan);
    let loss_constants = plan.losses.iter().zip(&losses).zip(&states).map(|((loss, name), states)| {
        let value = operations::loss(cx, loss, states);
        quote!(const #name: __mimo::LossOp = #value;)
    });
    quote! {
        struct __Layout;
        impl __Layout {
            const TRAIN: __mimo::Layout<#slots> = #train;
            const PREDICT: __mimo::Layout<#slots> = #predict;
            const SIZES: [[#usize; 2]; #blocks] = [#(#sizes),*];
            const BLOCKS: [#usize; #blocks] = __mimo::block_offsets(&Self::SIZES).0;
            const PARAMETERS: #usize = __mimo::block_offsets(&Self::SIZES).1;
            const PACKED: [__mimo::core::primitive::bool; #blocks] = [#(#packed),*];
            const PACKS: [#usize; #blocks] = #pack_offsets.0;
            #copies
            const PACKS_LEN: #usize = #packs_len;
            #state_constants
        }
        struct __Plan;
        impl __Plan {
            #(#constants)*
        }
        struct __Losses;
        impl __Losses {
            #(#loss_constants)*
        }
    }
}

/// The value of `Model::PROGRAM`.
pub(super) fn program(cx: &Context<'_>, plan: &Plan) -> TokenStream {
    let inputs = plan.inputs.iter().map(|view| operations::view(cx, view));
    let outputs = plan.outputs.iter().map(|view| operations::view(cx, view));
    // One entry per output, also for outputs without targets.
    let mut losses = vec![None; plan.outputs.len()];
    for loss in &plan.losses {
        losses[loss.output] = Some(loss);
    }
    let by_output = |pick: &dyn Fn(&LossOp) -> Option<TokenStream>| {
        let entries = losses.iter().map(|loss| option(loss.and_then(pick)));
        quote!(&[#(#entries),*])
    };
    let targets = by_output(&|loss| loss.kind.map(|_| operations::view(cx, &loss.target)));
    let sample_weights = by_output(&|loss| Some(operations::view(cx, &loss.sample_weight)));
    let custom_gradients = plan.custom_gradients.iter().map(|sink| operations::sink(cx, sink.as_ref()));
    let blocks = plan.blocks.iter().enumerate().map(|(index, block)| {
        let index = Literal::usize_unsuffixed(index);
        let pack = option(block.pack.then(|| quote!(__Layout::PACKS[#index])));
        let gradient = option(block.gradient.as_ref().map(|gradient| match gradient {
            Gradient::Product(uses) => {
                let uses = uses.iter().map(|call| use_value(cx, call));
                quote!(__mimo::Gradient::Product(&[#(#uses),*]))
            }
            Gradient::Sum(uses) => {
                let uses = uses.iter().map(|call| use_value(cx, call));
                quote!(__mimo::Gradient::Sum(&[#(#uses),*]))
            }
            Gradient::Scatter(uses) => {
                let uses = uses.iter().map(|call| use_value(cx, call));
                quote!(__mimo::Gradient::Scatter(&[#(#uses),*]))
            }
            Gradient::Private(view) => {
                let view = operations::view(cx, view);
                quote!(__mimo::Gradient::Private(#view))
            }
        }));
        quote!(__mimo::Block {
            offset: __Layout::BLOCKS[#index],
            rows: __Layout::SIZES[#index][0],
            cols: __Layout::SIZES[#index][1],
            pack: #pack,
            gradient: #gradient,
        })
    });
    let interleaved = plan.interleaved.iter().enumerate().map(|(index, copy)| {
        let [index, block, parts] = [index, copy.block, copy.parts].map(Literal::usize_unsuffixed);
        quote!(__mimo::Interleaved { block: #block, parts: #parts, start: __Layout::INTERLEAVED[#index] })
    });
    let params = plan.params.iter().map(|param| {
        let weight = &cx.graph.layer(param.layer).weights[param.weight];
        let (column, cols) = (cx.dim(&param.column), cx.dim(&param.cols));
        let block = Literal::usize_unsuffixed(param.block);
        let shape = cx.lengths(&weight.shape);
        let regularizer = cx.literal(&weight.options.regularizer);
        let constraint = cx.literal(&weight.options.constraint);
        quote!(__mimo::Param {
            block: #block,
            column: #column,
            cols: #cols,
            shape: &[#shape],
            regularizer: #regularizer,
            constraint: #constraint,
        })
    });
    let sums = if scans(plan) {
        Literal::usize_unsuffixed(plan.outputs.len())
    } else {
        Literal::usize_unsuffixed(0)
    };
    let flops = cx.dim(&plan.flops);
    quote! {
        __mimo::Program {
            train: __Layout::TRAIN.memory(),
            predict: __Layout::PREDICT.memory(),
            inputs: &[#(#inputs),*],
            outputs: &[#(#outputs),*],
            targets: #targets,
            custom_gradients: &[#(#custom_gradients),*],
            sample_weights: #sample_weights,
            blocks: &[#(#blocks),*],
            interleaved: &[#(#interleaved),*],
            params: &[#(#params),*],
            parameters: __Layout::PARAMETERS,
            packs: __Layout::PACKS_LEN,
            statistics: __Layout::STATISTICS,
            sums: #sums,
            flops: #flops,
        }
    }
}

/// The lines of the forward pass.
pub(super) fn forward(plan: &Plan) -> TokenStream {
    let names = op_names(plan);
    quote!(#(__Plan::#names.forward(__chunk);)*)
}

/// The lines of a backward pass over some operations.
pub(super) fn backward(plan: &Plan, operations: &[usize]) -> TokenStream {
    let names = op_names(plan);
    let names = operations.iter().map(|&at| &names[at]);
    quote!(#(__Plan::#names.backward(__chunk);)*)
}

/// The lines of the passes over losses.
pub(super) fn losses(cx: &Context<'_>, plan: &Plan) -> TokenStream {
    let names = loss_names(cx, plan);
    quote!(#(__Losses::#names.forward(__chunk);)*)
}

/// The lines that look at the targets of the whole batch.
pub(super) fn scan(cx: &Context<'_>, plan: &Plan) -> TokenStream {
    let names = loss_names(cx, plan);
    let names = names.iter().zip(&plan.losses).filter(|(_, loss)| scanned(loss)).map(|(name, _)| name);
    quote!(#(__mimo::Scan(__Losses::#names).forward(__chunk);)*)
}

/// Whether a loss looks at the targets of the whole batch.
pub(super) fn scans(plan: &Plan) -> bool {
    plan.losses.iter().any(scanned)
}

fn scanned(loss: &LossOp) -> bool {
    loss.loss.is_some_and(Loss::scans)
}

/// Where slots lie, in numbers.
pub(super) struct Known {
    offsets: Vec<usize>,
    /// Values per sample.
    pub(super) len: usize,
    /// Values per chunk, however many rows it has.
    fixed: usize,
}

/// Where the slots lie in training, if all of their lengths are known.
pub(super) fn train_layout(plan: &Plan) -> Option<Known> {
    known_layout(plan, |slot| Some(slot.train))
}

/// Where the slots lie in a prediction, if all of their lengths are known.
pub(super) fn predict_layout(plan: &Plan) -> Option<Known> {
    known_layout(plan, |slot| slot.predict)
}

fn known_layout(plan: &Plan, life: impl Fn(&Slot) -> Option<(usize, usize)>) -> Option<Known> {
    let known = plan.slots.iter().map(|slot| match (used(life(slot)), slot.len.known()) {
        (None, _) => Some(SlotRequest::UNUSED),
        (Some(_), None) => None,
        (Some((from, to)), Some(len)) => Some(SlotRequest { len, fixed: slot.fixed, from, to }),
    });
    let requests = known.collect::<Option<Vec<_>>>()?;
    // What is longer than any memory is left to const evaluation too, which says so.
    let mut lens = requests.iter().map(|request| request.len.checked_add(ALIGN));
    lens.try_fold(0_usize, |sum, len| sum.checked_add(len?))?;
    let mut offsets = vec![0; requests.len()];
    let (len, fixed) = place(&requests, &mut offsets, &mut vec![0; requests.len()]);
    Some(Known { offsets, len, fixed })
}

/// The life of a slot that has one.
fn used(life: Option<(usize, usize)>) -> Option<(usize, usize)> {
    life.filter(|(from, to)| from <= to)
}

/// Where the slots lie: in numbers if all of their lengths are known, else to be found by const evaluation.
fn layout(
    cx: &Context<'_>,
    plan: &Plan,
    known: Option<Known>,
    life: impl Fn(&Slot) -> Option<(usize, usize)>,
) -> TokenStream {
    let Some(Known { offsets, len, fixed }) = known else {
        let requests = plan.slots.iter().map(|slot| request(cx, slot, used(life(slot))));
        return quote!(__mimo::place(&[#(#requests),*]));
    };
    let offsets = offsets.into_iter().map(Literal::usize_unsuffixed);
    let [len, fixed] = [len, fixed].map(Literal::usize_unsuffixed);
    quote!(__mimo::Layout { offsets: [#(#offsets),*], len: #len, fixed: #fixed })
}

fn request(cx: &Context<'_>, slot: &Slot, life: Option<(usize, usize)>) -> TokenStream {
    let Some((from, to)) = life else { return quote!(__mimo::SlotRequest::UNUSED) };
    let (len, [from, to]) = (cx.dim(&slot.len), [from, to].map(Literal::usize_unsuffixed));
    if slot.fixed {
        quote!(__mimo::SlotRequest::fixed(#len, #from, #to))
    } else {
        quote!(__mimo::SlotRequest::new(#len, #from, #to))
    }
}

fn use_value(cx: &Context<'_>, call: &Use) -> TokenStream {
    let (x, dy) = (operations::view(cx, &call.x), operations::view(cx, &call.dy));
    let positions = cx.dim(&call.positions);
    quote!(__mimo::Use { x: #x, dy: #dy, positions: #positions })
}

/// The constants that say where the metrics keep their states, behind the losses of the outputs, and the length of all
/// statistics; and for each loss the places of its metrics' states.
fn states(cx: &Context<'_>, plan: &Plan) -> (TokenStream, Vec<Vec<TokenStream>>) {
    let usize = quote!(__mimo::core::primitive::usize);
    let outputs = Literal::usize_unsuffixed(plan.outputs.len());
    let mut metrics = vec![];
    let mut places = vec![];
    for loss in &plan.losses {
        let first = metrics.len();
        let classes = cx.dim(&loss.classes);
        metrics.extend(loss.metrics.iter().map(|&metric| {
            let metric = cx.literal(&metric);
            quote!((#metric, #classes))
        }));
        let indices = (first..metrics.len()).map(Literal::usize_unsuffixed);
        places.push(indices.map(|index| quote!(__Layout::STATES.0[#index])).collect());
    }
    if metrics.is_empty() {
        return (quote!(const STATISTICS: #usize = #outputs;), places);
    }
    let count = Literal::usize_unsuffixed(metrics.len());
    let constants = quote! {
        const STATES: ([#usize; #count], #usize) = __mimo::state_offsets(#outputs, &[#(#metrics),*]);
        const STATISTICS: #usize = Self::STATES.1;
    };
    (constants, places)
}

/// Constants' names: the layers' in upper case, kept apart where that makes them equal.
fn op_names(plan: &Plan) -> Vec<Ident> {
    constant_names(plan.forward.iter().map(|op| op.name.as_str()))
}

fn loss_names(cx: &Context<'_>, plan: &Plan) -> Vec<Ident> {
    constant_names(plan.losses.iter().map(|loss| cx.graph.outputs[loss.output].name.as_str()))
}

fn constant_names<'a>(names: impl Iterator<Item = &'a str>) -> Vec<Ident> {
    let bases = names.map(|name| {
        let upper = name.strip_prefix("r#").unwrap_or(name).to_uppercase();
        if syn::parse_str::<Ident>(&upper).is_ok() { upper } else { format!("_{upper}") }
    });
    distinct(bases, |base, count| match count {
        1 => base.to_owned(),
        count => format!("{base}_{count}"),
    })
    .into_iter()
    .map(|name| Ident::new(&name, Span::mixed_site()))
    .collect()
}
