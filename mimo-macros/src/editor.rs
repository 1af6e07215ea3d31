//! The model as a plain Rust function, for editors.
//!
//! rust-analyzer resolves a word inside of a macro call by the tokens with the same span in the expansion. So the
//! expansion starts with a function that has every word of the model in plain Rust: a `let` is a `let` whose type
//! shows the shape, a layer is the item of [`mimo_graph::language`] with its arguments as fields, a tensor in a call
//! is a local variable, an output in a map is a field of `…PerOutput`. Hovering, going to definitions and completion
//! then work without further support. Only rust-analyzer compiles the function; rustc removes it before name
//! resolution.
//!
//! Two constraints:
//! - The function is written from the tokens instead of the lowered model, so that it exists while a statement is being typed. Only identifiers are copied from the user's tokens, so that it always parses.
//! - rust-analyzer completes in the expansion of a text with a marker at the cursor, and finds the position in the expansion without the marker by counting characters. So the function comes first, and nothing in it depends on later tokens: types follow their values.

mod fields;
mod words;

use mimo_graph::graph::TensorId;
use mimo_graph::shape::Shape;
use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{format_ident, quote};

use crate::ast::{Expr, Function, Model, Run, name_of};
use crate::emit::functions::signature;
use crate::lengths::Lengths;
use crate::lower::{Binding, Lowered};
use crate::parse::{Cursor, contents, is, is_constant, is_item_path, is_name};
use crate::tokens;
use mimo_graph::language::{self, Kind, Module};
use words::Words;

/// The function, inside a constant: the `allow` for the unknown `cfg` must be on an enclosing item.
pub(crate) fn items(ast: &Model, lowered: &Lowered) -> TokenStream {
    let krate = &lowered.header.krate;
    let mut words = Words::new(ast, lowered);
    let lengths = Lengths::new(lowered);
    let known = Known { ast, lowered, lengths: &lengths };
    let statements = statements(&ast.runs, false, known, &mut words);
    // After the statements, whose positions must not depend on later tokens.
    let constants = lengths.plain_constants();
    let imported = lowered.imported.iter().map(|(name, function)| imported(name, function));
    quote! {
        #[allow(unexpected_cfgs)]
        const _: () = {
            #[cfg(rust_analyzer)]
            #[allow(warnings, clippy::all)]
            fn model() {
                use #krate::language as __l;
                use __l::layers::*;
                #statements
                #constants
                #(#imported)*
            }
        };
    }
}

/// An imported function: as for one of the block, its call is a literal with its parameters as fields. Hovering over
/// the call shows its documentation, and going to the definition finds its name.
fn imported(name: &str, function: &Function) -> TokenStream {
    let (attrs, parameters) = (&function.attrs, function.parameters.iter().map(|parameter| &parameter.ident));
    let (name, signature) = (tokens::ident(name, function.ident.span()), signature(function));
    let doc = format!("\n\n```text\n{signature}\n```");
    quote! {
        #attrs
        #[doc = #doc]
        #[derive(Clone, Copy)]
        struct #name { #(#parameters: __l::values::Setting),* }
    }
}

/// Inputs for writing statements.
#[derive(Clone, Copy)]
struct Known<'a> {
    ast: &'a Model,
    lowered: &'a Lowered,
    lengths: &'a Lengths<'a>,
}

/// Statements of the block, or of the body of a `function`, whose last one may be its result.
fn statements(runs: &[Run], function: bool, known: Known<'_>, words: &mut Words) -> TokenStream {
    runs.iter().map(|run| statement(run, function, known, words)).collect()
}

fn statement(run: &Run, function: bool, known: Known<'_>, words: &mut Words) -> TokenStream {
    let mut cursor = Cursor::new(&run.tokens);
    cursor.attributes();
    if cursor.at_keyword("fn") {
        let scope = words.enter(&mut cursor);
        let body = statements(&run.inner, true, known, words);
        return words.leave(scope, body);
    }
    if cursor.at_keyword("for") {
        // Names bound in a loop stay bound after it.
        let head = words.head_of_loop(&mut cursor);
        let body = statements(&run.inner, function, known, words);
        return quote!(#head #body);
    }
    if let Some(def) = known.ast.consts.get(run.consts.clone()).and_then(|defs| defs.first()) {
        return constant(&def.ident, &def.ty, &def.value, words);
    }
    if cursor.at_keyword("Model") {
        return words.tail(&mut cursor);
    }
    if cursor.at_keyword("use") {
        return nested(cursor.rest());
    }
    if cursor.at_keyword("if") {
        let conditions = words.conditions(cursor.rest());
        let sides = statements(&run.inner, true, known, words);
        return quote!(#conditions #sides);
    }
    let is_let = cursor.at_keyword("let");
    if is_let {
        cursor.skip(1);
    }
    let start = cursor;
    if cursor.is_empty() {
        return TokenStream::new();
    }
    while !cursor.is_empty() && !cursor.punct_at(0, '=') && !cursor.punct_at(0, ':') {
        cursor.skip(1);
    }
    if cursor.is_empty() {
        return match start.rest() {
            // The start of `let`, or of the `Model(…)` at the end of the block.
            [TokenTree::Ident(ident)] if !is_let && !function && is_name(ident) => {
                quote!(__l::model::#ident {};)
            }
            rest if !is_let => words.tuple(rest, Kind::Tensors),
            _ => TokenStream::new(),
        };
    }
    let names = names(start.rest().get(..cursor.position() - start.position()).unwrap_or_default());
    let mut values = Vec::new();
    if cursor.punct_at(0, ':') {
        cursor.skip(1);
        let from = cursor.position();
        while !cursor.is_empty() && !cursor.punct_at(0, '=') {
            cursor.skip(1);
        }
        words.collect(cursor.since(from), Kind::Plain, &mut values);
    }
    cursor.skip(1);
    let value = cursor.rest().to_vec();
    // The body of a loop that returns a list binds names like that of any loop; the returned tensor is a separate
    // statement.
    let mut looped = TokenStream::new();
    if cursor.at_keyword("for") {
        looped = words.head_of_loop(&mut cursor);
        looped.extend(statements(&run.inner, true, known, words));
    } else if cursor.at_keyword("if") {
        looped = words.conditions(cursor.rest());
        looped.extend(statements(&run.inner, true, known, words));
    } else {
        words.collect(cursor.rest(), Kind::Tensors, &mut values);
    }
    match is_setting(&value) {
        true => words.bind_settings(&names),
        false => words.bind(&names),
    }
    let pattern = if names.len() == 1 { quote!(#(#names)*) } else { quote!((#(#names),*)) };
    // A single layer has the type of its expression; parentheses are there either way.
    let types = types(run, names.len(), known).map(|types| quote!(; #types));
    quote!(#looped let #pattern = { (#(#values),*) #types };)
}

/// Whether the value of a `let` looks like a setting, which may be any word: a literal, a list, an `if`, or a word.
fn is_setting(value: &[TokenTree]) -> bool {
    match value {
        [TokenTree::Literal(_) | TokenTree::Group(_)] => true,
        [TokenTree::Ident(first), ..] if first == "if" => true,
        [TokenTree::Ident(word)] => {
            language::find(Module::Activations, &name_of(word)).is_some()
                || ["none", "true", "false", "same", "valid"].iter().any(|known| word == known)
        }
        _ => false,
    }
}

/// `use crate::Encoder as Vision`, if it is complete: it is valid Rust.
fn nested(written: &[TokenTree]) -> TokenStream {
    let is_as = |token: &TokenTree| matches!(token, TokenTree::Ident(ident) if ident == "as");
    let path: TokenStream = written.split(is_as).next().unwrap_or_default().iter().skip(1).cloned().collect();
    let renamed = match written.iter().position(is_as) {
        Some(at) => matches!(written.get(at + 1..), Some([TokenTree::Ident(name)]) if is_name(name)),
        None => true,
    };
    // A path of types, `a::B<C>`, is not valid in a `use`.
    let sound = renamed && is_item_path(path);
    if sound { quote!(#(#written)*;) } else { TokenStream::new() }
}

/// The names that a `let` binds: for `(y, h)`, both.
fn names(pattern: &[TokenTree]) -> Vec<Ident> {
    let mut found = Vec::new();
    for token in pattern {
        match token {
            TokenTree::Ident(ident) if is_name(ident) || ident == "_" => found.push(ident.clone()),
            TokenTree::Group(group) => found.extend(names(&contents(group.stream()))),
            _ => {}
        }
    }
    found
}

/// Types of the bound names; `None` for a layer, which has the type of its expression.
fn types(run: &Run, names: usize, known: Known<'_>) -> Option<TokenStream> {
    let types: Vec<TokenStream> = (0..names)
        .map(|i| match run.binders.get(i).and_then(|place| known.lowered.types.get(place)) {
            Some(Binding::Tensor(tensor)) => tensor_type(*tensor, known),
            Some(Binding::Layer(_)) => TokenStream::new(),
            Some(Binding::Tensors(_) | Binding::Poison) | None => quote!(__l::tensor::Unknown),
        })
        .collect();
    match &types[..] {
        [layer] if layer.is_empty() => None,
        [one] => Some(one.clone()),
        _ => Some(quote!((#(#types),*))),
    }
}

/// A tensor as a value whose type shows its shape: `Tensor<127, 32>`.
fn tensor_type(tensor: TensorId, known: Known<'_>) -> TokenStream {
    match &known.lowered.graph.tensor(tensor).shape {
        Some(Shape(dims)) if dims.is_empty() => quote!(__l::tensor::T0),
        Some(Shape(dims)) if dims.len() <= 6 => {
            let name = format_ident!("T{}", dims.len());
            let dims = dims.iter().map(|dim| {
                let tokens = known.lengths.dim(dim);
                // A literal or a name needs no braces.
                if tokens.clone().into_iter().count() == 1 { tokens } else { quote!({ #tokens }) }
            });
            quote!(__l::tensor::#name::<#(#dims),*>)
        }
        Some(_) | None => quote!(__l::tensor::Unknown),
    }
}

/// A constant of the block. Incomplete parts are `usize` and 0.
fn constant(ident: &Ident, ty: &TokenStream, value: &Expr, words: &mut Words) -> TokenStream {
    words.bind_constant(ident);
    let or = |tokens: &TokenStream, sound: bool, other| if sound { tokens.clone() } else { other };
    let ty = or(ty, is::<syn::Type>(ty), quote!(usize));
    let value = or(&value.tokens, is_constant(value), quote!(0));
    quote!(const #ident: #ty = #value;)
}
