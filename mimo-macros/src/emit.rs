//! From a checked graph and its plan to Rust. Nothing here can fail: whatever could be wrong was found before.

mod columns;
mod context;
mod docs;
mod execution;
mod fold;
pub(crate) mod functions;
mod graph;
mod literal;
pub(crate) mod logs;
mod model;
mod nested;
mod numbers;
mod picture;
mod program;
mod sample;
mod spec;
mod stages;
mod weights;

use mimo_graph::plan::Plan;
use proc_macro2::TokenStream;
use quote::quote;

use crate::lengths::Lengths;
use crate::lower::Lowered;
use context::Context;

/// The items that a model becomes. `lengths` records the constants that they need.
pub(crate) fn model(lowered: &Lowered, lengths: &Lengths<'_>) -> TokenStream {
    let cx = Context::new(lowered, lengths);
    let plan = Plan::new(cx.graph);
    let structs = [
        columns::structs(&cx),
        sample::structs(&cx),
        logs::structs(&cx),
        nested::wrappers(&cx, &plan),
        model::items(&cx, &plan),
    ];
    let cx = &cx.inside();
    let impls = [
        weights::collection(cx, &plan),
        nested::parts(cx, &plan),
        columns::impls(cx),
        sample::impls(cx),
        logs::impls(cx),
        program::items(cx, &plan),
        model::traits(cx, &plan),
    ];
    let krate = cx.krate;
    // Paths of the user's losses and metrics may be longer than they need to be.
    let own = cx.graph.compile.iter().any(|compile| !compile.own.is_empty());
    let allowed = own.then(|| quote!(#[allow(unused_qualifications)]));
    quote! {
        #(#structs)*
        #allowed
        const _: () = {
            use #krate::__private as __mimo;
            #(#impls)*
        };
    }
}
