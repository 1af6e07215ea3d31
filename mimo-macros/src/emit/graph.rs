//! The graph as static data: layers with their arguments, calls and tensors.

use mimo_graph::describe::{Describe, Holds, Literal};
use mimo_graph::graph_spec::graph_spec;
use mimo_graph::plan::Plan;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use super::context::{Context, distinct};
use super::literal::literal;

/// The struct with the default arguments of each class that occurs, and the value of `Model::GRAPH`.
pub(super) fn graph(cx: &Context<'_>, plan: &Plan) -> (TokenStream, TokenStream) {
    let mut graph = graph_spec(cx.graph, plan).literal();
    let mut lists = vec![];
    hoist(&mut graph, &mut lists);
    // `Softmax` is a layer and `softmax` an activation.
    let names = distinct(lists.iter().map(|(class, _)| class.clone()), |base, count| match count {
        1 => base.to_owned(),
        count => format!("{base}_{count}"),
    });
    set_names(&mut graph, &names);
    lists.iter_mut().for_each(|(_, list)| set_names(list, &names));
    let constants = lists.iter().zip(&names).map(|((_, list), name)| {
        let (name, list) = (Ident::new(name, Span::call_site()), literal(cx, list));
        quote!(const #name: &'static [__mimo::Argument] = #list;)
    });
    let defaults = quote! {
        struct __Defaults;
        impl __Defaults {
            #(#constants)*
        }
    };
    (defaults, literal(cx, &graph))
}

/// Moves shared arrays into `lists`, each once, and replaces them by their indices.
fn hoist(value: &mut Literal, lists: &mut Vec<(String, Literal)>) {
    if let Literal::Shared { name, value } = value {
        hoist(value, lists);
        let list = std::mem::replace(&mut **value, Literal::Bool(false));
        let known = lists.iter().position(|(class, known)| *class == **name && *known == list);
        let at = known.unwrap_or_else(|| {
            lists.push((name.clone().into_owned(), list));
            lists.len() - 1
        });
        **value = Literal::Int(at as u64);
        return;
    }
    each(value, &mut |value| hoist(value, lists));
}

/// Replaces the indices from [`hoist`] by the names of the constants.
fn set_names(value: &mut Literal, names: &[String]) {
    if let Literal::Shared { name, value } = value {
        if let Literal::Int(at) = **value
            && let Some(constant) = names.get(at as usize)
        {
            *name = constant.clone().into();
        }
        return;
    }
    each(value, &mut |value| set_names(value, names));
}

/// Visits the parts of a value.
fn each(value: &mut Literal, visit: &mut dyn FnMut(&mut Literal)) {
    match value {
        Literal::Bool(_)
        | Literal::Int(_)
        | Literal::Negative(_)
        | Literal::Float(_)
        | Literal::Text(_)
        | Literal::Dim(_)
        | Literal::Optional(None) => {}
        Literal::Optional(Some(value)) | Literal::Shared { value, .. } => visit(value),
        Literal::Array(values)
        | Literal::Slice(values)
        | Literal::List(values)
        | Literal::Call { arguments: values, .. } => {
            values.iter_mut().for_each(visit);
        }
        Literal::Struct { fields, .. } | Literal::Updated { fields, .. } => {
            fields.iter_mut().for_each(|(_, value)| visit(value))
        }
        Literal::Variant { holds, .. } => match holds {
            Holds::Nothing => {}
            Holds::Fields(fields) => fields.iter_mut().for_each(|(_, value)| visit(value)),
            Holds::Value(value) => visit(value),
        },
    }
}
