//! The model's struct, its methods, and the traits by which the runtime knows it.

use mimo_graph::plan::Plan;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use super::context::Context;
use super::{columns, docs, program, spec, weights};

/// The struct and its methods.
pub(super) fn items(cx: &Context<'_>, plan: &Plan) -> TokenStream {
    let krate = cx.krate;
    let (attributes, vis, name) = (cx.attributes, cx.visibility, cx.model);
    let (inputs, outputs) = (cx.name("Inputs"), cx.name("Outputs"));
    let input_arguments = columns::input_arguments(cx, &quote!(B));
    let lines = docs::model(cx, plan);
    let fields = weights::fields(cx, plan);
    let (names, types) = (fields.iter().map(|field| &field.0), fields.iter().map(|field| &field.1));
    let field_docs = fields.iter().map(|field| &field.2);
    let marker = weights::marker(plan, &quote!(#krate::__private))
        .map(|_| quote!(#[doc(hidden)] pub __unused: #krate::__private::core::marker::PhantomData<(E, D)>,));
    let consts = cx.block_consts.iter().map(|constant| {
        let (attributes, name, ty, value) = (&constant.attrs, &constant.ident, &constant.ty, &constant.value);
        let doc = attributes.is_empty().then(|| quote!(#[doc = " A constant of the model's description."]));
        quote!(#attributes #doc #vis const #name: #ty = #value;)
    });
    let allowances = cx.nested_allowances();
    let model = name.to_string();
    let new_doc = format!(" Makes a [`{model}`] with random weights: the same seed gives the same weights.");
    let (private, core) = (quote!(#krate::__private), quote!(#krate::__private::core));
    quote! {
        #attributes
        #(#[doc = #lines])*
        #[derive(#core::clone::Clone, #core::fmt::Debug)]
        #allowances
        #vis struct #name<
            E: #private::Dtype = #core::primitive::f32,
            D: #private::Storage<E> = #private::Cpu,
        > {
            #(#[doc = #field_docs] pub #names: #types,)*
            #marker
        }

        #[allow(dead_code)]
        impl #name {
            #(#consts)*

            /// How many values the weights hold.
            #vis const PARAMETERS: #core::primitive::usize = {
                let weights = <Self as #private::Model>::SPEC.weights;
                #private::parameter_count(weights)
            };
            /// Names, shapes and types of the inputs.
            #vis const INPUTS: &'static [#private::InputSpec] = <Self as #private::Model>::SPEC.inputs;
            /// Names, shapes, losses and metrics of the outputs.
            #vis const OUTPUTS: &'static [#private::OutputSpec] = <Self as #private::Model>::SPEC.outputs;

            #[doc = #new_doc]
            ///
            /// For another element type there is [`build`](Self::build).
            #vis fn new(seed: #core::primitive::u64) -> Self {
                Self::build(seed)
            }

            /// The layers as a table: names, shapes, weights, and what each is connected to.
            #vis fn summary() -> #private::String {
                #private::summary(&<Self as #private::Model>::SPEC, 4)
            }

            /// The layers as a graph for Graphviz.
            #vis fn dot() -> #private::String {
                #private::dot(&<Self as #private::Model>::SPEC)
            }

            /// The layers as a Mermaid flowchart.
            #vis fn mermaid() -> #private::String {
                #private::mermaid(&<Self as #private::Model>::SPEC)
            }
        }

        #[allow(dead_code)]
        impl<E: #private::Float> #name<E, #private::Cpu>
        where
            #private::Cpu: #private::Device<E>,
        {
            /// As [`new`](Self::new), for `f32` or `f64`.
            #vis fn build(seed: #core::primitive::u64) -> Self {
                #private::build_model(seed)
            }

            /// The outputs for the given inputs. This copies the weights each time; to predict often, make a
            /// `Predictor` once.
            ///
            /// # Errors
            /// If the inputs hold different numbers of samples.
            #vis fn forward<B: #private::Dim>(
                &self,
                inputs: &#inputs #input_arguments,
            ) -> #private::Result<#outputs<B, E>> {
                #private::forward(self, inputs)
            }
        }
    }
}

/// A pass over a chunk with these lines.
fn pass(name: &str, lines: TokenStream) -> TokenStream {
    let name = Ident::new(name, Span::call_site());
    let unused = lines.is_empty().then(|| quote!(let _ = chunk;));
    quote! {
        fn #name(chunk: &mut __mimo::Chunk<'_, E>) {
            #unused
            #lines
        }
    }
}

/// The runtime's traits.
pub(super) fn traits(cx: &Context<'_>, plan: &Plan) -> TokenStream {
    let (krate, name) = (cx.krate, cx.model);
    let (inputs, outputs, per_output) = (cx.name("Inputs"), cx.name("Outputs"), cx.name("PerOutput"));
    let (targets, logs) = (cx.name("Targets"), cx.name("Logs"));
    let (spec, program) = (spec::spec(cx), program::program(cx, plan));
    let forward = pass("forward_pass", program::forward(plan));
    let usize = quote!(__mimo::core::primitive::usize);
    let input_arguments = columns::input_arguments(cx, &usize);
    let trainable = cx.graph.compile.as_ref().map(|_| {
        let scan = pass("scan_pass", program::scan(cx, plan));
        let losses = pass("loss_pass", program::losses(cx, plan));
        let heads = pass("heads_backward_pass", program::backward(plan, &plan.heads));
        let trunk = pass("trunk_backward_pass", program::backward(plan, &plan.trunk));
        let fields = cx.output_fields();
        let target_arguments = columns::target_arguments(cx, &usize);
        quote! {
            #[automatically_derived]
            impl<E: __mimo::Float> __mimo::Trainable for #name<E, __mimo::Cpu>
            where
                __mimo::Cpu: __mimo::Device<E>,
            {
                type Targets = #targets #target_arguments;
                type Logs = #logs;
                type TracedOutputs = #outputs<#usize, E, __mimo::OwnedTape<E, __mimo::Cpu>>;

                #scan

                #losses

                #heads

                #trunk

                fn trace(outputs: &Self::Outputs) -> Self::TracedOutputs {
                    #outputs { #(#fields: __mimo::trace(&outputs.#fields),)* }
                }

                fn output_gradients(
                    outputs: &Self::Outputs,
                    reader: &mut __mimo::GradientReader<'_, E>,
                ) -> __mimo::Result<()> {
                    #(reader.tensor(&outputs.#fields)?;)*
                    __mimo::Ok(())
                }
            }
        }
    });
    quote! {
        use #krate::__private::Operation as _;

        #[automatically_derived]
        impl<E: __mimo::Float> __mimo::Model for #name<E, __mimo::Cpu>
        where
            __mimo::Cpu: __mimo::Device<E>,
        {
            type Float = E;
            type Inputs = #inputs #input_arguments;
            type Outputs = #outputs<#usize, E>;
            type PerOutput<T> = #per_output<T>;

            const SPEC: __mimo::ModelSpec = #spec;
            const PROGRAM: __mimo::Program = #program;

            #forward

            fn read_weights(&self, read: &mut dyn __mimo::core::ops::FnMut(#usize, __mimo::Vec<E>)) {
                __mimo::read_weights(self, read);
            }

            fn write_weights(&mut self, write: &mut dyn __mimo::core::ops::FnMut(#usize, &mut [E])) {
                __mimo::write_weights(self, write);
            }
        }
        #trainable
    }
}
