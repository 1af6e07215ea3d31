//! Structs of one sample: references to plain arrays for the inputs, and plain arrays for the predictions.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::columns::{self, Field};
use super::context::{Context, Generics};

/// The array of a field: its shape, from the last axis to the first.
fn array(cx: &Context<'_>, field: &Field) -> TokenStream {
    let (krate, e) = (cx.krate, &cx.generics.e);
    let number = match field.indices {
        true => quote!(#krate::__private::core::primitive::usize),
        false => quote!(#e),
    };
    field.shape.0.iter().rev().fold(number, |array, dim| {
        let length = cx.dim(dim);
        quote!([#array; #length])
    })
}

/// Generic arguments of the sample's struct.
pub(super) fn sample_arguments(cx: &Context<'_>) -> TokenStream {
    let e = &cx.generics.e;
    let inputs = columns::inputs(cx);
    match columns::has_elements(&inputs) {
        true => quote!(<'a, #e>),
        false if inputs.is_empty() => quote!(),
        false => quote!(<'a>),
    }
}

/// Generic arguments of the prediction's struct.
pub(super) fn prediction_arguments(cx: &Context<'_>) -> TokenStream {
    let e = &cx.generics.e;
    match columns::has_elements(&columns::outputs(cx)) {
        true => quote!(<#e>),
        false => quote!(),
    }
}

/// The structs.
pub(super) fn structs(cx: &Context<'_>) -> TokenStream {
    let (krate, vis) = (cx.krate, cx.visibility);
    let Generics { e, .. } = &cx.generics;
    let (sample, prediction) = (cx.name("Sample"), cx.name("Prediction"));
    let model = cx.model.to_string();
    let sample_doc = format!(
        " Inputs of [`{model}`] for one sample, as plain arrays: the argument of `Predictor::predict_one`."
    );
    let prediction_doc = format!(" Outputs of [`{model}`] for one sample, as plain arrays.");
    let parameter = quote!(#e: #krate::__private::Float = #krate::__private::core::primitive::f32,);
    let (inputs, outputs) = (columns::inputs(cx), columns::outputs(cx));
    let lifetime = (!inputs.is_empty()).then(|| quote!('a,));
    let sample_parameter = columns::has_elements(&inputs).then_some(&parameter);
    let prediction_parameter = columns::has_elements(&outputs).then_some(&parameter);
    let fields = |fields: &[Field], reference: &TokenStream| {
        let fields = fields.iter().map(|field| {
            let (name, doc, array) = (&field.name, &field.doc, array(cx, field));
            quote!(#[doc = #doc] pub #name: #reference #array,)
        });
        fields.collect::<TokenStream>()
    };
    let (inputs, outputs) = (fields(&inputs, &quote!(&'a)), fields(&outputs, &TokenStream::new()));
    quote! {
        #[doc = #sample_doc]
        #[derive(
            #krate::__private::core::clone::Clone,
            #krate::__private::core::marker::Copy,
            #krate::__private::core::fmt::Debug,
        )]
        #vis struct #sample<#lifetime #sample_parameter> { #inputs }
        #[doc = #prediction_doc]
        #[derive(
            #krate::__private::core::clone::Clone,
            #krate::__private::core::fmt::Debug,
            #krate::__private::core::cmp::PartialEq,
        )]
        #vis struct #prediction<#prediction_parameter> { #outputs }
    }
}

/// Implementations that read and fill them.
pub(super) fn impls(cx: &Context<'_>) -> TokenStream {
    let Generics { e, t, .. } = &cx.generics;
    let (sample, prediction) = (cx.name("Sample"), cx.name("Prediction"));
    let (inputs, outputs) = (columns::inputs(cx), columns::outputs(cx));
    let (sample_arguments, prediction_arguments) = (sample_arguments(cx), prediction_arguments(cx));
    let lifetime = (!inputs.is_empty()).then(|| quote!('a,));
    let parameter = columns::has_elements(&outputs).then(|| quote!(<#e: __mimo::Float>));
    let kind = |field: &Field| if field.indices { quote!(indices) } else { quote!(floats) };
    let reads = inputs.iter().map(|field| {
        let (name, kind) = (&field.name, kind(field));
        quote!(__mimo::Field::#kind(self.#name))
    });
    let writes = outputs.iter().map(|field| {
        let (name, kind) = (&field.name, kind(field));
        quote!(__mimo::FieldMut::#kind(&mut self.#name))
    });
    let names: Vec<&Ident> = outputs.iter().map(|field| &field.name).collect();
    quote! {
        #[automatically_derived]
        impl<#lifetime #e: __mimo::Float> __mimo::Sample<#e> for #sample #sample_arguments {
            fn fields<#t>(
                &self,
                __then: impl __mimo::core::ops::FnOnce(&[__mimo::Field<'_, #e>]) -> #t,
            ) -> #t {
                __then(&[#(#reads),*])
            }
        }
        #[automatically_derived]
        impl<#e: __mimo::Float> __mimo::Prediction<#e> for #prediction #prediction_arguments {
            fn fields<#t>(
                &mut self,
                __then: impl __mimo::core::ops::FnOnce(&mut [__mimo::FieldMut<'_, #e>]) -> #t,
            ) -> #t {
                __then(&mut [#(#writes),*])
            }
        }
        #[automatically_derived]
        impl #parameter __mimo::core::default::Default for #prediction #prediction_arguments {
            fn default() -> Self {
                #prediction { #(#names: __mimo::Plain::all_zero(),)* }
            }
        }
    }
}
