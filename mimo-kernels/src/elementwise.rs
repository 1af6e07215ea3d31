//! Elementwise functions and their derivatives: the steps of a fused expression.
//!
//! The functions of an expression are known only at run time. An [`Expression`] is built from its steps and runs over
//! blocks of values; intermediate values stay in vector registers, or in *tiles* of the first-level cache if they are
//! read later. [`apply`] and [`add_gradient`] compute one function.

use super::dispatch::Kernels;
use super::element::Element;
use super::lanewise::{Operands, lanewise, rule};
use super::simd::Simd;

mod expression;
mod list;
mod program;

pub use expression::{Expression, Input, MOST_REGISTERS, Operand, Target};
pub(crate) use program::{Run, program};

/// Values per tile: sixteen vectors of AVX-512, half of its registers.
pub const TILE: usize = 256;

/// A tile: values of one operand. Its alignment keeps vectors within cache lines, and the gap between two tiles
/// avoids loads that wait for a store with the same page offset.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub struct Tile<E> {
    values: [E; TILE],
    _between: [E; 16],
}

impl<E: Element> Tile<E> {
    /// A tile of zeros.
    pub fn zeros() -> Self {
        Tile { values: [E::zero(); TILE], _between: [E::zero(); 16] }
    }
}

impl<E> core::ops::Deref for Tile<E> {
    type Target = [E; TILE];

    fn deref(&self) -> &[E; TILE] {
        &self.values
    }
}

impl<E> core::ops::DerefMut for Tile<E> {
    fn deref_mut(&mut self) -> &mut [E; TILE] {
        &mut self.values
    }
}

/// Declares the functions: each with its value and its derivative by each operand. In an expression, operands have
/// the names in the declaration; `y` is the value. An operand without a derivative has `_`.
macro_rules! functions {
    ($($(#[$doc:meta])* $name:ident($($x:ident),*) = $value:expr, [$($derivative:tt),*];)*) => {
        /// A function of one to three values.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Function {
            $($(#[$doc])* $name,)*
        }

        impl Function {
            /// Every function, with its number of operands.
            #[cfg(test)]
            pub(crate) const ALL: &[(Function, usize)] = &[$((Function::$name, [$(stringify!($x)),*].len()),)*];

            /// The number of operands.
            pub(crate) const fn operands(self) -> usize {
                match self { $(Function::$name => [$(stringify!($x)),*].len(),)* }
            }
        }

        /// Implements [`apply`] for the functions without a vector version.
        #[inline(always)]
        fn value<E: Element>(function: Function, x: [&[E]; 3], y: &mut [E]) {
            match function {
                $(Function::$name => functions!(@loop y, (x[0], x[1], x[2]), [$($x),*], $value),)*
            }
        }

        /// Implements [`add_gradient`].
        #[inline(always)]
        fn gradient<E: Element>(
            function: Function,
            place: usize,
            x: [&[E]; 3],
            y: &[E],
            dy: &[E],
            dx: &mut [E],
        ) {
            match function {
                $(Function::$name => functions!(
                    @places place, y, dy, dx, (x[0], x[1], x[2]), [$($x),*], [$($derivative),*], 0,
                ),)*
            }
        }
    };
    // One loop per number of operands, so that missing operands are not read.
    (@loop $y:ident, ($a:expr, $b:expr, $c:expr), [$x:ident], $value:expr) => {
        for (y, &$x) in $y.iter_mut().zip($a) {
            *y = $value;
        }
    };
    (@loop $y:ident, ($a:expr, $b:expr, $c:expr), [$x0:ident, $x1:ident], $value:expr) => {
        for ((y, &$x0), &$x1) in $y.iter_mut().zip($a).zip($b) {
            *y = $value;
        }
    };
    (@loop $y:ident, ($a:expr, $b:expr, $c:expr), [$x0:ident, $x1:ident, $x2:ident], $value:expr) => {
        for (((y, &$x0), &$x1), &$x2) in $y.iter_mut().zip($a).zip($b).zip($c) {
            *y = $value;
        }
    };
    (@places $place:ident, $y:ident, $dy:ident, $dx:ident, $x:tt, $names:tt, [], $at:expr,) => {
        {}
    };
    (@places $place:ident, $y:ident, $dy:ident, $dx:ident, $x:tt, $names:tt, [_ $(, $rest:tt)*], $at:expr,) => {
        functions!(@places $place, $y, $dy, $dx, $x, $names, [$($rest),*], $at + 1,)
    };
    (
        @places $place:ident, $y:ident, $dy:ident, $dx:ident, $x:tt, $names:tt,
        [$derivative:tt $(, $rest:tt)*], $at:expr,
    ) => {
        if $place == $at {
            functions!(@gradient $y, $dy, $dx, $x, $names, $derivative);
        } else {
            functions!(@places $place, $y, $dy, $dx, $x, $names, [$($rest),*], $at + 1,);
        }
    };
    (@gradient $y:ident, $dy:ident, $dx:ident, ($a:expr, $b:expr, $c:expr), [$x:ident], $derivative:tt) => {
        for (((dx, &dy), &y), &$x) in $dx.iter_mut().zip($dy).zip($y).zip($a) {
            let derivative = functions!(@derivative y, [$x], $derivative);
            *dx += dy * derivative;
        }
    };
    (
        @gradient $y:ident, $dy:ident, $dx:ident, ($a:expr, $b:expr, $c:expr), [$x0:ident, $x1:ident],
        $derivative:tt
    ) => {
        for ((((dx, &dy), &y), &$x0), &$x1) in $dx.iter_mut().zip($dy).zip($y).zip($a).zip($b) {
            let derivative = functions!(@derivative y, [$x0, $x1], $derivative);
            *dx += dy * derivative;
        }
    };
    (
        @gradient $y:ident, $dy:ident, $dx:ident, ($a:expr, $b:expr, $c:expr), [$x0:ident, $x1:ident, $x2:ident],
        $derivative:tt
    ) => {
        for (((((dx, &dy), &y), &$x0), &$x1), &$x2) in $dx.iter_mut().zip($dy).zip($y).zip($a).zip($b).zip($c) {
            let derivative = functions!(@derivative y, [$x0, $x1, $x2], $derivative);
            *dx += dy * derivative;
        }
    };
    // Some derivatives need neither the value nor an operand.
    (@derivative $y:ident, [$($x:ident),*], (|$value:ident| $derivative:expr)) => {{
        let $value = $y;
        let _ = ($($x,)*);
        $derivative
    }};
}

functions! {
    /// `a + b`.
    Add(a, b) = a + b, [(|_y| E::one()), (|_y| E::one())];
    /// `a - b`.
    Subtract(a, b) = a - b, [(|_y| E::one()), (|_y| -E::one())];
    /// `a * b`.
    Multiply(a, b) = a * b, [(|_y| b), (|_y| a)];
    /// `a / b`.
    Divide(a, b) = a / b, [(|_y| E::one() / b), (|y| -y / b)];
    /// `a` to the power of `b`.
    Power(a, b) = a.powf(b), [(|_y| power_slope(a, b)), (|y| if y == E::zero() { E::zero() } else { y * a.ln() })];
    /// The larger; the first where both are equal, the second where one is NaN.
    Maximum(a, b) = if a > b { a } else { b }, [(|_y| one_if(a >= b)), (|_y| E::one() - one_if(a >= b))];
    /// The smaller; the first where both are equal, the second where one is NaN.
    Minimum(a, b) = if a < b { a } else { b }, [(|_y| one_if(a <= b)), (|_y| E::one() - one_if(a <= b))];
    /// Remainder of a division that rounds down: it has the sign of `b`.
    Mod(a, b) = modulo(a, b), [(|_y| E::one()), (|_y| -(a / b).floor())];
    /// `a / b`, rounded down.
    FloorDivide(a, b) = (a / b).floor(), [_, _];
    /// The angle of the point `(b, a)`.
    Arctan2(a, b) = a.atan2(b), [(|_y| b / (a * a + b * b)), (|_y| -a / (a * a + b * b))];
    /// 1 where `a > b`, else 0.
    Greater(a, b) = one_if(a > b), [_, _];
    /// 1 where `a >= b`, else 0.
    GreaterEqual(a, b) = one_if(a >= b), [_, _];
    /// 1 where `a < b`, else 0.
    Less(a, b) = one_if(a < b), [_, _];
    /// 1 where `a <= b`, else 0.
    LessEqual(a, b) = one_if(a <= b), [_, _];
    /// 1 where `a == b`, else 0.
    Equal(a, b) = one_if(a == b), [_, _];
    /// 1 where `a != b`, else 0.
    NotEqual(a, b) = one_if(a != b), [_, _];
    /// 1 where both are nonzero, else 0.
    LogicalAnd(a, b) = one_if(a != E::zero() && b != E::zero()), [_, _];
    /// 1 where at least one is nonzero, else 0.
    LogicalOr(a, b) = one_if(a != E::zero() || b != E::zero()), [_, _];
    /// 1 where `a` is 0, else 0.
    LogicalNot(a) = one_if(a == E::zero()), [_];
    /// `b` where `a` is nonzero, else `c`.
    Where(a, b, c) = if a != E::zero() { b } else { c },
        [_, (|_y| one_if(a != E::zero())), (|_y| one_if(a == E::zero()))];
    /// `a`, limited to at least `b` and at most `c`.
    Clip(a, b, c) = if a < b { b } else if a > c { c } else { a },
        [(|_y| one_if(!(a < b || a > c))), (|_y| one_if(a < b)), (|_y| if a < b { E::zero() } else { one_if(a > c) })];
    /// `-a`.
    Negative(a) = -a, [(|_y| -E::one())];
    /// `|a|`.
    Abs(a) = a.abs(), [(|_y| sign(a))];
    /// -1, 0 or 1.
    Sign(a) = sign(a), [_];
    /// `a²`.
    Square(a) = a * a, [(|_y| a + a)];
    /// `√a`.
    Sqrt(a) = a.sqrt(), [(|y| E::of(0.5) / y)];
    /// `1 / √a`.
    Rsqrt(a) = E::one() / a.sqrt(), [(|y| E::of(-0.5) * y * y * y)];
    /// `1 / a`.
    Reciprocal(a) = E::one() / a, [(|y| -y * y)];
    /// `eᵃ`.
    Exp(a) = a.exp(), [(|y| y)];
    /// `eᵃ - 1`, precise near 0.
    Expm1(a) = a.exp_m1(), [(|y| y + E::one())];
    /// The natural logarithm.
    Log(a) = a.ln(), [(|_y| E::one() / a)];
    /// `log(1 + a)`, precise near 0.
    Log1p(a) = a.ln_1p(), [(|_y| E::one() / (E::one() + a))];
    /// The logarithm with base 2.
    Log2(a) = a.log2(), [(|_y| E::of(core::f64::consts::LOG2_E) / a)];
    /// The logarithm with base 10.
    Log10(a) = a.log10(), [(|_y| E::of(core::f64::consts::LOG10_E) / a)];
    /// The sine.
    Sin(a) = a.sin(), [(|_y| a.cos())];
    /// The cosine.
    Cos(a) = a.cos(), [(|_y| -a.sin())];
    /// The tangent.
    Tan(a) = a.tan(), [(|y| E::one() + y * y)];
    /// The inverse sine.
    Arcsin(a) = a.asin(), [(|_y| E::one() / (E::one() - a * a).sqrt())];
    /// The inverse cosine.
    Arccos(a) = a.acos(), [(|_y| -E::one() / (E::one() - a * a).sqrt())];
    /// The inverse tangent.
    Arctan(a) = a.atan(), [(|_y| E::one() / (E::one() + a * a))];
    /// The hyperbolic sine.
    Sinh(a) = a.sinh(), [(|_y| a.cosh())];
    /// The hyperbolic cosine.
    Cosh(a) = a.cosh(), [(|_y| a.sinh())];
    /// The hyperbolic tangent.
    Tanh(a) = a.tanh(), [(|y| E::one() - y * y)];
    /// The inverse hyperbolic sine.
    Arcsinh(a) = a.asinh(), [(|_y| E::one() / (a * a + E::one()).sqrt())];
    /// The inverse hyperbolic cosine.
    Arccosh(a) = a.acosh(), [(|_y| E::one() / (a * a - E::one()).sqrt())];
    /// The inverse hyperbolic tangent.
    Arctanh(a) = a.atanh(), [(|_y| E::one() / (E::one() - a * a))];
    /// The error function.
    Erf(a) = a.erf(), [(|_y| E::of(core::f64::consts::FRAC_2_SQRT_PI) * (-a * a).exp())];
    /// `1 / (1 + e⁻ᵃ)`.
    Sigmoid(a) = E::one() / (E::one() + (-a).exp()), [(|y| y * (E::one() - y))];
    /// `a`, limited to at least 0.
    Relu(a) = if a > E::zero() { a } else { E::zero() }, [(|y| one_if(y > E::zero()))];
    /// Rounded down.
    Floor(a) = a.floor(), [_];
    /// Rounded up.
    Ceil(a) = a.ceil(), [_];
    /// Rounded towards 0.
    Trunc(a) = if a < E::zero() { a.ceil() } else { a.floor() }, [_];
    /// Rounded to the nearest integer, halves to the even one.
    Round(a) = round(a), [_];
    /// `a`; its gradient is multiplied by `b`.
    ScaleGradient(a, b) = { let _ = b; a }, [(|_y| b), _];
}

#[inline(always)]
fn one_if<E: Element>(condition: bool) -> E {
    if condition { E::one() } else { E::zero() }
}

/// -1, 0 or 1; NaN for NaN.
#[inline(always)]
fn sign<E: Element>(a: E) -> E {
    if a > E::zero() {
        E::one()
    } else if a < E::zero() {
        -E::one()
    } else {
        a
    }
}

/// Python's `a % b`.
#[inline(always)]
fn modulo<E: Element>(a: E, b: E) -> E {
    let rest = a % b;
    if rest != E::zero() && (rest < E::zero()) != (b < E::zero()) { rest + b } else { rest }
}

/// Derivative of `a^b` by `a`. It is 0 for `b = 0`, also at `a = 0`.
#[inline(always)]
fn power_slope<E: Element>(a: E, b: E) -> E {
    if b == E::zero() { E::zero() } else { b * a.powf(b - E::one()) }
}

/// Halves go to the even number.
#[inline(always)]
fn round<E: Element>(a: E) -> E {
    let rounded = a.round();
    if (a - a.trunc()).abs() == E::of(0.5) { E::of(2.0) * (a * E::of(0.5)).round() } else { rounded }
}

rule! { Exponential [x] -> 1 [S::exp(x)] }
rule! { HyperbolicTangent [x] -> 1 [S::tanh(x)] }
rule! { Logistic [x] -> 1 [S::sigmoid(x)] }

/// Implements [`apply`].
///
/// # Safety
///
/// The processor must have the instruction set `S`. `y` must be as long as each operand of the function.
#[inline(always)]
pub(crate) unsafe fn elementary<S: Simd>(function: Function, x: [&[S::Elem]; 3], y: &mut [S::Elem]) {
    let flat = Operands::flat(y.len(), [x[0].as_ptr()], [y.as_mut_ptr()]);
    // SAFETY: the caller vouches for the instruction set, and the operand is as long as `y`.
    unsafe {
        match function {
            Function::Exp => lanewise::<S, _, 1, 1>(&flat, Exponential::new()),
            Function::Tanh => lanewise::<S, _, 1, 1>(&flat, HyperbolicTangent::new()),
            Function::Sigmoid => lanewise::<S, _, 1, 1>(&flat, Logistic::new()),
            _ => value(function, x, y),
        }
    }
}

/// Implements [`add_gradient`].
///
/// # Safety
///
/// The processor must have the instruction set `S`.
#[inline(always)]
pub(crate) unsafe fn elementary_gradient<S: Simd>(
    function: Function,
    place: usize,
    x: [&[S::Elem]; 3],
    values: [&[S::Elem]; 2],
    dx: &mut [S::Elem],
) {
    let [y, dy] = values;
    gradient(function, place, x, y, dy, dx);
}

/// Computes `y = f(x)`, value by value. Operands that the function does not have may be empty; the others are as long
/// as `y`.
pub fn apply<E: Element>(function: Function, x: [&[E]; 3], y: &mut [E]) {
    assert_eq!(x[0].len(), y.len(), "an operand has the length of the result");
    // SAFETY: the first operand was checked, and the others are read in safe loops; the table is for this processor.
    unsafe { E::kernels().elementary(function, x, y) }
}

/// Computes `dx += dy · ∂f/∂x`, value by value, for the operand number `place`.
pub fn add_gradient<E: Element>(
    function: Function,
    place: usize,
    x: [&[E]; 3],
    y: &[E],
    dy: &[E],
    dx: &mut [E],
) {
    // SAFETY: everything is read and written in safe loops; the table is for this processor.
    unsafe { E::kernels().elementary_gradient(function, place, x, [y, dy], dx) }
}
