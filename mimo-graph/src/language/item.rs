//! How an item of the language is written down: once, for its documentation, for editors, and for the tests that compare
//! it with what the macro accepts.

use std::fmt;

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
    /// Optimizers.
    Optimizers,
    /// Regularizers of weights.
    Regularizers,
}

impl Module {
    /// Every module.
    pub const ALL: [Module; 9] = [
        Module::Activations,
        Module::Constraints,
        Module::Initializers,
        Module::Layers,
        Module::Losses,
        Module::Metrics,
        Module::Model,
        Module::Optimizers,
        Module::Regularizers,
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
            Module::Optimizers => "optimizers",
            Module::Regularizers => "regularizers",
        }
    }
}

impl fmt::Display for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A word that `model!` knows.
#[doc(hidden)]
#[derive(Debug)]
pub struct Item {
    /// Every spelling, the item's own name first.
    pub names: &'static [&'static str],
    /// Its arguments, in Keras's order.
    pub arguments: &'static [Argument],
    /// How it is called, with every argument and its default.
    pub call: &'static str,
    /// A use of it.
    pub example: Option<&'static str>,
}

impl Item {
    /// An argument by its keyword.
    pub fn argument(&self, name: &str) -> Option<&'static Argument> {
        self.arguments.iter().find(|argument| argument.name == name)
    }
}

/// An argument of an item.
#[doc(hidden)]
#[derive(Debug)]
pub struct Argument {
    /// Its keyword.
    pub name: &'static str,
    /// What it may be.
    pub kind: Kind,
    /// What it is if it is not given; an argument without a default has to be given.
    pub default: Option<&'static str>,
}

/// What an argument may be.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A number, a list of them, a string: nothing with a name of its own.
    Plain,
    /// Tensors of the model; a map of them is by the names of outputs.
    Tensors,
    /// Tensors of the model; a map of them is by the names of inputs.
    Inputs,
    /// A number, or one for each output.
    Numbers,
    /// An item of this module of the language.
    Item(Module),
    /// A variant of this type of [`values`](super::values).
    Word(&'static str),
}

/// A value of any type. For the function that only rust-analyzer compiles and nobody calls.
#[doc(hidden)]
pub fn any<T>() -> T {
    loop {
        std::thread::park();
    }
}

#[doc(hidden)]
pub use {any as a, any as an};

/// The same, in the place of a value of another type.
#[doc(hidden)]
pub fn of<V, T>(_: V) -> T {
    any()
}

/// The type of an argument: of Rust, or of `values`, where some have the name of a layer.
macro_rules! ty {
    (usize) => {
        usize
    };
    (f64) => {
        f64
    };
    (bool) => {
        bool
    };
    ($name:ident) => {
        $crate::language::values::$name
    };
}

/// The kind behind the type of an argument.
macro_rules! kind {
    (Tensors) => {
        $crate::language::item::Kind::Tensors
    };
    (Inputs) => {
        $crate::language::item::Kind::Inputs
    };
    (Activation) => {
        $crate::language::item::Kind::Item($crate::language::item::Module::Activations)
    };
    (Initializer) => {
        $crate::language::item::Kind::Item($crate::language::item::Module::Initializers)
    };
    (Regularizer) => {
        $crate::language::item::Kind::Item($crate::language::item::Module::Regularizers)
    };
    (Constraint) => {
        $crate::language::item::Kind::Item($crate::language::item::Module::Constraints)
    };
    (Layer) => {
        $crate::language::item::Kind::Item($crate::language::item::Module::Layers)
    };
    (Optimizer) => {
        $crate::language::item::Kind::Item($crate::language::item::Module::Optimizers)
    };
    (Loss) => {
        $crate::language::item::Kind::Item($crate::language::item::Module::Losses)
    };
    (Metrics) => {
        $crate::language::item::Kind::Item($crate::language::item::Module::Metrics)
    };
    (usize) => {
        $crate::language::item::Kind::Plain
    };
    (f64) => {
        $crate::language::item::Kind::Plain
    };
    (bool) => {
        $crate::language::item::Kind::Plain
    };
    (Lengths) => {
        $crate::language::item::Kind::Plain
    };
    (Axis) => {
        $crate::language::item::Kind::Plain
    };
    (Axes) => {
        $crate::language::item::Kind::Plain
    };
    (Frame) => {
        $crate::language::item::Kind::Plain
    };
    (Name) => {
        $crate::language::item::Kind::Plain
    };
    (Weights) => {
        $crate::language::item::Kind::Numbers
    };
    ($word:ident) => {
        $crate::language::item::Kind::Word(stringify!($word))
    };
}

/// Defines items: a struct each, whose fields are its arguments, and the table of all of them.
///
/// Each reads `documentation "call" Name | other_spelling { arguments } => "example"`. The call is the list of arguments for
/// readers, written out because rust-analyzer reads only literals as documentation; a test holds it to the arguments. A
/// default of `none` means that the argument is left out.
macro_rules! items {
    ($(
        $(#[doc = $doc:literal])*
        $call:literal
        $name:ident $(| $alias:ident)* {
            $( $(#[doc = $about:literal])* $argument:ident: $kind:ident $(= $default:literal)?, )*
        }
        $(=> $example:literal)?
    )*) => {
        $(
            $(#[doc = $doc])*
            #[doc = ""]
            #[doc = $call]
            $(
                #[doc = ""]
                #[doc = "```text"]
                #[doc = $example]
                #[doc = "```"]
            )?
            #[derive(Clone, Copy, Debug)]
            #[allow(non_camel_case_types)]
            pub struct $name {
                $(
                    $(#[doc = $about])*
                    $(
                        #[doc = ""]
                        #[doc = "Default:"]
                        #[doc = $default]
                    )?
                    pub $argument: ty!($kind),
                )*
            }
            $(
                #[doc(no_inline)]
                pub use $name as $alias;
            )*
        )*

        /// Every item of this module.
        pub(in crate::language) const ITEMS: &[$crate::language::item::Item] = &[$($crate::language::item::Item {
            names: &[stringify!($name) $(, stringify!($alias))*],
            call: $call,
            arguments: &[$($crate::language::item::Argument {
                name: stringify!($argument),
                kind: kind!($kind),
                default: [$(Some($default),)? None][0],
            },)*],
            example: [$(Some($example),)? None][0],
        },)*];
    };
}

/// The same for layers, all of which take a name.
macro_rules! layers {
    ($(
        $(#[doc = $doc:literal])*
        $call:literal
        $name:ident $(| $alias:ident)* { $($arguments:tt)* }
        $(=> $example:literal)?
    )*) => {
        items! {$(
            $(#[doc = $doc])*
            $call
            $name $(| $alias)* {
                $($arguments)*
                /// What the layer is called: its weights and its field of the model's struct have this name. Without it
                /// that is the name of its output, or Keras's automatic name: `dense`, `dense_1`.
                name: Name = "none",
                /// Whether training changes its weights.
                trainable: bool = "true",
            }
            $(=> $example)?
        )*}
    };
}
