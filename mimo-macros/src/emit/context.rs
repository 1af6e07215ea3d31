//! What every emitter needs: the graph, the user's tokens, and how lengths are printed.

use mimo_graph::dim::Dim;
use mimo_graph::graph::{Graph, LayerId, Port};
use mimo_graph::shape::Shape;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote};

use crate::lower::{BlockConst, Lowered};
use crate::tokens::{dim_tokens, ident};

/// A checked model with the user's tokens.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    /// The graph.
    pub graph: &'a Graph,
    /// The path of the facade crate, `::mimo`.
    pub krate: &'a TokenStream,
    /// Documentation and other attributes of the model.
    pub attributes: &'a TokenStream,
    /// Who may see it.
    pub visibility: &'a TokenStream,
    /// The struct's name.
    pub model: &'a Ident,
    /// Constants of the block.
    pub block_consts: &'a [BlockConst],
    lowered: &'a Lowered,
    inputs: Vec<Ident>,
    outputs: Vec<Ident>,
    layers: Vec<Ident>,
}

impl<'a> Context<'a> {
    /// The context of a model's structs: their fields are the user's tokens, so that an editor goes from one to the other.
    pub(crate) fn new(lowered: &'a Lowered) -> Self {
        Context {
            graph: &lowered.graph,
            krate: &lowered.header.krate,
            attributes: &lowered.header.attrs,
            visibility: &lowered.header.vis,
            model: &lowered.header.ident,
            block_consts: &lowered.consts,
            lowered,
            inputs: lowered.inputs.clone(),
            outputs: lowered.outputs.clone(),
            layers: lowered.layers(),
        }
    }

    /// The context of impls, where fields are used: at the user's tokens, an editor would show every use of them.
    pub(crate) fn inside(&self) -> Self {
        let unplaced = |fields: &[Ident]| -> Vec<Ident> {
            let idents = fields.iter().cloned().map(|mut field| {
                field.set_span(Span::call_site());
                field
            });
            idents.collect()
        };
        let (inputs, outputs) = (unplaced(&self.inputs), unplaced(&self.outputs));
        Context { inputs, outputs, layers: unplaced(&self.layers), ..*self }
    }

    /// A name made from the model's: `DiagnosisInputs`.
    pub(crate) fn name(&self, suffix: &str) -> Ident {
        format_ident!("{}{}", self.model, suffix, span = self.model.span())
    }

    /// The inputs with their fields, in order.
    pub(crate) fn inputs(&self) -> impl Iterator<Item = (&'a Port, &Ident)> {
        self.graph.inputs.iter().zip(&self.inputs)
    }

    /// The outputs with their fields, in order.
    pub(crate) fn outputs(&self) -> impl Iterator<Item = (&'a Port, &Ident)> {
        self.graph.outputs.iter().zip(&self.outputs)
    }

    /// The fields of the model's outputs, in order.
    pub(crate) fn output_fields(&self) -> Vec<Ident> {
        self.outputs.clone()
    }

    /// The field of a layer.
    pub(crate) fn layer_field(&self, layer: LayerId) -> Ident {
        match self.layers.get(layer.index()) {
            Some(field) => field.clone(),
            None => ident(&self.graph.layer(layer).name, self.model.span()),
        }
    }

    /// A length as an expression.
    pub(crate) fn dim(&self, dim: &Dim) -> TokenStream {
        match dim {
            Dim::Known(n) => {
                let n = Literal::usize_unsuffixed(*n);
                quote!(#n)
            }
            Dim::Deferred(_) => {
                let tokens = dim_tokens(dim, &self.lowered.const_tokens);
                quote!((#tokens))
            }
        }
    }

    /// A length in the place of a const generic.
    pub(crate) fn generic(&self, dim: &Dim) -> TokenStream {
        match dim {
            Dim::Known(_) => self.dim(dim),
            Dim::Deferred(_) => {
                let tokens = dim_tokens(dim, &self.lowered.const_tokens);
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
