//! Functions of the block and loops, which the macro expands.

use std::collections::HashSet;
use std::rc::Rc;

use mimo_graph::code::Code;
use mimo_graph::diag::{Diag, Loc};
use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::cursor::{Cursor, contents, cut_list, text_of};
use super::header::is_name;
use super::parser::{Parser, invalid};
use super::state::{Place, State};
use crate::ast::{Expr, ExprKind, For, Function, Lost, Model, Parameter, Statement, Values, name_of};
use crate::span::SpanRange;
use crate::tokens::idents;

const FUNCTION: &str = "write `fn name(x, units) { …; result }`";
const LOOP: &str = "write `for i in 0..4 { … }`";
const LIST: &str = "write `let heads = for i in 0..4 { Dense(1)(x) };`";

/// Whether a run starts like a statement with a body.
pub(super) fn has_body(run: &[TokenTree]) -> bool {
    let mut cursor = Cursor::new(run);
    cursor.attributes();
    cursor.visibility();
    cursor.at_keyword("for") || cursor.at_keyword("fn")
}

/// End of a statement with a body, if the run starts with one.
pub(super) fn braced(run: &[TokenTree]) -> Option<usize> {
    if !has_body(run) {
        return None;
    }
    let mut cursor = Cursor::new(run);
    cursor.attributes();
    cursor.visibility();
    cursor.skip(1);
    while !cursor.is_empty() && cursor.group_at(0, Delimiter::Brace).is_none() {
        // The next statement starts before the body.
        if ["let", "const", "for", "fn", "Model"].iter().any(|keyword| cursor.at_keyword(keyword)) {
            return None;
        }
        cursor.skip(1);
    }
    (!cursor.is_empty()).then(|| cursor.position() + 1)
}

/// Whether a run is `let name = for …` without the body of the loop, or an `if` without the body of a branch: that is
/// reported there.
pub(super) fn lacks_body(run: &[TokenTree]) -> bool {
    let cursor = Cursor::new(run);
    let bound_to = |keyword: &str| {
        (1..run.len()).any(|at| {
            let mut before = cursor;
            before.skip(at - 1);
            let follows = matches!(run.get(at), Some(TokenTree::Ident(ident)) if ident == keyword);
            follows && before.punct_at(0, '=')
        })
    };
    bound_to("for") && !run.iter().any(is_braces)
        || (bound_to("if") || cursor.at_keyword("if")) && !run.last().is_some_and(is_braces)
}

pub(super) fn is_braces(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}

/// A run without `.name()` at its end, if it has it.
fn without_method<'t>(run: &'t [TokenTree], name: &str) -> Option<&'t [TokenTree]> {
    let (inner, method) = run.split_at_checked(run.len().checked_sub(3)?)?;
    let is_method = matches!(method, [TokenTree::Punct(dot), TokenTree::Ident(method), TokenTree::Group(group)]
        if dot.as_char() == '.' && method == name && group.stream().is_empty());
    (is_method && !inner.is_empty()).then_some(inner)
}

/// Moves misplaced statements to the block, so that their uses are not further mistakes.
pub(super) fn take_back(inner: &mut Model, model: &mut Model) {
    model.functions.append(&mut inner.functions);
    model.consts.append(&mut inner.consts);
    model.levels.append(&mut inner.levels);
    model.uses.append(&mut inner.uses);
    model.missing_uses.append(&mut inner.missing_uses);
    model.inner.append(&mut inner.runs);
}

impl Parser {
    /// `fn name(x, units = 32) { … }`, after the attributes `attrs` and the visibility `vis`.
    pub(super) fn function(
        &mut self,
        cursor: &mut Cursor<'_>,
        (attrs, vis): (TokenStream, TokenStream),
        model: &mut Model,
    ) {
        let tokens = cursor.rest().to_vec();
        cursor.skip(1);
        let Some(ident) = cursor.ident_at(0).filter(|ident| is_name(ident)) else {
            model.lost.nameless += 1;
            let loc = self.spans.of(cursor.previous());
            return self.error(
                Diag::error(Code::IncompleteFunction, loc, "expected a name after `fn`").help(FUNCTION),
            );
        };
        let loc = self.spans.add(SpanRange::one(ident.span()));
        cursor.skip(1);
        let mut parameters = Vec::new();
        if let Some(group) = cursor.group_at(0, Delimiter::Parenthesis) {
            for piece in cut_list(&contents(group.stream())) {
                parameters.extend(self.parameter(piece, &parameters));
            }
            cursor.skip(1);
        } else {
            let diag = Diag::error(Code::IncompleteFunction, loc, format!("expected `(…)` after `{ident}`"));
            self.error(diag.help(FUNCTION));
        }
        let start = cursor.position();
        while !cursor.is_empty() && cursor.group_at(0, Delimiter::Brace).is_none() {
            cursor.skip(1);
        }
        let between = cursor.since(start);
        if !between.is_empty() && !cursor.is_empty() {
            let loc = self.spans.of(between);
            self.error(
                Diag::error(Code::TypedFunction, loc, "a function of a model is written without types")
                    .help("remove this: what the function returns follows from its body"),
            );
        }
        let (body, mentions, lost) = (Vec::new(), HashSet::new(), Lost::default());
        let ident = ident.clone();
        let mut function =
            Function { attrs, vis, tokens, ident, loc, parameters, body, result: None, mentions, lost };
        let ident = &function.ident;
        if let Some(group) = cursor.group_at(0, Delimiter::Brace) {
            let mut inner = Model::default();
            let known = self.errors();
            let mut state = State::at(Place::Function);
            self.statements(&super::cursor::flatten(contents(group.stream())), &mut state, &mut inner);
            if state.result.is_none() && self.errors() == known {
                self.error(
                    Diag::error(Code::NoResult, loc, format!("the function `{ident}` returns nothing"))
                        .help("end its body with what it returns, without `;`: a tensor, or `(a, b)`"),
                );
            }
            take_back(&mut inner, model);
            function.mentions = idents(&group.stream());
            (function.body, function.result, function.lost) = (inner.statements, state.result, inner.lost);
        } else {
            self.error(
                Diag::error(Code::IncompleteFunction, loc, format!("the function `{ident}` has no body"))
                    .help(FUNCTION),
            );
        }
        model.functions.push(Rc::new(function));
    }

    /// `x`, `filters = 32`
    fn parameter(&mut self, piece: &[TokenTree], earlier: &[Parameter]) -> Option<Parameter> {
        let mut cursor = Cursor::new(piece);
        let Some(ident) = cursor.ident_at(0).filter(|ident| is_name(ident)) else {
            let loc = self.spans.of(piece);
            self.error(
                Diag::error(Code::IncompleteFunction, loc, "expected the name of a parameter").help(FUNCTION),
            );
            return None;
        };
        let loc = self.spans.add(SpanRange::one(ident.span()));
        let name = name_of(ident);
        cursor.skip(1);
        if earlier.iter().any(|other| name_of(&other.ident) == name) {
            let diag =
                Diag::error(Code::ParameterTwice, loc, format!("two parameters have the name `{name}`"));
            self.error(diag.help("give one of them another name"));
            return None;
        }
        if cursor.punct_at(0, ':') {
            let start = cursor.position();
            while !cursor.is_empty() && !cursor.punct_at(0, '=') {
                cursor.skip(1);
            }
            let loc = self.spans.of(cursor.since(start));
            self.error(
                Diag::error(Code::TypedFunction, loc, "a function of a model is written without types")
                    .help(format!("write `{name}`: what it is follows from each call")),
            );
        }
        let mut default = None;
        if cursor.punct_at(0, '=') {
            cursor.skip(1);
            default = Some(match cursor.is_empty() {
                true => {
                    let diag = Diag::error(
                        Code::MissingValue,
                        loc,
                        format!("the parameter `{name}` has no value after `=`"),
                    );
                    self.error(diag.help(format!("write `{name} = 32`, or `{name}` alone")));
                    invalid(loc)
                }
                false => self.expr(cursor.rest(), "a value"),
            });
        } else if let Some(next) = cursor.peek().cloned() {
            self.unexpected(&next, "after a parameter");
        }
        Some(Parameter { ident: ident.clone(), default })
    }

    /// The result of a function: the last run of its body. Returns whether it is one.
    pub(super) fn result(&mut self, run: &[TokenTree], state: &mut State, model: &mut Model) -> bool {
        let mut cursor = Cursor::new(run);
        let returns = cursor.at_keyword("return");
        let starts = ["let", "const", "for", "fn", "pub", "Model"].iter().any(|word| cursor.at_keyword(word));
        let assigns = cursor.punct_at(1, '=') || cursor.punct_at(1, ':');
        let Some(terminated) = state.last else { return false };
        if starts || assigns && !returns || cursor.is_empty() {
            return false;
        }
        let (code, end, last) = match state.place {
            Place::List => (
                Code::NoTensorOfRound,
                "end the body with the tensor of the round, without `;`",
                "the tensor of a round stands at the end of the body without `;`",
            ),
            Place::Branch => (
                Code::NoTensorOfBranch,
                "end the branch with its tensor, without `;`",
                "the tensor of a branch stands at its end without `;`",
            ),
            _ => (
                Code::NoResult,
                "end the function with what it returns, without `;`",
                "what a function returns stands at its end without `;`",
            ),
        };
        if returns {
            let loc = self.spans.of(run.get(..1).unwrap_or_default());
            self.error(Diag::error(code, loc, "`return` does not belong here").help(end));
            cursor.skip(1);
        } else if terminated {
            let loc = self.spans.of(run);
            self.error(Diag::error(code, loc, last).help("remove the `;`"));
        }
        state.result = Some(match cursor.at_keyword("if") {
            true => self.chosen(cursor.rest(), model),
            false => self.expr(cursor.rest(), "a tensor"),
        });
        true
    }

    /// `for i in 0..4 { … }`
    pub(super) fn for_loop(&mut self, cursor: &mut Cursor<'_>, place: Place, model: &mut Model) {
        let place = match place {
            Place::Function => Place::LoopOfFunction,
            Place::List | Place::LoopOfList => Place::LoopOfList,
            Place::Block
            | Place::Functions
            | Place::Loop
            | Place::LoopOfFunction
            | Place::Branch
            | Place::Side => Place::Loop,
        };
        let looped = self.looped(cursor, place, model);
        model.statements.extend(looped.map(Statement::For));
    }

    /// `for i in 0..4 { …; tensor }` after `let heads =`: the list of the tensors of all rounds.
    pub(super) fn list_loop(&mut self, cursor: &mut Cursor<'_>, model: &mut Model) -> Expr {
        let run = cursor.rest();
        let loc = self.spans.of(run);
        let tokens = run.iter().cloned().collect();
        let Some(looped) = self.looped(cursor, Place::List, model) else {
            return Expr { tokens, ..invalid(loc) };
        };
        cursor.skip(1);
        if let Some(next) = cursor.peek().cloned() {
            self.unexpected(&next, "after the body of a loop");
        }
        Expr::new(ExprKind::Loop(Box::new(looped)), loc, tokens)
    }

    /// Reports a loop that should return a list but whose body does not end with a tensor.
    fn no_tensor_of_round(&mut self, body: &[Statement], loc: Loc) {
        let diag = match body.last() {
            Some(Statement::For(inner)) => Diag::error(
                Code::ListOfLists,
                inner.loc,
                "a loop at the end of another produces no tensor of the outer iteration",
            )
            .help("write one loop over the pairs: `for (i, j) in [(0, 0), (0, 1)] { … }`")
            .help("join the inner tensors: `let parts = for j in 0..2 { … }; concatenate(parts)`"),
            Some(Statement::Let(last)) if let Some(name) = last.names.first() => Diag::error(
                Code::NoTensorOfRound,
                loc,
                "the iterations of this loop produce no tensor for the list",
            )
            .help(format!("end the body with a tensor, without `;`: `{}`", name_of(&name.ident))),
            _ => Diag::error(
                Code::NoTensorOfRound,
                loc,
                "the iterations of this loop produce no tensor for the list",
            )
            .help(LIST),
        };
        self.error(diag);
    }

    /// A loop up to its body. `None` if it has none, which is reported.
    fn looped(&mut self, cursor: &mut Cursor<'_>, place: Place, model: &mut Model) -> Option<For> {
        let form = if place == Place::List { LIST } else { LOOP };
        let known_before = self.errors();
        let start = cursor.position();
        cursor.skip(1);
        let tuple = cursor.group_at(0, Delimiter::Parenthesis);
        let mut names = Vec::new();
        let pattern = cursor.position();
        let mut bare = false;
        if let Some(group) = tuple {
            let mut tokens = contents(group.stream());
            // `(i, (units, rate))` of `enumerate`.
            if let [_, TokenTree::Punct(_), TokenTree::Group(inner)] = &tokens[..]
                && inner.delimiter() == Delimiter::Parenthesis
                && cursor
                    .rest()
                    .iter()
                    .any(|token| matches!(token, TokenTree::Ident(ident) if ident == "enumerate"))
            {
                let inner = contents(inner.stream());
                tokens.truncate(2);
                tokens.extend(inner);
            }
            names = self.binders(&tokens, model);
            cursor.skip(1);
        } else if !cursor.at_keyword("in") && cursor.ident_at(0).is_some() && cursor.punct_at(1, ',') {
            // `for i, n in …`: Python's tuple.
            while !cursor.is_empty()
                && !cursor.at_keyword("in")
                && cursor.group_at(0, Delimiter::Brace).is_none()
            {
                cursor.skip(1);
            }
            bare = true;
            names = self.binders(cursor.since(pattern), model);
        } else if !cursor.at_keyword("in") && cursor.ident_at(0).is_some() {
            names.extend(self.binder(cursor.rest().get(..1).unwrap_or_default()));
            cursor.skip(1);
        }
        let pattern_tokens = cursor.since(pattern);
        if cursor.position() == pattern {
            let loc = self.spans.of(cursor.previous());
            self.error(Diag::error(Code::IncompleteLoop, loc, "expected a name after `for`").help(form));
        }
        let colon = (0..cursor.rest().len()).find(|&n| cursor.punct_at(n, ':'));
        if let (Some(colon), None) = (colon, cursor.rest().iter().find(|token| is_braces(token))) {
            let loc = self.spans.of(cursor.rest().get(colon..colon + 1).unwrap_or_default());
            self.lose(cursor.rest(), model);
            let diag = Diag::error(Code::IncompleteLoop, loc, "the body of a loop stands in braces");
            self.error(diag.help(form));
            return None;
        }
        let values = if cursor.at_keyword("in") {
            cursor.skip(1);
            let from = cursor.position();
            while !cursor.is_empty() && cursor.group_at(0, Delimiter::Brace).is_none() {
                cursor.skip(1);
            }
            let run = cursor.since(from);
            if run.is_empty() {
                let loc = self.spans.of(cursor.previous());
                self.error(
                    Diag::error(Code::IncompleteLoop, loc, "expected a range or a list after `in`")
                        .help(form),
                );
                Values::Invalid
            } else {
                let known = self.errors();
                let values = self.values(run, pattern_tokens);
                // For Python's values, the error includes the pattern.
                if bare && self.errors() == known {
                    let loc = self.spans.of(pattern_tokens);
                    let shown = text_of(pattern_tokens.iter().cloned().collect());
                    let diag =
                        Diag::error(Code::LoopPattern, loc, "several names of a loop stand in parentheses");
                    self.error(diag.help(format!(
                        "write `for ({shown}) in {} {{ … }}`",
                        text_of(run.iter().cloned().collect())
                    )));
                }
                values
            }
        } else {
            let loc = self.spans.of(cursor.previous());
            // An invalid name was reported already.
            if !names.is_empty() {
                self.error(Diag::error(Code::IncompleteLoop, loc, "expected `in` after this").help(form));
            }
            while !cursor.is_empty() && cursor.group_at(0, Delimiter::Brace).is_none() {
                cursor.skip(1);
            }
            Values::Invalid
        };
        let loc = self.spans.of(cursor.since(start));
        let Some(group) = cursor.group_at(0, Delimiter::Brace) else {
            self.lose(&[], model);
            // A loop that is being typed lacks the body as well.
            if self.errors() == known_before {
                self.error(Diag::error(Code::IncompleteLoop, loc, "this loop has no body").help(form));
            }
            return None;
        };
        let mut inner = Model::default();
        let mut state = State::at(place);
        let known = self.errors();
        self.statements(&super::cursor::flatten(contents(group.stream())), &mut state, &mut inner);
        if place == Place::List && state.result.is_none() && self.errors() == known {
            self.no_tensor_of_round(&inner.statements, loc);
        }
        model.lost.add(std::mem::take(&mut inner.lost));
        take_back(&mut inner, model);
        let (body, result) = (inner.statements, state.result);
        Some(For { names, tuple: tuple.is_some() || bare, values, body, result, loc })
    }

    /// `0..4`, `0..=N`, `[32, 64]`, `(0..4).rev()`
    pub(super) fn values(&mut self, run: &[TokenTree], names: &[TokenTree]) -> Values {
        if let Some(values) = self.python_values(run, names) {
            return values;
        }
        if let [TokenTree::Group(group), TokenTree::Punct(dot), TokenTree::Ident(rev), TokenTree::Group(_)] =
            run
            && group.delimiter() == Delimiter::Parenthesis
            && dot.as_char() == '.'
            && rev == "rev"
        {
            return Values::Reversed(Box::new(self.values(&contents(group.stream()), names)));
        }
        if let Some(inner) = without_method(run, "enumerate") {
            let inner =
                without_method(inner, "iter").or_else(|| without_method(inner, "into_iter")).unwrap_or(inner);
            return Values::Enumerated(Box::new(self.values(inner, names)));
        }
        if let Some(inner) = without_method(run, "iter").or_else(|| without_method(run, "into_iter")) {
            return self.values(inner, names);
        }
        let dots = |at: usize| matches!(run.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == '.');
        let Some(at) = (0..run.len()).find(|&at| dots(at) && dots(at + 1)) else {
            return Values::List(self.expr(run, "a range or a list"));
        };
        let (start, rest) = run.split_at(at);
        let rest = rest.get(2..).unwrap_or_default();
        let inclusive = matches!(rest.first(), Some(TokenTree::Punct(punct)) if punct.as_char() == '=');
        let end = if inclusive { rest.get(1..).unwrap_or_default() } else { rest };
        if start.is_empty() || end.is_empty() {
            let loc = self.spans.of(run);
            let shown = text_of(run.iter().cloned().collect());
            self.error(
                Diag::error(
                    Code::IncompleteLoop,
                    loc,
                    format!("the range `{shown}` has no {}", if start.is_empty() { "start" } else { "end" }),
                )
                .help(LOOP),
            );
            return Values::Invalid;
        }
        let (start, end) = (self.expr(start, "a number"), self.expr(end, "a number"));
        Values::Range { start, end, inclusive }
    }

    /// A statement that is only allowed in the block, but is in a function or a loop.
    pub(super) fn only_in_the_block(&mut self, what: &str, place: Place, run: &[TokenTree]) {
        let loc = self.spans.of(run.get(..1).unwrap_or_default());
        let inside = match place {
            Place::Loop | Place::List | Place::LoopOfList => "a loop",
            Place::Branch | Place::Side => "a branch",
            Place::Block | Place::Functions | Place::Function | Place::LoopOfFunction => "a function",
        };
        self.error(
            Diag::error(Code::OnlyInBlock, loc, format!("{what} does not belong inside {inside}"))
                .help("move it to the block of the model"),
        );
    }
}
