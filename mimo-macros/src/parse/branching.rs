//! `if stride == 2 { … } else { … }`, whose condition the macro knows.

use mimo_graph::code::Code;
use mimo_graph::diag::Diag;
use proc_macro2::{Delimiter, Spacing, TokenTree};

use super::cursor::{Cursor, contents, flatten, text_of};
use super::expansion::{is_braces, take_back};
use super::expr::Stop;
use super::parser::{Parser, invalid};
use super::state::{Place, State};
use super::switch::reads_training;
use crate::ast::{Branch, Condition, Expr, ExprKind, If, Model, Statement};
use crate::tokens::idents;

/// More tokens than a hand-written condition has; the following code is recursive.
const TOKENS: usize = 128;

const FORM: &str = "write `if stride == 2 { … } else { … }`";

/// Words that do not occur in a condition: an `if` before them has no body.
const AFTER: [&str; 6] = ["let", "const", "for", "fn", "Model", "else"];

/// Number of tokens of `if … { … }` at the start of a run, with its `else` branches. A later branch may lack its
/// body. `None` if the first one does.
fn len(run: &[TokenTree]) -> Option<usize> {
    let mut cursor = Cursor::new(run);
    if !cursor.at_keyword("if") {
        return None;
    }
    let mut sides = 0;
    loop {
        cursor.skip(1);
        // `if let` is reported as a whole.
        cursor.skip(usize::from(cursor.at_keyword("let")));
        while !cursor.is_empty() && cursor.group_at(0, Delimiter::Brace).is_none() {
            if AFTER.iter().any(|word| cursor.at_keyword(word)) {
                return (sides > 0).then(|| cursor.position());
            }
            cursor.skip(1);
        }
        if cursor.is_empty() {
            return (sides > 0).then(|| cursor.position());
        }
        cursor.skip(1);
        sides += 1;
        // Python's `elif` is reported and parsed as `else if`.
        if cursor.at_keyword("elif") {
            continue;
        }
        if !cursor.at_keyword("else") {
            return Some(cursor.position());
        }
        match cursor.peek_nth(1) {
            Some(TokenTree::Ident(next)) if next == "if" => cursor.skip(1),
            Some(next) if is_braces(next) => {
                cursor.skip(2);
                return Some(cursor.position());
            }
            _ => {
                cursor.skip(1);
                return Some(cursor.position());
            }
        }
    }
}

/// End of an `if` at the start of a run, if other statements follow it.
pub(super) fn chain(run: &[TokenTree]) -> Option<usize> {
    len(run).filter(|&len| len < run.len())
}

/// Whether a run starts with an `if` that has a body. Python's `a if b else c` has none.
pub(super) fn starts(run: &[TokenTree]) -> bool {
    len(run).is_some()
}

impl Parser {
    /// A run that starts with `if` and returns a tensor or a value.
    pub(super) fn chosen(&mut self, run: &[TokenTree], model: &mut Model) -> Expr {
        if reads_training(run) {
            return self.switch(run, model);
        }
        let mut cursor = Cursor::new(run);
        let loc = self.spans.of(run);
        let expr = self.if_expression(&mut cursor, model);
        if let (Some(next), false) = (cursor.peek().cloned(), matches!(expr.kind, ExprKind::Invalid)) {
            self.unexpected(&next, "after an `if`");
        }
        Expr { loc, ..expr }
    }

    /// Same inside of an expression: `Conv2D(8, 3, strides = if i == 0 { 2 } else { 1 })`.
    pub(super) fn chosen_in_expression(&mut self, cursor: &mut Cursor<'_>) -> Result<Expr, Stop> {
        // Statements that are only allowed in the block are reported.
        let expr = self.if_expression(cursor, &mut Model::default());
        if matches!(expr.kind, ExprKind::Invalid) { Err(Stop::Reported) } else { Ok(expr) }
    }

    fn if_expression(&mut self, cursor: &mut Cursor<'_>, model: &mut Model) -> Expr {
        let start = cursor.position();
        let loc = self.spans.of(cursor.rest().get(..len(cursor.rest()).unwrap_or(1)).unwrap_or_default());
        let kind = match self.branching(cursor, Place::Branch, model) {
            Some(branching) => ExprKind::If(Box::new(branching)),
            None => ExprKind::Invalid,
        };
        let tokens = cursor.since(start).iter().cloned().collect();
        Expr { kind, tokens, ..invalid(loc) }
    }

    /// `if include_top { let x = …; }`
    pub(super) fn if_statement(&mut self, cursor: &mut Cursor<'_>, model: &mut Model) {
        if let Some(branching) = self.branching(cursor, Place::Side, model) {
            model.statements.push(Statement::If(branching));
            if let Some(next) = cursor.peek().cloned() {
                self.unexpected(&next, "after an `if`");
            }
        }
    }

    /// All branches of an `if`; `None` if its form is invalid, which is reported.
    fn branching(&mut self, cursor: &mut Cursor<'_>, place: Place, model: &mut Model) -> Option<If> {
        let run = cursor.rest();
        let mut arms = Vec::new();
        let mut otherwise = None;
        let mut first = None;
        loop {
            let start = cursor.position();
            cursor.skip(1);
            let from = cursor.position();
            while !cursor.is_empty() && cursor.group_at(0, Delimiter::Brace).is_none() {
                cursor.skip(1);
            }
            let (written, loc) = (cursor.since(from), self.spans.of(cursor.since(start)));
            let first = *first.get_or_insert(loc);
            let Some(group) = cursor.group_at(0, Delimiter::Brace) else {
                let message =
                    if written.is_empty() { "this `if` has no condition" } else { "this `if` has no body" };
                self.error(Diag::error(Code::IncompleteIf, loc, message).help(FORM));
                self.lose(run, model);
                return None;
            };
            cursor.skip(1);
            let condition = match written {
                [] => {
                    let message = "this `if` has no condition";
                    self.error(Diag::error(Code::IncompleteIf, loc, message).help(FORM));
                    Condition::Of(invalid(loc))
                }
                _ => self.condition(written),
            };
            let known = self.errors();
            let branch = self.side(contents(group.stream()), place, model);
            if place == Place::Branch && branch.result.is_none() && self.errors() == known {
                let diag = Diag::error(Code::IncompleteIf, loc, "this side of an `if` returns nothing");
                self.error(diag.help("end it with a tensor or a value, without `;`"));
            }
            arms.push((condition, branch));
            if cursor.at_keyword("elif") {
                let loc = self.spans.of(cursor.rest().get(..1).unwrap_or_default());
                let diag = Diag::error(Code::PythonExpression, loc, "`elif` is Python");
                self.error(diag.help("write `else if`"));
                continue;
            }
            if !cursor.at_keyword("else") {
                if place == Place::Branch {
                    let diag = Diag::error(
                        Code::IncompleteIf,
                        first,
                        "this `if` does not say what it returns otherwise",
                    );
                    self.error(diag.help("add `else { … }`, which ends with a tensor or a value"));
                }
                break;
            }
            cursor.skip(1);
            if cursor.at_keyword("if") {
                if !reads_training(cursor.rest()) {
                    continue;
                }
                let rest = cursor.rest();
                cursor.skip(rest.len());
                let mentions = idents(&rest.iter().cloned().collect());
                match place {
                    Place::Branch => {
                        let result = Some(self.switch(rest, model));
                        otherwise = Some(Branch { body: Vec::new(), result, mentions });
                    }
                    _ => {
                        self.unbound_switch(&Cursor::new(rest), model);
                    }
                }
                break;
            }
            let Some(group) = cursor.group_at(0, Delimiter::Brace) else {
                let loc = self.spans.of(cursor.previous());
                let message = "after `else` stands the other side in braces";
                self.error(Diag::error(Code::IncompleteIf, loc, message).help(FORM));
                self.lose(run, model);
                return None;
            };
            let loc = self.spans.of(cursor.previous());
            cursor.skip(1);
            let known = self.errors();
            let branch = self.side(contents(group.stream()), place, model);
            if place == Place::Branch && branch.result.is_none() && self.errors() == known {
                let diag = Diag::error(Code::IncompleteIf, loc, "this side of an `if` returns nothing");
                self.error(diag.help("end it with a tensor or a value, without `;`"));
            }
            otherwise = Some(branch);
            break;
        }
        Some(If { arms, otherwise })
    }

    /// The inside of one branch.
    pub(super) fn side(&mut self, tokens: Vec<TokenTree>, place: Place, model: &mut Model) -> Branch {
        let mut inner = Model::default();
        let mut state = State::at(place);
        let mentions = idents(&tokens.iter().cloned().collect());
        self.statements(&flatten(tokens), &mut state, &mut inner);
        model.lost.add(std::mem::take(&mut inner.lost));
        take_back(&mut inner, model);
        Branch { body: inner.statements, result: state.result, mentions }
    }

    /// `a && !b || c == 2`
    pub(crate) fn condition(&mut self, run: &[TokenTree]) -> Condition {
        let loc = self.spans.of(run);
        if run.len() > TOKENS {
            let diag = Diag::error(Code::TooLarge, loc, "this condition is too long");
            self.error(diag.help("compare fewer values, or choose by an `if` inside of an `if`"));
            return Condition::Of(invalid(loc));
        }
        if let Some(written) = of_python(run) {
            let diag = Diag::error(Code::PythonExpression, loc, "this condition is written as in Python");
            self.error(diag.help(format!("write `if {written} {{ … }}`")));
            return Condition::Of(invalid(loc));
        }
        if Cursor::new(run).at_keyword("let") {
            let diag =
                Diag::error(Code::NotACondition, loc, "a pattern of Rust is not a condition of a model");
            self.error(diag.help("compare with `none`: `if skip != none { … }`"));
            return Condition::Of(invalid(loc));
        }
        for symbol in ['|', '&'] {
            let Some(at) = (1..run.len()).rev().find(|&at| is_double(run, at, symbol)) else { continue };
            let (left, right) = (run.get(..at).unwrap_or_default(), run.get(at + 2..).unwrap_or_default());
            if right.is_empty() {
                let diag = Diag::error(
                    Code::MissingValue,
                    loc,
                    format!("a condition is missing after `{symbol}{symbol}`"),
                );
                self.error(diag.help("write what is missing, or remove the operator"));
                return Condition::Of(invalid(loc));
            }
            let sides = (Box::new(self.condition(left)), Box::new(self.condition(right)));
            return if symbol == '|' {
                Condition::Or(sides.0, sides.1)
            } else {
                Condition::And(sides.0, sides.1)
            };
        }
        match run {
            [TokenTree::Punct(not), rest @ ..] if not.as_char() == '!' && !rest.is_empty() => {
                Condition::Not(Box::new(self.condition(rest)))
            }
            [TokenTree::Group(group)] if group.delimiter() == Delimiter::Parenthesis => {
                self.condition(&contents(group.stream()))
            }
            _ => Condition::Of(self.expr(run, "a condition")),
        }
    }
}

/// The condition in a Rust expression that consists of `&&`, `||` or `!`: the value of `let last = stage == 3 &&
/// block == 2;`. Its locations are not valid.
pub(crate) fn logic(expr: &Expr) -> Option<Condition> {
    let run = contents(expr.tokens.clone());
    let joins = |at: usize| is_double(&run, at, '&') || is_double(&run, at, '|');
    let negates = matches!(run.first(), Some(TokenTree::Punct(not)) if not.as_char() == '!');
    if !negates && !(1..run.len()).any(joins) {
        return None;
    }
    let mut parser = Parser::default();
    let condition = parser.condition(&run);
    parser.diags.is_empty().then_some(condition)
}

/// Whether `&&` or `||` starts at an index.
fn is_double(run: &[TokenTree], at: usize, symbol: char) -> bool {
    let punct = |at: usize| match run.get(at) {
        Some(TokenTree::Punct(punct)) if punct.as_char() == symbol => Some(punct.spacing()),
        _ => None,
    };
    punct(at) == Some(Spacing::Joint) && punct(at + 1).is_some() && punct(at - 1).is_none()
}

/// Replacement for a condition with words of Python: `a && b != none` for `a and b is not None`.
fn of_python(run: &[TokenTree]) -> Option<String> {
    let word = |at: usize, text: &str| matches!(run.get(at), Some(TokenTree::Ident(ident)) if ident == text);
    let mut text = String::new();
    let mut found = false;
    let mut pending: Vec<TokenTree> = Vec::new();
    let mut at = 0;
    while at < run.len() {
        let (symbol, len) = match () {
            () if word(at, "is") && word(at + 1, "not") => (" != ", 2),
            () if word(at, "is") => (" == ", 1),
            () if word(at, "and") => (" && ", 1),
            () if word(at, "or") => (" || ", 1),
            () if word(at, "not") => ("!", 1),
            () => ("", 0),
        };
        if len == 0 {
            pending.extend(run.get(at).cloned());
            at += 1;
            continue;
        }
        found = true;
        text.push_str(&text_of(pending.drain(..).collect()));
        text.push_str(symbol);
        at += len;
    }
    text.push_str(&text_of(pending.into_iter().collect()));
    found.then(|| text.replace("None", "none").replace("True", "true").replace("False", "false"))
}
