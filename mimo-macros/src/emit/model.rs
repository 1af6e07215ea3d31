//! The model's struct, its methods, and the traits by which the runtime knows it.

use mimo_graph::plan::Plan;
use proc_macro2::TokenStream;
use quote::quote;

use super::context::{Context, Generics};
use super::{columns, docs, execution, fold, graph, program, sample, spec, stages, weights};

/// The struct and its methods.
pub(super) fn items(cx: &Context<'_>, plan: &Plan) -> TokenStream {
    let krate = cx.krate;
    let (attributes, vis, name) = (cx.attributes, cx.visibility, cx.model);
    let (inputs, outputs) = (cx.name("Inputs"), cx.name("Outputs"));
    let (private, core) = (quote!(#krate::__private), quote!(#krate::__private::core));
    let Generics { e, d, .. } = &cx.generics;
    let usize = quote!(#core::primitive::usize);
    let any_batch = columns::input_arguments(cx, &usize);
    // In braces: without, a type called `N` around the model would be taken for it.
    let fixed_batch = columns::input_arguments(cx, &quote!(#private::Const<{ N }>));
    let docs = docs::model(cx, plan);
    let fields = weights::fields(cx, plan);
    let (names, types) = (fields.iter().map(|field| &field.0), fields.iter().map(|field| &field.1));
    let field_docs = fields.iter().map(|field| &field.2);
    let marker = weights::marker(plan, &quote!(#krate::__private)).map(
        |_| quote!(#[doc(hidden)] pub __unused: #krate::__private::core::marker::PhantomData<(#e, #d)>,),
    );
    let consts = cx.block_consts.iter().map(|constant| {
        let (attributes, name, ty, value) = (&constant.attrs, &constant.ident, &constant.ty, &constant.value);
        let doc = attributes.is_empty().then(|| quote!(#[doc = " A constant of the model's description."]));
        quote!(#attributes #doc #vis const #name: #ty = #value;)
    });
    let allowances = cx.allowances();
    let model = name.to_string();
    let new_doc = format!(" Makes a [`{model}`] with random weights: the same seed gives the same weights.");
    quote! {
        #attributes
        #docs
        #[derive(#core::clone::Clone, #core::fmt::Debug)]
        #allowances
        #vis struct #name<
            #e: #private::Dtype = #core::primitive::f32,
            #d: #private::Storage<#e> = #private::Cpu,
        > {
            #(#[doc = #field_docs] pub #names: #types,)*
            #marker
        }

        #[allow(dead_code)]
        impl #name {
            #(#consts)*

            /// How many values the weights hold.
            #vis const PARAMETERS: #usize =
                #private::parameter_count(<Self as #private::Model>::SPEC.weights);
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

            /// Makes a model with the weights of a file that [`save`](Self::save) wrote.
            ///
            /// # Errors
            /// If the file cannot be read, or holds the weights of another model.
            #[doc(alias = "load_model")]
            #vis fn load(path: impl #core::convert::AsRef<#private::Path>) -> #private::Result<Self> {
                #private::load_model(path)
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
        impl<#e: #private::Float> #name<#e, #private::Cpu>
        {
            /// As [`new`](Self::new), for `f32` or `f64`.
            #vis fn build(seed: #core::primitive::u64) -> Self {
                #private::build_model(seed)
            }

            /// The outputs for any number of samples, computed by the calling thread. Each call copies the weights; to
            /// predict often, make a `Predictor` once.
            ///
            /// # Errors
            /// If the inputs hold different numbers of samples.
            #vis fn forward(
                &self,
                inputs: &#inputs #any_batch,
            ) -> #private::Result<#outputs<#usize, #e>> {
                #private::forward(self, inputs)
            }

            /// The same as [`forward`](Self::forward) for exactly `N` samples: the batch axis of the inputs and of the
            /// outputs is `Const<N>`.
            ///
            /// # Errors
            /// See [`forward`](Self::forward).
            #vis fn forward_batch<const N: #usize>(
                &self,
                inputs: &#inputs #fixed_batch,
            ) -> #private::Result<#outputs<#private::Const<{ N }>, #e>> {
                #private::forward(self, inputs)
            }

            /// The outputs for any number of samples, computed by all threads of the machine: for many samples at once.
            /// Each call copies the weights; to predict often, make a `Predictor` once.
            ///
            /// # Errors
            /// If the inputs hold different numbers of samples.
            #vis fn predict(
                &self,
                inputs: &#inputs #any_batch,
            ) -> #private::Result<#outputs<#usize, #e>> {
                #private::predict(self, inputs)
            }

            /// Writes the weights to a file in the safetensors format. Files are replaced as a whole.
            ///
            /// # Errors
            /// If the file cannot be written.
            #[doc(alias = "save_weights")]
            #vis fn save(&self, path: impl #core::convert::AsRef<#private::Path>) -> #private::Result<()> {
                #private::save(self, path)
            }

            /// Replaces the weights by those of a file that [`save`](Self::save) wrote.
            ///
            /// # Errors
            /// If the file cannot be read, or holds the weights of another model. The weights stay as they were then.
            #vis fn load_weights(
                &mut self,
                path: impl #core::convert::AsRef<#private::Path>,
            ) -> #private::Result<()> {
                #private::load_weights(self, path)
            }
        }
    }
}

/// The runtime's traits.
pub(super) fn traits(cx: &Context<'_>, plan: &Plan) -> TokenStream {
    let (krate, name) = (cx.krate, cx.model);
    let (inputs, outputs, per_output) = (cx.name("Inputs"), cx.name("Outputs"), cx.name("PerOutput"));
    let (targets, logs) = (cx.name("Targets"), cx.name("Logs"));
    let (sample, prediction) = (cx.name("Sample"), cx.name("Prediction"));
    let (sample_arguments, prediction_arguments) =
        (sample::sample_arguments(cx), sample::prediction_arguments(cx));
    let Generics { e, t, .. } = &cx.generics;
    let (spec, program) = (spec::spec(cx), program::program(cx, plan));
    let (forward, folded) = (program::forward(plan), fold::folded(cx, plan));
    let states = program::kept_states(cx, plan);
    let spectral = program::spectral(cx, plan);
    let masks = program::masks(cx, plan);
    let kinds = (cx.graph.compile.is_some() && program::has_kinds(plan))
        .then(|| quote!(use #krate::__private::losses::Kind as _;));
    let ((defaults, graph), execution) = (graph::graph(cx, plan), execution::plan(cx, plan));
    let unused = forward.is_empty().then(|| quote!(let _ = __chunk;));
    let usize = quote!(__mimo::core::primitive::usize);
    let input_arguments = columns::input_arguments(cx, &usize);
    let (target_type, traced) = match &cx.graph.compile {
        None => (quote!(()), quote!(())),
        Some(_) => {
            let arguments = columns::target_arguments(cx, &usize);
            (quote!(#targets #arguments), quote!(#outputs<#usize, #e, __mimo::OwnedTape<#e, __mimo::Cpu>>))
        }
    };
    let trainable = cx.graph.compile.as_ref().map(|_| {
        let (stages, rules) = (stages::stages(cx, plan), spec::rules(cx));
        let labelled = spec::labelled(plan);
        let own_metrics = spec::own_metrics(cx).map(|(_, constant)| constant);
        let fields = cx.output_fields();
        let added = cx.graph.added_losses().into_iter().map(|layer| &cx.graph.layer(layer).name);
        let added = (added.len() > 0).then(
            || quote!(const ADDED_LOSSES: &'static [&'static __mimo::core::primitive::str] = &[#(#added),*];),
        );
        quote! {
            #[automatically_derived]
            impl<#e: __mimo::Float> __mimo::Trainable for #name<#e, __mimo::Cpu>
            {
                type Logs = #logs;
                #added
                #labelled
                #own_metrics

                #stages
                #rules

                fn trace(__outputs: &Self::Outputs, __tracer: &mut __mimo::Tracer) -> Self::TracedOutputs {
                    #outputs { #(#fields: __tracer.tensor(&__outputs.#fields),)* }
                }

                fn output_gradients(
                    __outputs: &Self::Outputs,
                    __reader: &mut __mimo::GradientReader<'_, #e>,
                ) -> __mimo::Result<()> {
                    #(__reader.tensor(&__outputs.#fields)?;)*
                    __mimo::Ok(())
                }
            }
        }
    });
    let own = spec::own_metrics(cx).map(|(item, _)| item);
    quote! {
        use #krate::__private::Operation as _;
        #kinds
        #own

        #defaults

        #[automatically_derived]
        impl<#e: __mimo::Float> __mimo::Model for #name<#e, __mimo::Cpu>
        {
            type Float = #e;
            type Inputs = #inputs #input_arguments;
            type Outputs = #outputs<#usize, #e>;
            type Sample<'a> = #sample #sample_arguments;
            type Prediction = #prediction #prediction_arguments;
            type PerOutput<#t> = #per_output<#t>;
            type Targets = #target_type;
            type TracedOutputs = #traced;

            const SPEC: __mimo::ModelSpec = #spec;
            const PROGRAM: __mimo::Program = #program;
            const GRAPH: &'static __mimo::GraphSpec = &#graph;
            const PLAN: &'static __mimo::ExecutionPlan = #execution;
            #folded
            #states
            #spectral
            #masks

            fn forward_pass(__chunk: &mut __mimo::Chunk<'_, #e>) {
                #unused
                #forward
            }

            fn read_weights(&self, __read: &mut dyn __mimo::core::ops::FnMut(#usize, __mimo::Vec<#e>)) {
                __mimo::read_weights(self, __read);
            }

            fn write_weights(&mut self, __write: &mut dyn __mimo::core::ops::FnMut(#usize, &mut [#e])) {
                __mimo::write_weights(self, __write);
            }
        }
        #trainable
    }
}
