//! The model's weights as a dfdx `TensorCollection`: every tensor by its name, one line for each.

use std::collections::BTreeSet;

use mimo_graph::dim::Dim;
use mimo_graph::graph::LayerId;
use mimo_graph::layers::LayerKind;
use mimo_graph::plan::{Param, Plan};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};

use super::context::{Context, Generics};
use super::{nested, spec};

/// The fields of the model's struct: name, type, documentation.
pub(super) fn fields(cx: &Context<'_>, plan: &Plan) -> Vec<(Ident, TokenStream, String)> {
    let mut groups = BTreeSet::new();
    let mut wholes = BTreeSet::new();
    let tree = nested::Tree::new(cx, plan);
    let fields = plan.weighted.iter().filter_map(|&id| {
        let layer = cx.graph.layer(id);
        // One field for all of its layers, where the first of them is.
        if let Some(group) = layer.group {
            let ty = tree.wrapper(&cx.graph.groups[group.index()].name);
            return groups.insert(group).then(|| nested::field(cx, group, ty));
        }
        let whole = layer.whole.unwrap_or(id);
        if let Some(ty) = tree.wrapper(&cx.graph.layer(whole).name) {
            return wholes.insert(whole).then(|| nested::wrapper_field(cx, whole, ty));
        }
        Some((cx.layer_field(id), layer_type(cx, id), layer_doc(cx, id)))
    });
    fields.collect()
}

/// The documentation of a layer's field.
pub(super) fn layer_doc(cx: &Context<'_>, id: LayerId) -> String {
    let layer = cx.graph.layer(id);
    let shapes: Vec<String> = layer
        .weights
        .iter()
        .map(|weight| format!("`{}` `{}`", weight.name, cx.shown(&weight.shape)))
        .collect();
    let frozen = if layer.trainable { "" } else { ", not trained" };
    format!(
        " Layer `{}` (`{}`{frozen}): {}.",
        layer.path(),
        layer.kind.core().0.class_name(),
        shapes.join(", ")
    )
}

/// The type of a layer with weights.
pub(super) fn layer_type(cx: &Context<'_>, id: LayerId) -> TokenStream {
    layer_type_on(cx, id, cx.generics.d.to_token_stream())
}

fn layer_type_on(cx: &Context<'_>, id: LayerId, device: TokenStream) -> TokenStream {
    let (krate, layer) = (cx.krate, cx.graph.layer(id));
    let typed = layer.kind.typed(&layer.weights);
    let sizes = typed.iter().flat_map(|typed| &typed.sizes).map(|dim| cx.generic(dim));
    let class = typed_class(cx, id);
    let e = &cx.generics.e;
    let inside = quote!(#krate::__private::typed::#class<#(#sizes,)* #e, #device>);
    match vector(cx, id) {
        None => inside,
        Some(vector) => {
            let len = cx.generic(vector);
            quote!(#krate::__private::typed::SpectralNormalization<#inside, #len, #e, #device>)
        }
    }
}

/// The length of `vector_u`, if the layer is a `SpectralNormalization`, whose struct holds that of the layer inside.
fn vector<'a>(cx: &'a Context<'_>, id: LayerId) -> Option<&'a Dim> {
    let layer = cx.graph.layer(id);
    match (&layer.kind, layer.weights.last()) {
        (LayerKind::SpectralNormalization(_), Some(vector)) => vector.shape.last(),
        _ => None,
    }
}

/// The struct of a layer with weights. A layer without weights is never asked for one.
fn typed_class(cx: &Context<'_>, id: LayerId) -> Ident {
    let layer = cx.graph.layer(id);
    let class = layer.kind.typed(&layer.weights).map_or("NoWeights".into(), |typed| typed.class);
    Ident::new(&class, Span::mixed_site())
}

/// The constant of all weights' descriptions and the `TensorCollection`.
pub(super) fn collection(cx: &Context<'_>, plan: &Plan) -> TokenStream {
    let name = cx.model;
    let Generics { e, d, v, e2, d2, .. } = &cx.generics;
    let specs = spec::weights(cx, plan);
    let count = specs.len();
    let tree = nested::Tree::new(cx, plan);
    // In the order of all weights, in which those of a layer stand together.
    let params: Vec<(usize, &Param)> = plan.params.iter().enumerate().collect();
    let params: Vec<&[(usize, &Param)]> = params.chunk_by(|(_, a), (_, b)| a.layer == b.layer).collect();
    let visited = params.iter().filter_map(|params| visited(cx, &tree, params));
    let layers = nested::values(cx, &tree, &|id| visited_name(id).into_token_stream());
    let names: Vec<Ident> = params
        .iter()
        .filter_map(|params| params.first())
        .map(|(_, param)| visited_name(param.layer_id()))
        .collect();
    // One way out for all of them: what `?` drops at each would be the square of their number.
    let complete = (!names.is_empty()).then(
        || quote!(let (#(__mimo::Some(#names),)*) = (#(#names,)*) else { return __mimo::Ok(__mimo::None) };),
    );
    let marker = marker(plan, &quote!(__mimo));
    let on_cpu = on_cpu(cx, &tree, &params, &quote!(#name { #(#layers,)* #marker }));
    let count = Literal::usize_unsuffixed(count);
    quote! {
        static WEIGHTS: [__mimo::WeightSpec; #count] = [#(#specs),*];

        #[automatically_derived]
        impl<#e: __mimo::Float, #d: __mimo::Device<#e>> __mimo::Weights for #name<#e, #d> {
            const WEIGHTS: &'static [__mimo::WeightSpec] = &WEIGHTS;
        }

        #[automatically_derived]
        impl<#e: __mimo::Float, #d: __mimo::Device<#e>> __mimo::TensorCollection<#e, #d> for #name<#e, #d> {
            type To<#e2: __mimo::Dtype, #d2: __mimo::Device<#e2>> = #name<#e2, #d2>;

            fn iter_tensors<#v: __mimo::ModuleVisitor<Self, #e, #d>>(
                __visitor: &mut #v,
            ) -> __mimo::core::result::Result<__mimo::Option<Self::To<#v::E2, #v::D2>>, #v::Err> {
                #(#visited)*
                #complete
                __mimo::Ok(__mimo::Some(#name { #(#layers,)* #marker }))
            }
        }
        #on_cpu
    }
}

/// Every weight by its number, for models on the processor.
fn on_cpu(
    cx: &Context<'_>,
    tree: &nested::Tree,
    params: &[&[(usize, &Param)]],
    value: &TokenStream,
) -> TokenStream {
    let name = cx.model;
    let Generics { e, .. } = &cx.generics;
    let count = Literal::usize_unsuffixed(params.iter().map(|params| params.len()).sum());
    let places = |mutable: bool| {
        let of_layer = move |params: &&[(usize, &Param)]| -> Vec<TokenStream> {
            let of_weight = |(index, param): &(usize, &Param)| {
                let index = Literal::usize_unsuffixed(*index);
                let layer = tree.place(cx, param.layer_id(), mutable);
                let weight = inside(cx, param);
                let reference = mutable.then(|| quote!(mut));
                quote!(#index => & #reference #layer.#weight,)
            };
            params.iter().map(of_weight).collect()
        };
        params.iter().flat_map(of_layer).collect::<Vec<_>>()
    };
    let found = |mutable: bool| {
        let places = places(mutable);
        let reference = mutable.then(|| quote!(mut));
        match places.is_empty() {
            true => quote!(__mimo::None),
            false => quote! {
                let __model = self;
                let __weight: & #reference dyn __mimo::AnyWeight<#e> = match __index {
                    #(#places)*
                    _ => return __mimo::None,
                };
                __mimo::Some(__weight)
            },
        }
    };
    let (read, written) = (found(false), found(true));
    let made = params.iter().filter_map(|params| {
        let id = params.first()?.1.layer_id();
        let layer = visited_name(id);
        let of_weight = |(index, _): &(usize, &Param)| {
            let index = Literal::usize_unsuffixed(*index);
            quote!(__maker.tensor(#index)?)
        };
        let value = layer_value(cx, id, params, &params.iter().map(of_weight).collect::<Vec<_>>());
        let ty = layer_type_on(cx, id, quote!(__mimo::Cpu));
        // Its type is written, so that each tensor's is known where it is made: the time that rustc takes for those that are
        // known at the end is the square of their number.
        Some(quote!(let #layer: #ty = #value;))
    });
    quote! {
        #[automatically_derived]
        impl<#e: __mimo::Float> __mimo::OnCpu<#e> for #name<#e, __mimo::Cpu>
        {
            const COUNT: __mimo::core::primitive::usize = #count;

            fn weight(
                &self,
                __index: __mimo::core::primitive::usize,
            ) -> __mimo::Option<&dyn __mimo::AnyWeight<#e>> {
                #read
            }

            fn weight_mut(
                &mut self,
                __index: __mimo::core::primitive::usize,
            ) -> __mimo::Option<&mut dyn __mimo::AnyWeight<#e>> {
                #written
            }

            fn make(
                __maker: &mut __mimo::Maker<'_, #e>,
            ) -> __mimo::core::result::Result<Self, __mimo::Error> {
                #(#made)*
                __mimo::Ok(#value)
            }
        }
    }
}

/// The field of a weight in the struct of its layer.
fn inside(cx: &Context<'_>, param: &Param) -> TokenStream {
    let weight = weight_field(cx, param);
    let wrapped = vector(cx, param.layer_id()).is_some();
    if wrapped && weight != "vector_u" { quote!(layer.#weight) } else { quote!(#weight) }
}

/// The struct of a layer with the values of its weights.
fn layer_value(
    cx: &Context<'_>,
    id: LayerId,
    params: &[(usize, &Param)],
    values: &[TokenStream],
) -> TokenStream {
    let class = typed_class(cx, id);
    let weights: Vec<Ident> = params.iter().map(|(_, param)| weight_field(cx, param)).collect();
    match (&weights[..], values) {
        ([weights @ .., vector], [values @ .., value]) if self::vector(cx, id).is_some() => quote! {
            __mimo::typed::SpectralNormalization {
                layer: __mimo::typed::#class { #(#weights: #values,)* },
                #vector: #value,
            }
        },
        _ => quote!(__mimo::typed::#class { #(#weights: #values,)* }),
    }
}

/// The variable of a layer that a visitor or a maker has made.
fn visited_name(id: LayerId) -> Ident {
    format_ident!("__layer_{}", id.index(), span = Span::mixed_site())
}

/// Shows the weights of one layer to a visitor, by what the library knows of such layers.
fn visited(cx: &Context<'_>, tree: &nested::Tree, params: &[(usize, &Param)]) -> Option<TokenStream> {
    let (first, param) = params.first()?;
    let id = param.layer_id();
    let (layer, ty, first) = (visited_name(id), layer_type(cx, id), Literal::usize_unsuffixed(*first));
    let Generics { e, d, v, .. } = &cx.generics;
    let [get, get_mut] = [false, true].map(|mutable| tree.reference(cx, id, mutable));
    Some(quote! {
        let #layer = __mimo::visit_layer::<Self, #ty, #v, __mimo::Is<#first>, #e, #d>(
            __visitor,
            |__model| #get,
            |__model| #get_mut,
        )?;
    })
}

/// The field that a model without weights has, so that its type parameters are used.
pub(super) fn marker(plan: &Plan, private: &TokenStream) -> Option<TokenStream> {
    plan.weighted.is_empty().then(|| quote!(__unused: #private::core::marker::PhantomData))
}

fn weight_field(cx: &Context<'_>, param: &Param) -> Ident {
    Ident::new(cx.graph.layer(param.layer_id()).weights[param.weight].name, Span::mixed_site())
}
