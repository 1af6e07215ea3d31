//! Losses and metrics by name: `logs.diagnosis.accuracy`.

use mimo_graph::graph::Training;
use mimo_graph::names::loss_field;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};

use super::context::{Context, distinct};
use crate::tokens::ident;

/// The logs of one output: its struct and its values.
struct Output<'a> {
    field: Ident,
    name: Ident,
    training: &'a Training,
}

fn outputs<'a>(cx: &'a Context<'_>) -> Vec<Output<'a>> {
    let Some(compile) = &cx.graph.compile else { return vec![] };
    let fields = cx.output_fields();
    let names = names(cx.model, &fields);
    let outputs = fields.into_iter().zip(names).zip(&compile.outputs);
    outputs.map(|((field, name), training)| Output { field, name, training }).collect()
}

/// The value of an added loss.
struct AddedLoss<'a> {
    field: Ident,
    name: &'a str,
}

fn added_losses<'a>(cx: &'a Context<'_>) -> Vec<AddedLoss<'a>> {
    let layers = cx.graph.added_losses().into_iter().map(|layer| &cx.graph.layer(layer).name);
    layers.map(|name| AddedLoss { field: ident(&loss_field(name), Span::call_site()), name }).collect()
}

/// The structs of the outputs' logs, in order.
pub(crate) fn names(model: &Ident, outputs: &[Ident]) -> Vec<Ident> {
    // `a_b` and `a__b` are two outputs but one name in camel case.
    let names =
        distinct(outputs.iter().map(|field| camel_case(&field.to_string())), |camel, count| match count {
            1 => camel.to_owned(),
            count => format!("{camel}{count}"),
        });
    names.into_iter().map(|camel| format_ident!("{}{}Logs", model, camel, span = model.span())).collect()
}

/// `next_step` → `NextStep`
pub(super) fn camel_case(name: &str) -> String {
    let name = name.strip_prefix("r#").unwrap_or(name);
    let mut camel = String::new();
    for part in name.split('_') {
        let mut letters = part.chars();
        camel.extend(letters.next().into_iter().flat_map(char::to_uppercase));
        camel.extend(letters);
    }
    camel
}

fn metric_fields(output: &Output<'_>) -> Vec<Ident> {
    output.training.metrics.iter().map(|(name, _)| ident(name, Span::call_site())).collect()
}

/// Field of the total: `loss`, Keras's key. If an output has that name, it is `total_loss`, with a `_` for every
/// output that has that name too.
fn total_field(outputs: &[Output<'_>], added: &[AddedLoss<'_>]) -> Ident {
    let mut name = String::from("loss");
    while outputs.iter().any(|output| output.field == name) || added.iter().any(|loss| loss.field == name) {
        name = if name == "loss" { "total_loss".into() } else { format!("{name}_") };
    }
    Ident::new(&name, Span::call_site())
}

/// The structs.
pub(super) fn structs(cx: &Context<'_>) -> TokenStream {
    if cx.graph.compile.is_none() {
        return TokenStream::new();
    }
    let krate = cx.krate;
    let vis = cx.visibility;
    let f64 = quote!(#krate::__private::core::primitive::f64);
    let derives = quote! {
        #[derive(
            #krate::__private::core::clone::Clone,
            #krate::__private::core::marker::Copy,
            #krate::__private::core::fmt::Debug,
            #krate::__private::core::cmp::PartialEq,
        )]
    };
    let outputs = outputs(cx);
    let parts = outputs.iter().map(|output| {
        let doc = format!(" Loss and metrics of output `{}`.", output.field);
        let name = &output.name;
        let loss = output.training.loss.map(|_| {
            quote! {
                /// The unweighted loss, averaged over the samples.
                pub loss: #f64,
            }
        });
        let metrics = metric_fields(output);
        let docs = output.training.metrics.iter().map(|(name, _)| format!(" The metric `{name}`."));
        quote! {
            #[doc = #doc]
            #derives
            #vis struct #name { #loss #(#[doc = #docs] pub #metrics: #f64,)* }
        }
    });
    let logs = cx.name("Logs");
    let doc = format!(" Losses and metrics of [`{}`] over an epoch or a data set.", cx.model);
    let fields = outputs.iter().map(|output| {
        let (field, name) = (&output.field, &output.name);
        let doc = format!(" Of output `{field}`.");
        quote!(#[doc = #doc] pub #field: #name,)
    });
    let added = added_losses(cx);
    let total = total_field(&outputs, &added);
    let total_doc = match added.is_empty() {
        true => " The weighted sum of the outputs' losses and the penalties of weights: Keras's `loss`.",
        false => {
            " The weighted sum of the outputs' losses, the added losses and the penalties of weights: Keras's `loss`."
        }
    };
    let added = added.iter().map(|AddedLoss { field, name }| {
        let doc = format!(" The added loss `{name}` without its weight, averaged over the samples.");
        quote!(#[doc = #doc] pub #field: #f64,)
    });
    quote! {
        #(#parts)*
        #[doc = #doc]
        #derives
        #vis struct #logs {
            #[doc = #total_doc]
            pub #total: #f64,
            #(#fields)*
            #(#added)*
        }
    }
}

/// Implementations that fill the structs from values in declared order.
pub(super) fn impls(cx: &Context<'_>) -> TokenStream {
    if cx.graph.compile.is_none() {
        return TokenStream::new();
    }
    let outputs = outputs(cx);
    let logs = cx.name("Logs");
    let next = quote!(__values.next().unwrap_or(__mimo::core::primitive::f64::NAN));
    let added = added_losses(cx);
    let total = total_field(&outputs, &added);
    let added = added.iter().map(|loss| &loss.field);
    let fields = outputs.iter().map(|output| {
        let (field, name) = (&output.field, &output.name);
        let loss = output.training.loss.map(|_| quote!(loss: #next,));
        let metrics = metric_fields(output);
        quote!(#field: #name { #loss #(#metrics: #next,)* },)
    });
    quote! {
        #[automatically_derived]
        impl __mimo::Logs for #logs {
            fn from_values(
                __values: &mut dyn __mimo::core::iter::Iterator<Item = __mimo::core::primitive::f64>,
            ) -> Self {
                #logs { #total: #next, #(#fields)* #(#added: #next,)* }
            }
        }
    }
}
