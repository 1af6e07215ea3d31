//! Nested models and wrappers among the fields, and a model as a part of others. `mimo-runtime/src/nested.rs`
//! explains the traits.

use std::collections::{BTreeMap, BTreeSet};

use mimo_graph::graph::{GroupId, LayerId};
use mimo_graph::plan::Plan;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote};

use super::context::{Context, Generics, distinct};
use super::logs::camel_case;
use super::weights;
use crate::tokens::ident;

/// Tree of the layers with weights, by the models and wrappers that contain them.
#[derive(Debug)]
pub(super) enum Tree {
    Layer(LayerId),
    /// A nested model; generated code can name it, but not its layers.
    Model(BTreeMap<String, Tree>),
    /// A wrapper of this model, with the struct that is generated for it.
    Wrapper(Ident, BTreeMap<String, Tree>),
}

/// Access to a layer of a model.
enum Place {
    /// A field, or a field of one.
    Field(TokenStream),
    /// A reference lent by a nested model.
    Lent(TokenStream),
}

impl Tree {
    /// The layers of a complete model.
    pub(super) fn new(cx: &Context<'_>, plan: &Plan) -> Tree {
        let paths: Vec<(LayerId, String)> =
            plan.weighted.iter().map(|&id| (id, cx.graph.layer(id).path())).collect();
        let wrappers = wrapper_types(cx, &paths);
        let mut tree = Tree::Model(BTreeMap::new());
        for (id, path) in &paths {
            let mut place = &mut tree;
            for (end, _) in path.match_indices('/').chain([(path.len(), "")]) {
                let name = path[..end].rsplit('/').next().unwrap_or_default();
                // A layer has no layers: names are unique in a model.
                let (Tree::Model(fields) | Tree::Wrapper(_, fields)) = place else { break };
                place = fields.entry(name.to_owned()).or_insert_with(|| match wrappers.get(&path[..end]) {
                    Some(ty) => Tree::Wrapper(ty.clone(), BTreeMap::new()),
                    None => Tree::Model(BTreeMap::new()),
                });
            }
            *place = Tree::Layer(*id);
        }
        tree
    }

    fn fields(&self) -> impl Iterator<Item = (&String, &Tree)> {
        match self {
            Tree::Layer(_) => None,
            Tree::Model(fields) | Tree::Wrapper(_, fields) => Some(fields.iter()),
        }
        .into_iter()
        .flatten()
    }

    /// Whether it contains more than layers.
    fn nests(&self) -> bool {
        self.fields().any(|(_, field)| !matches!(field, Tree::Layer(_)))
    }

    /// Tuples for models and wrappers, with `leaf` for layers.
    fn tuple(&self, leaf: &dyn Fn(LayerId) -> TokenStream) -> TokenStream {
        if let Tree::Layer(id) = self {
            return leaf(*id);
        }
        let fields = self.fields().map(|(_, field)| field.tuple(leaf));
        quote!((#(#fields,)*))
    }

    /// A reference to a layer of `model`.
    pub(super) fn reference(&self, cx: &Context<'_>, id: LayerId, mutable: bool) -> TokenStream {
        match (self.found(cx, id, mutable), mutable) {
            (Place::Lent(reference), _) => reference,
            (Place::Field(place), true) => quote!(&mut #place),
            (Place::Field(place), false) => quote!(&#place),
        }
    }

    /// A layer of `model` as a place expression, readable or mutable.
    pub(super) fn place(&self, cx: &Context<'_>, id: LayerId, mutable: bool) -> TokenStream {
        match self.found(cx, id, mutable) {
            Place::Field(place) | Place::Lent(place) => place,
        }
    }

    /// Access to a layer. A layer deeper than the fields of a nested model is reached through that model, which can
    /// name its own nested models.
    fn found(&self, cx: &Context<'_>, id: LayerId, mutable: bool) -> Place {
        let path = cx.graph.layer(id).path();
        let inner: Vec<&str> = path.split('/').skip(1).collect();
        let Some(group) = cx.graph.layer(id).group else {
            let field = cx.whole_field(id);
            let inner = inner.into_iter().map(|layer| ident(layer, Span::call_site()));
            return Place::Field(quote!(__model.#field #(.#inner)*));
        };
        let (field, ty) = cx.group_field(group);
        if ty.is_empty() {
            let inner = inner.into_iter().map(|layer| ident(layer, Span::call_site()));
            return Place::Field(quote!(__model.#field #(.#inner)*));
        }
        if let [layer] = inner[..] {
            let layer = ident(layer, field.span());
            return Place::Field(quote!(__model.#field.#layer));
        }
        let mut tree = path.split('/').next().and_then(|group| self.field(group));
        let mut places = vec![];
        for name in inner {
            let names = tree.map(|tree| tree.fields().map(|(name, _)| name)).into_iter().flatten();
            places.push(Literal::usize_unsuffixed(names.take_while(|other| *other != name).count()));
            tree = tree.and_then(|tree| tree.field(name));
        }
        Place::Lent(match mutable {
            true => quote!(__mimo::layers_mut(&mut __model.#field) #(.#places)*),
            false => quote!(__mimo::layers(&__model.#field) #(.#places)*),
        })
    }

    fn field(&self, name: &str) -> Option<&Tree> {
        match self {
            Tree::Layer(_) => None,
            Tree::Model(fields) | Tree::Wrapper(_, fields) => fields.get(name),
        }
    }

    /// The struct of a field, if it is generated for a wrapper.
    pub(super) fn wrapper(&self, name: &str) -> Option<&Ident> {
        match self.field(name)? {
            Tree::Wrapper(ty, _) => Some(ty),
            Tree::Layer(_) | Tree::Model(_) => None,
        }
    }

    /// Type of a field; `layer` returns that of a layer.
    fn value(&self, layer: &dyn Fn(LayerId) -> TokenStream) -> TokenStream {
        match self {
            Tree::Layer(id) => layer(*id),
            Tree::Model(_) => {
                let layers = self.tuple(layer);
                quote!(__mimo::nested(#layers))
            }
            Tree::Wrapper(ty, fields) => {
                let fields = fields.iter().map(|(name, field)| {
                    let (name, value) = (ident(name, Span::call_site()), field.value(layer));
                    quote!(#name: #value)
                });
                quote!(#ty { #(#fields),* })
            }
        }
    }

    /// Same as [`value`](Self::value), from the tuple of its layers.
    fn value_from(&self, layers: &TokenStream) -> TokenStream {
        match self {
            Tree::Layer(_) => layers.clone(),
            Tree::Model(_) => quote!(__mimo::nested(#layers)),
            Tree::Wrapper(ty, fields) => {
                let fields = fields.iter().enumerate().map(|(place, (name, field))| {
                    let (name, place) = (ident(name, Span::call_site()), Literal::usize_unsuffixed(place));
                    let value = field.value_from(&quote!(#layers.#place));
                    quote!(#name: #value)
                });
                quote!(#ty { #(#fields),* })
            }
        }
    }

    /// The layers of a field as a tuple of references; `function` is the one by which models lend theirs.
    fn lent(&self, place: &TokenStream, reference: &TokenStream, function: &Ident) -> TokenStream {
        match self {
            Tree::Layer(_) => quote!(#reference #place),
            Tree::Model(_) if self.nests() => quote!(__mimo::#function(#reference #place)),
            Tree::Model(fields) | Tree::Wrapper(_, fields) => {
                let fields = fields.iter().map(|(name, field)| {
                    let name = ident(name, Span::call_site());
                    field.lent(&quote!(#place.#name), reference, function)
                });
                quote!((#(#fields,)*))
            }
        }
    }
}

/// The structs of wrappers, by their paths.
fn wrapper_types(cx: &Context<'_>, paths: &[(LayerId, String)]) -> BTreeMap<String, Ident> {
    let unnamed = |group: GroupId| cx.group_field(group).1.is_empty();
    let own = paths.iter().filter(|(id, _)| cx.graph.layer(*id).group.is_none_or(unnamed));
    let wrappers: BTreeSet<&str> =
        own.flat_map(|(_, path)| path.match_indices('/').map(|(end, _)| &path[..end])).collect();
    // `a_b` and `a__b` are two layers but one name in camel case.
    let bases = wrappers.iter().map(|path| camel_case(&path.replace('/', "_")));
    let names = distinct(bases, |camel, count| match count {
        1 => camel.to_owned(),
        count => format!("{camel}{count}"),
    });
    let types =
        names.into_iter().map(|camel| format_ident!("{}{}Layers", cx.model, camel, span = cx.model.span()));
    wrappers.into_iter().map(str::to_owned).zip(types).collect()
}

/// The structs of wrappers: a `Bidirectional` has one field for each direction, a `TimeDistributed` one for the layer
/// inside. The fields follow the names of weights: `model.encoder.forward_lstm.kernel`.
pub(super) fn wrappers(cx: &Context<'_>, plan: &Plan) -> TokenStream {
    let mut structs = TokenStream::new();
    let tree = Tree::new(cx, plan);
    tree.fields().for_each(|(name, field)| wrapper_struct(cx, name, field, &mut structs));
    structs
}

fn wrapper_struct(cx: &Context<'_>, path: &str, tree: &Tree, structs: &mut TokenStream) {
    let Tree::Wrapper(ty, fields) = tree else { return };
    let private = crate::tokens::private(cx.krate, TokenStream::new());
    let (vis, Generics { e, d, .. }) = (cx.visibility, &cx.generics);
    let doc = format!(" The layers in layer `{path}` of [`{}`].", cx.model);
    let fields: Vec<TokenStream> = fields
        .iter()
        .map(|(name, field)| {
            let inner = format!("{path}/{name}");
            wrapper_struct(cx, &inner, field, structs);
            let (doc, ty) = match field {
                Tree::Layer(id) => (weights::layer_doc(cx, *id), weights::layer_type(cx, *id)),
                Tree::Wrapper(ty, _) => (format!(" Layer `{inner}`."), quote!(#ty<#e, #d>)),
                // Models are not wrapped.
                Tree::Model(_) => return TokenStream::new(),
            };
            let name = ident(name, Span::call_site());
            quote!(#[doc = #doc] pub #name: #ty,)
        })
        .collect();
    structs.extend(quote! {
        #[doc = #doc]
        #[derive(#private core::clone::Clone, #private core::fmt::Debug)]
        #vis struct #ty<
            #e: #private Dtype = #private core::primitive::f32,
            #d: #private Storage<#e> = #private Cpu,
        > {
            #(#fields)*
        }
    });
}

/// Field of a wrapper: name, type, documentation.
pub(super) fn wrapper_field(cx: &Context<'_>, whole: LayerId, ty: &Ident) -> (Ident, TokenStream, String) {
    let layer = cx.graph.layer(whole);
    let frozen = if layer.trainable { "" } else { ", not trained" };
    let doc = format!(" Layer `{}` (`{}`{frozen}).", layer.name, layer.kind.class_name());
    let Generics { e, d, .. } = &cx.generics;
    (cx.layer_field(whole), quote!(#ty<#e, #d>), doc)
}

/// Field of a nested model: name, type, documentation. `generated` is its struct if its own type cannot be named.
pub(super) fn field(
    cx: &Context<'_>,
    id: GroupId,
    generated: Option<&Ident>,
) -> (Ident, TokenStream, String) {
    let (field, path) = cx.group_field(id);
    let path = generated.map_or(path.clone(), quote::ToTokens::to_token_stream);
    let group = &cx.graph.groups[id.index()];
    let mut layers = cx.graph.layers.iter().filter(|layer| layer.group == Some(id));
    let frozen = if layers.any(|layer| layer.trainable) { "" } else { ", not trained" };
    let doc = format!(" Nested model `{}` (`{}`{frozen}).", group.name, group.class);
    let Generics { e, d, .. } = &cx.generics;
    (field, quote!(#path<#e, #d>), doc)
}

/// Fields of a model with their values; `layer` returns that of a layer.
pub(super) fn values(
    cx: &Context<'_>,
    tree: &Tree,
    layer: &dyn Fn(LayerId) -> TokenStream,
) -> Vec<TokenStream> {
    let value = |(name, field): (&String, &Tree)| {
        let (name, value) = (field_ident(cx, name, field), field.value(layer));
        quote!(#name: #value)
    };
    tree.fields().map(value).collect()
}

/// The identifier of a field of the model itself.
fn field_ident(cx: &Context<'_>, name: &str, field: &Tree) -> Ident {
    match field {
        Tree::Layer(id) => cx.layer_field(*id),
        Tree::Wrapper(..) => ident(name, Span::call_site()),
        Tree::Model(_) => match cx.graph.groups.iter().zip(0..).find(|(group, _)| group.name == name) {
            Some((_, id)) => cx.group_field(GroupId(id)).0,
            None => ident(name, cx.model.span()),
        },
    }
}

/// The traits by which enclosing models create and visit this one. A model without weights is not a field.
pub(super) fn parts(cx: &Context<'_>, plan: &Plan) -> TokenStream {
    if plan.weighted.is_empty() {
        return TokenStream::new();
    }
    let tree = Tree::new(cx, plan);
    let model = cx.model;
    let Generics { e, d, .. } = &cx.generics;
    let layers = tree.tuple(&|id| weights::layer_on(id, e, d));
    let fields = tree.fields().enumerate().map(|(place, (name, field))| {
        let (name, place) = (field_ident(cx, name, field), Literal::usize_unsuffixed(place));
        let value = field.value_from(&quote!(__layers.#place));
        quote!(#name: #value)
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
            let ty = weights::layer_on(id, e, d);
            quote!(#reference #ty)
        })
    };
    let (shared, unique) = (types(quote!(&'a)), types(quote!(&'a mut)));
    let lent = |reference: TokenStream, function: &str| {
        let function = format_ident!("{}", function, span = Span::call_site());
        let fields = tree.fields().map(|(name, field)| {
            let place = field_ident(cx, name, field);
            field.lent(&quote!(self.#place), &reference, &function)
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
