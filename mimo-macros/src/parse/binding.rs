//! `let`: the names, the shape and the value, and common mistakes.

use mimo_graph::code::Code;
use mimo_graph::diag::{Diag, Loc};
use proc_macro2::{Delimiter, TokenTree};

use super::cursor::{Cursor, contents, cut_list, text_of};
use super::header::is_name;
use super::parser::{Parser, invalid};
use super::python::without_prefix;
use super::state::State;
use crate::ast::{Binder, Expr, ExprKind, Let, Model, Statement, name_of};
use crate::span::SpanRange;

impl Parser {
    /// `name: [127, 32] = value`, after `let`.
    pub(super) fn binding(&mut self, cursor: &mut Cursor<'_>, state: &mut State, model: &mut Model) {
        let start = cursor.position();
        if let (true, Some(ident)) = (cursor.at_keyword("mut"), cursor.ident_at(0)) {
            let loc = self.spans.add(SpanRange::one(ident.span()));
            self.error(
                Diag::error(Code::MutableBinding, loc, "a tensor is never changed")
                    .help("remove `mut`; a later `let` may use the same name"),
            );
            cursor.skip(1);
        }
        let mut names = Vec::new();
        let tuple = cursor.group_at(0, Delimiter::Parenthesis);
        if let Some(group) = tuple {
            let tokens = contents(group.stream());
            names = self.binders(&tokens, model);
            cursor.skip(1);
        } else if cursor.ident_at(0).is_some() && python_tuple(cursor) {
            let start = cursor.position();
            while !cursor.is_empty() && !cursor.punct_at(0, '=') {
                cursor.skip(1);
            }
            let tokens = cursor.since(start);
            let loc = self.spans.of(tokens);
            let shown = text_of(tokens.iter().cloned().collect());
            self.error(
                Diag::error(Code::MissingParentheses, loc, "several names stand in parentheses")
                    .help(format!("write `let ({shown}) = …;`")),
            );
            names = self.binders(tokens, model);
            cursor.skip(1);
            return self.bound(cursor, names, true, None, state, model);
        } else if cursor.ident_at(0).is_some() {
            names.extend(self.binder(cursor.rest().get(..1).unwrap_or_default()));
            cursor.skip(1);
        }
        if names.is_empty() {
            model.lost.nameless += 1;
            let loc = self.spans.of(cursor.previous());
            let diag = Diag::error(Code::IncompleteLet, loc, "expected a name after `let`")
                .help("write `let name = …;`");
            // An invalid name was reported already.
            if cursor.position() == start {
                self.error(diag);
            }
        }
        let mut ascription = None;
        // Without a `=`, shape and value cannot be distinguished.
        let assigned = (0..cursor.rest().len()).any(|n| cursor.punct_at(n, '='));
        if assigned && cursor.punct_at(0, ':') {
            cursor.skip(1);
            let start = cursor.position();
            while !cursor.is_empty() && !cursor.punct_at(0, '=') {
                cursor.skip(1);
            }
            let tokens = cursor.since(start);
            match tokens {
                [] => {
                    let loc = self.spans.of(cursor.previous());
                    self.error(
                        Diag::error(Code::InvalidShape, loc, "expected a shape")
                            .help("write `let name: [127, 32] = …;`"),
                    );
                }
                [TokenTree::Group(group)]
                    if matches!(group.delimiter(), Delimiter::Bracket | Delimiter::Parenthesis) =>
                {
                    ascription = Some(self.expr(tokens, "a shape"));
                }
                _ => {
                    let loc = self.spans.of(tokens);
                    let shown = text_of(tokens.iter().cloned().collect());
                    self.error(
                        Diag::error(Code::InvalidShape, loc, format!("`{shown}` is not a shape"))
                            .help("write the lengths of one sample's axes: `let name: [127, 32] = …;`"),
                    );
                }
            }
        }
        if !cursor.punct_at(0, '=') {
            let loc = self.spans.of(cursor.previous());
            let name = names.first().map_or("name".to_owned(), |binder| name_of(&binder.ident));
            let diag = Diag::error(Code::IncompleteLet, loc, "expected `=` after this")
                .help(format!("write `let {name} = …;`"));
            if !names.is_empty() {
                self.error(diag);
            }
            model.statements.push(Statement::Let(Let {
                names,
                tuple: tuple.is_some(),
                ascription: None,
                value: invalid(loc),
            }));
            return;
        }
        cursor.skip(1);
        self.bound(cursor, names, tuple.is_some(), ascription, state, model);
    }

    /// The tokens after the `=`.
    fn bound(
        &mut self,
        cursor: &mut Cursor<'_>,
        names: Vec<Binder>,
        tuple: bool,
        ascription: Option<Expr>,
        state: &mut State,
        model: &mut Model,
    ) {
        if cursor.at_keyword("Model") && cursor.group_at(1, Delimiter::Parenthesis).is_some() {
            let loc = names.first().map_or_else(|| self.spans.of(cursor.rest()), |binder| binder.loc);
            let name = names.first().map(|binder| name_of(&binder.ident)).unwrap_or_default();
            let is_let = "end the block with `Model(…)` itself, without a name and without `;`";
            self.error(
                Diag::error(Code::BoundModel, loc, format!("the model is not bound to `{name}`"))
                    .help(is_let),
            );
            state.model_name = Some(name);
            if model.tail.is_none() {
                self.tail(cursor, model);
            }
            return;
        }
        if cursor.at_keyword("for") {
            let value = self.list_loop(cursor, model);
            model.statements.push(Statement::Let(Let { names, tuple, ascription, value }));
            return;
        }
        if cursor.at_keyword("if") {
            let value = self.chosen(cursor.rest(), model);
            model.statements.push(Statement::Let(Let { names, tuple, ascription, value }));
            return;
        }
        let unprefixed = without_prefix(cursor);
        // `Sequential([…])(x)` is one used as a layer.
        if unprefixed.at_keyword("Sequential") && unprefixed.rest().len() == 2 {
            state.model_name = names.first().map(|binder| name_of(&binder.ident));
            self.sequential(cursor, state, model);
            return;
        }
        let value = if cursor.is_empty() {
            let loc = self.spans.of(cursor.previous());
            self.error(
                Diag::error(Code::MissingValue, loc, "expected a tensor or a layer after `=`")
                    .help("write `Layer(settings)(tensor)`"),
            );
            invalid(loc)
        } else if let (true, pieces) = (tuple, cut_list(cursor.rest()))
            && pieces.len() > 1
            && pieces.len() == names.len()
        {
            let loc = self.spans.of(cursor.rest());
            let shown = text_of(cursor.rest().iter().cloned().collect());
            // If the names lack them too, that was reported.
            if self.diags.last().is_none_or(|last| last.code != Code::MissingParentheses) {
                let message = "several values stand in parentheses";
                let diag = Diag::error(Code::MissingParentheses, loc, message);
                self.error(diag.help(format!("write `({shown})`")));
            }
            let items = pieces.into_iter().map(|piece| self.expr(piece, "a tensor or a layer")).collect();
            Expr::new(ExprKind::List(items), loc, cursor.rest().iter().cloned().collect())
        } else {
            self.expr(cursor.rest(), "a tensor or a layer")
        };
        model.statements.push(Statement::Let(Let { names, tuple, ascription, value }));
    }

    /// The names of a pattern. A missing or invalid one becomes `_`, so that the others keep their positions.
    pub(super) fn binders(&mut self, tokens: &[TokenTree], model: &mut Model) -> Vec<Binder> {
        let mut names = Vec::new();
        let mut position = Cursor::new(tokens);
        for piece in cut_list(tokens) {
            position.skip(piece.len() + 1);
            if piece.is_empty() {
                let loc = self.spans.of(position.previous());
                self.error(
                    Diag::error(Code::ExtraComma, loc, "nothing stands before this `,`")
                        .help("write a name, or `_` for a tensor that is not needed"),
                );
                names.extend(nameless(position.previous(), loc, model));
                continue;
            }
            // `(a b)` lacks a comma.
            let words = piece.iter().all(|token| matches!(token, TokenTree::Ident(_)));
            let parts: Vec<&[TokenTree]> = if words { piece.chunks(1).collect() } else { vec![piece] };
            for (i, part) in parts.iter().enumerate() {
                if i > 0 {
                    let loc = self.spans.of(parts[i - 1]);
                    self.error(
                        Diag::error(Code::MissingComma, loc, "missing `,` after this name")
                            .help("write a `,` here"),
                    );
                }
                match self.binder(part) {
                    Some(name) => names.push(name),
                    None => {
                        let loc = self.spans.of(part);
                        names.extend(nameless(part, loc, model));
                    }
                }
            }
        }
        names
    }

    /// One name of a `let`.
    pub(super) fn binder(&mut self, piece: &[TokenTree]) -> Option<Binder> {
        let loc = self.spans.of(piece);
        match piece {
            [TokenTree::Ident(ident)] if is_name(ident) || ident == "_" => {
                Some(Binder { ident: ident.clone(), loc })
            }
            [TokenTree::Ident(ident)] => {
                let diag = Diag::error(Code::KeywordAsName, loc, format!("`{ident}` is a keyword of Rust"));
                // Paths begin with these, so they cannot be raw.
                let never_raw = ["self", "Self", "super", "crate"];
                let text = ident.to_string();
                self.error(diag.help(match never_raw.contains(&text.trim_start_matches("r#")) {
                    true => "use another name".to_owned(),
                    false => format!("use another name, or write `r#{text}`"),
                }));
                None
            }
            _ => {
                self.error(
                    Diag::error(Code::IncompleteLet, loc, "expected a name").help("write `let (a, b) = …;`"),
                );
                None
            }
        }
    }

    /// `x = Dense(3)(y)`: Python's form, parsed as if `let` were there.
    pub(super) fn without_let(&mut self, cursor: &mut Cursor<'_>, state: &mut State, model: &mut Model) {
        let is_model = cursor.punct_at(1, '=') && cursor.ident_at(2).is_some_and(|ident| ident == "Model");
        if !is_model {
            let start = *cursor;
            let mut end = *cursor;
            while !end.is_empty() && !end.punct_at(0, '=') && !end.punct_at(0, ':') {
                end.skip(1);
            }
            let pattern = end.since(start.position());
            let loc = self.spans.of(pattern);
            let shown = text_of(pattern.iter().cloned().collect());
            let shown = if python_tuple(cursor) { format!("({shown})") } else { shown };
            self.error(
                Diag::error(Code::MissingLet, loc, "a binding starts with `let`")
                    .help(format!("write `let {shown} = …;`")),
            );
            if python_tuple(cursor) {
                let names = self.binders(pattern, model);
                *cursor = end;
                cursor.skip(1);
                return self.bound(cursor, names, true, None, state, model);
            }
        }
        self.binding(cursor, state, model);
    }
}

/// `_` for a missing name.
fn nameless(tokens: &[TokenTree], loc: Loc, model: &mut Model) -> Option<Binder> {
    model.lost.nameless += 1;
    let span = tokens.first()?.span();
    Some(Binder { ident: proc_macro2::Ident::new("_", span), loc })
}

/// `a, b = …`
pub(super) fn python_tuple(cursor: &Cursor<'_>) -> bool {
    let mut cursor = *cursor;
    let mut commas = 0;
    while cursor.ident_at(0).is_some() && cursor.punct_at(1, ',') {
        cursor.skip(2);
        commas += 1;
    }
    commas > 0 && cursor.ident_at(0).is_some() && cursor.punct_at(1, '=')
}
