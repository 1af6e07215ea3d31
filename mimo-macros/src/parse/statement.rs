//! Statements of the block: `let`, `const`, `Model(…)`, and common mistakes.

use mimo_graph::code::Code;
use mimo_graph::diag::{Diag, Loc, did_you_mean};
use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::binding::python_tuple;
use super::cursor::{Cursor, contents, text_of};
use super::header::is_name;
use super::parser::{Parser, invalid};
use super::python::without_prefix;
use super::rust::{is, is_rust};
use super::state::{Place, State};
use crate::ast::{Arg, ConstDef, Expr, ExprKind, Model, Statement, Tail, name_of};
use crate::lints;
use crate::span::SpanRange;

impl Parser {
    /// Parses one run of tokens: a statement with its attributes.
    pub(super) fn statement(&mut self, run: &[TokenTree], state: &mut State, model: &mut Model) {
        let mut cursor = Cursor::new(run);
        let outer = model.levels.len();
        let attrs = cursor.attributes();
        if cursor.is_empty() {
            if !attrs.is_empty() {
                let loc = self.spans.of(attrs);
                self.error(
                    Diag::error(Code::InvalidAttribute, loc, "no statement follows this").help("remove it"),
                );
            }
            return;
        }
        let attrs = self.lint_levels(attrs, &mut model.levels);
        self.statement_after(&attrs, cursor, state, model);
        let next = self.spans.next();
        lints::close(model.levels.get_mut(outer..).unwrap_or_default(), next);
    }

    /// Parses the tokens after the attributes `attrs`.
    fn statement_after(
        &mut self,
        attrs: &[TokenTree],
        mut cursor: Cursor<'_>,
        state: &mut State,
        model: &mut Model,
    ) {
        if model.tail.is_some() && self.after_tail(&cursor, state, model) {
            return;
        }
        if state.result.is_some() {
            let loc = self.spans.of(cursor.rest());
            let diag = match state.place {
                Place::List => {
                    Diag::error(Code::NoTensorOfRound, loc, "this stands after the tensor of the round")
                }
                Place::Branch => {
                    Diag::error(Code::NoTensorOfBranch, loc, "this stands after the tensor of the branch")
                }
                _ => Diag::error(Code::NoResult, loc, "this stands after what the function returns"),
            };
            return self.error(diag.help("move it before the result"));
        }
        let inside = !matches!(state.place, Place::Block | Place::Functions);
        if !cursor.at_keyword("const") && !cursor.at_keyword("pub") {
            self.only_docs(attrs, state.place);
        }
        let mut after = cursor;
        let vis = after.visibility();
        if after.at_keyword("fn") {
            if inside {
                self.only_in_the_block("a function", state.place, after.rest());
            }
            let vis = self.visibility(vis, state.place);
            let attrs = self.attributes(attrs);
            return self.function(&mut after, (attrs, vis), model);
        }
        if cursor.at_keyword("use") {
            if inside {
                self.only_in_the_block("a `use`", state.place, cursor.rest());
            }
            return self.use_statement(&mut cursor, model);
        }
        if inside && cursor.at_keyword("const") {
            self.only_in_the_block("a constant", state.place, cursor.rest());
        }
        if inside && cursor.at_keyword("Model") && cursor.group_at(1, Delimiter::Parenthesis).is_some() {
            return self.only_in_the_block("`Model(…)`", state.place, cursor.rest());
        }
        if state.place == Place::Functions && !vis.is_empty() && after.at_keyword("const") {
            let loc = self.spans.of(vis);
            self.error(
                Diag::error(Code::VisibleStatement, loc, "`pub` does not belong here")
                    .help("constants are seen in this `functions!` only"),
            );
        }
        if cursor.at_keyword("const") || cursor.at_keyword("pub") {
            return self.constant(&mut cursor, attrs, model);
        }
        if state.place == Place::Functions {
            return self.only_functions(&cursor, model);
        }
        if cursor.at_keyword("for") {
            return self.for_loop(&mut cursor, state.place, model);
        }
        if cursor.at_keyword("self")
            && cursor.punct_at(1, '.')
            && cursor.ident_at(2).is_some_and(|ident| ident == "add_loss")
        {
            let loc = self.spans.of(cursor.rest().get(..2).unwrap_or_default());
            let diag =
                Diag::error(Code::PythonModule, loc, "`self.` is Python, and names have no prefix here");
            self.error(diag.help("write `add_loss`"));
            cursor.skip(2);
        }
        if cursor.at_keyword("add_loss") && cursor.group_at(1, Delimiter::Parenthesis).is_some() {
            let loss = self.expr(cursor.rest(), "a loss");
            return model.statements.push(Statement::AddLoss(loss));
        }
        let gives = matches!(state.place, Place::Function | Place::List | Place::Branch);
        if gives && self.result(cursor.rest(), state, model) {
            return;
        }
        if self.unbound_switch(&cursor, model) {
            return;
        }
        if cursor.at_keyword("if") {
            return self.if_statement(&mut cursor, model);
        }
        if cursor.at_keyword("return") {
            let loc = self.spans.of(cursor.rest().get(..1).unwrap_or_default());
            self.error(
                Diag::error(Code::ReturnInModel, loc, "`return` does not belong here")
                    .help("end the block with `Model(…)` itself"),
            );
            cursor.skip(1);
            if !cursor.at_keyword("Model") {
                self.lose(cursor.rest(), model);
                return;
            }
        }
        if cursor.at_keyword("Model") && !cursor.punct_at(1, '=') {
            return self.tail(&mut cursor, model);
        }
        let unprefixed = without_prefix(&cursor);
        if unprefixed.at_keyword("Sequential") && unprefixed.group_at(1, Delimiter::Parenthesis).is_some() {
            return self.sequential(&cursor, state, model);
        }
        let method = cursor.punct_at(1, '.').then(|| cursor.ident_at(0)).flatten();
        if state.sequential && method.is_some_and(|name| state.model_name == Some(name_of(name))) {
            return self.lose(cursor.rest(), model);
        }
        if cursor.at_keyword("let") {
            cursor.skip(1);
            return self.binding(&mut cursor, state, model);
        }
        if typed(&cursor) {
            let loc = self.spans.of(cursor.rest().get(..1).unwrap_or_default());
            let shown = cursor.ident_at(0).map(name_of).unwrap_or_default();
            let help = format!("write `const {shown}: usize = …;`");
            self.error(Diag::error(Code::IncompleteConst, loc, "a constant starts with `const`").help(help));
            return self.typed_constant(&mut cursor, attrs, model);
        }
        let named = cursor.ident_at(0).is_some_and(is_name);
        let assigns = named && (cursor.punct_at(1, '=') || cursor.punct_at(1, ':'))
            || cursor.group_at(0, Delimiter::Parenthesis).is_some() && cursor.punct_at(1, '=')
            || named && python_tuple(&cursor);
        if assigns {
            return self.without_let(&mut cursor, state, model);
        }
        let ends = state.place == Place::LoopOfList && state.last == Some(false);
        if ends && cursor.group_at(1, Delimiter::Parenthesis).is_some() {
            let loc = self.spans.of(cursor.rest());
            self.error(
                Diag::error(
                    Code::ListOfLists,
                    loc,
                    "a loop inside of a loop that produces a list produces none itself",
                )
                .help("write one loop over the pairs: `for (i, j) in [(0, 0), (0, 1)] { … }`")
                .help("join the inner tensors: `let parts = for j in 0..2 { … }; concatenate(parts)`"),
            );
            self.expr(cursor.rest(), "a tensor");
            return;
        }
        self.no_statement(&mut cursor, model);
    }

    /// Records the names in tokens that are not parsed.
    pub(super) fn lose(&mut self, tokens: &[TokenTree], model: &mut Model) {
        let stream: TokenStream = tokens.iter().cloned().collect();
        model.lost.names.extend(crate::tokens::idents(&stream));
        // Some statement is lost even if it contains no names.
        model.lost.names.insert(String::new());
    }

    /// Reports a statement after `Model(…)`, once. Returns whether it should not be parsed.
    fn after_tail(&mut self, cursor: &Cursor<'_>, state: &mut State, model: &mut Model) -> bool {
        let compile = cursor.punct_at(0, '.') && cursor.ident_at(1).is_some_and(|ident| ident == "compile");
        let separate = state.model_name.is_some() && cursor.punct_at(1, '.');
        if compile || separate {
            let mut cursor = *cursor;
            self.separate_compile(&mut cursor, model);
            return true;
        }
        let second = cursor.at_keyword("Model");
        self.lose(cursor.rest(), model);
        if !state.after_tail {
            state.after_tail = true;
            let loc = self.spans.of(cursor.rest());
            let diag = match second {
                true => Diag::error(
                    Code::SecondModel,
                    loc,
                    "a block has one `Model(…)`, and this is a second one",
                )
                .help("write a `model!` for each model"),
                false => Diag::error(
                    Code::StatementAfterModel,
                    loc,
                    "this stands after `Model(…)`, which ends the block",
                )
                .help("move it before `Model(…)`"),
            };
            self.error(diag);
        }
        // A binding is still parsed to find its own errors; its name cannot be used.
        second || !cursor.at_keyword("let")
    }

    /// Reports other attributes on a `let`: they would have no effect, but `#[cfg]` is expected to have one.
    fn only_docs(&mut self, attrs: &[TokenTree], place: Place) {
        let owner = if place == Place::Functions { "`functions!`" } else { "the model's name" };
        for pair in attrs.chunks(2) {
            let Some(TokenTree::Group(group)) = pair.get(1) else { continue };
            let inner = contents(group.stream());
            if Cursor::new(&inner).at_keyword("cfg") || Cursor::new(&inner).at_keyword("cfg_attr") {
                let loc = self.spans.of(pair);
                self.error(
                    Diag::error(
                        Code::ConditionalStatement,
                        loc,
                        "a statement of a model cannot be compiled conditionally",
                    )
                    .help(format!("put `#[cfg(…)]` before {owner}")),
                );
            }
        }
    }

    /// `const NAME: Ty = value`
    fn constant(&mut self, cursor: &mut Cursor<'_>, attrs: &[TokenTree], model: &mut Model) {
        // All constants of a model are public: they are part of its interface.
        if cursor.at_keyword("pub") {
            cursor.skip(1);
            if cursor.group_at(0, Delimiter::Parenthesis).is_some() {
                cursor.skip(1);
            }
        }
        if !cursor.at_keyword("const") {
            self.lose(cursor.rest(), model);
            let loc = self.spans.of(cursor.previous());
            let diag = Diag::error(Code::VisibleStatement, loc, "`pub` does not belong here")
                .help("only the model itself has a visibility");
            return self.error(diag);
        }
        cursor.skip(1);
        self.typed_constant(cursor, attrs, model);
    }

    /// `NAME: Ty = value`
    fn typed_constant(&mut self, cursor: &mut Cursor<'_>, attrs: &[TokenTree], model: &mut Model) {
        const FORM: &str = "write `const NAME: usize = 32;`";
        let Some(ident) = cursor.ident_at(0).filter(|ident| is_name(ident)) else {
            self.lose(cursor.rest(), model);
            let loc = self.spans.of(cursor.previous());
            return self
                .error(Diag::error(Code::IncompleteConst, loc, "expected a name after `const`").help(FORM));
        };
        let loc = self.spans.add(SpanRange::one(ident.span()));
        cursor.skip(1);
        let mut ty = TokenStream::new();
        let assigned = (0..cursor.rest().len()).any(|n| cursor.punct_at(n, '='));
        if !assigned {
            // Without a `=`, type and value cannot be distinguished. A type alone is one that is being typed.
            let rest: TokenStream = cursor.rest().iter().skip(1).cloned().collect();
            if cursor.punct_at(0, ':') && is::<syn::Type>(&rest) {
                ty = rest;
            }
            cursor.skip(cursor.rest().len());
        } else if cursor.punct_at(0, ':') {
            cursor.skip(1);
            let start = cursor.position();
            while !cursor.is_empty() && !cursor.punct_at(0, '=') {
                cursor.skip(1);
            }
            let tokens = cursor.since(start);
            ty = tokens.iter().cloned().collect();
            if !is::<syn::Type>(&ty) {
                let loc = if tokens.is_empty() { loc } else { self.spans.of(tokens) };
                let message = if tokens.is_empty() {
                    format!("expected the type of `{ident}`")
                } else {
                    format!("this is not the type of `{ident}`")
                };
                self.error(Diag::error(Code::IncompleteConst, loc, message).help(FORM));
            }
        } else {
            self.error(
                Diag::error(Code::IncompleteConst, loc, format!("the constant `{ident}` has no type"))
                    .help(FORM),
            );
            while !cursor.punct_at(0, '=') {
                cursor.skip(1);
            }
        }
        let value = if cursor.punct_at(0, '=') {
            cursor.skip(1);
            let previous = self.spans.of(cursor.previous());
            if cursor.is_empty() {
                self.error(
                    Diag::error(
                        Code::IncompleteConst,
                        previous,
                        format!("the constant `{ident}` has no value"),
                    )
                    .help(FORM),
                );
                invalid(previous)
            } else {
                let value = self.expr(cursor.rest(), "a constant");
                // It is copied to the items, but mimo's grammar has expressions that Rust does not have.
                match value.kind {
                    ExprKind::Invalid => value,
                    _ if is_constant(&value) => value,
                    _ => {
                        self.not_an_expression(cursor.rest(), "a constant");
                        invalid(value.loc)
                    }
                }
            }
        } else {
            self.error(
                Diag::error(Code::IncompleteConst, loc, format!("the constant `{ident}` has no value"))
                    .help(FORM),
            );
            invalid(loc)
        };
        let attrs = self.attributes(attrs);
        model.consts.push(ConstDef { attrs, ident: ident.clone(), loc, ty, value });
    }

    /// Reports a run that is not a statement of a model.
    fn no_statement(&mut self, cursor: &mut Cursor<'_>, model: &mut Model) {
        if let Some(diag) = self.changed_in_place(cursor) {
            self.lose(cursor.rest(), model);
            return self.error(diag);
        }
        let dotted = cursor.ident_at(0).is_some() && cursor.punct_at(1, '.') && cursor.ident_at(2).is_some();
        if let (true, Some(method)) = (dotted, cursor.ident_at(2)) {
            const LATER: [&str; 7] =
                ["compile", "fit", "evaluate", "predict", "summary", "save", "load_weights"];
            if method == "compile" && model.tail.is_some() {
                return self.separate_compile(cursor, model);
            }
            if LATER.iter().any(|name| method == name) {
                let loc = self.spans.of(cursor.rest());
                let diag = Diag::error(
                    Code::UnsupportedMethod,
                    loc,
                    format!("`{method}` is not called on a name in the block"),
                );
                return self.error(match method == "compile" {
                    true => diag.help("write `Model(…).compile(…)`"),
                    false => diag.help("call it in Rust, on the generated type"),
                });
            }
        }
        let loc = self.spans.of(cursor.rest());
        let call = cursor.ident_at(0).is_some() && cursor.group_at(1, Delimiter::Parenthesis).is_some();
        let call = call && !["if", "while", "match", "print"].iter().any(|word| cursor.at_keyword(word));
        let diag = match call {
            true => {
                // Parsed for its own errors.
                self.error(
                    Diag::error(Code::UnboundResult, loc, "the result of this is not bound")
                        .help("write `let name = …;`"),
                );
                self.expr(cursor.rest(), "a tensor or a layer");
                return;
            }
            false => Diag::error(Code::NotAStatement, loc, "this is not a statement of a model"),
        };
        self.lose(cursor.rest(), model);
        let other = self.other_statement(cursor);
        self.error(
            other.unwrap_or_else(|| {
                diag.help("write `let name = …;`, `const NAME: usize = …;` or `Model(…)`")
            }),
        );
    }

    /// `model.compile(…)` or `.compile(…)` after `Model(…);`: parsed as if it directly followed.
    fn separate_compile(&mut self, cursor: &mut Cursor<'_>, model: &mut Model) {
        let loc = self.spans.of(cursor.rest());
        while !cursor.is_empty() && !cursor.punct_at(0, '.') {
            cursor.skip(1);
        }
        let compile = cursor.ident_at(1).is_some_and(|ident| ident == "compile");
        let diag = Diag::error(Code::StatementAfterModel, loc, "this stands after the model");
        self.error(match compile {
            true => diag.help("write `Model(…).compile(…)`"),
            false => diag.help("call it in Rust, on the generated type"),
        });
        if let (true, Some(group), Some(tail)) =
            (compile, cursor.group_at(2, Delimiter::Parenthesis), &mut model.tail)
        {
            let call = self.spans.of(cursor.rest());
            let args = self.args(&contents(group.stream()));
            tail.compile.get_or_insert((args, call));
        }
    }

    /// `Model(…).compile(…)`
    pub(super) fn tail(&mut self, cursor: &mut Cursor<'_>, model: &mut Model) {
        let Some(group) = cursor.group_at(1, Delimiter::Parenthesis) else {
            self.lose(cursor.rest(), model);
            let loc = self.spans.of(cursor.rest().get(..1).unwrap_or_default());
            return self.error(
                Diag::error(Code::MissingParentheses, loc, "expected `(…)` after `Model`")
                    .help("write `Model(inputs = […], outputs = […])`"),
            );
        };
        let loc = self.spans.of(cursor.rest().get(..2).unwrap_or_default());
        let args = self.args(&contents(group.stream()));
        cursor.skip(2);
        let compile = self.methods(cursor);
        model.tail = Some(Tail { loc, args, compile });
    }

    /// Methods called on `Model(…)`.
    fn methods(&mut self, cursor: &mut Cursor<'_>) -> Option<(Vec<Arg>, Loc)> {
        let mut compile = None;
        while !cursor.is_empty() {
            let (Some(method), true) = (cursor.ident_at(1), cursor.punct_at(0, '.')) else {
                if let Some(token) = cursor.peek() {
                    self.unexpected(token, "after `Model(…)`");
                }
                return compile;
            };
            let loc = self.spans.of(cursor.rest().get(1..3).unwrap_or_default());
            let name_loc = self.spans.add(SpanRange::one(method.span()));
            let near = did_you_mean(&name_of(method), ["compile"]).is_some();
            if !near {
                self.error(
                    Diag::error(
                        Code::UnsupportedMethod,
                        name_loc,
                        format!("`{method}` is not called on `Model(…)`"),
                    )
                    .help("only `.compile(…)` is; everything else is called in Rust, on the generated type"),
                );
            } else if method != "compile" {
                self.error(
                    Diag::error(Code::UnsupportedMethod, name_loc, format!("unknown method `{method}`"))
                        .help("did you mean `compile`?"),
                );
            }
            let Some(group) = cursor.group_at(2, Delimiter::Parenthesis) else {
                self.error(
                    Diag::error(Code::MissingParentheses, name_loc, "expected `(…)` after this")
                        .help("write `.compile(…)`"),
                );
                return compile;
            };
            let args = self.args(&contents(group.stream()));
            if near && compile.is_some() {
                self.error(
                    Diag::error(Code::CompiledTwice, loc, "a model is compiled once")
                        .help("write one `.compile(…)`"),
                );
            } else if near {
                compile = Some((args, loc));
            }
            cursor.skip(3);
        }
        compile
    }
}

impl Parser {
    /// Error for `x += y`: tensors are immutable.
    fn changed_in_place(&mut self, cursor: &Cursor<'_>) -> Option<Diag> {
        let name = name_of(cursor.ident_at(0)?);
        let Some(TokenTree::Punct(operator)) = cursor.peek_nth(1) else { return None };
        let equals = matches!(cursor.peek_nth(2), Some(TokenTree::Punct(next)) if next.as_char() == '=');
        if !equals || !matches!(operator.as_char(), '+' | '-' | '*' | '/' | '%') {
            return None;
        }
        let loc = self.spans.of(cursor.rest());
        let value = text_of(cursor.rest().get(3..).unwrap_or_default().iter().cloned().collect());
        let operator = operator.as_char();
        let diag = Diag::error(Code::MutableBinding, loc, "a tensor is never changed");
        Some(
            diag.help(format!("bind the result to the same name: `let {name} = {name} {operator} {value};`")),
        )
    }
}

/// Whether a value is a Rust constant. Arrays are not in syn's small grammar.
pub(crate) fn is_constant(value: &Expr) -> bool {
    match &value.kind {
        ExprKind::List(items) => items.iter().all(is_constant),
        _ => is_rust(&value.tokens),
    }
}

/// `NAME: usize = …`
fn typed(cursor: &Cursor<'_>) -> bool {
    const TYPES: [&str; 6] = ["usize", "u32", "u64", "i64", "f32", "f64"];
    cursor.ident_at(0).is_some_and(is_name)
        && cursor.punct_at(1, ':')
        && cursor.ident_at(2).is_some_and(|ty| TYPES.iter().any(|known| ty == known))
}
