//! One axis length: a number, or an expression over constants that only `const` evaluation knows.

use std::fmt;
use std::ops::{Add, Div, Mul, Sub};
use std::rc::Rc;

/// A constant expression that the user wrote and that the front end could not evaluate; an index
/// into [`Graph::consts`](crate::graph::Graph::consts).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConstId(pub u32);

/// The length of one axis.
///
/// Arithmetic folds what is known and keeps the rest as a tree, which the macro prints as Rust
/// tokens: shape rules are written once, on `Dim`, and hold for both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dim {
    /// Known while the macro runs.
    Known(usize),
    /// Known to const evaluation only.
    Deferred(Rc<Expr>),
}

/// An expression over lengths of which at least one is a constant of the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expr {
    /// What the user wrote.
    Const(ConstId),
    /// `a + b`
    Add(Dim, Dim),
    /// `a - b`; below zero it is the compiler's own overflow error.
    Sub(Dim, Dim),
    /// `a * b`
    Mul(Dim, Dim),
    /// `a / b`, rounded down.
    Div(Dim, Dim),
    /// The larger of the two.
    Max(Dim, Dim),
}

/// What can be said about two lengths while the macro runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Same {
    /// Equal, whatever the constants are.
    Yes,
    /// Two different numbers.
    No,
    /// Const evaluation has to decide.
    Deferred,
}

impl Dim {
    /// A length that the user gave as a constant expression.
    pub fn constant(id: ConstId) -> Self {
        Dim::Deferred(Rc::new(Expr::Const(id)))
    }

    /// The number, if it is known here.
    pub fn known(&self) -> Option<usize> {
        match self {
            Dim::Known(n) => Some(*n),
            Dim::Deferred(_) => None,
        }
    }

    /// Whether the two lengths are equal.
    pub fn same(&self, other: &Dim) -> Same {
        match (self, other) {
            (Dim::Known(a), Dim::Known(b)) if a == b => Same::Yes,
            (Dim::Known(_), Dim::Known(_)) => Same::No,
            (a, b) if a == b => Same::Yes,
            _ => Same::Deferred,
        }
    }

    /// The larger of two lengths.
    pub fn max(self, other: Dim) -> Dim {
        match (self.known(), other.known()) {
            (Some(a), Some(b)) => Dim::Known(a.max(b)),
            _ if self == other => self,
            _ => Dim::Deferred(Rc::new(Expr::Max(self, other))),
        }
    }

    /// The text for messages, with constants by the names that the user gave them.
    pub fn display<'a>(&'a self, consts: &'a [crate::graph::ConstEntry]) -> impl fmt::Display + 'a {
        Shown { dim: self, consts, nested: false }
    }
}

impl Default for Dim {
    fn default() -> Self {
        Dim::Known(0)
    }
}

impl From<usize> for Dim {
    fn from(n: usize) -> Self {
        Dim::Known(n)
    }
}

macro_rules! arithmetic {
    ($trait:ident, $method:ident, $variant:ident, $fold:expr, $identity:expr) => {
        impl $trait for Dim {
            type Output = Dim;
            fn $method(self, other: Dim) -> Dim {
                if let (Some(a), Some(b)) = (self.known(), other.known()) {
                    let fold: fn(usize, usize) -> Option<usize> = $fold;
                    if let Some(n) = fold(a, b) {
                        return Dim::Known(n);
                    }
                }
                let identity: fn(&Dim, &Dim) -> Option<Dim> = $identity;
                if let Some(dim) = identity(&self, &other) {
                    return dim;
                }
                Dim::Deferred(Rc::new(Expr::$variant(self, other)))
            }
        }
    };
}

// A fold that overflows keeps the expression, and rustc reports it at const evaluation.
arithmetic!(Add, add, Add, usize::checked_add, |a, b| match (a, b) {
    (Dim::Known(0), other) | (other, Dim::Known(0)) => Some(other.clone()),
    _ => None,
});
arithmetic!(Sub, sub, Sub, usize::checked_sub, |a, b| match (a, b) {
    (a, Dim::Known(0)) => Some(a.clone()),
    (a, b) if a == b => Some(Dim::Known(0)),
    _ => None,
});
arithmetic!(Mul, mul, Mul, usize::checked_mul, |a, b| match (a, b) {
    (Dim::Known(1), other) | (other, Dim::Known(1)) => Some(other.clone()),
    _ => None,
});
arithmetic!(Div, div, Div, usize::checked_div, |a, b| match (a, b) {
    (a, Dim::Known(1)) => Some(a.clone()),
    _ => None,
});

struct Shown<'a> {
    dim: &'a Dim,
    consts: &'a [crate::graph::ConstEntry],
    nested: bool,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = |dim| Shown { dim, consts: self.consts, nested: true };
        let expr = match self.dim {
            Dim::Known(n) => return write!(f, "{n}"),
            Dim::Deferred(expr) => expr,
        };
        if let Expr::Const(id) = &**expr {
            return match self.consts.get(id.0 as usize) {
                Some(entry) => f.write_str(&entry.text),
                None => write!(f, "const#{}", id.0),
            };
        }
        if self.nested {
            f.write_str("(")?;
        }
        match &**expr {
            Expr::Const(_) => {}
            Expr::Add(a, b) => write!(f, "{} + {}", inner(a), inner(b))?,
            Expr::Sub(a, b) => write!(f, "{} - {}", inner(a), inner(b))?,
            Expr::Mul(a, b) => write!(f, "{} * {}", inner(a), inner(b))?,
            Expr::Div(a, b) => write!(f, "{} / {}", inner(a), inner(b))?,
            Expr::Max(a, b) => write!(f, "max({}, {})", inner(a), inner(b))?,
        }
        if self.nested {
            f.write_str(")")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_lengths_fold() {
        let dim = (Dim::from(10) - Dim::from(3)) / Dim::from(2) + Dim::from(1);
        assert_eq!(dim, Dim::Known(4));
    }

    #[test]
    fn an_impossible_fold_stays_an_expression() {
        assert_eq!((Dim::from(2) - Dim::from(3)).known(), None);
        assert_eq!((Dim::from(2) / Dim::from(0)).known(), None);
    }

    #[test]
    fn constants_are_compared_by_what_the_user_wrote() {
        let a = Dim::constant(ConstId(0));
        assert_eq!(a.same(&Dim::constant(ConstId(0))), Same::Yes);
        assert_eq!(a.same(&Dim::constant(ConstId(1))), Same::Deferred);
        assert_eq!(a.same(&Dim::Known(3)), Same::Deferred);
        assert_eq!(Dim::Known(4).same(&Dim::Known(3)), Same::No);
    }

    #[test]
    fn expressions_are_shown_with_the_users_names() {
        let consts = [crate::graph::ConstEntry { text: "FILTERS".into(), loc: crate::diag::Loc(0) }];
        let dim = Dim::constant(ConstId(0)) * Dim::from(4) + Dim::from(1);
        assert_eq!(dim.display(&consts).to_string(), "(FILTERS * 4) + 1");
    }
}
