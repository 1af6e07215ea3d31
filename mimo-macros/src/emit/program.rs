//! The layout and the operations of a model as constants, and the passes that call them.

use mimo_graph::describe::{Describe, Literal as Value};
use mimo_graph::dim::Dim;
use mimo_graph::loss::{Loss, Region};
use mimo_graph::operation::Sum;
use mimo_graph::place::{ALIGN, SlotRequest, place};
use mimo_graph::plan::{Buffer, LossOp, Op, Param, Plan};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{quote, quote_spanned};

use super::context::{Context, distinct};
use super::literal::literal;
use super::stages;

/// The structs with the constants: `__Layout`, `__Plan` with one operation per line, `__Losses`.
pub(super) fn items(cx: &Context<'_>, plan: &Plan) -> TokenStream {
    let usize = quote!(__mimo::core::primitive::usize);
    let slots = Literal::usize_unsuffixed(plan.slots.len());
    let train = layout(cx, plan, train_layout(plan), |slot| Some(slot.train));
    let predict = layout(cx, plan, predict_layout(plan), |slot| slot.predict);
    let folded = plan.folded.as_ref().map(|_| {
        let layout = layout(cx, plan, known_layout(plan, |slot| slot.folded), |slot| slot.folded);
        quote!(const FOLDED: __mimo::Layout<#slots> = #layout;)
    });
    let count = Literal::usize_unsuffixed(plan.blocks.len());
    let blocks = plan.blocks.iter().map(|block| cx.literal(block));
    let copies = (!plan.interleaved.is_empty()).then(|| {
        let len = Literal::usize_unsuffixed(plan.interleaved.len());
        let copies = plan.interleaved.iter().map(|copy| cx.literal(copy));
        // After the transposed copies.
        quote! {
            const COPIES: &'static [__mimo::Interleaved; #len] = &[#(#copies),*];
            const INTERLEAVED: ([#usize; #len], #usize) =
                __mimo::interleaved_offsets(Self::PLACED.packs_len, Self::BLOCKS, Self::COPIES);
        }
    });
    let ops = op_names(plan);
    let constants = operations(plan).zip(&ops).map(|(op, name)| {
        let (ty, value) = operation(cx, op);
        quote!(const #name: &'static #ty = &#value;)
    });
    let losses = loss_names(cx, plan);
    let loss_constants = plan.losses.iter().zip(&losses).map(|(loss, name)| {
        let value = cx.literal(loss);
        quote!(const #name: &'static __mimo::LossOp = &#value;)
    });
    let masks = plan.masks.iter().zip(mask_names(cx, plan)).map(|(mask, name)| {
        let (loss, view, start) = (&losses[mask.loss], cx.literal(&mask.view), cx.dim(&mask.start));
        quote! {
            const #name: &'static __mimo::Masked =
                &__mimo::Masked { loss: Self::#loss, mask: #view, start: #start };
        }
    });
    let states = states(cx, plan);
    quote! {
        struct __Layout;
        impl __Layout {
            const TRAIN: __mimo::Layout<#slots> = #train;
            const PREDICT: __mimo::Layout<#slots> = #predict;
            #folded
            const BLOCKS: &'static [__mimo::Block; #count] = &[#(#blocks),*];
            const PLACED: __mimo::BlockLayout<#count> = __mimo::place_blocks(Self::BLOCKS);
            #copies
            #states
        }
        struct __Plan;
        impl __Plan {
            #(#constants)*
        }
        struct __Losses;
        impl __Losses {
            #(#loss_constants)*
            #(#masks)*
        }
    }
}

/// Type and value of an operation.
fn operation(cx: &Context<'_>, op: &Op) -> (TokenStream, TokenStream) {
    let ty = Ident::new(op.kind.name(), Span::call_site());
    let Some(steps) = &op.steps else { return (quote!(__mimo::#ty), cx.literal(&op.kind)) };
    let (steps, value) = (cx.dim(steps), cx.literal(&op.per_step().kind));
    let wrapper = quote!(__mimo::TimeDistributed { steps: #steps, layer: #value });
    (quote!(__mimo::TimeDistributed<__mimo::#ty>), wrapper)
}

/// The value of `Model::PROGRAM`.
pub(super) fn program(cx: &Context<'_>, plan: &Plan) -> TokenStream {
    let inputs = plan.inputs.iter().map(|view| cx.literal(view));
    let outputs = plan.outputs.iter().map(|view| cx.literal(view));
    // One entry per output, including outputs without targets.
    let mut losses = vec![None; plan.outputs.len()];
    for loss in &plan.losses {
        losses[loss.output] = Some(loss);
    }
    let by_output = |pick: &dyn Fn(&LossOp) -> Option<Value>| {
        let entries =
            losses.iter().map(|loss| literal(cx, &Value::Optional(loss.and_then(pick).map(Box::new))));
        quote!(&[#(#entries),*])
    };
    let targets = by_output(&|loss| loss.kind.map(|_| loss.target.literal()));
    let sample_weights = by_output(&|loss| Some(loss.sample_weight.literal()));
    let custom_gradients = plan.custom_gradients.iter().map(|target| cx.literal(target));
    let (copies, interleaved, packs) = match plan.interleaved[..] {
        [] => (quote!(&[]), quote!(&[]), quote!(__Layout::PLACED.packs_len)),
        _ => (quote!(__Layout::COPIES), quote!(&__Layout::INTERLEAVED.0), quote!(__Layout::INTERLEAVED.1)),
    };
    let states = match plan.losses.iter().all(|loss| loss.metrics.is_empty()) {
        true => quote!(&[]),
        false => quote!(&__Layout::STATES.0),
    };
    let params = plan.params.iter().map(|param| {
        let Param { layer, weight, block, column, cols, shape, regularizer, constraint } = param;
        // As an argument, a list of lengths that only const evaluation knows would not live long enough.
        let known = shape.iter().all(|length| length.known().is_some());
        if regularizer.is_some() || constraint.is_some() || *column != Dim::Known(0) || !known {
            return cx.literal(param);
        }
        // The most common form of a weight: each field costs users' compile time.
        let (cols, shape) = (cx.dim(cols), shape.iter().map(|length| cx.dim(length)));
        let places = [layer, weight, block].map(|place| Literal::usize_unsuffixed(*place));
        quote!(__mimo::Param::plain([#(#places),*], #cols, &[#(#shape),*]))
    });
    let sums = cx.dim(&plan.sums);
    let moving = stages::moving(plan);
    let moving = moving.iter().map(|average| cx.literal(average));
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
            blocks: &__Layout::PLACED.placed,
            starts: __mimo::Starts {
                blocks: &__Layout::PLACED.blocks,
                packs: &__Layout::PLACED.packs,
                interleaved: #interleaved,
                states: #states,
            },
            interleaved: #copies,
            moving: &[#(#moving),*],
            params: &[#(#params),*],
            parameters: __Layout::PLACED.parameters,
            packs: #packs,
            statistics: __Layout::STATISTICS,
            sums: #sums,
            flops: #flops,
        }
    }
}

/// `Model::STATES`, if a layer is stateful.
pub(super) fn kept_states(cx: &Context<'_>, plan: &Plan) -> Option<TokenStream> {
    let states = plan.states.iter().map(|state| cx.literal(state));
    (!plan.states.is_empty()).then(|| quote!(const STATES: &'static [__mimo::StatePlace] = &[#(#states),*];))
}

/// `Model::SPECTRAL`, if a trained model normalizes kernels.
pub(super) fn spectral(cx: &Context<'_>, plan: &Plan) -> Option<TokenStream> {
    let kernels = plan.spectral.iter().map(|kernel| cx.literal(kernel));
    let any = cx.graph.compile.is_some() && !plan.spectral.is_empty();
    any.then(|| quote!(const SPECTRAL: &'static [__mimo::SpectralKernel] = &[#(#kernels),*];))
}

/// `Model::MASKS`, if an output has a mask.
pub(super) fn masks(cx: &Context<'_>, plan: &Plan) -> Option<TokenStream> {
    let names = mask_names(cx, plan);
    (!plan.masks.is_empty())
        .then(|| quote!(const MASKS: &'static [&'static __mimo::Masked] = &[#(__Losses::#names),*];))
}

/// Lines of the forward pass, without operations that only losses need.
pub(super) fn forward(plan: &Plan) -> TokenStream {
    let names = op_names(plan).into_iter().take(plan.forward.len()).enumerate();
    let names = names.filter(|(at, _)| plan.only_losses.binary_search(at).is_err()).map(|(_, name)| name);
    quote!(#(__Plan::#names.forward(__chunk);)*)
}

/// Lines of the passes over losses, each followed by its metrics.
pub(super) fn losses(cx: &Context<'_>, plan: &Plan) -> TokenStream {
    let names = loss_names(cx, plan);
    let lines = names.iter().zip(&plan.losses).enumerate().map(|(at, (name, loss))| {
        if let Some(mask) = mask_name(cx, plan, at) {
            return masked_loss(cx, plan, at, name, &mask);
        }
        let metrics = (!loss.metrics.is_empty()).then(|| quote!(__mimo::Metrics(__Losses::#name).forward(__chunk);));
        if let Some(start) = start_of_sums(plan, at) {
            let start = cx.dim(start);
            return quote!(__mimo::BatchLoss { loss: __Losses::#name, start: #start }.forward(__chunk); #metrics);
        }
        let pass = match loss.loss {
            Some(Loss::Own { path, .. }) => Some(own(cx, loss, path, name, None)),
            _ => kind(loss).map(|kind| {
                let kind = Ident::new(kind, Span::call_site());
                quote!(__mimo::losses::#kind(__Losses::#name).forward(__chunk);)
            }),
        };
        quote!(#pass #metrics)
    });
    let own = lines_need_own(plan).then(|| {
        quote!(
            use __mimo::own::{WhenMisfit as _, WhenSlices as _, WhenTensors as _};
        )
    });
    quote!(#own #(#lines)*)
}

/// Lines of the loss and the metrics of an output with a mask.
fn masked_loss(cx: &Context<'_>, plan: &Plan, at: usize, name: &Ident, mask: &Ident) -> TokenStream {
    let loss = &plan.losses[at];
    let metrics =
        (!loss.metrics.is_empty()).then(|| quote!(__mimo::MaskedMetrics(__Losses::#mask).forward(__chunk);));
    if let Some(start) = start_of_sums(plan, at) {
        let start = cx.dim(start);
        return quote! {
            __mimo::MaskedBatch { masked: __Losses::#mask, start: #start }.forward(__chunk);
            #metrics
        };
    }
    if is_of_sample_regions(loss) {
        return quote!(__mimo::MaskedRegions(__Losses::#mask).forward(__chunk); #metrics);
    }
    let pass = match loss.loss {
        Some(Loss::Own { path, .. }) => Some(own(cx, loss, path, name, Some(mask))),
        _ => kind(loss).map(|kind| {
            let kind = Ident::new(kind, Span::call_site());
            quote!(__mimo::losses::#kind(__Losses::#name).forward_masked(__Losses::#mask, __chunk);)
        }),
    };
    quote!(#pass #metrics)
}

fn lines_need_own(plan: &Plan) -> bool {
    plan.losses.iter().any(|loss| matches!(loss.loss, Some(Loss::Own { .. })))
}

/// The pass of a custom loss. rustc reports errors of the function at its path.
fn own(cx: &Context<'_>, loss: &LossOp, path: &str, name: &Ident, mask: Option<&Ident>) -> TokenStream {
    let function = cx.own(path);
    let span = function.clone().into_iter().last().map_or_else(Span::call_site, |token| token.span());
    let span = span.resolved_at(Span::call_site());
    let mask = match mask {
        Some(mask) => quote!(__mimo::Some(__Losses::#mask)),
        None => quote!(__mimo::None),
    };
    let classes = cx.generic(&loss.classes);
    let kind = match loss.loss {
        Some(Loss::Own { sparse: true, .. }) => quote!(Indices),
        _ => quote!(Values),
    };
    let verdicts = [quote!(f32), quote!(f64)].map(|float| {
        let candidate = quote!(__mimo::own::Candidate::<__mimo::core::primitive::#float, __mimo::Const<#classes>, __mimo::own::#kind, _>);
        quote_spanned!(span=> (&&&#candidate::new(#function)).verdict())
    });
    quote_spanned!(span=> __mimo::own::loss(__Losses::#name, #mask, #(#verdicts,)* __chunk);)
}

/// Whether a loss compares regions that span several steps of a sample.
fn is_of_sample_regions(loss: &LossOp) -> bool {
    matches!(loss.loss.and_then(Loss::region), Some(Region::Sample | Region::SampleClass))
}

/// The pass of an output's loss, named after its variant. A custom loss is computed outside of the chunk, and a
/// user's function is named by its path.
fn kind(output: &LossOp) -> Option<&'static str> {
    match output.loss.filter(|loss| !matches!(loss, Loss::Custom { .. } | Loss::Own { .. }))?.literal() {
        Value::Variant { variant, .. } => Some(variant),
        _ => None,
    }
}

/// Whether an output has a pass of its loss's kind.
pub(super) fn has_kinds(plan: &Plan) -> bool {
    plan.losses.iter().enumerate().any(|(at, loss)| {
        let masked_regions = plan.mask_of(at).is_some() && is_of_sample_regions(loss);
        start_of_sums(plan, at).is_none() && !masked_regions && kind(loss).is_some()
    })
}

/// Lines that compute the sums for losses over the whole batch and outputs with masks.
pub(super) fn batch_loss_sums(cx: &Context<'_>, plan: &Plan) -> TokenStream {
    let names = loss_names(cx, plan);
    let lines = names.iter().enumerate().filter_map(|(at, name)| {
        let start = cx.dim(start_of_sums(plan, at)?);
        Some(match mask_name(cx, plan, at) {
            Some(mask) => {
                quote!(__mimo::MaskedBatchSums { masked: __Losses::#mask, start: #start }.forward(__chunk);)
            }
            None => quote!(__mimo::BatchLossSums { loss: __Losses::#name, start: #start }.forward(__chunk);),
        })
    });
    let masks = mask_names(cx, plan);
    quote!(#(#lines)* #(__mimo::MaskSums(__Losses::#masks).forward(__chunk);)*)
}

/// Offset of the sums of a loss over the whole batch.
fn start_of_sums(plan: &Plan, loss: usize) -> Option<&Dim> {
    plan.batch_losses.iter().find_map(|(at, sum)| match sum {
        Sum::Add { start, .. } | Sum::Moments { start, .. } | Sum::MaskedMoments { start, .. } => {
            (*at == loss).then_some(start)
        }
    })
}

/// Lines that scan the targets of the whole batch.
pub(super) fn scan(cx: &Context<'_>, plan: &Plan) -> TokenStream {
    let names = loss_names(cx, plan);
    let names = names.iter().enumerate().filter(|&(at, _)| plan.scans(at)).map(|(_, name)| name);
    quote!(#(__mimo::Scan(__Losses::#names).forward(__chunk);)*)
}

/// Whether a loss scans the targets of the whole batch.
pub(super) fn scans(plan: &Plan) -> bool {
    (0..plan.losses.len()).any(|at| plan.scans(at))
}

/// Offsets of slots, as numbers.
pub(super) struct Known {
    offsets: Vec<usize>,
    /// Values per sample.
    pub(super) len: usize,
    /// Values per chunk, for any number of rows.
    fixed: usize,
}

/// Offsets of the slots in training, if all of their lengths are known.
pub(super) fn train_layout(plan: &Plan) -> Option<Known> {
    known_layout(plan, |slot| Some(slot.train))
}

/// Offsets of the slots in a prediction, if all of their lengths are known.
pub(super) fn predict_layout(plan: &Plan) -> Option<Known> {
    known_layout(plan, |slot| slot.predict)
}

fn known_layout(plan: &Plan, life: impl Fn(&Buffer) -> Option<[usize; 2]>) -> Option<Known> {
    let known = plan.slots.iter().map(|slot| match (used(life(slot)), slot.len.known()) {
        (None, _) => Some(SlotRequest::UNUSED),
        (Some(_), None) => None,
        (Some([from, to]), Some(len)) => Some(SlotRequest { len, fixed: slot.fixed, from, to }),
    });
    let requests = known.collect::<Option<Vec<_>>>()?;
    // A layout that does not fit in memory is also left to const evaluation, which reports it.
    let mut lens = requests.iter().map(|request| request.len.checked_add(ALIGN));
    lens.try_fold(0_usize, |sum, len| sum.checked_add(len?))?;
    let mut offsets = vec![0; requests.len()];
    let (len, fixed) = place(&requests, &mut offsets, &mut vec![0; requests.len()]);
    Some(Known { offsets, len, fixed })
}

/// The lifetime of a slot, if it is used.
fn used(life: Option<[usize; 2]>) -> Option<[usize; 2]> {
    life.filter(|[from, to]| from <= to)
}

/// Offsets of the slots: as numbers if all of their lengths are known, else computed by const evaluation.
fn layout(
    cx: &Context<'_>,
    plan: &Plan,
    known: Option<Known>,
    life: impl Fn(&Buffer) -> Option<[usize; 2]>,
) -> TokenStream {
    let Some(Known { offsets, len, fixed }) = known else {
        let requests = plan.slots.iter().map(|slot| request(cx, slot, used(life(slot))));
        return quote!(__mimo::place(&[#(#requests),*]));
    };
    let offsets = offsets.into_iter().map(Literal::usize_unsuffixed);
    let [len, fixed] = [len, fixed].map(Literal::usize_unsuffixed);
    quote!(__mimo::Layout { offsets: [#(#offsets),*], len: #len, fixed: #fixed })
}

fn request(cx: &Context<'_>, slot: &Buffer, life: Option<[usize; 2]>) -> TokenStream {
    let Some([from, to]) = life else { return quote!(__mimo::SlotRequest::UNUSED) };
    let (len, [from, to]) = (cx.dim(&slot.len), [from, to].map(Literal::usize_unsuffixed));
    if slot.fixed {
        quote!(__mimo::SlotRequest::fixed(#len, #from, #to))
    } else {
        quote!(__mimo::SlotRequest::new(#len, #from, #to))
    }
}

/// Constants for the offsets of the metrics' states, after the losses of the outputs and the added losses, and the
/// length of all statistics.
fn states(cx: &Context<'_>, plan: &Plan) -> TokenStream {
    let usize = quote!(__mimo::core::primitive::usize);
    let losses = Literal::usize_unsuffixed(plan.outputs.len() + cx.graph.added_losses().len());
    let metrics = plan.losses.iter().flat_map(|loss| {
        let classes = cx.dim(&loss.classes);
        loss.metrics.iter().map(move |metric| {
            let metric = cx.literal(metric);
            quote!((#metric, #classes))
        })
    });
    let metrics: Vec<_> = metrics.collect();
    if metrics.is_empty() {
        return quote!(const STATISTICS: #usize = #losses;);
    }
    let count = Literal::usize_unsuffixed(metrics.len());
    quote! {
        const STATES: ([#usize; #count], #usize) = __mimo::state_offsets(#losses, &[#(#metrics),*]);
        const STATISTICS: #usize = Self::STATES.1;
    }
}

/// The operations of all passes: those of the forward pass, and the additional ones of the folded pass.
fn operations(plan: &Plan) -> impl Iterator<Item = &Op> {
    plan.forward.iter().chain(plan.folded.iter().flat_map(|folded| &folded.operations))
}

/// Names of the constants: the layers' names in upper case, made distinct. Those of the forward pass come first.
pub(super) fn op_names(plan: &Plan) -> Vec<Ident> {
    constant_names(operations(plan).map(|op| op.name.as_str()))
}

pub(super) fn loss_names(cx: &Context<'_>, plan: &Plan) -> Vec<Ident> {
    let mut names = loss_and_mask_names(cx, plan);
    names.truncate(plan.losses.len());
    names
}

/// The names of masks, in the order of [`Plan::masks`].
fn mask_names(cx: &Context<'_>, plan: &Plan) -> Vec<Ident> {
    loss_and_mask_names(cx, plan).split_off(plan.losses.len())
}

/// The name of the mask of a loss's output.
fn mask_name(cx: &Context<'_>, plan: &Plan, loss: usize) -> Option<Ident> {
    let at = plan.masks.iter().position(|mask| mask.loss == loss)?;
    mask_names(cx, plan).into_iter().nth(at)
}

/// Both are constants of one type.
fn loss_and_mask_names(cx: &Context<'_>, plan: &Plan) -> Vec<Ident> {
    let output = |loss: usize| cx.graph.outputs[plan.losses[loss].output].name.as_str();
    let losses = (0..plan.losses.len()).map(|loss| output(loss).to_owned());
    let masks = plan.masks.iter().map(|mask| format!("{}_mask", output(mask.loss)));
    let names: Vec<String> = losses.chain(masks).collect();
    constant_names(names.iter().map(String::as_str))
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
