//! Functions of a `functions!` as Rust items, for readers of the documentation; `model!` does not use them.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use crate::ast::{Function, Model, name_of};
use crate::lower::Lowered;
use crate::parse::text_of;
use crate::tokens::idents;

/// One Rust function for each public function, with its documentation and its parameters.
pub(crate) fn items(ast: &Model, lowered: &Lowered) -> TokenStream {
    let krate = &lowered.header.krate;
    let seen = ast.functions.iter().filter(|function| !function.vis.is_empty());
    let items = seen.map(|function| {
        let Function { attrs, vis, ident, parameters, .. } = &**function;
        let parameters: Vec<&Ident> = parameters.iter().map(|parameter| &parameter.ident).collect();
        let doc = documentation(function);
        quote! {
            #attrs
            #[doc = #doc]
            #[allow(dead_code, unreachable_pub, non_snake_case, unused_variables, unused_qualifications)]
            #[allow(clippy::all, clippy::pedantic)]
            #vis fn #ident(#(#parameters: #krate::language::values::Setting),*) {}
        }
    });
    items.collect()
}

/// The call with all parameters and defaults.
pub(crate) fn signature(function: &Function) -> String {
    let parameters = function.parameters.iter().map(|parameter| {
        let name = name_of(&parameter.ident);
        match &parameter.default {
            Some(default) => format!("{name} = {}", text_of(default.tokens.clone())),
            None => name,
        }
    });
    format!("{}({})", name_of(&function.ident), parameters.collect::<Vec<_>>().join(", "))
}

/// Documentation that follows the user's own, or replaces it.
fn documentation(function: &Function) -> String {
    let signature = signature(function);
    let shown = match idents(&function.attrs).contains("doc") {
        true => format!("\n\n```text\n{signature}\n```"),
        false => format!("`{signature}`"),
    };
    format!(
        "{shown}\n\nFunction of the language, for a `model!` or a `functions!` that imports it with `use`."
    )
}
