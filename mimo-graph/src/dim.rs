//! Length of one axis: a number, or an expression over constants that only const evaluation knows.

use std::fmt;
use std::ops::{Add, Div, Mul, Sub};
use std::rc::Rc;

use crate::ids::Loc;

/// A constant expression of the user that the macro could not evaluate; an index into
/// [`Graph::consts`](crate::graph::Graph::consts).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConstId(pub u32);

/// A constant expression of the user that the macro could not evaluate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConstEntry {
    /// As the user wrote it.
    pub text: String,
    /// Location of its first use.
    pub loc: Loc,
    /// Whether it is a number of an expression, of type `f64`, instead of a length.
    pub number: bool,
}

/// Length of one axis.
///
/// Arithmetic folds known numbers and keeps the rest as a tree, which the macro prints as Rust tokens: shape rules
/// are written once, on `Dim`, for both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dim {
    /// Known while the macro runs.
    Known(usize),
    /// Known only to const evaluation.
    Deferred(Rc<Expr>),
}

/// An expression over lengths of which at least one is a constant of the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expr {
    /// A constant of the user.
    Const(ConstId),
    /// `a + b`
    Add(Dim, Dim),
    /// `a - b`; a negative result is the compiler's own overflow error.
    Sub(Dim, Dim),
    /// `a * b`
    Mul(Dim, Dim),
    /// `a / b`, rounded down.
    Div(Dim, Dim),
    /// The larger of the two.
    Max(Dim, Dim),
}

/// Result of a comparison of two lengths while the macro runs.
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
    /// A length given as a constant expression.
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

    /// Formats the length for messages; constants have the names that the user wrote.
    pub fn display<'a>(&'a self, consts: &'a [ConstEntry]) -> impl fmt::Display + 'a {
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
                if let Some(dim) =
                    identity(&self, &other).or_else(|| shifted(&self, &other, stringify!($variant)))
                {
                    return dim;
                }
                Dim::Deferred(Rc::new(Expr::$variant(self, other)))
            }
        }
    };
}

// If a fold overflows, the expression is kept, and rustc reports it at const evaluation.
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

/// Folds `(n + 3) - 1` to `n + 2`: additions and subtractions of consecutive layers stay one number.
fn shifted(a: &Dim, b: &Dim, operation: &str) -> Option<Dim> {
    let (expr, by) = match (a, b) {
        (Dim::Deferred(expr), Dim::Known(by)) => (expr, *by),
        (Dim::Known(by), Dim::Deferred(expr)) if operation == "Add" => (expr, *by),
        _ => return None,
    };
    let (n, before, adds) = match &**expr {
        Expr::Add(n @ Dim::Deferred(_), Dim::Known(m)) | Expr::Add(Dim::Known(m), n @ Dim::Deferred(_)) => {
            (n, *m, true)
        }
        Expr::Sub(n @ Dim::Deferred(_), Dim::Known(m)) => (n, *m, false),
        _ => return None,
    };
    let n = n.clone();
    let sum = |n, m| Some(Dim::Deferred(Rc::new(Expr::Add(n, Dim::Known(m)))));
    let difference = |n, m| Some(Dim::Deferred(Rc::new(Expr::Sub(n, Dim::Known(m)))));
    match (operation, adds) {
        ("Add", true) => sum(n, before.checked_add(by)?),
        ("Sub", true) if before > by => sum(n, before - by),
        ("Sub", true) if before == by => Some(n),
        ("Sub", true) => difference(n, by - before),
        // An axis that is too short for the first step stays an error: subtractions are not cancelled.
        ("Sub", false) => difference(n, before.checked_add(by)?),
        _ => None,
    }
}

impl Expr {
    /// Operands of an operation on two lengths.
    fn sides(&self) -> Option<(&Dim, &Dim)> {
        match self {
            Expr::Const(_) => None,
            Expr::Add(a, b) | Expr::Sub(a, b) | Expr::Mul(a, b) | Expr::Div(a, b) | Expr::Max(a, b) => {
                Some((a, b))
            }
        }
    }

    /// Mutable operands.
    fn sides_mut(&mut self) -> Option<[&mut Dim; 2]> {
        match self {
            Expr::Const(_) => None,
            Expr::Add(a, b) | Expr::Sub(a, b) | Expr::Mul(a, b) | Expr::Div(a, b) | Expr::Max(a, b) => {
                Some([a, b])
            }
        }
    }

    /// Terms of a sum, in order. The chain `a + b + c` may be as long as a model has layers.
    pub fn terms(&self) -> Option<Vec<&Dim>> {
        let Expr::Add(first, last) = self else { return None };
        let mut terms = vec![last];
        let mut left = first;
        while let Dim::Deferred(expr) = left
            && let Expr::Add(a, b) = &**expr
        {
            terms.push(b);
            left = a;
        }
        terms.push(left);
        terms.reverse();
        Some(terms)
    }
}

impl Drop for Expr {
    /// Drops the tree in a loop: a sum over all layers is as deep as there are layers.
    fn drop(&mut self) {
        let mut open: Vec<Dim> = self.sides_mut().into_iter().flatten().map(std::mem::take).collect();
        while let Some(dim) = open.pop() {
            if let Dim::Deferred(expr) = dim
                && let Ok(mut expr) = Rc::try_unwrap(expr)
            {
                open.extend(expr.sides_mut().into_iter().flatten().map(std::mem::take));
            }
        }
    }
}

/// Limit on the weights of a model and on the values that it computes for one sample, and so on each length. A
/// trillion of them does not fit in any machine, and sums and products of such counts stay far below 2⁶⁴.
pub const MOST: usize = 1 << 40;

impl Dim {
    /// The length as a number, `usize::MAX` if it is larger; `None` if it depends on a constant of the user.
    pub fn most(&self) -> Option<usize> {
        let expr = match self {
            Dim::Known(n) => return Some(*n),
            Dim::Deferred(expr) => expr,
        };
        let (a, b) = expr.sides()?;
        let (a, b) = (a.most()?, b.most()?);
        Some(match **expr {
            Expr::Const(_) => return None,
            Expr::Add(..) => a.saturating_add(b),
            Expr::Sub(..) => a.saturating_sub(b),
            Expr::Mul(..) => a.saturating_mul(b),
            Expr::Div(..) => a.checked_div(b)?,
            Expr::Max(..) => a.max(b),
        })
    }

    /// Whether the length is an expression of more than `limit` numbers and constants.
    pub fn is_longer_than(&self, limit: usize) -> bool {
        let (mut open, mut count) = (vec![self], 0);
        while let Some(dim) = open.pop() {
            count += 1;
            if count > limit {
                return true;
            }
            if let Dim::Deferred(expr) = dim {
                open.extend(expr.sides().into_iter().flat_map(|(a, b)| [a, b]));
            }
        }
        false
    }
}

struct Shown<'a> {
    dim: &'a Dim,
    consts: &'a [ConstEntry],
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
            Expr::Add(..) => {
                for (i, term) in expr.terms().unwrap_or_default().into_iter().enumerate() {
                    let plus = if i == 0 { "" } else { " + " };
                    write!(f, "{plus}{}", inner(term))?;
                }
            }
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
    fn what_is_added_and_taken_away_stays_one_number() {
        let n = || Dim::constant(ConstId(0));
        let known = Dim::from;
        assert_eq!(n() + known(3) - known(1), n() + known(2));
        assert_eq!(n() + known(3) - known(3), n());
        assert_eq!(n() + known(3) - known(5), n() - known(2));
        assert_eq!(n() - known(3) - known(5), n() - known(8));
        assert_eq!(known(4) + (n() + known(3)), n() + known(7));
        // `(n - 3) + 3` fails for an `n` of 2, and `n` does not.
        assert_ne!(n() - known(3) + known(3), n());
    }

    #[test]
    fn chains_of_any_length_are_compared_shown_and_dropped() {
        let product = |i: usize| Dim::constant(ConstId(0)) * Dim::from(i + 2);
        let sum = move || (0..100_000).map(product).fold(Dim::Known(0), |sum, term| sum + term);
        let thread = std::thread::Builder::new().stack_size(256 << 10).spawn(move || {
            let sum = sum();
            assert!(sum.is_longer_than(1000) && !product(0).is_longer_than(3));
            assert!(sum.display(&[]).to_string().len() > 100_000);
        });
        thread.unwrap().join().unwrap();
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
        let consts = [ConstEntry { text: "FILTERS".into(), loc: Loc(0), number: false }];
        let dim = Dim::constant(ConstId(0)) * Dim::from(4) + Dim::from(1);
        assert_eq!(dim.display(&consts).to_string(), "(FILTERS * 4) + 1");
    }
}
