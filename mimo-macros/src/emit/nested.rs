//! Nested models among the fields, and a model as a part of others. What the traits are for is said in
//! `mimo-runtime/src/nested.rs`.

use std::collections::BTreeMap;

use mimo_graph::graph::{GroupId, LayerId};
use mimo_graph::plan::Plan;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote};

use super::context::{Context, Generics};
use super::weights;
use crate::tokens::ident;

/// The layers with weights by the models that they are in.
#[derive(Debug)]
pub(super) enum Tree {
    Layer(LayerId),
    Model(BTreeMap<String, Tree>),
}

impl Tree {
    /// The layers of a whole model.
    pub(super) fn new(cx: &Context<'_>, plan: &Plan) -> Tree {
        let mut tree = Tree::Model(BTreeMap::new());
        for &id in &plan.weighted {
            let mut place = &mut tree;
            for name in cx.graph.layer(id).name.split('/') {
                // A layer has no layers: names are unique in a model.
                let Tree::Model(fields) = place else { break };
                place = fields.entry(name.to_owned()).or_insert_with(|| Tree::Model(BTreeMap::new()));
            }
            *place = Tree::Layer(id);
        }
        tree
    }

    fn fields(&self) -> impl Iterator<Item = (&String, &Tree)> {
        match self {
            Tree::Layer(_) => None,
            Tree::Model(fields) => Some(fields.iter()),
        }
        .into_iter()
        .flatten()
    }

    /// Whether it is a model that nests others.
    fn nests(&self) -> bool {
        self.fields().any(|(_, field)| matches!(field, Tree::Model(_)))
    }

    /// Tuples for models, with `leaf` for layers.
    fn tuple(&self, leaf: &dyn Fn(LayerId) -> TokenStream) -> TokenStream {
        match self {
            Tree::Layer(id) => leaf(*id),
            Tree::Model(fields) => {
                let fields = fields.values().map(|field| field.tuple(leaf));
                quote!((#(#fields,)*))
            }
        }
    }

    /// A layer of `model`, to be read or to be changed. What is deeper than the fields of a nested model is reached
    /// through that model, which can name what it nests.
    pub(super) fn place(&self, cx: &Context<'_>, id: LayerId, mutable: bool) -> TokenStream {
        let name = &cx.graph.layer(id).name;
        let Some(group) = cx.graph.layer(id).group else {
            let field = cx.layer_field(id);
            return quote!(__model.#field);
        };
        let (field, _) = cx.group_field(group);
        let path: Vec<&str> = name.split('/').skip(1).collect();
        if let [layer] = path[..] {
            let layer = ident(layer, field.span());
            return quote!(__model.#field.#layer);
        }
        let mut tree = name.split('/').next().and_then(|group| self.field(group));
        let mut places = vec![];
        for name in path {
            let names = tree.map(|tree| tree.fields().map(|(name, _)| name)).into_iter().flatten();
            places.push(Literal::usize_unsuffixed(names.take_while(|other| *other != name).count()));
            tree = tree.and_then(|tree| tree.field(name));
        }
        match mutable {
            true => quote!(__mimo::layers_mut(&mut __model.#field) #(.#places)*),
            false => quote!(__mimo::layers(&__model.#field) #(.#places)*),
        }
    }

    fn field(&self, name: &str) -> Option<&Tree> {
        match self {
            Tree::Layer(_) => None,
            Tree::Model(fields) => fields.get(name),
        }
    }
}

/// The field of a nested model: name, type, documentation.
pub(super) fn field(cx: &Context<'_>, id: GroupId) -> (Ident, TokenStream, String) {
    let (field, path) = cx.group_field(id);
    let group = &cx.graph.groups[id.index()];
    let mut layers = cx.graph.layers.iter().filter(|layer| layer.group == Some(id));
    let frozen = if layers.any(|layer| layer.trainable) { "" } else { ", not trained" };
    let doc = format!(" Nested model `{}` (`{}`{frozen}).", group.name, group.class);
    let Generics { e, d, .. } = &cx.generics;
    (field, quote!(#path<#e, #d>), doc)
}

/// The fields of a model with their values; `layer` gives that of a layer.
pub(super) fn values(
    cx: &Context<'_>,
    tree: &Tree,
    layer: &dyn Fn(LayerId) -> TokenStream,
) -> Vec<TokenStream> {
    let value = |(name, field): (&String, &Tree)| {
        let (name, value) = (field_ident(cx, name, field), field.tuple(layer));
        match field {
            Tree::Layer(_) => quote!(#name: #value),
            Tree::Model(_) => quote!(#name: __mimo::nested(#value)),
        }
    };
    tree.fields().map(value).collect()
}

/// The identifier of a field of the model itself.
fn field_ident(cx: &Context<'_>, name: &str, field: &Tree) -> Ident {
    let group = cx.graph.groups.iter().zip(0..).find(|(group, _)| group.name == name);
    match (field, group) {
        (Tree::Layer(id), _) => cx.layer_field(*id),
        (Tree::Model(_), Some((_, id))) => cx.group_field(GroupId(id)).0,
        (Tree::Model(_), None) => ident(name, cx.model.span()),
    }
}

/// The traits by which models that nest this one make and see it. A model without weights is no field.
pub(super) fn parts(cx: &Context<'_>, plan: &Plan) -> TokenStream {
    if plan.weighted.is_empty() {
        return TokenStream::new();
    }
    let tree = Tree::new(cx, plan);
    let model = cx.model;
    let Generics { e, d, .. } = &cx.generics;
    let layers = tree.tuple(&|id| weights::layer_type(cx, id));
    let fields = tree.fields().enumerate().map(|(place, (name, field))| {
        let (name, place) = (field_ident(cx, name, field), Literal::usize_unsuffixed(place));
        match field {
            Tree::Layer(_) => quote!(#name: __layers.#place),
            Tree::Model(_) => quote!(#name: __mimo::nested(__layers.#place)),
        }
    });
    let nests = tree.nests().then(|| nests(cx, &tree));
    quote! {
        #[automatically_derived]
        impl<#e: __mimo::Dtype, #d: __mimo::Storage<#e>> __mimo::Nested for #model<#e, #d> {
            type Layers = #layers;

            fn from_layers(__layers: Self::Layers) -> Self {
                #model { #(#fields),* }
            }
        }
        #nests
    }
}

fn nests(cx: &Context<'_>, tree: &Tree) -> TokenStream {
    let model = cx.model;
    let Generics { e, d, .. } = &cx.generics;
    let types = |reference: TokenStream| {
        tree.tuple(&|id| {
            let ty = weights::layer_type(cx, id);
            quote!(#reference #ty)
        })
    };
    let (shared, unique) = (types(quote!(&'a)), types(quote!(&'a mut)));
    let lent = |reference: TokenStream, function: &str| {
        let function = format_ident!("{}", function, span = Span::call_site());
        let fields = tree.fields().map(|(name, field)| {
            let place = field_ident(cx, name, field);
            match field {
                Tree::Layer(_) => quote!(#reference self.#place),
                Tree::Model(_) if field.nests() => quote!(__mimo::#function(#reference self.#place)),
                Tree::Model(layers) => {
                    let layers = layers.keys().map(|layer| ident(layer, cx.model.span()));
                    quote!((#(#reference self.#place.#layers,)*))
                }
            }
        });
        quote!((#(#fields,)*))
    };
    let (lend, lend_mut) = (lent(quote!(&), "layers"), lent(quote!(&mut), "layers_mut"));
    quote! {
        #[automatically_derived]
        impl<#e: __mimo::Dtype, #d: __mimo::Storage<#e>> __mimo::Nests for #model<#e, #d> {
            type Ref<'a>
                = #shared
            where
                Self: 'a;
            type Mut<'a>
                = #unique
            where
                Self: 'a;

            fn layers(&self) -> Self::Ref<'_> {
                #lend
            }

            fn layers_mut(&mut self) -> Self::Mut<'_> {
                #lend_mut
            }
        }
    }
}
