//! Syntax tree: the user's description before names and layers are resolved.

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};

use mimo_graph::diag::Loc;
use proc_macro2::{Ident, TokenStream, TokenTree};

/// The input of one `model!` or one `functions!`.
#[derive(Debug, Default)]
pub(crate) struct Model {
    /// Descriptions of the first of `uses`, from the macros of those models.
    pub(crate) described: Vec<TokenStream>,
    /// The remaining tokens, as written.
    pub(crate) written: TokenStream,
    /// The part before the block, if it has a name.
    pub(crate) header: Option<Header>,
    /// Models and functions that the block imports.
    pub(crate) uses: Vec<Use>,
    /// Names of models or functions in broken `use` statements, which were reported.
    pub(crate) missing_uses: Vec<String>,
    /// Lint levels set by attributes.
    pub(crate) levels: Vec<crate::lints::Level>,
    /// The constants of the block.
    pub(crate) consts: Vec<ConstDef>,
    /// Functions of the block.
    pub(crate) functions: Vec<Rc<Function>>,
    /// Bindings and loops, in order.
    pub(crate) statements: Vec<Statement>,
    /// `Model(…)`.
    pub(crate) tail: Option<Tail>,
    /// Every statement as written, in order, whether it was parsed or not.
    pub(crate) runs: Vec<Run>,
    /// Statements in the body of the statement that is being parsed.
    pub(crate) inner: Vec<Run>,
    /// Names bound by statements that were too broken to parse.
    pub(crate) lost: Lost,
}

/// Names that a broken statement may have bound. Reporting them as unknown would only repeat the first error.
#[derive(Debug, Default)]
pub(crate) struct Lost {
    /// Every name in statements that could not be parsed.
    pub(crate) names: BTreeSet<String>,
    /// Number of missing names in patterns.
    pub(crate) nameless: usize,
}

impl Lost {
    /// Adds the lost names of a body.
    pub(crate) fn add(&mut self, inner: Lost) {
        self.names.extend(inner.names);
        self.nameless += inner.nameless;
    }

    /// Whether there are any.
    pub(crate) fn any(&self) -> bool {
        !self.names.is_empty() || self.nameless > 0
    }
}

/// The tokens of a statement, and what was parsed from them.
#[derive(Debug)]
pub(crate) struct Run {
    /// The tokens, without the `;`.
    pub(crate) tokens: Vec<TokenTree>,
    /// Range of its constants in [`Model::consts`].
    pub(crate) consts: Range<usize>,
    /// Locations of the names that it binds.
    pub(crate) binders: Vec<Loc>,
    /// The statements in its body.
    pub(crate) inner: Vec<Run>,
}

/// The part before the block.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    /// Path under which the user knows mimo: `::mimo`, or that of `crate = …;`.
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
    /// Its name in the block.
    pub(crate) ident: Ident,
    /// Location of the path.
    pub(crate) loc: Loc,
}

/// `const NAME: Ty = value;`
#[derive(Debug)]
pub(crate) struct ConstDef {
    /// Doc comments and attributes, as written.
    pub(crate) attrs: TokenStream,
    /// The name.
    pub(crate) ident: Ident,
    /// Location of the name.
    pub(crate) loc: Loc,
    /// The type, as written.
    pub(crate) ty: TokenStream,
    /// The value.
    pub(crate) value: Expr,
}

/// A statement that makes tensors and layers or adds a loss.
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

/// `fn name(x, filters = 32) { … }`: expanded at each call.
#[derive(Debug)]
pub(crate) struct Function {
    /// Doc comments and attributes, as written.
    pub(crate) attrs: TokenStream,
    /// `pub`, `pub(crate)`, or nothing; only functions of `functions!` have one.
    pub(crate) vis: TokenStream,
    /// The tokens from `fn` on.
    pub(crate) tokens: Vec<TokenTree>,
    /// The name.
    pub(crate) ident: Ident,
    /// Location of the name.
    pub(crate) loc: Loc,
    /// What it is given.
    pub(crate) parameters: Vec<Parameter>,
    /// Statements of the body.
    pub(crate) body: Vec<Statement>,
    /// The result; `None` if that was reported.
    pub(crate) result: Option<Expr>,
    /// Every identifier in it.
    pub(crate) mentions: HashSet<String>,
    /// As [`Model::lost`].
    pub(crate) lost: Lost,
}

/// A parameter of a function with its default.
#[derive(Debug)]
pub(crate) struct Parameter {
    /// The name.
    pub(crate) ident: Ident,
    /// `= value`
    pub(crate) default: Option<Expr>,
}

/// `for name in values { … }`: the body is expanded once for each value.
#[derive(Debug)]
pub(crate) struct For {
    /// The names that each value is bound to.
    pub(crate) names: Vec<Binder>,
    /// Whether the names form a tuple.
    pub(crate) tuple: bool,
    /// The values.
    pub(crate) values: Values,
    /// The statements.
    pub(crate) body: Vec<Statement>,
    /// Tensor of each round, for a loop that returns a list; `None` for a statement, and after an error.
    pub(crate) result: Option<Expr>,
    /// The tokens before the body.
    pub(crate) loc: Loc,
}

/// `if training { … } else { … }`
#[derive(Debug)]
pub(crate) struct Switch {
    /// Executed in training steps.
    pub(crate) training: Branch,
    /// Executed in predictions and evaluations.
    pub(crate) inference: Branch,
}

/// One side of a [`Switch`] or an [`If`].
#[derive(Debug)]
pub(crate) struct Branch {
    /// The statements.
    pub(crate) body: Vec<Statement>,
    /// The result; `None` for a statement, and after an error.
    pub(crate) result: Option<Expr>,
    /// Every identifier in it.
    pub(crate) mentions: HashSet<String>,
}

/// `if stride == 2 { … } else if … { … } else { … }` on values known to the macro: one branch is expanded.
#[derive(Debug)]
pub(crate) struct If {
    /// Conditions in order, each with the branch that is expanded if it is the first true one.
    pub(crate) arms: Vec<(Condition, Branch)>,
    /// The branch after the last `else`.
    pub(crate) otherwise: Option<Branch>,
}

impl If {
    /// All branches.
    pub(crate) fn branches(&self) -> impl Iterator<Item = &Branch> {
        self.arms.iter().map(|(_, branch)| branch).chain(&self.otherwise)
    }
}

/// Condition of an [`If`].
#[derive(Debug)]
pub(crate) enum Condition {
    /// A comparison, or a name for `true` or `false`.
    Of(Expr),
    /// `!a`
    Not(Box<Condition>),
    /// `a && b`
    And(Box<Condition>, Box<Condition>),
    /// `a || b`
    Or(Box<Condition>, Box<Condition>),
}

impl Condition {
    /// Whether `of` is true for one of its comparisons.
    pub(crate) fn any(&self, of: &dyn Fn(&Expr) -> bool) -> bool {
        match self {
            Condition::Of(expr) => of(expr),
            Condition::Not(inner) => inner.any(of),
            Condition::And(left, right) | Condition::Or(left, right) => left.any(of) || right.any(of),
        }
    }
}

/// Values of a loop.
#[derive(Debug)]
pub(crate) enum Values {
    /// `0..4`, `1..=N`
    Range {
        /// The first number.
        start: Expr,
        /// The last number, or the one after it.
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
    /// An error was reported.
    Invalid,
}

/// `let name: [127, 32] = value;`
#[derive(Debug)]
pub(crate) struct Let {
    /// The names that are bound.
    pub(crate) names: Vec<Binder>,
    /// Whether the names form a tuple, `let (y, h) = …`.
    pub(crate) tuple: bool,
    /// Annotated shape of the tensor.
    pub(crate) ascription: Option<Expr>,
    /// The bound value.
    pub(crate) value: Expr,
}

/// A name that a `let` binds.
#[derive(Debug)]
pub(crate) struct Binder {
    /// The name; `_` binds nothing.
    pub(crate) ident: Ident,
    /// Location of the name.
    pub(crate) loc: Loc,
}

/// `Model(inputs = …, outputs = …).compile(…)`
#[derive(Debug)]
pub(crate) struct Tail {
    /// The whole call of `Model`.
    pub(crate) loc: Loc,
    /// Arguments of `Model`.
    pub(crate) args: Vec<Arg>,
    /// Arguments of `.compile`, and the location of the call.
    pub(crate) compile: Option<(Vec<Arg>, Loc)>,
}

/// An argument of a call, before it is known whether it is a tensor or a setting.
#[derive(Debug)]
pub(crate) struct Arg {
    /// The keyword and its location.
    pub(crate) keyword: Option<(String, Loc)>,
    /// The value.
    pub(crate) value: Expr,
}

/// Identity of an expression. Locations do not identify it: everything expanded from another block has the location
/// of the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ExprId(u32);

impl ExprId {
    /// Creates a new id.
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        ExprId(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// An expression: a tensor, a layer, or a value, depending on the context.
#[derive(Debug)]
pub(crate) struct Expr {
    /// Its identity.
    pub(crate) id: ExprId,
    /// What it is.
    pub(crate) kind: ExprKind,
    /// Location of all of its tokens.
    pub(crate) loc: Loc,
    /// The tokens themselves, for constants.
    pub(crate) tokens: TokenStream,
}

impl Expr {
    /// Creates an expression.
    pub(crate) fn new(kind: ExprKind, loc: Loc, tokens: TokenStream) -> Self {
        Expr { id: ExprId::new(), kind, loc, tokens }
    }

    /// Calls `see` for the expression and each of its parts, outermost first.
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

    /// The first matching part of the expression, itself included, outermost first.
    pub(crate) fn find(&self, wanted: &dyn Fn(&ExprKind) -> bool) -> Option<&Expr> {
        self.part(&|part| wanted(&part.kind))
    }

    /// Same as [`find`](Self::find), with a predicate on the part including its location.
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
    /// `x ** 2`: Python's power, which is reported everywhere.
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
    /// An error was reported.
    Invalid,
}

/// A key of a map.
#[derive(Debug)]
pub(crate) struct Key {
    /// The word, without quotes and without `r#`.
    pub(crate) text: String,
    /// Location of the key.
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
    /// Every operator; those of two characters come before their prefixes.
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

    /// The tensor operation of the operator.
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

    /// Whether it computes a number from two numbers instead of comparing them.
    pub(crate) fn computes(self) -> bool {
        self.precedence() > 1
    }

    /// Precedence; larger binds more tightly.
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
