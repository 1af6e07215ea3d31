//! Arguments as the user wrote them, before a layer interprets them.

use crate::diag::Loc;
use crate::dim::ConstId;

/// One argument of a call: `32`, `activation = relu`.
#[derive(Clone, Debug, PartialEq)]
pub struct Arg {
    /// The keyword and its location, or `None` for a positional argument.
    pub name: Option<(String, Loc)>,
    /// The value.
    pub value: Value,
}

/// A value and its location.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// What it is.
    pub kind: ValueKind,
    /// All of its tokens.
    pub loc: Loc,
}

/// Forms of a value in the language.
#[derive(Clone, Debug, PartialEq)]
pub enum ValueKind {
    /// An integer literal, or a block constant with one as its value; may be negative.
    Int(i64),
    /// A literal with a fraction or an exponent, or a block constant with one as its value.
    Float(f64),
    /// `true` or `false`.
    Bool(bool),
    /// A string literal.
    Str(String),
    /// A single identifier: a name (`relu`, `same`) or a constant (`FILTERS`); the parameter decides.
    Ident {
        /// The identifier.
        text: String,
        /// The same identifier as a constant.
        constant: ConstId,
    },
    /// Any other constant expression: `crate::config::VOCAB * 2`.
    Expr(ConstId),
    /// `none`.
    None,
    /// A list `[a, b]` or a tuple `(a, b)`.
    List(Vec<Value>),
    /// A call: `HeNormal(seed = 1)`, `Dense(32)` as an argument of a wrapper.
    Call {
        /// Name of the callee.
        name: String,
        /// Location of the name.
        name_loc: Loc,
        /// Arguments.
        args: Vec<Arg>,
    },
    /// A map `{ risk: mse }`: keys with their locations, and values.
    Map(Vec<(String, Loc, Value)>),
    /// A tensor of the call, in the place of an argument of an operation that is not a number: `exp(x)`.
    Tensor,
    /// Tokens that are not a value; an error was reported.
    Invalid,
}

impl Value {
    /// Reads a default as an [`Item`](crate::item::Item) writes it: a number, `true` or `false`, `none`, or a word.
    pub(crate) fn of_default(text: &str, loc: Loc) -> Self {
        let number = || text.parse().map(ValueKind::Int).or_else(|_| text.parse().map(ValueKind::Float));
        let kind = match text {
            "none" => ValueKind::None,
            "true" => ValueKind::Bool(true),
            "false" => ValueKind::Bool(false),
            _ => number().unwrap_or_else(|_: std::num::ParseFloatError| ValueKind::Str(text.into())),
        };
        Value { kind, loc }
    }

    /// The word, if the value is an identifier or a string: `relu` and `"relu"` mean the same.
    pub fn word(&self) -> Option<&str> {
        match &self.kind {
            ValueKind::Ident { text, .. } | ValueKind::Str(text) => Some(text),
            _ => None,
        }
    }

    /// Description of the value in messages: `a list`, `the number 3`.
    pub fn describe(&self) -> String {
        match &self.kind {
            ValueKind::Int(n) => format!("the number {n}"),
            ValueKind::Float(x) => format!("the number {x}"),
            ValueKind::Bool(b) => format!("`{b}`"),
            ValueKind::Str(s) => format!("the string {s:?}"),
            ValueKind::Ident { text, .. } => format!("`{text}`"),
            ValueKind::Expr(_) => "an expression".into(),
            ValueKind::None => "`none`".into(),
            ValueKind::List(items) => format!("a list of {}", items.len()),
            ValueKind::Call { name, .. } => format!("`{name}(…)`"),
            ValueKind::Map(_) => "a map".into(),
            ValueKind::Tensor => "a tensor".into(),
            ValueKind::Invalid => "this".into(),
        }
    }
}
