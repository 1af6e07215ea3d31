//! The words of a statement as paths and struct literals.

use std::collections::{BTreeMap, BTreeSet};

use mimo_graph::language::{self, Kind, Module};
use mimo_graph::layers;
use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::quote;

use super::fields::{
    Fields, call_site, guessed, is_colons, is_none, keyword, pieces, starts_upper, with, word_in,
};
use crate::ast::{Model, name_of};
use crate::lower::{Lowered, is_function_of_numbers};
use crate::parse::{Cursor, contents, is_name};
use crate::tokens::ident;

/// Names known while statements are read in order.
pub(super) struct Words {
    /// The model's name, for `…PerOutput`.
    model: String,
    /// Tensors, layers and constants bound before.
    bound: BTreeSet<String>,
    /// Those of them that may be any word: parameters of functions and names of loops.
    settings: BTreeSet<String>,
    /// Constants, which are visible in functions too.
    constants: BTreeSet<String>,
    /// Parameters of the functions of the block, and whether a call may omit them.
    functions: BTreeMap<String, Vec<(String, bool)>>,
    /// Models that the block imports.
    models: BTreeSet<String>,
    /// The inputs and the outputs, if all of them are known.
    ports: Option<[Vec<String>; 2]>,
}

/// A function while its body is read.
pub(super) struct Scope {
    /// Names bound around it.
    bound: BTreeSet<String>,
    settings: BTreeSet<String>,
    /// Its name and its parameters.
    name: Option<Ident>,
    parameters: Vec<Ident>,
    /// Defaults of its parameters.
    defaults: Vec<TokenStream>,
}

impl Words {
    pub(super) fn new(ast: &Model, lowered: &Lowered) -> Self {
        let names = |fields: &[Ident]| fields.iter().map(name_of).collect();
        let ports = lowered.named.then(|| [names(&lowered.inputs), names(&lowered.outputs)]);
        let own = ast.functions.iter().map(|function| (name_of(&function.ident), function));
        let imported = lowered.imported.iter().map(|(name, function)| (name.clone(), function));
        let functions = own.chain(imported).map(|(name, function)| {
            let parameters = function.parameters.iter();
            let parameters =
                parameters.map(|parameter| (name_of(&parameter.ident), parameter.default.is_some()));
            (name, parameters.collect())
        });
        Words {
            model: name_of(&lowered.header.ident),
            bound: BTreeSet::new(),
            settings: BTreeSet::new(),
            constants: BTreeSet::new(),
            functions: functions.collect(),
            models: ast.uses.iter().map(|used| name_of(&used.ident)).collect(),
            ports,
        }
    }

    /// Records the names of a `let`.
    pub(super) fn bind<'i>(&mut self, names: impl IntoIterator<Item = &'i Ident>) {
        for name in names.into_iter().map(name_of) {
            self.settings.remove(&name);
            self.bound.insert(name);
        }
    }

    /// Records names that may be any word: parameters of a function, names of a loop, and settings of a `let`.
    pub(super) fn bind_settings(&mut self, names: &[Ident]) {
        self.bind(names);
        self.settings.extend(names.iter().map(name_of));
    }

    /// Records a constant.
    pub(super) fn bind_constant(&mut self, name: &Ident) {
        self.bind([name]);
        self.constants.insert(name_of(name));
    }

    /// `fn name(x, units = 32) { … }`: enters the body, which sees its parameters and the constants of the block.
    pub(super) fn enter(&mut self, cursor: &mut Cursor<'_>) -> Scope {
        cursor.skip(1);
        let name = cursor.ident_at(0).filter(|name| is_name(name)).cloned();
        let group = cursor.group_at(1, Delimiter::Parenthesis);
        let (mut parameters, mut defaults) = (Vec::<Ident>::new(), Vec::new());
        for piece in pieces(&group.map(|group| contents(group.stream())).unwrap_or_default()) {
            let Some(TokenTree::Ident(parameter)) = piece.first() else { continue };
            if is_name(parameter) && !parameters.contains(parameter) {
                parameters.push(parameter.clone());
                if let Some(value) = piece.get(2..) {
                    self.collect(value, guessed(&name_of(parameter)), &mut defaults);
                }
            }
        }
        let bound = std::mem::replace(&mut self.bound, self.constants.clone());
        let settings = std::mem::take(&mut self.settings);
        self.bind_settings(&parameters);
        Scope { settings, bound, name, parameters, defaults }
    }

    /// Leaves the body of a function. A call of it is a literal whose fields are its parameters; its body is a
    /// function that does not see the names bound around it.
    pub(super) fn leave(&mut self, scope: Scope, body: TokenStream) -> TokenStream {
        let Scope { bound, settings, name, parameters, defaults } = scope;
        (self.bound, self.settings) = (bound, settings);
        let item = name.map(|name| {
            quote! {
                #[derive(Clone, Copy)]
                struct #name { #(#parameters: __l::values::Setting),* }
            }
        });
        quote! {
            #item
            const _: () = {
                fn body() {
                    (#(#defaults),*);
                    #(let #parameters = __l::values::Setting;)*
                    #body
                }
            };
        }
    }

    /// `for (units, rate) in [(32, 0.3)]`
    pub(super) fn head_of_loop(&mut self, cursor: &mut Cursor<'_>) -> TokenStream {
        cursor.skip(1);
        let start = cursor.position();
        while !cursor.is_empty() && !cursor.at_keyword("in") {
            cursor.skip(1);
        }
        let names = super::names(cursor.since(start));
        cursor.skip(1);
        let start = cursor.position();
        while !cursor.is_empty() && cursor.group_at(0, Delimiter::Brace).is_none() {
            cursor.skip(1);
        }
        let mut values = Vec::new();
        self.collect(cursor.since(start), Kind::Tensors, &mut values);
        self.bind_settings(&names);
        quote!((#(#values),*); #(let #names = __l::values::Setting;)*)
    }

    /// The names in the conditions of an `if` and of its `else` branches.
    pub(super) fn conditions(&self, run: &[TokenTree]) -> TokenStream {
        let mut values = Vec::new();
        let is_condition = |part: &&[TokenTree]| matches!(part.first(), Some(TokenTree::Ident(_)));
        let is_braces = |token: &TokenTree| matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
        run.split(is_braces)
            .filter(is_condition)
            .for_each(|condition| self.condition(condition, &mut values));
        quote!((#(#values),*);)
    }

    /// The names in a condition. A word on the right has the kind of the name on the left: in `activation == relu`,
    /// an activation.
    fn condition(&self, tokens: &[TokenTree], values: &mut Vec<TokenStream>) {
        let mut left = None;
        let mut cursor = Cursor::new(tokens);
        while let Some(token) = cursor.peek() {
            match token {
                TokenTree::Ident(word) if is_name(word) && word != "training" => {
                    let name = name_of(word);
                    match left.as_deref().map(guessed) {
                        Some(kind @ (Kind::Item(_) | Kind::Word(_))) if !self.bound.contains(&name) => {
                            self.ident(word, &mut cursor, kind, values);
                            continue;
                        }
                        Some(_) if !self.bound.contains(&name) => {}
                        _ => values.push(quote!(#word)),
                    }
                    left = Some(name);
                }
                TokenTree::Punct(punct) if matches!(punct.as_char(), '&' | '|') => left = None,
                TokenTree::Group(group) => self.condition(&contents(group.stream()), values),
                TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
            cursor.skip(1);
        }
    }

    /// `if stride == 2 { a } else { b }` inside of an expression: both branches take its place.
    fn choice(&self, cursor: &mut Cursor<'_>, kind: Kind, values: &mut Vec<TokenStream>) {
        while cursor.at_keyword("if") || cursor.at_keyword("else") {
            let start = cursor.position();
            while !cursor.is_empty() && cursor.group_at(0, Delimiter::Brace).is_none() {
                cursor.skip(1);
            }
            self.condition(cursor.since(start), values);
            if let Some(side) = cursor.group_at(0, Delimiter::Brace) {
                cursor.skip(1);
                self.collect(&contents(side.stream()), kind, values);
            }
        }
    }

    /// `Model(…).compile(…)`
    pub(super) fn tail(&self, cursor: &mut Cursor<'_>) -> TokenStream {
        let mut statements = TokenStream::new();
        while !cursor.is_empty() {
            let group = cursor.group_at(1, Delimiter::Parenthesis);
            if let Some(ident) = cursor.ident_at(0).filter(|ident| is_name(ident)) {
                let literal = self.literal(Module::Model, ident, group);
                statements.extend(quote!(#literal;));
                cursor.skip(usize::from(group.is_some()));
            }
            cursor.skip(1);
        }
        statements
    }

    /// The names in a run of tokens, as one statement.
    pub(super) fn tuple(&self, tokens: &[TokenTree], kind: Kind) -> TokenStream {
        let mut values = Vec::new();
        self.collect(tokens, kind, &mut values);
        quote!((#(#values),*);)
    }

    /// Collects all names in a run of tokens, in order, and skips everything else.
    pub(super) fn collect(&self, tokens: &[TokenTree], kind: Kind, values: &mut Vec<TokenStream>) {
        let mut cursor = Cursor::new(tokens);
        while let Some(token) = cursor.peek() {
            match token {
                TokenTree::Ident(word) if word == "if" => self.choice(&mut cursor, kind, values),
                TokenTree::Ident(ident) => self.ident(ident, &mut cursor, kind, values),
                TokenTree::Group(group) => {
                    cursor.skip(1);
                    match group.delimiter() {
                        Delimiter::Brace if ![Kind::Plain, Kind::Float, Kind::Rate].contains(&kind) => {
                            values.push(self.map(group, kind))
                        }
                        _ => self.collect(&contents(group.stream()), kind, values),
                    }
                }
                TokenTree::Literal(literal) => {
                    cursor.skip(1);
                    values.extend(word_in(literal).and_then(|word| self.word(&word, kind)));
                }
                // A field or a method is not a name of the scope, but the end of a range, `0..N`, is one.
                TokenTree::Punct(punct)
                    if punct.as_char() == '.'
                        && cursor.ident_at(1).is_some()
                        && !is_dot(cursor.previous()) =>
                {
                    cursor.skip(2);
                }
                TokenTree::Punct(_) => cursor.skip(1),
            }
        }
    }

    /// A path with its call.
    fn ident(&self, ident: &Ident, cursor: &mut Cursor<'_>, kind: Kind, values: &mut Vec<TokenStream>) {
        let start = cursor.position();
        cursor.skip(1);
        // Operations that are keywords of Rust have raw items: `where(x > 0.0, a, b)`.
        let raw =
            (ident == "where" || ident == "mod") && cursor.group_at(0, Delimiter::Parenthesis).is_some();
        let raw = raw.then(|| Ident::new_raw(&ident.to_string(), ident.span()));
        let ident = raw.as_ref().unwrap_or(ident);
        while is_colons(cursor) && cursor.ident_at(2).is_some_and(is_name) {
            cursor.skip(3);
        }
        let path = cursor.since(start);
        let rooted = path.len() > 1 && ["crate", "self", "super", "Self"].iter().any(|root| ident == root);
        // A macro of Rust, or one of its keywords.
        if cursor.punct_at(0, '!') || !(is_name(ident) || rooted) {
            return;
        }
        if path.len() > 1 {
            let path: TokenStream = path.iter().cloned().collect();
            // A custom loss or metric of the user, which may be a type, or a function of any float type.
            if let Kind::Item(Module::Losses | Module::Metrics) = kind {
                cursor.skip(usize::from(cursor.group_at(0, Delimiter::Parenthesis).is_some()));
                return values.push(quote!({ use #path as _; }));
            }
            return values.push(path);
        }
        let call = cursor.group_at(0, Delimiter::Parenthesis);
        if call.is_none() && self.settings.contains(&name_of(ident)) {
            return values.push(quote!(#ident));
        }
        if let (Some(call), Kind::Plain | Kind::Float | Kind::Numbers | Kind::Rate) = (call, kind) {
            let name = name_of(ident);
            if self.functions.contains_key(&name) && !self.bound.contains(&name) {
                cursor.skip(1);
                return values.push(self.call(ident, call));
            }
            // A function of numbers is not one of Rust either.
            if is_function_of_numbers(&name) {
                return;
            }
        }
        match kind {
            Kind::Tensors | Kind::TensorList | Kind::Inputs => {
                let bound = self.bound.contains(&name_of(ident));
                // A setting that a branch of an `if` or a `let` has as its value.
                if let (None, false) = (call, bound) {
                    let name = name_of(ident);
                    if ["none", "same", "valid", "true", "false"].contains(&name.as_str()) {
                        return;
                    }
                    if language::find(Module::Activations, &name).is_some() {
                        return values.push(self.literal(Module::Activations, ident, None));
                    }
                }
                values.push(match call {
                    Some(call) if !bound && self.functions.contains_key(&name_of(ident)) => {
                        cursor.skip(1);
                        self.call(ident, call)
                    }
                    Some(call) if !bound && self.models.contains(&name_of(ident)) => {
                        cursor.skip(1);
                        self.instance(ident, call)
                    }
                    Some(_) if !bound => {
                        cursor.skip(1);
                        self.literal(called(&name_of(ident)), ident, call)
                    }
                    None if !bound && starts_upper(ident) => quote!(__l::layers::#ident),
                    _ => quote!(#ident),
                });
                while let Some(operands) = cursor.group_at(0, Delimiter::Parenthesis) {
                    cursor.skip(1);
                    self.operands(operands, values);
                }
            }
            Kind::Item(module) if call.is_some() || !is_none(ident) => {
                cursor.skip(usize::from(call.is_some()));
                values.push(self.literal(module, ident, call));
            }
            Kind::Rate if call.is_some() => {
                cursor.skip(1);
                values.push(self.literal(Module::Schedules, ident, call));
            }
            Kind::Plain | Kind::Float | Kind::Numbers | Kind::Rate if !is_none(ident) => {
                values.push(quote!(#ident));
            }
            Kind::Word(_) => values.extend(self.word(ident, kind)),
            Kind::Item(_) | Kind::Plain | Kind::Float | Kind::Numbers | Kind::Rate => {}
        }
    }

    /// A layer that is another model, with that type.
    fn instance(&self, model: &Ident, args: &Group) -> TokenStream {
        let mut others = Vec::new();
        for piece in pieces(&contents(args.stream())) {
            let value = keyword(piece).map_or(piece, |(_, value)| value);
            self.collect(value, Kind::Plain, &mut others);
        }
        with(others, quote!(__l::any::<__l::tensor::Nested<#model>>()))
    }

    /// A word without arguments, as an identifier or a string.
    fn word(&self, ident: &Ident, kind: Kind) -> Option<TokenStream> {
        match kind {
            Kind::Item(module) => Some(self.literal(module, ident, None)),
            Kind::Word(ty) if !is_none(ident) => {
                let ty = call_site(ty);
                Some(quote!(__l::values::#ty::#ident))
            }
            Kind::Word(_)
            | Kind::Plain
            | Kind::Float
            | Kind::Numbers
            | Kind::Rate
            | Kind::Tensors
            | Kind::TensorList
            | Kind::Inputs => None,
        }
    }

    /// Operands of a layer's call.
    fn operands(&self, group: &Group, values: &mut Vec<TokenStream>) {
        for piece in pieces(&contents(group.stream())) {
            match keyword(piece) {
                Some((keyword, value)) => {
                    let value = self.value(value, Kind::Tensors);
                    values.push(quote!(__l::model::Call { #keyword: #value, ..__l::any() }));
                }
                None => self.collect(piece, Kind::Tensors, values),
            }
        }
    }

    /// An item with its arguments as fields.
    fn literal(&self, module: Module, name: &Ident, args: Option<&Group>) -> TokenStream {
        let text = name_of(name);
        let item = language::find(module, &text);
        let kind_of = |argument: &str| item.and_then(|item| item.argument(argument)).map(|found| found.kind);
        // The tensors of `concatenate([a, b])` are among its arguments.
        let mut tensors = module == Module::Layers && layers::function(&text).is_some()
            // `gelu(x)` as a call on a tensor.
            || module == Module::Activations && args.is_some_and(|args| self.has_tensor(args));
        let mut parameters = item.map_or(&[][..], |item| item.positional).iter();
        let args = args.map(|group| contents(group.stream())).unwrap_or_default();
        let (mut fields, mut others) = (Fields::default(), Vec::new());
        for piece in pieces(&args) {
            let Some(first) = piece.first() else { continue };
            if let Some((keyword, value)) = keyword(piece) {
                match kind_of(&name_of(keyword)) {
                    Some(kind) => fields.add(keyword, Some(self.value(value, kind))),
                    // The macro reports the unknown argument; a field would report it again.
                    None => self.collect(value, Kind::Plain, &mut others),
                }
                continue;
            }
            if std::mem::take(&mut tensors) {
                self.collect(piece, Kind::Tensors, &mut others);
                continue;
            }
            let parameter = parameters.next().filter(|parameter| parameter.instead.is_none());
            match (piece, parameter) {
                ([TokenTree::Ident(word)], _) if is_name(word) && self.starts_keyword(word, parameter) => {
                    fields.add(word, None);
                }
                (_, Some(parameter)) => {
                    let value = self.value(piece, parameter.kind);
                    fields.add(&Ident::new(parameter.name, first.span()), Some(value));
                }
                (_, None) => self.collect(piece, Kind::Plain, &mut others),
            }
        }
        let (module, fields) = (call_site(module.name()), fields.with_rest());
        with(others, quote!(__l::#module::#name { #fields }))
    }

    /// Whether the first of some arguments is a tensor by its name, and not a parameter that may be a setting.
    fn has_tensor(&self, args: &Group) -> bool {
        let args = contents(args.stream());
        let first = pieces(&args).first().and_then(|piece| piece.first().cloned());
        matches!(first, Some(TokenTree::Ident(name)) if self.bound.contains(&name_of(&name)) && !self.constants.contains(&name_of(&name)) && !self.settings.contains(&name_of(&name)))
    }

    /// A call of a function of the block.
    fn call(&self, name: &Ident, args: &Group) -> TokenStream {
        let known = self.functions.get(&name_of(name)).map(Vec::as_slice).unwrap_or_default();
        let mut parameters = known.iter();
        let (mut fields, mut others) = (Fields::default(), Vec::new());
        for piece in pieces(&contents(args.stream())) {
            let Some(first) = piece.first() else { continue };
            if let Some((keyword, value)) = keyword(piece) {
                match known.iter().any(|(known, _)| *known == name_of(keyword)) {
                    true => fields.add(keyword, Some(self.value(value, guessed(&name_of(keyword))))),
                    false => self.collect(value, Kind::Tensors, &mut others),
                }
                continue;
            }
            match (piece, parameters.next()) {
                ([TokenTree::Ident(word)], Some((_, true))) if is_name(word) && self.is_open(word) => {
                    fields.add(word, None);
                }
                (_, Some((parameter, _))) => {
                    let value = self.value(piece, guessed(parameter));
                    fields.add(&ident(parameter, first.span()), Some(value));
                }
                (_, None) => self.collect(piece, Kind::Tensors, &mut others),
            }
        }
        let fields = fields.with_rest();
        with(others, quote!(#name { #fields }))
    }

    /// Whether a word at the position of `parameter` is more likely the start of a keyword.
    fn starts_keyword(&self, word: &Ident, parameter: Option<&language::Argument>) -> bool {
        if !self.is_open(word) {
            return false;
        }
        match parameter.map(|parameter| (parameter.kind, parameter.default)) {
            // `Activation(relu)`, `Bidirectional(lstm)`: a word is needed here.
            Some((Kind::Item(_) | Kind::Word(_), None)) => false,
            Some((Kind::Item(module), Some(_))) => language::find(module, &name_of(word)).is_none(),
            _ => true,
        }
    }

    /// Whether a word is neither a name of the scope nor likely to become a constant or a class.
    fn is_open(&self, word: &Ident) -> bool {
        !starts_upper(word) && !self.bound.contains(&name_of(word)) && !is_none(word)
    }

    /// The value of an argument.
    fn value(&self, tokens: &[TokenTree], kind: Kind) -> TokenStream {
        let mut values = Vec::new();
        self.collect(tokens, kind, &mut values);
        if tokens.is_empty() {
            // Before a word is typed, completion depends on the path before it.
            values.extend(self.word(&call_site("missing"), kind));
        }
        quote!(__l::of((#(#values),*)))
    }

    /// `{ risk: mse }`: a value for each output, or for each input.
    fn map(&self, group: &Group, kind: Kind) -> TokenStream {
        let known =
            self.ports.as_ref().map(|[inputs, outputs]| if kind == Kind::Inputs { inputs } else { outputs });
        let (mut fields, mut others) = (Fields::default(), Vec::new());
        let mut fieldless = false;
        for piece in pieces(&contents(group.stream())) {
            let key = match piece.first() {
                Some(TokenTree::Ident(key)) if is_name(key) => Some(key.clone()),
                Some(TokenTree::Literal(literal)) => word_in(literal),
                _ => None,
            };
            // `digit_*` is not the name of a field.
            let is_pattern = matches!(piece.get(1), Some(TokenTree::Punct(punct)) if punct.as_char() == '*');
            let Some(key) = key.filter(|_| !is_pattern) else {
                fieldless = true;
                if let Some(value) = piece.get(2..) {
                    self.collect(value, kind, &mut others);
                }
                continue;
            };
            let value = piece.get(2..);
            if let (Some(value), Some(known)) = (value, known)
                && !known.contains(&name_of(&key))
            {
                self.collect(value, kind, &mut others);
                continue;
            }
            let value = value.map(|value| match kind {
                Kind::Inputs => self.value(value, kind),
                _ => {
                    let mut values = Vec::new();
                    self.collect(value, kind, &mut values);
                    // All fields have one type, whatever the value of a key is.
                    quote!({ (#(#values),*); })
                }
            });
            fields.add(&key, value);
        }
        let suffix = if kind == Kind::Inputs { "Inputs" } else { "PerOutput" };
        let (name, fields) = (call_site(&format!("{}{suffix}", self.model)), fields.with_rest());
        let literal = match kind {
            // The type decides the default element.
            Kind::Inputs => quote!({ let inputs: #name = #name { #fields }; }),
            // Without a field, nothing else decides the fields' type.
            _ if fieldless => quote!(#name::<()> { #fields }),
            _ => quote!(#name { #fields }),
        };
        with(others, literal)
    }
}

/// The module of a called function or class: functions that make a layer are with the layers.
fn called(name: &str) -> Module {
    let is_layer = layers::function(name).is_some() || language::find(Module::Layers, name).is_some();
    let others = [Module::Operations, Module::Activations].into_iter();
    let mut others = others.filter(|module| !is_layer && language::find(*module, name).is_some());
    others.next().unwrap_or(Module::Layers)
}

fn is_dot(tokens: &[TokenTree]) -> bool {
    matches!(tokens, [TokenTree::Punct(punct)] if punct.as_char() == '.')
}
