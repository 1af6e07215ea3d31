//! Context of all emitters: the graph, the user's tokens, and the printing of lengths.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use mimo_graph::describe::Describe;
use mimo_graph::dim::Dim;
use mimo_graph::graph::{Graph, GroupId, LayerId, Node, NodeId, Port, TensorId};
use mimo_graph::order::{earlier_calls, live_nodes};
use mimo_graph::shape::Shape;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote};

use super::literal::literal;
use crate::ast::name_of;
use crate::lengths::Lengths;
use crate::lower::{BlockConst, Lowered};
use crate::tokens::{ident, idents};

/// Makes names distinct: for a base that occurs again, `name` makes further ones from it and a number from 2 on. For
/// the number 1 it returns the first.
pub(super) fn distinct(
    bases: impl Iterator<Item = String>,
    name: impl Fn(&str, usize) -> String,
) -> Vec<String> {
    let mut taken = BTreeSet::new();
    // Where the count of each base starts: taken names stay taken.
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut names = vec![];
    for base in bases {
        let count = counts.entry(base.clone()).or_default();
        let free = loop {
            *count += 1;
            let free = name(&base, *count);
            if taken.insert(free.clone()) {
                break free;
            }
        };
        names.push(free);
    }
    names
}

/// Names of the type parameters of generated items. Rust resolves the parameters of an item before everything around
/// it, so they must differ from the model's own name and those of nested models.
#[derive(Clone, Debug)]
pub(crate) struct Generics {
    /// The element type.
    pub e: Ident,
    /// The device.
    pub d: Ident,
    /// The batch axis.
    pub b: Ident,
    /// The tape, or the value per output.
    pub t: Ident,
    /// The visitor of weights.
    pub v: Ident,
    /// Element type and device after a conversion of a model.
    pub e2: Ident,
    /// See `e2`.
    pub d2: Ident,
}

impl Generics {
    fn new(lowered: &Lowered) -> Self {
        let mut taken: HashSet<String> = [name_of(&lowered.header.ident)].into();
        taken.extend(lowered.group_types.iter().flat_map(|(path, _)| idents(path)));
        let plain = |name: &String| name.strip_prefix("r#").unwrap_or(name).to_owned();
        let taken: HashSet<String> = taken.iter().map(plain).collect();
        let free = |name: &str| {
            let mut name = name.to_owned();
            while taken.contains(&name) {
                name.push('0');
            }
            Ident::new(&name, Span::call_site())
        };
        Generics {
            e: free("E"),
            d: free("D"),
            b: free("B"),
            t: free("T"),
            v: free("V"),
            e2: free("E2"),
            d2: free("D2"),
        }
    }
}

/// A checked model with the user's tokens.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    /// The graph.
    pub graph: &'a Graph,
    /// The path of the facade crate, `::mimo`.
    pub krate: &'a TokenStream,
    /// Documentation and other attributes of the model.
    pub attributes: &'a TokenStream,
    /// Its visibility.
    pub visibility: &'a TokenStream,
    /// The struct's name.
    pub model: &'a Ident,
    /// Constants of the block.
    pub block_consts: &'a [BlockConst],
    /// Calls that an output needs, in order.
    pub live: Vec<NodeId>,
    /// The layers of these calls.
    pub live_layers: BTreeSet<LayerId>,
    /// By call: the number of earlier calls of its layer.
    pub earlier: Vec<usize>,
    /// Names of type parameters.
    pub generics: Generics,
    lowered: &'a Lowered,
    lengths: &'a Lengths<'a>,
    inputs: Vec<Ident>,
    outputs: Vec<Ident>,
    layers: Vec<Ident>,
    input_names: BTreeMap<TensorId, &'a str>,
}

impl<'a> Context<'a> {
    /// Context of a model's structs: their fields have the user's spans, so that an editor finds their definitions.
    pub(crate) fn new(lowered: &'a Lowered, lengths: &'a Lengths<'a>) -> Self {
        // The first name counts, as everywhere.
        let ports = lowered.graph.inputs.iter().rev();
        let input_names = ports.map(|port| (port.tensor, port.name.as_str())).collect();
        let live = live_nodes(&lowered.graph);
        Context {
            graph: &lowered.graph,
            krate: &lowered.header.krate,
            attributes: &lowered.header.attrs,
            visibility: &lowered.header.vis,
            model: &lowered.header.ident,
            block_consts: &lowered.consts,
            live_layers: live.iter().map(|&call| lowered.graph.node(call).layer).collect(),
            live,
            earlier: earlier_calls(&lowered.graph),
            generics: Generics::new(lowered),
            lowered,
            lengths,
            inputs: lowered.inputs.clone(),
            outputs: lowered.outputs.clone(),
            layers: lowered.layers(),
            input_names,
        }
    }

    /// Context of impls, where fields are used: with the user's spans, an editor would show every use of them.
    pub(crate) fn inside(mut self) -> Self {
        for fields in [&mut self.inputs, &mut self.outputs, &mut self.layers] {
            fields.iter_mut().for_each(|field| field.set_span(Span::call_site()));
        }
        self
    }

    /// A name derived from the model's: `DiagnosisInputs`.
    pub(crate) fn name(&self, suffix: &str) -> Ident {
        format_ident!("{}{}", self.model, suffix, span = self.model.span())
    }

    /// Calls that an output needs, in order.
    pub(crate) fn live_nodes(&self) -> impl Iterator<Item = (NodeId, &'a Node)> {
        self.live.iter().map(|&id| (id, self.graph.node(id)))
    }

    /// The name of an input.
    pub(crate) fn input_name(&self, tensor: TensorId) -> Option<&'a str> {
        self.input_names.get(&tensor).copied()
    }

    /// Inputs with their fields, in order.
    pub(crate) fn inputs(&self) -> impl Iterator<Item = (&'a Port, &Ident)> {
        self.graph.inputs.iter().zip(&self.inputs)
    }

    /// Outputs with their fields, in order.
    pub(crate) fn outputs(&self) -> impl Iterator<Item = (&'a Port, &Ident)> {
        self.graph.outputs.iter().zip(&self.outputs)
    }

    /// Fields of the model's outputs, in order.
    pub(crate) fn output_fields(&self) -> Vec<Ident> {
        self.outputs.clone()
    }

    /// Field of a layer.
    pub(crate) fn layer_field(&self, layer: LayerId) -> Ident {
        match self.layers.get(layer.index()) {
            Some(field) => field.clone(),
            None => ident(&self.graph.layer(layer).name, self.model.span()),
        }
    }

    /// Field of a layer that is not a part, or of the layer that contains it.
    pub(crate) fn whole_field(&self, layer: LayerId) -> Ident {
        self.layer_field(self.graph.layer(layer).whole.unwrap_or(layer))
    }

    /// Field of a nested model, and its type.
    pub(crate) fn group_field(&self, group: GroupId) -> (Ident, &'a TokenStream) {
        let name = &self.graph.groups[group.index()].name;
        let (path, span) = &self.lowered.group_types[group.index()];
        (ident(name, *span), path)
    }

    /// Lints allowed at the struct: those about paths of nested models, and the one about names, since a layer's name
    /// is a string, and Keras's are often not in snake case: `name = "Conv1"`.
    pub(crate) fn allowances(&self) -> Option<TokenStream> {
        let mut lints = Vec::new();
        if !self.graph.groups.is_empty() {
            lints.extend([quote!(unused_qualifications), quote!(private_interfaces)]);
        }
        let layers = self.graph.layers.iter().filter(|layer| layer.named).map(|layer| &layer.name);
        let groups = self.graph.groups.iter().filter(|group| group.named).map(|group| &group.name);
        if layers.chain(groups).any(|name| name.contains(|c: char| c.is_ascii_uppercase())) {
            lints.push(quote!(non_snake_case));
        }
        (!lints.is_empty()).then(|| quote!(#[allow(#(#lints),*)]))
    }

    /// A length as an expression.
    pub(crate) fn dim(&self, dim: &Dim) -> TokenStream {
        match dim {
            Dim::Known(n) => {
                let n = Literal::usize_unsuffixed(*n);
                quote!(#n)
            }
            Dim::Deferred(_) => {
                let tokens = self.lengths.dim(dim);
                quote!((#tokens))
            }
        }
    }

    /// The expression for a value that describes itself.
    pub(crate) fn literal(&self, value: &impl Describe) -> TokenStream {
        literal(self, &value.literal())
    }

    /// A path of the user to a loss or a metric, `crate::Lift`.
    pub(crate) fn own(&self, path: &str) -> TokenStream {
        let own = self.graph.compile.iter().flat_map(|compile| &compile.own);
        let tokens = own
            .into_iter()
            .find(|(known, _)| *known == path)
            .and_then(|(_, id)| self.lowered.const_exprs.get(id.0 as usize));
        tokens.cloned().unwrap_or_default()
    }

    /// A length as a const generic.
    pub(crate) fn generic(&self, dim: &Dim) -> TokenStream {
        match dim {
            Dim::Known(_) => self.dim(dim),
            Dim::Deferred(_) => {
                let tokens = self.lengths.dim(dim);
                quote!({ #tokens })
            }
        }
    }

    /// A shape as the elements of an array.
    pub(crate) fn lengths(&self, shape: &Shape) -> TokenStream {
        let dims = shape.0.iter().map(|dim| self.dim(dim));
        quote!(#(#dims),*)
    }

    /// A shape for documentation: `[28, 28, FILTERS]`.
    pub(crate) fn shown(&self, shape: &Shape) -> String {
        shape.display(&self.graph.consts).to_string()
    }
}
