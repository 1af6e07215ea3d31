//! Expressions: tensors, layers and values share one grammar, because only the scope distinguishes `enc(x)` from
//! `Dense(64)`. Other tokens are a Rust constant expression.

use mimo_graph::code::Code;
use mimo_graph::diag::{Diag, Loc};
use proc_macro2::{Delimiter, Group, Ident, Literal, Spacing, TokenStream, TokenTree};

use super::cursor::{Cursor, contents, cut_list, text_of};
use super::foreign::{Unscoped, foreign};
use super::list::Takes;
use super::parser::Parser;
use super::rust::{is_rust, is_short};
use super::switch::reads_training;
use crate::ast::{Arg, Expr, ExprKind, Op, name_of};
use crate::span::SpanRange;

/// Reason why an expression could not be parsed.
pub(super) enum Stop {
    /// These tokens are not in the grammar, but may be Rust.
    NotOurs,
    /// An error was reported.
    Reported,
}

/// More operators than a hand-written expression has; the following code recurses for each.
const LIMIT: usize = 128;

/// More tokens of Rust than a hand-written expression has.
const TOKENS: usize = 256;

/// Limit on the nesting of expressions, by signs, powers and groups. Macros may run on threads with stacks of less
/// than a megabyte.
const DEPTH: usize = 140;

/// Number of signs that a power counts as.
const POWER: usize = 12;

impl Parser {
    /// Parses a run of tokens as one expression; `what` names it in messages: `a tensor`, `a value`.
    pub(crate) fn expr(&mut self, tokens: &[TokenTree], what: &str) -> Expr {
        let mut cursor = Cursor::new(tokens);
        let expr = self.expr_prefix(&mut cursor, what);
        if let (false, Some(next)) = (matches!(expr.kind, ExprKind::Invalid), cursor.peek()) {
            let next = next.clone();
            self.unexpected(&next, &format!("after {what}"));
            return Expr { kind: ExprKind::Invalid, ..expr };
        }
        expr
    }

    /// Parses the longest expression at the start of a run. After an error the rest of the run is skipped.
    pub(super) fn expr_prefix(&mut self, cursor: &mut Cursor<'_>, what: &str) -> Expr {
        // Each nested expression counts its own operators.
        let outer = std::mem::take(&mut self.operators);
        let whole = cursor.rest();
        self.depth += 1;
        let mut expr = self.expr_or_rust(cursor, what);
        self.depth -= 1;
        if !matches!(expr.kind, ExprKind::Invalid) && self.python_operator(cursor, whole) {
            cursor.skip(cursor.rest().len());
            expr.kind = ExprKind::Invalid;
        }
        self.operators = outer;
        expr
    }

    fn expr_or_rust(&mut self, cursor: &mut Cursor<'_>, what: &str) -> Expr {
        let run = cursor.rest();
        let before = *cursor;
        let mark = self.diags.len();
        if run.is_empty() {
            return self.nothing(cursor, what);
        }
        let loc = self.spans.of(run);
        let parsed = self.binary(cursor, 0);
        self.ours_or_rust(cursor, parsed, before, (loc, mark), what)
    }

    fn nothing(&mut self, cursor: &Cursor<'_>, what: &str) -> Expr {
        let loc = self.spans.of(cursor.previous());
        self.error(
            Diag::error(Code::MissingValue, loc, format!("expected {what} after this"))
                .help("write what is missing, or remove this"),
        );
        Expr::new(ExprKind::Invalid, loc, TokenStream::new())
    }

    /// The result for a run that starts at `before`: an expression, Rust, or an error.
    fn ours_or_rust<'a>(
        &mut self,
        cursor: &mut Cursor<'a>,
        parsed: Result<Expr, Stop>,
        before: Cursor<'a>,
        (loc, mark): (Loc, usize),
        what: &str,
    ) -> Expr {
        let run = before.rest();
        // For Rust, `crate::N ** 2` is a product with a dereference.
        if matches!(parsed, Err(Stop::NotOurs))
            && let Some(power) = self.power_of_rust(run, loc)
        {
            cursor.skip(cursor.rest().len());
            return power;
        }
        if let Ok(expr) = parsed {
            if cursor.is_empty() {
                return expr;
            }
            let own = self.diags.split_off(mark);
            if is_short_rust(run) {
                cursor.skip(run.len());
                return Expr::new(ExprKind::Rust, loc, run.iter().cloned().collect());
            }
            self.diags.extend(own);
            return expr;
        }
        *cursor = before;
        cursor.skip(run.len());
        let tokens: TokenStream = run.iter().cloned().collect();
        if let Err(Stop::Reported) = parsed {
            return Expr::new(ExprKind::Invalid, loc, tokens);
        }
        if is_short_rust(run) {
            self.diags.truncate(mark);
            return Expr::new(ExprKind::Rust, loc, tokens);
        }
        if self.diags.len() == mark {
            self.not_an_expression(run, what);
        }
        Expr::new(ExprKind::Invalid, loc, tokens)
    }

    /// `crate::N ** 2`, whose base is Rust.
    fn power_of_rust(&mut self, run: &[TokenTree], loc: Loc) -> Option<Expr> {
        let is_power = |at: usize| {
            let cursor = Cursor::new(run.get(at..).unwrap_or_default());
            matches!(cursor.peek(), Some(TokenTree::Punct(p)) if p.as_char() == '*')
                && !cursor.punct_at(0, '*')
        };
        let at = (1..run.len())
            .find(|&at| is_power(at) && !matches!(run.get(at - 1), Some(TokenTree::Punct(_))))?;
        let (base, exponent) = (run.get(..at)?, run.get(at + 2..)?);
        let tokens: TokenStream = base.iter().cloned().collect();
        let base = Expr::new(ExprKind::Rust, self.spans.of(base), tokens);
        self.depth += POWER;
        let exponent = self.expr(exponent, "an exponent");
        self.depth -= POWER;
        let kind = ExprKind::Power(Box::new(base), Box::new(exponent));
        Some(Expr::new(kind, loc, run.iter().cloned().collect()))
    }

    /// Reports tokens that neither grammar accepts.
    pub(super) fn not_an_expression(&mut self, run: &[TokenTree], what: &str) {
        let (message, range) = match run.first() {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace && run.len() == 1 => {
                let loc = self.spans.of(run);
                let diag = Diag::error(Code::InvalidExpression, loc, format!("this block is not {what}"))
                    .help("a map is written `{ name: value, … }`");
                return self.error(diag);
            }
            _ if is_long(run) => ("this expression is too long".to_owned(), SpanRange::of(run)),
            // syn's messages are about a grammar that users do not write, and may be located at the whole macro.
            _ => (format!("this is not {what}"), SpanRange::of(run)),
        };
        let loc = self.spans.add(range);
        let code = if is_long(run) { Code::TooLarge } else { Code::InvalidExpression };
        let help = "write a number, a name, a list, or a call of a layer";
        self.error(Diag::error(code, loc, message).help(help));
    }

    /// Parses operators of at least this precedence, and their operands.
    fn binary(&mut self, cursor: &mut Cursor<'_>, precedence: u8) -> Result<Expr, Stop> {
        let start = cursor.position();
        let loc = self.spans.of(cursor.rest());
        let mut left = self.unary(cursor)?;
        while let Some(op) = operator(cursor, precedence) {
            self.count(cursor)?;
            cursor.skip(op.symbol().len());
            let right = self.binary(cursor, op.precedence())?;
            left = self.combined(cursor.since(start), loc, op, [left, right])?;
        }
        Ok(left)
    }

    fn combined(
        &mut self,
        tokens: &[TokenTree],
        loc: Loc,
        op: Op,
        [left, right]: [Expr; 2],
    ) -> Result<Expr, Stop> {
        if let Some(side) = [&left, &right].into_iter().find(|side| matches!(side.kind, ExprKind::Map(_))) {
            self.error(
                Diag::error(Code::InvalidExpression, side.loc, "a map cannot be computed with")
                    .help("write a number"),
            );
            return Err(Stop::Reported);
        }
        // A chain is built from the left; each operation has the same start.
        let loc = if matches!(left.kind, ExprKind::Binary(..)) { self.spans.of(tokens) } else { loc };
        self.spans.set(loc, SpanRange::of(tokens));
        let kind = ExprKind::Binary(op, Box::new(left), Box::new(right));
        Ok(Expr::new(kind, loc, tokens.iter().cloned().collect()))
    }

    /// Counts recursive constructs.
    fn count(&mut self, cursor: &Cursor<'_>) -> Result<(), Stop> {
        self.operators += 1;
        if self.operators <= LIMIT {
            return Ok(());
        }
        Err(self.too_long(cursor))
    }

    fn too_long(&mut self, cursor: &Cursor<'_>) -> Stop {
        let loc = self.spans.of(cursor.rest().get(..1).unwrap_or_default());
        self.error(
            Diag::error(Code::TooLarge, loc, "this expression is too long")
                .help("bind a part of it with `let`"),
        );
        Stop::Reported
    }

    /// Parses a sign, an atom, and calls.
    fn unary(&mut self, cursor: &mut Cursor<'_>) -> Result<Expr, Stop> {
        self.depth += 1;
        let expr = if self.depth > DEPTH { Err(self.too_long(cursor)) } else { self.signed(cursor) };
        self.depth -= 1;
        expr
    }

    /// Parses a sign with its operand, or an atom with its calls, indices and power. This function is recursive, so
    /// the large parts are functions that return before the next level: frames are large in a debug build.
    fn signed(&mut self, cursor: &mut Cursor<'_>) -> Result<Expr, Stop> {
        let start = cursor.position();
        // Locations are in the order of the source: that of a whole precedes those of its parts.
        let whole = self.spans.of(cursor.rest());
        if cursor.punct_at(0, '-') {
            self.count(cursor)?;
            cursor.skip(1);
            let inner = self.unary(cursor)?;
            return Ok(self.negated(cursor, start, whole, inner));
        }
        self.prefix(cursor, whole)?;
        let start = cursor.position();
        let mut expr = self.atom(cursor)?;
        loop {
            let loc = self.spans.of(cursor.since(start));
            let args = self.call(cursor, &expr)?.map(|(tokens, takes)| self.arguments(&tokens, takes));
            match self.after(cursor, start, loc, expr, args)? {
                (next, true) => expr = next,
                (last, false) => {
                    expr = last;
                    break;
                }
            }
        }
        // Both characters of `**` are one operator of Python, which binds more tightly than a sign.
        if matches!(cursor.peek(), Some(TokenTree::Punct(p)) if p.as_char() == '*')
            && !cursor.punct_at(0, '*')
        {
            self.count(cursor)?;
            cursor.skip(2);
            // Nobody writes nested powers, and each uses more of the stack than a sign.
            self.depth += POWER;
            let exponent = self.unary(cursor);
            self.depth -= POWER;
            expr = self.power(cursor, start, whole, [expr, exponent?]);
        }
        Ok(expr)
    }

    fn negated(&mut self, cursor: &Cursor<'_>, start: usize, loc: Loc, inner: Expr) -> Expr {
        let tokens = cursor.since(start);
        self.spans.set(loc, SpanRange::of(tokens));
        let kind = match inner.kind {
            ExprKind::Int(n) if n != i64::MIN => ExprKind::Int(-n),
            ExprKind::Float(x) => ExprKind::Float(-x),
            _ => ExprKind::Neg(Box::new(inner)),
        };
        Expr::new(kind, loc, tokens.iter().cloned().collect())
    }

    /// Reports prefix operators of other languages.
    fn prefix(&mut self, cursor: &mut Cursor<'_>, loc: Loc) -> Result<(), Stop> {
        // `!x` may be a constant of Rust.
        if cursor.punct_at(0, '~')
            && let Some(diag) = foreign(cursor.rest(), &Unscoped, loc)
        {
            self.error(diag);
            return Err(Stop::Reported);
        }
        self.python_prefix(cursor)
    }

    /// The tokens in the parentheses of a call of `expr`, if it is called, and the kind of its arguments.
    fn call(&mut self, cursor: &Cursor<'_>, expr: &Expr) -> Result<Option<(Vec<TokenTree>, Takes)>, Stop> {
        let Some(TokenTree::Group(group)) = cursor.peek() else { return Ok(None) };
        let called = matches!(expr.kind, ExprKind::Name(_) | ExprKind::Call(..) | ExprKind::Paren(_));
        if !called || group.delimiter() != Delimiter::Parenthesis {
            return Ok(None);
        }
        self.count(cursor)?;
        Ok(Some((contents(group.stream()), takes(expr))))
    }

    /// An expression with the call, the index, `.len()` or `.shape` that follows it, and whether one did.
    fn after(
        &mut self,
        cursor: &mut Cursor<'_>,
        start: usize,
        loc: Loc,
        expr: Expr,
        args: Option<Vec<Arg>>,
    ) -> Result<(Expr, bool), Stop> {
        let has_parts = matches!(
            expr.kind,
            ExprKind::Name(_)
                | ExprKind::Call(..)
                | ExprKind::Paren(_)
                | ExprKind::Index(_)
                | ExprKind::Shape(_)
        );
        let empty = || {
            let group = cursor.group_at(2, Delimiter::Parenthesis);
            group.is_some_and(|group| group.stream().is_empty())
        };
        let (kind, tokens) = match (args, cursor.peek()) {
            (Some(args), _) => (ExprKind::Call(Box::new(expr), args), 1),
            (None, Some(TokenTree::Group(group))) if has_parts && group.delimiter() == Delimiter::Bracket => {
                self.count(cursor)?;
                (ExprKind::Index(Box::new(expr)), 1)
            }
            (None, Some(TokenTree::Punct(dot))) if has_parts && dot.as_char() == '.' => {
                match cursor.ident_at(1) {
                    Some(field) if field == "len" && empty() => (ExprKind::Len(Box::new(expr)), 3),
                    Some(field)
                        if field == "shape" && cursor.group_at(2, Delimiter::Parenthesis).is_none() =>
                    {
                        (ExprKind::Shape(Box::new(expr)), 2)
                    }
                    _ => return Ok((expr, false)),
                }
            }
            _ => return Ok((expr, false)),
        };
        cursor.skip(tokens);
        let tokens = cursor.since(start);
        self.spans.set(loc, SpanRange::of(tokens));
        Ok((Expr::new(kind, loc, tokens.iter().cloned().collect()), true))
    }

    fn power(&mut self, cursor: &Cursor<'_>, start: usize, loc: Loc, [base, exponent]: [Expr; 2]) -> Expr {
        let tokens = cursor.since(start);
        self.spans.set(loc, SpanRange::of(tokens));
        let kind = ExprKind::Power(Box::new(base), Box::new(exponent));
        Expr::new(kind, loc, tokens.iter().cloned().collect())
    }

    fn atom(&mut self, cursor: &mut Cursor<'_>) -> Result<Expr, Stop> {
        let Some(token) = cursor.peek() else {
            let loc = self.spans.of(cursor.previous());
            self.error(
                Diag::error(Code::MissingValue, loc, "something is missing after this")
                    .help("write what is missing, or remove this"),
            );
            return Err(Stop::Reported);
        };
        let path = path_len(cursor);
        if path > 0 {
            let start = cursor.position();
            cursor.skip(path);
            let tokens = cursor.since(start);
            let loc = self.spans.of(tokens);
            if let Some((TokenTree::Group(group), path)) = tokens.split_last()
                && has_keywords(group)
            {
                let callee = Expr::new(ExprKind::Rust, self.spans.of(path), path.iter().cloned().collect());
                let args = self.arguments(&contents(group.stream()), Takes::Settings);
                let kind = ExprKind::Call(Box::new(callee), args);
                return Ok(Expr::new(kind, loc, tokens.iter().cloned().collect()));
            }
            return Ok(Expr::new(ExprKind::Rust, loc, tokens.iter().cloned().collect()));
        }
        if cursor.at_keyword("if") && !reads_training(cursor.rest()) {
            return self.chosen_in_expression(cursor);
        }
        let loc = self.spans.of(std::slice::from_ref(token));
        let kind = match token {
            TokenTree::Literal(literal) => self.literal(literal, loc)?,
            TokenTree::Ident(_) => self.word(cursor, loc)?,
            TokenTree::Group(group) => self.group(group)?,
            TokenTree::Punct(_) => return Err(Stop::NotOurs),
        };
        cursor.skip(1);
        Ok(Expr::new(kind, loc, TokenStream::from(token.clone())))
    }

    fn literal(&mut self, literal: &Literal, loc: Loc) -> Result<ExprKind, Stop> {
        match syn::Lit::new(literal.clone()) {
            syn::Lit::Int(int) => int.base10_parse().map(ExprKind::Int).map_err(|_| {
                self.error(
                    Diag::error(
                        Code::NumberTooLarge,
                        loc,
                        format!("`{}` is too large a number", shown(literal)),
                    )
                    .help("write a smaller one"),
                );
                Stop::Reported
            }),
            syn::Lit::Float(float) => match float.base10_parse::<f64>() {
                Ok(x) if x.is_finite() => Ok(ExprKind::Float(x)),
                _ => {
                    self.error(
                        Diag::error(
                            Code::NumberTooLarge,
                            loc,
                            format!("`{}` is too large a number", shown(literal)),
                        )
                        .help("write a smaller one"),
                    );
                    Err(Stop::Reported)
                }
            },
            syn::Lit::Str(text) => Ok(ExprKind::Str(text.value())),
            // `'he_normal'`: rustc reports that strings need double quotes, so it is read as a string.
            lit if !matches!(lit, syn::Lit::Char(_)) && literal.to_string().starts_with('\'') => {
                Ok(ExprKind::Str(literal.to_string().trim_matches('\'').into()))
            }
            _ => Err(Stop::NotOurs),
        }
    }

    /// An identifier, if it is one of the language and not the start of another path or of a macro call.
    fn word(&mut self, cursor: &mut Cursor<'_>, loc: Loc) -> Result<ExprKind, Stop> {
        let Some(ident) = cursor.ident_at(0) else { return Err(Stop::NotOurs) };
        if let Some(TokenTree::Punct(next)) = cursor.peek_nth(1) {
            let path = next.as_char() == ':' && !cursor.punct_at(1, ':');
            if path || next.as_char() == '!' && !matches!(cursor.peek_nth(2), Some(TokenTree::Punct(_))) {
                return Err(Stop::NotOurs);
            }
        }
        let python = |parser: &mut Parser, rust: &str| {
            let diag = Diag::error(Code::PythonConstant, loc, format!("`{ident}` is Python"))
                .help(format!("write `{rust}`"));
            parser.error(diag);
        };
        Ok(match ident.to_string().as_str() {
            "true" => ExprKind::Bool(true),
            "false" => ExprKind::Bool(false),
            "none" => ExprKind::None,
            "True" => {
                python(self, "true");
                ExprKind::Bool(true)
            }
            "False" => {
                python(self, "false");
                ExprKind::Bool(false)
            }
            "None" => {
                python(self, "none");
                ExprKind::None
            }
            "lambda" if !matches!(cursor.peek_nth(1), None | Some(TokenTree::Group(_))) => {
                let diag = Diag::error(
                    Code::PythonExpression,
                    loc,
                    "`lambda` is Python, and a model holds no functions",
                )
                .help("build it from layers, or write it in Rust on the model's outputs");
                self.error(diag);
                return Err(Stop::Reported);
            }
            "for" => {
                let diag = Diag::error(
                    Code::IncompleteLoop,
                    loc,
                    "a loop produces a list only where `let` binds it",
                );
                self.error(diag.help("bind the list first: `let heads = for i in 0..4 { Dense(1)(x) };`"));
                return Err(Stop::Reported);
            }
            "if" if reads_training(cursor.rest()) => {
                self.switch_in_expression(cursor.rest(), loc);
                return Err(Stop::Reported);
            }
            // The only word of Keras that is a keyword of Rust, in `F1Score(average = macro)`.
            "macro" => ExprKind::Str("macro".into()),
            // Operations of Keras that are keywords of Rust.
            text @ ("where" | "mod") if matches!(cursor.peek_nth(1), Some(TokenTree::Group(_))) => {
                ExprKind::Name(Ident::new_raw(text, ident.span()))
            }
            text if syn::parse_str::<Ident>(text).is_err() => return Err(Stop::NotOurs),
            _ => ExprKind::Name(ident.clone()),
        })
    }

    fn group(&mut self, group: &Group) -> Result<ExprKind, Stop> {
        let tokens = contents(group.stream());
        match group.delimiter() {
            Delimiter::None => Ok(ExprKind::Paren(Box::new(self.expr(&tokens, "an expression")))),
            Delimiter::Bracket => self.list(&tokens),
            Delimiter::Parenthesis if self.comprehension(&tokens) => Err(Stop::Reported),
            Delimiter::Parenthesis => {
                let pieces = cut_list(&tokens);
                let comma = matches!(tokens.last(), Some(TokenTree::Punct(p)) if p.as_char() == ',');
                match pieces.as_slice() {
                    [only] if !comma => Ok(ExprKind::Paren(Box::new(self.expr(only, "an expression")))),
                    _ => self.list(&tokens),
                }
            }
            Delimiter::Brace => self.map(&tokens),
        }
    }

    /// Reports a token that is not allowed at its position.
    pub(super) fn unexpected(&mut self, token: &TokenTree, place: &str) {
        let loc = self.spans.of(std::slice::from_ref(token));
        let shown = match token {
            TokenTree::Group(group) => match group.delimiter() {
                Delimiter::Parenthesis => "(…)".to_owned(),
                Delimiter::Bracket => "[…]".to_owned(),
                Delimiter::Brace => "{…}".to_owned(),
                Delimiter::None => text_of(group.stream()),
            },
            other => other.to_string(),
        };
        self.error(
            Diag::error(Code::UnexpectedToken, loc, format!("unexpected `{shown}` {place}"))
                .help("remove it, or write what is missing before it"),
        );
    }
}

/// Whether a path is called with settings of the language, `crate::Lift(name = "lift")`: Rust has no such calls.
fn has_keywords(group: &Group) -> bool {
    let tokens = contents(group.stream());
    let cursor = Cursor::new(&tokens);
    let equals = matches!(cursor.peek_nth(1), Some(TokenTree::Punct(punct)) if punct.as_char() == '=' && punct.spacing() == Spacing::Alone);
    group.delimiter() == Delimiter::Parenthesis && cursor.ident_at(0).is_some() && equals
}

/// Number of tokens of a path, `crate::config::RATE`, including its call; 0 if no path comes next.
fn path_len(cursor: &Cursor<'_>) -> usize {
    let separator = |at: usize| {
        matches!(cursor.peek_nth(at), Some(TokenTree::Punct(first)) if first.as_char() == ':' && first.spacing() == Spacing::Joint)
            && matches!(cursor.peek_nth(at + 1), Some(TokenTree::Punct(second)) if second.as_char() == ':')
    };
    let mut len = usize::from(cursor.ident_at(0).is_some() && separator(1));
    while len > 0 && separator(len) {
        if cursor.ident_at(len + 2).is_none() {
            return 0;
        }
        len += 3;
    }
    // Longer ones are reported as a whole.
    let len = if len > TOKENS { 0 } else { len };
    len + usize::from(len > 0 && cursor.group_at(len, Delimiter::Parenthesis).is_some())
}

/// The operator at the cursor, if it binds more tightly than `precedence`.
fn operator(cursor: &Cursor<'_>, precedence: u8) -> Option<Op> {
    let op = Op::ALL.into_iter().find(|op| is_operator(cursor, *op));
    op.filter(|op| op.precedence() > precedence)
}

/// Whether an operator comes next that is not part of another: `x += y` is not a sum.
fn is_operator(cursor: &Cursor<'_>, op: Op) -> bool {
    let symbol = op.symbol();
    let punct = |n: usize| match cursor.peek_nth(n) {
        Some(TokenTree::Punct(punct)) => Some((punct.as_char(), punct.spacing())),
        _ => None,
    };
    let joined = |n: usize| punct(n).is_some_and(|(_, spacing)| spacing == Spacing::Joint);
    let all = symbol
        .chars()
        .enumerate()
        .all(|(n, char)| punct(n).is_some_and(|(found, _)| found == char) && (n == 0 || joined(n - 1)));
    // `**`, `+=`, `>>`, `&&` and the arrows are other operators.
    let len = symbol.len();
    let more =
        joined(len - 1) && punct(len).is_some_and(|(next, _)| matches!(next, '=' | '*' | '>' | '<' | '.'));
    all && !more
}

/// Whether Rust accepts the tokens as an expression of reasonable length.
fn is_short_rust(run: &[TokenTree]) -> bool {
    !is_long(run) && is_rust(&run.iter().cloned().collect())
}

/// Whether there are more tokens than a hand-written expression has.
fn is_long(run: &[TokenTree]) -> bool {
    run.len() > TOKENS || !is_short(&run.iter().cloned().collect())
}

/// Arguments of a call: `Dense(…)` has settings; `enc(…)` and `Dense(…)(…)` have tensors.
fn takes(callee: &Expr) -> Takes {
    let ExprKind::Name(name) = &callee.kind else { return Takes::Tensors };
    let name = name_of(name);
    let item = mimo_graph::layers::operation(&name);
    let is_layer = mimo_graph::layers::function(&name).is_some();
    match item {
        _ if name.starts_with(char::is_uppercase) => Takes::Settings,
        Some(item) if !is_layer => Takes::Operands(item),
        Some(_) => Takes::Both,
        None if is_layer => Takes::Both,
        None => Takes::Tensors,
    }
}

/// Formats a number for a message: a long one is truncated.
fn shown(literal: &Literal) -> String {
    let text = literal.to_string();
    match text.char_indices().nth(40) {
        Some(_) => format!("{}…", text.chars().take(20).collect::<String>()),
        None => text,
    }
}
