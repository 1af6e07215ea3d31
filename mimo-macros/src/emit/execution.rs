//! The plan as static data, for other backends.

use mimo_graph::plan::Plan;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote;

use super::context::Context;
use super::program;

/// The value of `Model::PLAN`. It refers to the constants of the passes and of the program, so that nothing is
/// duplicated.
pub(super) fn plan(cx: &Context<'_>, plan: &Plan) -> TokenStream {
    let buffers = plan.slots.iter().map(|buffer| cx.literal(buffer));
    let names = program::op_names(plan);
    let operations = plan.forward.iter().zip(&names).map(|(op, constant)| {
        let (name, backward) = (&op.name, op.backward);
        let kind = Ident::new(op.kind.name(), Span::call_site());
        let (steps, value) = match &op.steps {
            Some(steps) => {
                let steps = cx.dim(steps);
                (quote!(__mimo::Some(#steps)), quote!(&__Plan::#constant.layer))
            }
            None => (quote!(__mimo::None), quote!(__Plan::#constant)),
        };
        quote!(__mimo::Step::new(
            #name, #steps, #backward, __mimo::OpKind::#kind(__mimo::Cow::Borrowed(#value)),
        ))
    });
    let losses = program::loss_names(cx, plan);
    let places = |places: &[usize]| {
        let places = places.iter().map(|&place| Literal::usize_unsuffixed(place));
        quote!(&[#(#places),*])
    };
    let (heads, trunk) = (places(&plan.heads), places(&plan.trunk));
    let program = quote!(<Self as __mimo::Model>::PROGRAM);
    quote! {
        &__mimo::ExecutionPlan {
            buffers: &[#(#buffers),*],
            blocks: __Layout::BLOCKS,
            interleaved: #program.interleaved,
            params: #program.params,
            inputs: #program.inputs,
            outputs: #program.outputs,
            operations: &[#(#operations),*],
            losses: &[#(__Losses::#losses),*],
            custom_gradients: #program.custom_gradients,
            heads: #heads,
            trunk: #trunk,
            flops: #program.flops,
        }
    }
}
