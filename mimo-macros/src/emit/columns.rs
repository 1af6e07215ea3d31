//! The structs of named tensors: inputs, outputs, targets, and one value per output.

use mimo_graph::dim::Dim;
use mimo_graph::graph::{Dtype, Port};
use mimo_graph::shape::Shape;
use mimo_graph::target::Target;
use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

use super::context::{Context, Generics};

/// A field of such a struct.
pub(super) struct Field {
    pub name: Ident,
    pub shape: Shape,
    pub indices: bool,
    pub doc: String,
}

impl Field {
    /// The type of the field; `tape` is empty or `, T`.
    fn ty(&self, cx: &Context<'_>, element: &TokenStream, tape: &TokenStream) -> TokenStream {
        let (krate, b) = (cx.krate, &cx.generics.b);
        let dims = self.shape.0.iter().map(|dim| cx.generic(dim));
        let element =
            if self.indices { quote!(#krate::__private::core::primitive::usize) } else { element.clone() };
        quote! {
            #krate::__private::Tensor<
                (#b, #(#krate::__private::Const<#dims>,)*), #element, #krate::__private::Cpu #tape
            >
        }
    }
}

fn method(field: &Field) -> TokenStream {
    if field.indices { quote!(indices) } else { quote!(tensor) }
}

fn port(cx: &Context<'_>, port: &Port, field: &Ident, what: &str) -> Field {
    let tensor = cx.graph.tensor(port.tensor);
    let shape = tensor.shape.clone().unwrap_or(Shape(vec![]));
    let doc = format!(" {what} `{}`, `{}` per sample.", port.name, cx.shown(&shape));
    Field { name: field.clone(), shape, indices: tensor.dtype == Dtype::Int, doc }
}

pub(super) fn inputs(cx: &Context<'_>) -> Vec<Field> {
    cx.inputs().map(|(input, field)| port(cx, input, field, "Input")).collect()
}

pub(super) fn outputs(cx: &Context<'_>) -> Vec<Field> {
    cx.outputs().map(|(output, field)| port(cx, output, field, "Output")).collect()
}

fn targets(cx: &Context<'_>) -> Vec<Field> {
    let Some(compile) = &cx.graph.compile else { return vec![] };
    let mut fields = vec![];
    for ((output, field), training) in cx.outputs().zip(&compile.outputs) {
        let Some(target) = training.target() else { continue };
        let mut field = port(cx, output, field, "Target of");
        if target == Target::Classes {
            let classes = field.shape.0.pop().unwrap_or(Dim::Known(1));
            field.indices = true;
            field.doc = format!(
                " Class indices below {} for `{}`, `{}` per sample.",
                classes.display(&cx.graph.consts),
                output.name,
                cx.shown(&field.shape)
            );
        }
        match training.loss {
            Some(loss) => field.doc.push_str(&format!(" Loss `{loss}`, weight {}.", training.weight)),
            None => field.doc.push_str(" Read by its metrics only."),
        }
        fields.push(field);
    }
    fields
}

/// Generic arguments of a struct with these fields. Class indices have one type, so if there is nothing else, there
/// is no element type, and without fields there are no parameters.
fn arguments(cx: &Context<'_>, fields: &[Field], batch: &TokenStream) -> TokenStream {
    let e = &cx.generics.e;
    match has_elements(fields) {
        true => quote!(<#batch, #e>),
        false if fields.is_empty() => quote!(),
        false => quote!(<#batch>),
    }
}

pub(super) fn has_elements(fields: &[Field]) -> bool {
    fields.iter().any(|field| !field.indices)
}

/// Generic arguments of the inputs' struct.
pub(super) fn input_arguments(cx: &Context<'_>, batch: &TokenStream) -> TokenStream {
    arguments(cx, &inputs(cx), batch)
}

/// Generic arguments of the targets' struct.
pub(super) fn target_arguments(cx: &Context<'_>, batch: &TokenStream) -> TokenStream {
    arguments(cx, &targets(cx), batch)
}

/// The structs.
pub(super) fn structs(cx: &Context<'_>) -> TokenStream {
    let krate = cx.krate;
    let vis = cx.visibility;
    let Generics { e, b, t, .. } = &cx.generics;
    let element = quote!(#e);
    let model = cx.model.to_string();
    let batch_doc =
        format!(" `{b}` is the batch axis: any number of samples, or `Const<N>` for exactly `N`.");
    let plain = |name: Ident, doc: String, fields: &[Field]| {
        let names = fields.iter().map(|field| &field.name);
        let docs = fields.iter().map(|field| &field.doc);
        let types = fields.iter().map(|field| field.ty(cx, &element, &TokenStream::new()));
        let parameter = has_elements(fields)
            .then(|| quote!(#e: #krate::__private::Float = #krate::__private::core::primitive::f32,));
        quote! {
            #[doc = #doc]
            ///
            #[doc = #batch_doc]
            #[derive(#krate::__private::core::clone::Clone, #krate::__private::core::fmt::Debug)]
            #vis struct #name<
                #b: #krate::__private::Dim = #krate::__private::core::primitive::usize,
                #parameter
            > {
                #(#[doc = #docs] pub #names: #types,)*
            }
        }
    };
    let inputs = plain(cx.name("Inputs"), format!(" Inputs of [`{model}`]."), &inputs(cx));
    let targets = cx.graph.compile.as_ref().map(|_| {
        let fields = targets(cx);
        if !fields.is_empty() {
            return plain(cx.name("Targets"), format!(" Targets of [`{model}`]."), &fields);
        }
        let name = cx.name("Targets");
        let doc = format!(" [`{model}`] has no targets: its losses are computed from its outputs alone.");
        quote! {
            #[doc = #doc]
            #[derive(
                #krate::__private::core::clone::Clone,
                #krate::__private::core::marker::Copy,
                #krate::__private::core::fmt::Debug,
                #krate::__private::core::default::Default,
            )]
            #vis struct #name {}
        }
    });
    let outputs_name = cx.name("Outputs");
    let outputs = outputs(cx);
    let names: Vec<_> = outputs.iter().map(|field| &field.name).collect();
    let docs = outputs.iter().map(|field| &field.doc);
    let types = outputs.iter().map(|field| field.ty(cx, &element, &quote!(, #t)));
    let outputs_doc = format!(" Outputs of [`{model}`].");
    let tape_doc = format!(
        " `{b}` is the batch axis, `{t}` the tape that records operations on the outputs (used by custom losses)."
    );
    let per_output = cx.name("PerOutput");
    let per_output_doc = format!(" One value per output of [`{model}`].");
    let per_output_docs = outputs.iter().map(|field| format!(" For output `{}`.", field.name));
    quote! {
        #inputs
        #[doc = #outputs_doc]
        ///
        #[doc = #tape_doc]
        #[derive(#krate::__private::core::clone::Clone, #krate::__private::core::fmt::Debug)]
        #vis struct #outputs_name<
            #b: #krate::__private::Dim = #krate::__private::core::primitive::usize,
            #e: #krate::__private::Float = #krate::__private::core::primitive::f32,
            #t = #krate::__private::NoneTape,
        > {
            #(#[doc = #docs] pub #names: #types,)*
        }
        #targets
        #[doc = #per_output_doc]
        #[derive(
            #krate::__private::core::clone::Clone,
            #krate::__private::core::marker::Copy,
            #krate::__private::core::fmt::Debug,
            #krate::__private::core::default::Default,
            #krate::__private::core::cmp::PartialEq,
        )]
        #vis struct #per_output<#t> {
            #(#[doc = #per_output_docs] pub #names: #t,)*
        }
    }
}

/// Implementations that fill and read the structs.
pub(super) fn impls(cx: &Context<'_>) -> TokenStream {
    let (inputs_name, outputs_name, targets_name, per_output) =
        (cx.name("Inputs"), cx.name("Outputs"), cx.name("Targets"), cx.name("PerOutput"));
    let (inputs, outputs, targets) = (inputs(cx), outputs(cx), targets(cx));
    let Generics { e, b, t, .. } = &cx.generics;
    let read = |name: &Ident, fields: &[Field]| {
        let reads = fields.iter().map(|field| {
            let (name, text, method) = (&field.name, field.name.to_string(), method(field));
            quote!(__reader.#method(#text, &self.#name)?;)
        });
        let arguments = arguments(cx, fields, &quote!(#b));
        let batch = (!fields.is_empty()).then(|| quote!(#b: __mimo::Dim,));
        quote! {
            #[automatically_derived]
            impl<#batch #e: __mimo::Float> __mimo::Columns<#e> for #name #arguments {
                fn read(&self, __reader: &mut __mimo::Reader<'_, #e>) -> __mimo::Result<()> {
                    #(#reads)*
                    __mimo::Ok(())
                }
            }
        }
    };
    let write = |name: &Ident, fields: &[Field]| {
        let zeros = fields.iter().map(|field| {
            let name = &field.name;
            let rest = field.shape.0.iter().map(|_| quote!(__mimo::Const));
            let zeros = if field.indices { quote!(zero_indices) } else { quote!(zeros) };
            quote!(#name: __mimo::#zeros((__rows, #(#rest,)*))?)
        });
        let writes = fields.iter().map(|field| {
            let (name, text, method) = (&field.name, field.name.to_string(), method(field));
            quote!(__writer.#method(#text, &mut self.#name)?;)
        });
        let arguments = arguments(cx, fields, &quote!(#b));
        let batch = (!fields.is_empty()).then(|| quote!(#b: __mimo::Dim,));
        let rows = match fields {
            [] => quote!(let _ = __rows;),
            _ => quote!(let __rows: #b = __mimo::batch_axis(__rows)?;),
        };
        quote! {
            #[automatically_derived]
            impl<#batch #e: __mimo::Float> __mimo::OutputColumns<#e> for #name #arguments {
                fn zeros(__rows: __mimo::core::primitive::usize) -> __mimo::Result<Self> {
                    #rows
                    __mimo::Ok(#name { #(#zeros,)* })
                }
                fn write(&mut self, __writer: &mut __mimo::Writer<'_, #e>) -> __mimo::Result<()> {
                    #(#writes)*
                    __mimo::Ok(())
                }
            }
        }
    };
    let target_impls = cx.graph.compile.as_ref().map(|_| {
        let (read, write) = (read(&targets_name, &targets), write(&targets_name, &targets));
        quote!(#read #write)
    });
    let (read_inputs, read_outputs) = (read(&inputs_name, &inputs), read(&outputs_name, &outputs));
    let write_outputs = write(&outputs_name, &outputs);
    let names: Vec<_> = outputs.iter().map(|field| &field.name).collect();
    let places = (0..names.len()).map(Literal::usize_unsuffixed);
    let count = Literal::usize_unsuffixed(names.len());
    quote! {
        #read_inputs
        #read_outputs
        #write_outputs
        #target_impls
        #[automatically_derived]
        impl<#t> __mimo::PerOutput<#t> for #per_output<#t> {
            const LEN: __mimo::core::primitive::usize = #count;
            fn from_fn(mut __make: impl __mimo::core::ops::FnMut(__mimo::core::primitive::usize) -> #t) -> Self {
                #per_output { #(#names: __make(#places),)* }
            }
            fn values(&self) -> __mimo::Vec<&#t> {
                [#(&self.#names),*].to_vec()
            }
        }
    }
}
