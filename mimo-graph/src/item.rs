//! Words of the language as data: their spellings, arguments and documentation. The macros of `declare.rs` write them.

use std::fmt;
use std::ops::{Bound, RangeBounds};

/// A module of the language.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Module {
    /// Activations.
    Activations,
    /// Constraints of weights.
    Constraints,
    /// Initializers of weights.
    Initializers,
    /// Layers.
    Layers,
    /// Losses.
    Losses,
    /// Metrics.
    Metrics,
    /// `Model(…)` and `.compile(…)`.
    Model,
    /// Operations on tensors.
    Operations,
    /// Optimizers.
    Optimizers,
    /// Regularizers of weights.
    Regularizers,
    /// Schedules of learning rates.
    Schedules,
}

impl Module {
    /// Every module.
    pub const ALL: [Module; 11] = [
        Module::Activations,
        Module::Constraints,
        Module::Initializers,
        Module::Layers,
        Module::Losses,
        Module::Metrics,
        Module::Model,
        Module::Operations,
        Module::Optimizers,
        Module::Regularizers,
        Module::Schedules,
    ];

    /// The name of the module in paths: `mimo::language::layers`.
    pub fn name(self) -> &'static str {
        match self {
            Module::Activations => "activations",
            Module::Constraints => "constraints",
            Module::Initializers => "initializers",
            Module::Layers => "layers",
            Module::Losses => "losses",
            Module::Metrics => "metrics",
            Module::Model => "model",
            Module::Operations => "operations",
            Module::Optimizers => "optimizers",
            Module::Regularizers => "regularizers",
            Module::Schedules => "schedules",
        }
    }
}

impl fmt::Display for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A word of `model!`.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Item {
    /// Every spelling, the item's own name first.
    pub names: &'static [&'static str],
    /// Name in messages: Keras's class for most items.
    pub class: &'static str,
    /// Lines of its documentation.
    pub docs: &'static [&'static str],
    /// The call with every argument and its default.
    pub call: &'static str,
    /// A use of it.
    pub example: Option<&'static str>,
    /// Positional arguments, in Keras's order, including those that mimo does not have.
    pub positional: &'static [Argument],
    /// Keyword-only arguments.
    pub keywords: &'static [Argument],
    /// Keyword arguments of every item of this kind, such as the name of a layer.
    pub common: &'static [Argument],
}

impl Item {
    /// Every argument of Keras, positional ones first.
    pub fn all(&self) -> impl Iterator<Item = &'static Argument> + use<> {
        self.positional.iter().chain(self.keywords).chain(self.common)
    }

    /// The arguments that mimo has, in Keras's order.
    pub fn arguments(&self) -> impl Iterator<Item = &'static Argument> + use<> {
        self.all().filter(|argument| argument.instead.is_none())
    }

    /// The argument of a keyword, if mimo has it.
    pub fn argument(&self, name: &str) -> Option<&'static Argument> {
        self.arguments().find(|argument| argument.name == name)
    }

    /// The spelling in suggestions: the first one that is a word and not a class.
    pub fn word(&self) -> &'static str {
        let lower = self.names.iter().find(|name| name.starts_with(char::is_lowercase));
        lower.or(self.names.first()).copied().unwrap_or(self.class)
    }
}

/// An argument of an item.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Argument {
    /// Its keyword.
    pub name: &'static str,
    /// Type of its values.
    pub kind: Kind,
    /// Default; an argument without a default is required.
    pub default: Option<&'static str>,
    /// Range of numbers.
    pub range: Range,
    /// Replacement, for an argument of Keras that mimo does not have.
    pub instead: Option<&'static str>,
}

impl Argument {
    /// Whether it is required.
    pub fn is_required(&self) -> bool {
        self.default.is_none() && self.instead.is_none()
    }
}

/// Type of an argument's values.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An integer, a list of them, a string: a type without a name of its own.
    Plain,
    /// Tensors of the model; a map has the names of outputs as keys.
    Tensors,
    /// A list of tensors of the model, as an argument of an operation.
    TensorList,
    /// Tensors of the model; a map has the names of inputs as keys.
    Inputs,
    /// A number, possibly fractional.
    Float,
    /// A number, or one for each output.
    Numbers,
    /// A number, or a schedule of learning rates.
    Rate,
    /// An item of this module of the language.
    Item(Module),
    /// A variant of this type of [`values`](crate::language::values).
    Word(&'static str),
}

/// Range of numbers.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// The lower end.
    pub low: Bound<f64>,
    /// The upper end.
    pub high: Bound<f64>,
}

impl RangeBounds<f64> for Range {
    fn start_bound(&self) -> Bound<&f64> {
        self.low.as_ref()
    }

    fn end_bound(&self) -> Bound<&f64> {
        self.high.as_ref()
    }
}

/// A type that represents an item in the language.
#[doc(hidden)]
pub trait Word {
    /// The item.
    const ITEM: Item;
}

/// A word of the language as it is written in a model: `where` for the item `r#where`, since Rust's keywords are
/// names there.
#[doc(hidden)]
pub const fn word(ident: &'static str) -> &'static str {
    match ident.as_bytes() {
        [b'r', b'#', ..] => ident.split_at(2).1,
        _ => ident,
    }
}

/// A value of any type, for the function that only rust-analyzer compiles and nobody calls.
#[doc(hidden)]
pub fn any<T>() -> T {
    loop {
        std::thread::park();
    }
}

#[doc(hidden)]
pub use {any as a, any as an};

/// Same as above, in the place of a value of another type.
#[doc(hidden)]
pub fn of<V, T>(_: V) -> T {
    any()
}
