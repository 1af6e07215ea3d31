//! The model's weights as a dfdx `TensorCollection`: every tensor by its name, one line for each.

use std::collections::{BTreeSet, HashMap};

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
        // One field for all of its layers, at the position of the first of them.
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
    let Generics { e, d: device, .. } = &cx.generics;
    let (krate, layer) = (cx.krate, cx.graph.layer(id));
    let typed = layer.kind.typed(&layer.weights);
    let sizes = typed.iter().flat_map(|typed| &typed.sizes).map(|dim| cx.generic(dim));
    let class = typed_class(cx, id);
    let inside = quote!(#krate::__private::typed::#class<#(#sizes,)* #e, #device>);
    match vector(cx, id) {
        None => inside,
        Some(vector) => {
            let len = cx.generic(vector);
            quote!(#krate::__private::typed::SpectralNormalization<#inside, #len, #e, #device>)
        }
    }
}

/// Type alias of a layer with weights, next to the impls. rustc checks and evaluates each length of a type, so types
/// are written once.
fn alias(id: LayerId) -> Ident {
    format_ident!("__Layer{}", id.index(), span = Span::mixed_site())
}

/// The type of a layer with weights by its [`alias`], with elements `e` on a device.
pub(super) fn layer_on(id: LayerId, e: &impl ToTokens, device: &impl ToTokens) -> TokenStream {
    let alias = alias(id);
    quote!(#alias<#e, #device>)
}

/// Length of `vector_u`, if the layer is a `SpectralNormalization`, whose struct contains that of the layer inside.
fn vector<'a>(cx: &'a Context<'_>, id: LayerId) -> Option<&'a Dim> {
    let layer = cx.graph.layer(id);
    match (&layer.kind, layer.weights.last()) {
        (LayerKind::SpectralNormalization(_), Some(vector)) => vector.shape.last(),
        _ => None,
    }
}

/// The struct of a layer with weights. Not called for a layer without weights.
fn typed_class(cx: &Context<'_>, id: LayerId) -> Ident {
    let layer = cx.graph.layer(id);
    let class = layer.kind.typed(&layer.weights).map_or("NoWeights".into(), |typed| typed.class);
    Ident::new(&class, Span::mixed_site())
}

/// The constant with all weights' descriptions, and the `TensorCollection`.
pub(super) fn collection(cx: &Context<'_>, plan: &Plan) -> TokenStream {
    let name = cx.model;
    let Generics { e, d, v, e2, d2, .. } = &cx.generics;
    let specs = spec::weights(cx, plan);
    let count = specs.len();
    let tree = nested::Tree::new(cx, plan);
    // In the order of all weights, where those of a layer are contiguous.
    let params: Vec<(usize, &Param)> = plan.params.iter().enumerate().collect();
    let layers: Vec<Layer<'_>> = params.chunk_by(|(_, a), (_, b)| a.layer == b.layer).map(Layer).collect();
    let parts: Vec<Part<'_>> =
        layers.chunks(PART).zip(0..).map(|(layers, index)| Part { index, layers }).collect();
    let marker = marker(plan, &quote!(__mimo));
    let value = value(cx, &tree, &parts, marker.as_ref());
    let visits = parts.iter().map(|part| part.visit(cx, &tree));
    let visited = parts.iter().map(|part| {
        let (name, visit) = (part.name(), part.function("visit"));
        quote!(let #name = #visit::<#e, #d, #v>(__visitor)?;)
    });
    // Weights that are not created are visited all the same.
    let complete = complete(&parts.iter().map(Part::name).collect::<Vec<_>>());
    let on_cpu = on_cpu(cx, &tree, &layers, &parts, &value);
    let count = Literal::usize_unsuffixed(count);
    let aliases = layers.iter().filter_map(|layer| layer.id()).map(|id| {
        let (alias, ty) = (alias(id), layer_type(cx, id));
        quote!(type #alias<#e, #d> = #ty;)
    });
    quote! {
        #(#aliases)*

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
                #(#visits)*
                #(#visited)*
                #complete
                __mimo::Ok(__mimo::Some(#value))
            }
        }
        #on_cpu
    }
}

/// Number of layers per function that visits or creates weights. The time to check and optimize one function of all
/// layers would not be linear in their number.
const PART: usize = 16;

/// The weights of one layer, with their indices.
#[derive(Clone, Copy)]
struct Layer<'a>(&'a [(usize, &'a Param)]);

impl Layer<'_> {
    fn id(self) -> Option<LayerId> {
        self.0.first().map(|(_, param)| param.layer_id())
    }

    /// Index of its first weight.
    fn first(self) -> Literal {
        Literal::usize_unsuffixed(self.0.first().map_or(0, |(index, _)| *index))
    }
}

/// Layers that are visited or created by one function, as a tuple.
struct Part<'a> {
    index: usize,
    layers: &'a [Layer<'a>],
}

impl Part<'_> {
    /// Variable of its layers.
    fn name(&self) -> Ident {
        self.function("part")
    }

    fn function(&self, what: &str) -> Ident {
        format_ident!("__{what}_{}", self.index, span = Span::mixed_site())
    }

    fn ids(&self) -> impl Iterator<Item = LayerId> {
        self.layers.iter().filter_map(|layer| layer.id())
    }

    /// The function that passes the layers to a visitor.
    fn visit(&self, cx: &Context<'_>, tree: &nested::Tree) -> TokenStream {
        let Generics { e, d, v, .. } = &cx.generics;
        let (model, function) = (cx.model, self.function("visit"));
        let made = self.ids().map(|id| layer_on(id, &quote!(#v::E2), &quote!(#v::D2)));
        let names: Vec<Ident> = self.ids().map(visited_name).collect();
        let visited = self.layers.iter().filter_map(|layer| visited(cx, tree, *layer));
        let complete = complete(&names);
        quote! {
            fn #function<#e: __mimo::Float, #d: __mimo::Device<#e>, #v: __mimo::ModuleVisitor<#model<#e, #d>, #e, #d>>(
                __visitor: &mut #v,
            ) -> __mimo::core::result::Result<__mimo::Option<(#(#made,)*)>, #v::Err> {
                #(#visited)*
                #complete
                __mimo::Ok(__mimo::Some((#(#names,)*)))
            }
        }
    }

    /// The function that creates the layers.
    fn make(&self, cx: &Context<'_>) -> TokenStream {
        let e = &cx.generics.e;
        let function = self.function("make");
        let types = self.ids().map(|id| layer_on(id, e, &quote!(__mimo::Cpu)));
        let first = self.layers.iter().map(|layer| layer.first());
        quote! {
            fn #function<#e: __mimo::Float>(
                __maker: &mut __mimo::Maker<'_, #e>,
            ) -> __mimo::core::result::Result<(#(#types,)*), __mimo::Error> {
                __mimo::Ok((#(__maker.layer(#first)?,)*))
            }
        }
    }
}

/// Unwraps the options of layers that a visitor has created, or returns if one is missing. There is a single early
/// return: the drops at a `?` for each would be quadratic in their number.
fn complete(names: &[Ident]) -> Option<TokenStream> {
    let some = quote!((#(__mimo::Some(#names),)*));
    (!names.is_empty()).then(|| quote!(let #some = (#(#names,)*) else { return __mimo::Ok(__mimo::None) };))
}

/// The model, from the layers of its parts.
fn value(
    cx: &Context<'_>,
    tree: &nested::Tree,
    parts: &[Part<'_>],
    marker: Option<&TokenStream>,
) -> TokenStream {
    let places: HashMap<LayerId, TokenStream> = parts
        .iter()
        .flat_map(|part| {
            let name = part.name();
            part.ids().enumerate().map(move |(place, id)| {
                let place = Literal::usize_unsuffixed(place);
                (id, quote!(#name.#place))
            })
        })
        .collect();
    let model = cx.model;
    let layers = nested::values(cx, tree, &|id| places.get(&id).cloned().unwrap_or_default());
    quote!(#model { #(#layers,)* #marker })
}

/// Every weight by its index, for models on the CPU.
fn on_cpu(
    cx: &Context<'_>,
    tree: &nested::Tree,
    layers: &[Layer<'_>],
    parts: &[Part<'_>],
    value: &TokenStream,
) -> TokenStream {
    let name = cx.model;
    let Generics { e, .. } = &cx.generics;
    let count = Literal::usize_unsuffixed(layers.iter().map(|layer| layer.0.len()).sum());
    let places = |mutable: bool| {
        let of_layer = move |layer: &Layer<'_>| -> Vec<TokenStream> {
            let of_weight = |(index, param): &(usize, &Param)| {
                let index = Literal::usize_unsuffixed(*index);
                let layer = tree.place(cx, param.layer_id(), mutable);
                let weight = inside(cx, param);
                let reference = mutable.then(|| quote!(mut));
                quote!(#index => & #reference #layer.#weight,)
            };
            layer.0.iter().map(of_weight).collect()
        };
        layers.iter().flat_map(of_layer).collect::<Vec<_>>()
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
    let makes = parts.iter().map(|part| part.make(cx));
    let made = parts.iter().map(|part| {
        let (name, make) = (part.name(), part.function("make"));
        quote!(let #name = #make::<#e>(__maker)?;)
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
                #(#makes)*
                #(#made)*
                __mimo::Ok(#value)
            }
        }
    }
}

/// Field of a weight in the struct of its layer.
fn inside(cx: &Context<'_>, param: &Param) -> TokenStream {
    let weight = weight_field(cx, param);
    let wrapped = vector(cx, param.layer_id()).is_some();
    if wrapped && weight != "vector_u" { quote!(layer.#weight) } else { quote!(#weight) }
}

/// Variable of a layer that a visitor has created.
fn visited_name(id: LayerId) -> Ident {
    format_ident!("__layer_{}", id.index(), span = Span::mixed_site())
}

/// Passes the weights of one layer to a visitor, by the library's `LayerWeights`.
fn visited(cx: &Context<'_>, tree: &nested::Tree, layer: Layer<'_>) -> Option<TokenStream> {
    let (id, first) = (layer.id()?, layer.first());
    let Generics { e, d, v, .. } = &cx.generics;
    let (model, layer, ty) = (cx.model, visited_name(id), layer_on(id, e, d));
    let [get, get_mut] = [false, true].map(|mutable| tree.reference(cx, id, mutable));
    Some(quote! {
        let #layer = __mimo::visit_layer::<#model<#e, #d>, #ty, #v, __mimo::Is<#first>, #e, #d>(
            __visitor,
            |__model| #get,
            |__model| #get_mut,
        )?;
    })
}

/// The field of a model without weights that uses its type parameters.
pub(super) fn marker(plan: &Plan, private: &TokenStream) -> Option<TokenStream> {
    plan.weighted.is_empty().then(|| quote!(__unused: #private::core::marker::PhantomData))
}

fn weight_field(cx: &Context<'_>, param: &Param) -> Ident {
    Ident::new(cx.graph.layer(param.layer_id()).weights[param.weight].name, Span::mixed_site())
}
