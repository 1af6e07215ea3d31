//! Data that describes itself as a Rust constant.
//!
//! The macro turns a [`Literal`] into tokens without knowing its meaning: an enum or a struct declared by
//! [`describe!`](crate::describe!) is printed as it was declared, with its own names. Exporters walk the same tree.

use std::borrow::Cow;

use crate::dim::Dim;

/// An expression that makes a value. Names of types have no path: the printer adds it.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `true` or `false`.
    Bool(bool),
    /// An integer whose type follows from the context.
    Int(u64),
    /// An integer below 0.
    Negative(i64),
    /// A number, of type `f64`.
    Float(f64),
    /// A string.
    Text(Cow<'static, str>),
    /// A length, which may be an expression.
    Dim(Dim),
    /// `Some(value)` or `None`.
    Optional(Option<Box<Literal>>),
    /// `[a, b]`
    Array(Vec<Literal>),
    /// A `'static` slice: `&[a, b]`.
    Slice(Vec<Literal>),
    /// A `'static` slice in a `Cow`: `Cow::Borrowed(&[a, b])`.
    List(Vec<Literal>),
    /// A slice used several times, as a constant of its own. Several values may have the same name.
    Shared {
        /// Base of the constant's name.
        name: Cow<'static, str>,
        /// The slice.
        value: Box<Literal>,
    },
    /// `Name { field: value }`; without fields `Name {}`.
    Struct {
        /// Its type.
        name: &'static str,
        /// Its fields, in order.
        fields: Vec<(&'static str, Literal)>,
    },
    /// `Name { field: value, ..Name::BASE }`
    Updated {
        /// Its type.
        name: &'static str,
        /// Fields that differ from the constant's, in order.
        fields: Vec<(&'static str, Literal)>,
        /// A constant of the type.
        base: &'static str,
    },
    /// `Name::Variant`, `Name::Variant { field: value }` or `Name::Variant(value)`.
    Variant {
        /// The type.
        name: &'static str,
        /// Its name.
        variant: &'static str,
        /// Its contents.
        holds: Holds,
    },
    /// `function(a, b)`, a call of a `const fn`; the name may be a path, such as `View::whole`.
    Call {
        /// The function.
        function: &'static str,
        /// Its arguments.
        arguments: Vec<Literal>,
    },
}

/// Fields or value of a variant.
#[derive(Clone, Debug, PartialEq)]
pub enum Holds {
    /// Nothing.
    Nothing,
    /// Fields by name.
    Fields(Vec<(&'static str, Literal)>),
    /// One value.
    Value(Box<Literal>),
}

/// A value that can be written as a constant.
pub trait Describe {
    /// The expression that makes an equal value.
    fn literal(&self) -> Literal;
}

/// A list of a plan, `'static` in generated code.
pub type List<T> = Cow<'static, [T]>;

impl Describe for bool {
    fn literal(&self) -> Literal {
        Literal::Bool(*self)
    }
}

macro_rules! whole_numbers {
    ($($ty:ty),*) => {
        $(impl Describe for $ty {
            fn literal(&self) -> Literal {
                Literal::Int(u64::from(*self))
            }
        })*
    };
}
whole_numbers!(u8, u16, u32, u64);

impl Describe for usize {
    fn literal(&self) -> Literal {
        // No platform has lengths of more than 64 bits.
        Literal::Int(*self as u64)
    }
}

impl Describe for f64 {
    fn literal(&self) -> Literal {
        Literal::Float(*self)
    }
}

impl Describe for Dim {
    fn literal(&self) -> Literal {
        Literal::Dim(self.clone())
    }
}

impl Describe for &'static str {
    fn literal(&self) -> Literal {
        Literal::Text(Cow::Borrowed(self))
    }
}

impl Describe for String {
    fn literal(&self) -> Literal {
        Literal::Text(Cow::Owned(self.clone()))
    }
}

impl<T: Describe> Describe for Option<T> {
    fn literal(&self) -> Literal {
        Literal::Optional(self.as_ref().map(|value| Box::new(value.literal())))
    }
}

/// The value itself.
impl<T: Describe + Clone> Describe for Cow<'static, T> {
    fn literal(&self) -> Literal {
        (**self).literal()
    }
}

impl<T: Describe, const N: usize> Describe for [T; N] {
    fn literal(&self) -> Literal {
        Literal::Array(self.iter().map(Describe::literal).collect())
    }
}

impl<T: Describe> Describe for Vec<T> {
    fn literal(&self) -> Literal {
        Literal::Slice(self.iter().map(Describe::literal).collect())
    }
}

impl<T: Describe> Describe for &'static [T] {
    fn literal(&self) -> Literal {
        Literal::Slice(self.iter().map(Describe::literal).collect())
    }
}

impl<T: Describe + Clone> Describe for List<T> {
    fn literal(&self) -> Literal {
        Literal::List(self.iter().map(Describe::literal).collect())
    }
}

/// Declares an enum or a struct that describes itself. A variant with one value names it: `Value(limit: f64)` is declared as
/// `Value(f64)`.
#[macro_export]
#[doc(hidden)]
macro_rules! describe {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $(
                $(#[$variant_meta:meta])*
                $variant:ident
                $({ $($(#[$field_meta:meta])* $field:ident: $ty:ty),* $(,)? })?
                $(($value:ident: $value_ty:ty))?
            ),* $(,)?
        }
    ) => {
        $(#[$meta])*
        pub enum $name {
            $(
                $(#[$variant_meta])*
                $variant $({ $($(#[$field_meta])* $field: $ty),* })? $(($value_ty))?
            ),*
        }

        impl $crate::describe::Describe for $name {
            fn literal(&self) -> $crate::describe::Literal {
                let (variant, holds) = match self {
                    $($name::$variant $({ $($field),* })? $(($value))? => (
                        stringify!($variant),
                        $crate::describe!(@holds $({ $($field),* })? $(($value))?),
                    ),)*
                };
                $crate::describe::Literal::Variant { name: stringify!($name), variant, holds }
            }
        }
    };
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $($(#[$field_meta:meta])* pub $field:ident: $ty:ty),* $(,)?
        }
    ) => {
        $(#[$meta])*
        pub struct $name {
            $($(#[$field_meta])* pub $field: $ty),*
        }

        impl $crate::describe::Describe for $name {
            fn literal(&self) -> $crate::describe::Literal {
                $crate::describe::Literal::Struct {
                    name: stringify!($name),
                    fields: vec![$((stringify!($field), $crate::describe::Describe::literal(&self.$field))),*],
                }
            }
        }
    };
    (@holds) => { $crate::describe::Holds::Nothing };
    (@holds { $($field:ident),* }) => {
        $crate::describe::Holds::Fields(vec![
            $((stringify!($field), $crate::describe::Describe::literal($field))),*
        ])
    };
    (@holds ($value:ident)) => {
        $crate::describe::Holds::Value(Box::new($crate::describe::Describe::literal($value)))
    };
}

#[cfg(test)]
#[allow(unreachable_pub)] // The macro declares public items.
mod tests {
    use super::*;

    describe! {
        /// All forms of variants.
        #[derive(Debug)]
        pub enum Form {
            /// Nothing.
            Unit,
            /// Fields.
            Fields {
                /// One.
                slope: f64,
                /// Two.
                seed: Option<u64>,
            },
            /// A value.
            Value(limit: f64),
        }
    }

    describe! {
        /// A struct.
        #[derive(Debug)]
        pub struct Holder {
            /// The form.
            pub form: Form,
            /// Lengths.
            pub lens: List<Dim>,
        }
    }

    #[test]
    fn what_is_declared_describes_itself() {
        let fields = Form::Fields { slope: 0.5, seed: Some(3) };
        let holder = Holder { form: fields, lens: List::Owned(vec![Dim::Known(2)]) };
        let seed = Literal::Optional(Some(Box::new(Literal::Int(3))));
        let holds = Holds::Fields(vec![("slope", Literal::Float(0.5)), ("seed", seed)]);
        let form = Literal::Variant { name: "Form", variant: "Fields", holds };
        let lens = Literal::List(vec![Literal::Dim(Dim::Known(2))]);
        let fields = vec![("form", form), ("lens", lens)];
        assert_eq!(holder.literal(), Literal::Struct { name: "Holder", fields });
        let value = Holds::Value(Box::new(Literal::Float(2.0)));
        let wanted = [("Unit", Holds::Nothing), ("Value", value)];
        for (form, (variant, holds)) in [Form::Unit, Form::Value(2.0)].iter().zip(wanted) {
            assert_eq!(form.literal(), Literal::Variant { name: "Form", variant, holds });
        }
    }
}
