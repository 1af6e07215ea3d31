//! Declarations of the words of the language, each written once: its spellings, its arguments and its documentation.
//!
//! `items!` and the macros on top of it (`vocabulary!`, `layer!`) turn a declaration into the item of
//! [`language`](crate::language) that editors and documentation show, and into the
//! [`Item`](crate::item::Item) from which [`bind`](crate::args::bind) reads the parameters, and the getters of
//! [`Bound`](crate::args::Bound) the defaults and ranges. The tables of `docs/layers.md` are written from the same data.
//!
//! A declaration has one or more heads and their common arguments:
//!
//! ```text
//! /// Documentation.
//! // The call, for readers; `UPDATE=1 cargo test -p mimo-graph calls` writes it.
//! "`Huber(delta = 1)`"
//! // Spellings, the name in messages, and a use of it.
//! huber | Huber as Huber, "an example";
//! takes {
//!     /// Documentation.
//!     // An argument with its default and its range.
//!     delta: f64 = "1" in [> 0.0],
//!     // An argument of Keras that mimo does not have, and what to write instead.
//!     reduction => "leave it out",
//!     // The following arguments are passed by keyword only.
//!     *,
//!     dtype => "leave it out",
//! }
//! ```
//!
//! An argument without a default is required. A default of `none` means that the argument is omitted.

/// Type of an argument: a Rust type, or one of `values`, where some have the name of a layer.
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

/// Kind of an argument, from its type.
macro_rules! kind {
    (Tensors) => {
        $crate::item::Kind::Tensors
    };
    (TensorList) => {
        $crate::item::Kind::TensorList
    };
    (Inputs) => {
        $crate::item::Kind::Inputs
    };
    (Activation) => {
        $crate::item::Kind::Item($crate::item::Module::Activations)
    };
    (Initializer) => {
        $crate::item::Kind::Item($crate::item::Module::Initializers)
    };
    (Regularizer) => {
        $crate::item::Kind::Item($crate::item::Module::Regularizers)
    };
    (Constraint) => {
        $crate::item::Kind::Item($crate::item::Module::Constraints)
    };
    (Layer) => {
        $crate::item::Kind::Item($crate::item::Module::Layers)
    };
    (Optimizer) => {
        $crate::item::Kind::Item($crate::item::Module::Optimizers)
    };
    (Loss) => {
        $crate::item::Kind::Item($crate::item::Module::Losses)
    };
    (Metrics) => {
        $crate::item::Kind::Item($crate::item::Module::Metrics)
    };
    (usize) => {
        $crate::item::Kind::Plain
    };
    (f64) => {
        $crate::item::Kind::Float
    };
    (bool) => {
        $crate::item::Kind::Plain
    };
    (Lengths) => {
        $crate::item::Kind::Plain
    };
    (Axis) => {
        $crate::item::Kind::Plain
    };
    (Axes) => {
        $crate::item::Kind::Plain
    };
    (Factors) => {
        $crate::item::Kind::Plain
    };
    (Frame) => {
        $crate::item::Kind::Plain
    };
    (Key) => {
        $crate::item::Kind::Plain
    };
    (Numbers) => {
        $crate::item::Kind::Float
    };
    (Steps) => {
        $crate::item::Kind::Plain
    };
    (Rates) => {
        $crate::item::Kind::Plain
    };
    (LearningRate) => {
        $crate::item::Kind::Rate
    };
    (Name) => {
        $crate::item::Kind::Plain
    };
    (Names) => {
        $crate::item::Kind::Plain
    };
    (Weights) => {
        $crate::item::Kind::Numbers
    };
    ($word:ident) => {
        $crate::item::Kind::Word(stringify!($word))
    };
}

/// Range of an argument: `[0.0..=1.0]`, `[0.0..1.0]`, `[0.0..]`, `[..0.0]`, `[> 0.0]`; all numbers by default.
macro_rules! range {
    () => {
        $crate::item::Range { low: ::std::ops::Bound::Unbounded, high: ::std::ops::Bound::Unbounded }
    };
    ($low:literal ..= $high:literal) => {
        $crate::item::Range {
            low: ::std::ops::Bound::Included($low as f64),
            high: ::std::ops::Bound::Included($high as f64),
        }
    };
    ($low:literal .. $high:literal) => {
        $crate::item::Range {
            low: ::std::ops::Bound::Included($low as f64),
            high: ::std::ops::Bound::Excluded($high as f64),
        }
    };
    ($low:literal ..) => {
        $crate::item::Range {
            low: ::std::ops::Bound::Included($low as f64),
            high: ::std::ops::Bound::Unbounded,
        }
    };
    (.. $high:literal) => {
        $crate::item::Range {
            low: ::std::ops::Bound::Unbounded,
            high: ::std::ops::Bound::Excluded($high as f64),
        }
    };
    (> $low:literal, < $high:literal) => {
        $crate::item::Range {
            low: ::std::ops::Bound::Excluded($low as f64),
            high: ::std::ops::Bound::Excluded($high as f64),
        }
    };
    (> $low:literal) => {
        $crate::item::Range {
            low: ::std::ops::Bound::Excluded($low as f64),
            high: ::std::ops::Bound::Unbounded,
        }
    };
}

/// Arguments as data. Those after `*` are keyword-only; mimo has none of these.
macro_rules! arguments {
    (@positional {
        $(
            $(#[doc = $about:literal])*
            $argument:ident
            $(: $kind:ident $(= $default:literal)? $(in [$($range:tt)*])?)?
            $(=> $instead:literal)?,
        )*
        $(*, $($keyword:ident => $_instead:literal,)*)?
    }) => {
        &[$($crate::item::Argument {
            name: stringify!($argument),
            kind: [$(kind!($kind),)? $crate::item::Kind::Plain][0],
            default: [$($(Some($default),)?)? None][0],
            range: range!($($($($range)*)?)?),
            instead: [$(Some($instead),)? None][0],
        },)*]
    };
    (@keywords {
        $(
            $(#[doc = $about:literal])*
            $argument:ident
            $(: $kind:ident $(= $default:literal)? $(in [$($range:tt)*])?)?
            $(=> $_instead:literal)?,
        )*
        $(*, $($keyword:ident => $instead:literal,)*)?
    }) => {
        &[$($($crate::item::Argument {
            name: stringify!($keyword),
            kind: $crate::item::Kind::Plain,
            default: None,
            range: range!(),
            instead: Some($instead),
        },)*)?]
    };
}

/// Struct of an item: its fields are the arguments that mimo has.
macro_rules! page {
    (@ $head:tt $name:ident { $($arguments:tt)* } { $($common:tt)* }) => {
        page! { $head $name {} $($arguments)* $($common)* }
    };
    ({ $($head:tt)* } $name:ident { $($fields:tt)* }) => {
        $($head)*
        #[derive(Clone, Copy, Debug)]
        #[allow(non_camel_case_types)]
        pub struct $name { $($fields)* }
    };
    ($head:tt $name:ident $fields:tt *, $($rest:tt)*) => {
        page! { $head $name $fields $($rest)* }
    };
    ($head:tt $name:ident $fields:tt $argument:ident => $instead:literal, $($rest:tt)*) => {
        page! { $head $name $fields $($rest)* }
    };
    (
        $head:tt $name:ident { $($fields:tt)* }
        $(#[doc = $about:literal])*
        $argument:ident: $kind:ident $(= $default:literal)? $(in $range:tt)?, $($rest:tt)*
    ) => {
        page! {
            $head $name {
                $($fields)*
                $(#[doc = $about])*
                $(
                    #[doc = ""]
                    #[doc = "Default:"]
                    #[doc = $default]
                )?
                pub $argument: ty!($kind),
            }
            $($rest)*
        }
    };
}

/// One item: its documentation and its data.
macro_rules! item {
    (
        {
            $(#[doc = $doc:literal])*
            $call:literal
            $name:ident $(| $alias:ident)* $(as $class:ident)? $(, $example:literal)?
        }
        $arguments:tt
        $common:tt
    ) => {
        page! {
            @ {
                $(#[doc = $doc])*
                #[doc = ""]
                #[doc = $call]
                $(
                    #[doc = ""]
                    #[doc = "```text"]
                    #[doc = $example]
                    #[doc = "```"]
                )?
            }
            $name $arguments $common
        }

        #[doc(hidden)]
        impl $crate::item::Word for $name {
            const ITEM: $crate::item::Item = $crate::item::Item {
                names: &[$crate::item::word(stringify!($name)) $(, stringify!($alias))*],
                class: [$(stringify!($class),)? $crate::item::word(stringify!($name))][0],
                docs: &[$($doc),*],
                call: $call,
                example: [$(Some($example),)? None][0],
                positional: arguments!(@positional $arguments),
                keywords: arguments!(@keywords $arguments),
                common: arguments!(@positional $common),
            };
        }

        $(
            #[doc(no_inline)]
            pub use self::$name as $alias;
        )*
    };
}

/// Declares items with reading functions of their own.
macro_rules! items {
    ($(
        $(
            $(#[doc = $doc:literal])*
            $call:literal
            $name:ident $(| $alias:ident)* $(as $class:ident)? $(, $example:literal)?;
        )+
        takes $arguments:tt
    )*) => {
        $($(
            item! {
                { $(#[doc = $doc])* $call $name $(| $alias)* $(as $class)? $(, $example)? }
                $arguments
                {}
            }
        )+)*
    };
}

/// Declares a vocabulary: the items of a module and the table by which they are read, `mod words; const TABLE:
/// Activation;`. Each head ends in the function that makes the value from its arguments: `=> |args, cx| …;`
macro_rules! vocabulary {
    (
        mod $module:ident;
        const $table:ident: $ty:ty;
        $(
            $(
                $(#[doc = $doc:literal])*
                $call:literal
                $name:ident $(| $alias:ident)* $(as $class:ident)? $(, $example:literal)? => $make:expr;
            )+
            takes $arguments:tt
        )*
    ) => {
        /// Items of the language.
        #[doc(hidden)]
        pub(crate) mod $module {
            $($(
                item! {
                    { $(#[doc = $doc])* $call $name $(| $alias)* $(as $class)? $(, $example)? }
                    $arguments
                    {}
                }
            )+)*
        }

        pub(crate) const $table: &[$crate::named::Named<$ty>] = &[$($($crate::named::Named {
            item: &<$module::$name as $crate::item::Word>::ITEM,
            build: $make,
        },)+)*];
    };
}

/// Declares the classes of a layer: their items and their constructors, `=> Dense::from_args;`. Adds the arguments of
/// every layer.
macro_rules! layer {
    ($(
        $(
            $(#[doc = $doc:literal])*
            $call:literal
            $name:ident $(| $alias:ident)* $(, $example:literal)? => $make:expr;
        )+
        takes $arguments:tt
    )*) => {
        /// Items of the language.
        #[doc(hidden)]
        pub mod words {
            $($(
                item! {
                    { $(#[doc = $doc])* $call $name $(| $alias)* $(, $example)? }
                    $arguments
                    {
                        /// Name of the layer, of its weights and of its field in the model's struct. By default the
                        /// name of its output, or Keras's automatic name: `dense`, `dense_1`.
                        name: Name = "none",
                        /// Whether training changes its weights.
                        trainable: bool = "true",
                        dtype => "leave it out: layers compute in the model's float type",
                        activity_regularizer => "write a layer after this one: `ActivityRegularization(l2 = 1e-4)(x)`",
                        input_shape => "write `let x = Input(shape = …);` and call the layer on `x`",
                    }
                }
            )+)*
        }

        /// The classes of the layer.
        pub(super) const CLASSES: &[$crate::layers::Class] = &[$($($crate::layers::Class {
            item: &<words::$name as $crate::item::Word>::ITEM,
            make: |args, cx| {
                let make: fn(&$crate::args::Bound<'_>, &mut $crate::context::Cx<'_>) -> Option<_> = $make;
                make(args, cx).map(Into::into)
            },
        },)+)*];
    };
}

/// Declares operations on tensors, functions of `keras.ops`: their items and their constructors. Arguments of the
/// kind `Tensors` are tensors of the call, or numbers where the operation accepts one.
macro_rules! tensor_operations {
    ($(
        $(
            $(#[doc = $doc:literal])*
            $call:literal
            $name:ident $(, $example:literal)? => $make:expr;
        )+
        takes $arguments:tt
    )*) => {
        /// Items of the language.
        #[doc(hidden)]
        pub mod words {
            $($(
                item! {
                    { $(#[doc = $doc])* $call $name $(, $example)? }
                    $arguments
                    {}
                }
            )+)*
        }

        /// The operations, as layers.
        pub(super) const CLASSES: &[$crate::layers::Class] = &[$($($crate::layers::Class {
            item: &<words::$name as $crate::item::Word>::ITEM,
            make: |args, cx| {
                let make: fn(&$crate::args::Bound<'_>, &mut $crate::context::Cx<'_>) -> Option<_> = $make;
                make(args, cx).map(Into::into)
            },
        },)+)*];
    };
}
