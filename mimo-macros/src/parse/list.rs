//! Tokens between delimiters: lists, maps and arguments, with an error for every missing separator.

use mimo_graph::code::Code;
use mimo_graph::diag::{Diag, Loc};
use mimo_graph::item::Item;
use mimo_graph::language::call_argument;
use proc_macro2::{Delimiter, TokenTree};

use super::cursor::{Cursor, cut_list};
use super::expr::Stop;
use super::header::is_name;
use super::parser::{Parser, invalid};
use crate::ast::{Arg, Expr, ExprKind, Key, name_of};
use crate::span::SpanRange;

/// Kind of a call's arguments.
#[derive(Clone, Copy)]
pub(super) enum Takes {
    /// `Dense(64, activation = relu)`
    Settings,
    /// `Dense(64)(x)`, `enc(x)`
    Tensors,
    /// `concatenate([a, b], axis = 1)`
    Both,
    /// `clip(x, 0.0, x_max = 1.0)`, the arguments of an operation.
    Operands(&'static Item),
}

impl Takes {
    /// Whether the argument at the cursor, after `before` others, may have a name.
    fn a_name(self, cursor: &Cursor<'_>, before: usize) -> bool {
        let name = || cursor.ident_at(0).map(name_of);
        match self {
            Takes::Settings => true,
            Takes::Both => before > 0,
            Takes::Tensors => name().is_some_and(|name| call_argument(&name).is_some()),
            Takes::Operands(item) => name().is_some_and(|name| item.argument(&name).is_some()),
        }
    }

    /// Whether an argument and those that follow it without a comma may be one, with a missing operator.
    fn one(self, following: &[Arg]) -> bool {
        match self {
            Takes::Operands(_) => following.iter().any(|arg| arg.keyword.is_none()),
            Takes::Tensors => following.iter().any(|arg| is_number(&arg.value)),
            Takes::Settings | Takes::Both => false,
        }
    }
}

/// Whether a value that follows an argument without a comma may lack an operator before it instead.
fn is_number(value: &Expr) -> bool {
    matches!(value.kind, ExprKind::Int(_) | ExprKind::Float(_) | ExprKind::Neg(_) | ExprKind::Binary(..))
}

impl Parser {
    pub(super) fn list(&mut self, tokens: &[TokenTree]) -> Result<ExprKind, Stop> {
        if tokens.iter().any(|token| matches!(token, TokenTree::Punct(p) if p.as_char() == ';')) {
            return Err(Stop::NotOurs);
        }
        if self.comprehension(tokens) {
            return Err(Stop::Reported);
        }
        let mut items = Vec::new();
        let mut cursor = Cursor::new(tokens);
        for piece in cut_list(tokens) {
            cursor.skip(piece.len() + 1);
            if piece.is_empty() {
                items.push(self.empty_piece(cursor.previous()));
                continue;
            }
            let mut piece = Cursor::new(piece);
            self.items(&mut piece, "element", |parser, cursor| {
                items.push(parser.expr_prefix(cursor, "an element"));
            });
        }
        Ok(ExprKind::List(items))
    }

    /// Tokens between two commas, which may be missing.
    fn items(
        &mut self,
        cursor: &mut Cursor<'_>,
        what: &str,
        mut item: impl FnMut(&mut Self, &mut Cursor<'_>),
    ) {
        let mut missing = false;
        loop {
            item(self, cursor);
            match cursor.peek().cloned() {
                None => return,
                Some(next @ TokenTree::Punct(_)) => {
                    let article = if what.starts_with(['a', 'e']) { "an" } else { "a" };
                    return self.unexpected(&next, &format!("after {article} {what}"));
                }
                // `Dense(64 activation = relu)`: the rest of the piece is the next argument.
                Some(_) if !std::mem::replace(&mut missing, true) => {
                    let loc = self.spans.of(cursor.previous());
                    self.error(
                        Diag::error(Code::MissingComma, loc, format!("missing `,` after this {what}"))
                            .help("write a `,` here"),
                    );
                }
                Some(_) => {}
            }
        }
    }

    /// Reports a comma with nothing before it, where something is missing.
    fn empty_piece(&mut self, comma: &[TokenTree]) -> Expr {
        let loc = self.spans.of(comma);
        self.error(
            Diag::error(Code::ExtraComma, loc, "nothing stands before this `,`").help("remove the `,`"),
        );
        invalid(loc)
    }

    /// `{ key: value }`; a block `{ N }` is left to Rust.
    pub(super) fn map(&mut self, tokens: &[TokenTree]) -> Result<ExprKind, Stop> {
        let pieces = cut_list(tokens);
        // A block of statements.
        if tokens.iter().any(|token| matches!(token, TokenTree::Punct(p) if p.as_char() == ';')) {
            return Err(Stop::NotOurs);
        }
        let entry = |piece: &&[TokenTree]| {
            let start = Cursor::new(piece);
            start.punct_at(0, ':') || start.punct_at(1, ':') || start.punct_at(1, '=') || is_pattern(&start)
        };
        if !(pieces.is_empty() || pieces.iter().any(entry)) {
            return Err(Stop::NotOurs);
        }
        if self.comprehension(tokens) {
            return Err(Stop::Reported);
        }
        let mut entries: Vec<(Key, Expr)> = Vec::new();
        let mut position = Cursor::new(tokens);
        for piece in pieces {
            position.skip(piece.len() + 1);
            if piece.is_empty() {
                let value = self.empty_piece(position.previous());
                entries.push((Key { text: String::new(), loc: value.loc }, value));
                continue;
            }
            let mut cursor = Cursor::new(piece);
            self.items(&mut cursor, "entry", |parser, cursor| entries.push(parser.entry(cursor)));
        }
        Ok(ExprKind::Map(entries))
    }

    /// `key: value`. A missing or invalid key is empty: its meaning is unknown.
    fn entry(&mut self, cursor: &mut Cursor<'_>) -> (Key, Expr) {
        if cursor.punct_at(0, ':') {
            let loc = self.spans.of(cursor.rest().get(..1).unwrap_or_default());
            self.error(
                Diag::error(Code::InvalidMapEntry, loc, "expected a key before this `:`")
                    .help("write `{ name: value, … }`"),
            );
            cursor.skip(1);
            let value = self.expr_prefix(cursor, "a value");
            return (Key { text: String::new(), loc }, value);
        }
        let key = self.key(cursor);
        let Some(key) = key else {
            let loc = self.spans.of(cursor.previous());
            cursor.skip(cursor.rest().len());
            return (Key { text: String::new(), loc }, invalid(loc));
        };
        if cursor.punct_at(0, ':') {
            cursor.skip(1);
        } else if !cursor.is_empty() {
            let at = self.spans.of(cursor.rest().get(..1).unwrap_or_default());
            let diag =
                Diag::error(Code::InvalidMapEntry, at, format!("expected `:` after the key `{}`", key.text))
                    .help(format!("write `{}: value`", key.text));
            self.error(diag);
            if cursor.punct_at(0, '=') {
                cursor.skip(1);
            }
        }
        if cursor.is_empty() {
            let diag =
                Diag::error(Code::MissingValue, key.loc, format!("the key `{}` has no value", key.text))
                    .help(format!("write `{}: value`", key.text));
            self.error(diag);
            let value = invalid(key.loc);
            return (Key { text: String::new(), ..key }, value);
        }
        let value = self.expr_prefix(cursor, "a value");
        (key, value)
    }

    /// The key of a map: a name or a string, or the pattern `digit_*`.
    fn key(&mut self, cursor: &mut Cursor<'_>) -> Option<Key> {
        let token = cursor.peek()?;
        let loc = self.spans.of(std::slice::from_ref(token));
        let key = match token {
            TokenTree::Ident(ident) => Some(Key { text: name_of(ident), loc }),
            TokenTree::Literal(literal) => match syn::Lit::new(literal.clone()) {
                syn::Lit::Str(text) => Some(Key { text: text.value(), loc }),
                _ => None,
            },
            _ => None,
        };
        if key.is_none() {
            self.error(
                Diag::error(Code::InvalidMapEntry, loc, "a key is a name or a string")
                    .help("write `{ name: value, … }`"),
            );
        }
        if let (Some(key), true) = (&key, is_pattern(cursor)) {
            let loc = self.spans.of(cursor.rest().get(..2).unwrap_or_default());
            cursor.skip(2);
            return Some(Key { text: format!("{}*", key.text), loc });
        }
        cursor.skip(1);
        key
    }

    /// The arguments of `Model` and `compile`.
    pub(super) fn args(&mut self, tokens: &[TokenTree]) -> Vec<Arg> {
        self.arguments(tokens, Takes::Settings)
    }

    /// The arguments of a call.
    pub(super) fn arguments(&mut self, tokens: &[TokenTree], takes: Takes) -> Vec<Arg> {
        let mut args = Vec::new();
        let mut position = Cursor::new(tokens);
        // Whether the last argument is a map without braces, whose other entries look like arguments.
        let mut open = false;
        if self.comprehension(tokens) {
            return vec![Arg { keyword: None, value: invalid(self.spans.of(tokens)) }];
        }
        for piece in cut_list(tokens) {
            position.skip(piece.len() + 1);
            if piece.is_empty() {
                args.push(Arg { keyword: None, value: self.empty_piece(position.previous()) });
                continue;
            }
            let mut cursor = Cursor::new(piece);
            if open && cursor.ident_at(0).is_some() && cursor.punct_at(1, ':') {
                continue;
            }
            let map = self.map_without_braces(&cursor);
            open = map.is_some();
            if let Some(arg) = map {
                args.push(arg);
                continue;
            }
            let named = takes.a_name(&cursor, args.len());
            let before = args.len();
            self.items(&mut cursor, "argument", |parser, cursor| parser.arg(cursor, named, &mut args));
            if takes.one(args.get(before + 1..).unwrap_or_default()) {
                args.truncate(before);
                args.push(Arg { keyword: None, value: invalid(self.spans.of(piece)) });
            }
        }
        args
    }

    /// `loss = a: mse, b: mae`
    fn map_without_braces(&mut self, cursor: &Cursor<'_>) -> Option<Arg> {
        if !(cursor.punct_at(1, '=') && cursor.punct_at(3, ':')) {
            return None;
        }
        let (name, key) = (cursor.ident_at(0)?, cursor.ident_at(2)?);
        let keyword = (name_of(name), self.spans.add(SpanRange::one(name.span())));
        let loc = self.spans.add(SpanRange::one(key.span()));
        let diag = Diag::error(Code::MissingBrackets, loc, "a map stands in braces");
        self.error(diag.help(format!("write `{name} = {{ {key}: … }}`")));
        Some(Arg { keyword: Some(keyword), value: invalid(loc) })
    }

    /// One argument; `named` if it may have a name.
    fn arg(&mut self, cursor: &mut Cursor<'_>, named: bool, args: &mut Vec<Arg>) {
        let (keyword, is_value) = self.argument_name(cursor, named);
        let value = match (is_value, &keyword) {
            (false, Some((_, loc))) => invalid(*loc),
            (false, None) => Expr { kind: ExprKind::Invalid, ..self.expr_prefix(cursor, "a value") },
            (true, _) => self.expr_prefix(cursor, "a value"),
        };
        args.push(Arg { keyword, value });
    }

    /// Parses the name of an argument, if it has one. The flag tells whether a value follows.
    fn argument_name(&mut self, cursor: &mut Cursor<'_>, named: bool) -> (Option<(String, Loc)>, bool) {
        if cursor.punct_at(0, '=') {
            let loc = self.spans.of(cursor.rest().get(..1).unwrap_or_default());
            self.error(
                Diag::error(Code::UnexpectedToken, loc, "expected a name before this `=`")
                    .help("write `name = value`"),
            );
            cursor.skip(1);
            return (None, false);
        }
        if let Some(name) = without_equals(cursor).filter(|_| named && cursor.position() == 0) {
            let loc = self.spans.add(SpanRange::one(name.span()));
            let name = name_of(name);
            self.error(
                Diag::error(Code::MissingEquals, loc, "expected `=` after this")
                    .help(format!("write `{name} = …`")),
            );
            cursor.skip(1);
            return (Some((name, loc)), true);
        }
        let keyword = cursor.ident_at(0).filter(|_| cursor.punct_at(1, '=') || cursor.punct_at(1, ':'));
        let keyword = keyword.map(|ident| {
            let loc = self.spans.add(SpanRange::one(ident.span()));
            let name = name_of(ident);
            if cursor.punct_at(1, ':') {
                let at = self.spans.of(cursor.rest().get(1..2).unwrap_or_default());
                self.error(
                    Diag::error(
                        Code::ColonInArgument,
                        at,
                        format!("`{name}` is followed by `:`, and an argument takes `=`"),
                    )
                    .help(format!("write `{name} = …`")),
                );
            }
            cursor.skip(2);
            (name, loc)
        });
        if let (Some((name, loc)), true) = (&keyword, cursor.is_empty()) {
            let loc = *loc;
            self.error(
                Diag::error(Code::MissingValue, loc, format!("`{name}` has no value"))
                    .help(format!("write `{name} = value`")),
            );
            return (keyword, false);
        }
        (keyword, true)
    }
}

/// The name of an argument whose `=` is missing: `activation relu`. Two constants do not mean that.
fn without_equals<'a>(cursor: &Cursor<'a>) -> Option<&'a proc_macro2::Ident> {
    // `if DEEP { 3 } else { 4 }` is an expression.
    let named = |name: &&proc_macro2::Ident| {
        name.to_string().starts_with(|c: char| c.is_lowercase()) && is_name(name)
    };
    let name = cursor.ident_at(0).filter(named)?;
    let value = match cursor.peek_nth(1)? {
        TokenTree::Group(group) => match group.delimiter() {
            Delimiter::Parenthesis => false,
            // `lengths[0]` is a length.
            Delimiter::Bracket => LISTS.iter().any(|list| name == list),
            Delimiter::Brace | Delimiter::None => true,
        },
        TokenTree::Ident(word) => word != "as",
        TokenTree::Literal(_) => true,
        TokenTree::Punct(_) => false,
    };
    // `units activation = relu` lacks a comma.
    let rest = (2..cursor.rest().len()).any(|n| cursor.punct_at(n, '='));
    (value && !rest && *name != "lambda").then_some(name)
}

/// `digit_*:`, a key for every name with this prefix.
fn is_pattern(cursor: &Cursor<'_>) -> bool {
    cursor.ident_at(0).is_some() && cursor.punct_at(1, '*') && cursor.punct_at(2, ':')
}

/// Arguments that are lists, so that a bracket after them is not an index.
const LISTS: [&str; 20] = [
    "axes",
    "axis",
    "cropping",
    "dilation_rate",
    "inputs",
    "kernel_size",
    "noise_shape",
    "output_size",
    "padding",
    "pool_size",
    "shared_axes",
    "strides",
    "outputs",
    "initial_state",
    "shape",
    "target_shape",
    "dims",
    "loss",
    "loss_weights",
    "metrics",
];
