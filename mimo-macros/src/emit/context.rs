//! What every emitter needs: the graph, the user's tokens, and how lengths are printed.

use mimo_graph::diag::Loc;
use mimo_graph::dim::{ConstId, Dim, Expr};
use mimo_graph::graph::{Graph, LayerId};
use mimo_graph::shape::Shape;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote};

/// A constant of the block: `const FILTERS: usize = 32;`.
#[derive(Clone, Debug)]
pub(crate) struct BlockConst {
    /// Its documentation and other attributes.
    pub attributes: TokenStream,
    /// Its name.
    pub name: Ident,
    /// Its type.
    pub ty: TokenStream,
    /// Its value.
    pub value: TokenStream,
}

/// What stands before and around the graph.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    /// Documentation and other attributes of the model.
    pub attributes: TokenStream,
    /// Who may see it.
    pub visibility: TokenStream,
    /// The struct's name.
    pub name: Ident,
    /// The path of the facade crate, `::mimo`.
    pub krate: TokenStream,
    /// Constants of the block.
    pub consts: Vec<BlockConst>,
}

/// A checked model with the user's tokens.
pub(crate) struct Context<'a> {
    /// What stands around the graph.
    pub header: &'a Header,
    /// The graph.
    pub graph: &'a Graph,
    /// The tokens of each constant expression.
    pub consts: &'a [TokenStream],
    /// The first token of a place.
    pub span: &'a dyn Fn(Loc) -> Span,
}

impl Context<'_> {
    /// A name made from the model's: `DiagnosisInputs`.
    pub(crate) fn name(&self, suffix: &str) -> Ident {
        format_ident!("{}{}", self.header.name, suffix, span = self.header.name.span())
    }

    /// A field or variable name of the user, at the user's place.
    pub(crate) fn field(&self, name: &str, loc: Loc) -> Ident {
        ident(name, (self.span)(loc))
    }

    /// The fields of the model's inputs, in order.
    pub(crate) fn input_fields(&self) -> Vec<Ident> {
        self.graph.inputs.iter().map(|port| self.field(&port.name, port.loc)).collect()
    }

    /// The fields of the model's outputs, in order.
    pub(crate) fn output_fields(&self) -> Vec<Ident> {
        self.graph.outputs.iter().map(|port| self.field(&port.name, port.loc)).collect()
    }

    /// The field of a layer.
    pub(crate) fn layer_field(&self, layer: LayerId) -> Ident {
        let layer = self.graph.layer(layer);
        self.field(&layer.name, layer.loc)
    }

    /// A length as an expression.
    pub(crate) fn dim(&self, dim: &Dim) -> TokenStream {
        let expr = match dim {
            Dim::Known(n) => {
                let n = Literal::usize_unsuffixed(*n);
                return quote!(#n);
            }
            Dim::Deferred(expr) => expr,
        };
        match &**expr {
            Expr::Const(ConstId(id)) => {
                let tokens = self.consts.get(*id as usize);
                quote!((#tokens))
            }
            Expr::Add(a, b) => self.binary(a, b, quote!(+)),
            Expr::Sub(a, b) => self.binary(a, b, quote!(-)),
            Expr::Mul(a, b) => self.binary(a, b, quote!(*)),
            Expr::Div(a, b) => self.binary(a, b, quote!(/)),
            Expr::Max(a, b) => {
                let (a, b) = (self.dim(a), self.dim(b));
                quote!((if #a > #b { #a } else { #b }))
            }
        }
    }

    fn binary(&self, a: &Dim, b: &Dim, operator: TokenStream) -> TokenStream {
        let (a, b) = (self.dim(a), self.dim(b));
        quote!((#a #operator #b))
    }

    /// A length in the place of a const generic.
    pub(crate) fn generic(&self, dim: &Dim) -> TokenStream {
        let tokens = self.dim(dim);
        match dim {
            Dim::Known(_) => tokens,
            Dim::Deferred(_) => quote!({ #tokens }),
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

/// An identifier of the user, raw if it has to be.
pub(crate) fn ident(name: &str, span: Span) -> Ident {
    let name = name.strip_prefix("r#").unwrap_or(name);
    match syn::parse_str::<Ident>(name) {
        Ok(_) => Ident::new(name, span),
        Err(_) => Ident::new_raw(name, span),
    }
}
