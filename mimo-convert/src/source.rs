//! Source of `model!` as data: what is printed is first evaluated by the graph's builder, so that shapes, names of weights and
//! mistakes are known before a line is written.

use mimo_graph::layers::get_item::Entry;
use mimo_graph::value::{Arg, Value};

pub mod blocks;
pub mod evaluate;
pub mod expand;
pub mod fold;
mod forms;
mod loops;
pub mod names;
mod parameters;
pub mod print;
pub mod simplify;

/// A `model!`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Block {
    /// Name of the struct.
    pub name: String,
    /// Lines of documentation.
    pub docs: Vec<String>,
    /// Models that the block brings in, each once.
    pub uses: Vec<String>,
    /// Functions of the block.
    pub functions: Vec<Function>,
    /// The statements, in order.
    pub statements: Vec<Statement>,
    /// Inputs: name and binding.
    pub inputs: Vec<Port>,
    /// Outputs: name and binding.
    pub outputs: Vec<Port>,
    /// Arguments of `.compile(…)`; none for a model that only predicts.
    pub compile: Option<Vec<Arg>>,
    /// What `.compile(…)` lacks, as comments.
    pub compile_comments: Vec<String>,
}

/// An input or an output.
#[derive(Clone, Debug, PartialEq)]
pub struct Port {
    /// Its name.
    pub name: String,
    /// The name that a `let` binds its tensor to.
    pub binding: String,
}

/// A function of a block: `fn residual(x, filters) { …; y }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Its parameters.
    pub parameters: Vec<String>,
    /// Its statements.
    pub statements: Vec<Statement>,
    /// The binding that it returns.
    pub result: String,
}

/// A statement of a block.
#[derive(Clone, Debug, PartialEq)]
pub enum Statement {
    /// Lines of a comment.
    Comment(Vec<String>),
    /// `let binding = value;`, or `let (a, b) = value;`
    Let(Let),
    /// `for name in 0..rounds { … }`
    For {
        /// Names that each round binds; one, or those of a tuple.
        names: Vec<String>,
        /// The values of each round, one for each name.
        rounds: Vec<Vec<Value>>,
        /// Statements of a round.
        body: Vec<Statement>,
    },
}

/// A `let`.
#[derive(Clone, Debug, PartialEq)]
pub struct Let {
    /// Names that the value is bound to; more than one for a value of several tensors.
    pub bindings: Vec<String>,
    /// Shape that is written at the name.
    pub shape: Option<Vec<usize>>,
    /// The value.
    pub value: Expr,
    /// Index of Keras's layer and of its call that the statement comes from, for messages.
    pub origin: String,
}

/// An expression: a tensor, several tensors, or a layer.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// A bound tensor.
    Name(String),
    /// `Input(shape = [8])`
    Input(Vec<Arg>),
    /// A layer that is bound without a call.
    Layer(Callee),
    /// `Dense(8)(x)`
    Call(Box<Call>),
    /// `exp(x)`, `clip(x, 0.0, 1.0)`, and activations of a tensor.
    Operation {
        /// The word of the operation.
        word: String,
        /// Arguments by position, and then by keyword.
        arguments: Vec<(Option<String>, Operand)>,
    },
    /// `a + b`
    Binary(&'static str, Box<Operand>, Box<Operand>),
    /// `-x`
    Negative(Box<Expr>),
    /// `x[.., 0..3]`
    Index(Box<Expr>, Vec<Entry>),
}

/// A call of a layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The layer.
    pub callee: Callee,
    /// Tensors by position.
    pub tensors: Vec<Expr>,
    /// Whether the tensors are one list: `Add()([a, b])`.
    pub list: bool,
    /// Tensors and switches by keyword.
    pub keywords: Vec<(String, Operand)>,
}

/// An argument of an operation or of a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// A tensor.
    Tensor(Expr),
    /// A list of tensors.
    Tensors(Vec<Expr>),
    /// A number, a word, a list of numbers.
    Value(Value),
}

/// A layer that is called.
#[derive(Clone, Debug, PartialEq)]
pub enum Callee {
    /// A layer that is bound to a name.
    Bound(String),
    /// `Dense(64, activation = relu)`
    Class(Layer),
    /// A nested model, `Encoder(name = "left")`.
    Model(Layer),
    /// `TimeDistributed(Encoder())`
    Steps(Box<Callee>),
    /// A function of the block, called on its tensors at once: `residual(x, 64)`.
    Function {
        /// Its name.
        name: String,
        /// What is passed after the tensors.
        arguments: Vec<Value>,
    },
}

/// A class with its arguments.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// The class, or the name of a nested model.
    pub class: String,
    /// Its arguments without the name.
    pub args: Vec<Arg>,
    /// Keras's name.
    pub name: String,
    /// Whether `name = "…"` is written.
    pub named: bool,
}

impl Layer {
    /// The arguments with the name, if it is written.
    pub fn arguments(&self) -> Vec<Arg> {
        let name = self.named.then(|| keyword("name", text(&self.name)));
        self.args.iter().cloned().chain(name).collect()
    }
}

/// A value without a place.
pub fn value(kind: mimo_graph::value::ValueKind) -> Value {
    Value { kind, loc: mimo_graph::diag::Loc(0) }
}

/// A string.
pub fn text(text: &str) -> Value {
    value(mimo_graph::value::ValueKind::Str(text.into()))
}

/// A word of the language: `relu`.
pub fn word(text: &str) -> Value {
    // Words are read as words only, and never as the constants that they may be too.
    let constant = mimo_graph::dim::ConstId(0);
    value(mimo_graph::value::ValueKind::Ident { text: text.into(), constant })
}

/// An integer.
pub fn whole(number: i64) -> Value {
    value(mimo_graph::value::ValueKind::Int(number))
}

/// An argument by keyword.
pub fn keyword(name: &str, value: Value) -> Arg {
    Arg { name: Some((name.into(), mimo_graph::diag::Loc(0))), value }
}
