//! What the user wrote, before names and layers have a meaning.

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};

use mimo_graph::diag::Loc;
use proc_macro2::{Ident, TokenStream, TokenTree};

/// The input of one `model!` or one `functions!`.
#[derive(Debug, Default)]
pub(crate) struct Model {
    /// The descriptions of the first of `uses`, if the macros of those models gave them.
    pub(crate) described: Vec<TokenStream>,
    /// Everything behind them, as written.
    pub(crate) written: TokenStream,
    /// What stands before the block, if a name was found.
    pub(crate) header: Option<Header>,
    /// The models and functions that the block brings in.
    pub(crate) uses: Vec<Use>,
    /// Names that were meant to be models or functions, in statements that were reported.
    pub(crate) missing_uses: Vec<String>,
    /// The levels of lints, as attributes set them.
    pub(crate) levels: Vec<crate::lints::Level>,
    /// The constants of the block.
    pub(crate) consts: Vec<ConstDef>,
    /// Functions of the block.
    pub(crate) functions: Vec<Rc<Function>>,
    /// Bindings and loops, in order.
    pub(crate) statements: Vec<Statement>,
    /// `Model(…)`.
    pub(crate) tail: Option<Tail>,
    /// Every statement as it was written, in order, whether it could be read or not.
    pub(crate) runs: Vec<Run>,
    /// The statements in the body of the statement that is being read.
    pub(crate) inner: Vec<Run>,
    /// What statements bind that were too broken to be read.
    pub(crate) lost: Lost,
}

/// Names of which it is not known whether they are bound: that nothing else binds them is no news.
#[derive(Debug, Default)]
pub(crate) struct Lost {
    /// Every name in statements that could not be read.
    pub(crate) names: BTreeSet<String>,
    /// How many names are bound somewhere that were left out.
    pub(crate) nameless: usize,
}

impl Lost {
    /// Adds what was lost in a body.
    pub(crate) fn add(&mut self, inner: Lost) {
        self.names.extend(inner.names);
        self.nameless += inner.nameless;
    }

    /// Whether there are any.
    pub(crate) fn any(&self) -> bool {
        !self.names.is_empty() || self.nameless > 0
    }
}

/// The tokens of a statement, and what was read from them.
#[derive(Debug)]
pub(crate) struct Run {
    /// The tokens, without the `;`.
    pub(crate) tokens: Vec<TokenTree>,
    /// Which of [`Model::consts`] it gave.
    pub(crate) consts: Range<usize>,
    /// The places of the names that it binds.
    pub(crate) binders: Vec<Loc>,
    /// The statements in its body.
    pub(crate) inner: Vec<Run>,
}

/// What stands before the block.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    /// The path under which the user knows mimo: `::mimo`, or what `crate = …;` says.
    pub(crate) krate: TokenStream,
    /// Doc comments and attributes, as written.
    pub(crate) attrs: TokenStream,
    /// `pub`, `pub(crate)`, or nothing.
    pub(crate) vis: TokenStream,
    /// The model's name.
    pub(crate) ident: Ident,
}

/// `use path::Encoder as Name;`
#[derive(Clone, Debug)]
pub(crate) struct Use {
    /// The path of the model or the function, as written.
    pub(crate) path: TokenStream,
    /// What the block calls it.
    pub(crate) ident: Ident,
    /// The path's place.
    pub(crate) loc: Loc,
}

/// `const NAME: Ty = value;`
#[derive(Debug)]
pub(crate) struct ConstDef {
    /// Doc comments and attributes, as written.
    pub(crate) attrs: TokenStream,
    /// The name.
    pub(crate) ident: Ident,
    /// The name's place.
    pub(crate) loc: Loc,
    /// The type, as written.
    pub(crate) ty: TokenStream,
    /// The value.
    pub(crate) value: Expr,
}

/// A statement, which makes tensors and layers or adds a loss.
#[derive(Debug)]
pub(crate) enum Statement {
    /// `let name = value;`
    Let(Let),
    /// `for name in range { … }`
    For(For),
    /// `if include_top { … }`
    If(If),
    /// `add_loss(expression, name = "kl");`
    AddLoss(Expr),
}

/// `fn name(x, filters = 32) { … }`: expanded wherever it is called.
#[derive(Debug)]
pub(crate) struct Function {
    /// Doc comments and attributes, as written.
    pub(crate) attrs: TokenStream,
    /// `pub`, `pub(crate)`, or nothing; only a function of `functions!` has one.
    pub(crate) vis: TokenStream,
    /// The tokens from `fn` on.
    pub(crate) tokens: Vec<TokenTree>,
    /// The name.
    pub(crate) ident: Ident,
    /// The name's place.
    pub(crate) loc: Loc,
    /// What it is given.
    pub(crate) parameters: Vec<Parameter>,
    /// What it makes on the way.
    pub(crate) body: Vec<Statement>,
    /// What it gives; `None` if that was reported.
    pub(crate) result: Option<Expr>,
    /// Every identifier in it.
    pub(crate) mentions: HashSet<String>,
    /// As [`Model::lost`].
    pub(crate) lost: Lost,
}

/// A parameter of a function, and what it is if a call does not say.
#[derive(Debug)]
pub(crate) struct Parameter {
    /// The name.
    pub(crate) ident: Ident,
    /// `= value`
    pub(crate) default: Option<Expr>,
}

/// `for name in values { … }`: its body is written once for each value.
#[derive(Debug)]
pub(crate) struct For {
    /// The names that each value is bound to.
    pub(crate) names: Vec<Binder>,
    /// Whether the names are a tuple.
    pub(crate) tuple: bool,
    /// The values.
    pub(crate) values: Values,
    /// The statements.
    pub(crate) body: Vec<Statement>,
    /// Tensor of each round, for a loop that gives a list; `None` for a statement, and if that was reported.
    pub(crate) result: Option<Expr>,
    /// The tokens before the body.
    pub(crate) loc: Loc,
}

/// `if training { … } else { … }`
#[derive(Debug)]
pub(crate) struct Switch {
    /// The side of training steps.
    pub(crate) training: Branch,
    /// The side of predictions and evaluations.
    pub(crate) inference: Branch,
}

/// One side of a [`Switch`] or an [`If`].
#[derive(Debug)]
pub(crate) struct Branch {
    /// The statements.
    pub(crate) body: Vec<Statement>,
    /// The tensor or value; `None` for a statement, and if that was reported.
    pub(crate) result: Option<Expr>,
    /// Every identifier in it.
    pub(crate) mentions: HashSet<String>,
}

/// `if stride == 2 { … } else if … { … } else { … }` on values that are known while the macro runs: one side is expanded.
#[derive(Debug)]
pub(crate) struct If {
    /// Conditions in order, each with the side that is expanded if it is the first that holds.
    pub(crate) arms: Vec<(Condition, Branch)>,
    /// The side after the last `else`.
    pub(crate) otherwise: Option<Branch>,
}

impl If {
    /// All sides.
    pub(crate) fn branches(&self) -> impl Iterator<Item = &Branch> {
        self.arms.iter().map(|(_, branch)| branch).chain(&self.otherwise)
    }
}

/// Condition of an [`If`].
#[derive(Debug)]
pub(crate) enum Condition {
    /// A comparison, or a name of `true` or `false`.
    Of(Expr),
    /// `!a`
    Not(Box<Condition>),
    /// `a && b`
    And(Box<Condition>, Box<Condition>),
    /// `a || b`
    Or(Box<Condition>, Box<Condition>),
}

impl Condition {
    /// Whether something is true of one of its comparisons.
    pub(crate) fn any(&self, of: &dyn Fn(&Expr) -> bool) -> bool {
        match self {
            Condition::Of(expr) => of(expr),
            Condition::Not(inner) => inner.any(of),
            Condition::And(left, right) | Condition::Or(left, right) => left.any(of) || right.any(of),
        }
    }
}

/// What a loop goes over.
#[derive(Debug)]
pub(crate) enum Values {
    /// `0..4`, `1..=N`
    Range {
        /// The first number.
        start: Expr,
        /// The number after the last, or the last.
        end: Expr,
        /// Whether `end` is the last.
        inclusive: bool,
    },
    /// `[32, 64]`
    List(Expr),
    /// `(0..4).rev()`
    Reversed(Box<Values>),
    /// `DEPTHS.iter().enumerate()`
    Enumerated(Box<Values>),
    /// Reported already.
    Invalid,
}

/// `let name: [127, 32] = value;`
#[derive(Debug)]
pub(crate) struct Let {
    /// The names that are bound.
    pub(crate) names: Vec<Binder>,
    /// Whether the names are a tuple, `let (y, h) = …`.
    pub(crate) tuple: bool,
    /// The shape that the tensor is said to have.
    pub(crate) ascription: Option<Expr>,
    /// What is bound.
    pub(crate) value: Expr,
}

/// A name that a `let` binds.
#[derive(Debug)]
pub(crate) struct Binder {
    /// The name; `_` binds nothing.
    pub(crate) ident: Ident,
    /// Its place.
    pub(crate) loc: Loc,
}

/// `Model(inputs = …, outputs = …).compile(…)`
#[derive(Debug)]
pub(crate) struct Tail {
    /// The whole call of `Model`.
    pub(crate) loc: Loc,
    /// What `Model` is given.
    pub(crate) args: Vec<Arg>,
    /// What `.compile` is given, and the place of the call.
    pub(crate) compile: Option<(Vec<Arg>, Loc)>,
}

/// An argument of a call, before it is known whether it is a tensor or a setting.
#[derive(Debug)]
pub(crate) struct Arg {
    /// The keyword and its place.
    pub(crate) keyword: Option<(String, Loc)>,
    /// The value.
    pub(crate) value: Expr,
}

/// One expression of all that were read. Places do not tell them apart: what was read from another block is all at the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ExprId(u32);

impl ExprId {
    /// That of a new expression.
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        ExprId(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// An expression: a tensor, a layer, or a value; where it stands decides.
#[derive(Debug)]
pub(crate) struct Expr {
    /// Which one it is.
    pub(crate) id: ExprId,
    /// What it is.
    pub(crate) kind: ExprKind,
    /// All of its tokens.
    pub(crate) loc: Loc,
    /// The tokens themselves, for constants.
    pub(crate) tokens: TokenStream,
}

impl Expr {
    /// An expression that was read.
    pub(crate) fn new(kind: ExprKind, loc: Loc, tokens: TokenStream) -> Self {
        Expr { id: ExprId::new(), kind, loc, tokens }
    }

    /// Calls `see` for the expression and each of its parts, from the outside in.
    pub(crate) fn each<'e>(&'e self, see: &mut dyn FnMut(&'e Expr)) {
        see(self);
        match &self.kind {
            ExprKind::Neg(inner)
            | ExprKind::Paren(inner)
            | ExprKind::Index(inner)
            | ExprKind::Shape(inner)
            | ExprKind::Len(inner) => inner.each(see),
            ExprKind::Power(left, right) | ExprKind::Binary(_, left, right) => {
                left.each(see);
                right.each(see);
            }
            ExprKind::Call(callee, args) => {
                callee.each(see);
                args.iter().for_each(|arg| arg.value.each(see));
            }
            ExprKind::List(items) => items.iter().for_each(|item| item.each(see)),
            ExprKind::Map(entries) => entries.iter().for_each(|(_, value)| value.each(see)),
            ExprKind::Int(_)
            | ExprKind::Float(_)
            | ExprKind::Bool(_)
            | ExprKind::Str(_)
            | ExprKind::None
            | ExprKind::Name(_)
            | ExprKind::Rust
            | ExprKind::Loop(_)
            | ExprKind::Switch(_)
            | ExprKind::If(_)
            | ExprKind::Invalid => {}
        }
    }

    /// The first part of the expression that is wanted, itself included, from the outside in.
    pub(crate) fn find(&self, wanted: &dyn Fn(&ExprKind) -> bool) -> Option<&Expr> {
        self.part(&|part| wanted(&part.kind))
    }

    /// The same by the whole part.
    pub(crate) fn part(&self, wanted: &dyn Fn(&Expr) -> bool) -> Option<&Expr> {
        let mut found = None;
        self.each(&mut |part| {
            if found.is_none() && wanted(part) {
                found = Some(part);
            }
        });
        found
    }
}

/// The forms of an expression.
#[derive(Debug)]
pub(crate) enum ExprKind {
    /// `32`
    Int(i64),
    /// `1e-3`
    Float(f64),
    /// `true`
    Bool(bool),
    /// `"relu"`
    Str(String),
    /// `none`
    None,
    /// `x`
    Name(Ident),
    /// `-x`
    Neg(Box<Expr>),
    /// `x + y`
    Binary(Op, Box<Expr>, Box<Expr>),
    /// `x ** 2`: Python's power, which is reported wherever it stands.
    Power(Box<Expr>, Box<Expr>),
    /// `lengths[0]`, an expression of Rust, or `x[0..4]`, an index of a tensor.
    Index(Box<Expr>),
    /// `x.shape`: the batch and the lengths of the axes of a tensor.
    Shape(Box<Expr>),
    /// `DEPTHS.len()`
    Len(Box<Expr>),
    /// `(x)`
    Paren(Box<Expr>),
    /// `[x, y]` or `(x, y)`
    List(Vec<Expr>),
    /// `{ risk: mse }`
    Map(Vec<(Key, Expr)>),
    /// `Dense(64)`, `Dense(64)(x)`
    Call(Box<Expr>, Vec<Arg>),
    /// `for i in 0..4 { …; tensor }`: a list of tensors, which only a `let` binds.
    Loop(Box<For>),
    /// `if training { … } else { … }`
    Switch(Box<Switch>),
    /// `if stride == 2 { … } else { … }`
    If(Box<If>),
    /// Any other Rust expression.
    Rust,
    /// Reported already.
    Invalid,
}

/// A key of a map.
#[derive(Debug)]
pub(crate) struct Key {
    /// The word, without quotes and without `r#`.
    pub(crate) text: String,
    /// Its place.
    pub(crate) loc: Loc,
}

/// An operator between tensors or numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `%`
    Rem,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
}

impl Op {
    /// Every operator; those of two characters come before those that they start with.
    pub(crate) const ALL: [Op; 11] = [
        Op::GreaterEqual,
        Op::LessEqual,
        Op::Equal,
        Op::NotEqual,
        Op::Add,
        Op::Sub,
        Op::Mul,
        Op::Div,
        Op::Rem,
        Op::Greater,
        Op::Less,
    ];

    /// The characters.
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Op::Add => "+",
            Op::Sub => "-",
            Op::Mul => "*",
            Op::Div => "/",
            Op::Rem => "%",
            Op::Greater => ">",
            Op::GreaterEqual => ">=",
            Op::Less => "<",
            Op::LessEqual => "<=",
            Op::Equal => "==",
            Op::NotEqual => "!=",
        }
    }

    /// The operation on tensors that it stands for.
    pub(crate) fn operation(self) -> &'static str {
        match self {
            Op::Add => "add",
            Op::Sub => "subtract",
            Op::Mul => "multiply",
            Op::Div => "divide",
            Op::Rem => "mod",
            Op::Greater => "greater",
            Op::GreaterEqual => "greater_equal",
            Op::Less => "less",
            Op::LessEqual => "less_equal",
            Op::Equal => "equal",
            Op::NotEqual => "not_equal",
        }
    }

    /// Whether it makes a number of two numbers, and does not compare them.
    pub(crate) fn computes(self) -> bool {
        self.precedence() > 1
    }

    /// How tightly it binds.
    pub(crate) fn precedence(self) -> u8 {
        match self {
            Op::Greater | Op::GreaterEqual | Op::Less | Op::LessEqual | Op::Equal | Op::NotEqual => 1,
            Op::Add | Op::Sub => 2,
            Op::Mul | Op::Div | Op::Rem => 3,
        }
    }
}

/// An identifier's name without `r#`.
pub(crate) fn name_of(ident: &Ident) -> String {
    let text = ident.to_string();
    text.strip_prefix("r#").map(str::to_owned).unwrap_or(text)
}
