//! Nested models among the fields, and a model as a part of others.

use std::collections::BTreeMap;

use mimo_graph::graph::{GroupId, LayerId};
use mimo_graph::plan::Plan;
use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

use super::context::Context;
use super::weights;

/// The field of a nested model: name, type, documentation.
pub(super) fn field(cx: &Context<'_>, id: GroupId) -> (Ident, TokenStream, String) {
    let (field, path) = cx.group_field(id);
    let group = &cx.graph.groups[id.index()];
    let mut layers = cx.graph.layers.iter().filter(|layer| layer.group == Some(id));
    let frozen = if layers.any(|layer| layer.trainable) { "" } else { ", not trained" };
    let doc = format!(" Nested model `{}` (`{}`{frozen}).", group.name, group.class);
    (field, quote!(#path<E, D>), doc)
}

/// The fields of a model with their values; `layer` gives that of a layer. What is nested is made of its own fields in the
/// order of their names, which is the same in every model that nests it.
pub(super) fn values(
    cx: &Context<'_>,
    plan: &Plan,
    layer: impl Fn(LayerId) -> TokenStream,
) -> Vec<TokenStream> {
    let mut fields = vec![];
    let mut groups: BTreeMap<GroupId, Tree> = BTreeMap::new();
    for &id in &plan.weighted {
        match cx.graph.layer(id).group {
            None => {
                let (field, value) = (cx.layer_field(id), layer(id));
                fields.push(quote!(#field: #value));
            }
            Some(group) => {
                let path = cx.graph.layer(id).name.split('/').skip(1);
                groups.entry(group).or_default().insert(path, layer(id));
            }
        }
    }
    for (group, tree) in groups {
        let ((field, _), value) = (cx.group_field(group), tree.value());
        fields.push(quote!(#field: #value));
    }
    fields
}

/// The weights of a nested model, by its fields.
#[derive(Default)]
struct Tree {
    /// A layer.
    layer: Option<TokenStream>,
    /// A model.
    fields: BTreeMap<String, Tree>,
}

impl Tree {
    fn insert<'a>(&mut self, path: impl Iterator<Item = &'a str>, value: TokenStream) {
        let place = path.fold(self, |tree, name| tree.fields.entry(name.to_owned()).or_default());
        place.layer = Some(value);
    }

    fn value(self) -> TokenStream {
        if let Some(layer) = self.layer {
            return layer;
        }
        let fields = self.fields.into_values().map(Tree::value);
        quote!(__mimo::nested((#(#fields,)*)))
    }
}

/// The trait by which models that nest this one make it. A model without weights is no field.
pub(super) fn parts(cx: &Context<'_>, plan: &Plan) -> Option<TokenStream> {
    if plan.weighted.is_empty() {
        return None;
    }
    let mut fields = weights::fields(cx, plan);
    let name = |field: &Ident| crate::ast::name_of(field);
    fields.sort_by_key(|(field, ..)| name(field));
    let types = fields.iter().map(|(_, ty, _)| ty);
    let values = fields.iter().enumerate().map(|(place, (field, ..))| {
        let place = Literal::usize_unsuffixed(place);
        quote!(#field: fields.#place)
    });
    let model = cx.model;
    let allowances = cx.nested_allowances();
    Some(quote! {
        #[automatically_derived]
        #allowances
        impl<E: __mimo::Dtype, D: __mimo::Storage<E>> __mimo::Nested for #model<E, D> {
            type Fields = (#(#types,)*);

            fn from_fields(fields: Self::Fields) -> Self {
                #model { #(#values),* }
            }
        }
    })
}
