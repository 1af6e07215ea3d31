//! The constants of the block: known ones are numbers while the macro runs, the others are put in place of
//! their names.

use std::collections::BTreeMap;

use mimo_graph::code::Code;
use mimo_graph::diag::{Diag, Diags};
use proc_macro2::{Group, Ident, Literal, TokenStream, TokenTree};

use crate::ast::{ConstDef, Expr, ExprKind, Op, name_of};
use crate::parse::contents;

/// More tokens than any length needs; constants that name each other twice would grow without end.
const LIMIT: usize = 4096;

/// A constant of the block, for `impl Name { pub const … }`.
#[derive(Debug)]
pub(crate) struct BlockConst {
    /// Doc comments and attributes.
    pub(crate) attrs: TokenStream,
    /// The name, at the user's token.
    pub(crate) ident: Ident,
    /// The type.
    pub(crate) ty: TokenStream,
    /// The value, which names no other constant of the block.
    pub(crate) value: TokenStream,
}

/// What is known about a number, a word or a truth value while the macro runs.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Known {
    Int(i64),
    Float(f64),
    Bool(bool),
    Str(String),
}

/// The constants of a block by name.
#[derive(Debug)]
pub(super) struct Consts<'a> {
    defs: &'a [ConstDef],
    entries: BTreeMap<String, Entry>,
    /// Constants whose value was reported.
    broken: Vec<String>,
}

#[derive(Clone, Debug)]
struct Entry {
    known: Option<Known>,
    /// What stands in place of the name.
    tokens: TokenStream,
    size: usize,
}

impl<'a> Consts<'a> {
    /// Evaluates what can be; the order in which constants stand does not matter, as in Rust.
    pub(super) fn new(defs: &'a [ConstDef], diags: &mut Diags) -> Self {
        let mut consts = Consts { defs, entries: BTreeMap::new(), broken: Vec::new() };
        for (i, def) in defs.iter().enumerate() {
            let name = name_of(&def.ident);
            if defs.get(..i).is_some_and(|earlier| earlier.iter().any(|other| name_of(&other.ident) == name))
            {
                diags.push(
                    Diag::error(
                        Code::ConstantTwice,
                        def.loc,
                        format!("the constant `{name}` is defined twice"),
                    )
                    .help("give one of them another name"),
                );
            }
        }
        // Each round resolves what only names resolved constants; what is left names itself.
        let mut open: Vec<&ConstDef> = defs.iter().collect();
        while !open.is_empty() {
            let waiting = open.len();
            let names: Vec<String> = open.iter().map(|def| name_of(&def.ident)).collect();
            open.retain(|def| {
                let mentions = names.iter().any(|name| mentions(&def.value.tokens, name));
                if !mentions {
                    consts.resolve(def, diags);
                }
                mentions
            });
            if open.len() == waiting {
                break;
            }
        }
        for def in open {
            let name = name_of(&def.ident);
            diags.push(
                Diag::error(
                    Code::ConstantCycle,
                    def.loc,
                    format!("the value of the constant `{name}` depends on itself"),
                )
                .help("give it a value that names no constant that needs it"),
            );
            let tokens = TokenStream::from(TokenTree::Literal(Literal::usize_unsuffixed(1)));
            consts.broken.push(name.clone());
            consts.entries.insert(name, Entry { known: None, tokens, size: 1 });
        }
        consts
    }

    fn resolve(&mut self, def: &ConstDef, diags: &mut Diags) {
        if has_invalid_part(&def.value) || self.is_broken(&def.value.tokens) {
            self.broken.push(name_of(&def.ident));
        }
        let known = self.fold(&def.value);
        let mut size = 0;
        let mut tokens = self.substitute(def.value.tokens.clone(), &mut size);
        if size > LIMIT {
            diags.push(
                Diag::error(
                    Code::ConstantTooLong,
                    def.loc,
                    format!("the constant `{}` is too long an expression", def.ident),
                )
                .help("compute it outside of the model"),
            );
            (tokens, size) = (TokenStream::from(TokenTree::Literal(Literal::usize_unsuffixed(1))), 1);
        }
        if let Some(literal) = known.as_ref().and_then(|known| typed(known, &def.ty)) {
            tokens = literal;
        } else if known.is_none() || size > 1 {
            let mut group = Group::new(proc_macro2::Delimiter::Parenthesis, tokens);
            group.set_span(def.ident.span());
            tokens = TokenStream::from(TokenTree::Group(group));
        }
        self.entries.entry(name_of(&def.ident)).or_insert(Entry { known, tokens, size });
    }

    /// What is known about a name.
    pub(super) fn known(&self, name: &str) -> Option<&Known> {
        self.entries.get(name)?.known.as_ref()
    }

    /// Whether an expression names a constant whose value was reported.
    pub(super) fn is_broken(&self, tokens: &TokenStream) -> bool {
        self.broken.iter().any(|name| mentions(tokens, name))
    }

    /// Whether the block defines a name.
    pub(super) fn contains(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// Evaluates an expression over literals and known constants. What overflows or divides by zero is left to
    /// the compiler, which says so.
    pub(super) fn fold(&self, expr: &Expr) -> Option<Known> {
        Some(match &expr.kind {
            ExprKind::Int(n) => Known::Int(*n),
            ExprKind::Float(x) => Known::Float(*x),
            ExprKind::Bool(b) => Known::Bool(*b),
            ExprKind::Str(s) => Known::Str(s.clone()),
            ExprKind::Name(ident) => self.known(&name_of(ident))?.clone(),
            ExprKind::Paren(inner) => self.fold(inner)?,
            ExprKind::Neg(inner) => match self.fold(inner)? {
                Known::Int(n) => Known::Int(n.checked_neg()?),
                Known::Float(x) => Known::Float(-x),
                Known::Bool(_) | Known::Str(_) => return None,
            },
            ExprKind::Binary(op, left, right) => match (self.fold(left)?, self.fold(right)?) {
                (Known::Int(a), Known::Int(b)) => Known::Int(match op {
                    Op::Add => a.checked_add(b)?,
                    Op::Sub => a.checked_sub(b)?,
                    Op::Mul => a.checked_mul(b)?,
                    Op::Div => a.checked_div(b)?,
                    Op::Rem => a.checked_rem(b)?,
                }),
                (Known::Float(a), Known::Float(b)) => Known::Float(match op {
                    Op::Add => a + b,
                    Op::Sub => a - b,
                    Op::Mul => a * b,
                    Op::Div => a / b,
                    Op::Rem => a % b,
                }),
                _ => return None,
            },
            ExprKind::None
            | ExprKind::List(_)
            | ExprKind::Map(_)
            | ExprKind::Call(..)
            | ExprKind::Rust
            | ExprKind::Invalid => return None,
        })
    }

    /// Puts the values of the block's constants in place of their names. `size` counts what is written.
    pub(super) fn substitute(&self, tokens: TokenStream, size: &mut usize) -> TokenStream {
        let mut out = Vec::new();
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        for (i, token) in tokens.iter().enumerate() {
            if *size > LIMIT {
                break;
            }
            *size += 1;
            match token {
                TokenTree::Group(group) => {
                    let mut inner = Group::new(group.delimiter(), self.substitute(group.stream(), size));
                    inner.set_span(group.span());
                    out.push(TokenTree::Group(inner));
                }
                TokenTree::Ident(ident) if !in_path(&tokens, i) => {
                    match self.entries.get(&name_of(ident)) {
                        Some(entry) => {
                            *size += entry.size;
                            // A length that fails is reported where it is used.
                            out.extend(entry.tokens.clone().into_iter().map(|mut token| {
                                token.set_span(ident.span());
                                token
                            }));
                        }
                        None => out.push(token.clone()),
                    }
                }
                _ => out.push(token.clone()),
            }
        }
        out.into_iter().collect()
    }

    /// The constants as items; each stands alone.
    pub(super) fn emitted(&self) -> Vec<BlockConst> {
        let emit = |def: &ConstDef| BlockConst {
            attrs: def.attrs.clone(),
            ident: def.ident.clone(),
            ty: def.ty.clone(),
            value: self.substitute(def.value.tokens.clone(), &mut 0),
        };
        self.defs.iter().map(emit).collect()
    }
}

/// Whether a part of an expression was reported.
pub(super) fn has_invalid_part(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Invalid => true,
        ExprKind::Neg(inner) | ExprKind::Paren(inner) => has_invalid_part(inner),
        ExprKind::Binary(_, left, right) => has_invalid_part(left) || has_invalid_part(right),
        _ => false,
    }
}

/// Whether an identifier is a part of a path, a field or a method, and so names no constant.
fn in_path(tokens: &[TokenTree], i: usize) -> bool {
    let is = |i: Option<usize>, symbol: char| matches!(i.and_then(|i| tokens.get(i)), Some(TokenTree::Punct(punct)) if punct.as_char() == symbol);
    is(i.checked_sub(1), '.') || is(i.checked_sub(1), ':') || is(Some(i + 1), ':')
}

/// Whether tokens name a constant.
fn mentions(tokens: &TokenStream, name: &str) -> bool {
    let tokens = contents(tokens.clone());
    tokens.iter().enumerate().any(|(i, token)| match token {
        TokenTree::Group(group) => mentions(&group.stream(), name),
        TokenTree::Ident(ident) => name_of(ident) == name && !in_path(&tokens, i),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

/// A known number as a literal of the constant's type, so that `N.pow(2)` still knows what `N` is.
fn typed(known: &Known, ty: &TokenStream) -> Option<TokenStream> {
    const NUMBERS: [&str; 14] = [
        "usize", "u8", "u16", "u32", "u64", "u128", "isize", "i8", "i16", "i32", "i64", "i128", "f32", "f64",
    ];
    let ty = ty.to_string();
    if !NUMBERS.contains(&ty.as_str()) {
        return None;
    }
    let text = match known {
        Known::Int(n) if *n >= 0 && !ty.starts_with('f') => format!("{n}{ty}"),
        Known::Float(x) if *x >= 0.0 && x.is_finite() && ty.starts_with('f') => format!("{x}{ty}"),
        _ => return None,
    };
    Some(TokenStream::from(TokenTree::Literal(text.parse::<Literal>().ok()?)))
}
